// BMI1 and BMI2: three-operand bit manipulation in VEX encodings. Widths are 32 and 64 bits.

extension Assembler {
    // MARK: BMI1

    /// `~first & second`
    public mutating func andn(_ width: Width, _ destination: GPR, _ first: GPR, _ second: GPR) {
        vex(Opcode(0xF2, map: 2).wide(width), destination.rawValue, first.rawValue, second.rawValue)
    }

    public mutating func andn(_ width: Width, _ destination: GPR, _ first: GPR, _ second: Memory) {
        vex(Opcode(0xF2, map: 2).wide(width), destination.rawValue, first.rawValue, second)
    }

    /// The bits of `source` from bit `control[7:0]`, `control[15:8]` of them.
    public mutating func bextr(_ width: Width, _ destination: GPR, _ source: GPR, _ control: GPR) {
        vex(Opcode(0xF7, map: 2).wide(width), destination.rawValue, control.rawValue, source.rawValue)
    }

    public mutating func bextr(_ width: Width, _ destination: GPR, _ source: Memory, _ control: GPR) {
        vex(Opcode(0xF7, map: 2).wide(width), destination.rawValue, control.rawValue, source)
    }

    /// Clears the lowest set bit.
    public mutating func blsr(_ width: Width, _ destination: GPR, _ source: GPR) {
        vex(Opcode(0xF3, map: 2).wide(width), 1, destination.rawValue, source.rawValue)
    }

    public mutating func blsr(_ width: Width, _ destination: GPR, _ source: Memory) {
        vex(Opcode(0xF3, map: 2).wide(width), 1, destination.rawValue, source)
    }

    /// A mask up to and including the lowest set bit.
    public mutating func blsmsk(_ width: Width, _ destination: GPR, _ source: GPR) {
        vex(Opcode(0xF3, map: 2).wide(width), 2, destination.rawValue, source.rawValue)
    }

    public mutating func blsmsk(_ width: Width, _ destination: GPR, _ source: Memory) {
        vex(Opcode(0xF3, map: 2).wide(width), 2, destination.rawValue, source)
    }

    /// Isolates the lowest set bit.
    public mutating func blsi(_ width: Width, _ destination: GPR, _ source: GPR) {
        vex(Opcode(0xF3, map: 2).wide(width), 3, destination.rawValue, source.rawValue)
    }

    public mutating func blsi(_ width: Width, _ destination: GPR, _ source: Memory) {
        vex(Opcode(0xF3, map: 2).wide(width), 3, destination.rawValue, source)
    }

    // MARK: BMI2

    /// Clears the bits of `source` from bit `control[7:0]` up.
    public mutating func bzhi(_ width: Width, _ destination: GPR, _ source: GPR, _ control: GPR) {
        vex(Opcode(0xF5, map: 2).wide(width), destination.rawValue, control.rawValue, source.rawValue)
    }

    public mutating func bzhi(_ width: Width, _ destination: GPR, _ source: Memory, _ control: GPR) {
        vex(Opcode(0xF5, map: 2).wide(width), destination.rawValue, control.rawValue, source)
    }

    /// Spreads the low bits of `first` over the set bits of the mask `second`.
    public mutating func pdep(_ width: Width, _ destination: GPR, _ first: GPR, _ second: GPR) {
        vex(Opcode(0xF5, map: 2, prefix: 3).wide(width), destination.rawValue, first.rawValue, second.rawValue)
    }

    public mutating func pdep(_ width: Width, _ destination: GPR, _ first: GPR, _ second: Memory) {
        vex(Opcode(0xF5, map: 2, prefix: 3).wide(width), destination.rawValue, first.rawValue, second)
    }

    /// Gathers the bits of `first` at the set bits of the mask `second`.
    public mutating func pext(_ width: Width, _ destination: GPR, _ first: GPR, _ second: GPR) {
        vex(Opcode(0xF5, map: 2, prefix: 2).wide(width), destination.rawValue, first.rawValue, second.rawValue)
    }

    public mutating func pext(_ width: Width, _ destination: GPR, _ first: GPR, _ second: Memory) {
        vex(Opcode(0xF5, map: 2, prefix: 2).wide(width), destination.rawValue, first.rawValue, second)
    }

    /// RDX × `source`, unsigned: the high half to `high`, the low half to `low`. Leaves the flags alone.
    public mutating func mulx(_ width: Width, _ high: GPR, _ low: GPR, _ source: GPR) {
        vex(Opcode(0xF6, map: 2, prefix: 3).wide(width), high.rawValue, low.rawValue, source.rawValue)
    }

    public mutating func mulx(_ width: Width, _ high: GPR, _ low: GPR, _ source: Memory) {
        vex(Opcode(0xF6, map: 2, prefix: 3).wide(width), high.rawValue, low.rawValue, source)
    }

    /// Leaves the flags alone, as the three shifts below do.
    public mutating func rorx(_ width: Width, _ destination: GPR, _ source: GPR, imm: UInt8) {
        vex(Opcode(0xF0, map: 3, prefix: 3).wide(width), destination.rawValue, 0, source.rawValue)
        byte(imm)
    }

    public mutating func rorx(_ width: Width, _ destination: GPR, _ source: Memory, imm: UInt8) {
        vex(Opcode(0xF0, map: 3, prefix: 3).wide(width), destination.rawValue, 0, source)
        byte(imm)
    }

    public mutating func sarx(_ width: Width, _ destination: GPR, _ source: GPR, _ control: GPR) {
        vex(Opcode(0xF7, map: 2, prefix: 2).wide(width), destination.rawValue, control.rawValue, source.rawValue)
    }

    public mutating func sarx(_ width: Width, _ destination: GPR, _ source: Memory, _ control: GPR) {
        vex(Opcode(0xF7, map: 2, prefix: 2).wide(width), destination.rawValue, control.rawValue, source)
    }

    public mutating func shlx(_ width: Width, _ destination: GPR, _ source: GPR, _ control: GPR) {
        vex(Opcode(0xF7, map: 2, prefix: 1).wide(width), destination.rawValue, control.rawValue, source.rawValue)
    }

    public mutating func shlx(_ width: Width, _ destination: GPR, _ source: Memory, _ control: GPR) {
        vex(Opcode(0xF7, map: 2, prefix: 1).wide(width), destination.rawValue, control.rawValue, source)
    }

    public mutating func shrx(_ width: Width, _ destination: GPR, _ source: GPR, _ control: GPR) {
        vex(Opcode(0xF7, map: 2, prefix: 3).wide(width), destination.rawValue, control.rawValue, source.rawValue)
    }

    public mutating func shrx(_ width: Width, _ destination: GPR, _ source: Memory, _ control: GPR) {
        vex(Opcode(0xF7, map: 2, prefix: 3).wide(width), destination.rawValue, control.rawValue, source)
    }
}
