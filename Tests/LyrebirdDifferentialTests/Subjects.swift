// What is tested against the oracle: the interpreter over lifted units, optimised or not, and generated code.

import Foundation
import Glibc
import LyrebirdIR
import LyrebirdPasses
import LyrebirdX64

@testable import LyrebirdARM64
@testable import LyrebirdRuntime

/// Something that runs cases.
protocol Subject: AnyObject {
    var name: String { get }
    func begin(_ batch: Batch)
    /// Runs a case of the batch; nil if it does not end, or not in a way that can be compared.
    func run(slot: Int) -> Outcome?
    /// Makes what the subject may leave open as the scout has it.
    /// - Returns: what was left open, if something was.
    func settle(_ outcome: inout Outcome, _ scouted: Outcome) -> String?
}

extension Subject {
    func settle(_ outcome: inout Outcome, _ scouted: Outcome) -> String? { nil }
}

// MARK: The interpreter

/// Guest memory in buffers. An access that crosses into a page that is not there fails at that page's first byte, as on the
/// host.
private struct ArenaMemory: InterpreterMemory {
    let data: UnsafeMutableRawPointer
    let code: UnsafeMutableRawPointer

    private func place(_ address: UInt64, _ size: Int, isWrite: Bool) throws(MemoryFault) -> UnsafeMutableRawPointer {
        let dataEnd = Arena.memory + UInt64(isWrite ? Arena.writableSize : Arena.memorySize)
        let codeEnd = Arena.code + UInt64(Arena.codeSize)
        if address >= Arena.memory, address < dataEnd {
            if UInt64(size) <= dataEnd - address { return data + Int(address - Arena.memory) }
            throw MemoryFault(address: dataEnd, isWrite: isWrite)
        }
        if address >= Arena.code, address < codeEnd, !isWrite {
            if UInt64(size) <= codeEnd - address { return code + Int(address - Arena.code) }
            throw MemoryFault(address: codeEnd, isWrite: isWrite)
        }
        throw MemoryFault(address: address, isWrite: isWrite)
    }

    mutating func load(_ address: UInt64, size: Int) throws(MemoryFault) -> UInt128 {
        let at = try place(address, size, isWrite: false)
        switch size {
        case 1: return UInt128(at.loadUnaligned(as: UInt8.self))
        case 2: return UInt128(at.loadUnaligned(as: UInt16.self))
        case 4: return UInt128(at.loadUnaligned(as: UInt32.self))
        case 8: return UInt128(at.loadUnaligned(as: UInt64.self))
        default: return at.loadUnaligned(as: UInt128.self)
        }
    }

    mutating func store(_ address: UInt64, size: Int, _ value: UInt128) throws(MemoryFault) {
        let at = try place(address, size, isWrite: true)
        withUnsafeBytes(of: value) { at.copyMemory(from: $0.baseAddress!, byteCount: size) }
    }

    mutating func compareExchange(
        _ address: UInt64, size: Int, expected: UInt128, new: UInt128
    ) throws(MemoryFault) -> UInt128 {
        _ = try place(address, size, isWrite: true)
        let old = try load(address, size: size)
        if old == expected { try store(address, size: size, new) }
        return old
    }
}

/// The words of an image that memory does not have any more; makes memory as it was.
private func takeChanges(_ memory: UnsafeMutableRawPointer, _ image: [UInt64]) -> [UInt64] {
    var changes: [UInt64] = []
    image.withUnsafeBytes { bytes in
        guard memcmp(bytes.baseAddress!, memory, Arena.writableSize) != 0 else { return }
        let now = memory.assumingMemoryBound(to: UInt64.self)
        for index in 0..<Arena.writableSize / 8 where now[index] != image[index] {
            changes += [UInt64(index), now[index]]
            now[index] = image[index]
        }
    }
    return changes
}

/// The interpreter.
final class InterpreterSubject: Subject {
    let name: String
    private var interpreter = Interpreter(layout: ARM64State.layout)
    private var unit = Unit()
    private var optimizer: Optimizer
    private let state = UnsafeMutableRawPointer.allocate(byteCount: ARM64State.layout.size, alignment: 16)
    private var memory = ArenaMemory(
        data: .allocate(byteCount: Arena.memorySize, alignment: 4096),
        code: .allocate(byteCount: Arena.codeSize, alignment: 4096))
    private var batch = Batch(image: [])
    /// Units a case may run through.
    private let unitLimit = 60

    init(passes: Passes) {
        name = passes.isEmpty ? "interpreter" : "interpreter of optimised units"
        optimizer = Optimizer(passes: passes)
    }

    deinit {
        state.deallocate()
        memory.data.deallocate()
        memory.code.deallocate()
    }

    func begin(_ batch: Batch) {
        self.batch = batch
        batch.image.withUnsafeBytes { memory.data.copyMemory(from: $0.baseAddress!, byteCount: Arena.memorySize) }
        batch.code.withUnsafeBytes { memory.code.copyMemory(from: $0.baseAddress!, byteCount: Arena.codeSize) }
    }

