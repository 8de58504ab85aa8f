// Functions of the embedder's that stand at guest addresses. Some take the place of one instruction, and generated code calls them
// without leaving itself, as it calls the translator's own helpers. The others are functions of the guest's as well: they are called
// with the CPU out of generated code, may do anything, and return to the guest's caller.

import CLyrebird
import LyrebirdIR
import LyrebirdX64

/// A function of two numbers. It runs while its CPU counts as inside generated code: it must not block, fault, or use floating
/// point, whose mode is the guest's.
public typealias HostFunction = @convention(c) (UInt64, UInt64) -> UInt64

/// Which functions a machine has, and where.
struct HostFunctions {
    enum Function {
        /// In place of an instruction.
        case helper(Helper)
        /// In place of a function, by its number.
        case whole(UInt32)
    }

    private struct Place {
        var address: UInt64
        var function: Function
    }

    private var places: [Place] = []
    /// By number. A number is never given to another function: code that is no longer valid may still be running.
    private var functions: [HostFunction] = []
    /// From the lowest place to the highest: most translations are none of its business.
    private var span: (low: UInt64, high: UInt64) = (.max, 0)

    /// The function in place of the instruction at an address.
    @inline(__always)
    func function(at address: UInt64) -> Function? {
        guard address >= span.low, address <= span.high else { return nil }
        let index = index(of: address)
        return index < places.count && places[index].address == address ? places[index].function : nil
    }

