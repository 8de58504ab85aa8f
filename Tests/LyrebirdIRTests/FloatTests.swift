// What floating-point operations mean, by examples from the corners: NaNs, zeros, infinities, and integers out of range.

import LyrebirdIR
import Testing

@Suite struct FloatTests {
    private func scalar(
        _ opcode: Opcode, _ lane: Lane, _ a: UInt64, _ b: UInt64 = 0, _ c: UInt64 = 0, type: Type = .v128,
        immediate: UInt32 = 0,
        source: Type = .v128
    ) throws -> UInt64 {
        let i = Instruction(opcode, type, lane.rawValue, 0, immediate)
        var environment = FloatEnvironment()
        let word = try #require(Evaluate.floatOperation(i, source: source))
        return UInt64(truncatingIfNeeded: Evaluate.float(word, UInt128(a), UInt128(b), UInt128(c), &environment))
    }

    private static let infinity = Double.infinity.bitPattern
    private static let quiet: UInt64 = 0x7FF8_0000_0000_0000
    private static let one = 1.0.bitPattern
    private static let minusZero: UInt64 = 1 << 63

    @Test func signallingNaNsComeFirst() throws {
        let quietNaN: UInt64 = 0xFFF8_0000_0000_0001
        let signalling: UInt64 = 0x7FF0_0000_0000_0002
        #expect(try scalar(.fadd, .d, quietNaN, signalling) == signalling | 1 << 51)
        #expect(try scalar(.fadd, .d, signalling, quietNaN) == signalling | 1 << 51)
        #expect(try scalar(.fsub, .d, Self.one, quietNaN) == quietNaN)
        #expect(try scalar(.fmul, .d, quietNaN, Self.quiet) == quietNaN)
        #expect(try scalar(.fadd, .s, 0xFFC0_0001, 0x7F80_0002) == 0x7FC0_0002)
        // The addend comes before the factors.
        #expect(try scalar(.fmulAdd, .d, Self.quiet | 1, Self.quiet | 2, Self.quiet | 3) == Self.quiet | 3)
    }

    @Test func invalidOperationsGiveThePositiveNaN() throws {
        let minusInfinity = Self.infinity | 1 << 63
        #expect(try scalar(.fadd, .d, Self.infinity, minusInfinity) == Self.quiet)
        #expect(try scalar(.fsub, .d, Self.infinity, Self.infinity) == Self.quiet)
        #expect(try scalar(.fmul, .d, 0, minusInfinity) == Self.quiet)
        #expect(try scalar(.fdiv, .d, 0, Self.minusZero) == Self.quiet)
        #expect(try scalar(.fsqrt, .d, (-1.0).bitPattern) == Self.quiet)
        #expect(try scalar(.fsqrt, .d, Self.minusZero) == Self.minusZero)
        #expect(try scalar(.fsqrt, .s, UInt64((-1 as Float).bitPattern)) == 0x7FC0_0000)
        #expect(try scalar(.fmulAdd, .d, Self.infinity, 0, Self.quiet | 5) == Self.quiet)
        #expect(try scalar(.fmulAdd, .d, Self.infinity, 0, 0x7FF0_0000_0000_0005) == Self.quiet | 5)
    }

    @Test func extremaKnowTheSignOfZero() throws {
        #expect(try scalar(.fmax, .d, Self.minusZero, 0) == 0)
        #expect(try scalar(.fmax, .d, 0, Self.minusZero) == 0)
        #expect(try scalar(.fmin, .d, Self.minusZero, 0) == Self.minusZero)
        #expect(try scalar(.fmin, .d, 0, Self.minusZero) == Self.minusZero)
        #expect(try scalar(.fmax, .d, Self.one, Self.quiet) == Self.quiet)
        #expect(try scalar(.fmaxNumber, .d, Self.one, Self.quiet) == Self.one)
        #expect(try scalar(.fminNumber, .d, Self.quiet, Self.one) == Self.one)
        #expect(try scalar(.fminNumber, .d, Self.one, 0x7FF0_0000_0000_0001) == Self.quiet | 1)
    }

