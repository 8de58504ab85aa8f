// Instructions whose memory accesses generated code leaves to the runtime: to devices, to memory outside of the window, to memory that
// is watched. The one guest instruction is lifted by itself and interpreted, over memory that looks at every access.
//
// A device that leaves `run` for its value leaves in mid-instruction. The state is as before it, and what devices have answered so
// far is kept: the instruction starts over, and they are not asked again.

import CLyrebird
import LyrebirdIR

/// An access to a device, or to a port.
public struct DeviceAccess: Sendable, Equatable {
    public var address: UInt64
    /// Bytes: 1, 2, 4 or 8.
    public var size: Int
    public var isWrite: Bool
    /// What is written, zero-extended.
    public var value: UInt64
    /// The address is a port's number.
    public var isPort = false
}

/// Answers for a device or for ports. The embedding API has a class for its closures.
open class DeviceHandler: @unchecked Sendable {
    public init() {}
    /// - Parameter size: bytes: 1, 2, 4 or 8.
    open func read(_ address: UInt64, _ size: Int) throws -> UInt64 { 0 }
    open func write(_ address: UInt64, _ size: Int, _ value: UInt64) throws {}
}

/// What a CPU needs to interpret single instructions.
final class AccessEmulator {
    private let engine: Unmanaged<Engine>
    private unowned(unsafe) let cpu: CPUContext
    /// The instructions that were interpreted last, each at a place that its address gives.
    private let lifted: UnsafeMutablePointer<LiftedInstruction>
    private static let capacity = 8
    private var interpreter: Interpreter
    private let code: UnsafeMutableRawBufferPointer
    /// What devices have answered to the instruction at `answeredPC` so far.
    fileprivate var answers: [UInt64] = []
    private var answeredPC: UInt64 = 0
    /// The last access is a read, whose value is awaited.
    private(set) var awaitsAnswer = false
    /// The instruction that was interpreted last, and whether it has accessed something outside of the window.
    private(set) var leftPC: UInt64 = 0
    private(set) var hasMetOutside = false

    init(_ engine: Engine, _ cpu: CPUContext) {
        self.engine = .passUnretained(engine)
        self.cpu = cpu
        let helpers = MemoryLayout<lyrebird_context>.offset(of: \.helpers)!
        let context = UnsafeRawPointer(cpu.context)
        interpreter = Interpreter(layout: engine.layout) { helper, a, b in
            let address = (context + helpers).load(fromByteOffset: 8 * Int(helper.rawValue), as: UInt64.self)
            return unsafeBitCast(UInt(address), to: HostFunction.self)(a, b)
        }
        code = .allocate(byteCount: engine.architecture.longestInstruction, alignment: 16)
        lifted = .allocate(capacity: Self.capacity)
        for n in 0..<Self.capacity { (lifted + n).initialize(to: LiftedInstruction()) }
    }

    deinit {
        code.deallocate()
        lifted.deinitialize(count: Self.capacity)
        lifted.deallocate()
    }

    /// Lifts the instruction at the CPU's pc, if it is not there any more.
    private func lift(_ engine: Engine) -> UnsafeMutablePointer<LiftedInstruction>? {
        let place = lifted + Int(truncatingIfNeeded: (cpu.pc ^ cpu.pc >> 2) & UInt64(Self.capacity - 1))
        let isThere = engine.locked {
            let key = LiftedInstruction.Key(pc: cpu.pc, mode: cpu.mode, version: engine.codeVersion)
            if place.pointee.key == key { return true }
            place.pointee.key = nil
            if place.pointee.unit == nil { place.pointee.unit = Unit() }
            guard engine.liftOne(cpu.pc, mode: cpu.mode, code, &place.pointee.unit!) else { return false }
            place.pointee.key = key
            return true
        }
        return isThere ? place : nil
    }

    /// The CPU was left at a call for an access to a device, and does not go on behind it.
    func takeOver(_ pc: UInt64, answer: UInt64, awaitsMore: Bool) {
        answers = [answer]
        answeredPC = pc
        awaitsAnswer = awaitsMore
    }

    /// Gives the read that the CPU was left for its value.
    func answer(_ value: UInt64) {
        guard awaitsAnswer else { return }
        awaitsAnswer = false
        answers[answers.count - 1] = value
    }

    /// Whether the instruction at the CPU's pc was left while a device was asked.
    func isUnderWay(at pc: UInt64) -> Bool {
        if answers.isEmpty ? !cpu.hasMade(at: pc) : answeredPC != pc { forget() }
        return !answers.isEmpty || cpu.hasMade(at: pc)
    }

    /// Nobody goes on with the instruction.
    func forget() {
        answers.removeAll(keepingCapacity: true)
        awaitsAnswer = false
        cpu.forgetMade()
    }

