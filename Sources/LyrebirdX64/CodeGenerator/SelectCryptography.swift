// Cryptography: AES-NI and the SHA extensions where the host has them, the C function where not. The SHA instructions have no
// VEX form and want words in the other order: the first in the highest lane.

import LyrebirdIR

extension LyrebirdIR.Opcode {
    @inline(__always) var isSpecial: Bool {
        rawValue >= LyrebirdIR.Opcode.vrecipEstimateU.rawValue && rawValue <= LyrebirdIR.Opcode.vsm4Key.rawValue
    }
}

extension CodeGenerator {
    mutating func selectCryptography(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) {
        let opcode = i.opcode.rawValue
        if opcode >= LyrebirdIR.Opcode.vaesEncrypt.rawValue, opcode <= LyrebirdIR.Opcode.vaesKeyAssist.rawValue,
            contract.features.contains(.aes)
        {
            return selectAES(index, i)
        }
        if opcode >= LyrebirdIR.Opcode.vsha1Choose.rawValue, opcode <= LyrebirdIR.Opcode.vsha256Rounds2.rawValue,
            contract.features.contains(.sha)
        {
            return selectSHA(index, i)
        }
        floatByCall(index, i, unit)
    }

    // MARK: AES

    private mutating func selectAES(_ index: Int, _ i: Instruction) {
        let a = Int(values[Int(i.a)].representative)
        switch i.opcode {
        case .vaesMix:
            // What the last round of decryption undoes, a round of encryption does again, and mixes.
            let source = useVector(a)
            let zero = scratchVector()
            let result = vectorResult(index, a)
            three(.pxor, zero, zero, zero)
            three(.aesdeclast, result, source, zero)
            three(.aesenc, result, result, zero)
        case .vaesMixInverse:
            let source = useVector(a)
            let result = vectorResult(index, a)
            two(.aesimc, result, source)
        case .vaesKeyAssist:
            let source = useVector(a)
            let result = vectorResult(index, a)
            two(.aeskeygenassist, result, source, imm: UInt8(truncatingIfNeeded: i.b))
        default:
            let b = Int(values[Int(i.b)].representative)
            let state = useVector(a)
            let key = useVector(b)
            let result = vectorResult(index, a, orWithAVX: b)
            three(Self.aesOpcode(i), result, state, key)
        }
    }

    static func aesOpcode(_ i: Instruction) -> SSEOpcode {
        switch i.opcode {
        case .vaesEncrypt: .aesenc
        case .vaesEncryptLast: .aesenclast
        case .vaesDecrypt: .aesdec
        default: .aesdeclast
        }
    }

    // MARK: SHA

    private mutating func selectSHA(_ index: Int, _ i: Instruction) {
        switch i.opcode {
        case .vsha256Schedule0: legacyBinary(.sha256msg1, index, i)
        case .vsha256Schedule1: legacyBinary(.sha256msg2, index, i)
        case .vsha1NextE: legacyBinary(.sha1nexte, index, i)
        case .vsha1Schedule0: legacyBinary(.sha1msg1, index, i)
        case .vsha1Schedule1: legacyBinary(.sha1msg2, index, i)
        case .vsha1Rounds4:
            let a = Int(values[Int(i.a)].representative)
            let first = useVector(a)
            let second = useVector(Int(values[Int(i.b)].representative))
            let result = vectorResult(index, a)
            moveVector(result, first)
            hot.sse(.sha1rnds4, result, second, imm: UInt8(truncatingIfNeeded: i.c))
        case .vsha256Rounds2: roundsSHA256(index, i)
        case .vsha256Hash, .vsha256Hash2: hashSHA256(index, i)
        case .vsha1Choose: hashSHA1(index, i, function: 0, constant: 0x5A82_7999)
        case .vsha1Parity: hashSHA1(index, i, function: 1, constant: 0x6ED9_EBA1)
        default: hashSHA1(index, i, function: 2, constant: 0x8F1B_BCDC)
        }
    }

