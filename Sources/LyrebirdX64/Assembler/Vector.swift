// Vector instructions: one method a shape of operands and an `SSEOpcode` for the instruction. `sse` emits the legacy
// encoding, whose destination is also the first source; `avx` emits VEX, or EVEX where a register above 15 or the
// instruction needs it. The manual's order of operands holds everywhere, so a store has its destination first.
//
// Legacy encodings leave the upper half of a YMM register alone, and are slow while one is dirty: emit `vzeroupper`
// between 256-bit code and legacy code, or use `avx` throughout.

extension Assembler {
    // MARK: Legacy

    public mutating func sse(_ opcode: SSEOpcode, _ destination: XMM, _ source: XMM) {
        legacy(opcode, destination.rawValue, source.rawValue)
    }

    public mutating func sse(_ opcode: SSEOpcode, _ destination: XMM, _ source: Memory) {
        legacy(opcode, destination.rawValue, source)
    }

    public mutating func sse(_ opcode: SSEOpcode, _ destination: Memory, _ source: XMM) {
        assert(opcode.isShape(.store))
        legacy(opcode, source.rawValue, destination)
    }

    public mutating func sse(_ opcode: SSEOpcode, _ destination: XMM, _ source: GPR) {
        legacy(opcode, destination.rawValue, source.rawValue)
    }

    public mutating func sse(_ opcode: SSEOpcode, _ destination: GPR, _ source: XMM) {
        legacy(opcode, destination.rawValue, source.rawValue)
    }

    /// An integer in memory or a scalar in memory, converted to a general-purpose register.
    public mutating func sse(_ opcode: SSEOpcode, _ destination: GPR, _ source: Memory) {
        legacy(opcode, destination.rawValue, source)
    }

    public mutating func sse(_ opcode: SSEOpcode, _ destination: XMM, _ source: XMM, imm: UInt8) {
        legacy(opcode, destination.rawValue, source.rawValue)
        byte(imm)
    }

    public mutating func sse(_ opcode: SSEOpcode, _ destination: XMM, _ source: Memory, imm: UInt8) {
        legacy(opcode, destination.rawValue, source)
        byte(imm)
    }

    public mutating func sse(_ opcode: SSEOpcode, _ destination: Memory, _ source: XMM, imm: UInt8) {
        assert(opcode.isShape(.store))
        legacy(opcode, source.rawValue, destination)
        byte(imm)
    }

    public mutating func sse(_ opcode: SSEOpcode, _ destination: XMM, _ source: GPR, imm: UInt8) {
        legacy(opcode, destination.rawValue, source.rawValue)
        byte(imm)
    }

    public mutating func sse(_ opcode: SSEOpcode, _ destination: GPR, _ source: XMM, imm: UInt8) {
        legacy(opcode, destination.rawValue, source.rawValue)
        byte(imm)
    }

    /// A shift of `destination` by an immediate.
    public mutating func sse(_ opcode: SSEOpcode, _ destination: XMM, imm: UInt8) {
        assert(opcode.isShape(.group) && opcode.hasLegacy)
        encode(opcode.opcode, opcode.digit, destination.rawValue)
        byte(imm)
    }

    // MARK: VEX and EVEX, three operands

    public mutating func avx(
        _ opcode: SSEOpcode, _ destination: XMM, _ first: XMM, _ second: XMM, L256: Bool = false
    ) {
        assert(opcode.isShape(.three) || opcode.isShape(.merging))
        vector(opcode, destination.rawValue, first.rawValue, second.rawValue, L256)
    }

    public mutating func avx(
        _ opcode: SSEOpcode, _ destination: XMM, _ first: XMM, _ second: Memory, L256: Bool = false
    ) {
        assert(opcode.isShape(.three))
        vector(opcode, destination.rawValue, first.rawValue, second, L256)
    }

    public mutating func avx(_ opcode: SSEOpcode, _ destination: XMM, _ first: XMM, _ second: GPR) {
        assert(opcode.isShape(.three))
        vector(opcode, destination.rawValue, first.rawValue, second.rawValue, false)
    }

    public mutating func avx(
        _ opcode: SSEOpcode, _ destination: XMM, _ first: XMM, _ second: XMM, imm: UInt8, L256: Bool = false
    ) {
        assert(opcode.isShape(.three))
        vector(opcode, destination.rawValue, first.rawValue, second.rawValue, L256)
        byte(imm)
    }

    public mutating func avx(
        _ opcode: SSEOpcode, _ destination: XMM, _ first: XMM, _ second: Memory, imm: UInt8, L256: Bool = false
    ) {
        assert(opcode.isShape(.three))
        vector(opcode, destination.rawValue, first.rawValue, second, L256)
        byte(imm)
    }

