// A machine: guest memory and the translations made from it, shared by its CPUs.

import LyrebirdARM64
import LyrebirdIR
import LyrebirdPasses
import LyrebirdRuntime
import LyrebirdX64
import LyrebirdX86

/// A processor architecture that Lyrebird runs.
public enum Guest: String, Sendable, CaseIterable {
    /// AArch64: Armv8.5 in user mode.
    case arm64
    /// x86-64-v3 in user mode.
    case x86_64

    var architecture: any GuestArchitecture {
        switch self {
        case .arm64: ARM64()
        case .x86_64: X86()
        }
    }
}

/// Guest memory, translation cache and CPUs of one guest. Machines share nothing.
public final class Machine: Sendable {
    /// Where guest memory lives.
    public enum AddressSpace: Sendable {
        /// Every address there is, and no other memory: what hostile code runs in. Accesses below `window`, rounded up to a power
        /// of two bytes, are fast. Devices (`Memory.mapDevice`) are only there.
        case checked(window: UInt64)
        /// A private reservation; guest address 0 is its first byte. Size in bytes. Guest code reaches it without a check, so
        /// hostile 64-bit code can reach behind it: this is for guests that are trusted.
        case window(size: UInt64)
        /// The address space of this process: guest addresses are host addresses (`HostProcess`).
        case hostProcess
    }

    /// How the machine translates. The defaults are right unless something is to be measured or found.
    public struct Configuration: Sendable {
        /// Bytes of memory for translations, at least 64 KB; when it is full, all are made again.
        public var cacheSize = 64 << 20
        /// Guest instructions in a translation at most.
        public var unitLimit = 96
        /// Times that a loop goes round before it is translated as a whole; 1 for at once, 0 for never.
        public var loopThreshold = 500
        /// Whether code is interpreted when it is executed for the first time, and translated if it is for the second: programs that start
        /// and end soon take less time. With the address space `.hostProcess` only.
        public var interpretsFirst = true
        /// Whether `Statistics.translationTime` counts.
        public var measuresTranslation = false
        /// Whether translations jump to each other without a look-up.
        public var chainsTranslations = true
        /// Whether guest returns use the host's return predictor.
        public var predictsReturns = true
        /// Extensions of the host's instruction set that may be used, by name ("avx2", "bmi2" …, "detected", "baseline").
        public var hostFeatures = "detected"
        /// Passes of the optimiser that run, by name, separated by commas; "all", "none"; "worthwhile": all, but only on loops and where
        /// they are likely to gain something.
        public var passes = "worthwhile"
        /// Rewrites the optimiser may make before it stops: to find a wrong one by bisection.
        public var passFuel = Int.max

        public init() {}
    }

    /// Whose code it runs.
    public let guest: Guest
    let engine: Engine
    let isHostProcess: Bool
    let addressSpace: AddressSpace
    let configuration: Configuration
    let functions = FunctionRegistry()

    public init(
        _ guest: Guest, addressSpace: AddressSpace = .checked(window: 1 << 36),
        configuration: Configuration = Configuration()
    ) throws(MachineError) {
        self.addressSpace = addressSpace
        self.configuration = configuration
        var options = EngineOptions()
        options.cacheSize = configuration.cacheSize
        options.unitLimit = max(1, configuration.unitLimit)
        options.loopThreshold = min(max(0, configuration.loopThreshold), Int(Int32.max))
        options.interpretsFirst = configuration.interpretsFirst
        options.measuresTime = configuration.measuresTranslation
        options.chains = configuration.chainsTranslations
        options.generator.predictReturns = configuration.predictsReturns
        guard let features = CPUFeatures(names: configuration.hostFeatures) else {
            throw .unknownName(configuration.hostFeatures, of: "host features")
        }
        // What the host lacks cannot be switched on.
        options.features = features.intersection(.detected)
        var passes = Passes.none
        options.optimizesAllBlocks = configuration.passes != "worthwhile"
        for name in options.optimizesAllBlocks ? configuration.passes.split(separator: ",") : ["all"] {
            guard let pass = Passes(named: String(name)) else { throw .unknownName(String(name), of: "passes") }
            passes.formUnion(pass)
        }
        var optimizer = Optimizer(passes: passes)
        optimizer.fuel = configuration.passFuel
        do {
            let space: LyrebirdRuntime.AddressSpace
            switch addressSpace {
            case .hostProcess:
                space = LyrebirdRuntime.AddressSpace()
                isHostProcess = true
            case .checked(let window):
                let limit: UInt64 = 1 << 46
                let size = min(max(window, 4096), limit)
                space = try LyrebirdRuntime.AddressSpace(
                    windowSize: 1 << UInt64(64 - (size - 1).leadingZeroBitCount), isChecked: true)
                isHostProcess = false
            case .window(let size):
                space = try LyrebirdRuntime.AddressSpace(windowSize: (size + 4095) & ~4095)
                isHostProcess = false
            }
            self.guest = guest
            engine = try Engine(guest.architecture, memory: space, options: options, optimizer: optimizer)
        } catch {
            throw .host(call: error.call, errno: error.errno)
        }
    }

