// SDM volume 1, 11.4.2 and 12.7, 12.10, 12.11: integers in vectors, of SSE2 to SSE4.2, with the VEX forms of AVX and AVX2. Nearly all work
// on 128 bits at a time, so that a form of 256 bits is the same twice.

import LyrebirdIR

extension Lifter {
    // MARK: Sums and differences

    mutating func paddb(_ i: DecodedInstruction) { combine(i) { $0.unit.vadd(.b, $1, $2) } }
    mutating func paddw(_ i: DecodedInstruction) { combine(i) { $0.unit.vadd(.h, $1, $2) } }
    mutating func paddd(_ i: DecodedInstruction) { combine(i) { $0.unit.vadd(.s, $1, $2) } }
    mutating func paddq(_ i: DecodedInstruction) { combine(i) { $0.unit.vadd(.d, $1, $2) } }
    mutating func psubb(_ i: DecodedInstruction) { combine(i) { $0.unit.vsub(.b, $1, $2) } }
    mutating func psubw(_ i: DecodedInstruction) { combine(i) { $0.unit.vsub(.h, $1, $2) } }
    mutating func psubd(_ i: DecodedInstruction) { combine(i) { $0.unit.vsub(.s, $1, $2) } }
    mutating func psubq(_ i: DecodedInstruction) { combine(i) { $0.unit.vsub(.d, $1, $2) } }
    mutating func paddsb(_ i: DecodedInstruction) { combine(i) { $0.unit.vaddSatS(.b, $1, $2) } }
    mutating func paddsw(_ i: DecodedInstruction) { combine(i) { $0.unit.vaddSatS(.h, $1, $2) } }
    mutating func paddusb(_ i: DecodedInstruction) { combine(i) { $0.unit.vaddSatU(.b, $1, $2) } }
    mutating func paddusw(_ i: DecodedInstruction) { combine(i) { $0.unit.vaddSatU(.h, $1, $2) } }
    mutating func psubsb(_ i: DecodedInstruction) { combine(i) { $0.unit.vsubSatS(.b, $1, $2) } }
    mutating func psubsw(_ i: DecodedInstruction) { combine(i) { $0.unit.vsubSatS(.h, $1, $2) } }
    mutating func psubusb(_ i: DecodedInstruction) { combine(i) { $0.unit.vsubSatU(.b, $1, $2) } }
    mutating func psubusw(_ i: DecodedInstruction) { combine(i) { $0.unit.vsubSatU(.h, $1, $2) } }
    mutating func pavgb(_ i: DecodedInstruction) { combine(i) { $0.unit.vaverageU(.b, $1, $2) } }
    mutating func pavgw(_ i: DecodedInstruction) { combine(i) { $0.unit.vaverageU(.h, $1, $2) } }
    mutating func psadbw(_ i: DecodedInstruction) { combine(i) { $0.unit.vsumDifferences($1, $2) } }

    mutating func phaddw(_ i: DecodedInstruction) { combine(i) { $0.unit.vaddPairs(.h, $1, $2) } }
    mutating func phaddd(_ i: DecodedInstruction) { combine(i) { $0.unit.vaddPairs(.s, $1, $2) } }
    mutating func phaddsw(_ i: DecodedInstruction) { combine(i) { $0.unit.vaddPairsSat($1, $2) } }
    mutating func phsubw(_ i: DecodedInstruction) { combine(i) { $0.unit.vsubPairs(.h, $1, $2) } }
    mutating func phsubd(_ i: DecodedInstruction) { combine(i) { $0.unit.vsubPairs(.s, $1, $2) } }
    mutating func phsubsw(_ i: DecodedInstruction) { combine(i) { $0.unit.vsubPairsSat($1, $2) } }

    /// Three bits of the immediate for each half.
    mutating func mpsadbw(_ i: DecodedInstruction) {
        combineHalves(i) { lifter, a, b, half in
            lifter.unit.vsumDifferences4(a, b, from: Int32(i.immediate >> Int64(3 * half) & 7))
        }
    }

    // MARK: Products

