// C4.1.96 Advanced SIMD: saturating arithmetic, in all the sections it is spread over. What saturation changed is added to the
// slot of FPSR.QC: of which lanes, and how, does not matter.

import LyrebirdIR

/// What of a register an instruction works on.
enum Extent {
    case full, half, lowest
    init(q: Bool) { self = q ? .full : .half }
}

extension Lifter {
    // MARK: QC

    /// What the extent leaves of a vector: zeros above.
    mutating func cut(_ extent: Extent, _ lane: Lane, _ value: Value) -> Value {
        switch extent {
        case .full: value
        case .half: lowHalf(value)
        case .lowest: lowLane(lane, value)
        }
    }

    /// Sets FPSR.QC if any bit is set.
    private mutating func noteSaturation(_ changes: Value) {
        unit.set(ARM64State.qc, unit.vor(unit.get(.v128, ARM64State.qc), changes))
    }

    private mutating func setSaturated(
        _ rd: Int, _ extent: Extent, _ lane: Lane, _ value: Value, changes: Value
    ) {
        setV(rd, cut(extent, lane, value))
        noteSaturation(cut(extent, lane, changes))
    }

    /// Where the saturated result is never what it would be without.
    private mutating func setSaturated(
        _ rd: Int, _ extent: Extent, _ lane: Lane, _ value: Value, wrapped: Value
    ) {
        setSaturated(rd, extent, lane, value, changes: unit.vxor(value, wrapped))
    }

    /// FPSR.QC as a number.
    mutating func saturation() -> Value {
        let vector = unit.get(.v128, ARM64State.qc)
        let low = unit.vextract(.i64, .d, vector, index: 0)
        let any = unit.or(low, unit.vextract(.i64, .d, vector, index: 1))
        return unit.cset(.i64, .ne, unit.flags(any))
    }

    /// Sets FPSR.QC to a number, 0 or 1.
    mutating func setSaturation(_ value: Value) {
        unit.set(ARM64State.qc, unit.vfromInt(value))
    }

    private mutating func sign(_ lane: Lane) -> Value { splat(lane, ones(lane) ^ ones(lane) &>> 1) }

    // MARK: Sums and differences

    private enum Sum { case addS, addU, subS, subU }

    private mutating func sum(_ sum: Sum, _ lane: Lane, _ a: Value, _ b: Value) -> Value {
        switch sum {
        case .addS: unit.vaddSatS(lane, a, b)
        case .addU: unit.vaddSatU(lane, a, b)
        case .subS: unit.vsubSatS(lane, a, b)
        case .subU: unit.vsubSatU(lane, a, b)
        }
    }

    private mutating func setSum(_ rd: Int, _ extent: Extent, _ lane: Lane, _ kind: Sum, _ a: Value, _ b: Value) {
        let wrapped = kind == .addS || kind == .addU ? unit.vadd(lane, a, b) : unit.vsub(lane, a, b)
        setSaturated(rd, extent, lane, sum(kind, lane, a, b), wrapped: wrapped)
    }

    private mutating func setSum(_ i: VectorThree, _ kind: Sum) {
        setSum(i.rd, Extent(q: i.q), lane(i.size), kind, v(i.rn), v(i.rm))
    }

    private mutating func setSum(_ i: SIMDScalarThree, _ kind: Sum) {
        setSum(i.rd, .lowest, lane(i.size), kind, v(i.rn), v(i.rm))
    }

    mutating func sqaddVector(_ i: VectorThree) { setSum(i, .addS) }
    mutating func uqaddVector(_ i: VectorThree) { setSum(i, .addU) }
    mutating func sqsubVector(_ i: VectorThree) { setSum(i, .subS) }
    mutating func uqsubVector(_ i: VectorThree) { setSum(i, .subU) }
    mutating func sqaddSIMDScalar(_ i: SIMDScalarThree) { setSum(i, .addS) }
    mutating func uqaddSIMDScalar(_ i: SIMDScalarThree) { setSum(i, .addU) }
    mutating func sqsubSIMDScalar(_ i: SIMDScalarThree) { setSum(i, .subS) }
    mutating func uqsubSIMDScalar(_ i: SIMDScalarThree) { setSum(i, .subU) }

