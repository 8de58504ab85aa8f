// Branches inside a loop. Each way brings home what its own end wants: the loop's blocks the loop's registers, an exit those of
// the contract.

import LyrebirdIR

extension CodeGenerator {
    mutating func selectBranchInLoop(_ i: Instruction, _ unit: borrowing Unit) {
        let flags = Int(values[Int(i.a)].representative)
        // Arguments first: to copy them may take the host's flags.
        let goesOn = goesOn(i.c, unit)
        let stagedThen = stageArguments(i.b, unit)
        let stagedElse = goesOn ? -1 : stageArguments(i.c, unit)
        let condition = useCondition(i.condition, of: flags, unit)
        if goesOn {
            leaveAside(condition, i.b, stagedThen, unit)
            passInPlace(i.c, unit)
        } else if isExit(i.c, unit), !goesStraight(i.b, stagedThen, unit) {
            // What stays in the loop goes on here.
            leaveAside(condition.inverted, i.c, stagedElse, unit)
            leaveInLoop(i.b, stagedThen, unit)
        } else if isExit(i.b, unit), goesStraight(i.c, stagedElse, unit) {
            leaveAside(condition.inverted, i.c, stagedElse, unit)
            leaveInLoop(i.b, stagedThen, unit)
        } else {
            leaveAside(condition, i.b, stagedThen, unit)
            leaveInLoop(i.c, stagedElse, unit)
        }
    }

    /// Whether an edge leads to the block that is emitted next, with the allocator's state.
    mutating func goesOn(_ edge: UInt32, _ unit: borrowing Unit) -> Bool {
        let target = blockStates[Int(unit.pool[Int(edge)])]
        return target.address == nil && target.chain == currentChain
    }

    private mutating func isExit(_ edge: UInt32, _ unit: borrowing Unit) -> Bool {
        blockStates[Int(unit.pool[Int(edge)])].onlyExit >= 0
    }

    /// Whether nothing has to be moved on the way to a block of the loop.
    private mutating func goesStraight(_ edge: UInt32, _ staged: Int, _ unit: borrowing Unit) -> Bool {
        let target = blockStates[Int(unit.pool[Int(edge)])]
        guard staged < 0, target.onlyExit < 0 else { return false }
        let (before, constants) = (hot, constantCount)
        goHome(inner, lost: target.overwritten)
        defer { (hot, constantCount) = (before, constants) }
        return hot.cursor == before.cursor
    }

    /// Where the condition holds, goes to the end of an edge: out of line, if something has to be moved.
    private mutating func leaveAside(_ condition: Condition, _ edge: UInt32, _ staged: Int, _ unit: borrowing Unit) {
        if goesStraight(edge, staged, unit) {
            let target = Int(unit.pool[Int(edge)])
            if let address = blockStates[target].address {
                hot.jcc(condition, to: UnsafeRawPointer(address))
            } else {
                addPending(target, hot.jccForward(condition, near: true))
            }
            return
        }
        let taken = hot.jccForward(condition, near: true)
        swap(&hot, &cold)
        hot.bind(taken)
        leaveInLoop(edge, staged, unit)
        swap(&hot, &cold)
    }

    /// Goes to the end of an edge. Only emits.
    mutating func leaveInLoop(_ edge: UInt32, _ staged: Int, _ unit: borrowing Unit) {
        let target = Int(unit.pool[Int(edge)])
        let state = blockStates[target]
        if state.onlyExit >= 0 {
            goHome(outer)
            restoreCarry()
            emitOnlyExit(state.onlyExit, unit)
        } else {
            goHome(inner, lost: state.overwritten)
            passArguments(edge, staged, unit)
            jump(to: target)
        }
    }

    /// Where the loop is entered, and everything is home.
    mutating func keepCarry(_ unit: borrowing Unit) {
        var flags = contract.flagSlots
        guard unit.keepsCarry, case let slot = flags.popFirst(), slot >= 0 else { return }
        carrySpill = takeSpill()
        hot.movzx(.b32, .rax, .b16, slotMemory(slot))
        hot.mov(.b64, RegisterContract.spill(carrySpill), .rax)
        logCarry()
    }

    /// Where it is left, and everything is home: RAX and the host's flags are free.
    mutating func restoreCarry() {
        var flags = contract.flagSlots
        guard carrySpill >= 0, case let slot = flags.popFirst(), slot >= 0 else { return }
        hot.movzx(.b32, .rax, .b16, slotMemory(slot))
        hot.xor(.b32, .rax, RegisterContract.spill(carrySpill))
        hot.and(.b32, .rax, imm: 0x100)
        hot.xor(.b16, slotMemory(slot), .rax)
    }

    /// At the head, where its flags have been made again, or behind it: loads from a page that is closed while somebody asks to stop. To
    /// compare a word and to jump can take a short loop half again as long.
    mutating func pollInLoop(_ unit: borrowing Unit) {
        clobberFlags(including: true)
        hostFlags = -1
        instructionPC = unit.loopPollPC
        site(unit)
        hot.test(.b32, ContextField.pollPage, .rax)
    }
}
