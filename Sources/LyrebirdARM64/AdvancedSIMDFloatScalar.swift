// C4.1.96 Advanced SIMD scalar: floating point in the lowest lane. What is not in the scalar chapter already is computed in
// all lanes and the others are cleared.

import LyrebirdIR

extension Lifter {
    // MARK: Three registers

    mutating func fabdSIMDScalar(_ i: SIMDScalarThree) {
        let lane = i.lane
        setV(i.rd, absoluteLanes(lane, unit.fsub(lane, v(i.rn), v(i.rm))))
    }

    /// The lowest lane: what is above is computed with, too, and must raise no exception.
    private mutating func number(_ lane: Lane, _ register: Int) -> Value { lowLane(lane, v(register)) }

    mutating func fcmeqRegisterSIMDScalar(_ i: SIMDScalarThree) {
        let lane = i.lane
        setV(i.rd, lowLane(lane, unit.vfcmpEQ(lane, number(lane, i.rn), number(lane, i.rm))))
    }

    mutating func fcmgeRegisterSIMDScalar(_ i: SIMDScalarThree) {
        let lane = i.lane
        setV(i.rd, lowLane(lane, unit.vfcmpGE(lane, number(lane, i.rn), number(lane, i.rm))))
    }

    mutating func fcmgtRegisterSIMDScalar(_ i: SIMDScalarThree) {
        let lane = i.lane
        setV(i.rd, lowLane(lane, unit.vfcmpGT(lane, number(lane, i.rn), number(lane, i.rm))))
    }

    mutating func facgeSIMDScalar(_ i: SIMDScalarThree) {
        let lane = i.lane
        let a = absoluteLanes(lane, number(lane, i.rn))
        setV(i.rd, lowLane(lane, unit.vfcmpGE(lane, a, absoluteLanes(lane, number(lane, i.rm)))))
    }

    mutating func facgtSIMDScalar(_ i: SIMDScalarThree) {
        let lane = i.lane
        let a = absoluteLanes(lane, number(lane, i.rn))
        setV(i.rd, lowLane(lane, unit.vfcmpGT(lane, a, absoluteLanes(lane, number(lane, i.rm)))))
    }

    // MARK: Comparisons with zero

    mutating func fcmeqZeroSIMDScalar(_ i: SIMDScalarTwo) {
        let lane = i.lane
        setV(i.rd, lowLane(lane, unit.vfcmpEQ(lane, number(lane, i.rn), zeroVector())))
    }

    mutating func fcmgeZeroSIMDScalar(_ i: SIMDScalarTwo) {
        let lane = i.lane
        setV(i.rd, lowLane(lane, unit.vfcmpGE(lane, number(lane, i.rn), zeroVector())))
    }

    mutating func fcmgtZeroSIMDScalar(_ i: SIMDScalarTwo) {
        let lane = i.lane
        setV(i.rd, lowLane(lane, unit.vfcmpGT(lane, number(lane, i.rn), zeroVector())))
    }

    mutating func fcmleZeroSIMDScalar(_ i: SIMDScalarTwo) {
        let lane = i.lane
        setV(i.rd, lowLane(lane, unit.vfcmpGE(lane, zeroVector(), number(lane, i.rn))))
    }

    mutating func fcmltZeroSIMDScalar(_ i: SIMDScalarTwo) {
        let lane = i.lane
        setV(i.rd, lowLane(lane, unit.vfcmpGT(lane, zeroVector(), number(lane, i.rn))))
    }

    // MARK: Pairwise: the second lane with the first

    private mutating func second(_ i: SIMDScalarTwo) -> Value {
        let source = v(i.rn)
        return unit.vbytes(source, source, n: 1 &<< Int32(i.pairLane.rawValue))
    }

    mutating func faddpSIMDScalar(_ i: SIMDScalarTwo) {
        let other = second(i)
        setV(i.rd, unit.fadd(i.pairLane, v(i.rn), other))
    }

    mutating func fmaxpSIMDScalar(_ i: SIMDScalarTwo) {
        let other = second(i)
        setV(i.rd, unit.fmax(i.pairLane, v(i.rn), other))
    }

    mutating func fminpSIMDScalar(_ i: SIMDScalarTwo) {
        let other = second(i)
        setV(i.rd, unit.fmin(i.pairLane, v(i.rn), other))
    }

    mutating func fmaxnmpSIMDScalar(_ i: SIMDScalarTwo) {
        let other = second(i)
        setV(i.rd, unit.fmaxNumber(i.pairLane, v(i.rn), other))
    }

    mutating func fminnmpSIMDScalar(_ i: SIMDScalarTwo) {
        let other = second(i)
        setV(i.rd, unit.fminNumber(i.pairLane, v(i.rn), other))
    }

    // MARK: Conversions between numbers in a vector register

