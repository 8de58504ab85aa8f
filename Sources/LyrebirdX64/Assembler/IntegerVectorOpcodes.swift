// Vector instructions on integers, by class, with their encodings as the manual writes them.

extension SSEOpcode {
    // MARK: Addition and subtraction

    public static var paddb: SSEOpcode { three(0x66_0F_FC) }
    public static var paddw: SSEOpcode { three(0x66_0F_FD) }
    public static var paddd: SSEOpcode { three(0x66_0F_FE) }
    public static var paddq: SSEOpcode { three(0x66_0F_D4, evexW: 1) }
    public static var psubb: SSEOpcode { three(0x66_0F_F8) }
    public static var psubw: SSEOpcode { three(0x66_0F_F9) }
    public static var psubd: SSEOpcode { three(0x66_0F_FA) }
    public static var psubq: SSEOpcode { three(0x66_0F_FB, evexW: 1) }
    public static var paddsb: SSEOpcode { three(0x66_0F_EC) }
    public static var paddsw: SSEOpcode { three(0x66_0F_ED) }
    public static var paddusb: SSEOpcode { three(0x66_0F_DC) }
    public static var paddusw: SSEOpcode { three(0x66_0F_DD) }
    public static var psubsb: SSEOpcode { three(0x66_0F_E8) }
    public static var psubsw: SSEOpcode { three(0x66_0F_E9) }
    public static var psubusb: SSEOpcode { three(0x66_0F_D8) }
    public static var psubusw: SSEOpcode { three(0x66_0F_D9) }
    public static var phaddw: SSEOpcode { three(0x66_0F38_01, forms: .noEVEX) }
    public static var phaddd: SSEOpcode { three(0x66_0F38_02, forms: .noEVEX) }
    public static var phaddsw: SSEOpcode { three(0x66_0F38_03, forms: .noEVEX) }
    public static var phsubw: SSEOpcode { three(0x66_0F38_05, forms: .noEVEX) }
    public static var phsubd: SSEOpcode { three(0x66_0F38_06, forms: .noEVEX) }
    public static var phsubsw: SSEOpcode { three(0x66_0F38_07, forms: .noEVEX) }
    public static var pavgb: SSEOpcode { three(0x66_0F_E0) }
    public static var pavgw: SSEOpcode { three(0x66_0F_E3) }
    public static var psadbw: SSEOpcode { three(0x66_0F_F6) }
    public static var mpsadbw: SSEOpcode { three(0x66_0F3A_42, forms: .noEVEX, imm: true) }

    // MARK: Multiplication

    public static var pmullw: SSEOpcode { three(0x66_0F_D5) }
    public static var pmulhw: SSEOpcode { three(0x66_0F_E5) }
    public static var pmulhuw: SSEOpcode { three(0x66_0F_E4) }
    public static var pmaddwd: SSEOpcode { three(0x66_0F_F5) }
    public static var pmuludq: SSEOpcode { three(0x66_0F_F4, evexW: 1) }
    public static var pmuldq: SSEOpcode { three(0x66_0F38_28, evexW: 1) }
    public static var pmulld: SSEOpcode { three(0x66_0F38_40) }
    public static var pmaddubsw: SSEOpcode { three(0x66_0F38_04) }
    public static var pmulhrsw: SSEOpcode { three(0x66_0F38_0B) }
    public static var vpmullq: SSEOpcode { three(0x66_0F38_40, evexW: 1, forms: .evexOnly) }

    // MARK: Comparison, minimum and maximum. With XMM16–31 a comparison makes a mask: `vpcmpeqbMask` and its kin

