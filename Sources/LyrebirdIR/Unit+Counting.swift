// Units that count the guest instructions they execute, down from a number in a slot of guest state, so that a CPU stops after exactly
// as many as its embedder wants.
//
// A segment is a run of instructions that is entered at its first one only. What is left is compared with its length there, and
// the unit is left if it is less (`TrapReason.budget`), before anything of the segment has been done. Else the length is taken off. So
// the count is that of before the instruction, plus itself, wherever a block ends; of a fault in between, the frame log says how many
// instructions were counted too early. The slot is as any other: in a loop it lives in a register.

/// The segment that is open.
struct Counting {
    /// Its instructions so far, 0 where none is open; the constant that says how many; and where it starts.
    var count: UInt32 = 0
    var length: Int = 0
    var start = 0
    /// Segments so far: where each is left, as the block and the two halves of the guest's pc, in the pool.
    var exits: Int = 0
}

extension Unit {
    /// Before the mark of a guest instruction: it belongs to the open segment, or opens one.
    @inline(never)
    mutating func countInstruction(_ pc: UInt64, _ counter: Slot) {
        if counting.count == 0 { beginSegment(pc, counter) }
        counting.count &+= 1
    }

    private mutating func beginSegment(_ pc: UInt64, _ counter: Slot) {
        let left = get(.i64, counter)
        let length = const(.i64, 1)
        let rest = sub(left, length)
        let negative = flags(rest)
        let (exit, next) = (makeBlock(), makeBlock())
        let then = edge(exit)
        let other = edge(next)
        branch(.lt, negative, then: then, else: other)
        let known = poolCount
        for word in [
            UInt32(counting.exits), exit.id, UInt32(truncatingIfNeeded: pc), UInt32(truncatingIfNeeded: pc &>> 32),
        ] {
            appendToPool(word)
        }
        place(next, continues: true)
        set(counter, rest)
        counting.exits = known
        counting.length = length.index
        counting.start = count
    }

    /// The last instruction of the segment may end the block.
    mutating func endSegment() {
        instructions[counting.length].immediate = UInt64(counting.count)
        var rest = counting.count
        for at in counting.start..<count where instructions[at].opcode == .instruction {
            instructions[at].c = rest
            rest &-= 1
        }
        counting.count = 0
    }

    mutating func finishCounting() {
        if counting.count > 0 { endSegment() }
        var at = counting.exits
        while at > 0 {
            let pc = UInt64(pool[at &+ 2]) | UInt64(pool[at &+ 3]) &<< 32
            place(BlockID(pool[at &+ 1]))
            let isFirst = pc == startPC
            var payload: UInt32 = isFirst && isHooked ? TrapReason.hooksCalled : 0
            if isFirst ? isInBlock : isBlockwise { payload |= TrapReason.inBlock }
            exitTrap(pc, .budget, payload: payload)
            at = Int(pool[at])
        }
    }

    /// In a block that leaves for the instruction in progress, which is not over: a round of REP.
    public mutating func uncountInstruction() {
        guard let counter else { return }
        let one = const(.i64, 1)
        set(counter, add(get(.i64, counter), one))
    }

    /// Leaves for `pc` because the unit's limit is reached.
    public mutating func exitAtLimit(_ pc: UInt64) {
        if isSingle { exitTrap(pc, .middleOfBlock) } else { exitJump(pc, isBlockwise ? .middle : .jump) }
    }
}
