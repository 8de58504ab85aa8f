// The engine of one machine: translations and who may touch them when. CPUs run generated code and look translations up
// without a lock; translating, linking, invalidating and flushing happen under one lock. Code that is no longer valid stays
// where it is until a flush, and a flush waits until every CPU is out of generated code.

import CLyrebird
import Glibc
import LyrebirdIR
import LyrebirdPasses
import LyrebirdX64

/// What translating is told.
public struct EngineOptions: Sendable {
    /// Bytes of the code region.
    public var cacheSize = 64 << 20
    /// Guest instructions in a translation at most.
    public var unitLimit = 96
    /// Whether translations jump to each other directly.
    public var chains = true
    /// Times that a loop goes round before it is translated as a whole; 0 for never.
    public var loopThreshold = 500
    /// Whether code is interpreted when it is executed for the first time, and not translated before the second: for guests in the
    /// address space of this process.
    public var interpretsFirst = false
    /// Whether the optimiser runs on all blocks, and not just on loops and where it is promising.
    public var optimizesAllBlocks = true
    /// Whether `EngineStatistics.translationTime` counts: reading the clock twice costs a hundredth of a translation.
    public var measuresTime = false
    public var generator = CodeGenerator.Options()
    public var features = CPUFeatures.detected
    public init() {}
}

/// Why `Engine.run` returned.
public enum EngineExit: Sendable {
    case trap(TrapReason, payload: UInt32)
    /// A host fault while a guest instruction accessed memory; `pc` of the CPU is that instruction's.
    case fault(address: UInt64, isWrite: Bool, signal: UInt32, code: Int32)
    case stopped
    case paused
    /// The embedder has raised an interrupt with this number.
    case interrupt(Int)
    /// A device is asked that does not answer by itself. The pc is that of the instruction, which `run` goes on with.
    case device(DeviceAccess)
    /// As many instructions as it had have been executed, or its time is over.
    case budget
    case timeLimit
    /// The function of this number, which stands at `pc`.
    case function(UInt32, FunctionExit)
}

/// Counters of a machine.
public struct EngineStatistics: Sendable {
    public var translations = 0
    public var guestInstructions = 0
    public var guestBytes = 0
    public var hostBytes = 0
    public var coldBytes = 0
    public var irInstructions = 0
    /// Bytes of frame logs, from which state at a fault is rebuilt.
    public var frameBytes = 0
    /// Nanoseconds spent translating, if that is measured.
    public var translationTime: UInt64 = 0
    /// Blocks that were interpreted, for once.
    public var interpreted = 0
    /// Of the translations: loops as a whole, and ends of loops together with what they lead to.
    public var loops = 0
    public var joined = 0
    public var links = 0
    public var linked = 0
    public var invalidated = 0
    public var flushes = 0
}

/// Translates and runs the code of one machine.
public final class Engine: @unchecked Sendable {
    public let architecture: any GuestArchitecture
    public let layout: StateLayout
    public let contract: RegisterContract
    public let options: EngineOptions
    let stubs: CommonStubs
    let mutex = Mutex()
    /// Not zero while somebody waits for all CPUs to leave generated code.
    let stopTheWorld: UnsafeMutablePointer<UInt32>
    /// Counts translations that were dropped.
    let changes: UnsafeMutablePointer<UInt64>
    /// Counts changes of what is mapped where and of who is told of accesses.
    let mappingVersion: UnsafeMutablePointer<UInt64>

