// Before selection: which instructions are other values under a new name, which disappear into an address or a
// compare-and-branch, and how long every value must live. Lifetimes count what a fault or an exit could look at: a value
// bound to a slot lives to the last such place before the slot is bound again.

import LyrebirdIR

/// What the generator knows of a value.
struct ValueState {
    /// The value that this one is another name of; itself as a rule.
    var representative: UInt32
    /// Last position at which somebody needs it; -1 for never.
    var end: Int32
    /// Position of the next use as an operand; Int32.max for none.
    var nextUse: Int32
    /// Uses as an operand.
    var uses: UInt16
    /// Its register, 0xFF for none.
    var register: UInt8
    var bits: UInt16
    /// Its spill slot, -1 for none.
    var spill: Int16
    /// The slot it was last bound to, -1 for none.
    var slot: Int16
    /// A register that it would best be in, 0xFF for none.
    var hint: UInt8
    var type: Type
    /// The instruction `flags` that takes this one's flags; -1 for none.
    var flags: Int32

    @inline(__always) var isSkipped: Bool {
        get { bits & 1 != 0 }
        set { bits = newValue ? bits | 1 : bits & ~1 }
    }
    /// An i32 whose register may have anything in the upper half.
    @inline(__always) var hasDirtyUpper: Bool {
        get { bits & 2 != 0 }
        set { bits = newValue ? bits | 2 : bits & ~2 }
    }
    /// Used in another chain of blocks: kept in its spill slot from its definition on.
    @inline(__always) var isGlobal: Bool {
        get { bits & 4 != 0 }
        set { bits = newValue ? bits | 4 : bits & ~4 }
    }
    @inline(__always) var isConstant: Bool {
        get { bits & 8 != 0 }
        set { bits = newValue ? bits | 8 : bits & ~8 }
    }
    /// A `select` between the flags of a comparison, which is made there, and constant ones.
    @inline(__always) var isDeferred: Bool {
        get { bits & 16 != 0 }
        set { bits = newValue ? bits | 16 : bits & ~16 }
    }

    /// An addition that is one LEA, by its folded address.
    @inline(__always) var isAddress: Bool {
        get { bits & 32 != 0 }
        set { bits = newValue ? bits | 32 : bits & ~32 }
    }

    /// Flags whose comparison can be made again.
    @inline(__always) var isRepeatable: Bool {
        get { bits & 64 != 0 }
        set { bits = newValue ? bits | 64 : bits & ~64 }
    }
    /// An operand of such a comparison.
    @inline(__always) var isCompared: Bool {
        get { bits & 128 != 0 }
        set { bits = newValue ? bits | 128 : bits & ~128 }
    }

    /// A narrow sum or the like that has the upper bits of its first operand: it is the `insert` into that, too.
    @inline(__always) var isMerged: Bool {
        get { bits & 256 != 0 }
        set { bits = newValue ? bits | 256 : bits & ~256 }
    }

    /// A vector operation whose second operand is in memory: a load that is no instruction of its own.
    @inline(__always) var foldsLoad: Bool {
        get { bits & 512 != 0 }
        set { bits = newValue ? bits | 512 : bits & ~512 }
    }

    /// A sum that is not made (Sums.swift): its folded address says of what it would be.
    @inline(__always) var isImplied: Bool {
        get { bits & 1024 != 0 }
        set { bits = newValue ? bits | 1024 : bits & ~1024 }
    }
    /// Content of a slot that is read behind the `set`: state was not forwarded.
    @inline(__always) var isReadAgain: Bool {
        get { bits & 2048 != 0 }
        set { bits = newValue ? bits | 2048 : bits & ~2048 }
    }

    static let fresh = ValueState(
        representative: 0, end: -1, nextUse: .max, uses: 0, register: 0xFF, bits: 0, spill: -1, slot: -1,
        hint: 0xFF, type: .none, flags: -1)
}

/// What every walk asks of an opcode, as bits.
struct OpcodeFacts {
    private let bits: UInt8

