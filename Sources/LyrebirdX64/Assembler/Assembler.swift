// The assembler: it writes x86-64 instructions at a cursor. There is one method an instruction, under the mnemonic of the
// manual (Intel SDM, volume 2), destination first. Nothing on the way allocates, throws or checks for space: the caller
// makes sure of `Assembler.maximumInstructionLength` bytes an instruction, once for everything that it is about to emit.
//
// An instruction is put together in a register and stored at once, so up to `Assembler.slack` bytes after it are overwritten.
// Code grows upwards into free space; what already runs is changed with `Assembler.patch` and never by assembling over it.

/// Writes x86-64 machine code. Keep it in a local variable while emitting, so that the cursor lives in a register.
public struct Assembler {
    /// Where the next byte goes.
    public var cursor: UnsafeMutablePointer<UInt8>
    public let start: UnsafeMutablePointer<UInt8>
    /// The end of the space for instructions. `slack` bytes follow it.
    public let limit: UnsafeMutablePointer<UInt8>

    /// The architecture's limit (SDM 2.3.11).
    public static var maximumInstructionLength: Int { 15 }
    /// How far emitting may write beyond the last instruction.
    public static var slack: Int { 8 }

    /// The last `slack` bytes of the buffer hold no instructions.
    @inline(__always) public init(_ buffer: UnsafeMutableBufferPointer<UInt8>) {
        self.init(start: buffer.baseAddress!, capacity: buffer.count)
    }

    /// The last `slack` bytes of `capacity` hold no instructions.
    @inline(__always) public init(start: UnsafeMutablePointer<UInt8>, capacity: Int) {
        precondition(capacity >= Assembler.slack)
        self.start = start
        cursor = start
        limit = start + (capacity - Assembler.slack)
    }

    /// The bytes of space left, not counting `slack`.
    @inline(__always) public var remaining: Int { limit - cursor }
    /// The bytes emitted.
    @inline(__always) public var offset: Int { cursor - start }

    // MARK: Data

    @inline(__always) public mutating func byte(_ value: UInt8) {
        cursor.pointee = value
        cursor += 1
    }

    @inline(__always) public mutating func word(_ value: UInt16) {
        UnsafeMutableRawPointer(cursor).storeBytes(of: value, as: UInt16.self)
        cursor += 2
    }

    @inline(__always) public mutating func long(_ value: UInt32) {
        UnsafeMutableRawPointer(cursor).storeBytes(of: value, as: UInt32.self)
        cursor += 4
    }

    @inline(__always) public mutating func quad(_ value: UInt64) {
        UnsafeMutableRawPointer(cursor).storeBytes(of: value, as: UInt64.self)
        cursor += 8
    }

    // MARK: Padding

    /// Emits `count` bytes that do nothing, in as few instructions as possible (SDM, NOP, table 4-12).
    public mutating func nop(bytes count: Int = 1) {
        var left = count
        while left > 8 {
            byte(0x66)
            quad(0x0000_0000_0084_1F0F)
            left &-= 9
        }
        shortNop(left)
    }

    /// `nop` of 0 to 8 bytes, without a branch that depends on `count`.
    @inline(__always) mutating func shortNop(_ count: Int) {
        let encoding: UInt64 =
            switch count {
            case 1: 0x90
            case 2: 0x9066
            case 3: 0x00_1F0F
            case 4: 0x0040_1F0F
            case 5: 0x00_0044_1F0F
            case 6: 0x0000_441F_0F66
            case 7: 0x00_0000_0080_1F0F
            default: 0x0000_0000_0084_1F0F
            }
        store(encoding, count)
    }

    /// Pads so that the next instruction starts at a multiple of `alignment`, a power of two.
    public mutating func align(to alignment: Int) {
        let address = Int(bitPattern: cursor)
        nop(bytes: (0 &- address) & (alignment &- 1))
    }

    /// What comes next is a loop: it starts in the middle of a cache line. Where one is longer than a line, what lies in its first
    /// should be the smaller part: AMD's Zen 5 takes twice as long for a loop that fills its first line with a dozen
    /// instructions and goes on in the next.
    public mutating func alignLoop() { nop(bytes: (32 &- Int(bitPattern: cursor)) & 63) }
}
