// Precise faults: whatever accesses memory is made to fail, alone and after instructions whose results may be nowhere but in
// host registers by then. The state must be the one that the instructions before left, and pc and address exact.

import LyrebirdARM64
import LyrebirdPasses
import TestSupport
import Testing

extension DifferentialTests {
    @Suite(.serialized) struct Faults {
        @Test(arguments: OracleModel.allCases) func states(model: OracleModel) throws {
            var generator = CaseGenerator(seed: 4, model: model)
            let comparison = try Comparison(
                subjects: RandomCases.mainSubjects(), image: generator.image(), model: model)
            let interpreter = InterpreterSubject(passes: .none)
            for encoding in CaseGenerator.accesses
            where model.has(encoding) && OracleModel.plain.has(encoding) == (model == .plain) {
                var failed = 0
                for round in 0..<60 {
                    let length = round < 20 ? round % 3 : 10 + round % 30
                    guard let guestCase = generator.faulting(encoding, after: length) else { continue }
                    try comparison.add(guestCase)
                    if try isExact(guestCase, interpreter, comparison.image) { failed += 1 }
                }
                #expect(failed >= 20, "\(encoding) failed \(failed) times only")
            }
            try comparison.flush()
            comparison.report("faults, \(model.rawValue)")
        }

        /// Whether the last instruction fails, and the state then is that before it, as a breakpoint in its place shows it.
        private func isExact(_ guestCase: GuestCase, _ interpreter: InterpreterSubject, _ image: [UInt64]) throws
            -> Bool
        {
            let last = guestCase.words.count - 1
            guard let outcome = run(guestCase, interpreter, image), outcome.isFault,
                outcome.pc == Arena.pc(ofSlot: 0) + UInt64(4 * last)
            else { return false }
            var before = guestCase
            before.words[last] = Arena.end
            let expected = try #require(run(before, interpreter, image))
            let isSame = outcome.state == expected.state && outcome.pc == expected.pc
            #expect(isSame, "\(guestCase.listing.joined(separator: "\n"))\n\(outcome.difference(from: expected) ?? "")")
            return true
        }

        private func run(_ guestCase: GuestCase, _ interpreter: InterpreterSubject, _ image: [UInt64]) -> Outcome? {
            var batch = Batch(image: image)
            batch.append(guestCase)
            interpreter.begin(batch)
            return interpreter.run(slot: 0)
        }
    }
}

extension CaseGenerator {
    /// The encodings that access memory.
    static let accesses = encodings.filter {
        $0 == .dcZVA || MemoryForm(pattern($0)) != nil && !$0.name.hasPrefix("prf")
    }

    /// Instructions that do not fail, then one that does: mostly, as luck decides where exactly it goes.
    mutating func faulting(_ encoding: Encoding, after length: Int) -> GuestCase? {
        // Registers for the last instruction's address, which the others leave alone.
        let base = 26
        let index = 27
        guard var word = word(encoding) else { return nil }
        var result = sequence(length: max(2, length), faults: false)
        result.encoding = encoding
        if length < 2 { result.words.removeLast(2 - length) }
        // A literal may be the last instruction itself, which is not the same in the other run.
        result.words.removeAll { word in
            if let form = MemoryForm(word), case .literal = form.offset { return true }
            return [0, 5, 10, 16].contains { [base, index].contains(Int(word >> $0 & 31)) }
        }
        guard let first = MemoryForm(word) else {
            word = word & ~31 | UInt32(base)
            result.state[base] = faultTarget(alignment: 0, isWrite: true)
            result.words.append(word)
            return result
        }
        if case .literal = first.offset {
            result.words.append(word)
            return result
        }
        word = word & ~(31 << 5) | UInt32(base) << 5
        if case .register = first.offset { word = word & ~(31 << 16) | UInt32(index) << 16 }
        guard Skips.word(word, encoding) == nil, let form = MemoryForm(word) else { return nil }
        let isExclusiveStore = form.isExclusive && !form.isLoad
        // Atomics need memory that can be written, whatever they do.
        let writes = form.alignment > 0 && !form.isExclusive || !form.isLoad
        let readOnly = Arena.memory + UInt64(Arena.writableSize) + random.next() % 4000 & ~15
        let target = isExclusiveStore ? readOnly : faultTarget(alignment: form.alignment, isWrite: writes)
        aim(form, at: target, &result.state)
        if isExclusiveStore {
            guard let load = loadExclusive(for: word, form) else { return nil }
            result.words.append(load)
        }
        result.words.append(word)
        return result
    }

    /// An address that is nobody's, or a little before one.
    private mutating func faultTarget(alignment: Int, isWrite: Bool) -> UInt64 {
        let reach = random.next() % 8
        let address: UInt64
        switch random.next() % 6 {
        case 0: address = 8 * reach
        case 1: address = Arena.memory - 64 - reach
        case 2 where isWrite: address = Arena.memory + UInt64(Arena.writableSize) - reach
        case 3: address = Arena.memoryEnd + 4096
        default: address = Arena.memoryEnd - reach
        }
        return alignment > 0 ? (address + 15) & ~15 : address
    }
}
