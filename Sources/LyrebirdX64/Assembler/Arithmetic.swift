// Integer arithmetic and logic: the eight two-operand operations, TEST, NOT, NEG, INC, DEC, multiplication, division and
// the flags' own instructions.

/// The eight operations that share one encoding, by their number in it.
public enum ArithmeticOperation: UInt8, Hashable, Sendable, CaseIterable {
    case add, or, adc, sbb, and, sub, xor, cmp
}

extension Assembler {
    // MARK: The eight

    @inline(__always)
    public mutating func arithmetic(_ operation: ArithmeticOperation, _ width: Width, _ destination: GPR, _ source: GPR)
    {
        let opcode = Opcode.one(operation.rawValue &<< 3).byteOrSized(width)
        encode(opcode.naming(width, destination).naming(width, source), source.rawValue, destination.rawValue)
    }

    @inline(__always)
    public mutating func arithmetic(
        _ operation: ArithmeticOperation, _ width: Width, _ destination: GPR, _ source: Memory
    ) {
        let opcode = Opcode.one(operation.rawValue &<< 3 | 2).byteOrSized(width)
        encode(opcode.naming(width, destination), destination.rawValue, source)
    }

    @inline(__always)
    public mutating func arithmetic(
        _ operation: ArithmeticOperation, _ width: Width, _ destination: Memory, _ source: GPR
    ) {
        let opcode = Opcode.one(operation.rawValue &<< 3).byteOrSized(width)
        encode(opcode.naming(width, source), source.rawValue, destination)
    }

    /// An immediate of 8 or 16 bits may be given signed or unsigned; 64 bits sign-extend it.
    public mutating func arithmetic(
        _ operation: ArithmeticOperation, _ width: Width, _ destination: GPR, imm: Int32
    ) {
        let value = width.truncate(imm)
        let isByte = Int32(Int8(truncatingIfNeeded: value)) == value
        if width != .b8 && isByte {
            encode(.one(0x83).sized(width), operation.rawValue, destination.rawValue)
            byte(UInt8(truncatingIfNeeded: value))
        } else if destination == .rax {
            encode(.one(operation.rawValue &<< 3 | 4).byteOrSized(width), adding: 0)
            immediate(width, value)
        } else {
            encode(.one(0x80).byteOrSized(width).naming(width, destination), operation.rawValue, destination.rawValue)
            immediate(width, value)
        }
    }

    public mutating func arithmetic(
        _ operation: ArithmeticOperation, _ width: Width, _ destination: Memory, imm: Int32
    ) {
        let value = width.truncate(imm)
        if width != .b8 && Int32(Int8(truncatingIfNeeded: value)) == value {
            encode(.one(0x83).sized(width), operation.rawValue, destination)
            byte(UInt8(truncatingIfNeeded: value))
        } else {
            encode(.one(0x80).byteOrSized(width), operation.rawValue, destination)
            immediate(width, value)
        }
    }

    public mutating func add(_ width: Width, _ destination: GPR, _ source: GPR) {
        arithmetic(.add, width, destination, source)
    }

    @inline(__always)
    public mutating func add(_ width: Width, _ destination: GPR, _ source: Memory) {
        arithmetic(.add, width, destination, source)
    }

    @inline(__always)
    public mutating func add(_ width: Width, _ destination: Memory, _ source: GPR) {
        arithmetic(.add, width, destination, source)
    }

    public mutating func add(_ width: Width, _ destination: GPR, imm: Int32) {
        arithmetic(.add, width, destination, imm: imm)
    }

    public mutating func add(_ width: Width, _ destination: Memory, imm: Int32) {
        arithmetic(.add, width, destination, imm: imm)
    }

    public mutating func or(_ width: Width, _ destination: GPR, _ source: GPR) {
        arithmetic(.or, width, destination, source)
    }

    @inline(__always)
    public mutating func or(_ width: Width, _ destination: GPR, _ source: Memory) {
        arithmetic(.or, width, destination, source)
    }

    @inline(__always)
    public mutating func or(_ width: Width, _ destination: Memory, _ source: GPR) {
        arithmetic(.or, width, destination, source)
    }

