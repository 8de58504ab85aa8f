// The lifters make well-formed units: for every encoding that is built, and for words that are anything at all. What the
// units mean is checked elsewhere, against another implementation.

import LyrebirdARM64
import LyrebirdIR
import Testing

@Suite struct LifterTests {
    /// Lifts words, one after the other, at an address.
    private func lift(_ words: [UInt32], into unit: inout Unit, pc: UInt64 = 0x1_0000, limit: Int = 64) {
        words.withUnsafeBytes {
            unit.reset(pc: pc)
            ARM64().lift(GuestCode(pc: pc, bytes: $0), mode: 0, into: &unit, limit: limit)
        }
    }

    private func text(_ words: [UInt32], limit: Int = 64) -> String {
        var unit = Unit()
        lift(words, into: &unit, limit: limit)
        return Printer(layout: ARM64State.layout).text(of: unit)
    }

    @Test func everyBuiltEncodingIsWellFormed() throws {
        var unit = Unit()
        var random = RandomWords(state: 1)
        let rows = try readSpec()
        for (row, encoding) in zip(rows, Encoding.allCases) where encoding.isBuilt {
            var lifted = 0
            for _ in 0..<2000 where lifted < 300 {
                let word = row.value | random.next() & ~row.mask
                guard decode(word) == encoding else { continue }
                lifted += 1
                lift([word, 0xD503_201F], into: &unit)
                if let problem = Checker.problem(in: unit) {
                    Issue.record("\(row.name) \(String(word, radix: 16)): \(problem)\n\(text([word]))")
                    break
                }
            }
            #expect(lifted > 0, "\(row.name)")
        }
    }

    @Test func randomWordsAreWellFormed() {
        var unit = Unit()
        var random = RandomWords(state: 2)
        var words = [UInt32](repeating: 0, count: 50)
        for _ in 0..<20_000 {
            for index in words.indices { words[index] = random.next() }
            lift(words, into: &unit)
            #expect(unit.guestInstructions >= 1 && unit.guestBytes == unit.guestInstructions * 4)
            if let problem = Checker.problem(in: unit) {
                Issue.record("\(words.map { String($0, radix: 16) }): \(problem)")
                return
            }
        }
    }

    /// Words of encodings that are built, in long runs: units that fill up.
    @Test func longRunsAreWellFormed() throws {
        var unit = Unit()
        var random = RandomWords(state: 3)
        let rows = zip(try readSpec(), Encoding.allCases).filter { $0.1.isBuilt }
        var words = [UInt32](repeating: 0, count: 1000)
        for _ in 0..<500 {
            for index in words.indices {
                repeat {
                    let row = rows[Int(random.next()) % rows.count].0
                    words[index] = row.value | random.next() & ~row.mask
                } while decode(words[index])?.isBuilt != true || words[index] >> 26 & 0x1F == 0b00101
            }
            for start in stride(from: 0, to: words.count, by: 20) {
                lift(Array(words[start...]), into: &unit, limit: 1000)
                if let problem = Checker.problem(in: unit) {
                    Issue.record("\(problem)")
                    return
                }
            }
        }
    }

    @Test func aLoop() {
        // subs x1, x1, #1; b.ne .-4
        #expect(
            text([0xF100_0421, 0x54FF_FFE1]) == """
                unit 0x10000 {
                  instruction 0x10000
                  v1 = get.i64 x1
                  v2 = const.i64 0x1
                  v3 = sub.i64 v1, v2
                  set x1, v3
                  v5 = flags.flags v3
                  set nzcv, v5
                  instruction 0x10004
                  v8 = get.flags nzcv
                  branch.ne v8, b1, b2
                b2:
                  exitJump.jump 0x10008
                b1:
                  exitJump.jump 0x10000
                }

                """)
    }

    @Test func aForwardBranchIsASideExit() {
        // cbz w0, .+12; ret
        #expect(
            text([0x3400_0060, 0xD65F_03C0]) == """
                unit 0x10000 {
                  instruction 0x10000
                  v1 = get.i64 x0
                  v2 = trunc.i32 v1
                  v3 = const.i32 0x0
                  v4 = sub.i32 v2, v3
                  v5 = flags.flags v4
                  branch.eq v5, b1, b2
                b2:
                  instruction 0x10004
                  v8 = get.i64 x30
                  exitIndirect.return v8
                b1:
                  exitJump.jump 0x1000c
                }

                """)
    }

    @Test func unitsEndAtTheLimitAndWithTheBytes() {
        #expect(text([0xD503_201F, 0xD503_201F], limit: 1).hasSuffix("instruction 0x10000\n  exitJump.jump 0x10004\n}\n"))
        #expect(text([0xD503_201F]).hasSuffix("exitJump.jump 0x10004\n}\n"))
        #expect(text([]).hasSuffix("exitTrap.fetch 0x10000, 0\n}\n"))
    }
}