    mutating func pmullw(_ i: DecodedInstruction) { combine(i) { $0.unit.vmul(.h, $1, $2) } }
    mutating func pmulld(_ i: DecodedInstruction) { combine(i) { $0.unit.vmul(.s, $1, $2) } }
    mutating func pmulhw(_ i: DecodedInstruction) { combine(i) { $0.unit.vmulHighS($1, $2) } }
    mutating func pmulhuw(_ i: DecodedInstruction) { combine(i) { $0.unit.vmulHighU($1, $2) } }
    mutating func pmulhrsw(_ i: DecodedInstruction) {
        combine(i) { $0.unit.vmulDoubleHighRound(.h, $1, $2) }
    }
    mutating func pmuludq(_ i: DecodedInstruction) { combine(i) { $0.unit.vmulEvenU($1, $2) } }
    mutating func pmuldq(_ i: DecodedInstruction) { combine(i) { $0.unit.vmulEvenS($1, $2) } }
    mutating func pmaddwd(_ i: DecodedInstruction) { combine(i) { $0.unit.vmulAddPairs($1, $2) } }
    mutating func pmaddubsw(_ i: DecodedInstruction) {
        combine(i) { $0.unit.vmulAddPairsSat($1, $2) }
    }

    // MARK: Comparisons, minima and maxima

    mutating func pcmpeqb(_ i: DecodedInstruction) { compareEqual(i, .b) }
    mutating func pcmpeqw(_ i: DecodedInstruction) { compareEqual(i, .h) }
    mutating func pcmpeqd(_ i: DecodedInstruction) { compareEqual(i, .s) }
    mutating func pcmpeqq(_ i: DecodedInstruction) { compareEqual(i, .d) }

    /// What is compared with itself is all ones, whatever it was.
    private mutating func compareEqual(_ i: DecodedInstruction, _ lane: Lane) {
        let operands = sources(i)
        guard operands.first == operands.second else {
            return combine(i) { $0.unit.vcmpEQ(lane, $1, $2) }
        }
        let ones = unit.vconst(low: .max, high: .max)
        setVector(i.operand(0), Vector(low: ones, high: operands.first.size == 32 ? ones : nil), i)
    }

    mutating func pcmpgtb(_ i: DecodedInstruction) { combine(i) { $0.unit.vcmpGTS(.b, $1, $2) } }
    mutating func pcmpgtw(_ i: DecodedInstruction) { combine(i) { $0.unit.vcmpGTS(.h, $1, $2) } }
    mutating func pcmpgtd(_ i: DecodedInstruction) { combine(i) { $0.unit.vcmpGTS(.s, $1, $2) } }
    mutating func pcmpgtq(_ i: DecodedInstruction) { combine(i) { $0.unit.vcmpGTS(.d, $1, $2) } }
    mutating func pminub(_ i: DecodedInstruction) { combine(i) { $0.unit.vminU(.b, $1, $2) } }
    mutating func pminuw(_ i: DecodedInstruction) { combine(i) { $0.unit.vminU(.h, $1, $2) } }
    mutating func pminud(_ i: DecodedInstruction) { combine(i) { $0.unit.vminU(.s, $1, $2) } }
    mutating func pminsb(_ i: DecodedInstruction) { combine(i) { $0.unit.vminS(.b, $1, $2) } }
    mutating func pminsw(_ i: DecodedInstruction) { combine(i) { $0.unit.vminS(.h, $1, $2) } }
    mutating func pminsd(_ i: DecodedInstruction) { combine(i) { $0.unit.vminS(.s, $1, $2) } }
    mutating func pmaxub(_ i: DecodedInstruction) { combine(i) { $0.unit.vmaxU(.b, $1, $2) } }
    mutating func pmaxuw(_ i: DecodedInstruction) { combine(i) { $0.unit.vmaxU(.h, $1, $2) } }
    mutating func pmaxud(_ i: DecodedInstruction) { combine(i) { $0.unit.vmaxU(.s, $1, $2) } }
    mutating func pmaxsb(_ i: DecodedInstruction) { combine(i) { $0.unit.vmaxS(.b, $1, $2) } }
    mutating func pmaxsw(_ i: DecodedInstruction) { combine(i) { $0.unit.vmaxS(.h, $1, $2) } }
    mutating func pmaxsd(_ i: DecodedInstruction) { combine(i) { $0.unit.vmaxS(.s, $1, $2) } }
    mutating func phminposuw(_ i: DecodedInstruction) { transform(i) { $0.unit.vminPosition($1) } }

    // MARK: Signs

    mutating func pabsb(_ i: DecodedInstruction) { transform(i) { $0.unit.vabs(.b, $1) } }
    mutating func pabsw(_ i: DecodedInstruction) { transform(i) { $0.unit.vabs(.h, $1) } }
    mutating func pabsd(_ i: DecodedInstruction) { transform(i) { $0.unit.vabs(.s, $1) } }
    mutating func psignb(_ i: DecodedInstruction) { combine(i) { $0.unit.vsign(.b, $1, $2) } }
    mutating func psignw(_ i: DecodedInstruction) { combine(i) { $0.unit.vsign(.h, $1, $2) } }
    mutating func psignd(_ i: DecodedInstruction) { combine(i) { $0.unit.vsign(.s, $1, $2) } }
    mutating func pmovmskb(_ i: DecodedInstruction) { moveMask(i, .b) }

