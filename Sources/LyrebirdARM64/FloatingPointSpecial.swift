// C4.1.96 Floating point and Advanced SIMD: estimates and steps of Newton's method, extended products, rounding to odd and to
// integers of a size (FEAT_FRINTTS), complex numbers (FEAT_FCMA) and JavaScript's conversion (FEAT_JSCVT).

import LyrebirdIR

extension Lifter {
    // MARK: Products and steps

    mutating func fmulxVector(_ i: VectorThree) {
        setV(i.rd, q: i.q, unit.vfmulExtended(i.lane, operand(i.rn, q: i.q), operand(i.rm, q: i.q)))
    }

    mutating func fmulxElement(_ i: VectorElement) {
        setV(i.rd, q: i.q, unit.vfmulExtended(i.lane, operand(i.rn, q: i.q), element(i)))
    }

    mutating func fmulxSIMDScalar(_ i: SIMDScalarThree) {
        setV(i.rd, unit.fmulExtended(i.lane, v(i.rn), v(i.rm)))
    }

    mutating func fmulxElementSIMDScalar(_ i: SIMDScalarElement) {
        let element = element(i)
        setV(i.rd, unit.fmulExtended(i.lane, v(i.rn), element))
    }

    mutating func frecpsVector(_ i: VectorThree) {
        setV(i.rd, q: i.q, unit.vfrecipStep(i.lane, operand(i.rn, q: i.q), operand(i.rm, q: i.q)))
    }

    mutating func frsqrtsVector(_ i: VectorThree) {
        setV(i.rd, q: i.q, unit.vfrsqrtStep(i.lane, operand(i.rn, q: i.q), operand(i.rm, q: i.q)))
    }

    mutating func frecpsSIMDScalar(_ i: SIMDScalarThree) {
        setV(i.rd, unit.frecipStep(i.lane, v(i.rn), v(i.rm)))
    }

    mutating func frsqrtsSIMDScalar(_ i: SIMDScalarThree) {
        setV(i.rd, unit.frsqrtStep(i.lane, v(i.rn), v(i.rm)))
    }

    // MARK: Estimates

    mutating func frecpeVector(_ i: VectorTwo) { setV(i.rd, q: i.q, unit.vfrecipEstimate(i.lane, estimated(i))) }
    mutating func frsqrteVector(_ i: VectorTwo) { setV(i.rd, q: i.q, unit.vfrsqrtEstimate(i.lane, estimated(i))) }
    mutating func frecpeSIMDScalar(_ i: SIMDScalarTwo) { setV(i.rd, unit.frecipEstimate(i.lane, v(i.rn))) }
    mutating func frsqrteSIMDScalar(_ i: SIMDScalarTwo) { setV(i.rd, unit.frsqrtEstimate(i.lane, v(i.rn))) }
    mutating func frecpx(_ i: SIMDScalarTwo) { setV(i.rd, unit.frecipExponent(i.lane, v(i.rn))) }

    /// Above a vector of 64 bits are ones: zeros would raise an exception.
    private mutating func estimated(_ i: VectorTwo) -> Value {
        let lane = i.lane
        return i.q ? v(i.rn) : unit.vzipLow(.d, v(i.rn), splat(lane, powerOfTwo(lane, 0)))
    }

    // MARK: Rounding

    mutating func fcvtxnVector(_ i: VectorTwo) {
        let narrow = unit.vfconvertOdd(.d, v(i.rn))
        setV(i.rd, i.q ? unit.vzipLow(.d, v(i.rd), narrow) : narrow)
    }

    mutating func fcvtxnSIMDScalar(_ i: SIMDScalarTwo) { setV(i.rd, unit.fconvertOdd(.d, v(i.rn))) }

    mutating func frint32zVector(_ i: VectorTwo) { roundToInteger(i, kind: 0) }
    mutating func frint32xVector(_ i: VectorTwo) { roundToInteger(i, kind: 1) }
    mutating func frint64zVector(_ i: VectorTwo) { roundToInteger(i, kind: 2) }
    mutating func frint64xVector(_ i: VectorTwo) { roundToInteger(i, kind: 3) }
    mutating func frint32zScalar(_ i: FloatOneSource) { roundToInteger(i, kind: 0) }
    mutating func frint32xScalar(_ i: FloatOneSource) { roundToInteger(i, kind: 1) }
    mutating func frint64zScalar(_ i: FloatOneSource) { roundToInteger(i, kind: 2) }
    mutating func frint64xScalar(_ i: FloatOneSource) { roundToInteger(i, kind: 3) }

