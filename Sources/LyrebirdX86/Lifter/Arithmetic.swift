// SDM volume 1, 7.3.2 Binary arithmetic instructions, and ADX (7.3.2.2).

import LyrebirdIR

extension Lifter {
    private enum Operation { case add, adc, sub, sbb }

    mutating func add(_ i: DecodedInstruction) { arithmetic(.add, i) }
    mutating func adc(_ i: DecodedInstruction) { arithmetic(.adc, i) }
    mutating func sub(_ i: DecodedInstruction) { arithmetic(.sub, i) }
    mutating func sbb(_ i: DecodedInstruction) { arithmetic(.sbb, i) }

    private mutating func arithmetic(_ operation: Operation, _ i: DecodedInstruction) {
        let operand = read(i.operand(1), i)
        let carry = operation == .adc || operation == .sbb ? flags() : nil
        var atomic: AtomicOperation?
        if i.prefixes.contains(.lock) {
            switch operation {
            case .add: atomic = .add(operand)
            case .sub: atomic = .add(unit.neg(operand))
            default: break
            }
        }
        modify(i, atomic: atomic) { lifter, old in
            let result =
                switch operation {
                case .add: lifter.unit.add(old, operand)
                case .adc: lifter.unit.adc(old, operand, carry!)
                case .sub: lifter.unit.sub(old, operand)
                case .sbb: lifter.unit.sbc(old, operand, carry!)
                }
            return (result, lifter.unit.flags(result))
        }
    }

    mutating func cmp(_ i: DecodedInstruction) {
        let left = read(i.operand(0), i)
        let right = read(i.operand(1), i)
        setFlags(unit.flags(unit.sub(left, right)))
    }

    mutating func neg(_ i: DecodedInstruction) {
        modify(i) { lifter, old in
            let result = lifter.unit.neg(old)
            return (result, lifter.unit.flags(result))
        }
    }

    mutating func inc(_ i: DecodedInstruction) { step(i, up: true) }
    mutating func dec(_ i: DecodedInstruction) { step(i, up: false) }

    /// CF stays.
    private mutating func step(_ i: DecodedInstruction, up: Bool) {
        if keepsCarry {
            let usedCarry = usesCarry
            modify(i) { lifter, old in
                let one = lifter.const(lifter.unit.type(of: old), 1)
                let result = up ? lifter.unit.add(old, one) : lifter.unit.sub(old, one)
                return (result, lifter.unit.flags(result))
            }
            usesCarry = usedCarry || i.prefixes.contains(.lock)
            return
        }
        let before = flags()
        var atomic: AtomicOperation?
        if i.prefixes.contains(.lock) { atomic = .add(const(type(i.operand(0).size), up ? 1 : .max)) }
        modify(i, atomic: atomic) { lifter, old in
            let result = up ? lifter.unit.inc(old, before) : lifter.unit.dec(old, before)
            return (result, lifter.unit.flags(result))
        }
    }

    mutating func adcx(_ i: DecodedInstruction) {
        let (old, operand) = (read(i.operand(0), i), read(i.operand(1), i))
        let sum = unit.adc(old, operand, flags())
        let carry = unit.cset(.i32, .cs, unit.flags(sum))
        let new = changed(FlagBits.c, to: unit.shl(carry, const32(8)))
        write(i.operand(0), sum, i)
        setFlags(new)
    }

    /// Carries in OF.
    mutating func adox(_ i: DecodedInstruction) {
        let (old, operand) = (read(i.operand(0), i), read(i.operand(1), i))
        let overflow = unit.and(unit.flagsToBits(flags()), const32(FlagBits.v))
        let carryIn = unit.bitsToFlags(unit.shl(overflow, const32(8)))
        let sum = unit.adc(old, operand, carryIn)
        let new = changed(FlagBits.v, to: unit.cset(.i32, .cs, unit.flags(sum)))
        write(i.operand(0), sum, i)
        setFlags(new)
    }

    // MARK: Multiplication

    mutating func mul(_ i: DecodedInstruction) { multiplyAccumulator(i, signed: false) }

    mutating func imul(_ i: DecodedInstruction) {
        switch i.operandCount {
        case 1: multiplyAccumulator(i, signed: true)
        case 2: multiply(i, read(i.operand(0), i), read(i.operand(1), i))
        default: multiply(i, read(i.operand(1), i), read(i.operand(2), i))
        }
    }

