// C4.1.95 Rotate right into flags, evaluate into flags, and C4.1.93 the PSTATE instructions that change flags: FEAT_FlagM and
// FEAT_FlagM2. They work on the flags as bits, but for CFINV.

import LyrebirdIR

extension Lifter {
    /// N, Z, C and V in bits 31 to 28, with zeros below.
    mutating func nzcv() -> Value {
        let bits = unit.flagsToBits(flags())
        let nz = unit.shl(unit.and(bits, const32(0xC000)), const32(16))
        let inverted = unit.xor(bits, const32(0x100))
        let c = unit.shl(unit.and(inverted, const32(0x100)), const32(21))
        let v = unit.shl(unit.and(bits, const32(1)), const32(28))
        let nzc = unit.or(nz, c)
        return unit.or(nzc, v)
    }

    /// Sets the flags to bits 31 to 28.
    mutating func setNZCV(_ value: Value) {
        let nz = unit.and(unit.shr(value, const32(16)), const32(0xC000))
        let inverted = unit.not(value)
        let c = unit.and(unit.shr(inverted, const32(21)), const32(0x100))
        let v = unit.and(unit.shr(value, const32(28)), const32(1))
        let nzc = unit.or(nz, c)
        let bits = unit.or(nzc, v)
        setFlags(unit.bitsToFlags(bits))
    }

    mutating func cfinv(_ i: ProcessorState) { setFlags(unit.cmc(flags())) }

    mutating func rmif(_ i: FlagManipulation) {
        let mask = UInt32(truncatingIfNeeded: i.mask) &<< 28
        let rotated = i.imm6 == 0 ? x(i.rn) : unit.ror(x(i.rn), const(UInt64(i.imm6)))
        let new = unit.and(unit.shl(unit.trunc(.i32, rotated), const32(28)), const32(mask))
        setNZCV(unit.or(unit.and(nzcv(), const32(~mask)), new))
    }

    mutating func setf8(_ i: FlagManipulation) { evaluate(i.rn, bits: 8) }
    mutating func setf16(_ i: FlagManipulation) { evaluate(i.rn, bits: 16) }

    /// N and Z of the low bits; V where the bit above them is another than their sign. C stays.
    private mutating func evaluate(_ rn: Int, bits: UInt32) {
        let value = register(rn, false)
        let c = unit.and(nzcv(), const32(1 &<< 29))
        let placed = unit.shl(value, const32(32 &- bits))
        let n = unit.and(placed, const32(1 &<< 31))
        let z = unit.shl(unit.cset(.i32, .eq, unit.flags(unit.and(placed, const32(.max)))), const32(30))
        let above = unit.xor(value, unit.shr(value, const32(1)))
        let v = unit.shl(unit.and(unit.shr(above, const32(bits &- 1)), const32(1)), const32(28))
        setNZCV(unit.or(unit.or(n, z), unit.or(c, v)))
    }

    /// The flags of a comparison as others have them: Z where operands are unordered, too.
    mutating func axflag(_ i: ProcessorState) {
        let bits = nzcv()
        let v = unit.and(bits, const32(1 &<< 28))
        let z = unit.and(unit.or(bits, unit.shl(v, const32(2))), const32(1 &<< 30))
        let c = unit.and(unit.andn(bits, unit.shl(v, const32(1))), const32(1 &<< 29))
        setNZCV(unit.or(z, c))
    }

    /// And back: N is not C and not Z, Z both, C either, V Z alone.
    mutating func xaflag(_ i: ProcessorState) {
        let bits = nzcv()
        let z = unit.and(unit.shr(bits, const32(30)), const32(1))
        let c = unit.and(unit.shr(bits, const32(29)), const32(1))
        let either = unit.or(z, c)
        let n = unit.shl(unit.xor(either, const32(1)), const32(31))
        let both = unit.shl(unit.and(z, c), const32(30))
        let alone = unit.shl(unit.andn(z, c), const32(28))
        setNZCV(unit.or(unit.or(n, both), unit.or(unit.shl(either, const32(29)), alone)))
    }
}
