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

/// A closure `(CPU, (address: UInt64, size: Int)) throws -> Void` as generated code calls it: with the embedder's CPU
/// (`CPUContext.owner`), the guest address of the block or the instruction, which is the CPU's pc, and its bytes. These are the two words
/// that Swift has for a function; a call through C would take longer than the rest.
public struct HookClosure {
    var function: UInt64
    var context: UInt64
}

/// What is called. The embedding API has classes for its closures, which keep them.
open class HookHandler {
    /// Set once it is removed; a table that is being walked may still name it.
    @exclusivity(unchecked) final var isRemoved = false
    /// Of blocks and instructions.
    final let closure: HookClosure?

    public init(_ closure: HookClosure?) { self.closure = closure }

    /// Called for a system call, behind which the CPU's pc is.
    /// - Returns: whether it has been done.
    open func call(_ cpu: CPUContext, immediate: UInt32) throws -> Bool { false }
}

struct HookEntry {
    var low: UInt64
    /// The last address.
    var high: UInt64
    var kind: UInt32
    var handler: Unmanaged<HookHandler>
    /// What generated code finds of it.
    var hook: UnsafeMutablePointer<lyrebird_hook>
    /// Whether there is generated code that does.
    var isNamed = false

    init(_ kind: HookKind, _ low: UInt64, _ high: UInt64, _ handler: HookHandler) {
        self.low = low
        self.high = high
        self.kind = kind.rawValue
        self.handler = Unmanaged.passRetained(handler)
        hook = .allocate(capacity: 1)
        hook.initialize(
            to: lyrebird_hook(
                function: handler.closure?.function ?? Self.nothing, context: handler.closure?.context ?? 0))
    }

    static let nothing = UInt64(
        UInt(bitPattern: unsafeBitCast(lyrebird_no_hook as @convention(c) () -> Void, to: UnsafeRawPointer.self)))
}

/// Breakpoints, hooks and coverage of one machine. Guarded by the engine's lock, but for what CPUs read without: the
/// table of hooks of system calls, and what generated code names.
struct Instruments: ~Copyable {
    private(set) var breakpoints: [UInt64] = []
    private var hooks: [HookEntry] = []
    /// Bits of the kinds of hooks that there are.
    private(set) var kinds: UInt32 = 0
    var coverage: Coverage?
    /// Where the table of hooks of system calls is: a count, and so many entries behind it.
    let table: UnsafeMutablePointer<UInt64>
    /// What a CPU may be in the middle of: handlers of hooks that have been removed, and memory.
    private var retiredHandlers: [Unmanaged<HookHandler>] = []
    private var retiredMemory: [UnsafeMutableRawPointer] = []
    /// What generated code names, which stays as long as that: records, and hooks that have been removed.
    private var named: [UnsafeMutableRawPointer] = []

    init() {
        table = .allocate(capacity: 1)
        table.initialize(to: 0)
        publish()
    }

    deinit {
        for entry in hooks {
            entry.handler.release()
            entry.hook.deallocate()
        }
        for memory in named { memory.deallocate() }
        for memory in retiredMemory { memory.deallocate() }
        for handler in retiredHandlers { handler.release() }
        UnsafeMutableRawPointer(bitPattern: UInt(table.pointee))?.deallocate()
        table.deallocate()
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

    /// How many of `count` bytes behind an address come before the next breakpoint, or before instructions that each have hooks.
    func limit(_ count: Int, after address: UInt64) -> Int {
        var least = count
        func look(at place: UInt64) {
            if place > address, place - address < UInt64(least) { least = Int(place - address) }
        }
        breakpoints.forEach(look)
        for hook in hooks where hook.kind == HookKind.instruction.rawValue { look(at: hook.low) }
        return least
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
        let function = UnsafeMutableRawPointer(entry.hook).assumingMemoryBound(to: UInt64.self)
        lyrebird_store_release(function, HookEntry.nothing)
        if entry.isNamed { named.append(entry.hook) } else { retiredMemory.append(entry.hook) }
        retiredHandlers.append(entry.handler)
        publish()
        return entry
    }

    private mutating func publish() {
        kinds = hooks.reduce(0) { $0 | $1.kind }
        let listed = hooks.filter { $0.kind == HookKind.systemCall.rawValue }
        let stride = MemoryLayout<HookEntry>.stride
        let new = UnsafeMutableRawPointer.allocate(byteCount: 16 + stride * listed.count, alignment: 16)
        new.storeBytes(of: listed.count, as: Int.self)
        let entries = (new + 16).bindMemory(to: HookEntry.self, capacity: listed.count)
        for (n, hook) in listed.enumerated() { entries[n] = hook }
        let old = UnsafeMutableRawPointer(bitPattern: UInt(table.pointee))
        lyrebird_store_release(table, UInt64(UInt(bitPattern: new)))
        if let old { retiredMemory.append(old) }
    }

    /// What generated code is told of the hooks of some kinds at an address. It stays as long as that.
    mutating func record(_ kinds: UInt32, at pc: UInt64, blockSize: Int, instructionSize: Int) -> UInt {
        let places = hooks.indices.filter { hooks[$0].kind & kinds != 0 && pc >= hooks[$0].low && pc <= hooks[$0].high }
        let header = MemoryLayout<lyrebird_hook_record>.size
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: header + MemoryLayout<lyrebird_hook_call>.stride * (places.count + 1), alignment: 8)
        memory.storeBytes(of: pc, as: UInt64.self)
        let calls = (memory + header).bindMemory(to: lyrebird_hook_call.self, capacity: places.count + 1)
        for (n, place) in places.enumerated() {
            let size = hooks[place].kind == HookKind.block.rawValue ? blockSize : instructionSize
            calls[n] = lyrebird_hook_call(hook: hooks[place].hook, size: UInt64(size))
            hooks[place].isNamed = true
        }
        calls[places.count] = lyrebird_hook_call()
        named.append(memory)
        return UInt(bitPattern: memory)
    }

