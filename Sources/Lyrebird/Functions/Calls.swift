// Calls between guest and host on one CPU: of host functions by guest code, and of guest functions by the host, in each other as often
// as there is room for.

import CLyrebird
import Glibc
import LyrebirdIR
import LyrebirdRuntime

/// What a CPU knows of the calls that it is in.
struct CallState {
    /// Of both directions, in each other.
    var depth = 0
    /// `CPU.run`s, in each other, and their thread.
    var runs = 0
    var thread = pthread_t()
    /// The guest function that was called last has returned.
    var hasReturned = false
    var failure: CallError?
    /// Where guest functions return; 0 until one is called.
    var returnAddress: UInt64 = 0
    /// The machine's, as far as they have been asked for: numbers are for ever.
    var bodies: [HostFunctionBody] = []
}

// MARK: The guest calls the host

extension CPU {
    /// How many calls between guest and host there may be in each other.
    public static let nestingLimit = 200

    /// A function of the embedder's is to be called, or has been called and failed.
    /// - Returns: why `run` returns; nil if the guest goes on.
    func hostFunction(_ number: UInt32, _ why: FunctionExit) -> Exit? {
        if Int(number) >= calls.bodies.count {
            calls.bodies = machine.engine.locked { machine.functions.content.bodies }
        }
        let body = calls.bodies[Int(number)]
        switch why {
        case .call:
            guard !body.isReturn else {
                calls.hasReturned = calls.depth > 0
                return calls.hasReturned ? .stopped : .undefinedInstruction
            }
            return perform(body).map { .hostFunctionFailed($0) }
        case .badPointer(let index):
            let integers = body.layout.signature.parameters.enumerated().filter { !$0.element.isFloatingPoint }
            let address = self[body.layout.convention.integers[index]]
            return .hostFunctionFailed(.pointer(argument: integers[index].offset, address))
        case .badStack(let address): return .hostFunctionFailed(.stack(address))
        case .badResult(let pointer): return .hostFunctionFailed(.resultPointer(pointer))
        case .fault(let address): return .hostFunctionFailed(machine.faultError(address))
        case .callback: return .hostFunctionFailed(takeCallFailure() ?? .notCallable)
        }
    }

    private func perform(_ body: HostFunctionBody) -> CallError? {
        guard let run = body.run else { return .notCallable }
        guard calls.depth < Self.nestingLimit else { return .tooDeep }
        calls.depth += 1
        defer { calls.depth -= 1 }
        let layout = body.layout
        let stackPointer = word(layout.stackPointer)
        var stack = stackPointer
        var returnAddress: UInt64 = 0
        if layout.link >= 0 {
            returnAddress = word(layout.link)
        } else {
            let target: Void? = withUnsafeMutableBytes(of: &returnAddress) {
                try? machine.memory.read(stackPointer, into: $0)
            }
            guard target != nil else { return .stack(stackPointer) }
            stack &+= 8
        }
        let size = layout.bufferSize + CallLayout.resultSize
        let error = withUnsafeTemporaryAllocation(byteCount: size, alignment: 16) { memory -> CallError? in
            let arguments = memory.baseAddress!
            let result = arguments + layout.bufferSize
            if let error = gather(layout.arguments, into: arguments, stack: stack) { return error }
            for place in layout.pointers where !translate(arguments + place.offset) {
                return .pointer(argument: place.argument, (arguments + place.offset).load(as: UInt64.self))
            }
            result.initializeMemory(as: UInt8.self, repeating: 0, count: CallLayout.resultSize)
            if let error = run(self, arguments, result) { return error }
            if let error = takeCallFailure() { return error }
            for place in layout.resultPointers {
                let pointer = (result + place.offset).load(as: UnsafeMutableRawPointer?.self)
                guard let address = machine.guestAddress(pointer) else {
                    return .resultPointer(UInt64(UInt(bitPattern: pointer)))
                }
                (result + place.offset).storeBytes(of: address, as: UInt64.self)
            }
            _ = scatter(layout.result, from: result, stack: 0)
            return nil
        }
        if let error { return error }
        if layout.link < 0 { setWord(layout.stackPointer, stackPointer &+ 8) }
        pc = returnAddress
        context.popPrediction(of: returnAddress)
        return nil
    }

