// Generated from Spec/arm64.decode by Scripts/generators/arm64_decode.py; do not edit.

/// The arguments of `adr`, `adrp`
public struct PCRelative: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var immlo: Int { Int((word &>> 29) & 0x3) }
    public var immhi: Int { Int((word &>> 5) & 0x7FFFF) }
    public var rd: Int { Int(word & 0x1F) }
    public var immediate: Int {
        Int(Int32(bitPattern: ((word &>> 3) & 0x001F_FFFC | (word &>> 29) & 0x0000_0003) &<< 11) &>> 11)
    }
}

/// The arguments of `addImmediate`, `addsImmediate`, `subImmediate`, `subsImmediate`
public struct AddSubImmediate: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var sf: Bool { word & 0x8000_0000 != 0 }
    public var sh: Bool { word & 0x0040_0000 != 0 }
    public var imm12: Int { Int((word &>> 10) & 0xFFF) }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var rd: Int { Int(word & 0x1F) }
}

/// The arguments of `addg`, `subg`
public struct AddSubTags: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var uimm6: Int { Int((word &>> 16) & 0x3F) }
    public var uimm4: Int { Int((word &>> 10) & 0xF) }
    public var xn: Int { Int((word &>> 5) & 0x1F) }
    public var xd: Int { Int(word & 0x1F) }
}

/// The arguments of `andImmediate`, `orrImmediate`, `eorImmediate`, `andsImmediate`
public struct LogicalImmediate: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var sf: Bool { word & 0x8000_0000 != 0 }
    public var n: Bool { word & 0x0040_0000 != 0 }
    public var immr: Int { Int((word &>> 16) & 0x3F) }
    public var imms: Int { Int((word &>> 10) & 0x3F) }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var rd: Int { Int(word & 0x1F) }
}

/// The arguments of `movn`, `movz`, `movk`
public struct MoveWide: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var sf: Bool { word & 0x8000_0000 != 0 }
    public var hw: Int { Int((word &>> 21) & 0x3) }
    public var imm16: Int { Int((word &>> 5) & 0xFFFF) }
    public var rd: Int { Int(word & 0x1F) }
}

/// The arguments of `sbfm`, `bfm`, `ubfm`
public struct Bitfield: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var sf: Bool { word & 0x8000_0000 != 0 }
    public var n: Bool { word & 0x0040_0000 != 0 }
    public var immr: Int { Int((word &>> 16) & 0x3F) }
    public var imms: Int { Int((word &>> 10) & 0x3F) }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var rd: Int { Int(word & 0x1F) }
}

/// The arguments of `extr`
public struct Extract: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var sf: Bool { word & 0x8000_0000 != 0 }
    public var n: Bool { word & 0x0040_0000 != 0 }
    public var rm: Int { Int((word &>> 16) & 0x1F) }
    public var imms: Int { Int((word &>> 10) & 0x3F) }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var rd: Int { Int(word & 0x1F) }
}

/// The arguments of `bCond`
public struct ConditionalBranch: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var imm19: Int { Int((word &>> 5) & 0x7FFFF) }
    public var cond: Int { Int(word & 0xF) }
    public var offset: Int { Int(Int32(bitPattern: ((word &>> 3) & 0x001F_FFFC) &<< 11) &>> 11) }
}

/// The arguments of `svc`, `hvc`, `smc`, `brk`, …
public struct ExceptionGeneration: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var imm16: Int { Int((word &>> 5) & 0xFFFF) }
}

/// The arguments of `nop`, `yield`, `wfe`, `wfi`, …
public struct Hint: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var crm: Int { Int((word &>> 8) & 0xF) }
    public var op2: Int { Int((word &>> 5) & 0x7) }
}

/// The arguments of `bti`
public struct BranchTarget: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var targets: Int { Int((word &>> 6) & 0x3) }
}

/// The arguments of `clrex`, `dsb`, `dmb`, `isb`, …
public struct Barrier: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var crm: Int { Int((word &>> 8) & 0xF) }
}