    // Guarded by the lock.
    @exclusivity(unchecked) public var memory: AddressSpace
    @exclusivity(unchecked) var cache: CodeCache
    @exclusivity(unchecked) var generator: CodeGenerator
    @exclusivity(unchecked) var optimizer: Optimizer
    @exclusivity(unchecked) var unit = Unit()
    @exclusivity(unchecked) var translations = FlatArray<Translation>()
    @exclusivity(unchecked) var links = FlatArray<Link>()
    @exclusivity(unchecked) var frames = FlatArray<UInt8>()
    @exclusivity(unchecked) var pages = PageIndex()
    @exclusivity(unchecked) var loops: [LoopKey: Loop] = [:]
    @exclusivity(unchecked) var counters = LoopCounters()
    @exclusivity(unchecked) var cpus: [CPUContext] = []
    @exclusivity(unchecked) var functions = HostFunctions()
    @exclusivity(unchecked) var instruments = Instruments()
    @exclusivity(unchecked) var isBarrierRegistered = false
    @exclusivity(unchecked) var timeLimits: TimeLimits?
    @exclusivity(unchecked) var functionTable: FunctionTable?
    @exclusivity(unchecked) var watched = WatchedPages()
    /// For code that runs for the first time; nil if that is translated, too.
    let firstRuns: FirstRuns?
    /// By number; nil for those that leave `run`.
    @exclusivity(unchecked) var devices: [DeviceHandler?] = []
    @exclusivity(unchecked) var ports: [(range: ClosedRange<UInt64>, handler: DeviceHandler)] = []
    /// Instructions, by their addresses in ascending order, that have met a device or memory above the window.
    @exclusivity(unchecked) var leavingAccesses: [LeavingAccess] = []
    @exclusivity(unchecked) var accessHooks: [AccessHook] = []
    @exclusivity(unchecked) var translationHandler: TranslationHandler?
    @exclusivity(unchecked) public internal(set) var statistics = EngineStatistics()
    let codeBuffer: UnsafeMutableRawBufferPointer
    /// Bytes that a translation of blocks may need.
    let codeLimit: Int

    // Read without the lock.
    @exclusivity(unchecked) var index = TranslationIndex()
    /// Counts flushes. Changes only while no CPU is in generated code.
    @exclusivity(unchecked) var generation = 0
    /// Whether there is code that may raise flags of floating point; taken for granted where memory is not checked.
    @exclusivity(unchecked) var usesFloat = false
    /// Whether threads that take no lock can be made to pass a barrier, and need none of their own.
    @exclusivity(unchecked) var hasBarrier = false

    public init(
        _ architecture: any GuestArchitecture, memory: consuming AddressSpace, options: EngineOptions = EngineOptions(),
        optimizer: consuming Optimizer = Optimizer()
    ) throws(RuntimeError) {
        let error = lyrebird_install_fault_handlers()
        guard error == 0 else { throw RuntimeError(call: "sigaction", errno: error) }
        self.architecture = architecture
        layout = architecture.layout
        var options = options
        options.generator.codeAlignment = architecture.codeAlignment
        self.options = options
        contract = RegisterContract(
            layout: layout, pinned: architecture.pinnedSlots,
            memory: memory.windowSize == 0 ? .identity : memory.isChecked ? .checked : .window,
            windowSize: memory.windowSize, features: options.features)
        self.memory = memory
        mappingVersion = self.memory.version
        usesFloat = contract.memory != .checked
        cache = try CodeCache(size: options.cacheSize, contract: contract)
        stubs = cache.stubs
        generator = CodeGenerator(contract: contract, stubs: cache.stubs, options: options.generator)
        firstRuns = options.interpretsFirst && contract.memory == .identity ? FirstRuns(layout) : nil
        self.optimizer = optimizer
        codeLimit = architecture.longestInstruction * options.unitLimit
        codeBuffer = .allocate(byteCount: max(2 * codeLimit, Int(LoopBody.reach)), alignment: 16)
        stopTheWorld = .allocate(capacity: 1)
        stopTheWorld.initialize(to: 0)
        changes = .allocate(capacity: 1)
        changes.initialize(to: 0)
    }

    deinit {
        timeLimits?.end()
        changes.deallocate()
        stopTheWorld.deallocate()
        codeBuffer.deallocate()
    }

    /// Runs `body` under the lock.
    @inline(__always)
    public func locked<T, Failure: Error>(_ body: () throws(Failure) -> T) throws(Failure) -> T {
        mutex.lock()
        defer { mutex.unlock() }
        return try body()
    }

    // MARK: CPUs

    public func makeCPU() throws(RuntimeError) -> CPUContext {
        let cpu = try CPUContext(layout: layout, options: options.generator, stubs: stubs)
        let context = cpu.context
        context.pointee.code_start = UInt64(UInt(bitPattern: cache.executable))
        context.pointee.code_end = context.pointee.code_start + UInt64(cache.size)
        context.pointee.outside_mask = contract.outsideMask
        context.pointee.fault_stub = UInt64(UInt(bitPattern: stubs.fault))
        if contract.memory != .identity { context.pointee.gs_base = memory.base }
        architecture.initialize(cpu.state)
        cpu.attach(to: self)
        // From here on it is told of changes like the others.
        locked {
            publishWatch(to: cpu)
            context.pointee.float_is_used = usesFloat ? 1 : 0
            instruments.coverage?.install(in: cpu)
            installTable(in: cpu)
            cpu.generation = generation
            functions.install(in: cpu)
            cpus.append(cpu)
            if cpus.count == 2 { dropComparedLoops() }
        }
        return cpu
    }

