// Register allocation, in the same pass as selection. A value's spill slot is its slot in guest state where it has one: to
// evict a clean value costs nothing, and to evict a dirty one costs the store that was due anyway. Who is evicted is the
// value that is needed latest.

import LyrebirdIR

/// A set of slots.
struct SlotSet: Equatable {
    var low: UInt64 = 0
    var high: UInt64 = 0

    @inline(__always) func contains(_ slot: Int) -> Bool {
        (slot < 64 ? low &>> UInt64(slot) : high &>> UInt64(slot &- 64)) & 1 != 0
    }
    @inline(__always) mutating func insert(_ slot: Int) {
        if slot < 64 { low |= 1 &<< UInt64(slot) } else { high |= 1 &<< UInt64(slot &- 64) }
    }
    @inline(__always) mutating func remove(_ slot: Int) {
        if slot < 64 { low &= ~(1 &<< UInt64(slot)) } else { high &= ~(1 &<< UInt64(slot &- 64)) }
    }
    /// Removes and returns the first slot, -1 when there is none.
    @inline(__always) mutating func popFirst() -> Int {
        if low != 0 {
            let slot = low.trailingZeroBitCount
            low &= low &- 1
            return slot
        }
        guard high != 0 else { return -1 }
        let slot = high.trailingZeroBitCount
        high &= high &- 1
        return slot &+ 64
    }
    @inline(__always) static prefix func ~ (a: SlotSet) -> SlotSet { SlotSet(low: ~a.low, high: ~a.high) }
    @inline(__always) static func & (a: SlotSet, b: SlotSet) -> SlotSet {
        SlotSet(low: a.low & b.low, high: a.high & b.high)
    }
    @inline(__always) static func | (a: SlotSet, b: SlotSet) -> SlotSet {
        SlotSet(low: a.low | b.low, high: a.high | b.high)
    }
}

/// Spill slots in use; as many as the context has.
typealias SpillSet = SlotSet

/// What the generator knows of a slot of guest state.
struct SlotState {
    /// The value bound to it, -1 where the content is in memory and has no name.
    var bound: Int32 = -1
    /// Last position at which the binding can be looked at.
    var end: Int32 = -1
    /// In the analysis: how many sites had been seen when the slot was last bound.
    var sitesSeen: Int32 = 0
    /// In the analysis: the last `get` before the slot is bound again, -1 for none.
    var lastRead: Int32 = -1
    var hint: UInt8 = 0xFF
    /// Where the frame log last said it is.
    var logged: UInt16 = 0
}

/// What a unit is entered with.
struct FreshState {
    let slots: UnsafeMutablePointer<SlotState>
    let registers: UnsafeMutablePointer<Int32>
    let contents: UnsafeMutablePointer<ValueState>
    let pins: Pins

    /// - Parameter isHome: no slot is in a register.
    init(_ contract: RegisterContract, isHome: Bool) {
        slots = .allocate(capacity: StateLayout.maximum)
        contents = .allocate(capacity: StateLayout.maximum)
        registers = .allocate(capacity: HostRegister.count)
        registers.initialize(repeating: -1, count: HostRegister.count)
        pins = isHome ? Pins() : Pins(contract)
        for slot in 0..<contract.displacement.count {
            let register = pins.registerOfSlot[slot]
            let isPinned = register != 0xFF
            let content = Int32(truncatingIfNeeded: CodeGenerator.contents &+ slot)
            slots[slot] = SlotState(
                bound: isPinned ? content : -1, end: .max, hint: register,
                logged: UInt16(isPinned ? register : FrameLocation.memory))
            if isPinned { registers[Int(register)] = content }
            var entry = ValueState.fresh
            entry.representative = UInt32(bitPattern: content)
            entry.end = .max
            entry.type = contract.types[slot]
            entry.register = register
            entry.slot = Int16(slot)
            contents[slot] = entry
        }
    }

    func deallocate() {
        slots.deallocate()
        registers.deallocate()
        contents.deallocate()
        pins.deallocate()
    }
}