/// The arguments of `cfinv`, `xaflag`, `axflag`, `msrUAOImmediate`, …
public struct ProcessorState: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var crm: Int { Int((word &>> 8) & 0xF) }
}

/// The arguments of `icIVAU`, `dcZVA`, `dcGVA`, `dcGZVA`, …
public struct CacheMaintenance: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var crm: Int { Int((word &>> 8) & 0xF) }
    public var op2: Int { Int((word &>> 5) & 0x7) }
    public var rt: Int { Int(word & 0x1F) }
}

/// The arguments of `sys`, `sysl`
public struct SystemInstruction: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var op1: Int { Int((word &>> 16) & 0x7) }
    public var crn: Int { Int((word &>> 12) & 0xF) }
    public var crm: Int { Int((word &>> 8) & 0xF) }
    public var op2: Int { Int((word &>> 5) & 0x7) }
    public var rt: Int { Int(word & 0x1F) }
}

/// The arguments of `mrsNZCV`, `mrsFPCR`, `mrsFPSR`, `mrsTPIDR`, …
public struct SystemRegisterMove: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var rt: Int { Int(word & 0x1F) }
}

/// The arguments of `mrsIdentification`, `mrs`, `msr`
public struct SystemRegister: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var o0: Bool { word & 0x0008_0000 != 0 }
    public var op1: Int { Int((word &>> 16) & 0x7) }
    public var crn: Int { Int((word &>> 12) & 0xF) }
    public var crm: Int { Int((word &>> 8) & 0xF) }
    public var op2: Int { Int((word &>> 5) & 0x7) }
    public var rt: Int { Int(word & 0x1F) }
    public var register: Int { Int(0x8000 | (word &>> 5) & 0x0000_7FFF) }
}

/// The arguments of `br`, `blr`, `ret`
public struct BranchRegister: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
}

/// The arguments of `eret`, `eretAuthenticated`, `drps`
public struct ExceptionReturn: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var m: Bool { word & 0x0000_0400 != 0 }
}

/// The arguments of `brAuthenticatedZero`, `blrAuthenticatedZero`, `retAuthenticated`, `brAuthenticated`, …
public struct BranchAuthenticated: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var m: Bool { word & 0x0000_0400 != 0 }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var rm: Int { Int(word & 0x1F) }
}

/// The arguments of `b`, `bl`
public struct BranchImmediate: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var imm26: Int { Int(word & 0x3FFFFFF) }
    public var offset: Int { Int(Int32(bitPattern: ((word &<< 2) & 0x0FFF_FFFC) &<< 4) &>> 4) }
}

/// The arguments of `cbz`, `cbnz`
public struct CompareBranch: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var sf: Bool { word & 0x8000_0000 != 0 }
    public var imm19: Int { Int((word &>> 5) & 0x7FFFF) }
    public var rt: Int { Int(word & 0x1F) }
    public var offset: Int { Int(Int32(bitPattern: ((word &>> 3) & 0x001F_FFFC) &<< 11) &>> 11) }
}

/// The arguments of `tbz`, `tbnz`
public struct TestBranch: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var b5: Bool { word & 0x8000_0000 != 0 }
    public var b40: Int { Int((word &>> 19) & 0x1F) }
    public var imm14: Int { Int((word &>> 5) & 0x3FFF) }
    public var rt: Int { Int(word & 0x1F) }
    public var bit: Int { Int((word &>> 26) & 0x0000_0020 | (word &>> 19) & 0x0000_001F) }
    public var offset: Int { Int(Int32(bitPattern: ((word &>> 3) & 0x0000_FFFC) &<< 16) &>> 16) }
}

/// The arguments of `st1Multiple`, `st2Multiple`, `st3Multiple`, `st4Multiple`, …
public struct LoadStoreMultiple: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var q: Bool { word & 0x4000_0000 != 0 }
    public var rm: Int { Int((word &>> 16) & 0x1F) }
    public var opcode: Int { Int((word &>> 12) & 0xF) }
    public var size: Int { Int((word &>> 10) & 0x3) }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var rt: Int { Int(word & 0x1F) }
}