    /// Makes the last case of a batch that grows known.
    func extend(_ batch: Batch) {
        self.batch = batch
        let slot = batch.cases.count - 1
        batch.code.withUnsafeBytes {
            (memory.code + slot * Arena.slotSize)
                .copyMemory(from: $0.baseAddress! + slot * Arena.slotSize, byteCount: Arena.slotSize)
        }
    }

    func run(slot: Int) -> Outcome? {
        batch.cases[slot].state.write(to: state)
        defer { if !batch.image.isEmpty { _ = takeChanges(memory.data, batch.image) } }
        var pc = Arena.pc(ofSlot: slot)
        for _ in 0..<unitLimit {
            guard pc & 3 == 0 else { return outcome(Outcome.bus, pc, pc) }
            guard pc >= Arena.code, pc < Arena.code + UInt64(Arena.codeSize) else {
                return outcome(Outcome.segmentation, pc, pc)
            }
            lift(pc)
            interpreter.float = FloatEnvironment(control: ARM64().floatControl(state))
            let left = interpreter.run(unit, state: state, memory: &memory, limit: 100_000)
            ARM64().addFloatFlags(interpreter.float.flags, to: state)
            switch left {
            case .jump(let target, _, _), .indirect(let target, _, _): pc = target
            case .fault(let address, _, let pc): return outcome(Outcome.segmentation, pc, address)
            case .trap(let at, .invalidateCode, _), .trap(let at, .modeChange, _): pc = at
            case .trap(let at, .halt, let size): pc = at + UInt64(size)
            case .trap(let at, let reason, _):
                let operand = ARM64State.layout.entries[ARM64State.trapOperand.index].offset
                switch reason {
                case .breakpoint: return outcome(Outcome.trap, at)
                case .undefined: return outcome(Outcome.illegal, at)
                case .fetch: return outcome(Outcome.segmentation, at, at)
                case .alignment:
                    return outcome(Outcome.bus, at, state.load(fromByteOffset: operand, as: UInt64.self))
                default: return nil
                }
            case .limit: return nil
            }
        }
        return nil
    }

    private func lift(_ pc: UInt64) {
        let offset = Int(pc - Arena.code)
        unit.reset(pc: pc)
        let bytes = UnsafeRawBufferPointer(start: memory.code + offset, count: min(384, Arena.codeSize - offset))
        ARM64().lift(GuestCode(pc: pc, bytes: bytes), mode: ARM64().mode(state), into: &unit, limit: 96)
        optimizer.run(&unit)
    }

    private func outcome(_ signal: UInt64, _ pc: UInt64, _ address: UInt64 = 0) -> Outcome {
        Outcome(
            signal: signal, pc: pc, address: address, state: CPUState(from: state),
            changes: takeChanges(memory.data, batch.image))
    }

    /// The unit at the start of a slot, as text.
    func text(slot: Int) -> String {
        lift(Arena.pc(ofSlot: slot))
        return Printer(layout: ARM64State.layout).text(of: unit)
    }
}

// MARK: Generated code

/// Generated code in an engine.
final class EngineSubject: Subject {
    let name: String
    private let engine: Engine
    private let cpu: CPUContext
    private var batch = Batch(image: [])
    private let watchdog: Watchdog
    private let memory: Memory

    /// Where guest memory is.
    enum Memory: Equatable {
        case process
        case window
        /// With a window of so many bytes: of a page, and no access is generated code's.
        case checked(UInt64)
    }
    private static let windowSize: UInt64 = 1 << 36

    /// - Parameter loopThreshold: times a loop goes round before it is translated as a whole.
    init(
        _ name: String, features: CPUFeatures = .detected, passes: Passes = .all, memory: Memory = .process,
        loopThreshold: Int = 1, optimizesAllBlocks: Bool = true
    ) throws {
        self.name = name
        self.memory = memory
        var options = EngineOptions()
        options.features = features
        options.cacheSize = 8 << 20
        options.loopThreshold = loopThreshold
        options.optimizesAllBlocks = optimizesAllBlocks
        let space =
            switch memory {
            case .process: AddressSpace()
            case .window: try AddressSpace(windowSize: Self.windowSize)
            case .checked(let size): try AddressSpace(windowSize: size, isChecked: true)
            }
        engine = try Engine(ARM64(), memory: space, options: options, optimizer: Optimizer(passes: passes))
        cpu = try engine.makeCPU()
        watchdog = Watchdog(cpu)
        try map(Arena.memory, Arena.memorySize, [.read, .write])
        try map(Arena.code, Arena.codeSize, [.read, .execute])
    }

