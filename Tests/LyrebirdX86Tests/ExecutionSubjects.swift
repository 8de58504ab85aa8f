// Who executes the cases: the host CPU, through HostExecutor; the interpreter over lifted units, optimised or not; and generated
// code, in a machine.

import Lyrebird
import LyrebirdIR
import LyrebirdPasses
import LyrebirdX86
import TestSupport

/// How an instruction ended.
struct ExecutionOutcome {
    enum End: Equatable {
        case next, divideError, undefined, generalProtection, floatingPoint
        /// #PF at an address, or what stands for it where it is not canonical.
        case fault(UInt64)
        /// The host went to its code segment of 32 bits.
        case otherSegment
        case other(String)

        /// Whether an access ended it: a fault, or an address that is not canonical.
        var isOfAccess: Bool {
            switch self {
            case .fault, .generalProtection: true
            default: false
            }
        }
    }

    var end: End
    var pc: UInt64
    var registers: [UInt64]
    var flags: UInt64
    var vectors: VectorState
    var x87: X87State
    /// Of FS and GS.
    var bases: [UInt64]
    /// The page that can be written.
    var memory: [UInt8]
}

/// Something that runs cases over an image of memory; the number of a case is that of its page of code.
protocol ExecutionSubject {
    var name: String { get }
    /// Whether addresses are checked, so that cases that go anywhere can be run.
    var isContained: Bool { get }
    mutating func run(_ cases: [ExecutionCase], image: [UInt8]) throws -> [ExecutionOutcome]
}

extension ExecutionSubject {
    var isContained: Bool { true }
}

// MARK: The host

struct HostSubject: ExecutionSubject {
    let name = "host"

    // As the structs of HostExecutor have it.
    private static let caseSize = 8 * 19 + VectorState.size + X87State.size + ExecutionCase.room
    private static let resultSize = 8 * 21 + VectorState.size + X87State.size + 16 + 4096

    func run(_ cases: [ExecutionCase], image: [UInt8]) throws -> [ExecutionOutcome] {
        let input = try TemporaryFile(size: image.count + 16 + Self.caseSize * cases.count)
        let output = try TemporaryFile(size: Self.resultSize * cases.count)
        image.withUnsafeBytes { input.content.copyMemory(from: $0.baseAddress!, byteCount: image.count) }
        let bases = input.content + image.count
        bases.storeBytes(of: Arena.fsBase, as: UInt64.self)
        bases.storeBytes(of: Arena.gsBase, toByteOffset: 8, as: UInt64.self)
        for (number, test) in cases.enumerated() {
            let at = bases + 16 + Self.caseSize * number
            for index in 0..<16 { at.storeBytes(of: test.registers[index], toByteOffset: 8 * index, as: UInt64.self) }
            at.storeBytes(of: test.flags, toByteOffset: 128, as: UInt64.self)
            at.storeBytes(of: test.length > 1 ? 2 : test.isRepeated ? 1 : 0, toByteOffset: 136, as: UInt64.self)
            at.storeBytes(of: UInt64(test.vectors.mxcsr), toByteOffset: 144, as: UInt64.self)
            test.vectors.store(at + 152)
            test.x87.store(area: at + 152 + VectorState.size)
            let code = at + 152 + VectorState.size + X87State.size
            code.initializeMemory(as: UInt8.self, repeating: 0xCC, count: ExecutionCase.room)
            test.code.withUnsafeBytes { code.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
        }
        let run = ChildProcess([buildDirectory + "/HostExecutor", input.path, output.path])
        guard run.status == 0 else { throw HostOracle.Failure(text: "HostExecutor: \(run.status) \(run.errors)") }
        return cases.indices.map { outcome(output.content + Self.resultSize * $0) }
    }

    private func outcome(_ at: UnsafeMutableRawPointer) -> ExecutionOutcome {
        func word(_ index: Int) -> UInt64 { at.load(fromByteOffset: 8 * index, as: UInt64.self) }
        var pc = word(17)
        let end: ExecutionOutcome.End
        switch word(18) {
        case 0: end = .divideError
        case 1: end = .next
        case 3:
            // Without the trap flag, which POPF takes away, the breakpoint behind the instruction ends it.
            end = .next
            pc -= 1
        case 6: end = .undefined
        case 13: end = .generalProtection
        case 14: end = .fault(word(19))
        case 16, 19: end = .floatingPoint
        case 256: end = .otherSegment
        case let vector: end = .other("vector \(vector)")
        }
        let bases = at + 168 + VectorState.size + X87State.size
        return ExecutionOutcome(
            end: end, pc: pc, registers: (0..<16).map(word), flags: word(16),
            vectors: VectorState(mxcsr: UInt32(truncatingIfNeeded: word(20)), at + 168),
            x87: X87State(area: at + 168 + VectorState.size),
            bases: (0..<2).map { bases.load(fromByteOffset: 8 * $0, as: UInt64.self) },
            memory: Array(UnsafeRawBufferPointer(start: bases + 16, count: 4096)))
    }
}

// MARK: The interpreter

/// Memory as the host has it: an access that crosses into what is not there fails at the first byte of that.
private struct ArenaMemory: InterpreterMemory {
    var bytes: [UInt8]
    let cases: [ExecutionCase]

