// What every architecture's signal frame has in common: a handler's registers are saved on a stack, and rt_sigreturn takes
// them back. The frames themselves are the architecture's.

import Lyrebird

/// The signal frame of an architecture.
protocol SignalFrameFormat: SendableMetatype {
    /// What of a failed access the frame tells.
    static func cause(of fault: Fault) -> ExceptionRecord

    /// Saves the thread's registers where the handler's stack is, and sets them for the handler: `setup_rt_frame`.
    /// - Returns: false, with nothing changed, if that stack takes no frame.
    static func enter(_ entry: HandlerEntry, on thread: GuestThread) -> Bool

    /// Loads the registers of the frame that rt_sigreturn finds at the stack pointer.
    /// - Returns: nil, with nothing changed, if the kernel would not accept it.
    static func leave(_ thread: GuestThread) -> SavedSignalState?
}

/// A handler that is about to run.
struct HandlerEntry {
    let signal: Int32
    let action: SignalAction
    let info: SignalInfo
    /// What the processor said, if it was the instruction that caused the signal.
    let cause: ExceptionRecord?
    /// The signal mask to go back to.
    let mask: UInt64
    let alternateStack: AlternateStack
    /// Where a handler without SA_RESTORER returns to.
    let signalReturn: UInt64?
}

/// What is in a frame besides registers.
struct SavedSignalState: Equatable {
    var mask: UInt64
    var stack: AlternateStack.Record
}

/// What a processor says of an exception.
struct ExceptionRecord: Equatable, Sendable {
    /// The address that was accessed (FAR_EL1, CR2).
    var address: UInt64 = 0
    /// ESR_EL1, or x86's error code.
    var syndrome: UInt64 = 0
    /// The exception's number, on x86.
    var vector: UInt64 = 0
}
