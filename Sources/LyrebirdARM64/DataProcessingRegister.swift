// C4.1.95 Data processing - register: two-source, one-source, logical, add and subtract, conditionals, three-source.

import LyrebirdIR

extension Lifter {
    // MARK: Data-processing (2 source). Division and shifts of the IR have A64's semantics.

    mutating func udiv(_ i: TwoSource) {
        setRegister(i.rd, i.sf, unit.udiv(register(i.rn, i.sf), register(i.rm, i.sf)))
    }

    mutating func sdiv(_ i: TwoSource) {
        setRegister(i.rd, i.sf, unit.sdiv(register(i.rn, i.sf), register(i.rm, i.sf)))
    }

    mutating func lslv(_ i: TwoSource) {
        setRegister(i.rd, i.sf, unit.shl(register(i.rn, i.sf), register(i.rm, i.sf)))
    }

    mutating func lsrv(_ i: TwoSource) {
        setRegister(i.rd, i.sf, unit.shr(register(i.rn, i.sf), register(i.rm, i.sf)))
    }

    mutating func asrv(_ i: TwoSource) {
        setRegister(i.rd, i.sf, unit.sar(register(i.rn, i.sf), register(i.rm, i.sf)))
    }

    mutating func rorv(_ i: TwoSource) {
        setRegister(i.rd, i.sf, unit.ror(register(i.rn, i.sf), register(i.rm, i.sf)))
    }

    mutating func crc32(_ i: CyclicRedundancyCheck) {
        setRegister(
            i.rd, false, unit.crc32(size: UInt8(i.sz), register(i.rn, false), register(i.rm, i.sf)))
    }

    mutating func crc32c(_ i: CyclicRedundancyCheck) {
        setRegister(
            i.rd, false, unit.crc32c(size: UInt8(i.sz), register(i.rn, false), register(i.rm, i.sf)))
    }

    // MARK: Data-processing (1 source)

    mutating func rbit(_ i: OneSource) { setRegister(i.rd, i.sf, unit.bitreverse(register(i.rn, i.sf))) }
    mutating func rev(_ i: OneSource) { setRegister(i.rd, i.sf, unit.bswap(register(i.rn, i.sf))) }
    mutating func clz(_ i: OneSource) { setRegister(i.rd, i.sf, unit.clz(register(i.rn, i.sf))) }

    mutating func rev16(_ i: OneSource) {
        let value = register(i.rn, i.sf)
        let mask = const(i.sf, 0x00FF_00FF_00FF_00FF)
        let eight = const(i.sf, 8)
        let high = unit.and(unit.shr(value, eight), mask)
        let low = unit.shl(unit.and(value, mask), eight)
        setRegister(i.rd, i.sf, unit.or(high, low))
    }

    mutating func rev32(_ i: OneSource) {
        let swapped = unit.bswap(x(i.rn))
        setX(i.rd, unit.ror(swapped, const(32)))
    }

    /// Where x and x shifted by one differ first, a sign bit ends.
    mutating func cls(_ i: OneSource) {
        let value = register(i.rn, i.sf)
        let one = const(i.sf, 1)
        let changes = unit.xor(value, unit.sar(value, one))
        setRegister(i.rd, i.sf, unit.sub(unit.clz(changes), one))
    }

    // MARK: Operands

    /// The shifted register of C6.1: LSL, LSR, ASR or ROR by a constant.
    private mutating func shifted(_ i: ShiftedRegister) -> Value {
        let value = register(i.rm, i.sf)
        if i.imm6 == 0 || i.rm == 31 { return value }
        let amount = const(i.sf, UInt64(i.imm6))
        switch i.shift {
        case 0: return unit.shl(value, amount)
        case 1: return unit.shr(value, amount)
        case 2: return unit.sar(value, amount)
        default: return unit.ror(value, amount)
        }
    }

    /// A register extended by `option` (ExtendReg of the manual's pseudocode) and shifted left.
    mutating func extended(_ number: Int, option: Int, shift: Int, _ sf: Bool) -> Value {
        if number == 31 { return const(sf, 0) }
        let source = x(number)
        var value: Value
        switch option {
        case 0: value = unit.zext(type(sf), from: .i8, source)
        case 1: value = unit.zext(type(sf), from: .i16, source)
        case 2: value = sf ? unit.zext(.i64, from: .i32, source) : unit.trunc(.i32, source)
        case 4: value = unit.sext(type(sf), from: .i8, source)
        case 5: value = unit.sext(type(sf), from: .i16, source)
        case 6: value = sf ? unit.sext(.i64, from: .i32, source) : unit.trunc(.i32, source)
        default: value = sf ? source : unit.trunc(.i32, source)
        }
        if shift > 0 { value = unit.shl(value, const(sf, UInt64(shift))) }
        return value
    }

    // MARK: Logical (shifted register)

    mutating func andShiftedRegister(_ i: ShiftedRegister) {
        let b = shifted(i)
        setRegister(i.rd, i.sf, i.rn == i.rm && i.imm6 == 0 ? b : unit.and(register(i.rn, i.sf), b))
    }