    mutating func suqaddVector(_ i: VectorTwo) { mixedAdd(i.rd, i.rn, Extent(q: i.q), lane(i.size), .addU) }
    mutating func usqaddVector(_ i: VectorTwo) { mixedAdd(i.rd, i.rn, Extent(q: i.q), lane(i.size), .addS) }
    mutating func suqaddSIMDScalar(_ i: SIMDScalarTwo) { mixedAdd(i.rd, i.rn, .lowest, lane(i.size), .addU) }
    mutating func usqaddSIMDScalar(_ i: SIMDScalarTwo) { mixedAdd(i.rd, i.rn, .lowest, lane(i.size), .addS) }

    /// An unsigned number added to a signed one, or the reverse: with its highest bit inverted, the accumulator is a number of
    /// the other kind, and saturates where it should.
    private mutating func mixedAdd(_ rd: Int, _ rn: Int, _ extent: Extent, _ lane: Lane, _ kind: Sum) {
        let accumulator = v(rd)
        let addend = v(rn)
        let sign = sign(lane)
        let sum = sum(kind, lane, unit.vxor(accumulator, sign), addend)
        let wrapped = unit.vadd(lane, accumulator, addend)
        setSaturated(rd, extent, lane, unit.vxor(sum, sign), wrapped: wrapped)
    }

    mutating func sqabsVector(_ i: VectorTwo) { saturatedAbs(i.rd, i.rn, Extent(q: i.q), lane(i.size)) }
    mutating func sqabsSIMDScalar(_ i: SIMDScalarTwo) { saturatedAbs(i.rd, i.rn, .lowest, lane(i.size)) }

    private mutating func saturatedAbs(_ rd: Int, _ rn: Int, _ extent: Extent, _ lane: Lane) {
        let value = unit.vabs(lane, v(rn))
        let least = unit.vcmpEQ(lane, value, sign(lane))
        setSaturated(rd, extent, lane, unit.vxor(value, least), changes: least)
    }

    mutating func sqnegVector(_ i: VectorTwo) {
        setSum(i.rd, Extent(q: i.q), lane(i.size), .subS, zeroVector(), v(i.rn))
    }

    mutating func sqnegSIMDScalar(_ i: SIMDScalarTwo) {
        setSum(i.rd, .lowest, lane(i.size), .subS, zeroVector(), v(i.rn))
    }

    // MARK: Narrowing

    private enum Narrowing { case signed, signedToUnsigned, unsigned }

    /// Saturates lanes of twice the width to `lane`. A scalar is one lane; a vector goes to the lower half, or to the upper.
    private mutating func setNarrowed(
        _ rd: Int, _ lane: Lane, _ value: Value, _ narrowing: Narrowing, scalar: Bool = false, upper: Bool = false
    ) {
        let value = scalar ? lowLane(wide(lane), value) : value
        let zero = zeroVector()
        let narrow: Value
        switch narrowing {
        case .signed: narrow = unit.vnarrowS(lane, value, zero)
        case .signedToUnsigned: narrow = unit.vnarrowSU(lane, value, zero)
        case .unsigned: narrow = unit.vnarrowU(lane, value, zero)
        }
        let back = widened(lane, narrow, upper: false, signed: narrowing == .signed)
        let changes = unit.vxor(back, value)
        setV(rd, upper ? unit.vzipLow(.d, v(rd), narrow) : narrow)
        noteSaturation(changes)
    }

    private mutating func setNarrowed(_ i: VectorTwo, _ narrowing: Narrowing) {
        setNarrowed(i.rd, lane(i.size), v(i.rn), narrowing, upper: i.q)
    }

    private mutating func setNarrowed(_ i: SIMDScalarTwo, _ narrowing: Narrowing) {
        setNarrowed(i.rd, lane(i.size), v(i.rn), narrowing, scalar: true)
    }

