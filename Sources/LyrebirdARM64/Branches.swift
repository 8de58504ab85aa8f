// C4.1.93 Branches, exception generating and system instructions: the branches and the exceptions.

import LyrebirdIR

extension Lifter {
    // MARK: Conditional branch (immediate)

    mutating func bCond(_ i: ConditionalBranch) {
        let target = relative(i.offset)
        guard let condition = condition(i.cond) else { return exit(target) }
        branch(condition, flags(), to: target)
    }

    // MARK: Exception generation

    mutating func svc(_ i: ExceptionGeneration) {
        unit.exitTrap(pc &+ 4, .systemCall, payload: UInt32(i.imm16))
        ended = true
    }

    mutating func brk(_ i: ExceptionGeneration) {
        unit.exitTrap(pc, .breakpoint, payload: UInt32(i.imm16))
        ended = true
    }

    /// Halting debug is not there, so HLT is undefined (C6.2.128).
    mutating func hlt(_ i: ExceptionGeneration) { undefinedInstruction(i.word) }

    // MARK: Unconditional branch (register)

    mutating func br(_ i: BranchRegister) {
        unit.exitIndirect(x(i.rn), .jump)
        ended = true
    }

    mutating func blr(_ i: BranchRegister) {
        let target = x(i.rn)
        setX(30, const(pc &+ 4))
        unit.exitIndirect(target, .call, returnTo: pc &+ 4)
        ended = true
    }

    mutating func ret(_ i: BranchRegister) {
        unit.exitIndirect(x(i.rn), .return)
        ended = true
    }

    // MARK: Unconditional branch (immediate)

    mutating func b(_ i: BranchImmediate) { exit(relative(i.offset)) }

    mutating func bl(_ i: BranchImmediate) {
        setX(30, const(pc &+ 4))
        unit.exitJump(relative(i.offset), .call, returnTo: pc &+ 4)
        ended = true
    }

    // MARK: Compare and branch (immediate)

    mutating func cbz(_ i: CompareBranch) { compareBranch(i, .eq) }
    mutating func cbnz(_ i: CompareBranch) { compareBranch(i, .ne) }

    private mutating func compareBranch(_ i: CompareBranch, _ condition: Condition) {
        let value = register(i.rt, i.sf)
        let difference = unit.sub(value, const(i.sf, 0))
        let flags = unit.flags(difference)
        branch(condition, flags, to: relative(i.offset))
    }

    // MARK: Test and branch (immediate)

    mutating func tbz(_ i: TestBranch) { testBranch(i, set: false) }
    mutating func tbnz(_ i: TestBranch) { testBranch(i, set: true) }

    /// A test of the sign is a comparison with zero: the host needs no mask.
    private mutating func testBranch(_ i: TestBranch, set: Bool) {
        let wide = i.bit > 31
        let value = register(i.rt, wide)
        if i.bit == 63 || i.bit == 31 {
            let difference = unit.sub(value, const(wide, 0))
            let flags = unit.flags(difference)
            branch(set ? .mi : .pl, flags, to: relative(i.offset))
        } else {
            let masked = unit.and(value, const(wide, 1 &<< UInt64(i.bit)))
            let flags = unit.flags(masked)
            branch(set ? .ne : .eq, flags, to: relative(i.offset))
        }
    }
}
