// The decoder's text against objdump's. The two write some things in their own ways; what is left after these is compared word
// by word: mnemonics, registers, sizes, segments, and every number.

import LyrebirdX86

struct Comparison {
    let spec: [SpecRow]

    /// What the two texts differ in, or nil.
    func difference(_ instruction: DecodedInstruction, at address: UInt64, _ other: String) -> String? {
        let ours = words(instruction.text(at: address))
        let theirs = words(other)
        let row = spec[Int(instruction.row.number)]
        // objdump marks some operand sizes by a letter.
        let names = [ours.mnemonic, row.name] + row.mnemonics
        guard
            names.contains(where: {
                ["", "w", "d", "q"].contains(theirs.mnemonic.dropFirst($0.count)) && theirs.mnemonic.hasPrefix($0)
            })
        else {
            return "mnemonic"
        }
        guard ours.operands.count == theirs.operands.count else { return "operands" }
        for (mine, other) in zip(ours.operands, theirs.operands) where !isSame(mine, other, instruction) {
            return "operand"
        }
        return nil
    }

    private static let sizes: Set<Substring> = [
        "byte", "word", "dword", "fword", "qword", "tbyte", "xmmword", "ymmword",
    ]

    private func isSame(_ mine: [Substring], _ other: [Substring], _ instruction: DecodedInstruction) -> Bool {
        var (mine, other) = (mine, other)
        // Where only one says how wide memory is, nobody asks: LEA, prefetches, MOV with an offset.
        if mine.isEmpty || other.isEmpty || Comparison.sizes.contains(mine[0]) != Comparison.sizes.contains(other[0]) {
            mine.removeAll { Comparison.sizes.contains($0) }
            other.removeAll { Comparison.sizes.contains($0) }
        }
        guard mine.count == other.count else { return false }
        return zip(mine, other).allSatisfy { a, b in
            if a == b { return true }
            guard let x = number(a), let y = number(b) else { return false }
            if x == y { return true }
            // Numbers are written with and without their sign.
            let sizes = (0..<instruction.operandCount).map(instruction.operand).filter { $0.kind == .immediate }.map(
                \.size)
            return (sizes + [instruction.operandSize, instruction.addressSize]).contains { size in
                size < 8 && (x &- y) & ((1 << (UInt64(size) * 8)) - 1) == 0
            }
        }
    }

    private func number(_ word: Substring) -> UInt64? {
        let digits = word.drop { $0 == "-" || $0 == "+" }
        let value = digits.hasPrefix("0x") ? UInt64(digits.dropFirst(2), radix: 16) : UInt64(digits)
        return value.map { word.first == "-" ? 0 &- $0 : $0 }
    }

    private static let prefixes: Set<Substring> = [
        "rep", "repe", "repz", "repne", "repnz", "lock", "bnd", "notrack", "xacquire", "xrelease", "data16", "data32",
        "addr16",
        "addr32", "es", "cs", "ss", "ds", "fs", "gs", "rex",
    ]

    /// The mnemonic, and the words of each operand: `dword`, `fs:`, `[`, `rax`, `-0x10`, `]`.
    private func words(_ text: String) -> (mnemonic: String, operands: [[Substring]]) {
        var rest = text.prefix { $0 != "#" && $0 != "<" }[...]
        var mnemonic: Substring = ""
        repeat {
            rest = rest.drop { $0 == " " }
            mnemonic = rest.prefix { $0 != " " }
            rest = rest.dropFirst(mnemonic.count)
        } while (Comparison.prefixes.contains(mnemonic) || mnemonic.hasPrefix("rex.")) && rest.contains { $0 != " " }
        return (String(mnemonic), rest.split(separator: ",").map(operandWords))
    }

    /// Registers, sizes, segments, and numbers with their sign. What stands between them is the same for all.
    private func operandWords(_ text: Substring) -> [Substring] {
        var words: [Substring] = []
        var sign = ""
        for part in text.lowercased().split(whereSeparator: { " []:".contains($0) }) {
            var rest = part
            while let first = rest.first {
                if first == "+" || first == "-" {
                    sign = String(first)
                    rest = rest.dropFirst()
                    continue
                }
                let word = rest.prefix { $0 != "+" && $0 != "-" }
                rest = rest.dropFirst(word.count)
                // A displacement of zero, no scale, and the top of the x87's stack go without saying.
                if sign != "+" || word != "0x0" { words.append(Substring((sign == "-" ? sign : "") + spelled(word))) }
                sign = ""
            }
        }
        return words.filter { !$0.isEmpty && $0 != "ptr" && $0 != "ds" }
    }

    private func spelled(_ word: Substring) -> Substring {
        if word == "oword" { return "xmmword" }
        return word == "st(0)"
            ? "st"
            : word.hasPrefix("eiz") || word.hasPrefix("riz") ? "" : word.hasSuffix("*1") ? word.dropLast(2) : word
    }
}
