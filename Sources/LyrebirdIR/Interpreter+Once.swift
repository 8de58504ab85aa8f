// Code that runs once. Most of what a program executes while it starts is executed a single time, and to generate code for a block takes
// several times as long as to interpret it: the runtime interprets, in the memory of this process, what it meets for the first time.

import CLyrebird

extension Unit {
    /// Whether interpreting the unit is what generated code would do, and ends: it only goes forward, and has nothing in it that the
    /// interpreter has no part of. That is the CPU's clock, its floating-point environment and its x87 unit, and an order of accesses that
    /// the host does not have by itself.
    public var isPlain: Bool {
        // Mostly these; a jump table would often be mispredicted.
        let harmless =
            Self.mask(.pure) | Self.mask(.stateRead) | Self.mask(.stateWrite) | Self.mask(.mark) | Self.mask(.atomic)
        var at = 0
        while at < count {
            let i = instructions[at]
            let effect = i.opcode.effect
            if harmless & Self.mask(effect) == 0 {
                if effect == .load || effect == .store {
                    if i.opcode == .x87Load || i.opcode == .x87Store || i.access.order == .sequential { return false }
                } else if effect != .control || !goesForward(i, at) {
                    return false
                }
            }
            at &+= 1
        }
        return true
    }

    @inline(__always)
    private static func mask(_ effect: Opcode.Effect) -> UInt32 { 1 &<< UInt32(effect.rawValue) }

    private func goesForward(_ i: Instruction, _ index: Int) -> Bool {
        switch i.opcode {
        case .jump: isAhead(i.a, of: index)
        case .branch: isAhead(i.b, of: index) && isAhead(i.c, of: index)
        default: true
        }
    }

    private func isAhead(_ edge: UInt32, of index: Int) -> Bool {
        Int(blocks[Int(pool[Int(edge)])].start) > index
    }
}

/// The memory of this process, at addresses from a base on. An access that would be partly made faults as a whole: who tries it in
/// generated code sees it done as the CPU does it.
private struct HostMemory: InterpreterMemory {
    let base: UInt64

    private func host(_ address: UInt64) -> UnsafeMutableRawPointer? {
        UnsafeMutableRawPointer(bitPattern: UInt(base &+ address))
    }

    @inline(__always)
    mutating func load(_ address: UInt64, size: Int) throws(MemoryFault) -> UInt128 {
        var value: UInt128 = 0
        guard lyrebird_copy(&value, host(address), size) == 0 else {
            throw MemoryFault(address: address, isWrite: false)
        }
        return value
    }

    @inline(__always)
    mutating func store(_ address: UInt64, size: Int, _ value: UInt128) throws(MemoryFault) {
        var value = value
        let isInPage = (base &+ address) & 4095 <= 4096 - UInt64(size)
        guard isInPage, lyrebird_copy(host(address), &value, size) == 0 else {
            throw MemoryFault(address: address, isWrite: true)
        }
    }

    mutating func compareExchange(
        _ address: UInt64, size: Int, expected: UInt128, new: UInt128
    ) throws(MemoryFault) -> UInt128 {
        var (seen, new) = (expected, new)
        guard lyrebird_compare_exchange(host(address), &seen, &new, size) == 0 else {
            throw MemoryFault(address: address, isWrite: true)
        }
        return seen
    }
}

extension Interpreter {
    /// Runs a plain unit over the memory of this process.
    /// - Parameter base: the host's address of the guest's address 0.
    public mutating func run(_ unit: borrowing Unit, state: UnsafeMutableRawPointer, hostBase base: UInt64) -> Outcome {
        var memory = HostMemory(base: base)
        return run(unit, state: state, memory: &memory)
    }
}
