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

    @Test func largeUnsignedIntegersAreRoundedOnce() throws {
        #expect(try scalar(.fromIntU, .d, .max, source: .i64) == 0x1p64.bitPattern)
        #expect(
            try scalar(.fromIntU, .s, 0x8000_0080_0000_0001, source: .i64)
                == UInt64((0x1.000002p63 as Float).bitPattern))
        #expect(try scalar(.fromIntS, .d, .max, source: .i32) == (-1.0).bitPattern)
    }
}