    public mutating func or(_ width: Width, _ destination: GPR, imm: Int32) {
        arithmetic(.or, width, destination, imm: imm)
    }

    public mutating func or(_ width: Width, _ destination: Memory, imm: Int32) {
        arithmetic(.or, width, destination, imm: imm)
    }

    public mutating func adc(_ width: Width, _ destination: GPR, _ source: GPR) {
        arithmetic(.adc, width, destination, source)
    }

    @inline(__always)
    public mutating func adc(_ width: Width, _ destination: GPR, _ source: Memory) {
        arithmetic(.adc, width, destination, source)
    }

    @inline(__always)
    public mutating func adc(_ width: Width, _ destination: Memory, _ source: GPR) {
        arithmetic(.adc, width, destination, source)
    }

    public mutating func adc(_ width: Width, _ destination: GPR, imm: Int32) {
        arithmetic(.adc, width, destination, imm: imm)
    }

    public mutating func adc(_ width: Width, _ destination: Memory, imm: Int32) {
        arithmetic(.adc, width, destination, imm: imm)
    }

    public mutating func sbb(_ width: Width, _ destination: GPR, _ source: GPR) {
        arithmetic(.sbb, width, destination, source)
    }

    @inline(__always)
    public mutating func sbb(_ width: Width, _ destination: GPR, _ source: Memory) {
        arithmetic(.sbb, width, destination, source)
    }

    @inline(__always)
    public mutating func sbb(_ width: Width, _ destination: Memory, _ source: GPR) {
        arithmetic(.sbb, width, destination, source)
    }

    public mutating func sbb(_ width: Width, _ destination: GPR, imm: Int32) {
        arithmetic(.sbb, width, destination, imm: imm)
    }

    public mutating func sbb(_ width: Width, _ destination: Memory, imm: Int32) {
        arithmetic(.sbb, width, destination, imm: imm)
    }

    public mutating func and(_ width: Width, _ destination: GPR, _ source: GPR) {
        arithmetic(.and, width, destination, source)
    }

    @inline(__always)
    public mutating func and(_ width: Width, _ destination: GPR, _ source: Memory) {
        arithmetic(.and, width, destination, source)
    }

    @inline(__always)
    public mutating func and(_ width: Width, _ destination: Memory, _ source: GPR) {
        arithmetic(.and, width, destination, source)
    }

    public mutating func and(_ width: Width, _ destination: GPR, imm: Int32) {
        arithmetic(.and, width, destination, imm: imm)
    }

    public mutating func and(_ width: Width, _ destination: Memory, imm: Int32) {
        arithmetic(.and, width, destination, imm: imm)
    }

    public mutating func sub(_ width: Width, _ destination: GPR, _ source: GPR) {
        arithmetic(.sub, width, destination, source)
    }

    @inline(__always)
    public mutating func sub(_ width: Width, _ destination: GPR, _ source: Memory) {
        arithmetic(.sub, width, destination, source)
    }

    @inline(__always)
    public mutating func sub(_ width: Width, _ destination: Memory, _ source: GPR) {
        arithmetic(.sub, width, destination, source)
    }

    public mutating func sub(_ width: Width, _ destination: GPR, imm: Int32) {
        arithmetic(.sub, width, destination, imm: imm)
    }

    public mutating func sub(_ width: Width, _ destination: Memory, imm: Int32) {
        arithmetic(.sub, width, destination, imm: imm)
    }

    public mutating func xor(_ width: Width, _ destination: GPR, _ source: GPR) {
        arithmetic(.xor, width, destination, source)
    }

    @inline(__always)
    public mutating func xor(_ width: Width, _ destination: GPR, _ source: Memory) {
        arithmetic(.xor, width, destination, source)
    }

    @inline(__always)
    public mutating func xor(_ width: Width, _ destination: Memory, _ source: GPR) {
        arithmetic(.xor, width, destination, source)
    }

    public mutating func xor(_ width: Width, _ destination: GPR, imm: Int32) {
        arithmetic(.xor, width, destination, imm: imm)
    }

    public mutating func xor(_ width: Width, _ destination: Memory, imm: Int32) {
        arithmetic(.xor, width, destination, imm: imm)
    }

