// Loads, stores and atomics of the interpreter. It runs one CPU, so orders mean nothing here; atomics are done by
// compareExchange, so that a memory that other threads share works, too.

extension Interpreter {
    func access<Memory: InterpreterMemory>(
        _ i: Instruction, _ frame: inout Frame, _ memory: inout Memory
    ) throws(MemoryFault) {
        switch i.opcode {
        case .load: frame.values[frame.index] = try load(i, frame, &memory)
        case .portIn:
            let port = UInt16(truncatingIfNeeded: frame[i.a])
            frame.values[frame.index] = cut(
                UInt128(try memory.port(port, size: i.access.bytes, nil)), i.access.bytes)
        case .portOut:
            let value = UInt32(truncatingIfNeeded: cut(frame.values[Int(i.b)], i.access.bytes))
            _ = try memory.port(UInt16(truncatingIfNeeded: frame[i.a]), size: i.access.bytes, value)
        case .x87Load, .x87Store: try x87Access(i, frame, &memory)
        case .store:
            let address = frame[i.a] &+ displacement(i.c)
            try align(address, i.access, isWrite: true)
            try memory.store(address, size: i.access.bytes, cut(frame.values[Int(i.b)], i.access.bytes))
        case .loadMasked: frame.values[frame.index] = try loadMasked(i, frame, &memory)
        case .storeMasked: try storeMasked(i, frame, &memory)
        case .cas, .cas128:
            let size = i.opcode == .cas ? i.access.bytes : 16
            frame.values[frame.index] = try memory.compareExchange(
                frame[i.a], size: size, expected: cut(frame.values[Int(i.b)], size),
                new: cut(frame.values[Int(i.c)], size))
        default: frame.values[frame.index] = try modify(i, frame, &memory)
        }
    }

    private func displacement(_ word: UInt32) -> UInt64 { UInt64(bitPattern: Int64(Int32(bitPattern: word))) }

    private func cut(_ value: UInt128, _ bytes: Int) -> UInt128 {
        bytes == 16 ? value : value & ((1 << UInt128(8 * bytes)) - 1)
    }

    private func load<Memory: InterpreterMemory>(
        _ i: Instruction, _ frame: Frame, _ memory: inout Memory
    ) throws(MemoryFault) -> UInt128 {
        let size = i.access.bytes
        let address = frame[i.a] &+ displacement(i.b)
        try align(address, i.access, isWrite: false)
        let value = try memory.load(address, size: size)
        guard i.access.isSigned, let type = Interpreter.integer(bytes: size) else { return value }
        return UInt128(
            Evaluate.cut(UInt64(bitPattern: Evaluate.signed(UInt64(truncatingIfNeeded: value), type)), i.type))
    }

    /// The address of an access that is not aligned is not told.
    private func align(_ address: UInt64, _ access: MemoryAccess, isWrite: Bool) throws(MemoryFault) {
        guard access.isAligned || access.startsPair, address & (access.startsPair ? 31 : 15) != 0 else { return }
        throw MemoryFault(address: 0, isWrite: isWrite)
    }

    // MARK: Under a mask

    private func isChosen(_ mask: UInt128, _ lane: Lane, _ index: Int) -> Bool {
        Evaluate.lane(lane, mask, index) >> UInt64(lane.bits - 1) != 0
    }

    private func loadMasked<Memory: InterpreterMemory>(
        _ i: Instruction, _ frame: Frame, _ memory: inout Memory
    ) throws(MemoryFault) -> UInt128 {
        let bytes = i.lane.bits / 8
        var result: UInt128 = 0
        for index in 0..<i.lane.count where isChosen(frame.values[Int(i.b)], i.lane, index) {
            let address = frame[i.a] &+ UInt64(index * bytes)
            result |= try memory.load(address, size: bytes) << UInt128(index * i.lane.bits)
        }
        return result
    }

    private func storeMasked<Memory: InterpreterMemory>(
        _ i: Instruction, _ frame: Frame, _ memory: inout Memory
    ) throws(MemoryFault) {
        let bytes = i.lane.bits / 8
        // All of it or nothing: to exchange 0 for 0 faults where a write would.
        for index in 0..<i.lane.count where isChosen(frame.values[Int(i.c)], i.lane, index) {
            _ = try memory.compareExchange(frame[i.a] &+ UInt64(index * bytes), size: bytes, expected: 0, new: 0)
        }
        for index in 0..<i.lane.count where isChosen(frame.values[Int(i.c)], i.lane, index) {
            let address = frame[i.a] &+ UInt64(index * bytes)
            let value = UInt128(Evaluate.lane(i.lane, frame.values[Int(i.b)], index))
            try memory.store(address, size: bytes, value)
        }
    }

    static func integer(bytes: Int) -> Type? {
        switch bytes {
        case 1: .i8
        case 2: .i16
        case 4: .i32
        case 8: .i64
        default: nil
        }
    }

    /// Read, compute, compare and exchange until nobody came between.
    private func modify<Memory: InterpreterMemory>(
        _ i: Instruction, _ frame: Frame, _ memory: inout Memory
    ) throws(MemoryFault) -> UInt128 {
        let size = i.access.bytes
        let operand = frame[i.b]
        // To exchange 0 for 0 reads, and faults where a write would.
        var old = try memory.compareExchange(frame[i.a], size: size, expected: 0, new: 0)
        while true {
            let new = Interpreter.combine(i.opcode, size, UInt64(truncatingIfNeeded: old), operand)
            let seen = try memory.compareExchange(frame[i.a], size: size, expected: old, new: UInt128(new))
            if seen == old { return old }
            old = seen
        }
    }

    private static func combine(_ opcode: Opcode, _ size: Int, _ old: UInt64, _ operand: UInt64) -> UInt64 {
        let type = integer(bytes: size) ?? .i64
        let other = Evaluate.cut(operand, type)
        let less = Evaluate.signed(other, type) < Evaluate.signed(old, type)
        return switch opcode {
        case .rmwAdd: Evaluate.cut(old &+ other, type)
        case .rmwAnd: old & other
        case .rmwOr: old | other
        case .rmwXor: old ^ other
        case .rmwExchange: other
        case .rmwMaxS: less ? old : other
        case .rmwMinS: less ? other : old
        case .rmwMaxU: max(old, other)
        default: min(old, other)
        }
    }
}
