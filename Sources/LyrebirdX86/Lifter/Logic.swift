// SDM volume 1, 7.3.4 Logical instructions, and those of BMI1 that are (7.3.16).

import LyrebirdIR

extension Lifter {
    mutating func and(_ i: DecodedInstruction) {
        let operand = read(i.operand(1), i)
        modify(i, atomic: .and(operand)) { lifter, old in
            let result = lifter.unit.and(old, operand)
            return (result, lifter.unit.flags(result))
        }
    }

    mutating func or(_ i: DecodedInstruction) {
        let operand = read(i.operand(1), i)
        modify(i, atomic: .or(operand)) { lifter, old in
            let result = lifter.unit.or(old, operand)
            return (result, lifter.unit.flags(result))
        }
    }

    /// With itself it is how compilers write 0.
    mutating func xor(_ i: DecodedInstruction) {
        if i.operand(0).kind == .general, i.operand(0) == i.operand(1), i.operand(0).size >= 4 {
            write(i.operand(0), const(type(i.operand(0).size), 0), i)
            return setFlags(unit.const(.flags, UInt64(FlagBits.ofZero)))
        }
        let operand = read(i.operand(1), i)
        modify(i, atomic: .xor(operand)) { lifter, old in
            let result = lifter.unit.xor(old, operand)
            return (result, lifter.unit.flags(result))
        }
    }

    mutating func not(_ i: DecodedInstruction) {
        let ones = const(type(i.operand(0).size), .max)
        modify(i, atomic: .xor(ones)) { lifter, old in (lifter.unit.not(old), nil) }
    }

    mutating func test(_ i: DecodedInstruction) {
        let left = read(i.operand(0), i)
        let right = read(i.operand(1), i)
        setFlags(unit.flags(unit.and(left, right)))
    }

    // MARK: BMI1

    mutating func andn(_ i: DecodedInstruction) {
        let inverted = read(i.operand(1), i)
        let result = unit.andn(read(i.operand(2), i), inverted)
        let flags = unit.flags(result)
        write(i.operand(0), result, i)
        setFlags(flags)
    }

    mutating func blsi(_ i: DecodedInstruction) {
        let value = read(i.operand(1), i)
        let result = unit.and(value, unit.neg(value))
        // CF says that there was a bit.
        setBitResult(i, result, carry: .ne, of: value)
    }

    mutating func blsr(_ i: DecodedInstruction) {
        let value = read(i.operand(1), i)
        let below = unit.sub(value, const(unit.type(of: value), 1))
        setBitResult(i, unit.and(value, below), carry: .eq, of: value)
    }

    mutating func blsmsk(_ i: DecodedInstruction) {
        let value = read(i.operand(1), i)
        let below = unit.sub(value, const(unit.type(of: value), 1))
        setBitResult(i, unit.xor(value, below), carry: .eq, of: value)
    }

    /// CF is a condition of the source's being zero; OF is 0.
    private mutating func setBitResult(_ i: DecodedInstruction, _ result: Value, carry: Condition, of value: Value) {
        let carry = unit.cset(.i32, carry, resultFlags(value))
        let flags = resultFlags(result, carry: carry)
        write(i.operand(0), result, i)
        setFlags(flags)
    }

    mutating func bextr(_ i: DecodedInstruction) {
        let value = read(i.operand(1), i)
        let control = zeroExtended(read(i.operand(2), i), to: .i64)
        let wide = zeroExtended(value, to: .i64)
        let start = unit.and(control, const(0xFF))
        let length = unit.and(unit.shr(control, const(8)), const(0xFF))
        let shifted = unit.select(.cs, below(start, 64), unit.shr(wide, start), const(0))
        let result = truncated(lowBits(shifted, length), to: unit.type(of: value))
        let flags = resultFlags(result)
        write(i.operand(0), result, i)
        setFlags(flags)
    }

    mutating func bzhi(_ i: DecodedInstruction) {
        let value = read(i.operand(1), i)
        let type = unit.type(of: value)
        let count = unit.and(zeroExtended(read(i.operand(2), i), to: .i64), const(0xFF))
        let result = truncated(lowBits(zeroExtended(value, to: .i64), count), to: type)
        let carry = unit.cset(.i32, .cc, below(count, UInt64(type.bits)))
        let flags = resultFlags(result, carry: carry)
        write(i.operand(0), result, i)
        setFlags(flags)
    }

    /// As many of the low bits as an i64 says; all of them from 64 on.
    private mutating func lowBits(_ value: Value, _ count: Value) -> Value {
        let mask = unit.sub(unit.shl(const(1), count), const(1))
        return unit.and(value, unit.select(.cs, below(count, 64), mask, const(.max)))
    }

    /// Flags whose C says that an i64 is less than the number.
    private mutating func below(_ value: Value, _ number: UInt64) -> Value {
        unit.flags(unit.sub(value, const(number)))
    }
}
