// SDM volume 1, 12.13: AES and carry-less products; and the SHA extensions (volume 2).

import LyrebirdIR

extension Lifter {
    // MARK: AES

    mutating func aesenc(_ i: DecodedInstruction) { combine(i) { $0.unit.vaesEncrypt($1, $2) } }
    mutating func aesenclast(_ i: DecodedInstruction) {
        combine(i) { $0.unit.vaesEncryptLast($1, $2) }
    }
    mutating func aesdec(_ i: DecodedInstruction) { combine(i) { $0.unit.vaesDecrypt($1, $2) } }
    mutating func aesdeclast(_ i: DecodedInstruction) {
        combine(i) { $0.unit.vaesDecryptLast($1, $2) }
    }
    mutating func aesimc(_ i: DecodedInstruction) { transform(i) { $0.unit.vaesMixInverse($1) } }

    mutating func aeskeygenassist(_ i: DecodedInstruction) {
        let constant = Int32(truncatingIfNeeded: i.immediate & 0xFF)
        transform(i) { $0.unit.vaesKeyAssist($1, constant: constant) }
    }

    mutating func pclmulqdq(_ i: DecodedInstruction) {
        let halves = Int32(truncatingIfNeeded: i.immediate & 1 | i.immediate >> 3 & 2)
        combine(i) { $0.unit.vmulCarryless($1, $2, half: halves) }
    }

    // MARK: SHA: CPUs do not ask for alignment

    mutating func sha1nexte(_ i: DecodedInstruction) {
        combine(i, alignment: .notNeeded) { $0.unit.vsha1NextE($1, $2) }
    }
    mutating func sha1msg1(_ i: DecodedInstruction) {
        combine(i, alignment: .notNeeded) { $0.unit.vsha1Schedule0($1, $2) }
    }
    mutating func sha1msg2(_ i: DecodedInstruction) {
        combine(i, alignment: .notNeeded) { $0.unit.vsha1Schedule1($1, $2) }
    }
    mutating func sha256msg1(_ i: DecodedInstruction) {
        combine(i, alignment: .notNeeded) { $0.unit.vsha256Schedule0($1, $2) }
    }
    mutating func sha256msg2(_ i: DecodedInstruction) {
        combine(i, alignment: .notNeeded) { $0.unit.vsha256Schedule1($1, $2) }
    }

    mutating func sha1rnds4(_ i: DecodedInstruction) {
        let function = Int32(truncatingIfNeeded: i.immediate & 3)
        combine(i, alignment: .notNeeded) { $0.unit.vsha1Rounds4($1, $2, function: function) }
    }

    mutating func sha256rnds2(_ i: DecodedInstruction) {
        let words = xmm(0)
        combine(i, alignment: .notNeeded) { $0.unit.vsha256Rounds2($1, $2, words) }
    }
}