    mutating func sqxtnVector(_ i: VectorTwo) { setNarrowed(i, .signed) }
    mutating func sqxtunVector(_ i: VectorTwo) { setNarrowed(i, .signedToUnsigned) }
    mutating func uqxtnVector(_ i: VectorTwo) { setNarrowed(i, .unsigned) }
    mutating func sqxtnSIMDScalar(_ i: SIMDScalarTwo) { setNarrowed(i, .signed) }
    mutating func sqxtunSIMDScalar(_ i: SIMDScalarTwo) { setNarrowed(i, .signedToUnsigned) }
    mutating func uqxtnSIMDScalar(_ i: SIMDScalarTwo) { setNarrowed(i, .unsigned) }

    private mutating func shiftNarrowed(_ i: SIMDShift, _ narrowing: Narrowing, rounded: Bool, scalar: Bool) {
        let wide = wide(i.lane)
        let isSigned = narrowing != .unsigned
        let value = scalar ? lowLane(wide, v(i.rn)) : v(i.rn)
        let shifted =
            rounded
            ? roundedRight(wide, value, i.right, signed: isSigned)
            : shiftedRight(wide, value, i.right, signed: isSigned)
        setNarrowed(i.rd, i.lane, shifted, narrowing, scalar: scalar, upper: i.q)
    }

    private mutating func shiftNarrowed(_ i: VectorShift, _ narrowing: Narrowing, rounded: Bool) {
        shiftNarrowed(SIMDShift(i), narrowing, rounded: rounded, scalar: false)
    }

    private mutating func shiftNarrowed(_ i: SIMDScalarShift, _ narrowing: Narrowing, rounded: Bool) {
        shiftNarrowed(SIMDShift(i), narrowing, rounded: rounded, scalar: true)
    }

    mutating func sqshrnVector(_ i: VectorShift) { shiftNarrowed(i, .signed, rounded: false) }
    mutating func sqrshrnVector(_ i: VectorShift) { shiftNarrowed(i, .signed, rounded: true) }
    mutating func sqshrunVector(_ i: VectorShift) { shiftNarrowed(i, .signedToUnsigned, rounded: false) }
    mutating func sqrshrunVector(_ i: VectorShift) { shiftNarrowed(i, .signedToUnsigned, rounded: true) }
    mutating func uqshrnVector(_ i: VectorShift) { shiftNarrowed(i, .unsigned, rounded: false) }
    mutating func uqrshrnVector(_ i: VectorShift) { shiftNarrowed(i, .unsigned, rounded: true) }
    mutating func sqshrnSIMDScalar(_ i: SIMDScalarShift) { shiftNarrowed(i, .signed, rounded: false) }
    mutating func sqrshrnSIMDScalar(_ i: SIMDScalarShift) { shiftNarrowed(i, .signed, rounded: true) }
    mutating func sqshrunSIMDScalar(_ i: SIMDScalarShift) { shiftNarrowed(i, .signedToUnsigned, rounded: false) }
    mutating func sqrshrunSIMDScalar(_ i: SIMDScalarShift) { shiftNarrowed(i, .signedToUnsigned, rounded: true) }
    mutating func uqshrnSIMDScalar(_ i: SIMDScalarShift) { shiftNarrowed(i, .unsigned, rounded: false) }
    mutating func uqrshrnSIMDScalar(_ i: SIMDScalarShift) { shiftNarrowed(i, .unsigned, rounded: true) }

    // MARK: Shifts to the left, which lose nothing if a shift back gives the same

