// The oracles' other end: builds Tests/Guests/oracle.c, which runs under qemu-aarch64, or Tests/Oracles/unicorn.c, which runs
// on Unicorn's library, and talks to it in batches.

import Foundation
import Glibc

/// Why there is no oracle.
struct OracleError: Error, CustomStringConvertible {
    var description: String
}

/// Who says what is right.
enum OracleKind {
    case qemu(OracleModel)
    /// Unicorn 2.0, whose model of a CPU is QEMU 5.0's with the features that one has.
    case unicorn

    var name: String {
        switch self {
        case .qemu: "QEMU"
        case .unicorn: "Unicorn"
        }
    }
}

/// A process that runs cases on another implementation. One batch is under way at most: `send`, then `receive`.
final class Oracle {
    let kind: OracleKind
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private var buffer: [UInt64] = []
    private var position = 0

    init(_ kind: OracleKind) throws {
        self.kind = kind
        signal(SIGPIPE, SIG_IGN)
        switch kind {
        case .qemu(let model):
            process.executableURL = URL(filePath: try Self.tool("qemu-aarch64", package: "qemu-user"))
            process.arguments = ["-cpu", model.rawValue, try Self.guestProgram.get()]
        case .unicorn:
            process.executableURL = URL(filePath: try Self.unicornProgram.get())
        }
        process.standardInput = input
        process.standardOutput = output
        try process.run()
    }

    deinit {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    // MARK: Programs

    private static func tool(_ name: String, package: String) throws(OracleError) -> String {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        let found = path.split(separator: ":").map { "\($0)/\(name)" }
            .first { (file: String) in access(file, X_OK) == 0 }
        guard let found else {
            throw OracleError(description: "\(name) is needed (Debian's package is \(package)) and not installed")
        }
        return found
    }

    /// The programs, each built once.
    private static let guestProgram = Result<String, OracleError> { () throws(OracleError) in
        // Where no case has a reason to look.
        let options = ["-static", "-mno-outline-atomics", "-Wl,-Ttext-segment=0x612340000"]
        let compiler = try tool("aarch64-linux-gnu-gcc", package: "gcc-aarch64-linux-gnu")
        return try build("Guests/oracle.c", compiler, options, libraries: [])
    }

    private static let unicornProgram = Result<String, OracleError> { () throws(OracleError) in
        guard access("/usr/include/unicorn/unicorn.h", R_OK) == 0 else {
            throw OracleError(description: "Unicorn is needed (Debian's package is libunicorn-dev) and not installed")
        }
        return try build("Oracles/unicorn.c", tool("gcc", package: "gcc"), [], libraries: ["-lunicorn"])
    }

    private static func build(
        _ source: String, _ compiler: String, _ options: [String], libraries: [String]
    ) throws(OracleError) -> String {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let name = URL(filePath: source).deletingPathExtension().lastPathComponent
        let directory = FileManager.default.temporaryDirectory.appending(path: "lyrebird-oracle-\(getpid())").path()
        mkdir(directory, 0o700)
        let program = "\(directory)/\(name)"
        let compile = Process()
        compile.executableURL = URL(filePath: compiler)
        compile.arguments =
            ["-O2"] + options + [tests.appending(path: source).path(), "-o", program] + libraries
        do { try compile.run() } catch { throw OracleError(description: "\(compiler) cannot be run: \(error)") }
        compile.waitUntilExit()
        guard compile.terminationStatus == 0 else {
            throw OracleError(description: "\(compiler) cannot build \(source)")
        }
        return program
    }

    // MARK: Batches

    func send(_ batch: Batch) throws {
        var words: [UInt64] = [UInt64(batch.cases.count)]
        words.reserveCapacity(1 + batch.image.count + batch.code.count / 2 + 101 * batch.cases.count)
        words += batch.image
        for index in stride(from: 0, to: batch.code.count, by: 2) {
            words.append(UInt64(batch.code[index]) | UInt64(batch.code[index + 1]) << 32)
        }
        for (slot, guestCase) in batch.cases.enumerated() {
            words += guestCase.state.words
            words.append(Arena.pc(ofSlot: slot) - 4)
        }
        let descriptor = input.fileHandleForWriting.fileDescriptor
        try words.withUnsafeBytes { bytes in
            var sent = 0
            while sent < bytes.count {
                let count = write(descriptor, bytes.baseAddress! + sent, bytes.count - sent)
                guard count > 0 else { throw OracleError(description: "\(kind.name) does not listen any more") }
                sent += count
            }
        }
    }

    func receive(_ count: Int) throws -> [Outcome] {
        var outcomes: [Outcome] = []
        outcomes.reserveCapacity(count)
        for _ in 0..<count {
            let header = try take(CPUState.count + 4)
            var state = CPUState()
            state.words = Array(header[..<CPUState.count])
            let changes = try take(2 * Int(header[CPUState.count + 3]))
            let signal = header[CPUState.count]
            let isFault = signal == Outcome.bus || signal == Outcome.segmentation
            outcomes.append(
                Outcome(
                    signal: signal, pc: header[CPUState.count + 1], address: isFault ? header[CPUState.count + 2] : 0,
                    state: state, changes: changes))
        }
        return outcomes
    }

    func run(_ batch: Batch) throws -> [Outcome] {
        try send(batch)
        return try receive(batch.cases.count)
    }

    private func take(_ count: Int) throws -> [UInt64] {
        while buffer.count - position < count { try fill() }
        defer { position += count }
        return Array(buffer[position..<position + count])
    }

    private var rest: [UInt8] = []

    private func fill() throws {
        buffer.removeFirst(position)
        position = 0
        let descriptor = output.fileHandleForReading.fileDescriptor
        var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&poller, 1, 30_000) > 0 else {
            kill(process.processIdentifier, SIGKILL)
            throw OracleError(description: "\(kind.name) says nothing for half a minute: a case that does not end?")
        }
        var chunk = [UInt8](repeating: 0, count: 1 << 18)
        let count = read(descriptor, &chunk, chunk.count)
        guard count > 0 else { throw OracleError(description: "\(kind.name) has ended in the middle of a batch") }
        rest += chunk[..<count]
        let whole = rest.count / 8
        rest.withUnsafeBytes { bytes in
            for index in 0..<whole { buffer.append(bytes.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self)) }
        }
        rest.removeFirst(8 * whole)
    }
}
