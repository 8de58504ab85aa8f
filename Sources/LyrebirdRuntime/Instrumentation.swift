// What an embedder puts into its guest's code: breakpoints, hooks, coverage. All of it is in the code: a translation is made with what
// stands at its addresses, and whatever changes there drops the translations that it concerns, so that plain code pays nothing.
// Instructions are counted by translations of another mode (`Variant`), since one CPU may count while another one does not.

import CLyrebird
import LyrebirdIR
import LyrebirdX64

/// The bits of a translation's mode that are not the guest's.
enum Variant {
    static let counted: UInt32 = 1 << 15
    /// How a unit is entered that is no block's first: by the run loop only. What it leads to is none of these.
    /// One instruction.
    static let single: UInt32 = 1 << 14
    /// The breakpoint has been reported, the hooks have been called.
    static let pastBreakpoint: UInt32 = 1 << 13
    static let pastHooks: UInt32 = 1 << 12
    /// The block has been entered before.
    static let inBlock: UInt32 = 1 << 11
    static let entry: UInt32 = single | pastBreakpoint | pastHooks | inBlock
    static let all: UInt32 = entry | counted
}

/// What hooks are called for.
public enum HookKind: UInt32, Sendable {
    /// The first instruction of a basic block.
    case block = 1
    /// Each instruction.
    case instruction = 2
    /// The guest's system-call instruction.
    case systemCall = 4
}

/// What is called. The embedding API has a class for its closures.
open class HookHandler {
    /// Set once it is removed; a table that is being walked may still name it.
    @exclusivity(unchecked) final var isRemoved = false

    public init() {}

    /// - Parameters:
    ///   - address: of the instruction, which is the CPU's pc; of a system call, where it goes on.
    ///   - size: bytes of the block or of the instruction; of a system call, its immediate.
    /// - Returns: of a system call, whether it has been done.
    open func call(_ cpu: CPUContext, address: UInt64, size: UInt32) throws -> Bool { false }
}

struct HookEntry {
    var low: UInt64
    /// The last address.
    var high: UInt64
    var kind: UInt32
    var handler: Unmanaged<HookHandler>
}

/// Breakpoints, hooks and coverage of one machine. Guarded by the engine's lock, but for the table of hooks, which CPUs read without.
struct Instruments: ~Copyable {
    private(set) var breakpoints: [UInt64] = []
    private var hooks: [HookEntry] = []
    /// Bits of the kinds of hooks that there are.
    private(set) var kinds: UInt32 = 0
    var coverage: Coverage?
    /// Where the table is that CPUs walk: a count, and so many entries behind it.
    let table: UnsafeMutablePointer<UInt64>
    /// Tables and handlers that a CPU may be in the middle of.
    private var retired: [(table: UnsafeMutableRawPointer?, handler: Unmanaged<HookHandler>?)] = []

    init() {
        table = .allocate(capacity: 1)
        table.initialize(to: 0)
        publish()
    }

    deinit {
        for hook in hooks { hook.handler.release() }
        for old in retired { Self.free(old) }
        UnsafeMutableRawPointer(bitPattern: UInt(table.pointee))?.deallocate()
        table.deallocate()
    }

    private static func free(_ old: (table: UnsafeMutableRawPointer?, handler: Unmanaged<HookHandler>?)) {
        old.table?.deallocate()
        old.handler?.release()
    }

    var isEmpty: Bool { breakpoints.isEmpty && kinds == 0 && coverage == nil }
    /// Whether it matters where blocks start.
    var watchesBlocks: Bool { kinds & HookKind.block.rawValue != 0 || coverage != nil }

    // MARK: Breakpoints

    /// - Returns: whether there was none.
    mutating func addBreakpoint(_ address: UInt64) -> Bool {
        guard !breakpoints.contains(address) else { return false }
        breakpoints.append(address)
        return true
    }

    mutating func removeBreakpoint(_ address: UInt64) -> Bool {
        guard let at = breakpoints.firstIndex(of: address) else { return false }
        breakpoints.remove(at: at)
        return true
    }

    /// How many of `count` bytes behind an address come before the next breakpoint.
    func limit(_ count: Int, after address: UInt64) -> Int {
        breakpoints.reduce(count) { least, place in
            place > address && place - address < UInt64(least) ? Int(place - address) : least
        }
    }

    // MARK: Hooks

