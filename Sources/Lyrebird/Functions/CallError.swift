// Why a call between guest and host did not come to its end.

/// A call that went wrong: of a host function by the guest (`Exit.hostFunctionFailed`), or of a guest function by the host
/// (`CPU.call`).
public indirect enum CallError: Error, Sendable, Equatable {
    /// There are not as many arguments as the signature has parameters.
    case argumentCount(Int)
    /// The argument of this number is no value of its type.
    case argument(Int)
    /// What a Swift function returned is no value of the result's type.
    case result
    /// The pointer in the argument of this number has no counterpart on the other side: the guest's is outside of its address space,
    /// or the host's is not in the guest's memory.
    case pointer(argument: Int, UInt64)
    /// The same of a result.
    case resultPointer(UInt64)
    /// The guest's stack cannot be read or written at this address, where arguments or the return address are.
    case stack(UInt64)
    /// A C function of the host's accessed memory that is not there, and was abandoned where it was: what it held, it holds still. The
    /// guest address is that of the same byte, if there is one.
    case fault(hostAddress: UInt64, guestAddress: UInt64?)
    /// Guest code that was called left with this exit, at this pc, and nobody had it go on (`CPU.exitHandler`).
    case exit(Exit, pc: UInt64)
    /// The guest function returned with another stack pointer than it was called with.
    case unbalancedStack
    /// Too many calls in each other (`CPU.nestingLimit`).
    case tooDeep
    /// A Swift function, or a device, threw this, as text.
    case thrown(String)
    /// The machine has as many functions as it can have, or no page to put them in.
    case noRoom
    /// The function cannot be called without libffi (`LyrebirdHostFunctions`), or libffi will not call it.
    case notCallable
    /// A guest function was called by way of a host pointer whose CPU is gone.
    case cpuIsGone
    /// A guest function was called on another thread than that on which its CPU runs.
    case otherThread
}