extension CodeGenerator {
    // MARK: Blocks

    /// Puts the allocator into the state in which a block is entered: that of the block before it, or the contract's.
    mutating func startBlock(_ id: Int, inheriting: Bool, _ unit: borrowing Unit) {
        if !inheriting {
            checkedCount = 0
            let isFirst = hot.cursor == hotStart
            dropJump(to: id)
            if isLoop, !isFirst {
                pins = inner
                if id == loopHead { hot.alignLoop() }
                findContentEnds(id, unit)
            }
            enterByContract(first: isFirst)
        }
        blockStates[id].address = hot.cursor
        bindPending(id)
    }

    /// How long what the slots hold where a chain of a loop's blocks starts can be looked at: up to the last site before the slot is
    /// bound, if it is not read first.
    private mutating func findContentEnds(_ id: Int, _ unit: borrowing Unit) {
        contentEnds.update(repeating: .max, count: contract.displacement.count)
        var lastSite = unit.blocks[id].start &- 1
        var seen = SlotSet()
        var place = 0
        while Int(unit.order[place]) != id { place &+= 1 }
        while place < unit.placedCount {
            let block = unit.blocks[Int(unit.order[place])]
            guard blockStates[Int(unit.order[place])].chain == blockStates[id].chain else { return }
            for index in Int(block.start)..<Int(block.end) {
                let i = unit.instructions[index]
                if index == loopPoll || values[index].foldsLoad { lastSite = Int32(truncatingIfNeeded: index) }
                switch i.opcode.effect {
                case .load, .store, .atomic, .control: lastSite = Int32(truncatingIfNeeded: index)
                case .stateRead: seen.insert(Int(i.a))
                case .stateWrite:
                    if !seen.contains(Int(i.a)) { contentEnds[Int(i.a)] = lastSite }
                    seen.insert(Int(i.a))
                default: break
                }
            }
            place &+= 1
        }
    }

    private mutating func enterByContract(first: Bool) {
        strayed = isLoop ? contract.allSlots : SlotSet()
        hostFlags = -1
        x87Place = .unknown
        if first {
            // The analysis has put everything in its place.
            registerValue.update(from: fresh.registers, count: HostRegister.count)
            dirty = outer.set
            return logBlockStart()
        }
        for register in 0..<HostRegister.count {
            let value = registerValue[register]
            if value >= 0 { values[Int(value)].register = 0xFF }
            registerValue[register] = -1
        }
        dirty = SlotSet()
        for slot in 0..<contract.displacement.count {
            slots[slot].bound = -1
            slots[slot].end = -1
            slots[slot].logged = fresh.slots[slot].logged
        }
        for slot in pins.slots {
            let content = Int32(truncatingIfNeeded: Self.contents &+ Int(slot))
            let register = pins.registerOfSlot[Int(slot)]
            // The analysis looked ahead from the unit's entry only.
            values[Int(content)].end = isLoop ? contentEnds[Int(slot)] : .max
            slots[Int(slot)].bound = content
            slots[Int(slot)].end = values[Int(content)].end
            registerValue[Int(register)] = content
            values[Int(content)].register = register
            values[Int(content)].slot = Int16(slot)
            // What a loop only reads is in memory as well, if it was there before.
            if !isLoop || written.contains(Int(slot)) || outer.registerOfSlot[Int(slot)] != 0xFF {
                dirty.insert(Int(slot))
            }
        }
        logBlockStart()
        if isLoop { moved = outer.set | inner.set }
    }

    // MARK: State

