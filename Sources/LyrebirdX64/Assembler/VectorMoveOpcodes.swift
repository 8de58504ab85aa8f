// Vector moves, with their encodings as the manual writes them. A store is an instruction of its own, under a name in
// Store, and takes its operands in the manual's order: destination first.

extension SSEOpcode {
    // MARK: Whole vectors

    public static var movups: SSEOpcode { two(0x0F_10) }
    public static var movupsStore: SSEOpcode { store(0x0F_11) }
    public static var movupd: SSEOpcode { two(0x66_0F_10, evexW: 1) }
    public static var movupdStore: SSEOpcode { store(0x66_0F_11, evexW: 1) }
    public static var movaps: SSEOpcode { two(0x0F_28) }
    public static var movapsStore: SSEOpcode { store(0x0F_29) }
    public static var movapd: SSEOpcode { two(0x66_0F_28, evexW: 1) }
    public static var movapdStore: SSEOpcode { store(0x66_0F_29, evexW: 1) }
    public static var movdqa: SSEOpcode { two(0x66_0F_6F) }
    public static var movdqaStore: SSEOpcode { store(0x66_0F_7F) }
    public static var movdqu: SSEOpcode { two(0xF3_0F_6F) }
    public static var movdquStore: SSEOpcode { store(0xF3_0F_7F) }
    public static var vmovdqu8: SSEOpcode { two(0xF2_0F_6F, forms: .evexOnly) }
    public static var vmovdqu8Store: SSEOpcode { store(0xF2_0F_7F, forms: .evexOnly) }
    public static var vmovdqu16: SSEOpcode { two(0xF2_0F_6F, evexW: 1, forms: .evexOnly) }
    public static var vmovdqu16Store: SSEOpcode { store(0xF2_0F_7F, evexW: 1, forms: .evexOnly) }
    public static var vmovdqu32: SSEOpcode { two(0xF3_0F_6F, forms: .evexOnly) }
    public static var vmovdqu32Store: SSEOpcode { store(0xF3_0F_7F, forms: .evexOnly) }
    public static var vmovdqu64: SSEOpcode { two(0xF3_0F_6F, evexW: 1, forms: .evexOnly) }
    public static var vmovdqu64Store: SSEOpcode { store(0xF3_0F_7F, evexW: 1, forms: .evexOnly) }

    // MARK: Scalars. Between registers MOVSS and MOVSD merge, as three operands; from memory they clear the rest

    public static var movss: SSEOpcode { merging(0xF3_0F_10, .bytes4) }
    public static var movsd: SSEOpcode { merging(0xF2_0F_10, .bytes8, evexW: 1) }
    public static var movssStore: SSEOpcode { store(0xF3_0F_11, .bytes4) }
    public static var movsdStore: SSEOpcode { store(0xF2_0F_11, .bytes8, evexW: 1) }
    /// Copies the low quadword and clears the high one.
    public static var movq: SSEOpcode { two(0xF3_0F_7E, .bytes8, evexW: 1) }
    public static var movqStore: SSEOpcode { store(0x66_0F_D6, .bytes8, evexW: 1) }

    // MARK: Halves

    public static var movhlps: SSEOpcode { three(0x0F_12, .bytes8) }
    public static var movlhps: SSEOpcode { three(0x0F_16, .bytes8) }
    public static var movlps: SSEOpcode { three(0x0F_12, .bytes8) }
    public static var movlpsStore: SSEOpcode { store(0x0F_13, .bytes8) }
    public static var movhps: SSEOpcode { three(0x0F_16, .bytes8) }
    public static var movhpsStore: SSEOpcode { store(0x0F_17, .bytes8) }
    public static var movlpd: SSEOpcode { three(0x66_0F_12, .bytes8, evexW: 1) }
    public static var movlpdStore: SSEOpcode { store(0x66_0F_13, .bytes8, evexW: 1) }
    public static var movhpd: SSEOpcode { three(0x66_0F_16, .bytes8, evexW: 1) }
    public static var movhpdStore: SSEOpcode { store(0x66_0F_17, .bytes8, evexW: 1) }

    // MARK: General-purpose registers, or memory of that size

    public static var movd: SSEOpcode { two(0x66_0F_6E, .bytes4) }
    public static var movdStore: SSEOpcode { store(0x66_0F_7E, .bytes4) }
    /// MOVQ with a 64-bit general-purpose register.
    public static var movqGPR: SSEOpcode { two(0x66_0F_6E, .bytes8, w: 1, evexW: 1) }
    public static var movqGPRStore: SSEOpcode { store(0x66_0F_7E, .bytes8, w: 1, evexW: 1) }
    public static var pinsrb: SSEOpcode { three(0x66_0F3A_20, .bytes1, imm: true) }
    public static var pinsrw: SSEOpcode { three(0x66_0F_C4, .bytes2, imm: true) }
    public static var pinsrd: SSEOpcode { three(0x66_0F3A_22, .bytes4, imm: true) }
    public static var pinsrq: SSEOpcode { three(0x66_0F3A_22, .bytes8, w: 1, evexW: 1, imm: true) }
    public static var pextrb: SSEOpcode { store(0x66_0F3A_14, .bytes1, imm: true) }
    public static var pextrw: SSEOpcode { store(0x66_0F3A_15, .bytes2, imm: true) }
    public static var pextrd: SSEOpcode { store(0x66_0F3A_16, .bytes4, imm: true) }
    public static var pextrq: SSEOpcode { store(0x66_0F3A_16, .bytes8, w: 1, evexW: 1, imm: true) }
    public static var pmovmskb: SSEOpcode { two(0x66_0F_D7, forms: .noEVEX) }
    public static var movmskps: SSEOpcode { two(0x0F_50, forms: .noEVEX) }
    public static var movmskpd: SSEOpcode { two(0x66_0F_50, forms: .noEVEX) }

    // MARK: Under a mask: where the highest bit of its lane is set

    public static var vmaskmovps: SSEOpcode { three(0x66_0F38_2C, forms: .vexOnly) }
    public static var vmaskmovpd: SSEOpcode { three(0x66_0F38_2D, forms: .vexOnly) }
    public static var vmaskmovpsStore: SSEOpcode { store(0x66_0F38_2E, forms: .vexOnly) }
    public static var vmaskmovpdStore: SSEOpcode { store(0x66_0F38_2F, forms: .vexOnly) }
    /// Bytes of the first operand under the second to RDI, whose segment is a prefix of its own.
    public static var maskmovdqu: SSEOpcode { two(0x66_0F_F7, forms: .noEVEX) }
}
