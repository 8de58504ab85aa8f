// Tests/FileTests/Counts: how many host instructions a translation of one guest instruction has, for each encoding of the
// spec, by the manual's classes. A change of the lifters, the optimiser or the code generator shows here as numbers that
// went up or down, and has to be blessed (LYREBIRD_BLESS=1).
//
// The operands come from the spec: the registers 0, 1, 2 … by the names of their fields, 64-bit forms where there is a
// choice, and for the rest the first combination that the decoder takes for this encoding.

import Foundation
import Lyrebird
import LyrebirdARM64
import TestSupport
import Testing

@Suite struct InstructionCountTests {
    /// The hosts that are looked at, as `--host-features` has them.
    static let hosts = ["baseline", "baseline,lzcnt,bmi1,bmi2,avx,avx2"]

    @Test func counts() throws {
        let sections = try SpecSection.all()
        var table = try Table(sections)
        for var file in try FileTest.all(in: "Counts") {
            // Each class of the manual is a case; a class that is new gets one by blessing.
            let titles = Set(file.cases.map(\.title))
            for section in sections where !titles.contains(section.title) {
                file.cases += try FileTest(path: "", text: "=== \(section.title)\n--- class\n--- counts\n").cases
            }
            #expect(Set(file.cases.map(\.title)) == Set(sections.map(\.title)), "a class that the spec does not have")
            let wrong = try file.run(["counts": { _, before in try table.text(of: before.title) }])
            for one in wrong { Issue.record("\(one)") }
        }
        #expect(sections.count >= 60)
        #expect(table.isComplete, "a class was asked for by no case")
    }

    /// The counts of all encodings, made at once: tools are started a few times and not thousands of times.
    struct Table {
        private var sections: [String: String] = [:]
        private var asked: Set<String> = []

        var isComplete: Bool { asked == Set(sections.keys) }

        init(_ spec: [SpecSection]) throws {
            let rows = spec.flatMap(\.rows)
            let words = try rows.map { row in
                try #require(row.instance(), "no operands that the decoder takes for \(row.name)")
            }
            let names = try Listing.ofGuest(words)
            let counts = try InstructionCountTests.hosts.map { try InstructionCountTests.count(words, features: $0) }
            var at = 0
            for section in spec {
                var text = ""
                for row in section.rows {
                    for count in counts { text += Self.right("\(count[at])", 4) }
                    text += "  \(row.name.padding(toLength: max(32, row.name.count), withPad: " ", startingAt: 0)) "
                    text += names[at] + "\n"
                    at += 1
                }
                sections[section.title] = text
            }
        }

        mutating func text(of title: String) throws -> String {
            guard let text = sections[title] else { throw FileTest.Malformed(what: "no class \(title) in the spec") }
            asked.insert(title)
            return text
        }

        private static func right(_ text: String, _ width: Int) -> String {
            String(repeating: " ", count: max(0, width - text.count)) + text
        }
    }

    /// How many instructions the main path of each word's translation has; those that fill up to an aligned jump are not
    /// counted.
    static func count(_ words: [UInt32], features: String) throws -> [Int] {
        var configuration = Machine.Configuration()
        configuration.hostFeatures = features
        configuration.unitLimit = 1
        let machine = try Machine(.arm64, addressSpace: .window(size: 1 << 20), configuration: configuration)
        let start: UInt64 = 0x1000
        try machine.memory.map(start, size: 4096, access: .readWriteExecute)
        var code: [UInt8] = []
        var ends: [Int] = []
        for word in words {
            try machine.memory.store(word, at: start)
            code += try #require(machine.explain(start)).hostCode
            ends.append(code.count)
        }
        var counts = [Int](repeating: 0, count: words.count)
        var at = 0
        for (address, text) in try Listing.ofHost(code) {
            while address >= ends[at] { at += 1 }
            if !text.hasPrefix("nop"), !text.hasPrefix("xchg ax,ax"), !text.hasPrefix("data16") { counts[at] += 1 }
        }
        return counts
    }
}

/// What GNU binutils make of code.
enum Listing {
    static func ofGuest(_ words: [UInt32]) throws -> [String] {
        var bytes: [UInt8] = []
        for word in words { withUnsafeBytes(of: word.littleEndian) { bytes += $0 } }
        let lines = try lines(of: bytes, tool: "aarch64-linux-gnu-objdump", ["-m", "aarch64"])
        guard lines.count == words.count else { throw FileTest.Malformed(what: "\(lines.count) lines of objdump") }
        // Without comments, and targets (numbers without #) from the instruction on: its place in the table means nothing.
        return lines.map { address, text in
            let words = text.prefix { $0 != "/" && $0 != "<" }.split(separator: " ")
            guard let last = words.last, last.hasPrefix("0x"), let target = Int(last.dropFirst(2), radix: 16) else {
                return words.joined(separator: " ")
            }
            let origin = words[0] == "adrp" ? address & ~4095 : address
            let distance = target - origin
            return words.dropLast().joined(separator: " ") + (distance < 0 ? " .\(distance)" : " .+\(distance)")
        }
    }

    static func ofHost(_ code: [UInt8]) throws -> [(address: Int, text: String)] {
        try lines(of: code, tool: "objdump", ["-m", "i386:x86-64", "-M", "intel"])
    }

    private static func lines(of code: [UInt8], tool: String, _ options: [String]) throws -> [(Int, String)] {
        let directory = FileManager.default.temporaryDirectory.appending(path: "lyrebird-count-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        try Data(code).write(to: directory.appending(path: "code.bin"))
        let listing = try CodeFileTests.run(
            tool, ["-D", "-z", "-b", "binary"] + options + ["--no-show-raw-insn", "code.bin"], in: directory)
        return try listing.split(separator: "\n").compactMap { line in
            let cells = line.split(separator: "\t")
            guard cells.count >= 2, cells[0].hasSuffix(":") else { return nil }
            guard let address = Int(cells[0].dropLast().drop { $0 == " " }, radix: 16) else {
                throw FileTest.Malformed(what: "\(tool): \(line)")
            }
            return (address, cells[1...].joined(separator: " "))
        }
    }
}
