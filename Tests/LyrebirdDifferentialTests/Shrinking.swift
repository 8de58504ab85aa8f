// Makes a case that shows a difference small: fewer instructions, and fewer registers and words of memory that are not 0.

struct Shrinker {
    let scout: InterpreterSubject
    let subject: any Subject
    let oracle: Oracle
    /// The smallest case so far, with what the oracle says of it, and what is different.
    private(set) var recorded: RecordedCase
    private(set) var difference: String

    /// nil if the case alone, in slot 0, shows no difference: what depends on the place may be gone.
    init?(_ guestCase: RecordedCase, scout: InterpreterSubject, subject: any Subject, oracle: Oracle) throws {
        self.scout = scout
        self.subject = subject
        self.oracle = oracle
        recorded = guestCase
        difference = ""
        guard try attempt(guestCase) else { return nil }
    }

    mutating func shrink() throws {
        try dropWords()
        try clearState()
        try clearMemory(recorded.image.indices)
    }

    /// Takes a case for the smallest one if it shows a difference that counts.
    private mutating func attempt(_ other: RecordedCase) throws -> Bool {
        guard oracle.kind.refusal(other.guestCase) == nil else { return false }
        scout.begin(other.batch)
        guard let scouted = scout.run(slot: 0), !scouted.isElsewhere else { return false }
        var other = other
        other.expected = try oracle.run(other.batch)[0]
        var own: [Outcome?] = [scouted]
        oracle.kind.settle(&other.expected, &own, other.guestCase, slot: 0)
        guard oracle.kind.excuse(other.expected, own[0]!, other.guestCase, slot: 0) == nil,
            let difference = other.difference(subject, scout: scout, by: oracle.kind)
        else { return false }
        recorded = other
        self.difference = difference
        return true
    }

    private mutating func dropWords() throws {
        let nop: UInt32 = 0xD503_201F
        var again = true
        while again {
            again = false
            for index in recorded.guestCase.words.indices.reversed() {
                var other = recorded
                other.guestCase.words.remove(at: index)
                if !other.guestCase.words.isEmpty, try attempt(other) {
                    again = true
                } else if recorded.guestCase.words[index] != nop {
                    other = recorded
                    other.guestCase.words[index] = nop
                    if try attempt(other) { again = true }
                }
            }
        }
    }

    private mutating func clearState() throws {
        for index in 0..<CPUState.count {
            let value = recorded.guestCase.state[index]
            // QEMU does not keep all bits of the control register.
            for simple in index == CPUState.fpcr ? [0] : [0, 1, value & 0xFF] {
                if value == simple { break }
                var other = recorded
                other.guestCase.state[index] = simple
                if try attempt(other) { break }
            }
        }
    }

    /// Makes what is not needed 0, in halves.
    private mutating func clearMemory(_ range: Range<Int>) throws {
        guard recorded.image[range].contains(where: { $0 != 0 }) else { return }
        var other = recorded
        for index in range { other.image[index] = 0 }
        if try attempt(other) || range.count == 1 { return }
        let middle = range.lowerBound + range.count / 2
        try clearMemory(range.lowerBound..<middle)
        try clearMemory(middle..<range.upperBound)
    }
}
