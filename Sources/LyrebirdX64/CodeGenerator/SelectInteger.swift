// Integer instructions. Two-operand forms take over the register of an operand that dies; LEA serves where flags are live or
// nothing may be overwritten.
//
// The register of an i8 or i16 may have anything above the value, as that of a truncated i32 may. Sums, logic, products and shifts
// to the left are made at 32 bits, unless somebody wants their flags: those are the 8- and 16-bit instructions' own. Whatever looks
// at upper bits extends its operands first.

import LyrebirdIR

extension CodeGenerator {
    /// The operand as a sign-extended 32-bit immediate of an instruction of the type, if it is one.
    @inline(__always)
    mutating func smallConstant(_ value: Int, _ type: Type) -> Int32? {
        guard values[value].isConstant else { return nil }
        let bits = constantBits[value]
        switch type {
        case .i64: return Int32(exactly: Int64(bitPattern: bits))
        case .i8: return Int32(Int8(truncatingIfNeeded: bits))
        case .i16: return Int32(Int16(truncatingIfNeeded: bits))
        default: return Int32(truncatingIfNeeded: bits)
        }
    }

    /// The same, but no immediate of 16 bits: behind an operand-size prefix it stalls Intel's decoders.
    @inline(__always)
    mutating func immediate(_ value: Int, _ type: Type, _ w: Width) -> Int32? {
        guard let n = smallConstant(value, type) else { return nil }
        return w == .b16 && Int8(exactly: n) == nil ? nil : n
    }

    /// The width at which an integer is computed where nobody looks at what is above it.
    @inline(__always) func width(_ type: Type) -> Width { type == .i64 ? .b64 : .b32 }

    /// The width of an integer, at which the host makes its flags.
    @inline(__always) func flagsWidth(_ type: Type) -> Width { Width(rawValue: type.rawValue &- Type.i8.rawValue)! }

    @inline(__always) func isNarrow(_ type: Type) -> Bool { type.rawValue < Type.i32.rawValue }

    /// A narrow integer with its upper bits, in a register that may be its own.
    mutating func extend(_ destination: GPR, _ source: GPR, _ type: Type, signed: Bool) {
        let from = flagsWidth(type)
        if signed { hot.movsx(.b32, destination, from, source) } else { hot.movzx(.b32, destination, from, source) }
    }

    // MARK: Addition, subtraction, logic

    mutating func selectArithmetic(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) {
        if values[index].isAddress { return selectSum(index, i) }
        var a = Int(values[Int(i.a)].representative)
        let isMerged = values[index].isMerged
        let whole = isMerged ? .b64 : width(i.type)
        let w = wantsFlags(index) || isMerged ? flagsWidth(i.type) : whole
        switch i.opcode {
        case .inc, .dec:
            if wantsFlags(index) {
                useFlags(Int(values[Int(i.b)].representative), unit)
                saveLiveFlags()
            } else if isMerged {
                clobberFlags()
            } else {
                return addConstant(index, a, i.opcode == .inc ? 1 : -1, w)
            }
            let result = allocateGeneral(for: index, startingAs: a, whole)
            if i.opcode == .inc { hot.inc(w, result) } else { hot.dec(w, result) }
            definesFlags(index)
            return
        case .not:
            let result = allocateGeneral(for: index, startingAs: a, whole)
            hot.not(whole, result)
            return
        case .neg:
            clobberFlags()
            let result = allocateGeneral(for: index, startingAs: a, whole)
            hot.neg(w, result)
            definesFlags(index)
            return
        default: break
        }
        var b = Int(values[Int(i.b)].representative)
        let commutes = i.opcode != .sub && i.opcode != .sbc && i.opcode != .andn && !isMerged
        if commutes, values[a].isConstant, !values[b].isConstant { swap(&a, &b) }
        switch i.opcode {
        case .add where w == whole && !wantsFlags(index): return selectAddition(index, i, a, b)
        case .sub where w == whole && !wantsFlags(index):
            if let n = smallConstant(b, i.type), n != .min { return addConstant(index, a, 0 &- n, w) }
        case .adc, .sbc: useFlags(Int(values[Int(i.c)].representative), unit)
        case .andn: return selectAndNot(index, i, a, b)
        case .and where w == whole && !wantsFlags(index):
            if selectMask(index, a, b, i.type) { return }
        default: break
        }
        if i.opcode != .adc, i.opcode != .sbc {
            clobberFlags()
            if wantsFlags(index), values[index].end < 0, selectComparison(index, i.opcode, a, b, i.type) { return }
        } else {
            saveLiveFlags()
        }
        let operation: ArithmeticOperation =
            switch i.opcode {
            case .add: .add
            case .sub: .sub
            case .and: .and
            case .or: .or
            case .xor: .xor
            case .adc: .adc
            default: .sbb
            }
        if let n = immediate(b, i.type, w) {
            let result = allocateGeneral(for: index, startingAs: a, whole)
            hot.arithmetic(operation, w, result, imm: n)
        } else {
            let first = useGeneral(a)
            let second = useGeneral(b)
            if commutes, !canOverwrite(a, for: index), canOverwrite(b, for: index) {
                takeOver(b, for: index)
                hot.arithmetic(operation, w, second, first)
            } else {
                let result = startResult(index, as: a, in: first, whole)
                hot.arithmetic(operation, w, result, second)
            }
        }
        definesFlags(index)
    }