    mutating func sqshlImmediateVector(_ i: VectorShift) { shiftLeftSigned(SIMDShift(i), Extent(q: i.q)) }
    mutating func sqshlImmediateSIMDScalar(_ i: SIMDScalarShift) { shiftLeftSigned(SIMDShift(i), .lowest) }
    mutating func uqshlImmediateVector(_ i: VectorShift) { shiftLeftUnsigned(SIMDShift(i), Extent(q: i.q)) }
    mutating func uqshlImmediateSIMDScalar(_ i: SIMDScalarShift) { shiftLeftUnsigned(SIMDShift(i), .lowest) }
    mutating func sqshluVector(_ i: VectorShift) { shiftLeftToUnsigned(SIMDShift(i), Extent(q: i.q)) }
    mutating func sqshluSIMDScalar(_ i: SIMDScalarShift) { shiftLeftToUnsigned(SIMDShift(i), .lowest) }

    private mutating func shiftLeftSigned(_ i: SIMDShift, _ extent: Extent) {
        let value = v(i.rn)
        let shifted = unit.vshl(i.lane, value, n: Int32(i.left))
        let back = unit.vsar(i.lane, shifted, n: Int32(i.left))
        let result = chosen(unit.vcmpEQ(i.lane, back, value), shifted, signedLimit(i.lane, value))
        setSaturated(i.rd, extent, i.lane, result, changes: unit.vxor(back, value))
    }

    private mutating func shiftLeftUnsigned(_ i: SIMDShift, _ extent: Extent) {
        let value = v(i.rn)
        let shifted = unit.vshl(i.lane, value, n: Int32(i.left))
        let back = unit.vshr(i.lane, shifted, n: Int32(i.left))
        let lost = unit.vnot(unit.vcmpEQ(i.lane, back, value))
        setSaturated(i.rd, extent, i.lane, unit.vor(shifted, lost), changes: lost)
    }

    private mutating func shiftLeftToUnsigned(_ i: SIMDShift, _ extent: Extent) {
        let value = v(i.rn)
        let shifted = unit.vshl(i.lane, value, n: Int32(i.left))
        let back = unit.vshr(i.lane, shifted, n: Int32(i.left))
        let lost = unit.vnot(unit.vcmpEQ(i.lane, back, value))
        let negative = unit.vcmpGTS(i.lane, zeroVector(), value)
        let result = unit.vandn(unit.vor(shifted, lost), negative)
        setSaturated(i.rd, extent, i.lane, result, changes: unit.vor(lost, negative))
    }

    /// The greatest number, or the least one where `value` is negative.
    private mutating func signedLimit(_ lane: Lane, _ value: Value) -> Value {
        unit.vxor(unit.vcmpGTS(lane, zeroVector(), value), splat(lane, ones(lane) &>> 1))
    }

    /// Lanes of a where the mask is set, of b where it is clear.
    private mutating func chosen(_ mask: Value, _ a: Value, _ b: Value) -> Value {
        let first = unit.vand(a, mask)
        return unit.vor(first, unit.vandn(b, mask))
    }

    // MARK: Shifts by a register, to the right where its byte is negative

    mutating func srshlVector(_ i: VectorThree) { setRounded(i.rd, i.rn, i.rm, Extent(q: i.q), lane(i.size), true) }
    mutating func urshlVector(_ i: VectorThree) { setRounded(i.rd, i.rn, i.rm, Extent(q: i.q), lane(i.size), false) }
    mutating func srshlSIMDScalar(_ i: SIMDScalarThree) { setRounded(i.rd, i.rn, i.rm, .lowest, .d, true) }
    mutating func urshlSIMDScalar(_ i: SIMDScalarThree) { setRounded(i.rd, i.rn, i.rm, .lowest, .d, false) }

    private mutating func setRounded(_ rd: Int, _ rn: Int, _ rm: Int, _ extent: Extent, _ lane: Lane, _ signed: Bool) {
        let amount = v(rm)
        let value = shifted(lane, v(rn), amount, negative(lane, amount), signed: signed, rounded: true)
        setV(rd, cut(extent, lane, value))
    }

