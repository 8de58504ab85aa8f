// SDM volume 1, 7.3.5 Shift and rotate instructions, and those of BMI2 (7.3.16). The count is taken modulo 32, of 64 bits modulo
// 64; where it is 0 then, no flag changes. What is defined of OF is so for a count of 1, and is computed for any.

import LyrebirdIR

extension Lifter {
    // MARK: The count

    /// A count as the instruction takes it: as an i64 and, where it is in the code, as a number.
    private struct Count {
        var value: Value
        var known: UInt64?
    }

    private mutating func count(_ operand: Operand, _ i: DecodedInstruction) -> Count {
        let mask: UInt64 = i.operand(0).size == 8 ? 63 : 31
        if operand.kind == .general {
            return Count(value: unit.and(register(operand.number), const(mask)))
        }
        let number = (operand.kind == .implied ? UInt64(operand.number) : UInt64(bitPattern: i.immediate)) & mask
        return Count(value: const(number), known: number)
    }

    /// The new flags, unless nothing is shifted.
    private mutating func flags(_ new: Value, _ count: Count) -> Value? {
        if let known = count.known { return known == 0 ? nil : new }
        let zero = unit.flags(unit.and(count.value, const(.max)))
        return unit.select(.eq, zero, flags(), new)
    }

    // MARK: Shifts

    private enum Shift { case left, right, rightSigned }

    mutating func shl(_ i: DecodedInstruction) { shift(.left, i) }
    mutating func shr(_ i: DecodedInstruction) { shift(.right, i) }
    mutating func sar(_ i: DecodedInstruction) { shift(.rightSigned, i) }

    /// In 64 bits, where less than that is shifted.
    private mutating func shift(_ shift: Shift, _ i: DecodedInstruction) {
        let count = count(i.operand(1), i)
        modify(i) { lifter, old in
            let type = lifter.unit.type(of: old)
            let wide =
                shift == .rightSigned ? lifter.signExtended(old, to: .i64) : lifter.zeroExtended(old, to: .i64)
            let one = lifter.const(1)
            let shifted: Value
            let last: Value
            switch shift {
            case .left:
                shifted = lifter.unit.shl(wide, count.value)
                last =
                    type == .i64
                    ? lifter.unit.shr(wide, lifter.unit.neg(count.value))
                    : lifter.unit.shr(shifted, lifter.const(UInt64(type.bits)))
            case .right:
                shifted = lifter.unit.shr(wide, count.value)
                last = lifter.unit.shr(wide, lifter.unit.sub(count.value, one))
            case .rightSigned:
                shifted = lifter.unit.sar(wide, count.value)
                last = lifter.unit.sar(wide, lifter.unit.sub(count.value, one))
            }
            let result = lifter.truncated(shifted, to: type)
            let carry = lifter.lowestBit(last)
            let overflow =
                switch shift {
                case .left: lifter.unit.xor(lifter.sign(result), carry)
                case .right: lifter.sign(old)
                case .rightSigned: lifter.const32(0)
                }
            let new = lifter.resultFlags(result, carry: carry, overflow: overflow)
            return (result, lifter.flags(new, count))
        }
    }

    mutating func shld(_ i: DecodedInstruction) { shiftDouble(i, left: true) }
    mutating func shrd(_ i: DecodedInstruction) { shiftDouble(i, left: false) }

    /// Of 16 bits the result of a count above 16 is undefined.
    private mutating func shiftDouble(_ i: DecodedInstruction, left: Bool) {
        let filling = read(i.operand(1), i)
        let count = count(i.operand(2), i)
        modify(i) { lifter, old in
            let type = lifter.unit.type(of: old)
            let last: Value
            let result: Value
            if type == .i64 {
                let rest = lifter.unit.neg(count.value)
                let one = lifter.const(1)
                let before = lifter.unit.sub(count.value, one)
                // The other operand's part is nothing for a count of 0: it is shifted once before.
                if left {
                    last = lifter.unit.shr(old, rest)
                    let part = lifter.unit.shr(lifter.unit.shr(filling, one), lifter.unit.not(count.value))
                    result = lifter.unit.or(lifter.unit.shl(old, count.value), part)
                } else {
                    last = lifter.unit.shr(old, before)
                    let part = lifter.unit.shl(lifter.unit.shl(filling, one), lifter.unit.not(count.value))
                    result = lifter.unit.or(lifter.unit.shr(old, count.value), part)
                }
            } else {
                let width = UInt64(type.bits)
                let (high, low) = left ? (old, filling) : (filling, old)
                let placed = lifter.unit.shl(lifter.zeroExtended(high, to: .i64), lifter.const(width))
                let both = lifter.unit.or(placed, lifter.zeroExtended(low, to: .i64))
                if left {
                    let shifted = lifter.unit.shl(both, count.value)
                    result = lifter.truncated(lifter.unit.shr(shifted, lifter.const(width)), to: type)
                    let rest = lifter.unit.sub(lifter.const(2 &* width), count.value)
                    last = lifter.unit.shr(both, rest)
                } else {
                    result = lifter.truncated(lifter.unit.shr(both, count.value), to: type)
                    last = lifter.unit.shr(both, lifter.unit.sub(count.value, lifter.const(1)))
                }
            }
            let overflow = lifter.unit.xor(lifter.sign(result), lifter.sign(old))
            let new = lifter.resultFlags(result, carry: lifter.lowestBit(last), overflow: overflow)
            return (result, lifter.flags(new, count))
        }
    }

    // MARK: Rotates

    mutating func rol(_ i: DecodedInstruction) { rotate(i, left: true) }
    mutating func ror(_ i: DecodedInstruction) { rotate(i, left: false) }