    public static var pcmpeqb: SSEOpcode { three(0x66_0F_74, forms: .noEVEX) }
    public static var pcmpeqw: SSEOpcode { three(0x66_0F_75, forms: .noEVEX) }
    public static var pcmpeqd: SSEOpcode { three(0x66_0F_76, forms: .noEVEX) }
    public static var pcmpgtb: SSEOpcode { three(0x66_0F_64, forms: .noEVEX) }
    public static var pcmpgtw: SSEOpcode { three(0x66_0F_65, forms: .noEVEX) }
    public static var pcmpgtd: SSEOpcode { three(0x66_0F_66, forms: .noEVEX) }
    public static var pcmpeqq: SSEOpcode { three(0x66_0F38_29, forms: .noEVEX) }
    public static var pcmpgtq: SSEOpcode { three(0x66_0F38_37, forms: .noEVEX) }
    public static var pminub: SSEOpcode { three(0x66_0F_DA) }
    public static var pminsw: SSEOpcode { three(0x66_0F_EA) }
    public static var pmaxub: SSEOpcode { three(0x66_0F_DE) }
    public static var pmaxsw: SSEOpcode { three(0x66_0F_EE) }
    public static var pminsb: SSEOpcode { three(0x66_0F38_38) }
    public static var pminsd: SSEOpcode { three(0x66_0F38_39) }
    public static var pminuw: SSEOpcode { three(0x66_0F38_3A) }
    public static var pminud: SSEOpcode { three(0x66_0F38_3B) }
    public static var pmaxsb: SSEOpcode { three(0x66_0F38_3C) }
    public static var pmaxsd: SSEOpcode { three(0x66_0F38_3D) }
    public static var pmaxuw: SSEOpcode { three(0x66_0F38_3E) }
    public static var pmaxud: SSEOpcode { three(0x66_0F38_3F) }
    public static var vpminsq: SSEOpcode { three(0x66_0F38_39, evexW: 1, forms: .evexOnly) }
    public static var vpminuq: SSEOpcode { three(0x66_0F38_3B, evexW: 1, forms: .evexOnly) }
    public static var vpmaxsq: SSEOpcode { three(0x66_0F38_3D, evexW: 1, forms: .evexOnly) }
    public static var vpmaxuq: SSEOpcode { three(0x66_0F38_3F, evexW: 1, forms: .evexOnly) }
    public static var phminposuw: SSEOpcode { two(0x66_0F38_41, forms: .noEVEX) }
    public static var ptest: SSEOpcode { two(0x66_0F38_17, forms: .noEVEX) }

    // MARK: Sign and absolute value

    public static var psignb: SSEOpcode { three(0x66_0F38_08, forms: .noEVEX) }
    public static var psignw: SSEOpcode { three(0x66_0F38_09, forms: .noEVEX) }
    public static var psignd: SSEOpcode { three(0x66_0F38_0A, forms: .noEVEX) }
    public static var pabsb: SSEOpcode { two(0x66_0F38_1C) }
    public static var pabsw: SSEOpcode { two(0x66_0F38_1D) }
    public static var pabsd: SSEOpcode { two(0x66_0F38_1E) }
    public static var vpabsq: SSEOpcode { two(0x66_0F38_1F, evexW: 1, forms: .evexOnly) }

    // MARK: Logic. The EVEX forms count doublewords, which only a mask would notice

    public static var pand: SSEOpcode { three(0x66_0F_DB) }
    public static var pandn: SSEOpcode { three(0x66_0F_DF) }
    public static var por: SSEOpcode { three(0x66_0F_EB) }
    public static var pxor: SSEOpcode { three(0x66_0F_EF) }
    public static var vpternlogd: SSEOpcode { three(0x66_0F3A_25, forms: .evexOnly, imm: true) }
    public static var vpternlogq: SSEOpcode { three(0x66_0F3A_25, evexW: 1, forms: .evexOnly, imm: true) }

    // MARK: Shifts of all elements by the low quadword of a register

    public static var psllw: SSEOpcode { three(0x66_0F_F1, .bytes16) }
    public static var pslld: SSEOpcode { three(0x66_0F_F2, .bytes16) }
    public static var psllq: SSEOpcode { three(0x66_0F_F3, .bytes16, evexW: 1) }
    public static var psrlw: SSEOpcode { three(0x66_0F_D1, .bytes16) }
    public static var psrld: SSEOpcode { three(0x66_0F_D2, .bytes16) }
    public static var psrlq: SSEOpcode { three(0x66_0F_D3, .bytes16, evexW: 1) }
    public static var psraw: SSEOpcode { three(0x66_0F_E1, .bytes16) }
    public static var psrad: SSEOpcode { three(0x66_0F_E2, .bytes16) }
    public static var vpsraq: SSEOpcode { three(0x66_0F_E2, .bytes16, evexW: 1, forms: .evexOnly) }

    // MARK: Shifts of all elements by an immediate