    mutating func add(_ entry: HookEntry) {
        hooks.append(entry)
        publish()
    }

    /// - Returns: what it was.
    mutating func remove(_ handler: HookHandler) -> HookEntry? {
        guard
            let at = hooks.firstIndex(where: { $0.handler.toOpaque() == Unmanaged.passUnretained(handler).toOpaque() })
        else { return nil }
        let entry = hooks.remove(at: at)
        handler.isRemoved = true
        retired.append((nil, entry.handler))
        publish()
        return entry
    }

    private mutating func publish() {
        let stride = MemoryLayout<HookEntry>.stride
        let new = UnsafeMutableRawPointer.allocate(byteCount: 16 + stride * hooks.count, alignment: 16)
        new.storeBytes(of: hooks.count, as: Int.self)
        let entries = (new + 16).bindMemory(to: HookEntry.self, capacity: hooks.count)
        for (n, hook) in hooks.enumerated() { entries[n] = hook }
        let old = UnsafeMutableRawPointer(bitPattern: UInt(table.pointee))
        lyrebird_store_release(table, UInt64(UInt(bitPattern: new)))
        if let old { retired.append((old, nil)) }
        kinds = hooks.reduce(0) { $0 | $1.kind }
    }

    /// No CPU is calling hooks by a table from before.
    mutating func freeRetired() {
        for old in retired { Self.free(old) }
        retired.removeAll()
    }

    /// The kinds of hooks at an address.
    func kinds(at address: UInt64) -> UInt32 {
        hooks.reduce(0) { address >= $1.low && address <= $1.high ? $0 | $1.kind : $0 }
    }

    /// Whether one of these kinds is in a range.
    func has(_ kinds: UInt32, in range: Range<UInt64>) -> Bool {
        hooks.contains { $0.kind & kinds != 0 && $0.low < range.upperBound && $0.high >= range.lowerBound }
    }

    /// Whether a loop may not be translated as a whole.
    func touches(_ range: Range<UInt64>) -> Bool {
        breakpoints.contains(where: range.contains) || has(3, in: range) || coverage?.overlaps(range) == true
    }
}

/// What a translation is made with.
struct TranslationPlan {
    /// Guest instructions at most.
    var limit: Int
    /// Bytes up to the next breakpoint.
    var reach = Int.max
    var isStopPoint = false
    var isBlockwise = false
    var hooks: UInt32 = 0
    var isCovered = false
}

extension Engine {
    /// The lock is held.
    func plan(_ pc: UInt64, _ mode: UInt32) -> TranslationPlan {
        var plan = TranslationPlan(limit: mode & Variant.single != 0 ? 1 : options.unitLimit)
        plan.isBlockwise = plan.limit == 1
        guard !instruments.isEmpty else { return plan }
        plan.reach = instruments.limit(.max, after: pc)
        if mode & (Variant.pastBreakpoint | Variant.pastHooks) == 0, instruments.breakpoints.contains(pc) {
            plan.isStopPoint = true
            return plan
        }
        let near = pc..<(pc &+ UInt64(codeLimit) < pc ? .max : pc &+ UInt64(codeLimit))
        let isCovered = instruments.coverage?.overlaps(near) == true
        if instruments.has(HookKind.block.rawValue, in: near) || isCovered { plan.isBlockwise = true }
        if instruments.has(HookKind.instruction.rawValue, in: near) {
            plan.limit = 1
            plan.isBlockwise = true
        }
        guard mode & Variant.pastHooks == 0 else { return plan }
        plan.hooks = instruments.kinds(at: pc) & 3
        if mode & Variant.inBlock != 0 {
            plan.hooks &= ~HookKind.block.rawValue
        } else if isCovered {
            plan.isCovered = instruments.coverage!.contains(pc)
        }
        return plan
    }

    /// Resets the unit for a translation.
    func prepareUnit(_ pc: UInt64, _ mode: UInt32, _ plan: TranslationPlan) {
        unit.reset(pc: pc)
        if mode & Variant.counted != 0 { unit.counter = layout.counter }
        unit.isBlockwise = plan.isBlockwise
        unit.isHooked = plan.hooks != 0 || plan.isCovered
    }

    /// The unit at a breakpoint.
    func liftStopPoint(_ pc: UInt64) {
        unit.reset(pc: pc)
        unit.place(unit.makeBlock())
        unit.exitTrap(pc, .stopPoint)
        unit.guestBytes = 1
        unit.finish()
    }

