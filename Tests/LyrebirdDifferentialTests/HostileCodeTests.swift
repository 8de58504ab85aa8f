// Random bytes as code, through the public API, in processes of their own: the host neither crashes nor hangs, whatever the
// guest does. A million strings of bytes for each guest, and as many more for each minute of LYREBIRD_FUZZ_SECONDS.

import Foundation
import Testing

@Suite struct HostileCodeTests {
    /// Children that run beside each other.
    private static let children = 2

    private static var wordsEach: Int {
        let seconds = ProcessInfo.processInfo.environment["LYREBIRD_FUZZ_SECONDS"].flatMap(Int.init) ?? 0
        return (1 + seconds / 60) << 19
    }

    /// The program beside the test bundle.
    private static func runner() -> URL? {
        let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let places = [own].compactMap { $0 } + CommandLine.arguments
        return places.map { URL(filePath: $0).deletingLastPathComponent().appending(path: "HostileRunner") }
            .first { FileManager.default.isExecutableFile(atPath: $0.path()) }
    }

    @Test(arguments: ["arm64", "x86-64"]) func randomBytes(guest: String) throws {
        let runner = try #require(Self.runner(), "HostileRunner is built beside the tests")
        var running: [(process: Process, output: Pipe, seed: Int)] = []
        for seed in 1...Self.children {
            let process = Process()
            let output = Pipe()
            process.executableURL = URL(filePath: "/usr/bin/env")
            process.arguments = ["timeout", "-s", "KILL", "\(60 + Self.wordsEach / 5000)", runner.path()]
            process.arguments! += ["\(seed)", "\(Self.wordsEach)", guest]
            process.standardOutput = output
            process.standardError = output
            try process.run()
            running.append((process, output, seed))
        }
        for child in running {
            let text = String(decoding: child.output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            child.process.waitUntilExit()
            print("hostile code of \(guest), seed \(child.seed): \(text.prefix(2000))", terminator: "")
            #expect(
                child.process.terminationReason == .exit && child.process.terminationStatus == 0,
                "HostileRunner \(child.seed) \(Self.wordsEach) \(guest) ended with \(child.process.terminationStatus)")
        }
    }
}
