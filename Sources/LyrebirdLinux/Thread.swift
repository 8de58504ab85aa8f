// One thread of the guest: its CPU, its signal mask, and the loop between guest code and the kernel's part.

import Lyrebird
import LyrebirdDebug
import Synchronization

/// A thread of the guest, run by a host thread of its own. Belongs to it, but for `id` and `stopHandle`.
final class GuestThread {
    /// Another one only while a vfork(2) child runs in this thread's place.
    @exclusivity(unchecked) var process: LinuxProcess {
        didSet { (flags, debugger) = (process.flags, process.debugger) }
    }
    @exclusivity(unchecked) var debugger: DebugServer?
    @exclusivity(unchecked) private var flags: UnsafeMutablePointer<ProcessFlags>
    let tracer: Tracer?
    let cpu: CPU
    let abi: ABI
    let processor: Processor
    let host: HostProcess
    let memory: Memory

    /// Signals that are blocked (bit n - 1 is signal n).
    @exclusivity(unchecked) var mask: UInt64
    /// The mask that a call such as sigsuspend put in its place, while the signal that ended the call is delivered.
    @exclusivity(unchecked) var temporaryMask: UInt64?
    @exclusivity(unchecked) var alternateStack = AlternateStack()
    /// Signals that the host has caught and the guest has not got yet: those about to be delivered, and blocked ones that the
    /// host cannot hold back because the translator needs them itself.
    @exclusivity(unchecked) var held: [HostSignal] = []
    /// The call that a signal is interrupting, while it does.
    @exclusivity(unchecked) var interruption: Interruption?
    /// How this thread ended the process or itself, once it has.
    @exclusivity(unchecked) var end: End?
    /// A hook has failed somewhere, and this thread executes nothing any more. Guarded by the process's lock.
    var isStopped = false
    /// Its number, which is the host thread's; 0 for the leader, which is never looked for by it.
    var id: Int32 = 0
    /// What a host thread of the translator's runs on; nil for the process's first.
    var stack: HostStacks.Stack?
    let stopHandle: StopHandle
    let pass = ForkGate.Pass()
    /// A vfork(2) child runs in this thread's place.
    @exclusivity(unchecked) var isVforked = false
    /// What execve(2) is given. A vfork(2) child leaves it to its parent.
    var execution: PreparedExecution?
    /// Set by a call that has loaded all registers itself (rt_sigreturn).
    @exclusivity(unchecked) var registersAreSet = false

    /// Memory for the structs and paths that host calls are given instead of the guest's.
    let scratch = Scratch()

    init(process: LinuxProcess, cpu: CPU, mask: UInt64) {
        self.process = process
        flags = process.flags
        tracer = process.tracer
        self.cpu = cpu
        self.mask = mask
        abi = process.abi
        processor = process.processor
        host = process.host
        memory = process.machine.memory
        stopHandle = cpu.stopHandle
    }

    /// What ends a thread's run.
    enum End {
        /// exit(2), with this status.
        case thread(Int32)
        /// The whole process ends.
        case process(ExitStatus)
        /// Another thread has ended the process.
        case ordered
        /// A hook of the embedder's has failed.
        case failed(any Error)
    }

    /// Runs until the thread ends. All signals are blocked then.
    func run() -> End {
        enterKernel()
        host.attach(cpu)
        applyMask()
        while true {
            if isEnding { end = .ordered }
            if let end {
                collectSignals()
                if case .ordered = end { restartInterrupted() }
                return end
            }
            leaveKernel()
            let exit: Exit
            do {
                exit = if let debugger { try debugger.run(cpu) } else { try cpu.run() }
            } catch {
                enterKernel()
                end = .failed(error)
                continue
            }
            enterKernel()
            switch exit {
            case .systemCall(let immediate):
                if immediate == processor.foreignCall {
                    cpu.pc &-= processor.callSize
                    deliver(.generalProtection(interrupt: immediate))
                } else {
                    systemCall()
                }
            case .stopped:
                if debugger != nil { deliverDebuggersSignal() }
                deliverSignals()
            case .fault(let fault):
                if !makesVsyscall(fault) { deliver(.fault(fault, cause: processor.frames.cause(of: fault))) }
            // Functions are the embedder's, who gives no guest of ours any.
            case .undefinedInstruction, .privilegedInstruction, .hostFunctionFailed: deliver(abi.illegalInstruction)
            case .breakpointInstruction: deliver(abi.breakpoint)
            // The embedder's, who runs the program to its end: it goes on.
            case .breakpoint, .paused, .budget, .timeLimit: break
            case .divideError: deliver(.divideError)
            case .generalProtection: deliver(.generalProtection())
            case .softwareInterrupt(let vector): deliver(.softwareInterrupt(vector, at: cpu.pc, in: memory))
            case .debugException(let isStep): deliver(.debugException(isStep: isStep))
            case .floatingPointError(let vector): deliver(.floatingPointError(vector, cpu))
            // To wait for an interrupt is to go on, some time.
            case .halted: break
            case .interrupt: deliverSignals()
            case .deviceRead, .deviceWrite, .portRead, .portWrite: preconditionFailure("a process has no devices")
            }
            if hasSignal { deliverSignals() }
        }
    }

