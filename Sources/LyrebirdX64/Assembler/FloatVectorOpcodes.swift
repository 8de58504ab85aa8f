// Vector and scalar floating-point instructions, by class, with their encodings as the manual writes them.

extension SSEOpcode {
    // MARK: Arithmetic

    public static var addps: SSEOpcode { three(0x0F_58) }
    public static var addpd: SSEOpcode { three(0x66_0F_58, evexW: 1) }
    public static var addss: SSEOpcode { three(0xF3_0F_58, .bytes4) }
    public static var addsd: SSEOpcode { three(0xF2_0F_58, .bytes8, evexW: 1) }
    public static var mulps: SSEOpcode { three(0x0F_59) }
    public static var mulpd: SSEOpcode { three(0x66_0F_59, evexW: 1) }
    public static var mulss: SSEOpcode { three(0xF3_0F_59, .bytes4) }
    public static var mulsd: SSEOpcode { three(0xF2_0F_59, .bytes8, evexW: 1) }
    public static var subps: SSEOpcode { three(0x0F_5C) }
    public static var subpd: SSEOpcode { three(0x66_0F_5C, evexW: 1) }
    public static var subss: SSEOpcode { three(0xF3_0F_5C, .bytes4) }
    public static var subsd: SSEOpcode { three(0xF2_0F_5C, .bytes8, evexW: 1) }
    public static var minps: SSEOpcode { three(0x0F_5D) }
    public static var minpd: SSEOpcode { three(0x66_0F_5D, evexW: 1) }
    public static var minss: SSEOpcode { three(0xF3_0F_5D, .bytes4) }
    public static var minsd: SSEOpcode { three(0xF2_0F_5D, .bytes8, evexW: 1) }
    public static var divps: SSEOpcode { three(0x0F_5E) }
    public static var divpd: SSEOpcode { three(0x66_0F_5E, evexW: 1) }
    public static var divss: SSEOpcode { three(0xF3_0F_5E, .bytes4) }
    public static var divsd: SSEOpcode { three(0xF2_0F_5E, .bytes8, evexW: 1) }
    public static var maxps: SSEOpcode { three(0x0F_5F) }
    public static var maxpd: SSEOpcode { three(0x66_0F_5F, evexW: 1) }
    public static var maxss: SSEOpcode { three(0xF3_0F_5F, .bytes4) }
    public static var maxsd: SSEOpcode { three(0xF2_0F_5F, .bytes8, evexW: 1) }
    public static var sqrtps: SSEOpcode { two(0x0F_51) }
    public static var sqrtpd: SSEOpcode { two(0x66_0F_51, evexW: 1) }
    public static var sqrtss: SSEOpcode { three(0xF3_0F_51, .bytes4) }
    public static var sqrtsd: SSEOpcode { three(0xF2_0F_51, .bytes8, evexW: 1) }
    public static var rcpps: SSEOpcode { two(0x0F_53, forms: .noEVEX) }
    public static var rcpss: SSEOpcode { three(0xF3_0F_53, .bytes4, forms: .noEVEX) }
    public static var rsqrtps: SSEOpcode { two(0x0F_52, forms: .noEVEX) }
    public static var rsqrtss: SSEOpcode { three(0xF3_0F_52, .bytes4, forms: .noEVEX) }
    public static var hsubps: SSEOpcode { three(0xF2_0F_7D, forms: .noEVEX) }
    public static var hsubpd: SSEOpcode { three(0x66_0F_7D, forms: .noEVEX) }
    public static var haddps: SSEOpcode { three(0xF2_0F_7C, forms: .noEVEX) }
    public static var haddpd: SSEOpcode { three(0x66_0F_7C, forms: .noEVEX) }
    public static var addsubps: SSEOpcode { three(0xF2_0F_D0, forms: .noEVEX) }
    public static var addsubpd: SSEOpcode { three(0x66_0F_D0, forms: .noEVEX) }

    // MARK: Fused multiply and add: the digits say which operands are multiplied, then added

