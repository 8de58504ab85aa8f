// Shifts and rotates, double shifts, single bits, bit counts, CRC32 and the BMI extensions.

/// The operations of the shift group, by their number in the encoding.
public enum ShiftOperation: UInt8, Hashable, Sendable, CaseIterable {
    case rol, ror, rcl, rcr, shl, shr
    case sar = 7
}

/// The operations of the bit-test group, by their number in the encoding.
public enum BitOperation: UInt8, Hashable, Sendable, CaseIterable {
    case bt = 4
    case bts, btr, btc
}

extension Assembler {
    // MARK: Shifts and rotates

    @inline(__always)
    public mutating func shift(_ operation: ShiftOperation, _ width: Width, _ destination: GPR, imm: UInt8) {
        let opcode = Opcode.one(imm == 1 ? 0xD0 : 0xC0).byteOrSized(width).naming(width, destination)
        encode(opcode, operation.rawValue, destination.rawValue)
        if imm != 1 { byte(imm) }
    }

    @inline(__always)
    public mutating func shift(_ operation: ShiftOperation, _ width: Width, _ destination: Memory, imm: UInt8) {
        encode(.one(imm == 1 ? 0xD0 : 0xC0).byteOrSized(width), operation.rawValue, destination)
        if imm != 1 { byte(imm) }
    }

    @inline(__always)
    public mutating func shift(_ operation: ShiftOperation, _ width: Width, _ destination: GPR, _ count: ShiftCount) {
        encode(
            .one(0xD2).byteOrSized(width).naming(width, destination), operation.rawValue, destination.rawValue)
    }

    @inline(__always)
    public mutating func shift(_ operation: ShiftOperation, _ width: Width, _ destination: Memory, _ count: ShiftCount)
    {
        encode(.one(0xD2).byteOrSized(width), operation.rawValue, destination)
    }

    public mutating func rol(_ width: Width, _ destination: GPR, imm: UInt8) {
        shift(.rol, width, destination, imm: imm)
    }

    public mutating func rol(_ width: Width, _ destination: GPR, _ count: ShiftCount) {
        shift(.rol, width, destination, count)
    }

    public mutating func rol(_ width: Width, _ destination: Memory, imm: UInt8) {
        shift(.rol, width, destination, imm: imm)
    }

    public mutating func rol(_ width: Width, _ destination: Memory, _ count: ShiftCount) {
        shift(.rol, width, destination, count)
    }

    public mutating func ror(_ width: Width, _ destination: GPR, imm: UInt8) {
        shift(.ror, width, destination, imm: imm)
    }

    public mutating func ror(_ width: Width, _ destination: GPR, _ count: ShiftCount) {
        shift(.ror, width, destination, count)
    }

    public mutating func ror(_ width: Width, _ destination: Memory, imm: UInt8) {
        shift(.ror, width, destination, imm: imm)
    }

    public mutating func ror(_ width: Width, _ destination: Memory, _ count: ShiftCount) {
        shift(.ror, width, destination, count)
    }

    public mutating func rcl(_ width: Width, _ destination: GPR, imm: UInt8) {
        shift(.rcl, width, destination, imm: imm)
    }

    public mutating func rcl(_ width: Width, _ destination: GPR, _ count: ShiftCount) {
        shift(.rcl, width, destination, count)
    }

    public mutating func rcl(_ width: Width, _ destination: Memory, imm: UInt8) {
        shift(.rcl, width, destination, imm: imm)
    }

    public mutating func rcl(_ width: Width, _ destination: Memory, _ count: ShiftCount) {
        shift(.rcl, width, destination, count)
    }

    public mutating func rcr(_ width: Width, _ destination: GPR, imm: UInt8) {
        shift(.rcr, width, destination, imm: imm)
    }

    public mutating func rcr(_ width: Width, _ destination: GPR, _ count: ShiftCount) {
        shift(.rcr, width, destination, count)
    }

    public mutating func rcr(_ width: Width, _ destination: Memory, imm: UInt8) {
        shift(.rcr, width, destination, imm: imm)
    }

    public mutating func rcr(_ width: Width, _ destination: Memory, _ count: ShiftCount) {
        shift(.rcr, width, destination, count)
    }

    public mutating func shl(_ width: Width, _ destination: GPR, imm: UInt8) {
        shift(.shl, width, destination, imm: imm)
    }

    public mutating func shl(_ width: Width, _ destination: GPR, _ count: ShiftCount) {
        shift(.shl, width, destination, count)
    }

    public mutating func shl(_ width: Width, _ destination: Memory, imm: UInt8) {
        shift(.shl, width, destination, imm: imm)
    }

