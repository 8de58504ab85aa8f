// AVX-512 instructions that make or use an opmask, with their encodings as the manual writes them. With XMM16–31 they are
// the only comparisons and blends that there are.

extension SSEOpcode {
    // MARK: Comparisons that make a mask

    public static var vpcmpeqbMask: SSEOpcode { three(0x66_0F_74, forms: .evexOnly) }
    public static var vpcmpeqwMask: SSEOpcode { three(0x66_0F_75, forms: .evexOnly) }
    public static var vpcmpeqdMask: SSEOpcode { three(0x66_0F_76, forms: .evexOnly) }
    public static var vpcmpeqqMask: SSEOpcode { three(0x66_0F38_29, evexW: 1, forms: .evexOnly) }
    public static var vpcmpgtbMask: SSEOpcode { three(0x66_0F_64, forms: .evexOnly) }
    public static var vpcmpgtwMask: SSEOpcode { three(0x66_0F_65, forms: .evexOnly) }
    public static var vpcmpgtdMask: SSEOpcode { three(0x66_0F_66, forms: .evexOnly) }
    public static var vpcmpgtqMask: SSEOpcode { three(0x66_0F38_37, evexW: 1, forms: .evexOnly) }
    /// The immediate: 0 equal, 1 less, 2 less or equal, 4 not equal, 5 not less, 6 greater.
    public static var vpcmpbMask: SSEOpcode { three(0x66_0F3A_3F, forms: .evexOnly, imm: true) }
    public static var vpcmpubMask: SSEOpcode { three(0x66_0F3A_3E, forms: .evexOnly, imm: true) }
    public static var vpcmpwMask: SSEOpcode { three(0x66_0F3A_3F, evexW: 1, forms: .evexOnly, imm: true) }
    public static var vpcmpuwMask: SSEOpcode { three(0x66_0F3A_3E, evexW: 1, forms: .evexOnly, imm: true) }
    public static var vpcmpdMask: SSEOpcode { three(0x66_0F3A_1F, forms: .evexOnly, imm: true) }
    public static var vpcmpudMask: SSEOpcode { three(0x66_0F3A_1E, forms: .evexOnly, imm: true) }
    public static var vpcmpqMask: SSEOpcode { three(0x66_0F3A_1F, evexW: 1, forms: .evexOnly, imm: true) }
    public static var vpcmpuqMask: SSEOpcode { three(0x66_0F3A_1E, evexW: 1, forms: .evexOnly, imm: true) }
    public static var vcmppsMask: SSEOpcode { three(0x0F_C2, forms: .evexOnly, imm: true) }
    public static var vcmppdMask: SSEOpcode { three(0x66_0F_C2, evexW: 1, forms: .evexOnly, imm: true) }
    public static var vcmpssMask: SSEOpcode { three(0xF3_0F_C2, .bytes4, forms: .evexOnly, imm: true) }
    public static var vcmpsdMask: SSEOpcode { three(0xF2_0F_C2, .bytes8, evexW: 1, forms: .evexOnly, imm: true) }
    /// The bits of the mask: `a & b` is not zero.
    public static var vptestmb: SSEOpcode { three(0x66_0F38_26, forms: .evexOnly) }
    public static var vptestmw: SSEOpcode { three(0x66_0F38_26, evexW: 1, forms: .evexOnly) }
    public static var vptestmd: SSEOpcode { three(0x66_0F38_27, forms: .evexOnly) }
    public static var vptestmq: SSEOpcode { three(0x66_0F38_27, evexW: 1, forms: .evexOnly) }
    /// The bits of the mask: `a & b` is zero.
    public static var vptestnmb: SSEOpcode { three(0xF3_0F38_26, forms: .evexOnly) }
    public static var vptestnmw: SSEOpcode { three(0xF3_0F38_26, evexW: 1, forms: .evexOnly) }
    public static var vptestnmd: SSEOpcode { three(0xF3_0F38_27, forms: .evexOnly) }
    public static var vptestnmq: SSEOpcode { three(0xF3_0F38_27, evexW: 1, forms: .evexOnly) }

    // MARK: Between masks and vectors: each element all ones or all zeros, or its sign bit

    public static var vpmovm2b: SSEOpcode { two(0xF3_0F38_28, forms: .evexOnly) }
    public static var vpmovm2w: SSEOpcode { two(0xF3_0F38_28, evexW: 1, forms: .evexOnly) }
    public static var vpmovm2d: SSEOpcode { two(0xF3_0F38_38, forms: .evexOnly) }
    public static var vpmovm2q: SSEOpcode { two(0xF3_0F38_38, evexW: 1, forms: .evexOnly) }
    public static var vpmovb2m: SSEOpcode { two(0xF3_0F38_29, forms: .evexOnly) }
    public static var vpmovw2m: SSEOpcode { two(0xF3_0F38_29, evexW: 1, forms: .evexOnly) }
    public static var vpmovd2m: SSEOpcode { two(0xF3_0F38_39, forms: .evexOnly) }
    public static var vpmovq2m: SSEOpcode { two(0xF3_0F38_39, evexW: 1, forms: .evexOnly) }

    // MARK: Blends by a mask: the second source where its bit is set

    public static var vpblendmb: SSEOpcode { three(0x66_0F38_66, forms: .evexOnly) }
    public static var vpblendmw: SSEOpcode { three(0x66_0F38_66, evexW: 1, forms: .evexOnly) }
    public static var vpblendmd: SSEOpcode { three(0x66_0F38_64, forms: .evexOnly) }
    public static var vpblendmq: SSEOpcode { three(0x66_0F38_64, evexW: 1, forms: .evexOnly) }
}