    init(_ opcode: LyrebirdIR.Opcode) {
        let effect = opcode.effect
        let isControl = effect == .control
        bits =
            UInt8(opcode.valueFields) | (isControl || opcode.mayFault ? 8 : 0) | (isControl ? 16 : 0)
            | (effect == .pure || effect == .clock ? 32 : 0)
    }

    /// `Opcode.valueFields`.
    @inline(__always) var valueFields: Int { Int(bits & 7) }
    /// It looks at all slots.
    @inline(__always) var isSite: Bool { bits & 8 != 0 }
    @inline(__always) var isControl: Bool { bits & 16 != 0 }
    /// It goes if nobody needs its result.
    @inline(__always) var isRemovable: Bool { bits & 32 != 0 }
}

/// base + index << scale + displacement; ids are representatives, -1 for none.
struct FoldedAddress {
    var base: Int32
    var index: Int32
    var scale: UInt8
    var displacement: Int32
}

/// How a block is entered.
struct BlockState {
    /// Blocks of one chain follow each other with the allocator's state intact.
    var chain: Int32
    var predecessors: Int32
    /// The block consists of one exit (`Unit.isPlainExit`): the position of that, else -1.
    var onlyExit: Int32
    /// Host code of the block, once emitted, in the writable mapping.
    var address: UnsafeMutablePointer<UInt8>?
    /// Jumps to be bound when the block is placed: head of a list through `pending`.
    var pending: Int32
    /// In a loop: slots that the block writes before anybody looks.
    var overwritten: SlotSet
}

extension CodeGenerator {
    mutating func analyze(_ unit: borrowing Unit) {
        count = unit.count
        analyzeBlocks(unit)
        findAliases(unit)
        findLifetimes(unit)
        if isLoop { findOverwritten(unit) }
    }

    // MARK: Blocks

    private mutating func analyzeBlocks(_ unit: borrowing Unit) {
        for id in 0..<unit.blockCount {
            blockStates[id] = BlockState(
                chain: -1, predecessors: 0, onlyExit: -1, address: nil, pending: -1, overwritten: SlotSet())
            let block = unit.blocks[id]
            var at = Int(block.start)
            while at < Int(block.end),
                unit.instructions[at].opcode == .nop || unit.instructions[at].opcode == .instruction
            {
                at &+= 1
            }
            if at < Int(block.end), unit.isPlainExit(at) {
                blockStates[id].onlyExit = Int32(at)
            }
        }
        for place in 0..<unit.placedCount {
            let last = unit.instructions[Int(unit.blocks[Int(unit.order[place])].end) &- 1]
            if last.opcode == .jump { blockStates[Int(unit.pool[Int(last.a)])].predecessors &+= 1 }
            if last.opcode == .branch {
                blockStates[Int(unit.pool[Int(last.b)])].predecessors &+= 1
                blockStates[Int(unit.pool[Int(last.c)])].predecessors &+= 1
            }
        }
        var chain: Int32 = 0
        var previous = -1
        for place in 0..<unit.placedCount {
            let id = Int(unit.order[place])
            if place > 0, blockStates[id].onlyExit >= 0 { continue }
            if previous < 0 || !inherits(id, from: previous, unit) { chain &+= 1 }
            blockStates[id].chain = chain
            previous = id
        }
        chainCount = Int(chain)
    }

    private mutating func findOverwritten(_ unit: borrowing Unit) {
        for place in (0..<unit.placedCount).reversed() {
            let id = Int(unit.order[place])
            blockStates[id].overwritten = overwritten(by: unit.blocks[id], unit)
        }
    }

