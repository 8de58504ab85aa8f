// What operations compute, held against numbers from the manuals and worked out by hand.

import LyrebirdIR
import TestSupport
import Testing

@Suite struct InterpreterTests {
    /// Runs a body that ends with an exit, and gives x7, f0 and v3 behind it.
    func run(
        _ body: String, x: [UInt64] = [], v: [UInt128] = [], memory: [UInt8] = []
    ) throws -> (x7: UInt64, f0: UInt16, v3: UInt128, outcome: Interpreter.Outcome, memory: [UInt8]) {
        let layout = SyntheticGuest.layout
        let unit = try Parser(layout: layout).parse("unit 0x1000 {\n\(body)\nexitJump.jump 0x1000\n}")
        let wrong = Verifier(layout: layout).errors(in: unit)
        try #require(wrong.isEmpty, "\(wrong)")
        let state = UnsafeMutableRawPointer.allocate(byteCount: layout.size, alignment: 16)
        defer { state.deallocate() }
        state.initializeMemory(as: UInt8.self, repeating: 0, count: layout.size)
        for (n, value) in x.enumerated() { state.storeBytes(of: value, toByteOffset: 8 * n, as: UInt64.self) }
        for (n, value) in v.enumerated() { state.storeBytes(of: value, toByteOffset: 96 + 16 * n, as: UInt128.self) }
        var random = SplitMix64(seed: 0)
        var window = WindowMemory(base: 0x10000, size: memory.count, &random)
        window.bytes = memory
        var interpreter = Interpreter(layout: layout)
        let outcome = interpreter.run(unit, state: state, memory: &window)
        return (
            state.load(fromByteOffset: 56, as: UInt64.self), state.load(fromByteOffset: 80, as: UInt16.self),
            state.load(fromByteOffset: 144, as: UInt128.self), outcome, window.bytes
        )
    }

    /// One operation on x0 and x1.
    func binary(_ name: String, _ a: UInt64, _ b: UInt64) throws -> UInt64 {
        try run("v0 = get.i64 x0\nv1 = get.i64 x1\nv2 = \(name).i64 v0, v1\nset x7, v2", x: [a, b]).x7
    }

    /// What may be interpreted once in place of generated code.
    @Test func plainUnits() throws {
        func isPlain(_ blocks: String) throws -> Bool {
            let layout = SyntheticGuest.layout
            let unit = try Parser(layout: layout).parse("unit 0x1000 {\n\(blocks)\n}")
            try #require(Verifier(layout: layout).errors(in: unit).isEmpty)
            return unit.isPlain
        }
        let exit = "exitJump.jump 0x1000"
        #expect(try isPlain("v0 = get.i64 x0\nv1 = load.i64.u64 v0, 8\nset x7, v1\n\(exit)"))
        #expect(try isPlain("jump b1\nb1:\n\(exit)"))
        #expect(try !isPlain("jump b1\nb1:\nv0 = get.flags f0\nbranch.eq v0, b1, b2\nb2:\n\(exit)"))
        #expect(try !isPlain("fence\n\(exit)"))
        #expect(try !isPlain("v0 = get.i64 x0\nstore.u64x v0, v0, 0\n\(exit)"))
        #expect(try !isPlain("v0 = get.v128 v0\nv1 = vfadd.v128.d v0, v0\nset v3, v1\n\(exit)"))
    }

    @Test func integers() throws {
        let least: UInt64 = 1 << 63
        #expect(try binary("sdiv", least, .max) == least)
        #expect(try binary("sdiv", 0 &- 7, 2) == 0 &- 3)
        #expect(try binary("sdiv", 7, 0) == 0)
        #expect(try binary("udiv", .max, 0) == 0)
        #expect(try binary("mulhu", .max, .max) == .max - 1)
        #expect(try binary("mulhs", .max, .max) == 0)
        #expect(try binary("mulhs", least, 2) == .max)
        #expect(try binary("shl", 1, 64) == 1)
        #expect(try binary("sar", least, 63) == .max)
        #expect(try binary("ror", 1, 1) == least)
        #expect(try binary("andn", 0xFF, 0x0F) == 0xF0)
    }

