// Guest functions as host function pointers: a comparator of the guest's for the host's qsort.

@preconcurrency import CFFI
import Glibc
import Lyrebird
import Synchronization

/// A guest function as a function of the host's.
///
/// Whoever calls `pointer` has the CPU run the guest function to its end, on his thread. That has to be the CPU's own: the one on which
/// it runs, or, while it does not run, any.
///
/// A C caller cannot be told of errors. If the guest function does not return, he gets a zero; `failure` says why, and so does
/// `CPU.takeCallFailure`. As long as that has not been asked for, no more guest code is called for him. A host function that the guest
/// called ends the CPU's `run` with the error when it returns.
///
/// The object keeps neither the CPU nor the machine. When one of these is gone, calls give zero, and `failure` is `.cpuIsGone`. When the
/// object itself is gone, they give zero and say so on standard error, until its place is used for another one, a thousand objects
/// later.
public final class GuestFunction: Sendable {
    /// For C: a function of the signature by the host's ABI.
    public let pointer: HostPointer
    private let slot: ClosureSlot
    private let target: ClosureTarget

    /// - Throws: `CallError.notCallable` for a signature with a function as argument, which would be the host's: the guest cannot call it.
    public init(_ address: UInt64, _ signature: Signature, cpu: CPU) throws(CallError) {
        for type in signature.parameters { if case .function = type { throw .notCallable } }
        let foreign = try ForeignSignature(signature)
        target = ClosureTarget(address, foreign, cpu)
        slot = try ClosurePool.shared.take(target)
        pointer = HostPointer(slot.code)
    }

    deinit { ClosurePool.shared.retire(slot) }

    /// Why a call did not run to its end, the last time that one did not.
    public var failure: CallError? { target.failure.withLock { $0 } }
}

/// The functions that were arguments of a CPU's calls. The CPU keeps them: a C library may remember what it is given.
final class GuestFunctions {
    private struct Key: Hashable {
        var address: UInt64
        var signature: Signature
    }
    private var known: [Key: GuestFunction] = [:]
    /// A guest can make up functions without end.
    private static let limit = 1024

    static func of(_ cpu: CPU) -> GuestFunctions {
        if let known = cpu.companion as? GuestFunctions { return known }
        let new = GuestFunctions()
        cpu.companion = new
        return new
    }

    func pointer(_ address: UInt64, _ signature: Signature, _ cpu: CPU) throws(CallError) -> UnsafeMutableRawPointer {
        let key = Key(address: address, signature: signature)
        if let function = known[key] { return function.pointer.memory }
        guard known.count < Self.limit else { throw .noRoom }
        let function = try GuestFunction(address, signature, cpu: cpu)
        known[key] = function
        return function.pointer.memory
    }
}

/// What a closure calls.
final class ClosureTarget: @unchecked Sendable {
    let foreign: ForeignSignature
    let failure = Mutex<CallError?>(nil)
    private let address: UInt64
    private let layout: CallLayout
    private weak var cpu: CPU?

    init(_ address: UInt64, _ foreign: ForeignSignature, _ cpu: CPU) {
        self.address = address
        self.foreign = foreign
        self.cpu = cpu
        layout = CallLayout(foreign.signature, cpu.machine.guest)
    }

    /// - Returns: whether there is a result.
    func call(_ arguments: UnsafeMutablePointer<UnsafeMutableRawPointer?>, _ result: UnsafeMutableRawPointer) -> Bool {
        guard let cpu else { return fail(.cpuIsGone) }
        guard cpu.canCall else { return fail(.otherThread) }
        guard !cpu.hasCallFailure else { return false }
        let signature = foreign.signature
        let size = layout.bufferSize + CallLayout.resultSize
        let error = withUnsafeTemporaryAllocation(byteCount: size, alignment: 16) { memory -> CallError? in
            let buffer = memory.baseAddress!
            let place = buffer + layout.bufferSize
            for (index, type) in signature.parameters.enumerated() {
                (buffer + layout.offsets[index]).copyMemory(from: arguments[index]!, byteCount: type.size)
            }
            if let error = cpu.callRaw(address, layout, arguments: buffer, result: place) { return error }
            switch signature.result {
            case .void: break
            case .int8, .int16, .int32:
                // libffi takes an integer in all of a register.
                let value = CValue(signature.result, at: place).integer!
                result.storeBytes(of: value, as: UInt64.self)
            case .bool, .uint8, .uint16, .uint32, .int64, .uint64, .address, .pointer, .function:
                // Above what was returned there are zeros.
                result.copyMemory(from: place, byteCount: 8)
            default: result.copyMemory(from: place, byteCount: signature.result.size)
            }
            return nil
        }
        guard let error else { return true }
        cpu.failCall(error)
        return fail(error)
    }

    private func fail(_ error: CallError) -> Bool {
        failure.withLock { $0 = error }
        return false
    }
}

/// A closure of libffi's. It is never freed: somebody may still call it.
final class ClosureSlot: @unchecked Sendable {
    private struct State {
        var target: ClosureTarget?
        /// Of the last target: libffi looks at it before it calls us.
        var foreign: ForeignSignature?
    }

    let code: UnsafeMutableRawPointer
    private let closure: UnsafeMutablePointer<ffi_closure>
    private let state = Mutex(State())

    fileprivate init?() {
        var code: UnsafeMutableRawPointer?
        guard let memory = ffi_closure_alloc(MemoryLayout<ffi_closure>.size, &code), let code else { return nil }
        self.code = code
        closure = memory.assumingMemoryBound(to: ffi_closure.self)
    }

    fileprivate func begin(_ target: ClosureTarget) -> Bool {
        state.withLock { $0 = State(target: target, foreign: target.foreign) }
        let user = Unmanaged.passUnretained(self).toOpaque()
        return ffi_prep_closure_loc(
            closure, target.foreign.interface,
            { interface, result, arguments, user in
                let slot = Unmanaged<ClosureSlot>.fromOpaque(user!).takeUnretainedValue()
                slot.call(Int(interface!.pointee.rtype.pointee.size), arguments!, result!)
            }, user, code) == FFI_OK
    }

    fileprivate func end() { state.withLock { $0.target = nil } }

    private func call(
        _ resultSize: Int, _ arguments: UnsafeMutablePointer<UnsafeMutableRawPointer?>,
        _ result: UnsafeMutableRawPointer
    ) {
        let target = state.withLock { $0.target }
        if let target {
            if target.call(arguments, result) { return }
        } else {
            let line = "lyrebird: a guest function was called whose GuestFunction is gone\n"
            _ = line.utf8CString.withUnsafeBytes { write(2, $0.baseAddress, $0.count - 1) }
        }
        result.initializeMemory(as: UInt8.self, repeating: 0, count: max(resultSize, 8))
    }
}

/// The closures of the process that are out of use, the oldest first.
final class ClosurePool: Sendable {
    static let shared = ClosurePool()
    private let retired = Mutex<[ClosureSlot]>([])
    /// So many stay out of use.
    private static let quarantine = 1000

    func take(_ target: ClosureTarget) throws(CallError) -> ClosureSlot {
        let old = retired.withLock { $0.count > Self.quarantine ? $0.removeFirst() : nil }
        guard let slot = old ?? ClosureSlot(), slot.begin(target) else { throw .notCallable }
        return slot
    }

    func retire(_ slot: ClosureSlot) {
        slot.end()
        retired.withLock { $0.append(slot) }
    }
}