    private func place(_ address: UInt64, _ size: Int, isWrite: Bool) throws(MemoryFault) -> Int {
        let count = isWrite ? Arena.page : 2 * Arena.page
        guard address >= Arena.data, address < Arena.data + count else {
            throw MemoryFault(address: address, isWrite: isWrite)
        }
        let end = Arena.data + count
        guard address + UInt64(size) <= end else { throw MemoryFault(address: end, isWrite: isWrite) }
        return Int(address - Arena.data)
    }

    mutating func load(_ address: UInt64, size: Int) throws(MemoryFault) -> UInt128 {
        if address >= Arena.code, address < Arena.code + Arena.page * UInt64(cases.count) {
            return try loadCode(address, size: size)
        }
        let at = try place(address, size, isWrite: false)
        return (0..<size).reversed().reduce(UInt128(0)) { $0 << 8 | UInt128(bytes[at + $1]) }
    }

    /// Code is breakpoints but for the cases.
    private func loadCode(_ address: UInt64, size: Int) throws(MemoryFault) -> UInt128 {
        var value: UInt128 = 0
        for n in 0..<UInt64(size) {
            let offset = address + n - Arena.code
            let slot = Int(offset / Arena.page)
            guard slot < cases.count else { throw MemoryFault(address: address + n, isWrite: false) }
            let code = cases[slot].code
            let place = Int(offset % Arena.page) - Int(Arena.start)
            value |= UInt128(code.indices.contains(place) ? code[place] : 0xCC) << UInt128(8 * n)
        }
        return value
    }

