// The generated decoder against Spec/arm64.decode, and against an authority that knows nothing of it: the disassembler of
// GNU binutils.

import Foundation
import LyrebirdARM64
import Testing

@Suite struct DecoderTests {
    /// The numbers of the encodings are stored as their cases, and the table's rows follow the spec's.
    @Test func encodingsAreTheRowsOfTheSpec() throws {
        let rows = try readSpec()
        #expect(Encoding.allCases.map(\.name) == rows.map(\.name))
        for (number, encoding) in Encoding.allCases.enumerated() {
            #expect(Int(encoding.rawValue) == number)
            #expect(unsafeBitCast(encoding, to: UInt16.self) == encoding.rawValue)
        }
    }

    @Test(
        arguments: [
            (0xD503_201F, Encoding.nop), (0xD503_201F | 0x7 << 5, .xpaclri), (0xD503_2FFF, .hint),
            (0xD53B_D040, .mrsTPIDR),
            (0xD538_0000, .mrsIdentification), (0xD53B_9C00, .mrs), (0x1E60_4000, .fmovRegister),
            (0x9E66_0000, .fmovToGeneral),
            (0x4F00_E400, .moviByte), (0x4F00_0400, .moviShifted), (0x4F00_1400, .orrVectorImmediate),
            (0x4F08_0400, .sshrVector),
            (0x7C40_8041, .ldurSIMD), (0x3CC0_0041, .ldurSIMD), (0xC820_7C41, .stxp), (0x0820_7C40, .casp),
            (0x08A0_7C41, .cas),
        ] as [(UInt32, Encoding)])
    func decodes(_ word: UInt32, _ encoding: Encoding) {
        #expect(decode(word) == encoding)
    }

    @Test(
        arguments: [
            0x0000_0000, 0xFFFF_FFFF,
            0x1240_0000,  // AND (immediate), 32 bits, N = 1
            0x9240_FC00,  // AND (immediate), all ones
            0x52C0_0000,  // MOVZ, 32 bits, shift of 32
            0x0B00_8000,  // ADD (shifted register), 32 bits, amount of 32
            0x8BC0_0000,  // ADD (shifted register), ROR
            0x0EE0_8400,  // ADD (vector), one lane of 64 bits
            0x1E80_2800,  // FADD (scalar), type 10
            0xD400_0000,  // exception generation, unallocated
            0xF8C0_0000 | 0x3 << 30 | 0x4 << 21,  // LDRS, 64 bits
            0x2E3F_5800,  // two-register miscellaneous, unallocated
        ] as [UInt32])
    func leavesUndefined(_ word: UInt32) {
        #expect(decode(word) == nil)
    }

    @Test func argumentsAreTheFieldsOfTheWord() {
        let store = LoadStoreUnscaled(word: 0xF81F_0FFE)  // str x30, [sp, #-16]!
        #expect((store.size, store.imm9, store.rn, store.rt) == (3, -16, 31, 30))
        let pair = LoadStorePair(word: 0xA9BF_7BFD)  // stp x29, x30, [sp, #-16]!
        #expect(pair.sf && (pair.imm7, pair.rt2, pair.rn, pair.rt) == (-2, 30, 31, 29))
        let page = PCRelative(word: 0xF0FF_FFE3)  // adrp x3, the page before
        #expect((page.immediate, page.rd) == (-1, 3))
        #expect(PCRelative(word: 0x3000_0020).immediate == 5)
        let test = TestBranch(word: 0xB607_FFE5)  // tbz x5, #32, .-4
        #expect((test.bit, test.offset, test.rt) == (32, -4, 5))
        #expect(BranchImmediate(word: 0x1600_0000).offset == -(1 &<< 27))
        #expect(BranchImmediate(word: 0x1400_0001).offset == 4)
        #expect(ConditionalBranch(word: 0x54FF_FFE1).offset == -4)
        #expect(SystemRegister(word: 0xD53B_D040).register == 0xDE82)
        #expect(LoadAuthenticated(word: 0xF87F_F420).offset == -8)
        #expect(LoadStoreUnsignedSIMD(word: 0x3DC0_0000).scale == 4)
        #expect(ModifiedImmediate(word: 0x4F05_E6A0).imm8 == 0xB5)
        #expect(VectorElement(word: 0x4FA0_1800).indexWord == 3)
    }
}
