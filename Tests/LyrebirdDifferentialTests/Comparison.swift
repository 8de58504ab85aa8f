// Runs cases by the oracle and by the subjects, compares, and makes what differs small.

import Foundation
import LyrebirdARM64
import LyrebirdIR
import LyrebirdPasses
import LyrebirdX64
import TestSupport
import Testing

/// What has been compared.
struct Tally {
    var cases = 0
    var instructions = 0
    var runs = 0
    /// Cases by how they ended, by signal.
    var ends: [UInt64: Int] = [:]
    /// Cases that were not compared, by reason.
    var skipped: [String: Int] = [:]

    mutating func skip(_ reason: String) { skipped[reason, default: 0] += 1 }

    var text: String {
        let names: [UInt64: String] = [
            Outcome.trap: "the end", Outcome.illegal: "undefined instructions", Outcome.bus: "bus errors",
            Outcome.segmentation: "segmentation faults",
        ]
        let ends = ends.sorted { $0.value > $1.value }.map { "\($0.value) \(names[$0.key] ?? "signal \($0.key)")" }
        let skipped = skipped.sorted { $0.key < $1.key }.map { "\($0.value) (\($0.key))" }
        return
            "\(cases) cases of \(instructions) instructions in \(runs) runs; ended in \(ends.joined(separator: ", "))"
            + (skipped.isEmpty ? "" : "; not compared: \(skipped.joined(separator: ", "))")
    }
}

/// A difference, shrunk.
struct Finding: CustomStringConvertible {
    var subject: String
    var description: String
}

final class Comparison {
    /// Says first how a case ends, so that what does not end, or would touch what is nobody's, is not run elsewhere.
    let scout = InterpreterSubject(passes: .none)
    let subjects: [any Subject]
    let oracle: Oracle
    private(set) var tally = Tally()
    private(set) var findings: [Finding] = []
    /// Encodings and subjects there are findings for already.
    private var known: Set<String> = []
    private(set) var differences: [String: Int] = [:]
    private var batch: Batch
    private var expected: [Outcome] = []
    let image: [UInt64]

    init(subjects: [any Subject], image: [UInt64], model: OracleModel) throws {
        oracle = try Oracle(model: model)
        self.subjects = subjects
        self.image = image
        batch = Batch(image: image)
        scout.begin(batch)
    }

    // MARK: Filling batches

    /// The slot of the next case.
    var slot: Int { batch.cases.count }

    /// Adds a case to the batch, and compares the batch when it is full.
    func add(_ guestCase: GuestCase) throws {
        batch.append(guestCase)
        scout.extend(batch)
        guard let outcome = scouted(slot: batch.cases.count - 1) else {
            batch.removeLast()
            return
        }
        expected.append(outcome)
        if batch.cases.count == Arena.slots { try flush() }
    }

    private func scouted(slot: Int) -> Outcome? {
        guard let outcome = scout.run(slot: slot) else {
            tally.skip("does not end")
            return nil
        }
        // Where else something is mapped, each process has something else, other tests' memory among it. Above 2^47 Linux
        // ignores the top byte, which is not done here, and the host does not tell the address.
        let isFetch = outcome.address == outcome.pc && outcome.address < 1 << 32
        if outcome.isFault, !isFetch, !Arena.isCommon(outcome.address) {
            tally.skip("address outside of what the processes have in common")
            return nil
        }
        return outcome
    }

    /// Again, now that the code of all cases is there: a case may read that of others, and what it does then must be as
    /// harmless.
    private func rescout() {
        scout.begin(batch)
        for index in batch.cases.indices {
            if let outcome = scouted(slot: index) {
                expected[index] = outcome
            } else {
                batch.replace(index, with: GuestCase(words: [Arena.end], state: batch.cases[index].state))
                scout.begin(batch)
                expected[index] = scout.run(slot: index)!
            }
        }
    }