    mutating func sqshlRegisterVector(_ i: VectorThree) { shiftByRegister(i, signed: true, rounded: false) }
    mutating func uqshlRegisterVector(_ i: VectorThree) { shiftByRegister(i, signed: false, rounded: false) }
    mutating func sqrshlVector(_ i: VectorThree) { shiftByRegister(i, signed: true, rounded: true) }
    mutating func uqrshlVector(_ i: VectorThree) { shiftByRegister(i, signed: false, rounded: true) }
    mutating func sqshlRegisterSIMDScalar(_ i: SIMDScalarThree) { shiftByRegister(i, signed: true, rounded: false) }
    mutating func uqshlRegisterSIMDScalar(_ i: SIMDScalarThree) { shiftByRegister(i, signed: false, rounded: false) }
    mutating func sqrshlSIMDScalar(_ i: SIMDScalarThree) { shiftByRegister(i, signed: true, rounded: true) }
    mutating func uqrshlSIMDScalar(_ i: SIMDScalarThree) { shiftByRegister(i, signed: false, rounded: true) }

    private mutating func shiftByRegister(_ i: VectorThree, signed: Bool, rounded: Bool) {
        shiftByRegister(i.rd, v(i.rn), v(i.rm), Extent(q: i.q), lane(i.size), signed: signed, rounded: rounded)
    }

    private mutating func shiftByRegister(_ i: SIMDScalarThree, signed: Bool, rounded: Bool) {
        shiftByRegister(i.rd, v(i.rn), v(i.rm), .lowest, lane(i.size), signed: signed, rounded: rounded)
    }

    /// Which lanes of `amount` have a negative low byte.
    private mutating func negative(_ lane: Lane, _ amount: Value) -> Value {
        let high = lane == .b ? amount : unit.vshl(lane, amount, n: Int32(lane.bits &- 8))
        return unit.vcmpGTS(lane, zeroVector(), high)
    }

    /// To the right, rounding adds what is shifted out last. Where that is far, both terms are as the rounded result asks.
    private mutating func shifted(
        _ lane: Lane, _ value: Value, _ amount: Value, _ negative: Value, signed: Bool, rounded: Bool
    ) -> Value {
        let whole = signed ? unit.vshiftS(lane, value, amount) : unit.vshiftU(lane, value, amount)
        guard rounded else { return whole }
        let one = splat(lane, 1)
        let before = unit.vadd(lane, amount, one)
        let last = signed ? unit.vshiftS(lane, value, before) : unit.vshiftU(lane, value, before)
        return unit.vadd(lane, whole, unit.vand(unit.vand(last, one), negative))
    }

    private mutating func shiftByRegister(
        _ rd: Int, _ value: Value, _ amount: Value, _ extent: Extent, _ lane: Lane, signed: Bool, rounded: Bool
    ) {
        let negative = negative(lane, amount)
        let shifted = shifted(lane, value, amount, negative, signed: signed, rounded: rounded)
        let reverse = unit.vneg(lane, amount)
        let back = signed ? unit.vshiftS(lane, shifted, reverse) : unit.vshiftU(lane, shifted, reverse)
        // A shift to the right saturates nothing.
        let fits = unit.vor(unit.vcmpEQ(lane, back, value), negative)
        let lost = unit.vnot(fits)
        let result = signed ? chosen(fits, shifted, signedLimit(lane, value)) : unit.vor(shifted, lost)
        setSaturated(rd, extent, lane, result, changes: lost)
    }

    // MARK: Doubled products. Only the least number times itself saturates

    mutating func sqdmulhVector(_ i: VectorThree) { highProduct(i, v(i.rm), rounded: false) }
    mutating func sqrdmulhVector(_ i: VectorThree) { highProduct(i, v(i.rm), rounded: true) }
    mutating func sqdmulhElement(_ i: VectorElement) {
        highProduct(VectorThree(word: i.word), integerElement(i), rounded: false)
    }
    mutating func sqrdmulhElement(_ i: VectorElement) {
        highProduct(VectorThree(word: i.word), integerElement(i), rounded: true)
    }

    private mutating func highProduct(_ i: VectorThree, _ other: Value, rounded: Bool) {
        setHighProduct(i.rd, Extent(q: i.q), lane(i.size), v(i.rn), other, rounded: rounded)
    }

