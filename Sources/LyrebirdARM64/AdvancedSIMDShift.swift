// C4.1.96 Advanced SIMD: shift by immediate, vectors and scalars.

import LyrebirdIR

/// A shift by immediate: the highest one bit of immh is the lane's size. A scalar is the lower lane of 64 bits.
struct SIMDShift {
    let lane: Lane
    let left: Int
    let right: Int
    let q: Bool
    let rn: Int
    let rd: Int

    init(immh: Int, immediate: Int, q: Bool, rn: Int, rd: Int) {
        lane = Lane(rawValue: UInt8(truncatingIfNeeded: 63 &- immh.leadingZeroBitCount) & 3)!
        left = (immediate &- lane.bits) & (lane.bits &- 1)
        right = 2 &* lane.bits &- immediate
        self.q = q
        self.rn = rn
        self.rd = rd
    }

    init(_ i: VectorShift) { self.init(immh: i.immh, immediate: i.immediate, q: i.q, rn: i.rn, rd: i.rd) }
    init(_ i: SIMDScalarShift) { self.init(immh: i.immh, immediate: i.immediate, q: false, rn: i.rn, rd: i.rd) }
}

extension Lifter {
    // MARK: Vectors

    mutating func sshrVector(_ i: VectorShift) { shiftRight(SIMDShift(i), signed: true) }
    mutating func ushrVector(_ i: VectorShift) { shiftRight(SIMDShift(i), signed: false) }
    mutating func ssraVector(_ i: VectorShift) { shiftRightAccumulate(SIMDShift(i), signed: true) }
    mutating func usraVector(_ i: VectorShift) { shiftRightAccumulate(SIMDShift(i), signed: false) }
    mutating func srshrVector(_ i: VectorShift) { roundRight(SIMDShift(i), signed: true) }
    mutating func urshrVector(_ i: VectorShift) { roundRight(SIMDShift(i), signed: false) }
    mutating func srsraVector(_ i: VectorShift) { roundRightAccumulate(SIMDShift(i), signed: true) }
    mutating func ursraVector(_ i: VectorShift) { roundRightAccumulate(SIMDShift(i), signed: false) }
    mutating func shlVector(_ i: VectorShift) { shiftLeft(SIMDShift(i)) }
    mutating func sliVector(_ i: VectorShift) { shiftLeftInsert(SIMDShift(i)) }
    mutating func sriVector(_ i: VectorShift) { shiftRightInsert(SIMDShift(i)) }

    // MARK: Scalars

    mutating func sshrSIMDScalar(_ i: SIMDScalarShift) { shiftRight(SIMDShift(i), signed: true) }
    mutating func ushrSIMDScalar(_ i: SIMDScalarShift) { shiftRight(SIMDShift(i), signed: false) }
    mutating func ssraSIMDScalar(_ i: SIMDScalarShift) { shiftRightAccumulate(SIMDShift(i), signed: true) }
    mutating func usraSIMDScalar(_ i: SIMDScalarShift) { shiftRightAccumulate(SIMDShift(i), signed: false) }
    mutating func srshrSIMDScalar(_ i: SIMDScalarShift) { roundRight(SIMDShift(i), signed: true) }
    mutating func urshrSIMDScalar(_ i: SIMDScalarShift) { roundRight(SIMDShift(i), signed: false) }
    mutating func srsraSIMDScalar(_ i: SIMDScalarShift) { roundRightAccumulate(SIMDShift(i), signed: true) }
    mutating func ursraSIMDScalar(_ i: SIMDScalarShift) { roundRightAccumulate(SIMDShift(i), signed: false) }
    mutating func shlSIMDScalar(_ i: SIMDScalarShift) { shiftLeft(SIMDShift(i)) }
    mutating func sliSIMDScalar(_ i: SIMDScalarShift) { shiftLeftInsert(SIMDShift(i)) }
    mutating func sriSIMDScalar(_ i: SIMDScalarShift) { shiftRightInsert(SIMDShift(i)) }

    // MARK: Both

    private mutating func shiftRight(_ i: SIMDShift, signed: Bool) {
        setV(i.rd, q: i.q, shiftedRight(i.lane, v(i.rn), i.right, signed: signed))
    }

    private mutating func shiftRightAccumulate(_ i: SIMDShift, signed: Bool) {
        let shifted = shiftedRight(i.lane, v(i.rn), i.right, signed: signed)
        setV(i.rd, q: i.q, unit.vadd(i.lane, v(i.rd), shifted))
    }

    private mutating func roundRight(_ i: SIMDShift, signed: Bool) {
        setV(i.rd, q: i.q, roundedRight(i.lane, v(i.rn), i.right, signed: signed))
    }

    private mutating func roundRightAccumulate(_ i: SIMDShift, signed: Bool) {
        let shifted = roundedRight(i.lane, v(i.rn), i.right, signed: signed)
        setV(i.rd, q: i.q, unit.vadd(i.lane, v(i.rd), shifted))
    }

    private mutating func shiftLeft(_ i: SIMDShift) {
        setV(i.rd, q: i.q, unit.vshl(i.lane, v(i.rn), n: Int32(i.left)))
    }

    /// The bits that a shift would fill with zeros stay what they were.
    private mutating func shiftLeftInsert(_ i: SIMDShift) {
        if i.left == 0 { return setV(i.rd, q: i.q, v(i.rn)) }
        let shifted = unit.vshl(i.lane, v(i.rn), n: Int32(i.left))
        let kept = unit.vand(v(i.rd), splat(i.lane, (1 &<< UInt64(i.left)) &- 1))
        setV(i.rd, q: i.q, unit.vor(kept, shifted))
    }

    private mutating func shiftRightInsert(_ i: SIMDShift) {
        if i.right == i.lane.bits { return setV(i.rd, q: i.q, v(i.rd)) }
        let shifted = unit.vshr(i.lane, v(i.rn), n: Int32(i.right))
        let kept = unit.vandn(v(i.rd), splat(i.lane, ones(i.lane) &>> UInt64(i.right)))
        setV(i.rd, q: i.q, unit.vor(kept, shifted))
    }

    // MARK: Narrowing and widening; the size is the narrow lane's

    mutating func shrn(_ i: VectorShift) {
        let shift = SIMDShift(i)
        let shifted = unit.vshr(wide(shift.lane), v(i.rn), n: Int32(shift.right))
        setNarrowed(i.rd, shift.lane, shifted, upper: i.q)
    }

    mutating func rshrn(_ i: VectorShift) {
        let shift = SIMDShift(i)
        let wide = wide(shift.lane)
        let rounded = unit.vadd(wide, v(i.rn), splat(wide, 1 &<< UInt64(shift.right &- 1)))
        setNarrowed(i.rd, shift.lane, unit.vshr(wide, rounded, n: Int32(shift.right)), upper: i.q)
    }

    mutating func sshll(_ i: VectorShift) { shiftLeftLong(i, signed: true) }
    mutating func ushll(_ i: VectorShift) { shiftLeftLong(i, signed: false) }

    private mutating func shiftLeftLong(_ i: VectorShift, signed: Bool) {
        let shift = SIMDShift(i)
        let value = widened(shift.lane, v(i.rn), upper: i.q, signed: signed)
        setV(i.rd, shift.left == 0 ? value : unit.vshl(wide(shift.lane), value, n: Int32(shift.left)))
    }
}
