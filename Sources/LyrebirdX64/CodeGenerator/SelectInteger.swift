// Integer instructions. Two-operand forms take over the register of an operand that dies; LEA serves where flags are live or
// nothing may be overwritten.

import LyrebirdIR

extension CodeGenerator {
    /// The operand as a sign-extended 32-bit immediate of an instruction of the type, if it is one.
    @inline(__always)
    func smallConstant(_ value: Int, _ type: Type) -> Int32? {
        guard values[value].isConstant else { return nil }
        let bits = constantBits[value]
        if type == .i64 { return Int32(exactly: Int64(bitPattern: bits)) }
        return Int32(truncatingIfNeeded: bits)
    }

    @inline(__always) func width(_ type: Type) -> Width { type == .i64 ? .b64 : .b32 }

    // MARK: Addition, subtraction, logic

    mutating func selectArithmetic(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) {
        var a = Int(values[Int(i.a)].representative)
        let w = width(i.type)
        switch i.opcode {
        case .not:
            let result = allocateGeneral(for: index, startingAs: a, w)
            hot.not(w, result)
            if wantsFlags(index) { testResult(index, result, w) }
            return
        case .neg:
            clobberFlags()
            let result = allocateGeneral(for: index, startingAs: a, w)
            hot.neg(w, result)
            definesFlags(index)
            return
        default: break
        }
        var b = Int(values[Int(i.b)].representative)
        let commutes = i.opcode != .sub && i.opcode != .sbc && i.opcode != .andn
        if commutes, values[a].isConstant, !values[b].isConstant { swap(&a, &b) }
        switch i.opcode {
        case .add where !wantsFlags(index): return selectAddition(index, i, a, b)
        case .sub where !wantsFlags(index):
            if let n = smallConstant(b, i.type), n != .min, i.type == .i64 || i.type == .i32 {
                return addConstant(index, a, 0 &- n, w)
            }
        case .adc, .sbc: useFlags(Int(values[Int(i.c)].representative), unit)
        case .andn: return selectAndNot(index, i, a, b, w)
        case .and where !wantsFlags(index):
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
        if let n = smallConstant(b, i.type) {
            let result = allocateGeneral(for: index, startingAs: a, w)
            hot.arithmetic(operation, w, result, imm: n)
        } else {
            let first = useGeneral(a)
            let second = useGeneral(b)
            if commutes, !canOverwrite(a, for: index), canOverwrite(b, for: index) {
                takeOver(b, for: index)
                hot.arithmetic(operation, w, second, first)
            } else {
                let result = startResult(index, as: a, in: first, w)
                hot.arithmetic(operation, w, result, second)
            }
        }
        definesFlags(index)
    }

    private mutating func testResult(_ index: Int, _ result: GPR, _ w: Width) {
        clobberFlags()
        hot.test(w, result, result)
        definesFlags(index)
    }

    /// Addition without flags: in place or by LEA, which leaves the host's flags alone.
    private mutating func selectAddition(_ index: Int, _ i: Instruction, _ a: Int, _ b: Int) {
        let w = width(i.type)
        if values[index].isAddress {
            let address = addresses[index]
            let base = useGeneral(Int(address.base))
            let shifted = useGeneral(Int(address.index))
            let result = resultFor(index, overwriting: Int(address.base), or: Int(address.index))
            hot.lea(.b64, result, Memory(base: base, index: shifted, scale: address.scale))
            return
        }
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
    private mutating func resultFor(_ index: Int, overwriting a: Int, or b: Int) -> GPR {
        for value in [a, b] where canOverwrite(value, for: index) {
            let register = GPR(values[value].register)
            takeOver(value, for: index)
            return register
        }
        return allocateGeneral(for: index)
    }

    private mutating func addConstant(_ index: Int, _ a: Int, _ n: Int32, _ w: Width) {
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
        let w = width(type)
        switch opcode {
        case .sub:
            let first = useGeneral(a)
            if let n = smallConstant(b, type) {
                if n == 0 { hot.test(w, first, first) } else { hot.cmp(w, first, imm: n) }
            } else {
                hot.cmp(w, first, useGeneral(b))
            }
        case .and:
            let first = useGeneral(a)
            if let n = smallConstant(b, type) {
                if n >= 0, n < 128, first.rawValue < 4 {
                    hot.test(.b8, first, imm: n)
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

    private mutating func selectAndNot(_ index: Int, _ i: Instruction, _ a: Int, _ b: Int, _ w: Width) {
        clobberFlags()
        if values[b].isConstant, let n = Int32(exactly: ~Int64(bitPattern: signExtended(constantBits[b], i.type))) {
            let result = allocateGeneral(for: index, startingAs: a, w)
            hot.and(w, result, imm: n)
        } else if contract.features.contains(.bmi1) {
            let first = useGeneral(a)
            let second = useGeneral(b)
            let result = resultFor(index, overwriting: a, or: b)
            hot.andn(w, result, second, first)
        } else {
            let first = useGeneral(a)
            let second = useGeneral(b)
            let inverted = scratchGeneral()
            hot.mov(w, inverted, second)
            hot.not(w, inverted)
            let result = startResult(index, as: a, in: first, w)
            hot.and(w, result, inverted)
        }
        definesFlags(index)
    }

    private func signExtended(_ bits: UInt64, _ type: Type) -> UInt64 {
        type == .i32 ? UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: bits))) : bits
    }

    // MARK: Multiplication and division

    mutating func selectMultiplication(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) {
        let a = Int(values[Int(i.a)].representative)
        let b = Int(values[Int(i.b)].representative)
        let w = width(i.type)
        clobberFlags()
        switch i.opcode {
        case .mul:
            if let n = smallConstant(b, i.type) {
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
                    let result = startResult(index, as: a, in: first, w)
                    hot.imul(w, result, second)
                }
            }
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
            let zero = hot.jccForward(.e)
            var overflow: ForwardLabel?
            if signed {
                hot.cmp(w, divisor, imm: -1)
                overflow = hot.jccForward(.e)
            }
            divide(w, divisor, signed)
            let done = hot.jmpForward()
            if let overflow {
                hot.bind(overflow)
                hot.neg(w, .rax)
                let negated = hot.jmpForward()
                hot.bind(zero)
                hot.xor(.b32, .rax, .rax)
                hot.bind(negated)
            } else {
                hot.bind(zero)
                hot.xor(.b32, .rax, .rax)
            }
            hot.bind(done)
        }
        giveRegister(.rax, to: index)
    }

    /// The IR's quotient of twice the width. The host's division stands where it cannot overflow.
    mutating func selectWideDivision(_ index: Int, _ i: Instruction) {
        let w = width(i.type)
        clobberFlags()
        reserve(.rax)
        reserve(.rdx)
        let high = useGeneral(Int(values[Int(i.a)].representative))
        let low = useGeneral(Int(values[Int(i.b)].representative))
        let divisor = useGeneral(Int(values[Int(i.c)].representative))
        hot.mov(w, .rdx, high)
        hot.mov(w, .rax, low)
        hot.cmp(w, .rdx, divisor)
        let fits = hot.jccForward(.b)
        hot.movImmediate(.rax, UInt64.max)
        let done = hot.jmpForward()
        hot.bind(fits)
        hot.div(w, divisor)
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
        if high == low {
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
            let result = allocateGeneral(for: index, startingAs: a, w)
            hot.bswap(w, result)
        case .bitreverse: selectBitReverse(index, a, w)
        case .clz, .ctz: selectZeroCount(index, i.opcode == .clz, a, w)
        case .popcnt:
            clobberFlags()
            let source = useGeneral(a)
            let result = resultFor(index, overwriting: a, or: a)
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

    /// Bytes by BSWAP, the bits in them by swapping ever smaller neighbours.
    private mutating func selectBitReverse(_ index: Int, _ a: Int, _ w: Width) {
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