/// The arguments of `st1Single`, `st2Single`, `st3Single`, `st4Single`, …
public struct LoadStoreSingle: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var q: Bool { word & 0x4000_0000 != 0 }
    public var rm: Int { Int((word &>> 16) & 0x1F) }
    public var scale: Int { Int((word &>> 14) & 0x3) }
    public var s: Bool { word & 0x0000_1000 != 0 }
    public var size: Int { Int((word &>> 10) & 0x3) }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var rt: Int { Int(word & 0x1F) }
    public var byteIndex: Int { Int((word &>> 27) & 0x0000_0008 | (word &>> 10) & 0x0000_0007) }
}

/// The arguments of `ld1r`, `ld2r`, `ld3r`, `ld4r`, …
public struct LoadReplicate: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var q: Bool { word & 0x4000_0000 != 0 }
    public var rm: Int { Int((word &>> 16) & 0x1F) }
    public var size: Int { Int((word &>> 10) & 0x3) }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var rt: Int { Int(word & 0x1F) }
}

/// The arguments of `stgPostIndex`, `stg`, `stgPreIndex`, `stzgPostIndex`, …
public struct LoadStoreTags: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var imm9: Int { Int((word &>> 12) & 0x1FF) }
    public var xn: Int { Int((word &>> 5) & 0x1F) }
    public var xt: Int { Int(word & 0x1F) }
    public var offset: Int { Int(Int32(bitPattern: ((word &>> 8) & 0x0000_1FF0) &<< 19) &>> 19) }
}

/// The arguments of `stxr`, `ldxr`, `stxp`, `ldxp`
public struct LoadStoreExclusive: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var size: Int { Int(word &>> 30) }
    public var rs: Int { Int((word &>> 16) & 0x1F) }
    public var o0: Bool { word & 0x0000_8000 != 0 }
    public var rt2: Int { Int((word &>> 10) & 0x1F) }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var rt: Int { Int(word & 0x1F) }
}

/// The arguments of `stllr`, `stlr`, `ldlar`, `ldar`, …
public struct LoadStoreOrdered: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var size: Int { Int(word &>> 30) }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var rt: Int { Int(word & 0x1F) }
}

/// The arguments of `casp`
public struct CompareAndSwapPair: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var sz: Bool { word & 0x4000_0000 != 0 }
    public var l: Bool { word & 0x0040_0000 != 0 }
    public var rs: Int { Int((word &>> 16) & 0x1F) }
    public var o0: Bool { word & 0x0000_8000 != 0 }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var rt: Int { Int(word & 0x1F) }
}

/// The arguments of `cas`
public struct CompareAndSwap: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var size: Int { Int(word &>> 30) }
    public var l: Bool { word & 0x0040_0000 != 0 }
    public var rs: Int { Int((word &>> 16) & 0x1F) }
    public var o0: Bool { word & 0x0000_8000 != 0 }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var rt: Int { Int(word & 0x1F) }
}

/// The arguments of `stlurUnscaled`, `ldapurUnscaled`, `ldapursUnscaled`, `sturUnscaled`, …
public struct LoadStoreUnscaled: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var size: Int { Int(word &>> 30) }
    public var opc0: Bool { word & 0x0040_0000 != 0 }
    public var imm9: Int { Int(Int32(bitPattern: word &<< 11) &>> 23) }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var rt: Int { Int(word & 0x1F) }
}

/// The arguments of `ldrLiteral`, `ldrswLiteral`, `prfmLiteral`, `ldrLiteralSIMD`
public struct LoadLiteral: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var opc: Int { Int(word &>> 30) }
    public var imm19: Int { Int((word &>> 5) & 0x7FFFF) }
    public var rt: Int { Int(word & 0x1F) }
    public var offset: Int { Int(Int32(bitPattern: ((word &>> 3) & 0x001F_FFFC) &<< 11) &>> 11) }
}

