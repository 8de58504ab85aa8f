// SDM volume 1, 7.3.13 Flag control instructions.

import LyrebirdIR

extension Lifter {
    mutating func clc(_ i: DecodedInstruction) { setFlags(changed(FlagBits.c, to: const32(0))) }
    mutating func stc(_ i: DecodedInstruction) { setFlags(changed(FlagBits.c, to: const32(FlagBits.c))) }
    mutating func cmc(_ i: DecodedInstruction) { setFlags(unit.cmc(flags())) }

    mutating func cld(_ i: DecodedInstruction) { setDirection(0) }
    mutating func std(_ i: DecodedInstruction) { setDirection(0x400) }

    private mutating func setDirection(_ bit: UInt64) {
        let kept = unit.and(unit.get(.i64, X86State.otherFlags), const(~0x400))
        unit.set(X86State.otherFlags, bit == 0 ? kept : unit.or(kept, const(bit)))
    }

    mutating func lahf(_ i: DecodedInstruction) {
        let placed = unit.shl(unit.zext(.i64, from: .i32, lowFlags()), const(8))
        let kept = unit.and(register(General.rax), const(~0xFF00))
        setRegister(General.rax, unit.or(kept, placed))
    }

    mutating func sahf(_ i: DecodedInstruction) {
        let bits = unit.and(register(General.rax, 4), const32(0xD500))
        setFlags(changed(0xFF00, to: bits))
    }

    mutating func pushf(_ i: DecodedInstruction) { push(truncated(eflags(), to: type(i.operandSize))) }

    mutating func popf(_ i: DecodedInstruction) {
        let value = load(i.operandSize, Address(base: register(General.rsp)))
        moveStack(by: UInt64(i.operandSize))
        setEFLAGS(value, size: i.operandSize)
        changeMode(where: .ne, trapFlag())
    }
}
