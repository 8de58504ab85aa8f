// Random loops against the host CPU: what hot loops are translated to is another code than that of straight code. With
// LYREBIRD_FUZZ_SECONDS, other ones for as long.

import Foundation
import Lyrebird
import LyrebirdX86
import Testing

@Suite(.serialized) struct LoopTests {
    private static func subjects() throws -> [MachineSubject] {
        var hot = Machine.Configuration()
        hot.loopThreshold = 1
        var baseline = hot
        baseline.hostFeatures = "baseline"
        var plain = hot
        plain.passes = "none"
        var optimized = hot
        optimized.passes = "all"
        return [
            try MachineSubject("loops", hot, slots: ExecutionTests.batch),
            try MachineSubject("loops for the baseline", baseline, slots: ExecutionTests.batch),
            try MachineSubject("loops, not optimised", plain, slots: ExecutionTests.batch),
            try MachineSubject("loops, all optimised", optimized, slots: ExecutionTests.batch),
        ]
    }

    @Test func loopsAgreeWithTheCPU() throws {
        let subjects = try Self.subjects()
        for seed in 1...4 as ClosedRange<UInt64> {
            try ExecutionTests.compare(try loops(seed), subjects, ExecutionGenerator.image(seed: seed), seed)
        }
    }

    @Test(.enabled(if: HostTests.seconds != nil, "LYREBIRD_FUZZ_SECONDS says how long"))
    func loopsAgreeWithTheCPUForLong() throws {
        let end = Date(timeIntervalSinceNow: HostTests.seconds ?? 0)
        let subjects = try Self.subjects()
        var seed = ProcessInfo.processInfo.environment["LYREBIRD_FUZZ_SEED"].flatMap { UInt64($0) } ?? 1000
        while Date() < end {
            try ExecutionTests.compare(try loops(seed), subjects, ExecutionGenerator.image(seed: seed), seed)
            seed += 1
        }
    }

    private func loops(_ seed: UInt64) throws -> [ExecutionCase] {
        let image = ExecutionGenerator.image(seed: seed)
        var generator = LoopGenerator(seed: seed, rows: try readSpec().rows, image: image)
        return (0..<ExecutionTests.batch).map { generator.next(slot: $0) }
    }
}