    /// What the unit, which has just been lifted, does when it is entered.
    func entry(_ pc: UInt64, _ mode: UInt32, _ plan: TranslationPlan) -> UnitEntry {
        var entry = UnitEntry()
        guard plan.hooks != 0 || plan.isCovered else { return entry }
        entry.hooks = plan.hooks
        let isCut = plan.limit == 1 && (plan.isCovered || plan.hooks & HookKind.block.rawValue != 0)
        let size = isCut ? blockSize(pc, mode) : unit.guestBytes
        entry.blockSize = UInt32(truncatingIfNeeded: size)
        if plan.isCovered { entry.coverage = instruments.coverage!.block(at: pc, size: size) }
        return entry
    }

    /// Bytes of the block that a unit of one instruction starts. The unit is made again.
    private func blockSize(_ pc: UInt64, _ mode: UInt32) -> Int {
        let read = fetch(pc)
        let code = GuestCode(pc: pc, bytes: UnsafeRawBufferPointer(start: codeBuffer.baseAddress, count: read))
        let (counter, isHooked) = (unit.counter, unit.isHooked)
        let comparesCode = unit.comparesCode
        unit.reset(pc: pc)
        unit.isBlockwise = true
        lift(code, mode: mode, limit: options.unitLimit)
        let size = unit.guestBytes
        unit.reset(pc: pc)
        unit.counter = counter
        unit.isHooked = isHooked
        unit.comparesCode = comparesCode
        unit.isBlockwise = true
        lift(code, mode: mode, limit: 1)
        return size
    }

    // MARK: What the embedder changes

    public func addBreakpoint(at address: UInt64) {
        locked {
            if instruments.addBreakpoint(address) { dropAll(address, address) }
        }
    }

    public func removeBreakpoint(at address: UInt64) {
        locked {
            if instruments.removeBreakpoint(address) { dropAll(address, address) }
        }
    }

    /// - Parameter high: the last address.
    public func addHook(_ kind: HookKind, _ low: UInt64, _ high: UInt64, _ handler: HookHandler) {
        locked {
            registerBarrier()
            instruments.add(
                HookEntry(low: low, high: high, kind: kind.rawValue, handler: Unmanaged.passRetained(handler)))
            if kind != .systemCall { dropAll(low, high) }
            freeRetiredHooks()
        }
    }

    public func removeHook(_ handler: HookHandler) {
        locked {
            guard let entry = instruments.remove(handler) else { return }
            if entry.kind != HookKind.systemCall.rawValue { dropAll(entry.low, entry.high) }
            freeRetiredHooks()
        }
    }

    /// Before generated code calls what others do not wait for: whoever forgets translations makes all threads pass a barrier from now
    /// on, if the host has that. The lock is held.
    func registerBarrier() {
        guard !isBarrierRegistered else { return }
        isBarrierRegistered = true
        hasBarrier = lyrebird_register_membarrier() == 0
    }

    /// A CPU that is calling hooks may be walking any table.
    private func freeRetiredHooks() {
        guard hasBarrier, lyrebird_membarrier() == 0 else { return }
        if cpus.allSatisfy({ lyrebird_load32(Self.insideField($0.context)) != 2 && !$0.isInSystemCallHook }) {
            instruments.freeRetired()
        }
    }

    public func enableCoverage(_ coverage: Coverage) {
        locked {
            endCoverageLocked()
            instruments.coverage = coverage
            for cpu in cpus { coverage.install(in: cpu) }
            dropAll(coverage.low, coverage.high)
        }
    }

    public func disableCoverage() { locked { endCoverageLocked() } }

    /// Nobody counts any more when this returns: the counters may go, and others may be elsewhere.
    private func endCoverageLocked() {
        guard let old = instruments.coverage else { return }
        dropAll(old.low, old.high)
        whileNobodyRuns { instruments.coverage = nil }
    }

    /// Drops every translation that has something of a range, its last address included. The lock is held.
    func dropAll(_ low: UInt64, _ high: UInt64) {
        for number in 0..<translations.count {
            let translation = translations[number]
            let start = translation.pc
            let isThere = start <= high && start &+ UInt64(max(translation.guestBytes, 1)) > low
            let isJoined = translation.joinedPC <= high && translation.joinedPC &+ UInt64(translation.joinedBytes) > low
            if translation.isValid, isThere || isJoined { drop(number) }
        }
    }

