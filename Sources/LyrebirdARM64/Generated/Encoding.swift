// Generated from Spec/arm64.decode by Scripts/generators/arm64_decode.py; do not edit.

/// An encoding of A64: one row of Spec/arm64.decode, numbered from 0 in its order.
public enum Encoding: UInt16, Sendable, CaseIterable {
    // PC-relative addressing
    case adr, adrp

    // Add/subtract (immediate)
    case addImmediate, addsImmediate, subImmediate, subsImmediate

    // Add/subtract (immediate, with tags)
    case addg, subg

    // Logical (immediate)
    case andImmediate, orrImmediate, eorImmediate, andsImmediate

    // Move wide (immediate)
    case movn, movz, movk

    // Bitfield
    case sbfm, bfm, ubfm

    // Extract
    case extr

    // Conditional branch (immediate)
    case bCond

    // Exception generation
    case svc, hvc, smc, brk, hlt, dcps1, dcps2, dcps3

    // Hints
    case nop, yield, wfe, wfi, sev, sevl, xpaclri, pacia1716, pacib1716, autia1716, autib1716, esb, psbCsync, tsbCsync
    case csdb, paciaz, paciasp, pacibz, pacibsp, autiaz, autiasp, autibz, autibsp, bti, hint

    // Barriers
    case clrex, dsb, dmb, isb, sb

    // PSTATE
    case cfinv, xaflag, axflag, msrUAOImmediate, msrPANImmediate, msrSPSelImmediate, msrSSBSImmediate, msrDITImmediate
    case msrTCOImmediate, msrDAIFSet, msrDAIFClr

    // System instructions
    case icIVAU, dcZVA, dcGVA, dcGZVA, dcCVAC, dcCVAU, dcCVAP, dcCVADP, dcCIVAC, dcTags, cfpRCTX, dvpRCTX, cppRCTX, sys
    case sysl

    // System register move
    case mrsNZCV, mrsFPCR, mrsFPSR, mrsTPIDR, mrsTPIDRRO, mrsCTR, mrsDCZID, mrsCNTFRQ, mrsCNTPCT, mrsCNTVCT, mrsDAIF
    case mrsDIT, mrsSSBS, mrsTCO, mrsRNDR, mrsRNDRRS, mrsIdentification, msrNZCV, msrFPCR, msrFPSR, msrTPIDR, msrDAIF
    case msrDIT, msrSSBS, msrTCO, mrs, msr

    // Unconditional branch (register)
    case br, blr, ret, eret, eretAuthenticated, drps, brAuthenticatedZero, blrAuthenticatedZero, retAuthenticated
    case brAuthenticated, blrAuthenticated

    // Unconditional branch (immediate)
    case b, bl

    // Compare and branch (immediate)
    case cbz, cbnz

    // Test and branch (immediate)
    case tbz, tbnz

    // Advanced SIMD load/store multiple structures
    case st1Multiple, st2Multiple, st3Multiple, st4Multiple, ld1Multiple, ld2Multiple, ld3Multiple, ld4Multiple

    // Advanced SIMD load/store multiple structures (post-indexed)
    case st1MultiplePostIndex, st2MultiplePostIndex, st3MultiplePostIndex, st4MultiplePostIndex, ld1MultiplePostIndex
    case ld2MultiplePostIndex, ld3MultiplePostIndex, ld4MultiplePostIndex

    // Advanced SIMD load/store single structure
    case st1Single, st2Single, st3Single, st4Single, ld1Single, ld2Single, ld3Single, ld4Single, ld1r, ld2r, ld3r, ld4r

    // Advanced SIMD load/store single structure (post-indexed)
    case st1SinglePostIndex, st2SinglePostIndex, st3SinglePostIndex, st4SinglePostIndex, ld1SinglePostIndex
    case ld2SinglePostIndex, ld3SinglePostIndex, ld4SinglePostIndex, ld1rPostIndex, ld2rPostIndex, ld3rPostIndex
    case ld4rPostIndex

