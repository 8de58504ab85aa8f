// Byte strings for the decoder. Some are random, some are escapes and opcodes behind random prefixes, and most are made from a
// row of the spec, so that every encoding is met in every form, with prefixes that belong and prefixes that do not.

import LyrebirdX86

/// SplitMix64, so that a seed names a string.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z &>> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z &>> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z &>> 31)
    }
}

struct CodeGenerator {
    private var random: SplitMix
    private let mode: Mode
    private let rows: [SpecRow]
    private var count = 0

    init(seed: UInt64, mode: Mode, rows: [SpecRow]) {
        random = SplitMix(state: seed)
        self.mode = mode
        self.rows = rows
    }

    mutating func string() -> CodeString {
        count += 1
        let head: [UInt8]
        switch count % 8 {
        case 0: head = []
        case 1: head = prefixes() + opcode()
        default: head = row(rows[count % rows.count])
        }
        return CodeString(mode: mode, bytes: Array((head + randomBytes(15)).prefix(15)))
    }

    /// A string that begins with an encoding of the row, as a rule.
    mutating func string(of row: SpecRow) -> CodeString {
        CodeString(mode: mode, bytes: Array((self.row(row) + randomBytes(15)).prefix(15)))
    }

    // MARK: Rows

    /// An encoding of the row, without what follows ModRM.
    private mutating func row(_ row: SpecRow) -> [UInt8] {
        var words = row.encoding[...]
        var head: [UInt8] = []
        if words.first!.hasPrefix("VEX.") {
            // Gathers have a SIB byte, which addresses of 16 bits have not.
            if row.tags.contains("vsib") && mode.codeSize == .bits16 { head.append(0x67) }
            head += vex(
                words.removeFirst().split(separator: "."), hasVvvv: row.operands.contains { "BH".contains($0.first!) })
        } else {
            head = chance(6) ? [0xF0] : prefixes()
            if words.count > 1, let byte = ["66": 0x66, "F3": 0xF3, "F2": 0xF2][words.first!] as UInt8? {
                head.append(byte)
                words.removeFirst()
            } else if words.first!.hasPrefix("N") {
                words.removeFirst()
            }
            head += rex(row)
            switch words.first! {
            case "0F" where words.count > 1: head.append(0x0F)
            case "0F38": head += [0x0F, 0x38]
            case "0F3A": head += [0x0F, 0x3A]
            default: words.insert("", at: words.startIndex)
            }
            words.removeFirst()
        }
        let opcode = words.removeFirst().split(separator: "+")
        var byte = UInt8(opcode[0], radix: 16)!
        if opcode.count > 1 { byte += UInt8.random(in: 0..<(opcode[1] == "cc" ? 16 : 8), using: &random) }
        head.append(byte)
        for word in words where word.count > 1 && word != "W1" && word != "B0" { head.append(modRM(word, row)) }
        return head
    }

    private mutating func modRM(_ word: String, _ row: SpecRow) -> UInt8 {
        var byte = UInt8.random(in: 0...255, using: &random)
        if let last = word.last, word.contains("/") {
            if last != "r" { byte = byte & 0xC7 | UInt8(String(last))! << 3 }
            if word.hasPrefix("11") { byte |= 0xC0 }
            // What wants a register or memory gets it most of the time; gathers want SIB.
            if !chance(8) {
                let isMemory = row.operands.contains { $0.hasPrefix("M") }
                if isMemory && byte >= 0xC0 { byte &= 0x7F }
                if row.operands.contains(where: { "NRU".contains($0.first!) }) { byte |= 0xC0 }
                if row.tags.contains("vsib") { byte = byte & 0xF8 | 4 }
            }
            return byte
        }
        byte = UInt8(word.prefix(2), radix: 16)!
        return word.hasSuffix("+i") ? byte + UInt8.random(in: 0..<8, using: &random) : byte
    }

    /// A VEX prefix as the row wants it, or nearly.
    private mutating func vex(_ words: [Substring], hasVvvv: Bool) -> [UInt8] {
        var last: UInt8 = ["NP": 0, "66": 1, "F3": 2, "F2": 3][words[2]]!
        switch words[1] {
        case "128", "LZ": last |= 0
        case "256": last |= 4
        default: last |= chance(2) ? 4 : 0
        }
        if chance(6) { last ^= 4 }
        last |= hasVvvv || chance(6) ? UInt8.random(in: 0..<16, using: &random) << 3 : 0x78
        var wide = words.last == "W1" || words.last != "W0" && chance(2)
        if chance(6) { wide.toggle() }
        let map: UInt8 = ["0F": 1, "0F38": 2, "0F3A": 3][words[3]]!
        let is64 = mode.codeSize == .bits64
        let others = chance(8) ? prefixes() : segments()
        if map == 1 && !wide && chance(2) {
            return others + [0xC5, last | (is64 ? (chance(2) ? 0x80 : 0) : 0xC0)]
        }
        let high = is64 ? UInt8.random(in: 0...7, using: &random) << 5 : chance(2) ? 0xC0 : 0xE0
        return others + [0xC4, high | map, last | (wide ? 0x80 : 0)]
    }

    private mutating func rex(_ row: SpecRow) -> [UInt8] {
        guard mode.codeSize == .bits64 && chance(2) else { return [] }
        return [UInt8.random(in: 0x40...0x4F, using: &random)]
    }

    // MARK: Anything

    private mutating func prefixes() -> [UInt8] {
        let bytes: [UInt8] = [
            0x66, 0x66, 0x66, 0x67, 0x67, 0xF2, 0xF2, 0xF3, 0xF3, 0xF0, 0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65,
        ]
        guard chance(2) else { return [] }
        var result: [UInt8] = []
        for _ in 0..<Int.random(in: 1...(chance(12) ? 14 : 2), using: &random) {
            result.append(bytes.randomElement(using: &random)!)
            if chance(12) { result.append(UInt8.random(in: 0x40...0x4F, using: &random)) }
        }
        return result
    }

    private mutating func segments() -> [UInt8] {
        chance(2) ? [] : [[0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65, 0x67].randomElement(using: &random)!]
    }

    /// What comes before an opcode.
    private mutating func opcode() -> [UInt8] {
        let head: [UInt8] = mode.codeSize == .bits64 && chance(2) ? [UInt8.random(in: 0x40...0x4F, using: &random)] : []
        let escapes: [[UInt8]] = [[], [0x0F], [0x0F, 0x38], [0x0F, 0x3A], [0xC5], [0xC4], [0x62], [0x8F]]
        return head + escapes.randomElement(using: &random)!
    }

    private mutating func randomBytes(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<count { bytes.append(UInt8.random(in: 0...255, using: &random)) }
        return bytes
    }

    private mutating func chance(_ n: Int) -> Bool { Int.random(in: 0..<n, using: &random) == 0 }
}