    /// `get`: the value takes the place of what the slot holds.
    mutating func selectGet(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) {
        let slot = Int(i.a)
        let content = slots[slot].bound
        let value = Int32(truncatingIfNeeded: index)
        if content >= Self.contents {
            // The entry's content gets a name, in the register where it is.
            let register = values[Int(content)].register
            values[Int(content)].register = 0xFF
            if register != 0xFF {
                registerValue[Int(register)] = value
                values[index].register = register
            } else {
                load(index, i.type, from: slotMemory(slot))
            }
            slots[slot].bound = value
        } else if content >= 0 {
            // Only where state forwarding is off: the slot is bound to a value that is already known, and that may be one that
            // is not looked at yet.
            if unchecked.count > 0 { checkFloats() }
            copyValue(Int(content), to: index, i.type, unit)
        } else {
            slots[slot].bound = value
            slots[slot].end = values[index].end
            load(index, i.type, from: slotMemory(slot))
        }
        if slots[slot].bound == value { values[index].slot = Int16(slot) }
    }

    /// A second value with the content of the first.
    private mutating func copyValue(_ source: Int, to index: Int, _ type: Type, _ unit: borrowing Unit) {
        if type == .flags {
            regain(source, unit)
            saveFlagsIfHeld(Int32(truncatingIfNeeded: source))
            let scratch = scratchGeneral()
            if values[source].isConstant {
                hot.mov(.b32, scratch, imm: Int32(truncatingIfNeeded: constants(source)))
            } else {
                hot.movzx(.b32, scratch, .b16, home(of: source))
            }
            values[index].spill = Int16(takeSpill())
            hot.mov(.b64, RegisterContract.spill(Int(values[index].spill)), scratch)
        } else if type == .v128 {
            let from = useVector(source)
            let to = allocateVector(for: index)
            moveVector(to, from)
        } else {
            let from = useGeneral(source)
            let to = allocateGeneral(for: index)
            hot.mov(type == .i64 ? .b64 : .b32, to, from)
        }
    }

    /// Reads a value from memory into a register of its own (flags: into the host's flags).
    private mutating func load(_ index: Int, _ type: Type, from memory: Memory) {
        switch type {
        case .flags: break  // Left in memory: they are restored where somebody needs them.
        case .v128:
            let register = allocateVector(for: index)
            loadVector(register, memory)
        default:
            let register = allocateGeneral(for: index)
            hot.mov(type == .i64 ? .b64 : .b32, register, memory)
        }
    }

    /// `set`: from here on the slot's content is `value`.
    mutating func bindSlot(_ slot: Int, to value: Int, end: Int32) {
        let old = slots[slot].bound
        if old >= 0, old < Self.contents, !dirty.contains(slot) {
            // The old value may have no other home than the slot's memory, which will be overwritten one day.
            let state = values[Int(old)]
            // Somebody else may have been told that it is there.
            if state.end > Int32(position) { markMoved(Int(old)) }
            if state.register == 0xFF, state.spill < 0, !state.isConstant, state.type != .flags,
                state.end > Int32(position)
            {
                if state.type == .v128 { useVector(Int(old)) } else { useGeneral(Int(old)) }
            } else if state.type == .flags, !holds(old), state.spill < 0, state.end > Int32(position) {
                rescueFlags(Int(old), from: slot)
            }
        }
        slots[slot].bound = Int32(truncatingIfNeeded: value)
        slots[slot].end = end
        if values[value].slot >= 0 { moved.insert(Int(values[value].slot)) }
        values[value].slot = Int16(slot)
        if values[value].isImplied { impliedSlots.insert(slot) }
        dirty.insert(slot)
        moved.insert(slot)
        if old >= 0, old != Int32(truncatingIfNeeded: value) {
            // The entry's content has no other name.
            if old >= Self.contents { values[Int(old)].end = -1 }
            dropIfDead(Int(old))
        }
    }

    /// Gives flags that live only in a slot's memory a spill slot of their own.
    private mutating func rescueFlags(_ value: Int, from slot: Int) {
        markMoved(value)
        let spill = takeSpill()
        let scratch = scratchGeneral()
        hot.movzx(.b32, scratch, .b16, slotMemory(slot))
        hot.mov(.b64, RegisterContract.spill(spill), scratch)
        values[value].spill = Int16(spill)
    }

    @inline(__always) func slotMemory(_ slot: Int) -> Memory {
        Memory(base: .rbp, displacement: contract.displacement[slot])
    }

