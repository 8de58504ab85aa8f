// Every encoding that has a lifter, and sequences of them, against QEMU and Unicorn: the interpreter over lifted units, the
// same optimised, and generated code in several configurations. Seeded, so a failure comes again; with
// LYREBIRD_FUZZ_SECONDS in the environment other seeds are tried for as long.

import Foundation
import LyrebirdARM64
import LyrebirdPasses
import LyrebirdX64
import TestSupport
import Testing

/// All tests that use the arena in this process's memory: one at a time.
@Suite(.serialized) struct DifferentialTests {}

extension DifferentialTests {
    @Suite(.serialized) struct RandomCases {
        static var seconds: Double? {
            ProcessInfo.processInfo.environment["LYREBIRD_FUZZ_SECONDS"].flatMap(Double.init)
        }

        static func mainSubjects() throws -> [any Subject] {
            [InterpreterSubject(passes: .all), try EngineSubject("generated code")]
        }

        /// Cases of each encoding.
        private func singles(_ comparison: Comparison, _ generator: inout CaseGenerator, count: Int) throws {
            // The richer model is for what the other does not have.
            for encoding in CaseGenerator.encodings
            where generator.model.has(encoding) && OracleModel.plain.has(encoding) == (generator.model == .plain) {
                var made = 0
                for _ in 0..<4 * count where made < count {
                    guard let guestCase = generator.single(encoding, slot: comparison.slot) else { continue }
                    made += 1
                    try comparison.add(guestCase)
                }
                #expect(made == count, "only \(made) words of \(encoding)")
            }
            try comparison.flush()
        }

        @Test(arguments: OracleModel.allCases) func encodings(model: OracleModel) throws {
            var generator = CaseGenerator(seed: 1, model: model)
            let comparison = try Comparison(subjects: Self.mainSubjects(), image: generator.image(), model: model)
            try singles(comparison, &generator, count: 500)
            comparison.report("encodings, \(model.rawValue)")
        }

        @Test(arguments: OracleModel.allCases) func sequences(model: OracleModel) throws {
            var generator = CaseGenerator(seed: 2, model: model)
            let comparison = try Comparison(subjects: Self.mainSubjects(), image: generator.image(), model: model)
            try sequences(comparison, &generator, count: 20_000)
            comparison.report("sequences, \(model.rawValue)")
        }

        /// Code that once was translated wrongly.
        static let onceWrong: [[UInt32]] = [
            // The flags that only the frame state of an atomic looks at: ccmn w21, w10, #5, al; ldsminb w25, w5, [x28];
            // adc x27, x20, x9; ccmp x18, x15, #15, cs
            [0x3A4A_E2A5, 0x3839_5385, 0x9A09_029B, 0xFA4F_224F],
            // A sum of 32 bits as an address: add w19, w28, #0x7e6; ldr x1, [x19]
            [0x111F_9B93, 0xF940_0261],
            // A value that is both operands of its last use, asr w6, w6, w6, when its slot is set anew.
            [
                0x4D40_0033, 0x5AC0_12C6, 0x3A08_00E5, 0xA817_5E77, 0x9A80_7650, 0x9BAE_A529, 0x2CCB_0C99, 0xFA04_0118,
                0x3A03_025E, 0x9ACF_4E6F, 0x72AE_EA43, 0x29F4_BBE0, 0xB80E_56C1, 0x1AC6_28C6,
            ],
            // Without passes, a result that is copied before it is looked at: fmla v14.4s, v0.4s, v22.s[3]; orn v14.16b, v14.16b,
            // v29.16b
            [0x4FB6_180E, 0x4EFD_1DCE],
            // On a host without FMA, a result that is looked at while another one is fetched: fsqrt d17, d5; fmadd d24, d17, d14, d13
            [0x1E61_C0B1, 0x1F4E_3638],
        ]

        @Test(arguments: onceWrong) func regressions(words: [UInt32]) throws {
            var generator = CaseGenerator(seed: 5, model: .plain)
            let comparison = try Comparison(
                subjects: Self.mainSubjects()
                    + [Configuration.withoutPasses.subject(), Configuration.withoutAVX.subject()],
                image: generator.image(), model: .plain)
            for _ in 0..<100 {
                var state = generator.state()
                for register in [1, 4, 19, 22, 31] { state[register] = Arena.memory + 2048 }
                state[28] = generator.target(aligned: false)
                if words.count == 2 { state[28] |= generator.random.next() << 32 }
                try comparison.add(GuestCase(words: words, state: state, encoding: nil))
            }
            try comparison.flush()
            comparison.report("regressions")
        }

