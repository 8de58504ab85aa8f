// What the manual leaves undefined of the flags behind an instruction (SDM volume 1, appendix A), which is not compared. Where it
// depends on a count it is asked for the registers, too.

import LyrebirdX86

enum StatusFlags {
    static let carry: UInt64 = 1
    static let parity: UInt64 = 4
    static let adjust: UInt64 = 0x10
    static let zero: UInt64 = 0x40
    static let sign: UInt64 = 0x80
    static let overflow: UInt64 = 0x800
    static let all = carry | parity | adjust | zero | sign | overflow
}

extension ExecutionCase {
    var undefinedFlags: UInt64 {
        typealias F = StatusFlags
        if !others.isEmpty { return undefined }
        switch instruction.mnemonic {
        case .and, .or, .xor, .test: return F.adjust
        case .mul, .imul: return F.sign | F.zero | F.adjust | F.parity
        case .div, .idiv: return F.all
        case .bt, .bts, .btr, .btc: return F.overflow | F.sign | F.adjust | F.parity
        case .bsf, .bsr: return F.all & ~F.zero
        case .tzcnt, .lzcnt: return F.overflow | F.sign | F.adjust | F.parity
        case .andn, .blsi, .blsr, .blsmsk, .bzhi: return F.adjust | F.parity
        case .bextr: return F.adjust | F.sign | F.parity
        case .shl, .shr, .sar:
            guard let count, count > 0 else { return 0 }
            // Of a count of more bits than there are, CF is undefined; SAR's is the sign.
            let isBeyond = count >= 8 * UInt64(instruction.operand(0).size) && instruction.mnemonic != .sar
            return F.adjust | (count == 1 ? 0 : F.overflow) | (isBeyond ? F.carry : 0)
        case .shld, .shrd:
            guard let count, count > 0 else { return 0 }
            return F.adjust | (count == 1 ? 0 : F.overflow)
        case .rol, .ror, .rcl, .rcr:
            guard let count, count > 0 else { return 0 }
            return count == 1 ? 0 : F.overflow
        default: return 0
        }
    }

    /// By how much is shifted, as far as the CPU takes notice.
    private var count: UInt64? {
        let operand = instruction.operand(instruction.operandCount - 1)
        let mask: UInt64 = instruction.operand(0).size == 8 ? 63 : 31
        switch operand.kind {
        case .general: return registers[1] & mask
        case .implied: return 1
        case .immediate: return UInt64(bitPattern: instruction.immediate) & mask
        default: return nil
        }
    }
}
