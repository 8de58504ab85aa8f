// What the walks need to know of a unit and its opcodes beforehand.

import LyrebirdIR

/// Properties of an opcode, as bits.
struct Facts: OptionSet {
    let rawValue: UInt16

    static let valueA = Facts(rawValue: 1)
    static let valueB = Facts(rawValue: 2)
    static let valueC = Facts(rawValue: 4)
    /// A mark: no pass looks at it.
    static let isMark = Facts(rawValue: 8)
    /// Guest state is read or bound.
    static let isState = Facts(rawValue: 16)
    /// May fault or leave: all guest state is looked at.
    static let isSite = Facts(rawValue: 32)
    static let isControl = Facts(rawValue: 64)
    static let isSimplifiable = Facts(rawValue: 128)
    /// Computed once is enough.
    static let isShareable = Facts(rawValue: 256)
    /// Goes when nobody uses its result.
    static let isRemovable = Facts(rawValue: 512)

    /// Where it is, there is something to gain.
    static let isPromising = Facts(rawValue: 1024)

    init(rawValue: UInt16) { self.rawValue = rawValue }

    init(_ opcode: Opcode) {
        var facts = Facts(rawValue: UInt16(opcode.valueFields))
        switch opcode.effect {
        case .pure:
            facts.formUnion([.isRemovable, .isSimplifiable])
            // Flags live in the host's flags: to keep them longer costs more than to make them again.
            if opcode.resultRule != .flags || opcode == .flags { facts.insert(.isShareable) }
            if opcode == .copy { facts.remove(.isShareable) }
            if opcode == .const || opcode == .vconst { facts.remove(.isSimplifiable) }
        case .mark: facts.insert(.isMark)
        case .stateRead: facts.formUnion([.isState, .isRemovable])
        case .stateWrite: facts.insert(.isState)
        case .load, .store, .atomic: facts.insert(.isSite)
        case .control:
            facts.formUnion([.isSite, .isControl])
            if opcode == .branch { facts.insert(.isSimplifiable) }
        case .clock: facts.insert(.isRemovable)
        // Its flags are wanted even if its result is not.
        case .float:
            facts.insert(.isSimplifiable)
            if opcode.resultRule != .flags { facts.insert(.isShareable) }
        case .fence, .floatFlags, .x87: break
        }
        if opcode == .bitreverse || opcode == .adc || opcode == .sbc { facts.insert(.isPromising) }
        if opcode.resultRule == .v128, opcode.effect == .pure || opcode.effect == .float { facts.insert(.isPromising) }
        // `flags` names an instruction, not a value: it resolves its operand itself.
        if opcode == .flags { facts.remove(.valueA) }
        self = facts
    }
}

extension Optimizer {
    /// Counts uses, and finds whose flags are taken.
    func countUses(_ unit: borrowing Unit) {
        for index in 0..<unit.count { uses[index] = 0 }
        for place in 0..<unit.placedCount {
            let block = unit.blocks[Int(unit.order[place])]
            var index = Int(block.start)
            while index < Int(block.end) {
                let i = unit.instructions[index]
                let fact = facts[Int(i.opcode.rawValue)]
                if fact.contains(.valueA) { uses[Int(i.a)] &+= 1 }
                if fact.contains(.valueB) { uses[Int(i.b)] &+= 1 }
                if fact.contains(.valueC) { uses[Int(i.c)] &+= 1 }
                switch i.opcode {
                case .flags: uses[Int(i.a)] = (uses[Int(i.a)] &+ 1) | Optimizer.flagsTaken
                case .jump: countEdge(Int(i.a), unit)
                case .branch:
                    countEdge(Int(i.b), unit)
                    countEdge(Int(i.c), unit)
                default: break
                }
                index &+= 1
            }
        }
    }

    private func countEdge(_ at: Int, _ unit: borrowing Unit) {
        for n in 0..<Int(unit.pool[at &+ 1]) { uses[Int(unit.pool[at &+ 2 &+ n])] &+= 1 }
    }

    func countPredecessors(_ unit: borrowing Unit) {
        guard unit.placedCount > 1 else { return }
        for id in 0..<unit.blockCount { predecessors[id] = 0 }
        for place in 0..<unit.placedCount {
            let last = unit.instructions[Int(unit.blocks[Int(unit.order[place])].end) &- 1]
            if last.opcode == .jump { predecessors[Int(unit.pool[Int(last.a)])] &+= 1 }
            if last.opcode == .branch {
                predecessors[Int(unit.pool[Int(last.b)])] &+= 1
                predecessors[Int(unit.pool[Int(last.c)])] &+= 1
            }
        }
    }

    /// Whether what is known at the end of `previous` is known in `id`. The code generator keeps values in registers along
    /// these ways and no others: elsewhere a value from another block costs more than to read the slot again.
    func continues(_ id: Int, from previous: Int, _ unit: borrowing Unit) -> Bool {
        guard predecessors[id] == 1 else { return false }
        let last = unit.instructions[Int(unit.blocks[previous].end) &- 1]
        if last.opcode == .jump { return Int(unit.pool[Int(last.a)]) == id }
        return last.opcode == .branch && Int(unit.pool[Int(last.c)]) == id
            && (unit.loopHead != nil || onlyExits(Int(unit.pool[Int(last.b)]), unit))
    }

    /// Whether the block is one exit (`Unit.isPlainExit`). Such a block is emitted with the branch that goes there.
    func onlyExits(_ id: Int, _ unit: borrowing Unit) -> Bool {
        var at = Int(unit.blocks[id].start)
        let end = Int(unit.blocks[id].end)
        while at < end, unit.instructions[at].opcode == .nop || unit.instructions[at].opcode == .instruction {
            at &+= 1
        }
        return at < end && unit.isPlainExit(at)
    }
}
