// A unit: what is translated at once. Blocks of instructions in one arena, with a side pool for what does not fit into an
// instruction. A unit of one block is a translation block; a unit with loops is a region. The arenas are allocated once and
// reset between translations.

/// A block of a unit: a run of instructions that starts with its parameters and ends with a terminator.
public struct Block: Sendable {
    public var start: Int32
    public var end: Int32
}

/// The name of a block in its unit.
public struct BlockID: Sendable, Equatable {
    public let id: UInt32
    @inline(__always) public init(_ id: UInt32) { self.id = id }
    @inline(__always) public var index: Int { Int(id) }
}

/// A region of guest code in the IR. Owns its arenas.
public struct Unit: ~Copyable {
    public let instructions: UnsafeMutablePointer<Instruction>
    public let pool: UnsafeMutablePointer<UInt32>
    public let blocks: UnsafeMutablePointer<Block>
    public private(set) var count = 0
    public private(set) var poolCount = 0
    public private(set) var blockCount = 0
    /// Blocks in the order in which they stand in the arena: the order of `place`.
    public let order: UnsafeMutablePointer<UInt32>
    public private(set) var placedCount = 0
    /// Guest address of the first instruction.
    public var startPC: UInt64 = 0
    /// Guest bytes lifted from startPC on.
    public var guestBytes = 0
    /// Guest bytes lifted from where the end of those jumps to.
    public var joinedBytes = 0
    /// Guest instructions lifted.
    public var guestInstructions = 0
    /// What the unit may take for granted of the floating-point control word (`lyrebird_float_control`): whether subnormal
    /// numbers are flushed and whether NaNs are the default NaN. The rest is known when it runs.
    public var floatControl = FloatControl()

    /// Where the pool has the vector of zeros.
    private var zeros: UInt32?

    /// Of a loop: the block where it starts over. What goes round is in registers that the loop chooses.
    public var loopHead: BlockID?
    /// Of a loop: the instruction before which it is left if somebody asks it to stop, and for which guest address.
    public var loopPoll = -1
    public var loopPollPC: UInt64 = 0
    /// Of a loop with others inside: their heads. Their ways back leave it.
    public var innerLoops: [UInt64] = []
    /// Of a loop that makes its flags again from what goes round: the guest instruction that compares, without which its head must
    /// not be entered.
    public var comparisonPC: UInt64?
    /// Of a loop: nobody in it looks at the flags' C, and it changes nothing, although what the loop sets the flags to says so. C is put
    /// right wherever the loop is left, and at faults.
    public var keepsCarry = false

    /// Whenever the unit is entered, the code is compared with what it was made from. A lifter leaves such a unit behind an instruction
    /// that stores to it: what follows may be what it stored.
    public var comparesCode = false

    /// Where the unit counts its guest instructions down, if it does: see Unit+Counting.swift.
    public var counter: Slot?
    /// The unit ends where its first basic block does.
    public var isBlockwise = false
    /// Nothing is linked to it, and it is not linked to what follows its limit.
    public var isSingle = false
    /// It is entered in the middle of a basic block.
    public var isInBlock = false
    /// Hooks are called before the first instruction.
    public var isHooked = false
    var counting = Counting()

    /// Instructions that fit. A lifter ends the unit while `room` is still enough for its largest guest instruction.
    public static let capacity = 8192
    public static let poolCapacity = 8192
    public static let blockCapacity = 512

    /// Whether an exit leads back to the unit itself.
    public var loopsToStart: Bool {
        mutating get {
            for place in 0..<placedCount {
                let last = instructions[Int(blocks[Int(order[place])].end) &- 1]
                if last.opcode == .exitJump, last.immediate == startPC { return true }
            }
            return false
        }
    }

    /// A `get` of a slot whose content is known makes no instruction. Lifters that run on every start of a program want that; the pass
    /// that forwards state does the rest.
    public var remembersState = false
    /// What the slots hold: the number of a chain of blocks, in which that is known, over a value.
    private let state: UnsafeMutablePointer<UInt64>
    private var chain: UInt64 = 1

    public init() {
        state = .allocate(capacity: StateLayout.maximum)
        state.initialize(repeating: 0, count: StateLayout.maximum)
        instructions = .allocate(capacity: Unit.capacity)
        pool = .allocate(capacity: Unit.poolCapacity)
        blocks = .allocate(capacity: Unit.blockCapacity)
        order = .allocate(capacity: Unit.blockCapacity)
    }

    deinit {
        state.deallocate()
        instructions.deallocate()
        pool.deallocate()
        blocks.deallocate()
        order.deallocate()
    }

