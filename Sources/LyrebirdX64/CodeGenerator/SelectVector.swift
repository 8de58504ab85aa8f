// Vector instructions, on SSE4.2 or in three-operand form on AVX. What SSE does in one instruction is one operation of the
// IR; the few that it lacks are put together here.

import LyrebirdIR

/// A vector that code loads from memory: where its displacement goes, and its bits.
struct VectorConstant {
    var site: UnsafeMutablePointer<UInt8>
    var words: (UInt32, UInt32, UInt32, UInt32)
}

extension CodeGenerator {
    @inline(__always) var hasAVX: Bool { contract.features.contains(.avx) }

    // MARK: Moves

    mutating func moveVector(_ to: XMM, _ from: XMM) {
        if to == from { return }
        if hasAVX { hot.avx(.movaps, to, from) } else { hot.sse(.movaps, to, from) }
    }

    mutating func loadVector(_ to: XMM, _ memory: Memory, size: UInt8 = 4) {
        let opcode: SSEOpcode = size == 4 ? .movups : size == 3 ? .movq : .movss
        if hasAVX { hot.avx(opcode, to, memory) } else { hot.sse(opcode, to, memory) }
    }

    mutating func storeVector(_ memory: Memory, _ from: XMM, size: UInt8 = 4) {
        let opcode: SSEOpcode = size == 4 ? .movupsStore : size == 3 ? .movqStore : .movssStore
        if hasAVX { hot.avx(opcode, memory, from) } else { hot.sse(opcode, memory, from) }
    }

    mutating func moveToVector(_ to: XMM, _ from: GPR, _ width: Width) {
        let opcode: SSEOpcode = width == .b64 ? .movqGPR : .movd
        if hasAVX { hot.avx(opcode, to, from) } else { hot.sse(opcode, to, from) }
    }

    mutating func moveFromVector(_ to: GPR, _ from: XMM, _ width: Width) {
        let opcode: SSEOpcode = width == .b64 ? .movqGPRStore : .movdStore
        if hasAVX { hot.avx(opcode, to, from) } else { hot.sse(opcode, to, from) }
    }

    mutating func splitVector(_ low: GPR, _ high: GPR, _ from: XMM) {
        moveFromVector(low, from, .b64)
        if hasAVX { hot.avx(.pextrq, high, from, imm: 1) } else { hot.sse(.pextrq, high, from, imm: 1) }
    }

    mutating func joinVector(_ to: XMM, _ low: GPR, _ high: GPR) {
        moveToVector(to, low, .b64)
        if hasAVX { hot.avx(.pinsrq, to, to, high, imm: 1) } else { hot.sse(.pinsrq, to, high, imm: 1) }
    }

    mutating func exchangeVectors(_ a: XMM, _ b: XMM) {
        three(.pxor, a, a, b)
        three(.pxor, b, b, a)
        three(.pxor, a, a, b)
    }

    mutating func materializeVector(_ value: Int, _ to: XMM) {
        let at = Int(constantBits[value])
        materialize(to, vectorPool[at], vectorPool[at &+ 1], vectorPool[at &+ 2], vectorPool[at &+ 3])
    }

    mutating func materialize(_ to: XMM, _ w0: UInt32, _ w1: UInt32, _ w2: UInt32, _ w3: UInt32) {
        if w0 | w1 | w2 | w3 == 0 { return three(.pxor, to, to, to) }
        if w0 & w1 & w2 & w3 == .max { return three(.pcmpeqd, to, to, to) }
        // From the unit's own constants, which stand behind its cold code.
        if hasAVX { hot.avx(.movups, to, Memory(ripRelative: 0)) } else { hot.sse(.movups, to, Memory(ripRelative: 0)) }
        guard constantCount < Self.constantCapacity else {
            overflowed = true
            return
        }
        vectorConstants[constantCount] = VectorConstant(site: hot.cursor - 4, words: (w0, w1, w2, w3))
        constantCount &+= 1
    }

