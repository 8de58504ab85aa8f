// Flags that go round a loop. Where every way back to the head ends with flags of the same comparison, of values that the guest's
// state still has, the head makes that comparison again, and nothing has to be carried. The code generator makes it only if
// somebody looks.

import LyrebirdIR

/// A comparison as it can be made from guest state.
private struct Recipe: Equatable {
    var opcode: Opcode
    var type: Type
    var isInverted: Bool
    /// The slot with the first operand, and what is to be added to it.
    var first: UInt32
    var addend: UInt64
    /// The slot with the second operand, or nil and a constant.
    var second: UInt32?
    var constant: UInt64
}

extension Optimizer {
    /// Fills the room at the head of a loop. `unit.comparisonPC` says by which comparison the loop must be entered.
    func carryFlags(_ unit: inout Unit, _ layout: StateLayout) {
        guard let head = unit.loopHead, let slot = layout.entries.firstIndex(where: { $0.type == .flags }) else {
            return
        }
        var found: Recipe?
        var comparedAt: UInt64 = 0
        for place in 1..<unit.placedCount {
            let block = unit.blocks[Int(unit.order[place])]
            guard leads(Int(block.end) &- 1, to: head, unit) else { continue }
            guard let (recipe, pc) = recipe(atEndOf: place, UInt32(slot), layout, unit),
                found == nil || found == recipe && comparedAt == pc
            else { return }
            found = recipe
            comparedAt = pc
        }
        guard let recipe = found else { return }
        write(recipe, UInt32(slot), at: Int(unit.blocks[head.index].start), unit)
        unit.comparisonPC = comparedAt
    }

    /// Of several ways back to the head, each would have to save its flags for who asks the loop to stop. If the head's block makes its
    /// own before anybody may look, it is asked behind that.
    /// - Returns: whether it is.
    func movePoll(_ unit: inout Unit, _ layout: StateLayout) -> Bool {
        guard let head = unit.loopHead, unit.counter == nil, waysBack(to: head, unit) > 1 else { return false }
        var isMade = false
        for index in unit.loopPoll..<Int(unit.blocks[head.index].end) {
            let i = unit.instructions[index]
            if isMade, i.opcode == .instruction {
                unit.loopPoll = index
                unit.loopPollPC = i.immediate
                return true
            }
            if facts[Int(i.opcode.rawValue)].contains(.isSite) { return false }
            guard i.opcode == .set || i.opcode == .get, layout.entries[Int(i.a)].type == .flags else { continue }
            guard i.opcode == .set else { return false }
            isMade = comparesIntegers(i.b, unit)
        }
        return false
    }

    private func waysBack(to head: BlockID, _ unit: borrowing Unit) -> Int {
        (1..<unit.placedCount).count { leads(Int(unit.blocks[Int(unit.order[$0])].end) &- 1, to: head, unit) }
    }

    /// Whether they are flags that can be made again.
    private func comparesIntegers(_ flags: UInt32, _ unit: borrowing Unit) -> Bool {
        var made = unit.instructions[Int(flags)]
        if made.opcode == .cmc { made = unit.instructions[Int(made.a)] }
        guard made.opcode == .flags else { return false }
        let opcode = unit.instructions[Int(made.a)].opcode
        return opcode == .add || opcode == .sub || opcode == .and
    }

    private func leads(_ last: Int, to head: BlockID, _ unit: borrowing Unit) -> Bool {
        let i = unit.instructions[last]
        switch i.opcode {
        case .jump: return unit.pool[Int(i.a)] == head.id
        case .branch: return unit.pool[Int(i.b)] == head.id || unit.pool[Int(i.c)] == head.id
        default: return false
        }
    }

