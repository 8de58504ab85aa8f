// Scalar floating point. The fast way is the host's instruction, and a check whether the result is one that the host chooses
// differently: a NaN, or an integer out of range. Then code that stands aside has `lyrebird_float` compute it from the
// operands, whose registers the result must therefore not take. What has no fast way always goes there. All registers are
// taken before the jump: what makes room for one of them must happen on both ways.

import LyrebirdIR

extension CodeGenerator {
    mutating func selectFloat(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) {
        if i.opcode.effect == .floatFlags { return selectFloatFlags(index, i) }
        if i.opcode.rawValue < LyrebirdIR.Opcode.fadd.rawValue || i.opcode.rawValue >= LyrebirdIR.Opcode.vfadd.rawValue
        {
            return selectVectorFloat(index, i, unit)
        }
        if !isHosts(i, unit) { return floatByCall(index, i, unit) }
        let isDouble = i.lane == .d
        switch i.opcode {
        case .fadd: floatArithmetic(index, i, isDouble ? .addsd : .addss, unit)
        case .fsub: floatArithmetic(index, i, isDouble ? .subsd : .subss, unit)
        case .fmul: floatArithmetic(index, i, isDouble ? .mulsd : .mulss, unit)
        case .fdiv: floatArithmetic(index, i, isDouble ? .divsd : .divss, unit)
        case .fmax, .fmaxNumber: floatExtremum(index, i, isDouble ? .maxsd : .maxss, unit)
        case .fmin, .fminNumber: floatExtremum(index, i, isDouble ? .minsd : .minss, unit)
        case .fsqrt: floatSquareRoot(index, i, unit)
        case .fround: floatRound(index, i, unit)
        case .fmulAdd: floatMultiplyAdd(index, i, unit)
        case .fcompare: if !values[index].isRepeatable { floatCompare(index, i, unit) }
        case .ftointS, .ftointU: floatToInteger(index, i, unit)
        case .fromIntS, .fromIntU: floatFromInteger(index, i, unit)
        default: floatConvert(index, i, unit)
        }
    }

    var hasFMA: Bool { hasAVX && contract.features.contains(.fma) }

    /// Whether there is a fast way, given what the unit may take for granted. Rounding and changes of precision look at no
    /// result, so they need the host's choice of NaN. Half precision has none.
    mutating func isHosts(_ i: Instruction, _ unit: borrowing Unit) -> Bool {
        if unit.floatControl.contains(.flushesSubnormals) || i.lane == .h { return false }
        switch i.opcode {
        case .fround: return !unit.floatControl.contains(.defaultNaN) && i.b != 4 | 8
        case .vfround: return !unit.floatControl.contains(.defaultNaN) && i.b & 7 != 4
        case .fconvert, .vfconvert: return !unit.floatControl.contains(.defaultNaN)
        case .ftointS, .ftointU: return i.b >> 8 == 0
        case .vftointS: return i.b >> 8 == 0 && i.b & 7 != 4
        default: return true
        }
    }

    // MARK: The slow way

    @inline(__always)
    mutating func floatWord(_ i: Instruction, _ unit: borrowing Unit) -> UInt64 {
        Evaluate.floatOperation(i, source: unit.instructions[Int(i.a)].type) ?? 0
    }

    /// Has the result computed by the C function, in the context's words. Keeps all registers but for the flags.
    static func emitFloatCall(
        _ code: inout Assembler, _ avx: Bool, _ stub: UnsafeRawPointer, _ word: UInt64, _ a: XMM?, _ b: XMM?, _ c: XMM?
    ) {
        if let a { storeOperand(&code, avx, ContextField.floatA, a) }
        if let b { storeOperand(&code, avx, ContextField.floatB, b) }
        if let c { storeOperand(&code, avx, ContextField.floatC, c) }
        code.mov(.b64, ContextField.floatOperation, imm: Int32(truncatingIfNeeded: word))
        code.call(to: stub)
    }

    private static func storeOperand(_ code: inout Assembler, _ avx: Bool, _ memory: Memory, _ register: XMM) {
        if avx { code.avx(.movupsStore, memory, register) } else { code.sse(.movupsStore, memory, register) }
    }