    // Load/store memory tags
    case stgPostIndex, stg, stgPreIndex, stzgPostIndex, stzg, stzgPreIndex, st2gPostIndex, st2g, st2gPreIndex
    case stz2gPostIndex, stz2g, stz2gPreIndex, ldg, stzgm, stgm, ldgm

    // Load/store exclusive and ordered
    case stxr, ldxr, stxp, ldxp, stllr, stlr, ldlar, ldar

    // Compare and swap
    case casp, cas

    // LDAPR/STLR (unscaled immediate)
    case stlurUnscaled, ldapurUnscaled, ldapursUnscaled

    // Load register (literal)
    case ldrLiteral, ldrswLiteral, prfmLiteral, ldrLiteralSIMD

    // Load/store register pair
    case stnp, ldnp, stpPostIndex, ldpPostIndex, stpOffset, ldpOffset, stpPreIndex, ldpPreIndex, ldpswPostIndex
    case ldpswOffset, ldpswPreIndex, stgpPostIndex, stgpOffset, stgpPreIndex, stnpSIMD, ldnpSIMD, stpSIMDPostIndex
    case ldpSIMDPostIndex, stpSIMDOffset, ldpSIMDOffset, stpSIMDPreIndex, ldpSIMDPreIndex

    // Load/store register (unscaled immediate)
    case sturUnscaled, ldurUnscaled, ldursUnscaled, prfumUnscaled, sturSIMD, ldurSIMD

    // Load/store register (immediate post-indexed)
    case strPostIndex, ldrPostIndex, ldrsPostIndex, strSIMDPostIndex, ldrSIMDPostIndex

    // Load/store register (unprivileged)
    case sttr, ldtr, ldtrs

    // Load/store register (immediate pre-indexed)
    case strPreIndex, ldrPreIndex, ldrsPreIndex, strSIMDPreIndex, ldrSIMDPreIndex

    // Load/store register (pac)
    case ldra

    // Atomic memory operations
    case ldadd, ldclr, ldeor, ldset, ldsmax, ldsmin, ldumax, ldumin, swp, ldapr

    // Load/store register (register offset)
    case strRegister, ldrRegister, ldrsRegister, prfmRegister, strRegisterSIMD, ldrRegisterSIMD

    // Load/store register (unsigned immediate)
    case strUnsignedImmediate, ldrUnsignedImmediate, ldrsUnsignedImmediate, prfmUnsignedImmediate
    case strSIMDUnsignedImmediate, ldrSIMDUnsignedImmediate

    // Data-processing (2 source)
    case udiv, sdiv, lslv, lsrv, asrv, rorv, subp, subps, irg, gmi, pacga, crc32, crc32c

    // Data-processing (1 source)
    case rbit, rev16, rev32, rev, clz, cls, pacia, pacib, pacda, pacdb, autia, autib, autda, autdb, paciza, pacizb
    case pacdza, pacdzb, autiza, autizb, autdza, autdzb, xpaci, xpacd

    // Logical (shifted register)
    case andShiftedRegister, bicShiftedRegister, orrShiftedRegister, ornShiftedRegister, eorShiftedRegister
    case eonShiftedRegister, andsShiftedRegister, bicsShiftedRegister

    // Add/subtract (shifted register)
    case addShiftedRegister, addsShiftedRegister, subShiftedRegister, subsShiftedRegister

    // Add/subtract (extended register)
    case addExtendedRegister, addsExtendedRegister, subExtendedRegister, subsExtendedRegister

    // Add/subtract (with carry)
    case adc, adcs, sbc, sbcs

    // Flag manipulation
    case rmif, setf8, setf16

    // Conditional compare
    case ccmnRegister, ccmpRegister, ccmnImmediate, ccmpImmediate

    // Conditional select
    case csel, csinc, csinv, csneg

    // Data-processing (3 source)
    case madd, msub, smaddl, smsubl, smulh, umaddl, umsubl, umulh

    // Cryptographic AES
    case aese, aesd, aesmc, aesimc