    /// Writes the vectors that the unit's code loads.
    mutating func emitVectorConstants() {
        guard constantCount > 0 else { return }
        cold.align(to: 16)
        for n in 0..<constantCount {
            let constant = vectorConstants[n]
            let distance = Int32(cold.cursor - (constant.site + 4))
            UnsafeMutableRawPointer(constant.site).storeBytes(of: distance, as: Int32.self)
            cold.long(constant.words.0)
            cold.long(constant.words.1)
            cold.long(constant.words.2)
            cold.long(constant.words.3)
        }
    }

    // MARK: Forms

    /// to = a op b. Without AVX, `to` may be b only where it is a as well.
    mutating func three(_ opcode: SSEOpcode, _ to: XMM, _ a: XMM, _ b: XMM) {
        if hasAVX { return hot.avx(opcode, to, a, b) }
        assert(to == a || to != b)
        moveVector(to, a)
        hot.sse(opcode, to, b)
    }

    mutating func three(_ opcode: SSEOpcode, _ to: XMM, _ a: XMM, _ b: XMM, imm: UInt8) {
        if hasAVX { return hot.avx(opcode, to, a, b, imm: imm) }
        assert(to == a || to != b)
        moveVector(to, a)
        hot.sse(opcode, to, b, imm: imm)
    }

    mutating func two(_ opcode: SSEOpcode, _ to: XMM, _ from: XMM) {
        if hasAVX { hot.avx(opcode, to, from) } else { hot.sse(opcode, to, from) }
    }

    mutating func two(_ opcode: SSEOpcode, _ to: XMM, _ from: Memory) {
        if hasAVX { hot.avx(opcode, to, from) } else { hot.sse(opcode, to, from) }
    }

    mutating func two(_ opcode: SSEOpcode, _ to: Memory, _ from: XMM) {
        if hasAVX { hot.avx(opcode, to, from) } else { hot.sse(opcode, to, from) }
    }

    mutating func two(_ opcode: SSEOpcode, _ to: XMM, _ from: XMM, imm: UInt8) {
        if hasAVX { hot.avx(opcode, to, from, imm: imm) } else { hot.sse(opcode, to, from, imm: imm) }
    }

    mutating func two(_ opcode: SSEOpcode, _ to: GPR, _ from: XMM) {
        if hasAVX { hot.avx(opcode, to, from) } else { hot.sse(opcode, to, from) }
    }

    /// A shift by an immediate.
    mutating func shift(_ opcode: SSEOpcode, _ to: XMM, _ from: XMM, _ n: UInt8) {
        if hasAVX { return hot.avx(opcode, to, from, imm: n) }
        moveVector(to, from)
        hot.sse(opcode, to, imm: n)
    }

    /// A register for the result: that of an operand that dies and that the form may overwrite, or a fresh one.
    mutating func vectorResult(_ index: Int, _ a: Int, orWithAVX b: Int? = nil) -> XMM {
        if canOverwrite(a, for: index) {
            let register = values[a].register
            takeOver(a, for: index)
            return XMM(register &- 16)
        }
        if hasAVX, let b, canOverwrite(b, for: index) {
            let register = values[b].register
            takeOver(b, for: index)
            return XMM(register &- 16)
        }
        return allocateVector(for: index)
    }

    mutating func binary(_ opcode: SSEOpcode, _ index: Int, _ a: Int, _ b: Int) {
        let first = useVector(a)
        let second = useVector(b)
        let result = vectorResult(index, a, orWithAVX: b)
        three(opcode, result, first, second)
    }

    // MARK: Selection

