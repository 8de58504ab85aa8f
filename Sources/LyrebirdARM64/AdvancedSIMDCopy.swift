// C4.1.96 Advanced SIMD: copy, permute, extract, table lookup, modified immediate.

import LyrebirdIR

extension Lifter {
    // MARK: Copy

    /// The lane and index that imm5 holds: the lowest one bit is the size, what is above it the index.
    private func lane(_ i: VectorCopy) -> Lane { lane(i.imm5.trailingZeroBitCount) }
    private func index(_ i: VectorCopy) -> Int32 { Int32(i.imm5 &>> (i.imm5.trailingZeroBitCount &+ 1)) }

    mutating func dupElement(_ i: VectorCopy) {
        let lane = lane(i)
        let element = unit.vextract(.i64, lane, v(i.rn), index: index(i))
        setV(i.rd, q: i.q, unit.vsplat(lane, element))
    }

    mutating func dupGeneral(_ i: VectorCopy) {
        setV(i.rd, q: i.q, unit.vsplat(lane(i), x(i.rn)))
    }

    mutating func dupElementSIMDScalar(_ i: VectorCopy) {
        let source = v(i.rn)
        if lane(i) == .d {
            setV(i.rd, index(i) == 0 ? lowHalf(source) : unit.vzipHigh(.d, source, zeroVector()))
        } else {
            let element = unit.vextract(.i64, lane(i), source, index: index(i))
            setV(i.rd, unit.vfromInt(element))
        }
    }

    mutating func umov(_ i: VectorCopy) {
        setX(i.rd, unit.vextract(.i64, lane(i), v(i.rn), index: index(i)))
    }

    mutating func smov(_ i: VectorCopy) {
        let element = unit.vextract(type(i.q), lane(i), v(i.rn), index: index(i))
        let source: Type = lane(i) == .b ? .i8 : lane(i) == .h ? .i16 : .i32
        setRegister(i.rd, i.q, unit.sext(type(i.q), from: source, element))
    }

    mutating func insGeneral(_ i: VectorCopy) {
        let old = v(i.rd)
        setV(i.rd, unit.vinsert(lane(i), old, x(i.rn), index: index(i)))
    }

    mutating func insElement(_ i: VectorCopy) {
        let lane = lane(i)
        let from = Int32(i.imm4 &>> Int(lane.rawValue))
        let old = v(i.rd)
        let source = v(i.rn)
        if lane == .d && index(i) != from {
            setV(i.rd, from == 0 ? unit.vzipLow(.d, old, source) : unit.vzipHigh(.d, source, old))
        } else {
            let element = unit.vextract(.i64, lane, source, index: from)
            setV(i.rd, unit.vinsert(lane, old, element, index: index(i)))
        }
    }

    // MARK: Permute. Of halves, the one vector that holds both is taken apart.

    mutating func uzp1(_ i: VectorThree) {
        let lane = lane(i.size)
        setV(i.rd, i.q ? unit.vunzipEven(lane, v(i.rn), v(i.rm)) : unit.vunzipEven(lane, halves(i), zeroVector()))
    }

    mutating func uzp2(_ i: VectorThree) {
        let lane = lane(i.size)
        setV(i.rd, i.q ? unit.vunzipOdd(lane, v(i.rn), v(i.rm)) : unit.vunzipOdd(lane, halves(i), zeroVector()))
    }

    mutating func zip1(_ i: VectorThree) {
        setV(i.rd, q: i.q, unit.vzipLow(lane(i.size), v(i.rn), v(i.rm)))
    }

    mutating func zip2(_ i: VectorThree) {
        if i.q {
            setV(i.rd, unit.vzipHigh(lane(i.size), v(i.rn), v(i.rm)))
        } else {
            let zipped = unit.vzipLow(lane(i.size), v(i.rn), v(i.rm))
            setV(i.rd, unit.vzipHigh(.d, zipped, zeroVector()))
        }
    }

    mutating func trn1(_ i: VectorThree) {
        let lane = lane(i.size)
        let a = v(i.rn)
        let b = v(i.rm)
        if lane == .d { return setV(i.rd, unit.vzipLow(.d, a, b)) }
        let even = unit.vand(a, splat(wide(lane), ones(lane)))
        let odd = unit.vshl(wide(lane), b, n: Int32(lane.bits))
        setV(i.rd, q: i.q, unit.vor(even, odd))
    }

    mutating func trn2(_ i: VectorThree) {
        let lane = lane(i.size)
        let a = v(i.rn)
        let b = v(i.rm)
        if lane == .d { return setV(i.rd, unit.vzipHigh(.d, a, b)) }
        let even = unit.vshr(wide(lane), a, n: Int32(lane.bits))
        let odd = unit.vandn(b, splat(wide(lane), ones(lane)))
        setV(i.rd, q: i.q, unit.vor(even, odd))
    }

    /// The lower half of Vn, and that of Vm above it.
    mutating func halves(_ i: VectorThree) -> Value { unit.vzipLow(.d, v(i.rn), v(i.rm)) }

    // MARK: Extract

