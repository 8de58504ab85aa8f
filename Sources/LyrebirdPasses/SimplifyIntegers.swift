// Algebra of integers. Constants go to the right; the rules then look for them there.

import LyrebirdIR

extension Optimizer {
    mutating func simplifyBinary(_ index: Int, _ i: inout Instruction, _ written: Instruction, _ unit: borrowing Unit) {
        var place = written.b
        if constant(i.a, unit) != nil {
            if fold(index, &i, unit) { return }
            let commutes =
                i.opcode == .add || i.opcode == .and || i.opcode == .or || i.opcode == .xor
                || i.opcode == .mul || i.opcode == .mulhu || i.opcode == .mulhs
            guard commutes else { return simplifyLeft(index, &i, unit) }
            if !isTaken(index), burn() {
                swap(&i.a, &i.b)
                place = written.a
                unit.instructions[index] = i
            }
        }
        if let n = constant(i.b, unit) {
            simplifyRight(index, &i, n, place, unit)
        } else {
            simplifyValues(index, &i, unit)
        }
    }

    /// A constant on the left of what does not commute.
    private mutating func simplifyLeft(_ index: Int, _ i: inout Instruction, _ unit: borrowing Unit) {
        let n = constant(i.a, unit)!
        let ones = Evaluate.cut(.max, i.type)
        switch i.opcode {
        case .sub where n == 0: become(index, Instruction(.neg, i.type, 0, i.b), &i, unit)
        case .andn where n == ones: become(index, Instruction(.not, i.type, 0, i.b), &i, unit)
        case .andn, .udiv, .sdiv, .shl, .shr, .sar, .ror: if n == 0 { become(index, i.a, &i, unit) }
        default: break
        }
    }

    /// No constant on either side.
    private mutating func simplifyValues(_ index: Int, _ i: inout Instruction, _ unit: borrowing Unit) {
        if i.a == i.b {
            switch i.opcode {
            case .and, .or: become(index, i.a, &i, unit)
            case .sub, .xor, .andn: become(index, constant: 0, &i, unit)
            default: break
            }
            return
        }
        guard i.opcode == .and || i.opcode == .andn else { return }
        let right = unit.instructions[Int(i.b)]
        if right.opcode == .not {
            become(index, Instruction(i.opcode == .and ? .andn : .and, i.type, 0, i.a, right.a), &i, unit)
        } else if i.opcode == .and {
            let left = unit.instructions[Int(i.a)]
            if left.opcode == .not { become(index, Instruction(.andn, i.type, 0, i.b, left.a), &i, unit) }
        }
    }

    /// The number `n` on the right.
    private mutating func simplifyRight(
        _ index: Int, _ i: inout Instruction, _ n: UInt64, _ place: UInt32, _ unit: borrowing Unit
    ) {
        let ones = Evaluate.cut(.max, i.type)
        switch i.opcode {
        case .add, .sub:
            if n == 0 { become(index, i.a, &i, unit) } else { joinSums(index, &i, n, place, unit) }
        case .and, .andn:
            simplifyMask(index, &i, i.opcode == .and ? n : ~n & ones, place, unit)
        case .or:
            if n == 0 { become(index, i.a, &i, unit) } else if n == ones { become(index, i.b, &i, unit) }
        case .xor:
            if n == 0 {
                become(index, i.a, &i, unit)
            } else if n == ones {
                become(index, Instruction(.not, i.type, 0, i.a), &i, unit)
            }
        case .mul:
            if n == 0 {
                become(index, i.b, &i, unit)
            } else if n == 1 {
                become(index, i.a, &i, unit)
            } else if n & (n &- 1) == 0 {
                become(index, .shl, i.a, constant: UInt64(n.trailingZeroBitCount), in: place, &i, unit)
            }
        case .mulhu: if n <= 1 { become(index, constant: 0, &i, unit) }
        case .mulhs: if n == 0 { become(index, i.b, &i, unit) }
        case .udiv:
            if n == 0 {
                become(index, i.b, &i, unit)
            } else if n == 1 {
                become(index, i.a, &i, unit)
            } else if n & (n &- 1) == 0 {
                become(index, .shr, i.a, constant: UInt64(n.trailingZeroBitCount), in: place, &i, unit)
            }
        case .sdiv:
            if n == 0 { become(index, i.b, &i, unit) } else if n == 1 { become(index, i.a, &i, unit) }
        default: simplifyShift(index, &i, n & UInt64(i.type.bits &- 1), place, unit)
        }
    }

