// Generated code against the interpreter: random units from random states end the same, state and memory included, wherever
// they leave or fault; with and without the optimiser, on every set of host features, with few or many pinned slots.

import Glibc
import LyrebirdIR
import LyrebirdPasses
import LyrebirdRuntime
import LyrebirdX64
import TestSupport
import Testing

/// A guest whose code at one address is a random unit, and undefined elsewhere.
final class RandomGuest: GuestArchitecture, @unchecked Sendable {
    static let pc: UInt64 = 0x1000
    let layout = SyntheticGuest.layout
    let pinnedSlots: [Slot]
    var make: (inout Unit) -> Void = { _ in }
    var float = FloatEnvironment()

    init(pinned: [Slot]) { pinnedSlots = pinned }

    func lift(_ code: GuestCode, mode: UInt32, into unit: inout Unit, limit: Int) {
        if code.pc == Self.pc {
            make(&unit)
            unit.floatControl = FloatControl(rawValue: mode)
        } else {
            unit.place(unit.makeBlock())
            unit.instruction(pc: code.pc)
            unit.exitTrap(code.pc, .undefined)
            unit.finish()
        }
        unit.guestBytes = 4
    }

    func liftFunction(_ function: Helper, at pc: UInt64, into unit: inout Unit) {
        lift(GuestCode(pc: pc, bytes: UnsafeRawBufferPointer(start: nil, count: 0)), mode: 0, into: &unit, limit: 1)
    }

    func initialize(_ state: UnsafeMutableRawPointer) {}
    func mode(_ state: UnsafeRawPointer) -> UInt32 { float.control & 12 }
    func floatControl(_ state: UnsafeRawPointer) -> UInt32 { float.control }
    func addFloatFlags(_ flags: UInt32, to state: UnsafeMutableRawPointer) { float.flags |= flags }
}

/// An engine with a window of memory for random units: one page that is there, and one that is not.
final class RandomEngine {
    /// Far from what the addresses of other tests in this process come near.
    static let window: UInt64 = 0x3D5A_7000_0000
    let guest: RandomGuest
    let engine: Engine
    let cpu: CPUContext

    init(pinned: [Slot], features: CPUFeatures, passes: Passes) throws {
        guest = RandomGuest(pinned: pinned)
        var options = EngineOptions()
        options.features = features
        options.chains = false
        options.cacheSize = 8 << 20
        var optimizer = Optimizer()
        optimizer.passes = passes
        engine = try Engine(guest, memory: AddressSpace(), options: options, optimizer: optimizer)
        cpu = try engine.makeCPU()
        let anonymousFixed: Int32 = 0x32
        let mapped = engine.locked {
            [
                engine.memory.map(
                    0x1000, size: 4096, rights: [.read, .execute], flags: anonymousFixed, file: -1, offset: 0),
                engine.memory.map(
                    Self.window, size: 4096, rights: [.read, .write], flags: anonymousFixed, file: -1, offset: 0),
                engine.memory.map(
                    Self.window + 4096, size: 4096, rights: [], flags: anonymousFixed, file: -1, offset: 0),
            ]
        }
        try #require(mapped.allSatisfy { $0 > 0 }, "low memory cannot be mapped: \(mapped)")
    }

    deinit {
        engine.locked {
            _ = engine.memory.unmap(0x1000, size: 4096)
            _ = engine.memory.unmap(Self.window, size: 8192)
        }
    }

