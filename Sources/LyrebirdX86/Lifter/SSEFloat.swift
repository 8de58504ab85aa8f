// SDM volume 1, 10.4.1.2, 11.4.1.2, 12.5.2, 12.6.1, 12.4.4: arithmetic, comparison and rounding of floating-point vectors and scalars.
//
// Where MXCSR masks all exceptions, which is what programs run with, an instruction is its operation. Where it does not, the
// flags behind the operation say whether there is one (#XM). Generated code is left behind each instruction then, so that the
// flags are of one alone.

import LyrebirdIR

extension Lifter {
    // MARK: Exceptions

    /// The flags of MXCSR since generated code was entered, in its order.
    mutating func raisedFlags() -> Value {
        let raised = unit.floatFlags()
        // Of those of the IR that of denormal operands stands elsewhere.
        let above = unit.shl(unit.and(raised, const32(0x1E)), const32(1))
        let denormal = unit.shr(unit.and(raised, const32(0x20)), const32(4))
        return unit.or(unit.or(unit.and(raised, const32(1)), above), denormal)
    }

    /// Does what an instruction does with the results of its operations.
    mutating func finishFloat(_ write: (inout Lifter) -> Void) {
        guard unmasksSSE else { return write(&self) }
        let mxcsr = truncated(unit.get(.i64, X86State.mxcsr), to: .i32)
        var raised = raisedFlags()
        let unmasked = unit.andn(raised, unit.shr(mxcsr, const32(7)))
        // What is found before the result is computed (invalid, denormal, divided by zero) leaves no result to find more about.
        let before = unit.flags(unit.and(unmasked, const32(7)))
        raised = unit.select(.ne, before, unit.and(raised, const32(7)), raised)
        unit.clearFloatFlags()
        unit.set(X86State.mxcsr, unit.zext(.i64, from: .i32, unit.or(mxcsr, raised)))
        trap(.floatingPoint, payload: 19, where: .ne, resultFlags(unmasked))
        write(&self)
        changeMode()
    }

    mutating func setFloat(_ operand: Operand, _ value: Vector, _ i: DecodedInstruction) {
        finishFloat { $0.setVector(operand, value, i) }
    }

    // MARK: Arithmetic

    /// Scalars have the first source's upper lanes.
    private mutating func arithmetic(_ i: DecodedInstruction, _ compute: (inout Lifter, Value, Value) -> Value) {
        let result = combined(i, compute)
        setFloat(i.operand(0), result, i)
    }

    /// Packed instructions of one operand.
    private mutating func packed(_ i: DecodedInstruction, _ compute: (inout Lifter, Value) -> Value) {
        let result = transformed(i, compute)
        setFloat(i.operand(0), result, i)
    }

    mutating func addss(_ i: DecodedInstruction) { arithmetic(i) { $0.unit.sseAdd(.ss, $1, $2) } }
    mutating func addsd(_ i: DecodedInstruction) { arithmetic(i) { $0.unit.sseAdd(.sd, $1, $2) } }
    mutating func addps(_ i: DecodedInstruction) { arithmetic(i) { $0.unit.sseAdd(.ps, $1, $2) } }
    mutating func addpd(_ i: DecodedInstruction) { arithmetic(i) { $0.unit.sseAdd(.pd, $1, $2) } }

    mutating func subss(_ i: DecodedInstruction) { arithmetic(i) { $0.unit.sseSub(.ss, $1, $2) } }
    mutating func subsd(_ i: DecodedInstruction) { arithmetic(i) { $0.unit.sseSub(.sd, $1, $2) } }
    mutating func subps(_ i: DecodedInstruction) { arithmetic(i) { $0.unit.sseSub(.ps, $1, $2) } }
    mutating func subpd(_ i: DecodedInstruction) { arithmetic(i) { $0.unit.sseSub(.pd, $1, $2) } }

    mutating func mulss(_ i: DecodedInstruction) { arithmetic(i) { $0.unit.sseMul(.ss, $1, $2) } }
    mutating func mulsd(_ i: DecodedInstruction) { arithmetic(i) { $0.unit.sseMul(.sd, $1, $2) } }
    mutating func mulps(_ i: DecodedInstruction) { arithmetic(i) { $0.unit.sseMul(.ps, $1, $2) } }
    mutating func mulpd(_ i: DecodedInstruction) { arithmetic(i) { $0.unit.sseMul(.pd, $1, $2) } }

    mutating func divss(_ i: DecodedInstruction) { arithmetic(i) { $0.unit.sseDiv(.ss, $1, $2) } }
    mutating func divsd(_ i: DecodedInstruction) { arithmetic(i) { $0.unit.sseDiv(.sd, $1, $2) } }
    mutating func divps(_ i: DecodedInstruction) { arithmetic(i) { $0.unit.sseDiv(.ps, $1, $2) } }
    mutating func divpd(_ i: DecodedInstruction) { arithmetic(i) { $0.unit.sseDiv(.pd, $1, $2) } }