    public static var vfmadd132ps: SSEOpcode { three(0x66_0F38_98, forms: .noLegacy) }
    public static var vfmadd132pd: SSEOpcode { three(0x66_0F38_98, w: 1, evexW: 1, forms: .noLegacy) }
    public static var vfmadd132ss: SSEOpcode { three(0x66_0F38_99, .bytes4, forms: .noLegacy) }
    public static var vfmadd132sd: SSEOpcode { three(0x66_0F38_99, .bytes8, w: 1, evexW: 1, forms: .noLegacy) }
    public static var vfmsub132ps: SSEOpcode { three(0x66_0F38_9A, forms: .noLegacy) }
    public static var vfmsub132pd: SSEOpcode { three(0x66_0F38_9A, w: 1, evexW: 1, forms: .noLegacy) }
    public static var vfmsub132ss: SSEOpcode { three(0x66_0F38_9B, .bytes4, forms: .noLegacy) }
    public static var vfmsub132sd: SSEOpcode { three(0x66_0F38_9B, .bytes8, w: 1, evexW: 1, forms: .noLegacy) }
    public static var vfnmadd132ps: SSEOpcode { three(0x66_0F38_9C, forms: .noLegacy) }
    public static var vfnmadd132pd: SSEOpcode { three(0x66_0F38_9C, w: 1, evexW: 1, forms: .noLegacy) }
    public static var vfnmadd132ss: SSEOpcode { three(0x66_0F38_9D, .bytes4, forms: .noLegacy) }
    public static var vfnmadd132sd: SSEOpcode { three(0x66_0F38_9D, .bytes8, w: 1, evexW: 1, forms: .noLegacy) }
    public static var vfnmsub132ps: SSEOpcode { three(0x66_0F38_9E, forms: .noLegacy) }
    public static var vfnmsub132pd: SSEOpcode { three(0x66_0F38_9E, w: 1, evexW: 1, forms: .noLegacy) }
    public static var vfnmsub132ss: SSEOpcode { three(0x66_0F38_9F, .bytes4, forms: .noLegacy) }
    public static var vfnmsub132sd: SSEOpcode { three(0x66_0F38_9F, .bytes8, w: 1, evexW: 1, forms: .noLegacy) }
    public static var vfmadd213ps: SSEOpcode { three(0x66_0F38_A8, forms: .noLegacy) }
    public static var vfmadd213pd: SSEOpcode { three(0x66_0F38_A8, w: 1, evexW: 1, forms: .noLegacy) }
    public static var vfmadd213ss: SSEOpcode { three(0x66_0F38_A9, .bytes4, forms: .noLegacy) }
    public static var vfmadd213sd: SSEOpcode { three(0x66_0F38_A9, .bytes8, w: 1, evexW: 1, forms: .noLegacy) }
    public static var vfmsub213ps: SSEOpcode { three(0x66_0F38_AA, forms: .noLegacy) }
    public static var vfmsub213pd: SSEOpcode { three(0x66_0F38_AA, w: 1, evexW: 1, forms: .noLegacy) }
    public static var vfmsub213ss: SSEOpcode { three(0x66_0F38_AB, .bytes4, forms: .noLegacy) }
    public static var vfmsub213sd: SSEOpcode { three(0x66_0F38_AB, .bytes8, w: 1, evexW: 1, forms: .noLegacy) }
    public static var vfnmadd213ps: SSEOpcode { three(0x66_0F38_AC, forms: .noLegacy) }
    public static var vfnmadd213pd: SSEOpcode { three(0x66_0F38_AC, w: 1, evexW: 1, forms: .noLegacy) }
    public static var vfnmadd213ss: SSEOpcode { three(0x66_0F38_AD, .bytes4, forms: .noLegacy) }
    public static var vfnmadd213sd: SSEOpcode { three(0x66_0F38_AD, .bytes8, w: 1, evexW: 1, forms: .noLegacy) }
    public static var vfnmsub213ps: SSEOpcode { three(0x66_0F38_AE, forms: .noLegacy) }
    public static var vfnmsub213pd: SSEOpcode { three(0x66_0F38_AE, w: 1, evexW: 1, forms: .noLegacy) }
    public static var vfnmsub213ss: SSEOpcode { three(0x66_0F38_AF, .bytes4, forms: .noLegacy) }
    public static var vfnmsub213sd: SSEOpcode { three(0x66_0F38_AF, .bytes8, w: 1, evexW: 1, forms: .noLegacy) }
    public static var vfmadd231ps: SSEOpcode { three(0x66_0F38_B8, forms: .noLegacy) }
    public static var vfmadd231pd: SSEOpcode { three(0x66_0F38_B8, w: 1, evexW: 1, forms: .noLegacy) }
    public static var vfmadd231ss: SSEOpcode { three(0x66_0F38_B9, .bytes4, forms: .noLegacy) }
    public static var vfmadd231sd: SSEOpcode { three(0x66_0F38_B9, .bytes8, w: 1, evexW: 1, forms: .noLegacy) }
    public static var vfmsub231ps: SSEOpcode { three(0x66_0F38_BA, forms: .noLegacy) }
    public static var vfmsub231pd: SSEOpcode { three(0x66_0F38_BA, w: 1, evexW: 1, forms: .noLegacy) }
    public static var vfmsub231ss: SSEOpcode { three(0x66_0F38_BB, .bytes4, forms: .noLegacy) }
    public static var vfmsub231sd: SSEOpcode { three(0x66_0F38_BB, .bytes8, w: 1, evexW: 1, forms: .noLegacy) }
    public static var vfnmadd231ps: SSEOpcode { three(0x66_0F38_BC, forms: .noLegacy) }
    public static var vfnmadd231pd: SSEOpcode { three(0x66_0F38_BC, w: 1, evexW: 1, forms: .noLegacy) }
    public static var vfnmadd231ss: SSEOpcode { three(0x66_0F38_BD, .bytes4, forms: .noLegacy) }
    public static var vfnmadd231sd: SSEOpcode { three(0x66_0F38_BD, .bytes8, w: 1, evexW: 1, forms: .noLegacy) }
    public static var vfnmsub231ps: SSEOpcode { three(0x66_0F38_BE, forms: .noLegacy) }
    public static var vfnmsub231pd: SSEOpcode { three(0x66_0F38_BE, w: 1, evexW: 1, forms: .noLegacy) }
    public static var vfnmsub231ss: SSEOpcode { three(0x66_0F38_BF, .bytes4, forms: .noLegacy) }
    public static var vfnmsub231sd: SSEOpcode { three(0x66_0F38_BF, .bytes8, w: 1, evexW: 1, forms: .noLegacy) }