    // Cryptographic three-register SHA
    case sha1c, sha1p, sha1m, sha1su0, sha256h, sha256h2, sha256su1

    // Cryptographic two-register SHA
    case sha1h, sha1su1, sha256su0

    // Advanced SIMD scalar copy
    case dupElementSIMDScalar

    // Advanced SIMD scalar three same FP16
    case fmulxSIMDScalarHalf, fcmeqRegisterSIMDScalarHalf, frecpsSIMDScalarHalf, frsqrtsSIMDScalarHalf
    case fcmgeRegisterSIMDScalarHalf, facgeSIMDScalarHalf, fabdSIMDScalarHalf, fcmgtRegisterSIMDScalarHalf
    case facgtSIMDScalarHalf

    // Advanced SIMD scalar two-register miscellaneous FP16
    case fcvtnsSIMDScalarHalf, fcvtmsSIMDScalarHalf, fcvtasSIMDScalarHalf, scvtfSIMDScalarHalf, fcmgtZeroSIMDScalarHalf
    case fcmeqZeroSIMDScalarHalf, fcmltZeroSIMDScalarHalf, fcvtpsSIMDScalarHalf, fcvtzsSIMDScalarHalf
    case frecpeSIMDScalarHalf, frecpxHalf, fcvtnuSIMDScalarHalf, fcvtmuSIMDScalarHalf, fcvtauSIMDScalarHalf
    case ucvtfSIMDScalarHalf, fcmgeZeroSIMDScalarHalf, fcmleZeroSIMDScalarHalf, fcvtpuSIMDScalarHalf
    case fcvtzuSIMDScalarHalf, frsqrteSIMDScalarHalf

    // Advanced SIMD scalar three same extra
    case sqrdmlahSIMDScalar, sqrdmlshSIMDScalar

    // Advanced SIMD scalar two-register miscellaneous
    case suqaddSIMDScalar, sqabsSIMDScalar, cmgtZeroSIMDScalar, cmeqZeroSIMDScalar, cmltZeroSIMDScalar, absSIMDScalar
    case sqxtnSIMDScalar, fcvtnsSIMDScalar, fcvtmsSIMDScalar, fcvtasSIMDScalar, scvtfSIMDScalar, fcmgtZeroSIMDScalar
    case fcmeqZeroSIMDScalar, fcmltZeroSIMDScalar, fcvtpsSIMDScalar, fcvtzsSIMDScalar, frecpeSIMDScalar, frecpx
    case usqaddSIMDScalar, sqnegSIMDScalar, cmgeZeroSIMDScalar, cmleZeroSIMDScalar, negSIMDScalar, sqxtunSIMDScalar
    case uqxtnSIMDScalar, fcvtxnSIMDScalar, fcvtnuSIMDScalar, fcvtmuSIMDScalar, fcvtauSIMDScalar, ucvtfSIMDScalar
    case fcmgeZeroSIMDScalar, fcmleZeroSIMDScalar, fcvtpuSIMDScalar, fcvtzuSIMDScalar, frsqrteSIMDScalar

    // Advanced SIMD scalar pairwise
    case addpSIMDScalar, fmaxnmpSIMDScalarHalf, faddpSIMDScalarHalf, fmaxpSIMDScalarHalf, fminnmpSIMDScalarHalf
    case fminpSIMDScalarHalf, fmaxnmpSIMDScalar, faddpSIMDScalar, fmaxpSIMDScalar, fminnmpSIMDScalar, fminpSIMDScalar

    // Advanced SIMD scalar three different
    case sqdmlalSIMDScalar, sqdmlslSIMDScalar, sqdmullSIMDScalar