    /// Code aside, where `labels` lead: computes the result from the operands and goes on at the cursor.
    mutating func floatAside(
        _ label: ForwardLabel, or other: ForwardLabel? = nil, _ word: UInt64, _ a: XMM, _ b: XMM?, _ c: XMM? = nil,
        into result: XMM
    ) {
        cold.bind(label)
        if let other { cold.bind(other) }
        Self.emitFloatCall(&cold, hasAVX, stubs.floatCall, word, a, b, c)
        if hasAVX {
            cold.avx(.movups, result, ContextField.floatResult)
        } else {
            cold.sse(.movups, result, ContextField.floatResult)
        }
        cold.jmp(to: UnsafeRawPointer(hot.cursor))
    }

    private mutating func floatAside(
        _ label: ForwardLabel, or other: ForwardLabel? = nil, _ word: UInt64, _ a: XMM, into result: GPR, _ width: Width
    ) {
        cold.bind(label)
        if let other { cold.bind(other) }
        Self.emitFloatCall(&cold, hasAVX, stubs.floatCall, word, a, nil, nil)
        cold.mov(width, result, ContextField.floatResult)
        cold.jmp(to: UnsafeRawPointer(hot.cursor))
    }

    /// An operation that has no fast way.
    mutating func floatByCall(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) {
        // Looking at results may call, too, and there is one place for a result.
        if unchecked.count > 0 { checkFloats() }
        clobberFlags()
        let fields = i.opcode.valueFields
        let isInteger = unit.instructions[Int(i.a)].type != .v128
        if isInteger {
            hot.mov(.b64, ContextField.floatA, useGeneral(Int(values[Int(i.a)].representative)))
        }
        let a = isInteger ? nil : useVector(Int(values[Int(i.a)].representative))
        let b = fields & 2 != 0 ? useVector(Int(values[Int(i.b)].representative)) : nil
        let c = fields & 4 != 0 ? useVector(Int(values[Int(i.c)].representative)) : nil
        if i.opcode == .fcompare { reserve(.rax) }
        Self.emitFloatCall(&hot, hasAVX, stubs.floatCall, floatWord(i, unit), a, b, c)
        hostFlags = -1
        if i.opcode == .fcompare {
            hot.mov(.b32, .rax, ContextField.floatResult)
            hot.add(.b8, .rax, imm: 0x7F)
            hot.sahf()
            hostFlags = Int32(truncatingIfNeeded: index)
        } else if i.type == .v128 {
            let result = allocateVector(for: index)
            loadVector(result, ContextField.floatResult)
        } else {
            let result = allocateGeneral(for: index)
            hot.mov(width(i.type), result, ContextField.floatResult)
        }
    }

    /// The flags are MXCSR's and those that the C function has left.
    private mutating func selectFloatFlags(_ index: Int, _ i: Instruction) {
        if i.opcode == .clearFloatFlags {
            hot.mov(.b32, ContextField.floatFlags, imm: 0)
            hot.ldmxcsr(ContextField.mxcsr)
            return
        }
        clobberFlags()
        let result = allocateGeneral(for: index)
        let invalid = scratchGeneral()
        hot.stmxcsr(ContextField.leftMXCSR)
        hot.mov(.b32, result, ContextField.leftMXCSR)
        hot.mov(.b32, invalid, result)
        hot.shr(.b32, result, imm: 1)
        hot.and(.b32, invalid, imm: 1)
        hot.and(.b32, result, imm: 0x1E)
        hot.or(.b32, result, invalid)
        hot.mov(.b32, invalid, ContextField.leftMXCSR)
        hot.and(.b32, invalid, imm: 2)
        hot.shl(.b32, invalid, imm: 4)
        hot.or(.b32, result, invalid)
        hot.or(.b32, result, ContextField.floatFlags)
        hostFlags = -1
    }

    // MARK: Parts

    /// Clears what a scalar instruction took over from its first source above the lowest lane.
    private mutating func clearAbove(_ register: XMM, _ lane: Lane, like value: Int, _ unit: borrowing Unit) {
        let clean = lane == .s ? scalarSlots.words : scalarSlots.doubles
        if hasZerosAbove(UInt32(truncatingIfNeeded: value), lane, unit, isClean: { clean.contains($0) }) { return }
        if lane == .d {
            two(.movq, register, register)
        } else {
            three(.insertps, register, register, register, imm: 0x0E)
        }
    }

    /// - Parameter isClean: whether that is so of the content of a slot.
    mutating func hasZerosAbove(
        _ value: UInt32, _ lane: Lane, _ unit: borrowing Unit, isClean: (Int) -> Bool
    ) -> Bool {
        let values = values
        return unit.hasZerosAbove(value, lane, resolve: { values[Int($0)].representative }, isClean: isClean)
    }

