// Floating point of SSE: one host instruction each, in the guest's MXCSR. What a host without AVX, FMA or F16C lacks is computed by
// `lyrebird_float`.

import LyrebirdIR

extension CodeGenerator {
    private static func pick(
        _ format: FloatFormat, _ ss: SSEOpcode, _ sd: SSEOpcode, _ ps: SSEOpcode, _ pd: SSEOpcode
    ) -> SSEOpcode {
        switch format {
        case .ss: ss
        case .sd: sd
        case .ps: ps
        case .pd: pd
        }
    }

    /// Those that are one instruction of two vectors.
    static func sseOpcode(_ i: Instruction) -> SSEOpcode? {
        let f = i.format
        switch i.opcode {
        case .sseAdd: return pick(f, .addss, .addsd, .addps, .addpd)
        case .sseSub: return pick(f, .subss, .subsd, .subps, .subpd)
        case .sseMul: return pick(f, .mulss, .mulsd, .mulps, .mulpd)
        case .sseDiv: return pick(f, .divss, .divsd, .divps, .divpd)
        case .sseMin: return pick(f, .minss, .minsd, .minps, .minpd)
        case .sseMax: return pick(f, .maxss, .maxsd, .maxps, .maxpd)
        case .sseAddSub: return f.isDouble ? .addsubpd : .addsubps
        case .sseAddPairs: return f.isDouble ? .haddpd : .haddps
        case .sseSubPairs: return f.isDouble ? .hsubpd : .hsubps
        case .sseSqrt where f.isScalar: return f.isDouble ? .sqrtsd : .sqrtss
        case .sseReciprocal where f.isScalar: return .rcpss
        case .sseReciprocalRoot where f.isScalar: return .rsqrtss
        case .sseConvert: return f.isDouble ? .cvtsd2ss : .cvtss2sd
        default: return nil
        }
    }

    static func orderOpcode(_ i: Instruction) -> SSEOpcode {
        if i.c == 0 { return i.format.isDouble ? .ucomisd : .ucomiss }
        return i.format.isDouble ? .comisd : .comiss
    }

    /// Those of one vector, and the size, as a logarithm, of what they read of it.
    static func unarySSEOpcode(_ i: Instruction) -> (opcode: SSEOpcode, size: UInt8)? {
        let f = i.format
        switch i.opcode {
        case .sseSqrt where !f.isScalar: return (f.isDouble ? .sqrtpd : .sqrtps, 4)
        case .sseReciprocal where !f.isScalar: return (.rcpps, 4)
        case .sseReciprocalRoot where !f.isScalar: return (.rsqrtps, 4)
        case .sseToWords:
            let rounding: SSEOpcode = f.isDouble ? .cvtpd2dq : .cvtps2dq
            return (i.b == 0 ? rounding : f.isDouble ? .cvttpd2dq : .cvttps2dq, 4)
        case .sseFromWords: return f.isDouble ? (.cvtdq2pd, 3) : (.cvtdq2ps, 4)
        case .sseConvertLanes: return f.isDouble ? (.cvtpd2ps, 4) : (.cvtps2pd, 3)
        default: return nil
        }
    }

    mutating func selectSSE(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) {
        let f = i.format
        if let opcode = Self.sseOpcode(i) {
            return binary(opcode, index, Int(values[Int(i.a)].representative), Int(values[Int(i.b)].representative))
        }
        // Of packed numbers the operand that scalars have for their upper lanes is not read.
        if let (opcode, _) = Self.unarySSEOpcode(i) {
            return unary(opcode, index, i.opcode.valueFields == 1 ? i.a : i.b)
        }
        switch i.opcode {
        case .sseRound: roundSSE(index, i)
        case .sseCompare:
            guard i.c < 8 || hasAVX else { return floatByCall(index, i, unit) }
            let (first, second, result) = operands(index, i)
            let opcode = Self.pick(f, .cmpss, .cmpsd, .cmpps, .cmppd)
            three(opcode, result, first, second, imm: UInt8(truncatingIfNeeded: i.c))
        case .sseOrder:
            clobberFlags()
            let first = useVector(Int(values[Int(i.a)].representative))
            let second = useVector(Int(values[Int(i.b)].representative))
            two(Self.orderOpcode(i), first, second)
            hostFlags = Int32(truncatingIfNeeded: index)
        case .sseToInt: convertToInteger(index, i)
        case .sseFromInt: convertFromInteger(index, i, unit)
        case .sseFromHalf:
            guard hasF16C else { return floatByCall(index, i, unit) }
            unary(.vcvtph2ps, index, i.a)
        case .sseToHalf:
            guard hasF16C else { return floatByCall(index, i, unit) }
            let a = Int(values[Int(i.a)].representative)
            let source = useVector(a)
            hot.avx(.vcvtps2ph, vectorResult(index, a), source, imm: UInt8(truncatingIfNeeded: i.b))
        default: fuse(index, i, unit)
        }
    }