/// The arguments of `stnp`, `ldnp`, `stpPostIndex`, `ldpPostIndex`, …
public struct LoadStorePair: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var sf: Bool { word & 0x8000_0000 != 0 }
    public var imm7: Int { Int(Int32(bitPattern: word &<< 10) &>> 25) }
    public var rt2: Int { Int((word &>> 10) & 0x1F) }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var rt: Int { Int(word & 0x1F) }
}

/// The arguments of `stnpSIMD`, `ldnpSIMD`, `stpSIMDPostIndex`, `ldpSIMDPostIndex`, …
public struct LoadStorePairSIMD: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var opc: Int { Int(word &>> 30) }
    public var imm7: Int { Int(Int32(bitPattern: word &<< 10) &>> 25) }
    public var rt2: Int { Int((word &>> 10) & 0x1F) }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var rt: Int { Int(word & 0x1F) }
}

/// The arguments of `sturSIMD`, `ldurSIMD`, `strSIMDPostIndex`, `ldrSIMDPostIndex`, …
public struct LoadStoreUnscaledSIMD: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var size: Int { Int(word &>> 30) }
    public var opc1: Bool { word & 0x0080_0000 != 0 }
    public var imm9: Int { Int(Int32(bitPattern: word &<< 11) &>> 23) }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var rt: Int { Int(word & 0x1F) }
    public var scale: Int { Int((word &>> 21) & 0x0000_0004 | (word &>> 30) & 0x0000_0003) }
}

/// The arguments of `ldra`
public struct LoadAuthenticated: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var m: Bool { word & 0x0080_0000 != 0 }
    public var s: Bool { word & 0x0040_0000 != 0 }
    public var imm9: Int { Int((word &>> 12) & 0x1FF) }
    public var w: Bool { word & 0x0000_0800 != 0 }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var rt: Int { Int(word & 0x1F) }
    public var offset: Int {
        Int(Int32(bitPattern: ((word &>> 10) & 0x0000_1000 | (word &>> 9) & 0x0000_0FF8) &<< 19) &>> 19)
    }
}

/// The arguments of `ldadd`, `ldclr`, `ldeor`, `ldset`, …
public struct AtomicMemory: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var size: Int { Int(word &>> 30) }
    public var a: Bool { word & 0x0080_0000 != 0 }
    public var r: Bool { word & 0x0040_0000 != 0 }
    public var rs: Int { Int((word &>> 16) & 0x1F) }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var rt: Int { Int(word & 0x1F) }
}

/// The arguments of `strRegister`, `ldrRegister`, `ldrsRegister`, `prfmRegister`
public struct LoadStoreRegister: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var size: Int { Int(word &>> 30) }
    public var opc0: Bool { word & 0x0040_0000 != 0 }
    public var rm: Int { Int((word &>> 16) & 0x1F) }
    public var option: Int { Int((word &>> 13) & 0x7) }
    public var s: Bool { word & 0x0000_1000 != 0 }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var rt: Int { Int(word & 0x1F) }
}

/// The arguments of `strRegisterSIMD`, `ldrRegisterSIMD`
public struct LoadStoreRegisterSIMD: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var size: Int { Int(word &>> 30) }
    public var opc1: Bool { word & 0x0080_0000 != 0 }
    public var rm: Int { Int((word &>> 16) & 0x1F) }
    public var option: Int { Int((word &>> 13) & 0x7) }
    public var s: Bool { word & 0x0000_1000 != 0 }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var rt: Int { Int(word & 0x1F) }
    public var scale: Int { Int((word &>> 21) & 0x0000_0004 | (word &>> 30) & 0x0000_0003) }
}

/// The arguments of `strUnsignedImmediate`, `ldrUnsignedImmediate`, `ldrsUnsignedImmediate`, `prfmUnsignedImmediate`
public struct LoadStoreUnsigned: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var size: Int { Int(word &>> 30) }
    public var opc0: Bool { word & 0x0040_0000 != 0 }
    public var imm12: Int { Int((word &>> 10) & 0xFFF) }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var rt: Int { Int(word & 0x1F) }
}

/// The arguments of `strSIMDUnsignedImmediate`, `ldrSIMDUnsignedImmediate`
public struct LoadStoreUnsignedSIMD: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var size: Int { Int(word &>> 30) }
    public var opc1: Bool { word & 0x0080_0000 != 0 }
    public var imm12: Int { Int((word &>> 10) & 0xFFF) }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var rt: Int { Int(word & 0x1F) }
    public var scale: Int { Int((word &>> 21) & 0x0000_0004 | (word &>> 30) & 0x0000_0003) }
}

/// The arguments of `udiv`, `sdiv`, `lslv`, `lsrv`, …
public struct TwoSource: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var sf: Bool { word & 0x8000_0000 != 0 }
    public var rm: Int { Int((word &>> 16) & 0x1F) }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var rd: Int { Int(word & 0x1F) }
}

/// The arguments of `crc32`, `crc32c`
public struct CyclicRedundancyCheck: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var sf: Bool { word & 0x8000_0000 != 0 }
    public var rm: Int { Int((word &>> 16) & 0x1F) }
    public var sz: Int { Int((word &>> 10) & 0x3) }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var rd: Int { Int(word & 0x1F) }
}

/// The arguments of `rbit`, `rev16`, `rev32`, `rev`, …
public struct OneSource: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var sf: Bool { word & 0x8000_0000 != 0 }
    public var opc0: Bool { word & 0x0000_0400 != 0 }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var rd: Int { Int(word & 0x1F) }
}

/// The arguments of `pacia`, `pacib`, `pacda`, `pacdb`, …
public struct PointerAuthentication: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var rd: Int { Int(word & 0x1F) }
}

/// The arguments of `andShiftedRegister`, `bicShiftedRegister`, `orrShiftedRegister`, `ornShiftedRegister`, …
public struct ShiftedRegister: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var sf: Bool { word & 0x8000_0000 != 0 }
    public var shift: Int { Int((word &>> 22) & 0x3) }
    public var rm: Int { Int((word &>> 16) & 0x1F) }
    public var imm6: Int { Int((word &>> 10) & 0x3F) }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var rd: Int { Int(word & 0x1F) }
}

/// The arguments of `addExtendedRegister`, `addsExtendedRegister`, `subExtendedRegister`, `subsExtendedRegister`
public struct ExtendedRegister: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var sf: Bool { word & 0x8000_0000 != 0 }
    public var rm: Int { Int((word &>> 16) & 0x1F) }
    public var option: Int { Int((word &>> 13) & 0x7) }
    public var imm3: Int { Int((word &>> 10) & 0x7) }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var rd: Int { Int(word & 0x1F) }
}

/// The arguments of `rmif`, `setf8`, `setf16`
public struct FlagManipulation: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var imm6: Int { Int((word &>> 15) & 0x3F) }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var mask: Int { Int(word & 0xF) }
}

/// The arguments of `ccmnRegister`, `ccmpRegister`
public struct ConditionalCompareRegister: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var sf: Bool { word & 0x8000_0000 != 0 }
    public var rm: Int { Int((word &>> 16) & 0x1F) }
    public var cond: Int { Int((word &>> 12) & 0xF) }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var nzcv: Int { Int(word & 0xF) }
}

/// The arguments of `ccmnImmediate`, `ccmpImmediate`
public struct ConditionalCompareImmediate: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var sf: Bool { word & 0x8000_0000 != 0 }
    public var imm5: Int { Int((word &>> 16) & 0x1F) }
    public var cond: Int { Int((word &>> 12) & 0xF) }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var nzcv: Int { Int(word & 0xF) }
}

/// The arguments of `csel`, `csinc`, `csinv`, `csneg`
public struct ConditionalSelect: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var sf: Bool { word & 0x8000_0000 != 0 }
    public var rm: Int { Int((word &>> 16) & 0x1F) }
    public var cond: Int { Int((word &>> 12) & 0xF) }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var rd: Int { Int(word & 0x1F) }
}

/// The arguments of `madd`, `msub`, `smaddl`, `smsubl`, …
public struct ThreeSource: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var sf: Bool { word & 0x8000_0000 != 0 }
    public var rm: Int { Int((word &>> 16) & 0x1F) }
    public var ra: Int { Int((word &>> 10) & 0x1F) }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var rd: Int { Int(word & 0x1F) }
}

/// The arguments of `aese`, `aesd`, `aesmc`, `aesimc`, …
public struct VectorTwo: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var q: Bool { word & 0x4000_0000 != 0 }
    public var size: Int { Int((word &>> 22) & 0x3) }
    public var sz: Bool { word & 0x0040_0000 != 0 }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var rd: Int { Int(word & 0x1F) }
}

/// The arguments of `sha1c`, `sha1p`, `sha1m`, `sha1su0`, …
public struct VectorThree: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var q: Bool { word & 0x4000_0000 != 0 }
    public var size: Int { Int((word &>> 22) & 0x3) }
    public var sz: Bool { word & 0x0040_0000 != 0 }
    public var rm: Int { Int((word &>> 16) & 0x1F) }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var rd: Int { Int(word & 0x1F) }
}

/// The arguments of `dupElementSIMDScalar`, `dupElement`, `dupGeneral`, `smov`, …
public struct VectorCopy: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var q: Bool { word & 0x4000_0000 != 0 }
    public var imm5: Int { Int((word &>> 16) & 0x1F) }
    public var imm4: Int { Int((word &>> 11) & 0xF) }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var rd: Int { Int(word & 0x1F) }
}

/// The arguments of `fmulxSIMDScalarHalf`, `fcmeqRegisterSIMDScalarHalf`, `frecpsSIMDScalarHalf`, `frsqrtsSIMDScalarHalf`, …
public struct SIMDScalarThree: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var size: Int { Int((word &>> 22) & 0x3) }
    public var sz: Bool { word & 0x0040_0000 != 0 }
    public var rm: Int { Int((word &>> 16) & 0x1F) }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var rd: Int { Int(word & 0x1F) }
}

/// The arguments of `fcvtnsSIMDScalarHalf`, `fcvtmsSIMDScalarHalf`, `fcvtasSIMDScalarHalf`, `scvtfSIMDScalarHalf`, …
public struct SIMDScalarTwo: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var size: Int { Int((word &>> 22) & 0x3) }
    public var sz: Bool { word & 0x0040_0000 != 0 }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var rd: Int { Int(word & 0x1F) }
}

/// The arguments of `sshrSIMDScalar`, `ssraSIMDScalar`, `srshrSIMDScalar`, `srsraSIMDScalar`, …
public struct SIMDScalarShift: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var immh: Int { Int((word &>> 19) & 0xF) }
    public var immb: Int { Int((word &>> 16) & 0x7) }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var rd: Int { Int(word & 0x1F) }
    public var immediate: Int { Int((word &>> 16) & 0x0000_007F) }
}

/// The arguments of `sqdmlalElementSIMDScalar`, `sqdmlslElementSIMDScalar`, `sqdmullElementSIMDScalar`, `sqdmulhElementSIMDScalar`, …
public struct SIMDScalarElement: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var size: Int { Int((word &>> 22) & 0x3) }
    public var sz: Bool { word & 0x0040_0000 != 0 }
    public var l: Bool { word & 0x0020_0000 != 0 }
    public var m: Bool { word & 0x0010_0000 != 0 }
    public var rm: Int { Int((word &>> 16) & 0xF) }
    public var h: Bool { word & 0x0000_0800 != 0 }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var rd: Int { Int(word & 0x1F) }
    public var indexHalf: Int { Int((word &>> 9) & 0x0000_0004 | (word &>> 20) & 0x0000_0003) }
    public var indexWord: Int { Int((word &>> 10) & 0x0000_0002 | (word &>> 21) & 0x0000_0001) }
    public var mrm: Int { Int((word &>> 16) & 0x0000_001F) }
}

/// The arguments of `tbl`, `tbx`
public struct TableLookup: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var q: Bool { word & 0x4000_0000 != 0 }
    public var rm: Int { Int((word &>> 16) & 0x1F) }
    public var len: Int { Int((word &>> 13) & 0x3) }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var rd: Int { Int(word & 0x1F) }
}

/// The arguments of `ext`
public struct VectorExtract: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var q: Bool { word & 0x4000_0000 != 0 }
    public var rm: Int { Int((word &>> 16) & 0x1F) }
    public var imm4: Int { Int((word &>> 11) & 0xF) }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var rd: Int { Int(word & 0x1F) }
}

/// The arguments of `fcmla`, `fcadd`
public struct VectorComplex: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var q: Bool { word & 0x4000_0000 != 0 }
    public var size: Int { Int((word &>> 22) & 0x3) }
    public var rm: Int { Int((word &>> 16) & 0x1F) }
    public var rot12: Bool { word & 0x0000_1000 != 0 }
    public var rot: Int { Int((word &>> 11) & 0x3) }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var rd: Int { Int(word & 0x1F) }
}

/// The arguments of `moviShifted`, `moviByte`, `moviDoubleword`, `mvni`, …
public struct ModifiedImmediate: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var q: Bool { word & 0x4000_0000 != 0 }
    public var op: Bool { word & 0x2000_0000 != 0 }
    public var abc: Int { Int((word &>> 16) & 0x7) }
    public var cmode: Int { Int((word &>> 12) & 0xF) }
    public var defgh: Int { Int((word &>> 5) & 0x1F) }
    public var rd: Int { Int(word & 0x1F) }
    public var imm8: Int { Int((word &>> 11) & 0x0000_00E0 | (word &>> 5) & 0x0000_001F) }
}

/// The arguments of `sshrVector`, `ssraVector`, `srshrVector`, `srsraVector`, …
public struct VectorShift: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var q: Bool { word & 0x4000_0000 != 0 }
    public var immh: Int { Int((word &>> 19) & 0xF) }
    public var immb: Int { Int((word &>> 16) & 0x7) }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var rd: Int { Int(word & 0x1F) }
    public var immediate: Int { Int((word &>> 16) & 0x0000_007F) }
}

/// The arguments of `smlalElement`, `sqdmlalElement`, `smlslElement`, `sqdmlslElement`, …
public struct VectorElement: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var q: Bool { word & 0x4000_0000 != 0 }
    public var size: Int { Int((word &>> 22) & 0x3) }
    public var sz: Bool { word & 0x0040_0000 != 0 }
    public var l: Bool { word & 0x0020_0000 != 0 }
    public var m: Bool { word & 0x0010_0000 != 0 }
    public var rm: Int { Int((word &>> 16) & 0xF) }
    public var rot: Int { Int((word &>> 13) & 0x3) }
    public var h: Bool { word & 0x0000_0800 != 0 }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var rd: Int { Int(word & 0x1F) }
    public var indexHalf: Int { Int((word &>> 9) & 0x0000_0004 | (word &>> 20) & 0x0000_0003) }
    public var indexWord: Int { Int((word &>> 10) & 0x0000_0002 | (word &>> 21) & 0x0000_0001) }
    public var mrm: Int { Int((word &>> 16) & 0x0000_001F) }
}

/// The arguments of `sm3tt1a`, `sm3tt1b`, `sm3tt2a`, `sm3tt2b`
public struct CryptographicIndexed: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var rm: Int { Int((word &>> 16) & 0x1F) }
    public var imm2: Int { Int((word &>> 12) & 0x3) }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var rd: Int { Int(word & 0x1F) }
}

