// From an instruction word to the encoding it is. The tables are generated from Spec/arm64.decode and are static data: no
// work at start-up, no allocation, nothing to own. Decoding walks a tree of switches over bit fields, one for most words
// (bits 31 to 21), to a list of mostly one encoding, and compares the word with each: 7 ns a word over the code of a C
// library, 9 over random words, nearly all of it mispredicted branches.

/// The encoding of an instruction word, or nil where the architecture leaves the word undefined.
public func decode(_ word: UInt32) -> Encoding? {
    decoderTree.withUnsafeBufferPointer { tree in
        // Node 0 is the root. A child with the top bit set is a list.
        var at = 0
        repeat {
            let index = (word &>> UInt32(tree[at])) & UInt32(tree[at &+ 1])
            at = Int(tree[at &+ 2 &+ Int(index)])
        } while at < 0x8000
        at &-= 0x8000
        while tree[at] != 0xFFFF {
            let number = tree[at]
            if matches(word, number) {
                return Encoding(number: number)
            }
            at &+= 1
        }
        return nil
    }
}

/// Whether the word has the fixed bits of an encoding and none of its exclusions.
@inline(__always)
private func matches(_ word: UInt32, _ number: UInt16) -> Bool {
    decoderPatterns.withUnsafeBufferPointer { patterns in
        let row = Int(number) &* 3
        guard word & patterns[row] == patterns[row &+ 1] else { return false }
        let exclusions = patterns[row &+ 2]
        return exclusions < 0x1_0000 || !isExcluded(word, exclusions)
    }
}

private func isExcluded(_ word: UInt32, _ exclusions: UInt32) -> Bool {
    decoderExclusions.withUnsafeBufferPointer { pairs in
        var at = Int(exclusions & 0xFFFF)
        for _ in 0..<(exclusions &>> 16) {
            if word & pairs[at] == pairs[at &+ 1] { return true }
            at &+= 2
        }
        return false
    }
}

extension Encoding {
    /// The encoding of that number. The cases are numbered from 0 in their order, and an enum without payloads is stored as
    /// the number of its case, so that no table has to be searched; a test holds the compiler to it.
    @inline(__always)
    init(number: UInt16) {
        self = unsafeBitCast(number, to: Encoding.self)
    }

    /// The name in the spec: the manual's title of the instruction.
    public var name: String { String(describing: self) }

    /// Whether there is a lifter for it.
    public var isBuilt: Bool { isSet(builtEncodings) }

    /// Whether it needs EL1, so that it is undefined or trapped in user mode.
    public var isPrivileged: Bool { isSet(privilegedEncodings) }

    /// The architecture feature that brings it.
    public var feature: Feature {
        unsafeBitCast(encodingFeatures[Int(rawValue)], to: Feature.self)
    }

    private func isSet(_ bits: [UInt32]) -> Bool {
        (bits[Int(rawValue &>> 5)] &>> UInt32(rawValue & 31)) & 1 != 0
    }
}