    mutating func selectVector(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) {
        let a = Int(values[Int(i.a)].representative)
        let lane = Int(i.lane.rawValue)
        switch i.opcode {
        case .vsplat, .vfromInt, .vextract, .vinsert: return selectLaneMove(index, i, a, unit)
        case .vmask:
            let source = useVector(a)
            let result = allocateGeneral(for: index)
            return two(lane == 0 ? .pmovmskb : lane == 2 ? .movmskps : .movmskpd, result, source)
        case .vnot, .vneg, .vabs, .vshl, .vshr, .vsar, .vwidenU, .vwidenS, .vpopcnt, .vreverse:
            return selectUnaryVector(index, i, a, lane)
        case .vbroadcast, .vshuffleHalf, .vminPosition: return selectUnaryPacked(index, i, a)
        default: break
        }
        let b = Int(values[Int(i.b)].representative)
        if i.type == .v128, let opcode = foldingOpcode(i) {
            return i.opcode == .vandn ? binary(opcode, index, b, a) : binary(opcode, index, a, b)
        }
        switch i.opcode {
        case .vcmpGTU: selectUnsignedGreater(index, a, b, lane)
        case .vmul: selectMultiply(index, a, b, lane)
        case .vminU, .vmaxU, .vminS, .vmaxS: selectMinMax(index, i.opcode, a, b)
        case .vunzipEven, .vunzipOdd: selectUnzip(index, i.opcode == .vunzipOdd, a, b, lane)
        case .vaddSatS, .vaddSatU, .vsubSatS, .vsubSatU, .vnarrowS, .vnarrowSU, .vnarrowU, .vmulDoubleHigh,
            .vmulDoubleHighRound:
            selectSaturating(index, i, a, b)
        case .vblend, .vshuffle, .vpermute, .vinsertWord: selectShuffle(index, i, a, b)
        case .vmulCarryless:
            guard contract.features.contains(.pclmul) else { return floatByCall(index, i, unit) }
            let first = useVector(a)
            let second = useVector(b)
            let result = vectorResult(index, a, orWithAVX: b)
            three(.pclmulqdq, result, first, second, imm: UInt8(truncatingIfNeeded: i.c & 1 | (i.c & 2) &<< 3))
        case .vbytes where isZero(a) || isZero(b):
            // Only one of them is more than zeros.
            let shifted = isZero(a) ? b : a
            let source = useVector(shifted)
            let result = vectorResult(index, shifted)
            let n = UInt8(truncatingIfNeeded: i.c)
            if shifted == b, n > 0 { return shift(.pslldq, result, source, 16 &- n) }
            shift(.psrldq, result, source, shifted == b ? 16 : n)
        case .vbytes:
            let low = useVector(a)
            let high = useVector(b)
            let result = vectorResult(index, b, orWithAVX: a)
            three(.palignr, result, high, low, imm: UInt8(truncatingIfNeeded: i.c))
        case .vlookup:
            // PSHUFB looks at bits 0–3 and 7: a saturated addition brings 16 and more to bit 7.
            let table = useVector(a)
            let places = useVector(b)
            let adjusted = scratchVector()
            materialize(adjusted, 0x7070_7070, 0x7070_7070, 0x7070_7070, 0x7070_7070)
            three(.paddusb, adjusted, adjusted, places)
            let result = vectorResult(index, a)
            three(.pshufb, result, table, adjusted)
        default: selectPacked(index, i, a, b, unit)
        }
    }

    @inline(__always)
    static func pick(
        _ lane: Int, _ b: SSEOpcode, _ h: SSEOpcode, _ s: SSEOpcode, _ d: SSEOpcode
    ) -> SSEOpcode {
        switch lane {
        case 0: b
        case 1: h
        case 2: s
        default: d
        }
    }