    /// Whether a CPU is in `run`.
    public var isRunning: Bool { locked { cpus.contains { $0.isRunning } } }

    public func removeCPU(_ cpu: CPUContext) {
        locked { cpus.removeAll { $0 === cpu } }
    }

    // MARK: Running

    /// Runs guest code on the calling thread until there is a reason to stop. If the CPU counts, it has `remaining` instructions.
    /// Throws what a hook does.
    public func run(_ cpu: CPUContext, nanoseconds: UInt64? = nil) throws -> EngineExit {
        let context = cpu.context
        cpu.runs &+= 1
        if cpu.runs == Self.runsBeforeBarrier, memory.isChecked { locked { registerBarrier() } }
        let previous = lyrebird_get_current()
        // A hook runs another CPU meanwhile. To ask for the base may be a system call, which a thread of a program that runs its own CPU
        // again and again does not need.
        let isNested = previous != nil && previous != context
        let previousBase = isNested ? lyrebird_get_gs_base() : 0
        _ = lyrebird_prepare_thread()
        if let nanoseconds { try limit(cpu, nanoseconds) }
        lyrebird_set_current(context)
        if contract.memory != .identity { setBase(memory.base) }
        if context.pointee.is_suspended != 0, !cpu.isResumable() { cpu.settle() }
        if context.pointee.is_suspended == 0 { readMode(cpu) }
        // How the next translation is entered, if that is not from its first instruction's start.
        var variant = cpu.takeEntryVariant()
        defer {
            cpu.keepEntryVariant(variant)
            if nanoseconds != nil { timeLimits!.remove(cpu) }
            lyrebird_set_current(previous)
            if isNested { setBase(previousBase) }
        }
        // The rest of the budget ends in the middle of a block: one instruction after the other.
        var steps = false
        // Code that generated code may jump to by itself may be entered as well. The table knows where a CPU goes on after a trap;
        // where generated code was left for want of an entry, it does not.
        var asksTable = true
        if context.pointee.is_suspended == 0, let emulator = cpu.emulator, emulator.isUnderWay(at: cpu.pc),
            !cpu.counts || cpu.remaining > 0,
            let reason = try emulator.run(&variant)
        {
            return reason
        }
        while true {
            cpu.openTable()
            let stop = lyrebird_load32(Self.stopField(context))
            if stop != 0 {
                // What a device has seen of an instruction is not undone: the rest of it comes first.
                if cpu.isInInstruction {
                    if cpu.counts, cpu.remaining <= 0 { return .budget }
                    if context.pointee.is_suspended != 0 {
                        if let reason = try settle(cpu, &variant) { return reason }
                        continue
                    }
                }
                if let reason = takeStop(cpu, stop) { return reason }
            } else if cpu.counts, cpu.remaining <= 0 {
                return .budget
            }
            if hasBarrier {
                lyrebird_store_release32(Self.insideField(context), 1)
                lyrebird_compiler_fence()
            } else {
                lyrebird_store32(Self.insideField(context), 1)
            }
            if lyrebird_load32(stopTheWorld) != 0 {
                lyrebird_store32(Self.insideField(context), 0)
                // Whoever stopped the world has the lock.
                locked {}
                continue
            }
            // A signal's handler that has run on this thread since the stop word was looked at has left the polls open.
            if lyrebird_load32(Self.stopField(context)) != 0 {
                lyrebird_store32(Self.insideField(context), 0)
                continue
            }
            if cpu.generation != generation {
                cpu.forgetTranslations()
                cpu.generation = generation
            }
            if cpu.counts, cpu.remaining == 1 { steps = true }
            let entered = steps ? variant | Variant.single : variant
            let mode = cpu.mode | entered
            let enteredPC = cpu.pc
            let kind: ExitKind
            if context.pointee.is_suspended != 0 {
                guard cpu.prepareToResume() else {
                    lyrebird_store32(Self.insideField(context), 0)
                    if let reason = try settle(cpu, &variant) { return reason }
                    continue
                }
                kind = ExitKind(rawValue: lyrebird_enter(stubs.resume, context, 0))!
            } else {
                var host = asksTable && entered == 0 ? cpu.remembered(pc: cpu.pc) : 0
                asksTable = false
                if host == 0 {
                    let place = index.hotStart(pc: cpu.pc, mode: mode)
                    if place == 0 {
                        lyrebird_store32(Self.insideField(context), 0)
                        switch translate(cpu, mode) {
                        case .translated: break
                        case .interpreted: asksTable = true
                        case .trapped(let reason, let payload):
                            if let exit = try trapped(cpu, reason, payload) { return exit }
                        case .missing(let reason): return reason
                        }
                        continue
                    }
                    host = UInt64(UInt(bitPattern: cache.executable + place))
                    if entered == 0 {
                        cpu.remember(pc: cpu.pc, host: host)
                        // Dropping a translation takes it out of the index and then out of the jump tables. If it was dropped before
                        // it was remembered, the index says so now.
                        lyrebird_fence()
                        if index.hotStart(pc: cpu.pc, mode: mode) != place {
                            cpu.forget(pc: cpu.pc)
                            lyrebird_store32(Self.insideField(context), 0)
                            continue
                        }
                    }
                }
                context.pointee.accesses_made = 0
                kind = ExitKind(rawValue: lyrebird_enter(stubs.enter, context, host))!
            }
            let ranIn = generation
            if kind == .accessCall, let access = cpu.takeAsked() {
                lyrebird_store_release32(Self.insideField(context), 0)
                return .device(access)
            }
            let flags = cpu.takeFloatFlags()
            if flags != 0 { architecture.addFloatFlags(flags, to: cpu.liveState) }
            // What the exit says of the translation must be read while that cannot go away.
            var reason: EngineExit?
            var goesOnInBlock = false
            switch kind {
            case .link:
                let stub = UnsafeRawPointer(bitPattern: UInt(context.pointee.exit_word))!
                cpu.pc = Self.target(of: stub)
                if (stub - 4).loadUnaligned(as: UInt32.self) & LinkSite.inBlockBit != 0 { goesOnInBlock = true }
            case .miss, .trap: cpu.pc = context.pointee.pc
            case .fault: reason = recover(cpu, &variant)
            case .access:
                context.pointee.fault_rip = context.pointee.code_start + UInt64(context.pointee.access_site)
                _ = recover(cpu, &variant)
            case .accessCall:
                if let rebuilt = cpu.takeRebuiltState() {
                    variant = rebuilt
                } else {
                    let pc = cpu.pc
                    context.pointee.fault_rip = context.pointee.code_start + context.pointee.access_site
                    _ = recover(cpu, &variant)
                    cpu.pc = pc
                }
            case .hook: break
            }
            lyrebird_store_release32(Self.insideField(context), 0)
            let stepped = steps
            steps = false
            if kind != .fault, kind != .access, kind != .accessCall {
                variant = 0
                // Left between two instructions.
                cpu.forgetMade()
            }
            switch kind {
            case .link:
                if goesOnInBlock, instruments.watchesBlocks { variant = Variant.inBlock }
                followLink(cpu, ranIn: ranIn)
            case .miss: break
            case .hook:
                // What stands at the pc has been called, and is not called again if it is the pc still.
                if cpu.pc == context.pointee.hooked_pc { variant = Variant.pastHooks | Variant.single }
                if let error = cpu.takeHookError() { throw error }
                readMode(cpu)
            case .fault where cpu.faultIsPoll:
                lyrebird_open_polls(context)
                cpu.forgetMade()
                let isInBlock = !cpu.faultIsExitPoll && cpu.pc != cpu.faultedCode.lowerBound
                variant = isInBlock && instruments.watchesBlocks ? Variant.inBlock : 0
                asksTable = cpu.faultIsExitPoll
                continue
            case .fault:
                guard case .fault(let address, let isWrite, let signal, let code) = reason else { return reason! }
                if metDevice(at: address, cpu) { break }
                if !(isWrite && codeWasWritten(at: address, by: cpu.faultedCode)),
                    let code = judge(address, isWrite: isWrite, signal: signal, code: code, cpu)
                {
                    if cpu.hasMade(at: cpu.pc), cpu.emulator == nil { cpu.emulator = AccessEmulator(self, cpu) }
                    return .fault(address: address, isWrite: isWrite, signal: signal, code: code)
                }
                // It is tried again, but for what it has accessed by calls.
                if !cpu.hasMade(at: cpu.pc) { continue }
            case .access: break
            case .accessCall:
                readMode(cpu)
                if cpu.pc != cpu.calledPC {
                    // The embedder has sent it elsewhere.
                    variant = 0
                    if let error = cpu.takeHookError() { throw error }
                    continue
                }
                if let error = cpu.takeHookError() {
                    if cpu.emulator == nil { cpu.emulator = AccessEmulator(self, cpu) }
                    throw error
                }
            case .trap:
                let word = context.pointee.exit_word
                let reason = TrapReason(rawValue: UInt8(truncatingIfNeeded: word))!
                let payload = UInt32(truncatingIfNeeded: word >> 32)
                switch reason {
                case .budget:
                    steps = true
                    if payload & TrapReason.hooksCalled != 0 {
                        variant = Variant.pastHooks
                    } else {
                        let isSame = cpu.pc == enteredPC
                        variant = isSame ? entered & ~(Variant.single | Variant.inBlock) : 0
                        variant |= inBlock(payload)
                    }
                case .middleOfBlock:
                    steps = stepped
                    if instruments.watchesBlocks { variant = Variant.inBlock }
                case .stopPoint:
                    if cpu.pc == enteredPC { variant = entered }
                    variant |= Variant.pastBreakpoint | Variant.single
                    return .trap(.stopPoint, payload: 0)
                case .codeChanged:
                    variant = inBlock(payload)
                    if cpu.pc == enteredPC { variant = entered & ~Variant.single }
                    if entered & (Variant.pastBreakpoint | Variant.pastHooks) != 0 {
                        variant |= entered & Variant.single
                    }
                    codeHasChanged(cpu, entered)
                case .hostFunction:
                    variant = 0
                    guard context.pointee.call_status == LYREBIRD_CALL_RETURNED.rawValue else {
                        return .function(payload, FunctionExit(context))
                    }
                    asksTable = true
                default: if let exit = try trapped(cpu, reason, payload) { return exit }
                }
                continue
            }
            if kind == .fault || kind == .access || kind == .accessCall {
                if cpu.emulator == nil { cpu.emulator = AccessEmulator(self, cpu) }
                if let reason = try cpu.emulator!.run(&variant) { return reason }
                if kind == .access { noteOutside(cpu.emulator!.leftPC, cpu.emulator!.hasMetOutside) }
            }
        }
    }

