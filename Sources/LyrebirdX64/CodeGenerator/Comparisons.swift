// Comparisons that are made again. Flags of a sum, a difference, or of logic, need not be kept where something else wants the host's
// flags: as long as the operands are somewhere, the comparison can be repeated, and a frame state names the operands. An operand that
// dies while its flags may still be looked at lives on until then; nothing is stored for it. What has a result is made again from that.

import LyrebirdIR

/// What is compared, in the folded address of the flags' instruction: base + displacement with the index.
struct Comparison {
    /// A value, not a constant.
    var first: Int
    var addend: Int32
    /// A value, or a constant of 32 bits.
    var second: Int
    var kind: ComparisonKind
}

/// How a comparison's flags are made.
struct ComparisonKind: OptionSet {
    let rawValue: UInt8
    static let conjunction = ComparisonKind(rawValue: 1)
    /// The carry is inverted afterwards.
    static let complement = ComparisonKind(rawValue: 2)
    /// The first operand is the sum: the second one is subtracted and added again.
    static let addition = ComparisonKind(rawValue: 16)
    /// Of scalars, by `fcompare`; bits 2 and 3 are no width.
    static let float = ComparisonKind(rawValue: 32)

    /// Bits 2 and 3 are the operands' width.
    init(rawValue: UInt8) { self.rawValue = rawValue }
    init(_ width: Width) { rawValue = width.rawValue &<< 2 }

    var width: Width { Width(rawValue: rawValue &>> 2 & 3)! }
    /// The operands' type.
    var type: Type { Type(rawValue: width.rawValue &+ Type.i8.rawValue)! }

    /// The flags in the IR's form.
    func flags(_ first: UInt64, _ second: UInt64) -> UInt64 {
        let mask = UInt64.max &>> UInt64(64 &- width.bits)
        let b = second & mask
        let a = (contains(.addition) ? first &- second : first) & mask
        let result = (contains(.conjunction) ? a & b : contains(.addition) ? first : a &- b) & mask
        let sign = mask &>> 1 &+ 1
        var rflags: UInt64 = result == 0 ? 0x40 : 0
        if result & sign != 0 { rflags |= 0x80 }
        if (result & 0xFF).nonzeroBitCount & 1 == 0 { rflags |= 4 }
        if !contains(.conjunction) {
            if contains(.addition) ? result < b : a < b { rflags |= 1 }
            if (a ^ b ^ result) & 16 != 0 { rflags |= 0x10 }
            let differ = contains(.addition) ? ~(a ^ b) : a ^ b
            if differ & (a ^ result) & sign != 0 { rflags |= 0x800 }
        }
        if contains(.complement) { rflags ^= 1 }
        return FlagBits.pack(rflags: rflags)
    }
}

extension CodeGenerator {
    // MARK: Analysis

    static func isRepeatable(_ opcode: LyrebirdIR.Opcode) -> Bool {
        opcode == .sub || opcode == .and || opcode == .add || opcode == .or || opcode == .xor
    }

    /// The analysis has come to flags, or to flags with the carry inverted, whose comparison it will come to: notes how long they are
    /// wanted. For flags that no slot is bound to, which are wanted soon, nothing lives on; what is wanted when the chain of blocks ends
    /// has to be stored anyway.
    mutating func noteComparison(_ index: Int, _ flags: Instruction, _ unit: borrowing Unit) {
        let end = values[index].end
        guard end >= 0, end < chainEnd || isLoop else { return }
        var kind: ComparisonKind = []
        var producer = Int(values[Int(flags.a)].representative)
        if flags.opcode == .cmc {
            guard producer < count, unit.instructions[producer].opcode == .flags else { return }
            producer = Int(values[Int(unit.instructions[producer].a)].representative)
            kind = .complement
        }
        guard producer < count else { return }
        let i = unit.instructions[producer]
        guard Self.isRepeatable(i.opcode) else { return }
        let b = Int(values[Int(i.b)].representative)
        guard !values[Int(values[Int(i.a)].representative)].isConstant,
            !values[b].isConstant || smallConstant(b, i.type) != nil
        else { return }
        if values[index].slot < 0 {
            let a = Int(values[Int(i.a)].representative)
            guard staysAnyway(a, end, unit), values[b].isConstant || staysAnyway(b, end, unit) else { return }
        }
        kind.formUnion(ComparisonKind(flagsWidth(i.type)))
        if i.opcode == .add { kind.insert(.addition) } else if i.opcode != .sub { kind.insert(.conjunction) }
        values[index].isRepeatable = true
        addresses[index] = FoldedAddress(
            base: Int32(truncatingIfNeeded: producer), index: -1, scale: kind.rawValue, displacement: 0)
        bindingEnds[producer] = max(bindingEnds[producer], end)
    }