    // Advanced SIMD scalar three same
    case sqaddSIMDScalar, sqsubSIMDScalar, cmgtRegisterSIMDScalar, cmgeRegisterSIMDScalar, sshlSIMDScalar
    case sqshlRegisterSIMDScalar, srshlSIMDScalar, sqrshlSIMDScalar, addSIMDScalar, cmtstSIMDScalar, sqdmulhSIMDScalar
    case fmulxSIMDScalar, fcmeqRegisterSIMDScalar, frecpsSIMDScalar, frsqrtsSIMDScalar, uqaddSIMDScalar, uqsubSIMDScalar
    case cmhiSIMDScalar, cmhsSIMDScalar, ushlSIMDScalar, uqshlRegisterSIMDScalar, urshlSIMDScalar, uqrshlSIMDScalar
    case subSIMDScalar, cmeqRegisterSIMDScalar, sqrdmulhSIMDScalar, fcmgeRegisterSIMDScalar, facgeSIMDScalar
    case fabdSIMDScalar, fcmgtRegisterSIMDScalar, facgtSIMDScalar

    // Advanced SIMD scalar shift by immediate
    case sshrSIMDScalar, ssraSIMDScalar, srshrSIMDScalar, srsraSIMDScalar, shlSIMDScalar, sqshlImmediateSIMDScalar
    case sqshrnSIMDScalar, sqrshrnSIMDScalar, scvtfFixedSIMDScalar, fcvtzsFixedSIMDScalar, ushrSIMDScalar
    case usraSIMDScalar, urshrSIMDScalar, ursraSIMDScalar, sriSIMDScalar, sliSIMDScalar, sqshluSIMDScalar
    case uqshlImmediateSIMDScalar, sqshrunSIMDScalar, sqrshrunSIMDScalar, uqshrnSIMDScalar, uqrshrnSIMDScalar
    case ucvtfFixedSIMDScalar, fcvtzuFixedSIMDScalar

    // Advanced SIMD scalar x indexed element
    case sqdmlalElementSIMDScalar, sqdmlslElementSIMDScalar, sqdmullElementSIMDScalar, sqdmulhElementSIMDScalar
    case sqrdmulhElementSIMDScalar, sqrdmlahElementSIMDScalar, sqrdmlshElementSIMDScalar, fmlaElementSIMDScalarHalf
    case fmlsElementSIMDScalarHalf, fmulElementSIMDScalarHalf, fmulxElementSIMDScalarHalf, fmlaElementSIMDScalar
    case fmlsElementSIMDScalar, fmulElementSIMDScalar, fmulxElementSIMDScalar

    // Advanced SIMD table lookup
    case tbl, tbx

    // Advanced SIMD permute
    case uzp1, trn1, zip1, uzp2, trn2, zip2

    // Advanced SIMD extract
    case ext

    // Advanced SIMD copy
    case dupElement, dupGeneral, smov, umov, insGeneral, insElement

    // Advanced SIMD three same (FP16)
    case fmaxnmVectorHalf, fmlaVectorHalf, faddVectorHalf, fmulxVectorHalf, fcmeqRegisterVectorHalf, fmaxVectorHalf
    case frecpsVectorHalf, fminnmVectorHalf, fmlsVectorHalf, fsubVectorHalf, fminVectorHalf, frsqrtsVectorHalf
    case fmaxnmpVectorHalf, faddpVectorHalf, fmulVectorHalf, fcmgeRegisterVectorHalf, facgeVectorHalf, fmaxpVectorHalf
    case fdivVectorHalf, fminnmpVectorHalf, fabdVectorHalf, fcmgtRegisterVectorHalf, facgtVectorHalf, fminpVectorHalf

    // Advanced SIMD two-register miscellaneous (FP16)
    case frintnVectorHalf, frintmVectorHalf, fcvtnsVectorHalf, fcvtmsVectorHalf, fcvtasVectorHalf, scvtfVectorHalf
    case fcmgtZeroVectorHalf, fcmeqZeroVectorHalf, fcmltZeroVectorHalf, fabsVectorHalf, frintpVectorHalf
    case frintzVectorHalf, fcvtpsVectorHalf, fcvtzsVectorHalf, frecpeVectorHalf, frintaVectorHalf, frintxVectorHalf
    case fcvtnuVectorHalf, fcvtmuVectorHalf, fcvtauVectorHalf, ucvtfVectorHalf, fcmgeZeroVectorHalf, fcmleZeroVectorHalf
    case fnegVectorHalf, frintiVectorHalf, fcvtpuVectorHalf, fcvtzuVectorHalf, frsqrteVectorHalf, fsqrtVectorHalf

