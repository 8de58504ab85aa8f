// C4.1.96 Advanced SIMD: products of half precision and of BF16 that are added in single precision (FEAT_FHM, FEAT_BF16), and
// conversions to BF16.

import LyrebirdIR

extension Lifter {
    // MARK: FEAT_FHM: one half of the factors, which are half as many bits as the sums

    mutating func fmlalVector(_ i: VectorThree) { addWideProducts(i, upper: false, negated: false) }
    mutating func fmlslVector(_ i: VectorThree) { addWideProducts(i, upper: false, negated: true) }
    mutating func fmlal2Vector(_ i: VectorThree) { addWideProducts(i, upper: true, negated: false) }
    mutating func fmlsl2Vector(_ i: VectorThree) { addWideProducts(i, upper: true, negated: true) }
    mutating func fmlalElement(_ i: VectorElement) { addWideProducts(i, upper: false, negated: false) }
    mutating func fmlslElement(_ i: VectorElement) { addWideProducts(i, upper: false, negated: true) }
    mutating func fmlal2Element(_ i: VectorElement) { addWideProducts(i, upper: true, negated: false) }
    mutating func fmlsl2Element(_ i: VectorElement) { addWideProducts(i, upper: true, negated: true) }

    private mutating func addWideProducts(_ i: VectorThree, upper: Bool, negated: Bool) {
        let other = factors(i.rm, i.q, upper)
        addWideProducts(i.rd, i.q, factors(i.rn, i.q, upper), other, negated)
    }

    private mutating func addWideProducts(_ i: VectorElement, upper: Bool, negated: Bool) {
        let element = everywhere(.h, v(i.rm), i.indexHalf)
        let other = i.q ? lowHalf(element) : lowLane(.s, element)
        addWideProducts(i.rd, i.q, factors(i.rn, i.q, upper), other, negated)
    }

    /// The halves of a register that are multiplied, lowest, with zeros above.
    private mutating func factors(_ number: Int, _ q: Bool, _ upper: Bool) -> Value {
        let value = v(number)
        if q { return upper ? unit.vzipHigh(.d, value, zeroVector()) : lowHalf(value) }
        return lowLane(.s, upper ? unit.vbytes(value, value, n: 4) : value)
    }

    private mutating func addWideProducts(_ rd: Int, _ q: Bool, _ a: Value, _ b: Value, _ negated: Bool) {
        let factor = negated ? negatedLanes(.h, a) : a
        setV(rd, q: q, unit.vfmulAddWide(.h, factor, b, operand(rd, q: q)))
    }

    // MARK: FEAT_BF16

    mutating func bfdotVector(_ i: VectorThree) {
        setV(i.rd, q: i.q, unit.vdotBrain(v(i.rn), v(i.rm), v(i.rd)))
    }

    mutating func bfdotElement(_ i: VectorElement) {
        let pair = everywhere(.s, v(i.mrm), i.indexWord)
        setV(i.rd, q: i.q, unit.vdotBrain(v(i.rn), pair, v(i.rd)))
    }

    /// Two rows of four by two columns of four: first the left halves, then the right ones.
    mutating func bfmmla(_ i: VectorThree) {
        let (a, b) = (v(i.rn), v(i.rm))
        var sum = v(i.rd)
        for n in 0..<2 {
            let rows = n == 1 ? unit.vunzipOdd(.s, a, a) : unit.vunzipEven(.s, a, a)
            let columns = n == 1 ? unit.vunzipOdd(.s, b, b) : unit.vunzipEven(.s, b, b)
            sum = unit.vdotBrain(unit.vzipLow(.s, rows, rows), columns, sum)
        }
        setV(i.rd, sum)
    }

    /// BFMLALB takes the even numbers, BFMLALT, which has q, the odd ones.
    mutating func bfmlalVector(_ i: VectorThree) {
        let other = brainNumbers(v(i.rm), odd: i.q)
        setV(i.rd, unit.vfmulAdd(.s, brainNumbers(v(i.rn), odd: i.q), other, v(i.rd)))
    }

    mutating func bfmlalElement(_ i: VectorElement) {
        let element = everywhere(.h, v(i.rm), i.indexHalf)
        let other = brainNumbers(element, odd: true)
        setV(i.rd, unit.vfmulAdd(.s, brainNumbers(v(i.rn), odd: i.q), other, v(i.rd)))
    }

    /// In single precision.
    private mutating func brainNumbers(_ value: Value, odd: Bool) -> Value {
        odd ? unit.vand(value, splat(.s, 0xFFFF_0000)) : unit.vshl(.s, value, n: 16)
    }

    mutating func bfcvt(_ i: FloatOneSource) { setV(i.rd, unit.vfconvertBrain(.s, lowLane(.s, v(i.rn)))) }

    mutating func bfcvtn(_ i: VectorTwo) {
        let narrow = unit.vfconvertBrain(.s, v(i.rn))
        setV(i.rd, i.q ? unit.vzipLow(.d, v(i.rd), narrow) : narrow)
    }
}
