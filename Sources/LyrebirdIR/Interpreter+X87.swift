// The x87 and MMX unit of the interpreter: the host's, which executes one instruction at a time between FRSTOR and FNSAVE. The
// instruction is put into memory and called, with its memory operand at RDX.

import CLyrebird

extension Interpreter {
    /// The numbers of general and vector registers that the instructions below name.
    private static let (rax, rdx, xmm0): (UInt8, UInt8, UInt8) = (0, 2, 0)

    private static func bytes(_ code: X87Code) -> [UInt8] {
        let maps: [[UInt8]] = [[], [0x0F], [0x0F, 0x38], [0x0F, 0x3A]]
        let modRM = code.memory > 0 ? code.reg << 3 | rdx : 0xC0 | code.reg << 3 | code.rm
        let operands = (code.hasModRM ? [modRM] : []) + (code.immediate.map { [$0] } ?? [])
        return (code.hasPrefix ? [0x66] : []) + maps[Int(code.map)] + [code.opcode] + operands
    }

    private static func flags(_ rflags: UInt64) -> UInt64 {
        Evaluate.flags(fromBits: (rflags & 0xD5) << 8 | rflags >> 11 & 1)
    }

    private static func rflags(_ flags: UInt64) -> UInt64 { flags >> 8 & 0xD5 | (flags & Evaluate.Flags.v) << 11 }

    private func image(_ frame: Frame) -> UnsafeMutableRawPointer {
        guard let offset = frame.x87Image else { fatalError("the guest has no x87 unit") }
        return frame.state + offset
    }

    private func execute(_ bytes: [UInt8], _ words: inout lyrebird_x87_words, _ image: UnsafeMutableRawPointer) {
        let error = lyrebird_x87(bytes, bytes.count, &words, image)
        if error != 0 { fatalError("no memory for an instruction: \(error)") }
    }

    func x87(_ i: Instruction, _ unit: borrowing Unit, _ frame: inout Frame) {
        let image = image(frame)
        var words = lyrebird_x87_words()
        func register(_ number: UInt32) -> UInt8 { UInt8(truncatingIfNeeded: number & 7) }
        switch i.opcode {
        case .x87: execute(Self.bytes(X87Code(bits: i.a)), &words, image)
        case .x87Flags:
            execute(Self.bytes(X87Code(bits: i.a)), &words, image)
            frame.values[frame.index] = UInt128(Self.flags(words.flags))
        case .x87Select:
            words.flags = Self.rflags(frame[i.a])
            execute(Self.bytes(X87Code(bits: i.b)), &words, image)
        case .x87Status:
            execute([0xDF, 0xE0], &words, image)
            frame.values[frame.index] = UInt128(words.rax & 0xFFFF)
        case .x87Control:
            words.memory.0 = frame[i.a]
            execute([0xD9, 5 << 3 | Self.rdx], &words, image)
        case .mmxGet:
            execute([0xF3, 0x0F, 0xD6, 0xC0 | Self.xmm0 << 3 | register(i.a)], &words, image)
            frame.values[frame.index] = UInt128(words.vector.0)
        case .mmxSet:
            words.vector.0 = frame[i.a]
            execute([0xF2, 0x0F, 0xD6, 0xC0 | register(i.b) << 3 | Self.xmm0], &words, image)
        case .x87Image:
            let source = UnsafeRawBufferPointer(start: image + Int(i.a), count: i.type.bits / 8)
            frame.values[frame.index] = source.reversed().reduce(0) { $0 << 8 | UInt128($1) }
        case .x87SetImage:
            for n in 0..<unit.instructions[Int(i.a)].type.bits / 8 {
                let byte = UInt8(truncatingIfNeeded: frame[i.a] >> UInt64(8 * n))
                image.storeBytes(of: byte, toByteOffset: Int(i.b) + n, as: UInt8.self)
            }
        default: fatalError("\(i.opcode) has no meaning")
        }
    }

    /// What follows from the instruction is there only if all of its operand can be accessed. One that is not done for an exception
    /// leaves memory as it is.
    func x87Access<Memory: InterpreterMemory>(
        _ i: Instruction, _ frame: Frame, _ memory: inout Memory
    ) throws(MemoryFault) {
        let code = X87Code(bits: i.c)
        let address = frame[i.a] &+ UInt64(bitPattern: Int64(Int32(bitPattern: i.b)))
        let isStore = i.opcode == .x87Store
        var words = lyrebird_x87_words()
        var operand = [UInt8](repeating: 0, count: MemoryLayout.size(ofValue: words.memory))
        for part in Self.parts(code.memory) {
            let place = address &+ UInt64(part.offset)
            // To exchange 0 for 0 faults where a write would.
            if isStore { _ = try memory.compareExchange(place, size: part.size, expected: 0, new: 0) }
            let value = try memory.load(place, size: part.size)
            for n in 0..<part.size { operand[part.offset + n] = UInt8(truncatingIfNeeded: value >> UInt128(8 * n)) }
        }
        withUnsafeMutableBytes(of: &words.memory) { $0.copyBytes(from: operand) }
        execute(Self.bytes(code), &words, image(frame))
        guard isStore else { return }
        withUnsafeBytes(of: &words.memory) { operand = Array($0) }
        for part in Self.parts(code.memory) {
            let bytes = operand[part.offset..<part.offset + part.size]
            let value = bytes.reversed().reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
            try memory.store(address &+ UInt64(part.offset), size: part.size, value)
        }
    }

    /// An operand as accesses that memory knows.
    private static func parts(_ bytes: Int) -> [(offset: Int, size: Int)] {
        var parts: [(offset: Int, size: Int)] = []
        var offset = 0
        while offset < bytes {
            let size = [8, 4, 2].first { offset + $0 <= bytes }!
            parts.append((offset, size))
            offset += size
        }
        return parts
    }
}