    /// Compares what is in the batch.
    func flush() throws {
        guard !batch.cases.isEmpty else { return }
        rescout()
        let batch = batch
        let scouted = expected
        self.batch = Batch(image: image)
        expected = []
        try oracle.send(batch)
        for subject in subjects { subject.begin(batch) }
        var found: [[Outcome?]] = []
        for subject in subjects { found.append(batch.cases.indices.map { subject.run(slot: $0) }) }
        var oracles = try oracle.receive(batch.cases.count)
        scout.begin(self.batch)
        for (index, guestCase) in batch.cases.enumerated() {
            tally.cases += 1
            tally.instructions += guestCase.words.count
            tally.ends[oracles[index].signal, default: 0] += 1
            if let reason = Self.excuse(oracles[index], scouted[index], guestCase, slot: index) {
                tally.skip(reason)
                continue
            }
            var own: [Outcome?] = [scouted[index]] + found.map { $0[index] }
            Self.settle(&oracles[index], &own, guestCase, slot: index)
            try check(scout, own[0]!, oracles[index], guestCase)
            for (number, subject) in subjects.enumerated() {
                guard var outcome = own[number + 1] else { continue }
                if subject is EngineSubject, outcome.takesUnderflow(from: own[0]!) {
                    tally.skip("underflow of a number that rounding makes normal, which the host does not see")
                }
                if (subject as? EngineSubject)?.isWindow == true, oracles[index].isFault,
                    oracles[index].address >= 1 << 36
                {
                    tally.skip("behind the window, where the address is not told")
                    continue
                }
                // What is wrong as lifted is one finding, and not three.
                if outcome == own[0] { tally.runs += 1 } else { try check(subject, outcome, oracles[index], guestCase) }
            }
        }
    }

    /// Of an instruction that accesses memory in pieces and fails at a later one, the architecture leaves open what has
    /// become of the memory before that (Arm ARM B2.2), and QEMU has written registers already. That a load changes nothing
    /// here is tested elsewhere.
    private static func settle(_ oracle: inout Outcome, _ others: inout [Outcome?], _ guestCase: GuestCase, slot: Int) {
        let index = oracle.pc >= Arena.pc(ofSlot: slot) ? Int(oracle.pc - Arena.pc(ofSlot: slot)) / 4 : .max
        guard oracle.isFault, guestCase.words.indices.contains(index), let form = MemoryForm(guestCase.words[index])
        else {
            return
        }
        if form.storesPieces {
            forgetMemory(before: oracle.address, &oracle)
            for other in others.indices where others[other] != nil {
                forgetMemory(before: oracle.address, &others[other]!)
            }
        }
        guard let own = others[0] else { return }
        for register in form.vectorsLoadedInTurn {
            let index = CPUState.v + 2 * register
            oracle.state[index] = own.state[index]
            oracle.state[index + 1] = own.state[index + 1]
        }
    }

    private static func forgetMemory(before address: UInt64, _ outcome: inout Outcome) {
        guard address >= Arena.memory, address < Arena.memoryEnd else { return }
        let last = (address - Arena.memory) / 8
        var kept: [UInt64] = []
        for at in stride(from: 0, to: outcome.changes.count, by: 2)
        where outcome.changes[at] > last || outcome.changes[at] + 9 < last {
            kept += outcome.changes[at...at + 1]
        }
        outcome.changes = kept
    }

    /// Where QEMU is not the architecture.
    private static func excuse(_ oracle: Outcome, _ own: Outcome, _ guestCase: GuestCase, slot: Int) -> String? {
        // FPToFixedJS: not exact if there was a fraction.
        let flushes = guestCase.state[CPUState.fpcr] >> 24 & 1 == 1
        if flushes, oracle != own, guestCase.words.contains(where: { LyrebirdARM64.decode($0) == .fjcvtzs }) {
            return "QEMU's FJCVTZS takes a number that is flushed for zero"
        }
        if oracle != own, guestCase.words.contains(where: Self.isSignedHalfFixed) {
            return "QEMU's FCVTZS of half precision with bits of fraction extends the sign beyond the lane"
        }
        let index = own.pc >= Arena.pc(ofSlot: slot) ? Int(own.pc - Arena.pc(ofSlot: slot)) / 4 : .max
        guard own.isFault, oracle != own, guestCase.words.indices.contains(index) else { return nil }
        let word = guestCase.words[index]
        if own.signal == Outcome.bus, let form = MemoryForm(word), form.isExclusive, !form.isLoad {
            return "QEMU's store-exclusive without a monitor does not look at the address"
        }
        if own.signal == Outcome.bus, LyrebirdARM64.decode(word) == .ldapr {
            return "QEMU's LDAPR does not demand alignment"
        }
        if LyrebirdARM64.decode(word) == .dcZVA { return "QEMU does not know where a DC ZVA was that fails" }
        return nil
    }

    private static func isSignedHalfFixed(_ word: UInt32) -> Bool {
        LyrebirdARM64.decode(word) == .fcvtzsFixedSIMDScalar && word >> 19 & 15 < 4
    }

