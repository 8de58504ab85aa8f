// The lifters against the host CPU: instructions of every row that is built, with registers and memory, in the interpreter and in
// generated code. With LYREBIRD_FUZZ_SECONDS, other ones for as long.

import Foundation
import Lyrebird
import LyrebirdX86
import Testing

@Suite(.serialized) struct ExecutionTests {
    private static let batch = 1000

    @Test func interpreterAgreesWithTheCPU() throws {
        try compare(seeds: 1...24, [InterpreterSubject(optimizes: false), InterpreterSubject(optimizes: true)])
    }

    @Test func generatedCodeAgreesWithTheCPU() throws {
        var baseline = Machine.Configuration()
        baseline.hostFeatures = "baseline"
        var plain = Machine.Configuration()
        plain.passes = "none"
        try compare(
            seeds: 1...12,
            [
                MachineSubject("generated code", slots: Self.batch),
                MachineSubject("generated code for the baseline", baseline, slots: Self.batch),
                MachineSubject("generated code, not optimised", plain, slots: Self.batch),
            ])
    }

    @Test(.enabled(if: HostTests.seconds != nil, "LYREBIRD_FUZZ_SECONDS says how long"))
    func agreesWithTheCPUForLong() throws {
        let end = Date(timeIntervalSinceNow: HostTests.seconds ?? 0)
        let subjects: [any ExecutionSubject] = [
            InterpreterSubject(optimizes: false), InterpreterSubject(optimizes: true),
            try MachineSubject("generated code", slots: Self.batch),
        ]
        var seed: UInt64 = 1000
        while Date() < end {
            try compare(seeds: seed...seed, subjects)
            seed += 1
        }
    }

    private func compare(seeds: ClosedRange<UInt64>, _ subjects: [any ExecutionSubject]) throws {
        var complaints: [String: (count: Int, first: String)] = [:]
        for seed in seeds {
            let image = ExecutionGenerator.image(seed: seed)
            var generator = ExecutionGenerator(seed: seed, rows: try readSpec().rows, image: image)
            let cases = (0..<Self.batch).map { generator.next(slot: $0) }
            let expected = try HostSubject().run(cases, image: image)
            for var subject in subjects {
                let outcomes = try subject.run(cases, image: image)
                for slot in cases.indices {
                    let differences = difference(cases[slot], slot, expected[slot], outcomes[slot], image)
                    guard !differences.isEmpty else { continue }
                    let text = "seed \(seed): \(cases[slot].description)\n  \(differences.joined(separator: "\n  "))"
                    complaints["\(cases[slot].instruction.mnemonic) in \(subject.name)", default: (0, text)].count += 1
                }
            }
        }
        for (what, complaint) in complaints.sorted(by: { $0.key < $1.key }) {
            Issue.record("\(what), \(complaint.count) times: \(complaint.first)")
        }
    }

    /// What is another than on the host.
    private func difference(
        _ test: ExecutionCase, _ slot: Int, _ host: ExecutionOutcome, _ other: ExecutionOutcome, _ image: [UInt8]
    ) -> [String] {
        // A jump to no address faults here or there, as the maker likes it.
        if other.end == .next, !Arena.isCanonical(other.pc) { return [] }
        var result: [String] = []
        if !isSame(host.end, other.end) { result.append("\(host.end), not \(other.end)") }
        if host.pc != other.pc { result.append("pc \(hex(host.pc)), not \(hex(other.pc))") }
        for number in 0..<16 where host.registers[number] != other.registers[number] {
            result.append("register \(number): \(hex(host.registers[number])), not \(hex(other.registers[number]))")
        }
        let undefined = host.end == .next ? test.undefinedFlags : 0
        // DF and ID, and AC and NT of POPF.
        let compared = (StatusFlags.all | 0x24_4400) & ~undefined
        if (host.flags ^ other.flags) & compared != 0 {
            result.append("flags \(hex(host.flags & compared)), not \(hex(other.flags & compared))")
        }
        var memory = host.memory
        if test.instruction.mnemonic == .pushf, host.end == .next {
            // The CPU pushes the trap flag that it is executed with.
            let at = Int(truncatingIfNeeded: host.registers[4] &- Arena.data) + 1
            if memory.indices.contains(at) { memory[at] &= 0xFE }
        }
        if memory != other.memory, let at = memory.indices.first(where: { memory[$0] != other.memory[$0] }) {
            result.append(
                "memory at \(hex(UInt64(at))): \(hex(UInt64(memory[at]))), not \(hex(UInt64(other.memory[at])))")
        }
        return result
    }

    private func isSame(_ host: ExecutionOutcome.End, _ other: ExecutionOutcome.End) -> Bool {
        switch (host, other) {
        // Behind the window, or at no address, the machine does not say where.
        case (.fault(let address), .fault(0)): address >= MachineSubject.windowSize
        // An address that is not canonical is #GP or, on the stack, #SS.
        case (.generalProtection, .fault(let address)), (.other("vector 12"), .fault(let address)):
            address == 0 || !Arena.isCanonical(address) || !Arena.isCanonical(address &+ 15)
        default: host == other
        }
    }
}