    public mutating func avx(_ opcode: SSEOpcode, _ destination: XMM, _ first: XMM, _ second: GPR, imm: UInt8) {
        assert(opcode.isShape(.three))
        vector(opcode, destination.rawValue, first.rawValue, second.rawValue, false)
        byte(imm)
    }

    /// A store under a mask.
    public mutating func avx(
        _ opcode: SSEOpcode, _ destination: Memory, _ mask: XMM, _ source: XMM, L256: Bool = false
    ) {
        assert(opcode.isShape(.store))
        vector(opcode, source.rawValue, mask.rawValue, destination, L256)
    }

    // MARK: VEX and EVEX, two operands

    public mutating func avx(_ opcode: SSEOpcode, _ destination: XMM, _ source: XMM, L256: Bool = false) {
        assert(!opcode.isShape(.three) && !opcode.isShape(.merging))
        if opcode.isShape(.store) {
            vector(opcode, source.rawValue, 0, destination.rawValue, L256)
        } else {
            vector(opcode, destination.rawValue, 0, source.rawValue, L256)
        }
    }

    public mutating func avx(_ opcode: SSEOpcode, _ destination: XMM, _ source: Memory, L256: Bool = false) {
        assert(opcode.isShape(.two) || opcode.isShape(.merging))
        vector(opcode, destination.rawValue, 0, source, L256)
    }

    public mutating func avx(_ opcode: SSEOpcode, _ destination: Memory, _ source: XMM, L256: Bool = false) {
        assert(opcode.isShape(.store))
        vector(opcode, source.rawValue, 0, destination, L256)
    }

    public mutating func avx(_ opcode: SSEOpcode, _ destination: XMM, _ source: GPR, L256: Bool = false) {
        assert(opcode.isShape(.two))
        vector(opcode, destination.rawValue, 0, source.rawValue, L256)
    }

    public mutating func avx(_ opcode: SSEOpcode, _ destination: GPR, _ source: XMM, L256: Bool = false) {
        if opcode.isShape(.store) {
            vector(opcode, source.rawValue, 0, destination.rawValue, L256)
        } else {
            vector(opcode, destination.rawValue, 0, source.rawValue, L256)
        }
    }

    /// A scalar in memory, converted to a general-purpose register.
    public mutating func avx(_ opcode: SSEOpcode, _ destination: GPR, _ source: Memory) {
        vector(opcode, destination.rawValue, 0, source, false)
    }

    /// Also the shifts by an immediate.
    public mutating func avx(_ opcode: SSEOpcode, _ destination: XMM, _ source: XMM, imm: UInt8, L256: Bool = false) {
        assert(!opcode.isShape(.three))
        if opcode.isShape(.group) {
            vector(opcode, opcode.digit, destination.rawValue, source.rawValue, L256)
        } else if opcode.isShape(.store) {
            vector(opcode, source.rawValue, 0, destination.rawValue, L256)
        } else {
            vector(opcode, destination.rawValue, 0, source.rawValue, L256)
        }
        byte(imm)
    }

    public mutating func avx(_ opcode: SSEOpcode, _ destination: XMM, _ source: Memory, imm: UInt8, L256: Bool = false)
    {
        assert(opcode.isShape(.two))
        vector(opcode, destination.rawValue, 0, source, L256)
        byte(imm)
    }

    public mutating func avx(_ opcode: SSEOpcode, _ destination: Memory, _ source: XMM, imm: UInt8, L256: Bool = false)
    {
        assert(opcode.isShape(.store))
        vector(opcode, source.rawValue, 0, destination, L256)
        byte(imm)
    }

    public mutating func avx(_ opcode: SSEOpcode, _ destination: GPR, _ source: XMM, imm: UInt8) {
        assert(opcode.isShape(.store))
        vector(opcode, source.rawValue, 0, destination.rawValue, false)
        byte(imm)
    }

    // MARK: VEX, four operands: blends by the sign bits of `mask`

    public mutating func vpblendvb(_ destination: XMM, _ first: XMM, _ second: XMM, _ mask: XMM, L256: Bool = false) {
        fourOperands(0x4C, destination, first, second, mask, L256)
    }

    public mutating func vblendvps(_ destination: XMM, _ first: XMM, _ second: XMM, _ mask: XMM, L256: Bool = false) {
        fourOperands(0x4A, destination, first, second, mask, L256)
    }

    public mutating func vblendvpd(_ destination: XMM, _ first: XMM, _ second: XMM, _ mask: XMM, L256: Bool = false) {
        fourOperands(0x4B, destination, first, second, mask, L256)
    }