    // This and `perform` are inline for the reason that `lyrebird_syscall` is.
    /// Makes the system call that the registers describe.
    @inline(__always)
    private func systemCall() {
        let number = cpu[processor.callNumber]
        let places = processor.arguments
        let arguments = Arguments(
            cpu[places[0]], cpu[places[1]], cpu[places[2]], cpu[places[3]], cpu[places[4]], cpu[places[5]])
        let call = abi.systemCall(number)
        let line = tracer?.begin(call, number: number, arguments, memory: memory)
        var result: Int
        repeat {
            do { result = try perform(call, arguments) } catch { result = error.result }
        } while result == Errno.EFAULT.result && host.openWatchedCode()
        if let line {
            let isRestarted = interruption?.restart == .always
            tracer?.end(
                line, call, number: number, arguments, result: isRestarted ? nil : result, memory: memory)
        }
        if registersAreSet {
            registersAreSet = false
            return
        }
        if interruption != nil { interruption?.replaced = cpu[processor.result] }
        cpu[processor.result] = UInt64(bitPattern: Int64(result))
        if isVforked {
            collectSignals()
            openSignals()
        }
        if interruption != nil { deliverSignals() }
    }

    private var isEnding: Bool { flags.pointee.isEnding.load(ordering: .acquiring) }

    /// From here on this thread is in what is the kernel's part for the guest: fork(2) waits for it, and it waits for fork(2).
    func enterKernel() {
        while !pass.enter(flags) { process.gate.wait() }
    }

    /// From here on it is in guest code, or blocked.
    func leaveKernel() { pass.leave() }

    /// Lets those signals come that the guest's mask lets through. None may be waiting (`collectSignals`).
    func openSignals() {
        host.setSignalMask(mask)
        if isVforked { holdEndingSignals() }
    }

    /// A vfork(2) child shares the translator's locks with its parent: what would end or stop it at any time must not do so
    /// while it holds one. Such signals come at its system calls only.
    private func holdEndingSignals() {
        var ending: UInt64 = 0
        for signal in 1...Signal.count where process.action(for: signal).isDefault {
            if Signal.defaultAction(signal) != .ignore { ending |= Signal.bit(signal) }
        }
        scratch[2].storeBytes(of: ending & ~(Signal.bit(Signal.segmentation) | Signal.bit(Signal.bus)), as: UInt64.self)
        // Added to what is blocked: if a signal has just been caught, all are.
        _ = host.systemCall(.rt_sigprocmask, 0, scratch.address(2), 0, 8)
    }

    /// Makes a host call that may block. A signal ends it early: `restart` says what becomes of the call then.
    func block(_ call: SystemCall, _ a: Arguments, restart: Interruption.Restart) -> Int {
        // Told to stop before its signal mask was changed: the signal that was to interrupt this call may be gone.
        guard !isEnding else {
            interruption = Interruption(restart: .always)
            return Errno.EINTR.result
        }
        if isVforked {
            if interruptBeforehand() { return Errno.EINTR.result }
            host.setSignalMask(mask)
        }
        leaveKernel()
        let result = outsideOfTheKernel {
            host.blockingSystemCall(on: cpu, Int(call.rawValue), a[0], a[1], a[2], a[3], a[4], a[5])
        }
        enterKernel()
        let isDebuggers = debugger?.wasInterrupted(cpu) == true
        guard let result else {
            interruption = Interruption(restart: .always)
            return Errno.EINTR.result
        }
        if result == Errno.EINTR.result { interruption = Interruption(restart: isDebuggers ? .always : restart) }
        return result
    }

