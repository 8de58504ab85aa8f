// Guest code that tries to leave checked memory (Tests/EscapeRunner), in a process of its own.

import Glibc
import TestSupport
import Testing

@Suite struct EscapeTests {
    private let directory = TemporaryDirectory()

    @Test(arguments: [("arm64", "aarch64-linux-gnu-"), ("x86_64", "")], [["36"], ["20"], ["36", "watched"]])
    func nothingLeavesCheckedMemory(guest: (name: String, tools: String), options: [String]) throws {
        let package = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let (object, image) = (directory.path + "/object", directory.path + "/image")
        let assembled = ChildProcess([
            "\(guest.tools)gcc", "-c", "-o", object, "\(package)/Tests/EscapeRunner/\(guest.name).S",
        ])
        try #require(assembled.status == 0, "\(assembled.errors)")
        try #require(ChildProcess(["\(guest.tools)objcopy", "-O", "binary", object, image]).status == 0)
        let run = ChildProcess([buildDirectory + "/EscapeRunner", guest.name, image] + options)
        #expect(run.status == 0, "\(run.output)\(run.errors)")
        #expect(run.output.hasSuffix(" attempts, 0 wrong\n"), "\(run.output)\(run.errors)")
    }
}