    // Advanced SIMD three same extra
    case sdotVector, udotVector, usdotVector, sqrdmlahVector, sqrdmlshVector, fcmla, fcadd, bfdotVector, bfmlalVector
    case bfmmla, smmla, ummla, usmmla

    // Advanced SIMD two-register miscellaneous
    case rev64Vector, rev16Vector, saddlp, suqaddVector, clsVector, cnt, sadalp, sqabsVector, cmgtZeroVector
    case cmeqZeroVector, cmltZeroVector, absVector, xtn, sqxtnVector, fcvtn, bfcvtn, fcvtl, frintnVector, frintmVector
    case fcvtnsVector, fcvtmsVector, fcvtasVector, scvtfVector, frint32zVector, frint64zVector, fcmgtZeroVector
    case fcmeqZeroVector, fcmltZeroVector, fabsVector, frintpVector, frintzVector, fcvtpsVector, fcvtzsVector, urecpe
    case frecpeVector, rev32Vector, uaddlp, usqaddVector, clzVector, not, rbitVector, uadalp, sqnegVector
    case cmgeZeroVector, cmleZeroVector, negVector, sqxtunVector, shll, uqxtnVector, fcvtxnVector, frintaVector
    case frintxVector, fcvtnuVector, fcvtmuVector, fcvtauVector, ucvtfVector, frint32xVector, frint64xVector
    case fcmgeZeroVector, fcmleZeroVector, fnegVector, frintiVector, fcvtpuVector, fcvtzuVector, ursqrte, frsqrteVector
    case fsqrtVector

    // Advanced SIMD across lanes
    case saddlv, smaxv, sminv, addv, uaddlv, umaxv, uminv, fmaxnmvHalf, fmaxvHalf, fminnmvHalf, fminvHalf, fmaxnmv
    case fmaxv, fminnmv, fminv

    // Advanced SIMD three different
    case saddl, saddw, ssubl, ssubw, addhn, sabal, subhn, sabdl, smlalVector, sqdmlalVector, smlslVector, sqdmlslVector
    case smullVector, sqdmullVector, pmull, pmullDoubleword, uaddl, uaddw, usubl, usubw, raddhn, uabal, rsubhn, uabdl
    case umlalVector, umlslVector, umullVector

    // Advanced SIMD three same
    case shadd, sqaddVector, srhadd, shsub, sqsubVector, cmgtRegisterVector, cmgeRegisterVector, sshlVector
    case sqshlRegisterVector, srshlVector, sqrshlVector, smaxVector, sminVector, sabd, saba, addVector, cmtstVector
    case mlaVector, mulVector, smaxp, sminp, sqdmulhVector, addpVector, fmaxnmVector, fmlaVector, faddVector
    case fmulxVector, fcmeqRegisterVector, fmaxVector, frecpsVector, andVector, bicVector, orrVector, ornVector
    case fmlalVector, fmlslVector, fminnmVector, fmlsVector, fsubVector, fminVector, frsqrtsVector, uhadd, uqaddVector
    case urhadd, uhsub, uqsubVector, cmhiVector, cmhsVector, ushlVector, uqshlRegisterVector, urshlVector, uqrshlVector
    case umaxVector, uminVector, uabd, uaba, subVector, cmeqRegisterVector, mlsVector, pmul, umaxp, uminp
    case sqrdmulhVector, fmaxnmpVector, fmlal2Vector, fmlsl2Vector, faddpVector, fmulVector, fcmgeRegisterVector
    case facgeVector, fmaxpVector, fdivVector, eorVector, bsl, bit, bif, fminnmpVector, fabdVector, fcmgtRegisterVector
    case facgtVector, fminpVector

    // Advanced SIMD modified immediate
    case moviShifted, moviByte, moviDoubleword, mvni, orrVectorImmediate, bicVectorImmediate, fmovVectorImmediate
    case fmovVectorImmediateHalf

