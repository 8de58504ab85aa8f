// The decoder against GNU objdump over random words: the same words must be undefined, and every other must be called by a
// mnemonic of its row in the spec. Where the two are known to differ, `disagreements` says why.

import Foundation
import LyrebirdARM64
import Testing

private let objdump = "/usr/bin/aarch64-linux-gnu-objdump"

/// SplitMix64 with a fixed seed, so that a failure can be repeated.
private struct Random: RandomNumberGenerator {
    var state: UInt64 = 0x5EED

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z &>> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z &>> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z &>> 31)
    }
}

/// Words that objdump takes for something else than the decoder does, and the reason.
private struct Disagreement: Sendable {
    let reason: String
    let holds: @Sendable (_ word: UInt32, _ encoding: Encoding?, _ mnemonic: String?) -> Bool
}

/// Instructions that objdump knows and that came after Armv8.5, by the feature, as mnemonics or their beginnings.
private let tooNew: [String: [String]] = [
    "CSSC": ["abs", "cnt", "ctz", "smax", "smin", "umax", "umin"],
    "HBC": ["bc"],
    "LS64": ["ld64b", "st64b*"],
    "MOPS": ["cpy*", "set*"],
    "TME": ["tcancel", "tcommit", "tstart", "ttest"],
    "XS": ["dsb"],
]

private let disagreements: [Disagreement] =
    tooNew.map { feature, mnemonics in
        let row = SpecRow(name: feature, mnemonics: mnemonics)
        return Disagreement(reason: "\(feature) is later than Armv8.5") { _, encoding, mnemonic in
            encoding == nil && mnemonic.map(row.isCalled) == true
        }
    } + [
        Disagreement(reason: "SVE and SME are not part of the spec (Arm ARM C4.1, op0 0010 and 0000)") {
            word, encoding, _ in
            encoding == nil && [0, 2].contains((word &>> 25) & 15)
        },
        Disagreement(reason: "objdump prints unallocated system instructions with op0 = 00 as moves") {
            word, encoding, text in
            encoding == nil && text != nil && word & 0xFFD8_0000 == 0xD500_0000
        },
        Disagreement(reason: "objdump accepts bit 22 of FMLAL and FMLSL (vector), which the manual calls UNDEFINED") {
            $1 == nil && $2?.hasPrefix("fml") == true && $0 & 0x9F60_C400 == 0x0E60_C400
        },
        Disagreement(reason: "objdump wants the should-be-one bits of LDAR and LDAPR, other values are UNPREDICTABLE") {
            $2 == nil && ($1 == .ldar || $1 == .ldapr)
        },
        Disagreement(reason: "objdump wants the should-be-zero bits of ADDG and SUBG, other values are UNPREDICTABLE") {
            $2 == nil && ($1 == .addg || $1 == .subg) && $0 & 0xC000 != 0
        },
        Disagreement(reason: "objdump takes LDPSW for undefined where its registers overlap, which is UNPREDICTABLE") {
            $2 == nil && ($1 == .ldpswOffset || $1 == .ldpswPreIndex || $1 == .ldpswPostIndex)
        },
        Disagreement(reason: "objdump wants CRm = 0 in flag instructions and SB, other values are UNPREDICTABLE") {
            $0 & 0xF00 != 0 && $2 != "cfinv" && ($1 == .cfinv || $1 == .xaflag || $1 == .axflag || $1 == .sb)
        },
    ]

/// Words of every row, words one and two bits away from them, and words from everywhere.
private func randomWords(_ rows: [SpecRow]) -> [UInt32] {
    var random = Random()
    var words: [UInt32] = []
    for row in rows {
        for count in 0..<240 {
            let word = UInt32.random(in: 0...UInt32.max, using: &random) & ~row.mask | row.value
            let near = word ^ 1 &<< UInt32.random(in: 0..<32, using: &random)
            words.append(
                count < 120 ? word : count < 180 ? near : near ^ 1 &<< UInt32.random(in: 0..<32, using: &random))
        }
    }
    for _ in 0..<60_000 {
        let word = UInt32.random(in: 0...UInt32.max, using: &random)
        words += [word, word & 0x003F_FFFF | 0xD500_0000, word & 0x51FF_FFFF | 0x0E00_0000]
    }
    return words
}

/// What objdump calls each word; nil where it is undefined.
private func disassemble(_ words: [UInt32]) throws -> [String?] {
    let file = FileManager.default.temporaryDirectory.appending(path: "lyrebird-\(UUID().uuidString).bin")
    defer { try? FileManager.default.removeItem(at: file) }
    try words.withUnsafeBytes { try Data($0).write(to: file) }
    let process = Process()
    process.executableURL = URL(filePath: objdump)
    process.arguments = ["-D", "-z", "-b", "binary", "-m", "aarch64", "--no-show-raw-insn", file.path()]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    // A line is:   7c: TAB mnemonic TAB operands. What follows a dot is a condition.
    let (tab, dot, newline) = (UInt8(ascii: "\t"), UInt8(ascii: "."), UInt8(ascii: "\n"))
    return [UInt8](output).split(separator: newline).compactMap { line -> String?? in
        let cells = line.split(separator: tab, maxSplits: 2)
        guard cells.count > 1, cells[0].last == UInt8(ascii: ":") else { return nil }
        let mnemonic = cells[1].prefix { $0 != dot && $0 != UInt8(ascii: " ") }
        let text = String(decoding: mnemonic, as: UTF8.self)
        return .some(text.isEmpty || text == "udf" ? nil : text)
    }
}

@Test(.enabled(if: FileManager.default.isExecutableFile(atPath: objdump), "needs binutils-aarch64-linux-gnu"))
func decoderAgreesWithObjdump() throws {
    let rows = try readSpec()
    let words = randomWords(rows)
    let mnemonics = try disassemble(words)
    try #require(mnemonics.count == words.count)
    var uses = [Int](repeating: 0, count: disagreements.count)
    var failures: [String] = []
    for (word, mnemonic) in zip(words, mnemonics) {
        let encoding = decode(word)
        if let encoding, let mnemonic {
            if rows[Int(encoding.rawValue)].isCalled(mnemonic) { continue }
        } else if encoding == nil, mnemonic == nil {
            continue
        }
        if let known = disagreements.firstIndex(where: { $0.holds(word, encoding, mnemonic) }) {
            uses[known] += 1
        } else {
            let hexadecimal = String(word, radix: 16)
            failures.append("\(hexadecimal): \(encoding?.name ?? "undefined"), objdump: \(mnemonic ?? "undefined")")
        }
    }
    #expect(failures.isEmpty, "\(failures.count) words, the first: \(failures.prefix(20).joined(separator: "; "))")
    for (known, count) in zip(disagreements, uses) where count == 0 {
        Issue.record("no word shows this disagreement any more: \(known.reason)")
    }
}
