// Saturating arithmetic. SSE has it for lanes of 8 and 16 bits, and packs 16 and 32 bits to half their width; wider lanes
// are put together here. `three` may not have its result as the second operand without AVX, so that operands are taken in
// an order which avoids that.

import LyrebirdIR

extension CodeGenerator {
    mutating func selectSaturating(_ index: Int, _ i: Instruction, _ a: Int, _ b: Int) {
        let lane = Int(i.lane.rawValue)
        switch i.opcode {
        case .vaddSatS, .vsubSatS: saturateSigned(index, i.opcode == .vaddSatS, a, b, lane)
        case .vaddSatU where lane == 2, .vsubSatU where lane == 2:
            saturateUnsigned32(index, i.opcode == .vaddSatU, a, b)
        case .vaddSatU, .vsubSatU: saturateUnsigned64(index, i.opcode == .vaddSatU, a, b)
        case .vnarrowU where lane < 2: narrowUnsigned(index, a, b, lane)
        case .vnarrowS, .vnarrowSU, .vnarrowU: narrow64(index, i.opcode, a, b)
        default: doubledHigh(index, a, b, lane, rounds: i.opcode == .vmulDoubleHighRound)
        }
    }

    /// The sign of each lane of 32 or 64 bits in all of its bits.
    private mutating func spreadSign(_ to: XMM, _ from: XMM, _ lane: Int) {
        shift(.psradImm, to, from, 31)
        if lane == 3 { two(.pshufd, to, to, imm: 0xF5) }
    }

    /// A sum overflows where its sign is neither operand's, a difference where its sign and the subtrahend's are not the
    /// minuend's. What the result then saturates to has the sign that the wrapped one has not.
    private mutating func saturateSigned(_ index: Int, _ isSum: Bool, _ a: Int, _ b: Int, _ lane: Int) {
        let first = useVector(a)
        let second = useVector(b)
        let overflow = scratchVector()
        let other = scratchVector()
        let limit = scratchVector()
        let result = allocateVector(for: index)
        if isSum {
            three(lane == 2 ? .paddd : .paddq, result, first, second)
            three(.pxor, overflow, result, second)
        } else {
            three(lane == 2 ? .psubd : .psubq, result, first, second)
            three(.pxor, overflow, first, second)
        }
        three(.pxor, other, result, first)
        three(.pand, overflow, overflow, other)
        spreadSign(overflow, overflow, lane)
        let low: UInt32 = lane == 2 ? 0x8000_0000 : 0
        materialize(limit, low, 0x8000_0000, low, 0x8000_0000)
        spreadSign(other, result, lane)
        three(.pxor, limit, limit, other)
        blend(result, limit, overflow, spoiling: limit)
    }

    /// Takes what the mask is set for from `other`. `spoiled` may be `other` or anything else that is free.
    private mutating func blend(_ to: XMM, _ other: XMM, _ mask: XMM, spoiling spoiled: XMM) {
        if hasAVX { return hot.vpblendvb(to, to, other, mask) }
        three(.pand, spoiled, other, mask)
        three(.pandn, mask, mask, to)
        moveVector(to, spoiled)
        three(.por, to, to, mask)
    }

    /// a + min(b, ~a), and max(a, b) - b.
    private mutating func saturateUnsigned32(_ index: Int, _ isSum: Bool, _ a: Int, _ b: Int) {
        let first = useVector(a)
        let second = useVector(b)
        if isSum {
            let room = scratchVector()
            three(.pcmpeqd, room, room, room)
            three(.pxor, room, room, first)
            three(.pminud, room, room, second)
            let result = vectorResult(index, a)
            three(.paddd, result, first, room)
        } else {
            let result = allocateVector(for: index)
            three(.pmaxud, result, first, second)
            three(.psubd, result, result, second)
        }
    }

    /// The comparison a > sum, or b > a, is one of signed numbers with their highest bits inverted.
    private mutating func saturateUnsigned64(_ index: Int, _ isSum: Bool, _ a: Int, _ b: Int) {
        let first = useVector(a)
        let second = useVector(b)
        let greater = scratchVector()
        let flip = scratchVector()
        let result = allocateVector(for: index)
        three(isSum ? .paddq : .psubq, result, first, second)
        materialize(flip, 0, 0x8000_0000, 0, 0x8000_0000)
        three(.pxor, greater, flip, isSum ? first : second)
        three(.pxor, flip, flip, isSum ? result : first)
        three(.pcmpgtq, greater, greater, flip)
        if isSum { return three(.por, result, result, greater) }
        three(.pandn, greater, greater, result)
        moveVector(result, greater)
    }