    /// Forgets everything, keeps the memory.
    public mutating func reset(pc: UInt64) {
        count = 0
        poolCount = 0
        blockCount = 0
        placedCount = 0
        floatControl = FloatControl()
        loopHead = nil
        loopPoll = -1
        if !innerLoops.isEmpty { innerLoops = [] }
        comparisonPC = nil
        remembersState = false
        comparesCode = false
        counter = nil
        isBlockwise = false
        isSingle = false
        isInBlock = false
        isHooked = false
        counting = Counting()
        zeros = nil
        chain &+= 1
        if chain &>> 32 != 0 {
            state.update(repeating: 0, count: StateLayout.maximum)
            chain = 1
        }
        startPC = pc
        guestBytes = 0
        joinedBytes = 0
        keepsCarry = false
        guestInstructions = 0
    }

    /// Instructions that can still be appended; less when the pool or the blocks are scarce.
    public var room: Int {
        // A getter that does not say so is passed a copy of the whole structure.
        mutating get {
            let pooled = (Unit.poolCapacity &- poolCount) &>> 3
            let blocked = (Unit.blockCapacity &- blockCount) &<< 3
            return min(Unit.capacity &- count, pooled, blocked)
        }
    }

    /// Whether an instruction leaves the unit and does nothing else: a jump that is no call, or a trap.
    @inline(__always) public func isPlainExit(_ at: Int) -> Bool {
        let i = instructions[at]
        return i.opcode == .exitTrap || i.opcode == .exitJump && i.aux == ExitHint.jump.rawValue
    }

    // MARK: Appending

    @inline(__always)
    public mutating func append(
        _ opcode: Opcode, _ type: Type, _ aux: UInt8 = 0, _ a: UInt32 = 0, _ b: UInt32 = 0, _ c: UInt32 = 0
    ) -> Value {
        precondition(count < Unit.capacity, "unit is full")
        instructions[count] = Instruction(opcode, type, aux, a, b, c)
        count &+= 1
        return Value(count &- 1)
    }

    @inline(__always)
    public mutating func appendToPool(_ word: UInt32) {
        precondition(poolCount < Unit.poolCapacity, "unit's pool is full")
        pool[poolCount] = word
        poolCount &+= 1
    }

    @inline(__always) public func type(of value: Value) -> Type { instructions[value.index].type }

    // MARK: Blocks

    /// A new block, to be placed later: so that forward branches can name it.
    public mutating func makeBlock() -> BlockID {
        precondition(blockCount < Unit.blockCapacity, "unit has too many blocks")
        blocks[blockCount] = Block(start: -1, end: -1)
        blockCount &+= 1
        return BlockID(UInt32(blockCount &- 1))
    }

    /// Starts the block here: what is appended from now on belongs to it, until the next block is placed.
    /// - Parameter continues: the block is entered from the one before it only, and the other way from there leaves the unit, so that
    ///   what was known of state still is.
    public mutating func place(_ block: BlockID, continues: Bool = false) {
        if counting.count > 0 { endSegment() }
        if !continues { chain &+= 1 }
        if placedCount > 0 { blocks[Int(order[placedCount &- 1])].end = Int32(count) }
        blocks[block.index].start = Int32(count)
        order[placedCount] = block.id
        placedCount &+= 1
    }

    /// Ends the last block. Call once, when all is appended.
    public mutating func finish() {
        if counter != nil { finishCounting() }
        if placedCount > 0 { blocks[Int(order[placedCount &- 1])].end = Int32(count) }
    }

    /// Room at a loop's head, which has just been placed, for the comparison that makes its flags again. Behind it the loop is asked to stop.
    public static let loopFlagsLength = 10

    public mutating func reserveLoopFlags() {
        for _ in 0..<Unit.loopFlagsLength { _ = append(.nop, .none) }
        loopPoll = count
        loopPollPC = startPC
    }

    // MARK: Instructions that Spec/ir.ops gives a form of its own

    @inline(__always)
    public mutating func instruction(pc: UInt64) {
        if let counter { countInstruction(pc, counter) }
        _ = append(.instruction, .none, 0, UInt32(truncatingIfNeeded: pc), UInt32(truncatingIfNeeded: pc &>> 32))
    }

    /// The low bits of `value` as a number of the type.
    @inline(__always)
    public mutating func const(_ type: Type, _ value: UInt64) -> Value {
        append(.const, type, 0, UInt32(truncatingIfNeeded: value), UInt32(truncatingIfNeeded: value &>> 32))
    }