    public mutating func cmp(_ width: Width, _ destination: GPR, _ source: GPR) {
        arithmetic(.cmp, width, destination, source)
    }

    @inline(__always)
    public mutating func cmp(_ width: Width, _ destination: GPR, _ source: Memory) {
        arithmetic(.cmp, width, destination, source)
    }

    @inline(__always)
    public mutating func cmp(_ width: Width, _ destination: Memory, _ source: GPR) {
        arithmetic(.cmp, width, destination, source)
    }

    public mutating func cmp(_ width: Width, _ destination: GPR, imm: Int32) {
        arithmetic(.cmp, width, destination, imm: imm)
    }

    public mutating func cmp(_ width: Width, _ destination: Memory, imm: Int32) {
        arithmetic(.cmp, width, destination, imm: imm)
    }

    // MARK: TEST

    public mutating func test(_ width: Width, _ first: GPR, _ second: GPR) {
        let opcode = Opcode.one(0x84).byteOrSized(width).naming(width, first).naming(width, second)
        encode(opcode, second.rawValue, first.rawValue)
    }

    @inline(__always)
    public mutating func test(_ width: Width, _ first: Memory, _ second: GPR) {
        encode(.one(0x84).byteOrSized(width).naming(width, second), second.rawValue, first)
    }

    public mutating func test(_ width: Width, _ first: GPR, imm: Int32) {
        if first == .rax {
            encode(.one(0xA8).byteOrSized(width), adding: 0)
        } else {
            encode(.one(0xF6).byteOrSized(width).naming(width, first), 0, first.rawValue)
        }
        immediate(width, imm)
    }

    public mutating func test(_ width: Width, _ first: Memory, imm: Int32) {
        encode(.one(0xF6).byteOrSized(width), 0, first)
        immediate(width, imm)
    }

    // MARK: One operand

    @inline(__always) private mutating func unary(_ opcode: UInt8, _ digit: UInt8, _ width: Width, _ operand: GPR) {
        encode(.one(opcode).byteOrSized(width).naming(width, operand), digit, operand.rawValue)
    }

    @inline(__always) private mutating func unary(_ opcode: UInt8, _ digit: UInt8, _ width: Width, _ operand: Memory) {
        encode(.one(opcode).byteOrSized(width), digit, operand)
    }

    /// Leaves CF alone.
    public mutating func inc(_ width: Width, _ operand: GPR) { unary(0xFE, 0, width, operand) }
    @inline(__always)
    public mutating func inc(_ width: Width, _ operand: Memory) { unary(0xFE, 0, width, operand) }

    /// Leaves CF alone.
    public mutating func dec(_ width: Width, _ operand: GPR) { unary(0xFE, 1, width, operand) }
    @inline(__always)
    public mutating func dec(_ width: Width, _ operand: Memory) { unary(0xFE, 1, width, operand) }

    /// Leaves the flags alone.
    public mutating func not(_ width: Width, _ operand: GPR) { unary(0xF6, 2, width, operand) }
    @inline(__always)
    public mutating func not(_ width: Width, _ operand: Memory) { unary(0xF6, 2, width, operand) }

    public mutating func neg(_ width: Width, _ operand: GPR) { unary(0xF6, 3, width, operand) }
    @inline(__always)
    public mutating func neg(_ width: Width, _ operand: Memory) { unary(0xF6, 3, width, operand) }

    /// RDX:RAX = RAX × operand, unsigned; of bytes, AX = AL × operand.
    public mutating func mul(_ width: Width, _ operand: GPR) { unary(0xF6, 4, width, operand) }
    @inline(__always)
    public mutating func mul(_ width: Width, _ operand: Memory) { unary(0xF6, 4, width, operand) }

    /// RDX:RAX = RAX × operand, signed; of bytes, AX = AL × operand.
    public mutating func imul(_ width: Width, _ operand: GPR) { unary(0xF6, 5, width, operand) }
    @inline(__always)
    public mutating func imul(_ width: Width, _ operand: Memory) { unary(0xF6, 5, width, operand) }

