// execve(2). The new program takes over the host process: one of the host's is executed as it is, a guest's by executing this
// translator again, which finds the program already opened. What can fail has been tried before anything is given up.

import Glibc
import Lyrebird

/// What one translator tells the next about the program to run. It is in the arguments, so that the environment is the
/// guest's alone, and starts with a name that no option parser sees:
///
///     lyrebird-exec  v6  descriptor  flags  translation  limits  jitdump  sysroot  coverage  path  n  [n variables]  argument...
///
/// `descriptor` is the open program, `flags` are 1 for --strace, 2 for `LinuxProcess.hasGuestDirectory`, 4 for --count and 8 for
/// --perf-map, `jitdump` and `coverage` are those options, `translation` the machine's configuration as text, `limits` those that the host does not
/// have (`RememberedLimits`), `path` what was executed (AT_EXECFN). The variables are those that would change how the
/// translator itself is loaded; the others are in the environment already.
struct ExecutionRequest: Equatable {
    var descriptor: Int32
    var strace: Bool
    var translation: [UInt8]
    var limits = RememberedLimits()
    var hasGuestDirectory = false
    var countsInstructions = false
    var perfMap = false
    /// Empty for none, as are the next two.
    var jitDumpDirectory: [UInt8] = []
    var sysroot: [UInt8]
    var coverage: [UInt8] = []
    var path: [UInt8]
    var variables: [[UInt8]]
    var arguments: [[UInt8]]

    static let name = Array("lyrebird-exec".utf8)
    private static let version = Array("v6".utf8)

    /// As the argument vector of the new translator.
    var encoded: [[UInt8]] {
        let flags = (strace ? 1 : 0) | (hasGuestDirectory ? 2 : 0) | (countsInstructions ? 4 : 0) | (perfMap ? 8 : 0)
        let head = [Self.name, Self.version, Self.text(Int(descriptor)), Self.text(flags)]
        let rest = [
            translation, limits.text, jitDumpDirectory, sysroot, coverage, path, Self.text(variables.count),
        ]
        return head + rest + variables + arguments
    }

    /// nil if the vector is not of this form.
    init?(_ vector: [[UInt8]]) {
        guard vector.count >= 11, vector[0] == Self.name, vector[1] == Self.version,
            let descriptor = Self.number(vector[2]), let flags = Self.number(vector[3]),
            let count = Self.number(vector[10]), (0...vector.count - 11).contains(count)
        else { return nil }
        self.init(
            descriptor: Int32(truncatingIfNeeded: descriptor), strace: flags & 1 != 0,
            translation: vector[4], limits: RememberedLimits(text: vector[5]), hasGuestDirectory: flags & 2 != 0,
            sysroot: vector[7], path: vector[9],
            variables: Array(vector[11..<11 + count]), arguments: Array(vector[(11 + count)...]))
        countsInstructions = flags & 4 != 0
        perfMap = flags & 8 != 0
        jitDumpDirectory = vector[6]
        coverage = vector[8]
    }

    init(
        descriptor: Int32, strace: Bool, translation: [UInt8], limits: RememberedLimits = RememberedLimits(),
        hasGuestDirectory: Bool = false, sysroot: [UInt8], path: [UInt8], variables: [[UInt8]], arguments: [[UInt8]]
    ) {
        self.descriptor = descriptor
        self.strace = strace
        self.translation = translation
        self.limits = limits
        self.hasGuestDirectory = hasGuestDirectory
        self.sysroot = sysroot
        self.path = path
        self.variables = variables
        self.arguments = arguments
    }

    /// Whether a variable is for the host's dynamic loader, C library or Swift runtime, which would take it for theirs.
    static func changesTranslator(_ variable: [UInt8]) -> Bool {
        ["LD_", "GLIBC_TUNABLES=", "MALLOC_", "SWIFT_"].contains { variable.starts(with: $0.utf8) }
    }

    private static func text(_ number: Int) -> [UInt8] { Array("\(number)".utf8) }
    private static func number(_ text: [UInt8]) -> Int? { Int(String(decoding: text, as: UTF8.self)) }
}

extension LinuxProcess {
    /// The arguments of the host process, which need not be UTF-8.
    public static var hostArguments: [[UInt8]] {
        (0..<Int(CommandLine.argc)).map { bytes(CommandLine.unsafeArgv[$0]) }
    }

