// The optimiser: a few cheap passes over a unit, in place.
//
// Every operand stands before its user, so two walks are enough. The forward walk hands each instruction from pass to pass:
// its operands are replaced by what is known of them, then state forwarding, algebra and common subexpressions look at it,
// each seeing what the one before made of it. The backward walk drops what nobody needs any more: writes of state, then
// pure operations. Each pass is one file and sees one instruction.
//
// Nothing is inserted and nothing moves. An instruction that turned out to be another value becomes a `copy`, and its later
// uses name the other value. Where algebra needs a new constant, it takes the place of an old one that nobody else uses.
// An instruction whose flags somebody takes keeps its opcode and operands; only uses of its value may be replaced.
//
// Memory operations are never moved, merged, copied or dropped.

import LyrebirdIR

/// Optimises units. Owns scratch arenas that serve every unit: nothing is allocated while it runs.
public struct Optimizer: ~Copyable {
    public var passes: Passes
    /// Rewrites that may still be done. Counts down; a miscompile is found by bisecting the fuel it needs.
    public var fuel: Int

    /// What the passes want to know of an opcode.
    let facts: UnsafeMutablePointer<Facts>
    /// Per value: the value it turned out to be; itself as a rule.
    let known: UnsafeMutablePointer<UInt32>
    /// Per value: at most so many uses; `flagsTaken` is set where a `flags` names it.
    let uses: UnsafeMutablePointer<UInt32>
    /// Per block: edges that lead to it.
    let predecessors: UnsafeMutablePointer<UInt16>
    /// Per slot: what is known of its content (forward), or whether it is written before anybody looks (backward).
    let slots: UnsafeMutablePointer<Stamped>
    /// Operations seen, by hash.
    let table: UnsafeMutablePointer<Stamped>
    /// Entries of `slots` and `table` with another stamp are void: forgetting all is one addition.
    var stamp: UInt32 = 0
    /// Place of the last instruction that could fault or leave.
    var lastSite = 0

    static let tableBits = 9
    static let flagsTaken: UInt32 = 1 << 31

    struct Stamped {
        var stamp: UInt32
        var value: UInt32
    }

    public init(passes: Passes = .all, fuel: Int = .max) {
        self.passes = passes
        self.fuel = fuel
        facts = .allocate(capacity: Opcode.count)
        known = .allocate(capacity: Unit.capacity)
        uses = .allocate(capacity: Unit.capacity)
        predecessors = .allocate(capacity: Unit.blockCapacity)
        slots = .allocate(capacity: StateLayout.maximum)
        table = .allocate(capacity: 1 << Optimizer.tableBits)
        slots.initialize(repeating: Stamped(stamp: 0, value: 0), count: StateLayout.maximum)
        table.initialize(repeating: Stamped(stamp: 0, value: 0), count: 1 << Optimizer.tableBits)
        for raw in 0..<Opcode.count { facts[raw] = Facts(Opcode(rawValue: UInt16(raw))!) }
    }

    deinit {
        facts.deallocate()
        known.deallocate()
        uses.deallocate()
        predecessors.deallocate()
        slots.deallocate()
        table.deallocate()
    }

    /// Whether the passes are likely to make a unit better that lifters have forwarded state in already: on most integer code, of which
    /// the code generator drops by itself what nobody needs, to run them costs more than they gain.
    public func isPromising(_ unit: borrowing Unit) -> Bool {
        var all = Facts(rawValue: 0)
        for index in 0..<unit.count { all.formUnion(facts[Int(unit.instructions[index].opcode.rawValue)]) }
        return all.contains(.isPromising)
    }

    /// Runs the passes over the unit.
    public mutating func run(_ unit: inout Unit) {
        guard !passes.isEmpty, fuel > 0, unit.placedCount > 0 else { return }
        if stamp > .max / 2 { forgetForGood() }
        if !passes.isDisjoint(with: [.stateForwarding, .simplify, .commonSubexpressions]) {
            countUses(unit)
            countPredecessors(unit)
            forward(unit)
        }
        if !passes.isDisjoint(with: [.deadStateWrites, .deadCode]) { backward(unit) }
    }

    /// Runs the passes over a loop, and gives its flags to go round.
    public mutating func runLoop(_ unit: inout Unit, _ layout: StateLayout) {
        let asksAtHead = !movePoll(&unit, layout)
        run(&unit)
        guard asksAtHead, passes.contains(.stateForwarding), fuel > 0, unit.loopHead != nil else { return }
        countPredecessors(unit)
        carryFlags(&unit, layout)
        // What the head reads now, its block need not read again.
        if unit.comparisonPC != nil { run(&unit) }
    }

    // MARK: Forward

    private mutating func forward(_ unit: borrowing Unit) {
        var previous = -1
        for place in 0..<unit.placedCount {
            let id = Int(unit.order[place])
            let isExit = place > 0 && onlyExits(id, unit)
            if !isExit {
                if previous < 0 || !continues(id, from: previous, unit) { forgetAll() }
                previous = id
            }
            let end = Int(unit.blocks[id].end)
            var index = Int(unit.blocks[id].start)
            while index < end {
                visit(index, unit)
                index &+= 1
            }
        }
    }

