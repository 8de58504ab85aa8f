// What the rows of Spec/ir.ops say of an opcode's operands and effects, unpacked from its descriptor.

extension Opcode {
    public enum OperandKind: UInt8, Sendable { case none, value, imm, imm64, slot, pool, edge }
    public enum TypeRule: UInt8, Sendable { case none, same, any, int, i8, i16, i32, i64, flags, v128 }
    public enum AuxKind: UInt8, Sendable {
        case none, lane, condition, memory, size, width, hint, reason, helper, format, fused
    }
    public enum Effect: UInt8, Sendable {
        case pure, stateRead, stateWrite, load, store, atomic, fence, control, mark, clock, float, floatFlags, x87
    }

    @inline(__always) var descriptor: UInt64 { Opcode.descriptors[Int(rawValue)] }

    /// Kind of the operand in field a (0), b (1) or c (2).
    @inline(__always) public func operandKind(_ field: Int) -> OperandKind {
        OperandKind(rawValue: UInt8(truncatingIfNeeded: descriptor &>> UInt64(8 &* field)) & 7)!
    }

    public func operandRule(_ field: Int) -> TypeRule {
        TypeRule(rawValue: UInt8(truncatingIfNeeded: descriptor &>> UInt64(8 &* field)) &>> 3)!
    }

    public var resultRule: TypeRule { TypeRule(rawValue: UInt8(truncatingIfNeeded: descriptor &>> 24))! }
    public var auxKind: AuxKind { AuxKind(rawValue: UInt8(truncatingIfNeeded: descriptor &>> 32))! }
    /// The table is generated from the same list: its bytes are cases. (`Effect(rawValue:)` would be a call.)
    @inline(__always) public var effect: Effect {
        unsafeBitCast(UInt8(truncatingIfNeeded: descriptor &>> 40), to: Effect.self)
    }

    /// A mask with bit n set where field n is a value.
    @inline(__always) public var valueFields: Int {
        let d = descriptor
        return (d & 7 == 1 ? 1 : 0) | (d &>> 8 & 7 == 1 ? 2 : 0) | (d &>> 16 & 7 == 1 ? 4 : 0)
    }

    /// Whether the instruction may end in a guest fault, so that exact state must be known there.
    @inline(__always) public var mayFault: Bool {
        let e = effect
        return e == .load || e == .store || e == .atomic
    }

    /// Whether this ends a block.
    @inline(__always) public var isTerminator: Bool { effect == .control }

    /// Whether this leaves the unit.
    @inline(__always) public var isExit: Bool { self == .exitJump || self == .exitIndirect || self == .exitTrap }

    public var name: String { Opcode.names[Int(rawValue)].description }
}
