// C4.1.96 Advanced SIMD: floating point in vectors.

import LyrebirdIR

// The lane of a floating-point instruction. The classes of half precision differ from the others in a bit that no other
// instruction with floating-point lanes has there.

extension VectorThree {
    var lane: Lane { word &>> 21 & 1 == 0 ? .h : sz ? .d : .s }
}
extension SIMDScalarThree {
    var lane: Lane { word &>> 21 & 1 == 0 ? .h : sz ? .d : .s }
}
extension VectorTwo {
    var lane: Lane { word &>> 19 & 1 == 1 ? .h : sz ? .d : .s }
}
extension SIMDScalarTwo {
    var lane: Lane { word &>> 19 & 1 == 1 ? .h : sz ? .d : .s }
    /// Of a pair.
    var pairLane: Lane { word &>> 29 & 1 == 0 ? .h : sz ? .d : .s }
}
extension VectorElement {
    var lane: Lane { word &>> 23 & 1 == 0 ? .h : sz ? .d : .s }
}
extension SIMDScalarElement {
    var lane: Lane { word &>> 23 & 1 == 0 ? .h : sz ? .d : .s }
}

extension Lifter {

    /// The sign of every lane inverted, or cleared.
    mutating func negatedLanes(_ lane: Lane, _ value: Value) -> Value {
        unit.vxor(value, splat(lane, ones(lane) ^ ones(lane) &>> 1))
    }

    mutating func absoluteLanes(_ lane: Lane, _ value: Value) -> Value {
        unit.vand(value, splat(lane, ones(lane) &>> 1))
    }

    /// A vector of 128 bits, or of 64 with zeros above: what is there is computed with, too, and must raise no exception.
    mutating func operand(_ number: Int, q: Bool) -> Value { q ? v(number) : lowHalf(v(number)) }

    // MARK: Three registers of the same type

    mutating func faddVector(_ i: VectorThree) {
        setV(i.rd, q: i.q, unit.vfadd(i.lane, operand(i.rn, q: i.q), operand(i.rm, q: i.q)))
    }
    mutating func fsubVector(_ i: VectorThree) {
        setV(i.rd, q: i.q, unit.vfsub(i.lane, operand(i.rn, q: i.q), operand(i.rm, q: i.q)))
    }
    mutating func fmulVector(_ i: VectorThree) {
        setV(i.rd, q: i.q, unit.vfmul(i.lane, operand(i.rn, q: i.q), operand(i.rm, q: i.q)))
    }
    mutating func fmaxVector(_ i: VectorThree) {
        setV(i.rd, q: i.q, unit.vfmax(i.lane, operand(i.rn, q: i.q), operand(i.rm, q: i.q)))
    }
    mutating func fminVector(_ i: VectorThree) {
        setV(i.rd, q: i.q, unit.vfmin(i.lane, operand(i.rn, q: i.q), operand(i.rm, q: i.q)))
    }

    /// Above a vector of 64 bits zero would be divided by zero, which takes the slow way.
    mutating func fdivVector(_ i: VectorThree) {
        let lane = i.lane
        var divisor = operand(i.rm, q: i.q)
        if !i.q { divisor = unit.vzipLow(.d, divisor, splat(lane, powerOfTwo(lane, 0))) }
        setV(i.rd, q: i.q, unit.vfdiv(lane, operand(i.rn, q: i.q), divisor))
    }

    mutating func fmaxnmVector(_ i: VectorThree) {
        setV(i.rd, q: i.q, unit.vfmaxNumber(i.lane, operand(i.rn, q: i.q), operand(i.rm, q: i.q)))
    }

    mutating func fminnmVector(_ i: VectorThree) {
        setV(i.rd, q: i.q, unit.vfminNumber(i.lane, operand(i.rn, q: i.q), operand(i.rm, q: i.q)))
    }

    mutating func fmlaVector(_ i: VectorThree) {
        setV(
            i.rd, q: i.q,
            unit.vfmulAdd(i.lane, operand(i.rn, q: i.q), operand(i.rm, q: i.q), operand(i.rd, q: i.q)))
    }

    mutating func fmlsVector(_ i: VectorThree) {
        let lane = i.lane
        let factor = negatedLanes(lane, operand(i.rn, q: i.q))
        setV(i.rd, q: i.q, unit.vfmulAdd(lane, factor, operand(i.rm, q: i.q), operand(i.rd, q: i.q)))
    }

