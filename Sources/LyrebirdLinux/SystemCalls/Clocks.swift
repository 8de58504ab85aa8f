// The time. Programs ask for it all the time, and the host's C library answers most of it without the kernel (vDSO).

import Glibc
import Lyrebird

extension GuestThread {
    /// clock_gettime(2); `struct timespec` is the same on both sides.
    func clockGettime(_ a: Arguments) throws(Errno) -> Int {
        var time = timespec()
        guard clock_gettime(clockid_t(a.int(0)), &time) == 0 else { throw Errno(errno) }
        try store(UInt64(bitPattern: Int64(time.tv_sec)), at: a[1])
        try store(UInt64(bitPattern: Int64(time.tv_nsec)), at: a[1] &+ 8)
        return 0
    }
}
