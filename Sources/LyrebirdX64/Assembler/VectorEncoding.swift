// The encoders that the vector instructions share: legacy, VEX, and EVEX (SDM volume 2, 2.7).

extension Assembler {
    // MARK: Legacy

    /// `first` and `second` in the manual's order; a store has its register second.
    @inline(__always) mutating func legacy(_ opcode: SSEOpcode, _ first: UInt8, _ second: UInt8) {
        assert(opcode.hasLegacy && (first | second) < 16 && !opcode.isShape(.group))
        if opcode.isShape(.store) {
            encode(opcode.opcode, second, first)
        } else {
            encode(opcode.opcode, first, second)
        }
    }

    @inline(__always) mutating func legacy(_ opcode: SSEOpcode, _ register: UInt8, _ memory: Memory) {
        assert(opcode.hasLegacy && register < 16)
        encode(opcode.opcode, register, memory)
    }

    // MARK: VEX or EVEX

    @inline(__always)
    mutating func vector(_ opcode: SSEOpcode, _ reg: UInt8, _ vvvv: UInt8, _ rm: UInt8, _ L256: Bool) {
        if (reg | vvvv | rm) < 16 && opcode.hasVEX {
            vex(opcode.opcode, reg, vvvv, rm, l: L256 ? 1 : 0)
        } else {
            evex(opcode, reg, vvvv, rm, L256)
        }
    }

    @inline(__always)
    mutating func vector(_ opcode: SSEOpcode, _ reg: UInt8, _ vvvv: UInt8, _ memory: Memory, _ L256: Bool) {
        if (reg | vvvv) < 16 && opcode.hasVEX {
            vex(opcode.opcode, reg, vvvv, memory, l: L256 ? 1 : 0)
        } else {
            evex(opcode, reg, vvvv, memory, L256)
        }
    }

    // MARK: EVEX

    /// `mask` is EVEX.aaa, with bit 7 for zeroing.
    @inline(never)
    mutating func evex(
        _ opcode: SSEOpcode, _ reg: UInt8, _ vvvv: UInt8, _ rm: UInt8, _ L256: Bool, mask: UInt8 = 0
    ) {
        // The register of r/m has its bit 4 in X.
        evexPrefix(opcode, reg, vvvv, x: rm &>> 4, b: rm &>> 3 & 1, L256 ? 1 : 0, mask)
        byte(0xC0 | (reg & 7) &<< 3 | rm & 7)
    }

    @inline(never)
    mutating func evex(
        _ opcode: SSEOpcode, _ reg: UInt8, _ vvvv: UInt8, _ memory: Memory, _ L256: Bool, mask: UInt8 = 0
    ) {
        let l: UInt8 = L256 ? 1 : 0
        segment(memory)
        evexPrefix(opcode, reg, vvvv, x: memory.indexExtension, b: memory.baseExtension, l, mask)
        address(reg, memory, scaledBy: opcode.displacementShift(l))
    }

    @inline(__always)
    private mutating func evexPrefix(
        _ opcode: SSEOpcode, _ reg: UInt8, _ vvvv: UInt8, x: UInt8, b: UInt8, _ l: UInt8, _ mask: UInt8
    ) {
        precondition(opcode.hasEVEX, "the instruction has no encoding for this register")
        let extensions = (reg &<< 4) & 0x80 | x &<< 6 | b &<< 5 | reg & 0x10
        byte(0x62)
        byte((extensions ^ 0xF0) | opcode.map)
        byte(opcode.evexW &<< 7 | (~vvvv & 0xF) &<< 3 | 4 | opcode.prefix)
        byte(mask | l &<< 5 | (~vvvv &>> 1) & 8)
        byte(opcode.opcode.byte)
    }
}