    mutating func fabdVector(_ i: VectorThree) {
        let lane = i.lane
        setV(i.rd, q: i.q, absoluteLanes(lane, unit.vfsub(lane, operand(i.rn, q: i.q), operand(i.rm, q: i.q))))
    }

    // MARK: Comparisons

    mutating func fcmeqRegisterVector(_ i: VectorThree) {
        setV(i.rd, q: i.q, unit.vfcmpEQ(i.lane, operand(i.rn, q: i.q), operand(i.rm, q: i.q)))
    }

    mutating func fcmgeRegisterVector(_ i: VectorThree) {
        setV(i.rd, q: i.q, unit.vfcmpGE(i.lane, operand(i.rn, q: i.q), operand(i.rm, q: i.q)))
    }

    mutating func fcmgtRegisterVector(_ i: VectorThree) {
        setV(i.rd, q: i.q, unit.vfcmpGT(i.lane, operand(i.rn, q: i.q), operand(i.rm, q: i.q)))
    }

    mutating func facgeVector(_ i: VectorThree) {
        let lane = i.lane
        let a = absoluteLanes(lane, operand(i.rn, q: i.q))
        setV(i.rd, q: i.q, unit.vfcmpGE(lane, a, absoluteLanes(lane, operand(i.rm, q: i.q))))
    }

    mutating func facgtVector(_ i: VectorThree) {
        let lane = i.lane
        let a = absoluteLanes(lane, operand(i.rn, q: i.q))
        setV(i.rd, q: i.q, unit.vfcmpGT(lane, a, absoluteLanes(lane, operand(i.rm, q: i.q))))
    }

    mutating func fcmeqZeroVector(_ i: VectorTwo) {
        setV(i.rd, q: i.q, unit.vfcmpEQ(i.lane, operand(i.rn, q: i.q), zeroVector()))
    }

    mutating func fcmgeZeroVector(_ i: VectorTwo) {
        setV(i.rd, q: i.q, unit.vfcmpGE(i.lane, operand(i.rn, q: i.q), zeroVector()))
    }

    mutating func fcmgtZeroVector(_ i: VectorTwo) {
        setV(i.rd, q: i.q, unit.vfcmpGT(i.lane, operand(i.rn, q: i.q), zeroVector()))
    }

    mutating func fcmleZeroVector(_ i: VectorTwo) {
        setV(i.rd, q: i.q, unit.vfcmpGE(i.lane, zeroVector(), operand(i.rn, q: i.q)))
    }

    mutating func fcmltZeroVector(_ i: VectorTwo) {
        setV(i.rd, q: i.q, unit.vfcmpGT(i.lane, zeroVector(), operand(i.rn, q: i.q)))
    }

    // MARK: Pairwise and across lanes

    private enum Reduction { case add, max, min, maxNumber, minNumber }

    private mutating func combined(_ lane: Lane, _ a: Value, _ b: Value, _ reduction: Reduction) -> Value {
        switch reduction {
        case .add: unit.vfadd(lane, a, b)
        case .max: unit.vfmax(lane, a, b)
        case .min: unit.vfmin(lane, a, b)
        case .maxNumber: unit.vfmaxNumber(lane, a, b)
        case .minNumber: unit.vfminNumber(lane, a, b)
        }
    }

    mutating func faddpVector(_ i: VectorThree) { pairwise(i, .add) }
    mutating func fmaxpVector(_ i: VectorThree) { pairwise(i, .max) }
    mutating func fminpVector(_ i: VectorThree) { pairwise(i, .min) }
    mutating func fmaxnmpVector(_ i: VectorThree) { pairwise(i, .maxNumber) }
    mutating func fminnmpVector(_ i: VectorThree) { pairwise(i, .minNumber) }

    private mutating func pairwise(_ i: VectorThree, _ reduction: Reduction) {
        let lane = i.lane
        let a = i.q ? v(i.rn) : unit.vzipLow(.d, v(i.rn), v(i.rm))
        let b = i.q ? v(i.rm) : zeroVector()
        let even = unit.vunzipEven(lane, a, b)
        setV(i.rd, combined(lane, even, unit.vunzipOdd(lane, a, b), reduction))
    }

    mutating func fmaxv(_ i: VectorTwo) { reduce(i, .max) }
    mutating func fminv(_ i: VectorTwo) { reduce(i, .min) }
    mutating func fmaxnmv(_ i: VectorTwo) { reduce(i, .maxNumber) }
    mutating func fminnmv(_ i: VectorTwo) { reduce(i, .minNumber) }

