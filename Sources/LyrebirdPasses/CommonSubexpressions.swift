// Common subexpressions: a pure operation with the same operands as an earlier one in the chain of blocks is the earlier
// one's value. The table forgets by a stamp, and an entry says where to look: what counts is the instruction found there.

import LyrebirdIR

extension Optimizer {
    @inline(__always)
    mutating func shareCommon(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) {
        var low = UInt64(i.opcode.rawValue) | UInt64(i.type.rawValue) &<< 16 | UInt64(i.aux) &<< 24 | UInt64(i.a) &<< 32
        var high = UInt64(i.b) | UInt64(i.c) &<< 32
        if i.opcode == .vconst {
            low ^= wide(Int(i.a), unit) ^ UInt64(i.a) &<< 32
            high = wide(Int(i.a) &+ 2, unit)
        }
        let mixed = (low &* 0x9E37_79B9_7F4A_7C15) ^ (high &* 0xC2B2_AE3D_27D4_EB4F)
        let hash = (mixed ^ mixed &>> 29) &* 0x9E37_79B9_7F4A_7C15
        var at = Int(truncatingIfNeeded: hash &>> UInt64(64 &- Optimizer.tableBits))
        for _ in 0..<4 {
            let entry = table[at]
            if entry.stamp != stamp { break }
            let other = unit.instructions[Int(entry.value)]
            if isSame(i, other, unit) {
                if uses[index] & Optimizer.flagsTaken == 0, burn() {
                    var i = i
                    replace(index, with: entry.value, &i, unit)
                }
                return
            }
            at = (at &+ 1) & (1 &<< Optimizer.tableBits &- 1)
        }
        // With all four taken, the last one is given up.
        table[at] = Stamped(stamp: stamp, value: UInt32(truncatingIfNeeded: index))
    }

    @inline(__always)
    private func isSame(_ i: Instruction, _ other: Instruction, _ unit: borrowing Unit) -> Bool {
        guard i.opcode == other.opcode, i.type == other.type, i.aux == other.aux else { return false }
        if i.opcode == .vconst {
            return wide(Int(i.a), unit) == wide(Int(other.a), unit)
                && wide(Int(i.a) &+ 2, unit) == wide(Int(other.a) &+ 2, unit)
        }
        return i.a == other.a && i.b == other.b && i.c == other.c
    }

    @inline(__always)
    func wide(_ at: Int, _ unit: borrowing Unit) -> UInt64 {
        UInt64(unit.pool[at]) | UInt64(unit.pool[at &+ 1]) &<< 32
    }
}