    private mutating func selectLaneMove(_ index: Int, _ i: Instruction, _ a: Int, _ unit: borrowing Unit) {
        let lane = Int(i.lane.rawValue)
        switch i.opcode {
        case .vfromInt:
            var source = useGeneral(a)
            let result = allocateVector(for: index)
            // The operand's own type: what it is another name of may be wider.
            let type = unit.instructions[Int(i.a)].type
            if isNarrow(type) {
                let whole = scratchGeneral()
                extend(whole, source, type, signed: false)
                source = whole
            }
            moveToVector(result, source, width(type))
        case .vsplat:
            let source = useGeneral(a)
            let result = allocateVector(for: index)
            moveToVector(result, source, lane == 3 ? .b64 : .b32)
            splat(result, lane)
        case .vextract:
            let source = useVector(a)
            let result = allocateGeneral(for: index)
            let at = UInt8(truncatingIfNeeded: i.b)
            if at == 0, lane >= 2 { return moveFromVector(result, source, lane == 3 ? .b64 : .b32) }
            let opcode = Self.pick(lane, .pextrb, .pextrw, .pextrd, .pextrq)
            if hasAVX { hot.avx(opcode, result, source, imm: at) } else { hot.sse(opcode, result, source, imm: at) }
        default:
            let number = useGeneral(Int(values[Int(i.b)].representative))
            let source = useVector(a)
            let result = vectorResult(index, a)
            let opcode = Self.pick(lane, .pinsrb, .pinsrw, .pinsrd, .pinsrq)
            let at = UInt8(truncatingIfNeeded: i.c)
            if hasAVX {
                hot.avx(opcode, result, source, number, imm: at)
            } else {
                moveVector(result, source)
                hot.sse(opcode, result, number, imm: at)
            }
        }
    }

    private mutating func splat(_ register: XMM, _ lane: Int) {
        if contract.features.contains(.avx2) {
            hot.avx(Self.pick(lane, .vpbroadcastb, .vpbroadcastw, .vpbroadcastd, .vpbroadcastq), register, register)
            return
        }
        if lane == 0 { three(.punpcklbw, register, register, register) }
        if lane <= 1 {
            if hasAVX {
                hot.avx(.pshuflw, register, register, imm: 0)
            } else {
                hot.sse(.pshuflw, register, register, imm: 0)
            }
        }
        shuffleWords(register, register, lane == 3 ? 0x44 : 0)
    }

    /// PSHUFD.
    private mutating func shuffleWords(_ to: XMM, _ from: XMM, _ order: UInt8) {
        if hasAVX { hot.avx(.pshufd, to, from, imm: order) } else { hot.sse(.pshufd, to, from, imm: order) }
    }

    private mutating func selectUnaryVector(_ index: Int, _ i: Instruction, _ a: Int, _ lane: Int) {
        let source = useVector(a)
        let n = UInt8(truncatingIfNeeded: i.b)
        switch i.opcode {
        case .vnot:
            let ones = scratchVector()
            three(.pcmpeqd, ones, ones, ones)
            let result = vectorResult(index, a)
            three(.pxor, result, source, ones)
        case .vneg:
            let result = allocateVector(for: index)
            three(.pxor, result, result, result)
            three(Self.pick(lane, .psubb, .psubw, .psubd, .psubq), result, result, source)
        case .vabs where lane < 3:
            let result = vectorResult(index, a)
            two(Self.pick(lane, .pabsb, .pabsw, .pabsd, .pabsd), result, source)
        case .vabs:
            // x ^ s - s with the sign s.
            let sign = scratchVector()
            three(.pxor, sign, sign, sign)
            three(.pcmpgtq, sign, sign, source)
            let result = vectorResult(index, a)
            three(.pxor, result, source, sign)
            three(.psubq, result, result, sign)
        case .vshl where lane > 0:
            shift(Self.pick(lane, .psllw, .psllwImm, .pslldImm, .psllqImm), vectorResult(index, a), source, n)
        case .vshr where lane > 0:
            shift(Self.pick(lane, .psrlw, .psrlwImm, .psrldImm, .psrlqImm), vectorResult(index, a), source, n)
        case .vsar where lane == 1 || lane == 2:
            shift(lane == 1 ? .psrawImm : .psradImm, vectorResult(index, a), source, n)
        case .vsar where lane == 3: selectSignedShift64(index, a, source, n)
        case .vshl, .vshr: selectByteShift(index, a, source, n, left: i.opcode == .vshl)
        case .vsar: selectSignedByteShift(index, a, source, n)
        case .vwidenU, .vwidenS:
            let result = vectorResult(index, a)
            two(Self.widening(lane, Int(i.b), signed: i.opcode == .vwidenS), result, source)
        case .vpopcnt: selectByteCount(index, a, source)
        default: selectReverse(index, a, source, lane, Int(i.b))
        }
    }

