// The verifier finds each kind of error, and garbage does not bring it down.

import LyrebirdIR
import TestSupport
import Testing

@Suite struct VerifierTests {
    /// Errors of a unit given as text.
    func errors(_ body: String, breaking: (inout Unit) -> Void = { _ in }) throws -> [String] {
        var unit = try Parser(layout: SyntheticGuest.layout).parse("unit 0x0 {\n\(body)\n}\n")
        breaking(&unit)
        return Verifier(layout: SyntheticGuest.layout).errors(in: unit)
    }

    @Test(arguments: [
        // Blocks
        ("v0 = get.i64 x0", "does not end with a terminator"),
        ("exitJump.jump 0x0\nexitJump.jump 0x0", "a terminator inside a block"),
        ("v0 = param.i64\nexitJump.jump 0x0", "the first block has no parameters"),
        ("v0 = const.i64 0x1\nbind x0, v0\nexitJump.jump 0x0", "bind"),
        ("jump b1\nb1:\nv0 = const.i64 0x1\nv1 = param.i64\nexitJump.jump 0x0", "a parameter stands behind"),
        ("jump b1\nb1:\nv0 = const.i64 0x1\nbind x0, v0\nexitJump.jump 0x0", "a binding stands behind"),
        // Operands
        (
            "v0 = get.flags f0\nbranch.eq v0, b1, b2\nb1:\nv1 = get.i64 x0\njump b2\nb2:\nset x1, v1\nexitJump.jump 0x0",
            "v2 is not made on every way here"
        ),
        ("v0 = get.i64 x0\nv1 = get.i32 w0\nv2 = add.i64 v0, v1\nexitJump.jump 0x0", "v1 has the type i32, not i64"),
        ("v0 = get.i64 x0\nv1 = cset.i64.eq v0\nexitJump.jump 0x0", "v0 has the type i64, not flags"),
        ("v0 = get.i64 x0\nv1 = vadd.i64.b v0, v0\nexitJump.jump 0x0", "has the type i64"),
        ("v0 = get.i32 x0\nexitJump.jump 0x0", "the slot's type is another"),
        ("v0 = get.i64 x0\nset w0, v0\nexitJump.jump 0x0", "the slot's type is another"),
        ("v0 = get.i64 x0\njump b1(v0)\nb1:\nexitJump.jump 0x0", "gives b1 1 arguments for 0 parameters"),
        ("v0 = get.i64 x0\njump b1(v0)\nb1:\nv1 = param.i32\nexitJump.jump 0x0", "v0 has the type i64, not i32"),
        ("v0 = get.i64 x0\nv1 = udiv.i64 v0, v0\nv2 = flags.flags v1\nexitJump.jump 0x0", "v1 makes no flags"),
        (
            "v0 = const.i8 0x1\nv1 = mul.i8 v0, v0\nv2 = flags.flags v1\nexitJump.jump 0x0", "v1 is too narrow"
        ),
        (
            "v0 = get.i64 x0\nv1 = add.i64 v0, v0\njump b1\nb1:\nv2 = flags.flags v1\nexitJump.jump 0x0",
            "v1 is in another block"
        ),
        // Numbers
        ("v0 = const.v128 0x0\nexitJump.jump 0x0", "a vector is no constant"),
        ("v0 = const.flags 0x102\nexitJump.jump 0x0", "these are no flags"),
        ("v0 = get.i32 w0\nv1 = zext.i64.i64 v0\nexitJump.jump 0x0", "i64 is too wide"),
        ("v0 = get.i64 x0\nv1 = sext.i32.i64 v0\nexitJump.jump 0x0", "i64 is too wide"),
        ("v0 = get.i32 w0\nv1 = trunc.i32 v0\nexitJump.jump 0x0", "does not narrow"),
        ("v0 = get.i64 x0\nv1 = extract2.i64 v0, v0, 64\nexitJump.jump 0x0", "shifts by 64"),
        ("v0 = const.i8 0x1\nv1 = udivWide.i8 v0, v0, v0\nexitJump.jump 0x0", "has the type i8"),
        ("v0 = get.i64 x0\nv1 = insert.i64.i32 v0, v0, 0\nexitJump.jump 0x0", "i32 is too wide"),
        ("v0 = get.i64 x0\nv1 = insert.i64.i16 v0, v0, 49\nexitJump.jump 0x0", "there is no place at bit 49"),
        ("v0 = get.i64 x0\nv1 = insert.i64.i8 v0, v0, -1\nexitJump.jump 0x0", "there is no place at bit -1"),
        (
            "v0 = get.flags f0\nv1 = const.i8 0x1\nv2 = bitToCarry.flags v0, v1, v1\nexitJump.jump 0x0",
            "v1 is too narrow"
        ),
        ("v0 = get.i32 w0\nv1 = crc32.i32.64 v0, v0\nexitJump.jump 0x0", "the data is too narrow"),
        ("v0 = get.i64 x0\nv1 = load.i32.u64 v0, 0\nexitJump.jump 0x0", "8 bytes do not fit i32"),
        ("v0 = get.i64 x0\nv1 = load.i64.u64r v0, 0\nexitJump.jump 0x0", "has the order release"),
        ("v0 = get.i64 x0\nstore.s64 v0, v0, 0\nexitJump.jump 0x0", "has a sign"),
        ("v0 = get.i64 x0\nv1 = load.flags.u16 v0, 0\nexitJump.jump 0x0", "moves flags"),
        ("v0 = get.v128 v0\nv1 = vshl.v128.h v0, 16\nexitJump.jump 0x0", "shifts by 16"),
        ("v0 = get.i32 w0\nv1 = vsplat.v128.d v0\nexitJump.jump 0x0", "i32 does not fill a lane"),
        ("v0 = get.v128 v0\nv1 = vextract.i32.d v0, 0\nexitJump.jump 0x0", "the lane does not fit i32"),
        ("v0 = get.v128 v0\nv1 = sseConvert.v128.ps v0, v0\nexitJump.jump 0x0", "is of ps"),
        ("v0 = get.v128 v0\nv1 = sseAddSub.v128.sd v0, v0\nexitJump.jump 0x0", "is of sd"),
        ("v0 = get.v128 v0\nv1 = sseRound.v128.pd v0, v0, 5\nexitJump.jump 0x0", "there is no mode 5"),
        ("v0 = get.v128 v0\nv1 = sseCompare.v128.pd v0, v0, 32\nexitJump.jump 0x0", "there is no predicate 32"),
        ("v0 = get.v128 v0\nv1 = vblend.v128.d v0, v0, 4\nexitJump.jump 0x0", "there is no blend 4"),
        ("v0 = get.v128 v0\nv1 = vmask.i32.h v0\nexitJump.jump 0x0", "the lane is h"),
        ("v0 = get.i64 x0\nv1 = load.i64.v64 v0, 0\nexitJump.jump 0x0", "is aligned"),
        ("v0 = get.v128 v0\nv1 = vextract.i64.d v0, 2\nexitJump.jump 0x0", "there is no lane 2"),
        ("v0 = get.v128 v0\nv1 = get.i64 x0\nv2 = vinsert.v128.s v0, v1, 4\nexitJump.jump 0x0", "there is no lane 4"),
        ("v0 = get.v128 v0\nv1 = vbytes.v128 v0, v0, 16\nexitJump.jump 0x0", "there is no byte 16"),
        ("v0 = get.v128 v0\nv1 = vwidenU.v128.d v0, 3\nexitJump.jump 0x0", "there is no wider lane"),
        ("v0 = get.v128 v0\nv1 = vwidenU.v128.h v0, 1\nexitJump.jump 0x0", "2^1 bytes are no more"),
        ("v0 = get.v128 v0\nv1 = vreverse.v128.s v0, 1\nexitJump.jump 0x0", "there is no group"),
        ("v0 = get.v128 v0\nv1 = vmulCarryless.v128 v0, v0, 4\nexitJump.jump 0x0", "there is no half or function 4"),
        ("v0 = get.v128 v0\nv1 = vshuffleHalf.v128 v0, 256, 0\nexitJump.jump 0x0", "there is no order 256"),
        ("v0 = get.v128 v0\nv1 = vshuffleHalf.v128 v0, 0, 2\nexitJump.jump 0x0", "there is no half 2"),
        ("v0 = get.v128 v0\nv1 = vsumDifferences4.v128 v0, v0, 8\nexitJump.jump 0x0", "there is no place 8"),
        ("v0 = get.v128 v0\nv1 = vaesKeyAssist.v128 v0, 256\nexitJump.jump 0x0", "the constant is 256"),
        ("v0 = get.v128 v0\nv1 = vstringMask.v128 v0, v0, 128\nexitJump.jump 0x0", "there is no way 128"),
        ("v0 = get.v128 v0\nv1 = vblendSign.v128.h v0, v0, v0\nexitJump.jump 0x0", "the lane is h"),
        ("v0 = get.v128 v0\nv1 = vshlAll.v128.b v0, v0\nexitJump.jump 0x0", "the lane is b"),
        ("v0 = get.v128 v0\nv1 = vsarAll.v128.d v0, v0\nexitJump.jump 0x0", "the lane is d"),
        ("v0 = get.v128 v0\nv1 = vsarEach.v128.d v0, v0\nexitJump.jump 0x0", "the lane is d"),
        ("v0 = get.v128 v0\nv1 = vshlEach.v128.h v0, v0\nexitJump.jump 0x0", "the lane is h"),
        ("v0 = get.v128 v0\nv1 = vaverageU.v128.s v0, v0\nexitJump.jump 0x0", "the lane is s"),
        ("v0 = get.v128 v0\nv1 = vsign.v128.d v0, v0\nexitJump.jump 0x0", "the lane is d"),
    ])
    func finds(_ body: String, _ message: String) throws {
        let found = try errors(body)
        #expect(found.count >= 1 && found.allSatisfy { $0.contains(message) }, "\(found)")
    }

