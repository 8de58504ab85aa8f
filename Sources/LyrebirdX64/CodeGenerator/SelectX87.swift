// The x87 and MMX unit is the host's: each of its instructions is that instruction. The guest's state of it is loaded where the first
// one is executed, and stays in the host's unit across translations until generated code is left (CommonStubs.swift). So registers,
// tags, exceptions, precision and rounding are exact, and nothing is looked at unless the guest asks.

import LyrebirdIR

/// Where the state of the guest's x87 unit is.
enum X87Place { case unknown, host, image }

extension CodeGenerator {
    mutating func selectX87(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) {
        if i.opcode == .x87Image || i.opcode == .x87SetImage { return selectX87Image(index, i) }
        loadX87()
        switch i.opcode {
        case .x87: emitX87(X87Code(bits: i.a))
        case .x87Flags:
            clobberFlags()
            emitX87(X87Code(bits: i.a))
            hostFlags = values[index].end >= 0 ? Int32(truncatingIfNeeded: index) : -1
        case .x87Select:
            useFlags(Int(values[Int(i.a)].representative), unit)
            emitX87(X87Code(bits: i.b))
        case .x87Load, .x87Store:
            let code = X87Code(bits: i.c)
            let memory = guestMemory(index, i.opcode == .x87Load ? .reads : .writes)
            site(unit)
            hot.x87(Self.opcode(code), code.reg, memory)
            if let immediate = code.immediate { hot.byte(immediate) }
        case .x87Status:
            reserve(.rax)
            hot.fnstsw()
            let result = allocateGeneral(for: index)
            hot.movzx(.b32, result, .b16, .rax)
        case .x87Control:
            let word = useGeneral(Int(values[Int(i.a)].representative))
            hot.mov(.b32, ContextField.x87Word, word)
            hot.fldcw(ContextField.x87Word)
        case .mmxGet:
            let result = allocateVector(for: index)
            hot.movq2dq(result, mmx: UInt8(truncatingIfNeeded: i.a))
        default:
            let value = useVector(Int(values[Int(i.a)].representative))
            hot.movdq2q(mmx: UInt8(truncatingIfNeeded: i.b), value)
        }
    }

    private static func opcode(_ code: X87Code) -> Opcode {
        let opcode = Opcode(code.opcode, map: UInt32(code.map))
        return code.hasPrefix ? opcode.sized(.b16) : opcode
    }

    private mutating func emitX87(_ code: X87Code) {
        guard code.hasModRM else { return hot.emms() }
        hot.x87(Self.opcode(code), code.reg, code.rm)
        if let immediate = code.immediate { hot.byte(immediate) }
    }

    private var image: Memory {
        guard let image = contract.x87Image else { fatalError("the guest has no x87 unit") }
        return image
    }

    private mutating func selectX87Image(_ index: Int, _ i: Instruction) {
        storeX87()
        let offset = Int32(bitPattern: i.opcode == .x87Image ? i.a : i.b)
        let place = image.advanced(by: offset)
        if i.opcode == .x87Image {
            let result = allocateGeneral(for: index)
            let width = Width(rawValue: UInt8(truncatingIfNeeded: i.type.bits.trailingZeroBitCount &- 3))!
            if width.rawValue < 2 { hot.movzx(.b32, result, width, place) } else { hot.mov(width, result, place) }
        } else {
            let value = Int(values[Int(i.a)].representative)
            let bits = values[value].type.bits
            let width = Width(rawValue: UInt8(truncatingIfNeeded: bits.trailingZeroBitCount &- 3))!
            hot.mov(width, place, useGeneral(value))
        }
    }

    /// From here on the guest's state is in the host's unit.
    private mutating func loadX87() {
        guard x87Place != .host else { return }
        clobberFlags(including: true)
        hot.cmp(.b32, ContextField.x87IsLoaded, imm: 0)
        let aside = hot.jccForward(.e, near: true)
        cold.bind(aside)
        cold.frstor(image)
        cold.mov(.b32, ContextField.x87IsLoaded, imm: 1)
        cold.jmp(to: UnsafeRawPointer(hot.cursor))
        x87Place = .host
    }

    /// From here on it is in its image, and the host's unit is as the ABI has it.
    mutating func storeX87() {
        guard x87Place != .image, let image = contract.x87Image else { return }
        clobberFlags(including: true)
        hot.cmp(.b32, ContextField.x87IsLoaded, imm: 0)
        let aside = hot.jccForward(.ne, near: true)
        cold.bind(aside)
        cold.fnsave(image)
        cold.mov(.b32, ContextField.x87IsLoaded, imm: 0)
        cold.jmp(to: UnsafeRawPointer(hot.cursor))
        x87Place = .image
    }
}