    /// The environment that the host process was started with.
    public static var hostEnvironment: [[UInt8]] {
        var result: [[UInt8]] = []
        var entry = CommandLine.unsafeArgv + Int(CommandLine.argc) + 1
        while let variable = entry.pointee {
            result.append(bytes(variable))
            entry += 1
        }
        return result
    }

    private static func bytes(_ string: UnsafeMutablePointer<CChar>?) -> [UInt8] {
        guard let string else { return [] }
        return [UInt8](UnsafeRawBufferPointer(start: string, count: strlen(string)))
    }

    /// Runs the program that a guest's execve(2) asks for, if this host process was started for that.
    ///
    /// The program `lyrebird` is executed again when a guest executes another guest program. Call this before anything else
    /// looks at the arguments: it returns only if they are not such a request.
    public static func continueExecution() {
        guard let request = ExecutionRequest(hostArguments) else { return }
        let root = request.sysroot.isEmpty ? nil : String(decoding: request.sysroot, as: UTF8.self)
        var options = Options(
            sysroot: root, strace: request.strace, translation: Machine.Configuration(text: request.translation))
        options.coverage = request.coverage.isEmpty ? nil : String(decoding: request.coverage, as: UTF8.self)
        options.countsInstructions = request.countsInstructions
        options.keepsStandardError = request.countsInstructions
        options.isContinuation = true
        options.perfMap = request.perfMap
        if !request.jitDumpDirectory.isEmpty {
            options.jitDumpDirectory = String(decoding: request.jitDumpDirectory, as: UTF8.self)
        }
        let name = String(decoding: request.path, as: UTF8.self)
        do throws(LinuxError) {
            let paths: PathResolver
            let file: HostFile
            do throws(Errno) {
                paths = try PathResolver(root: root)
                file = try HostFile(adopting: request.descriptor)
            } catch {
                throw LinuxError(file: name, reason: .file(error))
            }
            let program = try Executable.guest(file, name: name, paths: paths)
            let process = try LinuxProcess(
                program, name: request.path, arguments: request.arguments,
                environment: hostEnvironment + request.variables, paths: paths, options: options,
                limits: request.limits, hasGuestDirectory: request.hasGuestDirectory)
            process.runToEnd()
        } catch {
            let line = Array("lyrebird: \(error)\n".utf8)
            _ = write(2, line, line.count)
            ExitStatus.exited(126).endProcess()
        }
    }
}

extension Machine.Configuration {
    /// As one argument of the next translator.
    fileprivate(set) var text: [UInt8] {
        get {
            let words = [
                "\(cacheSize)", "\(unitLimit)", chainsTranslations ? "1" : "0", predictsReturns ? "1" : "0",
                hostFeatures,
                passes, "\(passFuel)", "\(loopThreshold)", interpretsFirst ? "1" : "0",
            ]
            return Array(words.joined(separator: ";").utf8)
        }
        set {
            let words = String(decoding: newValue, as: UTF8.self).split(
                separator: ";", omittingEmptySubsequences: false)
            guard words.count == 9 else { return }
            cacheSize = Int(words[0]) ?? cacheSize
            unitLimit = Int(words[1]) ?? unitLimit
            chainsTranslations = words[2] == "1"
            predictsReturns = words[3] == "1"
            hostFeatures = String(words[4])
            passes = String(words[5])
            passFuel = Int(words[6]) ?? passFuel
            loopThreshold = Int(words[7]) ?? loopThreshold
            interpretsFirst = words[8] == "1"
        }
    }

    fileprivate init(text: [UInt8]) {
        self.init()
        self.text = text
    }
}

extension GuestThread {
    private static let longestString = 32 * Int(Memory.pageSize)  // MAX_ARG_STRLEN

    func execve(_ a: Arguments) throws(Errno) -> Int {
        if interruptBeforehand() { return Errno.EINTR.result }
        defer { openSignals() }
        return execute(try prepare(try readPath(a[0]), arguments: a[1], environment: a[2]))
    }

    func execveat(_ a: Arguments) throws(Errno) -> Int {
        if interruptBeforehand() { return Errno.EINTR.result }
        defer { openSignals() }
        return execute(
            try prepare(try readPath(a[1], from: a.int(0), flags: a[4]), arguments: a[2], environment: a[3]))
    }