    @Test func findsWhatTextCannotSay() throws {
        let body = "v0 = get.i64 x0\nv1 = add.i64 v0, v0\nset x0, v1\njump b1\nb1:\nexitJump.call 0x0, 0x4"
        #expect(try errors(body).isEmpty)
        func first(_ breaking: (inout Unit) -> Void) throws -> String {
            try errors(body, breaking: breaking).first ?? ""
        }
        #expect(try first { $0.instructions[1].a = 1 }.contains("does not stand before it"))
        #expect(try first { $0.instructions[1].a = 2 }.contains("there is no value v2"))
        #expect(try first { $0.instructions[1].a = 9999 }.contains("there is no value v9999"))
        #expect(try first { $0.instructions[1].type = .v128 }.contains("has the type v128"))
        #expect(try first { $0.instructions[1].aux = 3 }.contains("aux is 3"))
        #expect(try first { $0.instructions[2].a = 77 }.contains("there is no slot 77"))
        #expect(try first { $0.instructions[3].a = 9999 }.contains("there is no edge"))
        #expect(try first { $0.pool[0] = 5 }.contains("goes to b5"))
        #expect(try first { $0.pool[1] = .max }.contains("reaches beyond the pool"))
        #expect(try first { $0.instructions[4].c = 9999 }.contains("are not in the pool"))
        #expect(try first { $0.instructions[4].aux = 9 }.contains("aux is 9"))
        #expect(try first { $0.blocks[1].start = 3 }.contains("not where the block before it ends"))
        #expect(try first { $0.blocks[1].end = 3 }.contains("not where the block before it ends"))
        #expect(try first { $0.order[1] = 0 }.contains("placed twice"))
        #expect(try first { $0.order[1] = 40 }.contains("there is no block b40"))
        #expect(try first { $0.reset(pc: 0) }.contains("no block is placed"))
    }

