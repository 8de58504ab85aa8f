// C4.1.96 Floating-point: data processing and comparison.

import LyrebirdIR

/// Modes of rounding as the IR has them, where they are not 0 to 4 (nearest, down, up, to zero, ties away).
enum Rounding {
    /// By FPCR.
    static let current: Int32 = 5
    /// By FPCR, and the exception if that is inexact.
    static let currentExact: Int32 = 5 | 8
    /// To zero, with bits of fraction.
    static func toFixed(_ bits: Int) -> Int32 { 3 | Int32(bits) &<< 8 }
}

extension Lifter {
    /// The lane of a ptype, which is coded likewise in all rows: S, D and H.
    func lane(ptype: Int) -> Lane { ptype == 0 ? .s : ptype == 1 ? .d : .h }

    /// The sign of the lowest lane inverted.
    mutating func negated(_ lane: Lane, _ value: Value) -> Value {
        unit.vxor(value, unit.vconst(low: ones(lane) ^ ones(lane) &>> 1, high: 0))
    }

    // MARK: Floating-point data-processing (1 source)

    mutating func fsqrtScalar(_ i: FloatOneSource) {
        let lane = lane(ptype: i.ptype)
        setV(i.rd, unit.fsqrt(lane, v(i.rn)))
    }

    /// The source's format is ptype's, the destination's opc's; both are coded likewise (C7.2 FCVT).
    mutating func fcvt(_ i: FloatOneSource) {
        let lanes: [Lane?] = [.s, .d, nil, .h]
        guard let from = lanes[i.ptype], let to = lanes[i.opc], from != to else { return undefinedInstruction(i.word) }
        setV(i.rd, unit.fconvert(from, v(i.rn), to: Int32(to.rawValue)))
    }

    mutating func frintnScalar(_ i: FloatOneSource) { round(i, 0) }
    mutating func frintmScalar(_ i: FloatOneSource) { round(i, 1) }
    mutating func frintpScalar(_ i: FloatOneSource) { round(i, 2) }
    mutating func frintzScalar(_ i: FloatOneSource) { round(i, 3) }
    mutating func frintaScalar(_ i: FloatOneSource) { round(i, 4) }
    mutating func frintxScalar(_ i: FloatOneSource) { round(i, Rounding.currentExact) }
    mutating func frintiScalar(_ i: FloatOneSource) { round(i, Rounding.current) }

    private mutating func round(_ i: FloatOneSource, _ mode: Int32) {
        let lane = lane(ptype: i.ptype)
        setV(i.rd, unit.fround(lane, v(i.rn), mode: mode))
    }

    // MARK: Floating-point data-processing (2 source)

    mutating func faddScalar(_ i: FloatTwoSource) {
        let lane = lane(ptype: i.ptype)
        setV(i.rd, unit.fadd(lane, v(i.rn), v(i.rm)))
    }

    mutating func fsubScalar(_ i: FloatTwoSource) {
        let lane = lane(ptype: i.ptype)
        setV(i.rd, unit.fsub(lane, v(i.rn), v(i.rm)))
    }

    mutating func fmulScalar(_ i: FloatTwoSource) {
        let lane = lane(ptype: i.ptype)
        setV(i.rd, unit.fmul(lane, v(i.rn), v(i.rm)))
    }

    mutating func fnmulScalar(_ i: FloatTwoSource) {
        let lane = lane(ptype: i.ptype)
        setV(i.rd, negated(lane, unit.fmul(lane, v(i.rn), v(i.rm))))
    }

    mutating func fdivScalar(_ i: FloatTwoSource) {
        let lane = lane(ptype: i.ptype)
        setV(i.rd, unit.fdiv(lane, v(i.rn), v(i.rm)))
    }

    mutating func fmaxScalar(_ i: FloatTwoSource) {
        let lane = lane(ptype: i.ptype)
        setV(i.rd, unit.fmax(lane, v(i.rn), v(i.rm)))
    }

    mutating func fminScalar(_ i: FloatTwoSource) {
        let lane = lane(ptype: i.ptype)
        setV(i.rd, unit.fmin(lane, v(i.rn), v(i.rm)))
    }

    mutating func fmaxnmScalar(_ i: FloatTwoSource) {
        let lane = lane(ptype: i.ptype)
        setV(i.rd, unit.fmaxNumber(lane, v(i.rn), v(i.rm)))
    }

    mutating func fminnmScalar(_ i: FloatTwoSource) {
        let lane = lane(ptype: i.ptype)
        setV(i.rd, unit.fminNumber(lane, v(i.rn), v(i.rm)))
    }

    // MARK: Floating-point data-processing (3 source): operands are negated before anything else happens to them

    mutating func fmadd(_ i: FloatThreeSource) { multiplyAdd(i, negatesProduct: false, negatesAddend: false) }
    mutating func fmsub(_ i: FloatThreeSource) { multiplyAdd(i, negatesProduct: true, negatesAddend: false) }
    mutating func fnmadd(_ i: FloatThreeSource) { multiplyAdd(i, negatesProduct: true, negatesAddend: true) }
    mutating func fnmsub(_ i: FloatThreeSource) { multiplyAdd(i, negatesProduct: false, negatesAddend: true) }

    private mutating func multiplyAdd(_ i: FloatThreeSource, negatesProduct: Bool, negatesAddend: Bool) {
        let lane = lane(ptype: i.ptype)
        let factor = negatesProduct ? negated(lane, v(i.rn)) : v(i.rn)
        let addend = negatesAddend ? negated(lane, v(i.ra)) : v(i.ra)
        setV(i.rd, unit.fmulAdd(lane, factor, v(i.rm), addend))
    }