    @inline(__always)
    private mutating func visit(_ index: Int, _ unit: borrowing Unit) {
        known[index] = UInt32(truncatingIfNeeded: index)
        var i = unit.instructions[index]
        let fact = facts[Int(i.opcode.rawValue)]
        if fact.contains(.isMark) { return }
        let written = i
        resolve(&i, fact)
        if fact.contains(.isControl) {
            if i.opcode == .branch || i.opcode == .jump { resolveEdges(i, unit) }
        }
        unit.instructions[index] = i
        if fact.contains(.isState) {
            if passes.contains(.stateForwarding) { forwardState(index, i, unit) }
            return
        }
        if fact.contains(.isSite) { lastSite = index }
        if fact.contains(.isSimplifiable), passes.contains(.simplify) { simplify(index, &i, written, unit) }
        if facts[Int(i.opcode.rawValue)].contains(.isShareable), passes.contains(.commonSubexpressions) {
            shareCommon(index, i, unit)
        }
    }

    /// Operands become the values that they turned out to be. Without branches: a field that is no value is looked up, too,
    /// as value 0, and stays.
    @inline(__always)
    private func resolve(_ i: inout Instruction, _ fact: Facts) {
        let a = known[Int(fact.contains(.valueA) ? i.a : 0)]
        let b = known[Int(fact.contains(.valueB) ? i.b : 0)]
        let c = known[Int(fact.contains(.valueC) ? i.c : 0)]
        if fact.contains(.valueA) { i.a = a }
        if fact.contains(.valueB) { i.b = b }
        if fact.contains(.valueC) { i.c = c }
    }

    private func resolveEdges(_ i: Instruction, _ unit: borrowing Unit) {
        if i.opcode == .jump { return resolveEdge(Int(i.a), unit) }
        resolveEdge(Int(i.b), unit)
        resolveEdge(Int(i.c), unit)
    }

    private func resolveEdge(_ at: Int, _ unit: borrowing Unit) {
        for n in 0..<Int(unit.pool[at &+ 1]) { unit.pool[at &+ 2 &+ n] = known[Int(unit.pool[at &+ 2 &+ n])] }
    }

    @inline(__always) private mutating func forgetAll() { stamp &+= 1 }

    /// Stamps start anew.
    private mutating func forgetForGood() {
        for slot in 0..<StateLayout.maximum { slots[slot].stamp = 0 }
        for at in 0..<(1 << Optimizer.tableBits) { table[at].stamp = 0 }
        stamp = 1
    }

    // MARK: Backward

    private mutating func backward(_ unit: borrowing Unit) {
        for index in 0..<unit.count { uses[index] = 0 }
        var place = unit.placedCount &- 1
        while place >= 0 {
            let block = unit.blocks[Int(unit.order[place])]
            forgetAll()
            var index = Int(block.end) &- 1
            while index >= Int(block.start) {
                // Where a loop is left if somebody asks it to, all guest state is looked at.
                if index &+ 1 == unit.loopPoll { forgetAll() }
                let i = unit.instructions[index]
                let fact = facts[Int(i.opcode.rawValue)]
                if !fact.contains(.isMark), !isDead(index, i, fact, unit) { markOperands(i, fact, unit) }
                index &-= 1
            }
            place &-= 1
        }
    }

    /// Whether the instruction is not needed, in which case it is gone.
    @inline(__always)
    private mutating func isDead(_ index: Int, _ i: Instruction, _ fact: Facts, _ unit: borrowing Unit) -> Bool {
        if fact.contains(.isSite) {
            forgetAll()
            return false
        }
        if fact.contains(.isRemovable), uses[index] == 0, dropDeadCode(index, unit) { return true }
        return fact.contains(.isState) && dropDeadWrite(index, i, unit)
    }

    @inline(__always)
    private func markOperands(_ i: Instruction, _ fact: Facts, _ unit: borrowing Unit) {
        if fact.contains(.valueA) { uses[Int(i.a)] = 1 }
        if fact.contains(.valueB) { uses[Int(i.b)] = 1 }
        if fact.contains(.valueC) { uses[Int(i.c)] = 1 }
        if i.opcode == .flags {
            uses[Int(i.a)] = 1
        } else if i.opcode == .branch {
            markEdge(Int(i.b), unit)
            markEdge(Int(i.c), unit)
        } else if i.opcode == .jump {
            markEdge(Int(i.a), unit)
        }
    }

    private func markEdge(_ at: Int, _ unit: borrowing Unit) {
        for n in 0..<Int(unit.pool[at &+ 1]) { uses[Int(unit.pool[at &+ 2 &+ n])] = 1 }
    }

    // MARK: Rewriting

    /// Takes one unit of fuel. Each rewrite asks first.
    @inline(__always) mutating func burn() -> Bool {
        guard fuel > 0 else { return false }
        fuel &-= 1
        return true
    }

    /// The instruction is the value `other`: its uses from here on name that.
    @inline(__always)
    mutating func replace(_ index: Int, with other: UInt32, _ i: inout Instruction, _ unit: borrowing Unit) {
        known[index] = other
        uses[Int(other)] &+= uses[index] & ~Optimizer.flagsTaken
        if uses[index] & Optimizer.flagsTaken != 0 { return }
        i = Instruction(.copy, i.type, 0, other)
        unit.instructions[index] = i
    }
}
