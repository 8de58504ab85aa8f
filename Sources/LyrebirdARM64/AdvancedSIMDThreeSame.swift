// C4.1.96 Advanced SIMD: three registers of the same type, vectors and scalars.

import LyrebirdIR

extension Lifter {
    // MARK: Logical

    mutating func andVector(_ i: VectorThree) { setV(i.rd, q: i.q, unit.vand(v(i.rn), v(i.rm))) }
    mutating func bicVector(_ i: VectorThree) { setV(i.rd, q: i.q, unit.vandn(v(i.rn), v(i.rm))) }

    /// MOV (vector) is ORR of a register with itself.
    mutating func orrVector(_ i: VectorThree) {
        let a = v(i.rn)
        setV(i.rd, q: i.q, i.rn == i.rm ? a : unit.vor(a, v(i.rm)))
    }

    mutating func ornVector(_ i: VectorThree) { setV(i.rd, q: i.q, unit.vor(v(i.rn), unit.vnot(v(i.rm)))) }

    /// EOR of a register with itself clears it.
    mutating func eorVector(_ i: VectorThree) {
        if i.rn == i.rm { return setV(i.rd, zeroVector()) }
        setV(i.rd, q: i.q, unit.vxor(v(i.rn), v(i.rm)))
    }

    mutating func bsl(_ i: VectorThree) { setV(i.rd, q: i.q, merged(v(i.rd), v(i.rn), v(i.rm))) }
    mutating func bit(_ i: VectorThree) { setV(i.rd, q: i.q, merged(v(i.rm), v(i.rn), v(i.rd))) }
    mutating func bif(_ i: VectorThree) { setV(i.rd, q: i.q, merged(v(i.rm), v(i.rd), v(i.rn))) }

    /// Bits of a where the mask is one, of b where it is zero.
    private mutating func merged(_ mask: Value, _ a: Value, _ b: Value) -> Value {
        let first = unit.vand(a, mask)
        return unit.vor(first, unit.vandn(b, mask))
    }

    // MARK: Arithmetic

    mutating func addVector(_ i: VectorThree) { setV(i.rd, q: i.q, unit.vadd(lane(i.size), v(i.rn), v(i.rm))) }
    mutating func subVector(_ i: VectorThree) { setV(i.rd, q: i.q, unit.vsub(lane(i.size), v(i.rn), v(i.rm))) }
    mutating func mulVector(_ i: VectorThree) { setV(i.rd, q: i.q, unit.vmul(lane(i.size), v(i.rn), v(i.rm))) }

    mutating func mlaVector(_ i: VectorThree) {
        let product = unit.vmul(lane(i.size), v(i.rn), v(i.rm))
        setV(i.rd, q: i.q, unit.vadd(lane(i.size), v(i.rd), product))
    }

    mutating func mlsVector(_ i: VectorThree) {
        let product = unit.vmul(lane(i.size), v(i.rn), v(i.rm))
        setV(i.rd, q: i.q, unit.vsub(lane(i.size), v(i.rd), product))
    }

    mutating func smaxVector(_ i: VectorThree) { setV(i.rd, q: i.q, unit.vmaxS(lane(i.size), v(i.rn), v(i.rm))) }
    mutating func sminVector(_ i: VectorThree) { setV(i.rd, q: i.q, unit.vminS(lane(i.size), v(i.rn), v(i.rm))) }
    mutating func umaxVector(_ i: VectorThree) { setV(i.rd, q: i.q, unit.vmaxU(lane(i.size), v(i.rn), v(i.rm))) }
    mutating func uminVector(_ i: VectorThree) { setV(i.rd, q: i.q, unit.vminU(lane(i.size), v(i.rn), v(i.rm))) }

    mutating func sabd(_ i: VectorThree) { setV(i.rd, q: i.q, difference(i, signed: true)) }
    mutating func uabd(_ i: VectorThree) { setV(i.rd, q: i.q, difference(i, signed: false)) }

    mutating func saba(_ i: VectorThree) {
        let difference = difference(i, signed: true)
        setV(i.rd, q: i.q, unit.vadd(lane(i.size), v(i.rd), difference))
    }

    mutating func uaba(_ i: VectorThree) {
        let difference = difference(i, signed: false)
        setV(i.rd, q: i.q, unit.vadd(lane(i.size), v(i.rd), difference))
    }

    private mutating func difference(_ i: VectorThree, signed: Bool) -> Value {
        absoluteDifference(lane(i.size), v(i.rn), v(i.rm), signed: signed)
    }

    // MARK: Halving. A sum is twice the common bits and once those that differ; a difference likewise.

    mutating func shadd(_ i: VectorThree) { halvingAdd(i, signed: true) }
    mutating func uhadd(_ i: VectorThree) { halvingAdd(i, signed: false) }
    mutating func srhadd(_ i: VectorThree) { roundingHalvingAdd(i, signed: true) }
    mutating func urhadd(_ i: VectorThree) { roundingHalvingAdd(i, signed: false) }
    mutating func shsub(_ i: VectorThree) { halvingSubtract(i, signed: true) }
    mutating func uhsub(_ i: VectorThree) { halvingSubtract(i, signed: false) }

