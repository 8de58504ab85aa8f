// SDM volume 1, 12.10.14, and volume 2, 4.1: comparisons of strings in vectors, which end at a zero or have their lengths in rAX and rDX.
// Memory need not be aligned.

import LyrebirdIR

extension Lifter {
    private func control(_ i: DecodedInstruction) -> Int32 {
        Int32(truncatingIfNeeded: i.immediate & 0x7F)
    }

    /// The host's instruction makes flags as well: those that stand right behind it cost nothing.
    mutating func pcmpistri(_ i: DecodedInstruction) {
        let (a, b) = (xmm(i.operand(0), i), xmm(i.operand(1), i, .notNeeded))
        let index = unit.vstringIndex(a, b, how: control(i))
        let flags = unit.vstringFlags(a, b, how: control(i))
        setRegister(General.rcx, index)
        setFlags(flags)
    }

    mutating func pcmpistrm(_ i: DecodedInstruction) {
        let (a, b) = (xmm(i.operand(0), i), xmm(i.operand(1), i, .notNeeded))
        let mask = unit.vstringMask(a, b, how: control(i))
        let flags = unit.vstringFlags(a, b, how: control(i))
        setVector(0, Vector(low: mask), i)
        setFlags(flags)
    }

    mutating func pcmpestri(_ i: DecodedInstruction) {
        let (a, b) = (xmm(i.operand(0), i), xmm(i.operand(1), i, .notNeeded))
        let found = compared(a, b, i)
        setRegister(General.rcx, unit.vextract(.i32, .s, found, index: 0))
        setFlags(unit.bitsToFlags(unit.vextract(.i32, .s, found, index: 1)))
    }

    mutating func pcmpestrm(_ i: DecodedInstruction) {
        let (a, b) = (xmm(i.operand(0), i), xmm(i.operand(1), i, .notNeeded))
        let mask = compared(a, b, i, makesMask: true)
        let found = compared(a, b, i)
        setVector(0, Vector(low: mask), i)
        setFlags(unit.bitsToFlags(unit.vextract(.i32, .s, found, index: 1)))
    }

    private mutating func compared(
        _ a: Value, _ b: Value, _ i: DecodedInstruction, makesMask: Bool = false
    ) -> Value {
        let first = unit.zext(.i64, from: .i32, length(General.rax, i))
        let second = unit.zext(.i64, from: .i32, length(General.rdx, i))
        let lengths = unit.vfromInt(unit.or(first, unit.shl(second, const(32))))
        let how = const32(UInt32(control(i)) | (makesMask ? 0x100 : 0))
        return unit.vstringExplicit(a, b, unit.vinsert(.s, lengths, how, index: 2))
    }

    /// A length of 64 bits that does not fit 32 is one that is too large in any case.
    private mutating func length(_ number: UInt8, _ i: DecodedInstruction) -> Value {
        let whole = register(number)
        let low = truncated(whole, to: .i32)
        guard i.rex & 8 != 0 else { return low }
        return unit.select(
            .eq, different(unit.sext(.i64, from: .i32, low), whole), low, const32(0x7FFF_FFFF))
    }
}