    // MARK: Shifts

    private enum Direction { case left, right, signed }

    mutating func psllw(_ i: DecodedInstruction) { shiftLanes(.left, .h, i) }
    mutating func pslld(_ i: DecodedInstruction) { shiftLanes(.left, .s, i) }
    mutating func psllq(_ i: DecodedInstruction) { shiftLanes(.left, .d, i) }
    mutating func psrlw(_ i: DecodedInstruction) { shiftLanes(.right, .h, i) }
    mutating func psrld(_ i: DecodedInstruction) { shiftLanes(.right, .s, i) }
    mutating func psrlq(_ i: DecodedInstruction) { shiftLanes(.right, .d, i) }
    mutating func psraw(_ i: DecodedInstruction) { shiftLanes(.signed, .h, i) }
    mutating func psrad(_ i: DecodedInstruction) { shiftLanes(.signed, .s, i) }

    /// By a number, or by what the low half of a vector says, for both halves of the destination.
    private mutating func shiftLanes(_ direction: Direction, _ lane: Lane, _ i: DecodedInstruction) {
        let amount = i.operand(i.operandCount &- 1)
        guard amount.kind == .immediate else {
            let n = xmm(amount, i)
            return shifted(i) { lifter, value in
                switch direction {
                case .left: lifter.unit.vshlAll(lane, value, n)
                case .right: lifter.unit.vshrAll(lane, value, n)
                case .signed: lifter.unit.vsarAll(lane, value, n)
                }
            }
        }
        let n = Int32(truncatingIfNeeded: i.immediate & 0xFF)
        let isBeyond = n >= Int32(lane.bits)
        shifted(i) { lifter, value in
            switch direction {
            case .signed: lifter.unit.vsar(lane, value, n: isBeyond ? Int32(lane.bits) &- 1 : n)
            case _ where isBeyond: lifter.zeroVector()
            case .left: lifter.unit.vshl(lane, value, n: n)
            case .right: lifter.unit.vshr(lane, value, n: n)
            }
        }
    }

    /// The destination of a shift becomes what is computed of the source, which is the destination in legacy SSE.
    private mutating func shifted(_ i: DecodedInstruction, _ compute: (inout Lifter, Value) -> Value) {
        let source = vector(i.operand(i.operandCount &- 2), i)
        let low = compute(&self, source.low)
        var high: Value?
        if let upper = source.high { high = compute(&self, upper) }
        setVector(i.operand(0), Vector(low: low, high: high), i)
    }

    /// By bytes, each half for itself.
    mutating func pslldq(_ i: DecodedInstruction) {
        let n = Int32(truncatingIfNeeded: i.immediate & 0xFF)
        shifted(i) { lifter, value in
            let zero = lifter.zeroVector()
            return n == 0 ? value : n > 15 ? zero : lifter.unit.vbytes(zero, value, n: 16 &- n)
        }
    }

    mutating func psrldq(_ i: DecodedInstruction) {
        let n = Int32(truncatingIfNeeded: i.immediate & 0xFF)
        shifted(i) { lifter, value in
            let zero = lifter.zeroVector()
            return n == 0 ? value : n > 15 ? zero : lifter.unit.vbytes(value, zero, n: n)
        }
    }

    /// Of the first source above the second.
    mutating func palignr(_ i: DecodedInstruction) {
        let n = Int32(truncatingIfNeeded: i.immediate & 0xFF)
        combine(i) { lifter, high, low in
            if n == 0 { return low }
            if n < 16 { return lifter.unit.vbytes(low, high, n: n) }
            let zero = lifter.zeroVector()
            return n == 16 ? high : n < 32 ? lifter.unit.vbytes(high, zero, n: n &- 16) : zero
        }
    }

    // MARK: Conversions

    mutating func packsswb(_ i: DecodedInstruction) { combine(i) { $0.unit.vnarrowS(.b, $1, $2) } }
    mutating func packssdw(_ i: DecodedInstruction) { combine(i) { $0.unit.vnarrowS(.h, $1, $2) } }
    mutating func packuswb(_ i: DecodedInstruction) { combine(i) { $0.unit.vnarrowSU(.b, $1, $2) } }
    mutating func packusdw(_ i: DecodedInstruction) { combine(i) { $0.unit.vnarrowSU(.h, $1, $2) } }

