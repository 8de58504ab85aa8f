// The optimiser changes nothing that can be seen: random units from random states end the same with and without it, each
// pass alone, all of them, and with any amount of fuel.

import LyrebirdIR
import LyrebirdPasses
import TestSupport
import Testing

/// What a run can be seen to have done.
struct Observation: Equatable {
    var outcome: Interpreter.Outcome
    var state: [UInt8]
    var memory: WindowMemory
    var float: FloatEnvironment
}

func observe(_ unit: borrowing Unit, seed: UInt64) -> Observation {
    let layout = SyntheticGuest.layout
    var random = SplitMix64(seed: seed)
    var memory = WindowMemory(base: 0x10000, size: RandomUnit.windowSize, &random)
    let state = UnsafeMutableRawPointer.allocate(byteCount: layout.size, alignment: 16)
    defer { state.deallocate() }
    SyntheticGuest.randomize(state, window: memory.base, &random)
    var interpreter = Interpreter(layout: layout) { _, a, b in a &* 3 ^ b }
    let outcome = interpreter.run(unit, state: state, memory: &memory, limit: 200_000)
    return Observation(
        outcome: outcome, state: Array(UnsafeRawBufferPointer(start: state, count: layout.size)), memory: memory,
        float: interpreter.float)
}

@Suite struct SoundnessTests {
    static let settings: [(String, Passes)] =
        [("all", .all)] + Passes.names.map { ($0.name.description, $0.pass) }
        + Passes.names.map { ("all but \($0.name)", Passes.all.subtracting($0.pass)) }

    /// - Returns: how many units of how many were changed.
    func check(
        seeds: Range<UInt64>, passes: Passes, options: RandomUnit.Options = .init(),
        fuel: (inout SplitMix64) -> Int = { _ in .max }
    ) -> Int {
        let verifier = Verifier(layout: SyntheticGuest.layout)
        let printer = Printer(layout: SyntheticGuest.layout)
        var optimizer = Optimizer()
        var unit = Unit()
        var changed = 0
        var random = SplitMix64(seed: seeds.lowerBound)
        for seed in seeds {
            var generator = RandomUnit(seed: seed, options: options)
            generator.make(into: &unit)
            let before = printer.text(of: unit)
            let expected = (0..<3).map { observe(unit, seed: seed &* 7 &+ $0) }
            optimizer.passes = passes
            optimizer.fuel = fuel(&random)
            optimizer.run(&unit)
            let after = printer.text(of: unit)
            if after != before { changed += 1 }
            let errors = verifier.errors(in: unit)
            #expect(errors.isEmpty, "seed \(seed): \(errors)")
            guard errors.isEmpty else { return changed }
            for n in 0..<3 {
                let found = observe(unit, seed: seed &* 7 &+ UInt64(n))
                let isSame = found == expected[n] || expected[n].outcome == .limit
                #expect(isSame, "seed \(seed), state \(n): \(found.outcome)\n\(before)\n\(after)")
                if !isSame { return changed }
            }
        }
        return changed
    }

    @Test(arguments: settings) func passes(_ name: String, _ passes: Passes) {
        let changed = check(seeds: 0..<2000, passes: passes)
        #expect(changed > 150, "only \(changed) units were changed by \(name)")
    }

    @Test func straightLine() {
        var options = RandomUnit.Options()
        options.blocks = false
        options.length = 40
        #expect(check(seeds: 100_000..<106_000, passes: .all, options: options) > 5000)
    }

    @Test func withoutFaults() {
        var options = RandomUnit.Options()
        options.faults = false
        options.narrowArithmetic = false
        options.length = 150
        #expect(check(seeds: 200_000..<202_000, passes: .all, options: options) > 1900)
    }

    @Test func anyFuel() {
        #expect(check(seeds: 300_000..<304_000, passes: .all) { Int($0.next() % 60) } > 3000)
    }

    @Test func noFuelChangesNothing() {
        #expect(check(seeds: 0..<300, passes: .all) { _ in 0 } == 0)
    }

    /// One unit of fuel is one rewrite: a unit takes as much as it burns, and less leaves it between.
    @Test func fuelIsCounted() {
        var unit = Unit()
        var generator = RandomUnit(seed: 5)
        generator.make(into: &unit)
        var optimizer = Optimizer(fuel: 1000)
        optimizer.run(&unit)
        let burnt = 1000 - optimizer.fuel
        #expect(burnt > 10)
        let text = Printer(layout: SyntheticGuest.layout).text(of: unit)
        generator = RandomUnit(seed: 5)
        generator.make(into: &unit)
        optimizer.fuel = burnt
        optimizer.run(&unit)
        #expect(Printer(layout: SyntheticGuest.layout).text(of: unit) == text)
        #expect(optimizer.fuel == 0)
    }
}
