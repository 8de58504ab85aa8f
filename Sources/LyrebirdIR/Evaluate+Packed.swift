// Vector operations as the SIMD extensions of x86 have them (Intel SDM volume 1, chapters 11 to 14): shuffles by numbers,
// selections by masks, sums over neighbours. What hosts may lack is computed by CLyrebird/packed.c instead.

extension Evaluate {
    /// - Returns: nil if the opcode is none of these.
    static func packed(_ i: Instruction, _ a: UInt128, _ b: UInt128, _ c: UInt128) -> UInt128? {
        let l = i.lane
        return switch i.opcode {
        case .vbroadcast: build(l) { _ in lane(l, a, 0) }
        case .vshuffleHalf: shuffleHalf(a, UInt64(i.b), isHigh: i.c == 1)
        case .vshuffleBytes: build(.b) { place in byte(of: a, at: lane(.b, b, place)) }
        case .vblendSign: build(l) { isNegative(l, lane(l, c, $0)) ? lane(l, b, $0) : lane(l, a, $0) }
        case .vtest: UInt128(Flags.one | (a & b == 0 ? Flags.z : 0) | (~a & b == 0 ? Flags.c : 0))
        case .vshlAll, .vshrAll, .vsarAll: shiftedAll(i.opcode, l, a, by: lane(.d, b, 0))
        case .vaverageU: zip(l, a, b) { ($0 + $1 + 1) >> 1 }
        case .vmulHighS: zip(.h, a, b) { UInt64(bitPattern: signed(.h, $0) * signed(.h, $1)) >> 16 }
        case .vmulHighU: zip(.h, a, b) { ($0 * $1) >> 16 }
        case .vmulAddPairsSat:
            build(.h) { clamp(.h, mixedProduct(a, b, 2 * $0) + mixedProduct(a, b, 2 * $0 + 1), signed: true) }
        case .vaddPairs: pairs(l, a, b) { UInt64(bitPattern: signed(l, $0) &+ signed(l, $1)) }
        case .vsubPairs: pairs(l, a, b) { UInt64(bitPattern: signed(l, $0) &- signed(l, $1)) }
        case .vaddPairsSat: pairs(.h, a, b) { clamp(.h, Int128(signed(.h, $0)) + Int128(signed(.h, $1)), signed: true) }
        case .vsubPairsSat: pairs(.h, a, b) { clamp(.h, Int128(signed(.h, $0)) - Int128(signed(.h, $1)), signed: true) }
        case .vsign: zip(l, a, b) { $1 == 0 ? 0 : isNegative(l, $1) ? 0 &- $0 : $0 }
        case .vsumDifferences:
            build(.d) { half in (8 * half..<8 * half + 8).reduce(0) { $0 + difference(a, $1, b, $1) } }
        case .vsumDifferences4: slidingDifferences(a, b, from: Int(i.c))
        case .vminPosition: minPosition(a)
        default: nil
        }
    }

    // MARK: Shuffles

    private static func shuffleHalf(_ a: UInt128, _ order: UInt64, isHigh: Bool) -> UInt128 {
        build(.h) { place in
            guard (place >= 4) == isHigh else { return lane(.h, a, place) }
            return lane(.h, a, place & 4 | Int(order >> UInt64(2 * (place & 3)) & 3))
        }
    }

    private static func byte(of table: UInt128, at index: UInt64) -> UInt64 {
        index & 0x80 != 0 ? 0 : lane(.b, table, Int(index & 15))
    }

    // MARK: Arithmetic

    private static func isNegative(_ l: Lane, _ value: UInt64) -> Bool { value >> UInt64(l.bits - 1) & 1 != 0 }

    private static func shiftedAll(_ opcode: Opcode, _ l: Lane, _ a: UInt128, by n: UInt64) -> UInt128 {
        map(l, a) { value in
            switch opcode {
            case .vsarAll: UInt64(bitPattern: signed(l, value) >> Int64(min(n, 63)))
            case _ where n >= UInt64(l.bits): 0
            case .vshlAll: value << n
            default: value >> n
            }
        }
    }

    /// Neighbours of a, then of b.
    private static func pairs(_ l: Lane, _ a: UInt128, _ b: UInt128, _ body: (UInt64, UInt64) -> UInt64) -> UInt128 {
        let half = l.count / 2
        return build(l) { place in
            let source = place < half ? a : b
            return body(lane(l, source, place % half * 2), lane(l, source, place % half * 2 + 1))
        }
    }

    /// Of an unsigned byte and a signed one.
    private static func mixedProduct(_ a: UInt128, _ b: UInt128, _ place: Int) -> Int128 {
        Int128(lane(.b, a, place)) * Int128(signed(.b, lane(.b, b, place)))
    }

    private static func difference(_ a: UInt128, _ place: Int, _ b: UInt128, _ other: Int) -> UInt64 {
        let (x, y) = (lane(.b, a, place), lane(.b, b, other))
        return max(x, y) - min(x, y)
    }

    private static func slidingDifferences(_ a: UInt128, _ b: UInt128, from: Int) -> UInt128 {
        let (first, second) = (from >> 2 & 1, from & 3)
        return build(.h) { n in
            (0..<4).reduce(0) { $0 + difference(a, 4 * first + n + $1, b, 4 * second + $1) }
        }
    }

    private static func minPosition(_ a: UInt128) -> UInt128 {
        var least = 0
        for place in 1..<8 where lane(.h, a, place) < lane(.h, a, least) { least = place }
        return UInt128(lane(.h, a, least)) | UInt128(least) << 16
    }
}