    mutating func pmovsxbw(_ i: DecodedInstruction) { widen(i, .b, to: 1, signed: true) }
    mutating func pmovsxbd(_ i: DecodedInstruction) { widen(i, .b, to: 2, signed: true) }
    mutating func pmovsxbq(_ i: DecodedInstruction) { widen(i, .b, to: 3, signed: true) }
    mutating func pmovsxwd(_ i: DecodedInstruction) { widen(i, .h, to: 2, signed: true) }
    mutating func pmovsxwq(_ i: DecodedInstruction) { widen(i, .h, to: 3, signed: true) }
    mutating func pmovsxdq(_ i: DecodedInstruction) { widen(i, .s, to: 3, signed: true) }
    mutating func pmovzxbw(_ i: DecodedInstruction) { widen(i, .b, to: 1, signed: false) }
    mutating func pmovzxbd(_ i: DecodedInstruction) { widen(i, .b, to: 2, signed: false) }
    mutating func pmovzxbq(_ i: DecodedInstruction) { widen(i, .b, to: 3, signed: false) }
    mutating func pmovzxwd(_ i: DecodedInstruction) { widen(i, .h, to: 2, signed: false) }
    mutating func pmovzxwq(_ i: DecodedInstruction) { widen(i, .h, to: 3, signed: false) }
    mutating func pmovzxdq(_ i: DecodedInstruction) { widen(i, .s, to: 3, signed: false) }

    /// The upper half of the destination goes on in the source where the lower one ended.
    private mutating func widen(_ i: DecodedInstruction, _ lane: Lane, to: Int32, signed: Bool) {
        let source = xmm(i.operand(1), i, .notNeeded)
        let low = signed ? unit.vwidenS(lane, source, to: to) : unit.vwidenU(lane, source, to: to)
        var high: Value?
        if i.operand(0).size == 32 {
            let zero = zeroVector()
            let rest = unit.vbytes(source, zero, n: 16 >> (to &- Int32(lane.rawValue)))
            high = signed ? unit.vwidenS(lane, rest, to: to) : unit.vwidenU(lane, rest, to: to)
        }
        setVector(i.operand(0), Vector(low: low, high: high), i)
    }

    // MARK: Shuffles

    mutating func punpcklbw(_ i: DecodedInstruction) { combine(i) { $0.unit.vzipLow(.b, $1, $2) } }
    mutating func punpcklwd(_ i: DecodedInstruction) { combine(i) { $0.unit.vzipLow(.h, $1, $2) } }
    mutating func punpckldq(_ i: DecodedInstruction) { combine(i) { $0.unit.vzipLow(.s, $1, $2) } }
    mutating func punpcklqdq(_ i: DecodedInstruction) { combine(i) { $0.unit.vzipLow(.d, $1, $2) } }
    mutating func punpckhbw(_ i: DecodedInstruction) { combine(i) { $0.unit.vzipHigh(.b, $1, $2) } }
    mutating func punpckhwd(_ i: DecodedInstruction) { combine(i) { $0.unit.vzipHigh(.h, $1, $2) } }
    mutating func punpckhdq(_ i: DecodedInstruction) { combine(i) { $0.unit.vzipHigh(.s, $1, $2) } }
    mutating func punpckhqdq(_ i: DecodedInstruction) { combine(i) { $0.unit.vzipHigh(.d, $1, $2) } }
    mutating func pshufb(_ i: DecodedInstruction) { combine(i) { $0.unit.vshuffleBytes($1, $2) } }

    mutating func pshufd(_ i: DecodedInstruction) {
        let order = Int32(truncatingIfNeeded: i.immediate & 0xFF)
        transform(i) { $0.unit.vshuffle(.s, $1, $1, order: order) }
    }

    mutating func pshuflw(_ i: DecodedInstruction) { shuffleHalf(i, 0) }
    mutating func pshufhw(_ i: DecodedInstruction) { shuffleHalf(i, 1) }

    private mutating func shuffleHalf(_ i: DecodedInstruction, _ half: Int32) {
        let order = Int32(truncatingIfNeeded: i.immediate & 0xFF)
        transform(i) { $0.unit.vshuffleHalf($1, order: order, half: half) }
    }

    // MARK: Blends (volume 1, 12.10.6)

