// What the assembler emits, held against what an independent disassembler reads: binutils' objdump. A test emits each
// instruction beside the text that it should be, and one run of objdump checks the whole batch: where each instruction
// starts and ends, its mnemonic and its operands.

import Foundation
import Testing

@testable import LyrebirdX64

/// A batch of instructions, each with its expected text.
struct Listing {
    private struct Entry {
        var offset: Int
        var end: Int
        var text: String
    }

    private let buffer: UnsafeMutableBufferPointer<UInt8>
    private let ignoresSizes: Bool
    private var entries: [Entry] = []
    var assembler: Assembler

    /// With `ignoresSizes`, the sizes of memory operands are not compared.
    init(capacity: Int = 4 << 20, ignoresSizes: Bool = false) {
        self.ignoresSizes = ignoresSizes
        buffer = .allocate(capacity: capacity)
        assembler = Assembler(buffer)
    }

    /// Emits with `emit`, and expects that it is one instruction, which reads as `text` in Intel syntax.
    mutating func expect(_ text: String, _ emit: (inout Assembler) -> Void) {
        precondition(assembler.remaining > 64)
        let offset = assembler.offset
        emit(&assembler)
        entries.append(Entry(offset: offset, end: assembler.offset, text: text))
    }

    /// Disassembles everything and records what differs. Ends the life of the listing.
    func check(atLeast minimum: Int, location: SourceLocation = #_sourceLocation) throws {
        defer { buffer.deallocate() }
        #expect(entries.count >= minimum, "fewer cases than there were", sourceLocation: location)
        let lines = try Self.disassemble(UnsafeBufferPointer(rebasing: buffer[..<assembler.offset]))
        var found: [Int: (text: String, end: Int)] = [:]
        for (index, line) in lines.enumerated() {
            let end = index + 1 < lines.count ? lines[index + 1].offset : assembler.offset
            found[line.offset] = (line.text, end)
        }
        var failures = 0
        for entry in entries {
            let bytes = buffer[entry.offset..<entry.end].map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }
            let actual = found[entry.offset]
            if let actual, actual.end == entry.end, comparable(actual.text) == comparable(entry.text) { continue }
            failures += 1
            if failures > 20 { continue }
            let read = actual.map { "\($0.text) of \($0.end - entry.offset) bytes" } ?? "inside an instruction"
            Issue.record("\(entry.text): \(bytes.joined(separator: " ")) is \(read)", sourceLocation: location)
        }
        if failures > 20 { Issue.record("\(failures) of \(entries.count) differ", sourceLocation: location) }
    }

    /// objdump's lines, each with its offset and its text normalised.
    private static func disassemble(_ code: UnsafeBufferPointer<UInt8>) throws -> [(offset: Int, text: String)] {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("lyrebird-\(UUID().uuidString).bin")
        try Data(buffer: code).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }

        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "objdump", "-D", "-z", "-b", "binary", "-m", "i386:x86-64", "-M", "intel", "--no-show-raw-insn", file.path,
        ]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw DisassemblerMissing() }

        var lines: [(offset: Int, text: String)] = []
        for line in String(decoding: data, as: UTF8.self).split(separator: "\n") {
            let halves = line.split(separator: ":", maxSplits: 1)
            guard halves.count == 2, halves[1].first == "\t",
                let offset = Int(halves[0].drop { $0 == " " }, radix: 16)
            else { continue }
            lines.append((offset, normalise(String(halves[1]))))
        }
        return lines
    }

    private func comparable(_ text: String) -> String {
        guard ignoresSizes, let pointer = text.range(of: " PTR ") else { return text }
        let size = text[..<pointer.lowerBound].lastIndex { $0 == " " || $0 == "," }!
        return String(text[...size] + text[pointer.upperBound...])
    }

    /// Single spaces, and no comment.
    private static func normalise(_ text: String) -> String {
        let code = text.prefix { $0 != "#" }
        return code.split { $0 == " " || $0 == "\t" }.joined(separator: " ")
    }
}

struct DisassemblerMissing: Error, CustomStringConvertible {
    var description: String {
        "objdump of GNU binutils must be installed and know x86-64: these tests compare with it."
    }
}

// MARK: Operands as objdump prints them

private let names64 = [
    "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
]

extension GPR {
    static let all = (0..<16).map { GPR(UInt8($0)) }
    /// Those whose encodings differ: plain, byte register that needs REX, SIB, displacement, and the same above 7.
    static let representative: [GPR] = [.rax, .rcx, .rsp, .rbp, .rsi, .rdi, .r8, .r12, .r13, .r15]