    // Advanced SIMD shift by immediate
    case sshrVector, ssraVector, srshrVector, srsraVector, shlVector, sqshlImmediateVector, shrn, rshrn, sqshrnVector
    case sqrshrnVector, sshll, scvtfFixedVector, fcvtzsFixedVector, ushrVector, usraVector, urshrVector, ursraVector
    case sriVector, sliVector, sqshluVector, uqshlImmediateVector, sqshrunVector, sqrshrunVector, uqshrnVector
    case uqrshrnVector, ushll, ucvtfFixedVector, fcvtzuFixedVector

    // Advanced SIMD vector x indexed element
    case smlalElement, sqdmlalElement, smlslElement, sqdmlslElement, mulElement, smullElement, sqdmullElement
    case sqdmulhElement, sqrdmulhElement, mlaElement, umlalElement, mlsElement, umlslElement, umullElement
    case sqrdmlahElement, sqrdmlshElement, sdotElement, udotElement, sudotElement, usdotElement, bfdotElement
    case bfmlalElement, fmlaElementHalf, fmlsElementHalf, fmulElementHalf, fmulxElementHalf, fmlaElement, fmlsElement
    case fmulElement, fmulxElement, fmlalElement, fmlslElement, fmlal2Element, fmlsl2Element, fcmlaElement

    // Cryptographic three-register, imm2
    case sm3tt1a, sm3tt1b, sm3tt2a, sm3tt2b

    // Cryptographic three-register SHA 512
    case sha512h, sha512h2, sha512su1, rax1, sm3partw1, sm3partw2, sm4ekey

    // Cryptographic four-register
    case eor3, bcax, sm3ss1, xar

    // Cryptographic two-register SHA 512
    case sha512su0, sm4e

    // Conversion between floating-point and fixed-point
    case scvtfFixedScalar, ucvtfFixedScalar, fcvtzsFixedScalar, fcvtzuFixedScalar

    // Conversion between floating-point and integer
    case fcvtnsScalar, fcvtnuScalar, scvtfScalar, ucvtfScalar, fcvtasScalar, fcvtauScalar, fmovToGeneral
    case fmovFromGeneral, fmovTopToGeneral, fmovTopFromGeneral, fcvtpsScalar, fcvtpuScalar, fcvtmsScalar, fcvtmuScalar
    case fcvtzsScalar, fcvtzuScalar, fjcvtzs

    // Floating-point data-processing (1 source)
    case fmovRegister, fabsScalar, fnegScalar, fsqrtScalar, fcvt, bfcvt, frintnScalar, frintpScalar, frintmScalar
    case frintzScalar, frintaScalar, frintxScalar, frintiScalar, frint32zScalar, frint32xScalar, frint64zScalar
    case frint64xScalar

    // Floating-point compare
    case fcmp, fcmpe

    // Floating-point immediate
    case fmovScalarImmediate

    // Floating-point conditional compare
    case fccmp, fccmpe

    // Floating-point data-processing (2 source)
    case fmulScalar, fdivScalar, faddScalar, fsubScalar, fmaxScalar, fminScalar, fmaxnmScalar, fminnmScalar, fnmulScalar

    // Floating-point conditional select
    case fcsel

    // Floating-point data-processing (3 source)
    case fmadd, fmsub, fnmadd, fnmsub
}

/// An architecture feature (Arm ARM A2.2, without FEAT_) that brings encodings; `base` is Armv8.0.
public enum Feature: UInt8, Sendable, CaseIterable {
    case base
    case AES, BF16, BTI, CRC32, DIT, DotProd, DPB, DPB2, FCMA, FHM, FlagM, FlagM2, FP16, FRINTTS, I8MM, JSCVT, LOR
    case LRCPC, LRCPC2, LSE, MTE, PAN, PAuth, PMULL, RAS, RDM, RNG, SB, SHA1, SHA256, SHA3, SHA512, SM3, SM4, SPE
    case SPECRES, SSBS, TRF, UAO
}