    // MARK: Lifetimes

    /// Whether a value is not needed behind the current instruction.
    @inline(__always) func isDead(_ value: Int) -> Bool { values[value].end <= Int32(truncatingIfNeeded: position) }

    @inline(__always) private mutating func dropIfDead(_ value: Int) {
        let register = values[value].register
        if register != 0xFF, isDead(value) {
            values[value].register = 0xFF
            registerValue[Int(register)] = -1
        }
    }

    /// After an instruction: its operands have one use less. The analysis has put uses before each other, so that of a value
    /// that is two operands the last one put comes off first.
    @inline(__always)
    mutating func consumeOperands(_ index: Int, _ unit: borrowing Unit) {
        if values[index].isSkipped { return }
        let i = unit.instructions[index]
        switch i.opcode {
        case .set, .bind, .get, .instruction, .nop, .const, .vconst, .flags, .param, .jump, .exitJump, .exitTrap: break
        case .load, .store, .x87Load, .x87Store:
            let address = addresses[index]
            if i.opcode == .store { consume(Int(values[Int(i.b)].representative), 3 &* index &+ 1) }
            consume(Int(address.base), 3 &* index)
            if address.index >= 0 { consume(Int(address.index), 3 &* index &+ 2) }
        case _ where values[index].foldsLoad:
            if let first = foldingOperands(i).first { consume(first, 3 &* index &+ 1) }
            consume(Int(addresses[index].base), 3 &* index)
            if addresses[index].index >= 0 { consume(Int(addresses[index].index), 3 &* index &+ 2) }
        case .add where values[index].isAddress, .sub where values[index].isAddress:
            let address = addresses[index]
            consume(Int(address.base), 3 &* index)
            if address.index >= 0 { consume(Int(address.index), 3 &* index &+ 2) }
        case .select where values[index].isDeferred:
            let comparison = deferredComparison(i, unit)
            consume(Int(values[Int(i.a)].representative), 3 &* index)
            consume(Int(values[Int(comparison.a)].representative), 3 &* index &+ 1)
            consume(Int(values[Int(comparison.b)].representative), 3 &* index &+ 2)
        case .branch, .exitIndirect: consume(Int(values[Int(i.a)].representative), 3 &* index)
        default:
            let fields = operandFields(index, i)
            if fields & 4 != 0 { consume(Int(values[Int(i.c)].representative), 3 &* index &+ 2) }
            if fields & 2 != 0 { consume(Int(values[Int(i.b)].representative), 3 &* index &+ 1) }
            if fields & 1 != 0 { consume(Int(values[Int(i.a)].representative), 3 &* index) }
        }
    }

    @inline(__always)
    private mutating func consume(_ value: Int, _ link: Int) {
        values[value].nextUse = chain[link]
        let register = values[value].register
        if values[value].end <= Int32(truncatingIfNeeded: position) {
            if register != 0xFF {
                values[value].register = 0xFF
                registerValue[Int(register)] = -1
            }
            if values[value].spill >= 0, !values[value].isGlobal {
                spillsUsed.remove(Int(values[value].spill))
                values[value].spill = -1
            }
        }
    }

    // MARK: Registers

    @inline(__always) mutating func lock(_ register: UInt8) { locked |= 1 &<< UInt64(register) }
    @inline(__always) func isLocked(_ register: UInt8) -> Bool { locked &>> UInt64(register) & 1 != 0 }
    @inline(__always) mutating func unlock(_ register: UInt8) { locked &= ~(1 &<< UInt64(register)) }

    /// All but RSP and RBP, and XMM0–15.
    static let generalMask: UInt64 = 0b1111_1111_1100_1111
    static let vectorMask: UInt64 = 0xFFFF &<< 16

