// The encoders that the integer instructions share: prefixes, opcode, ModRM, SIB and displacement (SDM volume 2, chapter 2).

/// An opcode with its map and prefixes, in one integer.
///
/// | Bits  | Meaning |
/// |-------|---------|
/// | 0–7   | opcode byte |
/// | 8–9   | map: 0 one byte, 1 0F, 2 0F 38, 3 0F 3A |
/// | 10–11 | mandatory prefix: 0 none, 1 66, 2 F3, 3 F2 |
/// | 12    | REX.W, or VEX.W in `vex` |
/// | 13    | operand-size prefix 66, which may come together with a mandatory prefix |
/// | 14    | REX even if empty: an operand is SPL, BPL, SIL or DIL |
struct Opcode {
    var bits: UInt32

    @inline(__always) init(bits: UInt32) { self.bits = bits }

    @inline(__always) init(_ byte: UInt8, map: UInt32 = 0, prefix: UInt32 = 0) {
        bits = UInt32(byte) | map &<< 8 | prefix &<< 10
    }

    /// A one-byte opcode.
    @inline(__always) static func one(_ byte: UInt8) -> Opcode { Opcode(byte) }
    /// An opcode after 0F.
    @inline(__always) static func two(_ byte: UInt8, prefix: UInt32 = 0) -> Opcode {
        Opcode(byte, map: 1, prefix: prefix)
    }

    /// The prefix or REX.W that `width` takes; its byte form needs another opcode.
    @inline(__always) func sized(_ width: Width) -> Opcode {
        let extra: UInt32 = width == .b64 ? 1 &<< 12 : width == .b16 ? 1 &<< 13 : 0
        return Opcode(bits: bits | extra)
    }

    /// The same, for opcodes whose lowest bit says that the operand is wider than a byte.
    @inline(__always) func byteOrSized(_ width: Width) -> Opcode {
        Opcode(bits: bits | (width == .b8 ? 0 : 1)).sized(width)
    }

    /// REX.W where `width` is 64 bits; the opcode has no 16-bit form.
    @inline(__always) func wide(_ width: Width) -> Opcode {
        Opcode(bits: bits | (width == .b64 ? 1 &<< 12 : 0))
    }

    /// Makes sure that the byte register `register` is not taken for AH, CH, DH or BH.
    @inline(__always) func naming(_ width: Width, _ register: GPR) -> Opcode {
        let force: UInt32 = width == .b8 && register.rawValue & 0xC == 4 ? 1 &<< 14 : 0
        return Opcode(bits: bits | force)
    }

    @inline(__always) var byte: UInt8 { UInt8(truncatingIfNeeded: bits) }
    @inline(__always) var map: UInt32 { bits &>> 8 & 3 }
    @inline(__always) var prefix: UInt32 { bits &>> 10 & 3 }
    /// REX's W, and bit 6 if the prefix must be there.
    @inline(__always) var rex: UInt8 { UInt8(truncatingIfNeeded: (bits &>> 9 & 8) | (bits &>> 8 & 0x40)) }
}

extension Assembler {
    /// Stores the low `length` bytes of `code`. It writes all eight: see `Assembler.slack`.
    @inline(__always) mutating func store(_ code: UInt64, _ length: Int) {
        UnsafeMutableRawPointer(cursor).storeBytes(of: code, as: UInt64.self)
        cursor += length
    }

    /// Puts prefixes, REX and map before the opcode in `code`, whose bits are counted in `bits`, and stores everything at
    /// once, so that the next instruction waits for one addition to the cursor and nothing else.
    @inline(__always)
    private mutating func prefixAndStore(
        _ opcode: Opcode, _ extensions: UInt8, _ code: UInt64, _ bits: UInt64, segment: UInt8 = 0
    ) {
        var code = code
        var bits = bits
        let map = UInt64(opcode.map)
        let mapBits: UInt64 = map == 0 ? 0 : map == 1 ? 8 : 16
        code = code &<< mapBits | (0x3A0F_380F_000F_0000 as UInt64 &>> (map &<< 4)) & 0xFFFF
        bits &+= mapBits

        let rex = opcode.rex | extensions
        let rexBits: UInt64 = rex == 0 ? 0 : 8
        code = code &<< rexBits | (rex == 0 ? 0 : UInt64(rex | 0x40))
        bits &+= rexBits

        // Rare in most code, so one branch that is predicted well passes all three.
        if UInt8(truncatingIfNeeded: opcode.bits &>> 10 & 0xB) | segment != 0 {
            let prefix = UInt64(opcode.prefix)
            let prefixBits: UInt64 = prefix == 0 ? 0 : 8
            code = code &<< prefixBits | (0xF2F3_6600 as UInt64 &>> (prefix &<< 3)) & 0xFF
            let sizeBits = UInt64(opcode.bits &>> 10 & 8)
            code = code &<< sizeBits | (sizeBits == 0 ? 0 : 0x66)
            let segmentBits: UInt64 = segment == 0 ? 0 : 8
            code = code &<< segmentBits | UInt64(segment)
            bits &+= prefixBits &+ sizeBits &+ segmentBits
        }
        store(code, Int(truncatingIfNeeded: bits &>> 3))
    }