    /// Zeros have one place in the pool, so that they are seen to be the same.
    public mutating func vconst(low: UInt64, high: UInt64) -> Value {
        let isZero = low | high == 0
        if isZero, let zeros { return append(.vconst, .v128, 0, zeros) }
        let at = UInt32(poolCount)
        if isZero { zeros = at }
        appendToPool(UInt32(truncatingIfNeeded: low))
        appendToPool(UInt32(truncatingIfNeeded: low &>> 32))
        appendToPool(UInt32(truncatingIfNeeded: high))
        appendToPool(UInt32(truncatingIfNeeded: high &>> 32))
        return append(.vconst, .v128, 0, at)
    }

    /// The low half of a value, without an instruction where it is known.
    @inline(__always)
    public mutating func low(_ value: Value) -> Value {
        let i = instructions[value.index]
        return i.opcode == .zext && i.type == .i64 && i.aux == Type.i32.rawValue && type(of: Value(Int(i.a))) == .i32
            ? Value(Int(i.a)) : trunc(.i32, value)
    }

    /// Whether an instruction of this unit from `start` on writes to memory.
    public mutating func stores(since start: Int) -> Bool {
        (start..<count).contains {
            instructions[$0].opcode.effect == .store || instructions[$0].opcode.effect == .atomic
        }
    }

    /// The number that a value is, if it is a constant.
    @inline(__always)
    public mutating func constant(of value: Value) -> UInt64? {
        let i = instructions[value.index]
        return i.opcode == .const ? i.immediate : nil
    }

    public mutating func param(_ type: Type) -> Value { append(.param, type) }

    /// What the slot holds: a value that is known already, if the unit remembers state.
    @inline(__always) public mutating func get(_ type: Type, _ slot: Slot) -> Value {
        if remembersState {
            let known = state[slot.index]
            let value = Value(Int(truncatingIfNeeded: known & 0xFFFF_FFFF))
            if known &>> 32 == chain, instructions[value.index].type == type { return value }
        }
        let value = append(.get, type, 0, slot.id)
        remember(slot, value)
        return value
    }
    @inline(__always) public mutating func set(_ slot: Slot, _ value: Value) {
        _ = append(.set, .none, 0, slot.id, value.id)
        remember(slot, value)
    }
    public mutating func bind(_ slot: Slot, _ value: Value) {
        _ = append(.bind, .none, 0, slot.id, value.id)
        remember(slot, value)
    }

    @inline(__always) private func remember(_ slot: Slot, _ value: Value) {
        state[slot.index] = chain &<< 32 | UInt64(value.id)
    }

    /// The flags of the instruction that made `value`.
    @inline(__always) public mutating func flags(_ value: Value) -> Value { append(.flags, .flags, 0, value.id) }

    public mutating func call(_ helper: Helper, _ a: Value, _ b: Value) -> Value {
        append(.call, .i64, helper.rawValue, a.id, b.id)
    }

    /// An edge to a block, with the values of its parameters.
    public mutating func edge(_ block: BlockID, _ arguments: [Value] = []) -> UInt32 {
        let at = UInt32(poolCount)
        appendToPool(block.id)
        appendToPool(UInt32(arguments.count))
        for argument in arguments { appendToPool(argument.id) }
        return at
    }

    public mutating func jump(_ edge: UInt32) { _ = append(.jump, .none, 0, edge) }

    public mutating func branch(_ condition: Condition, _ flags: Value, then: UInt32, else: UInt32) {
        _ = append(.branch, .none, condition.rawValue, flags.id, then, `else`)
    }

    /// Leaves for `pc`. A call gives the guest's return address.
    public mutating func exitJump(_ pc: UInt64, _ hint: ExitHint = .jump, returnTo: UInt64 = 0) {
        let at = poolAddress(hint, returnTo)
        _ = append(
            .exitJump, .none, hint.rawValue, UInt32(truncatingIfNeeded: pc), UInt32(truncatingIfNeeded: pc &>> 32), at)
    }

    public mutating func exitIndirect(_ pc: Value, _ hint: ExitHint = .jump, returnTo: UInt64 = 0) {
        let at = poolAddress(hint, returnTo)
        _ = append(.exitIndirect, .none, hint.rawValue, pc.id, at)
    }

    public mutating func exitTrap(_ pc: UInt64, _ reason: TrapReason, payload: UInt32 = 0) {
        _ = append(
            .exitTrap, .none, reason.rawValue, UInt32(truncatingIfNeeded: pc), UInt32(truncatingIfNeeded: pc &>> 32),
            payload)
    }

    private mutating func poolAddress(_ hint: ExitHint, _ address: UInt64) -> UInt32 {
        guard hint == .call else { return 0 }
        let at = UInt32(poolCount)
        appendToPool(UInt32(truncatingIfNeeded: address))
        appendToPool(UInt32(truncatingIfNeeded: address &>> 32))
        return at
    }
}
