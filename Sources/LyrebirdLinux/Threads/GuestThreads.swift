// The life of a thread: how clone(2) starts one on a host thread of its own, how it ends, and how all of them end.

import Glibc
import Lyrebird
import LyrebirdDebug

extension GuestThread {
    /// Starts a thread, and waits until it has its number.
    func startThread(_ request: CloneRequest) throws(Errno) -> Int {
        let cpu: CPU
        do { cpu = try process.machine.makeCPU() } catch { throw .EAGAIN }
        cpu.copyState(from: self.cpu)
        cpu.countsInstructions = process.options.countsInstructions
        cpu[processor.result] = 0
        setRegisters(cpu, request)
        let thread = GuestThread(process: process, cpu: cpu, mask: mask)
        guard let stack = process.lock.locked({ process.stacks.take() }) else { throw .EAGAIN }
        thread.stack = stack
        thread.isVforked = isVforked
        process.tracer?.showThreads()
        let start = ThreadStart(thread: thread, request: request)
        let argument = Unmanaged.passRetained(start)
        let isStarted = HostStacks.start(on: stack, argument: argument.toOpaque()) { argument in
            let start = Unmanaged<ThreadStart>.fromOpaque(argument!).takeRetainedValue()
            start.thread.runStarted(start)
            return nil
        }
        guard isStarted else {
            argument.release()
            process.lock.locked { process.stacks.leave(stack, user: 0) }
            throw .EAGAIN
        }
        start.wait()
        return Int(thread.id)
    }

    /// A thread from its start to its end. All signals are blocked at either.
    fileprivate func runStarted(_ start: ThreadStart) {
        guard let stack else { return }
        let request = start.request
        func has(_ flag: UInt64) -> Bool { request.flags & flag != 0 }
        id = host.beginThread(
            clearedTID: has(CloneFlags.clearsChildID) ? request.childID : 0, signalStack: stack.signalStack)
        // The C library's threads share what the kernel's need not.
        let shareable = CloneFlags.sharesFileSystem | CloneFlags.sharesFiles | CloneFlags.sharesSemaphores
        if shareable & ~request.flags != 0 { _ = host.systemCall(.unshare, shareable & ~request.flags) }
        // The kernel ignores bad addresses here, too.
        if has(CloneFlags.setsParentID) { try? memory.store(UInt32(bitPattern: id), at: request.parentID) }
        if has(CloneFlags.setsChildID) { try? memory.store(UInt32(bitPattern: id), at: request.childID) }
        process.lock.locked { process.threads.append(self) }
        // The server has begun to serve with the first thread: nothing is thrown for others.
        try? process.debugger.map { server throws(DebugError) in try debugged(by: server, number: Int(id)) }
        start.signal()

        let end = run()
        if case .thread = end { debugger?.remove(cpu) }
        // In a child that this thread has forked, it is the first.
        if process.lock.locked({ process.leader === self }) { endProcess(end) }
        switch end {
        case .process(let status): process.finish(status, by: self)
        case .failed(let error): process.fail(error, by: self)
        case .thread, .ordered: break
        }
        if process.hasFailed, stop(on: stack) { return }
        let isLast = process.lock.locked {
            process.threads.removeAll { $0 === self }
            process.reports?.ended(cpu)
            process.stacks.leave(stack, user: id)
            return process.threads.isEmpty
        }
        // Since Linux 6.0 the last thread's code is the process's; the C library's is always 0.
        if isLast, case .thread(let code) = end {
            process.writeReports()
            leave(code)
        }
        host.detach()
    }

    /// After a hook has failed: the end of the host thread, of which the guest's memory is told nothing.
    /// - Returns: false if the guest's thread was over before.
    private func stop(on stack: HostStacks.Stack) -> Bool {
        if case .thread = end { return false }
        _ = host.systemCall(.set_tid_address, 0)
        _ = host.systemCall(.set_robust_list, 0, 24)  // sizeof(struct robust_list_head)
        process.lock.locked {
            isStopped = true
            process.stacks.leave(stack, user: id)
        }
        host.detach()
        return true
    }

    /// The process's first thread from its start to the end of the process. Throws what a hook has.
    func runLeader() throws -> ExitStatus {
        id = Int32(truncatingIfNeeded: host.systemCall(.gettid))
        return try endLeader(run())
    }

    /// The same in a process that nobody waits for a result of.
    func runChild() -> Never {
        id = Int32(truncatingIfNeeded: host.systemCall(.gettid))
        endProcess(run())
    }

    private func endProcess(_ end: End) -> Never {
        do { try endLeader(end).endProcess() } catch { process.endBecause(of: error) }
    }