    /// Runs the unit from a random state. What is compared is the text of all that can be seen.
    /// - Parameter flags: the bits of flags that are looked at.
    func run(_ make: @escaping (inout Unit) -> Void, seed: UInt64, flags: UInt16) -> String {
        guest.make = make
        engine.flushAll()
        var random = SplitMix64(seed: seed)
        let memory = WindowMemory(base: Self.window, size: RandomUnit.windowSize, &random)
        let window = UnsafeMutableRawPointer(bitPattern: UInt(Self.window))!
        memory.bytes.withUnsafeBytes { window.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
        SyntheticGuest.randomize(cpu.state, window: Self.window, &random)
        cpu.pc = RandomGuest.pc
        guest.float = FloatEnvironment(control: Self.control(&random))
        let exit = try! engine.run(cpu)
        let outcome: String
        switch exit {
        case .trap(.fetch, _), .trap(.undefined, _): outcome = "at \(cpu.pc)"
        case .trap(let reason, let payload): outcome = "\(reason) \(payload) at \(cpu.pc)"
        case .fault(let address, _, _, _): outcome = "fault \(address) at \(cpu.pc)"
        case .function(let number, _): outcome = "\(TrapReason.hostFunction) \(number) at \(cpu.pc)"
        case .stopped, .paused, .interrupt, .device, .budget, .timeLimit: outcome = "\(exit)"
        }
        let bytes = UnsafeRawBufferPointer(start: window, count: RandomUnit.windowSize)
        return outcome + "\n" + Self.text(of: cpu.state, flags) + "memory \(Self.hash(bytes))"
            + Self.text(of: guest.float)
    }

    /// The same by the interpreter; nil if that ends where the engine would not.
    static func interpret(_ unit: borrowing Unit, seed: UInt64, flags: UInt16) -> String? {
        var random = SplitMix64(seed: seed)
        var memory = WindowMemory(base: window, size: RandomUnit.windowSize, &random)
        let state = UnsafeMutableRawPointer.allocate(byteCount: SyntheticGuest.layout.size, alignment: 16)
        defer { state.deallocate() }
        SyntheticGuest.randomize(state, window: window, &random)
        var interpreter = Interpreter(layout: SyntheticGuest.layout)
        interpreter.float.control = control(&random)
        let outcome: String
        switch interpreter.run(unit, state: state, memory: &memory, limit: 200_000) {
        case .jump(let pc, _, _), .indirect(let pc, _, _):
            if pc == RandomGuest.pc { return nil }
            outcome = "at \(pc)"
        case .trap(let pc, let reason, let payload):
            // The engine handles these itself and goes on.
            if reason == .invalidateCode || reason == .codeChanged || reason == .modeChange { return nil }
            if reason == .budget || reason == .stopPoint || reason == .middleOfBlock { return nil }
            outcome = reason == .fetch || reason == .undefined ? "at \(pc)" : "\(reason) \(payload) at \(pc)"
        case .fault(let address, _, let pc): outcome = "fault \(address) at \(pc)"
        case .limit: return nil
        }
        return outcome + "\n" + text(of: state, flags) + "memory \(memory.bytes.withUnsafeBytes { hash($0) })"
            + text(of: interpreter.float)
    }

    static func flushes(_ control: UInt32) -> Bool { control & 4 != 0 }

    /// A control word: to nearest with nothing special in half of the cases.
    private static func control(_ random: inout SplitMix64) -> UInt32 {
        random.chance(50) ? 0 : UInt32(random.next() & random.next() & 0x1F)
    }

    /// Underflow is the host's where results are not flushed: of a number that rounding makes normal it says nothing. Of subnormal
    /// operands only SSE speaks.
    private static func text(of float: FloatEnvironment) -> String {
        let flags = (flushes(float.control) ? float.flags : float.flags & ~8) & ~32
        return "\ncontrol \(float.control) flags \(flags)"
    }

    private static func text(of state: UnsafeMutableRawPointer, _ flags: UInt16) -> String {
        var out = ""
        for entry in SyntheticGuest.layout.entries {
            let at = state + entry.offset
            let value: UInt128
            switch entry.type {
            case .i32: value = UInt128(at.load(as: UInt32.self))
            case .flags: value = UInt128(at.load(as: UInt16.self) & flags)
            case .v128: value = UInt128(at.load(as: UInt64.self)) | UInt128((at + 8).load(as: UInt64.self)) << 64
            default: value = UInt128(at.load(as: UInt64.self))
            }
            out += "\(entry.name) \(String(value, radix: 16))\n"
        }
        return out
    }

    private static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }
}

/// Unbuffered, so that nothing is lost in a crash.
struct StandardError: TextOutputStream {
    mutating func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = Glibc.write(2, bytes, bytes.count)
    }
}

@Suite(.serialized) struct GeneratedCodeTests {
    static let fewPins = [Slot(0), Slot(14)]
    static let manyPins = (0..<8).map { Slot($0) } + [Slot(14), Slot(15)]

    static let isVerbose = getenv("LYREBIRD_VERBOSE") != nil
    /// How many times as many units as usual.
    static let rounds = getenv("LYREBIRD_ROUNDS").flatMap { UInt64(String(cString: $0)) } ?? 1