    // MARK: Running

    /// Calls the hooks of system calls. - Returns: whether one of them has done what the guest asked for.
    func callSystemCallHooks(_ cpu: CPUContext, _ number: UInt32) throws -> Bool {
        cpu.isInSystemCallHook = true
        lyrebird_fence()
        defer { cpu.isInSystemCallHook = false }
        let table = UnsafeRawPointer(bitPattern: UInt(lyrebird_load_acquire(instruments.table)))!
        let entries = (table + 16).assumingMemoryBound(to: HookEntry.self)
        for n in 0..<table.load(as: Int.self) where entries[n].kind == HookKind.systemCall.rawValue {
            let isDone = try entries[n].handler._withUnsafeGuaranteedRef { handler in
                try !handler.isRemoved && handler.call(cpu, address: cpu.pc, size: number)
            }
            if isDone { return true }
        }
        return false
    }
}

extension CPUContext {
    /// Generated code calls hooks.
    /// - Returns: whether it may not go on, because of what they did or of what happened meanwhile.
    func callHooks(_ record: UnsafePointer<HookRecord>) -> Bool {
        let (pc, hooks) = (record.pointee.pc, record.pointee.hooks)
        let (blockSize, instructionSize) = (record.pointee.blockSize, record.pointee.instructionSize)
        let inside = Engine.insideField(context)
        self.pc = pc
        hookedPC = pc
        // From here on the record may go away: a flush does not wait for hooks, which may wait for anything.
        let changes = lyrebird_load_acquire(engine._withUnsafeGuaranteedRef { $0.changes })
        lyrebird_store_release32(inside, 2)
        engine._withUnsafeGuaranteedRef { $0.hasBarrier ? lyrebird_compiler_fence() : lyrebird_fence() }
        let place = engine._withUnsafeGuaranteedRef { $0.hookTable }
        let table = UnsafeRawPointer(bitPattern: UInt(lyrebird_load_acquire(place)))!
        let entries = (table + 16).assumingMemoryBound(to: HookEntry.self)
        var end = entries + table.load(as: Int.self)
        var entry = entries
        while entry < end {
            if entry.pointee.kind & hooks != 0, pc >= entry.pointee.low, pc <= entry.pointee.high {
                let size = entry.pointee.kind == HookKind.block.rawValue ? blockSize : instructionSize
                entry.pointee.handler._withUnsafeGuaranteedRef { handler in
                    guard !handler.isRemoved else { return }
                    do {
                        _ = try handler.call(self, address: pc, size: size)
                    } catch {
                        hookError = error
                        end = entry
                    }
                }
                if self.pc != pc { break }
            }
            entry += 1
        }
        lyrebird_store_release32(inside, 1)
        return engine._withUnsafeGuaranteedRef { engine in
            engine.hasBarrier ? lyrebird_compiler_fence() : lyrebird_fence()
            // Stores that others wait for, and the loads behind them: a flush has either seen that this is inside, or is seen here.
            return context.pointee.stop != 0 || lyrebird_load_acquire(engine.changes) != changes || self.pc != pc
                || context.pointee.control_changed != 0 || hookError != nil || lyrebird_load32(engine.stopTheWorld) != 0
        }
    }

    /// What generated code calls.
    static let hookFunction: @convention(c) (UnsafeMutablePointer<lyrebird_context>, UnsafeRawPointer) -> UInt32 = {
        Unmanaged<CPUContext>.fromOpaque(UnsafeRawPointer(bitPattern: UInt($0.pointee.owner))!)
            ._withUnsafeGuaranteedRef { [record = $1] cpu in
                cpu.callHooks(record.assumingMemoryBound(to: HookRecord.self)) ? 1 : 0
            }
    }

    /// A hook looks at, or writes, a register that floating point depends on: what was raised since generated code was entered is added
    /// to the guest's flags first.
    public func synchronizeFloat(writing: Bool) {
        guard context.pointee.inside == 2 else { return }
        let flags = takeFloatFlags()
        context.pointee.left_mxcsr &= ~0x3F
        if flags != 0 { engine._withUnsafeGuaranteedRef { $0.architecture.addFloatFlags(flags, to: state) } }
        if writing { context.pointee.control_changed = 1 }
    }
}
