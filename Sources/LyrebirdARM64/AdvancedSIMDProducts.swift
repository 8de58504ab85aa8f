// C4.1.96 Advanced SIMD: dot products and products of matrices of bytes (FEAT_DotProd, FEAT_I8MM), products of polynomials,
// and the estimates that are integers.

import LyrebirdIR

extension Lifter {
    // MARK: Dot products

    mutating func sdotVector(_ i: VectorThree) { addDot(i, v(i.rm), nSigned: true, mSigned: true) }
    mutating func udotVector(_ i: VectorThree) { addDot(i, v(i.rm), nSigned: false, mSigned: false) }
    mutating func usdotVector(_ i: VectorThree) { addDot(i, v(i.rm), nSigned: false, mSigned: true) }
    mutating func sdotElement(_ i: VectorElement) { addDot(i, nSigned: true, mSigned: true) }
    mutating func udotElement(_ i: VectorElement) { addDot(i, nSigned: false, mSigned: false) }
    mutating func sudotElement(_ i: VectorElement) { addDot(i, nSigned: true, mSigned: false) }
    mutating func usdotElement(_ i: VectorElement) { addDot(i, nSigned: false, mSigned: true) }

    private mutating func addDot(_ i: VectorThree, _ other: Value, nSigned: Bool, mSigned: Bool) {
        let dot = dot(v(i.rn), nSigned, other, mSigned)
        setV(i.rd, q: i.q, unit.vadd(.s, v(i.rd), dot))
    }

    /// Four bytes are an element, whatever the size says.
    private mutating func addDot(_ i: VectorElement, nSigned: Bool, mSigned: Bool) {
        let element = unit.vextract(.i32, .s, v(i.mrm), index: Int32(i.indexWord))
        addDot(VectorThree(word: i.word), unit.vsplat(.s, element), nSigned: nSigned, mSigned: mSigned)
    }

    /// For each word the sum of the products of its four bytes: those of the even bytes and those of the odd ones.
    private mutating func dot(_ a: Value, _ aSigned: Bool, _ b: Value, _ bSigned: Bool) -> Value {
        let even = unit.vmulAddPairs(evenBytes(a, aSigned), evenBytes(b, bSigned))
        return unit.vadd(.s, even, unit.vmulAddPairs(oddBytes(a, aSigned), oddBytes(b, bSigned)))
    }

    private mutating func evenBytes(_ value: Value, _ signed: Bool) -> Value {
        signed ? unit.vsar(.h, unit.vshl(.h, value, n: 8), n: 8) : unit.vand(value, splat(.h, 0xFF))
    }

    private mutating func oddBytes(_ value: Value, _ signed: Bool) -> Value {
        signed ? unit.vsar(.h, value, n: 8) : unit.vshr(.h, value, n: 8)
    }

    // MARK: Matrices: two rows of eight bytes by two columns

    mutating func smmla(_ i: VectorThree) { multiplyMatrices(i, nSigned: true, mSigned: true) }
    mutating func ummla(_ i: VectorThree) { multiplyMatrices(i, nSigned: false, mSigned: false) }
    mutating func usmmla(_ i: VectorThree) { multiplyMatrices(i, nSigned: false, mSigned: true) }

    private mutating func multiplyMatrices(_ i: VectorThree, nSigned: Bool, mSigned: Bool) {
        let a = v(i.rn)
        let b = v(i.rm)
        let upper = dot(unit.vzipLow(.d, a, a), nSigned, b, mSigned)
        let lower = dot(unit.vzipHigh(.d, a, a), nSigned, b, mSigned)
        let sums = unit.vadd(.s, unit.vunzipEven(.s, upper, lower), unit.vunzipOdd(.s, upper, lower))
        setV(i.rd, unit.vadd(.s, v(i.rd), sums))
    }

    // MARK: Polynomials over {0, 1}

    mutating func pmul(_ i: VectorThree) { setV(i.rd, q: i.q, polynomialProduct(.b, v(i.rn), v(i.rm))) }

    mutating func pmull(_ i: VectorThree) {
        let a = widened(.b, v(i.rn), upper: i.q, signed: false)
        let b = widened(.b, v(i.rm), upper: i.q, signed: false)
        setV(i.rd, polynomialProduct(.h, a, unit.vshl(.h, b, n: 8)))
    }

    mutating func pmullDoubleword(_ i: VectorThree) {
        setV(i.rd, unit.vmulCarryless(v(i.rn), v(i.rm), half: i.q ? 3 : 0))
    }

    /// Horner's rule over the eight highest bits of b's lanes.
    private mutating func polynomialProduct(_ lane: Lane, _ a: Value, _ b: Value) -> Value {
        let zero = zeroVector()
        var bits = b
        var result = unit.vand(a, unit.vcmpGTS(lane, zero, bits))
        for _ in 1..<8 {
            bits = unit.vadd(lane, bits, bits)
            let term = unit.vand(a, unit.vcmpGTS(lane, zero, bits))
            result = unit.vxor(unit.vadd(lane, result, result), term)
        }
        return result
    }

    // MARK: Estimates

    mutating func urecpe(_ i: VectorTwo) { setV(i.rd, q: i.q, unit.vrecipEstimateU(v(i.rn))) }
    mutating func ursqrte(_ i: VectorTwo) { setV(i.rd, q: i.q, unit.vrsqrtEstimateU(v(i.rn))) }
}