    /// Addition without flags: in place or by LEA, which leaves the host's flags alone.
    private mutating func selectAddition(_ index: Int, _ i: Instruction, _ a: Int, _ b: Int) {
        let w = width(i.type)
        if let n = smallConstant(b, i.type) { return addConstant(index, a, n, w) }
        let first = useGeneral(a)
        let second = useGeneral(b)
        if !flagsAreLive, canOverwrite(a, for: index) {
            takeOver(a, for: index)
            hostFlags = -1
            hot.add(w, first, second)
        } else if !flagsAreLive, canOverwrite(b, for: index) {
            takeOver(b, for: index)
            hostFlags = -1
            hot.add(w, second, first)
        } else {
            let result = resultFor(index, overwriting: a, or: b)
            hot.lea(w, result, Memory(base: first, index: second))
        }
    }

    /// A register for the result of an instruction that reads its operands before it writes: one of theirs, or a fresh one.
    mutating func resultFor(_ index: Int, overwriting a: Int, or b: Int) -> GPR {
        for value in [a, b] where canOverwrite(value, for: index) {
            let register = GPR(values[value].register)
            takeOver(value, for: index)
            return register
        }
        return allocateGeneral(for: index)
    }

    mutating func addConstant(_ index: Int, _ a: Int, _ n: Int32, _ w: Width) {
        let source = useGeneral(a)
        if !flagsAreLive, canOverwrite(a, for: index) {
            takeOver(a, for: index)
            hostFlags = -1
            hot.add(w, source, imm: n)
        } else {
            let result = resultFor(index, overwriting: a, or: a)
            hot.lea(w, result, Memory(base: source, displacement: n))
        }
    }

    /// CMP or TEST where only the flags are wanted.
    private mutating func selectComparison(_ index: Int, _ opcode: LyrebirdIR.Opcode, _ a: Int, _ b: Int, _ type: Type)
        -> Bool
    {
        let w = flagsWidth(type)
        switch opcode {
        case .sub:
            let first = useGeneral(a)
            if let n = immediate(b, type, w) {
                if n == 0 { hot.test(w, first, first) } else { hot.cmp(w, first, imm: n) }
            } else {
                hot.cmp(w, first, useGeneral(b))
            }
        case .and:
            let first = useGeneral(a)
            if let n = smallConstant(b, type) {
                if n >= 0, n < 128, first.rawValue < 4 || w == .b16 {
                    hot.test(.b8, first, imm: n)
                } else if w == .b16 {
                    hot.test(w, first, useGeneral(b))
                } else {
                    hot.test(w, first, imm: n)
                }
            } else {
                hot.test(w, first, useGeneral(b))
            }
        default: return false
        }
        definesFlags(index)
        return true
    }

