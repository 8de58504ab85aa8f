// Linux programs with an embedder's hooks (Tests/ProcessRunner), each in a process of its own.

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

    private func run(_ tools: String, _ argument: String) throws -> ChildProcess {
        let package = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let program = directory.path + "/hooked"
        let built = ChildProcess([
            "\(tools)gcc", "-O1", "-static", "-pthread", "-o", program, "\(package)/Tests/Guests/hooked.c",
        ])
        try #require(built.status == 0, "\(built.errors)")
        return ChildProcess([buildDirectory + "/ProcessRunner", program, argument])
    }
}
