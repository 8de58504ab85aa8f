// SDM volume 1, 7.3.5 Shift and rotate instructions, and those of BMI2 (7.3.16). The count is taken modulo 32, of 64 bits modulo
// 64; where it is 0 then, no flag changes. The IR has the single ones as they are.

import LyrebirdIR

extension Lifter {
    private enum Shift { case shl, shr, sar, rol, ror, rcl, rcr }

    mutating func shl(_ i: DecodedInstruction) { shift(.shl, i) }
    mutating func shr(_ i: DecodedInstruction) { shift(.shr, i) }
    mutating func sar(_ i: DecodedInstruction) { shift(.sar, i) }
    mutating func rol(_ i: DecodedInstruction) { shift(.rol, i) }
    mutating func ror(_ i: DecodedInstruction) { shift(.ror, i) }
    mutating func rcl(_ i: DecodedInstruction) { shift(.rcl, i) }
    mutating func rcr(_ i: DecodedInstruction) { shift(.rcr, i) }

    private mutating func shift(_ shift: Shift, _ i: DecodedInstruction) {
        let count = count(i.operand(1), i).value
        let before = flags()
        modify(i) { lifter, old in
            let result =
                switch shift {
                case .shl: lifter.unit.shlFlags(old, count, before)
                case .shr: lifter.unit.shrFlags(old, count, before)
                case .sar: lifter.unit.sarFlags(old, count, before)
                case .rol: lifter.unit.rolFlags(old, count, before)
                case .ror: lifter.unit.rorFlags(old, count, before)
                case .rcl: lifter.unit.rcl(old, count, before)
                case .rcr: lifter.unit.rcr(old, count, before)
                }
            return (result, lifter.unit.flags(result))
        }
    }

    // MARK: Double shifts

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

    // MARK: BMI2, without flags

    mutating func pdep(_ i: DecodedInstruction) {
        let (value, mask) = (read(i.operand(1), i), read(i.operand(2), i))
        write(i.operand(0), unit.pdep(value, mask), i)
    }

    mutating func pext(_ i: DecodedInstruction) {
        let (value, mask) = (read(i.operand(1), i), read(i.operand(2), i))
        write(i.operand(0), unit.pext(value, mask), i)
    }

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
