// What the guest wants done with signals. Numbers and flags are those of the generic ABI (`include/uapi/asm-generic/signal.h`),
// which AArch64 and the host share.

import Glibc

/// Signal numbers.
enum Signal {
    static let interrupt: Int32 = 2
    static let illegalInstruction: Int32 = 4
    static let trap: Int32 = 5
    static let abort: Int32 = 6
    static let bus: Int32 = 7
    static let arithmetic: Int32 = 8
    static let kill: Int32 = 9
    static let segmentation: Int32 = 11
    static let pipe: Int32 = 13
    static let child: Int32 = 17
    static let stop: Int32 = 19
    static let firstRealTime: Int32 = 32
    static let count: Int32 = 64

    /// Bit of a signal in a mask.
    static func bit(_ signal: Int32) -> UInt64 { 1 << UInt64(signal - 1) }

    /// SIGKILL and SIGSTOP, which nothing blocks or handles.
    static let unblockable = bit(kill) | bit(stop)

    /// SIGCHLD, SIGCONT, SIGURG, SIGWINCH.
    private static let ignoredByDefault = bit(17) | bit(18) | bit(23) | bit(28)
    /// SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU.
    private static let stopsByDefault = bit(19) | bit(20) | bit(21) | bit(22)

    enum DefaultAction { case end, ignore, stop }

    /// `man 7 signal`.
    static func defaultAction(_ signal: Int32) -> DefaultAction {
        if ignoredByDefault & bit(signal) != 0 { return .ignore }
        return stopsByDefault & bit(signal) != 0 ? .stop : .end
    }
}

/// One signal's `struct sigaction`, as the kernel has it.
struct SignalAction: Equatable {
    /// Address of the handler; 0 for the default action, 1 to ignore the signal.
    var handler: UInt64 = 0
    var flags: UInt64 = 0
    var restorer: UInt64 = 0
    /// Signals blocked while the handler runs.
    var mask: UInt64 = 0

    static let size = 32

    var isDefault: Bool { handler == 0 }
    var isIgnored: Bool { handler == 1 }
    var hasHandler: Bool { handler > 1 }

    static let noChildStop: UInt64 = 1
    static let noChildWait: UInt64 = 2
    static let wantsInfo: UInt64 = 4
    static let hasRestorer: UInt64 = 0x0400_0000
    static let onAlternateStack: UInt64 = 0x0800_0000
    static let restartsCalls: UInt64 = 0x1000_0000
    static let keepsUnblocked: UInt64 = 0x4000_0000
    static let resetsHandler: UInt64 = 0x8000_0000
    /// UAPI_SA_FLAGS with what the architecture adds: others are taken off, so that programs can ask for them.
    private static let knownFlags =
        noChildStop | noChildWait | wantsInfo | hasRestorer | onAlternateStack | restartsCalls | keepsUnblocked
        | resetsHandler | 0x800  // SA_EXPOSE_TAGBITS

    init() {}

    /// From the guest's struct: handler, flags, restorer, mask.
    init(_ bytes: [UInt8]) {
        handler = bytes.integer(at: 0)
        flags = bytes.integer(at: 8) & Self.knownFlags
        restorer = bytes.integer(at: 16)
        mask = bytes.integer(at: 24) & ~Signal.unblockable
    }

    /// As the guest's struct.
    var bytes: [UInt8] {
        var result: [UInt8] = []
        for value in [handler, flags, restorer, mask] { result.append(integer: value) }
        return result
    }
}

/// The actions of all signals: a process has one set.
struct SignalActions {
    private var actions = [SignalAction](repeating: SignalAction(), count: Int(Signal.count))

    /// - Parameter ignored: signals that the process was told to ignore before its program started.
    init(ignored: UInt64) {
        for signal in 1...Signal.count where ignored & Signal.bit(signal) != 0 { self[signal].handler = 1 }
    }

    subscript(signal: Int32) -> SignalAction {
        get { actions[Int(signal - 1)] }
        set { actions[Int(signal - 1)] = newValue }
    }
}

/// What execve(2) leaves as it is.
struct InheritedSignals {
    var ignored: UInt64
    var mask: UInt64

    /// The state of the host process, before the translator has changed any of it.
    static func current() -> InheritedSignals {
        var result = InheritedSignals(ignored: 0, mask: 0)
        var set = sigset_t()
        sigemptyset(&set)
        pthread_sigmask(SIG_BLOCK, nil, &set)
        let ignore = unsafeBitCast(SIG_IGN, to: Int.self)
        for signal in 1...Signal.count {
            if sigismember(&set, signal) == 1 { result.mask |= Signal.bit(signal) }
            var action = sigaction()
            // The C library keeps two real-time signals to itself and fails for them; nobody ignores those.
            guard sigaction(signal, nil, &action) == 0 else { continue }
            if unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == ignore {
                result.ignored |= Signal.bit(signal)
            }
        }
        return result
    }
}

/// The stack that sigaltstack(2) set.
struct AlternateStack: Equatable {
    var pointer: UInt64 = 0
    var size: UInt64 = 0
    /// SS_AUTODISARM, or 0.
    var flags: UInt32 = 0

    static let onStack: UInt32 = 1
    static let disabled: UInt32 = 2
    static let autoDisarm: UInt32 = 1 << 31

    /// Whether a stack pointer is on it (`on_sig_stack` in include/linux/sched/signal.h).
    func contains(_ stackPointer: UInt64) -> Bool {
        // With SS_AUTODISARM a handler may leave the stack by other means than returning: it is never "on" it.
        flags & Self.autoDisarm == 0 && covers(stackPointer)
    }

    /// Whether it has the memory below a stack pointer (`__on_sig_stack`).
    func covers(_ stackPointer: UInt64) -> Bool { stackPointer > pointer && stackPointer - pointer <= size }

    /// `stack_t`
    struct Record: Equatable {
        var pointer: UInt64
        var flags: UInt32
        var padding: UInt32 = 0
        var size: UInt64
    }

    /// What sigaltstack and a signal frame show.
    func record(stackPointer: UInt64) -> Record {
        let state = size == 0 ? Self.disabled : contains(stackPointer) ? Self.onStack : 0
        return Record(pointer: pointer, flags: state | flags, size: size)
    }
}
