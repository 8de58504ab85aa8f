// The interpreter: what a unit means. The optimiser and the code generator are tested against it, and the runtime has it for what is
// not worth generating code. What operations compute is in Evaluate.swift, memory in Interpreter+Memory.swift.
//
// Guest state is changed by `set` at once. A fault finds all that was set before it, which is the state before the guest
// instruction that faulted: a lifter sets what an instruction changes behind everything in it that may fault.

/// An access that guest memory does not allow.
public struct MemoryFault: Error, Equatable {
    public var address: UInt64
    public var isWrite: Bool

    public init(address: UInt64, isWrite: Bool) {
        self.address = address
        self.isWrite = isWrite
    }
}

/// Guest memory as the interpreter sees it. A size is 1, 2, 4, 8 or 16 bytes; numbers are little-endian and zero-extended.
public protocol InterpreterMemory {
    mutating func load(_ address: UInt64, size: Int) throws(MemoryFault) -> UInt128
    mutating func store(_ address: UInt64, size: Int, _ value: UInt128) throws(MemoryFault)
    /// Atomically stores `new` if memory holds `expected`. Needs a place that can be written in either case.
    /// - Returns: what memory held.
    mutating func compareExchange(
        _ address: UInt64, size: Int, expected: UInt128, new: UInt128
    ) throws(MemoryFault) -> UInt128
    /// Reads a port, or writes `value` to it.
    mutating func port(_ port: UInt16, size: Int, _ value: UInt32?) throws(MemoryFault) -> UInt32
}

extension InterpreterMemory {
    /// Nobody may.
    public mutating func port(_ port: UInt16, size: Int, _ value: UInt32?) throws(MemoryFault) -> UInt32 {
        throw MemoryFault(address: 0, isWrite: value != nil)
    }
}

/// Runs units.
public struct Interpreter {
    /// How a unit was left.
    public enum Outcome: Equatable, Sendable {
        /// To another translation; `returnTo` is 0 but for calls.
        case jump(pc: UInt64, hint: ExitHint, returnTo: UInt64)
        case indirect(pc: UInt64, hint: ExitHint, returnTo: UInt64)
        case trap(pc: UInt64, reason: TrapReason, payload: UInt32)
        /// `pc` is that of the guest instruction.
        case fault(address: UInt64, isWrite: Bool, pc: UInt64)
        /// As many instructions as allowed have run.
        case limit
    }

    public typealias Call = (_ helper: Helper, _ a: UInt64, _ b: UInt64) -> UInt64

    public let layout: StateLayout
    /// Serves `call`.
    public var call: Call
    /// The CPU's floating-point control word, and its flags.
    public var float = FloatEnvironment()
    /// Where the slots are, without their names.
    private let places: [Place]

    struct Place {
        var type: Type
        var offset: Int
    }

    public init(layout: StateLayout, call: @escaping Call = { _, _, _ in 0 }) {
        self.layout = layout
        self.call = call
        places = layout.entries.map { Place(type: $0.type, offset: $0.offset) }
    }

    /// Runs a unit that the verifier finds nothing wrong with.
    /// - Parameters:
    ///   - state: guest state, laid out by the layout.
    ///   - limit: most instructions to run.
    public mutating func run<Memory: InterpreterMemory>(
        _ unit: borrowing Unit, state: UnsafeMutableRawPointer, memory: inout Memory, limit: Int = .max
    ) -> Outcome {
        let values = UnsafeMutablePointer<UInt128>.allocate(capacity: unit.count)
        defer { values.deallocate() }
        let result = places.withUnsafeBufferPointer { places in
            var frame = Frame(
                state: state, x87Image: layout.x87Image, places: places.baseAddress!, values: values, float: float)
            return (outcome: run(unit, &frame, &memory, limit), float: frame.float)
        }
        float = result.float
        return result.outcome
    }

    private func run<Memory: InterpreterMemory>(
        _ unit: borrowing Unit, _ frame: inout Frame, _ memory: inout Memory, _ limit: Int
    ) -> Outcome {
        frame.index = Int(unit.blocks[Int(unit.order[0])].start)
        var rest = limit
        while rest > 0 {
            rest &-= 1
            let i = unit.instructions[frame.index]
            if let outcome = step(i, unit, &frame, &memory) { return outcome }
            // Control has set the next index itself.
            if !i.opcode.isTerminator { frame.index &+= 1 }
        }
        return .limit
    }