    public mutating func shl(_ width: Width, _ destination: Memory, _ count: ShiftCount) {
        shift(.shl, width, destination, count)
    }

    public mutating func shr(_ width: Width, _ destination: GPR, imm: UInt8) {
        shift(.shr, width, destination, imm: imm)
    }

    public mutating func shr(_ width: Width, _ destination: GPR, _ count: ShiftCount) {
        shift(.shr, width, destination, count)
    }

    public mutating func shr(_ width: Width, _ destination: Memory, imm: UInt8) {
        shift(.shr, width, destination, imm: imm)
    }

    public mutating func shr(_ width: Width, _ destination: Memory, _ count: ShiftCount) {
        shift(.shr, width, destination, count)
    }

    public mutating func sar(_ width: Width, _ destination: GPR, imm: UInt8) {
        shift(.sar, width, destination, imm: imm)
    }

    public mutating func sar(_ width: Width, _ destination: GPR, _ count: ShiftCount) {
        shift(.sar, width, destination, count)
    }

    public mutating func sar(_ width: Width, _ destination: Memory, imm: UInt8) {
        shift(.sar, width, destination, imm: imm)
    }

    public mutating func sar(_ width: Width, _ destination: Memory, _ count: ShiftCount) {
        shift(.sar, width, destination, count)
    }

    // MARK: Double shifts

    /// Shifts `destination` left and fills it from the top of `source`.
    public mutating func shld(_ width: Width, _ destination: GPR, _ source: GPR, imm: UInt8) {
        assert(width != .b8)
        encode(.two(0xA4).sized(width), source.rawValue, destination.rawValue)
        byte(imm)
    }

    public mutating func shld(_ width: Width, _ destination: GPR, _ source: GPR, _ count: ShiftCount) {
        assert(width != .b8)
        encode(.two(0xA5).sized(width), source.rawValue, destination.rawValue)
    }

    public mutating func shld(_ width: Width, _ destination: Memory, _ source: GPR, imm: UInt8) {
        assert(width != .b8)
        encode(.two(0xA4).sized(width), source.rawValue, destination)
        byte(imm)
    }

    public mutating func shld(_ width: Width, _ destination: Memory, _ source: GPR, _ count: ShiftCount) {
        assert(width != .b8)
        encode(.two(0xA5).sized(width), source.rawValue, destination)
    }

    /// Shifts `destination` right and fills it from the bottom of `source`.
    public mutating func shrd(_ width: Width, _ destination: GPR, _ source: GPR, imm: UInt8) {
        assert(width != .b8)
        encode(.two(0xAC).sized(width), source.rawValue, destination.rawValue)
        byte(imm)
    }

    public mutating func shrd(_ width: Width, _ destination: GPR, _ source: GPR, _ count: ShiftCount) {
        assert(width != .b8)
        encode(.two(0xAD).sized(width), source.rawValue, destination.rawValue)
    }

    public mutating func shrd(_ width: Width, _ destination: Memory, _ source: GPR, imm: UInt8) {
        assert(width != .b8)
        encode(.two(0xAC).sized(width), source.rawValue, destination)
        byte(imm)
    }

    public mutating func shrd(_ width: Width, _ destination: Memory, _ source: GPR, _ count: ShiftCount) {
        assert(width != .b8)
        encode(.two(0xAD).sized(width), source.rawValue, destination)
    }

    // MARK: Single bits

    @inline(__always)
    public mutating func bit(_ operation: BitOperation, _ width: Width, _ base: GPR, imm: UInt8) {
        assert(width != .b8)
        encode(.two(0xBA).sized(width), operation.rawValue, base.rawValue)
        byte(imm)
    }

    @inline(__always)
    public mutating func bit(_ operation: BitOperation, _ width: Width, _ base: Memory, imm: UInt8) {
        assert(width != .b8)
        encode(.two(0xBA).sized(width), operation.rawValue, base)
        byte(imm)
    }

    @inline(__always)
    public mutating func bit(_ operation: BitOperation, _ width: Width, _ base: GPR, _ index: GPR) {
        assert(width != .b8)
        encode(.two(0x83 | operation.rawValue &<< 3).sized(width), index.rawValue, base.rawValue)
    }

    /// The index is not taken modulo the width: it reaches beyond the operand.
    @inline(__always)
    public mutating func bit(_ operation: BitOperation, _ width: Width, _ base: Memory, _ index: GPR) {
        assert(width != .b8)
        encode(.two(0x83 | operation.rawValue &<< 3).sized(width), index.rawValue, base)
    }