    private mutating func roundToInteger(_ i: VectorTwo, kind: Int32) {
        setV(i.rd, q: i.q, unit.vfroundInteger(i.lane, operand(i.rn, q: i.q), kind: kind))
    }

    private mutating func roundToInteger(_ i: FloatOneSource, kind: Int32) {
        setV(i.rd, unit.froundInteger(i.ptype == 0 ? .s : .d, v(i.rn), kind: kind))
    }

    /// Z says whether nothing was lost; the other flags are cleared.
    mutating func fjcvtzs(_ i: IntegerConversion) {
        let number = unit.vextract(.i64, .d, unit.ftointModulo(.d, v(i.rn)), index: 0)
        let isExact = unit.trunc(.i32, unit.shr(number, const(32)))
        setRegister(i.rd, false, unit.trunc(.i32, number))
        setNZCV(unit.shl(isExact, const32(30)))
    }

    // MARK: Complex numbers: a real part, and the imaginary one in the next lane

    /// b is multiplied by i or by -i and added to a.
    mutating func fcadd(_ i: VectorComplex) {
        let lane = lane(i.size)
        let other = unit.vxor(
            exchangedParts(lane, operand(i.rm, q: i.q)), signs(lane, real: !i.rot12, imaginary: i.rot12))
        setV(i.rd, q: i.q, unit.vfadd(lane, operand(i.rn, q: i.q), other))
    }

    mutating func fcmla(_ i: VectorComplex) {
        addComplexProduct(i.rd, i.q, lane(i.size), operand(i.rn, q: i.q), operand(i.rm, q: i.q), rotation: i.rot)
    }

    mutating func fcmlaElement(_ i: VectorElement) {
        let isHalf = i.size == 1
        let pair = everywhere(isHalf ? .s : .d, v(i.mrm), isHalf ? i.indexWord : i.indexWord &>> 1)
        let other = i.q ? pair : lowHalf(pair)
        addComplexProduct(i.rd, i.q, isHalf ? .h : .s, operand(i.rn, q: i.q), other, rotation: i.rot)
    }

    /// Half of a complex product: one part of a times b, which is turned by the rotation's quarters.
    private mutating func addComplexProduct(
        _ rd: Int, _ q: Bool, _ lane: Lane, _ a: Value, _ b: Value, rotation: Int
    ) {
        let isImaginary = rotation & 1 == 1
        var other = isImaginary ? exchangedParts(lane, b) : b
        if rotation != 0 {
            let signs = signs(lane, real: rotation == 1 || rotation == 2, imaginary: rotation >= 2)
            other = unit.vxor(other, signs)
        }
        setV(rd, q: q, unit.vfmulAdd(lane, part(lane, a, isImaginary), other, operand(rd, q: q)))
    }

    private mutating func exchangedParts(_ lane: Lane, _ value: Value) -> Value {
        unit.vreverse(lane, value, group: Int32(lane.rawValue) &+ 1)
    }

    /// Sign bits of the real parts, of the imaginary ones, or of both.
    private mutating func signs(_ lane: Lane, real: Bool, imaginary: Bool) -> Value {
        let sign: UInt64 = 1 &<< 63
        if lane == .d { return unit.vconst(low: real ? sign : 0, high: imaginary ? sign : 0) }
        let half = lane == .h ? sign &>> 32 : sign
        let both = (real ? half &>> (lane == .h ? 16 : 32) : 0) | (imaginary ? half : 0)
        return splat(lane == .h ? .s : .d, both)
    }

    /// One part of each number, in both places.
    private mutating func part(_ lane: Lane, _ value: Value, _ isImaginary: Bool) -> Value {
        if lane == .d { return isImaginary ? unit.vzipHigh(.d, value, value) : unit.vzipLow(.d, value, value) }
        let pairs =
            isImaginary ? unit.vunzipOdd(lane, value, value) : unit.vunzipEven(lane, value, value)
        return unit.vzipLow(lane, pairs, pairs)
    }
}