        private func sequences(_ comparison: Comparison, _ generator: inout CaseGenerator, count: Int) throws {
            for _ in 0..<count {
                let number = generator.random.next()
                let length = number % 16 == 0 ? 30 + Int(number / 16 % 20) : 2 + Int(number / 16 % 11)
                let isLoop = generator.random.chance(15)
                try comparison.add(isLoop ? generator.loop(length: length) : generator.sequence(length: length))
            }
            try comparison.flush()
        }

        enum Configuration: String, CaseIterable {
            case window, checked, outsideTheWindow, withoutPasses, withoutLoops, asShipped, baselineHost, withoutAVX,
                withoutBMI2
            case withoutCryptography

            func subject() throws -> EngineSubject {
                switch self {
                case .window: try EngineSubject("generated code in a window", memory: .window)
                case .checked: try EngineSubject("generated code in checked memory", memory: .checked(1 << 36))
                case .outsideTheWindow:
                    try EngineSubject("generated code whose accesses are the runtime's", memory: .checked(1 << 12))
                case .withoutPasses: try EngineSubject("generated code without passes", passes: .none)
                case .withoutLoops: try EngineSubject("generated code without loops", loopThreshold: 0)
                case .asShipped:
                    try EngineSubject(
                        "generated code, optimised where that pays", loopThreshold: 4, optimizesAllBlocks: false)
                case .baselineHost: try EngineSubject("generated code for a baseline host", features: .baseline)
                case .withoutAVX:
                    try EngineSubject(
                        "generated code without AVX",
                        features: CPUFeatures.detected.subtracting(CPUFeatures(names: "avx,avx2,fma,f16c,avx512vl")!))
                case .withoutBMI2:
                    try EngineSubject(
                        "generated code without BMI2",
                        features: CPUFeatures.detected.subtracting(CPUFeatures(names: "bmi2")!))
                case .withoutCryptography:
                    try EngineSubject(
                        "generated code without AES, PCLMULQDQ and SHA",
                        features: CPUFeatures.detected.subtracting(CPUFeatures(names: "aes,pclmul,sha")!))
                }
            }
        }

        @Test(arguments: Configuration.allCases) func configurations(_ configuration: Configuration) throws {
            var generator = CaseGenerator(seed: 3, model: .plain)
            let comparison = try Comparison(
                subjects: [configuration.subject()], image: generator.image(), model: .plain)
            try singles(comparison, &generator, count: 20)
            try sequences(comparison, &generator, count: 2000)
            comparison.report(configuration.rawValue)
        }

        /// LYREBIRD_FUZZ_SEED says where to begin; without it the clock does.
        @Test(.enabled(if: seconds != nil, "LYREBIRD_FUZZ_SECONDS says how long"))
        func long() throws {
            let end = Date.now.addingTimeInterval(Self.seconds ?? 0)
            let first = ProcessInfo.processInfo.environment["LYREBIRD_FUZZ_SEED"].flatMap(UInt64.init)
            var seed = first ?? UInt64(Date.now.timeIntervalSince1970)
            while Date.now < end {
                try round(seed)
                seed += 1
            }
        }

        /// Seeds with units that once were not compiled: a value bound to a wider slot, which nobody needs any more when the
        /// slot is set anew.
        @Test(arguments: [1_795_384_147]) func seedsOnceWrong(seed: UInt64) throws { try round(seed) }

        private func round(_ seed: UInt64) throws {
            var generator = CaseGenerator(seed: seed, model: seed % 4 == 0 ? .rich : .plain)
            let configured = Configuration.allCases[Int(seed / 4 % UInt64(Configuration.allCases.count))]
            let comparison = try Comparison(
                subjects: Self.mainSubjects() + [configured.subject()], image: generator.image(),
                model: generator.model)
            try singles(comparison, &generator, count: 20)
            try sequences(comparison, &generator, count: 10_000)
            comparison.report("seed \(seed)")
        }
    }
}