    /// Masks that are a zero-extension.
    private mutating func selectMask(_ index: Int, _ a: Int, _ b: Int, _ type: Type) -> Bool {
        guard values[b].isConstant else { return false }
        let source: Width
        switch constantBits[b] {
        case 0xFF: source = .b8
        case 0xFFFF: source = .b16
        case 0xFFFF_FFFF where type == .i64: source = .b32
        default: return false
        }
        let from = useGeneral(a)
        let result = resultFor(index, overwriting: a, or: a)
        if source == .b32 { hot.mov(.b32, result, from) } else { hot.movzx(.b32, result, source, from) }
        return true
    }

    private mutating func selectAndNot(_ index: Int, _ i: Instruction, _ a: Int, _ b: Int) {
        clobberFlags()
        let whole = width(i.type)
        let w = wantsFlags(index) ? flagsWidth(i.type) : whole
        if let n = immediate(b, i.type, w) {
            let result = allocateGeneral(for: index, startingAs: a, whole)
            hot.and(w, result, imm: ~n)
        } else if contract.features.contains(.bmi1), w == whole {
            let first = useGeneral(a)
            let second = useGeneral(b)
            let result = resultFor(index, overwriting: a, or: b)
            hot.andn(w, result, second, first)
        } else {
            let first = useGeneral(a)
            let second = useGeneral(b)
            let inverted = scratchGeneral()
            hot.mov(whole, inverted, second)
            hot.not(whole, inverted)
            let result = startResult(index, as: a, in: first, whole)
            hot.and(w, result, inverted)
        }
        definesFlags(index)
    }

    // MARK: Multiplication and division

    mutating func selectMultiplication(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) {
        let a = Int(values[Int(i.a)].representative)
        let b = Int(values[Int(i.b)].representative)
        let w = width(i.type)
        clobberFlags()
        switch i.opcode {
        case .mul:
            let whole = w
            let w = wantsFlags(index) ? flagsWidth(i.type) : w
            if let n = immediate(b, i.type, w) {
                let source = useGeneral(a)
                let result = resultFor(index, overwriting: a, or: a)
                hot.imul(w, result, source, imm: n)
            } else {
                let first = useGeneral(a)
                let second = useGeneral(b)
                if !canOverwrite(a, for: index), canOverwrite(b, for: index) {
                    takeOver(b, for: index)
                    hot.imul(w, second, first)
                } else {
                    let result = startResult(index, as: a, in: first, whole)
                    hot.imul(w, result, second)
                }
            }
            return definesFlags(index)
        case .mulhu where isNarrow(i.type): selectNarrowHigh(index, i.type, a, b, signed: false)
        case .mulhs where isNarrow(i.type): selectNarrowHigh(index, i.type, a, b, signed: true)
        case .udiv where isNarrow(i.type): selectNarrowDivision(index, i.type, a, b, signed: false)
        case .sdiv where isNarrow(i.type): selectNarrowDivision(index, i.type, a, b, signed: true)
        case .mulhu where contract.features.contains(.bmi2):
            reserve(.rdx)
            let first = useGeneral(a)
            let second = useGeneral(b)
            hot.mov(w, .rdx, first)
            let result = resultFor(index, overwriting: a, or: b)
            hot.mulx(w, result, result, second)
        case .mulhu, .mulhs:
            reserve(.rax)
            reserve(.rdx)
            let first = useGeneral(a)
            let second = useGeneral(b)
            hot.mov(w, .rax, first)
            if i.opcode == .mulhs { hot.imul(w, second) } else { hot.mul(w, second) }
            giveRegister(.rdx, to: index)
        case .udiv: selectDivision(index, a, b, w, signed: false)
        default: selectDivision(index, a, b, w, signed: true)
        }
        hostFlags = -1
    }

    /// The product of 32 bits has both halves.
    private mutating func selectNarrowHigh(_ index: Int, _ type: Type, _ a: Int, _ b: Int, signed: Bool) {
        let first = useGeneral(a)
        let second = useGeneral(b)
        let other = scratchGeneral()
        let result = allocateGeneral(for: index)
        extend(result, first, type, signed: signed)
        extend(other, second, type, signed: signed)
        hot.imul(.b32, result, other)
        hot.shr(.b32, result, imm: UInt8(type.bits))
    }