    private mutating func fourOperands(
        _ opcode: UInt8, _ destination: XMM, _ first: XMM, _ second: XMM, _ mask: XMM, _ L256: Bool
    ) {
        precondition((destination.rawValue | first.rawValue | second.rawValue | mask.rawValue) < 16)
        let opcode = Opcode(opcode, map: 3, prefix: 1)
        vex(opcode, destination.rawValue, first.rawValue, second.rawValue, l: L256 ? 1 : 0)
        byte(mask.rawValue &<< 4)
    }

    /// Clears the upper halves of YMM0–15.
    public mutating func vzeroupper() {
        byte(0xC5)
        word(0x77F8)
    }

    // MARK: AVX-512 masks

    /// A comparison of two vectors that makes a mask.
    public mutating func avx(
        _ opcode: SSEOpcode, _ destination: KMask, _ first: XMM, _ second: XMM, L256: Bool = false
    ) {
        assert(opcode.isShape(.three))
        evex(opcode, destination.rawValue, first.rawValue, second.rawValue, L256)
    }

    public mutating func avx(
        _ opcode: SSEOpcode, _ destination: KMask, _ first: XMM, _ second: Memory, L256: Bool = false
    ) {
        assert(opcode.isShape(.three))
        evex(opcode, destination.rawValue, first.rawValue, second, L256)
    }

    public mutating func avx(
        _ opcode: SSEOpcode, _ destination: KMask, _ first: XMM, _ second: XMM, imm: UInt8, L256: Bool = false
    ) {
        assert(opcode.isShape(.three))
        evex(opcode, destination.rawValue, first.rawValue, second.rawValue, L256)
        byte(imm)
    }

    public mutating func avx(
        _ opcode: SSEOpcode, _ destination: KMask, _ first: XMM, _ second: Memory, imm: UInt8, L256: Bool = false
    ) {
        assert(opcode.isShape(.three))
        evex(opcode, destination.rawValue, first.rawValue, second, L256)
        byte(imm)
    }

    /// VPMOVM2B and its kin.
    public mutating func avx(_ opcode: SSEOpcode, _ destination: XMM, _ source: KMask, L256: Bool = false) {
        assert(opcode.isShape(.two))
        evex(opcode, destination.rawValue, 0, source.rawValue, L256)
    }

    /// VPMOVB2M and its kin.
    public mutating func avx(_ opcode: SSEOpcode, _ destination: KMask, _ source: XMM, L256: Bool = false) {
        assert(opcode.isShape(.two))
        evex(opcode, destination.rawValue, 0, source.rawValue, L256)
    }

    /// Any EVEX instruction of three operands under a mask: elements whose bit is clear keep the destination's, or are
    /// cleared if `zeroing`. A blend takes them from `first` instead.
    public mutating func avx(
        _ opcode: SSEOpcode, _ destination: XMM, _ first: XMM, _ second: XMM, mask: KMask, zeroing: Bool = false,
        L256: Bool = false
    ) {
        assert(opcode.isShape(.three) || opcode.isShape(.merging))
        evex(
            opcode, destination.rawValue, first.rawValue, second.rawValue, L256,
            mask: mask.rawValue | (zeroing ? 0x80 : 0))
    }

    /// Any EVEX instruction of two operands under a mask, such as VMOVDQU8.
    public mutating func avx(
        _ opcode: SSEOpcode, _ destination: XMM, _ source: XMM, mask: KMask, zeroing: Bool = false, L256: Bool = false
    ) {
        assert(opcode.isShape(.two))
        evex(
            opcode, destination.rawValue, 0, source.rawValue, L256,
            mask: mask.rawValue | (zeroing ? 0x80 : 0))
    }

    /// KMOVD or KMOVQ: 32 bits zero-extend.
    public mutating func kmov(_ width: Width, _ destination: KMask, _ source: GPR) {
        assert(width.rawValue >= Width.b32.rawValue)
        vex(.two(0x92, prefix: 3).wide(width), destination.rawValue, 0, source.rawValue)
    }

    public mutating func kmov(_ width: Width, _ destination: GPR, _ source: KMask) {
        assert(width.rawValue >= Width.b32.rawValue)
        vex(.two(0x93, prefix: 3).wide(width), destination.rawValue, 0, source.rawValue)
    }

    /// ZF if `first | second` is zero, CF if it is all ones, of `width` bits.
    public mutating func kortest(_ width: Width, _ first: KMask, _ second: KMask) {
        let isW: UInt32 = width.rawValue >= Width.b32.rawValue ? 1 &<< 12 : 0
        let prefix: UInt32 = width == .b8 || width == .b32 ? 1 : 0
        let opcode = Opcode.two(0x98, prefix: prefix)
        vex(Opcode(bits: opcode.bits | isW), first.rawValue, 0, second.rawValue)
    }
}