    /// Four lanes or eight, neighbours first (the pseudocode's Reduce).
    private mutating func reduce(_ i: VectorTwo, _ reduction: Reduction) {
        let lane: Lane = i.word &>> 29 & 1 == 0 ? .h : .s
        var value = operand(i.rn, q: i.q)
        for _ in 0..<(lane == .h && i.q ? 3 : 2) {
            let even = unit.vunzipEven(lane, value, value)
            value = combined(lane, even, unit.vunzipOdd(lane, value, value), reduction)
        }
        setV(i.rd, lowLane(lane, value))
    }

    // MARK: Square root and rounding

    mutating func fsqrtVector(_ i: VectorTwo) { setV(i.rd, q: i.q, unit.vfsqrt(i.lane, operand(i.rn, q: i.q))) }
    mutating func frintnVector(_ i: VectorTwo) { round(i, 0) }
    mutating func frintmVector(_ i: VectorTwo) { round(i, 1) }
    mutating func frintpVector(_ i: VectorTwo) { round(i, 2) }
    mutating func frintzVector(_ i: VectorTwo) { round(i, 3) }
    mutating func frintaVector(_ i: VectorTwo) { round(i, 4) }
    mutating func frintxVector(_ i: VectorTwo) { round(i, Rounding.currentExact) }
    mutating func frintiVector(_ i: VectorTwo) { round(i, Rounding.current) }

    private mutating func round(_ i: VectorTwo, _ mode: Int32) {
        setV(i.rd, q: i.q, unit.vfround(i.lane, operand(i.rn, q: i.q), mode: mode))
    }

    // MARK: Conversions

    mutating func scvtfVector(_ i: VectorTwo) {
        setV(i.rd, q: i.q, unit.vfromIntS(i.lane, operand(i.rn, q: i.q), fraction: 0))
    }
    mutating func ucvtfVector(_ i: VectorTwo) {
        setV(i.rd, q: i.q, unit.vfromIntU(i.lane, operand(i.rn, q: i.q), fraction: 0))
    }
    mutating func fcvtnsVector(_ i: VectorTwo) { toIntegers(i, 0, signed: true) }
    mutating func fcvtnuVector(_ i: VectorTwo) { toIntegers(i, 0, signed: false) }
    mutating func fcvtmsVector(_ i: VectorTwo) { toIntegers(i, 1, signed: true) }
    mutating func fcvtmuVector(_ i: VectorTwo) { toIntegers(i, 1, signed: false) }
    mutating func fcvtpsVector(_ i: VectorTwo) { toIntegers(i, 2, signed: true) }
    mutating func fcvtpuVector(_ i: VectorTwo) { toIntegers(i, 2, signed: false) }
    mutating func fcvtzsVector(_ i: VectorTwo) { toIntegers(i, 3, signed: true) }
    mutating func fcvtzuVector(_ i: VectorTwo) { toIntegers(i, 3, signed: false) }
    mutating func fcvtasVector(_ i: VectorTwo) { toIntegers(i, 4, signed: true) }
    mutating func fcvtauVector(_ i: VectorTwo) { toIntegers(i, 4, signed: false) }

    private mutating func toIntegers(_ i: VectorTwo, _ mode: Int32, signed: Bool) {
        let lane = i.lane
        let source = operand(i.rn, q: i.q)
        setV(
            i.rd, q: i.q,
            signed ? unit.vftointS(lane, source, mode: mode) : unit.vftointU(lane, source, mode: mode))
    }

    /// To twice the width: of the lower half, or FCVTL2 of the upper.
    mutating func fcvtl(_ i: VectorTwo) {
        var source = v(i.rn)
        if i.q { source = unit.vzipHigh(.d, source, source) }
        setV(i.rd, unit.vfconvert(i.sz ? .s : .h, source, to: i.sz ? 3 : 2))
    }

    /// To half the width: into the lower half, or FCVTN2 into the upper, keeping the lower.
    mutating func fcvtn(_ i: VectorTwo) {
        let narrow = unit.vfconvert(i.sz ? .d : .s, v(i.rn), to: i.sz ? 2 : 1)
        setV(i.rd, i.q ? unit.vzipLow(.d, v(i.rd), narrow) : narrow)
    }

    // MARK: Fixed point: as for scalars

