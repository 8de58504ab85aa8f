// Floating point in all lanes: as scalars have it, with a check for a lane that is a NaN.

import LyrebirdIR

extension CodeGenerator {
    mutating func selectVectorFloat(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) {
        if i.opcode.effect == .float, !isHosts(i, unit) { return floatByCall(index, i, unit) }
        let isDouble = i.lane == .d
        switch i.opcode {
        case .vfadd: vectorArithmetic(index, i, isDouble ? .addpd : .addps, unit)
        case .vfsub: vectorArithmetic(index, i, isDouble ? .subpd : .subps, unit)
        case .vfmul: vectorArithmetic(index, i, isDouble ? .mulpd : .mulps, unit)
        case .vfdiv: vectorArithmetic(index, i, isDouble ? .divpd : .divps, unit)
        case .vfmax, .vfmaxNumber: vectorExtremum(index, i, isDouble ? .maxpd : .maxps, unit)
        case .vfmin, .vfminNumber: vectorExtremum(index, i, isDouble ? .minpd : .minps, unit)
        case .vfmulAdd where hasFMA: vectorMultiplyAdd(index, i, unit)
        case .vfsqrt:
            clobberFlags()
            let a = Int(values[Int(i.a)].representative)
            let source = useVector(a)
            let result = allocateVector(for: index)
            two(isDouble ? .sqrtpd : .sqrtps, result, source)
            checkLater(index, i, unit, (a, -1, -1))
        case .vfround:
            let source = useVector(Int(values[Int(i.a)].representative))
            let result = allocateVector(for: index)
            roundVector(result, source, i.lane, i.b)
        case .vfcmpEQ: vectorCompare(index, i.a, i.b, isDouble, 0)
        case .vfcmpGE: vectorCompare(index, i.b, i.a, isDouble, 2)
        case .vfcmpGT: vectorCompare(index, i.b, i.a, isDouble, 1)
        case .vfconvert where i.lane == .d || i.b == 3:
            let a = Int(values[Int(i.a)].representative)
            let source = useVector(a)
            let result = vectorResult(index, a)
            two(i.lane == .d ? .cvtpd2ps : .cvtps2pd, result, source)
        case .vfromIntS where !isDouble:
            let a = Int(values[Int(i.a)].representative)
            let source = useVector(a)
            let result = vectorResult(index, a)
            two(.cvtdq2ps, result, source)
        case .vfromIntS: vectorFromLongs(index, i)
        case .vftointS where !isDouble: vectorToIntegers(index, i, unit)
        case .vftointS: vectorToLongs(index, i, unit)
        default: floatByCall(index, i, unit)
        }
    }

    // MARK: Parts

    /// Jumps if lanes are unordered.
    private mutating func jumpIfAnyNaN(_ a: XMM, _ b: XMM, _ isDouble: Bool) -> ForwardLabel {
        let mask = scratchVector()
        three(isDouble ? .cmppd : .cmpps, mask, a, b, imm: 3)
        return jumpIfAny(mask)
    }

    /// Jumps if any bit is set.
    private mutating func jumpIfAny(_ mask: XMM) -> ForwardLabel {
        two(.ptest, mask, mask)
        return hot.jccForward(.ne, near: true)
    }

    private mutating func roundVector(_ to: XMM, _ source: XMM, _ lane: Lane, _ mode: UInt32) {
        let imm = Self.roundImmediate(mode)
        let opcode: SSEOpcode = lane == .d ? .roundpd : .roundps
        if hasAVX { hot.avx(opcode, to, source, imm: imm) } else { hot.sse(opcode, to, source, imm: imm) }
    }

    // MARK: Arithmetic

    private mutating func vectorArithmetic(_ index: Int, _ i: Instruction, _ opcode: SSEOpcode, _ unit: borrowing Unit)
    {
        clobberFlags()
        let a = Int(values[Int(i.a)].representative)
        let b = Int(values[Int(i.b)].representative)
        let first = useVector(a)
        let second = useVector(b)
        let result = allocateVector(for: index)
        three(opcode, result, first, second)
        checkLater(index, i, unit, (a, b, -1))
    }

