// Tests/FileTests/Code: guest code, what the lifter makes of it, what the optimiser leaves, and the host code. A change of
// code generation shows here as a difference to be read, and to be accepted with LYREBIRD_BLESS=1.

import Foundation
import Lyrebird
import TestSupport
import Testing

@Suite struct CodeFileTests {
    static let start: UInt64 = 0x1000

    /// Guest assembly as bytes, by the binutils of the guest's architecture: `guest`, or `guest x86-64`.
    static func assemble(_ test: FileTest.Case) throws -> [UInt8] {
        let tools = isX86(test) ? "" : "aarch64-linux-gnu-"
        let syntax = isX86(test) ? ".intel_syntax noprefix" : ".arch armv8.5-a+crypto"
        let text = try "\(syntax)\n\(test.text(of: "guest"))\n"
        let directory = FileManager.default.temporaryDirectory.appending(path: "lyrebird-code-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        try text.write(to: directory.appending(path: "code.s"), atomically: true, encoding: .utf8)
        try run(tools + "as", ["-o", "code.o", "code.s"], in: directory)
        try run(tools + "objcopy", ["-O", "binary", "-j", ".text", "code.o", "code.bin"], in: directory)
        return [UInt8](try Data(contentsOf: directory.appending(path: "code.bin")))
    }

    private static func isX86(_ test: FileTest.Case) -> Bool { test.sections.first?.argument == "x86-64" }

    @discardableResult
    static func run(_ tool: String, _ arguments: [String], in directory: URL) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [tool] + arguments
        process.currentDirectoryURL = directory
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw FileTest.Malformed(what: "\(tool) failed (Scripts/setup installs it): \(text)")
        }
        return text
    }

    static func explain(_ before: FileTest.Case, features: String, asLoop: Bool = false) throws -> Explanation {
        var configuration = Machine.Configuration()
        let words = features.split(separator: " ")
        configuration.hostFeatures = String(words.last ?? "")
        if words.first == "checked" {
            let machine = try Machine(isX86(before) ? .x86_64 : .arm64, configuration: configuration)
            try machine.memory.map(start, size: 4096, access: .readWriteExecute)
            try machine.memory.write(assemble(before), at: start)
            if words.contains("hooked") { machine.addHook(.block) { _, _ in } }
            return try #require(machine.explain(start, asLoop: asLoop))
        }
        let machine = try Machine(
            isX86(before) ? .x86_64 : .arm64, addressSpace: .hostProcess, configuration: configuration)
        let host = try #require(machine.hostProcess)
        let anonymousFixed: Int32 = 0x32
        try #require(host.map(start, size: 4096, access: .readWriteExecute, flags: anonymousFixed) == Int(start))
        defer { _ = host.unmap(start, size: 4096) }
        try machine.memory.write(assemble(before), at: start)
        return try #require(machine.explain(start, asLoop: asLoop))
    }

    /// `host NAMES`: the main path of the host code, then what is out of line but for the stubs of links, for a host with
    /// these features; `checked NAMES` in checked memory, `checked hooked NAMES` with a hook of blocks. Addresses count from the start of the main path.
    static func host(_ argument: String, _ before: FileTest.Case) throws -> String {
        try listing(explain(before, features: argument))
    }

    /// `loophost NAMES`: the same of the loop that starts with the guest code, as a whole.
    static func loopHost(_ argument: String, _ before: FileTest.Case) throws -> String {
        try listing(explain(before, features: argument, asLoop: true))
    }

    private static func listing(_ explanation: Explanation) throws -> String {
        let directory = FileManager.default.temporaryDirectory.appending(path: "lyrebird-host-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        try Data(explanation.hostCode).write(to: directory.appending(path: "code.bin"))
        let listing = try run(
            "objdump", ["-D", "-b", "binary", "-m", "i386:x86-64", "-M", "intel", "--no-show-raw-insn", "code.bin"],
            in: directory)
        var out = ""
        for line in listing.split(separator: "\n") {
            let cells = line.split(separator: "\t", maxSplits: 1)
            guard cells.count == 2, cells[0].hasSuffix(":") else { continue }
            let instruction = cells[1].split(separator: " ").joined(separator: " ")
            // Where a hook is told of is never the same.
            out += (instruction.hasPrefix("movabs rax,0x7") ? "movabs rax,RECORD" : instruction) + "\n"
        }
        return out
    }

    @Test func files() throws {
        var cases = 0
        for var file in try FileTest.all(in: "Code") {
            cases += file.cases.count
            let wrong = try file.run([
                "lifted": { _, before in try Self.explain(before, features: "baseline").lifted },
                "optimized": { _, before in try Self.explain(before, features: "baseline").optimized },
                "host": Self.host,
                "loop": { _, before in try Self.explain(before, features: "baseline", asLoop: true).optimized },
                "loophost": Self.loopHost,
            ])
            for one in wrong { Issue.record("\(one)") }
        }
        #expect(cases >= 8)
    }
}