    mutating func sqdmulhSIMDScalar(_ i: SIMDScalarThree) { highProduct(i, v(i.rm), rounded: false) }
    mutating func sqrdmulhSIMDScalar(_ i: SIMDScalarThree) { highProduct(i, v(i.rm), rounded: true) }
    mutating func sqdmulhElementSIMDScalar(_ i: SIMDScalarElement) {
        highProduct(scalar(i), integerElement(i), rounded: false)
    }
    mutating func sqrdmulhElementSIMDScalar(_ i: SIMDScalarElement) {
        highProduct(scalar(i), integerElement(i), rounded: true)
    }

    private mutating func highProduct(_ i: SIMDScalarThree, _ other: Value, rounded: Bool) {
        setHighProduct(i.rd, .lowest, lane(i.size), v(i.rn), other, rounded: rounded)
    }

    /// The same registers and size.
    private func scalar(_ i: SIMDScalarElement) -> SIMDScalarThree { SIMDScalarThree(word: i.word) }

    private mutating func integerElement(_ i: SIMDScalarElement) -> Value {
        integerElement(VectorElement(word: i.word))
    }

    private mutating func setHighProduct(
        _ rd: Int, _ extent: Extent, _ lane: Lane, _ a: Value, _ b: Value, rounded: Bool
    ) {
        let product = rounded ? unit.vmulDoubleHighRound(lane, a, b) : unit.vmulDoubleHigh(lane, a, b)
        let wrong = unit.vcmpEQ(lane, product, sign(lane))
        setSaturated(rd, extent, lane, unit.vxor(product, wrong), changes: wrong)
    }

    // MARK: The same, rounded, added to or subtracted from the destination: FEAT_RDM

    mutating func sqrdmlahVector(_ i: VectorThree) { accumulateHigh(i, v(i.rm), subtracts: false) }
    mutating func sqrdmlshVector(_ i: VectorThree) { accumulateHigh(i, v(i.rm), subtracts: true) }
    mutating func sqrdmlahElement(_ i: VectorElement) {
        accumulateHigh(VectorThree(word: i.word), integerElement(i), subtracts: false)
    }
    mutating func sqrdmlshElement(_ i: VectorElement) {
        accumulateHigh(VectorThree(word: i.word), integerElement(i), subtracts: true)
    }

    private mutating func accumulateHigh(_ i: VectorThree, _ other: Value, subtracts: Bool) {
        accumulateHigh(i.rd, Extent(q: i.q), lane(i.size), v(i.rn), other, subtracts: subtracts)
    }

    mutating func sqrdmlahSIMDScalar(_ i: SIMDScalarThree) { accumulateHigh(i, v(i.rm), subtracts: false) }
    mutating func sqrdmlshSIMDScalar(_ i: SIMDScalarThree) { accumulateHigh(i, v(i.rm), subtracts: true) }
    mutating func sqrdmlahElementSIMDScalar(_ i: SIMDScalarElement) {
        accumulateHigh(scalar(i), integerElement(i), subtracts: false)
    }
    mutating func sqrdmlshElementSIMDScalar(_ i: SIMDScalarElement) {
        accumulateHigh(scalar(i), integerElement(i), subtracts: true)
    }

    private mutating func accumulateHigh(_ i: SIMDScalarThree, _ other: Value, subtracts: Bool) {
        accumulateHigh(i.rd, .lowest, lane(i.size), v(i.rn), other, subtracts: subtracts)
    }