    /// Whether a value is somewhere until then without being kept for flags: a slot has it, for some time at least.
    private mutating func staysAnyway(_ value: Int, _ end: Int32, _ unit: borrowing Unit) -> Bool {
        if values[value].end >= end || values[value].slot >= 0 { return true }
        return value < count && unit.instructions[value].opcode == .get
    }

    /// The analysis has come to a comparison that may be made again: its operands live as long as its flags are wanted.
    mutating func keepOperands(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) {
        let end = bindingEnds[index]
        let a = Int(values[Int(i.a)].representative)
        let b = Int(values[Int(i.b)].representative)
        let small = smallConstant(b, i.type)
        var first = a
        var addend: Int32 = 0
        if i.opcode == .or || i.opcode == .xor || i.opcode == .and && values[index].end >= end {
            // Logic has the flags of its result.
            values[index].end = max(values[index].end, end)
            values[index].isCompared = true
            addresses[index] = FoldedAddress(
                base: Int32(truncatingIfNeeded: index), index: Int32(truncatingIfNeeded: index), scale: 0,
                displacement: 0)
            return
        }
        if i.opcode == .add, let small, let (base, n) = sumOnlyFor(a, i.type, unit), n &+ small == 0 {
            first = base
            values[first].end = max(values[first].end, end)
        } else if i.opcode == .add {
            first = index
            values[index].end = max(values[index].end, end)
        } else if i.opcode == .sub, let small, values[index].end >= end {
            // The difference is there for as long anyway.
            first = index
            addend = small
        } else {
            if let (base, n) = sumOnlyFor(a, i.type, unit) {
                first = base
                addend = n
            }
            values[first].end = max(values[first].end, end)
        }
        if small == nil {
            values[b].end = max(values[b].end, end)
            values[b].isCompared = true
        }
        values[first].isCompared = true
        addresses[index] = FoldedAddress(
            base: Int32(truncatingIfNeeded: first), index: Int32(truncatingIfNeeded: b), scale: 0, displacement: addend)
    }

    /// At a loop's head, where the comparison stands that makes the loop's flags again: base + constant that nobody else needs.
    /// It need not be made before the comparison is.
    private mutating func sumOnlyFor(_ value: Int, _ type: Type, _ unit: borrowing Unit) -> (base: Int, addend: Int32)?
    {
        guard let head = unit.loopHead, value < Int(unit.blocks[head.index].start) &+ Unit.loopFlagsLength,
            values[value].end < 0
        else { return nil }
        let i = unit.instructions[value]
        let b = Int(values[Int(i.b)].representative)
        guard i.opcode == .add, i.type == type, let n = smallConstant(b, type) else { return nil }
        return (Int(values[Int(i.a)].representative), n)
    }

    mutating func comparison(_ flags: Int) -> Comparison {
        if addresses[flags].scale & ComparisonKind.float.rawValue != 0 {
            let address = addresses[flags]
            return Comparison(first: Int(address.base), addend: 0, second: Int(address.index), kind: .float)
        }
        let address = addresses[Int(addresses[flags].base)]
        return Comparison(
            first: Int(address.base), addend: address.displacement, second: Int(address.index),
            kind: ComparisonKind(rawValue: addresses[flags].scale))
    }

    // MARK: Selection

    /// Whether a flags value is nowhere, and has to be made again.
    @inline(__always) mutating func isLost(_ flags: Int) -> Bool {
        values[flags].isRepeatable && !holds(Int32(truncatingIfNeeded: flags)) && memoryHome(flags) == nil
    }

    /// Makes the comparison again, if it is lost: the host's flags hold it then.
    mutating func regain(_ flags: Int, _ unit: borrowing Unit) {
        guard isLost(flags) else { return }
        clobberFlags(including: true)
        let c = comparison(flags)
        if c.kind.contains(.float) { return regainFloat(flags, unit) }
        let w = c.kind.width
        let lockedBefore = locked
        var first = useGeneral(c.first)
        if c.addend != 0 {
            let sum = scratchGeneral()
            hot.lea(width(c.kind.type), sum, Memory(base: first, displacement: c.addend))
            first = sum
        }
        if c.kind.contains(.addition) {
            let sum = scratchGeneral()
            hot.mov(.b64, sum, first)
            if let n = smallConstant(c.second, c.kind.type) {
                addAgain(w, sum, imm: n)
            } else {
                let second = useGeneral(c.second)
                hot.sub(w, sum, second)
                hot.add(w, sum, second)
            }
        } else if let n = smallConstant(c.second, c.kind.type) {
            compare(c.kind, first, imm: n)
        } else {
            let second = useGeneral(c.second)
            if c.kind.contains(.conjunction) { hot.test(w, first, second) } else { hot.cmp(w, first, second) }
        }
        locked = lockedBefore
        if c.kind.contains(.complement) {
            hostFlags = Int32(bitPattern: values[Int(unit.instructions[flags].a)].representative)
            hostComplement = Int32(truncatingIfNeeded: flags)
        } else {
            hostFlags = Int32(truncatingIfNeeded: flags)
        }
    }

