// For owners of CPUs who are a system to their guest: who know signals, calls that block, and processes that fork. LyrebirdLinux is one.

import Glibc
import Lyrebird

extension DebugServer {
    /// What there is to know of the guest besides its CPUs. All of it may be left out.
    public struct Program: @unchecked Sendable {
        /// Whether its owner turns faults into signals by itself and reports them (`report(signal:on:information:)`), as a system does.
        /// Otherwise exits that are faults are reported, and `run` returns them when the debugger passes the signal on.
        public var reportsSignals = false
        /// Whether it is a program of Linux's: then gdb knows its conventions for signals and libraries.
        public var isLinux = false
        /// What /proc/PID/auxv has.
        public var auxiliaryVector: [UInt8] = []
        /// The program's path.
        public var executable: [UInt8] = []
        /// Opens a file of the guest's for reading: gives a descriptor, or -errno.
        public var openFile: ((_ path: [UInt8]) -> Int32)?
        /// Called with each descriptor that the server opens, which gives the one that it is to have from then on.
        public var placeDescriptor: ((Int32) -> Int32)?
        /// Called on the server's thread when a debugger has come (true) or gone.
        public var attachmentChanged: ((Bool) -> Void)?
        /// Ends the program. Without it `run` throws `DebugError.killed`.
        public var kill: (() -> Void)?
        /// Whether there is one debugger only: when it has come, the server listens no more.
        public var servesOnce = false

        public init() {}
    }

    /// Reports a signal that is about to be delivered to a CPU's program, if a debugger wants to know. The state has to be as the program will find it.
    /// - Parameters:
    ///   - signal: Linux's number.
    ///   - information: the siginfo_t.
    /// - Returns: the signal that is to be delivered, 0 for none.
    public func report(signal: Int32, on cpu: CPU, information: [UInt8] = []) -> Int32 {
        let thread = thread(of: cpu)
        if locked({ !isDebugging || breakpoints.passedSignals.contains(signal) }) { return signal }
        return report(.signal(signal), on: thread, passed: signal, information: information)
    }

    /// Whether the debugger has written registers of the CPU while it was reported to be stopped the last time.
    public func registersWereWritten(of cpu: CPU) -> Bool {
        let thread = thread(of: cpu)
        return locked { thread.registersWritten }
    }

    /// A signal that the debugger wants to have delivered to the CPU's program: asked for when `run` has returned `.stopped`.
    public func takeSignal(for cpu: CPU) -> (number: Int32, information: [UInt8])? {
        let thread = thread(of: cpu)
        return locked {
            defer { thread.injected = nil }
            return thread.injected
        }
    }

    /// The program goes on in a handler: that is a step.
    public func enteredHandler(on cpu: CPU) {
        let thread = thread(of: cpu)
        locked { if thread.action?.isStep == true { thread.hasStepped = true } }
    }

    /// Makes a call that may take long. The CPU counts as stopped meanwhile; if the guest is stopped when it is over, this waits.
    /// - Parameter restart: bytes from the instruction that asks for the call to the pc: where the debugger sees it.
    public func block<T>(on cpu: CPU, restart: UInt64, _ body: () -> T) -> T {
        let thread = thread(of: cpu)
        locked {
            thread.restart = restart
            thread.isInterrupted = false
            thread.state = .away
            if isStopped { broadcast() }
        }
        let result = body()
        locked {
            while isDebugging, outcome == nil, thread.action == nil, !isKilled, !thread.isInterrupted { wait() }
            thread.restart = 0
            thread.state = .busy
        }
        return result
    }

    /// The call was ended early because the debugger wants so: it is to be made again.
    public func wasInterrupted(_ cpu: CPU) -> Bool {
        let thread = thread(of: cpu)
        return locked {
            defer { thread.isInterrupted = false }
            return thread.isInterrupted
        }
    }

    /// Forks, with the server in a state that a child can leave it in.
    public func forking(_ fork: () -> Int) -> Int { locked(fork) }

    /// In a child of fork(2), whose only thread calls: there is no server here. Breakpoints are removed.
    public func leaveInChild() {
        locked {
            for descriptor in descriptorsInUse { close(descriptor) }
            descriptorsInUse = []
            isDebugging = false
            breakpoints.removeAll()
        }
    }
}
