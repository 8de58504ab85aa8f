// A Linux process whose program is for another processor. Its files, memory and signals are this process's own: there is one
// guest process in a host process, and the host's kernel does most of the work.

import Glibc
import Lyrebird
import LyrebirdDebug
import Synchronization

/// A guest program and its process.
///
/// Guest addresses are host addresses and guest file descriptors are host file descriptors, so a host process can hold one
/// guest process at a time, and the guest is trusted as far as a native program would be. Each of its threads is a host thread;
/// the first is the one that calls `run`.
public final class LinuxProcess {
    /// How a process differs from the plain case.
    public struct Options: Sendable {
        /// A directory in which absolute paths are looked up first: where the guest's libraries are.
        public var sysroot: String?
        /// Write a line to standard error for each system call.
        public var strace: Bool
        /// Keep a copy of standard error that the program can neither see nor close (`standardError`).
        public var keepsStandardError = false
        /// A file for the blocks that the program executes, in the form of DynamoRIO's drcov (`Coverage.drcov`), with the files that are mapped at
        /// its end as modules. A forked child, and a program that is executed, have files of their own: `.` and their process's
        /// number behind the name, and from the second program of a process on another number.
        public var coverage: String?
        /// Write to standard error, at the end of each process and program, how many instructions it has executed.
        public var countsInstructions = false
        /// The program takes the place of another one.
        var isContinuation = false
        /// Write the names of translations to the file where `perf` looks for them (`PerfMap`).
        public var perfMap = false
        /// Write translations with their names to a file in this directory (`JITDump`). An absolute path: the program may go elsewhere.
        public var jitDumpDirectory: String?
        /// How the guest's code is translated; programs that the guest executes are translated likewise.
        public var translation: Machine.Configuration

        public init(
            sysroot: String? = nil, strace: Bool = false, translation: Machine.Configuration = Machine.Configuration()
        ) {
            self.sysroot = sysroot
            self.strace = strace
            self.translation = translation
        }
    }

    let abi: ABI
    let processor: Processor
    /// The machine that runs the program.
    public let machine: Machine
    let host: HostProcess
    let options: Options
    let tracer: Tracer?
    /// What the program was started with, for /proc/self.
    let image: ProcessImage
    /// Descriptors that the guest does not know of and must not close.
    var privateDescriptors: [Int32] { debugger.map { ownDescriptors + $0.descriptors } ?? ownDescriptors }
    var ownDescriptors: [Int32]
    var profile: Profile?
    var debugger: DebugServer?
    /// Where to write to when the program has ended: many close their own standard error. 2 if there is no copy.
    public let standardError: Int32
    let memory: MemoryState

    /// Guards what follows. Held while the lock of `memory` is taken, never the other way round.
    let lock = Lock()
    private var resolver: PathResolver
    private(set) var actions: SignalActions
    /// Signals whose default action ends or stops the process are caught.
    var interceptsDefaults = false
    private var rememberedLimits: RememberedLimits
    var threads: [GuestThread] = []
    let stacks: HostStacks
    /// The thread whose end is the process's: the one that was there first. nil when it has ended and others go on.
    var leader: GuestThread?
    /// How the process ends, once somebody has said so.
    var status: ExitStatus?
    var reports: EndReports?
    /// What a hook has thrown.
    var failure: (any Error)?

    let flags: UnsafeMutablePointer<ProcessFlags>
    let gate: ForkGate

    /// A number that nobody else knows.
    var interruptionMark: UInt64 { UInt64(UInt(bitPattern: flags)) }

    /// The first thread has reached its end, and the process's.
    var isOver = false