    private var hasF16C: Bool { hasAVX && contract.features.contains(.f16c) }

    // MARK: Shapes

    private mutating func operands(_ index: Int, _ i: Instruction) -> (first: XMM, second: XMM, result: XMM) {
        let a = Int(values[Int(i.a)].representative)
        let b = Int(values[Int(i.b)].representative)
        let first = useVector(a)
        let second = useVector(b)
        return (first, second, vectorResult(index, a, orWithAVX: b))
    }

    private mutating func roundSSE(_ index: Int, _ i: Instruction) {
        let mode = UInt8(truncatingIfNeeded: i.c)
        if i.format.isScalar {
            let (first, second, result) = operands(index, i)
            return three(i.format.isDouble ? .roundsd : .roundss, result, first, second, imm: mode)
        }
        let b = Int(values[Int(i.b)].representative)
        let source = useVector(b)
        two(i.format.isDouble ? .roundpd : .roundps, vectorResult(index, b), source, imm: mode)
    }

    private mutating func unary(_ opcode: SSEOpcode, _ index: Int, _ operand: UInt32) {
        let a = Int(values[Int(operand)].representative)
        let source = useVector(a)
        two(opcode, vectorResult(index, a), source)
    }

    // MARK: Integers

    private mutating func convertToInteger(_ index: Int, _ i: Instruction) {
        let source = useVector(Int(values[Int(i.a)].representative))
        let result = allocateGeneral(for: index)
        let isWide = i.type == .i64
        let opcode: SSEOpcode =
            switch (i.format.isDouble, i.b != 0) {
            case (false, false): isWide ? .cvtss2siQ : .cvtss2si
            case (false, true): isWide ? .cvttss2siQ : .cvttss2si
            case (true, false): isWide ? .cvtsd2siQ : .cvtsd2si
            case (true, true): isWide ? .cvttsd2siQ : .cvttsd2si
            }
        two(opcode, result, source)
    }

    private mutating func convertFromInteger(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) {
        let a = Int(values[Int(i.a)].representative)
        let above = useVector(a)
        let number = useGeneral(Int(values[Int(i.b)].representative))
        let result = vectorResult(index, a)
        // The operand's own type: what it is another name of may be wider.
        let isWide = unit.instructions[Int(i.b)].type == .i64
        let single: SSEOpcode = isWide ? .cvtsi2ssQ : .cvtsi2ss
        let opcode = i.format.isDouble ? (isWide ? .cvtsi2sdQ : .cvtsi2sd) : single
        if hasAVX { return hot.avx(opcode, result, above, number) }
        moveVector(result, above)
        hot.sse(opcode, result, number)
    }

    // MARK: Fused operations

    /// The destination is the first operand, as the guest's is.
    private mutating func fuse(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) {
        guard hasFMA else { return floatByCall(index, i, unit) }
        let operation = FusedOperation(rawValue: i.aux)!
        let a = Int(values[Int(i.a)].representative)
        let first = useVector(a)
        let second = useVector(Int(values[Int(i.b)].representative))
        let third = useVector(Int(values[Int(i.c)].representative))
        let result = vectorResult(index, a)
        moveVector(result, first)
        hot.avx(.fused(operation.kind.rawValue, operation.form.rawValue, operation.format), result, second, third)
    }
}

extension SSEOpcode {
    /// FMA's opcodes are regular (SDM volume 2, appendix A.3): the form is in the high digit, the kind in the low one with the scalar
    /// as its lowest bit, and W is double precision.
    static func fused(_ kind: UInt8, _ form: UInt8, _ format: FloatFormat) -> SSEOpcode {
        let digits: (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32) = (8, 0xA, 0xC, 0xE, 6, 7)
        let digit = withUnsafeBytes(of: digits) { $0.load(fromByteOffset: 4 * Int(kind), as: UInt32.self) }
        let opcode = 0x66_0F38_90 + UInt32(form) << 4 + digit + (format.isScalar ? 1 : 0)
        let tuple: Tuple = !format.isScalar ? .vector : format.isDouble ? .bytes8 : .bytes4
        let w: UInt32 = format.isDouble ? 1 : 0
        return three(opcode, tuple, w: w, evexW: w, forms: .noLegacy)
    }
}