    /// Interprets the rest of the instruction in which `run` was left for a device.
    private func settle(_ cpu: CPUContext, _ variant: inout UInt32) throws -> EngineExit? {
        cpu.settle()
        readMode(cpu)
        variant = cpu.takeEntryVariant()
        return try cpu.emulator!.run(&variant)
    }

    /// Takes what a CPU is asked for off its stop word.
    /// - Returns: why to leave; nil if it was only wanted out of generated code, where it is not.
    private func takeStop(_ cpu: CPUContext, _ stop: UInt32) -> EngineExit? {
        let field = Self.stopField(cpu.context)
        if stop & 1 != 0 {
            _ = lyrebird_and32(field, ~1)
            return .stopped
        }
        if stop & Self.pauseBit != 0 {
            _ = lyrebird_and32(field, ~Self.pauseBit)
            return .paused
        }
        if stop &>> Self.interruptShift != 0 {
            let number = (stop &>> Self.interruptShift).trailingZeroBitCount
            _ = lyrebird_and32(field, ~(1 &<< (Self.interruptShift &+ UInt32(number))))
            return .interrupt(number)
        }
        if cpu.counts, cpu.remaining <= 0 { return .budget }
        if stop & TimeLimits.bit != 0 { return .timeLimit }
        if stop & Self.loopBit != 0 { _ = lyrebird_and32(field, ~Self.loopBit) }
        return nil
    }

