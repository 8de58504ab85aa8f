// Functions of the host's as functions of the guest's: they stand at guest addresses, are called by the guest's ABI, and return to
// the caller. Where one stands, no code of the guest's is executed.

import CLyrebird
import LyrebirdIR
import LyrebirdRuntime

/// The functions of a machine by number. Guarded by the engine's lock.
final class FunctionRegistry: @unchecked Sendable {
    struct Content {
        var bodies: [HostFunctionBody] = []
        /// Where the machine puts those that nobody has an address for.
        var nextPlace: UInt64 = 0
        var placesLeft = 0
        /// Where guest functions return that the host called.
        var returnAddress: UInt64 = 0
    }
    @exclusivity(unchecked) var content = Content()
}

/// One function.
final class HostFunctionBody: Sendable {
    let layout: CallLayout
    /// nil for what generated code calls by itself.
    let run: Machine.RawBody?
    /// Whether it is the place where guest functions return.
    let isReturn: Bool

    init(_ layout: CallLayout, _ run: Machine.RawBody?, isReturn: Bool = false) {
        self.layout = layout
        self.run = run
        self.isReturn = isReturn
    }
}

extension Machine {
    /// A Swift function that the guest calls: of the CPU that calls it and of the arguments. Guest memory is read and written by the
    /// machine's `memory`, or, for what is trusted, by the pointers. A parameter that is a function is a guest address here
    /// (`CPU.call`).
    public typealias Body = @Sendable (CPU, [CValue]) throws -> CValue

    /// The same, of memory: the arguments as C has them, each from a multiple of eight bytes on, and 16 bytes for the result. Nil if all
    /// is well.
    public typealias RawBody = @Sendable (CPU, UnsafeMutableRawPointer, UnsafeMutableRawPointer) -> CallError?

    /// Functions that a machine can have.
    public static let hostFunctionLimit = FunctionLimits.count - 1

    /// Gives the guest a function. Where the guest executes its address, by a call or by a jump, the function is called with the
    /// guest's arguments, and the guest goes on where it was called. It runs on the thread of `CPU.run`, may block, call the machine and
    /// the CPU (`CPU.call`), and compute in floating point. If it throws, `run` returns `Exit.hostFunctionFailed`.
    ///
    /// - Parameter address: mapped executable memory, where it stands until that is unmapped, or mapped anew; what is there is not
    ///   executed. nil for a place of the machine's own choice.
    /// - Returns: its address.
    @discardableResult
    public func define(_ signature: Signature, at address: UInt64? = nil, _ body: @escaping Body)
        throws(CallError) -> UInt64
    {
        let offsets = CallLayout(signature, guest).offsets
        return try defineRaw(signature, at: address) { cpu, arguments, result in
            let values = zip(signature.parameters, offsets).map { CValue($0, at: arguments + $1) }
            do {
                return try body(cpu, values).store(as: signature.result, to: result) ? nil : .result
            } catch let error as CallError {
                return error
            } catch {
                return .thrown("\(error)")
            }
        }
    }

    /// The same, of memory.
    @discardableResult
    public func defineRaw(_ signature: Signature, at address: UInt64? = nil, _ body: @escaping RawBody)
        throws(CallError) -> UInt64
    {
        try add(HostFunctionBody(CallLayout(signature, guest), body), nil, at: address)
    }

    /// Gives the guest a C function that is called straight from registers: one of at most six integers and pointers and at most eight
    /// floating-point numbers. It is the fastest call that there is of a function that may do anything. What it accesses by bad
    /// pointers is an exit (`CallError.fault`), not a crash; but where a guest's pointers lead within reach, it goes, as in C.
    ///
    /// - Parameter code: a function of the signature by the host's ABI, which stays where it is.
    /// - Throws: `CallError.notCallable` for any other signature.
    @discardableResult
    public func defineDirect(_ signature: Signature, at address: UInt64? = nil, code: UnsafeRawPointer)
        throws(CallError) -> UInt64
    {
        let layout = CallLayout(signature, guest)
        guard layout.isDirect else { throw .notCallable }
        let integers = signature.parameters.filter { !$0.isFloatingPoint }
        let result: RegisterResult =
            switch signature.result {
            case .void: LYREBIRD_NO_RESULT
            case .float: LYREBIRD_FLOAT_RESULT
            case .double: LYREBIRD_DOUBLE_RESULT
            case .pointer: LYREBIRD_POINTER_RESULT
            default: LYREBIRD_INTEGER_RESULT
            }
        let function = DirectFunction(
            code: UInt(bitPattern: code), conversions: integers.map(Self.conversion),
            vectors: signature.parameters.count - integers.count, result: result)
        return try add(HostFunctionBody(layout, nil), function, at: address)
    }

    private static func conversion(of type: CType) -> RegisterConversion {
        switch type {
        case .pointer: LYREBIRD_POINTER
        case .int8: LYREBIRD_SIGNED_8
        case .uint8, .bool: LYREBIRD_UNSIGNED_8
        case .int16: LYREBIRD_SIGNED_16
        case .uint16: LYREBIRD_UNSIGNED_16
        default: LYREBIRD_AS_IS
        }
    }

