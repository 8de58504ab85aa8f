// The words that name operations of SSE to `lyrebird_float` (CLyrebird/sse.h).

import CLyrebird

extension Evaluate {
    /// - Parameter source: the type of the operand that may be an integer.
    static func sse(_ i: Instruction, source: Type) -> UInt64? {
        if i.opcode == .sseFused {
            let operation = FusedOperation(rawValue: i.aux)!
            let how = UInt64(operation.form.rawValue) | UInt64(operation.kind.rawValue) << 2
            return UInt64(LYREBIRD_SSE_FUSED.rawValue) | UInt64(i.aux & 3) << 8 | how << 12
        }
        guard let operation = sseOperation(i.opcode) else { return nil }
        let word = UInt64(operation.rawValue) | UInt64(i.aux & 3) << 8
        let isWide = (i.opcode == .sseFromInt ? source : i.type) == .i64
        let immediate: UInt64 =
            switch i.opcode {
            case .sseRound, .sseCompare, .sseOrder: UInt64(i.c & 0xFF)
            case .sseToInt, .sseToWords, .sseToHalf: UInt64(i.b & 0xFF)
            default: 0
            }
        return word | (isWide ? UInt64(LYREBIRD_SSE_WIDE) : 0) | immediate << 12
    }

    private static func sseOperation(_ opcode: Opcode) -> lyrebird_sse_operation? {
        switch opcode {
        case .sseAdd: LYREBIRD_SSE_ADD
        case .sseSub: LYREBIRD_SSE_SUB
        case .sseMul: LYREBIRD_SSE_MUL
        case .sseDiv: LYREBIRD_SSE_DIV
        case .sseMin: LYREBIRD_SSE_MIN
        case .sseMax: LYREBIRD_SSE_MAX
        case .sseSqrt: LYREBIRD_SSE_SQRT
        case .sseReciprocal: LYREBIRD_SSE_RECIPROCAL
        case .sseReciprocalRoot: LYREBIRD_SSE_RECIPROCAL_ROOT
        case .sseAddSub: LYREBIRD_SSE_ADD_SUB
        case .sseAddPairs: LYREBIRD_SSE_ADD_PAIRS
        case .sseSubPairs: LYREBIRD_SSE_SUB_PAIRS
        case .sseRound: LYREBIRD_SSE_ROUND
        case .sseCompare: LYREBIRD_SSE_COMPARE
        case .sseOrder: LYREBIRD_SSE_ORDER
        case .sseToInt: LYREBIRD_SSE_TO_INT
        case .sseFromInt: LYREBIRD_SSE_FROM_INT
        case .sseToWords: LYREBIRD_SSE_TO_WORDS
        case .sseFromWords: LYREBIRD_SSE_FROM_WORDS
        case .sseConvert: LYREBIRD_SSE_CONVERT
        case .sseConvertLanes: LYREBIRD_SSE_CONVERT_LANES
        case .sseFromHalf: LYREBIRD_SSE_FROM_HALF
        case .sseToHalf: LYREBIRD_SSE_TO_HALF
        default: nil
        }
    }
}
