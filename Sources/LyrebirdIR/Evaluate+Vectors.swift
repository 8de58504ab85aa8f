// What the vector operations compute, lane by lane, on 128-bit numbers. Lane 0 is in the lowest bits.

extension Evaluate {
    /// The result of a pure vector operation, or of an integer one that reads a vector. Integers are zero-extended.
    /// - Returns: nil if the opcode is none of these.
    public static func vector(_ i: Instruction, _ a: UInt128, _ b: UInt128, _ c: UInt128 = 0) -> UInt128? {
        switch i.opcode {
        case .vand: a & b
        case .vor: a | b
        case .vxor: a ^ b
        case .vandn: a & ~b
        case .vnot: ~a
        case .vadd, .vsub, .vmul, .vminU, .vmaxU, .vminS, .vmaxS, .vcmpEQ, .vcmpGTS, .vcmpGTU:
            zip(i.lane, a, b) { binary(i.opcode, i.lane, $0, $1) }
        case .vaddSatS, .vaddSatU, .vsubSatS, .vsubSatU: zip(i.lane, a, b) { saturated(i.opcode, i.lane, $0, $1) }
        case .vmulDoubleHigh, .vmulDoubleHighRound:
            zip(i.lane, a, b) { doubledHigh(i.lane, $0, $1, rounded: i.opcode == .vmulDoubleHighRound) }
        case .vmulEvenU: build(.d) { lane(.s, a, 2 * $0) &* lane(.s, b, 2 * $0) }
        case .vmulEvenS:
            build(.d) { place in
                let (x, y) = (signed(.s, lane(.s, a, 2 * place)), signed(.s, lane(.s, b, 2 * place)))
                return UInt64(bitPattern: x &* y)
            }
        case .vmulAddPairs: build(.s) { product(a, b, 2 * $0) &+ product(a, b, 2 * $0 + 1) }
        case .vneg, .vabs, .vshl, .vshr, .vsar: map(i.lane, a) { unary(i.opcode, i.lane, $0, by: UInt64(i.b)) }
        case .vsplat: build(i.lane) { _ in UInt64(truncatingIfNeeded: a) }
        case .vfromInt: a
        case .vextract: UInt128(lane(i.lane, a, Int(i.b)))
        case .vinsert: build(i.lane) { $0 == Int(i.c) ? UInt64(truncatingIfNeeded: b) : lane(i.lane, a, $0) }
        case .vpopcnt: map(.b, a) { UInt64($0.nonzeroBitCount) }
        default: permutation(i, a, b) ?? packed(i, a, b, c)
        }
    }

    private static func permutation(_ i: Instruction, _ a: UInt128, _ b: UInt128) -> UInt128? {
        let l = i.lane
        let half = l.count / 2
        return switch i.opcode {
        case .vzipLow: build(l) { lane(l, $0 & 1 == 0 ? a : b, $0 / 2) }
        case .vzipHigh: build(l) { lane(l, $0 & 1 == 0 ? a : b, half + $0 / 2) }
        case .vunzipEven: build(l) { lane(l, $0 < half ? a : b, $0 % half * 2) }
        case .vunzipOdd: build(l) { lane(l, $0 < half ? a : b, $0 % half * 2 + 1) }
        case .vbytes: i.c == 0 ? a : a >> UInt128(8 * i.c) | b << UInt128(128 - 8 * i.c)
        case .vlookup:
            build(.b) { place in
                let index = lane(.b, b, place)
                return index < 16 ? lane(.b, a, Int(index)) : 0
            }
        case .vwidenU: build(Lane(rawValue: UInt8(i.b & 3))!) { lane(l, a, $0) }
        case .vwidenS: build(Lane(rawValue: UInt8(i.b & 3))!) { UInt64(bitPattern: signed(l, lane(l, a, $0))) }
        case .vnarrowS, .vnarrowSU, .vnarrowU:
            build(l) { place in
                let wide = Lane(rawValue: min(l.rawValue + 1, 3))!
                return narrowed(i.opcode, l, lane(wide, place < half ? a : b, place % half))
            }
        case .vinsertWord:
            build(.s) { place in
                if i.c >> UInt32(place) & 1 != 0 { return 0 }
                return place == Int(i.c >> 4 & 3) ? lane(.s, b, Int(i.c >> 6)) : lane(.s, a, place)
            }
        case .vblend: build(l) { lane(l, i.c >> UInt32($0) & 1 != 0 ? b : a, $0) }
        case .vshuffle:
            build(l) { place in
                let bits = l == .d ? 1 : 2
                return lane(l, place < half ? a : b, Int(i.c >> UInt32(bits * place)) & (l.count - 1))
            }
        case .vpermute:
            build(l) { lane(l, a, Int(truncatingIfNeeded: l == .d ? lane(l, b, $0) >> 1 & 1 : lane(l, b, $0) & 3)) }
        case .vmask: (0..<l.count).reduce(0) { $0 | UInt128(lane(l, a, $1) >> UInt64(l.bits - 1)) << UInt128($1) }
        case .vreverse: build(l) { lane(l, a, $0 ^ ((1 << (Int(i.b) - Int(l.rawValue))) - 1)) }
        default: nil
        }
    }