    /// There is no generated code any more.
    mutating func retireNamed() {
        retiredMemory += named
        named.removeAll()
        for place in hooks.indices { hooks[place].isNamed = false }
    }

    var hasRetired: Bool { !retiredMemory.isEmpty || !retiredHandlers.isEmpty }

    /// No CPU is calling hooks that it has found before.
    mutating func freeRetired() {
        for memory in retiredMemory { memory.deallocate() }
        for handler in retiredHandlers { handler.release() }
        retiredMemory.removeAll()
        retiredHandlers.removeAll()
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
    /// Bytes up to the next breakpoint or the next instruction with hooks.
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
        if instruments.kinds(at: pc) & HookKind.instruction.rawValue != 0 {
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
        unit.isSingle = mode & Variant.single != 0
        unit.isInBlock = mode & Variant.inBlock != 0
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
        let isCut = plan.limit == 1 && (plan.isCovered || plan.hooks & HookKind.block.rawValue != 0)
        let size = isCut ? blockSize(pc, mode, plan) : unit.guestBytes
        if plan.hooks != 0 {
            entry.hooks = instruments.record(plan.hooks, at: pc, blockSize: size, instructionSize: unit.guestBytes)
            entry.needsFence = !hasBarrier
        }
        if plan.isCovered { entry.coverage = instruments.coverage!.block(at: pc, size: size) }
        return entry
    }

    /// Bytes of the block that a unit of one instruction starts. The unit is made again.
    private func blockSize(_ pc: UInt64, _ mode: UInt32, _ plan: TranslationPlan) -> Int {
        let read = fetch(pc)
        let code = GuestCode(pc: pc, bytes: UnsafeRawBufferPointer(start: codeBuffer.baseAddress, count: read))
        let comparesCode = unit.comparesCode
        unit.reset(pc: pc)
        unit.isBlockwise = true
        lift(code, mode: mode, limit: options.unitLimit)
        let size = unit.guestBytes
        prepareUnit(pc, mode, plan)
        unit.comparesCode = comparesCode
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
            instruments.add(HookEntry(kind, low, high, handler))
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

    /// A CPU that is calling hooks may be in the middle of what is retired.
    func freeRetiredHooks() {
        guard instruments.hasRetired else { return }
        if hasBarrier { guard lyrebird_membarrier() == 0 else { return } } else { lyrebird_fence() }
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
        for n in 0..<table.load(as: Int.self) {
            let isDone = try entries[n].handler._withUnsafeGuaranteedRef { handler in
                try !handler.isRemoved && handler.call(cpu, immediate: number)
            }
            if isDone { return true }
        }
        return false
    }
}

extension CPUContext {
    /// A hook looks at, or writes, a register that floating point depends on: what was raised since generated code was entered is added
    /// to the guest's flags first.
    public func synchronizeFloat(writing: Bool) {
        guard context.pointee.inside == 2 else { return }
        let flags = takeFloatFlags()
        context.pointee.left_mxcsr &= ~0x3F
        if flags != 0 { engine._withUnsafeGuaranteedRef { $0.architecture.addFloatFlags(flags, to: state) } }
        // Translations may depend on it: the CPU leaves, and looks.
        if writing { requestStop(Engine.loopBit) }
    }
}
