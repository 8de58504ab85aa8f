// Extensions and truncations of each other: guests with registers of several widths make many.

import LyrebirdIR

extension Optimizer {
    mutating func simplifyExtension(_ index: Int, _ i: inout Instruction, _ unit: borrowing Unit) {
        if fold(index, &i, unit) { return }
        if i.opcode == .trunc { simplifyTruncation(index, &i, unit) } else { simplifyWidening(index, &i, unit) }
    }

    private mutating func simplifyTruncation(_ index: Int, _ i: inout Instruction, _ unit: borrowing Unit) {
        let inner = unit.instructions[Int(i.a)]
        switch inner.opcode {
        case .trunc: become(index, Instruction(.trunc, i.type, 0, inner.a), &i, unit)
        case .insert:
            // What was written last is what is read.
            guard inner.c == 0, i.type.rawValue <= inner.aux else { return }
            if unit.instructions[Int(inner.b)].type == i.type {
                become(index, inner.b, &i, unit)
            } else {
                become(index, Instruction(.trunc, i.type, 0, inner.b), &i, unit)
            }
        case .zext, .sext:
            let source = Type(rawValue: inner.aux)!
            if source.bits < i.type.bits {
                become(index, Instruction(inner.opcode, i.type, inner.aux, inner.a), &i, unit)
            } else {
                let type = unit.instructions[Int(inner.a)].type
                if type == i.type {
                    become(index, inner.a, &i, unit)
                } else if type.bits > i.type.bits {
                    become(index, Instruction(.trunc, i.type, 0, inner.a), &i, unit)
                }
            }
        default: break
        }
    }

    private mutating func simplifyWidening(_ index: Int, _ i: inout Instruction, _ unit: borrowing Unit) {
        let inner = unit.instructions[Int(i.a)]
        let bits = Type(rawValue: i.aux)!.bits
        if inner.type == i.type, keeps(i, inner, bits, unit) { return become(index, i.a, &i, unit) }
        switch inner.opcode {
        case .trunc: become(index, Instruction(i.opcode, i.type, i.aux, inner.a), &i, unit)
        case .insert:
            guard inner.c == 0, i.aux <= inner.aux else { return }
            become(index, Instruction(i.opcode, i.type, i.aux, inner.b), &i, unit)
        case .zext, .sext:
            let innerBits = Type(rawValue: inner.aux)!.bits
            if bits <= innerBits {
                become(index, Instruction(i.opcode, i.type, i.aux, inner.a), &i, unit)
            } else if inner.opcode == .zext || i.opcode == .sext {
                // The inner one decides: what it extends with reaches beyond the outer one's source.
                become(index, Instruction(inner.opcode, i.type, inner.aux, inner.a), &i, unit)
            }
        default: break
        }
    }

    /// A part that is written over.
    mutating func simplifyInsertion(_ index: Int, _ i: inout Instruction, _ unit: borrowing Unit) {
        if fold(index, &i, unit) { return }
        let inner = unit.instructions[Int(i.a)]
        if inner.opcode == .insert, inner.c == i.c, inner.aux <= i.aux {
            become(index, Instruction(.insert, i.type, i.aux, inner.a, i.b, i.c), &i, unit)
        }
    }

    /// Whether extending a value of the same type again, from `bits`, leaves it as it is.
    private func keeps(_ i: Instruction, _ inner: Instruction, _ bits: Int, _ unit: borrowing Unit) -> Bool {
        if bits == i.type.bits { return true }
        if i.opcode == .zext { return significantBits(i.a, unit) <= bits }
        switch inner.opcode {
        case .sext: return Type(rawValue: inner.aux)!.bits <= bits
        case .load where inner.access.isSigned: return 8 &* inner.access.bytes <= bits
        default: return significantBits(i.a, unit) < bits
        }
    }
}
