// SDM volume 1, 7.3.8 Control transfer instructions, near ones.

import LyrebirdIR

extension Lifter {
    private func target(_ i: DecodedInstruction) -> UInt64 {
        let address = next &+ UInt64(bitPattern: i.immediate)
        return i.operandSize == 2 ? address & 0xFFFF : address
    }

    mutating func jcc(_ i: DecodedInstruction) { branch(condition(i), flags(for: condition(i)), to: target(i)) }

    mutating func jmp(_ i: DecodedInstruction) {
        let operand = i.operand(0)
        if operand.kind == .relative { return exit(target(i)) }
        let target = zeroExtended(read(operand, i), to: .i64)
        leaveUnit(indirect: target, .jump)
    }

    mutating func call(_ i: DecodedInstruction) {
        let operand = i.operand(0)
        let returnAddress = const(type(i.operandSize), next)
        if operand.kind == .relative {
            push(returnAddress)
            leaveUnit(target(i), .call, returnTo: next)
        } else {
            let target = zeroExtended(read(operand, i), to: .i64)
            push(returnAddress)
            leaveUnit(indirect: target, .call, returnTo: next)
        }
    }

    mutating func ret(_ i: DecodedInstruction) {
        let target = zeroExtended(load(i.operandSize, Address(base: register(General.rsp))), to: .i64)
        let arguments = i.operand(0).kind == .immediate ? UInt64(bitPattern: i.immediate) : 0
        moveStack(by: UInt64(i.operandSize) &+ arguments)
        leaveUnit(indirect: target, .return)
    }

    mutating func jcxz(_ i: DecodedInstruction) {
        branch(.eq, resultFlags(register(General.rcx, i.addressSize)), to: target(i))
    }

    mutating func loop(_ i: DecodedInstruction) {
        branch(.ne, countDown(i), to: target(i))
    }

    mutating func loope(_ i: DecodedInstruction) { loop(i, while: .eq) }
    mutating func loopne(_ i: DecodedInstruction) { loop(i, while: .ne) }

    private mutating func loop(_ i: DecodedInstruction, while condition: Condition) {
        let zero = unit.cset(.i32, .ne, countDown(i))
        let holds = unit.cset(.i32, condition, flags(for: condition))
        branch(.ne, unit.flags(unit.and(zero, holds)), to: target(i))
    }

    /// Flags that say whether the count, which is less by one now, is zero.
    mutating func countDown(_ i: DecodedInstruction) -> Value {
        let count = register(General.rcx, i.addressSize)
        let less = unit.sub(count, const(type(i.addressSize), 1))
        let flags = unit.flags(less)
        setRegister(General.rcx, less)
        return flags
    }

    // MARK: Software interrupts

    /// With prefixes it is as long as INT 3 is, which is the same.
    mutating func int3(_ i: DecodedInstruction) {
        if i.length == 1 { trap(.breakpoint) } else { trap(.softwareInterrupt, payload: 3) }
    }

    mutating func int1(_ i: DecodedInstruction) {
        unit.exitTrap(next, .debugBreak)
        ended = true
    }

    /// 0x80 is a system call.
    mutating func int(_ i: DecodedInstruction) {
        if i.immediate == 0x80 {
            unit.exitTrap(next, .systemCall, payload: 0x80)
            ended = true
        } else {
            trap(.softwareInterrupt, payload: UInt32(truncatingIfNeeded: i.immediate))
        }
    }

    /// RCX and R11 are what the kernel returns to.
    mutating func syscall(_ i: DecodedInstruction) {
        let flags = eflags()
        setRegister(General.rcx, const(next))
        setRegister(General.r11, flags)
        unit.exitTrap(next, .systemCall)
        ended = true
    }

    mutating func ud0(_ i: DecodedInstruction) { trap(.undefined) }
    mutating func ud1(_ i: DecodedInstruction) { trap(.undefined) }
    mutating func ud2(_ i: DecodedInstruction) { trap(.undefined) }
}