    /// What the blocks that a block leads to write counts, if they have been looked at.
    private mutating func overwritten(by block: Block, _ unit: borrowing Unit) -> SlotSet {
        var read = SlotSet()
        var result = SlotSet()
        for index in Int(block.start)..<Int(block.end) {
            let i = unit.instructions[index]
            if index == loopPoll { return result }
            switch i.opcode.effect {
            case .load, .store, .atomic: return result
            case .control:
                if i.opcode == .jump { return result | overwritten(beyond: i.a, unit) & ~read }
                guard i.opcode == .branch else { return result }
                return result | overwritten(beyond: i.b, unit) & overwritten(beyond: i.c, unit) & ~read
            case .stateRead:
                if !values[index].isSkipped { read.insert(Int(i.a)) }
            case .stateWrite:
                if !read.contains(Int(i.a)) { result.insert(Int(i.a)) }
            default: break
            }
        }
        return result
    }

    private mutating func overwritten(beyond edge: UInt32, _ unit: borrowing Unit) -> SlotSet {
        blockStates[Int(unit.pool[Int(edge)])].overwritten
    }

    /// Whether block `id`, emitted right behind `previous`, goes on with the allocator's state: it has no other way in. Blocks
    /// that only exit are emitted with the branch that goes there.
    mutating func inherits(_ id: Int, from previous: Int, _ unit: borrowing Unit) -> Bool {
        guard blockStates[id].predecessors == 1 else { return false }
        let last = unit.instructions[Int(unit.blocks[previous].end) &- 1]
        if last.opcode == .jump { return Int(unit.pool[Int(last.a)]) == id }
        if last.opcode == .branch {
            return Int(unit.pool[Int(last.c)]) == id
                && (isLoop || blockStates[Int(unit.pool[Int(last.b)])].onlyExit >= 0)
        }
        return false
    }

    // MARK: Aliases

    /// The opcodes that `findAliases` looks at: a test is cheaper than a jump by opcode, which the host predicts badly.
    private static let renaming: UInt64 = [
        LyrebirdIR.Opcode.copy, .const, .vconst, .trunc, .zext, .insert, .flags,
    ].reduce(0) {
        precondition($1.rawValue < 64)
        return $0 | 1 << UInt64($1.rawValue)
    }

    private mutating func findAliases(_ unit: borrowing Unit) {
        let renaming = Self.renaming
        for index in 0..<count {
            let i = unit.instructions[index]
            var value = ValueState.fresh
            value.representative = UInt32(truncatingIfNeeded: index)
            value.type = i.type
            guard i.opcode.rawValue < 64, renaming &>> UInt64(i.opcode.rawValue) & 1 != 0 else {
                values[index] = value
                continue
            }
            switch i.opcode {
            case .copy:
                value.representative = values[Int(i.a)].representative
                value.hasDirtyUpper = values[Int(i.a)].hasDirtyUpper
            case .trunc:
                let whole = Int(values[Int(i.a)].representative)
                if values[whole].isConstant {
                    value.isConstant = true
                    constantBits[index] = constantBits[whole] & ((1 &<< UInt64(i.type.bits)) &- 1)
                } else {
                    value.representative = UInt32(truncatingIfNeeded: whole)
                    value.hasDirtyUpper = true
                }
            case .zext:
                if i.type == .i64, i.aux == Type.i32.rawValue, unit.instructions[Int(i.a)].type == .i32,
                    !values[Int(i.a)].hasDirtyUpper
                {
                    value.representative = values[Int(i.a)].representative
                }
            case .flags:
                let producer = Int(values[Int(i.a)].representative)
                if values[producer].flags < 0 {
                    values[producer].flags = Int32(truncatingIfNeeded: index)
                    bindingEnds[producer] = -1
                } else {
                    value.representative = UInt32(bitPattern: values[producer].flags)
                }
            case .insert:
                if let part = mergedPart(i, unit) { value.representative = part }
            case .const:
                value.isConstant = true
                constantBits[index] = i.type == .i64 ? i.immediate : i.immediate & ((1 &<< UInt64(i.type.bits)) &- 1)
            case .vconst:
                value.isConstant = true
                constantBits[index] = UInt64(i.a)
            default: break
            }
            if value.representative != UInt32(truncatingIfNeeded: index) { value.isSkipped = true }
            values[index] = value
        }
    }