    /// Runs the instruction at the CPU's pc, and throws what functions of the embedder's throw.
    /// - Parameter variant: how the instruction is entered if it is tried again; how the one at the CPU's pc is then.
    /// - Returns: why `run` is to be left; nil to go on.
    func run(_ variant: inout UInt32) throws -> EngineExit? {
        let engine = engine._withUnsafeGuaranteedRef { $0 }
        awaitsAnswer = false
        guard let lifted = lift(engine) else { return nil }
        interpreter.float = FloatEnvironment(control: cpu.floatControl)
        var memory = CheckedMemory(engine: engine, cpu: cpu, answers: answers)
        let outcome = interpreter.run(lifted.pointee.unit!, state: cpu.state, memory: &memory)
        (leftPC, hasMetOutside) = (cpu.pc, memory.hasMetOutside)
        if interpreter.float.flags != 0 { engine.architecture.addFloatFlags(interpreter.float.flags, to: cpu.state) }
        if let access = memory.asksFor {
            answers = memory.answers
            answeredPC = cpu.pc
            awaitsAnswer = !access.isWrite
            return .device(access)
        }
        if let error = memory.error {
            answers = memory.answers
            answeredPC = cpu.pc
            throw error
        }
        forget()
        switch outcome {
        case .jump(let pc, _, _):
            // A round of a repeated instruction is none.
            if cpu.counts, pc != cpu.pc { cpu.remaining -= 1 }
            let isNext = pc == cpu.pc &+ UInt64(lifted.pointee.unit!.guestBytes)
            if pc != cpu.pc { variant = isNext && engine.instruments.watchesBlocks ? Variant.inBlock : 0 }
            cpu.pc = pc
        case .indirect(let pc, _, _):
            if cpu.counts { cpu.remaining -= 1 }
            variant = 0
            cpu.pc = pc
        case .trap(let pc, let reason, let payload):
            cpu.pc = pc
            variant = 0
            // It gives one back if that has not been executed.
            if cpu.counts { cpu.remaining -= 1 }
            return try engine.trapped(cpu, reason, payload)
        case .fault(let address, let isWrite, _):
            // Memory was not asked: the address is not aligned.
            if !memory.hasFaulted { return .fault(address: 0, isWrite: isWrite, signal: 11, code: 0x80) }
            if !engine.architecture.isCanonical(address) {
                return .fault(address: 0, isWrite: isWrite, signal: 11, code: 0x80)
            }
            guard let code = engine.judge(address, isWrite: isWrite, signal: 11, code: 2, cpu) else { return nil }
            return .fault(address: address, isWrite: isWrite, signal: 11, code: code)
        case .limit: break
        }
        return nil
    }
}

/// A guest instruction as a unit of its own.
private struct LiftedInstruction: ~Copyable {
    struct Key: Equatable {
        var pc: UInt64
        var mode: UInt32
        var version: Int
    }
    var key: Key?
    var unit: Unit?
}

/// Guest memory, every access of which is looked at.
private struct CheckedMemory: InterpreterMemory {
    let engine: Engine
    let cpu: CPUContext
    var answers: [UInt64]
    var asked = 0
    /// Why the instruction has to be left for now.
    var asksFor: DeviceAccess?
    var error: (any Error)?
    private(set) var hasFaulted = false
    private(set) var hasMetOutside = false
    /// Loads and stores so far.
    private var accesses = 0

    init(engine: Engine, cpu: CPUContext, answers: [UInt64]) {
        self.engine = engine
        self.cpu = cpu
        self.answers = answers
    }

    /// The part of an access that lies in one region.
    private struct Part {
        var region: Region
        var address: UInt64
        var offset: Int
        var size: Int
    }

    private mutating func parts(_ address: UInt64, _ size: Int, isWrite: Bool) throws(MemoryFault) -> [Part] {
        var result: [Part] = []
        var offset = 0
        while offset < size {
            let at = address &+ UInt64(offset)
            guard let region = engine.locked({ engine.memory.region(at: at) }),
                region.device >= 0 || (isWrite ? region.rights.contains(.write) : region.rights.hostProtection & 1 != 0)
            else { throw fault(at, isWrite) }
            if at >= engine.memory.windowSize { hasMetOutside = true }
            let count = min(size - offset, Int(truncatingIfNeeded: min(region.end - at, 16)))
            result.append(Part(region: region, address: at, offset: offset, size: count))
            offset += count
        }
        return result
    }

    /// What generated code had the access give, if it had it made.
    private mutating func made(_ address: UInt64, _ size: Int, isWrite: Bool) -> UInt128? {
        accesses += 1
        return cpu.made(accesses - 1, address, size, isWrite: isWrite)
    }

    mutating func load(_ address: UInt64, size: Int) throws(MemoryFault) -> UInt128 {
        if let value = made(address, size, isWrite: false) { return value }
        var value: UInt128 = 0
        for part in try parts(address, size, isWrite: false) {
            value |= try load(part) << UInt128(8 * part.offset)
        }
        try tell(address, size, value, isWrite: false)
        return value
    }

