// Flags and who looks at them: flags that are constant, and the inverted carry that guests with another borrow need.

import LyrebirdIR

extension Optimizer {
    mutating func simplifyFlags(_ index: Int, _ i: inout Instruction, _ unit: borrowing Unit) {
        let inner = unit.instructions[Int(i.a)]
        switch i.opcode {
        case .flags: foldFlags(index, &i, inner, unit)
        case .cmc:
            if inner.opcode == .cmc {
                become(index, inner.a, &i, unit)
            } else if let flags = constant(i.a, unit) {
                become(index, constant: flags ^ Evaluate.Flags.c, &i, unit)
            }
        case .flagsToBits: _ = fold(index, &i, unit)
        case .bitsToFlags:
            if inner.opcode == .flagsToBits {
                become(index, inner.a, &i, unit)
            } else if let bits = constant(i.a, unit) {
                become(index, constant: Evaluate.flags(fromBits: bits), &i, unit)
            }
        default: simplifyCondition(index, &i, unit)
        }
    }

    /// Flags of an instruction whose operands are all constant.
    private mutating func foldFlags(
        _ index: Int, _ i: inout Instruction, _ producer: Instruction, _ unit: borrowing Unit
    ) {
        guard let a = constant(producer.a, unit) else { return }
        var b: UInt64 = 0
        var c: UInt64 = 0
        let fact = facts[Int(producer.opcode.rawValue)]
        if fact.contains(.valueB) {
            guard let number = constant(producer.b, unit) else { return }
            b = number
        }
        if fact.contains(.valueC) {
            guard let flags = constant(producer.c, unit) else { return }
            c = flags
        }
        become(index, constant: Evaluate.flags(of: producer, a, b, c), &i, unit)
    }

    /// cset, select and branch.
    private mutating func simplifyCondition(_ index: Int, _ i: inout Instruction, _ unit: borrowing Unit) {
        while unit.instructions[Int(i.a)].opcode == .cmc {
            let condition: Condition
            switch i.condition {
            case .cs: condition = .cc
            case .cc: condition = .cs
            case .hi, .ls: return finishCondition(index, &i, unit)
            default: condition = i.condition
            }
            guard burn() else { return }
            i.aux = condition.rawValue
            i.a = unit.instructions[Int(i.a)].a
            uses[Int(i.a)] &+= 1
            unit.instructions[index] = i
        }
        finishCondition(index, &i, unit)
    }

    private mutating func finishCondition(_ index: Int, _ i: inout Instruction, _ unit: borrowing Unit) {
        if let flags = constant(i.a, unit) {
            let holds = Evaluate.holds(i.condition, flags)
            switch i.opcode {
            case .cset: become(index, constant: holds ? 1 : 0, &i, unit)
            case .select: become(index, holds ? i.b : i.c, &i, unit)
            default:
                guard burn() else { return }
                i = Instruction(.jump, .none, 0, holds ? i.b : i.c)
                unit.instructions[index] = i
            }
            return
        }
        guard i.opcode == .select else { return }
        if i.b == i.c { return become(index, i.b, &i, unit) }
        guard i.type.isInteger, let b = constant(i.b, unit), let c = constant(i.c, unit) else { return }
        if b == 1, c == 0 {
            become(index, Instruction(.cset, i.type, i.aux, i.a), &i, unit)
        } else if b == 0, c == 1 {
            become(index, Instruction(.cset, i.type, i.condition.inverted.rawValue, i.a), &i, unit)
        }
    }
}