    /// Does what blocks: the debugger takes this thread for one that is stopped meanwhile.
    func outsideOfTheKernel<T>(_ body: () -> T) -> T {
        guard let debugger else { return body() }
        return debugger.block(on: cpu, restart: processor.callSize, body)
    }

    /// Makes a host call with the guest's own arguments: what is the same on both needs nothing else.
    func pass(_ call: SystemCall, _ a: Arguments) -> Int {
        host.systemCall(Int(call.rawValue), a[0], a[1], a[2], a[3], a[4], a[5])
    }
}

/// The arguments of a system call.
struct Arguments {
    private var values: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64)

    init(
        _ a0: UInt64 = 0, _ a1: UInt64 = 0, _ a2: UInt64 = 0, _ a3: UInt64 = 0, _ a4: UInt64 = 0, _ a5: UInt64 = 0
    ) {
        values = (a0, a1, a2, a3, a4, a5)
    }

    subscript(index: Int) -> UInt64 {
        get {
            switch index {
            case 0: values.0
            case 1: values.1
            case 2: values.2
            case 3: values.3
            case 4: values.4
            default: values.5
            }
        }
        set {
            switch index {
            case 0: values.0 = newValue
            case 1: values.1 = newValue
            case 2: values.2 = newValue
            case 3: values.3 = newValue
            case 4: values.4 = newValue
            default: values.5 = newValue
            }
        }
    }

    /// An argument that the kernel declares as `int`.
    func int(_ index: Int) -> Int32 { Int32(truncatingIfNeeded: self[index]) }
}

/// A system call that a signal has interrupted.
struct Interruption {
    /// What becomes of the call when a handler has been found for the signal (`include/linux/errno.h`). Without one the call
    /// goes on in any case.
    enum Restart {
        /// ERESTARTSYS: made again if the handler has SA_RESTART.
        case ifHandlerAllows
        /// ERESTARTNOHAND, ERESTART_RESTARTBLOCK, EINTR: it fails.
        case never
        /// The call has not begun, or is ERESTARTNOINTR: made again.
        case always
    }

    let restart: Restart
    /// What the result has replaced: the first argument, or the call's number.
    var replaced: UInt64 = 0
}

/// Host memory that belongs to a thread: two paths and a struct.
final class Scratch {
    private let base = UnsafeMutableRawPointer.allocate(byteCount: 3 * 8192, alignment: 16)
    private static let slotSize = 8192

    deinit { base.deallocate() }

    /// One of the three areas of 8 KB.
    subscript(slot: Int) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: base + slot * Self.slotSize, count: Self.slotSize)
    }

    /// The address of a slot, as an argument of a host call.
    func address(_ slot: Int) -> UInt64 { UInt64(UInt(bitPattern: base + slot * Self.slotSize)) }

    /// Puts a path with its NUL into a slot and returns its address.
    func store(path: [UInt8], slot: Int) throws(Errno) -> UInt64 {
        guard path.count < Self.slotSize else { throw .ENAMETOOLONG }
        self[slot].copyBytes(from: path)
        self[slot][path.count] = 0
        return address(slot)
    }
}

extension GuestThread {
    // Guest memory for the system calls: what cannot be accessed is EFAULT.

    func load<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type, at address: UInt64) throws(Errno) -> T {
        do { return try memory.load(type, at: address) } catch { throw .EFAULT }
    }

    func store<T: FixedWidthInteger & BitwiseCopyable>(_ value: T, at address: UInt64) throws(Errno) {
        do { try memory.store(value, at: address) } catch { throw .EFAULT }
    }

    func read(_ address: UInt64, count: Int) throws(Errno) -> [UInt8] {
        do { return try memory.read(address, count: count) } catch { throw .EFAULT }
    }

    func write(_ bytes: [UInt8], at address: UInt64) throws(Errno) {
        do { try memory.write(bytes, at: address) } catch { throw .EFAULT }
    }

    /// A path: at most 4,096 bytes with its NUL.
    func readPath(_ address: UInt64) throws(Errno) -> [UInt8] {
        let path: [UInt8]?
        do { path = try memory.readCString(at: address, limit: 4095) } catch { throw .EFAULT }
        guard let path else { throw .ENAMETOOLONG }
        return path
    }
}
