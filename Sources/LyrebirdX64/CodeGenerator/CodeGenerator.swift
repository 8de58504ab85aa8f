// From a unit of IR to host code, in three passes over the instructions: aliases and folds (forward), uses and lifetimes
// (backward; Analysis.swift), then selection and register allocation together (forward; Allocation.swift and Select*.swift).
//
// `set` emits nothing. It binds a slot to a value, and the allocator remembers where the value is: in a register, in
// memory, or nowhere because it is a constant. Slots reach their homes at exits, or when the register is wanted for
// something else; a fault in between finds them through the frame state (FrameState.swift).

import LyrebirdIR

/// A patchable jump out of a unit. Addresses are those of the writable mapping.
public struct LinkSite {
    /// Its 32-bit displacement.
    public var site: UnsafeMutablePointer<UInt8>
    /// Where it goes while it is not linked.
    public var stub: UnsafeMutablePointer<UInt8>
    /// Displacement of the poll's jump to the stub, if the exit polls.
    var poll: UnsafeMutablePointer<UInt8>?
    /// Guest address it goes to.
    public var target: UInt64
    /// It goes back, as the end of a loop does.
    public var closesLoop: Bool
    /// The target is in the middle of a block.
    public var isInBlock: Bool
    /// All of guest state is in memory there.
    public var isFromHome: Bool

    public static let inBlockBit: UInt32 = 1 << 31
    /// What such a link is connected with a translation by that has pinned slots in registers: how far before its stub a way stands
    /// that loads them, and the displacement of the jump at its end.
    public static let wayFromHome = 22
    public static let wayDisplacement = 16
}

/// What compiling a unit gave.
public struct CompiledUnit: Sendable {
    public var hotBytes: Int
    public var coldBytes: Int
    public var linkCount: Int
    public var frameBytes: Int
    /// Where in the hot code the unit is entered with all of guest state in memory; 0 if it is not.
    public var homeEntry: Int
}

/// Turns units into host code. Owns scratch arenas that are used again for every unit.
public struct CodeGenerator: ~Copyable {
    let contract: RegisterContract
    let stubs: CommonStubs
    /// Options of the whole generator.
    public struct Options: Sendable {
        /// Guest calls push on the prediction stack and guest returns pop from it.
        public var predictReturns = true
        /// Log2 of the entries of the per-CPU jump table.
        public var tableBits = 12
        /// Log2 of the least distance of guest instructions.
        public var codeAlignment = 2
        /// How far a pc is shifted to be the table's index. Entries have 16 bytes and an address scales by 8 at most: a pc shifted
        /// by 1 is scaled to where its entry is. Two that differ in this bit alone are hardly both jumped to.
        public var tableShift: Int { max(codeAlignment, 1) }
        public init() {}
    }
    let options: Options

    var hot: Assembler
    var cold: Assembler
    var hotStart: UnsafeMutablePointer<UInt8>

    // Per value (indexed by instruction; from `contents` on, one for each slot's content at entry).
    static let contents = Unit.capacity
    let values: UnsafeMutablePointer<ValueState>
    /// For each operand of each instruction (three apiece): position of the value's next use after it.
    let chain: UnsafeMutablePointer<Int32>
    /// For each constant: its bits (of a vector: where they are in the pool).
    let constantBits: UnsafeMutablePointer<UInt64>
    /// For each memory instruction: its folded address.
    let addresses: UnsafeMutablePointer<FoldedAddress>
    /// For each `set`: the last position at which its binding can be looked at.
    let bindingEnds: UnsafeMutablePointer<Int32>
    /// Positions that look at all slots, last first.
    let sites: UnsafeMutablePointer<Int32>
    /// For each block: facts about how it is entered.
    let blockStates: UnsafeMutablePointer<BlockState>

