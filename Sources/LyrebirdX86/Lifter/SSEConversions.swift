// SDM volume 1, 11.4.4, 10.4.4 and 14.4: conversions between integers, single, double and half precision.

import LyrebirdIR

extension Lifter {
    // MARK: Scalars and general registers

    /// The other lanes are the first source's.
    private mutating func fromInteger(_ i: DecodedInstruction, _ format: FloatFormat) {
        let number = read(i.operand(i.operandCount - 1), i)
        let first = xmm(sources(i).first, i)
        let result = unit.sseFromInt(format, first, number)
        setFloat(i.operand(0), Vector(low: result), i)
    }

    private mutating func toInteger(_ i: DecodedInstruction, _ format: FloatFormat, truncates: Int32) {
        let destination = i.operand(0)
        let source = xmm(i.operand(1), i)
        let result = unit.sseToInt(type(destination.size), format, source, truncates: truncates)
        finishFloat { $0.write(destination, result, i) }
    }

    mutating func cvtsi2ss(_ i: DecodedInstruction) { fromInteger(i, .ss) }
    mutating func cvtsi2sd(_ i: DecodedInstruction) { fromInteger(i, .sd) }
    mutating func cvtss2si(_ i: DecodedInstruction) { toInteger(i, .ss, truncates: 0) }
    mutating func cvtsd2si(_ i: DecodedInstruction) { toInteger(i, .sd, truncates: 0) }
    mutating func cvttss2si(_ i: DecodedInstruction) { toInteger(i, .ss, truncates: 1) }
    mutating func cvttsd2si(_ i: DecodedInstruction) { toInteger(i, .sd, truncates: 1) }

    mutating func cvtss2sd(_ i: DecodedInstruction) { convertScalar(i, .ss) }
    mutating func cvtsd2ss(_ i: DecodedInstruction) { convertScalar(i, .sd) }

    private mutating func convertScalar(_ i: DecodedInstruction, _ format: FloatFormat) {
        let result = combined(i) { $0.unit.sseConvert(format, $1, $2) }
        setFloat(i.operand(0), result, i)
    }

    // MARK: Vectors

    private mutating func convert(_ i: DecodedInstruction, _ compute: (inout Lifter, Value) -> Value) {
        let result = transformed(i, compute)
        setFloat(i.operand(0), result, i)
    }

    mutating func cvtdq2ps(_ i: DecodedInstruction) { convert(i) { $0.unit.sseFromWords(.ps, $1) } }
    mutating func cvtps2dq(_ i: DecodedInstruction) { convert(i) { $0.unit.sseToWords(.ps, $1, truncates: 0) } }
    mutating func cvttps2dq(_ i: DecodedInstruction) { convert(i) { $0.unit.sseToWords(.ps, $1, truncates: 1) } }

    /// To lanes of twice the width: the upper half of the destination comes from that of an XMM register or of 16 bytes.
    private mutating func widen(_ i: DecodedInstruction, _ compute: (inout Lifter, Value) -> Value) {
        let source = xmm(i.operand(1), i, .notNeeded)
        let low = compute(&self, source)
        var high: Value?
        if i.operand(0).size == 32 { high = compute(&self, unit.vzipHigh(.d, source, source)) }
        setFloat(i.operand(0), Vector(low: low, high: high), i)
    }

    mutating func cvtps2pd(_ i: DecodedInstruction) { widen(i) { $0.unit.sseConvertLanes(.ps, $1) } }
    mutating func cvtdq2pd(_ i: DecodedInstruction) { widen(i) { $0.unit.sseFromWords(.pd, $1) } }
    mutating func vcvtph2ps(_ i: DecodedInstruction) { widen(i) { $0.unit.sseFromHalf(.ps, $1) } }

    /// To lanes of half the width, which are the destination's low ones.
    private mutating func narrowed(_ i: DecodedInstruction, _ compute: (inout Lifter, Value) -> Value) -> Vector {
        let result = transformed(i, compute)
        guard let high = result.high else { return result }
        return Vector(low: unit.vzipLow(.d, result.low, high))
    }

    private mutating func narrow(_ i: DecodedInstruction, _ compute: (inout Lifter, Value) -> Value) {
        let result = narrowed(i, compute)
        setFloat(i.operand(0), result, i)
    }

    mutating func cvtpd2ps(_ i: DecodedInstruction) { narrow(i) { $0.unit.sseConvertLanes(.pd, $1) } }
    mutating func cvtpd2dq(_ i: DecodedInstruction) { narrow(i) { $0.unit.sseToWords(.pd, $1, truncates: 0) } }
    mutating func cvttpd2dq(_ i: DecodedInstruction) { narrow(i) { $0.unit.sseToWords(.pd, $1, truncates: 1) } }

    mutating func vcvtps2ph(_ i: DecodedInstruction) {
        let mode = i.immediate & 4 != 0 ? 4 : Int32(i.immediate & 3)
        let result = narrowed(i) { $0.unit.sseToHalf(.ps, $1, mode: mode) }
        setFloat(i.operand(0), result, i)
    }
}
