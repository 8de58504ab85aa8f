// The operands of x86-64 instructions: registers, widths, memory operands and conditions. All are trivial and fit in a
// register, so that passing them to the assembler costs nothing.

/// A general-purpose register, by its number in the encoding.
public struct GPR: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt8

    @inline(__always) public init(rawValue: UInt8) { self.rawValue = rawValue }
    @inline(__always) public init(_ number: UInt8) { rawValue = number }

    public static var rax: GPR { GPR(0) }
    public static var rcx: GPR { GPR(1) }
    public static var rdx: GPR { GPR(2) }
    public static var rbx: GPR { GPR(3) }
    public static var rsp: GPR { GPR(4) }
    public static var rbp: GPR { GPR(5) }
    public static var rsi: GPR { GPR(6) }
    public static var rdi: GPR { GPR(7) }
    public static var r8: GPR { GPR(8) }
    public static var r9: GPR { GPR(9) }
    public static var r10: GPR { GPR(10) }
    public static var r11: GPR { GPR(11) }
    public static var r12: GPR { GPR(12) }
    public static var r13: GPR { GPR(13) }
    public static var r14: GPR { GPR(14) }
    public static var r15: GPR { GPR(15) }
}

/// A vector register: XMM, or YMM where the instruction is told that it is 256 bits wide. 16 to 31 need EVEX encodings.
public struct XMM: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt8

    @inline(__always) public init(rawValue: UInt8) { self.rawValue = rawValue }
    @inline(__always) public init(_ number: UInt8) { rawValue = number }

    public static var xmm0: XMM { XMM(0) }
    public static var xmm1: XMM { XMM(1) }
    public static var xmm2: XMM { XMM(2) }
    public static var xmm3: XMM { XMM(3) }
    public static var xmm4: XMM { XMM(4) }
    public static var xmm5: XMM { XMM(5) }
    public static var xmm6: XMM { XMM(6) }
    public static var xmm7: XMM { XMM(7) }
    public static var xmm8: XMM { XMM(8) }
    public static var xmm9: XMM { XMM(9) }
    public static var xmm10: XMM { XMM(10) }
    public static var xmm11: XMM { XMM(11) }
    public static var xmm12: XMM { XMM(12) }
    public static var xmm13: XMM { XMM(13) }
    public static var xmm14: XMM { XMM(14) }
    public static var xmm15: XMM { XMM(15) }
    public static var xmm16: XMM { XMM(16) }
    public static var xmm17: XMM { XMM(17) }
    public static var xmm18: XMM { XMM(18) }
    public static var xmm19: XMM { XMM(19) }
    public static var xmm20: XMM { XMM(20) }
    public static var xmm21: XMM { XMM(21) }
    public static var xmm22: XMM { XMM(22) }
    public static var xmm23: XMM { XMM(23) }
    public static var xmm24: XMM { XMM(24) }
    public static var xmm25: XMM { XMM(25) }
    public static var xmm26: XMM { XMM(26) }
    public static var xmm27: XMM { XMM(27) }
    public static var xmm28: XMM { XMM(28) }
    public static var xmm29: XMM { XMM(29) }
    public static var xmm30: XMM { XMM(30) }
    public static var xmm31: XMM { XMM(31) }
}

/// An opmask register of AVX-512. k0 cannot be a predicate, because its number there means that there is none.
public struct KMask: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt8

    @inline(__always) public init(rawValue: UInt8) { self.rawValue = rawValue }
    @inline(__always) public init(_ number: UInt8) { rawValue = number }

    public static var k0: KMask { KMask(0) }
    public static var k1: KMask { KMask(1) }
    public static var k2: KMask { KMask(2) }
    public static var k3: KMask { KMask(3) }
    public static var k4: KMask { KMask(4) }
    public static var k5: KMask { KMask(5) }
    public static var k6: KMask { KMask(6) }
    public static var k7: KMask { KMask(7) }
}