    /// How the pc of a trap is entered that may be in the middle of a block.
    private func inBlock(_ payload: UInt32) -> UInt32 {
        payload & TrapReason.inBlock != 0 && instruments.watchesBlocks ? Variant.inBlock : 0
    }

    /// What a trap is that any instruction may end in.
    /// - Returns: why to leave; nil if it is nobody else's business.
    func trapped(_ cpu: CPUContext, _ reason: TrapReason, _ payload: UInt32) throws -> EngineExit? {
        switch reason {
        case .modeChange:
            if payload == TrapReason.targetInOperand { cpu.pc = trapOperand(of: cpu) }
            readMode(cpu)
        case .singleStep:
            if payload == TrapReason.targetInOperand { cpu.pc = trapOperand(of: cpu) }
            return .trap(reason, payload: payload)
        case .invalidateCode:
            let line = trapOperand(of: cpu) & ~63
            invalidate(line, line &+ 64)
        case .systemCall where instruments.kinds & HookKind.systemCall.rawValue != 0:
            guard try callSystemCallHooks(cpu, payload) else { return .trap(reason, payload: payload) }
            readMode(cpu)
        default:
            if cpu.counts, reason.isBeforeInstruction { cpu.remaining += 1 }
            return .trap(reason, payload: payload)
        }
        return nil
    }

