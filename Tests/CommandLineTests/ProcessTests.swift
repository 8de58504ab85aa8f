// Programs with threads and children: with an embedder's hooks (Tests/ProcessRunner), and what is reported of them at their ends.

import Foundation
import TestSupport
import Testing

@Suite struct ProcessTests {
    private let directory = TemporaryDirectory()

    /// A hook that fails, in the first thread and in another one: all threads stop where they are, and `run` throws.
    @Test(arguments: ["aarch64-linux-gnu-", ""], ["first", "thread"])
    func hooksMayFail(tools: String, place: String) throws {
        let run = try run(tools, place)
        let threads = place == "first" ? 3 : 4
        #expect(
            run.output == """
                failed at the function: true
                threads: \(threads), failed: 1, with [42]
                spinning: 1
                before a call: \(threads - 2)
                still: true
                again: refused

                """, "\(run.errors)")
        #expect(run.status == 0)
    }

    /// In a child there is nobody to throw to.
    @Test(arguments: ["aarch64-linux-gnu-", ""]) func hooksMayFailInChildren(tools: String) throws {
        let run = try run(tools, "child")
        #expect(run.output == "ended: exited(6)\n" && run.errors == "lyrebird: refused\n")
    }

    /// Children, programs that are executed, and those that signals end have reports of their own; threads are in their process's, as is a
    /// child of vfork.
    @Test(arguments: ["aarch64-linux-gnu-", ""], ["", "kill", "exec"])
    func reportsOfDescendants(tools: String, end: String) throws {
        let program = try build("descendants", tools)
        let run = ChildProcess(
            [buildDirectory + "/lyrebird", "--count", "--coverage", "cov", program, end], in: directory.path)
        #expect(run.status == (end == "" ? 3 : end == "exec" ? 7 : 128 + 15))
        let programs = end == "exec" ? 5 : 4
        let counts = run.errors.split(separator: "\n").filter { $0.hasPrefix("guest instructions executed ") }
        #expect(counts.count == programs && counts.allSatisfy { Int($0.split(separator: " ").last!)! > 100 })
        #expect(counts.count { $0.contains(" by process ") } == programs - 1)
        let files = try FileManager.default.contentsOfDirectory(atPath: directory.path).filter { $0.hasPrefix("cov") }
        #expect(files.count == programs && files.contains("cov"))
        for file in files {
            let bytes = try [UInt8](Data(contentsOf: URL(filePath: "\(directory.path)/\(file)")))
            let text = String(decoding: bytes.prefix(1000), as: UTF8.self)
            #expect(text.hasPrefix("DRCOV VERSION: 2\n") && text.contains(", \(program)\n"), "\(file)")
        }
    }

    private func run(_ tools: String, _ argument: String) throws -> ChildProcess {
        ChildProcess([buildDirectory + "/ProcessRunner", try build("hooked", tools), argument])
    }

    private func build(_ name: String, _ tools: String) throws -> String {
        let package = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let program = "\(directory.path)/\(name)"
        let built = ChildProcess([
            "\(tools)gcc", "-O1", "-static", "-pthread", "-o", program, "\(package)/Tests/Guests/\(name).c",
        ])
        try #require(built.status == 0, "\(built.errors)")
        return program
    }
}