    public static var psllwImm: SSEOpcode { group(0x66_0F_71, digit: 6) }
    public static var psrlwImm: SSEOpcode { group(0x66_0F_71, digit: 2) }
    public static var psrawImm: SSEOpcode { group(0x66_0F_71, digit: 4) }
    public static var pslldImm: SSEOpcode { group(0x66_0F_72, digit: 6) }
    public static var psrldImm: SSEOpcode { group(0x66_0F_72, digit: 2) }
    public static var psradImm: SSEOpcode { group(0x66_0F_72, digit: 4) }
    public static var psllqImm: SSEOpcode { group(0x66_0F_73, digit: 6, evexW: 1) }
    public static var psrlqImm: SSEOpcode { group(0x66_0F_73, digit: 2, evexW: 1) }
    public static var pslldq: SSEOpcode { group(0x66_0F_73, digit: 7) }
    public static var psrldq: SSEOpcode { group(0x66_0F_73, digit: 3) }
    public static var vpsraqImm: SSEOpcode { group(0x66_0F_72, digit: 4, evexW: 1, forms: .evexOnly) }
    public static var vproldImm: SSEOpcode { group(0x66_0F_72, digit: 1, forms: .evexOnly) }
    public static var vprolqImm: SSEOpcode { group(0x66_0F_72, digit: 1, evexW: 1, forms: .evexOnly) }
    public static var vprordImm: SSEOpcode { group(0x66_0F_72, digit: 0, forms: .evexOnly) }
    public static var vprorqImm: SSEOpcode { group(0x66_0F_72, digit: 0, evexW: 1, forms: .evexOnly) }

    // MARK: Shifts of each element by its own count

    public static var vpsllvd: SSEOpcode { three(0x66_0F38_47, forms: .noLegacy) }
    public static var vpsrlvd: SSEOpcode { three(0x66_0F38_45, forms: .noLegacy) }
    public static var vpsravd: SSEOpcode { three(0x66_0F38_46, forms: .noLegacy) }
    public static var vpsllvq: SSEOpcode { three(0x66_0F38_47, w: 1, evexW: 1, forms: .noLegacy) }
    public static var vpsrlvq: SSEOpcode { three(0x66_0F38_45, w: 1, evexW: 1, forms: .noLegacy) }
    public static var vpsravq: SSEOpcode { three(0x66_0F38_46, evexW: 1, forms: .evexOnly) }
    public static var vpsllvw: SSEOpcode { three(0x66_0F38_12, evexW: 1, forms: .evexOnly) }
    public static var vpsrlvw: SSEOpcode { three(0x66_0F38_10, evexW: 1, forms: .evexOnly) }
    public static var vpsravw: SSEOpcode { three(0x66_0F38_11, evexW: 1, forms: .evexOnly) }
    public static var vprolvd: SSEOpcode { three(0x66_0F38_15, forms: .evexOnly) }
    public static var vprolvq: SSEOpcode { three(0x66_0F38_15, evexW: 1, forms: .evexOnly) }
    public static var vprorvd: SSEOpcode { three(0x66_0F38_14, forms: .evexOnly) }
    public static var vprorvq: SSEOpcode { three(0x66_0F38_14, evexW: 1, forms: .evexOnly) }

    // MARK: Shuffles

    public static var pshufb: SSEOpcode { three(0x66_0F38_00) }
    public static var pshufd: SSEOpcode { two(0x66_0F_70, imm: true) }
    public static var pshufhw: SSEOpcode { two(0xF3_0F_70, imm: true) }
    public static var pshuflw: SSEOpcode { two(0xF2_0F_70, imm: true) }
    public static var punpcklbw: SSEOpcode { three(0x66_0F_60) }
    public static var punpcklwd: SSEOpcode { three(0x66_0F_61) }
    public static var punpckldq: SSEOpcode { three(0x66_0F_62) }
    public static var punpcklqdq: SSEOpcode { three(0x66_0F_6C, evexW: 1) }
    public static var punpckhbw: SSEOpcode { three(0x66_0F_68) }
    public static var punpckhwd: SSEOpcode { three(0x66_0F_69) }
    public static var punpckhdq: SSEOpcode { three(0x66_0F_6A) }
    public static var punpckhqdq: SSEOpcode { three(0x66_0F_6D, evexW: 1) }
    public static var packsswb: SSEOpcode { three(0x66_0F_63) }
    public static var packuswb: SSEOpcode { three(0x66_0F_67) }
    public static var packssdw: SSEOpcode { three(0x66_0F_6B) }
    public static var packusdw: SSEOpcode { three(0x66_0F38_2B) }
    public static var palignr: SSEOpcode { three(0x66_0F3A_0F, imm: true) }
    public static var pblendw: SSEOpcode { three(0x66_0F3A_0E, forms: .noEVEX, imm: true) }
    public static var vpblendd: SSEOpcode { three(0x66_0F3A_02, forms: .vexOnly, imm: true) }
    /// Chooses by the sign bits of XMM0; `Assembler.vpblendvb` has a register for them.
    public static var pblendvb: SSEOpcode { two(0x66_0F38_10, forms: .legacyOnly) }
    public static var vpermd: SSEOpcode { three(0x66_0F38_36, forms: .noLegacy) }
    public static var vpermq: SSEOpcode { two(0x66_0F3A_00, w: 1, evexW: 1, forms: .noLegacy, imm: true) }