    // MARK: Arithmetic

    private mutating func floatArithmetic(_ index: Int, _ i: Instruction, _ opcode: SSEOpcode, _ unit: borrowing Unit) {
        clobberFlags()
        let a = Int(values[Int(i.a)].representative)
        let b = Int(values[Int(i.b)].representative)
        let first = useVector(a)
        let second = useVector(b)
        let result = allocateVector(for: index)
        three(opcode, result, first, second)
        clearAbove(result, i.lane, like: a, unit)
        checkLater(index, i, unit, (a, b, -1))
    }

    /// MAXSD and MINSD give the second operand of NaNs and of zeros. Of equal numbers AND and OR give what is wanted.
    private mutating func floatExtremum(_ index: Int, _ i: Instruction, _ opcode: SSEOpcode, _ unit: borrowing Unit) {
        clobberFlags()
        let a = Int(values[Int(i.a)].representative)
        let first = useVector(a)
        let second = useVector(Int(values[Int(i.b)].representative))
        let result = allocateVector(for: index)
        // For MAXSD even a quiet NaN is invalid.
        two(i.lane == .d ? .ucomisd : .ucomiss, first, second)
        let unordered = hot.jccForward(.p, near: true)
        three(opcode, result, first, second)
        let differ = hot.jccForward(.ne)
        three(i.opcode == .fmax || i.opcode == .fmaxNumber ? .pand : .por, result, first, second)
        hot.bind(differ)
        // The upper lanes of AND and OR are of both operands.
        if i.lane == .d {
            two(.movq, result, result)
        } else {
            three(.insertps, result, result, result, imm: 0x0E)
        }
        floatAside(unordered, floatWord(i, unit), first, second, into: result)
        hostFlags = -1
    }

    private mutating func floatSquareRoot(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) {
        clobberFlags()
        let a = Int(values[Int(i.a)].representative)
        let source = useVector(a)
        let result = allocateVector(for: index)
        three(i.lane == .d ? .sqrtsd : .sqrtss, result, source, source)
        clearAbove(result, i.lane, like: a, unit)
        checkLater(index, i, unit, (a, -1, -1))
    }

    private mutating func floatMultiplyAdd(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) {
        guard hasFMA else { return floatByCall(index, i, unit) }
        clobberFlags()
        let c = Int(values[Int(i.c)].representative)
        let a = Int(values[Int(i.a)].representative)
        let b = Int(values[Int(i.b)].representative)
        let first = useVector(a)
        let second = useVector(b)
        let addend = useVector(c)
        let result = allocateVector(for: index)
        moveVector(result, addend)
        hot.avx(i.lane == .d ? .vfmadd231sd : .vfmadd231ss, result, first, second)
        clearAbove(result, i.lane, like: c, unit)
        checkLater(index, i, unit, (a, b, c))
    }

    // MARK: Rounding

    /// The immediate of ROUNDSD for a mode of the IR other than 4: by MXCSR for mode 5, and without the exception for being
    /// inexact unless that is asked for.
    static func roundImmediate(_ mode: UInt32) -> UInt8 {
        UInt8(truncatingIfNeeded: mode & 7 == 5 ? 4 : mode & 3) | (mode & 8 != 0 ? 0 : 8)
    }

    /// A scalar rounded to an integral value. Of NaNs the host chooses as we do: there is but one operand.
    private mutating func round(_ to: XMM, _ source: XMM, _ lane: Lane, _ mode: UInt32) {
        three(lane == .d ? .roundsd : .roundss, to, source, source, imm: Self.roundImmediate(mode))
    }