    private func endLeader(_ end: End) throws -> ExitStatus {
        let status: ExitStatus
        switch end {
        case .process(let own): status = process.finish(own, by: self)
        case .failed(let error):
            process.fail(error, by: self)
            throw error
        case .ordered:
            if let failure = process.lock.locked({ process.failure }) {
                process.fail(failure, by: self)
                throw failure
            }
            status = process.lock.locked { process.status } ?? .exited(0)
        case .thread(let code):
            let isLast = process.lock.locked {
                process.threads.removeAll { $0 === self }
                process.reports?.ended(cpu)
                if !process.threads.isEmpty { process.leader = nil }
                return process.threads.isEmpty
            }
            if !isLast {
                debugger?.remove(cpu)
                leave(code)
            }
            status = .exited(code)
        }
        process.debugger?.end(status.outcome)
        process.lock.locked { process.isOver = true }
        process.tracer?.note(status)
        process.writeReports()
        if process.isForkedChild { status.endProcess() }
        return status
    }

    /// Ends the host thread at once.
    private func leave(_ code: Int32) -> Never {
        while true { _ = host.systemCall(.exit, UInt64(code)) }
    }

    /// exit(2): the end of this thread. Signals that have come for it are delivered first.
    func exit(_ a: Arguments) -> Int {
        if interruptBeforehand() { return Errno.EINTR.result }
        end = .thread(a.int(0) & 0xff)
        return 0
    }

    func exitGroup(_ a: Arguments) -> Int {
        end = .process(.exited(a.int(0) & 0xff))
        return 0
    }
}

extension LinuxProcess {
    /// Ends all threads. The first one returns from `run`; where there is none, or where it is in a call that nothing
    /// interrupts, the host process ends here.
    /// - Returns: how the process ends: as the first who said so wanted.
    @discardableResult
    func finish(_ wanted: ExitStatus, by thread: GuestThread) -> ExitStatus {
        let (final, others) = lock.locked { () -> (ExitStatus, [GuestThread]) in
            let final = status ?? wanted
            status = final
            isEnding = true
            return (final, threads.filter { $0 !== thread })
        }
        debugger?.end(final.outcome)
        for other in others { interrupt(other) }
        if lock.locked({ leader === thread }) { return final }
        // A call that does not expect to be interrupted may just have been entered: once more.
        for _ in 0..<Self.patience {
            let (waitsFor, isOver) = lock.locked { (self.leader, self.isOver) }
            if isOver { return final }
            guard let waitsFor else { break }
            interrupt(waitsFor)
            usleep(1000)
        }
        tracer?.note(final)
        writeReports()
        final.endProcess()
    }

    /// A hook has failed: nothing of the guest's is executed any more. The first thread throws the error out of `run`, and waits until
    /// the others have stopped where they are.
    fileprivate func fail(_ error: any Error, by thread: GuestThread) {
        lock.locked {
            if failure == nil { failure = error }
            isEnding = true
            thread.isStopped = true
        }
        debugger?.end(.signaled(Signal.abort))
        if isForkedChild || lock.locked({ leader == nil }) { endBecause(of: error) }
        for _ in 0..<Self.patience {
            let others = lock.locked { threads.filter { !$0.isStopped } }
            if others.isEmpty { return }
            for other in others { interrupt(other) }
            usleep(1000)
        }
    }

    /// There is no caller of `run` here to be told of an error of its hooks.
    func endBecause(of error: any Error) -> Never {
        let line = Array("lyrebird: \(error)\n".utf8)
        _ = write(standardError, line, line.count)
        ExitStatus.signaled(Signal.abort).endProcess()
    }

    fileprivate var hasFailed: Bool { lock.locked { failure != nil } }

    /// Milliseconds until a process ends without its first thread.
    private static let patience = 500

    /// Makes a thread look whether the process is ending: out of guest code by its stop flag, out of a call by a signal that
    /// the translator always catches.
    private func interrupt(_ thread: GuestThread) {
        thread.stopHandle.stop()
        _ = host.systemCall(.tgkill, UInt64(getpid()), UInt64(thread.id), UInt64(Signal.bus))
    }
}

/// What a thread that starts is told, and what its parent waits at.
private final class ThreadStart {
    let thread: GuestThread
    let request: CloneRequest
    private let started: UnsafeMutablePointer<sem_t>

    init(thread: GuestThread, request: CloneRequest) {
        self.thread = thread
        self.request = request
        started = .allocate(capacity: 1)
        sem_init(started, 0, 0)
    }

    deinit {
        sem_destroy(started)
        started.deallocate()
    }

    func signal() { sem_post(started) }
    func wait() { while sem_wait(started) != 0 {} }
}