    /// (x ± m) ± n is x + (±m ± n), where that needs x no longer than it would live anyway: while the inner sum is visible
    /// to a fault in between, both would be alive.
    private mutating func joinSums(
        _ index: Int, _ i: inout Instruction, _ n: UInt64, _ place: UInt32, _ unit: borrowing Unit
    ) {
        let inner = unit.instructions[Int(i.a)]
        guard inner.opcode == .add || inner.opcode == .sub, let m = constant(inner.b, unit) else { return }
        let outer = i.opcode == .add ? n : 0 &- n
        let sum = Evaluate.cut((inner.opcode == .add ? m : 0 &- m) &+ outer, i.type)
        if sum == 0 { return become(index, inner.a, &i, unit) }
        guard Int(i.a) > lastSite || uses[Int(i.a)] == 1 else { return }
        become(index, .add, inner.a, constant: sum, in: place, &i, unit)
    }

    /// and with a constant mask, which `andn` gives inverted.
    private mutating func simplifyMask(
        _ index: Int, _ i: inout Instruction, _ mask: UInt64, _ place: UInt32, _ unit: borrowing Unit
    ) {
        let significant = significantBits(i.a, unit)
        let possible = significant >= 64 ? UInt64.max : (1 &<< UInt64(significant)) &- 1
        if mask & possible == possible { return become(index, i.a, &i, unit) }
        if mask & possible == 0 { return become(index, constant: 0, &i, unit) }
        let inner = unit.instructions[Int(i.a)]
        if inner.opcode == .and, let other = constant(inner.b, unit) {
            become(index, .and, inner.a, constant: mask & other, in: place, &i, unit)
        } else if i.opcode == .andn {
            become(index, .and, i.a, constant: mask, in: place, &i, unit)
        }
    }

    /// Shifts by a number, modulo the width.
    private mutating func simplifyShift(
        _ index: Int, _ i: inout Instruction, _ n: UInt64, _ place: UInt32, _ unit: borrowing Unit
    ) {
        if n == 0 { return become(index, i.a, &i, unit) }
        let inner = unit.instructions[Int(i.a)]
        guard inner.opcode.rawValue >= Opcode.shl.rawValue, inner.opcode.rawValue <= Opcode.ror.rawValue,
            let number = constant(inner.b, unit)
        else { return }
        let width = UInt64(i.type.bits)
        let m = number & (width &- 1)
        if inner.opcode == i.opcode {
            switch i.opcode {
            case .ror: become(index, .ror, inner.a, constant: (m &+ n) & (width &- 1), in: place, &i, unit)
            case .sar: become(index, .sar, inner.a, constant: min(m &+ n, width &- 1), in: place, &i, unit)
            default:
                if m &+ n >= width {
                    become(index, constant: 0, &i, unit)
                } else {
                    become(index, i.opcode, inner.a, constant: m &+ n, in: place, &i, unit)
                }
            }
        } else if m == n, i.opcode == .shl || i.opcode == .shr, inner.opcode == .shl || inner.opcode == .shr {
            let ones = Evaluate.cut(.max, i.type)
            let mask = i.opcode == .shr ? ones &>> n : ones &<< n
            become(index, .and, inner.a, constant: mask, in: place, &i, unit)
        }
    }

    mutating func simplifyUnary(_ index: Int, _ i: inout Instruction, _ unit: borrowing Unit) {
        if fold(index, &i, unit) { return }
        let inner = unit.instructions[Int(i.a)]
        switch i.opcode {
        // Each undoes itself.
        case .not, .neg, .bswap, .bitreverse: if inner.opcode == i.opcode { become(index, inner.a, &i, unit) }
        // How guests without the one count by the other.
        case .clz where inner.opcode == .bitreverse: become(index, Instruction(.ctz, i.type, 0, inner.a), &i, unit)
        case .ctz where inner.opcode == .bitreverse: become(index, Instruction(.clz, i.type, 0, inner.a), &i, unit)
        default: break
        }
    }
}