    mutating func ext(_ i: VectorExtract) {
        let a = v(i.rn)
        let b = v(i.rm)
        if i.q {
            setV(i.rd, i.imm4 == 0 ? a : unit.vbytes(a, b, n: Int32(i.imm4)))
        } else {
            let both = unit.vzipLow(.d, a, b)
            setV(i.rd, q: false, unit.vbytes(both, both, n: Int32(i.imm4)))
        }
    }

    // MARK: Table lookup

    mutating func tbl(_ i: TableLookup) { setV(i.rd, q: i.q, lookup(i)) }

    /// Bytes whose index is behind the tables keep what they were.
    mutating func tbx(_ i: TableLookup) {
        let found = lookup(i)
        let limit = splat(.b, UInt64(16 &* i.len &+ 15))
        let outside = unit.vcmpGTU(.b, v(i.rm), limit)
        setV(i.rd, q: i.q, unit.vor(found, unit.vand(v(i.rd), outside)))
    }

    /// An index that is not of a table, less the bytes before it, is 16 or more, or wraps to that.
    private mutating func lookup(_ i: TableLookup) -> Value {
        let index = v(i.rm)
        var found = unit.vlookup(v(i.rn), index)
        for table in 0..<i.len {
            let shifted = unit.vsub(.b, index, splat(.b, UInt64(16 &* table &+ 16)))
            let more = unit.vlookup(v((i.rn &+ table &+ 1) & 31), shifted)
            found = unit.vor(found, more)
        }
        return found
    }

    // MARK: Modified immediate

    /// AdvSIMDExpandImm of the manual's pseudocode (J1.3.4), but for the forms that invert.
    private func expanded(_ i: ModifiedImmediate) -> UInt64 {
        let imm8 = UInt64(i.imm8)
        switch i.cmode &>> 1 {
        case 0...3: return imm8 &<< UInt64((i.cmode &>> 1) &* 8) &* 0x0000_0001_0000_0001
        case 4, 5: return imm8 &<< UInt64((i.cmode &>> 1 & 1) &* 8) &* 0x0001_0001_0001_0001
        default: return (i.cmode & 1 == 0 ? imm8 &<< 8 | 0xFF : imm8 &<< 16 | 0xFFFF) &* 0x0000_0001_0000_0001
        }
    }

    private mutating func setImmediate(_ i: ModifiedImmediate, _ bits: UInt64) {
        setV(i.rd, unit.vconst(low: bits, high: i.q ? bits : 0))
    }

    mutating func moviShifted(_ i: ModifiedImmediate) { setImmediate(i, expanded(i)) }
    mutating func mvni(_ i: ModifiedImmediate) { setImmediate(i, ~expanded(i)) }
    mutating func moviByte(_ i: ModifiedImmediate) { setImmediate(i, UInt64(i.imm8) &* 0x0101_0101_0101_0101) }

    /// Each bit of the immediate is a byte.
    mutating func moviDoubleword(_ i: ModifiedImmediate) {
        var bits: UInt64 = 0
        for bit in 0..<8 where i.imm8 &>> bit & 1 != 0 { bits |= 0xFF &<< UInt64(bit &* 8) }
        setImmediate(i, bits)
    }

    mutating func orrVectorImmediate(_ i: ModifiedImmediate) {
        let bits = expanded(i)
        setV(i.rd, q: i.q, unit.vor(v(i.rd), unit.vconst(low: bits, high: bits)))
    }

    mutating func bicVectorImmediate(_ i: ModifiedImmediate) {
        let bits = expanded(i)
        setV(i.rd, q: i.q, unit.vandn(v(i.rd), unit.vconst(low: bits, high: bits)))
    }

    mutating func fmovVectorImmediate(_ i: ModifiedImmediate) {
        // Of half precision o2, bit 11, is set.
        if i.word &>> 11 & 1 == 1 {
            return setImmediate(i, floatImmediate(i.imm8, .h) &* 0x0001_0001_0001_0001)
        }
        setImmediate(i, i.op ? floatImmediate(i.imm8, .d) : floatImmediate(i.imm8, .s) &* 0x0000_0001_0000_0001)
    }

    /// VFPExpandImm of the manual's pseudocode: sign, three bits of exponent, four of fraction.
    func floatImmediate(_ imm8: Int, _ lane: Lane) -> UInt64 {
        let bits = UInt64(imm8)
        let sign = bits &>> 7
        let fraction = bits & 15
        let low = bits &>> 4 & 3
        let top: UInt64 = bits &>> 6 & 1
        let exponentBits: UInt64 = lane == .d ? 11 : lane == .s ? 8 : 5
        let fractionBits: UInt64 = lane == .d ? 52 : lane == .s ? 23 : 10
        let repeated = top == 1 ? (1 &<< (exponentBits &- 3)) &- 1 : 0
        let exponent = (top ^ 1) &<< (exponentBits &- 1) | repeated &<< 2 | low
        return sign &<< (exponentBits &+ fractionBits) | exponent &<< fractionBits | fraction &<< (fractionBits &- 4)
    }
}