    // MARK: Extension and narrowing

    public static var pmovsxbw: SSEOpcode { two(0x66_0F38_20, .half) }
    public static var pmovzxbw: SSEOpcode { two(0x66_0F38_30, .half) }
    public static var pmovsxbd: SSEOpcode { two(0x66_0F38_21, .quarter) }
    public static var pmovzxbd: SSEOpcode { two(0x66_0F38_31, .quarter) }
    public static var pmovsxbq: SSEOpcode { two(0x66_0F38_22, .eighth) }
    public static var pmovzxbq: SSEOpcode { two(0x66_0F38_32, .eighth) }
    public static var pmovsxwd: SSEOpcode { two(0x66_0F38_23, .half) }
    public static var pmovzxwd: SSEOpcode { two(0x66_0F38_33, .half) }
    public static var pmovsxwq: SSEOpcode { two(0x66_0F38_24, .quarter) }
    public static var pmovzxwq: SSEOpcode { two(0x66_0F38_34, .quarter) }
    public static var pmovsxdq: SSEOpcode { two(0x66_0F38_25, .half) }
    public static var pmovzxdq: SSEOpcode { two(0x66_0F38_35, .half) }
    public static var vpmovwb: SSEOpcode { store(0xF3_0F38_30, .half, forms: .evexOnly) }
    public static var vpmovswb: SSEOpcode { store(0xF3_0F38_20, .half, forms: .evexOnly) }
    public static var vpmovuswb: SSEOpcode { store(0xF3_0F38_10, .half, forms: .evexOnly) }
    public static var vpmovdb: SSEOpcode { store(0xF3_0F38_31, .quarter, forms: .evexOnly) }
    public static var vpmovsdb: SSEOpcode { store(0xF3_0F38_21, .quarter, forms: .evexOnly) }
    public static var vpmovusdb: SSEOpcode { store(0xF3_0F38_11, .quarter, forms: .evexOnly) }
    public static var vpmovqb: SSEOpcode { store(0xF3_0F38_32, .eighth, forms: .evexOnly) }
    public static var vpmovsqb: SSEOpcode { store(0xF3_0F38_22, .eighth, forms: .evexOnly) }
    public static var vpmovusqb: SSEOpcode { store(0xF3_0F38_12, .eighth, forms: .evexOnly) }
    public static var vpmovdw: SSEOpcode { store(0xF3_0F38_33, .half, forms: .evexOnly) }
    public static var vpmovsdw: SSEOpcode { store(0xF3_0F38_23, .half, forms: .evexOnly) }
    public static var vpmovusdw: SSEOpcode { store(0xF3_0F38_13, .half, forms: .evexOnly) }
    public static var vpmovqw: SSEOpcode { store(0xF3_0F38_34, .quarter, forms: .evexOnly) }
    public static var vpmovsqw: SSEOpcode { store(0xF3_0F38_24, .quarter, forms: .evexOnly) }
    public static var vpmovusqw: SSEOpcode { store(0xF3_0F38_14, .quarter, forms: .evexOnly) }
    public static var vpmovqd: SSEOpcode { store(0xF3_0F38_35, .half, forms: .evexOnly) }
    public static var vpmovsqd: SSEOpcode { store(0xF3_0F38_25, .half, forms: .evexOnly) }
    public static var vpmovusqd: SSEOpcode { store(0xF3_0F38_15, .half, forms: .evexOnly) }