    mutating func scvtfSIMDScalar(_ i: SIMDScalarTwo) { setV(i.rd, fromInteger(i.lane, i.rn, signed: true)) }
    mutating func ucvtfSIMDScalar(_ i: SIMDScalarTwo) { setV(i.rd, fromInteger(i.lane, i.rn, signed: false)) }
    mutating func fcvtnsSIMDScalar(_ i: SIMDScalarTwo) { toInteger(i, 0, signed: true) }
    mutating func fcvtnuSIMDScalar(_ i: SIMDScalarTwo) { toInteger(i, 0, signed: false) }
    mutating func fcvtmsSIMDScalar(_ i: SIMDScalarTwo) { toInteger(i, 1, signed: true) }
    mutating func fcvtmuSIMDScalar(_ i: SIMDScalarTwo) { toInteger(i, 1, signed: false) }
    mutating func fcvtpsSIMDScalar(_ i: SIMDScalarTwo) { toInteger(i, 2, signed: true) }
    mutating func fcvtpuSIMDScalar(_ i: SIMDScalarTwo) { toInteger(i, 2, signed: false) }
    mutating func fcvtzsSIMDScalar(_ i: SIMDScalarTwo) { toInteger(i, 3, signed: true) }
    mutating func fcvtzuSIMDScalar(_ i: SIMDScalarTwo) { toInteger(i, 3, signed: false) }
    mutating func fcvtasSIMDScalar(_ i: SIMDScalarTwo) { toInteger(i, 4, signed: true) }
    mutating func fcvtauSIMDScalar(_ i: SIMDScalarTwo) { toInteger(i, 4, signed: false) }

    /// Half precision is computed in all lanes: there are no integers of its width elsewhere.
    private mutating func fromInteger(_ lane: Lane, _ rn: Int, _ fraction: Int = 0, signed: Bool) -> Value {
        if lane == .h {
            let source = number(.h, rn)
            return signed
                ? unit.vfromIntS(.h, source, fraction: Int32(fraction))
                : unit.vfromIntU(.h, source, fraction: Int32(fraction))
        }
        let integer = unit.vextract(lane == .d ? .i64 : .i32, lane, v(rn), index: 0)
        let result =
            signed ? unit.fromIntS(lane, integer, fraction: 0) : unit.fromIntU(lane, integer, fraction: 0)
        return fraction == 0
            ? result : unit.fmul(lane, result, unit.vconst(low: powerOfTwo(lane, 0 &- fraction), high: 0))
    }

    private mutating func toInteger(_ lane: Lane, _ rn: Int, _ mode: Int32, signed: Bool) -> Value {
        if lane == .h {
            let source = number(.h, rn)
            return signed ? unit.vftointS(.h, source, mode: mode) : unit.vftointU(.h, source, mode: mode)
        }
        let type: Type = lane == .d ? .i64 : .i32
        let value = v(rn)
        return unit.vfromInt(
            signed ? unit.ftointS(type, lane, value, mode: mode) : unit.ftointU(type, lane, value, mode: mode))
    }

    private mutating func toInteger(_ i: SIMDScalarTwo, _ mode: Int32, signed: Bool) {
        setV(i.rd, toInteger(i.lane, i.rn, mode, signed: signed))
    }

    // MARK: Fixed point

    mutating func scvtfFixedSIMDScalar(_ i: SIMDScalarShift) { fromFixed(i, signed: true) }
    mutating func ucvtfFixedSIMDScalar(_ i: SIMDScalarShift) { fromFixed(i, signed: false) }
    mutating func fcvtzsFixedSIMDScalar(_ i: SIMDScalarShift) { toFixed(i, signed: true) }
    mutating func fcvtzuFixedSIMDScalar(_ i: SIMDScalarShift) { toFixed(i, signed: false) }

    private mutating func fromFixed(_ i: SIMDScalarShift, signed: Bool) {
        let (lane, bits) = fixedPoint(i.immh, i.immediate)
        setV(i.rd, fromInteger(lane, i.rn, bits, signed: signed))
    }

    private mutating func toFixed(_ i: SIMDScalarShift, signed: Bool) {
        let (lane, bits) = fixedPoint(i.immh, i.immediate)
        setV(i.rd, toInteger(lane, i.rn, Rounding.toFixed(bits), signed: signed))
    }

    // MARK: By element

    /// The element in the lowest lane.
    mutating func element(_ i: SIMDScalarElement) -> Value {
        let lane = i.lane
        let source = v(lane == .h ? i.rm : i.mrm)
        let index = lane == .h ? i.indexHalf : i.sz ? i.indexWord &>> 1 : i.indexWord
        return index == 0 ? source : unit.vbytes(source, source, n: Int32(index &<< Int(lane.rawValue)))
    }

    mutating func fmulElementSIMDScalar(_ i: SIMDScalarElement) {
        let element = element(i)
        setV(i.rd, unit.fmul(i.lane, v(i.rn), element))
    }

    mutating func fmlaElementSIMDScalar(_ i: SIMDScalarElement) {
        let element = element(i)
        setV(i.rd, unit.fmulAdd(i.lane, v(i.rn), element, v(i.rd)))
    }

    mutating func fmlsElementSIMDScalar(_ i: SIMDScalarElement) {
        let element = element(i)
        let factor = negated(i.lane, v(i.rn))
        setV(i.rd, unit.fmulAdd(i.lane, factor, element, v(i.rd)))
    }
}
