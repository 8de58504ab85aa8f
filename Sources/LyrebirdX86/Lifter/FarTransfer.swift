// SDM volume 1, 7.3.8.1 and 7.3.8.3 Far transfers and returns from interrupts. A program's are between segments of its own privilege, and of
// Linux's code segments that is the one of 64 bits, in which it is; the other one has 32 bits, and is #GP as all the rest is.

import LyrebirdIR

extension Lifter {
    /// The selector of the 64-bit code segment.
    private static let codeSelector: UInt32 = 0x33
    private static let nestedTask: UInt64 = 0x4000

    /// Offset, then selector.
    private mutating func farPointer(_ i: DecodedInstruction) -> (target: Value, selector: Value) {
        let place = address(i)
        let target = zeroExtended(load(i.operandSize, place), to: .i64)
        let selector = load(2, behind(place, Int32(i.operandSize)))
        return (target, zeroExtended(selector, to: .i32))
    }

    /// - Parameter privilege: bits of the selector that may be anything: CALL and JMP stay where they are in any case.
    private mutating func checkCode(_ selector: Value, _ target: Value, ignoring privilege: UInt32 = 0) {
        let difference = unit.sub(
            unit.and(selector, const32(0xFFFF & ~privilege)), const32(Lifter.codeSelector & ~privilege))
        trap(.generalProtection, where: .ne, resultFlags(difference))
        let canonical = unit.sar(unit.shl(target, const(16)), const(16))
        trap(.generalProtection, where: .ne, unit.flags(unit.sub(target, canonical)))
    }

    mutating func jmpFar(_ i: DecodedInstruction) {
        let (target, selector) = farPointer(i)
        checkCode(selector, target, ignoring: 3)
        leaveUnit(indirect: target, .jump)
    }

    mutating func callFar(_ i: DecodedInstruction) {
        let (target, selector) = farPointer(i)
        checkCode(selector, target, ignoring: 3)
        let size = type(i.operandSize)
        let stack = register(General.rsp)
        let bytes = Int32(i.operandSize)
        store(const(size, UInt64(Lifter.codeSelector)), Address(base: stack, displacement: -bytes))
        store(const(size, next), Address(base: stack, displacement: -2 * bytes))
        moveStack(by: UInt64(bitPattern: -2 * Int64(bytes)))
        leaveUnit(indirect: target, .jump)
    }

    /// The place of a number that was pushed, counted from the last one.
    private func pushed(_ index: Int32, _ i: DecodedInstruction, on stack: Value) -> Address {
        Address(base: stack, displacement: index * Int32(i.operandSize))
    }

    mutating func retFar(_ i: DecodedInstruction) {
        let stack = register(General.rsp)
        let target = zeroExtended(load(i.operandSize, pushed(0, i, on: stack)), to: .i64)
        let selector = zeroExtended(load(2, pushed(1, i, on: stack)), to: .i32)
        checkCode(selector, target)
        let arguments = i.operand(0).kind == .immediate ? UInt64(bitPattern: i.immediate) : 0
        moveStack(by: 2 * UInt64(i.operandSize) &+ arguments)
        leaveUnit(indirect: target, .jump)
    }

    /// In 64-bit mode it takes the stack's selector and pointer in any case.
    mutating func iret(_ i: DecodedInstruction) {
        let stack = register(General.rsp)
        let nested = unit.and(unit.get(.i64, X86State.otherFlags), const(Lifter.nestedTask))
        trap(.generalProtection, where: .ne, resultFlags(nested))
        let target = zeroExtended(load(i.operandSize, pushed(0, i, on: stack)), to: .i64)
        let code = zeroExtended(load(2, pushed(1, i, on: stack)), to: .i32)
        let flags = load(i.operandSize, pushed(2, i, on: stack))
        let newStack = zeroExtended(load(i.operandSize, pushed(3, i, on: stack)), to: .i64)
        let data = load(2, pushed(4, i, on: stack))
        checkCode(code, target)
        setSegment(.ss, data)
        setRegister(General.rsp, newStack)
        setEFLAGS(flags, size: i.operandSize)
        // The trap flag may be among them.
        leaveUnit(indirect: target, steps ? .singleStep : .modeChange)
    }
}
