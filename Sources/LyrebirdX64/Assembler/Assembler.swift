// The assembler: it writes x86-64 instructions at a cursor. There is one method an instruction, under the mnemonic of the
// manual (Intel SDM, volume 2), destination first. Nothing on the way allocates, throws or checks for space: the caller
// makes sure of `Assembler.maximumInstructionLength` bytes an instruction, once for everything that it is about to emit.

/// Writes x86-64 machine code. Keep it in a local variable while emitting, so that the cursor lives in a register.
public struct Assembler: @unchecked Sendable {
    /// Where the next byte goes.
    public var cursor: UnsafeMutablePointer<UInt8>
    public let start: UnsafeMutablePointer<UInt8>
    public let limit: UnsafeMutablePointer<UInt8>

    /// The architecture's limit (SDM 2.3.11).
    public static var maximumInstructionLength: Int { 15 }

    @inline(__always) public init(_ buffer: UnsafeMutableBufferPointer<UInt8>) {
        self.init(start: buffer.baseAddress!, capacity: buffer.count)
    }

    @inline(__always) public init(start: UnsafeMutablePointer<UInt8>, capacity: Int) {
        self.start = start
        cursor = start
        limit = start + capacity
    }

    /// The bytes of space left.
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
        while left > 0 {
            var length = min(left, 9)
            left &-= length
            if length == 9 {
                byte(0x66)
                length = 8
            }
            var encoding: UInt64 =
                switch length {
                case 1: 0x90
                case 2: 0x9066
                case 3: 0x00_1F0F
                case 4: 0x0040_1F0F
                case 5: 0x00_0044_1F0F
                case 6: 0x0000_441F_0F66
                case 7: 0x00_0000_0080_1F0F
                default: 0x0000_0000_0084_1F0F
                }
            for _ in 0..<length {
                byte(UInt8(truncatingIfNeeded: encoding))
                encoding &>>= 8
            }
        }
    }

    /// Pads so that the next instruction starts at a multiple of `alignment`, a power of two.
    public mutating func align(to alignment: Int) {
        let address = Int(bitPattern: cursor)
        nop(bytes: (0 &- address) & (alignment &- 1))
    }
}