    private func trapOperand(of cpu: CPUContext) -> UInt64 {
        (cpu.state + layout.entries[layout.trapOperand.index].offset).load(as: UInt64.self)
    }

    private func setBase(_ base: UInt64) { lyrebird_set_gs_base(base, options.features.contains(.fsgsbase) ? 1 : 0) }

    private func limit(_ cpu: CPUContext, _ nanoseconds: UInt64) throws(RuntimeError) {
        let limits = locked {
            if timeLimits == nil { timeLimits = TimeLimits() }
            return timeLimits!
        }
        guard limits.add(cpu, nanoseconds: nanoseconds) else {
            throw RuntimeError(call: "pthread_create", errno: EAGAIN)
        }
    }

    /// What translations and MXCSR depend on may have been changed by the guest or by the embedder.
    private func readMode(_ cpu: CPUContext) {
        cpu.mode = architecture.mode(cpu.state) | (cpu.counts ? Variant.counted : 0)
        cpu.floatControl = architecture.floatControl(cpu.state)
    }

    /// The bit of a CPU's stop word that makes it leave a loop that is translated as a whole.
    public static let loopBit: UInt32 = 4
    /// The bit that makes `run` return `.paused`.
    public static let pauseBit: UInt32 = 16

    /// Who enters generated code so often saves the time that registering takes, which may be milliseconds.
    private static let runsBeforeBarrier = 10_000

    /// Interrupts are the stop word's upper half.
    static let interruptShift: UInt32 = 16

    static func stopField(_ c: UnsafeMutablePointer<lyrebird_context>) -> UnsafeMutablePointer<UInt32> {
        UnsafeMutableRawPointer(c).assumingMemoryBound(to: UInt32.self)
    }
    static func insideField(_ c: UnsafeMutablePointer<lyrebird_context>) -> UnsafeMutablePointer<UInt32> {
        (UnsafeMutableRawPointer(c) + 4).assumingMemoryBound(to: UInt32.self)
    }

    /// Gives back the guest's state at a host fault. The CPU counts as inside generated code, so a flush waits for it: whoever
    /// holds the lock either lets go of it soon, or is that flush, and then nothing changes until this is done.
    private func recover(_ cpu: CPUContext, _ variant: inout UInt32) -> EngineExit {
        while true {
            if mutex.tryLock() {
                variant = rebuildInPlace(cpu)
                mutex.unlock()
                break
            }
            if lyrebird_load32(stopTheWorld) != 0 {
                variant = rebuildInPlace(cpu)
                break
            }
            sched_yield()
        }
        let context = cpu.context
        // The kernel may know no address (SI_KERNEL).
        let address = context.pointee.fault_code == 0x80 ? 0 : context.pointee.fault_address &- memory.base
        return .fault(
            address: address, isWrite: context.pointee.fault_is_write != 0,
            signal: context.pointee.fault_signal, code: context.pointee.fault_code)
    }

    /// What the host's kernel has said of a fault, as it is of guest memory: it protects what nobody has mapped, too.
    /// - Returns: nil if the access would be made now, since another thread has mapped memory there in the meantime, or changed its rights.
    func judge(_ address: UInt64, isWrite: Bool, signal: UInt32, code: Int32, _ cpu: CPUContext) -> Int32? {
        let protected: Int32 = 2
        guard signal == 11, code == protected else { return code }
        return locked {
            guard let region = memory.region(at: address) else { return protected - 1 }
            let isAllowed = isWrite ? region.rights.contains(.write) : region.rights.hostProtection & 1 != 0
            // Once for each change: the host may refuse for reasons of its own.
            guard isAllowed, cpu.judgedVersion != mappingVersion.pointee else { return protected }
            cpu.judgedVersion = mappingVersion.pointee
            return nil
        }
    }

