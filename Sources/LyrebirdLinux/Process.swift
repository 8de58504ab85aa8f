// A Linux process whose program is for another processor. Its files, memory and signals are this process's own: there is one
// guest process in a host process, and the host's kernel does most of the work.

import Glibc
import Lyrebird

/// A guest program and its process.
///
/// Guest addresses are host addresses and guest file descriptors are host file descriptors, so a host process can hold one
/// guest process at a time, and the guest is trusted as far as a native program would be. Belongs to one thread.
public final class LinuxProcess {
    /// How a process differs from the plain case.
    public struct Options: Sendable {
        /// A directory in which absolute paths are looked up first: where the guest's libraries are.
        public var sysroot: String?
        /// Write a line to standard error for each system call.
        public var strace: Bool
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
    /// The machine that runs the program.
    public let machine: Machine
    let host: HostProcess
    let options: Options
    var paths: PathResolver
    let tracer: Tracer?
    var actions: SignalActions
    var programBreak = ProgramBreak()
    /// What the program was started with, for /proc/self.
    var image: ProcessImage
    /// A child of fork(2) ends inside `run`: the caller's code belongs to the process that it was written for.
    var isForkedChild = false
    /// Descriptors that the guest does not know of and must not close.
    var privateDescriptors: [Int32] = []
    /// What the parent of a vfork(2) child waits at, in the child.
    var vforkGate: VforkGate?
    /// Limits that are only remembered: on the host they would be the translator's own.
    var limits: RememberedLimits

    /// Whether /proc/self/mem has been opened for writing: writes to files are looked at since.
    var hasMemoryFile = false
    /// Whether what is mapped from now on is to be locked (mlockall with MCL_FUTURE).
    var locksFutureMappings = false
    /// personality(2) as the guest set it.
    var personality: UInt64 = 0

    /// Sizes of the System V segments that are attached, by address.
    var sharedSegments: [UInt64: UInt64] = [:]

    private var mainThread: GuestThread?

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
        let abi = Guest.arm64.linuxABI
        let program = try Executable.find(executable, arguments: arguments, abi: abi, paths: paths)
        guard case .guest(let image, let interpreter) = program.kind else {
            let found = (try? HostFile(executable: executable).read(at: 0, count: 64)).flatMap(ELFImage.machine)
            throw LinuxError(
                file: String(decoding: executable, as: UTF8.self),
                reason: .format(.wrongMachine(found: found ?? 0, expected: abi.elfMachine)))
        }
        try self.init(
            image, interpreter: interpreter, name: program.name, arguments: program.arguments,
            environment: environment, abi: abi, paths: paths, options: options)
    }

    init(
        _ program: Executable.Image, interpreter: Executable.Image?, name: [UInt8], arguments: [[UInt8]],
        environment: [[UInt8]], abi: ABI, paths: PathResolver, options: Options,
        limits: RememberedLimits = RememberedLimits()
    ) throws(LinuxError) {
        // The translator changes signal dispositions: what the process was started with is read before.
        let inherited = InheritedSignals.current()
        let file = String(decoding: name, as: UTF8.self)
        self.abi = abi
        self.options = options
        self.limits = limits
        do { machine = try Machine(abi.guest, addressSpace: .hostProcess, configuration: options.translation) } catch {
            throw LinuxError(file: file, reason: .machine("\(error)"))
        }
        guard let host = machine.hostProcess else {
            throw LinuxError(file: file, reason: .machine("it has no access to the host process"))
        }
        self.host = host
        self.paths = paths
        self.paths.executable = program.file.path
        actions = SignalActions(ignored: inherited.ignored)
        tracer = options.strace ? Tracer(host: host) : nil
        if let tracer { privateDescriptors.append(tracer.descriptor) }

        let loader = Loader(host: host, memory: machine.memory)
        let request = ProcessImage.Request(
            program: program, interpreter: interpreter, name: name, arguments: arguments, environment: environment,
            stackLimit: limits[ResourceLimit.stack]?.current)
        do throws(Loader.Failure) {
            image = try ProcessImage.load(request, abi: abi, loader: loader)
        } catch {
            throw LinuxError(
                file: file,
                reason: error.error == .E2BIG ? .argumentsTooLong : .memory(error.what, error.error))
        }
        program.file.close()
        interpreter?.file.close()
        programBreak = ProgramBreak(start: image.breakStart)
        setName(of: arguments.first ?? name)

        let cpu: CPU
        do { cpu = try machine.makeCPU() } catch { throw LinuxError(file: file, reason: .machine("\(error)")) }
        cpu.pc = image.entry
        cpu[abi.stackPointer] = image.stack.pointer
        mainThread = GuestThread(process: self, cpu: cpu, mask: inherited.mask)
    }

    /// Runs the program to its end.
    ///
    /// A child that the guest forks does not return from here: it ends with its own status. A signal whose default action
    /// ends the process ends the host process too, if it comes from outside; where the guest's own fault is the cause, the
    /// result says so, and `ExitStatus.endProcess` passes it on.
    public func run() -> ExitStatus {
        guard let thread = mainThread else { return .exited(0) }
        let status = thread.run()
        tracer?.note(status)
        if isForkedChild { status.endProcess() }
        return status
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