    // Per host register and per slot.
    let registerValue: UnsafeMutablePointer<Int32>
    let slots: UnsafeMutablePointer<SlotState>
    /// As they are at the start of a unit, of one with hooks, and of the present one; and as they are in a loop.
    let pinned: FreshState
    let home: FreshState
    var fresh: FreshState
    let freshInner: UnsafeMutablePointer<SlotState>
    let facts: UnsafeMutablePointer<OpcodeFacts>
    /// Where slots are between translations, where they are between the blocks of the loop, and which of them holds now.
    var outer: Pins { fresh.pins }
    var inner = Pins()
    var pins: Pins
    /// The unit is a loop, and where its head is.
    var isLoop = false
    /// The spill slot with the flags that a loop was entered with, if it keeps their C; -1 if not.
    var carrySpill = -1
    var loopHead = -1
    /// Before which instruction the loop is left if somebody asks it to stop.
    var loopPoll = -1
    /// Of a loop: the slots that it writes, and those that keep their registers but are not used.
    var written = SlotSet()
    var passing = SlotSet()
    /// Of a loop: those that have zeros above scalars.
    var scalarSlots = ScalarSlots()
    /// One of the latter had to go.
    var isCrowded = false
    /// Of a chain of the loop's blocks, for each slot: the last position at which its content at entry can be looked at.
    let contentEnds: UnsafeMutablePointer<Int32>
    var dirty = SlotSet()
    /// Slots that may be elsewhere than the frame log last said.
    var moved = SlotSet()
    /// Those that were so at a site of this chain of blocks. With the others they are all that may not be home: of a loop, whose blocks
    /// have another home than it has, all.
    var strayed = SlotSet()
    /// Where the last site was, and its guest pc.
    var lastSite: UnsafeMutablePointer<UInt8>
    var lastSitePC: UInt64 = 0
    /// The offset from which the first site's distance counts: no site is 0 away from the last one.
    static let beforeFirstSite = -1
    var locked: UInt64 = 0
    /// The flags value that the host's flags hold, or -1.
    var hostFlags: Int32 = -1 {
        didSet {
            if hostComplement >= 0 { hostComplement = -1 }
            if hostFlags != oldValue { moved = moved | contract.flagSlots }
        }
    }
    /// The flags value that is the same but for an inverted carry (`cmc`), or -1: it costs nothing until somebody looks.
    var hostComplement: Int32 = -1 { didSet { moved = moved | contract.flagSlots } }
    /// Where the guest's x87 state is, as far as that is known here.
    var x87Place = X87Place.unknown
    /// Slots that a sum was bound to which is not made.
    var impliedSlots = SlotSet()
    /// The second access of two that became one, -1 for none.
    var paired = -1
    var spillsUsed = SpillSet()
    var unchecked = UncheckedGroup()
    var position = 0
    /// In the analysis: the next instruction by which a block may be left.
    var nextControl: Int32 = .max
    /// In the analysis: where the block starts.
    var blockStart = 0
    /// In the analysis: slots that are read or bound.
    var touched = SlotSet()
    /// In the analysis: where the chain of blocks ends.
    var chainEnd: Int32 = .max
    /// Chains of blocks in the unit: with one, nothing has to outlive the allocator's state.
    var chainCount = 0
    /// The chain whose code is being emitted.
    var currentChain: Int32 = 0
    var count = 0

    /// What is compared with the code in memory when the unit is entered.
    var comparedCode = UnsafeRawBufferPointer(start: nil, count: 0)
    /// What is added to the guest's address of that code, from where it is accessed: not 0 for what is outside of the window.
    public var comparedCodeOffset: UInt64 = 0
    /// In ascending order.
    public var leavingAccesses: [LeavingAccess] = []
    /// Of the access being emitted: what has to be looked at before it is made.
    var addressCheck = AddressCheck.none
    /// What is said of it, if the runtime is called for it (`AccessRecord`).
    var accessRecord: UnsafeMutablePointer<UInt8>?
    /// Whose accesses somebody wants to be told of.
    public var watchedSides: WatchedSides = []
    /// The unit has what may raise flags of floating point, or look at them.
    public private(set) var usesFloat = false
    /// Values whose bounds have been looked at in this chain of blocks, the latest ones.
    let checkedValues: UnsafeMutablePointer<Int32>
    var checkedCount = 0
    var entry = UnitEntry()
    /// Between the unit and its like, all of guest state is in memory (UnitEntry.swift).
    var isHome: Bool { entry.hooks != 0 }
    var homeEntry = 0

    /// The unit's side pool, where vector constants are.
    var vectorPool: UnsafeMutablePointer<UInt32>
    let pending: UnsafeMutablePointer<PendingJump>
    var pendingCount = 0
    let vectorConstants: UnsafeMutablePointer<VectorConstant>
    var constantCount = 0

    // Results.
    public let links: UnsafeMutablePointer<LinkSite>
    var linkCount = 0
    public let frames: UnsafeMutablePointer<UInt8>
    var frameBytes = 0
    var instructionPC: UInt64 = 0
    /// The unit counts guest instructions, and how many from this one on it has counted.
    var counts = false
    var countedEarly: UInt32 = 0
    /// Out of some arena's room: the unit must be made again, shorter.
    var overflowed = false

    static let linkCapacity = 1024
    static let pendingCapacity = 1024
    static let constantCapacity = 1024
    static let frameCapacity = 1 << 16
    /// A unit must fit here: checked before each instruction.
    static let slack = 2048

