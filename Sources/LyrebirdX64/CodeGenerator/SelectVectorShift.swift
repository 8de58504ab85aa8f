// Shifts of lanes by the lanes of another vector, to the left or, where the amount is negative, to the right. AVX2 has them
// for wide lanes; those of 16 bits are products with powers of two, and those of 8 bits are made of two times 16.

import LyrebirdIR

extension CodeGenerator {
    mutating func selectVectorShift(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) {
        if i.lane == .h { return shiftHalfwords(index, i) }
        if i.lane == .b { return shiftBytes(index, i) }
        guard hasAVX, contract.features.contains(.avx2) else { return floatByCall(index, i, unit) }
        shiftWide(index, i)
    }

    /// AVX2 gives zeros for amounts that are too large: one of a shift to the left by n and one to the right by -n is what is
    /// wanted, and the other is zero. A shift to the right of the sign is one of the complement.
    private mutating func shiftWide(_ index: Int, _ i: Instruction) {
        let isDouble = i.lane == .d
        let source = useVector(Int(values[Int(i.a)].representative))
        let amounts = useVector(Int(values[Int(i.b)].representative))
        let mask = scratchVector()
        let left = scratchVector()
        let right = scratchVector()
        let result = allocateVector(for: index)
        materialize(mask, 0xFF, isDouble ? 0 : 0xFF, 0xFF, isDouble ? 0 : 0xFF)
        three(.pand, left, amounts, mask)
        three(.pxor, right, right, right)
        three(isDouble ? .psubq : .psubd, right, right, left)
        three(.pand, right, right, mask)
        // Amounts are bytes: of n and -n one is 128 or more, or both are zero or both 128.
        three(isDouble ? .vpsllvq : .vpsllvd, left, source, left)
        if i.opcode == .vshiftU {
            three(isDouble ? .vpsrlvq : .vpsrlvd, right, source, right)
            return three(.por, result, left, right)
        }
        // The sign in all bits, the number made positive by it, shifted, and complemented again.
        three(.pxor, mask, mask, mask)
        three(isDouble ? .pcmpgtq : .pcmpgtd, mask, mask, source)
        three(.pxor, result, source, mask)
        three(isDouble ? .vpsrlvq : .vpsrlvd, right, result, right)
        three(.pxor, right, right, mask)
        // Only where the shift is to the right: the byte's highest bit, brought to the lane's.
        shift(isDouble ? .psllqImm : .pslldImm, mask, amounts, isDouble ? 56 : 24)
        three(.pxor, result, result, result)
        three(isDouble ? .pcmpgtq : .pcmpgtd, result, result, mask)
        three(.pand, right, right, result)
        three(.pandn, result, result, left)
        three(.por, result, result, right)
    }

    // MARK: Narrow lanes

    private mutating func shiftHalfwords(_ index: Int, _ i: Instruction) {
        let source = useVector(Int(values[Int(i.a)].representative))
        let amounts = useVector(Int(values[Int(i.b)].representative))
        let result = allocateVector(for: index)
        shiftHalfwords(result, source, amounts, ShiftScratch(&self), signed: i.opcode == .vshiftS)
    }

    /// The even bytes and the odd ones, extended.
    private mutating func shiftBytes(_ index: Int, _ i: Instruction) {
        let source = useVector(Int(values[Int(i.a)].representative))
        let amounts = useVector(Int(values[Int(i.b)].representative))
        let scratch = ShiftScratch(&self)
        let part = scratchVector()
        let upper = scratchVector()
        let result = allocateVector(for: index)
        let isSigned = i.opcode == .vshiftS
        let extend: SSEOpcode = isSigned ? .psrawImm : .psrlwImm
        shift(extend, part, source, 8)
        shift(.psrlwImm, upper, amounts, 8)
        shiftHalfwords(result, part, upper, scratch, signed: isSigned)
        shift(.psllwImm, upper, result, 8)
        shift(.psllwImm, part, source, 8)
        shift(extend, part, part, 8)
        shiftHalfwords(result, part, amounts, scratch, signed: isSigned)
        shift(.psllwImm, result, result, 8)
        shift(.psrlwImm, result, result, 8)
        three(.por, result, result, upper)
    }

    private struct ShiftScratch {
        let amount: XMM
        let power: XMM
        let quotient: XMM
        let mask: XMM
        let number: XMM

        init(_ generator: inout CodeGenerator) {
            amount = generator.scratchVector()
            power = generator.scratchVector()
            quotient = generator.scratchVector()
            mask = generator.scratchVector()
            number = generator.scratchVector()
        }
    }

    /// With n the amount, the power is 2^(n mod 16). The low half of a product with it is a shift to the left where n / 16 is 0,
    /// the high half one to the right where it is -1.
    private mutating func shiftHalfwords(
        _ to: XMM, _ source: XMM, _ amounts: XMM, _ scratch: ShiftScratch, signed: Bool
    ) {
        let (amount, power, quotient, mask) = (scratch.amount, scratch.power, scratch.quotient, scratch.mask)
        shift(.psllwImm, amount, amounts, 8)
        shift(.psrawImm, amount, amount, 8)
        // The power's low bytes and high bytes from tables, by the low byte of each lane.
        materialize(mask, 0x000F_000F, 0x000F_000F, 0x000F_000F, 0x000F_000F)
        three(.pand, mask, mask, amount)
        materialize(to, 0x8000_8000, 0x8000_8000, 0x8000_8000, 0x8000_8000)
        three(.por, mask, mask, to)
        materialize(power, 0x0804_0201, 0x8040_2010, 0, 0)
        three(.pshufb, power, power, mask)
        materialize(to, 0, 0, 0x0804_0201, 0x8040_2010)
        three(.pshufb, to, to, mask)
        shift(.psllwImm, to, to, 8)
        three(.por, power, power, to)

        shift(.psrawImm, quotient, amount, 4)
        three(.pmullw, to, source, power)
        three(.pxor, mask, mask, mask)
        three(.pcmpeqw, mask, mask, quotient)
        three(.pand, to, to, mask)
        three(.pcmpeqw, mask, mask, mask)
        three(.pcmpeqw, quotient, quotient, mask)
        if signed {
            // The complement of a negative number is shifted, and complemented again.
            shift(.psrawImm, mask, source, 15)
            three(.pxor, scratch.number, source, mask)
            three(.pmulhuw, power, power, scratch.number)
            three(.pand, power, power, quotient)
            three(.pxor, power, power, mask)
            shift(.psrawImm, amount, amount, 15)
            three(.pand, power, power, amount)
        } else {
            three(.pmulhuw, power, power, source)
            three(.pand, power, power, quotient)
        }
        three(.por, to, to, power)
    }
}