    /// A register of the class that may be overwritten, evicting somebody if need be. It is locked.
    mutating func freeRegister(vector: Bool, hint: UInt8 = 0xFF) -> UInt8 {
        let candidates = (vector ? Self.vectorMask : Self.generalMask) & ~locked
        if hint != 0xFF, candidates &>> UInt64(hint) & 1 != 0, isFree(hint) {
            take(hint)
            return hint
        }
        // The scratch registers first: what is in a pinned one may be wanted there.
        var rest = candidates
        var fallback: UInt8 = 0xFF
        while rest != 0 {
            let register = UInt8(truncatingIfNeeded: rest.trailingZeroBitCount)
            rest &= rest &- 1
            if isFree(register) {
                if pins.slotOfRegister[Int(register)] < 0 {
                    take(register)
                    return register
                }
                if fallback == 0xFF { fallback = register }
            }
        }
        if fallback != 0xFF {
            take(fallback)
            return fallback
        }
        if unchecked.count > 0 {
            checkFloats()
            return freeRegister(vector: vector, hint: hint)
        }
        // Nobody is free: the one that is needed latest goes, one that costs nothing first.
        rest = candidates
        var best: UInt8 = 0xFF
        var bestScore = Int32.min
        while rest != 0 {
            let register = UInt8(truncatingIfNeeded: rest.trailingZeroBitCount)
            rest &= rest &- 1
            let score = evictionScore(register)
            if score > bestScore {
                bestScore = score
                best = register
            }
        }
        precondition(best != 0xFF, "an instruction needs more registers than there are")
        evict(best)
        take(best)
        return best
    }

    @inline(__always) func isFree(_ register: UInt8) -> Bool {
        let value = registerValue[Int(register)]
        return value < 0 || values[Int(value)].end < Int32(truncatingIfNeeded: position)
    }

    /// Forgets who was there (dead), and locks.
    @inline(__always) private mutating func take(_ register: UInt8) {
        let value = registerValue[Int(register)]
        if value >= 0 { values[Int(value)].register = 0xFF }
        registerValue[Int(register)] = -1
        lock(register)
    }

    /// Higher is better to evict.
    private mutating func evictionScore(_ register: UInt8) -> Int32 {
        let value = Int(registerValue[Int(register)])
        let state = values[value]
        if state.nextUse == .max, pins.slotOfRegister[Int(register)] < 0 || value < count {
            // Nobody reads it any more: what is left is the store to its slot, due anyway unless the slot is pinned.
            return isPinnedContent(value) ? state.end &- Int32(truncatingIfNeeded: position) : .max &- 1
        }
        let distance = (state.nextUse == .max ? state.end : state.nextUse) &- Int32(truncatingIfNeeded: position)
        return state.isConstant ? distance &+ 64 : distance
    }

    /// Whether a pinned slot is bound to the value: it must be in a register again at the exit.
    private mutating func isPinnedContent(_ value: Int) -> Bool {
        for slot in pins.slots where slots[Int(slot)].bound == Int32(truncatingIfNeeded: value) { return true }
        return false
    }

    /// Makes a register's value live elsewhere.
    mutating func evict(_ register: UInt8) {
        let value = Int(registerValue[Int(register)])
        guard value >= 0 else { return }
        if !isDeadHere(value) { storeHome(value) }
        if isLoop, value >= Self.contents, passing.contains(value &- Self.contents) { isCrowded = true }
        if values[value].isCompared { moved = moved | contract.flagSlots | impliedSlots }
        values[value].register = 0xFF
        registerValue[Int(register)] = -1
    }

    /// Dead even for the current instruction.
    @inline(__always) private func isDeadHere(_ value: Int) -> Bool {
        values[value].end < Int32(truncatingIfNeeded: position)
    }