    /// At 32 bits no quotient overflows.
    private mutating func selectNarrowDivision(_ index: Int, _ type: Type, _ a: Int, _ b: Int, signed: Bool) {
        reserve(.rax)
        reserve(.rdx)
        let dividend = useGeneral(a)
        let divisor = useGeneral(b)
        let wide = scratchGeneral()
        extend(.rax, dividend, type, signed: signed)
        extend(wide, divisor, type, signed: signed)
        hot.test(.b32, wide, wide)
        let zero = hot.jccForward(.e)
        divide(.b32, wide, signed)
        let done = hot.jmpForward()
        hot.bind(zero)
        hot.xor(.b32, .rax, .rax)
        hot.bind(done)
        giveRegister(.rax, to: index)
    }

    /// Makes a reserved register the result's.
    private mutating func giveRegister(_ register: GPR, to index: Int) { own(index, register.rawValue) }

    /// The IR's quotient: 0 for a divisor of 0, and no trap for the one that overflows.
    private mutating func selectDivision(_ index: Int, _ a: Int, _ b: Int, _ w: Width, signed: Bool) {
        reserve(.rax)
        reserve(.rdx)
        let dividend = useGeneral(a)
        let divisor = useGeneral(b)
        hot.mov(w, .rax, dividend)
        if values[b].isConstant, constantBits[b] != 0, !signed || constantBits[b] != (w == .b64 ? .max : 0xFFFF_FFFF) {
            divide(w, divisor, signed)
        } else {
            hot.test(w, divisor, divisor)
            let zero = hot.jccForward(.e, near: true)
            var overflow: ForwardLabel?
            if signed {
                hot.cmp(w, divisor, imm: -1)
                overflow = hot.jccForward(.e, near: true)
            }
            divide(w, divisor, signed)
            let done = UnsafeRawPointer(hot.cursor)
            swap(&hot, &cold)
            if let overflow {
                hot.bind(overflow)
                hot.neg(w, .rax)
                hot.jmp(to: done)
            }
            hot.bind(zero)
            hot.xor(.b32, .rax, .rax)
            hot.jmp(to: done)
            swap(&hot, &cold)
        }
        giveRegister(.rax, to: index)
    }

    mutating func selectWideDivision(_ index: Int, _ i: Instruction) {
        clobberFlags()
        let w = width(i.type)
        reserve(.rax)
        reserve(.rdx)
        let high = useGeneral(Int(values[Int(i.a)].representative))
        let low = useGeneral(Int(values[Int(i.b)].representative))
        let divisor = useGeneral(Int(values[Int(i.c)].representative))
        hot.mov(w, .rdx, high)
        hot.mov(w, .rax, low)
        hot.cmp(w, .rdx, divisor)
        let overflow = hot.jccForward(.ae)
        hot.div(w, divisor)
        let done = hot.jmpForward()
        hot.bind(overflow)
        hot.xor(.b32, .rax, .rax)
        hot.bind(done)
        giveRegister(.rax, to: index)
        hostFlags = -1
    }

    private mutating func divide(_ w: Width, _ divisor: GPR, _ signed: Bool) {
        if signed {
            if w == .b64 { hot.cqo() } else { hot.cdq() }
            hot.idiv(w, divisor)
        } else {
            hot.xor(.b32, .rdx, .rdx)
            hot.div(w, divisor)
        }
    }

    // MARK: Shifts

