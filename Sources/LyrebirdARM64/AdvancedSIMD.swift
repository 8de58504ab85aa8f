// C4.1.96 Data processing - Advanced SIMD: what its sections share. A vector is a V register with lanes of a size; without q
// it is the lower half, and what is written clears the upper one.

import LyrebirdIR

extension Lifter {
    @inline(__always) func lane(_ size: Int) -> Lane { Lane(rawValue: UInt8(truncatingIfNeeded: size & 3))! }

    /// The lane of twice the width.
    @inline(__always) func wide(_ lane: Lane) -> Lane { Lane(rawValue: lane.rawValue &+ 1)! }

    mutating func zeroVector() -> Value { unit.vconst(low: 0, high: 0) }

    /// A constant in every lane.
    mutating func splat(_ lane: Lane, _ value: UInt64) -> Value {
        var bits = value
        switch lane {
        case .b: bits = (value & 0xFF) &* 0x0101_0101_0101_0101
        case .h: bits = (value & 0xFFFF) &* 0x0001_0001_0001_0001
        case .s: bits = (value & 0xFFFF_FFFF) &* 0x0000_0001_0000_0001
        case .d: break
        }
        return unit.vconst(low: bits, high: bits)
    }

    /// All bits of a lane.
    @inline(__always) func ones(_ lane: Lane) -> UInt64 { UInt64.max &>> UInt64(64 &- lane.bits) }

    /// The lower 64 bits with zeros above: MOVQ on the host.
    mutating func lowHalf(_ value: Value) -> Value { unit.vzipLow(.d, value, zeroVector()) }

    /// The lowest lane with zeros above.
    mutating func lowLane(_ lane: Lane, _ value: Value) -> Value {
        if lane == .d { return lowHalf(value) }
        return unit.vand(value, unit.vconst(low: ones(lane), high: 0))
    }

    /// Writes a vector of 128 bits, or of 64 without q.
    mutating func setV(_ number: Int, q: Bool, _ value: Value) {
        setV(number, q ? value : lowHalf(value))
    }

    // MARK: Halves of a vector, widened and narrowed

    /// The lanes of the lower half, or of the upper, extended to twice their width.
    mutating func widened(_ lane: Lane, _ value: Value, upper: Bool, signed: Bool) -> Value {
        let wide = Int32(lane.rawValue) &+ 1
        if !upper { return signed ? unit.vwidenS(lane, value, to: wide) : unit.vwidenU(lane, value, to: wide) }
        if !signed { return unit.vzipHigh(lane, value, zeroVector()) }
        return unit.vwidenS(lane, unit.vzipHigh(.d, value, value), to: wide)
    }

    /// Cuts lanes of twice the width to `lane` and writes them to the lower half, clearing the upper, or to the upper half,
    /// keeping the lower.
    mutating func setNarrowed(_ rd: Int, _ lane: Lane, _ value: Value, upper: Bool) {
        let narrow = unit.vunzipEven(lane, value, zeroVector())
        setV(rd, upper ? unit.vzipLow(.d, v(rd), narrow) : narrow)
    }

    /// Sums of neighbours, at twice the width.
    mutating func pairSums(_ lane: Lane, _ value: Value, signed: Bool) -> Value {
        let bits = Int32(lane.bits)
        let wide = wide(lane)
        if signed {
            let even = unit.vsar(wide, unit.vshl(wide, value, n: bits), n: bits)
            return unit.vadd(wide, even, unit.vsar(wide, value, n: bits))
        }
        let even = unit.vand(value, splat(wide, ones(lane)))
        return unit.vadd(wide, even, unit.vshr(wide, value, n: bits))
    }

    /// Products of lanes of half the width, which have been extended. The host has them for words.
    mutating func longProduct(_ lane: Lane, _ a: Value, _ b: Value, signed: Bool) -> Value {
        switch (lane, signed) {
        case (.d, true): unit.vmulEvenS(a, b)
        case (.d, false): unit.vmulEvenU(a, b)
        default: unit.vmul(lane, a, b)
        }
    }

    // MARK: Operations that the IR has not

    /// Whether a >= b in each lane. There is a maximum for the lanes below 64 bits.
    mutating func compareGE(_ lane: Lane, _ a: Value, _ b: Value, signed: Bool) -> Value {
        if lane == .d {
            return unit.vnot(signed ? unit.vcmpGTS(lane, b, a) : unit.vcmpGTU(lane, b, a))
        }
        return unit.vcmpEQ(lane, signed ? unit.vmaxS(lane, a, b) : unit.vmaxU(lane, a, b), a)
    }

    /// |a - b|, as an unsigned number.
    mutating func absoluteDifference(_ lane: Lane, _ a: Value, _ b: Value, signed: Bool) -> Value {
        signed
            ? unit.vsub(lane, unit.vmaxS(lane, a, b), unit.vminS(lane, a, b))
            : unit.vsub(lane, unit.vmaxU(lane, a, b), unit.vminU(lane, a, b))
    }

    /// Leading zeros of lanes of 8, 16 or 32 bits: ones spread to the right of the first, and the zeros that are left counted.
    mutating func leadingZeros(_ lane: Lane, _ value: Value) -> Value {
        var spread = value
        var distance: Int32 = 1
        while distance < Int32(lane.bits) {
            spread = unit.vor(spread, unit.vshr(lane, spread, n: distance))
            distance &<<= 1
        }
        let counts = unit.vpopcnt(unit.vnot(spread))
        switch lane {
        case .b: return counts
        case .h: return pairSums(.b, counts, signed: false)
        default: return pairSums(.h, pairSums(.b, counts, signed: false), signed: false)
        }
    }

    /// A right shift by 1 … the width.
    mutating func shiftedRight(_ lane: Lane, _ value: Value, _ amount: Int, signed: Bool) -> Value {
        if signed { return unit.vsar(lane, value, n: Int32(min(amount, lane.bits &- 1))) }
        return amount == lane.bits ? zeroVector() : unit.vshr(lane, value, n: Int32(amount))
    }

    /// A right shift by 1 … the width, rounded to the nearest, ties up: what is shifted out last is added.
    mutating func roundedRight(_ lane: Lane, _ value: Value, _ amount: Int, signed: Bool) -> Value {
        let whole = shiftedRight(lane, value, amount, signed: signed)
        let last = amount == 1 ? value : unit.vshr(lane, value, n: Int32(amount &- 1))
        return unit.vadd(lane, whole, unit.vand(last, splat(lane, 1)))
    }
}