    mutating func bicShiftedRegister(_ i: ShiftedRegister) {
        let b = shifted(i)
        setRegister(i.rd, i.sf, unit.andn(register(i.rn, i.sf), b))
    }

    /// MOV (register) is ORR with the zero register: the value itself.
    mutating func orrShiftedRegister(_ i: ShiftedRegister) {
        let b = shifted(i)
        setRegister(i.rd, i.sf, i.rn == 31 ? b : unit.or(register(i.rn, i.sf), b))
    }

    mutating func ornShiftedRegister(_ i: ShiftedRegister) {
        let b = unit.not(shifted(i))
        setRegister(i.rd, i.sf, i.rn == 31 ? b : unit.or(register(i.rn, i.sf), b))
    }

    mutating func eorShiftedRegister(_ i: ShiftedRegister) {
        let b = shifted(i)
        setRegister(i.rd, i.sf, unit.xor(register(i.rn, i.sf), b))
    }

    mutating func eonShiftedRegister(_ i: ShiftedRegister) {
        let b = shifted(i)
        let difference = unit.xor(register(i.rn, i.sf), b)
        setRegister(i.rd, i.sf, unit.not(difference))
    }

    mutating func andsShiftedRegister(_ i: ShiftedRegister) {
        let b = shifted(i)
        let result = unit.and(register(i.rn, i.sf), b)
        setRegister(i.rd, i.sf, result)
        setFlags(carryOf: result)
    }

    mutating func bicsShiftedRegister(_ i: ShiftedRegister) {
        let b = shifted(i)
        let result = unit.andn(register(i.rn, i.sf), b)
        setRegister(i.rd, i.sf, result)
        setFlags(carryOf: result)
    }

    // MARK: Add/subtract (shifted register)

    mutating func addShiftedRegister(_ i: ShiftedRegister) {
        let b = shifted(i)
        setRegister(i.rd, i.sf, i.rn == 31 ? b : unit.add(register(i.rn, i.sf), b))
    }

    mutating func subShiftedRegister(_ i: ShiftedRegister) {
        let b = shifted(i)
        setRegister(i.rd, i.sf, i.rn == 31 ? unit.neg(b) : unit.sub(register(i.rn, i.sf), b))
    }

    mutating func addsShiftedRegister(_ i: ShiftedRegister) {
        let b = shifted(i)
        let sum = unit.add(register(i.rn, i.sf), b)
        setRegister(i.rd, i.sf, sum)
        setFlags(carryOf: sum)
    }

    mutating func subsShiftedRegister(_ i: ShiftedRegister) {
        let b = shifted(i)
        let difference = i.rn == 31 ? unit.neg(b) : unit.sub(register(i.rn, i.sf), b)
        setRegister(i.rd, i.sf, difference)
        setFlags(borrowOf: difference)
    }

    // MARK: Add/subtract (extended register)

    private mutating func extended(_ i: ExtendedRegister) -> Value {
        extended(i.rm, option: i.option, shift: i.imm3, i.sf)
    }

    mutating func addExtendedRegister(_ i: ExtendedRegister) {
        let b = extended(i)
        setRegisterOrSP(i.rd, i.sf, unit.add(registerOrSP(i.rn, i.sf), b))
    }

    mutating func subExtendedRegister(_ i: ExtendedRegister) {
        let b = extended(i)
        setRegisterOrSP(i.rd, i.sf, unit.sub(registerOrSP(i.rn, i.sf), b))
    }

    mutating func addsExtendedRegister(_ i: ExtendedRegister) {
        let b = extended(i)
        let sum = unit.add(registerOrSP(i.rn, i.sf), b)
        setRegister(i.rd, i.sf, sum)
        setFlags(carryOf: sum)
    }

    mutating func subsExtendedRegister(_ i: ExtendedRegister) {
        let b = extended(i)
        let difference = unit.sub(registerOrSP(i.rn, i.sf), b)
        setRegister(i.rd, i.sf, difference)
        setFlags(borrowOf: difference)
    }

    // MARK: Add/subtract (with carry)

    private mutating func sumWithCarry(_ i: TwoSource) -> Value {
        let carry = unit.cmc(flags())
        return unit.adc(register(i.rn, i.sf), register(i.rm, i.sf), carry)
    }

    private mutating func differenceWithCarry(_ i: TwoSource) -> Value {
        let borrow = flags()
        return unit.sbc(register(i.rn, i.sf), register(i.rm, i.sf), borrow)
    }

    mutating func adc(_ i: TwoSource) { setRegister(i.rd, i.sf, sumWithCarry(i)) }
    mutating func sbc(_ i: TwoSource) { setRegister(i.rd, i.sf, differenceWithCarry(i)) }

    mutating func adcs(_ i: TwoSource) {
        let sum = sumWithCarry(i)
        setRegister(i.rd, i.sf, sum)
        setFlags(carryOf: sum)
    }

    mutating func sbcs(_ i: TwoSource) {
        let difference = differenceWithCarry(i)
        setRegister(i.rd, i.sf, difference)
        setFlags(borrowOf: difference)
    }

    // MARK: Conditional compare