    func name(_ width: Width) -> String {
        let number = Int(rawValue)
        let name = names64[number]
        if number >= 8 { return name + ["b", "w", "d", ""][Int(width.rawValue)] }
        let stem = String(name.dropFirst())
        switch width {
        case .b8: return number < 4 ? String(stem.first!) + "l" : stem + "l"
        case .b16: return stem
        case .b32: return "e" + stem
        case .b64: return name
        }
    }
}

extension XMM {
    static let legacy: [XMM] = [.xmm0, .xmm7, .xmm8, .xmm15]
    static let representative: [XMM] = [.xmm0, .xmm7, .xmm8, .xmm15, .xmm16, .xmm23, .xmm24, .xmm31]

    func name(_ is256: Bool = false) -> String { (is256 ? "ymm" : "xmm") + String(rawValue) }
}

extension Width {
    static let wordAndUp: [Width] = [.b16, .b32, .b64]
    static let longAndUp: [Width] = [.b32, .b64]

    var pointer: String { ["BYTE", "WORD", "DWORD", "QWORD"][Int(rawValue)] + " PTR " }

    /// An immediate as objdump prints it at this width.
    func immediate(_ value: Int32) -> String {
        switch self {
        case .b8: hex(UInt64(UInt8(truncatingIfNeeded: value)))
        case .b16: hex(UInt64(UInt16(truncatingIfNeeded: value)))
        case .b32: hex(UInt64(UInt32(truncatingIfNeeded: value)))
        case .b64: hex(UInt64(bitPattern: Int64(value)))
        }
    }
}

extension Condition {
    var name: String {
        ["o", "no", "b", "ae", "e", "ne", "be", "a", "s", "ns", "p", "np", "l", "ge", "le", "g"][Int(rawValue)]
    }
}

extension Memory {
    /// Every special case of the encoding at least once.
    static let cases: [Memory] = {
        var all: [Memory] = []
        let bases: [GPR] = [.rax, .rsp, .rbp, .rdi, .r8, .r12, .r13, .r15]
        let displacements: [Int32] = [0, 1, 127, 128, -128, -129, 0x1234_5678, .max, .min, 16, 0x7F0]
        for base in bases {
            for displacement in displacements { all.append(Memory(base: base, displacement: displacement)) }
            for (scale, index) in [GPR.rax, .rbp, .r12, .r13].enumerated() {
                for displacement: Int32 in [0, 64, 0x1000] {
                    all.append(Memory(base: base, index: index, scale: UInt8(scale), displacement: displacement))
                }
            }
        }
        for (scale, index) in [GPR.rcx, .rbp, .r12, .r15].enumerated() {
            all.append(Memory(index: index, scale: UInt8(scale), displacement: 0x40))
        }
        all.append(Memory(absolute: 0x1234))
        all.append(Memory(absolute: -8))
        all.append(Memory(ripRelative: 0x100))
        all.append(Memory(base: .rbp, displacement: 8).gs)
        all.append(Memory(base: .r12, index: .r9, scale: 3, displacement: 0x200).gs)
        all.append(Memory(absolute: 0x28).fs)
        return all
    }()

    /// A few, one of each kind, for where `cases` would be too many.
    static let few: [Memory] = [
        Memory(base: .rax), Memory(base: .rsp, displacement: 16), Memory(base: .r13),
        Memory(base: .rbp, displacement: 0x400), Memory(base: .r8, index: .r12, scale: 3, displacement: -64),
        Memory(index: .r15, scale: 2, displacement: 4), Memory(absolute: 0x1234),
        Memory(base: .rdx, index: .rdi, scale: 0, displacement: 8).gs,
    ]

    var name: String {
        let prefix = segment == .fs ? "fs:" : segment == .gs ? "gs:" : ""
        if base == Memory.none && index == Memory.none {
            return (prefix.isEmpty ? "ds:" : prefix) + hex(UInt64(bitPattern: Int64(displacement)))
        }
        var parts: [String] = []
        if base == Memory.ripBase {
            parts.append("rip")
        } else if base != Memory.none {
            parts.append(names64[Int(base)])
        }
        if index != Memory.none { parts.append("\(names64[Int(index)])*\(1 << Int(scale))") }
        var text = parts.joined(separator: "+")
        if base == Memory.ripBase {
            text += "+" + hex(UInt64(bitPattern: Int64(displacement)))
        } else if displacement != 0 || base == Memory.none || base & 7 == 5 {
            text += (displacement < 0 ? "-" : "+") + hex(UInt64(displacement.magnitude))
        }
        return "\(prefix)[\(text)]"
    }
}

func hex(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }
