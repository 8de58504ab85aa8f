// What the decoder makes of the bytes of an instruction: the row of Spec/x86.decode, and everything that prefixes, ModRM and
// what follows say. It is a plain value; operands are looked up when somebody asks (Operand.swift).

/// What decoding depends on besides the bytes.
public struct Mode: Sendable, Equatable {
    /// The default size of operands and addresses, and with `bits64` the encodings of 64-bit mode.
    public enum CodeSize: UInt8, Sendable, CaseIterable { case bits16, bits32, bits64 }

    public var codeSize: CodeSize
    /// What 66 does to near branches in 64-bit mode: AMD's CPUs take 16 bits, displacement and all (AMD64 APM volume 3, 1.2.7),
    /// Intel's take no notice.
    public var shortensNearBranches: Bool

    public init(_ codeSize: CodeSize, shortensNearBranches: Bool = false) {
        self.codeSize = codeSize
        self.shortensNearBranches = shortensNearBranches
    }
}

/// What some bytes are.
public enum Decoded: Sendable {
    case instruction(DecodedInstruction)
    /// #UD.
    case undefined(UndefinedReason)
    /// The bytes end before the instruction does. What follows them decides, #PF if it cannot be fetched.
    case incomplete
    /// More than 15 bytes: #GP(0).
    case tooLong
}

public enum UndefinedReason: Sendable, Equatable {
    case noInstruction
    /// An instruction that the spec tags as absent, with the reason there.
    case absent(Row)
    /// AVX-512 and what came with its encoding.
    case evex
}

/// A row of Spec/x86.decode.
public struct Row: Sendable, Equatable {
    public let number: UInt16

    @inline(__always)
    init(number: UInt16) { self.number = number }

    public static var count: Int { rowMnemonics.count }
    public static var all: [Row] { (0..<count).map { Row(number: UInt16($0)) } }

    /// The enums' cases are numbered from 0 in their order, and an enum without payloads is stored as the number of its case.
    @inline(__always)
    public var mnemonic: Mnemonic {
        rowMnemonics.withUnsafeBufferPointer { unsafeBitCast($0[Int(number)], to: Mnemonic.self) }
    }

    public var feature: Feature { unsafeBitCast(rowFeatures[Int(number)], to: Feature.self) }
    /// The feature that brings the form with VEX.L = 1.
    public var wideFeature: Feature { unsafeBitCast(rowWideFeatures[Int(number)], to: Feature.self) }
    /// Whether there is a lifter for it.
    public var isBuilt: Bool { builtRows[Int(number &>> 5)] &>> UInt32(number & 31) & 1 != 0 }
    /// Whether it is #GP in user mode.
    public var isPrivileged: Bool { flags.contains(.privileged) }
    public var isAbsent: Bool { flags.contains(.absent) }

    @inline(__always)
    var flags: RowFlags { rowFlags.withUnsafeBufferPointer { RowFlags(rawValue: $0[Int(number)]) } }
    @inline(__always)
    var operands: UInt64 { rowOperands.withUnsafeBufferPointer { $0[Int(number)] } }
}

/// What the generator says of a row besides its operands, in the order of its FLAGS.
struct RowFlags: OptionSet {
    let rawValue: UInt16

    static let lockable = RowFlags(rawValue: 1 << 8)
    static let usesVvvv = RowFlags(rawValue: 1 << 9)
    /// A register's number may be undefined.
    static let checksRegisters = RowFlags(rawValue: 1 << 10)
    static let vectorIndex = RowFlags(rawValue: 1 << 11)
    static let privileged = RowFlags(rawValue: 1 << 12)
    static let absent = RowFlags(rawValue: 1 << 13)
    static let ignoresMod = RowFlags(rawValue: 1 << 14)
    /// The IR's x87 and MMX unit executes it as it is.
    static let isX87 = RowFlags(rawValue: 1 << 15)

    @inline(__always)
    var immediate: ImmediateForm { unsafeBitCast(UInt8(truncatingIfNeeded: rawValue & 15), to: ImmediateForm.self) }