    // MARK: Logic

    public static var andps: SSEOpcode { three(0x0F_54) }
    public static var andpd: SSEOpcode { three(0x66_0F_54, evexW: 1) }
    public static var andnps: SSEOpcode { three(0x0F_55) }
    public static var andnpd: SSEOpcode { three(0x66_0F_55, evexW: 1) }
    public static var orps: SSEOpcode { three(0x0F_56) }
    public static var orpd: SSEOpcode { three(0x66_0F_56, evexW: 1) }
    public static var xorps: SSEOpcode { three(0x0F_57) }
    public static var xorpd: SSEOpcode { three(0x66_0F_57, evexW: 1) }

    // MARK: Comparison. CMPcc with XMM16–31 makes a mask: `vcmppsMask` and its kin

    public static var ucomiss: SSEOpcode { two(0x0F_2E, .bytes4) }
    public static var ucomisd: SSEOpcode { two(0x66_0F_2E, .bytes8, evexW: 1) }
    public static var comiss: SSEOpcode { two(0x0F_2F, .bytes4) }
    public static var comisd: SSEOpcode { two(0x66_0F_2F, .bytes8, evexW: 1) }
    public static var cmpps: SSEOpcode { three(0x0F_C2, forms: .noEVEX, imm: true) }
    public static var cmppd: SSEOpcode { three(0x66_0F_C2, forms: .noEVEX, imm: true) }
    public static var cmpss: SSEOpcode { three(0xF3_0F_C2, forms: .noEVEX, imm: true) }
    public static var cmpsd: SSEOpcode { three(0xF2_0F_C2, forms: .noEVEX, imm: true) }

