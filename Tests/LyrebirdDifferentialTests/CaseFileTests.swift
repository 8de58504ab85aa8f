// Tests/FileTests/Cases: cases that once were wrong, as the comparison with the oracles printed them, run by everything that
// is compared with them. No oracle is asked. And that what it prints is such a file.

import LyrebirdARM64
import LyrebirdPasses
import TestSupport
import Testing

extension DifferentialTests {
    @Suite(.serialized) struct CaseFiles {
        @Test func files() throws {
            let scout = InterpreterSubject(passes: .none)
            let subjects: [any Subject] =
                try [scout] + RandomCases.mainSubjects() + RandomCases.Configuration.allCases.map { try $0.subject() }
            var cases = 0
            for file in try FileTest.all(in: "Cases") {
                for test in file.cases {
                    cases += 1
                    let recorded = try RecordedCase(test)
                    for subject in subjects {
                        let difference = recorded.difference(subject, scout: scout)
                        #expect(difference == nil, "\(file.path): \(test.title), \(subject.name): \(difference ?? "")")
                    }
                }
            }
            #expect(cases > 0)
        }

        @Test func roundTrip() throws {
            for seed: UInt64 in 0..<50 {
                var generator = CaseGenerator(seed: seed, model: .plain)
                var recorded = RecordedCase(
                    title: "random", guestCase: generator.sequence(length: 10), image: generator.image(),
                    expected: Outcome(signal: Outcome.trap, pc: 0x2000_0008, address: 0, state: CPUState(), changes: [])
                )
                recorded.expected.state = generator.state()
                recorded.expected.changes = [3, generator.number(), 70, generator.number()]
                #expect(try Self.parsed(recorded.text) == recorded)
            }
        }

        private static func parsed(_ text: String) throws -> RecordedCase {
            try RecordedCase(#require(FileTest(path: "printed", text: text).cases.first))
        }

        /// A subject that takes one instruction for another.
        final class Mistaken: Subject {
            let name = "one that is mistaken"
            private let mistake: (UInt32) -> UInt32
            private let interpreter = InterpreterSubject(passes: .none)

            init(_ mistake: @escaping (UInt32) -> UInt32) { self.mistake = mistake }

            func begin(_ batch: Batch) {
                var other = Batch(image: batch.image)
                for guestCase in batch.cases {
                    var guestCase = guestCase
                    guestCase.words = guestCase.words.map(mistake)
                    other.append(guestCase)
                }
                interpreter.begin(other)
            }

            func run(slot: Int) -> Outcome? { interpreter.run(slot: slot) }
        }

        enum Mistake: String, CaseIterable {
            /// SDIV taken for UDIV, and LDRSW (immediate) for LDR of a word.
            case division, sign

            var word: UInt32 { self == .division ? 0x9AC2_0C20 : 0xB980_0020 }

            func apply(_ word: UInt32) -> UInt32 {
                switch LyrebirdARM64.decode(word) {
                case .sdiv where self == .division: word ^ 1 << 10
                case .ldrsUnsignedImmediate where self == .sign && word >> 30 == 2: word ^ 3 << 22
                default: word
                }
            }
        }

        @Test(arguments: Mistake.allCases) func mistakes(_ mistake: Mistake) throws {
            var generator = CaseGenerator(seed: 6, model: .plain)
            let comparison = try Comparison(
                subjects: [Mistaken(mistake.apply)], image: generator.image(), model: .plain)
            for _ in 0..<200 {
                var guestCase = generator.sequence(length: 8, faults: false)
                guestCase.words.insert(mistake.word, at: 4)
                try comparison.add(guestCase)
            }
            try comparison.flush()
            let finding = try #require(comparison.findings.first)
            let recorded = finding.recorded
            #expect(
                recorded.guestCase.words.count == 1
                    && mistake.apply(recorded.guestCase.words[0]) != recorded.guestCase.words[0])
            #expect(recorded.guestCase.state.words.count { $0 != 0 } <= 2)
            #expect(recorded.image.count { $0 != 0 } == (mistake == .division ? 0 : 1))
            // What is printed can be kept: as parsed again it is the same, finds the mistake, and nothing else.
            #expect(finding.description.contains(recorded.text))
            let parsed = try Self.parsed(recorded.text)
            #expect(parsed == recorded)
            let scout = InterpreterSubject(passes: .none)
            #expect(parsed.difference(Mistaken(mistake.apply), scout: scout) == finding.difference)
            #expect(parsed.difference(scout, scout: scout) == nil)
        }
    }
}