    enum OperandSizeRule: UInt8, CaseIterable { case normal, default64, forced64, nearBranch }
    @inline(__always)
    var sizeRule: OperandSizeRule {
        unsafeBitCast(UInt8(truncatingIfNeeded: rawValue &>> 4 & 3), to: OperandSizeRule.self)
    }
}

public struct Prefixes: OptionSet, Sendable {
    public let rawValue: UInt8
    @inline(__always)
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let operandSize = Prefixes(rawValue: 1)
    public static let addressSize = Prefixes(rawValue: 2)
    public static let lock = Prefixes(rawValue: 4)
    /// F3, if F2 does not come later; a mandatory one is here as well. With VEX it is not here, nor is 66.
    public static let rep = Prefixes(rawValue: 8)
    /// F2, if F3 does not come later.
    public static let repne = Prefixes(rawValue: 16)
    public static let rex = Prefixes(rawValue: 32)
    public static let vex = Prefixes(rawValue: 64)
    /// VEX.L.
    public static let wide = Prefixes(rawValue: 128)
}

/// Segment registers by their numbers.
public enum Segment: UInt8, Sendable, CaseIterable { case es, cs, ss, ds, fs, gs }

/// An instruction as its bytes say it.
public struct DecodedInstruction: Sendable {
    public internal(set) var row = Row(number: 0)
    /// 1 to 15.
    public internal(set) var length: UInt8 = 0
    public internal(set) var prefixes: Prefixes = []
    /// In bytes: 2, 4 or 8.
    public internal(set) var operandSize: UInt8 = 0
    /// In bytes: 2, 4 or 8.
    public internal(set) var addressSize: UInt8 = 0
    /// The override that counts, if there is one.
    public internal(set) var segmentOverride: Segment?
    /// W, R, X and B of REX or VEX as bits 3 to 0, not inverted.
    public internal(set) var rex: UInt8 = 0
    /// The last byte of the opcode. Conditions are its low four bits.
    public internal(set) var opcodeByte: UInt8 = 0
    /// 0 where the opcode has none.
    public internal(set) var modRM: UInt8 = 0
    /// The register of VEX.vvvv, not inverted.
    public internal(set) var vvvv: UInt8 = 0
    /// The base register of the memory operand, `instructionPointer` or `noRegister`.
    public internal(set) var base = DecodedInstruction.noRegister
    /// The index register of the memory operand, or `noRegister`.
    public internal(set) var index = DecodedInstruction.noRegister
    /// The index is shifted left by so much: 0 to 3.
    public internal(set) var scale: UInt8 = 0
    public internal(set) var displacement: Int32 = 0
    /// The number behind the instruction, extended as the operand's type says; of a far pointer and of memory at an offset it
    /// is the offset.
    public internal(set) var immediate: Int64 = 0
    /// The second one: ENTER's nesting level, a far pointer's selector.
    public internal(set) var secondImmediate: UInt16 = 0

    public static let instructionPointer: UInt8 = 16
    public static let noRegister: UInt8 = 0xFF

    @inline(__always)
    init() {}

    @inline(__always)
    public var mnemonic: Mnemonic { row.mnemonic }
    /// The condition of Jcc, SETcc and CMOVcc, in the encoding that the IR shares.
    @inline(__always)
    public var condition: UInt8 { opcodeByte & 15 }
    /// The register of ModRM.reg.
    @inline(__always)
    public var reg: UInt8 { modRM &>> 3 & 7 | rex &<< 1 & 8 }
    /// The register of ModRM.rm.
    @inline(__always)
    public var rm: UInt8 { modRM & 7 | rex &<< 3 & 8 }
    /// Whether ModRM.rm is a register.
    @inline(__always)
    public var rmIsRegister: Bool { modRM >= 0xC0 || row.flags.contains(.ignoresMod) }

    /// The segment of the memory operand: DS, SS with a base of rSP or rBP (volume 1, 3.7.4), or what overrides it.
    public var segment: Segment {
        if let segmentOverride { return segmentOverride }
        return base == 4 || base == 5 ? .ss : .ds
    }
}