    @Test func comparisonsGiveFlags() throws {
        typealias Flags = Evaluate.Flags
        let two = 2.0.bitPattern
        #expect(try scalar(.fcompare, .d, Self.one, two, type: .flags) == Flags.one | Flags.n | Flags.c)
        #expect(try scalar(.fcompare, .d, Self.minusZero, 0, type: .flags) == Flags.one | Flags.z)
        #expect(try scalar(.fcompare, .d, two, Self.one, type: .flags) == Flags.one)
        #expect(try scalar(.fcompare, .d, two, Self.quiet, type: .flags) == Flags.one | Flags.v)
    }

    @Test func integersSaturate() throws {
        let huge = 1e30.bitPattern
        #expect(try scalar(.ftointS, .d, huge, type: .i64, immediate: 3) == 0x7FFF_FFFF_FFFF_FFFF)
        #expect(try scalar(.ftointS, .d, huge | 1 << 63, type: .i32, immediate: 3) == 0x8000_0000)
        #expect(try scalar(.ftointU, .d, huge, type: .i32, immediate: 3) == 0xFFFF_FFFF)
        #expect(try scalar(.ftointU, .d, (-1.0).bitPattern, type: .i64, immediate: 3) == 0)
        #expect(try scalar(.ftointS, .d, Self.quiet, type: .i64, immediate: 3) == 0)
        #expect(try scalar(.ftointU, .d, 0x1p63.bitPattern, type: .i64, immediate: 3) == 1 << 63)
    }

    @Test(
        arguments: [
            (0, [2, 2, -2, -2, 3, -3]), (1, [1, 2, -2, -3, 2, -3]), (2, [2, 3, -1, -2, 3, -2]),
            (3, [1, 2, -1, -2, 2, -2]),
            (4, [2, 3, -2, -3, 3, -3]),
        ] as [(UInt32, [Double])])
    func rounding(mode: UInt32, expected: [Double]) throws {
        for (number, result) in zip([1.5, 2.5, -1.5, -2.5, 2.75, -2.75], expected) {
            #expect(try scalar(.fround, .d, number.bitPattern, immediate: mode) == result.bitPattern)
            let integer = try scalar(.ftointS, .d, number.bitPattern, type: .i64, immediate: mode)
            #expect(Int64(bitPattern: integer) == Int64(result))
        }
    }

    @Test func halvesAreConvertedExactly() throws {
        for bits in 0..<UInt64(0x1_0000) {
            let single = try scalar(.fconvert, .h, bits, immediate: 2)
            let double = try scalar(.fconvert, .h, bits, immediate: 3)
            let isNaN = bits & 0x7FFF > 0x7C00
            #expect(try scalar(.fconvert, .s, single, immediate: 1) == (isNaN ? bits | 0x200 : bits))
            #expect(try scalar(.fconvert, .d, double, immediate: 1) == (isNaN ? bits | 0x200 : bits))
        }
        // Halfway between the largest number and what would be the next.
        #expect(try scalar(.fconvert, .d, 65519.9.bitPattern, immediate: 1) == 0x7BFF)
        #expect(try scalar(.fconvert, .d, 65520.0.bitPattern, immediate: 1) == 0x7C00)
        #expect(try scalar(.fconvert, .d, 0x1p-25.bitPattern, immediate: 1) == 0)
        #expect(try scalar(.fconvert, .d, 0x1.8p-25.bitPattern, immediate: 1) == 1)
    }

    /// What a sum, product, quotient or root of halves is in double precision is rounded once more, by the conversion that is
    /// tested above. Doubles have more than twice the bits and two, so that rounding twice to nearest is rounding once.
    @Test(arguments: [Opcode.fadd, .fsub, .fmul, .fdiv, .fsqrt]) func halvesAreComputedExactly(opcode: Opcode) throws {
        var bits: UInt64 = 1
        for _ in 0..<100_000 {
            bits = bits &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let (a, b) = (bits >> 48, bits >> 32 & 0xFFFF)
            if a & 0x7FFF > 0x7C00 || b & 0x7FFF > 0x7C00 { continue }
            let wide = try scalar(
                opcode, .d, try scalar(.fconvert, .h, a, immediate: 3), try scalar(.fconvert, .h, b, immediate: 3))
            #expect(try scalar(opcode, .h, a, b) == scalar(.fconvert, .d, wide, immediate: 1))
        }
    }

