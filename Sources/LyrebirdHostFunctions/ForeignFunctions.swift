// C functions of the host's as functions of the guest's, of any signature: libffi makes the calls that the runtime cannot make by
// itself.

@preconcurrency import CFFI
import Lyrebird

extension Machine {
    /// Gives the guest a C function. What can be called straight from registers is (`Machine.defineDirect`).
    ///
    /// A guest function that is an argument (`CType.function`) is given to the C function as a host function pointer, which calls the
    /// guest on the CPU that made the call, and only on its thread. The pointer is good as long as the CPU is there
    /// (`GuestFunction`).
    ///
    /// - Parameters:
    ///   - address: as in `define`.
    ///   - code: a function of the signature by the host's ABI, which stays where it is.
    /// - Returns: its guest address.
    @discardableResult
    public func define(_ signature: Signature, at address: UInt64? = nil, code: UnsafeRawPointer)
        throws(CallError) -> UInt64
    {
        do {
            return try defineDirect(signature, at: address, code: code)
        } catch .notCallable {
            let function = try ForeignFunction(signature, machine: self, code: code)
            return try defineRaw(signature, at: address, function.call)
        } catch {
            throw error
        }
    }
}

private final class ForeignFunction: @unchecked Sendable {
    private let foreign: ForeignSignature
    private let code: UnsafeRawPointer
    /// Of each argument in memory.
    private let offsets: [Int]
    /// The arguments that are functions.
    private let functions: [(index: Int, signature: Signature)]

    init(_ signature: Signature, machine: Machine, code: UnsafeRawPointer) throws(CallError) {
        foreign = try ForeignSignature(signature)
        self.code = code
        offsets = CallLayout(signature, machine.guest).offsets
        functions = signature.parameters.enumerated().compactMap { index, type in
            if case .function(let signature) = type { (index, signature) } else { nil }
        }
    }

    @Sendable
    func call(_ cpu: CPU, _ arguments: UnsafeMutableRawPointer, _ result: UnsafeMutableRawPointer) -> CallError? {
        for function in functions {
            let place = arguments + offsets[function.index]
            let address = place.load(as: UInt64.self)
            guard address != 0 else { continue }
            do throws(CallError) {
                let pointer = try GuestFunctions.of(cpu).pointer(address, function.signature, cpu)
                place.storeBytes(of: pointer, as: UnsafeMutableRawPointer.self)
            } catch {
                return error
            }
        }
        let count = max(offsets.count, 1)
        return withUnsafeTemporaryAllocation(of: UnsafeMutableRawPointer?.self, capacity: count) { values in
            for (index, offset) in offsets.enumerated() { values[index] = arguments + offset }
            var call = lyrebird_ffi_call(
                cif: foreign.interface, function: unsafeBitCast(code, to: (@convention(c) () -> Void).self),
                result: result, arguments: values.baseAddress)
            return cpu.callGuarded(lyrebird_ffi_run, &call)
        }
    }
}