    /// Writes a value that is in a register to the slots that are bound to it, or to a spill slot if there are none and it is
    /// needed again.
    mutating func storeHome(_ value: Int) {
        var hasHome = values[value].isConstant || values[value].spill >= 0
        var rest = dirty & slotsThatMayHold(value)
        while case let slot = rest.popFirst(), slot >= 0 {
            guard slots[slot].bound == Int32(truncatingIfNeeded: value), slots[slot].end >= Int32(position) else {
                continue
            }
            moved.insert(slot)
            if values[value].isConstant { continue }
            storeRegister(values[value].register, contract.types[slot], slotMemory(slot))
            dirty.remove(slot)
            // A narrower slot keeps only a part of it.
            if contract.types[slot] == values[value].type { hasHome = true }
        }
        if !hasHome { hasHome = memorySlot(value) >= 0 }
        // A comparison that the current instruction makes again is none of its operands.
        let last = values[value].isCompared ? values[value].end &+ 1 : values[value].end
        if !hasHome, values[value].nextUse != .max || last > Int32(position) { storeSpill(value) }
    }

    /// A superset of the slots that are bound to a value: one that is, and is not the last one, has been marked as moved.
    @inline(__always) func slotsThatMayHold(_ value: Int) -> SlotSet {
        var result = strayed | moved
        if values[value].slot >= 0 { result.insert(Int(values[value].slot)) }
        return result
    }

    /// A slot whose memory holds the value, -1 if there is none.
    mutating func memorySlot(_ value: Int) -> Int {
        let last = Int(values[value].slot)
        if last >= 0, holds(slot: last, value) { return last }
        var rest = slotsThatMayHold(value) & ~dirty
        while case let slot = rest.popFirst(), slot >= 0 {
            if holds(slot: slot, value) { return slot }
        }
        return -1
    }

    @inline(__always) private func holds(slot: Int, _ value: Int) -> Bool {
        slots[slot].bound == Int32(truncatingIfNeeded: value) && !dirty.contains(slot)
            && contract.types[slot] == values[value].type
    }

    /// Where the value is in memory, if it is.
    mutating func memoryHome(_ value: Int) -> Memory? {
        if values[value].spill >= 0 { return RegisterContract.spill(Int(values[value].spill)) }
        let slot = memorySlot(value)
        return slot >= 0 ? slotMemory(slot) : nil
    }

    /// How much of a general value is in memory: an i32 in its slot, which an i64 slot may be bound to as well, has neighbours.
    mutating func homeWidth(_ value: Int) -> Width {
        values[value].spill >= 0 || values[value].type == .i64 ? .b64 : .b32
    }

    /// Where the value is in memory, which it must be.
    mutating func home(of value: Int) -> Memory {
        if let memory = memoryHome(value) { return memory }
        fatalError("value v\(value) is nowhere at v\(position), guest pc 0x\(String(instructionPC, radix: 16))")
    }

    mutating func storeSpill(_ value: Int) {
        if values[value].spill < 0 { values[value].spill = Int16(takeSpill()) }
        let memory = RegisterContract.spill(Int(values[value].spill))
        storeRegister(values[value].register, values[value].type, memory, whole: true)
    }

    mutating func takeSpill() -> Int {
        for index in 0..<StateLayout.maximum where !spillsUsed.contains(index) {
            spillsUsed.insert(index)
            return index
        }
        overflowed = true
        return 0
    }

    /// Consecutive spill slots, used until the end of the unit.
    mutating func takeSpills(_ wanted: Int) -> Int {
        var start = 0
        while start &+ wanted <= StateLayout.maximum {
            var length = 0
            while length < wanted, !spillsUsed.contains(start &+ length) { length &+= 1 }
            if length == wanted {
                for n in 0..<wanted { spillsUsed.insert(start &+ n) }
                return start
            }
            start &+= length &+ 1
        }
        overflowed = true
        return 0
    }

    private mutating func storeRegister(_ register: UInt8, _ type: Type, _ memory: Memory, whole: Bool = false) {
        if register >= 16 {
            storeVector(memory, XMM(register &- 16))
        } else {
            hot.mov(whole || type == .i64 ? .b64 : type == .flags ? .b16 : .b32, memory, GPR(register))
        }
    }

    /// A register that nobody minds losing, for the length of one instruction.
    mutating func scratchGeneral() -> GPR { GPR(freeRegister(vector: false)) }
    mutating func scratchVector() -> XMM { XMM(freeRegister(vector: true) &- 16) }

