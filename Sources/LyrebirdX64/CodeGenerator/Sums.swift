// Sums of a value and a number. A chain of them, as a stack pointer goes through, starts from one value: addresses and later sums
// are made from that. A sum that nobody but a fault could look at is not made at all: frame states say what to add to what.

import LyrebirdIR

extension CodeGenerator {
    /// What an instruction adds to its first operand, if it is a sum with a small number.
    private mutating func addend(_ index: Int, _ unit: borrowing Unit) -> Int32? {
        let i = unit.instructions[index]
        guard i.opcode == .add || i.opcode == .sub,
            let n = smallConstant(Int(values[Int(i.b)].representative), i.type)
        else { return nil }
        if i.opcode == .add { return n }
        return n == .min ? nil : 0 &- n
    }

    /// Whether an addition is needed as an address only: nothing that comes later, and nothing bound, uses it.
    mutating func isOnlyAddress(_ index: Int) -> Bool { values[index].end < 0 && values[index].flags < 0 }

    /// Whether a sum, as far as the walk has come, is wanted by nobody but the frame states of its block.
    private mutating func isOnlyNamed(_ index: Int) -> Bool {
        index >= blockStart && values[index].uses == 0 && values[index].end >= 0 && values[index].end < nextControl
            && !values[index].isCompared && !values[index].isReadAgain
    }

    /// Goes from a value down to what the sums that it is the end of start from.
    mutating func followSums(
        _ value: Int, _ displacement: inout Int32, _ type: Type, _ unit: borrowing Unit
    ) -> Int {
        var at = value
        while at < count, unit.instructions[at].type == type,
            isOnlyAddress(at) || type == .i64 && values[at].flags < 0 && isOnlyNamed(at), let n = addend(at, unit)
        {
            let (sum, overflow) = displacement.addingReportingOverflow(n)
            guard !overflow else { break }
            displacement = sum
            at = Int(values[Int(unit.instructions[at].a)].representative)
        }
        return at
    }

    /// The analysis has come to a sum whose flags nobody wants: makes it one LEA, or nothing.
    mutating func foldSum(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) -> Bool {
        // What a comparison is made of has its folded address for that.
        guard i.type == .i64 || i.type == .i32, !wantsFlags(index), values[index].flags < 0 || bindingEnds[index] < 0
        else { return false }
        guard var displacement = addend(index, unit) else { return i.opcode == .add && foldShift(index, i, unit) }
        let first = Int(values[Int(i.a)].representative)
        var base = followSums(first, &displacement, i.type, unit)
        var folded = FoldedAddress(
            base: Int32(truncatingIfNeeded: base), index: -1, scale: 0, displacement: displacement)
        if i.type == .i64, !values[base].isConstant, isOnlyNamed(index) {
            values[index].isSkipped = true
            values[index].isImplied = true
            values[base].end = max(values[base].end, values[index].end)
            values[base].isCompared = true
            addresses[index] = folded
            return true
        }
        if base < count, unit.instructions[base].opcode == .add, unit.instructions[base].type == i.type,
            isOnlyAddress(base)
        {
            let inner = unit.instructions[base]
            var other = Int(values[Int(inner.b)].representative)
            if let (shifted, scale) = smallShift(other, i.type, unit) {
                other = shifted
                folded.scale = scale
            }
            base = Int(values[Int(inner.a)].representative)
            folded.base = Int32(truncatingIfNeeded: base)
            folded.index = Int32(truncatingIfNeeded: other)
            use(UInt32(truncatingIfNeeded: other), at: index, field: 2)
        } else if base == first {
            return false
        }
        use(UInt32(truncatingIfNeeded: base), at: index, field: 0)
        addresses[index] = folded
        values[index].isAddress = true
        return true
    }

    /// Makes `a + (b << n)` one LEA.
    private mutating func foldShift(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) -> Bool {
        guard let (shifted, scale) = smallShift(Int(values[Int(i.b)].representative), i.type, unit) else {
            return false
        }
        let base = values[Int(i.a)].representative
        use(base, at: index, field: 0)
        use(UInt32(truncatingIfNeeded: shifted), at: index, field: 2)
        addresses[index] = FoldedAddress(
            base: Int32(bitPattern: base), index: Int32(truncatingIfNeeded: shifted), scale: scale, displacement: 0)
        values[index].isAddress = true
        return true
    }

    /// x << 1, 2 or 3 that nobody else needs. What 32 bits cut off, an address of 64 has: the sum has to be of the same type.
    mutating func smallShift(_ index: Int, _ type: Type, _ unit: borrowing Unit) -> (Int, UInt8)? {
        guard index < count, unit.instructions[index].opcode == .shl, unit.instructions[index].type == type,
            values[index].end < 0
        else { return nil }
        let amount = Int(values[Int(unit.instructions[index].b)].representative)
        guard amount < count, unit.instructions[amount].opcode == .const else { return nil }
        let n = unit.instructions[amount].immediate & (type == .i64 ? 63 : 31)
        guard n >= 1, n <= 3 else { return nil }
        return (Int(values[Int(unit.instructions[index].a)].representative), UInt8(n))
    }

    /// A sum that was folded: base, index and number, or base and number.
    mutating func selectSum(_ index: Int, _ i: Instruction) {
        let address = addresses[index]
        guard address.index >= 0 else {
            return addConstant(index, Int(address.base), address.displacement, width(i.type))
        }
        let base = useGeneral(Int(address.base))
        let other = useGeneral(Int(address.index))
        let result = resultFor(index, overwriting: Int(address.base), or: Int(address.index))
        let sum = Memory(base: base, index: other, scale: address.scale, displacement: address.displacement)
        hot.lea(width(i.type), result, sum)
    }

    /// The first operand of what is made in place had best be where the result is wanted.
    mutating func passHintOn(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) {
        switch i.opcode {
        case .add, .sub, .and, .or, .xor, .adc, .sbc, .inc, .dec, .neg, .not, .shl, .shr, .sar, .shlFlags, .shrFlags,
            .sarFlags, .rolFlags, .rorFlags, .mul, .sseFused:
            let a = Int(values[Int(i.a)].representative)
            guard a < count, values[a].hint == 0xFF, values[a].end < 0, !values[a].isConstant,
                unit.instructions[a].opcode != .get
            else { return }
            values[a].hint = values[index].hint
        default: return
        }
    }
}
