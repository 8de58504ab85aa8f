// Tests/FileTests/Passes: what each pass makes of small units.

import LyrebirdIR
import LyrebirdPasses
import TestSupport
import Testing

@Suite struct PassFileTests {
    /// `optimized NAME… [fuel=N]`: the IR after these passes.
    static func optimized(_ argument: String, _ before: FileTest.Case) throws -> String {
        var optimizer = Optimizer(passes: .none)
        for word in argument.split(separator: " ") {
            if word.hasPrefix("fuel=") {
                optimizer.fuel = Int(word.dropFirst(5)) ?? 0
            } else if let pass = Passes(named: String(word)) {
                optimizer.passes.formUnion(pass)
            } else {
                throw FileTest.Malformed(what: "no pass \(word)")
            }
        }
        let layout = SyntheticGuest.layout
        var unit = try Parser(layout: layout).parse(before.text(of: "ir"))
        let wrong = Verifier(layout: layout).errors(in: unit)
        guard wrong.isEmpty else { throw FileTest.Malformed(what: "\(wrong)") }
        optimizer.run(&unit)
        return Printer(layout: layout).text(of: unit)
    }

    @Test func files() throws {
        var cases = 0
        for var file in try FileTest.all(in: "Passes") {
            cases += file.cases.count
            for wrong in try file.run(["optimized": Self.optimized]) { Issue.record("\(wrong)") }
        }
        #expect(cases >= 12)
    }
}
