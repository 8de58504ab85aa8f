// A few AArch64 instructions, encoded by hand (Arm ARM C6.2): what tests of the machine need.

enum A64 {
    static func movz(_ rd: UInt32, _ imm: UInt32, shift: UInt32 = 0) -> UInt32 {
        0xD280_0000 | (shift / 16) << 21 | imm << 5 | rd
    }
    static func movk(_ rd: UInt32, _ imm: UInt32, shift: UInt32) -> UInt32 {
        0xF280_0000 | (shift / 16) << 21 | imm << 5 | rd
    }
    static func add(_ rd: UInt32, _ rn: UInt32, imm: UInt32) -> UInt32 { 0x9100_0000 | imm << 10 | rn << 5 | rd }
    static func sub(_ rd: UInt32, _ rn: UInt32, imm: UInt32) -> UInt32 { 0xD100_0000 | imm << 10 | rn << 5 | rd }
    static func subs(_ rd: UInt32, _ rn: UInt32, imm: UInt32) -> UInt32 { 0xF100_0000 | imm << 10 | rn << 5 | rd }
    static func add(_ rd: UInt32, _ rn: UInt32, _ rm: UInt32) -> UInt32 { 0x8B00_0000 | rm << 16 | rn << 5 | rd }
    static func ldr(_ rt: UInt32, _ rn: UInt32, offset: UInt32 = 0) -> UInt32 {
        0xF940_0000 | (offset / 8) << 10 | rn << 5 | rt
    }
    static func str(_ rt: UInt32, _ rn: UInt32, offset: UInt32 = 0) -> UInt32 {
        0xF900_0000 | (offset / 8) << 10 | rn << 5 | rt
    }
    /// LDP with write-back before the access.
    static func ldpPre(_ rt: UInt32, _ rt2: UInt32, _ rn: UInt32, offset: Int32) -> UInt32 {
        0xA9C0_0000 | (UInt32(bitPattern: offset / 8) & 0x7F) << 15 | rt2 << 10 | rn << 5 | rt
    }
    static func stpPre(_ rt: UInt32, _ rt2: UInt32, _ rn: UInt32, offset: Int32) -> UInt32 {
        0xA980_0000 | (UInt32(bitPattern: offset / 8) & 0x7F) << 15 | rt2 << 10 | rn << 5 | rt
    }
    static func ldpPost(_ rt: UInt32, _ rt2: UInt32, _ rn: UInt32, offset: Int32) -> UInt32 {
        0xA8C0_0000 | (UInt32(bitPattern: offset / 8) & 0x7F) << 15 | rt2 << 10 | rn << 5 | rt
    }
    /// Branches by a number of instructions.
    static func b(_ words: Int32) -> UInt32 { 0x1400_0000 | UInt32(bitPattern: words) & 0x3FF_FFFF }
    static func bl(_ words: Int32) -> UInt32 { 0x9400_0000 | UInt32(bitPattern: words) & 0x3FF_FFFF }
    static func bne(_ words: Int32) -> UInt32 { 0x5400_0001 | (UInt32(bitPattern: words) & 0x7FFFF) << 5 }
    static func cbz(_ rt: UInt32, _ words: Int32) -> UInt32 {
        0xB400_0000 | (UInt32(bitPattern: words) & 0x7FFFF) << 5 | rt
    }
    static func br(_ rn: UInt32) -> UInt32 { 0xD61F_0000 | rn << 5 }
    static func blr(_ rn: UInt32) -> UInt32 { 0xD63F_0000 | rn << 5 }
    static let ret: UInt32 = 0xD65F_03C0
    static func svc(_ imm: UInt32 = 0) -> UInt32 { 0xD400_0001 | imm << 5 }
    static let nop: UInt32 = 0xD503_201F
    static func brk(_ imm: UInt32) -> UInt32 { 0xD420_0000 | imm << 5 }
    static func icIVAU(_ rt: UInt32) -> UInt32 { 0xD50B_7520 | rt }
    static let dsbISH: UInt32 = 0xD503_3B9F
    static let isb: UInt32 = 0xD503_3FDF
    static let sp: UInt32 = 31
    static let zero: UInt32 = 31

    static func bytes(_ words: [UInt32]) -> [UInt8] {
        words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(8 * $0)) } }
    }
}
