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
    /// Cases that an oracle said something about.
    var judged: [String: Int] = [:]
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
        let judged = judged.sorted { $0.key < $1.key }.map { "\($0.value) by \($0.key)" }
        return
            "\(cases) cases of \(instructions) instructions in \(runs) runs, \(judged.joined(separator: ", ")); "
            + "ended in \(ends.joined(separator: ", "))"
            + (skipped.isEmpty ? "" : "; not compared: \(skipped.joined(separator: ", "))")
    }
}

/// A difference, shrunk.
struct Finding: CustomStringConvertible {
    var subject: String
    var oracle: String
    /// The case, with what the oracle says.
    var recorded: RecordedCase
    var difference: String
    var description: String
}

final class Comparison {
    /// Says first how a case ends, so that what does not end, or would touch what is nobody's, is not run elsewhere.
    let scout = InterpreterSubject(passes: .none)
    let subjects: [any Subject]
    let oracles: [Oracle]
    private(set) var tally = Tally()
    private(set) var findings: [Finding] = []
    /// Encodings and subjects there are findings for already.
    private var known: Set<String> = []
    private(set) var differences: [String: Int] = [:]
    private var batch: Batch
    private var expected: [Outcome] = []
    let image: [UInt64]

    init(subjects: [any Subject], image: [UInt64], model: OracleModel) throws {
        oracles = [try Oracle(.qemu(model)), try Oracle(.unicorn)]
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
        if outcome.isElsewhere {
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
        for oracle in oracles { try oracle.send(batch) }
        for subject in subjects { subject.begin(batch) }
        var found: [[Outcome?]] = []
        for subject in subjects { found.append(batch.cases.indices.map { subject.run(slot: $0) }) }
        let answers = try oracles.map { try $0.receive(batch.cases.count) }
        scout.begin(self.batch)
        for (index, guestCase) in batch.cases.enumerated() {
            tally.cases += 1
            tally.instructions += guestCase.words.count
            tally.ends[answers[0][index].signal, default: 0] += 1
            let own: [Outcome?] = [scouted[index]] + found.map { $0[index] }
            // Whatever says something about a case says it about the scout, and the first about the others, too.
            var isJudged = false
            for (oracle, answers) in zip(oracles, answers) {
                if try judge(guestCase, slot: index, own, oracle, answers[index], isFirst: !isJudged) {
                    isJudged = true
                }
            }
            if !isJudged { try compareSubjects(own, own[0]!, nil, own[0]!, guestCase) }
        }
    }

    /// Compares outcomes, first of them the scout's, with an oracle's.
    /// - Returns: whether the oracle's counts.
    private func judge(
        _ guestCase: GuestCase, slot: Int, _ outcomes: [Outcome?], _ oracle: Oracle, _ answer: Outcome, isFirst: Bool
    ) throws -> Bool {
        if let reason = oracle.kind.refusal(guestCase) {
            tally.skip("by \(oracle.kind.name): \(reason)")
            return false
        }
        var own = outcomes
        var answer = answer
        oracle.kind.settle(&answer, &own, guestCase, slot: slot)
        let scouted = own[0]!
        if let reason = oracle.kind.excuse(answer, scouted, guestCase, slot: slot) {
            tally.skip("by \(oracle.kind.name): \(reason)")
            return false
        }
        tally.judged[oracle.kind.name, default: 0] += 1
        try check(scout, scouted, oracle, answer, guestCase)
        if isFirst { try compareSubjects(own, scouted, oracle, answer, guestCase) }
        return true
    }

    /// Compares the subjects, whose outcomes follow the scout's, with what is expected: by an oracle, or by the scout itself
    /// where none has anything to say.
    private func compareSubjects(
        _ outcomes: [Outcome?], _ scouted: Outcome, _ oracle: Oracle?, _ expected: Outcome, _ guestCase: GuestCase
    ) throws {
        for (number, subject) in subjects.enumerated() {
            guard var outcome = outcomes[number + 1] else { continue }
            if let reason = subject.settle(&outcome, scouted) { tally.skip(reason) }
            // What is wrong as lifted is one finding, and not three.
            if outcome == scouted {
                tally.runs += 1
            } else {
                try check(subject, outcome, oracle, expected, guestCase)
            }
        }
    }

    private func check(
        _ subject: any Subject, _ outcome: Outcome, _ oracle: Oracle?, _ expected: Outcome, _ guestCase: GuestCase
    ) throws {
        let other = oracle?.kind.name ?? scout.name
        tally.runs += 1
        guard let difference = outcome.difference(from: expected) else { return }
        let name = guestCase.encoding.map(\.name) ?? "sequences"
        differences["\(subject.name) and \(other), \(name)", default: 0] += 1
        let scope = (subject is InterpreterSubject ? "" : subject.name) + " " + other
        guard findings.count < 24, known.insert("\(scope) \(name)").inserted else { return }
        defer { scout.begin(batch) }
        var recorded = RecordedCase(title: name, guestCase: guestCase, image: image, expected: expected)
        var text = "not made small:\n\(difference)"
        // There may be no difference when it is alone.
        if let oracle, var shrinker = try Shrinker(recorded, scout: scout, subject: subject, oracle: oracle) {
            try shrinker.shrink()
            recorded = shrinker.recorded
            text = shrinker.difference
        }
        if recorded.guestCase.words.count == 1, guestCase.words.count > 1 {
            let only = LyrebirdARM64.decode(recorded.guestCase.words[0])?.name ?? ""
            guard known.insert("\(scope) \(only)").inserted else { return }
        }
        findings.append(
            Finding(
                subject: subject.name, oracle: other, recorded: recorded, difference: text,
                description: """
                    \(subject.name) and \(other) differ in \(name):
                    \(text)
                    for Tests/FileTests/Cases, if \(other) is right:
                    \(recorded.text)
                    \(unitText(recorded))
                    """))
    }

    private func unitText(_ recorded: RecordedCase) -> String {
        scout.begin(recorded.batch)
        return scout.text(slot: 0)
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
