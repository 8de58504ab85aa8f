// Tests/FileTests/Host: IR, and the host code that it becomes: the shapes that guests need which no lifter makes yet.

import Foundation
import LyrebirdIR
import LyrebirdPasses
import LyrebirdRuntime
import LyrebirdX64
import TestSupport
import Testing

@Suite(.serialized) struct HostCodeFileTests {
    /// `host NAMES`: the main path for a host with these features, after all passes.
    static func host(_ argument: String, _ before: FileTest.Case) throws -> String {
        guard let features = CPUFeatures(names: argument) else { throw FileTest.Malformed(what: "no \(argument)") }
        let layout = SyntheticGuest.layout
        let text = try before.text(of: "ir")
        let unit = try Parser(layout: layout).parse(text)
        let wrong = Verifier(layout: layout).errors(in: unit)
        guard wrong.isEmpty else { throw FileTest.Malformed(what: "\(wrong)") }
        let engine = try RandomEngine(pinned: GeneratedCodeTests.manyPins, features: features, passes: .all)
        engine.guest.make = { unit in
            if let parsed = try? Parser(layout: layout).parse(text) { unit = parsed }
        }
        let code = try #require(engine.engine.explain(pc: RandomGuest.pc))
        let path = FileManager.default.temporaryDirectory.appending(path: "lyrebird-host-\(UUID().uuidString)")
        try Data(code.hot).write(to: path)
        defer { try? FileManager.default.removeItem(at: path) }
        let listing = ChildProcess([
            "objdump", "-D", "-b", "binary", "-m", "i386:x86-64", "-M", "intel", "--no-show-raw-insn", path.path,
        ])
        guard listing.status == 0 else { throw FileTest.Malformed(what: listing.errors) }
        var out = ""
        for line in listing.output.split(separator: "\n") {
            let cells = line.split(separator: "\t", maxSplits: 1)
            guard cells.count == 2, cells[0].hasSuffix(":") else { continue }
            var words = cells[1].split(separator: " ").map(String.init)
            // How far away what is out of line is means nothing.
            if words[0].hasPrefix("j"), let target = UInt64(words[1].dropFirst(2), radix: 16), target > code.hot.count {
                words[1] = "away"
            }
            out += words.joined(separator: " ") + "\n"
        }
        return out
    }

    @Test func files() throws {
        var cases = 0
        for var file in try FileTest.all(in: "Host") {
            cases += file.cases.count
            for wrong in try file.run(["host": Self.host]) { Issue.record("\(wrong)") }
        }
        #expect(cases >= 6)
    }
}