    private mutating func halvingAdd(_ i: VectorThree, signed: Bool) {
        let a = v(i.rn)
        let b = v(i.rm)
        let half = shiftedRight(lane(i.size), unit.vxor(a, b), 1, signed: signed)
        setV(i.rd, q: i.q, unit.vadd(lane(i.size), unit.vand(a, b), half))
    }

    private mutating func roundingHalvingAdd(_ i: VectorThree, signed: Bool) {
        let a = v(i.rn)
        let b = v(i.rm)
        let half = shiftedRight(lane(i.size), unit.vxor(a, b), 1, signed: signed)
        setV(i.rd, q: i.q, unit.vsub(lane(i.size), unit.vor(a, b), half))
    }

    private mutating func halvingSubtract(_ i: VectorThree, signed: Bool) {
        let a = v(i.rn)
        let b = v(i.rm)
        let half = shiftedRight(lane(i.size), unit.vxor(a, b), 1, signed: signed)
        setV(i.rd, q: i.q, unit.vsub(lane(i.size), half, unit.vandn(b, a)))
    }

    // MARK: Comparisons

    mutating func cmeqRegisterVector(_ i: VectorThree) {
        setV(i.rd, q: i.q, unit.vcmpEQ(lane(i.size), v(i.rn), v(i.rm)))
    }

    mutating func cmgtRegisterVector(_ i: VectorThree) {
        setV(i.rd, q: i.q, unit.vcmpGTS(lane(i.size), v(i.rn), v(i.rm)))
    }

    mutating func cmhiVector(_ i: VectorThree) {
        setV(i.rd, q: i.q, unit.vcmpGTU(lane(i.size), v(i.rn), v(i.rm)))
    }

    mutating func cmgeRegisterVector(_ i: VectorThree) {
        setV(i.rd, q: i.q, compareGE(lane(i.size), v(i.rn), v(i.rm), signed: true))
    }

    mutating func cmhsVector(_ i: VectorThree) {
        setV(i.rd, q: i.q, compareGE(lane(i.size), v(i.rn), v(i.rm), signed: false))
    }

    mutating func cmtstVector(_ i: VectorThree) {
        let common = unit.vand(v(i.rn), v(i.rm))
        setV(i.rd, q: i.q, unit.vnot(unit.vcmpEQ(lane(i.size), common, zeroVector())))
    }

    // MARK: Pairwise

    mutating func addpVector(_ i: VectorThree) {
        let (even, odd) = pairs(i)
        setV(i.rd, unit.vadd(lane(i.size), even, odd))
    }

    mutating func smaxp(_ i: VectorThree) {
        let (even, odd) = pairs(i)
        setV(i.rd, unit.vmaxS(lane(i.size), even, odd))
    }

    mutating func sminp(_ i: VectorThree) {
        let (even, odd) = pairs(i)
        setV(i.rd, unit.vminS(lane(i.size), even, odd))
    }

    mutating func umaxp(_ i: VectorThree) {
        let (even, odd) = pairs(i)
        setV(i.rd, unit.vmaxU(lane(i.size), even, odd))
    }

    mutating func uminp(_ i: VectorThree) {
        let (even, odd) = pairs(i)
        setV(i.rd, unit.vminU(lane(i.size), even, odd))
    }

    /// The even and the odd lanes of Vm:Vn; of halves with zeros above.
    private mutating func pairs(_ i: VectorThree) -> (even: Value, odd: Value) {
        let lane = lane(i.size)
        let a = i.q ? v(i.rn) : halves(i)
        let b = i.q ? v(i.rm) : zeroVector()
        return (unit.vunzipEven(lane, a, b), unit.vunzipOdd(lane, a, b))
    }

    // MARK: Scalars: the lanes of 64 bits, and of what results the lower one

    mutating func addSIMDScalar(_ i: SIMDScalarThree) { setV(i.rd, q: false, unit.vadd(.d, v(i.rn), v(i.rm))) }
    mutating func subSIMDScalar(_ i: SIMDScalarThree) { setV(i.rd, q: false, unit.vsub(.d, v(i.rn), v(i.rm))) }

    mutating func cmeqRegisterSIMDScalar(_ i: SIMDScalarThree) {
        setV(i.rd, q: false, unit.vcmpEQ(.d, v(i.rn), v(i.rm)))
    }

    mutating func cmgtRegisterSIMDScalar(_ i: SIMDScalarThree) {
        setV(i.rd, q: false, unit.vcmpGTS(.d, v(i.rn), v(i.rm)))
    }

    mutating func cmhiSIMDScalar(_ i: SIMDScalarThree) {
        setV(i.rd, q: false, unit.vcmpGTU(.d, v(i.rn), v(i.rm)))
    }

    mutating func cmgeRegisterSIMDScalar(_ i: SIMDScalarThree) {
        setV(i.rd, q: false, compareGE(.d, v(i.rn), v(i.rm), signed: true))
    }

    mutating func cmhsSIMDScalar(_ i: SIMDScalarThree) {
        setV(i.rd, q: false, compareGE(.d, v(i.rn), v(i.rm), signed: false))
    }

    mutating func cmtstSIMDScalar(_ i: SIMDScalarThree) {
        let common = unit.vand(v(i.rn), v(i.rm))
        setV(i.rd, q: false, unit.vnot(unit.vcmpEQ(.d, common, zeroVector())))
    }
}