    private mutating func legacyBinary(_ opcode: SSEOpcode, _ index: Int, _ i: Instruction) {
        let a = Int(values[Int(i.a)].representative)
        let first = useVector(a)
        let second = useVector(Int(values[Int(i.b)].representative))
        let result = vectorResult(index, a)
        moveVector(result, first)
        hot.sse(opcode, result, second)
    }

    private mutating func shuffle(_ to: XMM, _ from: XMM, _ order: UInt8) {
        if hasAVX { hot.avx(.pshufd, to, from, imm: order) } else { hot.sse(.pshufd, to, from, imm: order) }
    }

    /// SHA1RNDS4 adds the constant itself, and wants E added to the first word.
    private mutating func hashSHA1(_ index: Int, _ i: Instruction, function: UInt8, constant: UInt32) {
        let state = useVector(Int(values[Int(i.a)].representative))
        let e = useVector(Int(values[Int(i.b)].representative))
        let words = useVector(Int(values[Int(i.c)].representative))
        let sum = scratchVector()
        let other = scratchVector()
        let result = allocateVector(for: index)
        materialize(other, constant, constant, constant, constant)
        shuffle(sum, words, 0x1B)
        three(.psubd, sum, sum, other)
        shift(.pslldq, other, e, 12)
        three(.paddd, sum, sum, other)
        shuffle(result, state, 0x1B)
        hot.sse(.sha1rnds4, result, sum, imm: function)
        shuffle(result, result, 0x1B)
    }

    /// The words are in XMM0, whose owner gets it back.
    private mutating func roundsSHA256(_ index: Int, _ i: Instruction) {
        let first = useVector(Int(values[Int(i.a)].representative))
        let second = useVector(Int(values[Int(i.b)].representative))
        let words = useVector(Int(values[Int(i.c)].representative))
        let spare = scratchVector()
        let result = allocateVector(for: index)
        if words == .xmm0 {
            moveVector(result, first)
            return hot.sse(.sha256rnds2, result, second)
        }
        // `spare` keeps what is in XMM0, unless that is the result's or is `spare` itself.
        let state = result == .xmm0 ? spare : result
        var other = second
        if spare == .xmm0 || result == .xmm0 {
            moveVector(state, first)
            moveVector(.xmm0, words)
            hot.sse(.sha256rnds2, state, other)
            return moveVector(result, state)
        }
        moveVector(state, first)
        moveVector(spare, .xmm0)
        if other == .xmm0 { other = spare }
        moveVector(.xmm0, words)
        hot.sse(.sha256rnds2, state, other)
        moveVector(.xmm0, spare)
    }

    /// SHA256RNDS2 makes two rounds, has the state as (A, B, E, F) and (C, D, G, H), and takes the words from XMM0.
    private mutating func hashSHA256(_ index: Int, _ i: Instruction) {
        let first = useVector(Int(values[Int(i.a)].representative))
        let second = useVector(Int(values[Int(i.b)].representative))
        let words = useVector(Int(values[Int(i.c)].representative))
        let result = allocateVector(for: index)
        let spare = scratchVector()
        var upper = scratchVector()
        var lower = scratchVector()
        // XMM0 is one of these, or somebody else's, who gets it back.
        let isBusy = result != .xmm0 && spare != .xmm0 && upper != .xmm0 && lower != .xmm0
        if upper == .xmm0 { upper = spare }
        if lower == .xmm0 { lower = spare }
        let state = result == .xmm0 ? spare : result
        let isFirst = i.opcode == .vsha256Hash
        shuffle(upper, isFirst ? first : second, 0xB1)
        shuffle(lower, isFirst ? second : first, 0xB1)
        if isBusy { moveVector(spare, .xmm0) }
        moveVector(.xmm0, words)
        // (F, E, B, A) and (H, G, D, C), from the lowest lane on.
        three(.punpcklqdq, state, lower, upper)
        three(.punpckhqdq, lower, lower, upper)
        hot.sse(.sha256rnds2, lower, state)
        shuffle(.xmm0, .xmm0, 0x0E)
        hot.sse(.sha256rnds2, state, lower)
        three(isFirst ? .punpckhqdq : .punpcklqdq, state, state, lower)
        if isBusy { moveVector(.xmm0, spare) }
        shuffle(result, state, 0xB1)
    }
}