    // MARK: Rounding to an integer. The EVEX form is VRNDSCALE, the same where the immediate is below 16

    public static var roundps: SSEOpcode { two(0x66_0F3A_08, imm: true) }
    public static var roundpd: SSEOpcode { two(0x66_0F3A_09, evexW: 1, imm: true) }
    public static var roundss: SSEOpcode { three(0x66_0F3A_0A, .bytes4, imm: true) }
    public static var roundsd: SSEOpcode { three(0x66_0F3A_0B, .bytes8, evexW: 1, imm: true) }

    // MARK: Conversion between floating-point formats

    public static var cvtss2sd: SSEOpcode { three(0xF3_0F_5A, .bytes4) }
    public static var cvtsd2ss: SSEOpcode { three(0xF2_0F_5A, .bytes8, evexW: 1) }
    public static var cvtps2pd: SSEOpcode { two(0x0F_5A, .half) }
    public static var cvtpd2ps: SSEOpcode { two(0x66_0F_5A, evexW: 1) }
    public static var vcvtph2ps: SSEOpcode { two(0x66_0F38_13, .half, forms: .noLegacy) }
    public static var vcvtps2ph: SSEOpcode { store(0x66_0F3A_1D, .half, forms: .noLegacy, imm: true) }

    // MARK: Conversion between vectors of integers and of floating-point numbers

    public static var cvtdq2ps: SSEOpcode { two(0x0F_5B) }
    public static var cvtps2dq: SSEOpcode { two(0x66_0F_5B) }
    public static var cvttps2dq: SSEOpcode { two(0xF3_0F_5B) }
    public static var cvtdq2pd: SSEOpcode { two(0xF3_0F_E6, .half) }
    public static var cvttpd2dq: SSEOpcode { two(0x66_0F_E6, evexW: 1) }
    public static var cvtpd2dq: SSEOpcode { two(0xF2_0F_E6, evexW: 1) }
    public static var vcvtudq2ps: SSEOpcode { two(0xF2_0F_7A, forms: .evexOnly) }
    public static var vcvttps2udq: SSEOpcode { two(0x0F_78, forms: .evexOnly) }
    public static var vcvtps2udq: SSEOpcode { two(0x0F_79, forms: .evexOnly) }
    public static var vcvtqq2pd: SSEOpcode { two(0xF3_0F_E6, evexW: 1, forms: .evexOnly) }
    public static var vcvtuqq2pd: SSEOpcode { two(0xF3_0F_7A, evexW: 1, forms: .evexOnly) }
    public static var vcvttpd2qq: SSEOpcode { two(0x66_0F_7A, evexW: 1, forms: .evexOnly) }
    public static var vcvttpd2uqq: SSEOpcode { two(0x66_0F_78, evexW: 1, forms: .evexOnly) }
    public static var vcvtpd2qq: SSEOpcode { two(0x66_0F_7B, evexW: 1, forms: .evexOnly) }
    public static var vcvtpd2uqq: SSEOpcode { two(0x66_0F_79, evexW: 1, forms: .evexOnly) }

    // MARK: Conversion between a scalar and a general-purpose register: 32 bits, and 64 under names in Q

