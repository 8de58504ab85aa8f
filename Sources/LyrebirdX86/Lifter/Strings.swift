// SDM volume 1, 7.3.9 String operations. With a repeat prefix an instruction does one round and starts over: it may be interrupted
// after any of them, as the manual has it, with rCX, rSI and rDI saying how far it got.

import LyrebirdIR

extension Lifter {
    mutating func movs(_ i: DecodedInstruction) {
        beginRound(i)
        let value = load(i.operand(1).size, address(of: i.operand(1), i))
        store(value, address(of: i.operand(0), i))
        advance(General.rsi, i, i.operand(0).size)
        advance(General.rdi, i, i.operand(0).size)
        endRound(i)
    }

    mutating func stos(_ i: DecodedInstruction) {
        beginRound(i)
        let size = i.operand(1).size
        store(register(General.rax, size), address(of: i.operand(0), i))
        advance(General.rdi, i, size)
        endRound(i)
    }

    mutating func lods(_ i: DecodedInstruction) {
        beginRound(i)
        let size = i.operand(0).size
        let value = load(size, address(of: i.operand(1), i))
        advance(General.rsi, i, size)
        setRegister(General.rax, value)
        endRound(i)
    }

    mutating func cmps(_ i: DecodedInstruction) {
        beginRound(i)
        let size = i.operand(0).size
        let left = load(size, address(of: i.operand(0), i))
        let right = load(size, address(of: i.operand(1), i))
        let flags = unit.flags(unit.sub(left, right))
        advance(General.rsi, i, size)
        advance(General.rdi, i, size)
        setFlags(flags)
        endRound(i, while: flags)
    }

    mutating func scas(_ i: DecodedInstruction) {
        beginRound(i)
        let size = i.operand(0).size
        let right = load(size, address(of: i.operand(1), i))
        let flags = unit.flags(unit.sub(register(General.rax, size), right))
        advance(General.rdi, i, size)
        setFlags(flags)
        endRound(i, while: flags)
    }

    /// Nothing is done for a count of zero.
    mutating func beginRound(_ i: DecodedInstruction) {
        guard i.repeats else { return }
        leave(for: next, where: .eq, resultFlags(register(General.rcx, i.addressSize)))
    }

    /// Goes on with the next round while the count is not zero and, of CMPS and SCAS, the comparison is as the prefix says.
    mutating func endRound(_ i: DecodedInstruction, while comparison: Value? = nil) {
        guard i.repeats else { return }
        let count = countDown(i)
        if let comparison {
            leave(for: next, where: .eq, count)
            branch(i.prefixes.contains(.rep) ? .eq : .ne, comparison, to: pc, startsOver: true)
        } else {
            branch(.ne, count, to: pc, startsOver: true)
        }
    }

    /// An index register goes on by the element's size, down where DF is set.
    mutating func advance(_ number: UInt8, _ i: DecodedInstruction, _ size: UInt8) {
        let down = unit.and(unit.get(.i64, X86State.otherFlags), const(0x400))
        let twice = unit.shr(down, const(UInt64(9 &- size.trailingZeroBitCount)))
        let distance = unit.sub(const(UInt64(size)), twice)
        let sum = unit.add(register(number), distance)
        setRegister(number, truncated(sum, to: type(i.addressSize)))
    }
}

extension DecodedInstruction {
    /// Of a string instruction: whether it has a repeat prefix.
    var repeats: Bool { !prefixes.isDisjoint(with: [.rep, .repne]) }
}
