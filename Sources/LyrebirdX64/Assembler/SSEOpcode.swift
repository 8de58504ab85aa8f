// What an assembler must know of a vector instruction, in one integer: its opcode is the same in the legacy, VEX and EVEX
// encodings, and the rest of what they differ in fits beside it. The instructions are in the files beside this one.

/// A vector instruction.
///
/// | Bits  | Meaning |
/// |-------|---------|
/// | 0–7   | opcode byte |
/// | 8–9   | map: 1 0F, 2 0F 38, 3 0F 3A |
/// | 10–11 | mandatory prefix: 0 none, 1 66, 2 F3, 3 F2 |
/// | 12    | REX.W and VEX.W |
/// | 13    | EVEX.W |
/// | 14–16 | it has a legacy, a VEX, an EVEX encoding |
/// | 17–20 | by what EVEX scales an 8-bit displacement: `Tuple` |
/// | 21–23 | opcode extension, if the destination is in VEX.vvvv |
/// | 24–26 | shape of the operands: `Shape` |
/// | 27    | an immediate byte follows |
public struct SSEOpcode: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt32

    @inline(__always) public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Where the operands go.
    enum Shape: UInt32 {
        /// Destination and source, or destination, source and immediate.
        case two
        /// Destination and two sources, the first of which is the destination in the legacy encoding.
        case three
        /// `three` between registers, `two` from memory.
        case merging
        /// The destination is the r/m operand, the source the register.
        case store
        /// Shifts by an immediate: the destination is VEX.vvvv.
        case group
    }

    /// The memory that an instruction touches, in which EVEX counts a short displacement (SDM 2.7.5): bytes as a
    /// logarithm, or from 8 a logarithm of the part of a vector.
    enum Tuple: UInt32 {
        case bytes1, bytes2, bytes4, bytes8, bytes16
        case vector = 8
        case half, quarter, eighth
        /// MOVDDUP: 8 bytes for XMM, all 32 for YMM.
        case duplicate
    }

    /// Sets of encodings, in place.
    enum Forms: UInt32 {
        case legacyOnly = 0x4000
        case vexOnly = 0x8000
        case noEVEX = 0xC000
        case evexOnly = 0x10000
        case noLegacy = 0x18000
        case all = 0x1C000
    }

    /// `code` is what the manual writes: prefix, 0F or 0F38 or 0F3A, opcode.
    @inline(__always)
    private init(_ code: UInt32, _ shape: Shape, _ tuple: Tuple, _ w: UInt32, _ evexW: UInt32, _ forms: Forms) {
        let isLongMap = code &>> 8 & 0xFF != 0x0F
        let map: UInt32 = isLongMap ? (code &>> 8 & 0xFF == 0x38 ? 2 : 3) : 1
        let prefix: UInt32 =
            switch code &>> (isLongMap ? 24 : 16) {
            case 0x66: 1
            case 0xF3: 2
            case 0xF2: 3
            default: 0
            }
        let encoding = code & 0xFF | map &<< 8 | prefix &<< 10 | w &<< 12 | evexW &<< 13
        rawValue = encoding | forms.rawValue | tuple.rawValue &<< 17 | shape.rawValue &<< 24
    }

    @inline(__always) private func with(imm: Bool) -> SSEOpcode {
        SSEOpcode(rawValue: rawValue | (imm ? 1 &<< 27 : 0))
    }

    @inline(__always)
    static func two(
        _ code: UInt32, _ tuple: Tuple = .vector, w: UInt32 = 0, evexW: UInt32 = 0, forms: Forms = .all,
        imm: Bool = false
    ) -> SSEOpcode {
        SSEOpcode(code, .two, tuple, w, evexW, forms).with(imm: imm)
    }

    @inline(__always)
    static func three(
        _ code: UInt32, _ tuple: Tuple = .vector, w: UInt32 = 0, evexW: UInt32 = 0, forms: Forms = .all,
        imm: Bool = false
    ) -> SSEOpcode {
        SSEOpcode(code, .three, tuple, w, evexW, forms).with(imm: imm)
    }

    @inline(__always)
    static func store(
        _ code: UInt32, _ tuple: Tuple = .vector, w: UInt32 = 0, evexW: UInt32 = 0, forms: Forms = .all,
        imm: Bool = false
    ) -> SSEOpcode {
        SSEOpcode(code, .store, tuple, w, evexW, forms).with(imm: imm)
    }

    @inline(__always) static func merging(_ code: UInt32, _ tuple: Tuple, evexW: UInt32 = 0) -> SSEOpcode {
        SSEOpcode(code, .merging, tuple, 0, evexW, .all)
    }

    @inline(__always)
    static func group(_ code: UInt32, digit: UInt32, evexW: UInt32 = 0, forms: Forms = .all) -> SSEOpcode {
        let opcode = SSEOpcode(code, .group, .vector, 0, evexW, forms)
        return SSEOpcode(rawValue: opcode.rawValue | digit &<< 21).with(imm: true)
    }

    // MARK: What it says

    /// It can be emitted with `Assembler.sse`.
    @inline(__always) public var hasLegacy: Bool { rawValue & 1 &<< 14 != 0 }
    /// It can be emitted with `Assembler.avx` and XMM0–15, without AVX-512.
    @inline(__always) public var hasVEX: Bool { rawValue & 1 &<< 15 != 0 }
    /// It can be emitted with `Assembler.avx` and any register, with AVX-512.
    @inline(__always) public var hasEVEX: Bool { rawValue & 1 &<< 16 != 0 }
    /// It takes an immediate byte.
    @inline(__always) public var takesImmediate: Bool { rawValue & 1 &<< 27 != 0 }

    @inline(__always) var shape: UInt32 { rawValue &>> 24 & 7 }
    @inline(__always) func isShape(_ shape: Shape) -> Bool { self.shape == shape.rawValue }
    @inline(__always) var digit: UInt8 { UInt8(truncatingIfNeeded: rawValue &>> 21 & 7) }
    @inline(__always) var map: UInt8 { UInt8(truncatingIfNeeded: rawValue &>> 8 & 3) }
    @inline(__always) var prefix: UInt8 { UInt8(truncatingIfNeeded: rawValue &>> 10 & 3) }
    @inline(__always) var evexW: UInt8 { UInt8(truncatingIfNeeded: rawValue &>> 13 & 1) }
    /// The parts that the legacy and VEX encoders know.
    @inline(__always) var opcode: Opcode { Opcode(bits: rawValue & 0x1FFF) }

    /// The logarithm of what EVEX counts a short displacement in.
    @inline(__always) func displacementShift(_ l: UInt8) -> UInt8 {
        let tuple = UInt8(truncatingIfNeeded: rawValue &>> 17 & 0xF)
        if tuple < 8 { return tuple }
        if tuple == 12 { return 3 &+ (l &<< 1) }
        return 4 &+ l &- (tuple &- 8)
    }
}