struct RandomWords {
    var state: UInt64
    /// The upper half of a 64-bit linear congruential generator (Knuth's MMIX constants), which is good enough here.
    mutating func next() -> UInt32 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt32(truncatingIfNeeded: state >> 32)
    }
}

/// The rules of Spec/ir.ops, checked over a unit whose blocks stand so that definitions come before uses.
enum Checker {
    static func problem(in unit: borrowing Unit) -> String? {
        var placed = [Bool](repeating: false, count: unit.blockCount)
        for place in 0..<unit.placedCount { placed[Int(unit.order[place])] = true }
        if placed.contains(false) { return "a block is not placed" }
        for place in 0..<unit.placedCount {
            let block = unit.blocks[Int(unit.order[place])]
            if block.start >= block.end { return "an empty block" }
            for index in Int(block.start)..<Int(block.end) {
                let i = unit.instructions[index]
                if i.opcode.isTerminator != (index == Int(block.end) - 1) { return "v\(index): terminator" }
                if let problem = operands(index, unit) { return "v\(index) \(i.opcode.name): \(problem)" }
            }
        }
        return nil
    }

    private static func operands(_ index: Int, _ unit: borrowing Unit) -> String? {
        let i = unit.instructions[index]
        var first = Type.none
        for field in 0..<3 {
            let word = field == 0 ? i.a : field == 1 ? i.b : i.c
            switch i.opcode.operandKind(field) {
            case .value:
                if Int(word) >= index { return "uses v\(word) before its definition" }
                let type = unit.instructions[Int(word)].type
                if type == .none { return "v\(word) has no value" }
                let fits =
                    switch i.opcode.operandRule(field) {
                    case .same: i.type != .none ? type == i.type : type == first || first == .none
                    case .int: type.isInteger
                    case .i8: type == .i8
                    case .i16: type == .i16
                    case .i32: type == .i32
                    case .i64: type == .i64
                    case .flags: type == .flags
                    case .v128: type == .v128
                    case .any, .none: true
                    }
                if !fits { return "operand \(field) is \(type)" }
                if first == .none { first = type }
            case .slot:
                let type = ARM64State.layout.entries[Int(word)].type
                let value = i.opcode == .get ? i.type : unit.instructions[Int(i.b)].type
                if type != value { return "slot \(word) is \(type), not \(value)" }
            case .edge:
                if let problem = edge(Int(word), unit) { return problem }
            default: break
            }
        }
        return special(i, unit)
    }

    private static func edge(_ at: Int, _ unit: borrowing Unit) -> String? {
        let block = unit.blocks[Int(unit.pool[at])]
        for argument in 0..<Int(unit.pool[at + 1]) {
            let parameter = unit.instructions[Int(block.start) + argument]
            if parameter.opcode != .param { return "more arguments than parameters" }
            if parameter.type != unit.instructions[Int(unit.pool[at + 2 + argument])].type { return "argument's type" }
        }
        let next = unit.instructions[Int(block.start) + Int(unit.pool[at + 1])]
        return next.opcode == .param ? "fewer arguments than parameters" : nil
    }

    /// Rules that the table has in words only.
    private static func special(_ i: Instruction, _ unit: borrowing Unit) -> String? {
        let a = i.opcode.operandKind(0) == .value ? unit.instructions[Int(i.a)] : i
        switch i.opcode {
        case .flags:
            let producers: [Opcode] = [.add, .sub, .adc, .sbc, .and, .or, .xor, .andn, .neg]
            return producers.contains(a.opcode) ? nil : "flags of \(a.opcode.name)"
        case .zext, .sext:
            let source = Type(rawValue: i.aux)!
            return source.bits < i.type.bits && source.bits <= a.type.bits ? nil : "width"
        case .trunc: return a.type.bits > i.type.bits ? nil : "width"
        case .vshl, .vshr, .vsar: return Int(i.b) < i.lane.bits ? nil : "amount"
        case .vextract: return Int(i.b) < i.lane.count && i.type.bits >= i.lane.bits ? nil : "lane"
        case .vinsert: return Int(i.c) < i.lane.count ? nil : "lane"
        case .vsplat: return a.type.bits >= i.lane.bits ? nil : "lane"
        case .vbytes: return i.c < 16 ? nil : "amount"
        case .vreverse: return Int(i.b) <= 3 && Int(i.b) > Int(i.aux) ? nil : "group"
        case .extract2: return i.c > 0 && Int(i.c) < i.type.bits ? nil : "amount"
        case .load:
            return i.access.bytes * 8 <= i.type.bits && !(i.access.isSigned && i.access.bytes * 8 == i.type.bits)
                ? nil : "size"
        default: return nil
        }
    }
}