    private mutating func multiply(_ i: DecodedInstruction, _ a: Value, _ b: Value) {
        let product = unit.mul(a, b)
        let flags = unit.flags(product)
        write(i.operand(0), product, i)
        setFlags(flags)
    }

    private mutating func multiplyAccumulator(_ i: DecodedInstruction, signed: Bool) {
        let operand = i.operand(0)
        let factor = read(operand, i)
        let product = product(register(General.rax, operand.size), factor, signed: signed)
        if operand.size == 1 {
            setRegister(General.rax, truncated(product.wide!, to: .i16))
        } else {
            setRegister(General.rax, product.low)
            setRegister(General.rdx, product.high)
        }
        setProductFlags(product.overflow)
    }

    private struct Product {
        var low: Value
        var high: Value
        /// All of it, if that is no more than 64 bits.
        var wide: Value?
        /// 1 where the high half says more than the low one.
        var overflow: Value
    }

    private mutating func product(_ a: Value, _ b: Value, signed: Bool) -> Product {
        let type = unit.type(of: a)
        if type == .i64 {
            let low = unit.mul(a, b)
            let high = signed ? unit.mulhs(a, b) : unit.mulhu(a, b)
            let expected = signed ? unit.sar(low, const(63)) : const(0)
            return Product(low: low, high: high, wide: nil, overflow: isDifferent(high, expected))
        }
        let left = signed ? signExtended(a, to: .i64) : zeroExtended(a, to: .i64)
        let right = signed ? signExtended(b, to: .i64) : zeroExtended(b, to: .i64)
        let wide = unit.mul(left, right)
        let low = truncated(wide, to: type)
        let high = truncated(unit.shr(wide, const(UInt64(type.bits))), to: type)
        let extended = signed ? signExtended(low, to: .i64) : zeroExtended(low, to: .i64)
        return Product(low: low, high: high, wide: wide, overflow: isDifferent(extended, wide))
    }

    private mutating func isDifferent(_ a: Value, _ b: Value) -> Value {
        unit.cset(.i32, .ne, unit.flags(unit.sub(a, b)))
    }

    /// CF and OF; the others are undefined, and stay.
    private mutating func setProductFlags(_ overflow: Value) {
        setFlags(changed(FlagBits.c | FlagBits.v, to: carryAndOverflow(overflow, overflow)))
    }

    mutating func mulx(_ i: DecodedInstruction) {
        let factor = read(i.operand(2), i)
        let product = product(register(General.rdx, i.operand(0).size), factor, signed: false)
        // Where both are one register it gets the high half.
        write(i.operand(1), product.low, i)
        write(i.operand(0), product.high, i)
    }

    // MARK: Division

    mutating func div(_ i: DecodedInstruction) { divide(i, signed: false) }
    mutating func idiv(_ i: DecodedInstruction) { divide(i, signed: true) }

    private mutating func divide(_ i: DecodedInstruction, signed: Bool) {
        let operand = i.operand(0)
        let divisor = read(operand, i)
        if operand.size >= 4, signed ? extendsSign(operand.size) : unit.constant(of: register(General.rdx)) == 0 {
            return divideNarrow(divisor, signed: signed)
        }
        if operand.size == 8 {
            if signed { divideWideSigned(divisor) } else { divideWide(divisor) }
            return
        }
        let type = type(operand.size)
        let wide = signed ? signExtended(divisor, to: .i64) : zeroExtended(divisor, to: .i64)
        trap(.divideError, where: .eq, unit.flags(unit.and(wide, const(.max))))
        let dividend = dividend(operand.size, signed: signed)
        let quotient = signed ? unit.sdiv(dividend, wide) : unit.udiv(dividend, wide)
        let low = truncated(quotient, to: type)
        let extended = signed ? signExtended(low, to: .i64) : zeroExtended(low, to: .i64)
        trap(.divideError, where: .ne, unit.flags(unit.sub(quotient, extended)))
        let remainder = unit.sub(dividend, unit.mul(quotient, wide))
        setResult(low, truncated(remainder, to: type))
    }

    /// The dividend is no wider than the divisor: compilers extend it, for the instruction wants twice as much.
    private mutating func divideNarrow(_ divisor: Value, signed: Bool) {
        let type = unit.type(of: divisor)
        let dividend = register(General.rax, UInt8(type.bits / 8))
        let known = unit.constant(of: divisor)
        if known ?? 0 == 0 { trap(.divideError, where: .eq, unit.flags(unit.and(divisor, const(type, .max)))) }
        if signed, known == nil || known == Evaluate.cut(.max, type) {
            let isLeast = unit.xor(dividend, const(type, 1 &<< UInt64(type.bits &- 1)))
            trap(.divideError, where: .eq, unit.flags(unit.or(isLeast, unit.not(divisor))))
        }
        let quotient = signed ? unit.sdiv(dividend, divisor) : unit.udiv(dividend, divisor)
        setResult(quotient, unit.sub(dividend, unit.mul(quotient, divisor)))
    }

