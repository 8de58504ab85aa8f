// Waiting for descriptors, signals and other threads. A mask that holds for the wait alone is the host's business; what it lets
// through is delivered under it.

import Lyrebird

extension GuestThread {
    func ppoll(_ a: Arguments) throws(Errno) -> Int {
        try block(.ppoll, a, mask: a[3], size: a[4])
    }

    /// Its last argument points to the mask's address and size.
    func pselect6(_ a: Arguments) throws(Errno) -> Int {
        guard a[5] != 0 else { return try block(.pselect6, a, mask: 0, size: 0) }
        let mask = try load(UInt64.self, at: a[5])
        return try block(.pselect6, a, mask: mask, size: try load(UInt64.self, at: a[5] &+ 8))
    }

    /// Makes a call that waits under the mask at a guest address; 0 for none.
    func block(_ call: SystemCall, _ a: Arguments, mask: UInt64, size: UInt64) throws(Errno) -> Int {
        guard mask != 0 else { return block(call, a, restart: .never) }
        guard size == 8 else { throw .EINVAL }
        temporaryMask = try load(UInt64.self, at: mask) & ~Signal.unblockable
        return blockUnderMask(call, a)
    }

    /// As of a kernel that has no restartable sequences (`kernel/sched/membarrier.c`).
    func membarrier(_ a: Arguments) throws(Errno) -> Int {
        let sequences = 1 << 7 | 1 << 8  // MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ, and to register for it
        let command = Int(a.int(0))
        guard command & sequences == 0 else { throw .EINVAL }
        let result = pass(.membarrier, a)
        return command == 0 && result > 0 ? result & ~sequences : result
    }

    func epollControl(_ a: Arguments) throws(Errno) -> Int {
        guard a[3] != 0, let layout = abi.epollEvent else { return pass(.epoll_ctl, a) }
        layout.copyToHost(try read(a[3], count: layout.guestSize), scratch[2])
        var call = a
        call[3] = scratch.address(2)
        return pass(.epoll_ctl, call)
    }

    /// The kernel writes its form of the events to where the guest wants them. The guest's form is as long or longer: it takes
    /// the other's place.
    func epollWait(_ call: SystemCall, _ a: Arguments) throws(Errno) -> Int {
        let count = call == .epoll_wait ? block(call, a, restart: .never) : try block(call, a, mask: a[4], size: a[5])
        guard count > 0, let layout = abi.epollEvent else { return count }
        let hostEvents = try read(a[1], count: count * layout.hostSize)
        var events: [UInt8] = []
        events.reserveCapacity(count * layout.guestSize)
        hostEvents.withUnsafeBytes { bytes in
            for index in 0..<count {
                events += layout.guestBytes(
                    fromHost: UnsafeRawBufferPointer(rebasing: bytes[(index * layout.hostSize)...]))
            }
        }
        try write(events, at: a[1])
        return count
    }

    /// What a signal does to a wait depends on the operation and on its timeout (kernel/futex/waitwake.c).
    func futex(_ a: Arguments) -> Int {
        switch a[1] & 0x7f {
        case 0, 9: block(.futex, a, restart: a[3] == 0 ? .ifHandlerAllows : .never)  // WAIT, WAIT_BITSET
        case 6, 11, 13: block(.futex, a, restart: .always)  // LOCK_PI, WAIT_REQUEUE_PI, LOCK_PI2
        default: pass(.futex, a)
        }
    }
}
