// C4.1.96 Advanced SIMD: three registers of different types, and vector by indexed element.
//
// The forms that end in 2 (q) take the upper halves of their narrow operands, or write the upper half of a narrow result.

import LyrebirdIR

extension Lifter {
    // MARK: Long and wide

    mutating func saddl(_ i: VectorThree) { setV(i.rd, unit.vadd(wide(lane(i.size)), n(i, true), m(i, true))) }
    mutating func uaddl(_ i: VectorThree) { setV(i.rd, unit.vadd(wide(lane(i.size)), n(i, false), m(i, false))) }
    mutating func ssubl(_ i: VectorThree) { setV(i.rd, unit.vsub(wide(lane(i.size)), n(i, true), m(i, true))) }
    mutating func usubl(_ i: VectorThree) { setV(i.rd, unit.vsub(wide(lane(i.size)), n(i, false), m(i, false))) }
    mutating func saddw(_ i: VectorThree) { setV(i.rd, unit.vadd(wide(lane(i.size)), v(i.rn), m(i, true))) }
    mutating func uaddw(_ i: VectorThree) { setV(i.rd, unit.vadd(wide(lane(i.size)), v(i.rn), m(i, false))) }
    mutating func ssubw(_ i: VectorThree) { setV(i.rd, unit.vsub(wide(lane(i.size)), v(i.rn), m(i, true))) }
    mutating func usubw(_ i: VectorThree) { setV(i.rd, unit.vsub(wide(lane(i.size)), v(i.rn), m(i, false))) }

    /// Vn's half, widened.
    private mutating func n(_ i: VectorThree, _ signed: Bool) -> Value {
        widened(lane(i.size), v(i.rn), upper: i.q, signed: signed)
    }

    /// Vm's half, widened.
    private mutating func m(_ i: VectorThree, _ signed: Bool) -> Value {
        widened(lane(i.size), v(i.rm), upper: i.q, signed: signed)
    }

    // MARK: Absolute differences, which fit the narrow lanes as unsigned numbers

    mutating func sabdl(_ i: VectorThree) { setV(i.rd, longDifference(i, signed: true)) }
    mutating func uabdl(_ i: VectorThree) { setV(i.rd, longDifference(i, signed: false)) }

    mutating func sabal(_ i: VectorThree) {
        let difference = longDifference(i, signed: true)
        setV(i.rd, unit.vadd(wide(lane(i.size)), v(i.rd), difference))
    }

    mutating func uabal(_ i: VectorThree) {
        let difference = longDifference(i, signed: false)
        setV(i.rd, unit.vadd(wide(lane(i.size)), v(i.rd), difference))
    }

    private mutating func longDifference(_ i: VectorThree, signed: Bool) -> Value {
        let difference = absoluteDifference(lane(i.size), v(i.rn), v(i.rm), signed: signed)
        return widened(lane(i.size), difference, upper: i.q, signed: false)
    }

    // MARK: Products

    mutating func smullVector(_ i: VectorThree) { setV(i.rd, longProduct(i, signed: true)) }
    mutating func umullVector(_ i: VectorThree) { setV(i.rd, longProduct(i, signed: false)) }

    mutating func smlalVector(_ i: VectorThree) {
        let product = longProduct(i, signed: true)
        setV(i.rd, unit.vadd(wide(lane(i.size)), v(i.rd), product))
    }

    mutating func umlalVector(_ i: VectorThree) {
        let product = longProduct(i, signed: false)
        setV(i.rd, unit.vadd(wide(lane(i.size)), v(i.rd), product))
    }

    mutating func smlslVector(_ i: VectorThree) {
        let product = longProduct(i, signed: true)
        setV(i.rd, unit.vsub(wide(lane(i.size)), v(i.rd), product))
    }

    mutating func umlslVector(_ i: VectorThree) {
        let product = longProduct(i, signed: false)
        setV(i.rd, unit.vsub(wide(lane(i.size)), v(i.rd), product))
    }