    /// Whether rDX is the sign of rAX, as CDQ and CQO leave it.
    private mutating func extendsSign(_ size: UInt8) -> Bool {
        let high = register(General.rdx)
        let sign = unit.instructions[(size == 4 ? narrowed(high) : high).index]
        guard sign.opcode == .sar, unit.constant(of: Value(Int(sign.b))) == 63 else { return false }
        var number = Value(Int(sign.a))
        if size == 4 {
            let extended = unit.instructions[number.index]
            guard extended.opcode == .sext, extended.aux == Type.i32.rawValue else { return false }
            number = Value(Int(extended.a))
        }
        let low = register(General.rax)
        return size == 4 ? narrowed(number) == narrowed(low) : number == low
    }

    /// What a value has its low 32 bits from.
    private mutating func narrowed(_ value: Value) -> Value {
        var value = value
        while case let i = unit.instructions[value.index],
            i.opcode == .trunc && i.type == .i32 || i.opcode == .zext && i.type == .i64 && i.aux == Type.i32.rawValue
        {
            value = Value(Int(i.a))
        }
        return value
    }

    private mutating func setResult(_ quotient: Value, _ remainder: Value) {
        if unit.type(of: quotient) == .i8 {
            let high = unit.shl(unit.zext(.i32, from: .i8, remainder), const32(8))
            let both = unit.or(high, unit.zext(.i32, from: .i8, quotient))
            setRegister(General.rax, unit.trunc(.i16, both))
        } else {
            setRegister(General.rax, quotient)
            setRegister(General.rdx, remainder)
        }
    }

    /// AX, DX:AX or EDX:EAX, extended to 64 bits.
    private mutating func dividend(_ size: UInt8, signed: Bool) -> Value {
        if size == 1 {
            let ax = register(General.rax, 2)
            return signed ? signExtended(ax, to: .i64) : zeroExtended(ax, to: .i64)
        }
        let high = register(General.rdx, size)
        let low = zeroExtended(register(General.rax, size), to: .i64)
        let extended = signed ? signExtended(high, to: .i64) : zeroExtended(high, to: .i64)
        return unit.or(unit.shl(extended, const(8 &* UInt64(size))), low)
    }

    private mutating func divideWide(_ divisor: Value) {
        let (high, low) = (register(General.rdx), register(General.rax))
        trap(.divideError, where: .cc, unit.flags(unit.sub(high, divisor)))
        let quotient = unit.udivWide(high, low, divisor)
        let remainder = unit.sub(low, unit.mul(quotient, divisor))
        setResult(quotient, remainder)
    }

    /// The magnitudes are divided.
    private mutating func divideWideSigned(_ divisor: Value) {
        let (high, low) = (register(General.rdx), register(General.rax))
        let sign = unit.sar(high, const(63))
        let divisorSign = unit.sar(divisor, const(63))
        let magnitude = negated(divisor, where: divisorSign)
        let lowMagnitude = negated(low, where: sign)
        let borrow = unit.flags(lowMagnitude)
        let highMagnitude = unit.sbc(unit.xor(high, sign), sign, borrow)
        trap(.divideError, where: .cc, unit.flags(unit.sub(highMagnitude, magnitude)))
        let quotient = unit.udivWide(highMagnitude, lowMagnitude, magnitude)
        let remainder = unit.sub(lowMagnitude, unit.mul(quotient, magnitude))
        // The greatest magnitude of a quotient is 2^63 - 1, or 2^63 of a negative one.
        let quotientSign = unit.xor(sign, divisorSign)
        let limit = unit.sub(const(UInt64(Int64.max)), quotientSign)
        trap(.divideError, where: .hi, unit.flags(unit.sub(quotient, limit)))
        setResult(negated(quotient, where: quotientSign), negated(remainder, where: sign))
    }

    /// The value, or its negative where the mask is all ones and not zero. It is a subtraction.
    private mutating func negated(_ value: Value, where mask: Value) -> Value {
        unit.sub(unit.xor(value, mask), mask)
    }
}
