// The feature set: its names both ways, and its detection held against the kernel's list.

import Foundation
import Testing

@testable import LyrebirdX64

@Suite struct CPUFeaturesTests {
    @Test func namesBothWays() {
        for bit: UInt32 in 0..<21 {
            let feature = CPUFeatures(rawValue: 1 << bit)
            #expect(!feature.names.isEmpty)
            #expect(CPUFeatures(names: feature.names) == feature)
        }
        #expect(CPUFeatures(names: "avx2,bmi2") == [.avx2, .bmi2])
        #expect(CPUFeatures(names: "bmi2,avx2")?.names == "bmi2,avx2")
        #expect(CPUFeatures(names: "") == [])
        #expect(CPUFeatures(names: "baseline,avx") == CPUFeatures.baseline.union(.avx))
        #expect(CPUFeatures(names: "avx2,nonsense") == nil)
        #expect(CPUFeatures(names: CPUFeatures.baseline.names) == .baseline)
    }

    /// The kernel's list is of what it found and allows, by its own names.
    @Test func detectionAgreesWithTheKernel() throws {
        let text = try String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("flags") })
        let flags = Set(line.split { " \t:".contains($0) }.map(String.init))
        let kernelNames: [(CPUFeatures, [String])] = [
            (.sse3, ["pni"]), (.ssse3, ["ssse3"]), (.sse41, ["sse4_1"]), (.sse42, ["sse4_2"]), (.popcnt, ["popcnt"]),
            (.lzcnt, ["abm"]), (.bmi1, ["bmi1"]), (.bmi2, ["bmi2"]), (.movbe, ["movbe"]), (.avx, ["avx"]),
            (.avx2, ["avx2"]), (.fma, ["fma"]), (.f16c, ["f16c"]), (.aes, ["aes"]), (.pclmul, ["pclmulqdq"]),
            (.sha, ["sha_ni"]), (.adx, ["adx"]), (.avx512vl, ["avx512f", "avx512vl", "avx512bw", "avx512dq"]),
            (.fsgsbase, ["fsgsbase"]), (.cx16, ["cx16"]), (.lahf, ["lahf_lm"]),
        ]
        for (feature, names) in kernelNames {
            let isExpected = names.allSatisfy(flags.contains)
            #expect(CPUFeatures.detected.contains(feature) == isExpected, "\(feature.names)")
        }
    }
}
