// A lock for what the threads of a process share. The C library's, because it works between a process and its vfork(2) child,
// which share memory but not thread ids, and in the child of a fork whose thread holds it.

import Glibc

/// Not recursive. Never held over a call that blocks; fork(2) holds those that guard anything.
final class Lock {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>

    init() {
        mutex = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    func locked<T, E: Error>(_ body: () throws(E) -> T) throws(E) -> T {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body()
    }
}