    /// Empties a certain register (moving its value elsewhere if somebody needs it) and locks it.
    mutating func reserve(_ gpr: GPR) {
        let register = gpr.rawValue
        let value = registerValue[Int(register)]
        if value >= 0 {
            if values[Int(value)].end < Int32(truncatingIfNeeded: position) {
                values[Int(value)].register = 0xFF
            } else {
                markMoved(Int(value))
                lock(register)
                let other = freeRegister(vector: false)
                unlock(other)
                hot.mov(.b64, GPR(other), gpr)
                if locked &>> UInt64(register) & 1 != 0 { lock(other) }
                values[Int(value)].register = other
                registerValue[Int(other)] = value
            }
            registerValue[Int(register)] = -1
        }
        lock(register)
    }

    // MARK: Values

    /// The value in a general register, locked for this instruction.
    @discardableResult
    mutating func useGeneral(_ value: Int) -> GPR {
        let register = values[value].register
        if register != 0xFF {
            lock(register)
            return GPR(register)
        }
        let free = freeRegister(vector: false, hint: values[value].hint)
        if values[value].isConstant {
            hot.movImmediate(GPR(free), constants(value))
        } else {
            let memory = home(of: value)
            hot.mov(homeWidth(value), GPR(free), memory)
        }
        values[value].register = free
        registerValue[Int(free)] = Int32(truncatingIfNeeded: value)
        return GPR(free)
    }

    /// The value in a vector register, locked for this instruction.
    @discardableResult
    mutating func useVector(_ value: Int) -> XMM {
        let register = values[value].register
        if register != 0xFF {
            lock(register)
            return XMM(register &- 16)
        }
        let free = freeRegister(vector: true, hint: values[value].hint)
        if values[value].isConstant {
            materializeVector(value, XMM(free &- 16))
        } else {
            let memory = home(of: value)
            loadVector(XMM(free &- 16), memory)
        }
        values[value].register = free
        registerValue[Int(free)] = Int32(truncatingIfNeeded: value)
        return XMM(free &- 16)
    }

    /// A register for the result of the current instruction; operands that die here may give theirs.
    mutating func allocateGeneral(for index: Int) -> GPR {
        let register = freeRegister(vector: false, hint: values[index].hint)
        own(index, register)
        return GPR(register)
    }

    mutating func allocateVector(for index: Int) -> XMM {
        let register = freeRegister(vector: true, hint: values[index].hint)
        own(index, register)
        return XMM(register &- 16)
    }

    /// Makes `register`, which is nobody's any more, the result's.
    @inline(__always) mutating func own(_ index: Int, _ register: UInt8) {
        registerValue[Int(register)] = Int32(truncatingIfNeeded: index)
        values[index].register = register
    }

    /// The result takes over the register of an operand that dies here, or gets a copy of it: the first half of a two-operand
    /// instruction.
    mutating func allocateGeneral(for index: Int, startingAs value: Int, _ width: Width = .b64) -> GPR {
        let source = useGeneral(value)
        if canOverwrite(value, for: index) {
            takeOver(value, for: index)
            return source
        }
        let result = allocateGeneral(for: index)
        hot.mov(width, result, source)
        return result
    }

    /// Gives the register of an operand to the result.
    @inline(__always) mutating func takeOver(_ value: Int, for index: Int) {
        let register = values[value].register
        values[value].register = 0xFF
        own(index, register)
    }

    /// Whether the register of an operand may be given to the result: nobody needs the value behind this instruction, and the
    /// result would not rather be where it is wanted in the end.
    @inline(__always) func canOverwrite(_ value: Int, for index: Int) -> Bool {
        guard values[value].end <= Int32(truncatingIfNeeded: position), values[value].register != 0xFF else {
            return false
        }
        let hint = values[index].hint
        return hint == 0xFF || hint == values[value].register || !isFree(hint)
    }

    /// The constant of a `const`, cut to its type.
    @inline(__always) func constants(_ value: Int) -> UInt64 { constantBits[value] }
}