/// The arguments of `eor3`, `bcax`, `sm3ss1`
public struct CryptographicFour: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var rm: Int { Int((word &>> 16) & 0x1F) }
    public var ra: Int { Int((word &>> 10) & 0x1F) }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var rd: Int { Int(word & 0x1F) }
}

/// The arguments of `xar`
public struct CryptographicRotate: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var rm: Int { Int((word &>> 16) & 0x1F) }
    public var imm6: Int { Int((word &>> 10) & 0x3F) }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var rd: Int { Int(word & 0x1F) }
}

/// The arguments of `scvtfFixedScalar`, `ucvtfFixedScalar`, `fcvtzsFixedScalar`, `fcvtzuFixedScalar`
public struct FixedPointConversion: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var sf: Bool { word & 0x8000_0000 != 0 }
    public var ptype: Int { Int((word &>> 22) & 0x3) }
    public var scale: Int { Int((word &>> 10) & 0x3F) }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var rd: Int { Int(word & 0x1F) }
}

/// The arguments of `fcvtnsScalar`, `fcvtnuScalar`, `scvtfScalar`, `ucvtfScalar`, …
public struct IntegerConversion: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var sf: Bool { word & 0x8000_0000 != 0 }
    public var ptype: Int { Int((word &>> 22) & 0x3) }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var rd: Int { Int(word & 0x1F) }
}

/// The arguments of `fmovRegister`, `fabsScalar`, `fnegScalar`, `fsqrtScalar`, …
public struct FloatOneSource: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var ptype: Int { Int((word &>> 22) & 0x3) }
    public var opc: Int { Int((word &>> 15) & 0x3) }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var rd: Int { Int(word & 0x1F) }
}

/// The arguments of `fcmp`, `fcmpe`
public struct FloatCompare: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var ptype: Int { Int((word &>> 22) & 0x3) }
    public var rm: Int { Int((word &>> 16) & 0x1F) }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var zero: Bool { word & 0x0000_0008 != 0 }
}

/// The arguments of `fmovScalarImmediate`
public struct FloatImmediate: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var ptype: Int { Int((word &>> 22) & 0x3) }
    public var imm8: Int { Int((word &>> 13) & 0xFF) }
    public var rd: Int { Int(word & 0x1F) }
}

/// The arguments of `fccmp`, `fccmpe`
public struct FloatConditionalCompare: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var ptype: Int { Int((word &>> 22) & 0x3) }
    public var rm: Int { Int((word &>> 16) & 0x1F) }
    public var cond: Int { Int((word &>> 12) & 0xF) }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var nzcv: Int { Int(word & 0xF) }
}

/// The arguments of `fmulScalar`, `fdivScalar`, `faddScalar`, `fsubScalar`, …
public struct FloatTwoSource: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var ptype: Int { Int((word &>> 22) & 0x3) }
    public var rm: Int { Int((word &>> 16) & 0x1F) }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var rd: Int { Int(word & 0x1F) }
}

/// The arguments of `fcsel`
public struct FloatConditionalSelect: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var ptype: Int { Int((word &>> 22) & 0x3) }
    public var rm: Int { Int((word &>> 16) & 0x1F) }
    public var cond: Int { Int((word &>> 12) & 0xF) }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var rd: Int { Int(word & 0x1F) }
}

/// The arguments of `fmadd`, `fmsub`, `fnmadd`, `fnmsub`
public struct FloatThreeSource: Sendable {
    public let word: UInt32

    @inline(__always)
    public init(word: UInt32) {
        self.word = word
    }
    public var ptype: Int { Int((word &>> 22) & 0x3) }
    public var rm: Int { Int((word &>> 16) & 0x1F) }
    public var ra: Int { Int((word &>> 10) & 0x1F) }
    public var rn: Int { Int((word &>> 5) & 0x1F) }
    public var rd: Int { Int(word & 0x1F) }
}