    private func recipe(
        atEndOf place: Int, _ flagsSlot: UInt32, _ layout: StateLayout, _ unit: borrowing Unit
    ) -> (Recipe, pc: UInt64)? {
        // Where the chain starts that ends with the block: what is known there is known at its end.
        var first = place
        while first > 1, continues(Int(unit.order[first]), from: Int(unit.order[first &- 1]), unit) { first &-= 1 }
        let start = Int(unit.blocks[Int(unit.order[first])].start)
        let end = Int(unit.blocks[Int(unit.order[place])].end)

        func content(_ slot: Int) -> UInt32? {
            for index in (start..<end).reversed() where unit.instructions[index].a == UInt32(slot) {
                let i = unit.instructions[index]
                if i.opcode == .set { return i.b }
                if i.opcode == .get { return UInt32(truncatingIfNeeded: index) }
            }
            return nil
        }
        func instruction(_ value: UInt32) -> Instruction { unit.instructions[Int(value)] }
        /// A slot of which the value is the content, or its low half.
        func slot(holding value: UInt32) -> UInt32? {
            for slot in layout.entries.indices where layout.entries[slot].type == .i64 {
                guard let content = content(slot) else { continue }
                if content == value { return UInt32(slot) }
                let whole = instruction(content)
                if whole.opcode == .zext, whole.a == value { return UInt32(slot) }
                let part = instruction(value)
                if part.opcode == .trunc, part.a == content { return UInt32(slot) }
            }
            return nil
        }

        guard let flags = content(Int(flagsSlot)) else { return nil }
        var made = instruction(flags)
        let isInverted = made.opcode == .cmc
        if isInverted { made = instruction(made.a) }
        guard made.opcode == .flags, made.a >= UInt32(start) else { return nil }
        let producer = made.a
        let i = instruction(producer)
        guard i.opcode == .sub || i.opcode == .and || i.opcode == .add, i.type == .i64 || i.type == .i32 else {
            return nil
        }
        var recipe = Recipe(
            opcode: i.opcode, type: i.type, isInverted: isInverted, first: 0, addend: 0, second: nil, constant: 0)
        let second = instruction(i.b)
        if second.opcode == .const {
            recipe.constant = second.immediate
        } else {
            guard let place = slot(holding: i.b) else { return nil }
            recipe.second = place
        }
        if i.opcode == .add {
            // The sum is there: what was added is subtracted before it is added again.
            guard recipe.second == nil, let place = slot(holding: producer) else { return nil }
            recipe.first = place
            recipe.addend = Evaluate.cut(0 &- second.immediate, i.type)
        } else if let place = slot(holding: i.a) {
            recipe.first = place
        } else if i.opcode == .sub, recipe.second == nil, let place = slot(holding: producer) {
            // The difference is there: what was subtracted is added again.
            recipe.first = place
            recipe.addend = second.immediate
        } else {
            return nil
        }
        var pc: UInt64?
        for index in start..<Int(producer) where unit.instructions[index].opcode == .instruction {
            pc = unit.instructions[index].immediate
        }
        return pc.map { (recipe, $0) }
    }

    private func write(_ recipe: Recipe, _ flagsSlot: UInt32, at start: Int, _ unit: borrowing Unit) {
        func id(_ n: Int) -> UInt32 { UInt32(truncatingIfNeeded: start &+ n) }
        func constant(_ bits: UInt64) -> Instruction {
            Instruction(
                .const, recipe.type, 0, UInt32(truncatingIfNeeded: bits), UInt32(truncatingIfNeeded: bits &>> 32))
        }
        let isWide = recipe.type == .i64
        let room = unit.instructions + start
        room[0] = Instruction(.get, .i64, 0, recipe.first)
        if !isWide { room[1] = Instruction(.trunc, .i32, 0, id(0)) }
        var first = id(isWide ? 0 : 1)
        if recipe.addend != 0 {
            room[2] = constant(recipe.addend)
            room[3] = Instruction(.add, recipe.type, 0, first, id(2))
            first = id(3)
        }
        var second = id(4)
        if let slot = recipe.second {
            if slot == recipe.first {
                second = id(isWide ? 0 : 1)
            } else {
                room[4] = Instruction(.get, .i64, 0, slot)
                if !isWide {
                    room[5] = Instruction(.trunc, .i32, 0, id(4))
                    second = id(5)
                }
            }
        } else {
            room[4] = constant(recipe.constant)
        }
        room[6] = Instruction(recipe.opcode, recipe.type, 0, first, second)
        room[7] = Instruction(.flags, .flags, 0, id(6))
        if recipe.isInverted { room[8] = Instruction(.cmc, .flags, 0, id(7)) }
        room[9] = Instruction(.set, .none, 0, flagsSlot, id(recipe.isInverted ? 8 : 7))
    }
}
