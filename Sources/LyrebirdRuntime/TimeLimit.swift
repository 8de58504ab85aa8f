// Time limits of runs: one thread of the machine's, which sleeps until the next of them is over and then asks that CPU to stop. No signal is
// used, since all of those may be the embedder's.

import CLyrebird
import Glibc

/// The thread that stops CPUs when their time is over. It is made with the first limit.
final class TimeLimits: @unchecked Sendable {
    /// What the thread and the engine share: it goes away with the last of them.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private var limits: [(deadline: UInt64, cpu: CPUContext)] = []
    private var isOver = false
    private var hasThread = false
    /// When the thread wakes up by itself.
    private var wakes = UInt64.max

    init() {
        mutex = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        condition = .allocate(capacity: 1)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// The bit of a CPU's stop flag.
    static let bit: UInt32 = 8

    /// - Parameter nanoseconds: from now on.
    /// - Returns: whether the host has a thread for it.
    func add(_ cpu: CPUContext, nanoseconds: UInt64) -> Bool {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        if !hasThread, !startThread() { return false }
        let (deadline, overflow) = lyrebird_counter(0, 0).addingReportingOverflow(nanoseconds)
        guard !overflow else { return true }
        limits.append((deadline, cpu))
        if deadline < wakes { pthread_cond_signal(condition) }
        return true
    }

    /// The CPU's run is over: it is not stopped any more.
    func remove(_ cpu: CPUContext) {
        pthread_mutex_lock(mutex)
        limits.removeAll { $0.cpu === cpu }
        _ = lyrebird_and32(Engine.stopField(cpu.context), ~Self.bit)
        pthread_mutex_unlock(mutex)
    }

    /// Ends the thread.
    func end() {
        pthread_mutex_lock(mutex)
        isOver = true
        pthread_cond_signal(condition)
        pthread_mutex_unlock(mutex)
    }

    private func startThread() -> Bool {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        // Signals are for the others.
        var all = sigset_t()
        var old = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &old)
        var thread = pthread_t()
        let this = Unmanaged.passRetained(self)
        let error = pthread_create(
            &thread, &attributes,
            { argument in
                Unmanaged<TimeLimits>.fromOpaque(argument!).takeRetainedValue().watch()
                return nil
            }, this.toOpaque())
        pthread_sigmask(SIG_SETMASK, &old, nil)
        pthread_attr_destroy(&attributes)
        if error != 0 { this.release() }
        hasThread = error == 0
        return hasThread
    }

    private func watch() {
        pthread_mutex_lock(mutex)
        while !isOver {
            let now = lyrebird_counter(0, 0)
            for limit in limits where limit.deadline <= now { limit.cpu.requestStop(Self.bit) }
            limits.removeAll { $0.deadline <= now }
            guard let next = limits.map(\.deadline).min() else {
                wakes = .max
                pthread_cond_wait(condition, mutex)
                continue
            }
            wakes = next
            var time = timespec(tv_sec: Int(next / 1_000_000_000), tv_nsec: Int(next % 1_000_000_000))
            pthread_cond_timedwait(condition, mutex, &time)
        }
        pthread_mutex_unlock(mutex)
    }
}
