// Signal dispositions, masks and stacks. The host's kernel queues the signals; dispositions are the guest's own, and the host
// is only told which signals to catch.

import Lyrebird

extension GuestThread {
    /// The only size of a signal set there is.
    private func checkSetSize(_ size: UInt64) throws(Errno) {
        guard size == 8 else { throw .EINVAL }
    }

    func rtSigaction(_ a: Arguments) throws(Errno) -> Int {
        try checkSetSize(a[3])
        let signal = a.int(0)
        guard (1...Signal.count).contains(signal) else { throw .EINVAL }
        let old: SignalAction
        if a[1] != 0 {
            let new = SignalAction(try read(a[1], count: SignalAction.size))
            guard Signal.unblockable & Signal.bit(signal) == 0 else { throw .EINVAL }
            old = process.setAction(new, for: signal)
        } else {
            old = process.action(for: signal)
        }
        if a[2] != 0 { try write(old.bytes, at: a[2]) }
        return 0
    }

    func rtSigprocmask(_ a: Arguments) throws(Errno) -> Int {
        try checkSetSize(a[3])
        let old = mask
        if a[1] != 0 {
            let set = try load(UInt64.self, at: a[1]) & ~Signal.unblockable
            let new: UInt64
            switch a.int(0) {
            case 0: new = mask | set  // SIG_BLOCK
            case 1: new = mask & ~set  // SIG_UNBLOCK
            case 2: new = set  // SIG_SETMASK
            default: throw .EINVAL
            }
            if new != mask, !openAtOnce(new) {
                if interruptBeforehand() { return Errno.EINTR.result }
                mask = new
                openSignals()
            }
        }
        if a[2] != 0 { try store(old, at: a[2]) }
        return 0
    }

    func rtSigpending(_ a: Arguments) throws(Errno) -> Int {
        guard a[1] <= 8 else { throw .EINVAL }
        let result = host.systemCall(.rt_sigpending, scratch.address(2), 8)
        guard result == 0 else { return result }
        let pending = held.reduce(scratch[2].load(as: UInt64.self)) { $0 | Signal.bit($1.number) } & mask
        var bytes: [UInt8] = []
        bytes.append(integer: pending)
        try write(Array(bytes.prefix(Int(a[1]))), at: a[0])
        return 0
    }

    /// The mask is the host's for the time of the call: what it lets through interrupts the call and is delivered under it.
    func rtSigsuspend(_ a: Arguments) throws(Errno) -> Int {
        try checkSetSize(a[1])
        let set = try load(UInt64.self, at: a[0]) & ~Signal.unblockable
        temporaryMask = set
        return blockUnderMask(.rt_sigsuspend, a)
    }

    /// A blocking call whose mask argument has been put into `temporaryMask`.
    func blockUnderMask(_ call: SystemCall, _ a: Arguments) -> Int {
        if hasSignal {
            interruption = Interruption(restart: .never)
            return Errno.EINTR.result
        }
        let result = block(call, a, restart: .never)
        // A signal that came before the call was made is one that the guest's own mask lets through.
        if interruption?.restart != .never { temporaryMask = nil }
        return result
    }

    func rtSigtimedwait(_ a: Arguments) throws(Errno) -> Int {
        try checkSetSize(a[3])
        let set = try load(UInt64.self, at: a[0])
        if let index = held.firstIndex(where: { set & Signal.bit($0.number) != 0 }) {
            let signal = held.remove(at: index)
            if a[1] != 0 { try write(signal.info.bytes, at: a[1]) }
            return Int(signal.number)
        }
        return block(.rt_sigtimedwait, a, restart: .never)
    }

    func sigaltstack(_ a: Arguments) throws(Errno) -> Int {
        let old = alternateStack.record(stackPointer: cpu[processor.stackPointer])
        if a[0] != 0 {
            let bytes = try read(a[0], count: MemoryLayout<AlternateStack.Record>.size)
            try setAlternateStack(bytes.withUnsafeBytes { $0.loadUnaligned(as: AlternateStack.Record.self) })
        }
        if a[1] != 0 { try write(withUnsafeBytes(of: old) { Array($0) }, at: a[1]) }
        return 0
    }

    /// `do_sigaltstack` in kernel/signal.c.
    func setAlternateStack(_ record: AlternateStack.Record) throws(Errno) {
        guard !alternateStack.contains(cpu[processor.stackPointer]) else { throw .EPERM }
        let mode = record.flags & ~AlternateStack.autoDisarm
        guard mode == 0 || mode == AlternateStack.onStack || mode == AlternateStack.disabled else { throw .EINVAL }
        if mode == AlternateStack.disabled {
            alternateStack = AlternateStack()
            return
        }
        guard record.size >= abi.minimumAlternateStack else { throw .ENOMEM }
        alternateStack = AlternateStack(
            pointer: record.pointer, size: record.size, flags: record.flags & AlternateStack.autoDisarm)
    }
}