    private func add(_ body: HostFunctionBody, _ function: DirectFunction?, at address: UInt64?)
        throws(CallError) -> UInt64
    {
        guard let place = address ?? makePlace() else { throw .noRoom }
        let convention = body.layout.convention
        let slots = FunctionSlots(
            integers: convention.integers.map { Slot($0.index) }, vectors: convention.vectors.map { Slot($0.index) },
            integerResult: Slot(convention.integerResults[0].index),
            vectorResult: Slot(convention.vectorResults[0].index), stackPointer: Slot(convention.stackPointer.index),
            link: convention.link.map { Slot($0.index) })
        let number = engine.locked { () -> UInt32? in
            guard let number = engine.addFunctionLocked(function, slots: slots) else { return nil }
            functions.content.bodies.append(body)
            precondition(functions.content.bodies.count == Int(number) + 1)
            return number
        }
        guard let number else { throw .noRoom }
        engine.placeFunction(number, at: place)
        return place
    }

    /// Bytes from one function of ours to the next.
    private static let stride: UInt64 = 16

    /// An address for a function, in memory of the machine's own; nil if there is none.
    private func makePlace() -> UInt64? {
        let place = engine.locked { () -> UInt64? in
            // A snapshot may be older than the page.
            guard functions.content.placesLeft > 0, isExecutable(functions.content.nextPlace) else { return nil }
            functions.content.placesLeft -= 1
            functions.content.nextPlace += Self.stride
            return functions.content.nextPlace - Self.stride
        }
        if let place { return place }
        guard let page = makePage() else { return nil }
        engine.locked {
            functions.content.nextPlace = page + Self.stride
            functions.content.placesLeft = Int(Memory.pageSize / Self.stride) - 1
        }
        return page
    }

    /// The lock is held.
    private func isExecutable(_ address: UInt64) -> Bool {
        engine.memory.region(at: address)?.rights.contains(.execute) ?? false
    }

    private func makePage() -> UInt64? {
        // What is executed if a function is ever not there: UDF #0, INT3.
        let filling: UInt8 = guest == .x86_64 ? 0xCC : 0
        let page: UInt64
        if let hostProcess {
            let privateAnonymous: Int32 = 0x22
            let result = hostProcess.map(0, size: Memory.pageSize, access: .readWrite, flags: privateAnonymous)
            guard result > 0 else { return nil }
            page = UInt64(result)
        } else {
            // The last one that is free.
            let free = engine.locked { () -> UInt64 in
                var end = engine.memory.windowSize
                while end > Memory.pageSize, let region = engine.memory.region(at: end - Memory.pageSize) {
                    end = region.start
                }
                return end
            }
            guard free > Memory.pageSize else { return nil }
            page = free - Memory.pageSize
            guard (try? memory.map(page, size: Memory.pageSize, access: .readWrite)) != nil else { return nil }
            // A snapshot may have taken an earlier page from there, and left what stood on it.
            engine.locked { engine.removeFunctionsLocked(page, page + Memory.pageSize) }
        }
        let bytes = [UInt8](repeating: filling, count: Int(Memory.pageSize))
        guard (try? memory.write(bytes, at: page)) != nil else { return nil }
        if let hostProcess {
            guard hostProcess.protect(page, size: Memory.pageSize, access: .readExecute) == 0 else { return nil }
        } else {
            guard (try? memory.protect(page, size: Memory.pageSize, access: .readExecute)) != nil else { return nil }
        }
        return page
    }

    /// Where guest functions return that the host has called.
    func returnAddress() throws(CallError) -> UInt64 {
        let known = engine.locked {
            isExecutable(functions.content.returnAddress) ? functions.content.returnAddress : 0
        }
        if known != 0 { return known }
        let layout = CallLayout(Signature(name: "", result: .void, parameters: [], fixed: nil), guest)
        let address = try add(HostFunctionBody(layout, nil, isReturn: true), nil, at: nil)
        engine.locked { functions.content.returnAddress = address }
        return address
    }

    /// The host's pointer to a byte of the guest's; nil for address 0, which is NULL, and where the address is not the guest's. Whether
    /// anything is mapped there, it does not say.
    public func hostPointer(_ address: UInt64) -> UnsafeMutableRawPointer? {
        guard address != 0, address < addressLimit else { return nil }
        return UnsafeMutableRawPointer(bitPattern: UInt(address + engine.memory.base))
    }

    /// The guest's address of a byte, 0 for nil; nil where the byte is not the guest's.
    public func guestAddress(_ pointer: UnsafeRawPointer?) -> UInt64? {
        guard let pointer else { return 0 }
        let address = UInt64(UInt(bitPattern: pointer)) &- engine.memory.base
        return address < addressLimit ? address : nil
    }

    private var addressLimit: UInt64 { engine.memory.windowSize == 0 ? 1 << 47 : engine.memory.windowSize }

    func faultError(_ hostAddress: UInt64) -> CallError {
        let pointer = UnsafeRawPointer(bitPattern: UInt(hostAddress))
        return .fault(hostAddress: hostAddress, guestAddress: pointer == nil ? nil : guestAddress(pointer))
    }
}
