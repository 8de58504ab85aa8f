// Loops of x86 as units (`LoopBody`).

import LyrebirdIR

extension Flow {
    /// Where an instruction leads.
    fileprivate init(_ i: DecodedInstruction) {
        let distance = Int(i.length) &+ Int(truncatingIfNeeded: i.immediate)
        let (target, goesOn): (Int?, Bool) =
            switch i.mnemonic {
            case .jcc, .jcxz, .loop, .loope, .loopne: (i.operandSize == 2 ? nil : distance, true)
            case .jmp: (i.operand(0).kind == .relative && i.operandSize != 2 ? distance : nil, false)
            case .call, .callFar, .jmpFar, .ret, .retFar, .iret, .syscall, .int, .int1, .int3, .ud0, .ud1, .ud2, .hlt:
                (nil, false)
            default: (nil, true)
            }
        self.init(length: Int(i.length), distance: target, goesOn: goesOn)
    }
}

extension Lifter {
    /// Guest instructions of a loop at most.
    private static let loopLimit = 256

    /// Lifts the loop whose head is the first instruction.
    /// - Parameter keepsCarry: as if C were changed by INC and DEC, but no loop without them, and none that uses C otherwise.
    /// - Returns: false if there is none, or it is too large.
    mutating func liftLoop(_ code: GuestCode, keepsCarry: Bool) -> Bool {
        self.keepsCarry = keepsCarry
        unit.keepsCarry = keepsCarry
        if steps { return false }
        var instructions: [DecodedInstruction] = []
        var offset = 0
        while instructions.count < Lifter.loopLimit, offset < code.bytes.count,
            case .instruction(let instruction) = decode(UnsafeRawBufferPointer(rebasing: code.bytes[offset...]), mode)
        {
            instructions.append(instruction)
            offset += Int(instruction.length)
        }
        guard var body = LoopBody(head: code.pc, instructions.map(Flow.init)) else { return false }
        if keepsCarry {
            let steps = body.contains.indices.contains {
                body.contains[$0] && [.inc, .dec].contains(instructions[$0].mnemonic)
            }
            guard steps else { return false }
        }
        let entry = unit.makeBlock()
        let head = body.makeBlocks(in: &unit)
        loop = body
        unit.innerLoops = body.innerHeads
        unit.place(entry)
        unit.jump(unit.edge(head))
        unit.loopHead = head
        for first in body.order {
            pc = code.pc &+ UInt64(body.offsets[first])
            unit.place(body.block(at: pc)!)
            if first == 0 { unit.reserveLoopFlags() }
            ended = false
            var place = first
            while !ended {
                guard unit.room >= Lifter.roomForOne, hasRoomForExits else { return false }
                next = pc &+ UInt64(instructions[place].length)
                let start = unit.count
                unit.instruction(pc: pc)
                lift(instructions[place])
                if unit.comparesCode, unit.stores(since: start) {
                    // What goes round by itself, or on in another block, would have to be checked before.
                    let isChecked = !ended && !instructions[place].repeats && checkStores(since: start)
                    guard isChecked else { return false }
                }
                unit.guestInstructions += 1
                if ended { break }
                if let block = body.block(at: next) {
                    unit.jump(unit.edge(block))
                    ended = true
                } else if body.place(of: next) == nil {
                    unit.exitJump(next)
                    ended = true
                }
                pc = next
                place += 1
            }
        }
        unit.guestBytes = body.span
        finish()
        return !(keepsCarry && usesCarry)
    }

    /// In a loop: goes to `target` where the condition holds, and on behind the instruction otherwise.
    mutating func branchInLoop(
        _ body: LoopBody, _ condition: Condition, _ flags: Value, to target: UInt64, startsOver: Bool
    ) {
        let isUncounted = startsOver && unit.counter != nil
        let inside = isUncounted ? nil : body.block(at: target, from: pc)
        let taken = inside ?? exitBlock(target, startsOver: startsOver)
        let goesOn = body.place(of: next) != nil
        let following = body.block(at: next) ?? (goesOn ? unit.makeBlock() : exitBlock(next))
        let then = unit.edge(taken)
        let `else` = unit.edge(following)
        unit.branch(condition, flags, then: then, else: `else`)
        if goesOn, body.block(at: next) == nil {
            unit.place(following, continues: inside == nil)
        } else {
            ended = true
        }
    }
}
