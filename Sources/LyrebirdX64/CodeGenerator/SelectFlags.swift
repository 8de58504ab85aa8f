// Flags: what the host's flags hold, how flags go to memory and come back, and the instructions that consume them.

import LyrebirdIR

typealias IRCondition = LyrebirdIR.Condition

extension CodeGenerator {
    // MARK: Keeping

    /// The instruction about to be emitted destroys the host's flags: saves them if somebody needs them later.
    /// - Parameter including: also if the current instruction is the one that needs them.
    mutating func clobberFlags(including current: Bool = false) {
        guard hostFlags >= 0 else { return }
        if isNeeded(hostFlags, current) { saveFlags(hostFlags) }
        if isNeeded(hostComplement, current) { saveFlags(hostComplement) }
        hostFlags = -1
    }

    /// Whether flags have to be saved before the host's are destroyed: what can be made again has not.
    @inline(__always) private func isNeeded(_ value: Int32, _ current: Bool) -> Bool {
        guard value >= 0 else { return false }
        if values[Int(value)].isRepeatable { return false }
        let end = values[Int(value)].end
        return current ? end >= Int32(truncatingIfNeeded: position) : end > Int32(truncatingIfNeeded: position)
    }

    mutating func saveFlagsIfHeld(_ value: Int32) {
        if holds(value) { saveFlags(value) }
    }

    /// Whether the host's flags are this value, or would be with the carry inverted.
    @inline(__always) func holds(_ value: Int32) -> Bool { value == hostFlags || value == hostComplement }

    /// RAX gets the bits of a value that the host's flags hold. They stay as they are.
    mutating func packFlags(_ value: Int32) {
        if value == hostComplement { hot.cmc() }
        packHostFlags()
        if value == hostComplement { hot.cmc() }
    }

    @inline(__always) mutating func packHostFlags() {
        hot.lahf()
        hot.setcc(.o, .rax)
    }

    /// Writes a flags value that the host's flags hold to its home. The host's flags stay as they are.
    mutating func saveFlags(_ flags: Int32) {
        let value = Int(flags)
        let keepsRAX = isLocked(GPR.rax.rawValue)
        var isPacked = false
        var rest = dirty & contract.flagSlots
        while case let slot = rest.popFirst(), slot >= 0 {
            guard slots[slot].bound == flags, slots[slot].end >= Int32(position) else { continue }
            if !isPacked {
                reserve(.rax)
                packFlags(flags)
                isPacked = true
            }
            hot.mov(.b16, slotMemory(slot), .rax)
            dirty.remove(slot)
        }
        if !isPacked {
            if memoryHome(value) != nil { return }
            reserve(.rax)
            packFlags(flags)
            storePackedFlags(value)
        }
        if !keepsRAX { unlock(GPR.rax.rawValue) }
    }

    private mutating func storePackedFlags(_ value: Int) {
        values[value].spill = Int16(takeSpill())
        hot.movzx(.b32, .rax, .b16, .rax)
        hot.mov(.b64, RegisterContract.spill(Int(values[value].spill)), .rax)
    }

    /// Puts a flags value into the host's flags.
    mutating func useFlags(_ value: Int, _ unit: borrowing Unit) {
        regain(value, unit)
        let flags = Int32(truncatingIfNeeded: value)
        if hostFlags == flags { return }
        if hostComplement == flags {
            let other = hostFlags
            hot.cmc()
            hostFlags = flags
            hostComplement = other
            return
        }
        let keepsRAX = isLocked(GPR.rax.rawValue)
        // What they hold may be looked at by the very instruction that wants others: an exit stores it.
        clobberFlags(including: true)
        reserve(.rax)
        if values[value].isConstant {
            hot.mov(.b32, .rax, imm: Int32(truncatingIfNeeded: constants(value)))
        } else {
            hot.movzx(.b32, .rax, .b16, home(of: value))
        }
        restoreFlagsFromRAX()
        if !keepsRAX { unlock(GPR.rax.rawValue) }
        hostFlags = flags
    }

    /// AL to OF, AH to the rest.
    mutating func restoreFlagsFromRAX() {
        hot.add(.b8, .rax, imm: 0x7F)
        hot.sahf()
    }