/// The width of an integer operand. The raw value is the logarithm of its bytes.
public enum Width: UInt8, Hashable, Sendable, CaseIterable {
    case b8, b16, b32, b64

    @inline(__always) public var bytes: Int { 1 &<< Int(rawValue) }
    @inline(__always) public var bits: Int { 8 &<< Int(rawValue) }
}

/// The count register of shifts and rotates, spelt as the manual spells it: `shl(.b64, .rax, .cl)`.
public enum ShiftCount: Sendable {
    case cl
}

/// What Jcc, SETcc and CMOVcc test, by its number in the encoding.
public enum Condition: UInt8, Hashable, Sendable, CaseIterable {
    case o, no, b, ae, e, ne, be, a, s, ns, p, np, l, ge, le, g

    /// The condition that holds exactly where this one does not.
    @inline(__always) public var inverted: Condition { unsafeBitCast(rawValue ^ 1, to: Condition.self) }
}

/// A memory operand: `segment:[base + index << scale + displacement]`.
public struct Memory: Hashable, Sendable {
    /// A segment override, by its prefix byte.
    public enum Segment: UInt8, Sendable {
        case none = 0
        case fs = 0x64
        case gs = 0x65
    }

    /// The value of `base` or `index` that means that there is none. Its bits 0 to 3 are clear, as those of `ripBase`
    /// are, so that it contributes nothing to a REX prefix.
    public static var none: UInt8 { 0x80 }
    /// The value of `base` that means the address of the next instruction.
    public static var ripBase: UInt8 { 0x40 }

    public let base: UInt8
    public let index: UInt8
    public let scale: UInt8
    public let segment: Segment
    public let displacement: Int32

    @inline(__always)
    private init(base: UInt8, index: UInt8, scale: UInt8, displacement: Int32, segment: Segment) {
        self.base = base
        self.index = index
        self.scale = scale
        self.segment = segment
        self.displacement = displacement
    }

    /// `[base + displacement]`
    @inline(__always) public init(base: GPR, displacement: Int32 = 0) {
        self.init(
            base: base.rawValue, index: Memory.none, scale: 0, displacement: displacement, segment: .none)
    }

    /// `[base + index << scale + displacement]`. RSP cannot be an index.
    @inline(__always) public init(base: GPR, index: GPR, scale: UInt8 = 0, displacement: Int32 = 0) {
        precondition(index != .rsp && scale <= 3)
        self.init(
            base: base.rawValue, index: index.rawValue, scale: scale, displacement: displacement, segment: .none)
    }

    /// `[index << scale + displacement]`. RSP cannot be an index.
    @inline(__always) public init(index: GPR, scale: UInt8, displacement: Int32 = 0) {
        precondition(index != .rsp && scale <= 3)
        self.init(
            base: Memory.none, index: index.rawValue, scale: scale, displacement: displacement, segment: .none)
    }

    /// `[address]`, sign-extended to 64 bits.
    @inline(__always) public init(absolute address: Int32) {
        self.init(base: Memory.none, index: Memory.none, scale: 0, displacement: address, segment: .none)
    }

    /// `[rip + displacement]`, which counts from the end of the whole instruction, its immediate included.
    @inline(__always) public init(ripRelative displacement: Int32) {
        self.init(
            base: Memory.ripBase, index: Memory.none, scale: 0, displacement: displacement, segment: .none)
    }

    /// The same operand in the segment FS.
    @inline(__always) public var fs: Memory { with(.fs) }
    /// The same operand in the segment GS.
    @inline(__always) public var gs: Memory { with(.gs) }

    @inline(__always) public func with(_ segment: Segment) -> Memory {
        Memory(base: base, index: index, scale: scale, displacement: displacement, segment: segment)
    }

    /// The same operand, `offset` bytes further.
    @inline(__always) public func advanced(by offset: Int32) -> Memory {
        Memory(
            base: base, index: index, scale: scale, displacement: displacement &+ offset, segment: segment)
    }
}