    /// A child of fork(2) ends inside `run`: the caller's code belongs to the process that it was written for.
    var isForkedChild = false
    /// Every thread stops at the next opportunity. Set after `status`.
    var isEnding: Bool {
        get { flags.pointee.isEnding.load(ordering: .acquiring) }
        set { flags.pointee.isEnding.store(newValue, ordering: .releasing) }
    }
    /// Whether /proc/self/mem has been opened for writing: writes to files are looked at since.
    var hasMemoryFile: Bool {
        get { flags.pointee.hasMemoryFile.load(ordering: .relaxed) }
        set { flags.pointee.hasMemoryFile.store(newValue, ordering: .relaxed) }
    }
    /// Whether what is mapped from now on is to be locked (mlockall with MCL_FUTURE).
    var locksFutureMappings: Bool {
        get { flags.pointee.locksFutureMappings.load(ordering: .relaxed) }
        set { flags.pointee.locksFutureMappings.store(newValue, ordering: .relaxed) }
    }
    /// personality(2) as the guest set it.
    var personality: UInt64 {
        get { flags.pointee.personality.load(ordering: .relaxed) }
        set { flags.pointee.personality.store(newValue, ordering: .relaxed) }
    }

    /// Whether the working directory was entered by a name below the system root, so that the guest is told such a name. One that
    /// was entered by the host's name, the system root's own part included, keeps that.
    var hasGuestDirectory: Bool {
        get { flags.pointee.hasGuestDirectory.load(ordering: .relaxed) }
        set { flags.pointee.hasGuestDirectory.store(newValue, ordering: .relaxed) }
    }

    /// Loads a program.
    /// - Parameters:
    ///   - executable: its path, looked up in the system root first. A script is started by its interpreter.
    ///   - arguments: the program's arguments, its own name first.
    ///   - environment: `NAME=value` each.
    public convenience init(
        executable: String, arguments: [String], environment: [String], options: Options = Options()
    ) throws(LinuxError) {
        try self.init(
            executable: Array(executable.utf8), arguments: arguments.map { Array($0.utf8) },
            environment: environment.map { Array($0.utf8) }, options: options)
    }

    /// Loads a program whose path, arguments and environment need not be UTF-8.
    public convenience init(
        executable: [UInt8], arguments: [[UInt8]], environment: [[UInt8]], options: Options = Options()
    ) throws(LinuxError) {
        let paths: PathResolver
        do { paths = try PathResolver(root: options.sysroot) } catch {
            throw LinuxError(file: options.sysroot ?? "", reason: .sysroot(error))
        }
        let program = try Executable.find(executable, arguments: arguments, hostMachines: [], paths: paths)
        guard case .guest(let translated) = program.kind else { preconditionFailure("no machine is the host's here") }
        try self.init(
            translated, name: program.name, arguments: program.arguments, environment: environment, paths: paths,
            options: options)
    }

    init(
        _ program: Executable.Program, name: [UInt8], arguments: [[UInt8]], environment: [[UInt8]],
        paths: PathResolver, options: Options,
        limits: RememberedLimits = RememberedLimits(), hasGuestDirectory: Bool = false
    ) throws(LinuxError) {
        // The translator changes signal dispositions: what the process was started with is read before.
        let inherited = InheritedSignals.current()
        let file = String(decoding: name, as: UTF8.self)
        let (abi, processor) = (program.abi, program.processor)
        self.abi = abi
        self.processor = processor
        self.options = options
        rememberedLimits = limits
        do {
            machine = try Machine(processor.guest, addressSpace: .hostProcess, configuration: options.translation)
        } catch {
            throw LinuxError(file: file, reason: .machine("\(error)"))
        }
        guard let host = machine.hostProcess else {
            throw LinuxError(file: file, reason: .machine("it has no access to the host process"))
        }
        self.host = host
        resolver = paths
        resolver.executable = program.image.file.path
        actions = SignalActions(ignored: inherited.ignored)
        tracer = options.strace ? Tracer(abi: abi, host: host) : nil
        let kept = options.keepsStandardError ? PrivateDescriptor.copy(of: 2, host: host) : nil
        standardError = kept ?? 2
        ownDescriptors = [tracer?.descriptor, kept].compactMap { $0 }
        stacks = HostStacks(host: host)
        (flags, gate) = Self.makeGate()
        flags.pointee.hasGuestDirectory.store(hasGuestDirectory, ordering: .relaxed)

        let loader = Loader(host: host, machine: machine)
        let request = ProcessImage.Request(
            program: program, name: name, arguments: arguments, environment: environment,
            stackLimit: limits[ResourceLimit.stack]?.current)
        do throws(Loader.Failure) {
            image = try ProcessImage.load(request, abi: abi, loader: loader)
        } catch {
            throw LinuxError(
                file: file,
                reason: error.error == .E2BIG ? .argumentsTooLong : .memory(error.what, error.error))
        }
        program.image.file.close()
        program.interpreter?.file.close()
        memory = MemoryState(programBreak: ProgramBreak(start: image.breakStart))
        setName(of: arguments.first ?? name)
        reports = EndReports(options, machine)

        let cpu: CPU
        do { cpu = try machine.makeCPU() } catch { throw LinuxError(file: file, reason: .machine("\(error)")) }
        cpu.pc = image.entry
        cpu[processor.stackPointer] = image.stack.pointer
        cpu.countsInstructions = options.countsInstructions
        let thread = GuestThread(process: self, cpu: cpu, mask: inherited.mask)
        threads = [thread]
        leader = thread
        if reports != nil || tracer != nil { interceptEndingSignals() }
        do throws(ProfileError) { try beginProfile() } catch { throw LinuxError(file: file, reason: .profile(error)) }
    }