    public init(contract: RegisterContract, stubs: CommonStubs, options: Options = Options()) {
        self.contract = contract
        self.stubs = stubs
        self.options = options
        let n = Unit.capacity + StateLayout.maximum
        values = .allocate(capacity: n)
        chain = .allocate(capacity: 3 * n)
        constantBits = .allocate(capacity: n)
        addresses = .allocate(capacity: n)
        bindingEnds = .allocate(capacity: n)
        sites = .allocate(capacity: n)
        blockStates = .allocate(capacity: 512)
        registerValue = .allocate(capacity: HostRegister.count)
        slots = .allocate(capacity: StateLayout.maximum)
        freshInner = .allocate(capacity: StateLayout.maximum)
        facts = .allocate(capacity: LyrebirdIR.Opcode.count)
        for raw in 0..<LyrebirdIR.Opcode.count {
            facts[raw] = OpcodeFacts(LyrebirdIR.Opcode(rawValue: UInt16(raw))!)
        }
        pinned = FreshState(contract, isHome: false)
        home = FreshState(contract, isHome: true)
        fresh = pinned
        pins = pinned.pins
        contentEnds = .allocate(capacity: StateLayout.maximum)
        links = .allocate(capacity: Self.linkCapacity)
        frames = .allocate(capacity: Self.frameCapacity)
        pending = .allocate(capacity: Self.pendingCapacity)
        vectorConstants = .allocate(capacity: Self.constantCapacity)
        checkedValues = .allocate(capacity: Self.checkedCapacity)
        let placeholder = UnsafeMutablePointer<UInt8>.allocate(capacity: 16)
        hot = Assembler(start: placeholder, capacity: 16)
        cold = hot
        hotStart = placeholder
        lastSite = placeholder
        vectorPool = UnsafeMutableRawPointer(placeholder).assumingMemoryBound(to: UInt32.self)
        self.placeholder = placeholder
    }

    private let placeholder: UnsafeMutablePointer<UInt8>

    deinit {
        values.deallocate()
        chain.deallocate()
        constantBits.deallocate()
        addresses.deallocate()
        bindingEnds.deallocate()
        sites.deallocate()
        blockStates.deallocate()
        registerValue.deallocate()
        slots.deallocate()
        pinned.deallocate()
        home.deallocate()
        freshInner.deallocate()
        facts.deallocate()
        contentEnds.deallocate()
        inner.deallocate()
        links.deallocate()
        frames.deallocate()
        pending.deallocate()
        vectorConstants.deallocate()
        checkedValues.deallocate()
        placeholder.deallocate()
    }

