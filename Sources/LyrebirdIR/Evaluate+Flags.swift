// Integer operations that keep some of the flags before them, as x86 has them; and the gathering of bits. A bit at a time, as the
// manual's pseudocode has it.

extension Evaluate {
    /// The value, and the flags, of an operation that keeps flags. What is undefined is here as the last step leaves it; A is 0.
    /// - Parameter f: the flags before.
    static func keeping(_ opcode: Opcode, _ type: Type, _ a: UInt64, by n: UInt64, _ f: UInt64) -> (UInt64, UInt64) {
        let top = UInt64(type.bits &- 1)
        let sign: UInt64 = 1 &<< top
        let count = n & (type == .i64 ? 63 : 31)
        if count == 0 { return (a, f) }
        var value = a
        var carry = f & Flags.c != 0 ? UInt64(1) : 0
        var before = a
        for _ in 0..<count {
            before = value
            let (high, low) = (value &>> top, value & 1)
            switch opcode {
            case .shlFlags: (value, carry) = (value &<< 1, high)
            case .rolFlags: (value, carry) = (value &<< 1 | high, high)
            case .rcl: (value, carry) = (value &<< 1 | carry, high)
            case .shrFlags: (value, carry) = (value &>> 1, low)
            case .sarFlags: (value, carry) = (value &>> 1 | value & sign, low)
            case .rorFlags: (value, carry) = (value &>> 1 | low &<< top, low)
            default: (value, carry) = (value &>> 1 | carry &<< top, low)
            }
            value = cut(value, type)
        }
        let overflow: UInt64 =
            switch opcode {
            case .shlFlags, .rolFlags, .rcl: value &>> top ^ carry
            case .shrFlags: before &>> top
            case .sarFlags: 0
            default: (value &>> top ^ value &>> (top &- 1)) & 1
            }
        let isShift = opcode == .shlFlags || opcode == .shrFlags || opcode == .sarFlags
        var bits = isShift ? resultFlags(value, type) : f & ~(Flags.c | Flags.v)
        if carry != 0 { bits |= Flags.c }
        if overflow != 0 { bits |= Flags.v }
        return (value, bits)
    }

    /// N, Z and P of a result.
    static func resultFlags(_ result: UInt64, _ type: Type) -> UInt64 {
        var bits = Flags.one
        if result &>> UInt64(type.bits &- 1) & 1 != 0 { bits |= Flags.n }
        if result == 0 { bits |= Flags.z }
        if (result & 0xFF).nonzeroBitCount & 1 == 0 { bits |= Flags.p }
        return bits
    }

    /// `f` with the bit `n` of `a` as C.
    public static func bitToCarry(_ f: UInt64, _ a: UInt64, _ n: UInt64, _ type: Type) -> UInt64 {
        f & ~Flags.c | (a &>> (n & UInt64(type.bits &- 1)) & 1) &* Flags.c
    }

    /// Bits from the low end to where the mask has ones, or the other way.
    static func gather(_ a: UInt64, _ mask: UInt64, deposit: Bool) -> UInt64 {
        var result: UInt64 = 0
        var rest = mask
        var place: UInt64 = 0
        while rest != 0 {
            let bit = UInt64(rest.trailingZeroBitCount)
            let (from, to) = deposit ? (place, bit) : (bit, place)
            result |= (a &>> from & 1) &<< to
            place &+= 1
            rest &= rest &- 1
        }
        return result
    }

    static func insert(_ a: UInt64, _ part: UInt64, _ source: Type, at n: UInt64) -> UInt64 {
        let mask = cut(.max, source) &<< n
        return a & ~mask | part &<< n & mask
    }
}
