// C4.1.96 Floating-point: what moves bits and computes nothing: FMOV, FCSEL, FABS and FNEG.

import LyrebirdIR

extension Lifter {
    /// Writes the lowest lane; the rest of V becomes zero.
    private mutating func setScalar(_ rd: Int, ptype: Int, _ value: Value) {
        setV(rd, lowLane(lane(ptype: ptype), value))
    }

    // MARK: Conversion between floating-point and integer

    mutating func fmovToGeneral(_ i: IntegerConversion) {
        setX(i.rd, unit.vextract(.i64, lane(ptype: i.ptype), v(i.rn), index: 0))
    }

    mutating func fmovFromGeneral(_ i: IntegerConversion) {
        var value = register(i.rn, i.sf)
        if i.ptype == 3 { value = unit.zext(type(i.sf), from: .i16, value) }
        setV(i.rd, unit.vfromInt(value))
    }

    mutating func fmovTopToGeneral(_ i: IntegerConversion) {
        setX(i.rd, unit.vextract(.i64, .d, v(i.rn), index: 1))
    }

    mutating func fmovTopFromGeneral(_ i: IntegerConversion) {
        let old = v(i.rd)
        setV(i.rd, unit.vinsert(.d, old, x(i.rn), index: 1))
    }

    // MARK: Floating-point data-processing (1 source)

    mutating func fmovRegister(_ i: FloatOneSource) { setScalar(i.rd, ptype: i.ptype, v(i.rn)) }

    mutating func fabsScalar(_ i: FloatOneSource) {
        let magnitude = ones(lane(ptype: i.ptype)) &>> 1
        setV(i.rd, unit.vand(v(i.rn), unit.vconst(low: magnitude, high: 0)))
    }

    mutating func fnegScalar(_ i: FloatOneSource) {
        let lane = lane(ptype: i.ptype)
        let negated = unit.vxor(v(i.rn), unit.vconst(low: ones(lane) ^ ones(lane) &>> 1, high: 0))
        setScalar(i.rd, ptype: i.ptype, negated)
    }

    // MARK: Floating-point immediate

    mutating func fmovScalarImmediate(_ i: FloatImmediate) {
        setV(i.rd, unit.vconst(low: floatImmediate(i.imm8, lane(ptype: i.ptype)), high: 0))
    }

    // MARK: Floating-point conditional select

    mutating func fcsel(_ i: FloatConditionalSelect) {
        let a = v(i.rn)
        guard let condition = condition(i.cond) else { return setScalar(i.rd, ptype: i.ptype, a) }
        let b = v(i.rm)
        setScalar(i.rd, ptype: i.ptype, unit.select(condition, flags(), a, b))
    }
}