    private mutating func addAgain(_ width: Width, _ sum: GPR, imm: Int32) {
        hot.sub(width, sum, imm: imm)
        hot.add(width, sum, imm: imm)
    }

    private mutating func compare(_ kind: ComparisonKind, _ first: GPR, imm: Int32) {
        if kind.contains(.conjunction) {
            hot.test(kind.width, first, imm: imm)
        } else if imm == 0 {
            hot.test(kind.width, first, first)
        } else {
            hot.cmp(kind.width, first, imm: imm)
        }
    }

    /// Flags that could get lost go to their slot's memory, but for those that the branch coming up tests: it wants the host's
    /// flags for itself while everything goes home.
    mutating func settleFlags(butFor branch: Int, _ unit: borrowing Unit) {
        var rest = dirty & contract.flagSlots
        while case let slot = rest.popFirst(), slot >= 0 {
            let value = Int(slots[slot].bound)
            guard value != branch, values[value].isRepeatable else { continue }
            regain(value, unit)
            if holds(Int32(truncatingIfNeeded: value)) { saveFlags(Int32(truncatingIfNeeded: value)) }
        }
    }

    // MARK: At exits

    /// What the host's flags were made to be on the way home.
    struct RegainedFlags {
        /// The value, -1 for none.
        var value = -1
        /// Slots that are stored already.
        var stored = SlotSet()
    }

    /// On the way home, where nothing may be allocated: makes lost flags again.
    mutating func regainAtExit(_ leaving: SlotSet) -> RegainedFlags {
        var result = RegainedFlags()
        var rest = leaving & contract.flagSlots
        while case let slot = rest.popFirst(), slot >= 0 {
            let value = Int(slots[slot].bound)
            guard value != result.value, isLost(value) else { continue }
            // What the host's flags have now would be destroyed.
            var others = leaving & contract.flagSlots
            while case let other = others.popFirst(), other >= 0 {
                let held = slots[other].bound
                guard !result.stored.contains(other), holds(held) || result.value == Int(held) else { continue }
                let keepsRAX = registerValue[Int(GPR.rax.rawValue)] >= 0
                if keepsRAX { hot.mov(.b64, ContextField.helperResult, .rax) }
                if holds(held) { packFlags(held) } else { packHostFlags() }
                hot.mov(.b16, slotMemory(other), .rax)
                if keepsRAX { hot.mov(.b64, .rax, ContextField.helperResult) }
                result.stored.insert(other)
            }
            if comparison(value).kind.contains(.float) { repeatFloatComparison(value) } else { repeatComparison(value) }
            result.value = value
        }
        return result
    }

    /// Emits a comparison without allocating.
    private mutating func repeatComparison(_ flags: Int) {
        let c = comparison(flags)
        let w = c.kind.width
        let first = values[c.first].register
        let isSum = c.kind.contains(.addition)
        let needsScratch = first == 0xFF || c.addend != 0 || isSum
        let keepsRAX = needsScratch && registerValue[Int(GPR.rax.rawValue)] >= 0
        if keepsRAX { hot.mov(.b64, ContextField.helperResult, .rax) }
        if first == 0xFF { hot.mov(width(c.kind.type), .rax, home(of: c.first)) }
        if c.addend != 0 {
            hot.lea(width(c.kind.type), .rax, Memory(base: first == 0xFF ? .rax : GPR(first), displacement: c.addend))
        }
        if isSum, first != 0xFF { hot.mov(.b64, .rax, GPR(first)) }
        let left = needsScratch ? GPR.rax : GPR(first)
        let second = values[c.second].register
        if isSum {
            if let n = smallConstant(c.second, c.kind.type) {
                addAgain(w, .rax, imm: n)
            } else if second != 0xFF, GPR(second) != .rax {
                hot.sub(w, .rax, GPR(second))
                hot.add(w, .rax, GPR(second))
            } else {
                let memory = second == 0xFF ? home(of: c.second) : ContextField.helperResult
                hot.sub(w, .rax, memory)
                hot.add(w, .rax, memory)
            }
        } else if let n = smallConstant(c.second, c.kind.type) {
            compare(c.kind, left, imm: n)
        } else if second != 0xFF, !needsScratch || GPR(second) != .rax {
            if c.kind.contains(.conjunction) { hot.test(w, left, GPR(second)) } else { hot.cmp(w, left, GPR(second)) }
        } else {
            let memory = second == 0xFF ? home(of: c.second) : ContextField.helperResult
            if c.kind.contains(.conjunction) { hot.test(w, memory, left) } else { hot.cmp(w, left, memory) }
        }
        if c.kind.contains(.complement) { hot.cmc() }
        if keepsRAX { hot.mov(.b64, .rax, ContextField.helperResult) }
    }
}
