// A small guest that exists for tests only: a few slots of every type, and a window of memory.

import LyrebirdIR

/// SplitMix64: small, fast and the same everywhere, so that a seed names a test.
public struct SplitMix64: RandomNumberGenerator, Sendable {
    var state: UInt64
    public init(seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }

    public mutating func chance(_ percent: Int) -> Bool { Int(next() % 100) < percent }

    /// Numbers at which operations behave differently, and others.
    public mutating func interestingNumber() -> UInt64 {
        switch next() % 8 {
        case 0: 0
        case 1: 1
        case 2: .max
        case 3: 1 << (next() % 64)
        case 4: (1 << (next() % 64)) &- 1
        case 5: next() % 256
        case 6: 0 &- next() % 256
        default: next()
        }
    }

    /// Sixty-four bits of a vector, of which floating point makes something: NaNs of all kinds, infinities, zeros, the
    /// smallest and the largest numbers, integers and their halves, the borders of the integers' types.
    public mutating func interestingFloats() -> UInt64 {
        switch next() % 5 {
        case 0: interestingNumber()
        case 1: UInt64(single()) | UInt64(single()) << 32
        case 2: UInt64(halves()) | UInt64(halves()) << 32
        default: double()
        }
    }

    /// Two numbers of half precision, or upper halves of single precision.
    private mutating func halves() -> UInt32 {
        if next() % 4 == 0 { return single() >> 16 | single() & 0xFFFF_0000 }
        var result: UInt32 = 0
        for _ in 0..<2 {
            let random = UInt32(truncatingIfNeeded: next())
            let magnitude: UInt32 =
                switch next() % 10 {
                case 0: 0
                case 1: 0x7C00
                case 2: 0x7E00 | random & 0x1FF
                case 3: 0x7C01 | random & 0x1FF
                case 4: random & 0x3FF
                case 5: 0x7800 | random & 0x3FF
                case 6: 0x3C00 + (random & 15) << 8
                case 7: 0x0400 + random & 0xFFF
                default: random & 0x7FFF
                }
            result = result << 16 | (random >> 16 & 0x8000) | magnitude
        }
        return result
    }

    private mutating func single() -> UInt32 {
        let sign = UInt32(next() & 1) << 31
        let random = UInt32(truncatingIfNeeded: next())
        switch next() % 10 {
        case 0: return sign
        case 1: return sign | 0x7F80_0000
        case 2: return sign | 0x7FC0_0000 | random & 0x3F_FFFF
        case 3: return sign | 0x7F80_0001 | random & 0x3F_FFFF
        case 4: return sign | random & 0x7F_FFFF
        case 5: return sign | 0x7F00_0000 | random & 0x7F_FFFF
        case 6: return sign | Float(Int32(random & 15)).bitPattern
        case 7: return sign | (Float(Int32(random & 15)) / 2).bitPattern
        case 8: return sign | (127 + random % 70) << 23 | (random & 256 != 0 ? 0 : random & 0x7F_FFFF)
        default: return random
        }
    }

    private mutating func double() -> UInt64 {
        let sign = (next() & 1) << 63
        let random = next()
        switch next() % 10 {
        case 0: return sign
        case 1: return sign | 0x7FF0_0000_0000_0000
        case 2: return sign | 0x7FF8_0000_0000_0000 | random >> 13
        case 3: return sign | 0x7FF0_0000_0000_0001 | random >> 13
        case 4: return sign | random >> 12
        case 5: return sign | 0x7FE0_0000_0000_0000 | random >> 12
        case 6: return sign | Double(random & 15).bitPattern
        case 7: return sign | (Double(random & 15) / 2).bitPattern
        case 8: return sign | (1023 + random % 70) << 52 | (random & 256 != 0 ? 0 : random >> 12)
        default: return random
        }
    }
}

public enum SyntheticGuest {
    /// x0…x7, w0…w3, f0, f1 (flags), v0…v3, the operand of traps, and the address of the window, which nobody sets.
    public static let layout = StateLayout(entries, size: 208, trapOperand: Slot(18))
    public static let window = Slot(19)
    /// Slots that units set.
    public static let settable = 0..<18

    private static let entries: [StateLayout.Entry] = {
        var entries: [StateLayout.Entry] = []
        for n in 0..<8 { entries.append(.init("x\(n)", .i64, 8 * n)) }
        for n in 0..<4 { entries.append(.init("w\(n)", .i32, 64 + 4 * n)) }
        for n in 0..<2 { entries.append(.init("f\(n)", .flags, 80 + 8 * n)) }
        for n in 0..<4 { entries.append(.init("v\(n)", .v128, 96 + 16 * n)) }
        entries.append(.init("trapOperand", .i64, 160))
        entries.append(.init("window", .i64, 168))
        return entries
    }()

    /// Fills `state` with a state in which the window is at `window`.
    public static func randomize(_ state: UnsafeMutableRawPointer, window: UInt64, _ random: inout SplitMix64) {
        for offset in 0..<layout.size { state.storeBytes(of: 0, toByteOffset: offset, as: UInt8.self) }
        for entry in layout.entries {
            let at = state + entry.offset
            switch entry.type {
            case .i32: at.storeBytes(of: UInt32(truncatingIfNeeded: random.interestingNumber()), as: UInt32.self)
            case .flags: at.storeBytes(of: UInt16(Evaluate.flags(fromBits: random.next())), as: UInt16.self)
            case .v128:
                at.storeBytes(of: random.interestingFloats(), as: UInt64.self)
                (at + 8).storeBytes(of: random.interestingFloats(), as: UInt64.self)
            default: at.storeBytes(of: random.interestingNumber(), as: UInt64.self)
            }
        }
        (state + layout.entries[SyntheticGuest.window.index].offset).storeBytes(of: window, as: UInt64.self)
    }
}

/// Memory of the interpreter: one run of bytes; everything else faults.
public struct WindowMemory: InterpreterMemory, Equatable {
    public let base: UInt64
    public var bytes: [UInt8]

    public init(base: UInt64, size: Int, _ random: inout SplitMix64) {
        self.base = base
        bytes = (0..<size).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    }

    private func offset(_ address: UInt64, _ size: Int, isWrite: Bool) throws(MemoryFault) -> Int {
        let offset = address &- base
        guard offset < UInt64(bytes.count), Int(offset) + size <= bytes.count else {
            // What a host says: the first byte that is not there.
            let first = offset < UInt64(bytes.count) ? base &+ UInt64(bytes.count) : address
            throw MemoryFault(address: first, isWrite: isWrite)
        }
        return Int(offset)
    }

    public mutating func load(_ address: UInt64, size: Int) throws(MemoryFault) -> UInt128 {
        let at = try offset(address, size, isWrite: false)
        return (0..<size).reduce(0) { $0 | UInt128(bytes[at + $1]) << UInt128(8 * $1) }
    }

    public mutating func store(_ address: UInt64, size: Int, _ value: UInt128) throws(MemoryFault) {
        let at = try offset(address, size, isWrite: true)
        for n in 0..<size { bytes[at + n] = UInt8(truncatingIfNeeded: value >> UInt128(8 * n)) }
    }

    public mutating func compareExchange(
        _ address: UInt64, size: Int, expected: UInt128, new: UInt128
    ) throws(MemoryFault) -> UInt128 {
        _ = try offset(address, size, isWrite: true)
        let old = try load(address, size: size)
        if old == expected { try store(address, size: size, new) }
        return old
    }
}