    @Test func bits() throws {
        func unary(_ name: String, _ a: UInt64) throws -> UInt64 {
            try run("v0 = get.i64 x0\nv1 = \(name) v0\nset x7, v1", x: [a]).x7
        }
        #expect(try unary("clz.i64", 0) == 64)
        #expect(try unary("ctz.i64", 0) == 64)
        #expect(try unary("clz.i64", 1) == 63)
        #expect(try unary("bitreverse.i64", 1) == 1 << 63)
        #expect(try unary("bswap.i64", 0x0102_0304_0506_0708) == 0x0807_0605_0403_0201)
        #expect(try unary("sext.i64.i8", 0x180) == 0xFFFF_FFFF_FFFF_FF80)
        #expect(try unary("zext.i64.i16", 0x12345) == 0x2345)
        // The check values of CRC-32 and CRC-32C are those of "123456789", bits inverted at both ends.
        func crc(_ name: String) throws -> UInt64 {
            let body = """
                v0 = get.i64 x0
                v1 = const.i32 0xffffffff
                v2 = \(name).i32.64 v1, v0
                v3 = const.i32 0x39
                v4 = \(name).i32.8 v2, v3
                v5 = not.i32 v4
                v6 = zext.i64.i32 v5
                set x7, v6
                """
            return try run(body, x: [0x3837_3635_3433_3231]).x7
        }
        #expect(try crc("crc32") == 0xCBF4_3926)
        #expect(try crc("crc32c") == 0xE306_9283)
    }

    /// An operation on an i8 with flags before it: its value, and N Z P C V of its flags.
    private func narrow(_ operation: String, _ a: UInt64, carry: Bool = false) throws -> (UInt64, String) {
        let body = """
            v0 = get.i64 x0
            v1 = trunc.i8 v0
            v2 = const.flags \(carry ? "0x300" : "0x200")
            v3 = const.i8 0x1
            v4 = const.i8 0x9
            v5 = \(operation)
            v6 = flags.flags v5
            set f0, v6
            v7 = zext.i64.i8 v5
            set x7, v7
            """
        let result = try run(body, x: [a])
        let names: [(UInt16, String)] = [(1 << 15, "N"), (1 << 14, "Z"), (1 << 10, "P"), (1 << 8, "C"), (1, "V")]
        return (result.x7, names.filter { result.f0 & $0.0 != 0 }.map(\.1).joined())
    }

    /// What the manual's pseudocode gives for 8 bits (SDM 2B: INC, RCL/RCR/ROL/ROR, SAL/SAR/SHL/SHR).
    @Test func keptFlags() throws {
        #expect(try narrow("inc.i8 v1, v2", 0x7F, carry: true) == (0x80, "NCV"))
        #expect(try narrow("inc.i8 v1, v2", 0xFF) == (0, "ZP"))
        #expect(try narrow("dec.i8 v1, v2", 0, carry: true) == (0xFF, "NPC"))
        #expect(try narrow("dec.i8 v1, v2", 0x80) == (0x7F, "V"))
        #expect(try narrow("shlFlags.i8 v1, v3, v2", 0x81) == (2, "CV"))
        #expect(try narrow("shrFlags.i8 v1, v3, v2", 0x81) == (0x40, "CV"))
        #expect(try narrow("sarFlags.i8 v1, v3, v2", 0x81) == (0xC0, "NPC"))
        #expect(try narrow("shlFlags.i8 v1, v4, v2", 0xFF).0 == 0)
        #expect(try narrow("sarFlags.i8 v1, v4, v2", 0x80).0 == 0xFF)
        #expect(try narrow("rolFlags.i8 v1, v3, v2", 0x80) == (1, "CV"))
        #expect(try narrow("rorFlags.i8 v1, v3, v2", 1) == (0x80, "CV"))
        #expect(try narrow("rcl.i8 v1, v3, v2", 0x80, carry: true) == (1, "CV"))
        #expect(try narrow("rcr.i8 v1, v3, v2", 0, carry: true) == (0x80, "V"))
        // Nine bits go round.
        #expect(try narrow("rcl.i8 v1, v4, v2", 0x5A, carry: true).0 == 0x5A)
        #expect(try narrow("rolFlags.i8 v1, v4, v2", 0x5A).0 == 0xB4)
    }

