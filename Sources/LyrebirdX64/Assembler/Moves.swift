// Data movement: MOV and its extending forms, LEA, CMOVcc, SETcc, XCHG, BSWAP, MOVBE and the stack.

extension Assembler {
    // MARK: MOV

    public mutating func mov(_ width: Width, _ destination: GPR, _ source: GPR) {
        let opcode = Opcode.one(0x88).byteOrSized(width).naming(width, destination).naming(width, source)
        encode(opcode, source.rawValue, destination.rawValue)
    }

    @inline(__always)
    public mutating func mov(_ width: Width, _ destination: GPR, _ source: Memory) {
        encode(.one(0x8A).byteOrSized(width).naming(width, destination), destination.rawValue, source)
    }

    @inline(__always)
    public mutating func mov(_ width: Width, _ destination: Memory, _ source: GPR) {
        encode(.one(0x88).byteOrSized(width).naming(width, source), source.rawValue, destination)
    }

    /// 32 bits zero-extend, 64 bits sign-extend the immediate.
    public mutating func mov(_ width: Width, _ destination: GPR, imm: Int32) {
        if width == .b64 {
            encode(.one(0xC7).sized(.b64), 0, destination.rawValue)
        } else {
            let opcode = Opcode.one(width == .b8 ? 0xB0 : 0xB8).sized(width).naming(width, destination)
            encode(opcode, adding: destination.rawValue)
        }
        immediate(width, imm)
    }

    public mutating func mov(_ width: Width, _ destination: Memory, imm: Int32) {
        encode(.one(0xC6).byteOrSized(width), 0, destination)
        immediate(width, imm)
    }

    /// MOV of a 64-bit immediate: always ten bytes, the last eight of which are the immediate.
    public mutating func movabs(_ destination: GPR, _ imm: UInt64) {
        encode(.one(0xB8).sized(.b64), adding: destination.rawValue)
        quad(imm)
    }