    mutating func minss(_ i: DecodedInstruction) { arithmetic(i) { $0.unit.sseMin(.ss, $1, $2) } }
    mutating func minsd(_ i: DecodedInstruction) { arithmetic(i) { $0.unit.sseMin(.sd, $1, $2) } }
    mutating func minps(_ i: DecodedInstruction) { arithmetic(i) { $0.unit.sseMin(.ps, $1, $2) } }
    mutating func minpd(_ i: DecodedInstruction) { arithmetic(i) { $0.unit.sseMin(.pd, $1, $2) } }

    mutating func maxss(_ i: DecodedInstruction) { arithmetic(i) { $0.unit.sseMax(.ss, $1, $2) } }
    mutating func maxsd(_ i: DecodedInstruction) { arithmetic(i) { $0.unit.sseMax(.sd, $1, $2) } }
    mutating func maxps(_ i: DecodedInstruction) { arithmetic(i) { $0.unit.sseMax(.ps, $1, $2) } }
    mutating func maxpd(_ i: DecodedInstruction) { arithmetic(i) { $0.unit.sseMax(.pd, $1, $2) } }

    mutating func sqrtss(_ i: DecodedInstruction) { arithmetic(i) { $0.unit.sseSqrt(.ss, $1, $2) } }
    mutating func sqrtsd(_ i: DecodedInstruction) { arithmetic(i) { $0.unit.sseSqrt(.sd, $1, $2) } }
    mutating func sqrtps(_ i: DecodedInstruction) { packed(i) { $0.unit.sseSqrt(.ps, $1, $1) } }
    mutating func sqrtpd(_ i: DecodedInstruction) { packed(i) { $0.unit.sseSqrt(.pd, $1, $1) } }

    // These raise nothing.
    mutating func rcpss(_ i: DecodedInstruction) { combine(i) { $0.unit.sseReciprocal(.ss, $1, $2) } }
    mutating func rcpps(_ i: DecodedInstruction) { transform(i) { $0.unit.sseReciprocal(.ps, $1, $1) } }
    mutating func rsqrtss(_ i: DecodedInstruction) { combine(i) { $0.unit.sseReciprocalRoot(.ss, $1, $2) } }
    mutating func rsqrtps(_ i: DecodedInstruction) { transform(i) { $0.unit.sseReciprocalRoot(.ps, $1, $1) } }

    mutating func addsubps(_ i: DecodedInstruction) { arithmetic(i) { $0.unit.sseAddSub(.ps, $1, $2) } }
    mutating func addsubpd(_ i: DecodedInstruction) { arithmetic(i) { $0.unit.sseAddSub(.pd, $1, $2) } }
    mutating func haddps(_ i: DecodedInstruction) { arithmetic(i) { $0.unit.sseAddPairs(.ps, $1, $2) } }
    mutating func haddpd(_ i: DecodedInstruction) { arithmetic(i) { $0.unit.sseAddPairs(.pd, $1, $2) } }
    mutating func hsubps(_ i: DecodedInstruction) { arithmetic(i) { $0.unit.sseSubPairs(.ps, $1, $2) } }
    mutating func hsubpd(_ i: DecodedInstruction) { arithmetic(i) { $0.unit.sseSubPairs(.pd, $1, $2) } }

    mutating func dpps(_ i: DecodedInstruction) { dotProduct(i, .ps) }
    mutating func dppd(_ i: DecodedInstruction) { dotProduct(i, .pd) }

    /// Products of the lanes that bits 4 to 7 choose, and zeros, are added by pairs; bits 0 to 3 choose where the sum goes.
    private mutating func dotProduct(_ i: DecodedInstruction, _ format: FloatFormat) {
        let chosen = laneMask(i.immediate >> 4, format.lane)
        let written = laneMask(i.immediate, format.lane)
        let sums = combined(i) { lifter, a, b in
            let (a, b) = (lifter.unit.vand(a, chosen), lifter.unit.vand(b, chosen))
            let products = lifter.unit.sseMul(format, a, b)
            var sum = lifter.unit.sseAddPairs(format, products, products)
            if !format.isDouble { sum = lifter.unit.sseAddPairs(format, sum, sum) }
            return lifter.unit.vand(sum, written)
        }
        setFloat(i.operand(0), sums, i)
    }