/// The feature of each encoding.
let encodingFeatures: [UInt8] = [
    0, 0, 0, 0, 0, 0, 21, 21, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 23, 23, 23,
    23, 23, 25, 35, 38, 0, 23, 23, 23, 23, 23, 23, 23, 23, 3, 0, 0, 0, 0, 0, 28, 11, 12, 12, 39, 22, 0, 37, 5, 21, 0,
    0, 0, 0, 21, 21, 0, 0, 7, 8, 0, 21, 36, 36, 36, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 37, 21, 27, 27, 0, 0, 0,
    0, 0, 0, 5, 37, 21, 0, 0, 0, 0, 0, 0, 23, 0, 23, 23, 23, 23, 23, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 21, 21, 21, 21, 21, 21, 21,
    21, 21, 21, 21, 21, 21, 21, 21, 21, 0, 0, 0, 0, 17, 0, 17, 0, 20, 20, 19, 19, 19, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 21, 21, 21, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 23, 20,
    20, 20, 20, 20, 20, 20, 20, 20, 18, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 21, 21, 21, 21, 23, 4, 4,
    0, 0, 0, 0, 0, 0, 23, 23, 23, 23, 23, 23, 23, 23, 23, 23, 23, 23, 23, 23, 23, 23, 23, 23, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 11, 11, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 29, 29,
    29, 29, 30, 30, 30, 29, 29, 30, 0, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13,
    13, 13, 13, 13, 13, 13, 13, 13, 13, 26, 26, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 13, 13, 13, 13, 13, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 26, 26, 13, 13, 13, 13, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 13,
    13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13,
    13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 6, 6, 15, 26, 26, 9, 9,
    2, 2, 2, 15, 15, 15, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 14, 14, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 14, 14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 13, 13, 13, 13, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 24, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10,
    10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 10, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 13, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 26, 26, 6, 6, 15, 15, 2, 2, 13, 13, 13, 13, 0, 0, 0,
    0, 10, 10, 10, 10, 9, 33, 33, 33, 33, 32, 32, 32, 31, 33, 33, 34, 31, 31, 33, 31, 32, 34, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 14, 14, 14, 14, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
]

/// A bit for each encoding: whether it has a lifter.
let builtEncodings: [UInt32] = [
    0xF19F_FF3F, 0x1FFF_FFFF, 0xAFF0_3E63, 0xFFE3_8DF1, 0xFFFF_FFFF, 0xFF00_00FF, 0xFF8F_FFFF, 0xFFFF_FFFF,
    0xFFF8_7FFF, 0xFFFF_FFFF, 0xFFFF_FFFF, 0xFFFF_FFFF, 0xFFFF_FFFF, 0xFFFF_FFFF, 0xFFFF_FFFF, 0xFFFF_FFFF,
    0xFFFF_FFFF, 0xFFFF_FFFF, 0xFFFF_FFFF, 0xFFFF_FFFF, 0xFFFF_FFFF, 0xFFFF_FFFF, 0xFFFF_FFFF, 0xFFFF_FFFF,
    0xFFFF_FFFF, 0xFFFF_FFFF, 0xFFFF_FFFF, 0xFFFF_FFFF, 0x03FF_FFFF,
]

/// A bit for each encoding: whether it needs EL1.
let privilegedEncodings: [UInt32] = [
    0x0060_0000, 0xE000_0000, 0x5003_8018, 0x000C_0200, 0x0000_0000, 0x0000_0000, 0x0000_0000, 0x0000_0000,
    0x0000_0000, 0x0000_0000, 0x0000_0000, 0x0000_0000, 0x0000_0000, 0x0000_0000, 0x0000_0000, 0x0000_0000,
    0x0000_0000, 0x0000_0000, 0x0000_0000, 0x0000_0000, 0x0000_0000, 0x0000_0000, 0x0000_0000, 0x0000_0000,
    0x0000_0000, 0x0000_0000, 0x0000_0000, 0x0000_0000, 0x0000_0000,
]
