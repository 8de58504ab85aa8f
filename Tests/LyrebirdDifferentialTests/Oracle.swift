// The oracle's other end: builds Tests/Guests/oracle.c, runs it under qemu-aarch64 and talks to it in batches.

import Foundation
import Glibc

/// Why there is no oracle.
struct OracleError: Error, CustomStringConvertible {
    var description: String
}

/// A process that runs cases under QEMU. One batch is under way at most: `send`, then `receive`.
final class Oracle {
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private let program: String
    private var buffer: [UInt64] = []
    private var position = 0

    init(model: OracleModel) throws {
        program = try Self.build()
        guard let emulator = Self.find("qemu-aarch64") else {
            throw OracleError(description: "qemu-aarch64 is needed (Debian's package is qemu-user) and not installed")
        }
        signal(SIGPIPE, SIG_IGN)
        process.executableURL = URL(filePath: emulator)
        process.arguments = ["-cpu", model.rawValue, program]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
    }

    deinit {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    private static func find(_ name: String) -> String? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        return path.split(separator: ":").map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }

    /// The program, built once.
    private static func build() throws -> String { try built.get() }

    private static let built = Result<String, OracleError> { () throws(OracleError) in
        guard let compiler = find("aarch64-linux-gnu-gcc") else {
            throw OracleError(
                description:
                    "aarch64-linux-gnu-gcc is needed (Debian's package is gcc-aarch64-linux-gnu) and not installed")
        }
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let directory = FileManager.default.temporaryDirectory.appending(path: "lyrebird-oracle-\(getpid())").path()
        mkdir(directory, 0o700)
        let program = directory + "/oracle"
        let compile = Process()
        compile.executableURL = URL(filePath: compiler)
        // Where no case has a reason to look.
        compile.arguments = [
            "-O2", "-static", "-mno-outline-atomics", "-Wl,-Ttext-segment=0x612340000",
            tests.appending(path: "Guests/oracle.c").path(), "-o", program,
        ]
        do { try compile.run() } catch { throw OracleError(description: "\(compiler) cannot be run: \(error)") }
        compile.waitUntilExit()
        guard compile.terminationStatus == 0 else {
            throw OracleError(description: "\(compiler) cannot build the oracle")
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
                guard count > 0 else { throw OracleError(description: "the oracle does not listen any more") }
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
            process.terminate()
            throw OracleError(description: "the oracle says nothing for half a minute: a case that does not end?")
        }
        var chunk = [UInt8](repeating: 0, count: 1 << 18)
        let count = read(descriptor, &chunk, chunk.count)
        guard count > 0 else { throw OracleError(description: "the oracle has ended in the middle of a batch") }
        rest += chunk[..<count]
        let whole = rest.count / 8
        rest.withUnsafeBytes { bytes in
            for index in 0..<whole { buffer.append(bytes.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self)) }
        }
        rest.removeFirst(8 * whole)
    }
}