    /// Ones in the lanes whose bits are set.
    private mutating func laneMask(_ bits: Int64, _ lane: Lane) -> Value {
        func half(_ index: Int) -> UInt64 {
            if lane == .d { return bits >> Int64(index) & 1 != 0 ? .max : 0 }
            let low: UInt64 = bits >> Int64(2 * index) & 1 != 0 ? 0xFFFF_FFFF : 0
            let high: UInt64 = bits >> Int64(2 * index + 1) & 1 != 0 ? 0xFFFF_FFFF << 32 : 0
            return low | high
        }
        return unit.vconst(low: half(0), high: half(1))
    }

    // MARK: Rounding

    /// Bit 2 of the immediate asks for MXCSR's rounding, whatever bits 0 and 1 say.
    private func roundMode(_ i: DecodedInstruction) -> Int32 {
        let mode = Int32(i.immediate & 15)
        return mode & 4 != 0 ? mode & 12 : mode
    }

    mutating func roundss(_ i: DecodedInstruction) {
        let mode = roundMode(i)
        arithmetic(i) { $0.unit.sseRound(.ss, $1, $2, mode: mode) }
    }

    mutating func roundsd(_ i: DecodedInstruction) {
        let mode = roundMode(i)
        arithmetic(i) { $0.unit.sseRound(.sd, $1, $2, mode: mode) }
    }

    mutating func roundps(_ i: DecodedInstruction) {
        let mode = roundMode(i)
        packed(i) { $0.unit.sseRound(.ps, $1, $1, mode: mode) }
    }

    mutating func roundpd(_ i: DecodedInstruction) {
        let mode = roundMode(i)
        packed(i) { $0.unit.sseRound(.pd, $1, $1, mode: mode) }
    }

    // MARK: Comparison

    /// VEX knows 32 predicates, SSE the first eight of them; the other bits are ignored.
    private mutating func compare(_ i: DecodedInstruction, _ format: FloatFormat) {
        let predicate = Int32(i.immediate & (i.prefixes.contains(.vex) ? 31 : 7))
        arithmetic(i) { $0.unit.sseCompare(format, $1, $2, predicate: predicate) }
    }

    mutating func cmpss(_ i: DecodedInstruction) { compare(i, .ss) }
    mutating func cmpsd(_ i: DecodedInstruction) { compare(i, .sd) }
    mutating func cmpps(_ i: DecodedInstruction) { compare(i, .ps) }
    mutating func cmppd(_ i: DecodedInstruction) { compare(i, .pd) }

    private mutating func order(_ i: DecodedInstruction, _ format: FloatFormat, signals: Int32) {
        let second = xmm(i.operand(1), i)
        let flags = unit.sseOrder(format, xmm(i.operand(0), i), second, signals: signals)
        finishFloat { $0.setFlags(flags) }
    }

    mutating func ucomiss(_ i: DecodedInstruction) { order(i, .ss, signals: 0) }
    mutating func ucomisd(_ i: DecodedInstruction) { order(i, .sd, signals: 0) }
    mutating func comiss(_ i: DecodedInstruction) { order(i, .ss, signals: 1) }
    mutating func comisd(_ i: DecodedInstruction) { order(i, .sd, signals: 1) }

    // MARK: Single words (volume 1, 12.4.4)

    /// What is in memory is the lowest word.
    mutating func insertps(_ i: DecodedInstruction) {
        let source = sources(i).second
        let how = Int32(i.immediate & (source.kind == .memory ? 0x3F : 0xFF))
        combine(i) { $0.unit.vinsertWord($1, $2, how: how) }
    }

    mutating func extractps(_ i: DecodedInstruction) {
        let word = unit.vextract(.i32, .s, xmm(i.operand(1), i), index: Int32(i.immediate & 3))
        write(i.operand(0), word, i)
    }

    // MARK: FMA (volume 1, 14.5)

    /// Form, kind and format are in the opcode: all rows of FMA are this one.
    mutating func fma(_ i: DecodedInstruction) {
        let kinds: [FusedOperation.Kind] = [
            .maddsub, .msubadd, .madd, .madd, .msub, .msub, .nmadd, .nmadd, .nmsub, .nmsub,
        ]
        let digit = i.opcodeByte & 15
        let isScalar = digit >= 8 && digit & 1 != 0
        let isDouble = i.rex & 8 != 0
        let format: FloatFormat = isScalar ? (isDouble ? .sd : .ss) : isDouble ? .pd : .ps
        let form = FusedOperation.Form(rawValue: i.opcodeByte >> 4 & 3 - 1)!
        let operation = FusedOperation(kinds[Int(digit) - 6], form, format)
        let third = vector(i.operand(2), i)
        let second = vector(i.operand(1), i)
        let first = vector(i.operand(0), i)
        let low = unit.sseFused(operation, first.low, second.low, third.low)
        var high: Value?
        if let a = first.high, let b = second.high, let c = third.high { high = unit.sseFused(operation, a, b, c) }
        setFloat(i.operand(0), Vector(low: low, high: high), i)
    }
}
