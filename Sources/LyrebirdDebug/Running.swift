// Running a CPU under a debugger: until that lets the CPU go, for as many steps as it wants, up to its breakpoints and watchpoints.

import Glibc
import Lyrebird

extension DebugServer {
    /// Runs a CPU as `CPU.run` does, as far as the debugger lets it. While the guest is stopped this waits; what stops it for the
    /// debugger is no exit.
    ///
    /// Exits that are faults are told to the debugger first, as the signals that Linux has for them. If it passes the signal on
    /// they are returned; if it does not, the CPU tries again. A breakpoint instruction of the guest's is returned in any case.
    /// - Parameter cpu: one that was added (`add`).
    /// - Throws: `DebugError.killed` when the debugger ends the program, and what `CPU.run` throws.
    public func run(_ cpu: CPU, budget: Budget = .unlimited) throws -> Exit {
        let thread = thread(of: cpu)
        var left: Int? = if case .instructions(let count) = budget { count } else { nil }
        while true {
            let action = try enter(thread)
            if action.signal != 0, program.reportsSignals {
                inject(action.signal, into: thread)
                return .stopped
            }
            if let left, left <= 0 {
                leave(thread, .away)
                return .budget
            }
            let isMade = thread.hasStepped || thread.owedStep == cpu.pc
            thread.hasStepped = false
            thread.owedStep = nil
            if action.isStep, isMade {
                leave(thread, .busy)
                endStep(thread, action)
                continue
            }

            let before = cpu.instructionsRetired
            locked { breakpoints.beginTurn(thread) }
            var exit = Exit.paused
            var hit: WatchHit?
            do {
                (exit, hit) = try run(
                    thread, action.isStep ? .instructions(1) : left.map { .instructions($0) } ?? .unlimited)
            } catch {
                _ = locked { breakpoints.endTurn(thread) }
                leave(thread, .away)
                throw error
            }
            if let change = locked({ breakpoints.endTurn(thread) }) { hit = change }
            leave(thread, .busy)
            if left != nil { left! -= Int(cpu.instructionsRetired &- before) }
            if let hit {
                // gdb takes it that AArch64 stops before an access, and steps over it.
                if hit.isMade, machine.guest == .arm64 { thread.owedStep = cpu.pc }
                report(.watchpoint(hit), on: thread)
                // A breakpoint at the place of this stop is one that the debugger knows it is at.
                if exit == .budget || exit == .breakpoint { continue }
            }
            switch exit {
            case .paused: continue
            case .breakpoint:
                if let event = locked({ breakpoints.event(at: cpu.pc) }) {
                    report(event, on: thread)
                    continue
                }
            case .budget where action.isStep:
                endStep(thread, action)
                continue
            // The pc is behind the instruction already.
            case .systemCall, .halted: thread.hasStepped = action.isStep
            default: break
            }
            if program.reportsSignals { return exit }
            if let signal = Self.signal(of: exit), report(signal: signal, on: cpu) == 0 {
                if case .breakpointInstruction = exit {} else { continue }
            }
            leave(thread, .away)
            return exit
        }
    }

    /// Runs until the CPU leaves guest code or meets a watchpoint. x86 is stopped behind the access, as its own debug registers would.
    /// - Returns: the exit, which is `.budget` or `.paused` if there was nothing but the watchpoint.
    private func run(_ thread: DebuggedThread, _ budget: Budget) throws -> (Exit, WatchHit?) {
        do { return (try thread.cpu.run(budget: budget), nil) } catch let hit as WatchHit {
            guard machine.guest == .x86_64, !hit.isMade else { return (.paused, hit) }
            thread.passesWatchpoints = true
            defer { thread.passesWatchpoints = false }
            var exit = Exit.paused
            while exit == .paused { exit = try thread.cpu.step() }
            return (exit, hit)
        }
    }

    /// The owner, who is a system, delivers a signal before the CPU goes on.
    private func inject(_ signal: Int32, into thread: DebuggedThread) {
        locked {
            let isKnown = thread.information.first.map { Int32($0) } == signal
            thread.injected = (signal, isKnown ? thread.information : [])
            thread.action?.signal = 0
            thread.state = .busy
        }
    }

    /// An instruction has been executed.
    private func endStep(_ thread: DebuggedThread, _ action: Action) {
        if !action.range.contains(thread.cpu.pc) { report(.signal(SIGTRAP), on: thread) }
    }

    /// What Linux makes of a fault; nil if it is none.
    private static func signal(of exit: Exit) -> Int32? {
        switch exit {
        case .fault(let fault):
            switch fault.cause {
            case .unmapped, .protection: SIGSEGV
            case .alignment, .bus: SIGBUS
            }
        case .breakpointInstruction, .debugException: SIGTRAP
        case .undefinedInstruction, .privilegedInstruction: SIGILL
        case .divideError, .floatingPointError: SIGFPE
        case .generalProtection, .softwareInterrupt: SIGSEGV
        default: nil
        }
    }
}