    /// The shortest MOV that makes the whole register `value`. Leaves the flags alone, so zero is a MOV too.
    public mutating func movImmediate(_ destination: GPR, _ value: UInt64) {
        if value &>> 32 == 0 {
            encode(.one(0xB8), adding: destination.rawValue)
            long(UInt32(truncatingIfNeeded: value))
        } else if UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: value))) == value {
            mov(.b64, destination, imm: Int32(truncatingIfNeeded: value))
        } else {
            movabs(destination, value)
        }
    }

    // MARK: MOVZX, MOVSX, MOVSXD

    /// `sourceWidth` is 8 or 16 bits; a 32-bit MOV already zero-extends.
    public mutating func movzx(_ width: Width, _ destination: GPR, _ sourceWidth: Width, _ source: GPR) {
        assert(sourceWidth.rawValue < min(width.rawValue, 2))
        let opcode = Opcode.two(0xB6 | sourceWidth.rawValue).sized(width).naming(sourceWidth, source)
        encode(opcode, destination.rawValue, source.rawValue)
    }

    @inline(__always)
    public mutating func movzx(_ width: Width, _ destination: GPR, _ sourceWidth: Width, _ source: Memory) {
        assert(sourceWidth.rawValue < min(width.rawValue, 2))
        encode(.two(0xB6 | sourceWidth.rawValue).sized(width), destination.rawValue, source)
    }

    /// `sourceWidth` is less than `width`; 32 bits make it MOVSXD.
    public mutating func movsx(_ width: Width, _ destination: GPR, _ sourceWidth: Width, _ source: GPR) {
        assert(sourceWidth.rawValue < width.rawValue)
        if sourceWidth == .b32 { return movsxd(destination, source) }
        let opcode = Opcode.two(0xBE | sourceWidth.rawValue).sized(width).naming(sourceWidth, source)
        encode(opcode, destination.rawValue, source.rawValue)
    }

    @inline(__always)
    public mutating func movsx(_ width: Width, _ destination: GPR, _ sourceWidth: Width, _ source: Memory) {
        assert(sourceWidth.rawValue < width.rawValue)
        if sourceWidth == .b32 { return movsxd(destination, source) }
        encode(.two(0xBE | sourceWidth.rawValue).sized(width), destination.rawValue, source)
    }

    /// 32 bits to 64.
    public mutating func movsxd(_ destination: GPR, _ source: GPR) {
        encode(.one(0x63).sized(.b64), destination.rawValue, source.rawValue)
    }

    public mutating func movsxd(_ destination: GPR, _ source: Memory) {
        encode(.one(0x63).sized(.b64), destination.rawValue, source)
    }

    // MARK: LEA

    /// A segment override has no effect on LEA.
    @inline(__always)
    public mutating func lea(_ width: Width, _ destination: GPR, _ source: Memory) {
        assert(width != .b8)
        encode(.one(0x8D).sized(width), destination.rawValue, source)
    }

    /// LEA of an address in the same mapping that the assembler writes to, relative to RIP: always seven bytes.
    public mutating func lea(_ destination: GPR, ripRelativeTo target: UnsafeRawPointer) {
        let displacement = target - UnsafeRawPointer(cursor + 7)
        lea(.b64, destination, Memory(ripRelative: Int32(displacement)))
    }

    // MARK: SETcc, CMOVcc

    public mutating func setcc(_ condition: Condition, _ destination: GPR) {
        encode(.two(0x90 | condition.rawValue).naming(.b8, destination), 0, destination.rawValue)
    }

    public mutating func setcc(_ condition: Condition, _ destination: Memory) {
        encode(.two(0x90 | condition.rawValue), 0, destination)
    }

    /// A 32-bit CMOVcc zero-extends whether it moves or not.
    public mutating func cmovcc(_ condition: Condition, _ width: Width, _ destination: GPR, _ source: GPR) {
        assert(width != .b8)
        encode(.two(0x40 | condition.rawValue).sized(width), destination.rawValue, source.rawValue)
    }

    /// The memory is read whether it moves or not.
    public mutating func cmovcc(_ condition: Condition, _ width: Width, _ destination: GPR, _ source: Memory) {
        assert(width != .b8)
        encode(.two(0x40 | condition.rawValue).sized(width), destination.rawValue, source)
    }

    // MARK: XCHG, BSWAP, MOVBE

    public mutating func xchg(_ width: Width, _ first: GPR, _ second: GPR) {
        let opcode = Opcode.one(0x86).byteOrSized(width).naming(width, first).naming(width, second)
        encode(opcode, second.rawValue, first.rawValue)
    }

    /// Locked, with or without the prefix.
    @inline(__always)
    public mutating func xchg(_ width: Width, _ memory: Memory, _ register: GPR) {
        encode(.one(0x86).byteOrSized(width).naming(width, register), register.rawValue, memory)
    }

    /// 32 or 64 bits; for 16, use ROL by 8.
    public mutating func bswap(_ width: Width, _ register: GPR) {
        assert(width.rawValue >= Width.b32.rawValue)
        encode(.two(0xC8).sized(width), adding: register.rawValue)
    }

    @inline(__always)
    public mutating func movbe(_ width: Width, _ destination: GPR, _ source: Memory) {
        assert(width != .b8)
        encode(Opcode(0xF0, map: 2).sized(width), destination.rawValue, source)
    }

    @inline(__always)
    public mutating func movbe(_ width: Width, _ destination: Memory, _ source: GPR) {
        assert(width != .b8)
        encode(Opcode(0xF1, map: 2).sized(width), source.rawValue, destination)
    }

    // MARK: The stack

    public mutating func push(_ register: GPR) { encode(.one(0x50), adding: register.rawValue) }

    public mutating func push(_ memory: Memory) { encode(.one(0xFF), 6, memory) }

    /// Pushes 64 bits.
    public mutating func push(imm: Int32) {
        if Int32(Int8(truncatingIfNeeded: imm)) == imm {
            byte(0x6A)
            byte(UInt8(truncatingIfNeeded: imm))
        } else {
            byte(0x68)
            long(UInt32(bitPattern: imm))
        }
    }

    public mutating func pop(_ register: GPR) { encode(.one(0x58), adding: register.rawValue) }

    public mutating func pop(_ memory: Memory) { encode(.one(0x8F), 0, memory) }

    public mutating func pushfq() { byte(0x9C) }
    public mutating func popfq() { byte(0x9D) }
    /// AH to SF, ZF, AF, PF and CF.
    public mutating func sahf() { byte(0x9E) }
    /// SF, ZF, AF, PF and CF to AH.
    public mutating func lahf() { byte(0x9F) }
}