    @Test func parts() throws {
        func part(_ operation: String, _ a: UInt64, _ b: UInt64) throws -> UInt64 {
            try run("v0 = get.i64 x0\nv1 = get.i64 x1\nv2 = \(operation)\nset x7, v2", x: [a, b]).x7
        }
        #expect(try part("insert.i64.i8 v0, v1, 8", 0x1111_1111_1111_1111, 0x222) == 0x1111_1111_1111_2211)
        #expect(try part("insert.i64.i16 v0, v1, 0", .max, 0) == 0xFFFF_FFFF_FFFF_0000)
        #expect(try part("udivWide.i64 v1, v0, v0", 5, 4) == 0xCCCC_CCCC_CCCC_CCCD)
        #expect(try part("udivWide.i64 v0, v0, v1", 5, 5) == 0)
        #expect(try part("udivWide.i64 v0, v0, v1", 0, 0) == 0)
        #expect(try part("pdep.i64 v0, v1", 0b1011, 0xF0F0) == 0xB0)
        #expect(try part("pext.i64 v0, v1", 0xB0C0, 0xF0F0) == 0xBC)
    }

    @Test func flags() throws {
        func flags(_ name: String, _ a: UInt64, _ b: UInt64) throws -> UInt16 {
            try run(
                "v0 = get.i64 x0\nv1 = get.i64 x1\nv2 = \(name).i64 v0, v1\nv3 = flags.flags v2\nset f0, v3", x: [a, b]
            ).f0
        }
        let (n, z, a, p, c, v, one): (UInt16, UInt16, UInt16, UInt16, UInt16, UInt16, UInt16) =
            (1 << 15, 1 << 14, 1 << 12, 1 << 10, 1 << 8, 1, 1 << 9)
        #expect(try flags("sub", 1, 1) == z | p | one)
        #expect(try flags("sub", 0, 1) == n | c | a | p | one)
        #expect(try flags("sub", 1 << 63, 1) == v | a | p | one)
        #expect(try flags("add", .max, 1) == z | c | a | p | one)
        #expect(try flags("add", .max >> 1, 1) == n | v | a | p | one)
        #expect(try flags("and", 1 << 63, .max) == n | p | one)
        // A borrow comes in: 0 - .max - 1 is 0 with a borrow out.
        let body = """
            v0 = const.i64 0x0
            v1 = const.i64 0xffffffffffffffff
            v2 = sub.i64 v0, v1
            v3 = flags.flags v2
            v4 = sbc.i64 v0, v1, v3
            v5 = flags.flags v4
            set f0, v5
            set x7, v4
            """
        let borrow = try run(body)
        #expect(borrow.x7 == 0)
        #expect(borrow.f0 & ~a == z | c | p | one)
    }