    /// After an instruction that set the host's flags as its `flags` says, if it has one.
    @inline(__always) mutating func definesFlags(_ index: Int) {
        hostFlags = wantsFlags(index) ? values[index].flags : -1
    }

    /// Whether the current instruction must set flags: not those that are only made again, if somebody looks.
    @inline(__always) func wantsFlags(_ index: Int) -> Bool {
        let flags = Int(values[index].flags)
        return flags >= 0 && values[flags].end >= 0 && !(values[flags].isRepeatable && values[flags].uses == 0)
    }

    /// Whether the host's flags hold something that is needed behind this instruction.
    @inline(__always) var flagsAreLive: Bool { isLive(hostFlags) || isLive(hostComplement) }

    @inline(__always) private func isLive(_ flags: Int32) -> Bool {
        flags >= 0 && values[Int(flags)].end > Int32(truncatingIfNeeded: position)
    }

    /// Saves what the host's flags hold for instructions behind this one, which uses them and destroys them.
    mutating func saveLiveFlags() {
        if isNeeded(hostFlags, false) { saveFlags(hostFlags) }
        if isNeeded(hostComplement, false) { saveFlags(hostComplement) }
    }

    /// Flags that other chains of blocks need go to a spill slot where they are made.
    mutating func keepGlobal(_ index: Int) {
        if values[index].type != .flags {
            if values[index].register != 0xFF { storeSpill(index) }
            return
        }
        guard values[index].spill < 0 else { return }
        locked = 0
        guard holds(Int32(truncatingIfNeeded: index)) else {
            // In a slot's memory, where they do not stay.
            let scratch = scratchGeneral()
            hot.movzx(.b32, scratch, .b16, home(of: index))
            values[index].spill = Int16(takeSpill())
            hot.mov(.b64, RegisterContract.spill(Int(values[index].spill)), scratch)
            return
        }
        reserve(.rax)
        packFlags(Int32(truncatingIfNeeded: index))
        storePackedFlags(index)
        unlock(GPR.rax.rawValue)
    }

    // MARK: Consuming

    /// Makes a condition of a flags value testable: the flags are in the host's flags, the result is the host's condition.
    mutating func useCondition(_ condition: IRCondition, of value: Int, _ unit: borrowing Unit) -> Condition {
        if let host = useFloatCondition(condition, of: value) { return host }
        regain(value, unit)
        // The complement of a carry need not be made where only the carry, or all but the carry, is looked at.
        if hostComplement == Int32(truncatingIfNeeded: value) {
            switch condition {
            case .cs: return .ae
            case .cc: return .b
            case .ls, .hi: break
            default: return Condition(rawValue: condition.rawValue)!
            }
        }
        useFlags(value, unit)
        return Condition(rawValue: condition.rawValue)!
    }

    mutating func selectFlags(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) {
        switch i.opcode {
        case .cmc:
            useFlags(Int(values[Int(i.a)].representative), unit)
            if isNeeded(hostComplement, false) { saveFlags(hostComplement) }
            hostComplement = Int32(truncatingIfNeeded: index)
        case .flagsToBits:
            useFlags(Int(values[Int(i.a)].representative), unit)
            reserve(.rax)
            packFlags(hostFlags)
            let result = allocateGeneral(for: index)
            hot.movzx(.b32, result, .b16, .rax)
        case .bitsToFlags:
            clobberFlags()
            reserve(.rax)
            let bits = useGeneral(Int(values[Int(i.a)].representative))
            hot.mov(.b32, .rax, bits)
            hot.and(.b32, .rax, imm: 0xD501)
            hot.or(.b32, .rax, imm: 0x200)
            restoreFlagsFromRAX()
            hostFlags = Int32(truncatingIfNeeded: index)
        case .cset:
            let condition = useCondition(i.condition, of: Int(values[Int(i.a)].representative), unit)
            let result = allocateGeneral(for: index)
            hot.setcc(condition, result)
            hot.movzx(.b32, result, .b8, result)
        default:
            switch i.type {
            case .flags:
                if values[index].isDeferred {
                    compareConditionally(index, i, unit)
                } else {
                    selectBetweenFlags(index, i, unit)
                }
            case .v128: selectBetweenVectors(index, i, unit)
            default: selectBetweenIntegers(index, i, unit)
            }
        }
    }