    // MARK: Narrowing

    mutating func isZero(_ value: Int) -> Bool {
        guard values[value].isConstant, values[value].type == .v128 else { return false }
        let at = Int(constantBits[value])
        return vectorPool[at] | vectorPool[at &+ 1] | vectorPool[at &+ 2] | vectorPool[at &+ 3] == 0
    }

    /// The host packs signed numbers, so what is too large is cut before.
    private mutating func narrowUnsigned(_ index: Int, _ a: Int, _ b: Int, _ lane: Int) {
        let first = useVector(a)
        let second = useVector(b)
        let limit = scratchVector()
        let result = allocateVector(for: index)
        let word: UInt32 = lane == 0 ? 0x00FF_00FF : 0x0000_FFFF
        materialize(limit, word, word, word, word)
        let minimum: SSEOpcode = lane == 0 ? .pminuw : .pminud
        three(minimum, result, first, limit)
        var upper = second
        if !isZero(b) {
            three(minimum, limit, limit, second)
            upper = limit
        }
        three(lane == 0 ? .packuswb : .packusdw, result, result, upper)
    }

    /// Low and high words of both operands, each in one register: a number fits if its high word is what the low one says.
    private mutating func narrow64(_ index: Int, _ opcode: LyrebirdIR.Opcode, _ a: Int, _ b: Int) {
        let first = useVector(a)
        let second = useVector(b)
        let high = scratchVector()
        let mask = scratchVector()
        let result = allocateVector(for: index)
        three(.shufps, high, first, second, imm: 0xDD)
        three(.shufps, result, first, second, imm: 0x88)
        switch opcode {
        case .vnarrowS:
            let limit = scratchVector()
            materialize(limit, 0x7FFF_FFFF, 0x7FFF_FFFF, 0x7FFF_FFFF, 0x7FFF_FFFF)
            shift(.psradImm, mask, result, 31)
            three(.pcmpeqd, mask, mask, high)
            shift(.psradImm, high, high, 31)
            three(.pxor, limit, limit, high)
            three(.pand, result, result, mask)
            three(.pandn, mask, mask, limit)
            three(.por, result, result, mask)
        case .vnarrowU:
            let ones = scratchVector()
            three(.pxor, mask, mask, mask)
            three(.pcmpeqd, mask, mask, high)
            three(.pcmpeqd, ones, ones, ones)
            three(.pxor, mask, mask, ones)
            three(.por, result, result, mask)
        default:
            three(.pxor, mask, mask, mask)
            // Too large where the high word is above zero; nothing where it is below.
            let large = scratchVector()
            moveVector(large, high)
            three(.pcmpgtd, large, large, mask)
            three(.por, result, result, large)
            shift(.psradImm, mask, high, 31)
            three(.pandn, mask, mask, result)
            moveVector(result, mask)
        }
    }

    // MARK: Products

    private mutating func doubledHigh(_ index: Int, _ a: Int, _ b: Int, _ lane: Int, rounds: Bool) {
        if lane == 1, rounds { return binary(.pmulhrsw, index, a, b) }
        let first = useVector(a)
        let second = useVector(b)
        let other = scratchVector()
        let result = allocateVector(for: index)
        if lane == 1 {
            three(.pmulhw, result, first, second)
            three(.pmullw, other, first, second)
            three(.paddw, result, result, result)
            shift(.psrlwImm, other, other, 15)
            return three(.por, result, result, other)
        }
        // Even and odd lanes as products of 64 bits, whose high words are put together again.
        let third = scratchVector()
        three(.pmuldq, result, first, second)
        shift(.psrlqImm, other, first, 32)
        shift(.psrlqImm, third, second, 32)
        three(.pmuldq, other, other, third)
        three(.paddq, result, result, result)
        three(.paddq, other, other, other)
        if rounds {
            materialize(third, 0x8000_0000, 0, 0x8000_0000, 0)
            three(.paddq, result, result, third)
            three(.paddq, other, other, third)
        }
        shift(.psrlqImm, result, result, 32)
        three(.pblendw, result, result, other, imm: 0xCC)
    }
}
