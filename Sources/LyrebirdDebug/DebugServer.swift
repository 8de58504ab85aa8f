// A debugger's view of running CPUs, by gdb's remote protocol. Whoever runs a CPU calls `DebugServer.run` in place of `CPU.run`, and
// waits in there while the debugger has the guest stopped; a thread of the server's own talks to the debugger. When one CPU stops, all
// do ("all-stop").

import Glibc
import Lyrebird

/// A server for gdb, for one machine.
///
///     let server = try DebugServer(machine, listeningAt: ":1234")
///     try server.add(cpu)
///     let exit = try server.run(cpu)      // waits for gdb: target remote :1234
///
/// The CPUs are the debugger's threads. It is the guest's owner who gives away control here: there is no password, and who may connect
/// may do anything with the guest.
public final class DebugServer: @unchecked Sendable {
    let machine: Machine
    let program: Program
    let description: TargetDescription
    /// "host:port" where it listens.
    public let address: String

    // Guarded by the lock.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let changed: UnsafeMutablePointer<pthread_cond_t>
    var threads: [DebuggedThread] = []
    /// A debugger is there, or the guest waits for the first one.
    var isDebugging: Bool
    private(set) var isStopped: Bool
    private(set) var isKilled = false
    /// How the program has ended.
    private(set) var outcome: Outcome?
    private var hasThread = false
    /// Nobody talks to a debugger any more.
    private var isClosed = false
    /// The last thread that might run has ended, and others wait.
    var nobodyRuns = false
    /// The server's own.
    var descriptorsInUse: [Int32] = []

    let listener: Int32
    /// The ends of a pipe by which the server's thread is told to look.
    let wakeUp: Int32
    private let notifier: Int32
    let breakpoints: Breakpoints

    /// How a program ended.
    public enum Outcome: Sendable {
        /// With a status from 0 to 255.
        case exited(Int32)
        /// By a signal, by Linux's number.
        case signaled(Int32)
    }

