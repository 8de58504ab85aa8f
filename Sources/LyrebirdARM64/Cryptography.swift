// C4.1.96 Cryptographic AES, two- and three-register SHA, three- and four-register, XAR. Instructions that are a few
// operations on vectors or 64-bit numbers are written as those.

import LyrebirdIR

extension Lifter {
    // MARK: AES. The host's instructions add a key behind a round, AArch64's before it

    mutating func aese(_ i: VectorTwo) {
        let state = unit.vxor(v(i.rd), v(i.rn))
        setV(i.rd, unit.vaesEncryptLast(state, zeroVector()))
    }

    mutating func aesd(_ i: VectorTwo) {
        let state = unit.vxor(v(i.rd), v(i.rn))
        setV(i.rd, unit.vaesDecryptLast(state, zeroVector()))
    }

    mutating func aesmc(_ i: VectorTwo) { setV(i.rd, unit.vaesMix(v(i.rn))) }
    mutating func aesimc(_ i: VectorTwo) { setV(i.rd, unit.vaesMixInverse(v(i.rn))) }

    // MARK: SHA-1

    mutating func sha1c(_ i: VectorThree) { setV(i.rd, unit.vsha1Choose(v(i.rd), v(i.rn), v(i.rm))) }
    mutating func sha1p(_ i: VectorThree) { setV(i.rd, unit.vsha1Parity(v(i.rd), v(i.rn), v(i.rm))) }
    mutating func sha1m(_ i: VectorThree) { setV(i.rd, unit.vsha1Majority(v(i.rd), v(i.rn), v(i.rm))) }

    mutating func sha1h(_ i: VectorTwo) { setV(i.rd, lowLane(.s, rotatedLeft(.s, v(i.rn), 30))) }

    mutating func sha1su0(_ i: VectorThree) {
        let d = v(i.rd)
        let shifted = unit.vbytes(d, v(i.rn), n: 8)
        setV(i.rd, unit.vxor(unit.vxor(shifted, d), v(i.rm)))
    }

    /// The last word depends on the first of the result.
    mutating func sha1su1(_ i: VectorTwo) {
        let mixed = unit.vxor(v(i.rd), unit.vbytes(v(i.rn), zeroVector(), n: 4))
        let rotated = rotatedLeft(.s, mixed, 1)
        let last = unit.vbytes(zeroVector(), rotatedLeft(.s, rotated, 1), n: 4)
        setV(i.rd, unit.vxor(rotated, last))
    }

    // MARK: SHA-256

    mutating func sha256h(_ i: VectorThree) { setV(i.rd, unit.vsha256Hash(v(i.rd), v(i.rn), v(i.rm))) }
    mutating func sha256h2(_ i: VectorThree) { setV(i.rd, unit.vsha256Hash2(v(i.rd), v(i.rn), v(i.rm))) }
    mutating func sha256su0(_ i: VectorTwo) { setV(i.rd, unit.vsha256Schedule0(v(i.rd), v(i.rn))) }

    mutating func sha256su1(_ i: VectorThree) {
        let last = v(i.rm)
        let sum = unit.vadd(.s, v(i.rd), unit.vbytes(v(i.rn), last, n: 4))
        setV(i.rd, unit.vsha256Schedule1(sum, last))
    }

    // MARK: SHA-512, in general registers: a vector has but two numbers

    mutating func sha512h(_ i: VectorThree) {
        let (w0, w1) = doublewords(i.rd)
        let (x0, x1) = doublewords(i.rn)
        let (y0, y1) = doublewords(i.rm)
        let upper = unit.add(unit.add(choice(y1, x0, x1), upperSigma1(y1)), w1)
        let e = unit.add(upper, y0)
        let lower = unit.add(unit.add(choice(e, y1, x0), upperSigma1(e)), w0)
        setDoublewords(i.rd, lower, upper)
    }

    mutating func sha512h2(_ i: VectorThree) {
        let (w0, w1) = doublewords(i.rd)
        let x0 = unit.vextract(.i64, .d, v(i.rn), index: 0)
        let (y0, y1) = doublewords(i.rm)
        let upper = unit.add(unit.add(majority(x0, y1, y0), upperSigma0(y0)), w1)
        let lower = unit.add(unit.add(majority(upper, y0, y1), upperSigma0(upper)), w0)
        setDoublewords(i.rd, lower, upper)
    }

    mutating func sha512su0(_ i: VectorTwo) {
        let d = v(i.rd)
        let next = unit.vbytes(d, v(i.rn), n: 8)
        setV(i.rd, unit.vadd(.d, d, vectorSigma(next, 63, 56, 7)))
    }

    mutating func sha512su1(_ i: VectorThree) {
        let sum = unit.vadd(.d, v(i.rd), v(i.rm))
        setV(i.rd, unit.vadd(.d, sum, vectorSigma(v(i.rn), 45, 3, 6)))
    }