    private func readPath(_ address: UInt64, from directory: Int32, flags: UInt64) throws(Errno) -> [UInt8] {
        let path = try readPath(address)
        let emptyPath: UInt64 = 0x1000
        let noFollow: UInt64 = 0x100
        if path.first == UInt8(ascii: "/") || (directory == currentDirectory && !path.isEmpty) { return path }
        guard !path.isEmpty || flags & emptyPath != 0 else { throw .ENOENT }
        guard flags & ~(emptyPath | noFollow) == 0 else { throw .EINVAL }
        // The name the kernel gives such a program, too.
        let base = Array("/dev/fd/\(directory)".utf8)
        return path.isEmpty ? base : base + [UInt8(ascii: "/")] + path
    }

    /// Finds a program and puts together what the host's execve is given. All that is left is in plain memory: the caller may
    /// be a vfork(2) child, whose parent frees it.
    @inline(never)
    private func prepare(
        _ path: [UInt8], arguments: UInt64, environment: UInt64
    ) throws(Errno) -> PreparedExecution {
        var room = argumentRoom()
        let arguments = try readStrings(arguments, room: &room)
        let environment = try readStrings(environment, room: &room)
        let program: Executable
        do {
            program = try Executable.find(
                path, arguments: arguments, hostMachines: abi.hostMachines, paths: process.paths)
        } catch { throw error.errno }
        switch program.kind {
        case .host(let real):
            return PreparedExecution([real], program.arguments, environment, isHostProgram: true)
        case .guest(let translated):
            // F_DUPFD: it stays open.
            let descriptor = host.systemCall(.fcntl, UInt64(translated.image.file.descriptor), 0, 0)
            if let error = Errno(result: descriptor) { throw error }
            let own = environment.filter { ExecutionRequest.changesTranslator($0) }
            var request = ExecutionRequest(
                descriptor: Int32(descriptor), strace: process.options.strace,
                translation: process.options.translation.text, limits: process.limits,
                hasGuestDirectory: process.hasGuestDirectory, sysroot: process.paths.root ?? [],
                path: path, variables: own, arguments: program.arguments)
            request.countsInstructions = process.options.countsInstructions
            request.coverage = Array((process.options.coverage ?? "").utf8)
            request.perfMap = process.options.perfMap
            request.jitDumpDirectory = Array((process.options.jitDumpDirectory ?? "").utf8)
            let rest = own.isEmpty ? environment : environment.filter { !ExecutionRequest.changesTranslator($0) }
            return PreparedExecution(
                LinuxProcess.translatorPaths, request.encoded, rest, descriptor: Int32(descriptor))
        }
    }

    /// Bytes that arguments and environment may have: a quarter of the stack, within limits (`bprm_stack_limits` in fs/exec.c).
    private func argumentRoom() -> Int {
        let stack = process.limits[ResourceLimit.stack] ?? hostLimit(ResourceLimit.stack)
        return Int(min(max(stack.current / 4, 128 << 10), 6 << 20))
    }

    /// An argument or environment vector; a null pointer is an empty one.
    private func readStrings(_ address: UInt64, room: inout Int) throws(Errno) -> [[UInt8]] {
        guard address != 0 else { return [] }
        var result: [[UInt8]] = []
        while true {
            let pointer = try load(UInt64.self, at: address &+ UInt64(result.count * 8))
            if pointer == 0 { return result }
            let string: [UInt8]?
            do { string = try memory.readCString(at: pointer, limit: Self.longestString) } catch { throw .EFAULT }
            guard let string else { throw .E2BIG }
            room -= string.count + 9
            guard room >= 0 else { throw .E2BIG }
            result.append(string)
        }
    }

