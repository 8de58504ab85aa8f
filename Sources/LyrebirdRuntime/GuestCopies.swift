// Guest memory as the host's code reads and writes it: the embedder's copies, and instructions that are interpreted. Each copy is made under
// the lock. Otherwise what was found to be at an address could be another thing by then: memory above the window that was unmapped may be
// the host's own already, and a page that was opened for a write protected again, since another CPU has translated code from it.

import CLyrebird

extension Engine {
    /// Unmaps a range, and what was made from it and stood there. The lock is held.
    /// - Returns: 0 or -errno.
    public func unmapLocked(_ address: UInt64, size: UInt64) -> Int {
        forgetCodeLocked(address, address + size)
        removeFunctionsLocked(address, address + size)
        guard memory.isChecked, address + size > memory.windowSize else { return memory.unmap(address, size: size) }
        // CPUs know where memory above the window is on the host.
        return whileNobodyRuns { memory.unmap(address, size: size) }
    }

    /// So much is copied at once: others may want the lock.
    private static let chunk = 64 << 10

    /// Copies guest memory out, whoever may read it.
    /// - Returns: bytes that were not copied.
    public func read(_ address: UInt64, _ buffer: UnsafeMutableRawPointer, _ count: Int) -> Int {
        forEachPart(address, count) { lyrebird_copy(buffer + $0, $1, $2) }
    }

    /// Copies bytes into guest memory. Translations of what is overwritten are dropped.
    /// - Returns: bytes that were not copied.
    public func write(_ address: UInt64, _ buffer: UnsafeRawPointer, _ count: Int) -> Int {
        forEachPart(address, count) { offset, host, size in
            let (start, end) = (address &+ UInt64(offset), address &+ UInt64(offset + size))
            openCodeLocked(start, end)
            let failed = lyrebird_copy(host, buffer + offset, size)
            if memory.hasExecutable(start, end) { invalidateLocked(start, end) }
            return failed
        }
    }

    /// - Parameter value: what is expected; becomes what was there.
    /// - Returns: false if memory is not there, or not all in one place of the host's, or not writable.
    func compareExchange(_ address: UInt64, _ value: inout UInt128, _ new: UInt128, _ size: Int) -> Bool {
        locked {
            guard let part = memory.hostRange(at: address), part.size >= UInt64(size) else { return false }
            openCodeLocked(address, address &+ UInt64(size))
            let host = UnsafeMutableRawPointer(bitPattern: UInt(part.start))
            return withUnsafeBytes(of: new) { lyrebird_compare_exchange(host, &value, $0.baseAddress, size) } == 0
        }
    }

    /// Goes through a range, part by part of what is at one place on the host, with the lock held for each.
    /// - Parameter body: gets the distance from the range's start, the host's address, and bytes; gives the bytes that failed.
    /// - Returns: bytes that were not reached, or failed.
    private func forEachPart(_ address: UInt64, _ count: Int, _ body: (Int, UnsafeMutableRawPointer, Int) -> Int) -> Int
    {
        var done = 0
        while done < count {
            let (size, failed) = locked {
                guard let part = memory.copyRange(at: address &+ UInt64(done)) else { return (0, 0) }
                let size = Int(truncatingIfNeeded: min(part.size, UInt64(min(count - done, Self.chunk))))
                return (size, body(done, UnsafeMutableRawPointer(bitPattern: UInt(part.start))!, size))
            }
            done += size - failed
            if size == 0 || failed > 0 { break }
        }
        return count - done
    }
}
