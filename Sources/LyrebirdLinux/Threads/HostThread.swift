// Host threads for the guest's. They are the C library's threads, because the translator needs its thread-local storage, but
// what the kernel knows of them is the guest's: its address to clear at the end, its robust list. The kernel itself so does at
// the end of a thread, be it by SIGKILL, what the guest expects. The C library's own are not needed, for it is given the stack:
// it neither joins the thread nor has memory to use again.

import Glibc
import Lyrebird

/// Memory that host threads run on. A thread cannot free its own: who makes the next one takes it, once the thread is gone.
/// Guarded by the process's lock.
final class HostStacks {
    /// guard page | C stack | alternate signal stack
    struct Stack {
        fileprivate let base: UnsafeMutableRawPointer

        fileprivate static let guardSize = 4096
        fileprivate static let stackSize = 1 << 20
        fileprivate static let signalStackSize = 64 << 10
        fileprivate static let size = guardSize + stackSize + signalStackSize

        var signalStack: UnsafeMutableRawBufferPointer {
            UnsafeMutableRawBufferPointer(
                start: base + Self.guardSize + Self.stackSize, count: Self.signalStackSize)
        }
    }

    private let host: HostProcess
    /// Stacks of threads that have ended or are about to, by thread id; 0 for one that was never used.
    private var left: [(stack: Stack, user: Int32)] = []
    /// Stacks that are kept at most.
    private static let keptCount = 16

    init(host: HostProcess) { self.host = host }

    /// A stack that nobody uses, nil if there is no memory for it.
    func take() -> Stack? {
        let process = UInt64(getpid())
        if let index = left.firstIndex(where: { isGone($0.user, process) }) {
            let found = left.remove(at: index).stack
            while left.count > Self.keptCount, let more = left.firstIndex(where: { isGone($0.user, process) }) {
                munmap(left.remove(at: more).stack.base, Stack.size)
            }
            return found
        }
        let mapped = mmap(
            nil, Stack.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | Int32(MAP_NORESERVE), -1, 0)
        guard let mapped, mapped != MAP_FAILED else { return nil }
        mprotect(mapped, Stack.guardSize, PROT_NONE)
        return Stack(base: mapped)
    }

    /// The thread is about to end, or does not exist in this process.
    func leave(_ stack: Stack, user: Int32) {
        left.append((stack, user))
    }

    /// Its number may be another thread's by now: then the stack waits a little longer.
    private func isGone(_ thread: Int32, _ process: UInt64) -> Bool {
        thread == 0 || host.systemCall(.tgkill, process, UInt64(thread), 0) == Errno.ESRCH.result
    }

    /// Starts a thread that calls `body` with `argument` and ends. It inherits the signal mask.
    /// - Returns: whether there is one.
    static func start(
        on stack: Stack, argument: UnsafeMutableRawPointer,
        body: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer?
    ) -> Bool {
        var attributes = pthread_attr_t()
        guard pthread_attr_init(&attributes) == 0 else { return false }
        defer { pthread_attr_destroy(&attributes) }
        guard pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED)) == 0,
            pthread_attr_setstack(&attributes, stack.base + Stack.guardSize, Stack.stackSize) == 0
        else { return false }
        var id = pthread_t()
        return pthread_create(&id, &attributes, body, argument) == 0
    }
}
