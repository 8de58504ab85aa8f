// A case with its memory and how it must end, as text that can be kept in Tests/FileTests/Cases:
//
//   === what the case shows
//   --- code
//   0xf9400261  ldr x1, [x19]
//   --- start
//   x19 0x10000800
//   memory 0x10000800 0x1122334455667788
//   --- end
//   ends trap
//   pc 0x20000008
//   x1 0x1122334455667788
//
// Code begins at 0x20000004, with the end of the case behind it; memory is that of `Arena`. What the start does not name
// is 0, what the end does not name is as it was at the start.

import Foundation
import TestSupport

struct RecordedCase: Equatable {
    var title: String
    var guestCase: GuestCase
    var image: [UInt64]
    var expected: Outcome

    var batch: Batch {
        var batch = Batch(image: image)
        batch.append(guestCase)
        return batch
    }

    /// How a subject's end differs from the one expected; nil if it does not.
    /// - Parameters:
    ///   - scout: says what the subject may leave open.
    ///   - kind: whose expectation it is; that which leaves most open if it is not known any more.
    func difference(_ subject: any Subject, scout: InterpreterSubject, by kind: OracleKind = .unicorn) -> String? {
        let batch = batch
        scout.begin(batch)
        let scouted = scout.run(slot: 0)
        subject.begin(batch)
        let outcome = subject === scout ? scouted : subject.run(slot: 0)
        guard let scouted, let outcome else { return "the case does not end" }
        var expected = expected
        var own: [Outcome?] = [scouted, outcome]
        kind.settle(&expected, &own, guestCase, slot: 0)
        _ = subject.settle(&own[1]!, own[0]!)
        return own[1]!.difference(from: expected)
    }

    // MARK: Text

    private static let ends: [(name: String, signal: UInt64)] = [
        ("trap", Outcome.trap), ("undefined", Outcome.illegal), ("misaligned", Outcome.bus),
        ("segmentation", Outcome.segmentation),
    ]

    var text: String {
        var start: [String] = []
        var end = ["ends \(Self.ends.first { $0.signal == expected.signal }?.name ?? "\(expected.signal)")"]
        end.append("pc \(hex(expected.pc))")
        if expected.isFault { end.append("address \(hex(expected.address))") }
        for index in 0..<CPUState.count {
            let (before, after) = (guestCase.state[index], expected.state[index])
            if before != 0 { start.append("\(CPUState.name(index)) \(hex(before))") }
            if after != before { end.append("\(CPUState.name(index)) \(hex(after))") }
        }
        func memory(_ index: UInt64, _ value: UInt64) -> String {
            "memory \(hex(Arena.memory + 8 * index)) \(hex(value))"
        }
        for (index, value) in image.enumerated() where value != 0 { start.append(memory(UInt64(index), value)) }
        for at in stride(from: 0, to: expected.changes.count, by: 2) {
            end.append(memory(expected.changes[at], expected.changes[at + 1]))
        }
        let sections = [("code", guestCase.listing), ("start", start), ("end", end)]
        return sections.reduce("=== \(title)\n") { text, section in
            text + "--- \(section.0)\n" + section.1.map { $0 + "\n" }.joined()
        }
    }

    init(title: String, guestCase: GuestCase, image: [UInt64], expected: Outcome) {
        self.title = title
        self.guestCase = guestCase
        self.image = image
        self.expected = expected
    }

    init(_ test: FileTest.Case) throws {
        title = test.title
        guestCase = GuestCase(words: [], state: CPUState())
        image = [UInt64](repeating: 0, count: Arena.memorySize / 8)
        for line in try Self.lines(of: "code", in: test) { guestCase.words.append(try Self.number(line[0])) }
        guard (1...Arena.longestCase).contains(guestCase.words.count) else {
            throw FileTest.Malformed(what: "\(title): \(guestCase.words.count) words of code")
        }
        for line in try Self.lines(of: "start", in: test) {
            if let place = try Self.memory(line) {
                image[place] = try Self.number(line[2])
            } else {
                guestCase.state[try Self.register(line)] = try Self.number(line[1])
            }
        }
        expected = Outcome(signal: 0, pc: 0, address: 0, state: guestCase.state, changes: [])
        for line in try Self.lines(of: "end", in: test) {
            if let place = try Self.memory(line) {
                expected.changes += [UInt64(place), try Self.number(line[2])]
            } else if line.count == 2, line[0] == "ends" {
                expected.signal = Self.ends.first { $0.name == line[1] }?.signal ?? 0
            } else if line.count == 2, line[0] == "pc" {
                expected.pc = try Self.number(line[1])
            } else if line.count == 2, line[0] == "address" {
                expected.address = try Self.number(line[1])
            } else {
                expected.state[try Self.register(line)] = try Self.number(line[1])
            }
        }
        guard expected.signal != 0 else { throw FileTest.Malformed(what: "\(title): it is not said how it ends") }
    }

    private static func lines(of section: String, in test: FileTest.Case) throws -> [[Substring]] {
        try test.text(of: section).split(separator: "\n").map { $0.split(separator: " ") }.filter { !$0.isEmpty }
    }

    private static func number<T: FixedWidthInteger>(_ text: Substring) throws -> T {
        guard text.hasPrefix("0x"), let number = T(text.dropFirst(2), radix: 16) else {
            throw FileTest.Malformed(what: "\(text) is not a number of \(T.bitWidth) bits")
        }
        return number
    }

    private static let registers = [String: Int](
        uniqueKeysWithValues: (0..<CPUState.count).map { (CPUState.name($0), $0) })

    private static func register(_ line: [Substring]) throws -> Int {
        guard line.count == 2, let index = registers[String(line[0])] else {
            throw FileTest.Malformed(what: "\(line.joined(separator: " ")) is not a register and its value")
        }
        return index
    }

    /// The index of the word that a line is about; nil if it is not about memory.
    private static func memory(_ line: [Substring]) throws -> Int? {
        guard line[0] == "memory" else { return nil }
        guard line.count == 3, case let address:UInt64 = try number(line[1]), address % 8 == 0,
            address >= Arena.memory, address < Arena.memoryEnd
        else {
            throw FileTest.Malformed(what: "\(line.joined(separator: " ")) is not a word of memory and its value")
        }
        return Int(address - Arena.memory) / 8
    }
}

extension GuestCase {
    /// Words, with their disassembly if binutils are there.
    var listing: [String] {
        let plain = words.map { hex($0) }
        let file = FileManager.default.temporaryDirectory.appending(path: "lyrebird-case-\(getpid())")
        let bytes = words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
        defer { try? FileManager.default.removeItem(at: file) }
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [
            "aarch64-linux-gnu-objdump", "-D", "-b", "binary", "-m", "aarch64", "--no-show-raw-insn",
            "--adjust-vma=\(hex(Arena.pc(ofSlot: 0)))", file.path(),
        ]
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        do {
            try Data(bytes).write(to: file)
            try process.run()
        } catch { return plain }
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        // "    20000004:\tldr\tx1, [x19]"; runs of 0 are left out.
        let lines = text.split(separator: "\n").filter { $0.hasPrefix("    2000") }
        guard lines.count == words.count else { return plain }
        return zip(plain, lines).map { word, line in
            "\(word)  " + line.split(separator: "\t").dropFirst().joined(separator: " ")
        }
    }
}
