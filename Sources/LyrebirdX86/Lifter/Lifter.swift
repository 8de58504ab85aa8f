// The lifter: owns the unit while it is made, knows where it is in the guest's code, and has the words in which the lifters
// of single instructions, in the files named after the chapters of the SDM's volume 1, are written. Operands are in
// Operands.swift, flags in Flags.swift.
//
// A unit is a chain of blocks. A conditional branch leaves by a side exit, a block that is nothing but an exit, and the
// block after the branch goes on with what follows. The side exits stand at the end of the unit.
//
// An instruction does its accesses to memory first and sets registers behind them, since any of them may fault. One that goes
// on for several rounds (REP, or LOCK where somebody came between) does one of them, and then leaves for its own address: it is
// exact after each round, and asked to stop there as any loop is.

import LyrebirdIR

struct Lifter: ~Copyable {
    var unit: Unit
    /// Address of the instruction being lifted.
    var pc: UInt64
    /// Address behind it.
    var next: UInt64
    /// Set by what ends the unit.
    var ended = false
    /// An exception of SSE is not masked.
    let unmasksSSE: Bool
    /// An exception of x87 is not masked.
    let unmasksX87: Bool
    /// RFLAGS.TF is set: units are one instruction, behind which there is an exception.
    let steps: Bool
    let mode = Mode(.bits64)
    /// The loop that is lifted as a whole.
    var loop: LoopBody?
    /// INC and DEC are lifted as if they changed C; and whether an instruction looks at C or changes it.
    var keepsCarry = false
    var usesCarry = false
    /// Where the unit goes on if it comes to a jump there.
    var joined: GuestCode?
    private var jumpsToJoined = false
    private var sideExits = 0
    private var pending = InlineArray<36, PendingBlock>(repeating: PendingBlock())
    private var pendingCount = 0
    /// Of a unit that compares its code: the numbers that the unit's length is added to, when it is known.
    private var lengths: [Value] = []

    /// A block that was branched to and is placed at the end of the unit: an exit, or a trap.
    private struct PendingBlock {
        var block = BlockID(0)
        var pc: UInt64 = 0
        var reason: TrapReason?
        var payload: UInt32 = 0
        /// It leads to the instruction itself, which is not over.
        var startsOver = false
        /// It leads to what comes next, and is no jump of the guest's.
        var isAtLimit = false
    }

    /// Side exits after which a conditional branch ends the unit.
    static let maximumSideExits = 4
    /// Stores of an instruction that are checked, if they have to be.
    private static let maximumChecks = 4
    /// Instructions of the IR that the largest guest instruction may need.
    static let roomForOne = 512

    init(unit: consuming Unit, pc: UInt64, mode: UInt32) {
        unmasksSSE = mode & TranslationMode.unmasksSSE != 0
        unmasksX87 = mode & TranslationMode.unmasksX87 != 0
        steps = mode & TranslationMode.steps != 0
        self.unit = unit
        self.unit.remembersState = true
        self.pc = pc
        next = pc
    }

    consuming func takeUnit() -> Unit { unit }

    // MARK: The unit

    mutating func lift(_ code: GuestCode, limit: Int) {
        unit.place(unit.makeBlock())
        var code = code
        var offset = 0
        var count = 0
        var isJoined = false
        while !ended {
            guard count < max(limit, 1), unit.room >= Lifter.roomForOne, hasRoomForExits else {
                unit.exitAtLimit(pc)
                break
            }
            switch decode(UnsafeRawBufferPointer(rebasing: code.bytes[offset...]), mode) {
            case .instruction(let instruction):
                next = pc &+ UInt64(instruction.length)
                let start = unit.count
                unit.instruction(pc: pc)
                lift(instruction)
                offset &+= Int(instruction.length)
                if steps, !ended { exit(next) }
                if unit.comparesCode, !ended, !checkStores(since: start) {
                    unit.exitAtLimit(next)
                    ended = true
                }
            case .incomplete where offset > 0 || isJoined:
                // What follows may be there when the guest comes to it.
                unit.exitAtLimit(pc)
                ended = true
                count &-= 1
            case .incomplete:
                unit.instruction(pc: pc)
                trap(.fetch)
                count &-= 1
            case .tooLong:
                unit.instruction(pc: pc)
                trap(.generalProtection)
                offset = min(offset &+ 15, code.bytes.count)
            case .undefined:
                unit.instruction(pc: pc)
                trap(.undefined)
                offset = min(offset &+ 15, code.bytes.count)
            }
            if jumpsToJoined, let joined {
                jumpsToJoined = false
                self.joined = nil
                (unit.guestBytes, offset) = (offset, 0)
                code = joined
                next = joined.pc
                isJoined = true
            }
            pc = next
            count &+= 1
        }
        if isJoined { unit.joinedBytes = offset } else { unit.guestBytes = offset }
        unit.guestInstructions = count
        finish()
    }