    @Test func halvesAreFusedOnce() throws {
        // 2^-24 more than a tie, and a tie.
        #expect(try scalar(.fmulAdd, .h, 0x0001, 0x3C00, 0x6800) == 0x6800)
        #expect(try scalar(.fmulAdd, .h, 0x3C01, 0x3C01, 0x6800) == 0x6801)
        #expect(try scalar(.fmulAdd, .h, 0x3C00, 0x3C00, 0x6800) == 0x6800)
        #expect(try scalar(.fromIntU, .h, .max, immediate: 64, source: .i64) == 0x3C00)
        #expect(try scalar(.fromIntS, .h, 65520, source: .i64) == 0x7C00)
        #expect(try scalar(.fromIntS, .h, 0xFFFF_FFFF, immediate: 24, source: .i32) == 0x8001)
    }

    @Test func largeUnsignedIntegersAreRoundedOnce() throws {
        #expect(try scalar(.fromIntU, .d, .max, source: .i64) == 0x1p64.bitPattern)
        #expect(
            try scalar(.fromIntU, .s, 0x8000_0080_0000_0001, source: .i64)
                == UInt64((0x1.000002p63 as Float).bitPattern))
        #expect(try scalar(.fromIntS, .d, .max, source: .i32) == (-1.0).bitPattern)
    }

    @Test func alternativeHalfPrecisionReachesFurther() throws {
        let i = Instruction(.vfconvert, .v128, Lane.s.rawValue, 0, 1)
        let word = try #require(Evaluate.floatOperation(i, source: .v128))
        func half(_ low: Float, _ high: Float) -> (UInt64, UInt32) {
            // LYREBIRD_FLOAT_ALTERNATIVE_HALF
            var environment = FloatEnvironment(control: 16)
            let source = UInt128(low.bitPattern) | UInt128(high.bitPattern) << 32
            let result = Evaluate.float(word, source, 0, 0, &environment)
            return (UInt64(truncatingIfNeeded: result), environment.flags)
        }
        #expect(half(131_008, 65_536) == (0x7C00_7FFF, 0))
        #expect(half(131_072, -131_072) == (0xFFFF_7FFF, 1))
        // What is inexact in one lane stays so where another is invalid.
        #expect(half(1.0001, 1e9) == (0x7FFF_3C00, 17))
    }

    @Test func whatTheHostHasNot() throws {
        let minusInfinity = Self.infinity | 1 << 63
        #expect(try scalar(.fmulExtended, .d, 0, minusInfinity) == (-2.0).bitPattern)
        #expect(try scalar(.frecipStep, .d, Self.infinity, 0) == 2.0.bitPattern)
        #expect(try scalar(.frsqrtStep, .d, Self.infinity, 0) == 1.5.bitPattern)
        // The sum overflows, its half does not.
        #expect(try scalar(.frsqrtStep, .d, 0x1p1023.bitPattern, (-2.5).bitPattern) == 0x1.4p1023.bitPattern)
        // FRECPE and FRSQRTE of 1: 511/512 of it.
        #expect(try scalar(.frecipEstimate, .d, Self.one) == 0x3FEF_F000_0000_0000)
        #expect(try scalar(.frsqrtEstimate, .s, 0x3F80_0000) == 0x3F7F_8000)
        #expect(try scalar(.frecipEstimate, .s, 0x8000_0000) == 0xFF80_0000)
        #expect(try scalar(.froundInteger, .d, 1e10.bitPattern) == (-0x1p31).bitPattern)
        #expect(try scalar(.froundInteger, .d, (-2.5).bitPattern, immediate: 1) == (-2.0).bitPattern)
        #expect(try scalar(.fconvertOdd, .d, 1e300.bitPattern) == 0x7F7F_FFFF)
        #expect(try scalar(.fconvertOdd, .d, (1 + 0x1p-40).bitPattern) == 0x3F80_0001)
        #expect(try scalar(.ftointModulo, .d, (0x1p32 + 5).bitPattern) == 5)
        #expect(try scalar(.ftointModulo, .d, (-5.0).bitPattern) == 0x1_FFFF_FFFB)
        #expect(try scalar(.ftointModulo, .d, Self.minusZero) == 0)
        #expect(try scalar(.ftointModulo, .d, Self.quiet) == 0)
    }
}
