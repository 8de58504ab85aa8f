// Shifts and rotations with the host's own flags, bits to the carry, parts of registers, and the gathering of bits: what x86 guests
// have and others build from simpler things.

import LyrebirdIR

extension CodeGenerator {
    // MARK: Shifts

    /// The amount of a shift or a rotation, if it is constant.
    mutating func keepingAmount(_ i: Instruction) -> UInt8? {
        let amount = Int(values[Int(i.b)].representative)
        guard values[amount].isConstant else { return nil }
        return UInt8(truncatingIfNeeded: constantBits[amount]) & (i.type == .i64 ? 63 : 31)
    }

    mutating func selectKeepingShift(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) {
        let isThroughCarry = i.opcode == .rcl || i.opcode == .rcr
        let isShift = i.opcode == .shlFlags || i.opcode == .shrFlags || i.opcode == .sarFlags
        if isShift, !wantsFlags(index) { return selectPlainShift(index, i, unit) }
        let a = Int(values[Int(i.a)].representative)
        let amount = keepingAmount(i)
        if isThroughCarry || wantsFlags(index) && !shiftsForSure(i) {
            useFlags(Int(values[Int(i.c)].representative), unit)
            saveLiveFlags()
        } else {
            clobberFlags()
        }
        if amount == nil { reserve(.rcx) }
        let source = useGeneral(a)
        if amount == nil { hot.mov(.b32, .rcx, useGeneral(Int(values[Int(i.b)].representative))) }
        let result = startResult(index, as: a, in: source, width(i.type))
        let w = flagsWidth(i.type)
        if let amount {
            hot.shift(keepingOperation(i.opcode), w, result, imm: amount)
        } else {
            hot.shift(keepingOperation(i.opcode), w, result, .cl)
        }
        definesFlags(index)
    }

    private func keepingOperation(_ opcode: LyrebirdIR.Opcode) -> ShiftOperation {
        switch opcode {
        case .shlFlags: .shl
        case .shrFlags: .shr
        case .sarFlags: .sar
        case .rolFlags: .rol
        case .rorFlags: .ror
        case .rcl: .rcl
        default: .rcr
        }
    }

    /// Nobody wants the flags. At 32 bits a narrow number is shifted out whole, as it has to be.
    private mutating func selectPlainShift(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) {
        let opcode: LyrebirdIR.Opcode = i.opcode == .shlFlags ? .shl : i.opcode == .shrFlags ? .shr : .sar
        guard isNarrow(i.type) else {
            return selectShift(index, Instruction(opcode, i.type, 0, i.a, i.b), unit)
        }
        clobberFlags()
        let a = Int(values[Int(i.a)].representative)
        let amount = keepingAmount(i)
        if amount == nil { reserve(.rcx) }
        let source = useGeneral(a)
        if amount == nil { hot.mov(.b32, .rcx, useGeneral(Int(values[Int(i.b)].representative))) }
        let result = resultFor(index, overwriting: a, or: a)
        if opcode == .shl {
            if result != source { hot.mov(.b32, result, source) }
        } else {
            extend(result, source, i.type, signed: opcode == .sar)
        }
        if let amount {
            hot.shift(keepingOperation(i.opcode), .b32, result, imm: amount)
        } else {
            hot.shift(keepingOperation(i.opcode), .b32, result, .cl)
        }
        hostFlags = -1
    }

    // MARK: Bits

    /// BT leaves all flags but C as they are on every processor there is, and is asked for Z only.
    mutating func selectBitToCarry(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) {
        useFlags(Int(values[Int(i.a)].representative), unit)
        saveLiveFlags()
        let type = unit.instructions[Int(i.b)].type
        let number = Int(values[Int(i.b)].representative)
        let place = Int(values[Int(i.c)].representative)
        if values[place].isConstant {
            let n = UInt8(truncatingIfNeeded: constantBits[place]) & UInt8(type.bits &- 1)
            if values[number].isConstant {
                if constantBits[number] &>> UInt64(n) & 1 != 0 { hot.stc() } else { hot.clc() }
            } else {
                hot.bt(width(type), useGeneral(number), imm: n)
            }
        } else {
            let value = useGeneral(number)
            hot.bt(flagsWidth(type), value, useGeneral(place))
        }
        hostFlags = Int32(truncatingIfNeeded: index)
    }

    mutating func selectGathering(_ index: Int, _ i: Instruction) {
        let a = Int(values[Int(i.a)].representative)
        let b = Int(values[Int(i.b)].representative)
        let w = width(i.type)
        if contract.features.contains(.bmi2) {
            let source = useGeneral(a)
            var mask = useGeneral(b)
            if isNarrow(i.type), i.opcode == .pext {
                let narrow = scratchGeneral()
                extend(narrow, mask, i.type, signed: false)
                mask = narrow
            }
            let result = resultFor(index, overwriting: a, or: b)
            if i.opcode == .pdep { hot.pdep(w, result, source, mask) } else { hot.pext(w, result, source, mask) }
            return
        }
        clobberFlags()
        let source = useGeneral(a)
        let mask = useGeneral(b)
        let rest = scratchGeneral()
        let bit = scratchGeneral()
        let place = scratchGeneral()
        let result = allocateGeneral(for: index)
        if isNarrow(i.type) { extend(rest, mask, i.type, signed: false) } else { hot.mov(w, rest, mask) }
        hot.xor(.b32, result, result)
        hot.mov(.b32, place, imm: 1)
        // `bit` is the lowest one of the mask, `place` the bit at the low end that belongs to it.
        let top = hot.cursor
        hot.mov(.b64, bit, rest)
        hot.neg(.b64, bit)
        hot.and(.b64, bit, rest)
        let done = hot.jccForward(.e)
        let isDeposit = i.opcode == .pdep
        hot.test(.b64, source, isDeposit ? place : bit)
        let clear = hot.jccForward(.e)
        hot.or(.b64, result, isDeposit ? bit : place)
        hot.bind(clear)
        hot.xor(.b64, rest, bit)
        hot.add(.b64, place, place)
        hot.jmp(to: UnsafeRawPointer(top))
        hot.bind(done)
        hostFlags = -1
    }

    // MARK: Parts

    /// MOV of a byte or a word into the register's low end, which is turned there and back if the part is elsewhere.
    mutating func selectInsertion(_ index: Int, _ i: Instruction) {
        let a = Int(values[Int(i.a)].representative)
        let part = Int(values[Int(i.b)].representative)
        let from = Type(rawValue: i.aux)!
        let at = UInt8(truncatingIfNeeded: i.c)
        let w = width(i.type)
        let turns = at != 0 && (isNarrow(i.type) || !contract.features.contains(.bmi2))
        if turns { clobberFlags() }
        let source = useGeneral(a)
        var number = useGeneral(part)
        if at != 0, a == part {
            number = scratchGeneral()
            hot.mov(.b32, number, source)
        }
        let result = startResult(index, as: a, in: source, w)
        if at != 0 { rotate(result, i.type, right: at) }
        hot.mov(flagsWidth(from), result, number)
        if at != 0 { rotate(result, i.type, right: UInt8(i.type.bits) &- at) }
        if turns { hostFlags = -1 }
    }

    private mutating func rotate(_ register: GPR, _ type: Type, right n: UInt8) {
        if !isNarrow(type), contract.features.contains(.bmi2) {
            hot.rorx(width(type), register, register, imm: n)
        } else {
            hot.ror(flagsWidth(type), register, imm: n)
        }
    }
}