    @Test func conditions() {
        // hi and ls are unsigned > and <= after a subtraction.
        for (a, b) in [(0, 0), (0, 1), (1, 0), (.max, 0), (0, .max), (1 << 63, 1), (1, 1 << 63)] as [(UInt64, UInt64)] {
            let flags = Evaluate.flags(of: Instruction(.sub, .i64), a, b, 0)
            let (sa, sb) = (Int64(bitPattern: a), Int64(bitPattern: b))
            #expect(Evaluate.holds(.hi, flags) == (a > b))
            #expect(Evaluate.holds(.ls, flags) == (a <= b))
            #expect(Evaluate.holds(.cs, flags) == (a < b))
            #expect(Evaluate.holds(.lt, flags) == (sa < sb))
            #expect(Evaluate.holds(.gt, flags) == (sa > sb))
            #expect(Evaluate.holds(.le, flags) == (sa <= sb))
            #expect(Evaluate.holds(.eq, flags) == (a == b))
            for condition in Condition.allCases {
                #expect(Evaluate.holds(condition, flags) != Evaluate.holds(condition.inverted, flags))
            }
        }
    }

    @Test func vectors() throws {
        let a: UInt128 = 0x0F0E_0D0C_0B0A_0908_0706_0504_0302_0100
        let b: UInt128 = 0x1F1E_1D1C_1B1A_1918_1716_1514_1312_1110
        func vector(_ operation: String) throws -> UInt128 {
            try run("v0 = get.v128 v0\nv1 = get.v128 v1\nv2 = \(operation)\nset v3, v2", v: [a, b]).v3
        }
        #expect(try vector("vzipLow.v128.b v0, v1") == 0x1707_1606_1505_1404_1303_1202_1101_1000)
        #expect(try vector("vzipHigh.v128.d v0, v1") == (b >> 64) << 64 | a >> 64)
        #expect(try vector("vunzipEven.v128.b v0, v1") == 0x1E1C_1A18_1614_1210_0E0C_0A08_0604_0200)
        #expect(try vector("vunzipOdd.v128.h v0, v1") == 0x1F1E_1B1A_1716_1312_0F0E_0B0A_0706_0302)
        #expect(try vector("vbytes.v128 v0, v1, 3") == 0x1211_100F_0E0D_0C0B_0A09_0807_0605_0403)
        #expect(try vector("vlookup.v128 v1, v0") == b)
        #expect(try vector("vlookup.v128 v0, v1") == 0)
        #expect(try vector("vreverse.v128.b v0, 2") == 0x0C0D_0E0F_0809_0A0B_0405_0607_0001_0203)
        #expect(try vector("vwidenU.v128.b v0, 1") == 0x0007_0006_0005_0004_0003_0002_0001_0000)
        #expect(try vector("vcmpGTS.v128.s v1, v0") == .max)
        #expect(try vector("vsub.v128.b v0, v1") == 0xF0F0_F0F0_F0F0_F0F0_F0F0_F0F0_F0F0_F0F0)
        #expect(try vector("vshl.v128.h v0, 8") == 0x0E00_0C00_0A00_0800_0600_0400_0200_0000)
    }

    @Test func packedVectors() throws {
        let a: UInt128 = 0x0F0E_0D0C_0B0A_0908_0706_0504_0302_0100
        let b: UInt128 = 0x8000_7FFF_FFFF_0001_0000_0000_0000_0009
        func vector(_ operation: String) throws -> UInt128 {
            try run("v0 = get.v128 v0\nv1 = get.v128 v1\nv2 = \(operation)\nset v3, v2", v: [a, b]).v3
        }
        #expect(try vector("vshuffleBytes.v128 v0, v1") == 0x0000_0F00_0000_0001_0000_0000_0000_0009)
        #expect(try vector("vshuffleHalf.v128 v0, 27, 1") == 0x0908_0B0A_0D0C_0F0E_0706_0504_0302_0100)
        #expect(try vector("vpermute2.v128 v0, v1, v1") == 0x8000_7FFF_0706_0504_0302_0100_0706_0504)
        #expect(try vector("vshlAll.v128.h v0, v1") == 0x1C00_1800_1400_1000_0C00_0800_0400_0000)
        #expect(try vector("vsarEach.v128.s v1, v0") == 0xFFFF_FFFF_FFFF_FFFF << 64)
        #expect(try vector("vsumDifferences.v128 v0, v1") >> 64 == 0x3DD)
        #expect(try vector("vminPosition.v128 v1") == 1 << 16)
        #expect(try vector("vmulHighS.v128 v1, v1") == 0x4000_3FFF_0000_0000 << 64)
        #expect(try vector("vmulHighU.v128 v1, v1") == 0x4000_3FFF_FFFE_0000 << 64)
        #expect(try vector("vaddPairsSat.v128 v1, v0") == 0x1C1A_1412_0C0A_0402_FFFF_0000_0000_0009)
        // Nothing in common, and all of b is in a, or not.
        func test(_ b: String) throws -> UInt16 {
            try run("v0 = get.v128 v0\nv1 = \(b)\nv2 = vtest.flags v0, v1\nset f0, v2", v: [a]).f0
        }
        #expect(try test("vxor.v128 v0, v0") & 0x4100 == 0x4100)
        #expect(try test("vnot.v128 v0") & 0x4100 == 0x4000)
        #expect(try test("vshr.v128.s v0, 1") & 0x4100 == 0)
    }