    /// Both ways round: where that makes a difference, the numbers are zeros.
    private mutating func vectorExtremum(_ index: Int, _ i: Instruction, _ opcode: SSEOpcode, _ unit: borrowing Unit) {
        clobberFlags()
        let first = useVector(Int(values[Int(i.a)].representative))
        let second = useVector(Int(values[Int(i.b)].representative))
        let result = allocateVector(for: index)
        // Before the jump: what making room for it stores must be stored on both ways.
        let other = scratchVector()
        let label = jumpIfAnyNaN(first, second, i.lane == .d)
        three(opcode, other, second, first)
        three(opcode, result, first, second)
        three(i.opcode == .vfmax || i.opcode == .vfmaxNumber ? .pand : .por, result, result, other)
        floatAside(label, floatWord(i, unit), first, second, into: result)
        hostFlags = -1
    }

    private mutating func vectorMultiplyAdd(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) {
        clobberFlags()
        let a = Int(values[Int(i.a)].representative)
        let b = Int(values[Int(i.b)].representative)
        let c = Int(values[Int(i.c)].representative)
        let first = useVector(a)
        let second = useVector(b)
        let addend = useVector(c)
        let result = allocateVector(for: index)
        moveVector(result, addend)
        hot.avx(i.lane == .d ? .vfmadd231pd : .vfmadd231ps, result, first, second)
        checkLater(index, i, unit, (a, b, c))
    }

    /// CMPPS by its predicate: 0 equal, 1 less, 2 less or equal; false where lanes are unordered.
    private mutating func vectorCompare(_ index: Int, _ a: UInt32, _ b: UInt32, _ isDouble: Bool, _ predicate: UInt8) {
        let first = useVector(Int(values[Int(a)].representative))
        let second = useVector(Int(values[Int(b)].representative))
        let result = allocateVector(for: index)
        three(isDouble ? .cmppd : .cmpps, result, first, second, imm: predicate)
    }

    // MARK: Conversions

    private mutating func vectorFromLongs(_ index: Int, _ i: Instruction) {
        let source = useVector(Int(values[Int(i.a)].representative))
        let low = scratchGeneral()
        let high = scratchGeneral()
        let upper = scratchVector()
        let result = allocateVector(for: index)
        splitVector(low, high, source)
        fromInteger(upper, high, .d, .b64)
        fromInteger(result, low, .d, .b64)
        three(.punpcklqdq, result, result, upper)
    }

    /// What does not fit is the least integer.
    private mutating func vectorToIntegers(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) {
        clobberFlags()
        let source = useVector(Int(values[Int(i.a)].representative))
        let result = allocateVector(for: index)
        var number = source
        if i.b != 3 {
            number = scratchVector()
            roundVector(number, source, .s, i.b | 8)
        }
        two(.cvttps2dq, result, number)
        let least = scratchVector()
        three(.pcmpeqd, least, least, least)
        shift(.pslldImm, least, least, 31)
        three(.pcmpeqd, least, least, result)
        let label = jumpIfAny(least)
        floatAside(label, floatWord(i, unit), source, nil, into: result)
        hostFlags = -1
    }

    private mutating func vectorToLongs(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) {
        clobberFlags()
        let source = useVector(Int(values[Int(i.a)].representative))
        let result = allocateVector(for: index)
        let low = scratchGeneral()
        let high = scratchGeneral()
        let number = scratchVector()
        if i.b != 3 { roundVector(number, source, .d, i.b | 8) } else { moveVector(number, source) }
        truncateDouble(low, number)
        three(.punpckhqdq, number, number, number)
        truncateDouble(high, number)
        hot.cmp(.b64, low, imm: 1)
        let first = hot.jccForward(.o, near: true)
        hot.cmp(.b64, high, imm: 1)
        let second = hot.jccForward(.o, near: true)
        joinVector(result, low, high)
        floatAside(first, or: second, floatWord(i, unit), source, nil, into: result)
        hostFlags = -1
    }

    private mutating func truncateDouble(_ to: GPR, _ source: XMM) {
        if hasAVX { hot.avx(.cvttsd2siQ, to, source) } else { hot.sse(.cvttsd2siQ, to, source) }
    }
}
