// SDM volume 1, 10.4.1.3, 10.4.3, 11.4.1: logic, shuffles and unpacking of floating-point vectors; and the logic of integer ones, which
// is the same.

import LyrebirdIR

extension Lifter {
    // MARK: Logic

    private mutating func vectorAnd(_ i: DecodedInstruction) { combine(i) { $0.unit.vand($1, $2) } }
    private mutating func vectorOr(_ i: DecodedInstruction) { combine(i) { $0.unit.vor($1, $2) } }
    private mutating func vectorAndNot(_ i: DecodedInstruction) { combine(i) { $0.unit.vandn($2, $1) } }

    /// What is combined with itself is zero, whatever it was.
    private mutating func vectorXor(_ i: DecodedInstruction) {
        let operands = sources(i)
        if operands.first == operands.second {
            let zero = zeroVector()
            return setVector(i.operand(0), Vector(low: zero, high: operands.first.size == 32 ? zero : nil), i)
        }
        combine(i) { $0.unit.vxor($1, $2) }
    }

    mutating func andps(_ i: DecodedInstruction) { vectorAnd(i) }
    mutating func andpd(_ i: DecodedInstruction) { vectorAnd(i) }
    mutating func pand(_ i: DecodedInstruction) { vectorAnd(i) }
    mutating func andnps(_ i: DecodedInstruction) { vectorAndNot(i) }
    mutating func andnpd(_ i: DecodedInstruction) { vectorAndNot(i) }
    mutating func pandn(_ i: DecodedInstruction) { vectorAndNot(i) }
    mutating func orps(_ i: DecodedInstruction) { vectorOr(i) }
    mutating func orpd(_ i: DecodedInstruction) { vectorOr(i) }
    mutating func por(_ i: DecodedInstruction) { vectorOr(i) }
    mutating func xorps(_ i: DecodedInstruction) { vectorXor(i) }
    mutating func xorpd(_ i: DecodedInstruction) { vectorXor(i) }
    mutating func pxor(_ i: DecodedInstruction) { vectorXor(i) }

    // MARK: Shuffles

    mutating func shufps(_ i: DecodedInstruction) {
        let order = Int32(i.immediate & 0xFF)
        combine(i) { $0.unit.vshuffle(.s, $1, $2, order: order) }
    }

    /// A bit for each of the lanes of both halves.
    mutating func shufpd(_ i: DecodedInstruction) {
        let operands = sources(i)
        let second = vector(operands.second, i)
        let first = vector(operands.first, i)
        let low = unit.vshuffle(.d, first.low, second.low, order: Int32(i.immediate & 3))
        var high: Value?
        if let a = first.high, let b = second.high {
            high = unit.vshuffle(.d, a, b, order: Int32(i.immediate >> 2 & 3))
        }
        setVector(i.operand(0), Vector(low: low, high: high), i)
    }

    mutating func unpcklps(_ i: DecodedInstruction) { combine(i) { $0.unit.vzipLow(.s, $1, $2) } }
    mutating func unpckhps(_ i: DecodedInstruction) { combine(i) { $0.unit.vzipHigh(.s, $1, $2) } }
    mutating func unpcklpd(_ i: DecodedInstruction) { combine(i) { $0.unit.vzipLow(.d, $1, $2) } }
    mutating func unpckhpd(_ i: DecodedInstruction) { combine(i) { $0.unit.vzipHigh(.d, $1, $2) } }

    // MARK: Blends (volume 1, 12.4.3)

    /// A bit of the immediate for each lane of both halves.
    mutating func blend(_ i: DecodedInstruction, _ lane: Lane) {
        let operands = sources(i)
        let second = vector(operands.second, i)
        let first = vector(operands.first, i)
        let all: Int64 = (1 << Int64(lane.count)) - 1
        let low = unit.vblend(lane, first.low, second.low, mask: Int32(i.immediate & all))
        var high: Value?
        if let a = first.high, let b = second.high {
            high = unit.vblend(lane, a, b, mask: Int32(i.immediate >> Int64(lane.count) & all))
        }
        setVector(i.operand(0), Vector(low: low, high: high), i)
    }

    mutating func blendps(_ i: DecodedInstruction) { blend(i, .s) }
    mutating func blendpd(_ i: DecodedInstruction) { blend(i, .d) }
}