    /// Both halves have the same mask.
    mutating func pblendw(_ i: DecodedInstruction) {
        let mask = Int32(truncatingIfNeeded: i.immediate & 0xFF)
        combine(i) { $0.unit.vblend(.h, $1, $2, mask: mask) }
    }

    mutating func pblendvb(_ i: DecodedInstruction) { blendBySigns(i, .b) }
    mutating func blendvps(_ i: DecodedInstruction) { blendBySigns(i, .s) }
    mutating func blendvpd(_ i: DecodedInstruction) { blendBySigns(i, .d) }

    private mutating func blendBySigns(_ i: DecodedInstruction, _ lane: Lane) {
        let mask = vector(i.operand(i.operandCount &- 1), i)
        combineHalves(i) { lifter, a, b, half in
            lifter.unit.vblendSign(lane, a, b, half == 0 ? mask.low : mask.high ?? mask.low)
        }
    }

    /// As `combine`, where the halves differ: 0 is the lower one.
    mutating func combineHalves(
        _ i: DecodedInstruction, _ compute: (inout Lifter, Value, Value, Int) -> Value
    ) {
        var half = -1
        combine(i) { lifter, a, b in
            half += 1
            return compute(&lifter, a, b, half)
        }
    }

    // MARK: Lanes and general registers

    mutating func pextrb(_ i: DecodedInstruction) { extract(i, .b) }
    mutating func pextrw(_ i: DecodedInstruction) { extract(i, .h) }
    mutating func pextrd(_ i: DecodedInstruction) { extract(i, i.operand(0).size == 8 ? .d : .s) }
    mutating func vpextrq(_ i: DecodedInstruction) { extract(i, .d) }

    private mutating func extract(_ i: DecodedInstruction, _ lane: Lane) {
        let place = Int32(truncatingIfNeeded: i.immediate) & Int32(lane.count &- 1)
        let value = unit.vextract(lane == .d ? .i64 : .i32, lane, xmm(i.operand(1), i), index: place)
        write(i.operand(0), truncated(value, to: type(i.operand(0).size)), i)
    }

    mutating func pinsrb(_ i: DecodedInstruction) { insert(i, .b) }
    mutating func pinsrw(_ i: DecodedInstruction) { insert(i, .h) }
    mutating func pinsrd(_ i: DecodedInstruction) { insert(i, sources(i).second.size == 8 ? .d : .s) }
    mutating func vpinsrq(_ i: DecodedInstruction) { insert(i, .d) }

    private mutating func insert(_ i: DecodedInstruction, _ lane: Lane) {
        let operands = sources(i)
        let value = read(operands.second, i)
        let place = Int32(truncatingIfNeeded: i.immediate) & Int32(lane.count &- 1)
        let result = unit.vinsert(lane, xmm(operands.first, i), value, index: place)
        setVector(i.operand(0), Vector(low: result), i)
    }

    // MARK: Tests (volume 1, 12.10.13)

    mutating func ptest(_ i: DecodedInstruction) { test(i, .max) }
    mutating func vtestps(_ i: DecodedInstruction) { test(i, 0x8000_0000_8000_0000) }
    mutating func vtestpd(_ i: DecodedInstruction) { test(i, 1 << 63) }

    /// ZF where the operands have no ones in common, CF where the second has none that the first has not: of all bits, or of those in
    /// the mask.
    private mutating func test(_ i: DecodedInstruction, _ mask: UInt64) {
        let isSame = i.operand(0) == i.operand(1)
        let second = vector(i.operand(1), i)
        let first = vector(i.operand(0), i)
        guard let firstHigh = first.high, let secondHigh = second.high else {
            return setFlags(unit.vtest(first.low, masked(second.low, mask)))
        }
        if isSame {
            let any = masked(unit.vor(first.low, firstHigh), mask)
            return setFlags(unit.vtest(any, any))
        }
        // A quadword that is 0 where ZF is to be set, below one for CF.
        let common = unit.vor(unit.vand(first.low, second.low), unit.vand(firstHigh, secondHigh))
        let others = unit.vor(unit.vandn(second.low, first.low), unit.vandn(secondHigh, firstHigh))
        let both = unit.vor(unit.vzipLow(.d, common, others), unit.vzipHigh(.d, common, others))
        setFlags(unit.vtest(unit.vconst(low: .max, high: 0), masked(both, mask)))
    }

    private mutating func masked(_ value: Value, _ mask: UInt64) -> Value {
        mask == .max ? value : unit.vand(value, unit.vconst(low: mask, high: mask))
    }
}
