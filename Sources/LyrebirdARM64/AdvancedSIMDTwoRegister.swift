// C4.1.96 Advanced SIMD: two-register miscellaneous, vectors and scalars, and across lanes.

import LyrebirdIR

extension Lifter {
    // MARK: Reversal and bits

    mutating func rev16Vector(_ i: VectorTwo) { setV(i.rd, q: i.q, unit.vreverse(.b, v(i.rn), group: 1)) }
    mutating func rev32Vector(_ i: VectorTwo) { setV(i.rd, q: i.q, unit.vreverse(lane(i.size), v(i.rn), group: 2)) }
    mutating func rev64Vector(_ i: VectorTwo) { setV(i.rd, q: i.q, unit.vreverse(lane(i.size), v(i.rn), group: 3)) }

    mutating func not(_ i: VectorTwo) { setV(i.rd, q: i.q, unit.vnot(v(i.rn))) }
    mutating func cnt(_ i: VectorTwo) { setV(i.rd, q: i.q, unit.vpopcnt(v(i.rn))) }

    /// Each half of a byte is looked up in the table of four bits reversed, and goes to the other half.
    mutating func rbitVector(_ i: VectorTwo) {
        let source = v(i.rn)
        let mask = splat(.b, 0x0F)
        let low = unit.vand(source, mask)
        let high = unit.vand(unit.vshr(.h, source, n: 4), mask)
        let toHigh = unit.vconst(low: 0xE060_A020_C040_8000, high: 0xF070_B030_D050_9010)
        let toLow = unit.vconst(low: 0x0E06_0A02_0C04_0800, high: 0x0F07_0B03_0D05_0901)
        setV(i.rd, q: i.q, unit.vor(unit.vlookup(toHigh, low), unit.vlookup(toLow, high)))
    }

    mutating func clzVector(_ i: VectorTwo) { setV(i.rd, q: i.q, leadingZeros(lane(i.size), v(i.rn))) }

    mutating func clsVector(_ i: VectorTwo) {
        let lane = lane(i.size)
        let source = v(i.rn)
        let changes = unit.vxor(source, unit.vsar(lane, source, n: 1))
        let zeros = leadingZeros(lane, changes)
        setV(i.rd, q: i.q, unit.vsub(lane, zeros, splat(lane, 1)))
    }

    // MARK: Arithmetic

    mutating func absVector(_ i: VectorTwo) { setV(i.rd, q: i.q, unit.vabs(lane(i.size), v(i.rn))) }
    mutating func negVector(_ i: VectorTwo) { setV(i.rd, q: i.q, unit.vneg(lane(i.size), v(i.rn))) }
    mutating func absSIMDScalar(_ i: SIMDScalarTwo) { setV(i.rd, q: false, unit.vabs(.d, v(i.rn))) }
    mutating func negSIMDScalar(_ i: SIMDScalarTwo) { setV(i.rd, q: false, unit.vneg(.d, v(i.rn))) }

    mutating func saddlp(_ i: VectorTwo) { setV(i.rd, q: i.q, pairSums(lane(i.size), v(i.rn), signed: true)) }
    mutating func uaddlp(_ i: VectorTwo) { setV(i.rd, q: i.q, pairSums(lane(i.size), v(i.rn), signed: false)) }
    mutating func sadalp(_ i: VectorTwo) { accumulatePairs(i, signed: true) }
    mutating func uadalp(_ i: VectorTwo) { accumulatePairs(i, signed: false) }

    private mutating func accumulatePairs(_ i: VectorTwo, signed: Bool) {
        let sums = pairSums(lane(i.size), v(i.rn), signed: signed)
        setV(i.rd, q: i.q, unit.vadd(wide(lane(i.size)), v(i.rd), sums))
    }

    // MARK: Comparisons with zero

    mutating func cmeqZeroVector(_ i: VectorTwo) {
        setV(i.rd, q: i.q, unit.vcmpEQ(lane(i.size), v(i.rn), zeroVector()))
    }

    mutating func cmgtZeroVector(_ i: VectorTwo) {
        setV(i.rd, q: i.q, unit.vcmpGTS(lane(i.size), v(i.rn), zeroVector()))
    }

    mutating func cmltZeroVector(_ i: VectorTwo) {
        setV(i.rd, q: i.q, unit.vcmpGTS(lane(i.size), zeroVector(), v(i.rn)))
    }

