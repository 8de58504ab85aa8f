// C4.1.92 Data processing - immediate.

import LyrebirdIR

extension Lifter {
    // MARK: PC-relative addressing

    mutating func adr(_ i: PCRelative) { setX(i.rd, const(relative(i.immediate))) }

    mutating func adrp(_ i: PCRelative) {
        setX(i.rd, const((pc & ~0xFFF) &+ UInt64(bitPattern: Int64(i.immediate) &<< 12)))
    }

    // MARK: Add/subtract (immediate)

    private func amount(_ i: AddSubImmediate) -> UInt64 { UInt64(i.imm12) &<< (i.sh ? 12 : 0) }

    /// MOV to and from the stack pointer adds zero: the value itself.
    mutating func addImmediate(_ i: AddSubImmediate) {
        let a = registerOrSP(i.rn, i.sf)
        // Behind an ADRP it makes an address.
        if let page = unit.constant(of: a) {
            return setRegisterOrSP(i.rd, i.sf, const(i.sf, page &+ amount(i)))
        }
        setRegisterOrSP(i.rd, i.sf, i.imm12 == 0 ? a : unit.add(a, const(i.sf, amount(i))))
    }

    mutating func subImmediate(_ i: AddSubImmediate) {
        let a = registerOrSP(i.rn, i.sf)
        setRegisterOrSP(i.rd, i.sf, i.imm12 == 0 ? a : unit.sub(a, const(i.sf, amount(i))))
    }

    mutating func addsImmediate(_ i: AddSubImmediate) {
        let sum = unit.add(registerOrSP(i.rn, i.sf), const(i.sf, amount(i)))
        setRegister(i.rd, i.sf, sum)
        setFlags(carryOf: sum)
    }

    mutating func subsImmediate(_ i: AddSubImmediate) {
        let difference = unit.sub(registerOrSP(i.rn, i.sf), const(i.sf, amount(i)))
        setRegister(i.rd, i.sf, difference)
        setFlags(borrowOf: difference)
    }

    // MARK: Logical (immediate)

    mutating func andImmediate(_ i: LogicalImmediate) {
        let a = register(i.rn, i.sf)
        setRegisterOrSP(i.rd, i.sf, masked(a, bitMask(i), i.sf))
    }

    mutating func orrImmediate(_ i: LogicalImmediate) {
        let mask = const(i.sf, bitMask(i))
        setRegisterOrSP(i.rd, i.sf, i.rn == 31 ? mask : unit.or(register(i.rn, i.sf), mask))
    }

    mutating func eorImmediate(_ i: LogicalImmediate) {
        setRegisterOrSP(i.rd, i.sf, unit.xor(register(i.rn, i.sf), const(i.sf, bitMask(i))))
    }

    mutating func andsImmediate(_ i: LogicalImmediate) {
        let result = unit.and(register(i.rn, i.sf), const(i.sf, bitMask(i)))
        setRegister(i.rd, i.sf, result)
        setFlags(carryOf: result)
    }

    /// The mask of a logical immediate: DecodeBitMasks of the manual's pseudocode (J1.3.4). A run of imms + 1 ones, rotated
    /// right by immr within an element, which is repeated. The leading ones of imms give the element's size.
    private func bitMask(_ i: LogicalImmediate) -> UInt64 {
        let length = 31 &- (UInt32(i.n ? 64 : 0) | UInt32(~i.imms & 0x3F)).leadingZeroBitCount
        let size = UInt64(1) &<< UInt64(length)
        let levels = size &- 1
        let ones = (UInt64(i.imms) & levels) &+ 1
        let rotation = UInt64(i.immr) & levels
        var element = UInt64.max &>> (64 &- ones)
        let all = UInt64.max &>> (64 &- size)
        if rotation != 0 { element = (element &>> rotation | element &<< (size &- rotation)) & all }
        var bits = size
        while bits < 64 {
            element |= element &<< bits
            bits &<<= 1
        }
        return i.sf ? element : element & 0xFFFF_FFFF
    }

    /// a and mask, as an extension where it is one.
    private mutating func masked(_ a: Value, _ mask: UInt64, _ sf: Bool) -> Value {
        switch mask {
        case 0xFF: unit.zext(type(sf), from: .i8, a)
        case 0xFFFF: unit.zext(type(sf), from: .i16, a)
        case 0xFFFF_FFFF: sf ? unit.zext(.i64, from: .i32, a) : a
        case .max: a
        default: unit.and(a, const(sf, mask))
        }
    }

    // MARK: Move wide (immediate)

    mutating func movz(_ i: MoveWide) { setX(i.rd, const(UInt64(i.imm16) &<< UInt64(i.hw &* 16))) }

    mutating func movn(_ i: MoveWide) {
        let value = ~(UInt64(i.imm16) &<< UInt64(i.hw &* 16))
        setX(i.rd, const(i.sf ? value : value & 0xFFFF_FFFF))
    }