    /// Guest memory.
    public var memory: Memory { Memory(engine: engine) }

    /// The host process as this guest's kernel, nil unless the address space is `.hostProcess`.
    public var hostProcess: HostProcess? { isHostProcess ? HostProcess(machine: self) : nil }

    /// A new CPU with all registers zero.
    public func makeCPU() throws(MachineError) -> CPU {
        do {
            return CPU(machine: self, context: try engine.makeCPU())
        } catch {
            throw .host(call: error.call, errno: error.errno)
        }
    }

    /// A function of the host's in place of a guest instruction: of the first two arguments of a C function of the guest's
    /// (X0 and X1; RDI and RSI), giving the result of one (X0; RAX).
    public typealias Function = HostFunction

    /// How many different functions a machine can have.
    public static let functionLimit = Helper.functionCount

    /// Puts a function of the host's in place of the instruction, of one byte for x86, at a guest address. Where the guest would execute that, the
    /// function is called without leaving guest code, all registers but the result's stay, and the guest goes on behind it: at
    /// a RET, if it is to be a function of the guest's, too. The address has to be mapped and executable, as for any
    /// instruction; the function is gone when that is unmapped, or mapped anew.
    ///
    /// The function runs on the calling CPU's thread, and other CPUs may wait for it: it must not block, call the machine, touch
    /// guest memory or compute with floating point, whose rounding is the guest's.
    /// - Returns: false if the machine has as many different functions as it can have.
    @discardableResult
    public func setFunction(_ function: @escaping Function, at address: UInt64) -> Bool {
        engine.setFunction(function, at: address)
    }

    /// Lets functions answer accesses to ports of an x86 guest, on the thread of the CPU that makes them; the latest call counts for a
    /// port. What they throw comes out of `run`. Other ports leave `run`.
    public func mapPorts(
        _ ports: ClosedRange<UInt16>, read: @escaping @Sendable (PortAccess) throws -> UInt32,
        write: @escaping @Sendable (PortAccess) throws -> Void
    ) {
        engine.mapPorts(
            UInt64(ports.lowerBound)...UInt64(ports.upperBound), handler: PortFunctions(read: read, write: write))
    }

    private final class PortFunctions: DeviceHandler, @unchecked Sendable {
        let readBody: @Sendable (PortAccess) throws -> UInt32
        let writeBody: @Sendable (PortAccess) throws -> Void

        init(
            read: @escaping @Sendable (PortAccess) throws -> UInt32,
            write: @escaping @Sendable (PortAccess) throws -> Void
        ) {
            (readBody, writeBody) = (read, write)
        }

        override func read(_ address: UInt64, _ size: Int) throws -> UInt64 {
            UInt64(try readBody(PortAccess(port: UInt16(truncatingIfNeeded: address), size: size)))
        }

        override func write(_ address: UInt64, _ size: Int, _ value: UInt64) throws {
            let value = UInt32(truncatingIfNeeded: value)
            try writeBody(PortAccess(port: UInt16(truncatingIfNeeded: address), size: size, value: value))
        }
    }

    /// What translating has cost and given so far.
    public var statistics: Statistics { Statistics(engine.locked { engine.statistics }) }