    mutating func selectShift(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) {
        let a = Int(values[Int(i.a)].representative)
        let b = Int(values[Int(i.b)].representative)
        let w = width(i.type)
        if i.opcode == .extract2 { return selectExtract(index, i, a, b, w) }
        if isNarrow(i.type) { return selectNarrowShift(index, i, a, b) }
        if values[b].isConstant {
            let n = UInt8(truncatingIfNeeded: constantBits[b]) & UInt8(w.bits &- 1)
            if i.opcode == .ror, contract.features.contains(.bmi2) {
                let source = useGeneral(a)
                let result = resultFor(index, overwriting: a, or: a)
                hot.rorx(w, result, source, imm: n)
                return
            }
            if i.opcode == .shl, n >= 1, n <= 3, flagsAreLive || !canOverwrite(a, for: index) {
                let source = useGeneral(a)
                let result = resultFor(index, overwriting: a, or: a)
                hot.lea(w, result, Memory(index: source, scale: n))
                return
            }
            clobberFlags()
            let result = allocateGeneral(for: index, startingAs: a, w)
            hot.shift(shiftOperation(i.opcode), w, result, imm: n)
            hostFlags = -1
            return
        }
        if i.opcode != .ror, contract.features.contains(.bmi2) {
            let source = useGeneral(a)
            let amount = useGeneral(b)
            let result = resultFor(index, overwriting: a, or: b)
            switch i.opcode {
            case .shl: hot.shlx(w, result, source, amount)
            case .shr: hot.shrx(w, result, source, amount)
            default: hot.sarx(w, result, source, amount)
            }
            return
        }
        clobberFlags()
        reserve(.rcx)
        let source = useGeneral(a)
        hot.mov(.b32, .rcx, useGeneral(b))
        let result = startResult(index, as: a, in: source, w)
        hot.shift(shiftOperation(i.opcode), w, result, .cl)
        hostFlags = -1
    }

    /// Rotations are the narrow instructions' own; what comes in at the left is there after an extension.
    private mutating func selectNarrowShift(_ index: Int, _ i: Instruction, _ a: Int, _ b: Int) {
        clobberFlags()
        let mask = i.type.bits &- 1
        let w = i.opcode == .ror ? flagsWidth(i.type) : .b32
        let constant = values[b].isConstant ? UInt8(truncatingIfNeeded: constantBits[b]) & UInt8(mask) : nil
        if constant == nil { reserve(.rcx) }
        let source = useGeneral(a)
        if constant == nil {
            hot.mov(.b32, .rcx, useGeneral(b))
            // The host takes the amount modulo 32.
            if i.opcode != .ror { hot.and(.b32, .rcx, imm: Int32(mask)) }
        }
        let result: GPR
        switch i.opcode {
        case .shr, .sar:
            result = resultFor(index, overwriting: a, or: a)
            extend(result, source, i.type, signed: i.opcode == .sar)
        default: result = startResult(index, as: a, in: source, .b32)
        }
        if let constant {
            hot.shift(shiftOperation(i.opcode), w, result, imm: constant)
        } else {
            hot.shift(shiftOperation(i.opcode), w, result, .cl)
        }
        hostFlags = -1
    }

    private func shiftOperation(_ opcode: LyrebirdIR.Opcode) -> ShiftOperation {
        switch opcode {
        case .shl: .shl
        case .shr: .shr
        case .sar: .sar
        default: .ror
        }
    }

    private mutating func selectExtract(_ index: Int, _ i: Instruction, _ high: Int, _ low: Int, _ w: Width) {
        clobberFlags()
        let upper = useGeneral(high)
        let lower = useGeneral(low)
        let result: GPR
        if isNarrow(i.type) {
            let both = scratchGeneral()
            hot.mov(.b32, both, upper)
            hot.shl(.b32, both, imm: UInt8(i.type.bits))
            result = resultFor(index, overwriting: low, or: low)
            extend(result, lower, i.type, signed: false)
            hot.or(.b32, result, both)
            hot.shr(.b32, result, imm: UInt8(truncatingIfNeeded: i.c))
        } else if high == low {
            result = startResult(index, as: low, in: lower, w)
            hot.ror(w, result, imm: UInt8(truncatingIfNeeded: i.c))
        } else {
            result = startResult(index, as: low, in: lower, w)
            hot.shrd(w, result, upper, imm: UInt8(truncatingIfNeeded: i.c))
        }
        hostFlags = -1
    }

    // MARK: Extension and bits

