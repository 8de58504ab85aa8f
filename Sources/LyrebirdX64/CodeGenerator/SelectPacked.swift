// What the SIMD extensions of x86 have beyond lane-wise arithmetic: sums over neighbours, shifts by a register, permutations,
// tests, comparisons of strings. Nearly all of it is one instruction.

import LyrebirdIR

extension CodeGenerator {
    mutating func selectPacked(_ index: Int, _ i: Instruction, _ a: Int, _ b: Int, _ unit: borrowing Unit) {
        let lane = Int(i.lane.rawValue)
        switch i.opcode {
        case .vpermute2: selectPermutation(index, i, a, b, unit)
        case .vblendSign: selectBlend(index, i, a, b, lane)
        case .vtest:
            let first = useVector(a)
            let second = useVector(b)
            clobberFlags()
            two(.ptest, first, second)
            hostFlags = Int32(truncatingIfNeeded: index)
        case .vshlEach, .vshrEach, .vsarEach:
            guard hasAVX, contract.features.contains(.avx2) else { return floatByCall(index, i, unit) }
            binary(Self.shiftEachOpcode(i), index, a, b)
        case .vsumDifferences4:
            let first = useVector(a)
            let second = useVector(b)
            let result = vectorResult(index, a, orWithAVX: b)
            three(.mpsadbw, result, first, second, imm: UInt8(truncatingIfNeeded: i.c))
        case .vstringIndex, .vstringMask, .vstringFlags: selectString(index, i, a, b, unit)
        default: fatalError("\(i.opcode) is no vector instruction")
        }
    }

    static func shiftEachOpcode(_ i: Instruction) -> SSEOpcode {
        switch i.opcode {
        case .vshlEach: i.lane == .s ? .vpsllvd : .vpsllvq
        case .vshrEach: i.lane == .s ? .vpsrlvd : .vpsrlvq
        default: .vpsravd
        }
    }

    /// Those that are one instruction of two vectors.
    static func packedOpcode(_ i: Instruction) -> SSEOpcode? {
        let lane = Int(i.lane.rawValue)
        switch i.opcode {
        case .vshuffleBytes: return .pshufb
        case .vshlAll: return lane == 1 ? .psllw : lane == 2 ? .pslld : .psllq
        case .vshrAll: return lane == 1 ? .psrlw : lane == 2 ? .psrld : .psrlq
        case .vsarAll: return lane == 1 ? .psraw : .psrad
        case .vaverageU: return lane == 0 ? .pavgb : .pavgw
        case .vmulHighS: return .pmulhw
        case .vmulHighU: return .pmulhuw
        case .vmulAddPairsSat: return .pmaddubsw
        case .vaddPairs: return lane == 1 ? .phaddw : .phaddd
        case .vsubPairs: return lane == 1 ? .phsubw : .phsubd
        case .vaddPairsSat: return .phaddsw
        case .vsubPairsSat: return .phsubsw
        case .vsign: return lane == 0 ? .psignb : lane == 1 ? .psignw : .psignd
        case .vsumDifferences: return .psadbw
        default: return nil
        }
    }

    mutating func selectUnaryPacked(_ index: Int, _ i: Instruction, _ a: Int) {
        if i.opcode == .vbroadcast { return selectBroadcast(index, a, Int(i.lane.rawValue)) }
        let source = useVector(a)
        let result = vectorResult(index, a)
        if i.opcode == .vminPosition { return two(.phminposuw, result, source) }
        two(i.c == 0 ? .pshuflw : .pshufhw, result, source, imm: UInt8(truncatingIfNeeded: i.b))
    }

    private mutating func selectBroadcast(_ index: Int, _ a: Int, _ lane: Int) {
        let source = useVector(a)
        if hasAVX, contract.features.contains(.avx2) {
            let result = vectorResult(index, a)
            return two(Self.pick(lane, .vpbroadcastb, .vpbroadcastw, .vpbroadcastd, .vpbroadcastq), result, source)
        }
        switch lane {
        case 0:
            let zero = scratchVector()
            three(.pxor, zero, zero, zero)
            let result = vectorResult(index, a)
            three(.pshufb, result, source, zero)
        case 1:
            let result = vectorResult(index, a)
            two(.pshuflw, result, source, imm: 0)
            three(.punpcklqdq, result, result, result)
        default:
            let result = vectorResult(index, a)
            two(.pshufd, result, source, imm: lane == 2 ? 0 : 0x44)
        }
    }

