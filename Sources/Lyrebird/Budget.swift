// Running a CPU: for as long as the guest goes on, for a number of instructions, for a time.

import LyrebirdIR
import CLyrebird
import Glibc
import LyrebirdRuntime

/// How much a CPU may execute before `run` returns.
public enum Budget: Sendable, Equatable {
    /// As much as there is.
    case unlimited
    /// So many guest instructions; none where the number is not positive.
    case instructions(Int)
}

/// A CPU that cannot be run.
public enum CPUError: Error, Sendable, Equatable {
    /// It is running: on another thread, or further up on this one, which is in one of its hooks.
    case inUse
    /// The host refused a call that a time limit, or a thread, cannot do without.
    case host(call: String, errno: Int32)
}

extension CPU {
    /// Runs guest code from `pc` until there is a reason to leave it.
    ///
    /// A budget is exact: after `Exit.budget` as many instructions have been executed as it says, and each as a whole. Whatever else `run`
    /// returns for, `instructionsRetired` says how many have been. A repeated string instruction of x86 is one, counted when it is over; an
    /// instruction that faults is none, and one that makes a system call is one. Counted code takes some more time than other code.
    /// - Parameter duration: after which `run` returns `.timeLimit`, soon; nil for none.
    /// - Throws: `CPUError`, and what a hook throws: the state is then as it left it, and `run` goes on behind it.
    public func run(budget: Budget = .unlimited, for duration: Duration? = nil) throws -> Exit {
        // A function of the host's that the guest has called may run its CPU, a hook may not.
        let isNested = calls.runs > 0 && calls.thread == pthread_self() && !isInHook
        guard isNested || context.take() else { throw CPUError.inUse }
        let outer = (counts: context.counts, budget: self.budget, remaining: context.counts ? context.remaining : 0)
        calls.thread = pthread_self()
        calls.runs += 1
        beginCounting(budget)
        defer {
            if context.counts { endCounting() }
            calls.runs -= 1
            if isNested {
                (context.counts, self.budget) = (outer.counts, outer.budget)
                if outer.counts { context.remaining = outer.remaining }
            } else {
                context.release()
            }
        }
        let limit = duration.map(Self.nanoseconds)
        let start = limit == nil ? 0 : lyrebird_counter(0, 0)
        do {
            while true {
                let rest = limit.map { $0 - min($0, lyrebird_counter(0, 0) - start) }
                let left = try engine._withUnsafeGuaranteedRef { try $0.run(context, nanoseconds: rest) }
                guard case .function(let number, let why) = left else { return exit(left) }
                if let exit = hostFunction(number, why) { return exit }
            }
        } catch let error as RuntimeError {
            throw CPUError.host(call: error.call, errno: error.errno)
        }
    }

    /// Executes one instruction: `run` with a budget of one. `Exit.budget` says that it has been executed.
    public func step() throws -> Exit { try run(budget: .instructions(1)) }

    /// Whether instructions are counted even while there is no budget. Set between runs.
    public var countsInstructions: Bool {
        get { alwaysCounts }
        set { alwaysCounts = newValue }
    }

    /// Guest instructions that this CPU has executed in runs with a budget, or while `countsInstructions`; exact in hooks, too.
    public var instructionsRetired: UInt64 {
        context.counts ? retired &+ UInt64(bitPattern: budget &- context.remaining) : retired
    }

    private func beginCounting(_ wanted: Budget) {
        switch wanted {
        case .unlimited:
            context.counts = alwaysCounts
            budget = .max
        case .instructions(let count):
            context.counts = true
            budget = Int64(max(0, count))
        }
        if context.counts { context.remaining = budget }
    }

    private func endCounting() {
        retired = instructionsRetired
        context.counts = false
    }

    private static func nanoseconds(_ duration: Duration) -> UInt64 {
        let (seconds, attoseconds) = duration.components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        let (product, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? .max : product &+ UInt64(attoseconds) / 1_000_000_000
    }
}