    mutating func ccmpRegister(_ i: ConditionalCompareRegister) {
        let difference = unit.sub(register(i.rn, i.sf), register(i.rm, i.sf))
        conditionalCompare(i.cond, unit.flags(difference), i.nzcv)
    }

    mutating func ccmpImmediate(_ i: ConditionalCompareImmediate) {
        let difference = unit.sub(register(i.rn, i.sf), const(i.sf, UInt64(i.imm5)))
        conditionalCompare(i.cond, unit.flags(difference), i.nzcv)
    }

    mutating func ccmnRegister(_ i: ConditionalCompareRegister) {
        let sum = unit.add(register(i.rn, i.sf), register(i.rm, i.sf))
        let flags = unit.flags(sum)
        conditionalCompare(i.cond, unit.cmc(flags), i.nzcv)
    }

    mutating func ccmnImmediate(_ i: ConditionalCompareImmediate) {
        let sum = unit.add(register(i.rn, i.sf), const(i.sf, UInt64(i.imm5)))
        let flags = unit.flags(sum)
        conditionalCompare(i.cond, unit.cmc(flags), i.nzcv)
    }

    mutating func conditionalCompare(_ field: Int, _ compared: Value, _ nzcv: Int) {
        guard let condition = condition(field) else { return setFlags(compared) }
        let otherwise = unit.const(.flags, FlagBits.fromNZCV(nzcv))
        setFlags(unit.select(condition, flags(), compared, otherwise))
    }

    // MARK: Conditional select

    mutating func csel(_ i: ConditionalSelect) {
        let b = register(i.rm, i.sf)
        conditionalSelect(i, b)
    }

    /// CSET is CSINC of the zero register on the inverse condition.
    mutating func csinc(_ i: ConditionalSelect) {
        if i.rm == 31 {
            if i.rn == 31, let condition = condition(i.cond) {
                return setX(i.rd, unit.cset(.i64, condition.inverted, flags()))
            }
            return conditionalSelect(i, const(i.sf, 1))
        }
        let b = unit.add(register(i.rm, i.sf), const(i.sf, 1))
        conditionalSelect(i, b)
    }

    /// CSETM likewise.
    mutating func csinv(_ i: ConditionalSelect) {
        if i.rm == 31 {
            if i.rn == 31, let condition = condition(i.cond) {
                let bit = unit.cset(type(i.sf), condition.inverted, flags())
                return setRegister(i.rd, i.sf, unit.neg(bit))
            }
            return conditionalSelect(i, const(i.sf, .max))
        }
        let b = unit.not(register(i.rm, i.sf))
        conditionalSelect(i, b)
    }

    mutating func csneg(_ i: ConditionalSelect) {
        let b = unit.neg(register(i.rm, i.sf))
        conditionalSelect(i, b)
    }

    private mutating func conditionalSelect(_ i: ConditionalSelect, _ b: Value) {
        let a = register(i.rn, i.sf)
        guard let condition = condition(i.cond) else { return setRegister(i.rd, i.sf, a) }
        setRegister(i.rd, i.sf, unit.select(condition, flags(), a, b))
    }

    // MARK: Data-processing (3 source)

    mutating func madd(_ i: ThreeSource) {
        let product = unit.mul(register(i.rn, i.sf), register(i.rm, i.sf))
        setRegister(i.rd, i.sf, i.ra == 31 ? product : unit.add(register(i.ra, i.sf), product))
    }

    mutating func msub(_ i: ThreeSource) {
        let product = unit.mul(register(i.rn, i.sf), register(i.rm, i.sf))
        setRegister(i.rd, i.sf, i.ra == 31 ? unit.neg(product) : unit.sub(register(i.ra, i.sf), product))
    }

    mutating func smaddl(_ i: ThreeSource) {
        let product = longProduct(i, signed: true)
        setX(i.rd, i.ra == 31 ? product : unit.add(x(i.ra), product))
    }

    mutating func smsubl(_ i: ThreeSource) {
        let product = longProduct(i, signed: true)
        setX(i.rd, i.ra == 31 ? unit.neg(product) : unit.sub(x(i.ra), product))
    }

    mutating func umaddl(_ i: ThreeSource) {
        let product = longProduct(i, signed: false)
        setX(i.rd, i.ra == 31 ? product : unit.add(x(i.ra), product))
    }

    mutating func umsubl(_ i: ThreeSource) {
        let product = longProduct(i, signed: false)
        setX(i.rd, i.ra == 31 ? unit.neg(product) : unit.sub(x(i.ra), product))
    }

    private mutating func longProduct(_ i: ThreeSource, signed: Bool) -> Value {
        let n = x(i.rn)
        let m = x(i.rm)
        return signed
            ? unit.mul(unit.sext(.i64, from: .i32, n), unit.sext(.i64, from: .i32, m))
            : unit.mul(unit.zext(.i64, from: .i32, n), unit.zext(.i64, from: .i32, m))
    }

    mutating func smulh(_ i: ThreeSource) { setX(i.rd, unit.mulhs(x(i.rn), x(i.rm))) }
    mutating func umulh(_ i: ThreeSource) { setX(i.rd, unit.mulhu(x(i.rn), x(i.rm))) }
}
