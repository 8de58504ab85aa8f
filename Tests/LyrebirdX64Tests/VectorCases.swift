// The vector instructions by the shape of their operands, with the names that the disassembler should give them.

@testable import LyrebirdX64

/// Which encodings an instruction has: legacy, VEX, EVEX.
struct Forms: OptionSet {
    let rawValue: Int

    static let l = Forms(rawValue: 1)
    static let v = Forms(rawValue: 2)
    static let e = Forms(rawValue: 4)
    static let lv: Forms = [.l, .v]
    static let ve: Forms = [.v, .e]
    static let lve: Forms = [.l, .v, .e]
}

/// An instruction, its mnemonic without the V of VEX, and the mnemonic of its EVEX form if that is another.
struct VectorCase {
    var opcode: SSEOpcode
    var forms: Forms
    var name: String
    var evexName: String

    init(_ opcode: SSEOpcode, _ forms: Forms, _ name: String, evex: String? = nil) {
        self.opcode = opcode
        self.forms = forms
        self.name = name
        evexName = evex ?? (name.hasPrefix("v") ? name : "v" + name)
    }

    var vexName: String { name.hasPrefix("v") ? name : "v" + name }
}

/// The instructions by the shape of their operands.
enum VectorCases {
    static let three: [VectorCase] = [
        VectorCase(.paddb, .lve, "paddb"),
        VectorCase(.paddw, .lve, "paddw"),
        VectorCase(.paddd, .lve, "paddd"),
        VectorCase(.paddq, .lve, "paddq"),
        VectorCase(.psubb, .lve, "psubb"),
        VectorCase(.psubw, .lve, "psubw"),
        VectorCase(.psubd, .lve, "psubd"),
        VectorCase(.psubq, .lve, "psubq"),
        VectorCase(.paddsb, .lve, "paddsb"),
        VectorCase(.paddsw, .lve, "paddsw"),
        VectorCase(.paddusb, .lve, "paddusb"),
        VectorCase(.paddusw, .lve, "paddusw"),
        VectorCase(.psubsb, .lve, "psubsb"),
        VectorCase(.psubsw, .lve, "psubsw"),
        VectorCase(.psubusb, .lve, "psubusb"),
        VectorCase(.psubusw, .lve, "psubusw"),
        VectorCase(.phaddw, .lv, "phaddw"),
        VectorCase(.phaddd, .lv, "phaddd"),
        VectorCase(.phaddsw, .lv, "phaddsw"),
        VectorCase(.phsubw, .lv, "phsubw"),
        VectorCase(.phsubd, .lv, "phsubd"),
        VectorCase(.phsubsw, .lv, "phsubsw"),
        VectorCase(.pavgb, .lve, "pavgb"),
        VectorCase(.pavgw, .lve, "pavgw"),
        VectorCase(.psadbw, .lve, "psadbw"),
        VectorCase(.pmullw, .lve, "pmullw"),
        VectorCase(.pmulhw, .lve, "pmulhw"),
        VectorCase(.pmulhuw, .lve, "pmulhuw"),
        VectorCase(.pmaddwd, .lve, "pmaddwd"),
        VectorCase(.pmuludq, .lve, "pmuludq"),
        VectorCase(.pmuldq, .lve, "pmuldq"),
        VectorCase(.pmulld, .lve, "pmulld"),
        VectorCase(.pmaddubsw, .lve, "pmaddubsw"),
        VectorCase(.pmulhrsw, .lve, "pmulhrsw"),
        VectorCase(.vpmullq, .e, "vpmullq"),
        VectorCase(.pcmpeqb, .lv, "pcmpeqb"),
        VectorCase(.pcmpeqw, .lv, "pcmpeqw"),
        VectorCase(.pcmpeqd, .lv, "pcmpeqd"),
        VectorCase(.pcmpgtb, .lv, "pcmpgtb"),
        VectorCase(.pcmpgtw, .lv, "pcmpgtw"),
        VectorCase(.pcmpgtd, .lv, "pcmpgtd"),
        VectorCase(.pcmpeqq, .lv, "pcmpeqq"),
        VectorCase(.pcmpgtq, .lv, "pcmpgtq"),
        VectorCase(.pminub, .lve, "pminub"),
        VectorCase(.pminsw, .lve, "pminsw"),
        VectorCase(.pmaxub, .lve, "pmaxub"),
        VectorCase(.pmaxsw, .lve, "pmaxsw"),
        VectorCase(.pminsb, .lve, "pminsb"),
        VectorCase(.pminsd, .lve, "pminsd"),
        VectorCase(.pminuw, .lve, "pminuw"),
        VectorCase(.pminud, .lve, "pminud"),
        VectorCase(.pmaxsb, .lve, "pmaxsb"),
        VectorCase(.pmaxsd, .lve, "pmaxsd"),
        VectorCase(.pmaxuw, .lve, "pmaxuw"),
        VectorCase(.pmaxud, .lve, "pmaxud"),
        VectorCase(.vpminsq, .e, "vpminsq"),
        VectorCase(.vpminuq, .e, "vpminuq"),
        VectorCase(.vpmaxsq, .e, "vpmaxsq"),
        VectorCase(.vpmaxuq, .e, "vpmaxuq"),
        VectorCase(.psignb, .lv, "psignb"),
        VectorCase(.psignw, .lv, "psignw"),
    ]
    static let three2: [VectorCase] = [
        VectorCase(.psignd, .lv, "psignd"),
        VectorCase(.pand, .lve, "pand", evex: "vpandd"),
        VectorCase(.pandn, .lve, "pandn", evex: "vpandnd"),
        VectorCase(.por, .lve, "por", evex: "vpord"),
        VectorCase(.pxor, .lve, "pxor", evex: "vpxord"),
        VectorCase(.vpsllvd, .ve, "vpsllvd"),
        VectorCase(.vpsrlvd, .ve, "vpsrlvd"),
        VectorCase(.vpsravd, .ve, "vpsravd"),
        VectorCase(.vpsllvq, .ve, "vpsllvq"),
        VectorCase(.vpsrlvq, .ve, "vpsrlvq"),
        VectorCase(.vpsravq, .e, "vpsravq"),
        VectorCase(.vpsllvw, .e, "vpsllvw"),
        VectorCase(.vpsrlvw, .e, "vpsrlvw"),
        VectorCase(.vpsravw, .e, "vpsravw"),
        VectorCase(.vprolvd, .e, "vprolvd"),
        VectorCase(.vprolvq, .e, "vprolvq"),
        VectorCase(.vprorvd, .e, "vprorvd"),
        VectorCase(.vprorvq, .e, "vprorvq"),
        VectorCase(.pshufb, .lve, "pshufb"),
        VectorCase(.punpcklbw, .lve, "punpcklbw"),
        VectorCase(.punpcklwd, .lve, "punpcklwd"),
        VectorCase(.punpckldq, .lve, "punpckldq"),
        VectorCase(.punpcklqdq, .lve, "punpcklqdq"),
        VectorCase(.punpckhbw, .lve, "punpckhbw"),
        VectorCase(.punpckhwd, .lve, "punpckhwd"),
        VectorCase(.punpckhdq, .lve, "punpckhdq"),
        VectorCase(.punpckhqdq, .lve, "punpckhqdq"),
        VectorCase(.packsswb, .lve, "packsswb"),
        VectorCase(.packuswb, .lve, "packuswb"),
        VectorCase(.packssdw, .lve, "packssdw"),
        VectorCase(.packusdw, .lve, "packusdw"),
        VectorCase(.addps, .lve, "addps"),
        VectorCase(.addpd, .lve, "addpd"),
        VectorCase(.mulps, .lve, "mulps"),
        VectorCase(.mulpd, .lve, "mulpd"),
        VectorCase(.subps, .lve, "subps"),
        VectorCase(.subpd, .lve, "subpd"),
        VectorCase(.minps, .lve, "minps"),
        VectorCase(.minpd, .lve, "minpd"),
        VectorCase(.divps, .lve, "divps"),
        VectorCase(.divpd, .lve, "divpd"),
        VectorCase(.maxps, .lve, "maxps"),
        VectorCase(.maxpd, .lve, "maxpd"),
        VectorCase(.haddps, .lv, "haddps"),
        VectorCase(.haddpd, .lv, "haddpd"),
        VectorCase(.hsubps, .lv, "hsubps"),
        VectorCase(.hsubpd, .lv, "hsubpd"),
        VectorCase(.vpermilps, .ve, "vpermilps"),
        VectorCase(.vpermilpd, .ve, "vpermilpd"),
        VectorCase(.addsubps, .lv, "addsubps"),
        VectorCase(.addsubpd, .lv, "addsubpd"),
        VectorCase(.vfmadd132ps, .ve, "vfmadd132ps"),
        VectorCase(.vfmadd132pd, .ve, "vfmadd132pd"),
        VectorCase(.vfmsub132ps, .ve, "vfmsub132ps"),
        VectorCase(.vfmsub132pd, .ve, "vfmsub132pd"),
        VectorCase(.vfnmadd132ps, .ve, "vfnmadd132ps"),
        VectorCase(.vfnmadd132pd, .ve, "vfnmadd132pd"),
        VectorCase(.vfnmsub132ps, .ve, "vfnmsub132ps"),
        VectorCase(.vfnmsub132pd, .ve, "vfnmsub132pd"),
        VectorCase(.vfmadd213ps, .ve, "vfmadd213ps"),
        VectorCase(.vfmadd213pd, .ve, "vfmadd213pd"),
        VectorCase(.vfmsub213ps, .ve, "vfmsub213ps"),
        VectorCase(.vfmsub213pd, .ve, "vfmsub213pd"),
        VectorCase(.vfnmadd213ps, .ve, "vfnmadd213ps"),
    ]
    static let three3: [VectorCase] = [
        VectorCase(.vfnmadd213pd, .ve, "vfnmadd213pd"),
        VectorCase(.vfnmsub213ps, .ve, "vfnmsub213ps"),
        VectorCase(.vfnmsub213pd, .ve, "vfnmsub213pd"),
        VectorCase(.vfmadd231ps, .ve, "vfmadd231ps"),
        VectorCase(.vfmadd231pd, .ve, "vfmadd231pd"),
        VectorCase(.vfmsub231ps, .ve, "vfmsub231ps"),
        VectorCase(.vfmsub231pd, .ve, "vfmsub231pd"),
        VectorCase(.vfnmadd231ps, .ve, "vfnmadd231ps"),
        VectorCase(.vfnmadd231pd, .ve, "vfnmadd231pd"),
        VectorCase(.vfnmsub231ps, .ve, "vfnmsub231ps"),
        VectorCase(.vfnmsub231pd, .ve, "vfnmsub231pd"),
        VectorCase(.andps, .lve, "andps"),
        VectorCase(.andpd, .lve, "andpd"),
        VectorCase(.andnps, .lve, "andnps"),
        VectorCase(.andnpd, .lve, "andnpd"),
        VectorCase(.orps, .lve, "orps"),
        VectorCase(.orpd, .lve, "orpd"),
        VectorCase(.xorps, .lve, "xorps"),
        VectorCase(.xorpd, .lve, "xorpd"),
        VectorCase(.unpcklps, .lve, "unpcklps"),
        VectorCase(.unpcklpd, .lve, "unpcklpd"),
        VectorCase(.unpckhps, .lve, "unpckhps"),
        VectorCase(.unpckhpd, .lve, "unpckhpd"),
    ]
    static let two: [VectorCase] = [
        VectorCase(.ptest, .lv, "ptest"),
        VectorCase(.pabsb, .lve, "pabsb"),
        VectorCase(.pabsw, .lve, "pabsw"),
        VectorCase(.pabsd, .lve, "pabsd"),
        VectorCase(.vpabsq, .e, "vpabsq"),
        VectorCase(.sqrtps, .lve, "sqrtps"),
        VectorCase(.rcpps, .lv, "rcpps"),
        VectorCase(.rsqrtps, .lv, "rsqrtps"),
        VectorCase(.sqrtpd, .lve, "sqrtpd"),
        VectorCase(.cvtdq2ps, .lve, "cvtdq2ps"),
        VectorCase(.cvtps2dq, .lve, "cvtps2dq"),
        VectorCase(.cvttps2dq, .lve, "cvttps2dq"),
        VectorCase(.vcvtudq2ps, .e, "vcvtudq2ps"),
        VectorCase(.vcvttps2udq, .e, "vcvttps2udq"),
        VectorCase(.vcvtps2udq, .e, "vcvtps2udq"),
        VectorCase(.vcvtqq2pd, .e, "vcvtqq2pd"),
        VectorCase(.vcvtuqq2pd, .e, "vcvtuqq2pd"),
        VectorCase(.vcvttpd2qq, .e, "vcvttpd2qq"),
        VectorCase(.vcvttpd2uqq, .e, "vcvttpd2uqq"),
        VectorCase(.vcvtpd2qq, .e, "vcvtpd2qq"),
        VectorCase(.vcvtpd2uqq, .e, "vcvtpd2uqq"),
        VectorCase(.movddup, .lve, "movddup"),
        VectorCase(.movshdup, .lve, "movshdup"),
        VectorCase(.movsldup, .lve, "movsldup"),
        VectorCase(.movups, .lve, "movups"),
        VectorCase(.movupd, .lve, "movupd"),
        VectorCase(.movaps, .lve, "movaps"),
        VectorCase(.movapd, .lve, "movapd"),
        VectorCase(.movdqa, .lve, "movdqa", evex: "vmovdqa32"),
        VectorCase(.movdqu, .lve, "movdqu", evex: "vmovdqu32"),
        VectorCase(.vmovdqu8, .e, "vmovdqu8"),
        VectorCase(.vmovdqu16, .e, "vmovdqu16"),
        VectorCase(.vmovdqu32, .e, "vmovdqu32"),
        VectorCase(.vmovdqu64, .e, "vmovdqu64"),
    ]
    static let threeImm: [VectorCase] = [
        VectorCase(.vpternlogd, .e, "vpternlogd"),
        VectorCase(.vpternlogq, .e, "vpternlogq"),
        VectorCase(.palignr, .lve, "palignr"),
        VectorCase(.mpsadbw, .lv, "mpsadbw"),
        VectorCase(.pblendw, .lv, "pblendw"),
        VectorCase(.vpblendd, .v, "vpblendd"),
        VectorCase(.shufps, .lve, "shufps"),
        VectorCase(.shufpd, .lve, "shufpd"),
        VectorCase(.blendps, .lv, "blendps"),
        VectorCase(.blendpd, .lv, "blendpd"),
    ]
    static let threeX: [VectorCase] = [
        VectorCase(.psllw, .lve, "psllw"),
        VectorCase(.pslld, .lve, "pslld"),
        VectorCase(.psllq, .lve, "psllq"),
        VectorCase(.psrlw, .lve, "psrlw"),
        VectorCase(.psrld, .lve, "psrld"),
        VectorCase(.psrlq, .lve, "psrlq"),
        VectorCase(.psraw, .lve, "psraw"),
        VectorCase(.psrad, .lve, "psrad"),
        VectorCase(.vpsraq, .e, "vpsraq"),
    ]
    static let group: [VectorCase] = [
        VectorCase(.psllwImm, .lve, "psllw"),
        VectorCase(.psrlwImm, .lve, "psrlw"),
        VectorCase(.psrawImm, .lve, "psraw"),
        VectorCase(.pslldImm, .lve, "pslld"),
        VectorCase(.psrldImm, .lve, "psrld"),
        VectorCase(.psradImm, .lve, "psrad"),
        VectorCase(.psllqImm, .lve, "psllq"),
        VectorCase(.psrlqImm, .lve, "psrlq"),
        VectorCase(.pslldq, .lve, "pslldq"),
        VectorCase(.psrldq, .lve, "psrldq"),
        VectorCase(.vpsraqImm, .e, "vpsraq"),
        VectorCase(.vproldImm, .e, "vprold"),
        VectorCase(.vprolqImm, .e, "vprolq"),
        VectorCase(.vprordImm, .e, "vprord"),
        VectorCase(.vprorqImm, .e, "vprorq"),
    ]
    static let twoImm: [VectorCase] = [
        VectorCase(.pshufd, .lve, "pshufd"),
        VectorCase(.pshufhw, .lve, "pshufhw"),
        VectorCase(.pshuflw, .lve, "pshuflw"),
        VectorCase(.roundps, .lve, "roundps", evex: "vrndscaleps"),
        VectorCase(.roundpd, .lve, "roundpd", evex: "vrndscalepd"),
    ]
    static let blend0: [VectorCase] = [
        VectorCase(.pblendvb, .l, "pblendvb"),
        VectorCase(.sha256rnds2, .l, "sha256rnds2"),
        VectorCase(.blendvps, .l, "blendvps"),
        VectorCase(.blendvpd, .l, "blendvpd"),
    ]
    static let three256: [VectorCase] = [
        VectorCase(.vpermd, .ve, "vpermd")
    ]
    static let twoImm256: [VectorCase] = [
        VectorCase(.vpermq, .ve, "vpermq")
    ]
    static let widen: [VectorCase] = [
        VectorCase(.pmovsxbw, .lve, "pmovsxbw"),
        VectorCase(.pmovzxbw, .lve, "pmovzxbw"),
        VectorCase(.pmovsxbd, .lve, "pmovsxbd"),
        VectorCase(.pmovzxbd, .lve, "pmovzxbd"),
        VectorCase(.pmovsxbq, .lve, "pmovsxbq"),
        VectorCase(.pmovzxbq, .lve, "pmovzxbq"),
        VectorCase(.pmovsxwd, .lve, "pmovsxwd"),
        VectorCase(.pmovzxwd, .lve, "pmovzxwd"),
        VectorCase(.pmovsxwq, .lve, "pmovsxwq"),
        VectorCase(.pmovzxwq, .lve, "pmovzxwq"),
        VectorCase(.pmovsxdq, .lve, "pmovsxdq"),
        VectorCase(.pmovzxdq, .lve, "pmovzxdq"),
        VectorCase(.vpbroadcastb, .ve, "vpbroadcastb"),
        VectorCase(.vpbroadcastw, .ve, "vpbroadcastw"),
        VectorCase(.vpbroadcastd, .ve, "vpbroadcastd"),
        VectorCase(.vpbroadcastq, .ve, "vpbroadcastq"),
        VectorCase(.vbroadcastss, .ve, "vbroadcastss"),
        VectorCase(.cvtps2pd, .lve, "cvtps2pd"),
        VectorCase(.vcvtph2ps, .ve, "vcvtph2ps"),
        VectorCase(.cvtdq2pd, .lve, "cvtdq2pd"),
    ]
    static let narrow: [VectorCase] = [
        VectorCase(.vpmovwb, .e, "vpmovwb"),
        VectorCase(.vpmovswb, .e, "vpmovswb"),
        VectorCase(.vpmovuswb, .e, "vpmovuswb"),
        VectorCase(.vpmovdb, .e, "vpmovdb"),
        VectorCase(.vpmovsdb, .e, "vpmovsdb"),
        VectorCase(.vpmovusdb, .e, "vpmovusdb"),
        VectorCase(.vpmovqb, .e, "vpmovqb"),
        VectorCase(.vpmovsqb, .e, "vpmovsqb"),
        VectorCase(.vpmovusqb, .e, "vpmovusqb"),
        VectorCase(.vpmovdw, .e, "vpmovdw"),
        VectorCase(.vpmovsdw, .e, "vpmovsdw"),
        VectorCase(.vpmovusdw, .e, "vpmovusdw"),
        VectorCase(.vpmovqw, .e, "vpmovqw"),
        VectorCase(.vpmovsqw, .e, "vpmovsqw"),
        VectorCase(.vpmovusqw, .e, "vpmovusqw"),
        VectorCase(.vpmovqd, .e, "vpmovqd"),
        VectorCase(.vpmovsqd, .e, "vpmovsqd"),
        VectorCase(.vpmovusqd, .e, "vpmovusqd"),
    ]
    static let broadcast256: [VectorCase] = [
        VectorCase(.vbroadcastsd, .ve, "vbroadcastsd")
    ]
    static let insert256: [VectorCase] = [
        VectorCase(.vinserti128, .ve, "vinserti128", evex: "vinserti32x4"),
        VectorCase(.vinsertf128, .ve, "vinsertf128", evex: "vinsertf32x4"),
    ]
    static let extract256: [VectorCase] = [
        VectorCase(.vextracti128, .ve, "vextracti128", evex: "vextracti32x4"),
        VectorCase(.vextractf128, .ve, "vextractf128", evex: "vextractf32x4"),
    ]
    static let threeImm256: [VectorCase] = [
        VectorCase(.vperm2i128, .v, "vperm2i128")
    ]
    static let fromGPR32V: [VectorCase] = [
        VectorCase(.vpbroadcastbGPR, .e, "vpbroadcastb"),
        VectorCase(.vpbroadcastwGPR, .e, "vpbroadcastw"),
        VectorCase(.vpbroadcastdGPR, .e, "vpbroadcastd"),
    ]
    static let fromGPR64V: [VectorCase] = [
        VectorCase(.vpbroadcastqGPR, .e, "vpbroadcastq")
    ]
    static let three128: [VectorCase] = [
        VectorCase(.aesenc, .lv, "aesenc"),
        VectorCase(.aesenclast, .lv, "aesenclast"),
        VectorCase(.aesdec, .lv, "aesdec"),
        VectorCase(.aesdeclast, .lv, "aesdeclast"),
        VectorCase(.sha1nexte, .l, "sha1nexte"),
        VectorCase(.sha1msg1, .l, "sha1msg1"),
        VectorCase(.sha1msg2, .l, "sha1msg2"),
        VectorCase(.sha256msg1, .l, "sha256msg1"),
        VectorCase(.sha256msg2, .l, "sha256msg2"),
    ]
    static let two128: [VectorCase] = [
        VectorCase(.aesimc, .lv, "aesimc"),
        VectorCase(.phminposuw, .lv, "phminposuw"),
        VectorCase(.movq, .lve, "movq"),
    ]
    static let twoImm128: [VectorCase] = [
        VectorCase(.aeskeygenassist, .lv, "aeskeygenassist"),
        VectorCase(.pcmpistri, .lv, "pcmpistri"),
        VectorCase(.pcmpistrm, .lv, "pcmpistrm"),
    ]
    static let threeImm128: [VectorCase] = [
        VectorCase(.pclmulqdq, .lv, "pclmulqdq"),
        VectorCase(.sha1rnds4, .l, "sha1rnds4"),
    ]
    static let scalar: [VectorCase] = [
        VectorCase(.addss, .lve, "addss"),
        VectorCase(.addsd, .lve, "addsd"),
        VectorCase(.mulss, .lve, "mulss"),
        VectorCase(.mulsd, .lve, "mulsd"),
        VectorCase(.subss, .lve, "subss"),
        VectorCase(.subsd, .lve, "subsd"),
        VectorCase(.minss, .lve, "minss"),
        VectorCase(.minsd, .lve, "minsd"),
        VectorCase(.divss, .lve, "divss"),
        VectorCase(.divsd, .lve, "divsd"),
        VectorCase(.maxss, .lve, "maxss"),
        VectorCase(.maxsd, .lve, "maxsd"),
        VectorCase(.sqrtss, .lve, "sqrtss"),
        VectorCase(.sqrtsd, .lve, "sqrtsd"),
        VectorCase(.rcpss, .lv, "rcpss"),
        VectorCase(.rsqrtss, .lv, "rsqrtss"),
        VectorCase(.vfmadd132ss, .ve, "vfmadd132ss"),
        VectorCase(.vfmadd132sd, .ve, "vfmadd132sd"),
        VectorCase(.vfmsub132ss, .ve, "vfmsub132ss"),
        VectorCase(.vfmsub132sd, .ve, "vfmsub132sd"),
        VectorCase(.vfnmadd132ss, .ve, "vfnmadd132ss"),
        VectorCase(.vfnmadd132sd, .ve, "vfnmadd132sd"),
        VectorCase(.vfnmsub132ss, .ve, "vfnmsub132ss"),
        VectorCase(.vfnmsub132sd, .ve, "vfnmsub132sd"),
        VectorCase(.vfmadd213ss, .ve, "vfmadd213ss"),
        VectorCase(.vfmadd213sd, .ve, "vfmadd213sd"),
        VectorCase(.vfmsub213ss, .ve, "vfmsub213ss"),
        VectorCase(.vfmsub213sd, .ve, "vfmsub213sd"),
        VectorCase(.vfnmadd213ss, .ve, "vfnmadd213ss"),
        VectorCase(.vfnmadd213sd, .ve, "vfnmadd213sd"),
        VectorCase(.vfnmsub213ss, .ve, "vfnmsub213ss"),
        VectorCase(.vfnmsub213sd, .ve, "vfnmsub213sd"),
        VectorCase(.vfmadd231ss, .ve, "vfmadd231ss"),
        VectorCase(.vfmadd231sd, .ve, "vfmadd231sd"),
        VectorCase(.vfmsub231ss, .ve, "vfmsub231ss"),
        VectorCase(.vfmsub231sd, .ve, "vfmsub231sd"),
        VectorCase(.vfnmadd231ss, .ve, "vfnmadd231ss"),
        VectorCase(.vfnmadd231sd, .ve, "vfnmadd231sd"),
        VectorCase(.vfnmsub231ss, .ve, "vfnmsub231ss"),
        VectorCase(.vfnmsub231sd, .ve, "vfnmsub231sd"),
        VectorCase(.cvtss2sd, .lve, "cvtss2sd"),
        VectorCase(.cvtsd2ss, .lve, "cvtsd2ss"),
    ]
    static let scalar2: [VectorCase] = [
        VectorCase(.ucomiss, .lve, "ucomiss"),
        VectorCase(.ucomisd, .lve, "ucomisd"),
        VectorCase(.comiss, .lve, "comiss"),
        VectorCase(.comisd, .lve, "comisd"),
    ]
    static let cmp: [VectorCase] = [
        VectorCase(.cmpps, .lv, "cmpps"),
        VectorCase(.cmppd, .lv, "cmppd"),
    ]
    static let cmpScalar: [VectorCase] = [
        VectorCase(.cmpss, .lv, "cmpss"),
        VectorCase(.cmpsd, .lv, "cmpsd"),
    ]
    static let scalarImm: [VectorCase] = [
        VectorCase(.roundss, .lve, "roundss", evex: "vrndscaless"),
        VectorCase(.roundsd, .lve, "roundsd", evex: "vrndscalesd"),
        VectorCase(.insertps, .lve, "insertps"),
    ]
    static let narrowing: [VectorCase] = [
        VectorCase(.cvtpd2ps, .lve, "cvtpd2ps"),
        VectorCase(.cvttpd2dq, .lve, "cvttpd2dq"),
        VectorCase(.cvtpd2dq, .lve, "cvtpd2dq"),
    ]
    static let narrowImm: [VectorCase] = [
        VectorCase(.vcvtps2ph, .ve, "vcvtps2ph")
    ]
    static let fromGPR32: [VectorCase] = [
        VectorCase(.cvtsi2ss, .lve, "cvtsi2ss"),
        VectorCase(.vcvtusi2ss, .e, "vcvtusi2ss"),
        VectorCase(.cvtsi2sd, .lve, "cvtsi2sd"),
        VectorCase(.vcvtusi2sd, .e, "vcvtusi2sd"),
        VectorCase(.movd, .lve, "movd"),
    ]
    static let fromGPR64: [VectorCase] = [
        VectorCase(.cvtsi2ssQ, .lve, "cvtsi2ss"),
        VectorCase(.vcvtusi2ssQ, .e, "vcvtusi2ss"),
        VectorCase(.cvtsi2sdQ, .lve, "cvtsi2sd"),
        VectorCase(.vcvtusi2sdQ, .e, "vcvtusi2sd"),
        VectorCase(.movqGPR, .lve, "movq"),
    ]
    static let toGPR32: [VectorCase] = [
        VectorCase(.cvttss2si, .lve, "cvttss2si"),
        VectorCase(.cvtss2si, .lve, "cvtss2si"),
        VectorCase(.vcvttss2usi, .e, "vcvttss2usi"),
        VectorCase(.vcvtss2usi, .e, "vcvtss2usi"),
        VectorCase(.cvttsd2si, .lve, "cvttsd2si"),
        VectorCase(.cvtsd2si, .lve, "cvtsd2si"),
        VectorCase(.vcvttsd2usi, .e, "vcvttsd2usi"),
        VectorCase(.vcvtsd2usi, .e, "vcvtsd2usi"),
    ]
    static let toGPR64: [VectorCase] = [
        VectorCase(.cvttss2siQ, .lve, "cvttss2si"),
        VectorCase(.cvtss2siQ, .lve, "cvtss2si"),
        VectorCase(.vcvttss2usiQ, .e, "vcvttss2usi"),
        VectorCase(.vcvtss2usiQ, .e, "vcvtss2usi"),
        VectorCase(.cvttsd2siQ, .lve, "cvttsd2si"),
        VectorCase(.cvtsd2siQ, .lve, "cvtsd2si"),
        VectorCase(.vcvttsd2usiQ, .e, "vcvttsd2usi"),
        VectorCase(.vcvtsd2usiQ, .e, "vcvtsd2usi"),
    ]
    static let store: [VectorCase] = [
        VectorCase(.movupsStore, .lve, "movups"),
        VectorCase(.movupdStore, .lve, "movupd"),
        VectorCase(.movapsStore, .lve, "movaps"),
        VectorCase(.movapdStore, .lve, "movapd"),
        VectorCase(.movdqaStore, .lve, "movdqa", evex: "vmovdqa32"),
        VectorCase(.movdquStore, .lve, "movdqu", evex: "vmovdqu32"),
        VectorCase(.vmovdqu8Store, .e, "vmovdqu8"),
        VectorCase(.vmovdqu16Store, .e, "vmovdqu16"),
        VectorCase(.vmovdqu32Store, .e, "vmovdqu32"),
        VectorCase(.vmovdqu64Store, .e, "vmovdqu64"),
    ]
    static let merging: [VectorCase] = [
        VectorCase(.movss, .lve, "movss"),
        VectorCase(.movsd, .lve, "movsd"),
    ]
    static let storeScalar: [VectorCase] = [
        VectorCase(.movssStore, .lve, "movss"),
        VectorCase(.movsdStore, .lve, "movsd"),
        VectorCase(.movqStore, .lve, "movq"),
        VectorCase(.movlpsStore, .lve, "movlps"),
        VectorCase(.movhpsStore, .lve, "movhps"),
        VectorCase(.movlpdStore, .lve, "movlpd"),
        VectorCase(.movhpdStore, .lve, "movhpd"),
    ]
    static let registerOnly: [VectorCase] = [
        VectorCase(.movhlps, .lve, "movhlps"),
        VectorCase(.movlhps, .lve, "movlhps"),
    ]
    static let memoryOnly: [VectorCase] = [
        VectorCase(.movlps, .lve, "movlps"),
        VectorCase(.movhps, .lve, "movhps"),
        VectorCase(.movlpd, .lve, "movlpd"),
        VectorCase(.movhpd, .lve, "movhpd"),
    ]
    static let storeGPR32: [VectorCase] = [
        VectorCase(.movdStore, .lve, "movd")
    ]
    static let storeGPR64: [VectorCase] = [
        VectorCase(.movqGPRStore, .lve, "movq")
    ]
    static let fromGPR32Imm: [VectorCase] = [
        VectorCase(.pinsrb, .lve, "pinsrb"),
        VectorCase(.pinsrw, .lve, "pinsrw"),
        VectorCase(.pinsrd, .lve, "pinsrd"),
    ]
    static let fromGPR64Imm: [VectorCase] = [
        VectorCase(.pinsrq, .lve, "pinsrq")
    ]
    static let storeGPR32Imm: [VectorCase] = [
        VectorCase(.pextrb, .lve, "pextrb"),
        VectorCase(.pextrw, .lve, "pextrw"),
        VectorCase(.pextrd, .lve, "pextrd"),
    ]
    static let storeGPR64Imm: [VectorCase] = [
        VectorCase(.pextrq, .lve, "pextrq")
    ]
    static let maskGPR: [VectorCase] = [
        VectorCase(.pmovmskb, .lv, "pmovmskb"),
        VectorCase(.movmskps, .lv, "movmskps"),
        VectorCase(.movmskpd, .lv, "movmskpd"),
    ]
    static let mask: [VectorCase] = [
        VectorCase(.vpcmpeqbMask, .e, "vpcmpeqb"),
        VectorCase(.vpcmpeqwMask, .e, "vpcmpeqw"),
        VectorCase(.vpcmpeqdMask, .e, "vpcmpeqd"),
        VectorCase(.vpcmpeqqMask, .e, "vpcmpeqq"),
        VectorCase(.vpcmpgtbMask, .e, "vpcmpgtb"),
        VectorCase(.vpcmpgtwMask, .e, "vpcmpgtw"),
        VectorCase(.vpcmpgtdMask, .e, "vpcmpgtd"),
        VectorCase(.vpcmpgtqMask, .e, "vpcmpgtq"),
        VectorCase(.vptestmb, .e, "vptestmb"),
        VectorCase(.vptestmw, .e, "vptestmw"),
        VectorCase(.vptestmd, .e, "vptestmd"),
        VectorCase(.vptestmq, .e, "vptestmq"),
        VectorCase(.vptestnmb, .e, "vptestnmb"),
        VectorCase(.vptestnmw, .e, "vptestnmw"),
        VectorCase(.vptestnmd, .e, "vptestnmd"),
        VectorCase(.vptestnmq, .e, "vptestnmq"),
    ]
    static let maskImm: [VectorCase] = [
        VectorCase(.vpcmpbMask, .e, "vpcmpb"),
        VectorCase(.vpcmpubMask, .e, "vpcmpub"),
        VectorCase(.vpcmpwMask, .e, "vpcmpw"),
        VectorCase(.vpcmpuwMask, .e, "vpcmpuw"),
        VectorCase(.vpcmpdMask, .e, "vpcmpd"),
        VectorCase(.vpcmpudMask, .e, "vpcmpud"),
        VectorCase(.vpcmpqMask, .e, "vpcmpq"),
        VectorCase(.vpcmpuqMask, .e, "vpcmpuq"),
    ]
    static let maskCmp: [VectorCase] = [
        VectorCase(.vcmppsMask, .e, "vcmpps"),
        VectorCase(.vcmppdMask, .e, "vcmppd"),
    ]
    static let maskCmpScalar: [VectorCase] = [
        VectorCase(.vcmpssMask, .e, "vcmpss"),
        VectorCase(.vcmpsdMask, .e, "vcmpsd"),
    ]
    static let fromMask: [VectorCase] = [
        VectorCase(.vpmovm2b, .e, "vpmovm2b"),
        VectorCase(.vpmovm2w, .e, "vpmovm2w"),
        VectorCase(.vpmovm2d, .e, "vpmovm2d"),
        VectorCase(.vpmovm2q, .e, "vpmovm2q"),
    ]
    static let toMask: [VectorCase] = [
        VectorCase(.vpmovb2m, .e, "vpmovb2m"),
        VectorCase(.vpmovw2m, .e, "vpmovw2m"),
        VectorCase(.vpmovd2m, .e, "vpmovd2m"),
        VectorCase(.vpmovq2m, .e, "vpmovq2m"),
    ]
    static let masked: [VectorCase] = [
        VectorCase(.vpblendmb, .e, "vpblendmb"),
        VectorCase(.vpblendmw, .e, "vpblendmw"),
        VectorCase(.vpblendmd, .e, "vpblendmd"),
        VectorCase(.vpblendmq, .e, "vpblendmq"),
    ]
}
