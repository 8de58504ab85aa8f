// Generated from Spec/x86.decode by Scripts/generators/x86_decode.py; do not edit.

/// An instruction, by the mnemonic that rows of Spec/x86.decode share; numbered in their order.
public enum Mnemonic: UInt16, Sendable, CaseIterable {
    case add, push, pop, or, adc, sbb, and, daa, sub, das, xor, aaa, cmp, aas, inc, dec, pusha, popa, bound, arpl
    case movsxd, imul, ins, outs, jcc, test, xchg, mov, lea, nop, pause, cbw, cwd, callFar, fwait, pushf, popf, sahf
    case lahf, movs, cmps, stos, lods, scas, rol, ror, rcl, rcr, shl, shr, sar, ret, les, lds, xabort, xbegin, enter
    case leave, retFar, int3, int, into, iret, aam, aad, salc, xlat, loopne, loope, loop, jcxz, `in`, out, call, jmp
    case jmpFar, int1, hlt, cmc, not, neg, mul, div, idiv, clc, stc, cli, sti, cld, std, fadd, fmul, fcom, fcomp, fsub
    case fsubr, fdiv, fdivr, fld, fst, fstp, fldenv, fldcw, fnstenv, fnstcw, fxch, fnop, fchs, fabs, ftst, fxam, fld1
    case fldl2t, fldl2e, fldpi, fldlg2, fldln2, fldz, f2xm1, fyl2x, fptan, fpatan, fxtract, fprem1, fdecstp, fincstp
    case fprem, fyl2xp1, fsqrt, fsincos, frndint, fscale, fsin, fcos, fiadd, fimul, ficom, ficomp, fisub, fisubr, fidiv
    case fidivr, fcmovb, fcmove, fcmovbe, fcmovu, fucompp, fild, fisttp, fist, fistp, fcmovnb, fcmovne, fcmovnbe
    case fcmovnu, feni, fdisi, fnclex, fninit, fsetpm, fucomi, fcomi, frstor, fnsave, fnstsw, ffree, fucom, fucomp
    case faddp, fmulp, fsubrp, fsubp, fdivrp, fdivp, fcompp, fbld, fbstp, ffreep, fucomip, fcomip, sldt, str, lldt, ltr
    case verr, verw, sgdt, sidt, lgdt, lidt, smsw, lmsw, invlpg, enclv, vmcall, vmlaunch, vmresume, vmxoff, pconfig
    case monitor, mwait, clac, stac, encls, vmfunc, xend, xtest, enclu, vmrun, vmmcall, vmload, vmsave, stgi, clgi
    case skinit, invlpga, serialize, rdpkru, wrpkru, monitorx, mcommit, mwaitx, clzero, rdpru, invlpgb, tlbsync
    case rmpadjust, psmash, pvalidate, rmpupdate, rmpquery, xgetbv, xsetbv, swapgs, rdtscp, rstorssp, setssbsy
    case saveprevssp, lar, lsl, syscall, clts, sysret, invd, wbinvd, ud2, prefetch, prefetchw, prefetchwt1, femms
    case threeDNow, prefetchnta, prefetcht0, prefetcht1, prefetcht2, endbr64, endbr32, wrmsr, rdtsc, rdmsr, rdpmc
    case sysenter, sysexit, getsec, cmovcc, vmread, vmwrite, extrq, insertq, setcc, cpuid, bt, shld, rsm, bts, shrd
    case fxsave, fxrstor, ldmxcsr, stmxcsr, xsave, xrstor, xsaveopt, clflush, lfence, mfence, sfence, rdfsbase, rdgsbase
    case wrfsbase, wrgsbase, clwb, clflushopt, ptwrite, incssp, clrssbsy, umonitor, umwait, tpause, cmpxchg, lss, btr
    case lfs, lgs, movzx, popcnt, ud1, btc, bsf, tzcnt, bsr, lzcnt, movsx, xadd, movnti, cmpxchg8b, xrstors, xsavec
    case xsaves, vmptrld, vmclear, vmxon, vmptrst, rdrand, rdseed, rdpid, bswap, ud0, movups, vmovups, movupd, vmovupd
    case movss, vmovss, movsd, vmovsd, movlps, vmovlps, movhlps, vmovhlps, movlpd, vmovlpd, movsldup, vmovsldup, movhps
    case vmovhps, movlhps, vmovlhps, movhpd, vmovhpd, movshdup, vmovshdup, movddup, vmovddup, unpcklps, vunpcklps
    case unpcklpd, vunpcklpd, unpckhps, vunpckhps, unpckhpd, vunpckhpd, movaps, vmovaps, movapd, vmovapd, cvtpi2ps
    case cvtpi2pd, cvtsi2ss, vcvtsi2ss, cvtsi2sd, vcvtsi2sd, movntps, vmovntps, movntpd, vmovntpd, movntss, movntsd
    case cvttps2pi, cvttpd2pi, cvttss2si, vcvttss2si, cvttsd2si, vcvttsd2si, cvtps2pi, cvtpd2pi, cvtss2si, vcvtss2si
    case cvtsd2si, vcvtsd2si, ucomiss, vucomiss, ucomisd, vucomisd, comiss, vcomiss, comisd, vcomisd, movmskps
    case vmovmskps, movmskpd, vmovmskpd, sqrtps, vsqrtps, sqrtpd, vsqrtpd, sqrtss, vsqrtss, sqrtsd, vsqrtsd, rsqrtps
    case vrsqrtps, rsqrtss, vrsqrtss, rcpps, vrcpps, rcpss, vrcpss, andps, vandps, andpd, vandpd, andnps, vandnps
    case andnpd, vandnpd, orps, vorps, orpd, vorpd, xorps, vxorps, xorpd, vxorpd, addps, vaddps, addpd, vaddpd, addss
    case vaddss, addsd, vaddsd, mulps, vmulps, mulpd, vmulpd, mulss, vmulss, mulsd, vmulsd, cvtps2pd, vcvtps2pd
    case cvtpd2ps, vcvtpd2ps, cvtss2sd, vcvtss2sd, cvtsd2ss, vcvtsd2ss, cvtdq2ps, vcvtdq2ps, cvtps2dq, vcvtps2dq
    case cvttps2dq, vcvttps2dq, subps, vsubps, subpd, vsubpd, subss, vsubss, subsd, vsubsd, minps, vminps, minpd, vminpd
    case minss, vminss, minsd, vminsd, divps, vdivps, divpd, vdivpd, divss, vdivss, divsd, vdivsd, maxps, vmaxps, maxpd
    case vmaxpd, maxss, vmaxss, maxsd, vmaxsd, punpcklbw, vpunpcklbw, punpcklwd, vpunpcklwd, punpckldq, vpunpckldq
    case packsswb, vpacksswb, pcmpgtb, vpcmpgtb, pcmpgtw, vpcmpgtw, pcmpgtd, vpcmpgtd, packuswb, vpackuswb, punpckhbw
    case vpunpckhbw, punpckhwd, vpunpckhwd, punpckhdq, vpunpckhdq, packssdw, vpackssdw, punpcklqdq, vpunpcklqdq
    case punpckhqdq, vpunpckhqdq, movd, vmovd, movq, movdqa, vmovdqa, movdqu, vmovdqu, pshufw, pshufd, vpshufd, pshufhw
    case vpshufhw, pshuflw, vpshuflw, psrlw, vpsrlw, psraw, vpsraw, psllw, vpsllw, psrld, vpsrld, psrad, vpsrad, pslld
    case vpslld, psrlq, vpsrlq, psrldq, vpsrldq, psllq, vpsllq, pslldq, vpslldq, pcmpeqb, vpcmpeqb, pcmpeqw, vpcmpeqw
    case pcmpeqd, vpcmpeqd, emms, vzeroupper, vzeroall, haddpd, vhaddpd, haddps, vhaddps, hsubpd, vhsubpd, hsubps
    case vhsubps, vmovq, cmpps, vcmpps, cmppd, vcmppd, cmpss, vcmpss, cmpsd, vcmpsd, pinsrw, vpinsrw, pextrw, vpextrw
    case shufps, vshufps, shufpd, vshufpd, addsubpd, vaddsubpd, addsubps, vaddsubps, paddq, vpaddq, pmullw, vpmullw
    case movq2dq, movdq2q, pmovmskb, vpmovmskb, psubusb, vpsubusb, psubusw, vpsubusw, pminub, vpminub, pand, vpand
    case paddusb, vpaddusb, paddusw, vpaddusw, pmaxub, vpmaxub, pandn, vpandn, pavgb, vpavgb, pavgw, vpavgw, pmulhuw
    case vpmulhuw, pmulhw, vpmulhw, cvttpd2dq, vcvttpd2dq, cvtdq2pd, vcvtdq2pd, cvtpd2dq, vcvtpd2dq, movntq, movntdq
    case vmovntdq, psubsb, vpsubsb, psubsw, vpsubsw, pminsw, vpminsw, por, vpor, paddsb, vpaddsb, paddsw, vpaddsw
    case pmaxsw, vpmaxsw, pxor, vpxor, lddqu, vlddqu, pmuludq, vpmuludq, pmaddwd, vpmaddwd, psadbw, vpsadbw, maskmovq
    case maskmovdqu, vmaskmovdqu, psubb, vpsubb, psubw, vpsubw, psubd, vpsubd, psubq, vpsubq, paddb, vpaddb, paddw
    case vpaddw, paddd, vpaddd, vldmxcsr, vstmxcsr, kand, kandn, knot, kor, kxnor, kxor, kadd, kunpck, kmov, kortest
    case ktest, pshufb, vpshufb, phaddw, vphaddw, phaddd, vphaddd, phaddsw, vphaddsw, pmaddubsw, vpmaddubsw, phsubw
    case vphsubw, phsubd, vphsubd, phsubsw, vphsubsw, psignb, vpsignb, psignw, vpsignw, psignd, vpsignd, pmulhrsw
    case vpmulhrsw, vpermilps, vpermilpd, vtestps, vtestpd, pblendvb, vcvtph2ps, blendvps, blendvpd, vpermps, ptest
    case vptest, vbroadcastss, vbroadcastsd, vbroadcastf128, pabsb, vpabsb, pabsw, vpabsw, pabsd, vpabsd, pmovsxbw
    case vpmovsxbw, pmovsxbd, vpmovsxbd, pmovsxbq, vpmovsxbq, pmovsxwd, vpmovsxwd, pmovsxwq, vpmovsxwq, pmovsxdq
    case vpmovsxdq, pmovzxbw, vpmovzxbw, pmovzxbd, vpmovzxbd, pmovzxbq, vpmovzxbq, pmovzxwd, vpmovzxwd, pmovzxwq
    case vpmovzxwq, pmovzxdq, vpmovzxdq, pmuldq, vpmuldq, pcmpeqq, vpcmpeqq, movntdqa, vmovntdqa, packusdw, vpackusdw
    case vmaskmovps, vmaskmovpd, vpermd, pcmpgtq, vpcmpgtq, pminsb, vpminsb, pminsd, vpminsd, pminuw, vpminuw, pminud
    case vpminud, pmaxsb, vpmaxsb, pmaxsd, vpmaxsd, pmaxuw, vpmaxuw, pmaxud, vpmaxud, pmulld, vpmulld, phminposuw
    case vphminposuw, vpsrlvd, vpsrlvq, vpsravd, vpsllvd, vpsllvq, vpdpbusd, vpdpbusds, vpdpwssd, vpdpwssds
    case vpbroadcastd, vpbroadcastq, vbroadcasti128, vpbroadcastb, vpbroadcastw, invept, invvpid, invpcid, vpmaskmovd
    case vpmaskmovq, vpgatherdd, vpgatherdq, vpgatherqd, vpgatherqq, vgatherdps, vgatherdpd, vgatherqps, vgatherqpd, fma
    case sha1nexte, sha1msg1, sha1msg2, sha256rnds2, sha256msg1, sha256msg2, gf2p8mulb, vgf2p8mulb, aesimc, vaesimc
    case aesenc, vaesenc, aesenclast, vaesenclast, aesdec, vaesdec, aesdeclast, vaesdeclast, movbe, crc32, wruss, wrss
    case adcx, adox, movdir64b, movdiri, andn, blsr, blsmsk, blsi, bzhi, pext, pdep, mulx, bextr, shlx, sarx, shrx
    case kshiftr, kshiftl, vpermq, vpermpd, vpblendd, vperm2f128, roundps, vroundps, roundpd, vroundpd, roundss
    case vroundss, roundsd, vroundsd, blendps, vblendps, blendpd, vblendpd, pblendw, vpblendw, palignr, vpalignr, pextrb
    case vpextrb, pextrd, vpextrd, vpextrq, extractps, vextractps, vinsertf128, vextractf128, vcvtps2ph, pinsrb, vpinsrb
    case insertps, vinsertps, pinsrd, vpinsrd, vpinsrq, vinserti128, vextracti128, dpps, vdpps, dppd, vdppd, mpsadbw
    case vmpsadbw, pclmulqdq, vpclmulqdq, vperm2i128, vblendvps, vblendvpd, vpblendvb, pcmpestrm, vpcmpestrm, pcmpestri
    case vpcmpestri, pcmpistrm, vpcmpistrm, pcmpistri, vpcmpistri, sha1rnds4, gf2p8affineqb, vgf2p8affineqb
    case gf2p8affineinvqb, vgf2p8affineinvqb, aeskeygenassist, vaeskeygenassist, rorx
}