    mutating func scvtfFixedVector(_ i: VectorShift) { fromFixed(i, signed: true) }
    mutating func ucvtfFixedVector(_ i: VectorShift) { fromFixed(i, signed: false) }
    mutating func fcvtzsFixedVector(_ i: VectorShift) { toFixed(i, signed: true) }
    mutating func fcvtzuFixedVector(_ i: VectorShift) { toFixed(i, signed: false) }

    /// The lane that immh says, and how many bits of it are fraction.
    func fixedPoint(_ immh: Int, _ immediate: Int) -> (lane: Lane, bits: Int) {
        immh < 4 ? (.h, 32 &- immediate) : immh < 8 ? (.s, 64 &- immediate) : (.d, 128 &- immediate)
    }

    /// Integers as numbers, multiplied by a power of two, which is exact in single and double precision.
    mutating func scaledNumbers(_ lane: Lane, _ source: Value, _ bits: Int, signed: Bool) -> Value {
        let fraction = lane == .h ? Int32(bits) : 0
        let numbers =
            signed ? unit.vfromIntS(lane, source, fraction: fraction) : unit.vfromIntU(lane, source, fraction: fraction)
        return lane == .h ? numbers : unit.vfmul(lane, numbers, splat(lane, powerOfTwo(lane, 0 &- bits)))
    }

    private mutating func fromFixed(_ i: VectorShift, signed: Bool) {
        let (lane, bits) = fixedPoint(i.immh, i.immediate)
        setV(i.rd, q: i.q, scaledNumbers(lane, operand(i.rn, q: i.q), bits, signed: signed))
    }

    private mutating func toFixed(_ i: VectorShift, signed: Bool) {
        let (lane, bits) = fixedPoint(i.immh, i.immediate)
        let source = operand(i.rn, q: i.q)
        let mode = Rounding.toFixed(bits)
        setV(i.rd, q: i.q, signed ? unit.vftointS(lane, source, mode: mode) : unit.vftointU(lane, source, mode: mode))
    }

    // MARK: By element

    /// The element in all lanes that the operation has.
    mutating func element(_ i: VectorElement) -> Value {
        let all =
            i.lane == .h
            ? everywhere(.h, v(i.rm), i.indexHalf)
            : everywhere(i.lane, v(i.mrm), i.sz ? i.indexWord &>> 1 : i.indexWord)
        return i.q ? all : lowHalf(all)
    }

    mutating func fmulElement(_ i: VectorElement) {
        let lane = i.lane
        let element = element(i)
        setV(i.rd, q: i.q, unit.vfmul(lane, operand(i.rn, q: i.q), element))
    }

    mutating func fmlaElement(_ i: VectorElement) {
        let lane = i.lane
        let element = element(i)
        setV(i.rd, q: i.q, unit.vfmulAdd(lane, operand(i.rn, q: i.q), element, operand(i.rd, q: i.q)))
    }

    mutating func fmlsElement(_ i: VectorElement) {
        let lane = i.lane
        let element = element(i)
        let factor = negatedLanes(lane, operand(i.rn, q: i.q))
        setV(i.rd, q: i.q, unit.vfmulAdd(lane, factor, element, operand(i.rd, q: i.q)))
    }

    /// One lane of 16, 32 or 64 bits in every lane.
    mutating func everywhere(_ lane: Lane, _ value: Value, _ index: Int) -> Value {
        if lane == .h { return unit.vsplat(.h, unit.vextract(.i32, .h, value, index: Int32(index))) }
        if lane == .d { return index == 0 ? unit.vzipLow(.d, value, value) : unit.vzipHigh(.d, value, value) }
        let pair = index < 2 ? unit.vzipLow(.s, value, value) : unit.vzipHigh(.s, value, value)
        return index & 1 == 0 ? unit.vzipLow(.d, pair, pair) : unit.vzipHigh(.d, pair, pair)
    }

    // MARK: Shifts by a register

    mutating func ushlVector(_ i: VectorThree) { setV(i.rd, q: i.q, unit.vshiftU(lane(i.size), v(i.rn), v(i.rm))) }
    mutating func sshlVector(_ i: VectorThree) { setV(i.rd, q: i.q, unit.vshiftS(lane(i.size), v(i.rn), v(i.rm))) }
    mutating func ushlSIMDScalar(_ i: SIMDScalarThree) { setV(i.rd, q: false, unit.vshiftU(.d, v(i.rn), v(i.rm))) }
    mutating func sshlSIMDScalar(_ i: SIMDScalarThree) { setV(i.rd, q: false, unit.vshiftS(.d, v(i.rn), v(i.rm))) }
}
