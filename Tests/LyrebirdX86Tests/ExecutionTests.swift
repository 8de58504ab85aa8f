// The lifters against the host CPU: instructions of every row that is built, with registers and memory, in the interpreter and in
// generated code. With LYREBIRD_FUZZ_SECONDS, other ones for as long.

import Foundation
import Lyrebird
import LyrebirdX86
import Testing

@Suite(.serialized) struct ExecutionTests {
    static let batch = 1000

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
                MachineSubject("generated code in checked memory", checked: 1 << 36, slots: Self.batch),
                MachineSubject("generated code whose accesses are the runtime's", checked: 1 << 12, slots: Self.batch),
            ])
    }

    @Test(.enabled(if: HostTests.seconds != nil, "LYREBIRD_FUZZ_SECONDS says how long"))
    func agreesWithTheCPUForLong() throws {
        let end = Date(timeIntervalSinceNow: HostTests.seconds ?? 0)
        let subjects: [any ExecutionSubject] = [
            InterpreterSubject(optimizes: false), InterpreterSubject(optimizes: true),
            try MachineSubject("generated code", slots: Self.batch),
        ]
        var seed = ProcessInfo.processInfo.environment["LYREBIRD_FUZZ_SEED"].flatMap { UInt64($0) } ?? 1000
        let first = seed
        while Date() < end {
            try compare(seeds: seed...seed, subjects)
            seed += 1
        }
        print("compared with the CPU: \((seed - first) * UInt64(Self.batch)) cases, seeds \(first) to \(seed - 1)")
    }

    private func compare(seeds: ClosedRange<UInt64>, _ subjects: [any ExecutionSubject]) throws {
        var complaints: [String: (count: Int, first: String)] = [:]
        for seed in seeds {
            let image = ExecutionGenerator.image(seed: seed)
            var generator = ExecutionGenerator(seed: seed, rows: try readSpec().rows, image: image)
            let cases = (0..<Self.batch).map { generator.next(slot: $0) }
            try Self.compare(cases, subjects, image, seed, &complaints)
        }
        Self.record(complaints)
    }

    static func compare(
        _ cases: [ExecutionCase], _ subjects: [any ExecutionSubject], _ image: [UInt8], _ seed: UInt64
    ) throws {
        var complaints: [String: (count: Int, first: String)] = [:]
        try compare(cases, subjects, image, seed, &complaints)
        record(complaints)
    }

    private static func compare(
        _ cases: [ExecutionCase], _ subjects: [any ExecutionSubject], _ image: [UInt8], _ seed: UInt64,
        _ complaints: inout [String: (count: Int, first: String)]
    ) throws {
        let expected = try HostSubject().run(cases, image: image)
        for var subject in subjects {
            var cases = cases
            if !subject.isContained {
                for slot in cases.indices where isStray(expected[slot], cases[slot]) {
                    cases[slot].replaceByNothing()
                }
            }
            let outcomes = try subject.run(cases, image: image)
            for slot in cases.indices where !cases[slot].isNothing {
                let differences = difference(cases[slot], expected[slot], outcomes[slot])
                guard !differences.isEmpty else { continue }
                let text = "seed \(seed): \(cases[slot].description)\n  \(differences.joined(separator: "\n  "))"
                complaints["\(cases[slot].instruction.mnemonic) in \(subject.name)", default: (0, text)].count += 1
            }
        }
    }

    private static func record(_ complaints: [String: (count: Int, first: String)]) {
        for (what, complaint) in complaints.sorted(by: { $0.key < $1.key }) {
            Issue.record("\(what), \(complaint.count) times: \(complaint.first)")
        }
    }

    /// Whether an access went to where a machine's window is not, or to no address.
    private static func isStray(_ host: ExecutionOutcome, _ test: ExecutionCase) -> Bool {
        switch host.end {
        case .fault(let address): address >= MachineSubject.windowSize
        case .generalProtection: !test.instruction.row.isPrivileged && test.target == nil
        case .other, .otherSegment: true
        default: false
        }
    }

    /// What is another than on the host.
    private static func difference(
        _ test: ExecutionCase, _ host: ExecutionOutcome, _ other: ExecutionOutcome
    ) -> [String] {
        // A jump to no address faults here or there, as the maker likes it.
        if other.end == .next, !Arena.isCanonical(other.pc) { return [] }
        // There is no code segment of 32 bits (yet).
        if host.end == .otherSegment, other.end == .generalProtection { return [] }
        // AMD's CPUs have a bit in MXCSR (17) that the guest's has not.
        if HostOracle.isAMD, host.vectors.mxcsr & 0x2_0000 != 0, other.end == .generalProtection { return [] }
        // The CPU may fault where it stores nothing (MASKMOVDQU in the SDM).
        if host.end != .next, other.end == .next, [.maskmovdqu, .vmaskmovdqu].contains(test.instruction.mnemonic) {
            return []
        }
        // What is stored is computed first, with its flags and its exceptions.
        if host.end != .next, host.end != .floatingPoint, test.instruction.mnemonic == .vcvtps2ph {
            return other.end == .next ? ["\(host.end), not next"] : []
        }
        // Whoever may not use a port may not do so no times either; the ports of a machine are for anyone.
        if host.end == .generalProtection, other.end == .next, [.ins, .outs].contains(test.instruction.mnemonic) {
            return other.registers == test.registers ? [] : ["registers have changed"]
        }
        var result: [String] = []
        if !isSame(host.end, other.end, test) { result.append("\(host.end), not \(other.end)") }
        if host.pc != other.pc { result.append("pc \(hex(host.pc)), not \(hex(other.pc))") }
        for number in 0..<16 where host.registers[number] != other.registers[number] {
            result.append("register \(number): \(hex(host.registers[number])), not \(hex(other.registers[number]))")
        }
        let undefined = host.end == .next || !test.others.isEmpty ? test.undefinedFlags : 0
        // DF, and AC and NT of POPF. ID is what the process began with, until POPF changes it.
        let compared = (StatusFlags.all | 0x4_4400) & ~undefined
        if (host.flags ^ other.flags) & compared != 0 {
            result.append("flags \(hex(host.flags & compared)), not \(hex(other.flags & compared))")
        }
        var vectors = other.vectors
        // Of 32 bytes the upper ones are loaded behind the lower ones' operation, whose flags then are there.
        if case .fault = host.end, test.hasWideMemory {
            vectors.mxcsr = vectors.mxcsr & ~0x3F | host.vectors.mxcsr & 0x3F
        }
        // Of an overflow that is not masked the result is computed as if there were none, and is inexact or not.
        if host.end == .floatingPoint, host.vectors.mxcsr & 0x408 == 8 {
            vectors.mxcsr = vectors.mxcsr & ~0x20 | host.vectors.mxcsr & 0x20
        }
        result += vectorDifference(host.vectors, vectors)
        result += host.x87.differences(from: other.x87)
        if host.bases != other.bases {
            result.append("bases \(host.bases.map { hex($0) }), not \(other.bases.map { hex($0) })")
        }
        var memory = host.memory
        if test.storesPointers {
            // The host's are of what was executed before. What an access that faults in the middle has stored is its own affair.
            guard let target = test.target, host.end == .next else { return result }
            let start = Int(truncatingIfNeeded: target &- Arena.data)
            for offset in test.unknownBytes where memory.indices.contains(start &+ offset) {
                memory[start + offset] = other.memory[start + offset]
            }
        }
        if test.instruction.mnemonic == .pushf, host.end == .next {
            // The CPU pushes the trap flag that it is executed with, and ID.
            let at = Int(truncatingIfNeeded: host.registers[4] &- Arena.data)
            if memory.indices.contains(at + 1) { memory[at + 1] &= 0xFE }
            if test.instruction.operandSize == 8, memory.indices.contains(at + 2) { memory[at + 2] &= 0xDF }
        }
        // A store of 32 bytes is two of 16, and one under a mask may be one for each lane.
        if case .fault = host.end, test.hasWideMemory || test.isMasked {
            memory = other.memory
        }
        if memory != other.memory, let at = memory.indices.first(where: { memory[$0] != other.memory[$0] }) {
            result.append(
                "memory at \(hex(UInt64(at))): \(hex(UInt64(memory[at]))), not \(hex(UInt64(other.memory[at])))")
        }
        return result
    }

    private static func vectorDifference(_ host: VectorState, _ other: VectorState) -> [String] {
        var result: [String] = []
        if host.mxcsr != other.mxcsr { result.append("mxcsr \(hex(host.mxcsr)), not \(hex(other.mxcsr))") }
        for number in 0..<16 {
            let (low, high) = (host.xmm[number], host.upper[number])
            if low != other.xmm[number] { result.append("xmm\(number): \(hex(low)), not \(hex(other.xmm[number]))") }
            if high != other.upper[number] {
                result.append("upper\(number): \(hex(high)), not \(hex(other.upper[number]))")
            }
        }
        return result
    }

    private static func isSame(_ host: ExecutionOutcome.End, _ other: ExecutionOutcome.End, _ test: ExecutionCase)
        -> Bool
    {
        if host == other { return true }
        // Which of the numbers on the stack is looked at first, and how many, is the maker's affair.
        if [.iret, .retFar].contains(test.instruction.mnemonic) { return host != .next && other != .next }
        // Which of two operands in memory is loaded first, too.
        if test.instruction.mnemonic == .cmps { return host.isOfAccess && other.isOfAccess }
        // Of what is stored in many steps, any may be the first to fault.
        if test.storesPointers || test.loadsAreas, case .fault(let first) = host, case .fault(let second) = other {
            // They may go over the end of the address space.
            return min(first &- second, second &- first) < 1024
        }
        if test.isMasked, case .fault(let first) = host, case .fault(let lane) = other { return lane &- first < 32 }
        return switch (host, other) {
        // The CPU may look at the stack before it does at the selector.
        case (.fault, .generalProtection) where test.instruction.mnemonic == .callFar: true
        // What is written to a port is read first, by whoever may write there.
        case (.generalProtection, .fault) where test.instruction.mnemonic == .outs: true
        // AMD's CPUs say where what is read and written starts, not which page of it cannot be written.
        case (.fault(let first), .fault(let page)) where page % Arena.page == 0 && first < page:
            HostOracle.isAMD && page - first < 16
        // #SS is what #GP is but for the stack.
        case (.other("vector 12"), .generalProtection): true
        // An address that is not canonical is #GP or, on the stack, #SS.
        case (.generalProtection, .fault(let address)), (.other("vector 12"), .fault(let address)):
            address == 0 || !Arena.isCanonical(address) || !Arena.isCanonical(address &+ 31)
        default: false
        }
    }
}