    /// Logical shift as 64-bit lanes, with the sign filled in by hand: (x >> n) | (sign << (64 - n)).
    private mutating func selectSignedShift64(_ index: Int, _ a: Int, _ source: XMM, _ n: UInt8) {
        let sign = scratchVector()
        let result = allocateVector(for: index)
        if n == 0 { return moveVector(result, source) }
        three(.pxor, sign, sign, sign)
        three(.pcmpgtq, sign, sign, source)
        shift(.psllqImm, sign, sign, 64 &- n)
        shift(.psrlqImm, result, source, n)
        three(.por, result, result, sign)
    }

    /// Bytes shifted as words, and the bits that came over from the neighbour masked off.
    private mutating func selectByteShift(_ index: Int, _ a: Int, _ source: XMM, _ n: UInt8, left: Bool) {
        let mask = scratchVector()
        let byte = left ? UInt32(0xFF &<< n & 0xFF) : UInt32(0xFF &>> n)
        let word = byte &* 0x0101_0101
        materialize(mask, word, word, word, word)
        let result = vectorResult(index, a)
        shift(left ? .psllwImm : .psrlwImm, result, source, n)
        three(.pand, result, result, mask)
    }

    /// Logical shift, then the sign spread: (x ^ m) - m with m the shifted sign bit.
    private mutating func selectSignedByteShift(_ index: Int, _ a: Int, _ source: XMM, _ n: UInt8) {
        let mask = scratchVector()
        let low = UInt32(0xFF &>> n) &* 0x0101_0101
        materialize(mask, low, low, low, low)
        let result = vectorResult(index, a)
        shift(.psrlwImm, result, source, n)
        three(.pand, result, result, mask)
        let sign = UInt32(0x80 &>> n) &* 0x0101_0101
        materialize(mask, sign, sign, sign, sign)
        three(.pxor, result, result, mask)
        three(.psubb, result, result, mask)
    }

    /// Nibbles looked up in a table of counts.
    private mutating func selectByteCount(_ index: Int, _ a: Int, _ source: XMM) {
        let mask = scratchVector()
        let table = scratchVector()
        let low = scratchVector()
        let result = allocateVector(for: index)
        materialize(mask, 0x0F0F_0F0F, 0x0F0F_0F0F, 0x0F0F_0F0F, 0x0F0F_0F0F)
        materialize(table, 0x0201_0100, 0x0302_0201, 0x0302_0201, 0x0403_0302)
        three(.pand, low, source, mask)
        shift(.psrlwImm, result, source, 4)
        three(.pand, result, result, mask)
        let counts = scratchVector()
        moveVector(counts, table)
        three(.pshufb, counts, counts, low)
        three(.pshufb, table, table, result)
        three(.paddb, table, table, counts)
        moveVector(result, table)
    }

    /// A byte shuffle: lane l of a group of 2^group bytes comes from the other end of the group.
    private mutating func selectReverse(_ index: Int, _ a: Int, _ source: XMM, _ lane: Int, _ group: Int) {
        let order = scratchVector()
        var words: [UInt32] = [0, 0, 0, 0]
        for byte in 0..<16 {
            let from = byte ^ ((1 << group) - (1 << lane))
            words[byte / 4] |= UInt32(from) << UInt32(8 * (byte % 4))
        }
        materialize(order, words[0], words[1], words[2], words[3])
        let result = vectorResult(index, a)
        three(.pshufb, result, source, order)
    }

