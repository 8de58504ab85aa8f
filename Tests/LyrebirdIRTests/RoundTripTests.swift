// parse(print(unit)) is the same unit, and random units are well formed.

import LyrebirdIR
import TestSupport
import Testing

@Suite struct RoundTripTests {
    @Test func randomUnits() throws {
        let printer = Printer(layout: SyntheticGuest.layout)
        let parser = Parser(layout: SyntheticGuest.layout)
        let verifier = Verifier(layout: SyntheticGuest.layout)
        var unit = Unit()
        var parsed = Unit()
        var seen = Set<Opcode>()
        for seed in 0..<3000 {
            var random = RandomUnit(seed: UInt64(seed))
            random.make(into: &unit)
            let errors = verifier.errors(in: unit)
            #expect(errors.isEmpty, "seed \(seed): \(errors)")
            let text = printer.text(of: unit)
            try parser.parse(text, into: &parsed)
            #expect(printer.text(of: parsed) == text, "seed \(seed)")
            #expect(verifier.errors(in: parsed).isEmpty, "seed \(seed)")
            var isSame = parsed.count == unit.count && parsed.placedCount == unit.placedCount
            for index in 0..<min(parsed.count, unit.count) {
                let (a, b) = (unit.instructions[index], parsed.instructions[index])
                seen.insert(a.opcode)
                isSame = isSame && a.opcode == b.opcode && a.type == b.type && a.aux == b.aux
                for field in 0..<3 {
                    switch a.opcode.operandKind(field) {
                    case .value, .slot, .imm:
                        let words = field == 0 ? (a.a, b.a) : field == 1 ? (a.b, b.b) : (a.c, b.c)
                        isSame = isSame && words.0 == words.1
                    case .imm64: isSame = isSame && a.immediate == b.immediate
                    default: break
                    }
                }
            }
            #expect(isSame, "seed \(seed)")
        }
        // All but what only passes make, and those of units that the synthetic guest has not.
        let all = (0..<UInt16(Opcode.count)).map { Opcode(rawValue: $0)! }
        let others = all.filter { $0.effect == .x87 } + [.x87Load, .x87Store, .portIn, .portOut]
        #expect(seen.count == Opcode.count - 1 - others.count, "of \(Opcode.count) operations \(seen.count) were seen")
    }

    @Test func errorsSayWhere() {
        func error(_ body: String) -> ParseError? {
            do {
                _ = try Parser(layout: SyntheticGuest.layout).parse("unit 0x0 {\n\(body)\n}\n")
                return nil
            } catch {
                return error
            }
        }
        #expect(error("v0 = get.i64 x0 // fine\nexitJump.jump 0x10") == nil)
        #expect(error("frobnicate") == ParseError(line: 2, kind: .unknownOpcode("frobnicate")))
        #expect(error("v0 = get.i99 x0") == ParseError(line: 2, kind: .unknownType("get.i99")))
        #expect(error("\nv0 = get.i64 q0") == ParseError(line: 3, kind: .unknownSlot("q0")))
        #expect(error("set x0, v7") == ParseError(line: 2, kind: .undefinedValue("v7")))
        #expect(error("v1 = get.i64 x0\nv1 = get.i64 x0") == ParseError(line: 3, kind: .duplicateValue("v1")))
        #expect(error("v1 = get.i64 x0\nv2 = load.i64.u9 v1, 0") == ParseError(line: 3, kind: .badAux("load.i64.u9")))
        #expect(error("v1 = const.i64 12z") == ParseError(line: 2, kind: .badNumber("12z")))
        #expect(error("jump b3") == ParseError(line: 2, kind: .badBlock("b3")))
        #expect(error("get.i64 x0") == ParseError(line: 2, kind: .expected("a name for the result")))
        #expect(error("v0 = get.i64 x0 x1") == ParseError(line: 2, kind: .expected("end of line, not x1")))
        #expect(error("set x0 v1") == ParseError(line: 2, kind: .expected(",")))
    }
}