    /// CF is the bit that went round last. Less than 32 bits are repeated, so that they are rotated as 32.
    private mutating func rotate(_ i: DecodedInstruction, left: Bool) {
        let count = count(i.operand(1), i)
        modify(i) { lifter, old in
            let type = lifter.unit.type(of: old)
            let wide: Type = type == .i64 ? .i64 : .i32
            var pattern = lifter.zeroExtended(old, to: wide)
            if type == .i8 { pattern = lifter.unit.mul(pattern, lifter.const32(0x0101_0101)) }
            if type == .i16 { pattern = lifter.unit.mul(pattern, lifter.const32(0x0001_0001)) }
            let right = left ? lifter.unit.neg(count.value) : count.value
            let rotated = lifter.unit.ror(pattern, lifter.truncated(right, to: wide))
            let result = lifter.truncated(rotated, to: type)
            let top = lifter.sign(result)
            let carry = left ? lifter.lowestBit(result) : top
            let other: Value
            if left {
                other = carry
            } else {
                let shift = lifter.const(wide, UInt64(type.bits &- 2))
                other = lifter.lowestBit(lifter.unit.shr(lifter.zeroExtended(result, to: wide), shift))
            }
            let overflow = lifter.unit.xor(top, other)
            let new = lifter.changed(FlagBits.c | FlagBits.v, to: lifter.carryAndOverflow(carry, overflow))
            return (result, lifter.flags(new, count))
        }
    }

    mutating func rcl(_ i: DecodedInstruction) { rotateThroughCarry(i, left: true) }
    mutating func rcr(_ i: DecodedInstruction) { rotateThroughCarry(i, left: false) }

    private mutating func rotateThroughCarry(_ i: DecodedInstruction, left: Bool) {
        let taken = count(i.operand(1), i)
        let carryIn = unit.cset(.i64, .cs, flags())
        modify(i) { lifter, old in
            let type = lifter.unit.type(of: old)
            let count = lifter.remainder(taken, UInt64(type.bits) &+ 1)
            let result: Value
            let carry: Value
            if type == .i64 {
                (result, carry) = lifter.rotated64(old, carryIn, count.value, left: left)
            } else {
                // One more bit than there are, twice where there is room for it, is rotated by shifts.
                let width = UInt64(type.bits)
                let placed = lifter.unit.shl(carryIn, lifter.const(width))
                let value = lifter.unit.or(lifter.zeroExtended(old, to: .i64), placed)
                let rest = lifter.unit.sub(lifter.const(width &+ 1), count.value)
                let (up, down) = left ? (count.value, rest) : (rest, count.value)
                let rotated = lifter.unit.or(lifter.unit.shl(value, up), lifter.unit.shr(value, down))
                result = lifter.truncated(rotated, to: type)
                carry = lifter.lowestBit(lifter.unit.shr(rotated, lifter.const(width)))
            }
            // After a rotation to the left by one it is the new sign and carry that differ, to the right the old ones.
            let overflow =
                left
                ? lifter.unit.xor(lifter.sign(result), carry)
                : lifter.unit.xor(lifter.sign(old), lifter.unit.trunc(.i32, carryIn))
            let new = lifter.changed(FlagBits.c | FlagBits.v, to: lifter.carryAndOverflow(carry, overflow))
            return (result, lifter.flags(new, count))
        }
    }

    /// A count below 32 modulo 9, 17 or more.
    private mutating func remainder(_ count: Count, _ modulus: UInt64) -> Count {
        if let known = count.known { return Count(value: const(known % modulus), known: known % modulus) }
        guard modulus < 32 else { return count }
        // 512 / modulus, rounded up: exact for what is below 32.
        let factor = (512 &+ modulus &- 1) / modulus
        let quotient = unit.shr(unit.mul(count.value, const(factor)), const(9))
        return Count(value: unit.sub(count.value, unit.mul(quotient, const(modulus))))
    }

    /// By 0 to 63 bits. Shifts by 64 are two of less.
    private mutating func rotated64(_ old: Value, _ carryIn: Value, _ n: Value, left: Bool) -> (Value, Value) {
        let one = const(1)
        let before = unit.sub(n, one)
        let rest = unit.neg(n)
        let some = unit.flags(unit.and(n, const(.max)))
        let carryPlace = left ? before : rest
        let carried = unit.shl(carryIn, carryPlace)
        let direct = left ? unit.shl(old, n) : unit.shr(old, n)
        let around = left ? unit.shr(unit.shr(old, one), rest) : unit.shl(unit.shl(old, one), rest)
        let rotated = unit.or(unit.or(direct, carried), around)
        let last = left ? unit.shr(old, rest) : unit.shr(old, before)
        return (unit.select(.eq, some, old, rotated), lowestBit(last))
    }

    // MARK: BMI2, without flags

    mutating func rorx(_ i: DecodedInstruction) {
        let value = read(i.operand(1), i)
        let type = unit.type(of: value)
        write(i.operand(0), unit.ror(value, const(type, UInt64(bitPattern: i.immediate) & UInt64(type.bits &- 1))), i)
    }

    mutating func shlx(_ i: DecodedInstruction) {
        let (value, count) = (read(i.operand(1), i), read(i.operand(2), i))
        write(i.operand(0), unit.shl(value, count), i)
    }

    mutating func shrx(_ i: DecodedInstruction) {
        let (value, count) = (read(i.operand(1), i), read(i.operand(2), i))
        write(i.operand(0), unit.shr(value, count), i)
    }

    mutating func sarx(_ i: DecodedInstruction) {
        let (value, count) = (read(i.operand(1), i), read(i.operand(2), i))
        write(i.operand(0), unit.sar(value, count), i)
    }
}