    /// Makes a guest address the host's pointer.
    /// - Returns: false if there is none.
    private func translate(_ place: UnsafeMutableRawPointer) -> Bool {
        let address = place.load(as: UInt64.self)
        guard address != 0 else { return true }
        guard let pointer = machine.hostPointer(address) else { return false }
        place.storeBytes(of: pointer, as: UnsafeMutableRawPointer.self)
        return true
    }

    /// A word of the guest's state.
    private func word(_ offset: Int) -> UInt64 { (context.state + offset).load(as: UInt64.self) }
    private func setWord(_ offset: Int, _ value: UInt64) {
        (context.state + offset).storeBytes(of: value, as: UInt64.self)
    }

    /// Copies from where a guest's call has its values.
    private func gather(
        _ moves: UnsafeBufferPointer<CallLayout.Move>, into buffer: UnsafeMutableRawPointer, stack: UInt64
    ) -> CallError? {
        for move in moves {
            let place = buffer + move.offset
            if move.kind != .stack {
                if move.size == 8 {
                    place.storeBytes(of: word(move.place), as: UInt64.self)
                } else {
                    place.copyMemory(from: context.state + move.place, byteCount: move.size)
                }
            } else {
                let address = stack &+ UInt64(move.place)
                let target = UnsafeMutableRawBufferPointer(start: place, count: move.size)
                guard (try? machine.memory.read(address, into: target)) != nil else { return .stack(address) }
            }
        }
        return nil
    }

    /// Copies to there. What a register has above a value is zero.
    private func scatter(
        _ moves: UnsafeBufferPointer<CallLayout.Move>, from buffer: UnsafeRawPointer, stack: UInt64
    ) -> CallError? {
        for move in moves {
            let place = buffer + move.offset
            var value: UInt64 = 0
            withUnsafeMutableBytes(of: &value) { $0.copyMemory(from: .init(start: place, count: move.size)) }
            switch move.kind {
            case .general: setWord(move.place, value)
            case .vector:
                setWord(move.place, value)
                setWord(move.place + 8, 0)
            case .stack:
                let address = stack &+ UInt64(move.place)
                guard (try? machine.memory.store(value, at: address)) != nil else { return .stack(address) }
            }
        }
        return nil
    }
}

// MARK: The host calls the guest

extension CPU {
    /// Calls a guest function and runs it to its end. The stack grows below the guest's stack pointer. Afterwards that, the pc and the
    /// link register are as before, and the other registers as the function left them, which by its ABI has kept some. It may call
    /// host functions, and be called by one: by a Swift function that the guest called, or through a host pointer
    /// (`LyrebirdHostFunctions`).
    ///
    /// Pointers are the host's on this side: of memory of the guest's, or nil. A function is a guest address.
    ///
    /// - Throws: `CallError`; all registers are as before the call then.
    @discardableResult
    public func call(_ address: UInt64, _ signature: Signature, _ arguments: [CValue] = []) throws(CallError) -> CValue
    {
        let layout = CallLayout(signature, machine.guest)
        guard arguments.count == signature.parameters.count else { throw .argumentCount(arguments.count) }
        var value = CValue.void
        let size = layout.bufferSize + CallLayout.resultSize
        let error = withUnsafeTemporaryAllocation(byteCount: size, alignment: 16) { memory -> CallError? in
            let buffer = memory.baseAddress!
            let result = buffer + layout.bufferSize
            for (index, argument) in arguments.enumerated() {
                guard argument.store(as: signature.parameters[index], to: buffer + layout.offsets[index]) else {
                    return .argument(index)
                }
            }
            if let error = callRaw(address, layout, arguments: buffer, result: result) { return error }
            value = CValue(signature.result, at: result)
            return nil
        }
        if let error { throw error }
        return value
    }