    mutating func store(_ address: UInt64, size: Int, _ value: UInt128) throws(MemoryFault) {
        let at = try place(address, size, isWrite: true)
        for n in 0..<size { bytes[at + n] = UInt8(truncatingIfNeeded: value >> UInt128(8 * n)) }
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

struct InterpreterSubject: ExecutionSubject {
    var name: String { optimizes ? "interpreter of optimised units" : "interpreter" }
    let optimizes: Bool
    private static let roundLimit = 10_000

    func run(_ cases: [ExecutionCase], image: [UInt8]) throws -> [ExecutionOutcome] {
        let state = UnsafeMutableRawPointer.allocate(byteCount: X86State.layout.size, alignment: 16)
        defer { state.deallocate() }
        var unit = Unit()
        var optimizer = Optimizer(passes: optimizes ? .all : .none)
        let verifier = Verifier(layout: X86State.layout)
        var outcomes: [ExecutionOutcome] = []
        for (slot, test) in cases.enumerated() {
            var memory = ArenaMemory(bytes: image, cases: cases)
            write(test, to: state)
            let start = Arena.pc(slot)
            unit.reset(pc: start)
            test.code.withUnsafeBytes {
                X86().lift(GuestCode(pc: start, bytes: $0), mode: X86().mode(state), into: &unit, limit: test.length)
            }
            optimizer.run(&unit)
            if let error = verifier.errors(in: unit).first {
                throw HostOracle.Failure(text: "\(test.description): \(error)")
            }
            var interpreter = Interpreter(layout: X86State.layout)
            interpreter.float.control = X86().floatControl(state)
            var end: ExecutionOutcome.End?
            var pc = start
            for _ in 0..<Self.roundLimit where end == nil {
                switch interpreter.run(unit, state: state, memory: &memory, limit: 10_000) {
                case .jump(let target, _, _) where target == start && test.isRepeated: pc = target
                case .jump(let target, _, _), .indirect(let target, _, _): (end, pc) = (.next, target)
                case .trap(let at, let reason, let payload):
                    pc = at
                    if reason == .modeChange, payload == TrapReason.targetInOperand {
                        pc = state.load(fromByteOffset: offset(X86State.trapOperand), as: UInt64.self)
                    }
                    switch reason {
                    case .modeChange: end = .next
                    case .floatingPoint: end = .floatingPoint
                    case .divideError: end = .divideError
                    case .undefined: end = .undefined
                    case .generalProtection, .privileged, .halt: end = .generalProtection
                    default: end = .other("\(reason)")
                    }
                case .fault(let address, _, let at): (end, pc) = (.fault(address), at)
                case .limit: end = .other("limit")
                }
            }
            X86().addFloatFlags(interpreter.float.flags, to: state)
            outcomes.append(
                ExecutionOutcome(
                    end: end ?? .other("too many rounds"), pc: pc, registers: (0..<16).map { get(state, $0) },
                    flags: flags(state), vectors: vectors(state),
                    x87: X87State(image: state + X86State.layout.x87Image!),
                    bases: [Segment.fs, .gs].map {
                        state.load(fromByteOffset: offset(X86State.segmentBase($0)), as: UInt64.self)
                    }, memory: Array(memory.bytes.prefix(4096))))
        }
        return outcomes
    }

    private func offset(_ slot: Slot) -> Int { X86State.layout.entries[slot.index].offset }
    private func get(_ state: UnsafeMutableRawPointer, _ number: Int) -> UInt64 {
        state.load(fromByteOffset: offset(X86State.general(number)), as: UInt64.self)
    }

    private func write(_ test: ExecutionCase, to state: UnsafeMutableRawPointer) {
        state.initializeMemory(as: UInt8.self, repeating: 0, count: X86State.layout.size)
        X86().initialize(state)
        for number in 0..<16 {
            state.storeBytes(
                of: test.registers[number], toByteOffset: offset(X86State.general(number)), as: UInt64.self)
        }
        state.storeBytes(of: UInt64(test.vectors.mxcsr), toByteOffset: offset(X86State.mxcsr), as: UInt64.self)
        test.vectors.store(state + offset(X86State.xmm(0)))
        test.x87.store(image: state + X86State.layout.x87Image!)
        let status = (test.flags & 0xD5) << 8 | test.flags >> 11 & 1 | 0x200
        state.storeBytes(of: UInt16(status), toByteOffset: offset(X86State.flags), as: UInt16.self)
        state.storeBytes(of: test.flags & 0x400, toByteOffset: offset(X86State.otherFlags), as: UInt64.self)
        state.storeBytes(of: Arena.fsBase, toByteOffset: offset(X86State.segmentBase(.fs)), as: UInt64.self)
        state.storeBytes(of: Arena.gsBase, toByteOffset: offset(X86State.segmentBase(.gs)), as: UInt64.self)
    }

    private func vectors(_ state: UnsafeMutableRawPointer) -> VectorState {
        let mxcsr = state.load(fromByteOffset: offset(X86State.mxcsr), as: UInt32.self)
        return VectorState(mxcsr: mxcsr, state + offset(X86State.xmm(0)))
    }

    private func flags(_ state: UnsafeMutableRawPointer) -> UInt64 {
        let bits = UInt64(state.load(fromByteOffset: offset(X86State.flags), as: UInt16.self))
        return bits >> 8 & 0xD5 | (bits & 1) << 11
            | state.load(fromByteOffset: offset(X86State.otherFlags), as: UInt64.self)
    }
}

// MARK: Generated code

struct MachineSubject: ExecutionSubject {
    let name: String
    private let machine: Machine
    private let cpu: CPU
    /// What it begins as: segment registers, which nobody else sets.
    private let fresh: CPU
    static let windowSize: UInt64 = 1 << 36
    /// A window is no sandbox.
    let isContained: Bool

    /// - Parameter checked: the window of checked memory: if it is a page, no access is generated code's. Nil for memory that is not.
    init(_ name: String, _ configuration: Machine.Configuration = .init(), checked: UInt64? = nil, slots: Int) throws {
        self.name = name
        isContained = checked != nil
        let space = checked.map { Machine.AddressSpace.checked(window: $0) } ?? .window(size: Self.windowSize)
        machine = try Machine(.x86_64, addressSpace: space, configuration: configuration)
        cpu = try machine.makeCPU()
        fresh = try machine.makeCPU()
        try machine.memory.map(Arena.data, size: 2 * Arena.page, access: .readWrite)
        try machine.memory.map(Arena.code, size: UInt64(slots) * Arena.page, access: .readExecute)
    }

    func run(_ cases: [ExecutionCase], image: [UInt8]) throws -> [ExecutionOutcome] {
        try machine.memory.protect(Arena.data + Arena.page, size: Arena.page, access: .readWrite)
        try machine.memory.write(image, at: Arena.data)
        try machine.memory.protect(Arena.data + Arena.page, size: Arena.page, access: .read)
        let pages = UInt64(cases.count) * Arena.page
        try machine.memory.protect(Arena.code, size: pages, access: .readWrite)
        let blank = [UInt8](repeating: 0xCC, count: Int(Arena.page))
        for (slot, test) in cases.enumerated() {
            try machine.memory.write(blank, at: Arena.code + UInt64(slot) * Arena.page)
            try machine.memory.write(test.code, at: Arena.pc(slot))
        }
        try machine.memory.protect(Arena.code, size: pages, access: .readExecute)
        let page = Array(image.prefix(Int(Arena.page)))
        var outcomes: [ExecutionOutcome] = []
        for (slot, test) in cases.enumerated() {
            cpu.copyState(from: fresh)
            for number in 0..<16 { cpu[.x86(number)] = test.registers[number] }
            cpu[.rflags] = test.flags
            cpu[.mxcsr] = UInt64(test.vectors.mxcsr)
            for number in 0..<16 {
                cpu[.xmm(number)] = test.vectors.xmm[number]
                cpu[.upper(number)] = test.vectors.upper[number]
            }
            test.x87.load(into: cpu)
            cpu[.fsBase] = Arena.fsBase
            cpu[.gsBase] = Arena.gsBase
            cpu.pc = Arena.pc(slot)
            let end: ExecutionOutcome.End
            switch try cpu.run() {
            case .breakpointInstruction: end = .next
            case .divideError: end = .divideError
            case .undefinedInstruction: end = .undefined
            case .generalProtection, .privilegedInstruction, .portRead, .portWrite: end = .generalProtection
            case .halted: (end, cpu.pc) = (.generalProtection, Arena.pc(slot))
            case .floatingPointError: end = .floatingPoint
            // Nothing is where it went.
            case .fault(let fault) where fault.access == .execute: end = .next
            case .fault(let fault): end = .fault(fault.address)
            case let exit: end = .other("\(exit)")
            }
            let memory = try machine.memory.read(Arena.data, count: page.count)
            if memory != page { try machine.memory.write(page, at: Arena.data) }
            outcomes.append(
                ExecutionOutcome(
                    end: end, pc: cpu.pc, registers: (0..<16).map { cpu[.x86($0)] }, flags: cpu[.rflags],
                    vectors: VectorState(
                        mxcsr: UInt32(truncatingIfNeeded: cpu[.mxcsr]), xmm: (0..<16).map { cpu[.xmm($0)] },
                        upper: (0..<16).map { cpu[.upper($0)] }), x87: X87State(cpu),
                    bases: [cpu[.fsBase], cpu[.gsBase]], memory: memory))
        }
        return outcomes
    }
}