    // MARK: Floating-point compare: the IR's flags are the slot's, whose C is inverted

    mutating func fcmp(_ i: FloatCompare) { compare(i, signals: 0) }

    /// A quiet NaN is an invalid operation, too.
    mutating func fcmpe(_ i: FloatCompare) { compare(i, signals: 1) }

    private mutating func compare(_ i: FloatCompare, signals: Int32) {
        let lane = lane(ptype: i.ptype)
        let a = v(i.rn)
        setFlags(unit.fcompare(lane, a, i.zero ? zeroVector() : v(i.rm), signals: signals))
    }

    mutating func fccmp(_ i: FloatConditionalCompare) { compare(i, signals: 0) }
    mutating func fccmpe(_ i: FloatConditionalCompare) { compare(i, signals: 1) }

    private mutating func compare(_ i: FloatConditionalCompare, signals: Int32) {
        let lane = lane(ptype: i.ptype)
        var (a, b) = (v(i.rn), v(i.rm))
        // What is not compared raises no exception.
        if let condition = condition(i.cond) {
            let zero = zeroVector()
            a = unit.select(condition, flags(), a, zero)
            b = unit.select(condition, flags(), b, zero)
        }
        conditionalCompare(i.cond, unit.fcompare(lane, a, b, signals: signals), i.nzcv)
    }

    // MARK: Conversion between floating-point and integer

    mutating func scvtfScalar(_ i: IntegerConversion) { fromInteger(i, signed: true) }
    mutating func ucvtfScalar(_ i: IntegerConversion) { fromInteger(i, signed: false) }
    mutating func fcvtnsScalar(_ i: IntegerConversion) { toInteger(i, 0, signed: true) }
    mutating func fcvtnuScalar(_ i: IntegerConversion) { toInteger(i, 0, signed: false) }
    mutating func fcvtmsScalar(_ i: IntegerConversion) { toInteger(i, 1, signed: true) }
    mutating func fcvtmuScalar(_ i: IntegerConversion) { toInteger(i, 1, signed: false) }
    mutating func fcvtpsScalar(_ i: IntegerConversion) { toInteger(i, 2, signed: true) }
    mutating func fcvtpuScalar(_ i: IntegerConversion) { toInteger(i, 2, signed: false) }
    mutating func fcvtzsScalar(_ i: IntegerConversion) { toInteger(i, 3, signed: true) }
    mutating func fcvtzuScalar(_ i: IntegerConversion) { toInteger(i, 3, signed: false) }
    mutating func fcvtasScalar(_ i: IntegerConversion) { toInteger(i, 4, signed: true) }
    mutating func fcvtauScalar(_ i: IntegerConversion) { toInteger(i, 4, signed: false) }

    private mutating func fromInteger(_ i: IntegerConversion, signed: Bool) {
        let lane = lane(ptype: i.ptype)
        let source = register(i.rn, i.sf)
        setV(i.rd, signed ? unit.fromIntS(lane, source, fraction: 0) : unit.fromIntU(lane, source, fraction: 0))
    }

    private mutating func toInteger(_ i: IntegerConversion, _ mode: Int32, signed: Bool) {
        let lane = lane(ptype: i.ptype)
        let source = v(i.rn)
        let type = type(i.sf)
        let result =
            signed ? unit.ftointS(type, lane, source, mode: mode) : unit.ftointU(type, lane, source, mode: mode)
        setRegister(i.rd, i.sf, result)
    }

    // MARK: Conversion between floating-point and fixed-point: from an integer, a multiplication by a power of two is exact,
    // but in half precision

    mutating func scvtfFixedScalar(_ i: FixedPointConversion) { fromFixed(i, signed: true) }
    mutating func ucvtfFixedScalar(_ i: FixedPointConversion) { fromFixed(i, signed: false) }
    mutating func fcvtzsFixedScalar(_ i: FixedPointConversion) { toFixed(i, signed: true) }
    mutating func fcvtzuFixedScalar(_ i: FixedPointConversion) { toFixed(i, signed: false) }

    /// 2^exponent.
    func powerOfTwo(_ lane: Lane, _ exponent: Int) -> UInt64 {
        switch lane {
        case .d: UInt64(1023 &+ exponent) &<< 52
        case .s: UInt64(127 &+ exponent) &<< 23
        default: UInt64(15 &+ exponent) &<< 10
        }
    }

    private mutating func fromFixed(_ i: FixedPointConversion, signed: Bool) {
        let lane = lane(ptype: i.ptype)
        let source = register(i.rn, i.sf)
        let fraction = lane == .h ? 64 &- Int32(i.scale) : 0
        let number =
            signed ? unit.fromIntS(lane, source, fraction: fraction) : unit.fromIntU(lane, source, fraction: fraction)
        if lane == .h { return setV(i.rd, number) }
        let scale = unit.vconst(low: powerOfTwo(lane, i.scale &- 64), high: 0)
        setV(i.rd, unit.fmul(lane, number, scale))
    }

    private mutating func toFixed(_ i: FixedPointConversion, signed: Bool) {
        let lane = lane(ptype: i.ptype)
        let source = v(i.rn)
        let mode = Rounding.toFixed(64 &- i.scale)
        let type = type(i.sf)
        setRegister(
            i.rd, i.sf,
            signed ? unit.ftointS(type, lane, source, mode: mode) : unit.ftointU(type, lane, source, mode: mode))
    }
}