    /// Sign or zero extension of lanes to 2^`to` bytes.
    static func widening(_ lane: Int, _ to: Int, signed: Bool) -> SSEOpcode {
        switch (lane, to) {
        case (0, 1): signed ? .pmovsxbw : .pmovzxbw
        case (0, 2): signed ? .pmovsxbd : .pmovzxbd
        case (0, _): signed ? .pmovsxbq : .pmovzxbq
        case (1, 2): signed ? .pmovsxwd : .pmovzxwd
        case (1, _): signed ? .pmovsxwq : .pmovzxwq
        default: signed ? .pmovsxdq : .pmovzxdq
        }
    }

    /// VPERMILPS looks at the low two bits of each word; the third one, brought to the sign, chooses between the two vectors.
    private mutating func selectPermutation(
        _ index: Int, _ i: Instruction, _ a: Int, _ b: Int, _ unit: borrowing Unit
    ) {
        guard hasAVX else { return floatByCall(index, i, unit) }
        let low = useVector(a)
        let high = useVector(b)
        let order = useVector(Int(values[Int(i.c)].representative))
        let other = scratchVector()
        let choice = scratchVector()
        let result = allocateVector(for: index)
        hot.avx(.vpermilps, other, low, order)
        hot.avx(.vpermilps, result, high, order)
        shift(.pslldImm, choice, order, 29)
        hot.vblendvps(result, other, result, choice)
    }

    /// Without AVX the mask would have to be in XMM0; a comparison or a shift spreads its signs instead.
    private mutating func selectBlend(_ index: Int, _ i: Instruction, _ a: Int, _ b: Int, _ lane: Int) {
        let first = useVector(a)
        let second = useVector(b)
        let mask = useVector(Int(values[Int(i.c)].representative))
        guard !hasAVX else {
            let result = vectorResult(index, a, orWithAVX: b)
            switch lane {
            case 0: return hot.vpblendvb(result, first, second, mask)
            case 2: return hot.vblendvps(result, first, second, mask)
            default: return hot.vblendvpd(result, first, second, mask)
            }
        }
        let signs = scratchVector()
        let result = allocateVector(for: index)
        if lane == 0 {
            three(.pxor, signs, signs, signs)
            three(.pcmpgtb, signs, signs, mask)
        } else {
            shift(.psradImm, signs, mask, 31)
            if lane == 3 { two(.pshufd, signs, signs, imm: 0xF5) }
        }
        three(.pand, result, second, signs)
        three(.pandn, signs, signs, first)
        three(.por, result, result, signs)
    }

    /// The instructions make flags as well, so flags that are wanted of the one just before are there.
    private mutating func selectString(_ index: Int, _ i: Instruction, _ a: Int, _ b: Int, _ unit: borrowing Unit) {
        let how = UInt8(truncatingIfNeeded: i.c & 0x7F)
        if i.opcode == .vstringFlags, unchecked.count == 0 {
            let before = unit.instructions[index &- 1]
            let isSame = before.a == i.a && before.b == i.b && before.c == i.c && !values[index &- 1].isSkipped
            if isSame, before.opcode == .vstringIndex || before.opcode == .vstringMask {
                hostFlags = Int32(truncatingIfNeeded: index)
                return
            }
        }
        clobberFlags()
        if i.opcode == .vstringMask {
            selectStringMask(index, a, b, how)
        } else {
            reserve(.rcx)
            let first = useVector(a)
            let second = useVector(b)
            two(.pcmpistri, first, second, imm: how)
            if i.opcode == .vstringIndex { own(index, GPR.rcx.rawValue) }
        }
        hostFlags = i.opcode == .vstringFlags ? Int32(truncatingIfNeeded: index) : -1
    }

    /// The mask is made in XMM0, whose owner gets it back.
    private mutating func selectStringMask(_ index: Int, _ a: Int, _ b: Int, _ how: UInt8) {
        let first = useVector(a)
        let second = useVector(b)
        let result = allocateVector(for: index)
        if result == .xmm0 { return two(.pcmpistrm, first, second, imm: how) }
        moveVector(result, .xmm0)
        two(.pcmpistrm, first, second, imm: how)
        exchangeVectors(result, .xmm0)
    }
}