    /// RAX, RDX = quotient and remainder of RDX:RAX, unsigned; of bytes, AL and AH of AX.
    public mutating func div(_ width: Width, _ operand: GPR) { unary(0xF6, 6, width, operand) }
    @inline(__always)
    public mutating func div(_ width: Width, _ operand: Memory) { unary(0xF6, 6, width, operand) }

    /// RAX, RDX = quotient and remainder of RDX:RAX, signed; of bytes, AL and AH of AX.
    public mutating func idiv(_ width: Width, _ operand: GPR) { unary(0xF6, 7, width, operand) }
    @inline(__always)
    public mutating func idiv(_ width: Width, _ operand: Memory) { unary(0xF6, 7, width, operand) }

    // MARK: IMUL of two and three operands

    public mutating func imul(_ width: Width, _ destination: GPR, _ source: GPR) {
        assert(width != .b8)
        encode(.two(0xAF).sized(width), destination.rawValue, source.rawValue)
    }

    @inline(__always)
    public mutating func imul(_ width: Width, _ destination: GPR, _ source: Memory) {
        assert(width != .b8)
        encode(.two(0xAF).sized(width), destination.rawValue, source)
    }

    public mutating func imul(_ width: Width, _ destination: GPR, _ source: GPR, imm: Int32) {
        assert(width != .b8)
        let value = width.truncate(imm)
        if Int32(Int8(truncatingIfNeeded: value)) == value {
            encode(.one(0x6B).sized(width), destination.rawValue, source.rawValue)
            byte(UInt8(truncatingIfNeeded: value))
        } else {
            encode(.one(0x69).sized(width), destination.rawValue, source.rawValue)
            immediate(width, value)
        }
    }

    public mutating func imul(_ width: Width, _ destination: GPR, _ source: Memory, imm: Int32) {
        assert(width != .b8)
        let value = width.truncate(imm)
        if Int32(Int8(truncatingIfNeeded: value)) == value {
            encode(.one(0x6B).sized(width), destination.rawValue, source)
            byte(UInt8(truncatingIfNeeded: value))
        } else {
            encode(.one(0x69).sized(width), destination.rawValue, source)
            immediate(width, value)
        }
    }

    // MARK: Carry chains of two (ADX)

    /// Adds with CF and changes no other flag.
    public mutating func adcx(_ width: Width, _ destination: GPR, _ source: GPR) {
        encode(Opcode(0xF6, map: 2, prefix: 1).wide(width), destination.rawValue, source.rawValue)
    }

    @inline(__always)
    public mutating func adcx(_ width: Width, _ destination: GPR, _ source: Memory) {
        encode(Opcode(0xF6, map: 2, prefix: 1).wide(width), destination.rawValue, source)
    }

    /// Adds with OF and changes no other flag.
    public mutating func adox(_ width: Width, _ destination: GPR, _ source: GPR) {
        encode(Opcode(0xF6, map: 2, prefix: 2).wide(width), destination.rawValue, source.rawValue)
    }

    @inline(__always)
    public mutating func adox(_ width: Width, _ destination: GPR, _ source: Memory) {
        encode(Opcode(0xF6, map: 2, prefix: 2).wide(width), destination.rawValue, source)
    }

    // MARK: Sign extension of the accumulator

    /// AX to DX:AX.
    public mutating func cwd() { word(0x9966) }
    /// EAX to EDX:EAX.
    public mutating func cdq() { byte(0x99) }
    /// RAX to RDX:RAX.
    public mutating func cqo() { word(0x9948) }
    /// AL to AX.
    public mutating func cbw() { word(0x9866) }
    /// AX to EAX.
    public mutating func cwde() { byte(0x98) }
    /// EAX to RAX.
    public mutating func cdqe() { word(0x9848) }

    // MARK: The carry flag

    public mutating func cmc() { byte(0xF5) }
    public mutating func clc() { byte(0xF8) }
    public mutating func stc() { byte(0xF9) }
}

extension Width {
    /// The low bits of `value` at this width, sign-extended, so that one value has one encoding.
    @inline(__always) func truncate(_ value: Int32) -> Int32 {
        switch self {
        case .b8: Int32(Int8(truncatingIfNeeded: value))
        case .b16: Int32(Int16(truncatingIfNeeded: value))
        case .b32, .b64: value
        }
    }
}