    private mutating func longProduct(_ i: VectorThree, signed: Bool) -> Value {
        longProduct(wide(lane(i.size)), n(i, signed), m(i, signed), signed: signed)
    }

    // MARK: The upper halves of sums and differences, narrowed

    mutating func addhn(_ i: VectorThree) {
        setUpperHalves(i, unit.vadd(wide(lane(i.size)), v(i.rn), v(i.rm)), rounded: false)
    }

    mutating func raddhn(_ i: VectorThree) {
        setUpperHalves(i, unit.vadd(wide(lane(i.size)), v(i.rn), v(i.rm)), rounded: true)
    }

    mutating func subhn(_ i: VectorThree) {
        setUpperHalves(i, unit.vsub(wide(lane(i.size)), v(i.rn), v(i.rm)), rounded: false)
    }

    mutating func rsubhn(_ i: VectorThree) {
        setUpperHalves(i, unit.vsub(wide(lane(i.size)), v(i.rn), v(i.rm)), rounded: true)
    }

    private mutating func setUpperHalves(_ i: VectorThree, _ value: Value, rounded: Bool) {
        let lane = lane(i.size)
        var value = value
        if rounded { value = unit.vadd(wide(lane), value, splat(wide(lane), 1 &<< UInt64(lane.bits &- 1))) }
        let narrow = unit.vunzipOdd(lane, value, zeroVector())
        setV(i.rd, i.q ? unit.vzipLow(.d, v(i.rd), narrow) : narrow)
    }

    // MARK: Vector by indexed element

    mutating func mulElement(_ i: VectorElement) {
        let element = integerElement(i)
        setV(i.rd, q: i.q, unit.vmul(lane(i.size), v(i.rn), element))
    }

    mutating func mlaElement(_ i: VectorElement) {
        let product = unit.vmul(lane(i.size), v(i.rn), integerElement(i))
        setV(i.rd, q: i.q, unit.vadd(lane(i.size), v(i.rd), product))
    }

    mutating func mlsElement(_ i: VectorElement) {
        let product = unit.vmul(lane(i.size), v(i.rn), integerElement(i))
        setV(i.rd, q: i.q, unit.vsub(lane(i.size), v(i.rd), product))
    }

    mutating func smullElement(_ i: VectorElement) { setV(i.rd, longProduct(i, signed: true)) }
    mutating func umullElement(_ i: VectorElement) { setV(i.rd, longProduct(i, signed: false)) }

    mutating func smlalElement(_ i: VectorElement) {
        let product = longProduct(i, signed: true)
        setV(i.rd, unit.vadd(wide(lane(i.size)), v(i.rd), product))
    }

    mutating func umlalElement(_ i: VectorElement) {
        let product = longProduct(i, signed: false)
        setV(i.rd, unit.vadd(wide(lane(i.size)), v(i.rd), product))
    }

    mutating func smlslElement(_ i: VectorElement) {
        let product = longProduct(i, signed: true)
        setV(i.rd, unit.vsub(wide(lane(i.size)), v(i.rd), product))
    }

    mutating func umlslElement(_ i: VectorElement) {
        let product = longProduct(i, signed: false)
        setV(i.rd, unit.vsub(wide(lane(i.size)), v(i.rd), product))
    }

    /// The element in every lane. Halfwords are in V0 … V15 only, since the index takes a bit of the number.
    mutating func integerElement(_ i: VectorElement) -> Value {
        let half = i.size == 1
        let source = v(half ? i.rm : i.mrm)
        let element = unit.vextract(.i64, lane(i.size), source, index: Int32(half ? i.indexHalf : i.indexWord))
        return unit.vsplat(lane(i.size), element)
    }

    private mutating func longProduct(_ i: VectorElement, signed: Bool) -> Value {
        let lane = lane(i.size)
        let element = widened(lane, integerElement(i), upper: false, signed: signed)
        let factor = widened(lane, v(i.rn), upper: i.q, signed: signed)
        return longProduct(wide(lane), factor, element, signed: signed)
    }
}