    mutating func movk(_ i: MoveWide) {
        let shift = UInt64(i.hw &* 16)
        let old = register(i.rd, i.sf)
        // Behind a MOVZ it makes a longer constant.
        if let known = unit.constant(of: old) {
            let whole = known & ~(0xFFFF &<< shift) | UInt64(i.imm16) &<< shift
            return setRegister(i.rd, i.sf, const(i.sf, whole))
        }
        var value = unit.and(old, const(i.sf, ~(0xFFFF &<< shift)))
        if i.imm16 != 0 { value = unit.or(value, const(i.sf, UInt64(i.imm16) &<< shift)) }
        setRegister(i.rd, i.sf, value)
    }

    // MARK: Bitfield: each alias in its own form, since the host's code follows it

    mutating func ubfm(_ i: Bitfield) {
        let width = width(i.sf)
        var value = register(i.rn, i.sf)
        if i.imms >= i.immr {  // LSR, UBFX, UXTB, UXTH
            if i.immr > 0 { value = unit.shr(value, const(i.sf, UInt64(i.immr))) }
            if i.imms != width &- 1 { value = masked(value, ones(i.imms &- i.immr &+ 1), i.sf) }
        } else {  // LSL, UBFIZ
            if i.imms &+ 1 != i.immr { value = masked(value, ones(i.imms &+ 1), i.sf) }
            value = unit.shl(value, const(i.sf, UInt64(width &- i.immr)))
        }
        setRegister(i.rd, i.sf, value)
    }

    mutating func sbfm(_ i: Bitfield) {
        let width = width(i.sf)
        var value = register(i.rn, i.sf)
        if i.imms >= i.immr {  // ASR, SBFX, SXTB, SXTH, SXTW
            if i.imms == width &- 1 {
                value = shiftedRightSigned(value, i.immr, i.sf)
            } else if i.immr == 0, let source = integer(bits: i.imms &+ 1) {
                value = unit.sext(type(i.sf), from: source, value)
            } else {
                let top = width &- 1 &- i.imms
                value = unit.shl(value, const(i.sf, UInt64(top)))
                value = shiftedRightSigned(value, top &+ i.immr, i.sf)
            }
        } else {  // SBFIZ
            let shift = width &- i.immr
            if let source = integer(bits: i.imms &+ 1) {
                value = unit.sext(type(i.sf), from: source, value)
                value = unit.shl(value, const(i.sf, UInt64(shift)))
            } else {
                let top = width &- 1 &- i.imms
                value = unit.shl(value, const(i.sf, UInt64(top)))
                value = shiftedRightSigned(value, top &- shift, i.sf)
            }
        }
        setRegister(i.rd, i.sf, value)
    }

    mutating func bfm(_ i: Bitfield) {
        let width = width(i.sf)
        var field = register(i.rn, i.sf)
        if i.imms >= i.immr {  // BFXIL
            let mask = ones(i.imms &- i.immr &+ 1)
            if i.immr > 0 { field = unit.shr(field, const(i.sf, UInt64(i.immr))) }
            if i.imms != width &- 1 { field = masked(field, mask, i.sf) }
            insert(field, mask, i)
        } else {  // BFI, BFC
            let shift = UInt64(width &- i.immr)
            let mask = ones(i.imms &+ 1)
            if i.imms &+ 1 != i.immr { field = masked(field, mask, i.sf) }
            field = unit.shl(field, const(i.sf, shift))
            insert(field, mask &<< shift, i)
        }
    }

    /// Puts a field that is zero elsewhere into the bits of the mask.
    private mutating func insert(_ field: Value, _ mask: UInt64, _ i: Bitfield) {
        if mask == ones(width(i.sf)) { return setRegister(i.rd, i.sf, field) }
        let rest = unit.and(register(i.rd, i.sf), const(i.sf, ~mask))
        setRegister(i.rd, i.sf, i.rn == 31 ? rest : unit.or(rest, field))
    }

    private mutating func shiftedRightSigned(_ value: Value, _ amount: Int, _ sf: Bool) -> Value {
        amount == 0 ? value : unit.sar(value, const(sf, UInt64(amount)))
    }

    private func ones(_ count: Int) -> UInt64 { UInt64.max &>> UInt64(64 &- count) }

    private func integer(bits: Int) -> Type? {
        switch bits {
        case 8: .i8
        case 16: .i16
        case 32: .i32
        default: nil
        }
    }

    // MARK: Extract

    mutating func extr(_ i: Extract) {
        let low = register(i.rm, i.sf)
        let result =
            if i.imms == 0 {
                low
            } else if i.rn == i.rm {
                unit.ror(low, const(i.sf, UInt64(i.imms)))
            } else {
                unit.extract2(register(i.rn, i.sf), low, n: Int32(i.imms))
            }
        setRegister(i.rd, i.sf, result)
    }
}