    /// The low part of an i64 that an operation on just that part of it makes: the host's narrow instructions leave what is above, so the
    /// operation's register has the whole already.
    private mutating func mergedPart(_ i: Instruction, _ unit: borrowing Unit) -> UInt32? {
        guard i.c == 0, i.type == .i64 else { return nil }
        let part = Int(values[Int(i.b)].representative)
        guard unit.instructions[part].type.rawValue == i.aux, !values[part].isMerged else { return nil }
        switch unit.instructions[part].opcode {
        case .add, .sub, .and, .or, .xor, .adc, .sbc, .neg, .inc, .dec: break
        default: return nil
        }
        let whole = values[Int(i.a)].representative
        guard values[Int(unit.instructions[part].a)].representative == whole else { return nil }
        values[part].isMerged = true
        values[part].type = .i64
        return UInt32(truncatingIfNeeded: part)
    }

    // MARK: Lifetimes

    mutating func use(_ id: UInt32, at index: Int, field: Int) {
        let value = Int(values[Int(id)].representative)
        chain[3 &* index &+ field] = values[value].nextUse
        values[value].nextUse = Int32(truncatingIfNeeded: index)
        values[value].uses &+= 1
        values[value].end = max(values[value].end, Int32(truncatingIfNeeded: index))
    }

    private mutating func findLifetimes(_ unit: borrowing Unit) {
        var siteCount: Int32 = 0
        var chain: Int32 = -1
        slots.update(from: isLoop ? freshInner : fresh.slots, count: contract.displacement.count)
        touched = SlotSet()
        var place = unit.placedCount &- 1
        while place >= 0 {
            let id = Int(unit.order[place])
            let block = unit.blocks[id]
            var index = Int(block.end) &- 1
            if blockStates[id].chain != chain {
                chain = blockStates[id].chain
                chainEnd = Int32(truncatingIfNeeded: index)
            }
            blockStart = Int(block.start)
            while index >= Int(block.start) {
                visit(index, unit, &siteCount)
                if index == loopPoll {
                    nextControl = Int32(truncatingIfNeeded: index)
                    sites[Int(siteCount)] = Int32(truncatingIfNeeded: index)
                    siteCount &+= 1
                }
                index &-= 1
            }
            place &-= 1
        }
        // What pinned slots hold at entry. What nobody reads or writes stays to the end.
        (values + Self.contents).update(from: fresh.contents, count: contract.displacement.count)
        var rest = touched & outer.set
        while case let slot = rest.popFirst(), slot >= 0 {
            let end = max(
                siteCount > slots[slot].sitesSeen ? sites[Int(slots[slot].sitesSeen)] : -1, slots[slot].lastRead)
            values[Self.contents &+ slot].end = end
            slots[slot].end = end
        }
        if isLoop {
            for pinned in inner.slots {
                values[Self.contents &+ Int(pinned)].end = .max
                slots[Int(pinned)].end = .max
            }
        }
        if chainCount > 1 { extendAcrossBlocks(unit) }
    }