    /// A child of vfork(2), which shares the parent's memory and has the rest for itself. `thread` is its only one.
    init(vforkedFrom parent: LinuxProcess, thread: GuestThread) {
        abi = parent.abi
        processor = parent.processor
        machine = parent.machine
        host = parent.host
        options = parent.options
        tracer = parent.tracer
        image = parent.image
        ownDescriptors = parent.ownDescriptors
        standardError = parent.standardError
        memory = parent.memory
        (resolver, actions, rememberedLimits) = parent.lock.locked {
            (parent.resolver, parent.actions, parent.rememberedLimits)
        }
        stacks = HostStacks(host: parent.host)
        (flags, gate) = Self.makeGate()
        threads = [thread]
        leader = thread
        isForkedChild = true
        hasMemoryFile = parent.hasMemoryFile
        locksFutureMappings = parent.locksFutureMappings
        personality = parent.personality
        hasGuestDirectory = parent.hasGuestDirectory
    }

    deinit {
        flags.deinitialize(count: 1)
        flags.deallocate()
    }

    private static func makeGate() -> (UnsafeMutablePointer<ProcessFlags>, ForkGate) {
        let flags = UnsafeMutablePointer<ProcessFlags>.allocate(capacity: 1)
        flags.initialize(to: ProcessFlags())
        return (flags, ForkGate(flags: flags))
    }

    /// Runs the program to its end.
    ///
    /// A child that the guest forks does not return from here: it ends with its own status. A signal whose default action
    /// ends the process ends the host process too, if it comes from outside; where the guest's own fault is the cause, the
    /// result says so, and `ExitStatus.endProcess` passes it on.
    ///
    /// Throws what a hook of the machine's has thrown, on whatever thread of the program. All of them have stopped then, each
    /// between two instructions or before a system call that it was in, and the program is over: `cpus` and `machine` say
    /// how far it got. In a child that the guest has forked there is nobody to throw to: it ends by SIGABRT.
    public func run() throws -> ExitStatus {
        let (thread, failure) = lock.locked { (leader, self.failure) }
        if let failure { throw failure }
        guard let thread else { return .exited(0) }
        return try thread.runLeader()
    }

    /// Runs the program in a host process that is there for nothing else.
    func runToEnd() -> Never {
        do { try run().endProcess() } catch { endBecause(of: error) }
    }

    /// The CPUs of the program's threads, the first thread's first. Only while none of them runs: before `run`, and after it has
    /// thrown.
    public var cpus: [CPU] {
        lock.locked {
            threads.filter { $0 === leader }.map(\.cpu) + threads.filter { $0 !== leader }.map(\.cpu)
        }
    }

    // MARK: What the threads share

    /// Where paths lead.
    var paths: PathResolver { lock.locked { resolver } }

    /// After chroot(2).
    func dropRoot() { lock.locked { resolver.dropRoot() } }

    func action(for signal: Int32) -> SignalAction { lock.locked { actions[signal] } }

    /// The action for a signal that is delivered, which SA_RESETHAND makes the last one.
    func takeAction(for signal: Int32) -> SignalAction {
        lock.locked {
            let action = actions[signal]
            if !action.isDefault, !action.isIgnored, action.flags & SignalAction.resetsHandler != 0 {
                changeAction(SignalAction(), for: signal)
            }
            return action
        }
    }

