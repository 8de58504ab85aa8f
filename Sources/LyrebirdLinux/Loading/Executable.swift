// Finding what a path executes: a guest program, a program of the host's, or a script whose first line names one
// (`fs/exec.c`, `fs/binfmt_script.c`). Everything that can be wrong is found here, before anything is given up for it.

/// A program ready to be started.
struct Executable {
    enum Kind {
        /// A program that is translated.
        case guest(Program)
        /// A program that the host runs itself: its host path.
        case host([UInt8])
    }

    /// An open file and its headers.
    struct Image {
        let file: HostFile
        let headers: ELFImage
    }

    /// What is translated.
    struct Program {
        let image: Image
        /// The program that loads it, if it names one (PT_INTERP).
        let interpreter: Image?
        let abi: ABI
        let processor: Processor
    }

    let kind: Kind
    /// The arguments, with those that `#!` lines put before them.
    let arguments: [[UInt8]]
    /// The path as it was given, the script's where there is one: AT_EXECFN.
    let name: [UInt8]

    /// As many scripts as may name each other: `exec_binprm` in fs/exec.c.
    private static let scriptLimit = 5
    /// What of a file decides how it is run (BINPRM_BUF_SIZE).
    private static let headSize = 256

    /// Finds out what `path` executes.
    /// - Parameter hostMachines: `e_machine` of programs that the host runs itself.
    static func find(
        _ path: [UInt8], arguments: [[UInt8]], hostMachines: [UInt16], paths: PathResolver
    ) throws(LinuxError) -> Executable {
        let name = String(decoding: path, as: UTF8.self)
        var arguments = arguments.isEmpty ? [[]] : arguments  // since Linux 5.18, so that argv[0] exists
        var current = path
        for depth in 0...scriptLimit {
            let real = paths.hostPath(current) ?? current
            let file: HostFile
            let head: [UInt8]
            do throws(Errno) {
                file = try HostFile(executable: real)
                head = try file.read(at: 0, count: headSize)
            } catch {
                let reason: LinuxError.Reason =
                    depth == 0 ? .file(error) : .interpreter(String(decoding: current, as: UTF8.self), error)
                throw LinuxError(file: name, reason: reason)
            }
            if head.starts(with: "#!".utf8) {
                guard let line = ScriptLine(head) else {
                    throw LinuxError(file: name, reason: .script("its #! line names no interpreter"))
                }
                arguments = [line.interpreter] + line.arguments + [current] + arguments.dropFirst()
                current = line.interpreter
            } else if let machine = ELFImage.machine(ofHeader: head), hostMachines.contains(machine) {
                return Executable(kind: .host(real), arguments: arguments, name: path)
            } else {
                return Executable(
                    kind: .guest(try guest(file, name: name, paths: paths)), arguments: arguments, name: path)
            }
        }
        throw LinuxError(file: name, reason: .file(.ELOOP))
    }

    /// The program in an open file. Its header says whose it is.
    static func guest(_ file: HostFile, name: String, paths: PathResolver) throws(LinuxError) -> Program {
        let headers: ELFImage
        do { headers = try file.image(machines: ABI.runnable.map(\.elfMachine)) } catch {
            throw LinuxError(file: name, reason: .format(error))
        }
        guard let abi = ABI.of(elfMachine: headers.machine), let processor = abi.processor else {
            preconditionFailure("a machine that was asked for")
        }
        let image = Image(file: file, headers: headers)
        guard let path = headers.interpreter else {
            return Program(image: image, interpreter: nil, abi: abi, processor: processor)
        }
        let interpreter = String(decoding: path, as: UTF8.self)
        let loader: HostFile
        do { loader = try HostFile(executable: paths.hostPath(path) ?? path) } catch {
            throw LinuxError(file: name, reason: .interpreter(interpreter, error))
        }
        do {
            let loaded = Image(file: loader, headers: try loader.image(machines: [abi.elfMachine]))
            return Program(image: image, interpreter: loaded, abi: abi, processor: processor)
        } catch {
            throw LinuxError(file: name, reason: .interpreterFormat(interpreter, error))
        }
    }
}

/// The first line of a script.
struct ScriptLine: Equatable {
    var interpreter: [UInt8]
    /// Everything behind the interpreter's name is one argument.
    var arguments: [[UInt8]]

    /// - Parameter head: the first bytes of the file, as many as the kernel looks at.
    /// - Returns: nil if no interpreter is named, or its name goes on beyond `head`.
    init?(_ head: [UInt8]) {
        let newline = UInt8(ascii: "\n")
        let line = head.dropFirst(2).prefix { $0 != newline && $0 != 0 }
        let isWhole = line.endIndex < head.endIndex
        let text = line.drop(while: Self.isBlank)
        let name = text.prefix { !Self.isBlank($0) }
        guard !name.isEmpty, isWhole || name.endIndex < line.endIndex else { return nil }
        var rest = text[name.endIndex...].drop(while: Self.isBlank)
        while let last = rest.last, Self.isBlank(last) { rest.removeLast() }
        interpreter = Array(name)
        arguments = rest.isEmpty ? [] : [Array(rest)]
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
}
