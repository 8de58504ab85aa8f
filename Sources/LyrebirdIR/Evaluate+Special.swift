// Cryptography, carry-less products, and floating point that hosts do not have: one C function, which generated code calls, too, on hosts without the
// instructions (CLyrebird/special.h).

import CLyrebird

extension Evaluate {
    /// The word that names the operation to `lyrebird_float`; nil if the opcode is none of these.
    static func special(_ i: Instruction) -> UInt64? {
        guard let operation = specialOperation(i.opcode) else { return nil }
        let word = UInt64(operation.rawValue)
        switch i.opcode {
        case .vmulCarryless, .vsha1Rounds4: return word | UInt64(i.c & 3) << 12
        case .vshlEach, .vshrEach, .vsarEach: return word | UInt64(i.aux & 3) << 8
        case .vaesKeyAssist: return word | UInt64(i.b & 0xFF) << 17
        case .vstringIndex, .vstringMask, .vstringFlags: return word | UInt64(i.c & 0x7F) << 17
        default: break
        }
        if i.opcode == .vdotBrain { return word | UInt64(Lane.s.rawValue) << 8 | 1 << 16 }
        guard i.opcode.rawValue >= Opcode.fadd.rawValue else { return word }
        let kind = i.opcode == .froundInteger || i.opcode == .vfroundInteger ? UInt64(i.b & 3) << 12 : 0
        let isVector = i.opcode.rawValue >= Opcode.vfadd.rawValue
        return word | UInt64(i.aux & 3) << 8 | kind | (isVector ? 1 << 16 : 0)
    }

    /// Whether a pure operation is computed by `lyrebird_float`.
    static func isCall(_ i: Instruction) -> Bool {
        i.opcode == .vshiftU || i.opcode == .vshiftS || specialOperation(i.opcode) != nil
    }

    private static func specialOperation(_ opcode: Opcode) -> lyrebird_special_operation? {
        switch opcode {
        case .vmulCarryless: LYREBIRD_MUL_CARRYLESS
        case .vrecipEstimateU: LYREBIRD_RECIP_ESTIMATE_UNSIGNED
        case .vrsqrtEstimateU: LYREBIRD_RSQRT_ESTIMATE_UNSIGNED
        case .vaesEncrypt: LYREBIRD_AES_ENCRYPT
        case .vaesEncryptLast: LYREBIRD_AES_ENCRYPT_LAST
        case .vaesDecrypt: LYREBIRD_AES_DECRYPT
        case .vaesDecryptLast: LYREBIRD_AES_DECRYPT_LAST
        case .vaesMix: LYREBIRD_AES_MIX
        case .vaesMixInverse: LYREBIRD_AES_MIX_INVERSE
        case .vaesKeyAssist: LYREBIRD_AES_KEY_ASSIST
        case .vsha1Choose: LYREBIRD_SHA1_CHOOSE
        case .vsha1Parity: LYREBIRD_SHA1_PARITY
        case .vsha1Majority: LYREBIRD_SHA1_MAJORITY
        case .vsha256Hash: LYREBIRD_SHA256_HASH
        case .vsha256Hash2: LYREBIRD_SHA256_HASH2
        case .vsha256Schedule0: LYREBIRD_SHA256_SCHEDULE0
        case .vsha256Schedule1: LYREBIRD_SHA256_SCHEDULE1
        case .vsha1Rounds4: LYREBIRD_SHA1_ROUNDS4
        case .vsha1NextE: LYREBIRD_SHA1_NEXT_E
        case .vsha1Schedule0: LYREBIRD_SHA1_SCHEDULE0
        case .vsha1Schedule1: LYREBIRD_SHA1_SCHEDULE1
        case .vsha256Rounds2: LYREBIRD_SHA256_ROUNDS2
        case .vsm3Part1: LYREBIRD_SM3_PART1
        case .vsm3Part2: LYREBIRD_SM3_PART2
        case .vsm3Sum: LYREBIRD_SM3_SUM
        case .vsm3Round1A: LYREBIRD_SM3_ROUND1A
        case .vsm3Round1B: LYREBIRD_SM3_ROUND1B
        case .vsm3Round2A: LYREBIRD_SM3_ROUND2A
        case .vsm3Round2B: LYREBIRD_SM3_ROUND2B
        case .vsm4Encrypt: LYREBIRD_SM4_ENCRYPT
        case .vsm4Key: LYREBIRD_SM4_KEY
        case .vpermute2: LYREBIRD_PERMUTE
        case .vshlEach: LYREBIRD_SHIFT_LEFT_EACH
        case .vshrEach: LYREBIRD_SHIFT_RIGHT_EACH
        case .vsarEach: LYREBIRD_SHIFT_SIGNED_EACH
        case .vstringIndex: LYREBIRD_STRING_INDEX
        case .vstringMask: LYREBIRD_STRING_MASK
        case .vstringFlags: LYREBIRD_STRING_FLAGS
        case .vstringExplicit: LYREBIRD_STRING_EXPLICIT
        case .fmulExtended, .vfmulExtended: LYREBIRD_FLOAT_MUL_EXTENDED
        case .frecipStep, .vfrecipStep: LYREBIRD_FLOAT_RECIP_STEP
        case .frsqrtStep, .vfrsqrtStep: LYREBIRD_FLOAT_RSQRT_STEP
        case .frecipEstimate, .vfrecipEstimate: LYREBIRD_FLOAT_RECIP_ESTIMATE
        case .frsqrtEstimate, .vfrsqrtEstimate: LYREBIRD_FLOAT_RSQRT_ESTIMATE
        case .frecipExponent: LYREBIRD_FLOAT_RECIP_EXPONENT
        case .froundInteger, .vfroundInteger: LYREBIRD_FLOAT_ROUND_INTEGER
        case .fconvertOdd, .vfconvertOdd: LYREBIRD_FLOAT_CONVERT_ODD
        case .ftointModulo: LYREBIRD_FLOAT_TO_INTEGER_MODULO
        case .vfconvertBrain: LYREBIRD_FLOAT_CONVERT_BRAIN
        case .vdotBrain: LYREBIRD_FLOAT_DOT_BRAIN
        default: nil
        }
    }
}