    public static var cvtsi2ss: SSEOpcode { three(0xF3_0F_2A, .bytes4) }
    public static var cvtsi2ssQ: SSEOpcode { three(0xF3_0F_2A, .bytes8, w: 1, evexW: 1) }
    public static var cvttss2si: SSEOpcode { two(0xF3_0F_2C, .bytes4) }
    public static var cvttss2siQ: SSEOpcode { two(0xF3_0F_2C, .bytes4, w: 1, evexW: 1) }
    public static var cvtss2si: SSEOpcode { two(0xF3_0F_2D, .bytes4) }
    public static var cvtss2siQ: SSEOpcode { two(0xF3_0F_2D, .bytes4, w: 1, evexW: 1) }
    public static var vcvtusi2ss: SSEOpcode { three(0xF3_0F_7B, .bytes4, forms: .evexOnly) }
    public static var vcvtusi2ssQ: SSEOpcode { three(0xF3_0F_7B, .bytes8, evexW: 1, forms: .evexOnly) }
    public static var vcvttss2usi: SSEOpcode { two(0xF3_0F_78, .bytes4, forms: .evexOnly) }
    public static var vcvttss2usiQ: SSEOpcode { two(0xF3_0F_78, .bytes4, evexW: 1, forms: .evexOnly) }
    public static var vcvtss2usi: SSEOpcode { two(0xF3_0F_79, .bytes4, forms: .evexOnly) }
    public static var vcvtss2usiQ: SSEOpcode { two(0xF3_0F_79, .bytes4, evexW: 1, forms: .evexOnly) }
    public static var cvtsi2sd: SSEOpcode { three(0xF2_0F_2A, .bytes4) }
    public static var cvtsi2sdQ: SSEOpcode { three(0xF2_0F_2A, .bytes8, w: 1, evexW: 1) }
    public static var cvttsd2si: SSEOpcode { two(0xF2_0F_2C, .bytes8) }
    public static var cvttsd2siQ: SSEOpcode { two(0xF2_0F_2C, .bytes8, w: 1, evexW: 1) }
    public static var cvtsd2si: SSEOpcode { two(0xF2_0F_2D, .bytes8) }
    public static var cvtsd2siQ: SSEOpcode { two(0xF2_0F_2D, .bytes8, w: 1, evexW: 1) }
    public static var vcvtusi2sd: SSEOpcode { three(0xF2_0F_7B, .bytes4, forms: .evexOnly) }
    public static var vcvtusi2sdQ: SSEOpcode { three(0xF2_0F_7B, .bytes8, evexW: 1, forms: .evexOnly) }
    public static var vcvttsd2usi: SSEOpcode { two(0xF2_0F_78, .bytes8, forms: .evexOnly) }
    public static var vcvttsd2usiQ: SSEOpcode { two(0xF2_0F_78, .bytes8, evexW: 1, forms: .evexOnly) }
    public static var vcvtsd2usi: SSEOpcode { two(0xF2_0F_79, .bytes8, forms: .evexOnly) }
    public static var vcvtsd2usiQ: SSEOpcode { two(0xF2_0F_79, .bytes8, evexW: 1, forms: .evexOnly) }

    // MARK: Shuffles

    public static var shufps: SSEOpcode { three(0x0F_C6, imm: true) }
    public static var shufpd: SSEOpcode { three(0x66_0F_C6, evexW: 1, imm: true) }
    /// By the lanes of the last operand.
    public static var vpermilps: SSEOpcode { three(0x66_0F38_0C, forms: .noLegacy) }
    public static var vpermilpd: SSEOpcode { three(0x66_0F38_0D, evexW: 1, forms: .noLegacy) }
    public static var unpcklps: SSEOpcode { three(0x0F_14) }
    public static var unpcklpd: SSEOpcode { three(0x66_0F_14, evexW: 1) }
    public static var unpckhps: SSEOpcode { three(0x0F_15) }
    public static var unpckhpd: SSEOpcode { three(0x66_0F_15, evexW: 1) }
    public static var insertps: SSEOpcode { three(0x66_0F3A_21, .bytes4, imm: true) }
    public static var blendps: SSEOpcode { three(0x66_0F3A_0C, forms: .noEVEX, imm: true) }
    public static var blendpd: SSEOpcode { three(0x66_0F3A_0D, forms: .noEVEX, imm: true) }
    /// Choose by the sign bits of XMM0; `Assembler.vblendvps` and `vblendvpd` have a register for them.
    public static var blendvps: SSEOpcode { two(0x66_0F38_14, forms: .legacyOnly) }
    public static var blendvpd: SSEOpcode { two(0x66_0F38_15, forms: .legacyOnly) }
    public static var movddup: SSEOpcode { two(0xF2_0F_12, .duplicate, evexW: 1) }
    public static var movshdup: SSEOpcode { two(0xF3_0F_16) }
    public static var movsldup: SSEOpcode { two(0xF3_0F_12) }
}