    /// Ties away from zero: what truncation takes away, doubled and truncated, is added. Of numbers below the greatest that can
    /// have a fraction all of that is exact.
    /// - Returns: where to jump from if the number is above.
    private mutating func roundTiesAway(
        _ to: XMM, _ source: XMM, _ lane: Lane, _ general: (GPR, GPR), _ vectors: (XMM, XMM)
    ) -> ForwardLabel {
        let isDouble = lane == .d
        let (magnitude, limit) = general
        let (rest, sign) = vectors
        let opcode: SSEOpcode = isDouble ? .roundsd : .roundss
        moveFromVector(magnitude, source, isDouble ? .b64 : .b32)
        hot.add(isDouble ? .b64 : .b32, magnitude, magnitude)
        hot.movImmediate(
            limit, isDouble ? (0x1p52 as Double).bitPattern &<< 1 : UInt64((0x1p23 as Float).bitPattern) &<< 1)
        hot.cmp(isDouble ? .b64 : .b32, magnitude, limit)
        let large = hot.jccForward(.ae, near: true)
        three(opcode, to, source, source, imm: Self.roundImmediate(3))
        three(isDouble ? .subsd : .subss, rest, source, to)
        three(isDouble ? .addsd : .addss, rest, rest, rest)
        three(opcode, rest, rest, rest, imm: Self.roundImmediate(3))
        three(isDouble ? .addsd : .addss, to, to, rest)
        // Zero has the operand's sign.
        if isDouble { materialize(sign, 0, 0x8000_0000, 0, 0) } else { materialize(sign, 0x8000_0000, 0, 0, 0) }
        three(.pand, rest, source, sign)
        three(.pandn, sign, sign, to)
        three(.por, to, sign, rest)
        return large
    }

    private mutating func floatRound(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) {
        let isTiesAway = i.b & 7 == 4
        if isTiesAway { clobberFlags() }
        let a = Int(values[Int(i.a)].representative)
        let source = useVector(a)
        let result = allocateVector(for: index)
        guard isTiesAway else {
            round(result, source, i.lane, i.b)
            return clearAbove(result, i.lane, like: a, unit)
        }
        let general = (scratchGeneral(), scratchGeneral())
        let label = roundTiesAway(result, source, i.lane, general, (scratchVector(), scratchVector()))
        clearAbove(result, i.lane, like: a, unit)
        floatAside(label, floatWord(i, unit), source, nil, into: result)
        hostFlags = -1
    }

    // MARK: Comparison

    /// UCOMISD has greater, less and equal in CF and ZF, and what is unordered in PF. SETA and SBB make of the first three the
    /// flags of a subtraction: 1 - 0, 0 - 1 and 0 - 0.
    mutating func floatCompare(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) {
        clobberFlags()
        let first = useVector(Int(values[Int(i.a)].representative))
        let second = useVector(Int(values[Int(i.b)].representative))
        reserve(.rax)
        let opcode: SSEOpcode =
            switch (i.lane, i.c) {
            case (.d, 0): .ucomisd
            case (.d, _): .comisd
            case (_, 0): .ucomiss
            default: .comiss
            }
        // SETA keeps the rest of RAX, and would wait for whoever wrote it.
        hot.xor(.b32, .rax, .rax)
        two(opcode, first, second)
        let unordered = hot.jccForward(.p, near: true)
        hot.setcc(.a, .rax)
        hot.sbb(.b8, .rax, imm: 0)
        cold.bind(unordered)
        cold.mov(.b32, .rax, imm: 0x201)
        cold.add(.b8, .rax, imm: 0x7F)
        cold.sahf()
        cold.jmp(to: UnsafeRawPointer(hot.cursor))
        hostFlags = Int32(truncatingIfNeeded: index)
    }

    // MARK: Conversions

    private mutating func truncate(_ to: GPR, _ source: XMM, _ lane: Lane, _ width: Width) {
        let opcode: SSEOpcode =
            switch (lane, width) {
            case (.d, .b64): .cvttsd2siQ
            case (.d, _): .cvttsd2si
            case (_, .b64): .cvttss2siQ
            default: .cvttss2si
            }
        if hasAVX { hot.avx(opcode, to, source) } else { hot.sse(opcode, to, source) }
    }

    /// CVTTSD2SI gives the least integer where the number does not fit, which is seen behind it. For an unsigned number the
    /// bits are compared before, as an integer: above the limit are larger numbers, NaNs, and all that have a sign.
    private mutating func floatToInteger(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) {
        clobberFlags()
        let source = useVector(Int(values[Int(i.a)].representative))
        let w = width(i.type)
        let result = allocateGeneral(for: index)
        let isRounded = i.b != 3
        let number = isRounded ? scratchVector() : source
        let general = (scratchGeneral(), scratchGeneral())
        let from: Width = i.opcode == .ftointU ? .b64 : w
        var labels: (ForwardLabel?, ForwardLabel?)
        if i.b == 4 {
            labels.1 = roundTiesAway(number, source, i.lane, general, (scratchVector(), scratchVector()))
        }
        if i.opcode == .ftointU { labels.0 = jumpIfTooLarge(source, i.lane, w, general) }
        // A number that is too large because it was rounded is invalid and not inexact: rounding does not say so, but another
        // conversion when the number is known to fit.
        if isRounded, i.b != 4 { round(number, source, i.lane, i.b) }
        truncate(result, number, i.lane, from)
        if i.opcode == .ftointS {
            hot.cmp(w, result, imm: 1)
            labels.0 = hot.jccForward(.o, near: true)
        }
        if isRounded { truncate(general.0, source, i.lane, from) }
        if let label = labels.0 { floatAside(label, or: labels.1, floatWord(i, unit), source, into: result, w) }
        hostFlags = -1
    }