/// What of CPUID brings an instruction; `base` is what every x86-64 CPU has.
public enum Feature: UInt8, Sendable, CaseIterable {
    case base, adx, aes, amd3DNow, avx, avx2, avx512, avx_VNNI, bmi1, bmi2, cet_IBT, cet_SS, clflushopt, clfsh, clwb
    case clzero, cmov, cx8, f16C, fma, fpu, fsgsbase, fxsr, gfni, invlpgb, invpcid, lzcnt, mcommit, mmx, monitor
    case monitorx, movbe, movdir, msr, pclmulqdq, pconfig, pku, popcnt, prefetchw, ptwrite, rdpid, rdpru, rdrand, rdseed
    case rdtscp, sep, serialize, sgx, sha, smap, smm, smx, snp, sse, sse2, sse3, sse4_1, sse4_2, sse4A, ssse3, svm, tsc
    case tsx, vaes, vmx, vpclmulqdq, waitpkg, xsave, xsavec, xsaveopt, xsaves
}

/// How an operand is found: the methods of the opcode maps (appendix A.2.1), those alike taken together.
public enum AddressingMethod: UInt8, Sendable, CaseIterable {
    /// No operand.
    case none
    /// A register or number that the opcode implies; the type says which.
    case fixed
    /// A: selector and offset in the code.
    case farPointer
    /// B: general register of VEX.vvvv.
    case vexGeneral
    /// C: control register of ModRM.reg.
    case control
    /// D: debug register of ModRM.reg.
    case debug
    /// E, M, R: general register or memory of ModRM.rm.
    case rmGeneral
    /// G: general register of ModRM.reg.
    case regGeneral
    /// H: vector register of VEX.vvvv.
    case vexVector
    /// I: a number in the code.
    case immediate
    /// J: a branch target, relative to the next instruction.
    case relative
    /// L: vector register of imm[7:4].
    case immediateVector
    /// N, Q: MMX register or memory of ModRM.rm.
    case rmMMX
    /// O: memory at an offset in the code.
    case offset
    /// P: MMX register of ModRM.reg.
    case regMMX
    /// S: segment register of ModRM.reg.
    case segment
    /// U, W: vector register or memory of ModRM.rm.
    case rmVector
    /// V: vector register of ModRM.reg.
    case regVector
    /// X: memory at DS:rSI.
    case source
    /// Y: memory at ES:rDI.
    case destination
    /// Z: general register of the opcode's low bits.
    case opcodeGeneral
    /// STi: x87 register of ModRM.rm.
    case stack
}

/// What an operand is: the types of the opcode maps (appendix A.2.2) and those that the spec's head adds.
public enum OperandType: UInt8, Sendable, CaseIterable {
    case none, b, w, d, q, dq, qq, t, sb, ss, sd, v, z, y, x, hx, qx, ex, vw, dw, db, yy, p, a
}

/// Registers and numbers that opcodes imply.
public enum ImpliedOperand: UInt8, Sendable, CaseIterable {
    case al, cl, ax, dx, rAX, eAX, one, st, xmm0, es, cs, ss, ds, fs, gs
}

/// What stands behind ModRM and its displacement.
enum ImmediateForm: UInt8, CaseIterable {
    case none, b, sb, w, z, v, vector, far, offset, wb
}