    // MARK: Broadcasts and 128-bit lanes

    public static var vpbroadcastb: SSEOpcode { two(0x66_0F38_78, .bytes1, forms: .noLegacy) }
    public static var vpbroadcastw: SSEOpcode { two(0x66_0F38_79, .bytes2, forms: .noLegacy) }
    public static var vpbroadcastd: SSEOpcode { two(0x66_0F38_58, .bytes4, forms: .noLegacy) }
    public static var vpbroadcastq: SSEOpcode { two(0x66_0F38_59, .bytes8, evexW: 1, forms: .noLegacy) }
    public static var vbroadcastss: SSEOpcode { two(0x66_0F38_18, .bytes4, forms: .noLegacy) }
    public static var vbroadcastsd: SSEOpcode { two(0x66_0F38_19, .bytes8, evexW: 1, forms: .noLegacy) }
    public static var vinserti128: SSEOpcode { three(0x66_0F3A_38, .bytes16, forms: .noLegacy, imm: true) }
    public static var vinsertf128: SSEOpcode { three(0x66_0F3A_18, .bytes16, forms: .noLegacy, imm: true) }
    public static var vextracti128: SSEOpcode { store(0x66_0F3A_39, .bytes16, forms: .noLegacy, imm: true) }
    public static var vextractf128: SSEOpcode { store(0x66_0F3A_19, .bytes16, forms: .noLegacy, imm: true) }
    public static var vperm2i128: SSEOpcode { three(0x66_0F3A_46, forms: .vexOnly, imm: true) }
    /// From a general-purpose register.
    public static var vpbroadcastbGPR: SSEOpcode { two(0x66_0F38_7A, forms: .evexOnly) }
    public static var vpbroadcastwGPR: SSEOpcode { two(0x66_0F38_7B, forms: .evexOnly) }
    public static var vpbroadcastdGPR: SSEOpcode { two(0x66_0F38_7C, forms: .evexOnly) }
    public static var vpbroadcastqGPR: SSEOpcode { two(0x66_0F38_7C, evexW: 1, forms: .evexOnly) }

    // MARK: Strings: the index in ECX, the mask in XMM0

    public static var pcmpistri: SSEOpcode { two(0x66_0F3A_63, forms: .noEVEX, imm: true) }
    public static var pcmpistrm: SSEOpcode { two(0x66_0F3A_62, forms: .noEVEX, imm: true) }

    // MARK: Cryptography. AES and PCLMULQDQ have EVEX forms too, but in extensions of their own

    public static var aesenc: SSEOpcode { three(0x66_0F38_DC, forms: .noEVEX) }
    public static var aesenclast: SSEOpcode { three(0x66_0F38_DD, forms: .noEVEX) }
    public static var aesdec: SSEOpcode { three(0x66_0F38_DE, forms: .noEVEX) }
    public static var aesdeclast: SSEOpcode { three(0x66_0F38_DF, forms: .noEVEX) }
    public static var aesimc: SSEOpcode { two(0x66_0F38_DB, forms: .noEVEX) }
    public static var aeskeygenassist: SSEOpcode { two(0x66_0F3A_DF, forms: .noEVEX, imm: true) }
    public static var pclmulqdq: SSEOpcode { three(0x66_0F3A_44, forms: .noEVEX, imm: true) }
    public static var sha1nexte: SSEOpcode { three(0x0F38_C8, forms: .legacyOnly) }
    public static var sha1msg1: SSEOpcode { three(0x0F38_C9, forms: .legacyOnly) }
    public static var sha1msg2: SSEOpcode { three(0x0F38_CA, forms: .legacyOnly) }
    public static var sha256msg1: SSEOpcode { three(0x0F38_CC, forms: .legacyOnly) }
    public static var sha256msg2: SSEOpcode { three(0x0F38_CD, forms: .legacyOnly) }
    /// Takes two round inputs from XMM0.
    public static var sha256rnds2: SSEOpcode { two(0x0F38_CB, forms: .legacyOnly) }
    public static var sha1rnds4: SSEOpcode { three(0x0F3A_CC, forms: .legacyOnly, imm: true) }
}