    /// The same, of memory: the arguments as C has them, each from a multiple of eight bytes on, where host pointers become guest
    /// addresses, and 16 bytes for the result.
    public func callRaw(
        _ address: UInt64, _ layout: CallLayout, arguments: UnsafeMutableRawPointer, result: UnsafeMutableRawPointer
    ) -> CallError? {
        guard calls.depth < Self.nestingLimit else { return .tooDeep }
        guard canCall else { return .otherThread }
        // From here on a fault is the translator's own again.
        let guardian = lyrebird_suspend_guard()
        defer { lyrebird_resume_guard(guardian) }
        if calls.returnAddress == 0 {
            do throws(CallError) { calls.returnAddress = try machine.returnAddress() } catch { return error }
        }
        for place in layout.pointers {
            let pointer = (arguments + place.offset).load(as: UnsafeMutableRawPointer?.self)
            guard let address = machine.guestAddress(pointer) else {
                return .pointer(argument: place.argument, UInt64(UInt(bitPattern: pointer)))
            }
            (arguments + place.offset).storeBytes(of: address, as: UInt64.self)
        }
        calls.depth += 1
        defer { calls.depth -= 1 }
        let size = machine.engine.layout.size
        return withUnsafeTemporaryAllocation(byteCount: size, alignment: 16) { saved -> CallError? in
            saved.copyMemory(from: UnsafeRawBufferPointer(start: context.state, count: size))
            let oldPC = pc
            let error = enter(address, layout, arguments) ?? finish(layout, result)
            pc = oldPC
            if error != nil {
                context.state.copyMemory(from: saved.baseAddress!, byteCount: size)
                return error
            }
            setWord(layout.stackPointer, saved.load(fromByteOffset: layout.stackPointer, as: UInt64.self))
            if layout.link >= 0 { setWord(layout.link, saved.load(fromByteOffset: layout.link, as: UInt64.self)) }
            return nil
        }
    }

    /// Puts arguments in place and runs to the end.
    private func enter(_ address: UInt64, _ layout: CallLayout, _ arguments: UnsafeRawPointer) -> CallError? {
        let stack = (word(layout.stackPointer) &- layout.redZone &- UInt64(layout.stackSize)) & ~15
        var entry = stack
        if let error = scatter(layout.arguments, from: arguments, stack: stack) { return error }
        if layout.link >= 0 {
            setWord(layout.link, calls.returnAddress)
        } else {
            entry = stack &- 8
            guard (try? machine.memory.store(calls.returnAddress, at: entry)) != nil else { return .stack(entry) }
        }
        if layout.signature.fixedParameters != nil, let vectorCount = layout.convention.vectorCount {
            self[vectorCount] = UInt64(layout.vectorCount)
        }
        setWord(layout.stackPointer, entry)
        pc = address
        calls.hasReturned = false
        while true {
            let exit: Exit
            do { exit = try run() } catch { return .thrown("\(error)") }
            if calls.hasReturned {
                calls.hasReturned = false
                break
            }
            // A snapshot may have taken the place away.
            if pc == calls.returnAddress { calls.returnAddress = 0 }
            guard exitHandler?(self, exit) ?? false else { return .exit(exit, pc: pc) }
        }
        return word(layout.stackPointer) == stack ? nil : .unbalancedStack
    }

    /// Takes the result.
    private func finish(_ layout: CallLayout, _ result: UnsafeMutableRawPointer) -> CallError? {
        result.initializeMemory(as: UInt8.self, repeating: 0, count: CallLayout.resultSize)
        if let error = gather(layout.result, into: result, stack: 0) { return error }
        for place in layout.resultPointers where !translate(result + place.offset) {
            return .resultPointer((result + place.offset).load(as: UInt64.self))
        }
        return nil
    }

    /// Whether guest code may be called on this thread: the CPU is not running, or runs here.
    public var canCall: Bool { calls.runs == 0 || calls.thread == pthread_self() }

    /// Guest code that a C function called by way of a host pointer did not return. The C function knows nothing of that, and goes on with
    /// zeros for results; no more guest code is called for it, and this is reported when it returns.
    public func failCall(_ error: CallError) {
        guard calls.failure == nil else { return }
        calls.failure = error
        context.context.pointee.callback_failed = 1
    }

    /// Calls a C function that works on guest memory. A fault inside is an error; it is abandoned then where it was, so that nothing of
    /// Swift's may be on the way there.
    public func callGuarded(
        _ function: @convention(c) (UnsafeMutableRawPointer?) -> Void, _ argument: UnsafeMutableRawPointer?
    ) -> CallError? {
        var address: UInt64 = 0
        let failed = lyrebird_guarded_call(function, argument, context.context.pointee.functions, &address) != 0
        return failed ? machine.faultError(address) : nil
    }

    /// Whether there is such a report.
    public var hasCallFailure: Bool { calls.failure != nil }

    /// The report, which is spent then. Who calls a C function from the host by himself asks for it; `run` takes what belongs to functions
    /// that the guest has called.
    public func takeCallFailure() -> CallError? {
        guard let failure = calls.failure else { return nil }
        calls.failure = nil
        context.context.pointee.callback_failed = 0
        return failure
    }
}