    /// The accumulator is added before the rounding, which makes a difference for what is subtracted: a product half-way
    /// between two is rounded down. The one product that does not fit its lane is taken as the greatest number, and one
    /// more.
    private mutating func accumulateHigh(
        _ rd: Int, _ extent: Extent, _ lane: Lane, _ a: Value, _ b: Value, subtracts: Bool
    ) {
        let accumulator = v(rd)
        var product: Value
        if subtracts {
            let low = unit.vshl(lane, unit.vmul(lane, a, b), n: 1)
            let roundsUp = unit.vcmpGTU(lane, low, sign(lane))
            product = unit.vsub(lane, unit.vmulDoubleHigh(lane, a, b), roundsUp)
        } else {
            product = unit.vmulDoubleHighRound(lane, a, b)
        }
        let wrapped = subtracts ? unit.vsub(lane, accumulator, product) : unit.vadd(lane, accumulator, product)
        let tooLarge = unit.vcmpEQ(lane, product, sign(lane))
        product = unit.vxor(product, tooLarge)
        let first = sum(subtracts ? .subS : .addS, lane, accumulator, product)
        let result = sum(subtracts ? .addS : .subS, lane, first, tooLarge)
        setSaturated(rd, extent, lane, result, wrapped: wrapped)
    }

    // MARK: The same at twice the width

    private enum Accumulation { case none, add, subtract }

    mutating func sqdmullVector(_ i: VectorThree) { longProduct(i, v(i.rm), .none) }
    mutating func sqdmlalVector(_ i: VectorThree) { longProduct(i, v(i.rm), .add) }
    mutating func sqdmlslVector(_ i: VectorThree) { longProduct(i, v(i.rm), .subtract) }
    mutating func sqdmullElement(_ i: VectorElement) {
        longProduct(VectorThree(word: i.word), integerElement(i), .none)
    }
    mutating func sqdmlalElement(_ i: VectorElement) { longProduct(VectorThree(word: i.word), integerElement(i), .add) }
    mutating func sqdmlslElement(_ i: VectorElement) {
        longProduct(VectorThree(word: i.word), integerElement(i), .subtract)
    }

    private mutating func longProduct(_ i: VectorThree, _ other: Value, _ accumulation: Accumulation) {
        let lane = lane(i.size)
        let a = widened(lane, v(i.rn), upper: i.q, signed: true)
        let b = widened(lane, other, upper: i.q, signed: true)
        setLongProduct(i.rd, .full, wide(lane), a, b, accumulation)
    }

    mutating func sqdmullSIMDScalar(_ i: SIMDScalarThree) { longProduct(i, v(i.rm), .none) }
    mutating func sqdmlalSIMDScalar(_ i: SIMDScalarThree) { longProduct(i, v(i.rm), .add) }
    mutating func sqdmlslSIMDScalar(_ i: SIMDScalarThree) { longProduct(i, v(i.rm), .subtract) }
    mutating func sqdmullElementSIMDScalar(_ i: SIMDScalarElement) { longProduct(scalar(i), integerElement(i), .none) }
    mutating func sqdmlalElementSIMDScalar(_ i: SIMDScalarElement) { longProduct(scalar(i), integerElement(i), .add) }
    mutating func sqdmlslElementSIMDScalar(_ i: SIMDScalarElement) {
        longProduct(scalar(i), integerElement(i), .subtract)
    }

    private mutating func longProduct(_ i: SIMDScalarThree, _ other: Value, _ accumulation: Accumulation) {
        let lane = lane(i.size)
        let a = widened(lane, v(i.rn), upper: false, signed: true)
        let b = widened(lane, other, upper: false, signed: true)
        setLongProduct(i.rd, .lowest, wide(lane), a, b, accumulation)
    }

    /// Operands are of the wide lane, extended.
    private mutating func setLongProduct(
        _ rd: Int, _ extent: Extent, _ lane: Lane, _ a: Value, _ b: Value, _ accumulation: Accumulation
    ) {
        let product = longProduct(lane, a, b, signed: true)
        let doubled = unit.vadd(lane, product, product)
        let wrong = unit.vcmpEQ(lane, doubled, sign(lane))
        let saturated = unit.vxor(doubled, wrong)
        guard accumulation != .none else { return setSaturated(rd, extent, lane, saturated, changes: wrong) }
        noteSaturation(cut(extent, lane, wrong))
        setSum(rd, extent, lane, accumulation == .add ? .addS : .subS, v(rd), saturated)
    }
}