    /// Records an action, and tells the host about it.
    /// - Returns: the one before.
    func setAction(_ action: SignalAction, for signal: Int32) -> SignalAction {
        lock.locked {
            let old = actions[signal]
            changeAction(action, for: signal)
            return old
        }
    }

    /// The lock is held, so that the host's dispositions change in the order of the guest's.
    private func changeAction(_ action: SignalAction, for signal: Int32) {
        actions[signal] = action
        _ = host.setDisposition(of: signal, to: disposition(of: action, for: signal))
        if signal == Signal.child { passChildFlags(action.flags) }
    }

    /// What ends the process must not do so without a report, or where a tracer is at fault.
    private func interceptEndingSignals() {
        lock.locked {
            for signal in 1...Signal.count where actions[signal].isDefault {
                changeAction(actions[signal], for: signal)
            }
        }
    }

    /// SA_NOCLDSTOP and SA_NOCLDWAIT change what the kernel does with children: the host's action must have them too.
    private func passChildFlags(_ flags: UInt64) {
        var bytes = [UInt8](repeating: 0, count: SignalAction.size)
        let childFlags = SignalAction.noChildStop | SignalAction.noChildWait
        bytes.withUnsafeMutableBytes { buffer in
            let address = UInt64(UInt(bitPattern: buffer.baseAddress))
            guard host.systemCall(.rt_sigaction, UInt64(Signal.child), 0, address, 8) == 0 else { return }
            let current = buffer.load(fromByteOffset: 8, as: UInt64.self)
            guard current & childFlags != flags & childFlags else { return }
            buffer.storeBytes(of: current & ~childFlags | flags & childFlags, toByteOffset: 8, as: UInt64.self)
            _ = host.systemCall(.rt_sigaction, UInt64(Signal.child), address, 0, 8)
        }
    }

    /// Limits that are only remembered: on the host they would be the translator's own.
    var limits: RememberedLimits {
        get { lock.locked { rememberedLimits } }
        set { lock.locked { rememberedLimits = newValue } }
    }

    /// The name that `ps` and /proc/self/comm show: the kernel's is the last part of the executed path.
    private func setName(of path: [UInt8]) {
        let base = path.split(separator: UInt8(ascii: "/")).last.map { Array($0) } ?? path
        let name = Array(base.prefix(15)) + [0]
        name.withUnsafeBytes { buffer in
            _ = host.systemCall(SystemCall.prctl, 15, UInt64(UInt(bitPattern: buffer.baseAddress)))  // PR_SET_NAME
        }
    }
}

/// How a process ended.
public enum ExitStatus: Sendable, Equatable {
    /// By exit(2) or exit_group(2) with this status (0 to 255).
    case exited(Int32)
    /// By a signal's default action.
    case signaled(Int32)

    /// Ends the host process the same way, so that its parent sees what it would of a native program.
    public func endProcess() -> Never {
        switch self {
        case .exited(let code): _exit(code)
        case .signaled(let signal):
            // A core file of the translator is of no use to the guest's user.
            var limit = rlimit()
            getrlimit(__rlimit_resource_t(4), &limit)  // RLIMIT_CORE
            limit.rlim_cur = 0
            setrlimit(__rlimit_resource_t(4), &limit)
            var action = sigaction()
            action.__sigaction_handler.sa_handler = SIG_DFL
            sigaction(signal, &action, nil)
            var set = sigset_t()
            sigemptyset(&set)
            sigaddset(&set, signal)
            sigprocmask(SIG_UNBLOCK, &set, nil)
            kill(getpid(), signal)
            _exit(128 + signal)
        }
    }
}

extension HostProcess {
    /// A system call by its name.
    func systemCall(
        _ call: SystemCall, _ a0: UInt64 = 0, _ a1: UInt64 = 0, _ a2: UInt64 = 0, _ a3: UInt64 = 0, _ a4: UInt64 = 0,
        _ a5: UInt64 = 0
    ) -> Int {
        systemCall(Int(call.rawValue), a0, a1, a2, a3, a4, a5)
    }
}
