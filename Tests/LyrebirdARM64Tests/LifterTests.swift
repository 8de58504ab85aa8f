// The lifters make well-formed units: for every encoding that is built, and for words that are anything at all. What the
// units mean is checked elsewhere, against another implementation.

import LyrebirdARM64
import LyrebirdIR
import Testing

@Suite struct LifterTests {
    private let verifier = Verifier(layout: ARM64State.layout)

    /// Lifts words, one after the other, at an address.
    private func lift(_ words: [UInt32], into unit: inout Unit, pc: UInt64 = 0x1_0000, limit: Int = 64) {
        words.withUnsafeBytes {
            unit.reset(pc: pc)
            ARM64().lift(GuestCode(pc: pc, bytes: $0), mode: 0, into: &unit, limit: limit)
        }
    }

    private func text(_ words: [UInt32], limit: Int = 64) -> String {
        var unit = Unit()
        lift(words, into: &unit, limit: limit)
        return Printer(layout: ARM64State.layout).text(of: unit)
    }

    @Test func everyBuiltEncodingIsWellFormed() throws {
        var unit = Unit()
        var random = RandomWords(state: 1)
        let rows = try readSpec()
        for (row, encoding) in zip(rows, Encoding.allCases) where encoding.isBuilt {
            var lifted = 0
            for _ in 0..<2000 where lifted < 300 {
                let word = row.value | random.next() & ~row.mask
                guard decode(word) == encoding else { continue }
                lifted += 1
                lift([word, 0xD503_201F], into: &unit)
                if let problem = verifier.errors(in: unit).first {
                    Issue.record("\(row.name) \(String(word, radix: 16)): \(problem)\n\(text([word]))")
                    break
                }
            }
            #expect(lifted > 0, "\(row.name)")
        }
    }

    @Test func randomWordsAreWellFormed() {
        var unit = Unit()
        var random = RandomWords(state: 2)
        var words = [UInt32](repeating: 0, count: 50)
        for _ in 0..<20_000 {
            for index in words.indices {
                words[index] = random.next()
                lift([words[index]], into: &unit)
                #expect(unit.guestInstructions == 1 && unit.guestBytes == 4)
            }
            lift(words, into: &unit)
            #expect(unit.guestInstructions >= 1 && unit.guestBytes == unit.guestInstructions * 4)
            if let problem = verifier.errors(in: unit).first {
                Issue.record("\(words.map { String($0, radix: 16) }): \(problem)")
                return
            }
        }
    }

    /// Words of encodings that are built, in long runs: units that fill up.
    @Test func longRunsAreWellFormed() throws {
        var unit = Unit()
        var random = RandomWords(state: 3)
        let rows = zip(try readSpec(), Encoding.allCases).filter { $0.1.isBuilt }
        var words = [UInt32](repeating: 0, count: 1000)
        for _ in 0..<500 {
            for index in words.indices {
                repeat {
                    let row = rows[Int(random.next()) % rows.count].0
                    words[index] = row.value | random.next() & ~row.mask
                } while decode(words[index])?.isBuilt != true || words[index] >> 26 & 0x1F == 0b00101
            }
            for start in stride(from: 0, to: words.count, by: 20) {
                lift(Array(words[start...]), into: &unit, limit: 1000)
                if let problem = verifier.errors(in: unit).first {
                    Issue.record("\(problem)")
                    return
                }
            }
        }
    }

    @Test func aLoop() {
        // subs x1, x1, #1; b.ne .-4
        #expect(
            text([0xF100_0421, 0x54FF_FFE1]) == """
                unit 0x10000 {
                  instruction 0x10000
                  v1 = get.i64 x1
                  v2 = const.i64 0x1
                  v3 = sub.i64 v1, v2
                  set x1, v3
                  v5 = flags.flags v3
                  set nzcv, v5
                  instruction 0x10004
                  branch.ne v5, b1, b2
                b2:
                  exitJump.jump 0x10008
                b1:
                  exitJump.jump 0x10000
                }

                """)
    }

    @Test func aForwardBranchIsASideExit() {
        // cbz w0, .+12; ret
        #expect(
            text([0x3400_0060, 0xD65F_03C0]) == """
                unit 0x10000 {
                  instruction 0x10000
                  v1 = get.i64 x0
                  v2 = trunc.i32 v1
                  v3 = const.i32 0x0
                  v4 = sub.i32 v2, v3
                  v5 = flags.flags v4
                  branch.eq v5, b1, b2
                b2:
                  instruction 0x10004
                  v8 = get.i64 x30
                  exitIndirect.return v8
                b1:
                  exitJump.jump 0x1000c
                }

                """)
    }

    @Test func unitsEndAtTheLimitAndWithTheBytes() {
        let two = text([0xD503_201F, 0xD503_201F], limit: 1)
        #expect(two.hasSuffix("instruction 0x10000\n  exitJump.jump 0x10004\n}\n"))
        #expect(text([0xD503_201F]).hasSuffix("exitJump.jump 0x10004\n}\n"))
        #expect(text([]).hasSuffix("exitTrap.fetch 0x10000, 0\n}\n"))
    }

    /// With no keys, what authenticates is what does not.
    @Test(
        arguments: [
            (0xD65F_0BFF, 0xD65F_03C0),  // retaa; ret
            (0xD65F_0FFF, 0xD65F_03C0),  // retab; ret
            (0xD61F_0C3F, 0xD61F_0020),  // brabz x1; br x1
            (0xD71F_0822, 0xD61F_0020),  // braa x1, x2; br x1
            (0xD63F_083F, 0xD63F_0020),  // blraaz x1; blr x1
            (0xD73F_0C22, 0xD63F_0020),  // blrab x1, x2; blr x1
            (0xF820_1420, 0xF940_0420),  // ldraa x0, [x1, #8]; ldr x0, [x1, #8]
            (0xF8FF_FC20, 0xF85F_8C20),  // ldrab x0, [x1, #-8]!; ldr x0, [x1, #-8]!
            (0xDAC1_0020, 0xD503_201F),  // pacia x0, x1; nop
            (0xDAC1_1C20, 0xD503_201F),  // autdb x0, x1; nop
        ] as [(UInt32, UInt32)])
    func authenticationDoesNothing(word: UInt32, plain: UInt32) {
        #expect(text([word], limit: 1) == text([plain], limit: 1))
    }
}

struct RandomWords {
    var state: UInt64
    /// The upper half of a 64-bit linear congruential generator (Knuth's MMIX constants), which is good enough here.
    mutating func next() -> UInt32 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt32(truncatingIfNeeded: state >> 32)
    }
}