    private func check(_ subject: any Subject, _ outcome: Outcome, _ expected: Outcome, _ guestCase: GuestCase) throws {
        tally.runs += 1
        guard let difference = outcome.difference(from: expected) else { return }
        let name = guestCase.encoding.map(\.name) ?? "sequences"
        differences["\(subject.name), \(name)", default: 0] += 1
        let scope = subject === scout || subject is InterpreterSubject ? "" : subject.name
        guard findings.count < 24, known.insert("\(scope) \(name)").inserted else { return }
        let (small, what) = try shrink(guestCase, subject)
        if small.words.count == 1, guestCase.words.count > 1 {
            let only = LyrebirdARM64.decode(small.words[0])?.name ?? ""
            guard known.insert("\(scope) \(only)").inserted else { return }
        }
        findings.append(
            Finding(
                subject: subject.name,
                description: """
                    \(subject.name) and QEMU differ in \(name):
                    \(Self.listing(small))
                    \(what ?? "differs only in its batch, and there:\n\(difference)")
                    from \(Self.text(small.state))
                    \(unitText(small))
                    """))
    }

    private func unitText(_ guestCase: GuestCase) -> String {
        var single = Batch(image: image)
        single.append(guestCase)
        scout.begin(single)
        defer { scout.begin(batch) }
        return scout.text(slot: 0)
    }

    // MARK: Shrinking

    /// Runs a case alone. nil if there is no difference, or none that counts.
    private func difference(_ guestCase: GuestCase, _ subject: any Subject) throws -> String? {
        var single = Batch(image: image)
        single.append(guestCase)
        scout.begin(single)
        defer { scout.begin(batch) }
        guard let scouted = scouted(slot: 0) else { return nil }
        var expected = try oracle.run(single)[0]
        if Self.excuse(expected, scouted, guestCase, slot: 0) != nil { return nil }
        subject.begin(single)
        var own: [Outcome?] = [scouted, subject === scout ? scouted : subject.run(slot: 0)]
        if subject is EngineSubject { _ = own[1]?.takesUnderflow(from: scouted) }
        Self.settle(&expected, &own, guestCase, slot: 0)
        return own[1]?.difference(from: expected)
    }

    /// Drops instructions and makes registers 0 as long as there is a difference.
    private func shrink(_ guestCase: GuestCase, _ subject: any Subject) throws -> (GuestCase, String?) {
        var small = guestCase
        // In slot 0: what depends on the place may be gone.
        guard var what = try difference(small, subject) else { return (small, nil) }
        func attempt(_ other: GuestCase) throws -> Bool {
            guard let still = try difference(other, subject) else { return false }
            small = other
            what = still
            return true
        }
        let nop: UInt32 = 0xD503_201F
        var again = true
        while again {
            again = false
            for index in small.words.indices.reversed() {
                var other = small
                other.words.remove(at: index)
                if !other.words.isEmpty, try attempt(other) {
                    again = true
                } else if small.words[index] != nop {
                    other = small
                    other.words[index] = nop
                    if try attempt(other) { again = true }
                }
            }
        }
        for index in 0..<CPUState.count where small.state[index] != 0 {
            // QEMU does not keep all bits of the control register.
            let simpler = index == CPUState.fpcr ? [0] : [0, 1, small.state[index] & 0xFF]
            for simple in simpler where simple != small.state[index] {
                var other = small
                other.state[index] = simple
                if try attempt(other) { break }
            }
        }
        return (small, what)
    }

    // MARK: Text

    private static func text(_ state: CPUState) -> String {
        let set = (0..<CPUState.count).filter { state[$0] != 0 }
        return set.map { "\(CPUState.name($0)) \(hex(state[$0]))" }.joined(separator: ", ")
    }

    /// Words with their disassembly, if binutils are there.
    static func listing(_ guestCase: GuestCase) -> String {
        let file = FileManager.default.temporaryDirectory.appending(path: "lyrebird-case-\(getpid())")
        let bytes = guestCase.words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
        try? Data(bytes).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [
            "aarch64-linux-gnu-objdump", "-D", "-b", "binary", "-m", "aarch64",
            "--adjust-vma=\(hex(Arena.pc(ofSlot: 0)))", file.path(),
        ]
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return guestCase.words.map { hex($0) }.joined(separator: " ") }
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        let lines = text.split(separator: "\n").filter { $0.hasPrefix("    2000") }
        return lines.isEmpty ? guestCase.words.map { hex($0) }.joined(separator: " ") : lines.joined(separator: "\n")
    }

    /// Records what was found as the test's failures.
    func report(_ title: String) {
        print("\(title): \(tally.text)")
        for finding in findings { Issue.record("\(finding.description)") }
        if !differences.isEmpty {
            Issue.record("differences: \(differences.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" })")
        }
    }
}