    public mutating func bt(_ width: Width, _ base: GPR, imm: UInt8) { bit(.bt, width, base, imm: imm) }
    public mutating func bt(_ width: Width, _ base: GPR, _ index: GPR) { bit(.bt, width, base, index) }
    public mutating func bt(_ width: Width, _ base: Memory, imm: UInt8) { bit(.bt, width, base, imm: imm) }
    public mutating func bt(_ width: Width, _ base: Memory, _ index: GPR) { bit(.bt, width, base, index) }

    public mutating func bts(_ width: Width, _ base: GPR, imm: UInt8) { bit(.bts, width, base, imm: imm) }
    public mutating func bts(_ width: Width, _ base: GPR, _ index: GPR) { bit(.bts, width, base, index) }
    public mutating func bts(_ width: Width, _ base: Memory, imm: UInt8) { bit(.bts, width, base, imm: imm) }
    public mutating func bts(_ width: Width, _ base: Memory, _ index: GPR) { bit(.bts, width, base, index) }

    public mutating func btr(_ width: Width, _ base: GPR, imm: UInt8) { bit(.btr, width, base, imm: imm) }
    public mutating func btr(_ width: Width, _ base: GPR, _ index: GPR) { bit(.btr, width, base, index) }
    public mutating func btr(_ width: Width, _ base: Memory, imm: UInt8) { bit(.btr, width, base, imm: imm) }
    public mutating func btr(_ width: Width, _ base: Memory, _ index: GPR) { bit(.btr, width, base, index) }

    public mutating func btc(_ width: Width, _ base: GPR, imm: UInt8) { bit(.btc, width, base, imm: imm) }
    public mutating func btc(_ width: Width, _ base: GPR, _ index: GPR) { bit(.btc, width, base, index) }
    public mutating func btc(_ width: Width, _ base: Memory, imm: UInt8) { bit(.btc, width, base, imm: imm) }
    public mutating func btc(_ width: Width, _ base: Memory, _ index: GPR) { bit(.btc, width, base, index) }

    // MARK: Counting

    /// Leaves the destination as it was where the source is zero.
    public mutating func bsf(_ width: Width, _ destination: GPR, _ source: GPR) {
        assert(width != .b8)
        encode(.two(0xBC).sized(width), destination.rawValue, source.rawValue)
    }

    public mutating func bsf(_ width: Width, _ destination: GPR, _ source: Memory) {
        assert(width != .b8)
        encode(.two(0xBC).sized(width), destination.rawValue, source)
    }

    /// Leaves the destination as it was where the source is zero.
    public mutating func bsr(_ width: Width, _ destination: GPR, _ source: GPR) {
        assert(width != .b8)
        encode(.two(0xBD).sized(width), destination.rawValue, source.rawValue)
    }

    public mutating func bsr(_ width: Width, _ destination: GPR, _ source: Memory) {
        assert(width != .b8)
        encode(.two(0xBD).sized(width), destination.rawValue, source)
    }

    public mutating func tzcnt(_ width: Width, _ destination: GPR, _ source: GPR) {
        assert(width != .b8)
        encode(.two(0xBC, prefix: 2).sized(width), destination.rawValue, source.rawValue)
    }

    public mutating func tzcnt(_ width: Width, _ destination: GPR, _ source: Memory) {
        assert(width != .b8)
        encode(.two(0xBC, prefix: 2).sized(width), destination.rawValue, source)
    }

    public mutating func lzcnt(_ width: Width, _ destination: GPR, _ source: GPR) {
        assert(width != .b8)
        encode(.two(0xBD, prefix: 2).sized(width), destination.rawValue, source.rawValue)
    }

    public mutating func lzcnt(_ width: Width, _ destination: GPR, _ source: Memory) {
        assert(width != .b8)
        encode(.two(0xBD, prefix: 2).sized(width), destination.rawValue, source)
    }

    public mutating func popcnt(_ width: Width, _ destination: GPR, _ source: GPR) {
        assert(width != .b8)
        encode(.two(0xB8, prefix: 2).sized(width), destination.rawValue, source.rawValue)
    }

    public mutating func popcnt(_ width: Width, _ destination: GPR, _ source: Memory) {
        assert(width != .b8)
        encode(.two(0xB8, prefix: 2).sized(width), destination.rawValue, source)
    }

    // MARK: CRC32

    /// CRC-32C of `width` bits of `source` into the 32 bits of `destination`.
    public mutating func crc32(_ width: Width, _ destination: GPR, _ source: GPR) {
        let opcode = Opcode(0xF0, map: 2, prefix: 3).byteOrSized(width).naming(width, source)
        encode(opcode, destination.rawValue, source.rawValue)
    }

    public mutating func crc32(_ width: Width, _ destination: GPR, _ source: Memory) {
        encode(Opcode(0xF0, map: 2, prefix: 3).byteOrSized(width), destination.rawValue, source)
    }
}