    /// Compiles `unit` to the cursors of `hot` and `cold` (addresses in the writable mapping).
    /// - Returns: nil if there was not enough room.
    /// - Parameters:
    ///   - code: what the unit was made from, to be compared with what is there whenever it is entered; empty for not to.
    ///   - entry: what is done whenever it is entered.
    ///   - firstLink: the number that the unit's first link will have.
    public mutating func compile(
        _ unit: borrowing Unit, code: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0),
        entry: UnitEntry = UnitEntry(), hot: Assembler, cold: Assembler, firstLink: Int
    ) -> CompiledUnit? {
        comparedCode = code
        self.entry = entry
        homeEntry = 0
        fresh = isHome ? home : pinned
        counts = unit.counter != nil
        vectorPool = unit.pool
        restart(hot, cold)
        isLoop = unit.loopHead != nil
        loopHead = unit.loopHead?.index ?? -1
        loopPoll = unit.loopPoll
        if isLoop { choosePins(unit, keepsOthers: true) }
        analyze(unit)
        findScalarSlots(unit)
        select(unit, firstLink: firstLink)
        if isLoop, isCrowded, !overflowed {
            // Once more, without what only passes through.
            restart(hot, cold)
            choosePins(unit, keepsOthers: false)
            analyze(unit)
            findScalarSlots(unit)
            select(unit, firstLink: firstLink)
        }
        guard !overflowed else { return nil }
        return CompiledUnit(
            hotBytes: self.hot.cursor - hot.cursor, coldBytes: self.cold.cursor - cold.cursor, linkCount: linkCount,
            frameBytes: frameBytes, homeEntry: homeEntry)
    }

    private mutating func restart(_ hot: Assembler, _ cold: Assembler) {
        addressCheck = .none
        accessRecord = nil
        usesFloat = false
        self.hot = hot
        self.cold = cold
        hotStart = hot.cursor
        pendingCount = 0
        constantCount = 0
        spillsUsed = SpillSet()
        impliedSlots = SlotSet()
        paired = -1
        carrySpill = -1
        unchecked.count = 0
        unchecked.heldCount = 0
        pins = outer
        overflowed = false
    }

    /// Selection: blocks in order, instructions in order.
    private mutating func select(_ unit: borrowing Unit, firstLink: Int) {
        linkCount = 0
        frameBytes = 0
        lastSite = hotStart + Self.beforeFirstSite
        lastSitePC = unit.startPC
        countedEarly = 0
        var previous = -1
        for place in 0..<unit.placedCount {
            let id = Int(unit.order[place])
            if place > 0, blockStates[id].onlyExit >= 0 { continue }
            let block = unit.blocks[id]
            startBlock(id, inheriting: previous >= 0 && blockStates[previous].chain == blockStates[id].chain, unit)
            previous = id
            currentChain = blockStates[id].chain
            if place == 0, isHome { emitHomeEntry() }
            if place == 0, comparedCode.count > 0 { compareCode(unit) }
            if place == 0, !entry.isEmpty { emitEntry(unit) }
            if place == 0, isLoop {
                keepCarry(unit)
                guardScalars(unit)
            }
            var index = Int(block.start)
            while index < Int(block.end) {
                if hot.remaining < Self.slack || cold.remaining < Self.slack || frameBytes > Self.frameCapacity - 4096
                    || linkCount > Self.linkCapacity - 8
                {
                    overflowed = true
                    return
                }
                position = index
                locked = 0
                if index == loopPoll {
                    if unchecked.count > 0 { checkFloats() }
                    pollInLoop(unit)
                }
                let i = unit.instructions[index]
                if i.opcode == .instruction {
                    instructionPC = i.immediate
                    countedEarly = i.c
                    index &+= 1
                    continue
                }
                if !values[index].isSkipped {
                    if unchecked.count > 0, !leavesUnchecked(i) { checkFloats() }
                    emit(index, i, unit)
                    if values[index].isGlobal { keepGlobal(index) }
                }
                consumeOperands(index, unit)
                index &+= 1
            }
        }
        emitLinkStubs(first: firstLink)
        emitVectorConstants()
    }

    /// Emits one instruction, by its class.
    @inline(__always)
    private mutating func emit(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) {
        if Self.computes(i.opcode) { usesFloat = true }
        if values[index].foldsLoad { return selectFolded(index, i, unit) }
        switch i.opcode {
        case .nop, .copy, .const, .vconst, .flags, .instruction: break
        case .trunc where values[index].isConstant: break
        case .param: if values[index].spill < 0 { values[index].spill = Int16(takeSpill()) }
        case .get: selectGet(index, i, unit)
        case .set: bindSlot(Int(i.a), to: Int(values[Int(i.b)].representative), end: bindingEnds[index])
        case .bind: bindSlot(Int(i.a), to: Int(values[Int(i.b)].representative), end: bindingEnds[index])
        case .add, .sub, .and, .or, .xor, .andn, .not, .neg, .adc, .sbc, .inc, .dec: selectArithmetic(index, i, unit)
        case .mul, .mulhu, .mulhs, .udiv, .sdiv: selectMultiplication(index, i, unit)
        case .udivWide: selectWideDivision(index, i)
        case .shl, .shr, .sar, .ror, .extract2: selectShift(index, i, unit)
        case .shlFlags, .shrFlags, .sarFlags, .rolFlags, .rorFlags, .rcl, .rcr: selectKeepingShift(index, i, unit)
        case .insert: selectInsertion(index, i)
        case .pdep, .pext: selectGathering(index, i)
        case .bitToCarry: selectBitToCarry(index, i, unit)
        case .zext, .sext, .trunc, .bswap, .bitreverse, .clz, .ctz, .popcnt, .crc32, .crc32c:
            selectBits(index, i, unit)
        case .cmc, .flagsToBits, .bitsToFlags, .cset, .select: selectFlags(index, i, unit)
        case .load, .store, .fence: selectMemory(index, i, unit)
        case .portIn, .portOut: selectPort(index, i, unit)
        case .loadMasked: selectMaskedLoad(index, i, unit)
        case .storeMasked: selectMaskedStore(i, unit)
        case .rmwAdd, .rmwAnd, .rmwOr, .rmwXor, .rmwExchange, .rmwMaxS, .rmwMinS, .rmwMaxU, .rmwMinU, .cas, .cas128:
            selectAtomic(index, i, unit)
        case .jump, .branch, .exitJump, .exitIndirect, .exitTrap: selectControl(index, i, unit)
        case .call: selectCall(index, i)
        case .x87, .x87Flags, .x87Select, .x87Load, .x87Store, .x87Status, .x87Control, .mmxGet, .mmxSet, .x87Image,
            .x87SetImage:
            selectX87(index, i, unit)
        case .vshiftU, .vshiftS: selectVectorShift(index, i, unit)
        case _ where i.opcode.rawValue >= LyrebirdIR.Opcode.sseAdd.rawValue: selectSSE(index, i, unit)
        case _ where i.opcode.isSpecialFloat: selectSpecialFloat(index, i, unit)
        case _ where i.opcode.isSpecial: selectCryptography(index, i, unit)
        case _ where i.opcode.rawValue >= LyrebirdIR.Opcode.vshiftU.rawValue: selectFloat(index, i, unit)
        default: selectVector(index, i, unit)
        }
    }
}