    mutating func cmgeZeroVector(_ i: VectorTwo) {
        setV(i.rd, q: i.q, unit.vnot(unit.vcmpGTS(lane(i.size), zeroVector(), v(i.rn))))
    }

    mutating func cmleZeroVector(_ i: VectorTwo) {
        setV(i.rd, q: i.q, unit.vnot(unit.vcmpGTS(lane(i.size), v(i.rn), zeroVector())))
    }

    mutating func cmeqZeroSIMDScalar(_ i: SIMDScalarTwo) {
        setV(i.rd, q: false, unit.vcmpEQ(.d, v(i.rn), zeroVector()))
    }

    mutating func cmgtZeroSIMDScalar(_ i: SIMDScalarTwo) {
        setV(i.rd, q: false, unit.vcmpGTS(.d, v(i.rn), zeroVector()))
    }

    mutating func cmltZeroSIMDScalar(_ i: SIMDScalarTwo) {
        setV(i.rd, q: false, unit.vcmpGTS(.d, zeroVector(), v(i.rn)))
    }

    mutating func cmgeZeroSIMDScalar(_ i: SIMDScalarTwo) {
        setV(i.rd, q: false, unit.vnot(unit.vcmpGTS(.d, zeroVector(), v(i.rn))))
    }

    mutating func cmleZeroSIMDScalar(_ i: SIMDScalarTwo) {
        setV(i.rd, q: false, unit.vnot(unit.vcmpGTS(.d, v(i.rn), zeroVector())))
    }

    // MARK: Narrowing and widening

    mutating func xtn(_ i: VectorTwo) { setNarrowed(i.rd, lane(i.size), v(i.rn), upper: i.q) }

    /// A shift by the lane's width puts zeros below each lane.
    mutating func shll(_ i: VectorTwo) {
        let lane = lane(i.size)
        let zero = zeroVector()
        setV(i.rd, i.q ? unit.vzipHigh(lane, zero, v(i.rn)) : unit.vzipLow(lane, zero, v(i.rn)))
    }

    // MARK: Floating-point signs, which are bits

    mutating func fabsVector(_ i: VectorTwo) {
        setV(i.rd, q: i.q, absoluteLanes(i.lane, v(i.rn)))
    }

    mutating func fnegVector(_ i: VectorTwo) {
        setV(i.rd, q: i.q, negatedLanes(i.lane, v(i.rn)))
    }

    // MARK: Across lanes: one half against the other, until one lane is left

    private enum Reduction { case add, maxS, minS, maxU, minU }

    mutating func addv(_ i: VectorTwo) { reduce(i, lane(i.size), v(i.rn), .add) }
    mutating func smaxv(_ i: VectorTwo) { reduce(i, lane(i.size), v(i.rn), .maxS) }
    mutating func sminv(_ i: VectorTwo) { reduce(i, lane(i.size), v(i.rn), .minS) }
    mutating func umaxv(_ i: VectorTwo) { reduce(i, lane(i.size), v(i.rn), .maxU) }
    mutating func uminv(_ i: VectorTwo) { reduce(i, lane(i.size), v(i.rn), .minU) }

    mutating func saddlv(_ i: VectorTwo) {
        reduce(i, wide(lane(i.size)), pairSums(lane(i.size), v(i.rn), signed: true), .add)
    }

    mutating func uaddlv(_ i: VectorTwo) {
        reduce(i, wide(lane(i.size)), pairSums(lane(i.size), v(i.rn), signed: false), .add)
    }

    private mutating func reduce(_ i: VectorTwo, _ lane: Lane, _ value: Value, _ reduction: Reduction) {
        var result = value
        var distance: Int32 = i.q ? 8 : 4
        while distance >= Int32(lane.bits &>> 3) {
            let other = unit.vbytes(result, result, n: distance)
            switch reduction {
            case .add: result = unit.vadd(lane, result, other)
            case .maxS: result = unit.vmaxS(lane, result, other)
            case .minS: result = unit.vminS(lane, result, other)
            case .maxU: result = unit.vmaxU(lane, result, other)
            case .minU: result = unit.vminU(lane, result, other)
            }
            distance &>>= 1
        }
        setV(i.rd, lowLane(lane, result))
    }

    // MARK: Scalar pairwise

    mutating func addpSIMDScalar(_ i: SIMDScalarTwo) {
        let source = v(i.rn)
        setV(i.rd, q: false, unit.vadd(.d, source, unit.vzipHigh(.d, source, source)))
    }
}