    @inline(__always)
    private mutating func visit(_ index: Int, _ unit: borrowing Unit, _ siteCount: inout Int32) {
        let i = unit.instructions[index]
        // A quarter of all.
        if i.opcode == .instruction || i.opcode == .nop { return }
        let fact = facts[Int(i.opcode.rawValue)]
        if fact.isSite {
            sites[Int(siteCount)] = Int32(truncatingIfNeeded: index)
            siteCount &+= 1
            if fact.isControl { nextControl = Int32(truncatingIfNeeded: index) }
        }
        switch i.opcode {
        case .set, .bind:
            let slot = Int(i.a)
            let seen = slots[slot].sitesSeen
            touched.insert(slot)
            if siteCount == seen, slots[slot].lastRead < 0, i.opcode == .set {
                // It is bound again before anybody looks.
                values[index].isSkipped = true
                return
            }
            let end = max(siteCount > seen ? sites[Int(seen)] : Int32(truncatingIfNeeded: index), slots[slot].lastRead)
            bindingEnds[index] = end
            slots[slot].sitesSeen = siteCount
            slots[slot].lastRead = -1
            let value = Int(values[Int(i.b)].representative)
            values[value].end = max(values[value].end, end)
            if slots[slot].lastRead >= 0 { values[value].isReadAgain = true }
            if values[value].type == .flags { values[value].slot = Int16(slot) }
            // Only what is still there when the unit may be left has to be at home.
            if slots[slot].hint != 0xFF, end >= nextControl { values[value].hint = slots[slot].hint }
            return
        case .get:
            // The value is what the slot holds until then: it inherits the slot's lifetime at entry if nothing was set.
            return visitGet(index, i, siteCount)
        default: break
        }
        if values[index].isSkipped { return }
        if i.opcode == .flags || i.opcode == .cmc {
            noteComparison(index, i, unit)
            // Nobody tests them: they are made when somebody looks.
            if values[index].isRepeatable, values[index].uses == 0, i.opcode == .cmc {
                values[index].isSkipped = true
                return
            }
        }
        if Self.isRepeatable(i.opcode), values[index].flags >= 0, bindingEnds[index] >= 0 {
            keepOperands(index, i, unit)
            let flags = Int(values[index].flags)
            if values[index].end < 0, values[flags].uses == 0, values[flags].end < 0 || values[flags].isRepeatable {
                values[index].isSkipped = true
                return
            }
        }
        if i.opcode == .fcompare { noteFloatComparison(index, i, unit) }
        // Pure instructions that nobody needs.
        if fact.isRemovable {
            let needed =
                values[index].end >= 0 || (values[index].flags >= 0 && values[Int(values[index].flags)].end >= 0)
            if !needed {
                values[index].isSkipped = true
                return
            }
        }
        if values[index].hint != 0xFF { passHintOn(index, i, unit) }
        switch i.opcode {
        case .const, .vconst, .flags, .param, .exitJump, .exitTrap: break
        case .load, .store:
            fold(i.a, i.opcode == .load ? Int32(bitPattern: i.b) : Int32(bitPattern: i.c), at: index, unit)
            if i.opcode == .store { use(i.b, at: index, field: 1) }
        case .x87Load, .x87Store: fold(i.a, Int32(bitPattern: i.b), at: index, unit)
        case .jump: useArguments(i.a, at: index, unit)
        case .branch:
            use(i.a, at: index, field: 0)
            useArguments(i.b, at: index, unit)
            useArguments(i.c, at: index, unit)
        case .exitIndirect:
            let target = Int(values[Int(i.a)].representative)
            if values[target].hint == 0xFF { values[target].hint = GPR.rcx.rawValue }
            use(i.a, at: index, field: 0)
        case .add where foldSum(index, i, unit), .sub where foldSum(index, i, unit): break
        case .select where deferComparison(index, i, unit): break
        case _ where foldLoad(index, i, unit, &siteCount): break
        default:
            let fields = operandFields(index, i)
            if fields & 1 != 0 { use(i.a, at: index, field: 0) }
            if fields & 2 != 0 { use(i.b, at: index, field: 1) }
            if fields & 4 != 0 { use(i.c, at: index, field: 2) }
        }
    }

    /// A mask of the fields with operands that selection reads: flags of which some would be kept are none if nobody looks at the
    /// result's, or if nothing of them is kept.
    @inline(__always) mutating func operandFields(_ index: Int, _ i: Instruction) -> Int {
        let fields = facts[Int(i.opcode.rawValue)].valueFields
        guard Evaluate.keepsFlags(i.opcode), i.opcode != .rcl, i.opcode != .rcr else { return fields }
        let flags = values[index].flags
        let isWanted = flags >= 0 && values[Int(flags)].end >= 0
        if isWanted, i.opcode == .inc || i.opcode == .dec || !shiftsForSure(i) { return fields }
        return i.opcode == .inc || i.opcode == .dec ? 1 : 3
    }

