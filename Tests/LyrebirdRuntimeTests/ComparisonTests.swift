// A comparison that a frame state repeats gives the flags that the IR says it has: all six, at every width.

import LyrebirdIR
import TestSupport
import Testing

@testable import LyrebirdX64

@Suite struct ComparisonTests {
    @Test(arguments: [Type.i8, .i16, .i32, .i64]) func flags(_ type: Type) {
        var random = SplitMix64(seed: 1)
        for _ in 0..<20_000 {
            // Above what is compared there may be anything.
            let (a, b) = (random.interestingNumber(), random.interestingNumber())
            for opcode in [LyrebirdIR.Opcode.sub, .and] {
                var kind = ComparisonKind(Width(rawValue: type.rawValue - Type.i8.rawValue)!)
                if opcode == .and { kind.insert(.conjunction) }
                let expected = Evaluate.flags(
                    of: Instruction(opcode, type), Evaluate.cut(a, type), Evaluate.cut(b, type), 0)
                #expect(kind.flags(a, b) == expected)
                #expect(kind.union(.complement).flags(a, b) == expected ^ Evaluate.Flags.c)
            }
        }
    }
}
