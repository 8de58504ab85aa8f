// The x87 and MMX unit. Most of its instructions are named by their opcodes, which callers have.

extension Assembler {
    /// An instruction whose operands are registers of the unit, or implied.
    mutating func x87(_ opcode: Opcode, _ reg: UInt8, _ rm: UInt8) { encode(opcode, reg, rm) }
    mutating func x87(_ opcode: Opcode, _ reg: UInt8, _ memory: Memory) { encode(opcode, reg, memory) }

    /// Stores the unit's state and then initializes it. Waits for no exception.
    public mutating func fnsave(_ memory: Memory) { encode(.one(0xDD), 6, memory) }
    public mutating func frstor(_ memory: Memory) { encode(.one(0xDD), 4, memory) }
    public mutating func fldcw(_ memory: Memory) { encode(.one(0xD9), 5, memory) }
    /// The status word to AX. Waits for no exception.
    public mutating func fnstsw() { word(0xE0DF) }

    /// Empties the unit.
    public mutating func emms() { word(0x770F) }
    /// The register to the low half of a vector register, zeros above.
    public mutating func movq2dq(_ to: XMM, mmx from: UInt8) { encode(.two(0xD6, prefix: 2), to.rawValue, from) }
    public mutating func movdq2q(mmx to: UInt8, _ from: XMM) { encode(.two(0xD6, prefix: 3), to, from.rawValue) }
}