    /// A shift, no rotation, by a number that is not 0.
    mutating func shiftsForSure(_ i: Instruction) -> Bool {
        guard i.opcode == .shlFlags || i.opcode == .shrFlags || i.opcode == .sarFlags else { return false }
        return keepingAmount(i).map { $0 != 0 } ?? false
    }

    private mutating func visitGet(_ index: Int, _ i: Instruction, _ siteCount: Int32) {
        let slot = Int(i.a)
        touched.insert(slot)
        let seen = slots[slot].sitesSeen
        if values[index].end < 0 {
            values[index].isSkipped = true
            return
        }
        if siteCount > seen { values[index].end = max(values[index].end, sites[Int(seen)]) }
        values[index].end = max(values[index].end, slots[slot].lastRead)
        if slots[slot].lastRead < 0 { slots[slot].lastRead = Int32(truncatingIfNeeded: index) }
    }

    private mutating func useArguments(_ edge: UInt32, at index: Int, _ unit: borrowing Unit) {
        let arguments = Int(unit.pool[Int(edge) &+ 1])
        for n in 0..<arguments {
            let value = Int(values[Int(unit.pool[Int(edge) &+ 2 &+ n])].representative)
            values[value].end = max(values[value].end, Int32(truncatingIfNeeded: index))
            values[value].uses &+= 1
            values[value].nextUse = Int32(truncatingIfNeeded: index)
        }
    }

    /// Folds additions and shifts into the address of a memory instruction, as far as nobody else needs their results.
    mutating func fold(_ address: UInt32, _ displacement: Int32, at index: Int, _ unit: borrowing Unit) {
        var folded = FoldedAddress(base: -1, index: -1, scale: 0, displacement: displacement)
        var at = Int(values[Int(address)].representative)
        // base + constant; a sum of 32 bits wraps, which an address does not.
        at = followSums(at, &folded.displacement, .i64, unit)
        if at < count, unit.instructions[at].opcode == .add, isOnlyAddress(at), unit.instructions[at].type == .i64 {
            let i = unit.instructions[at]
            var other = Int(values[Int(i.b)].representative)
            if let (shifted, scale) = smallShift(other, .i64, unit) {
                other = shifted
                folded.scale = scale
            }
            folded.index = Int32(truncatingIfNeeded: other)
            use(UInt32(truncatingIfNeeded: other), at: index, field: 2)
            at = Int(values[Int(i.a)].representative)
        }
        folded.base = Int32(truncatingIfNeeded: at)
        use(UInt32(truncatingIfNeeded: at), at: index, field: 0)
        addresses[index] = folded
    }

    /// A comparison whose flags go into nothing but this `select`, against constant ones (a conditional comparison), is made where the
    /// condition has been tested: one branch instead of packing, selecting and unpacking flags.
    private mutating func deferComparison(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) -> Bool {
        guard i.type == .flags else { return false }
        let taken = Int(values[Int(i.b)].representative)
        let other = Int(values[Int(i.c)].representative)
        guard taken < index, unit.instructions[taken].opcode == .flags, values[taken].end < 0,
            values[other].isConstant
        else { return false }
        let producer = Int(values[Int(unit.instructions[taken].a)].representative)
        guard unit.instructions[producer].opcode == .sub, values[producer].end < 0,
            values[producer].flags == Int32(truncatingIfNeeded: taken)
        else { return false }
        for between in producer &+ 1..<index {
            switch unit.instructions[between].opcode {
            case .flags, .const, .nop, .get, .copy, .trunc, .instruction: continue
            default: return false
            }
        }
        use(i.a, at: index, field: 0)
        use(unit.instructions[producer].a, at: index, field: 1)
        use(unit.instructions[producer].b, at: index, field: 2)
        values[producer].isSkipped = true
        values[taken].isSkipped = true
        values[index].isDeferred = true
        return true
    }