    mutating func selectBits(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) {
        let a = Int(values[Int(i.a)].representative)
        let w = width(i.type)
        switch i.opcode {
        case .zext, .sext:
            let source = useGeneral(a)
            let result = resultFor(index, overwriting: a, or: a)
            extend(i, result, source, w)
        case .bswap:
            if i.type == .i16 { clobberFlags() }
            let result = allocateGeneral(for: index, startingAs: a, w)
            if i.type == .i16 {
                hot.ror(.b16, result, imm: 8)
                hostFlags = -1
            } else if i.type != .i8 {
                hot.bswap(w, result)
            }
        case .bitreverse: selectBitReverse(index, i.type, a, w)
        case .clz where isNarrow(i.type), .ctz where isNarrow(i.type): selectNarrowZeroCount(index, i, a)
        case .clz, .ctz: selectZeroCount(index, i.opcode == .clz, a, w)
        case .popcnt:
            clobberFlags()
            var source = useGeneral(a)
            let result = resultFor(index, overwriting: a, or: a)
            if isNarrow(i.type) {
                extend(result, source, i.type, signed: false)
                source = result
            }
            hot.popcnt(w, result, source)
            hostFlags = -1
        case .crc32c:
            let data = useGeneral(Int(values[Int(i.b)].representative))
            let start = useGeneral(a)
            let result = startResult(index, as: a, in: start, .b32)
            hot.crc32(Width(rawValue: i.aux)!, result, data)
        default: selectCRC(index, i, a)
        }
    }

    private mutating func extend(_ i: Instruction, _ result: GPR, _ source: GPR, _ w: Width) {
        let from: Width
        switch Type(rawValue: i.aux) {
        case .i8: from = .b8
        case .i16: from = .b16
        case .i64: return hot.mov(.b64, result, source)
        default: from = .b32
        }
        if i.opcode == .zext {
            if from == .b32 { hot.mov(.b32, result, source) } else { hot.movzx(.b32, result, from, source) }
        } else if from == .b32 {
            if w == .b64 { hot.movsxd(result, source) } else { hot.mov(.b32, result, source) }
        } else {
            hot.movsx(w, result, from, source)
        }
    }

    private mutating func selectZeroCount(_ index: Int, _ leading: Bool, _ a: Int, _ w: Width) {
        clobberFlags()
        let source = useGeneral(a)
        if contract.features.contains(leading ? .lzcnt : .bmi1) {
            let result = resultFor(index, overwriting: a, or: a)
            if leading { hot.lzcnt(w, result, source) } else { hot.tzcnt(w, result, source) }
        } else {
            // BSR and BSF leave their destination alone for a source of zero on every processor there is, but say that it is
            // undefined: the case is tested for.
            let result = allocateGeneral(for: index)
            hot.mov(.b32, result, imm: Int32(w.bits))
            hot.test(w, source, source)
            let zero = hot.jccForward(.e)
            if leading {
                hot.bsr(w, result, source)
                hot.xor(.b32, result, imm: Int32(w.bits &- 1))
            } else {
                hot.bsf(w, result, source)
            }
            hot.bind(zero)
        }
        hostFlags = -1
    }

    /// A bit above the value stops the count from below, and one below it that from above: no case of zero is left.
    private mutating func selectNarrowZeroCount(_ index: Int, _ i: Instruction, _ a: Int) {
        clobberFlags()
        let source = useGeneral(a)
        let result = resultFor(index, overwriting: a, or: a)
        let bits = UInt8(i.type.bits)
        if i.opcode == .ctz {
            if result != source { hot.mov(.b32, result, source) }
            hot.or(.b32, result, imm: 1 &<< Int32(bits))
            hot.bsf(.b32, result, result)
        } else {
            if result != source { hot.mov(.b32, result, source) }
            hot.shl(.b32, result, imm: 32 &- bits)
            hot.or(.b32, result, imm: 1 &<< Int32(31 &- bits))
            hot.bsr(.b32, result, result)
            hot.xor(.b32, result, imm: 31)
        }
        hostFlags = -1
    }

