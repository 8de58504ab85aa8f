// What keeps a child of fork(2) whole. It has one thread, and whatever another thread was in the middle of stays so for ever:
// a lock of the Swift runtime's or of the allocator's would never be free again. So a fork waits until every other thread is
// in guest code or in a call that blocks, and lets none of them out of there.

import Glibc
import Synchronization

/// What all threads of a process look at all the time. It is plain memory, for threads that count references to one object wait
/// for each other.
struct ProcessFlags: ~Copyable {
    /// Every thread stops at the next opportunity.
    let isEnding = Atomic(false)
    /// The fork gate is closed.
    let isForking = Atomic(false)
    let hasMemoryFile = Atomic(false)
    let locksFutureMappings = Atomic(false)
    let personality = Atomic(UInt64(0))
    let hasGuestDirectory = Atomic(false)
}

/// Of a process.
final class ForkGate {
    private let flags: UnsafeMutablePointer<ProcessFlags>
    /// Held while it is closed.
    private let lock = Lock()
    /// Milliseconds. A call that blocks where none should does not hold a fork up for ever.
    private static let patience = 100

    init(flags: UnsafeMutablePointer<ProcessFlags>) { self.flags = flags }

    /// Until it is open.
    func wait() { lock.locked {} }

    /// Makes `body` the only thing that happens outside of guest code.
    func closed<T>(for thread: GuestThread, others: () -> [GuestThread], _ body: () -> T) -> T {
        // Whoever has closed it waits for this thread, too.
        thread.pass.leave()
        return lock.locked {
            flags.pointee.isForking.store(true, ordering: .sequentiallyConsistent)
            defer { flags.pointee.isForking.store(false, ordering: .sequentiallyConsistent) }
            for _ in 0..<Self.patience * 20 {
                if others().allSatisfy({ !$0.pass.isInside }) { break }
                usleep(50)
            }
            thread.pass.enterWhileClosed()
            return body()
        }
    }

    /// Of a thread: whether it is inside, which is outside of guest code.
    struct Pass: ~Copyable {
        private let inside = Atomic(false)

        var isInside: Bool { inside.load(ordering: .sequentiallyConsistent) }

        /// - Returns: false if the gate is closed: the caller waits until it is not, and tries again.
        borrowing func enter(_ flags: UnsafeMutablePointer<ProcessFlags>) -> Bool {
            inside.store(true, ordering: .sequentiallyConsistent)
            if !flags.pointee.isForking.load(ordering: .sequentiallyConsistent) { return true }
            inside.store(false, ordering: .sequentiallyConsistent)
            return false
        }

        /// By the thread that has closed the gate.
        fileprivate borrowing func enterWhileClosed() { inside.store(true, ordering: .relaxed) }

        borrowing func leave() { inside.store(false, ordering: .releasing) }
    }
}