    /// Begins to listen. CPUs that are run from now on wait until a debugger lets them go.
    /// - Parameters:
    ///   - address: "port", ":port" or "host:port". Without a host only this host is served; port 0 is any that is free.
    ///   - waits: false to have CPUs run until a debugger comes.
    public init(
        _ machine: Machine, listeningAt address: String, program: Program = Program(), waits: Bool = true
    ) throws(DebugError) {
        self.machine = machine
        self.program = program
        description = TargetDescription(machine.guest, isLinux: program.isLinux)
        breakpoints = Breakpoints(machine)
        let socket = try Listener(address)
        self.address = socket.address
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            let error = errno
            close(socket.descriptor)
            throw .host(call: "pipe", errno: error)
        }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        let placed = ([socket.descriptor] + ends).map { program.placeDescriptor?($0) ?? $0 }
        (listener, wakeUp, notifier) = (placed[0], placed[1], placed[2])
        descriptorsInUse = placed
        isDebugging = waits
        isStopped = waits
        mutex = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        changed = .allocate(capacity: 1)
        pthread_cond_init(changed, nil)
        breakpoints.server = self
    }

    deinit {
        for descriptor in descriptorsInUse { close(descriptor) }
        pthread_mutex_destroy(mutex)
        pthread_cond_destroy(changed)
        mutex.deallocate()
        changed.deallocate()
    }

    /// The descriptors that the server has open. They are its own: whoever closes others must leave them.
    public var descriptors: [Int32] { locked { descriptorsInUse } }

    func locked<T, Failure: Error>(_ body: () throws(Failure) -> T) throws(Failure) -> T {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body()
    }

    // MARK: CPUs

    /// Makes a CPU known to the debugger, as a thread. With the first one the server begins to serve.
    /// - Parameters:
    ///   - number: the thread's; nil for the next one from 1 on.
    ///   - name: what the debugger shows with it.
    ///   - interrupt: makes a call that the CPU's owner is blocked in end early (`block(_:on:restart:)`). It is called on the server's thread.
    public func add(
        _ cpu: CPU, number: Int? = nil, name: String = "", interrupt: (() -> Void)? = nil
    ) throws(DebugError) {
        try locked { () throws(DebugError) in
            let number = number ?? (threads.map(\.number).max() ?? 0) + 1
            let thread = DebuggedThread(cpu, number: number, name: name, interrupt: interrupt)
            thread.action = isStopped ? nil : Action()
            threads.append(thread)
            guard !hasThread else { return }
            try startThread()
            hasThread = true
        }
    }

    /// The CPU is no thread of the debugger's any more.
    public func remove(_ cpu: CPU) {
        locked {
            threads.removeAll { $0.cpu === cpu }
            pthread_cond_broadcast(changed)
            guard isDebugging, !isStopped, !threads.isEmpty, threads.allSatisfy({ $0.action == nil }) else { return }
            nobodyRuns = true
            stopAll()
        }
    }

    func thread(of cpu: CPU) -> DebuggedThread {
        locked {
            guard let found = threads.first(where: { $0.cpu === cpu }) else {
                preconditionFailure("the CPU was not added to the debugger's server")
            }
            return found
        }
    }

    // MARK: Stopping. The lock is held.

    /// Nobody runs from here on without the debugger's leave.
    private func stopAll() {
        guard !isStopped else { return }
        isStopped = true
        for thread in threads {
            thread.action = nil
            if thread.state == .running { thread.stopHandle.pause() }
        }
        notify()
    }

    func notify() {
        var mark: UInt8 = 0
        // If the pipe is full, the thread will look in any case.
        _ = write(notifier, &mark, 1)
    }

    func broadcast() { pthread_cond_broadcast(changed) }

    func wait() { pthread_cond_wait(changed, mutex) }

    /// Waits for a condition, but not for ever.
    func wait(milliseconds: Int, until condition: () -> Bool) {
        var deadline = timespec()
        clock_gettime(CLOCK_REALTIME, &deadline)
        let nanoseconds = deadline.tv_nsec + milliseconds * 1_000_000
        deadline.tv_sec += nanoseconds / 1_000_000_000
        deadline.tv_nsec = nanoseconds % 1_000_000_000
        while !condition() {
            if pthread_cond_timedwait(changed, mutex, &deadline) != 0 { return }
        }
    }

    // MARK: For the threads that run CPUs

    /// Waits until the CPU may run.
    func enter(_ thread: DebuggedThread) throws(DebugError) -> Action {
        try locked { () throws(DebugError) in
            while isDebugging, outcome == nil, thread.action == nil, !isKilled {
                thread.state = .parked
                broadcast()
                wait()
            }
            if isKilled { throw .killed }
            thread.state = .running
            return isDebugging ? thread.action ?? Action() : Action()
        }
    }

    /// It does not run.
    func leave(_ thread: DebuggedThread, _ state: DebuggedThread.State) {
        locked {
            thread.state = state
            if isStopped { broadcast() }
        }
    }

    /// Stops the guest, tells the debugger why, and waits until this CPU may go on.
    /// - Parameter passed: the signal that is about to be delivered. nil: if the debugger has one, it is delivered by the next `run`.
    /// - Returns: the signal that the debugger wants to have delivered, 0 for none.
    @discardableResult
    func report(_ event: Event, on thread: DebuggedThread, passed: Int32? = nil, information: [UInt8] = []) -> Int32 {
        locked {
            guard isDebugging, outcome == nil else { return passed ?? 0 }
            let state = thread.state
            thread.event = event
            thread.information = information
            thread.isEventKnown = false
            thread.registersWritten = false
            thread.action = nil
            thread.state = .parked
            stopAll()
            // Of another's stop the debugger may have been told already.
            broadcast()
            while isDebugging, outcome == nil, thread.action == nil, !isKilled { wait() }
            thread.state = state
            thread.event = nil
            guard isDebugging, outcome == nil else { return passed ?? 0 }
            guard passed != nil else { return 0 }
            defer { thread.action?.signal = 0 }
            return thread.action?.signal ?? 0
        }
    }

    /// Tells the debugger how the program has ended, which is the end of debugging. CPUs that wait go on.
    public func end(_ outcome: Outcome) {
        locked {
            guard self.outcome == nil else { return }
            self.outcome = outcome
            broadcast()
            notify()
            // Nobody need come any more.
            if descriptorsInUse.contains(listener) { shutdown(listener, Int32(SHUT_RDWR)) }
            guard isDebugging else { return }
            wait(milliseconds: 1000) { isClosed }
        }
    }

    // MARK: For the server's thread

    /// Lets the guest go on. A thread that has something to report instead says so at once.
    /// - Parameter action: what a thread does; nil if it stays.
    func resume(_ action: (DebuggedThread) -> Action?) {
        locked {
            for thread in threads where thread.isEventKnown { thread.event = nil }
            for thread in threads {
                // The breakpoint may be gone, and the thread elsewhere.
                if case .breakpoint = thread.event, breakpoints.event(at: thread.cpu.pc) == nil { thread.event = nil }
            }
            if threads.contains(where: { $0.event != nil && action($0) != nil }) {
                notify()
                return
            }
            breakpoints.refresh()
            for thread in threads {
                thread.action = action(thread)
                guard let action = thread.action else { continue }
                if action.signal != 0, thread.state == .away { thread.interruptCall() }
            }
            isStopped = false
            broadcast()
        }
    }

    /// Stops a running guest because the debugger wants so.
    func interrupt(_ preferred: Int?) {
        locked {
            guard !isStopped else { return }
            let thread = threads.first { $0.number == preferred } ?? threads.first
            if let thread, thread.event == nil {
                thread.event = .signal(SIGINT)
                thread.isEventKnown = false
                thread.information = []
            }
            stopAll()
        }
    }

    /// Waits until nobody runs any more, though not for those who call something that does not come back.
    func settle() {
        locked { wait(milliseconds: 1000) { threads.allSatisfy { $0.state == .parked || $0.state == .away } } }
    }

    /// A debugger has come: the guest stops.
    func attach() {
        locked {
            isDebugging = true
            stopAll()
        }
        program.attachmentChanged?(true)
    }

    /// It has gone: the guest goes on as if there had been none.
    func detach() {
        locked {
            breakpoints.removeAll()
            isDebugging = false
            isStopped = false
            for thread in threads { thread.action = nil }
            broadcast()
        }
        program.attachmentChanged?(false)
    }

    func kill() {
        program.kill?()
        locked {
            isKilled = true
            broadcast()
        }
    }

    /// Nobody serves any more.
    func closeAll() {
        locked {
            for descriptor in descriptorsInUse { close(descriptor) }
            descriptorsInUse = []
            isClosed = true
            broadcast()
        }
    }

    /// Takes over a descriptor that has just been opened.
    func own(_ descriptor: Int32) -> Int32 {
        let placed = program.placeDescriptor?(descriptor) ?? descriptor
        locked { descriptorsInUse.append(placed) }
        return placed
    }

    func disown(_ descriptor: Int32) {
        locked { descriptorsInUse.removeAll { $0 == descriptor } }
        close(descriptor)
    }

    private func startThread() throws(DebugError) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        // Signals are for the others. Faults are not: guest memory is read here.
        var blocked = sigset_t()
        var old = sigset_t()
        sigfillset(&blocked)
        for signal in [SIGSEGV, SIGBUS] { sigdelset(&blocked, signal) }
        pthread_sigmask(SIG_SETMASK, &blocked, &old)
        var thread = pthread_t()
        let this = Unmanaged.passRetained(self)
        let error = pthread_create(
            &thread, &attributes,
            { argument in
                let server = Unmanaged<DebugServer>.fromOpaque(argument!).takeRetainedValue()
                Session.serve(server)
                return nil
            }, this.toOpaque())
        pthread_sigmask(SIG_SETMASK, &old, nil)
        pthread_attr_destroy(&attributes)
        if error != 0 {
            this.release()
            throw .host(call: "pthread_create", errno: error)
        }
    }
}

/// Why there is no debugging, or no more.
public enum DebugError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The debugger has ended the program.
    case killed
    /// No "port", ":port" or "host:port", or no such host.
    case badAddress(String)
    case host(call: String, errno: Int32)

    public var description: String {
        switch self {
        case .killed: "the debugger has ended the program"
        case .badAddress(let address): "\(address) is no address to listen at (port, :port, host:port)"
        case .host(let call, let errno): "\(call): \(String(cString: strerror(errno)))"
        }
    }
}
