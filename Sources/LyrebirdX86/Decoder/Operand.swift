// The operands of a decoded instruction: what the methods and types of its row mean for these prefixes and this ModRM.

/// An operand: where it is and how wide. Addresses and immediates themselves are in the instruction.
public struct Operand: Sendable, Equatable {
    public enum Kind: UInt8, Sendable {
        case none
        /// A general register by its number. Of 8 bits without REX, numbers 4 to 7 are `highByte` instead.
        case general
        /// Bits 8 to 15 of rAX, rCX, rDX or rBX (0 to 3).
        case highByte
        case segment, control, debug, mmx
        /// XMM or YMM by the size.
        case vector
        /// ST(number).
        case x87
        /// ModRM's memory operand.
        case memory
        /// Memory at DS:rSI, where the segment may be overridden.
        case source
        /// Memory at ES:rDI.
        case destination
        /// Memory at `immediate`.
        case offset
        /// `immediate`, or the implied number if there is one in `number`.
        case immediate, secondImmediate, implied
        /// `immediate` behind the end of the instruction.
        case relative
        /// `secondImmediate`:`immediate`.
        case farPointer
    }

    public var kind: Kind
    public var number: UInt8 = 0
    /// In bytes; 0 where nobody asks (LEA, FXSAVE).
    public var size: UInt8 = 0

    @inline(__always)
    public init(_ kind: Kind, _ number: UInt8 = 0, size: UInt8 = 0) {
        self.kind = kind
        self.number = number
        self.size = size
    }
}

extension DecodedInstruction {
    /// How many operands there are, at most 4.
    public var operandCount: Int { (79 &- row.operands.leadingZeroBitCount) / 16 }

    @inline(__always)
    func method(_ number: Int) -> AddressingMethod {
        unsafeBitCast(UInt8(truncatingIfNeeded: row.operands &>> UInt64(16 &* number &+ 8)), to: AddressingMethod.self)
    }

    @inline(__always)
    func type(_ number: Int) -> OperandType {
        unsafeBitCast(UInt8(truncatingIfNeeded: row.operands &>> UInt64(16 &* number)), to: OperandType.self)
    }

    /// An operand by its place, 0 to 3; the destination comes first. Behind the last one they are `none`.
    public func operand(_ place: Int) -> Operand {
        let type = type(place)
        switch method(place) {
        case .none: return Operand(.none)
        case .fixed: return implied(type)
        case .farPointer: return Operand(.farPointer, size: operandSize == 2 ? 4 : 6)
        case .vexGeneral: return general(vvvv, type)
        case .control: return Operand(.control, reg, size: registerSize(type))
        case .debug: return Operand(.debug, reg, size: registerSize(type))
        case .rmGeneral: return rmIsRegister ? general(rm, type) : Operand(.memory, size: memorySize(type))
        case .regGeneral: return general(reg, type)
        case .vexVector: return Operand(.vector, vvvv, size: vectorSize(type))
        case .immediate:
            let isSecond = place != 0 && method(place &- 1) == .immediate
            return Operand(isSecond ? .secondImmediate : .immediate, size: immediateSize(type))
        case .relative: return Operand(.relative, size: operandSize)
        case .immediateVector:
            return Operand(.vector, UInt8(truncatingIfNeeded: immediate &>> 4), size: vectorSize(type))
        case .rmMMX: return rmIsRegister ? Operand(.mmx, modRM & 7, size: 8) : Operand(.memory, size: memorySize(type))
        case .offset: return Operand(.offset, size: memorySize(type))
        case .regMMX: return Operand(.mmx, modRM &>> 3 & 7, size: 8)
        case .segment: return Operand(.segment, modRM &>> 3 & 7, size: 2)
        case .rmVector:
            return rmIsRegister
                ? Operand(.vector, rm, size: vectorSize(type)) : Operand(.memory, size: memorySize(type))
        case .regVector: return Operand(.vector, reg, size: vectorSize(type))
        case .source: return Operand(.source, size: memorySize(type))
        case .destination: return Operand(.destination, size: memorySize(type))
        case .opcodeGeneral: return general(opcodeByte & 7 | rex &<< 3 & 8, type)
        case .stack: return Operand(.x87, modRM & 7, size: 10)
        }
    }

    private func implied(_ type: OperandType) -> Operand {
        switch unsafeBitCast(type.rawValue, to: ImpliedOperand.self) {
        case .al: return Operand(.general, 0, size: 1)
        case .cl: return Operand(.general, 1, size: 1)
        case .ax: return Operand(.general, 0, size: 2)
        case .dx: return Operand(.general, 2, size: 2)
        case .rAX: return Operand(.general, 0, size: operandSize)
        case .eAX: return Operand(.general, 0, size: min(operandSize, 4))
        case .one: return Operand(.implied, 1, size: 1)
        case .st: return Operand(.x87, 0, size: 10)
        case .xmm0: return Operand(.vector, 0, size: 16)
        case .es: return Operand(.segment, Segment.es.rawValue, size: 2)
        case .cs: return Operand(.segment, Segment.cs.rawValue, size: 2)
        case .ss: return Operand(.segment, Segment.ss.rawValue, size: 2)
        case .ds: return Operand(.segment, Segment.ds.rawValue, size: 2)
        case .fs: return Operand(.segment, Segment.fs.rawValue, size: 2)
        case .gs: return Operand(.segment, Segment.gs.rawValue, size: 2)
        }
    }

    /// Without REX, the numbers 4 to 7 of byte registers are AH, CH, DH and BH (volume 1, table 3-2).
    @inline(__always)
    private func general(_ number: UInt8, _ type: OperandType) -> Operand {
        if type == .b && number >= 4 && prefixes.isDisjoint(with: [.rex, .vex]) {
            return Operand(.highByte, number &- 4, size: 1)
        }
        return Operand(.general, number, size: registerSize(type))
    }

    /// The bytes of a general register.
    @inline(__always)
    private func registerSize(_ type: OperandType) -> UInt8 {
        switch type {
        case .b: return 1
        case .w: return 2
        case .d, .dw, .db: return 4
        case .q: return 8
        case .z: return min(operandSize, 4)
        case .y: return operandSize == 8 ? 8 : 4
        default: return operandSize
        }
    }

    /// Scalars and parts are in XMM registers.
    @inline(__always)
    private func vectorSize(_ type: OperandType) -> UInt8 {
        type == .qq || type == .x && prefixes.contains(.wide) ? 32 : 16
    }

    @inline(__always)
    private func immediateSize(_ type: OperandType) -> UInt8 {
        switch type {
        case .b: return 1
        case .w: return 2
        default: return operandSize
        }
    }

    private func memorySize(_ type: OperandType) -> UInt8 {
        let vector: UInt8 = prefixes.contains(.wide) ? 32 : 16
        switch type {
        case .none: return 0
        case .b, .sb, .db: return 1
        case .w, .vw, .dw: return 2
        case .d, .ss: return 4
        case .q, .sd: return 8
        case .dq: return 16
        case .qq: return 32
        case .t: return 10
        case .v: return operandSize
        case .z: return min(operandSize, 4)
        case .y: return operandSize == 8 ? 8 : 4
        case .yy: return operandSize == 8 ? 16 : 8
        case .x: return vector
        case .hx: return vector / 2
        case .qx: return vector / 4
        case .ex: return vector / 8
        case .p: return operandSize &+ 2
        case .a: return operandSize &* 2
        }
    }
}