    /// The comparison that a deferred `select` makes.
    mutating func deferredComparison(_ i: Instruction, _ unit: borrowing Unit) -> Instruction {
        let taken = Int(values[Int(i.b)].representative)
        return unit.instructions[Int(values[Int(unit.instructions[taken].a)].representative)]
    }

    // MARK: Several blocks

    /// Values used in another chain than their own live in memory from their definition on; a value that is needed in a loop
    /// but made before it lives to the loop's end.
    private mutating func extendAcrossBlocks(_ unit: borrowing Unit) {
        for place in 0..<unit.placedCount {
            let id = Int(unit.order[place])
            let block = unit.blocks[id]
            for index in Int(block.start)..<Int(block.end) {
                let i = unit.instructions[index]
                if i.opcode == .param { values[index].isGlobal = true }
                forEachOperand(index, i, unit) { generator, value in
                    generator.markIfForeign(value, chain: generator.blockStates[id].chain, unit)
                }
                if i.opcode == .jump || i.opcode == .branch {
                    let targets = i.opcode == .jump ? (i.a, i.a) : (i.b, i.c)
                    for edge in [targets.0, targets.1] {
                        let head = unit.blocks[Int(unit.pool[Int(edge)])].start
                        guard Int(head) <= index else { continue }
                        for value in 0..<Int(head) where values[value].end >= head {
                            values[value].end = max(values[value].end, Int32(truncatingIfNeeded: index))
                        }
                    }
                }
            }
        }
    }

    private mutating func markIfForeign(_ value: Int, chain: Int32, _ unit: borrowing Unit) {
        guard value < count, !values[value].isConstant else { return }
        for place in 0..<unit.placedCount {
            let id = Int(unit.order[place])
            if Int(unit.blocks[id].start) <= value && value < Int(unit.blocks[id].end) {
                if blockStates[id].chain != chain { values[value].isGlobal = true }
                return
            }
        }
    }

    /// Calls `body` with the representative of each operand that selection will read.
    private mutating func forEachOperand(
        _ index: Int, _ i: Instruction, _ unit: borrowing Unit, _ body: (inout CodeGenerator, Int) -> Void
    ) {
        if values[index].isRepeatable {
            // Whoever looks at the flags reads them; the comparison itself may never be emitted.
            let comparison = comparison(index)
            body(&self, comparison.first)
            body(&self, comparison.second)
        }
        if values[index].isImplied { return body(&self, Int(addresses[index].base)) }
        if values[index].isSkipped { return }
        if values[index].isDeferred {
            let comparison = deferredComparison(i, unit)
            body(&self, Int(values[Int(i.a)].representative))
            body(&self, Int(values[Int(comparison.a)].representative))
            body(&self, Int(values[Int(comparison.b)].representative))
            return
        }
        if i.opcode == .load || i.opcode == .store || i.opcode == .x87Load || i.opcode == .x87Store
            || values[index].isAddress || values[index].foldsLoad
        {
            let address = addresses[index]
            if address.base >= 0 { body(&self, Int(address.base)) }
            if address.index >= 0 { body(&self, Int(address.index)) }
            if i.opcode == .store { body(&self, Int(values[Int(i.b)].representative)) }
            if values[index].foldsLoad, let first = foldingOperands(i).first { body(&self, first) }
            return
        }
        switch i.opcode {
        case .jump, .branch:
            if i.opcode == .branch { body(&self, Int(values[Int(i.a)].representative)) }
            for edge in i.opcode == .jump ? [i.a] : [i.b, i.c] {
                for n in 0..<Int(unit.pool[Int(edge) &+ 1]) {
                    body(&self, Int(values[Int(unit.pool[Int(edge) &+ 2 &+ n])].representative))
                }
            }
        default:
            let fields = operandFields(index, i)
            if fields & 1 != 0 { body(&self, Int(values[Int(i.a)].representative)) }
            if fields & 2 != 0 { body(&self, Int(values[Int(i.b)].representative)) }
            if fields & 4 != 0 { body(&self, Int(values[Int(i.c)].representative)) }
        }
    }
}
