// Comparisons of scalars in loops are made where somebody looks (Comparisons.swift has those of integers): a branch that tests one
// is COMISD and a jump, without the flags in the form of a subtraction, which only an exit wants then.

import LyrebirdIR

extension CodeGenerator {
    // MARK: Analysis

    /// The analysis has come to a comparison of scalars: it need not be made here if somebody behind it in the block looks, and nobody
    /// does whom it could not be made for: a frame state, or a later block. What is wanted when the chain of blocks ends is stored there.
    mutating func noteFloatComparison(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) {
        let last = nextControl
        guard isLoop, i.opcode == .fcompare, values[index].uses > 0, values[index].end <= last || chainEnd == last,
            isHosts(i, unit), usesUp(to: Int(last), of: index, unit) == Int(values[index].uses)
        else { return }
        let operands = (Int(values[Int(i.a)].representative), Int(values[Int(i.b)].representative))
        for operand in [operands.0, operands.1] {
            values[operand].end = max(values[operand].end, last)
            values[operand].isCompared = true
        }
        values[index].isRepeatable = true
        addresses[index] = FoldedAddress(
            base: Int32(truncatingIfNeeded: operands.0), index: Int32(truncatingIfNeeded: operands.1),
            scale: ComparisonKind.float.rawValue | (i.lane == .d ? 1 : 0) | (i.c != 0 ? 2 : 0), displacement: 0)
    }

    /// - Returns: operands that a value is, to the end of its block; -1 if something there looks at all state, or at what comparisons raise.
    private mutating func usesUp(to last: Int, of index: Int, _ unit: borrowing Unit) -> Int {
        var uses = 0
        for at in index &+ 1...last {
            let i = unit.instructions[at]
            switch i.opcode.effect {
            case .pure, .float, .mark, .stateRead, .clock: break
            case .stateWrite: continue
            case .control where at == last: break
            default: return -1
            }
            let fields = facts[Int(i.opcode.rawValue)].valueFields
            if fields & 1 != 0, Int(values[Int(i.a)].representative) == index { uses &+= 1 }
            if fields & 2 != 0, Int(values[Int(i.b)].representative) == index { uses &+= 1 }
            if fields & 4 != 0, Int(values[Int(i.c)].representative) == index { uses &+= 1 }
        }
        return uses
    }

    // MARK: Selection

    private func comparison(by scale: UInt8) -> SSEOpcode {
        scale & 1 != 0 ? scale & 2 != 0 ? .comisd : .ucomisd : scale & 2 != 0 ? .comiss : .ucomiss
    }

    /// Makes the comparison for somebody who looks at one condition.
    /// - Returns: the host's condition, which the host's flags hold for the next instruction only; nil where it takes two.
    mutating func useFloatCondition(_ condition: IRCondition, of flags: Int) -> Condition? {
        guard isLost(flags), addresses[flags].scale & ComparisonKind.float.rawValue != 0 else { return nil }
        // CF is less or unordered, ZF equal or unordered, PF unordered.
        let (host, swaps): (Condition, Bool)
        switch condition {
        case .gt: (host, swaps) = (.a, false)
        case .le: (host, swaps) = (.be, false)
        case .ge: (host, swaps) = (.ae, false)
        case .lt: (host, swaps) = (.b, false)
        case .mi, .cs: (host, swaps) = (.a, true)
        case .pl, .cc: (host, swaps) = (.be, true)
        case .ls: (host, swaps) = (.ae, true)
        case .hi: (host, swaps) = (.b, true)
        case .vs: (host, swaps) = (.p, false)
        case .vc: (host, swaps) = (.np, false)
        case .eq, .ne, .pe, .po: return nil
        }
        clobberFlags(including: true)
        let lockedBefore = locked
        let first = useVector(Int(addresses[flags].base))
        let second = useVector(Int(addresses[flags].index))
        let opcode = comparison(by: addresses[flags].scale)
        if swaps { two(opcode, second, first) } else { two(opcode, first, second) }
        locked = lockedBefore
        hostFlags = -1
        return host
    }

    /// Makes the flags again.
    mutating func regainFloat(_ flags: Int, _ unit: borrowing Unit) {
        let lockedBefore = locked
        floatCompare(flags, unit.instructions[flags], unit)
        locked = lockedBefore
    }

    /// Likewise on the way home, where nothing may be allocated.
    mutating func repeatFloatComparison(_ flags: Int) {
        let address = addresses[flags]
        let taken = (values[Int(address.base)].register, values[Int(address.index)].register)
        let first = operandAtExit(Int(address.base), besides: taken.1, kept: ContextField.floatA)
        let second = operandAtExit(Int(address.index), besides: first.rawValue &+ 16, kept: ContextField.floatB)
        let keepsRAX = registerValue[Int(GPR.rax.rawValue)] >= 0
        if keepsRAX { hot.mov(.b64, ContextField.helperResult, .rax) }
        hot.xor(.b32, .rax, .rax)
        two(comparison(by: address.scale), first, second)
        let ordered = hot.jccForward(.np)
        hot.mov(.b32, .rax, imm: 0x201)
        restoreFlagsFromRAX()
        let done = hot.jmpForward()
        hot.bind(ordered)
        hot.setcc(.a, .rax)
        hot.sbb(.b8, .rax, imm: 0)
        hot.bind(done)
        if keepsRAX { hot.mov(.b64, .rax, ContextField.helperResult) }
        if taken.0 == 0xFF { loadVector(first, ContextField.floatA) }
        if taken.1 == 0xFF { loadVector(second, ContextField.floatB) }
    }

    /// The register of an operand: for one that is in none, another, whose content is kept in a word of the context's.
    private mutating func operandAtExit(_ value: Int, besides other: UInt8, kept: Memory) -> XMM {
        let register = values[value].register
        if register != 0xFF { return XMM(register &- 16) }
        let result: XMM = other == XMM.xmm0.rawValue &+ 16 ? .xmm1 : .xmm0
        storeVector(kept, result)
        if values[value].isConstant { materializeVector(value, result) } else { loadVector(result, home(of: value)) }
        return result
    }
}