    /// Bytes by BSWAP, the bits in them by swapping ever smaller neighbours.
    private mutating func selectBitReverse(_ index: Int, _ type: Type, _ a: Int, _ w: Width) {
        clobberFlags()
        let source = useGeneral(a)
        let result = allocateGeneral(for: index)
        let mask = scratchGeneral()
        let other = scratchGeneral()
        hot.mov(w, result, source)
        hot.bswap(w, result)
        let steps: [(UInt64, UInt8)] = [
            (0x0F0F_0F0F_0F0F_0F0F, 4), (0x3333_3333_3333_3333, 2), (0x5555_5555_5555_5555, 1),
        ]
        for (bits, n) in steps {
            hot.movImmediate(mask, w == .b64 ? bits : bits & 0xFFFF_FFFF)
            hot.mov(w, other, result)
            hot.shr(w, other, imm: n)
            hot.and(w, other, mask)
            hot.and(w, result, mask)
            hot.shl(w, result, imm: n)
            hot.or(w, result, other)
        }
        if isNarrow(type) { hot.shr(w, result, imm: UInt8(32 &- type.bits)) }
        hostFlags = -1
    }

    /// CRC-32 has no instruction (SSE4.2 has the other polynomial): bit by bit in a loop over the data's bits.
    private mutating func selectCRC(_ index: Int, _ i: Instruction, _ a: Int) {
        clobberFlags()
        if contract.features.contains(.pclmul) { return selectFastCRC(index, i, a) }
        reserve(.rcx)
        let start = useGeneral(a)
        let data = useGeneral(Int(values[Int(i.b)].representative))
        let low = scratchGeneral()
        let result = allocateGeneral(for: index)
        let bits = 8 &<< Int(i.aux)
        // The register is 64 bits wide and holds crc ^ data; each step shifts one bit out of the low end.
        if i.aux < 2 {
            hot.movzx(.b32, low, Width(rawValue: i.aux)!, data)
        } else {
            hot.mov(i.aux == 3 ? .b64 : .b32, low, data)
        }
        hot.mov(.b32, result, start)
        hot.xor(.b64, result, low)
        hot.mov(.b32, .rcx, imm: Int32(bits))
        let polynomial = scratchGeneral()
        hot.mov(.b32, polynomial, imm: Int32(bitPattern: 0xEDB8_8320))
        let top = hot.cursor
        hot.mov(.b64, low, result)
        hot.and(.b32, low, imm: 1)
        hot.neg(.b64, low)
        hot.and(.b64, low, polynomial)
        hot.shr(.b64, result, imm: 1)
        hot.xor(.b64, result, low)
        hot.sub(.b32, .rcx, imm: 1)
        hot.jcc(.ne, to: UnsafeRawPointer(top))
        hostFlags = -1
    }

    /// Barrett's reduction of 64 bits, reflected: the quotient is the low half of a product with x^96 / P, and the remainder the
    /// upper part of that times P. Shorter data stand at the end, behind zeros; what is left of the register is added.
    private mutating func selectFastCRC(_ index: Int, _ i: Instruction, _ a: Int) {
        let start = useGeneral(a)
        let data = useGeneral(Int(values[Int(i.b)].representative))
        let low = scratchGeneral()
        let vector = scratchVector()
        let constants = scratchVector()
        let result = allocateGeneral(for: index)
        if i.aux < 2 {
            hot.movzx(.b32, low, Width(rawValue: i.aux)!, data)
        } else {
            hot.mov(i.aux == 3 ? .b64 : .b32, low, data)
        }
        hot.mov(.b32, result, start)
        hot.xor(.b64, low, result)
        if i.aux < 2 {
            hot.mov(.b32, result, low)
            hot.shr(.b32, result, imm: 8 &<< i.aux)
        }
        if i.aux < 3 { hot.shl(.b64, low, imm: 64 &- (8 &<< i.aux)) }
        materialize(constants, 0xF701_1641, 0xB4E5_B025, 0xDB71_0641, 1)
        moveToVector(vector, low, .b64)
        three(.pclmulqdq, vector, vector, constants, imm: 0x00)
        three(.pclmulqdq, vector, vector, constants, imm: 0x10)
        if hasAVX { hot.avx(.pextrd, low, vector, imm: 2) } else { hot.sse(.pextrd, low, vector, imm: 2) }
        if i.aux < 2 { hot.xor(.b32, result, low) } else { hot.mov(.b32, result, low) }
        hostFlags = -1
    }
}