    private mutating func doublewords(_ number: Int) -> (Value, Value) {
        let vector = v(number)
        let low = unit.vextract(.i64, .d, vector, index: 0)
        return (low, unit.vextract(.i64, .d, vector, index: 1))
    }

    private mutating func setDoublewords(_ rd: Int, _ low: Value, _ high: Value) {
        setV(rd, unit.vinsert(.d, unit.vfromInt(low), high, index: 1))
    }

    private mutating func choice(_ x: Value, _ y: Value, _ z: Value) -> Value {
        let first = unit.and(x, y)
        return unit.xor(first, unit.andn(z, x))
    }

    private mutating func majority(_ x: Value, _ y: Value, _ z: Value) -> Value {
        let either = unit.and(unit.or(x, y), z)
        return unit.or(unit.and(x, y), either)
    }

    private mutating func upperSigma0(_ x: Value) -> Value { sigma(x, 28, 34, 39) }
    private mutating func upperSigma1(_ x: Value) -> Value { sigma(x, 14, 18, 41) }

    private mutating func sigma(_ x: Value, _ a: UInt64, _ b: UInt64, _ c: UInt64) -> Value {
        let first = unit.xor(unit.ror(x, const(a)), unit.ror(x, const(b)))
        return unit.xor(first, unit.ror(x, const(c)))
    }

    /// Two rotations to the left and a shift to the right.
    private mutating func vectorSigma(_ x: Value, _ a: Int32, _ b: Int32, _ shift: Int32) -> Value {
        let rotations = unit.vxor(rotatedLeft(.d, x, a), rotatedLeft(.d, x, b))
        return unit.vxor(rotations, unit.vshr(.d, x, n: shift))
    }

    // MARK: SHA-3

    mutating func eor3(_ i: CryptographicFour) { setV(i.rd, unit.vxor(unit.vxor(v(i.rn), v(i.rm)), v(i.ra))) }
    mutating func bcax(_ i: CryptographicFour) { setV(i.rd, unit.vxor(v(i.rn), unit.vandn(v(i.rm), v(i.ra)))) }
    mutating func rax1(_ i: VectorThree) { setV(i.rd, unit.vxor(v(i.rn), rotatedLeft(.d, v(i.rm), 1))) }

    mutating func xar(_ i: CryptographicRotate) {
        let value = unit.vxor(v(i.rn), v(i.rm))
        setV(i.rd, i.imm6 == 0 ? value : rotatedLeft(.d, value, 64 &- Int32(i.imm6)))
    }

    /// By more than 0 and less than the lane's width.
    private mutating func rotatedLeft(_ lane: Lane, _ value: Value, _ n: Int32) -> Value {
        let left = unit.vshl(lane, value, n: n)
        return unit.vor(left, unit.vshr(lane, value, n: Int32(lane.bits) &- n))
    }

    // MARK: SM3 and SM4

    mutating func sm3partw1(_ i: VectorThree) { setV(i.rd, unit.vsm3Part1(v(i.rd), v(i.rn), v(i.rm))) }
    mutating func sm3partw2(_ i: VectorThree) { setV(i.rd, unit.vsm3Part2(v(i.rd), v(i.rn), v(i.rm))) }
    mutating func sm3ss1(_ i: CryptographicFour) { setV(i.rd, unit.vsm3Sum(v(i.rn), v(i.rm), v(i.ra))) }
    mutating func sm3tt1a(_ i: CryptographicIndexed) { setV(i.rd, unit.vsm3Round1A(v(i.rd), v(i.rn), word(i))) }
    mutating func sm3tt1b(_ i: CryptographicIndexed) { setV(i.rd, unit.vsm3Round1B(v(i.rd), v(i.rn), word(i))) }
    mutating func sm3tt2a(_ i: CryptographicIndexed) { setV(i.rd, unit.vsm3Round2A(v(i.rd), v(i.rn), word(i))) }
    mutating func sm3tt2b(_ i: CryptographicIndexed) { setV(i.rd, unit.vsm3Round2B(v(i.rd), v(i.rn), word(i))) }
    mutating func sm4e(_ i: VectorTwo) { setV(i.rd, unit.vsm4Encrypt(v(i.rd), v(i.rn))) }
    mutating func sm4ekey(_ i: VectorThree) { setV(i.rd, unit.vsm4Key(v(i.rn), v(i.rm))) }

    /// The word of Vm that the instruction names, lowest.
    private mutating func word(_ i: CryptographicIndexed) -> Value {
        let vector = v(i.rm)
        return i.imm2 == 0 ? vector : unit.vbytes(vector, vector, n: Int32(4 &* i.imm2))
    }
}