    /// Maps memory on the host and tells the engine. Engines that share the process's address space share it.
    private func map(_ address: UInt64, _ size: Int, _ rights: MemoryAccessRights) throws {
        if memory != .process {
            let flags: Int32 = 0x32
            guard
                engine.locked({
                    engine.memory.map(address, size: UInt64(size), rights: rights, flags: flags, file: -1, offset: 0)
                }) >= 0
            else { throw OracleError(description: "\(hex(address)) cannot be mapped") }
            return
        }
        let place = UnsafeMutableRawPointer(bitPattern: UInt(address))
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED
        guard mmap(place, size, PROT_READ | PROT_WRITE, flags, -1, 0) == place else {
            throw OracleError(description: "\(hex(address)) cannot be mapped")
        }
        engine.locked {
            engine.memory.insert(
                Region(
                    start: address, end: address + UInt64(size), rights: rights, isShared: false, object: 0,
                    objectOffset: 0))
        }
    }

    private func protect(_ address: UInt64, _ size: Int, _ rights: MemoryAccessRights) {
        if memory == .process {
            mprotect(host(address), size, rights.contains(.write) ? PROT_READ | PROT_WRITE : PROT_READ)
        } else {
            _ = engine.locked { engine.memory.protect(address, size: UInt64(size), rights: rights) }
        }
    }

    private func host(_ address: UInt64) -> UnsafeMutableRawPointer {
        UnsafeMutableRawPointer(bitPattern: UInt(engine.locked { engine.memory.hostRange(at: address)!.start }))!
    }

    func begin(_ batch: Batch) {
        self.batch = batch
        let readOnly = Arena.memory + UInt64(Arena.writableSize)
        protect(readOnly, Arena.memorySize - Arena.writableSize, [.read, .write])
        protect(Arena.code, Arena.codeSize, [.read, .write])
        batch.image.withUnsafeBytes {
            host(Arena.memory).copyMemory(from: $0.baseAddress!, byteCount: Arena.memorySize)
        }
        batch.code.withUnsafeBytes { host(Arena.code).copyMemory(from: $0.baseAddress!, byteCount: Arena.codeSize) }
        protect(readOnly, Arena.memorySize - Arena.writableSize, .read)
        protect(Arena.code, Arena.codeSize, [.read, .execute])
        engine.flushAll()
    }

    func run(slot: Int) -> Outcome? {
        var exit = runOnce(slot)
        // A stop that came just when a run had ended is the next one's.
        if case .stopped = exit { exit = runOnce(slot) }
        while case .trap(.halt, let size) = exit {
            cpu.pc += UInt64(size)
            exit = goOn()
        }
        var signal: UInt64 = 0
        var address: UInt64 = 0
        switch exit {
        case .stopped, .paused, .budget, .timeLimit: break
        case .fault(let at, _, let number, _): (signal, address) = (UInt64(number), at)
        case .trap(.breakpoint, _): signal = Outcome.trap
        case .trap(.undefined, _): signal = Outcome.illegal
        case .trap(.fetch, let payload): (signal, address) = (payload == 2 ? Outcome.bus : Outcome.segmentation, cpu.pc)
        case .trap(.alignment, _):
            let operand = ARM64State.layout.entries[ARM64State.trapOperand.index].offset
            (signal, address) = (Outcome.bus, cpu.state.load(fromByteOffset: operand, as: UInt64.self))
        case .trap, .interrupt, .device, .function: return nil
        }
        return Outcome(
            signal: signal, pc: cpu.pc, address: address, state: CPUState(from: cpu.state),
            changes: takeChanges(host(Arena.memory), batch.image))
    }

    func settle(_ outcome: inout Outcome, _ scouted: Outcome) -> String? {
        var reason: String?
        if outcome.takesUnderflow(from: scouted) {
            reason = "underflow of a number that rounding makes normal, which the host does not see"
        }
        if memory == .window, scouted.isFault, outcome.isFault, scouted.address >= Self.windowSize {
            outcome.address = scouted.address
            reason = "behind the window, where the address is not told"
        }
        return reason
    }

    private func runOnce(_ slot: Int) -> EngineExit {
        batch.cases[slot].state.write(to: cpu.state)
        cpu.pc = Arena.pc(ofSlot: slot)
        return goOn()
    }

    private func goOn() -> EngineExit {
        watchdog.begin()
        defer { watchdog.end() }
        return try! engine.run(cpu)
    }
}

/// Stops a CPU that does not come back: a thread that looks every second whether the same run is still under way.
private final class Watchdog: @unchecked Sendable {
    private let cpu: CPUContext
    /// Odd while there is a run.
    private let count = UnsafeMutablePointer<UInt64>.allocate(capacity: 1)

    init(_ cpu: CPUContext) {
        self.cpu = cpu
        count.initialize(to: 0)
        // The thread lives as long as the process, and keeps what it looks at.
        Thread.detachNewThread { [self] in
            var seen: UInt64 = 0
            while true {
                sleep(1)
                let now = count.pointee
                if now == seen, now & 1 == 1 { self.cpu.requestStop() }
                seen = now
            }
        }
    }

    func begin() { count.pointee &+= 1 }
    func end() { count.pointee &+= 1 }
}
