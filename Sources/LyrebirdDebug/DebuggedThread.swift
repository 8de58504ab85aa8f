// A thread as the debugger knows it: what it has to say, and what it may do.

import Lyrebird

/// What a thread has to say.
enum Event {
    /// By Linux's number. SIGTRAP is the end of a step, too.
    case signal(Int32)
    case breakpoint(isHardware: Bool)
    case watchpoint(WatchHit)
}

/// What the debugger lets a thread do.
struct Action: Equatable {
    var isStep = false
    /// Goes on with steps while the pc is in here.
    var range: Range<UInt64> = 0..<0
    /// What is to be delivered first, by Linux's number.
    var signal: Int32 = 0
}

/// A CPU as the debugger knows it. Guarded by the server's lock; the CPU belongs to whoever runs it, and to the server while it is stopped.
final class DebuggedThread {
    enum State {
        /// In `CPU.run`.
        case running
        /// Waits for the debugger's leave.
        case parked
        /// Its owner does something for it, and will be back soon.
        case busy
        /// Its owner has it, for as long as he likes.
        case away
    }

    let cpu: CPU
    let number: Int
    let name: String
    let stopHandle: StopHandle
    private let interrupt: (() -> Void)?
    var state = State.away
    var event: Event?
    var isEventKnown = false
    /// The siginfo_t of the last signal.
    var information: [UInt8] = []
    /// nil: it waits.
    var action: Action?
    var registersWritten = false
    /// A step has been made by what the owner did (a system call, the way into a handler).
    var hasStepped = false
    /// The debugger will want to step from here over an access that has been made already.
    var owedStep: UInt64?
    /// An access that has been reported is being made.
    var passesWatchpoints = false
    var injected: (number: Int32, information: [UInt8])?
    /// How far the pc is behind the instruction that asked for the call that it is blocked in.
    var restart: UInt64 = 0
    var isInterrupted = false

    init(_ cpu: CPU, number: Int, name: String, interrupt: (() -> Void)?) {
        self.cpu = cpu
        self.number = number
        self.name = name
        self.interrupt = interrupt
        stopHandle = cpu.stopHandle
    }

    /// What the debugger sees.
    var pc: UInt64 { cpu.pc &- restart }

    /// Has a call end that the thread is blocked in.
    func interruptCall() {
        guard let interrupt, state == .away, restart != 0, !isInterrupted else { return }
        isInterrupted = true
        interrupt()
    }
}