    mutating func finish() {
        for length in lengths { unit.instructions[length.index].a &+= UInt32(unit.guestBytes) }
        placePending()
        unit.finish()
    }

    /// Whether the largest guest instruction finds room for the blocks it branches to.
    var hasRoomForExits: Bool { pendingCount < 28 }

    /// A block that leaves for `pc`.
    mutating func exitBlock(_ pc: UInt64, startsOver: Bool = false) -> BlockID {
        makePending(pc, startsOver: startsOver)
    }

    mutating func lift(_ instruction: DecodedInstruction) {
        if instruction.row.isPrivileged {
            privileged(instruction)
        } else if instruction.row.flags.contains(.isX87) {
            x87(instruction)
        } else if instruction.row.isBuilt {
            dispatch(instruction)
        } else {
            trap(.undefined)
        }
    }

    private mutating func placePending() {
        for index in 0..<pendingCount {
            let exit = pending[index]
            unit.place(exit.block)
            if exit.startsOver { unit.uncountInstruction() }
            if let reason = exit.reason {
                unit.exitTrap(exit.pc, reason, payload: exit.payload)
            } else if exit.isAtLimit {
                unit.exitAtLimit(exit.pc)
            } else {
                unit.exitJump(exit.pc)
            }
        }
    }

    private mutating func makePending(
        _ pc: UInt64, _ reason: TrapReason? = nil, payload: UInt32 = 0, startsOver: Bool = false,
        isAtLimit: Bool = false
    ) -> BlockID {
        let block = unit.makeBlock()
        pending[pendingCount] = PendingBlock(
            block: block, pc: pc, reason: reason, payload: payload, startsOver: startsOver, isAtLimit: isAtLimit)
        pendingCount &+= 1
        return block
    }

    // MARK: Control flow

    /// The instruction ends in an exception.
    mutating func trap(_ reason: TrapReason, payload: UInt32 = 0) {
        unit.exitTrap(pc, reason, payload: payload)
        ended = true
    }

    mutating func undefinedInstruction() { trap(.undefined) }

    /// It does where the condition holds.
    mutating func trap(_ reason: TrapReason, payload: UInt32 = 0, where condition: Condition, _ flags: Value) {
        let block = makePending(pc, reason, payload: payload)
        continueUnless(condition, flags, block)
    }

    /// Goes on behind the instruction in the mode that the state then asks for.
    mutating func changeMode() {
        unit.exitTrap(next, steps ? .singleStep : .modeChange)
        ended = true
    }

    /// It does where the condition holds.
    mutating func changeMode(where condition: Condition, _ flags: Value) {
        let block = makePending(next, steps ? .singleStep : .modeChange)
        continueUnless(condition, flags, block)
    }

    /// Leaves for `target` where the condition holds: for the instruction itself, it starts over.
    mutating func leave(for target: UInt64, where condition: Condition, _ flags: Value) {
        let startsOver = target == pc
        let block = makePending(target, steps && !startsOver ? .singleStep : nil, startsOver: startsOver)
        continueUnless(condition, flags, block)
    }