    /// Tells hooks of an access, 8 bytes at a time.
    private mutating func tell(_ address: UInt64, _ size: Int, _ value: UInt128, isWrite: Bool) throws(MemoryFault) {
        let hooks = engine.locked { engine.accessHooks }
        guard !hooks.isEmpty else { return }
        for offset in stride(from: 0, to: size, by: 8) {
            let count = min(8, size - offset)
            let access = DeviceAccess(
                address: address &+ UInt64(offset), size: count, isWrite: isWrite,
                value: Self.cut(UInt64(truncatingIfNeeded: value >> UInt128(8 * offset)), count))
            do {
                let last = access.address &+ UInt64(count - 1)
                for hook in hooks where hook.wants(access.address, last, isWrite: isWrite) {
                    try hook.call(cpu, access)
                }
            } catch {
                self.error = error
                throw MemoryFault(address: access.address, isWrite: isWrite)
            }
        }
    }

    private mutating func load(_ part: Part) throws(MemoryFault) -> UInt128 {
        var value: UInt128 = 0
        if part.region.device >= 0 {
            var offset = 0
            while offset < part.size {
                let access = Self.word(part, at: offset)
                value |= UInt128(try ask(part.region.device, access)) << UInt128(8 * offset)
                offset += access.size
            }
            return value
        }
        let failed = engine.read(part.address, &value, part.size)
        guard failed == 0 else { throw fault(part.address &+ UInt64(part.size - failed), false) }
        return value
    }

    mutating func store(_ address: UInt64, size: Int, _ value: UInt128) throws(MemoryFault) {
        if made(address, size, isWrite: true) != nil { return }
        // All parts are looked at before any is written.
        let parts = try parts(address, size, isWrite: true)
        try tell(address, size, value, isWrite: true)
        for part in parts {
            try store(part, value >> UInt128(8 * part.offset))
        }
    }

    private mutating func store(_ part: Part, _ value: UInt128) throws(MemoryFault) {
        if part.region.device >= 0 {
            var offset = 0
            while offset < part.size {
                var access = Self.word(part, at: offset)
                access.isWrite = true
                access.value = Self.cut(UInt64(truncatingIfNeeded: value >> UInt128(8 * offset)), access.size)
                _ = try ask(part.region.device, access)
                offset += access.size
            }
            return
        }
        let failed = withUnsafeBytes(of: value) { engine.write(part.address, $0.baseAddress!, part.size) }
        guard failed == 0 else { throw fault(part.address &+ UInt64(part.size - failed), true) }
    }

    mutating func compareExchange(
        _ address: UInt64, size: Int, expected: UInt128, new: UInt128
    ) throws(MemoryFault) -> UInt128 {
        let parts = try parts(address, size, isWrite: true)
        if parts.count == 1, parts[0].region.device < 0 {
            let old = try load(parts[0])
            try tell(address, size, old, isWrite: false)
            if old == expected, old != new { try tell(address, size, new, isWrite: true) }
            var seen = expected
            guard engine.compareExchange(address, &seen, new, size) else { throw fault(address, true) }
            return seen
        }
        // To a device, or across a border, it is no exchange.
        let old = try load(address, size: size)
        if old == expected, old != new { try store(address, size: size, new) }
        return old
    }

    private mutating func fault(_ address: UInt64, _ isWrite: Bool) -> MemoryFault {
        hasFaulted = true
        return MemoryFault(address: address, isWrite: isWrite)
    }

    /// Devices are asked for 1, 2, 4 or 8 bytes at a time.
    private static func word(_ part: Part, at offset: Int) -> DeviceAccess {
        let rest = part.size - offset
        return DeviceAccess(
            address: part.address &+ UInt64(offset), size: rest >= 8 ? 8 : rest >= 4 ? 4 : rest >= 2 ? 2 : 1,
            isWrite: false, value: 0)
    }

    private mutating func ask(_ device: Int32, _ access: DeviceAccess) throws(MemoryFault) -> UInt64 {
        if asked < answers.count {
            asked += 1
            return Self.cut(answers[asked - 1], access.size)
        }
        if let handler = access.isPort ? engine.handler(ofPort: access.address) : engine.handler(of: device) {
            do {
                var value: UInt64 = 0
                if access.isWrite {
                    try handler.write(access.address, access.size, access.value)
                } else {
                    value = try handler.read(access.address, access.size)
                }
                answers.append(value)
                asked += 1
                return Self.cut(value, access.size)
            } catch {
                self.error = error
            }
        } else {
            // A write counts as made; a read that nobody answers gives zeros.
            answers.append(0)
            asksFor = access
        }
        throw MemoryFault(address: access.address, isWrite: access.isWrite)
    }

    mutating func port(_ port: UInt16, size: Int, _ value: UInt32?) throws(MemoryFault) -> UInt32 {
        let access = DeviceAccess(
            address: UInt64(port), size: size, isWrite: value != nil, value: UInt64(value ?? 0), isPort: true)
        return UInt32(truncatingIfNeeded: try ask(-1, access))
    }

    private static func cut(_ value: UInt64, _ size: Int) -> UInt64 {
        size == 8 ? value : value & (1 << UInt64(8 * size) - 1)
    }
}