    /// An instruction with a ModRM byte whose r/m is a register. `reg` is a register or an opcode extension.
    @inline(__always) mutating func encode(_ opcode: Opcode, _ reg: UInt8, _ rm: UInt8) {
        let modRM = 0xC0 | (reg & 7) &<< 3 | rm & 7
        prefixAndStore(opcode, (reg &>> 3) &<< 2 | rm &>> 3, UInt64(opcode.byte) | UInt64(modRM) &<< 8, 16)
    }

    /// An instruction with a ModRM byte whose r/m is in memory.
    @inline(never) mutating func encode(_ opcode: Opcode, _ reg: UInt8, _ memory: Memory) {
        let extensions = (reg &>> 3) &<< 2 | memory.indexExtension &<< 1 | memory.baseExtension
        prefixAndStore(opcode, extensions, UInt64(opcode.byte), 8, segment: memory.segment.rawValue)
        address(reg, memory)
    }

    /// An instruction whose opcode holds a register in its low three bits.
    @inline(__always) mutating func encode(_ opcode: Opcode, adding register: UInt8) {
        prefixAndStore(opcode, register &>> 3, UInt64(opcode.byte | register & 7), 8)
    }

    @inline(__always) mutating func segment(_ memory: Memory) {
        cursor.pointee = memory.segment.rawValue
        cursor += memory.segment == .none ? 0 : 1
    }

    /// ModRM, SIB and displacement of a memory operand. EVEX scales an 8-bit displacement by `1 << shift` (SDM 2.7.5).
    @inline(__always) mutating func address(_ reg: UInt8, _ memory: Memory, scaledBy shift: UInt8 = 0) {
        let reg = (reg & 7) &<< 3
        let displacement = memory.displacement
        let base = memory.base & 7
        if memory.base < 16 {
            let compressed = displacement &>> Int32(shift)
            let fits = Int32(Int8(truncatingIfNeeded: compressed)) &<< Int32(shift) == displacement
            let isAbsent = displacement == 0 && base != 5
            let mod: UInt8 = isAbsent ? 0 : fits ? 0x40 : 0x80
            let displacementLength = isAbsent ? 0 : fits ? 1 : 4
            let encoded = UInt64(UInt32(bitPattern: fits ? compressed : displacement))
            let hasIndex = memory.index < 16
            if hasIndex || base == 4 {
                let index = hasIndex ? memory.index & 7 : 4
                let sib = memory.scale &<< 6 | index &<< 3 | base
                store(UInt64(mod | reg | 4) | UInt64(sib) &<< 8 | encoded &<< 16, 2 &+ displacementLength)
            } else {
                store(UInt64(mod | reg | base) | encoded &<< 8, 1 &+ displacementLength)
            }
        } else if memory.base == Memory.ripBase {
            byte(reg | 5)
            long(UInt32(bitPattern: displacement))
        } else {
            byte(reg | 4)
            let index = memory.index < 16 ? memory.index & 7 : 4
            byte(memory.scale &<< 6 | index &<< 3 | 5)
            long(UInt32(bitPattern: displacement))
        }
    }

    /// The immediate of an instruction of `width`; at most 32 bits, which 64-bit instructions sign-extend.
    @inline(__always) mutating func immediate(_ width: Width, _ value: Int32) {
        switch width {
        case .b8: byte(UInt8(truncatingIfNeeded: value))
        case .b16: word(UInt16(truncatingIfNeeded: value))
        case .b32, .b64: long(UInt32(bitPattern: value))
        }
    }

    // MARK: VEX with general-purpose registers

    /// A VEX instruction of 128 bits or of general-purpose registers, whose r/m is a register.
    @inline(__always) mutating func vex(_ opcode: Opcode, _ reg: UInt8, _ vvvv: UInt8, _ rm: UInt8, l: UInt8 = 0) {
        vexPrefix(opcode, reg, vvvv, x: 0, b: rm &>> 3, l: l)
        byte(0xC0 | (reg & 7) &<< 3 | rm & 7)
    }

    @inline(never) mutating func vex(_ opcode: Opcode, _ reg: UInt8, _ vvvv: UInt8, _ memory: Memory, l: UInt8 = 0) {
        segment(memory)
        vexPrefix(opcode, reg, vvvv, x: memory.indexExtension, b: memory.baseExtension, l: l)
        address(reg, memory)
    }

    /// The VEX prefix, in its shorter form where it can be, and the opcode byte (SDM 2.3.5).
    @inline(__always)
    private mutating func vexPrefix(_ opcode: Opcode, _ reg: UInt8, _ vvvv: UInt8, x: UInt8, b: UInt8, l: UInt8) {
        let w = UInt8(truncatingIfNeeded: opcode.bits &>> 5) & 0x80
        let map = UInt8(truncatingIfNeeded: opcode.map)
        let notR = ~(reg &<< 4) & 0x80
        let last = (~vvvv & 0xF) &<< 3 | l &<< 2 | UInt8(truncatingIfNeeded: opcode.prefix)
        if w | x | b == 0 && map == 1 {
            byte(0xC5)
            byte(notR | last)
        } else {
            byte(0xC4)
            byte(notR | (x ^ 1) &<< 6 | (b ^ 1) &<< 5 | map)
            byte(w | last)
        }
        byte(opcode.byte)
    }
}

extension Memory {
    /// What REX.B and its kin hold for this operand.
    @inline(__always) var baseExtension: UInt8 { base &>> 3 & 1 }
    /// What REX.X and its kin hold for this operand.
    @inline(__always) var indexExtension: UInt8 { index &>> 3 & 1 }
}