    /// Goes to `target` where the condition holds, and on behind the instruction otherwise. A branch some way back is a
    /// loop's, which leaves mostly by it, so the unit ends there; far back stands what compilers hold for unlikely.
    /// - Parameter startsOver: `target` is the instruction itself, which is not over.
    mutating func branch(_ condition: Condition, _ flags: Value, to target: UInt64, startsOver: Bool = false) {
        if let loop { return branchInLoop(loop, condition, flags, to: target, startsOver: startsOver) }
        let taken = makePending(target, steps ? .singleStep : nil, startsOver: startsOver)
        continueUnless(condition, flags, taken)
        if steps { return }
        if target <= pc && pc &- target <= LoopBody.reach || sideExits == Lifter.maximumSideExits
            || unit.isBlockwise
        {
            unit.exitJump(next)
            ended = true
        }
        sideExits &+= 1
    }

    /// Branches to a block that leaves the unit where the condition holds; a new block follows at once otherwise.
    private mutating func continueUnless(_ condition: Condition, _ flags: Value, _ block: BlockID) {
        let following = unit.makeBlock()
        let then = unit.edge(block)
        let `else` = unit.edge(following)
        unit.branch(condition, flags, then: then, else: `else`)
        unit.place(following, continues: true)
    }

    /// Behind an instruction of a unit that compares its code: leaves for the next one if a store may have changed the unit's.
    /// - Parameter start: where the instruction starts in the unit.
    /// - Returns: false where nobody can say what the instruction stores to.
    mutating func checkStores(since start: Int) -> Bool {
        var checks = 0
        for index in start..<unit.count {
            let store = unit.instructions[index]
            guard store.opcode.effect == .store || store.opcode.effect == .atomic else { continue }
            let size: UInt64
            switch store.opcode {
            case .x87Store: return false
            case .storeMasked, .cas128: size = 16
            default: size = UInt64(store.access.bytes)
            }
            checks &+= 1
            guard checks <= Lifter.maximumChecks else { return false }
            let displacement = store.opcode == .store ? UInt64(bitPattern: Int64(Int32(bitPattern: store.c))) : 0
            let first = unit.startPC &- (size &- 1) &- displacement
            let length = const(size &- 1)
            lengths.append(length)
            let distance = unit.sub(Value(Int(store.a)), const(first))
            let isInside = unit.flags(unit.sub(distance, length))
            continueUnless(.cs, isInside, makePending(next, isAtLimit: true))
        }
        return true
    }

    mutating func exit(_ target: UInt64) {
        if joined?.pc == target {
            jumpsToJoined = true
            return
        }
        if let block = loop?.block(at: target, from: pc) {
            unit.jump(unit.edge(block))
        } else {
            leaveUnit(target)
        }
        ended = true
    }

    /// The unit's end: it goes on at an address.
    mutating func leaveUnit(_ target: UInt64, _ hint: ExitHint = .jump, returnTo: UInt64 = 0) {
        if steps {
            unit.exitTrap(target, .singleStep)
        } else {
            unit.exitJump(target, hint, returnTo: returnTo)
        }
        ended = true
    }

    mutating func leaveUnit(indirect target: Value, _ hint: ExitHint, returnTo: UInt64 = 0) {
        if steps {
            leaveUnit(indirect: target, .singleStep)
        } else {
            unit.exitIndirect(target, hint, returnTo: returnTo)
        }
        ended = true
    }

    /// By a trap that is behind the instruction.
    mutating func leaveUnit(indirect target: Value, _ reason: TrapReason) {
        unit.set(X86State.trapOperand, target)
        unit.exitTrap(pc, reason, payload: TrapReason.targetInOperand)
        ended = true
    }

    // MARK: Constants

    @inline(__always) mutating func const(_ value: UInt64) -> Value { unit.const(.i64, value) }
    @inline(__always) mutating func const32(_ value: UInt32) -> Value { unit.const(.i32, UInt64(value)) }

    /// The low bits of a number as a constant of the type.
    @inline(__always) mutating func const(_ type: Type, _ value: UInt64) -> Value {
        unit.const(type, Evaluate.cut(value, type))
    }
}