    private mutating func selectBetweenIntegers(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) {
        let a = Int(values[Int(i.b)].representative)
        let b = Int(values[Int(i.c)].representative)
        var condition = useCondition(i.condition, of: Int(values[Int(i.a)].representative), unit)
        let width: Width = i.type == .i64 ? .b64 : .b32
        var taken = useGeneral(a)
        var other = useGeneral(b)
        // The result starts as the operand that dies, if one does.
        var start = b
        if canOverwrite(a, for: index),
            !canOverwrite(b, for: index) || values[a].register == values[index].hint && b != a
        {
            swap(&taken, &other)
            start = a
            condition = condition.inverted
        }
        let result = startResult(index, as: start, in: other, width)
        hot.cmovcc(condition, width, result, taken)
    }

    /// The result in the register of an operand that dies, or in a fresh copy of it.
    mutating func startResult(_ index: Int, as value: Int, in register: GPR, _ width: Width) -> GPR {
        if canOverwrite(value, for: index) {
            takeOver(value, for: index)
            return register
        }
        let result = allocateGeneral(for: index)
        hot.mov(width, result, register)
        return result
    }

    private mutating func selectBetweenVectors(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) {
        let taken = useVector(Int(values[Int(i.b)].representative))
        let other = useVector(Int(values[Int(i.c)].representative))
        let condition = useCondition(i.condition, of: Int(values[Int(i.a)].representative), unit)
        let result = allocateVector(for: index)
        moveVector(result, other)
        let skip = hot.jccForward(condition.inverted)
        moveVector(result, taken)
        hot.bind(skip)
    }

    /// The comparison where the condition holds, else the constant flags.
    private mutating func compareConditionally(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) {
        let comparison = deferredComparison(i, unit)
        let a = Int(values[Int(comparison.a)].representative)
        let b = Int(values[Int(comparison.b)].representative)
        let condition = useCondition(i.condition, of: Int(values[Int(i.a)].representative), unit)
        saveLiveFlags()
        reserve(.rax)
        // All that moves registers comes before the jump: both ways must leave them alike.
        let first = useGeneral(a)
        let w = flagsWidth(comparison.type)
        let small = immediate(b, comparison.type, w)
        let second = small == nil ? useGeneral(b) : first
        let compares = hot.jccForward(condition)
        hot.mov(.b32, .rax, imm: Int32(truncatingIfNeeded: constants(Int(values[Int(i.c)].representative))))
        restoreFlagsFromRAX()
        let done = hot.jmpForward()
        hot.bind(compares)
        if let small {
            if small == 0 { hot.test(w, first, first) } else { hot.cmp(w, first, imm: small) }
        } else {
            hot.cmp(w, first, second)
        }
        hot.bind(done)
        hostFlags = Int32(truncatingIfNeeded: index)
    }

    /// Both as bits, and a conditional move between them: the first value's are made from the host's flags before the
    /// condition is looked at.
    private mutating func selectBetweenFlags(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) {
        let condition = Int(values[Int(i.a)].representative)
        let a = Int(values[Int(i.b)].representative)
        let b = Int(values[Int(i.c)].representative)
        reserve(.rax)
        let taken = flagBits(a, unit)
        let other = flagBits(b, unit)
        let host = useCondition(i.condition, of: condition, unit)
        hot.cmovcc(host, .b32, other, taken)
        clobberFlags()
        hot.mov(.b32, .rax, other)
        restoreFlagsFromRAX()
        hostFlags = Int32(truncatingIfNeeded: index)
    }

    /// A scratch register with the bits of a flags value. RAX is the caller's and free.
    private mutating func flagBits(_ value: Int, _ unit: borrowing Unit) -> GPR {
        regain(value, unit)
        let result = scratchGeneral()
        if values[value].isConstant {
            hot.mov(.b32, result, imm: Int32(truncatingIfNeeded: constants(value)))
        } else if holds(Int32(truncatingIfNeeded: value)) {
            packFlags(Int32(truncatingIfNeeded: value))
            hot.movzx(.b32, result, .b16, .rax)
        } else {
            let memory = home(of: value)
            hot.movzx(.b32, result, .b16, memory)
        }
        return result
    }
}