    /// What a run knows.
    struct Frame {
        let state: UnsafeMutableRawPointer
        let x87Image: Int?
        let places: UnsafePointer<Place>
        /// Integers zero-extended, flags as their bits.
        let values: UnsafeMutablePointer<UInt128>
        var float: FloatEnvironment
        var index = 0
        var pc: UInt64 = 0

        init(
            state: UnsafeMutableRawPointer, x87Image: Int?, places: UnsafePointer<Place>,
            values: UnsafeMutablePointer<UInt128>, float: FloatEnvironment
        ) {
            self.state = state
            self.x87Image = x87Image
            self.places = places
            self.values = values
            self.float = float
        }

        subscript(_ id: UInt32) -> UInt64 { UInt64(truncatingIfNeeded: values[Int(id)]) }

        func read(_ slot: Int) -> UInt128 {
            let at = state + places[slot].offset
            return switch places[slot].type {
            case .i8: UInt128(at.loadUnaligned(as: UInt8.self))
            case .i16: UInt128(at.loadUnaligned(as: UInt16.self))
            case .i32: UInt128(at.loadUnaligned(as: UInt32.self))
            case .i64: UInt128(at.loadUnaligned(as: UInt64.self))
            case .flags: UInt128(Evaluate.flags(fromBits: UInt64(at.loadUnaligned(as: UInt16.self))))
            case .v128, .none: at.loadUnaligned(as: UInt128.self)
            }
        }

        func write(_ slot: Int, _ value: UInt128) {
            let at = state + places[slot].offset
            switch places[slot].type {
            case .i8: at.storeBytes(of: UInt8(truncatingIfNeeded: value), as: UInt8.self)
            case .i16, .flags: at.storeBytes(of: UInt16(truncatingIfNeeded: value), as: UInt16.self)
            case .i32: at.storeBytes(of: UInt32(truncatingIfNeeded: value), as: UInt32.self)
            case .i64: at.storeBytes(of: UInt64(truncatingIfNeeded: value), as: UInt64.self)
            case .v128, .none: at.storeBytes(of: value, as: UInt128.self)
            }
        }
    }

    private func step<Memory: InterpreterMemory>(
        _ i: Instruction, _ unit: borrowing Unit, _ frame: inout Frame, _ memory: inout Memory
    ) -> Outcome? {
        switch i.opcode.effect {
        case .mark: if i.opcode == .instruction { frame.pc = i.immediate }
        case .stateRead: frame.values[frame.index] = frame.read(Int(i.a))
        // A `bind` says what the slot holds: to set it changes nothing, or makes up for a write that was left out.
        case .stateWrite: frame.write(Int(i.a), frame.values[Int(i.b)])
        case .fence: break
        case .float: frame.values[frame.index] = float(i, unit, &frame)
        case .floatFlags:
            if i.opcode == .floatFlags {
                frame.values[frame.index] = UInt128(frame.float.flags)
            } else {
                frame.float.flags = 0
            }
        case .x87: x87(i, unit, &frame)
        case .clock: frame.values[frame.index] = UInt128(call(Helper(rawValue: i.aux)!, frame[i.a], frame[i.b]))
        case .control: return control(i, unit, &frame)
        case .pure: frame.values[frame.index] = pure(i, unit, &frame)
        case .load, .store, .atomic:
            do throws(MemoryFault) {
                try access(i, &frame, &memory)
            } catch {
                return .fault(address: error.address, isWrite: error.isWrite, pc: frame.pc)
            }
        }
        return nil
    }

    // MARK: Pure operations

