// Forking the process: the child has one CPU, and translations of its own.

import CLyrebird
import Glibc
import LyrebirdX64

extension Engine {
    /// Above this many bytes of code a child starts without translations: copying would cost more than making the few again
    /// that it needs.
    static let copyLimit = 8 << 20

    /// Forks the process. The child has `cpu` only, and translations of its own.
    /// - Parameter make: makes the process and returns as fork(2) does, with -errno on failure.
    public func fork(keeping cpu: CPUContext, by make: () -> Int = Engine.fork) -> Int {
        mutex.lock()
        defer { mutex.unlock() }
        let copies = cache.hotUsed + cache.coldUsed <= Self.copyLimit
        var copy: UnsafeMutableRawPointer?
        if copies {
            let error = lyrebird_copy_code(
                cache.size, cache.writable, cache.hotUsed, cache.coldStart, cache.coldUsed, &copy)
            if error != 0 { return -Int(error) }
        }
        let pid = make()
        if pid < 0 {
            lyrebird_discard_code(copy, cache.size)
            return pid
        }
        if pid == 0 {
            cpus = [cpu]
            // Its thread stays with the parent, and may have its lock.
            if let timeLimits { _ = Unmanaged.passRetained(timeLimits) }
            timeLimits = nil
            let stubBytes = cache.hotBase
            let saved = copies ? nil : UnsafeMutableRawPointer.allocate(byteCount: stubBytes, alignment: 16)
            if let saved { saved.copyMemory(from: cache.writable, byteCount: stubBytes) }
            let error = lyrebird_remap_code(cache.size, cache.writable, cache.executable, copy)
            guard error == 0 else { _exit(127) }
            if let saved {
                UnsafeMutableRawPointer(cache.writable).copyMemory(from: saved, byteCount: stubBytes)
                saved.deallocate()
                flush()
            }
        } else {
            lyrebird_discard_code(copy, cache.size)
        }
        return Int(pid)
    }

    /// The C library's, which sees to it that its own locks can be used in the child.
    public static func fork() -> Int {
        let pid = Glibc.fork()
        return pid < 0 ? -Int(errno) : Int(pid)
    }
}