    /// Well-formed units with fields overwritten at random.
    @Test func survivesGarbage() {
        let verifier = Verifier(layout: SyntheticGuest.layout)
        var unit = Unit()
        var random = SplitMix64(seed: 1)
        var found = 0
        for seed in 0..<2000 {
            var generator = RandomUnit(seed: UInt64(seed))
            generator.make(into: &unit)
            for _ in 0..<3 {
                let at = Int(random.next() % UInt64(unit.count))
                let word = random.chance(50) ? UInt32(truncatingIfNeeded: random.next()) : UInt32(random.next() % 300)
                switch random.next() % 8 {
                case 0: unit.instructions[at].a = word
                case 1: unit.instructions[at].b = word
                case 2: unit.instructions[at].c = word
                case 3: unit.instructions[at].aux = UInt8(truncatingIfNeeded: word)
                case 4: unit.instructions[at].type = Type(rawValue: UInt8(word % 7))!
                case 5: unit.instructions[at].opcode = Opcode(rawValue: UInt16(word % UInt32(Opcode.count)))!
                case 6 where unit.poolCount > 0: unit.pool[Int(random.next() % UInt64(unit.poolCount))] = word
                default:
                    unit.blocks[Int(random.next() % UInt64(unit.blockCount))].start = Int32(truncatingIfNeeded: word)
                }
            }
            if !verifier.errors(in: unit).isEmpty { found += 1 }
        }
        #expect(found > 1000)
    }
}