    /// - Returns: how the instruction is entered if it is tried again.
    private func rebuildInPlace(_ cpu: CPUContext) -> UInt32 {
        let place = rebuildState(cpu, into: cpu.liveState)
        cpu.pc = place.pc
        if cpu.counts { cpu.addRemaining(place.countedEarly, in: cpu.liveState) }
        return place.variant
    }

    /// Rebuilds the state at a fault, or at a call for an access, in a copy of what generated code left.
    func rebuildState(
        _ cpu: CPUContext, into state: UnsafeMutableRawPointer
    ) -> (pc: UInt64, variant: UInt32, countedEarly: UInt64) {
        let context = cpu.context
        let place = Int(context.pointee.fault_rip &- context.pointee.code_start)
        let number = translationContaining(hot: place)
        precondition(number >= 0, "fault outside of all translations")
        let translation = translations[number]
        let log = FrameLog(
            contract: contract,
            bytes: UnsafeBufferPointer(
                start: frames.base + Int(translation.frameStart), count: frameEnd(number) - Int(translation.frameStart)),
            counts: UInt32(translation.mode) & Variant.counted != 0, isHome: translation.homeEntry > 0)
        let raw = UnsafeRawPointer(context)
        func field<T>(_ path: KeyPath<lyrebird_context, T>) -> UnsafeRawPointer {
            raw + MemoryLayout<lyrebird_context>.offset(of: path)!
        }
        let host = HostState(
            general: field(\.fault_gpr).assumingMemoryBound(to: UInt64.self), flags: context.pointee.fault_rflags,
            vectors: field(\.fault_xmm).assumingMemoryBound(to: (UInt64, UInt64).self),
            spills: field(\.spills).assumingMemoryBound(to: (UInt64, UInt64).self))
        guard let site = log.restore(offset: place - Int(translation.hotStart), host: host, state: state) else {
            let bytes = (0..<12).map { hex(UInt64(cache.writable[place + $0])) }
            let registers = (0..<16).map { hex(host.general[$0]) }
            fatalError(
                """
                no frame state at host offset \(place - Int(translation.hotStart)) of \(hex(translation.pc)): \(bytes), \
                accessing \(hex(context.pointee.fault_address)), signal \(context.pointee.fault_signal) \
                \(context.pointee.fault_code), registers \(registers)
                """)
        }
        // What another translation had accessed was another execution of the instruction.
        if cpu.madeSite &- UInt64(translation.hotStart) >= UInt64(translation.hotSize) { cpu.forgetMade() }
        let pc = translation.pc &+ UInt64(bitPattern: site.pc)
        let isJoined = pc &- translation.joinedPC < UInt64(translation.joinedBytes)
        let (start, size) =
            isJoined ? (translation.joinedPC, translation.joinedBytes) : (translation.pc, translation.guestBytes)
        cpu.faultedCode = start..<start &+ UInt64(size)
        let isFirst = site.pc == 0
        let past: UInt32 = isFirst && translation.isHooked ? Variant.pastHooks | Variant.single : 0
        let isInBlock = isFirst ? UInt32(translation.mode) & Variant.inBlock != 0 : translation.isBlockwise
        let inside: UInt32 = isInBlock && instruments.watchesBlocks ? Variant.inBlock : 0
        return (pc, past | inside, site.countedEarly)
    }

    var isCacheFresh: Bool { translations.count == 0 }