    /// Jumps if a number may be beyond an unsigned integer, has a sign, or is none. Doubles that rounding could bring to 2^32 are
    /// beyond.
    private mutating func jumpIfTooLarge(
        _ source: XMM, _ lane: Lane, _ width: Width, _ general: (GPR, GPR)
    ) -> ForwardLabel {
        let isDouble = lane == .d
        let limit: UInt64 =
            isDouble
            ? (width == .b64 ? 0x1p63 : 4_294_967_295.0 as Double).bitPattern
            : UInt64((width == .b64 ? 0x1p63 : 0x1p32 as Float).bitPattern)
        moveFromVector(general.0, source, isDouble ? .b64 : .b32)
        hot.movImmediate(general.1, limit)
        hot.cmp(isDouble ? .b64 : .b32, general.0, general.1)
        return hot.jccForward(.ae, near: true)
    }

    /// CVTSI2SD, after the register was cleared: it keeps the upper lanes.
    mutating func fromInteger(_ to: XMM, _ source: GPR, _ lane: Lane, _ width: Width) {
        let opcode: SSEOpcode =
            switch (lane, width) {
            case (.d, .b64): .cvtsi2sdQ
            case (.d, _): .cvtsi2sd
            case (_, .b64): .cvtsi2ssQ
            default: .cvtsi2ss
            }
        three(.pxor, to, to, to)
        if hasAVX { hot.avx(opcode, to, to, source) } else { hot.sse(opcode, to, source) }
    }

    private mutating func floatFromInteger(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) {
        let isWide = unit.instructions[Int(i.a)].type == .i64
        if i.opcode == .fromIntS || !isWide {
            let source = useGeneral(Int(values[Int(i.a)].representative))
            let result = allocateVector(for: index)
            if i.opcode == .fromIntS { return fromInteger(result, source, i.lane, isWide ? .b64 : .b32) }
            let number = scratchGeneral()
            hot.mov(.b32, number, source)
            return fromInteger(result, number, i.lane, .b64)
        }
        if contract.features.contains(.avx512vl) {
            let source = useGeneral(Int(values[Int(i.a)].representative))
            let result = allocateVector(for: index)
            three(.pxor, result, result, result)
            return hot.avx(i.lane == .d ? .vcvtusi2sdQ : .vcvtusi2ssQ, result, result, source)
        }
        clobberFlags()
        let source = useGeneral(Int(values[Int(i.a)].representative))
        let result = allocateVector(for: index)
        let number = scratchGeneral()
        let low = scratchGeneral()
        hot.test(.b64, source, source)
        let large = hot.jccForward(.s, near: true)
        fromInteger(result, source, i.lane, .b64)
        swap(&hot, &cold)
        hot.bind(large)
        // Half of it, what is shifted out kept for the rounding, and twice that.
        hot.mov(.b64, number, source)
        hot.mov(.b32, low, source)
        hot.shr(.b64, number, imm: 1)
        hot.and(.b32, low, imm: 1)
        hot.or(.b64, number, low)
        fromInteger(result, number, i.lane, .b64)
        three(i.lane == .d ? .addsd : .addss, result, result, result)
        hot.jmp(to: UnsafeRawPointer(cold.cursor))
        swap(&hot, &cold)
        hostFlags = -1
    }

    private mutating func floatConvert(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) {
        // Half precision is rare, and without F16C the host has none.
        if i.b == 1 { return floatByCall(index, i, unit) }
        let source = useVector(Int(values[Int(i.a)].representative))
        let result = allocateVector(for: index)
        three(.pxor, result, result, result)
        let opcode: SSEOpcode = i.lane == .d ? .cvtsd2ss : .cvtss2sd
        if hasAVX { hot.avx(opcode, result, result, source) } else { hot.sse(opcode, result, source) }
    }
}