    // MARK: Lanes

    /// One lane, zero-extended.
    public static func lane(_ lane: Lane, _ vector: UInt128, _ index: Int) -> UInt64 {
        cut(lane, UInt64(truncatingIfNeeded: vector >> UInt128(index * lane.bits)))
    }

    private static func cut(_ lane: Lane, _ value: UInt64) -> UInt64 {
        lane == .d ? value : value & ((1 << UInt64(lane.bits)) - 1)
    }

    static func signed(_ lane: Lane, _ value: UInt64) -> Int64 {
        let shift = 64 - lane.bits
        return Int64(bitPattern: value << UInt64(shift)) >> Int64(shift)
    }

    static func build(_ lane: Lane, _ body: (Int) -> UInt64) -> UInt128 {
        var result: UInt128 = 0
        for n in 0..<lane.count { result |= UInt128(cut(lane, body(n))) << UInt128(n * lane.bits) }
        return result
    }

    static func map(_ l: Lane, _ a: UInt128, _ body: (UInt64) -> UInt64) -> UInt128 {
        build(l) { body(lane(l, a, $0)) }
    }

    static func zip(_ l: Lane, _ a: UInt128, _ b: UInt128, _ body: (UInt64, UInt64) -> UInt64) -> UInt128 {
        build(l) { body(lane(l, a, $0), lane(l, b, $0)) }
    }

    private static func binary(_ opcode: Opcode, _ lane: Lane, _ a: UInt64, _ b: UInt64) -> UInt64 {
        let less = signed(lane, a) < signed(lane, b)
        return switch opcode {
        case .vadd: a &+ b
        case .vsub: a &- b
        case .vmul: a &* b
        case .vminU: min(a, b)
        case .vmaxU: max(a, b)
        case .vminS: less ? a : b
        case .vmaxS: less ? b : a
        case .vcmpEQ: a == b ? .max : 0
        case .vcmpGTS: !less && a != b ? .max : 0
        default: a > b ? .max : 0
        }
    }

    private static func unary(_ opcode: Opcode, _ lane: Lane, _ a: UInt64, by n: UInt64) -> UInt64 {
        switch opcode {
        case .vneg: 0 &- a
        case .vabs: signed(lane, a) < 0 ? 0 &- a : a
        case .vshl: a << n
        case .vshr: a >> n
        default: UInt64(bitPattern: signed(lane, a) >> Int64(n))
        }
    }

    // MARK: Saturation

    /// The nearest signed number of the lane, or the nearest unsigned one.
    static func clamp(_ lane: Lane, _ value: Int128, signed: Bool) -> UInt64 {
        let limit = Int128(1) << Int128(signed ? lane.bits - 1 : lane.bits)
        return UInt64(truncatingIfNeeded: min(max(value, signed ? -limit : 0), limit - 1))
    }

    private static func saturated(_ opcode: Opcode, _ l: Lane, _ a: UInt64, _ b: UInt64) -> UInt64 {
        let isSigned = opcode == .vaddSatS || opcode == .vsubSatS
        let x = isSigned ? Int128(signed(l, a)) : Int128(a)
        let y = isSigned ? Int128(signed(l, b)) : Int128(b)
        return clamp(l, opcode == .vaddSatS || opcode == .vaddSatU ? x + y : x - y, signed: isSigned)
    }

    private static func narrowed(_ opcode: Opcode, _ l: Lane, _ value: UInt64) -> UInt64 {
        let wide = Lane(rawValue: min(l.rawValue + 1, 3))!
        let number = opcode == .vnarrowU ? Int128(value) : Int128(signed(wide, value))
        return clamp(l, number, signed: opcode == .vnarrowS)
    }

    private static func doubledHigh(_ l: Lane, _ a: UInt64, _ b: UInt64, rounded: Bool) -> UInt64 {
        let half = rounded ? Int128(1) << Int128(l.bits - 1) : 0
        return UInt64(truncatingIfNeeded: (2 * Int128(signed(l, a)) * Int128(signed(l, b)) + half) >> Int128(l.bits))
    }

    /// Of the halfwords at a place.
    private static func product(_ a: UInt128, _ b: UInt128, _ place: Int) -> UInt64 {
        UInt64(bitPattern: signed(.h, lane(.h, a, place)) * signed(.h, lane(.h, b, place)))
    }
}