    func install(_ compiled: CompiledUnit, pc: UInt64, mode: UInt32, isLoop: Bool = false, joinedPC: UInt64 = 0) {
        let plainMode = mode & ~Variant.entry
        // Their places are far apart, and waiting for one after the other takes longer than all the rest.
        if options.chains {
            for n in 0..<compiled.linkCount { index.prefetch(pc: generator.links[n].target, mode: plainMode) }
        }
        if generator.usesFloat, !usesFloat { beginFloat() }
        let number = translations.count
        let (hotStart, coldStart) = (cache.hotUsed, cache.coldStart + cache.coldUsed)
        cache.commit(hot: compiled.hotBytes, cold: compiled.coldBytes)
        let frameStart = frames.count
        frames.append(contentsOf: generator.frames, count: compiled.frameBytes)
        let firstLink = links.count
        // One that is joined is in a page each.
        let isJoined = unit.joinedBytes > 0
        let lastByte = isJoined ? joinedPC : pc &+ UInt64(max(unit.guestBytes, 1)) &- 1
        let places = (pages.place(of: memory.pageKey(pc)), pages.place(of: memory.pageKey(lastByte)))
        var translation = Translation(
            pc: pc, mode: UInt16(mode), isValid: true, isHooked: unit.isHooked, isBlockwise: unit.isBlockwise,
            hotStart: UInt32(hotStart), hotSize: UInt32(compiled.hotBytes), homeEntry: UInt8(compiled.homeEntry),
            guestBytes: UInt32(unit.guestBytes), joinedPC: joinedPC, joinedBytes: UInt32(unit.joinedBytes),
            frameStart: UInt32(frameStart), incoming: -1, pages: places,
            nextInPage: (-1, -1))
        translation.nextInPage.0 = pages.replaceHead(at: places.0, with: Int32(number))
        if places.1 != places.0 { translation.nextInPage.1 = pages.replaceHead(at: places.1, with: Int32(number)) }
        translations.append(translation)
        for n in 0..<compiled.linkCount {
            let site = generator.links[n]
            links.append(
                Link(
                    site: UInt32(site.site - cache.writable), stub: UInt32(site.stub - cache.writable),
                    source: Int32(number), linkedTo: -1, next: -1, isInBlock: site.isInBlock,
                    isFromHome: site.isFromHome,
                    counting: site.closesLoop && !isLoop && !isJoined && !unit.isBlockwise && options.loopThreshold > 0
                        ? .wanted : .done))
        }
        // A loop's way in is for those who come from its end.
        if !isLoop { index.insert(pc: pc, mode: mode, hotStart: hotStart, translation: number) }
        statistics.translations += 1
        statistics.guestInstructions += unit.guestInstructions
        statistics.guestBytes += unit.guestBytes + unit.joinedBytes
        statistics.hostBytes += compiled.hotBytes
        statistics.coldBytes += compiled.coldBytes
        statistics.irInstructions += unit.count
        statistics.links += compiled.linkCount
        statistics.frameBytes += compiled.frameBytes
        if let translationHandler {
            translationHandler(
                InstalledCode(
                    kind: isLoop ? .loop : .blocks, pc: pc, guestBytes: unit.guestBytes,
                    hot: executable(hotStart, compiled.hotBytes), cold: executable(coldStart, compiled.coldBytes)))
        }
        guard options.chains else { return }
        for n in firstLink..<links.count {
            let target = index.translation(
                pc: target(ofStubAt: Int(links[n].stub)), mode: linkMode(of: n, from: plainMode))
            if target >= 0 { connect(n, to: target) }
        }
    }

    /// Where the frame log of a translation ends: they lie in order.
    private func frameEnd(_ number: Int) -> Int {
        number + 1 < translations.count ? Int(translations[number + 1].frameStart) : frames.count
    }

    /// Before a link's stub stand the guest's target and the link's number.
    private static func target(of stub: UnsafeRawPointer) -> UInt64 { (stub - 12).loadUnaligned(as: UInt64.self) }

    func target(ofStubAt offset: Int) -> UInt64 { Self.target(of: UnsafeRawPointer(cache.writable + offset)) }

    // MARK: Functions of the embedder's

    /// Puts a function in place of the instruction at a guest address: its arguments are those of the guest's C functions, and
    /// the guest goes on behind the instruction.
    /// - Returns: false if the machine has as many functions as it can have.
    public func setFunction(_ function: @escaping HostFunction, at address: UInt64) -> Bool {
        locked {
            guard functions.set(function, at: address) else { return false }
            for cpu in cpus { functions.install(in: cpu) }
            invalidateLocked(address, address &+ 1)
            return true
        }
    }

    /// What is mapped in a range goes, and with it the functions there. The lock is held.
    public func removeFunctionsLocked(_ start: UInt64, _ end: UInt64) { functions.remove(start, end) }

    private func hex(_ number: UInt64) -> String { "0x" + String(number, radix: 16) }
}