    /// What the translator makes of the code at an address, without running it; nil where nothing can be fetched.
    /// - Parameter asLoop: as the head of a loop, translated as a whole; nil if there is none.
    public func explain(_ pc: UInt64, asLoop: Bool = false) -> Explanation? {
        engine.explain(pc: pc, asLoop: asLoop).map {
            Explanation(
                pc: $0.pc, guestBytes: $0.guestBytes, guestInstructions: $0.guestInstructions, lifted: $0.lifted,
                optimized: $0.optimized, hostCode: $0.hot, coldCode: $0.cold, hostAddress: $0.hotAddress,
                coldAddress: $0.coldAddress)
        }
    }

    /// Host code of the main path of each translation that is there now, for tools that measure it.
    public func translatedCode() -> [[UInt8]] { engine.translatedCode() }

    /// Translates over again what is translated now, to measure the stages; nothing is installed. Guest memory has to be as it
    /// was when it was translated.
    public func measureStages() -> StageTimes { StageTimes(engine.measureStages()) }

    /// Drops every translation and uses the memory again.
    public func flushTranslations() { engine.flushAll() }
}

/// One translation, stage by stage.
public struct Explanation: Sendable {
    /// Guest address of its first instruction.
    public var pc: UInt64
    /// Guest code covered, from pc on: bytes and instructions.
    public var guestBytes: Int
    public var guestInstructions: Int
    /// The IR as lifted and as optimised, as text (Docs/IR.md).
    public var lifted: String
    public var optimized: String
    /// Host code of the main path, and what is out of line (side exits, link stubs, constants), with their addresses.
    public var hostCode: [UInt8]
    public var coldCode: [UInt8]
    public var hostAddress: UInt64
    public var coldAddress: UInt64
}

/// A machine that cannot be made.
public enum MachineError: Error, Sendable, CustomStringConvertible {
    /// The host refused a call that the translator cannot do without.
    case host(call: String, errno: Int32)
    /// A name in the configuration that means nothing.
    case unknownName(String, of: String)

    public var description: String {
        switch self {
        case .host(let call, let errno): "the host refused \(call) (errno \(errno))"
        case .unknownName(let name, let what): "unknown name in the list of \(what): \(name)"
        }
    }
}

/// Counters of a machine.
public struct Statistics: Sendable {
    /// Translations made.
    public var translations: Int
    /// Blocks that were lifted and interpreted, being executed for the first time.
    public var interpreted: Int
    /// Guest instructions translated, and their bytes.
    public var guestInstructions: Int
    public var guestBytes: Int
    /// Bytes of host code on the way, and of stubs, side exits and constants.
    public var hostBytes: Int
    public var coldBytes: Int
    /// Instructions of the IR as lifted and optimised.
    public var irInstructions: Int
    /// Nanoseconds spent translating, 0 if the configuration does not ask for it.
    public var translationTime: UInt64
    /// Loops that were translated as a whole.
    public var loops: Int
    /// Blocks that jump back to what is no such loop, translated again together with a copy of it.
    public var joined: Int
    /// Direct jumps between translations, and how many of them have been connected.
    public var links: Int
    public var linked: Int
    public var invalidated: Int
    public var flushes: Int

    init(_ s: EngineStatistics) {
        translations = s.translations
        interpreted = s.interpreted
        guestInstructions = s.guestInstructions
        guestBytes = s.guestBytes
        hostBytes = s.hostBytes
        coldBytes = s.coldBytes
        irInstructions = s.irInstructions
        translationTime = s.translationTime
        loops = s.loops
        joined = s.joined
        links = s.links
        linked = s.linked
        invalidated = s.invalidated
        flushes = s.flushes
    }
}

/// What the stages of translating took, over all translations that were made again: nanoseconds.
public struct StageTimes: Sendable {
    /// Translations made again, and their guest instructions.
    public var translations: Int
    public var guestInstructions: Int
    /// Copying the guest's code, decoding and lifting it, optimising, and emitting host code.
    public var fetching: UInt64
    public var lifting: UInt64
    public var optimizing: UInt64
    public var generating: UInt64

    init(_ times: LyrebirdRuntime.StageTimes) {
        translations = times.translations
        guestInstructions = times.guestInstructions
        fetching = times.fetching
        lifting = times.lifting
        optimizing = times.optimizing
        generating = times.generating
    }

    /// All stages together.
    public var all: UInt64 { fetching + lifting + optimizing + generating }
}