    /// The host's execve: tries the paths in turn. Signals are as the guest has them while the kernel looks at them. Returns
    /// only an error.
    private func execute(_ prepared: PreparedExecution) -> Int {
        execution = prepared
        let replaced = prepared.isHostProgram ? process.limits.apply(host) : RememberedLimits()
        process.writeReports()
        let handedOver = SignalHandover(self)
        var result = Errno.ENOENT.result
        var path = prepared.paths
        while path.pointee != 0, Errno(result: result) == .ENOENT {
            result = host.systemCall(.execve, path.pointee, prepared.arguments, prepared.environment)
            path += 1
        }
        handedOver.takeBack()
        process.reports?.isWritten = false
        _ = replaced.apply(host)
        if prepared.descriptor >= 0 { _ = host.systemCall(.close, UInt64(prepared.descriptor)) }
        execution = nil
        prepared.free()
        return result
    }
}

extension LinuxProcess {
    /// Names of the translator's own executable, for executing it again.
    fileprivate static let translatorPaths: [[UInt8]] = {
        let link = Array("/proc/thread-self/exe".utf8)
        // /proc may be out of sight later (chroot).
        return [link] + (HostFile.linkTarget(link).map { [$0] } ?? [])
    }()
}

/// Null-terminated arrays of C strings for the host's execve, in one piece of memory.
struct PreparedExecution {
    /// The program's names, to be tried in turn.
    let paths: UnsafeMutablePointer<UInt64>
    /// Addresses of the vectors.
    let arguments: UInt64
    let environment: UInt64
    /// A descriptor that is open for the new program only; -1 for none.
    let descriptor: Int32
    /// Whether it is a program of the host's: the kernel counts its memory by the guest's limits.
    let isHostProgram: Bool

    init(
        _ paths: [[UInt8]], _ arguments: [[UInt8]], _ environment: [[UInt8]], descriptor: Int32 = -1,
        isHostProgram: Bool = false
    ) {
        let lists = [paths, arguments, environment]
        let pointers = lists.reduce(0) { $0 + $1.count + 1 }
        let bytes = lists.reduce(0) { $0 + $1.reduce(0) { $0 + $1.count + 1 } }
        let base = UnsafeMutableRawPointer.allocate(byteCount: 8 * pointers + bytes, alignment: 8)
        var pointer = base.bindMemory(to: UInt64.self, capacity: pointers)
        var byte = base + 8 * pointers
        self.paths = pointer
        var vectors: [UInt64] = []
        for list in lists {
            vectors.append(UInt64(UInt(bitPattern: pointer)))
            for string in list {
                pointer.pointee = UInt64(UInt(bitPattern: byte))
                pointer += 1
                UnsafeMutableRawBufferPointer(start: byte, count: string.count).copyBytes(from: string)
                byte.storeBytes(of: 0, toByteOffset: string.count, as: UInt8.self)
                byte += string.count + 1
            }
            pointer.pointee = 0
            pointer += 1
        }
        self.arguments = vectors[1]
        self.environment = vectors[2]
        self.descriptor = descriptor
        self.isHostProgram = isHostProgram
    }

    func free() { paths.deallocate() }
}

/// What execve(2) hands to the new program: the host's mask and ignored signals are the guest's while it is called, those
/// that the translator needs included.
private struct SignalHandover {
    private let thread: GuestThread
    private var ignored: [(signal: Int32, action: [UInt8])] = []

    init(_ thread: GuestThread) {
        self.thread = thread
        let address = thread.scratch.address(2)
        // All signals are blocked, so that none is lost between here and the new program.
        for signal in [Signal.segmentation, Signal.bus] where thread.process.action(for: signal).isIgnored {
            guard thread.host.systemCall(.rt_sigaction, UInt64(signal), 0, address, 8) == 0 else { continue }
            ignored.append((signal, Array(thread.scratch[2].prefix(SignalAction.size))))
            var action = SignalAction()
            action.handler = 1
            thread.scratch[2].copyBytes(from: action.bytes)
            _ = thread.host.systemCall(.rt_sigaction, UInt64(signal), address, 0, 8)
        }
        setMask(thread.mask)
    }

    /// After a failure everything but the mask is as before.
    func takeBack() {
        for (signal, action) in ignored {
            thread.scratch[2].copyBytes(from: action)
            _ = thread.host.systemCall(.rt_sigaction, UInt64(signal), thread.scratch.address(2), 0, 8)
        }
    }

    private func setMask(_ mask: UInt64) {
        thread.scratch[2].storeBytes(of: mask, as: UInt64.self)
        _ = thread.host.systemCall(.rt_sigprocmask, 2, thread.scratch.address(2), 0, 8)
    }
}