    private func pure(_ i: Instruction, _ unit: borrowing Unit, _ frame: inout Frame) -> UInt128 {
        switch i.opcode {
        case .const: return UInt128(constant(i))
        case .vconst: return UInt128(words(unit, i.a)) | UInt128(words(unit, i.a + 2)) << 64
        case .copy: return frame.values[Int(i.a)]
        case .select: return frame.values[Int(Evaluate.holds(i.condition, frame[i.a]) ? i.b : i.c)]
        case .flags:
            let producer = unit.instructions[Int(i.a)]
            let (a, b, c) = operands(producer, frame)
            return UInt128(Evaluate.flags(of: producer, a, b, c))
        case .cmc: return frame.values[Int(i.a)] ^ UInt128(Evaluate.Flags.c)
        case .bitToCarry:
            let type = unit.instructions[Int(i.b)].type
            return UInt128(Evaluate.bitToCarry(frame[i.a], frame[i.b], frame[i.c], type))
        case .bitsToFlags: return UInt128(Evaluate.flags(fromBits: frame[i.a]))
        default: break
        }
        let (a, b, c) = operands(i, frame)
        if let result = Evaluate.integer(i, a, b, c) { return UInt128(result) }
        // These have no flags, but the function of those that do.
        if Evaluate.isCall(i) { return float(i, unit, &frame) }
        let fields = i.opcode.valueFields
        let first = fields & 1 != 0 ? frame.values[Int(i.a)] : 0
        let second = fields & 2 != 0 ? frame.values[Int(i.b)] : 0
        let third = fields & 4 != 0 ? frame.values[Int(i.c)] : 0
        guard let result = Evaluate.vector(i, first, second, third) else { fatalError("\(i.opcode) has no meaning") }
        return result
    }

    private func float(_ i: Instruction, _ unit: borrowing Unit, _ frame: inout Frame) -> UInt128 {
        let fields = i.opcode.valueFields
        // Which operand may be an integer depends on the operation.
        let source = unit.instructions[Int(i.opcode == .sseFromInt ? i.b : i.a)].type
        let word = Evaluate.floatOperation(i, source: source)!
        return Evaluate.float(
            word, fields & 1 != 0 ? frame.values[Int(i.a)] : 0, fields & 2 != 0 ? frame.values[Int(i.b)] : 0,
            fields & 4 != 0 ? frame.values[Int(i.c)] : 0, &frame.float)
    }

    private func constant(_ i: Instruction) -> UInt64 {
        i.type == .flags ? Evaluate.flags(fromBits: i.immediate) : Evaluate.cut(i.immediate, i.type)
    }

    private func operands(_ i: Instruction, _ frame: Frame) -> (UInt64, UInt64, UInt64) {
        let fields = i.opcode.valueFields
        return (fields & 1 != 0 ? frame[i.a] : 0, fields & 2 != 0 ? frame[i.b] : 0, fields & 4 != 0 ? frame[i.c] : 0)
    }

    private func words(_ unit: borrowing Unit, _ at: UInt32) -> UInt64 {
        UInt64(unit.pool[Int(at)]) | UInt64(unit.pool[Int(at) + 1]) << 32
    }

    // MARK: Control

    private func control(_ i: Instruction, _ unit: borrowing Unit, _ frame: inout Frame) -> Outcome? {
        switch i.opcode {
        case .jump: follow(i.a, unit, &frame)
        case .branch: follow(Evaluate.holds(i.condition, frame[i.a]) ? i.b : i.c, unit, &frame)
        case .exitJump:
            let hint = ExitHint(rawValue: i.aux)!
            return .jump(pc: i.immediate, hint: hint, returnTo: hint == .call ? words(unit, i.c) : 0)
        case .exitIndirect:
            let hint = ExitHint(rawValue: i.aux)!
            return .indirect(pc: frame[i.a], hint: hint, returnTo: hint == .call ? words(unit, i.b) : 0)
        default: return .trap(pc: i.immediate, reason: TrapReason(rawValue: i.aux)!, payload: i.c)
        }
        return nil
    }

    /// Goes along an edge. All arguments are read before a parameter is written: one may be the other of a loop.
    private func follow(_ edge: UInt32, _ unit: borrowing Unit, _ frame: inout Frame) {
        let at = Int(edge)
        var arguments: [UInt128] = []
        for n in 0..<Int(unit.pool[at + 1]) { arguments.append(frame.values[Int(unit.pool[at + 2 + n])]) }
        frame.index = Int(unit.blocks[Int(unit.pool[at])].start)
        for n in 0..<arguments.count { frame.values[frame.index + n] = arguments[n] }
    }
}
