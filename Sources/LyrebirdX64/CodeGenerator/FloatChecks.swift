// Which NaN a sum, product, quotient, root or fused product is, the host and we choose differently, so the results of these
// are looked at. That is put off while nobody else can see them: two results are one comparison, and a result that another
// operation of the group has taken in needs none, since a NaN goes through. If there is a NaN, code that stands aside computes
// the whole group by `lyrebird_float`.
//
// A group's operands and results stay in their registers until the look is taken: their lifetimes are extended, and who needs
// a register that is not free has the look taken first. Nothing in between uses the host's flags.

import LyrebirdIR

/// An operation whose result has not been looked at.
struct UncheckedFloat {
    var value: Int32
    /// Representatives of the operands, -1 for none.
    var operands: (Int32, Int32, Int32)
    /// What the operation is to `lyrebird_float`.
    var word: UInt64
}

/// A value whose lifetime is extended for a group, and where it ends by itself.
struct HeldValue {
    var value: Int32
    var end: Int32
}

/// The group of operations whose results have not been looked at: all scalar or all vectors, in one precision.
struct UncheckedGroup {
    static let capacity = 8
    /// Registers that a group may keep occupied; the rest is for who comes next.
    static let heldLimit = 9

    var operations = InlineArray<8, UncheckedFloat>(
        repeating: UncheckedFloat(value: -1, operands: (-1, -1, -1), word: 0))
    var count = 0
    var held = InlineArray<16, HeldValue>(repeating: HeldValue(value: -1, end: -1))
    var heldCount = 0
    var isVector = false
    var lane = Lane.d

    func contains(_ value: Int32) -> Bool {
        for n in 0..<count where operations[n].value == value { return true }
        return false
    }

    /// Whether a later operation of the group has taken in the result of operation `n`.
    func isAbsorbed(_ n: Int) -> Bool {
        let value = operations[n].value
        for later in (n &+ 1)..<Swift.max(count, n &+ 1) {
            let operands = operations[later].operands
            if operands.0 == value || operands.1 == value || operands.2 == value { return true }
        }
        return false
    }
}

extension CodeGenerator {
    /// The result of an operation just emitted is to be looked at, now or later.
    mutating func checkLater(_ index: Int, _ i: Instruction, _ unit: borrowing Unit, _ operands: (Int, Int, Int)) {
        hostFlags = -1
        unchecked.isVector = i.opcode.rawValue >= LyrebirdIR.Opcode.vfadd.rawValue
        unchecked.lane = i.lane
        unchecked.operations[unchecked.count] = UncheckedFloat(
            value: Int32(truncatingIfNeeded: index),
            operands: (
                Int32(truncatingIfNeeded: operands.0), Int32(truncatingIfNeeded: operands.1),
                Int32(truncatingIfNeeded: operands.2)
            ), word: floatWord(i, unit))
        unchecked.count &+= 1
        hold(index)
        hold(operands.0)
        if operands.1 >= 0 { hold(operands.1) }
        if operands.2 >= 0 { hold(operands.2) }
        if unchecked.count == UncheckedGroup.capacity || unchecked.heldCount > UncheckedGroup.heldLimit
            || values[index].isGlobal
        {
            checkFloats()
        }
    }

    private mutating func hold(_ value: Int) {
        guard values[value].end != .max else { return }
        unchecked.held[unchecked.heldCount] = HeldValue(
            value: Int32(truncatingIfNeeded: value), end: values[value].end)
        unchecked.heldCount &+= 1
        values[value].end = .max
    }

    /// Whether an instruction may be emitted while results have not been looked at.
    mutating func leavesUnchecked(_ i: Instruction) -> Bool {
        switch i.opcode {
        case .nop, .instruction, .const, .vconst, .copy, .get, .set, .bind: return true
        case .fcompare: return values[position].isRepeatable
        case .fadd, .fsub, .fmul, .fdiv, .fsqrt, .fmulAdd: return !unchecked.isVector && unchecked.lane == i.lane
        case .vfadd, .vfsub, .vfmul, .vfdiv, .vfsqrt, .vfmulAdd: return unchecked.isVector && unchecked.lane == i.lane
        // They make flags of the host's.
        case .vtest, .vstringIndex, .vstringMask, .vstringFlags: return false
        default:
            guard i.opcode.rawValue >= LyrebirdIR.Opcode.vand.rawValue,
                i.opcode.rawValue < LyrebirdIR.Opcode.vshiftU.rawValue, !values[position].foldsLoad
            else { return false }
            let fields = i.opcode.valueFields
            return !(fields & 1 != 0 && unchecked.contains(Int32(bitPattern: values[Int(i.a)].representative)))
                && !(fields & 2 != 0 && unchecked.contains(Int32(bitPattern: values[Int(i.b)].representative)))
                && !(fields & 4 != 0 && unchecked.contains(Int32(bitPattern: values[Int(i.c)].representative)))
        }
    }

    /// Looks at the results of the group.
    mutating func checkFloats() {
        let group = unchecked
        unchecked.count = 0
        unchecked.heldCount = 0
        // The code aside needs them where they are.
        let lockedBefore = locked
        for n in 0..<group.heldCount {
            let register = values[Int(group.held[n].value)].register
            if register != 0xFF { lock(register) }
        }
        var labels = InlineArray<4, ForwardLabel?>(repeating: nil)
        var first: XMM?
        var labelCount = 0
        for n in 0..<group.count where !group.isAbsorbed(n) {
            let result = XMM(values[Int(group.operations[n].value)].register &- 16)
            guard let other = first else {
                first = result
                continue
            }
            labels[labelCount] = jumpIfNaN(other, result, group)
            labelCount &+= 1
            first = nil
        }
        if let last = first {
            labels[labelCount] = jumpIfNaN(last, last, group)
            labelCount &+= 1
        }
        for n in 0..<labelCount { cold.bind(labels[n]!) }
        for n in 0..<group.count { computeAside(group.operations[n]) }
        cold.jmp(to: UnsafeRawPointer(hot.cursor))
        locked = lockedBefore
        for n in 0..<group.heldCount { release(group.held[n]) }
    }

    private mutating func jumpIfNaN(_ a: XMM, _ b: XMM, _ group: UncheckedGroup) -> ForwardLabel {
        guard group.isVector else {
            two(group.lane == .d ? .ucomisd : .ucomiss, a, b)
            return hot.jccForward(.p, near: true)
        }
        let mask = scratchVector()
        three(group.lane == .d ? .cmppd : .cmpps, mask, a, b, imm: 3)
        two(.ptest, mask, mask)
        unlock(mask.rawValue &+ 16)
        return hot.jccForward(.ne, near: true)
    }

    private mutating func computeAside(_ operation: UncheckedFloat) {
        func register(_ value: Int32) -> XMM? {
            value < 0 ? nil : XMM(values[Int(value)].register &- 16)
        }
        Self.emitFloatCall(
            &cold, hasAVX, stubs.floatCall, operation.word, register(operation.operands.0),
            register(operation.operands.1), register(operation.operands.2))
        let result = XMM(values[Int(operation.value)].register &- 16)
        if hasAVX {
            cold.avx(.movups, result, ContextField.floatResult)
        } else {
            cold.sse(.movups, result, ContextField.floatResult)
        }
    }

    /// A value lives as long as it does by itself again. What the current instruction needs stays.
    private mutating func release(_ held: HeldValue) {
        let value = Int(held.value)
        values[value].end = held.end
        guard held.end < Int32(truncatingIfNeeded: position) else { return }
        let register = values[value].register
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