    /// SSE compares signed: both sides with the sign bit flipped; or by the maximum, for lanes that have one.
    private mutating func selectUnsignedGreater(_ index: Int, _ a: Int, _ b: Int, _ lane: Int) {
        let first = useVector(a)
        let second = useVector(b)
        let flip = scratchVector()
        let other = scratchVector()
        let words: (UInt32, UInt32) =
            switch lane {
            case 0: (0x8080_8080, 0x8080_8080)
            case 1: (0x8000_8000, 0x8000_8000)
            case 2: (0x8000_0000, 0x8000_0000)
            default: (0, 0x8000_0000)
            }
        materialize(flip, words.0, words.1, words.0, words.1)
        three(.pxor, other, second, flip)
        three(.pxor, flip, flip, first)
        let result = allocateVector(for: index)
        three(Self.pick(lane, .pcmpgtb, .pcmpgtw, .pcmpgtd, .pcmpgtq), result, flip, other)
    }

    /// Of 64-bit lanes: a comparison, and a choice by its mask.
    private mutating func selectMinMax(_ index: Int, _ opcode: LyrebirdIR.Opcode, _ a: Int, _ b: Int) {
        let first = useVector(a)
        let second = useVector(b)
        let mask = scratchVector()
        let result = allocateVector(for: index)
        if opcode == .vminU || opcode == .vmaxU {
            let other = scratchVector()
            materialize(mask, 0, 0x8000_0000, 0, 0x8000_0000)
            three(.pxor, other, mask, second)
            three(.pxor, mask, mask, first)
            three(.pcmpgtq, mask, mask, other)
        } else {
            three(.pcmpgtq, mask, first, second)
        }
        // mask: a > b.
        let maximum = opcode == .vmaxU || opcode == .vmaxS
        three(.pand, result, mask, maximum ? first : second)
        three(.pandn, mask, mask, maximum ? second : first)
        three(.por, result, result, mask)
    }

    private mutating func selectUnzip(_ index: Int, _ odd: Bool, _ a: Int, _ b: Int, _ lane: Int) {
        if lane == 3 { return binary(odd ? .punpckhqdq : .punpcklqdq, index, a, b) }
        let first = useVector(a)
        let second = useVector(b)
        if lane == 2 {
            let result = vectorResult(index, a)
            return three(.shufps, result, first, second, imm: odd ? 0xDD : 0x88)
        }
        // The wanted lanes as zero-extended lanes of twice the width, packed: nothing saturates.
        let other = scratchVector()
        let result = allocateVector(for: index)
        let bits: UInt8 = lane == 0 ? 8 : 16
        let narrow: (SSEOpcode, SSEOpcode) = lane == 0 ? (.psrlwImm, .psllwImm) : (.psrldImm, .pslldImm)
        if odd {
            shift(narrow.0, result, first, bits)
            shift(narrow.0, other, second, bits)
        } else {
            shift(narrow.1, result, first, bits)
            shift(narrow.0, result, result, bits)
            shift(narrow.1, other, second, bits)
            shift(narrow.0, other, other, bits)
        }
        three(lane == 0 ? .packuswb : .packusdw, result, result, other)
    }

    private mutating func selectMultiply(_ index: Int, _ a: Int, _ b: Int, _ lane: Int) {
        let first = useVector(a)
        let second = useVector(b)
        let t0 = scratchVector()
        let t1 = scratchVector()
        let result = allocateVector(for: index)
        if lane == 0 {
            // Odd bytes and even bytes as words, put together again.
            shift(.psrlwImm, t0, first, 8)
            shift(.psrlwImm, t1, second, 8)
            three(.pmullw, t0, t0, t1)
            shift(.psllwImm, t0, t0, 8)
            three(.pmullw, result, first, second)
            shift(.psllwImm, result, result, 8)
            shift(.psrlwImm, result, result, 8)
            three(.por, result, result, t0)
        } else {
            // low * low + (low * high + high * low) << 32
            shift(.psrlqImm, t0, first, 32)
            three(.pmuludq, t0, t0, second)
            shift(.psrlqImm, t1, second, 32)
            three(.pmuludq, t1, t1, first)
            three(.paddq, t0, t0, t1)
            shift(.psllqImm, t0, t0, 32)
            three(.pmuludq, result, first, second)
            three(.paddq, result, result, t0)
        }
    }
}
