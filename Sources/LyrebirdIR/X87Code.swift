// Instructions of the x87 and MMX unit, as its operations name them: by their encoding, but for the address of a memory operand.

/// An instruction of the x87 and MMX unit.
///
/// | Bits  | Meaning |
/// |-------|---------|
/// | 0–7   | the last byte of the opcode |
/// | 8–9   | its map: 0 one byte, 1 0F, 2 0F 38, 3 0F 3A |
/// | 10–12 | ModRM.reg: a register, or more of the opcode |
/// | 13–15 | ModRM.rm, if it is a register |
/// | 16–23 | the byte behind it |
/// | 24    | whether there is one |
/// | 25–28 | the memory operand's size by its number, 0 if there is none |
/// | 29    | there is no ModRM (EMMS) |
/// | 30    | with the prefix of the operand size |
public struct X87Code: Sendable, Equatable {
    public let bits: UInt32

    @inline(__always) public init(bits: UInt32) { self.bits = bits }

    /// - Parameter memory: bytes of the memory operand.
    public init(_ opcode: UInt8, map: UInt8 = 0, reg: UInt8, rm: UInt8 = 0, immediate: UInt8? = nil, memory: Int = 0) {
        var bits = UInt32(opcode) | UInt32(map & 3) << 8 | UInt32(reg & 7) << 10 | UInt32(rm & 7) << 13
        if let immediate { bits |= UInt32(immediate) << 16 | 1 << 24 }
        if memory > 0 { bits |= Self.number(of: memory) << 25 }
        // The shorter forms of FNSTENV, FNSAVE and their kin.
        if memory == 14 || memory == 94 { bits |= 1 << 30 }
        self.bits = bits
    }

    private static func number(of bytes: Int) -> UInt32 {
        switch bytes {
        case 2: 1
        case 4: 2
        case 8: 3
        case 10: 4
        case 14: 5
        case 28: 6
        case 94: 7
        case 108: 8
        default: preconditionFailure("no operand of the unit has \(bytes) bytes")
        }
    }

    /// An instruction that two bytes name.
    public init(_ opcode: UInt8, _ modRM: UInt8) { self.init(opcode, reg: modRM >> 3, rm: modRM) }

    @inline(__always) public var opcode: UInt8 { UInt8(truncatingIfNeeded: bits) }
    @inline(__always) public var map: UInt8 { UInt8(truncatingIfNeeded: bits &>> 8) & 3 }
    @inline(__always) public var reg: UInt8 { UInt8(truncatingIfNeeded: bits &>> 10) & 7 }
    @inline(__always) public var rm: UInt8 { UInt8(truncatingIfNeeded: bits &>> 13) & 7 }
    @inline(__always) public var immediate: UInt8? {
        bits &>> 24 & 1 == 0 ? nil : UInt8(truncatingIfNeeded: bits &>> 16)
    }
    /// Bytes of the memory operand.
    public var memory: Int {
        switch bits &>> 25 & 15 {
        case 1: 2
        case 2: 4
        case 3: 8
        case 4: 10
        case 5: 14
        case 6: 28
        case 7: 94
        case 8: 108
        default: 0
        }
    }
    @inline(__always) public var hasPrefix: Bool { bits &>> 30 & 1 != 0 }

    public static let emms = X87Code(bits: 0x77 | 1 << 8 | 1 << 29)
    @inline(__always) public var hasModRM: Bool { bits &>> 29 & 1 == 0 }

    /// As an operand `code`.
    @inline(__always) public var operand: Int32 { Int32(bitPattern: bits) }
}

/// Where FNSAVE stores what (SDM volume 1, figure 8-9), in bytes. Behind it come the registers from the stack's top on, 10 bytes each.
public enum X87Image {
    public static let control = 0
    public static let status = 4
    /// Two bits for each physical register: 3 where it is empty.
    public static let tags = 8
    public static let stack = 28
    public static let size = 108
}