    static var options: RandomUnit.Options {
        var options = RandomUnit.Options()
        options.undefinedFlags = false
        options.helpers = false
        return options
    }

    func check(
        seeds: Range<UInt64>, options: RandomUnit.Options = Self.options, pinned: [Slot] = Self.manyPins,
        features: CPUFeatures = .detected, passes: Passes = .all
    ) throws {
        let engine = try RandomEngine(pinned: pinned, features: features, passes: passes)
        // All six, or N, Z, C and V.
        let flags: UInt16 = options.parity ? 0xD501 : 0xC101
        var unit = Unit()
        var compared = 0
        var errors = StandardError()
        for seed in seeds.lowerBound..<seeds.lowerBound + UInt64(seeds.count) * Self.rounds {
            var generator = RandomUnit(seed: seed, options: options)
            generator.make(into: &unit)
            // For a run that crashes: the last unit printed is the culprit.
            if Self.isVerbose {
                print("seed \(seed)\n\(Printer(layout: SyntheticGuest.layout).text(of: unit))", to: &errors)
            }
            for state in 0..<4 as Range<UInt64> {
                guard let expected = RandomEngine.interpret(unit, seed: seed &* 11 &+ state, flags: flags) else {
                    continue
                }
                let found = engine.run(
                    { unit in
                        var generator = RandomUnit(seed: seed, options: options)
                        generator.make(into: &unit)
                    }, seed: seed &* 11 &+ state, flags: flags)
                compared += 1
                if found != expected {
                    let text = Printer(layout: SyntheticGuest.layout).text(of: unit)
                    let code = engine.engine.explain(pc: RandomGuest.pc)
                    let bytes = (code?.hot ?? []).map { String($0, radix: 16) }.joined(separator: " ")
                    Issue.record(
                        "seed \(seed), state \(state)\n\(text)\nexpected \(expected)\nfound \(found)\nhost code \(bytes)\n\(code?.optimized ?? "")"
                    )
                    return
                }
            }
        }
        #expect(compared > 2 * seeds.count, "only \(compared) runs could be compared")
    }

    @Test func straightLine() throws {
        var options = Self.options
        options.blocks = false
        options.memory = false
        options.vectors = false
        try check(seeds: 0..<2000, options: options)
    }

    @Test func vectors() throws {
        var options = Self.options
        options.blocks = false
        options.memory = false
        try check(seeds: 10_000..<12_000, options: options)
    }

    @Test func faults() throws {
        var options = Self.options
        options.blocks = false
        try check(seeds: 20_000..<22_000, options: options)
    }

    /// Flags of which P and A are the host's business.
    @Test func undefinedFlags() throws {
        var options = Self.options
        options.parity = false
        options.undefinedFlags = true
        try check(seeds: 25_000..<27_000, options: options)
    }

    /// Eight and sixteen bits, and little else.
    @Test func narrow() throws {
        var options = Self.options
        options.vectors = false
        options.narrowShare = 70
        try check(seeds: 35_000..<39_000, options: options)
    }

    @Test func narrowOnBaselineHost() throws {
        var options = Self.options
        options.vectors = false
        options.narrowShare = 70
        try check(seeds: 45_000..<47_000, options: options, features: .baseline)
    }

    @Test func blocks() throws { try check(seeds: 30_000..<32_000) }

    @Test func withoutOptimizer() throws { try check(seeds: 40_000..<42_000, passes: .none) }

    @Test func fewPinnedSlots() throws { try check(seeds: 50_000..<52_000, pinned: Self.fewPins) }

    @Test func noPinnedSlots() throws { try check(seeds: 60_000..<61_000, pinned: []) }

    @Test func baselineHost() throws { try check(seeds: 70_000..<72_000, features: .baseline) }

    @Test(arguments: ["avx", "avx2", "bmi1", "bmi2", "lzcnt", "aes", "pclmul", "sha"])
    func withoutFeature(_ name: String) throws {
        let missing = try #require(CPUFeatures(names: name))
        try check(seeds: 80_000..<80_500, features: CPUFeatures.detected.subtracting(missing))
    }

    @Test func longUnits() throws {
        var options = Self.options
        options.length = 400
        try check(seeds: 90_000..<90_200, options: options)
    }
}