    /// The first place that is not below an address.
    private func index(of address: UInt64) -> Int {
        var low = 0
        var high = places.count
        while low < high {
            let middle = (low + high) / 2
            if places[middle].address < address { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// How many of `count` bytes behind an address come before the next place.
    @inline(__always)
    func limit(_ count: Int, after address: UInt64) -> Int {
        guard address < span.high, address &+ UInt64(count) > span.low else { return count }
        let index = index(of: address + 1)
        return index < places.count ? Int(min(UInt64(count), places[index].address - address)) : count
    }

    /// - Returns: whether there was a number left for it.
    mutating func set(_ function: @escaping HostFunction, at address: UInt64) -> Bool {
        let pointer = unsafeBitCast(function, to: UInt.self)
        var number = functions.firstIndex { unsafeBitCast($0, to: UInt.self) == pointer }
        if number == nil, functions.count < Helper.functionCount {
            number = functions.count
            functions.append(function)
        }
        guard let number else { return false }
        set(.helper(.function(number)), at: address)
        return true
    }

    mutating func set(_ function: Function, at address: UInt64) {
        remove(address, address &+ 1)
        places.insert(Place(address: address, function: function), at: index(of: address))
        span = (places.first!.address, places.last!.address)
    }

    /// Removes those in a range of addresses.
    mutating func remove(_ start: UInt64, _ end: UInt64) {
        guard start <= span.high, end > span.low else { return }
        places.removeAll { $0.address >= start && $0.address < end }
        span = places.isEmpty ? (.max, 0) : (places.first!.address, places.last!.address)
    }

    /// Tells a CPU where they are.
    func install(in cpu: CPUContext) {
        let offset = MemoryLayout<lyrebird_context>.offset(of: \.helpers)!
        let helpers = (UnsafeMutableRawPointer(cpu.context) + offset).assumingMemoryBound(to: UInt64.self)
        for (number, function) in functions.enumerated() {
            helpers[Int(Helper.function(number).rawValue)] = unsafeBitCast(function, to: UInt64.self)
        }
    }
}

/// Where a guest has the arguments and the result of a function, as slots of its state.
public struct FunctionSlots: Sendable {
    public var integers: [Slot]
    public var vectors: [Slot]
    public var integerResult: Slot
    public var vectorResult: Slot
    public var stackPointer: Slot
    /// Where the return address is; nil for on the stack.
    public var link: Slot?

    public init(
        integers: [Slot], vectors: [Slot], integerResult: Slot, vectorResult: Slot, stackPointer: Slot, link: Slot?
    ) {
        self.integers = integers
        self.vectors = vectors
        self.integerResult = integerResult
        self.vectorResult = vectorResult
        self.stackPointer = stackPointer
        self.link = link
    }
}

/// What becomes of an argument or a result in a register.
public typealias RegisterConversion = lyrebird_conversion
public typealias RegisterResult = lyrebird_result

/// A C function whose arguments are in the same registers here and there, but for what they are converted to.
public struct DirectFunction: Sendable {
    public var code: UInt
    /// Of each argument in a general register.
    public var conversions: [RegisterConversion]
    /// How many are in vector registers.
    public var vectors: Int
    public var result: RegisterResult

    public init(code: UInt, conversions: [RegisterConversion], vectors: Int, result: RegisterResult) {
        self.code = code
        self.conversions = conversions
        self.vectors = vectors
        self.result = result
    }
}

public enum FunctionLimits {
    /// Functions that a machine can have.
    public static let count = 4096
}

/// The table of a machine's functions, which generated code's calls read. It is there from the first function on.
final class FunctionTable {
    let table: UnsafeMutablePointer<lyrebird_functions>
    let slots: FunctionSlots
    private let entries: UnsafeMutablePointer<lyrebird_function>
    private(set) var count = 0

    private static let limit = FunctionLimits.count

    init(_ slots: FunctionSlots, layout: StateLayout, base: UInt64, limit: UInt64, tableBits: Int, shift: Int) {
        self.slots = slots
        let header = MemoryLayout<lyrebird_functions>.stride
        let size = header + Self.limit * MemoryLayout<lyrebird_function>.stride
        // Mapped, not allocated: what is not used costs nothing.
        let memory = lyrebird_syscall(9, 0, UInt64(size), 3, 0x22, .max, 0)
        precondition(memory > 0, "no memory for a table of functions")
        let start = UnsafeMutableRawPointer(bitPattern: memory)!
        table = start.assumingMemoryBound(to: lyrebird_functions.self)
        entries = (start + header).assumingMemoryBound(to: lyrebird_function.self)
        func offset(_ slot: Slot) -> UInt32 {
            UInt32(RegisterContract.stateOffset + layout.entries[slot.index].offset)
        }
        table.pointee.base = base
        table.pointee.limit = limit
        withUnsafeMutableBytes(of: &table.pointee.integer) { buffer in
            let places = buffer.bindMemory(to: UInt32.self)
            for (index, slot) in slots.integers.prefix(places.count).enumerated() { places[index] = offset(slot) }
        }
        withUnsafeMutableBytes(of: &table.pointee.vector) { buffer in
            let places = buffer.bindMemory(to: UInt32.self)
            for (index, slot) in slots.vectors.prefix(places.count).enumerated() { places[index] = offset(slot) }
        }
        table.pointee.integer_result = offset(slots.integerResult)
        table.pointee.vector_result = offset(slots.vectorResult)
        table.pointee.stack = offset(slots.stackPointer)
        table.pointee.link = slots.link.map(offset) ?? 0
        table.pointee.shift = UInt32(shift)
        table.pointee.mask = 1 << UInt32(tableBits) - 1
    }

    /// The functions of another machine of the same guest.
    func adopt(_ other: FunctionTable) {
        entries.update(from: other.entries, count: other.count)
        count = other.count
    }

    deinit {
        let size = MemoryLayout<lyrebird_functions>.stride + Self.limit * MemoryLayout<lyrebird_function>.stride
        _ = lyrebird_syscall(11, UInt64(UInt(bitPattern: table)), UInt64(size), 0, 0, 0, 0)
    }

    /// - Returns: its number; nil if there is no room.
    func add(_ function: DirectFunction?) -> UInt32? {
        guard count < Self.limit else { return nil }
        if let function {
            var entry = lyrebird_function()
            entry.code = UInt64(function.code)
            entry.integers = UInt8(function.conversions.count)
            entry.vectors = UInt8(function.vectors)
            entry.converts = function.conversions.contains { $0 != LYREBIRD_AS_IS } ? 1 : 0
            entry.result = UInt8(function.result.rawValue)
            withUnsafeMutableBytes(of: &entry.conversions) { buffer in
                for (index, conversion) in function.conversions.enumerated() {
                    buffer[index] = UInt8(conversion.rawValue)
                }
            }
            entries[count] = entry
        }
        count += 1
        return UInt32(count - 1)
    }
}

/// Why a call of a function needs its embedder.
public enum FunctionExit: Sendable {
    /// It has not been called: the embedder does that, and has the CPU go on where the guest called it.
    case call
    /// It has not been called: the argument of this number among those in general registers has no host address.
    case badPointer(Int)
    /// It has not been called: the guest's return address is on a stack that cannot be read.
    case badStack(UInt64)
    /// The host pointer that it returned has no guest address.
    case badResult(UInt64)
    /// It accessed memory that is not there, at a host address, and was abandoned.
    case fault(UInt64)
    /// Guest code that it called did not return to it.
    case callback

    init(_ context: UnsafePointer<lyrebird_context>) {
        let detail = context.pointee.call_detail
        switch lyrebird_call_status(context.pointee.call_status) {
        case LYREBIRD_CALL_BAD_POINTER: self = .badPointer(Int(detail))
        case LYREBIRD_CALL_BAD_STACK: self = .badStack(detail)
        case LYREBIRD_CALL_BAD_RESULT: self = .badResult(detail)
        case LYREBIRD_CALL_FAULT: self = .fault(detail)
        case LYREBIRD_CALL_CALLBACK: self = .callback
        default: self = .call
        }
    }
}

extension Engine {
    /// Gives a function a number: they count from 0. The lock is held. `slots` are the guest's, the same for all of its machine.
    /// - Parameter function: what can be called with its arguments in registers; nil where the embedder makes the call.
    /// - Returns: nil if the machine has as many functions as it can have.
    public func addFunctionLocked(_ function: DirectFunction?, slots: FunctionSlots) -> UInt32? {
        if functionTable == nil { makeTable(slots) }
        return functionTable!.add(function)
    }

    private func makeTable(_ slots: FunctionSlots) {
        let limit = memory.windowSize == 0 ? 1 << 47 : memory.windowSize
        functionTable = FunctionTable(
            slots, layout: layout, base: memory.base, limit: limit, tableBits: options.generator.tableBits,
            shift: options.generator.tableShift)
        let table = functionTable!.table
        registerBarrier()
        table.pointee.is_ordered = hasBarrier ? 1 : 0
        table.pointee.engine = Unmanaged.passUnretained(self).toOpaque()
        table.pointee.open = { engine, address in
            let engine = Unmanaged<Engine>.fromOpaque(engine!).takeUnretainedValue()
            let guest = address &- engine.memory.base
            return engine.architecture.noticesChangedCode && engine.codeWasWritten(at: guest, by: 0..<0) ? 1 : 0
        }
        for cpu in cpus { installTable(in: cpu) }
    }

    /// Of a forked machine: the functions of the one that it comes from. The lock is held.
    func adoptFunctionsLocked(_ other: FunctionTable?) {
        guard let other else { return }
        makeTable(other.slots)
        functionTable!.adopt(other)
    }

    /// How many numbers are given. The lock is held.
    public var functionCountLocked: Int { functionTable?.count ?? 0 }

    /// Puts the function of a number at a guest address, where the guest calls it.
    public func placeFunction(_ number: UInt32, at address: UInt64) {
        locked {
            functions.set(.whole(number), at: address)
            invalidateLocked(address, address &+ 1)
        }
    }

    /// The lock is held.
    func installTable(in cpu: CPUContext) {
        cpu.context.pointee.functions = functionTable.map { UnsafePointer($0.table) }
    }

    /// Lifts a call of a function.
    func liftFunction(_ function: HostFunctions.Function, at pc: UInt64, into unit: inout Unit) {
        switch function {
        case .helper(let helper): architecture.liftFunction(helper, at: pc, into: &unit)
        case .whole(let number):
            unit.place(unit.makeBlock())
            unit.instruction(pc: pc)
            unit.exitTrap(pc, .hostFunction, payload: number)
            unit.guestBytes = 1 << options.generator.codeAlignment
            unit.guestInstructions = 1
            unit.finish()
        }
    }
}
