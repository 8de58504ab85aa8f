// The decoder against the host CPU, in all three modes: how long each string is, and whether it is an instruction. 60,000
// strings a mode; with LYREBIRD_FUZZ_SECONDS, other ones for as long.

import Foundation
import LyrebirdX86
import TestSupport
import Testing

@Suite struct HostTests {
    static let seconds = ProcessInfo.processInfo.environment["LYREBIRD_FUZZ_SECONDS"].flatMap(Double.init)

    @Test(arguments: [.bits64, .bits32] as [Mode.CodeSize]) func agreesWithTheCPU(_ size: Mode.CodeSize) throws {
        try compareAll(size)
    }

    @Test(.enabled(if: HostOracle.runs16BitCode, "this kernel has no modify_ldt"))
    func agreesWithTheCPUIn16BitCode() throws {
        try compareAll(.bits16)
    }

    private func compareAll(_ size: Mode.CodeSize) throws {
        let seen = try compare(size, seed: 1, count: 60_000)
        // Each row has been met that can be met in this mode.
        let spec = try readSpec().rows
        for row in Row.all where !row.isAbsent && !seen.contains(row.number) {
            let tags = spec[Int(row.number)].tags
            #expect(tags.contains(size == .bits64 ? "i64" : "o64"), "no string was \(row.mnemonic), row \(row.number)")
        }
    }

    @Test(.enabled(if: seconds != nil, "LYREBIRD_FUZZ_SECONDS says how long"))
    func agreesWithTheCPUForLong() throws {
        let end = Date(timeIntervalSinceNow: HostTests.seconds ?? 0)
        var seed: UInt64 = 2
        while Date() < end {
            for size in Mode.CodeSize.allCases where size != .bits16 || HostOracle.runs16BitCode {
                _ = try compare(size, seed: seed, count: 200_000)
            }
            seed += 1
        }
    }

    /// Compares so many strings, and returns the rows that were met.
    private func compare(_ size: Mode.CodeSize, seed: UInt64, count: Int) throws -> Set<UInt16> {
        let mode = Mode(size, shortensNearBranches: HostOracle.isAMD)
        var generator = CodeGenerator(seed: seed, mode: mode, rows: try readSpec().rows)
        var seen: Set<UInt16> = []
        var strings: [CodeString] = []
        while strings.count < count {
            let string = generator.string()
            if case .instruction(let instruction) = string.decoded() { seen.insert(instruction.row.number) }
            if HostOracle.canJudge(string) { strings.append(string) }
        }
        for (string, finding) in zip(strings, try HostOracle.findings(strings)) {
            if let complaint = HostOracle.complaint(string, finding) { Issue.record("seed \(seed): \(complaint)") }
        }
        return seen
    }

    /// The oracle itself: what is known of these strings without it.
    @Test func theOracleKnowsInstructions() throws {
        let known: [(size: Mode.CodeSize, bytes: [UInt8], length: Int, isUndefined: Bool)] = [
            (.bits64, [0x90], 1, false), (.bits64, [0x0F, 0x0B], 2, true), (.bits64, [0x06], 1, true),
            (.bits32, [0x06], 1, false), (.bits16, [0xB8, 1, 2, 3, 4], 3, false),
            (.bits32, [0xB8, 1, 2, 3, 4], 5, false),
            (.bits64, [0x48, 0xB8, 1, 2, 3, 4, 5, 6, 7, 8], 10, false), (.bits64, [0xF0, 0x90], 2, true),
        ]
        let strings = known.map { CodeString(mode: Mode($0.size), bytes: $0.bytes + [UInt8](repeating: 0, count: 15)) }
        for (row, finding) in zip(known, try HostOracle.findings(strings)) {
            #expect(finding.length == row.length, "\(row)")
            #expect((finding.vector == HostFinding.invalidOpcode) == row.isUndefined, "\(row)")
        }
    }
}