    /// "lyrebird" and "bi", as PCMPISTRI with equal ordered finds it, and by lengths.
    @Test func strings() throws {
        let text: UInt128 = 0x6472_6962_6572_796C
        func found(_ needle: UInt128, _ operations: String...) throws -> UInt128 {
            let lines = operations.enumerated().map { "v\($0 + 2) = \($1)\n" }.joined()
            return try run(
                "v0 = get.v128 v0\nv1 = get.v128 v1\n\(lines)set v3, v\(operations.count + 1)", v: [needle, text]
            ).v3
        }
        #expect(try found(0x6962, "vstringIndex.i32 v0, v1, 12", "vfromInt.v128 v2") == 4)
        #expect(try found(0x6978, "vstringIndex.i32 v0, v1, 12", "vfromInt.v128 v2") == 16)
        #expect(try found(0x6962, "vstringMask.v128 v0, v1, 76") == 0xFF << 32)
        // One letter of seven: what is behind them does not count.
        let how = "vconst.v128 0x700000001, 0xC"
        #expect(try found(0x7872, how, "vstringExplicit.v128 v0, v1, v2") & 0xFFFF_FFFF == 2)
        #expect(try found(0x64, how, "vstringExplicit.v128 v0, v1, v2") & 0xFFFF_FFFF == 16)
    }

    @Test func memoryAndFaults() throws {
        let bytes: [UInt8] = [0x80, 0xFF, 3, 4, 5, 6, 7, 8]
        let loaded = try run("v0 = get.i64 x0\nv1 = load.i64.s16 v0, -2\nset x7, v1", x: [0x10002], memory: bytes)
        #expect(loaded.x7 == 0xFFFF_FFFF_FFFF_FF80)
        let least = try run(
            "v0 = get.i64 x0\nv1 = get.i64 x1\nv2 = rmwMinS.i64.u8 v0, v1\nset x7, v2", x: [0x10000, 0x101],
            memory: bytes)
        #expect(least.x7 == 0x80 && least.memory[0] == 0x80)
        let most = try run(
            "v0 = get.i64 x0\nv1 = get.i64 x1\nv2 = rmwMaxS.i64.u8 v0, v1\nset x7, v2", x: [0x10000, 0x101],
            memory: bytes)
        #expect(most.x7 == 0x80 && most.memory[0] == 1)
        // What was set before the fault is there, what comes behind it is not.
        let body = """
            instruction 0x1000
            v1 = get.i64 x0
            set x7, v1
            instruction 0x1004
            store.u64 v1, v1, 1
            v5 = const.i64 0x5
            set x7, v5
            """
        let fault = try run(body, x: [0x10000], memory: bytes)
        #expect(fault.outcome == .fault(address: 0x10008, isWrite: true, pc: 0x1004))
        #expect(fault.x7 == 0x10000)
        #expect(fault.memory == bytes)
    }
}
