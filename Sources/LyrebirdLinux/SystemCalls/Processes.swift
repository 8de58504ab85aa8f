// Making processes and ending them. A guest process is a host process: fork(2) forks the translator.

import Lyrebird

/// clone(2) flags (`include/uapi/linux/sched.h`).
enum CloneFlags {
    static let sharesMemory: UInt64 = 0x100
    static let parentWaits: UInt64 = 0x4000
    static let thread: UInt64 = 0x10000
    static let setsThreadPointer: UInt64 = 0x80000
    static let exitSignal: UInt64 = 0xff
}

extension LinuxProcess {
    /// Closes a private descriptor.
    func forget(_ descriptor: Int32) {
        privateDescriptors.removeAll { $0 == descriptor }
        _ = host.systemCall(.close, UInt64(descriptor))
    }
}

extension GuestThread {
    /// clone(flags, stack, parent_tid, tls, child_tid): the order of CONFIG_CLONE_BACKWARDS.
    func clone(_ a: Arguments) throws(Errno) -> Int {
        let flags = a[0]
        let waits = flags & CloneFlags.parentWaits != 0
        // A child that shares memory and lets its parent wait is vfork's: it gets a copy, and execve comes soon. One that does
        // not is a thread.
        guard flags & CloneFlags.sharesMemory == 0 || waits, flags & CloneFlags.thread == 0 else { throw .ENOSYS }

        if interruptBeforehand() { return Errno.EINTR.result }
        defer { host.setSignalMask(mask) }
        let gate = waits ? VforkGate(host: host) : nil
        if let gate { process.privateDescriptors.append(gate.childEnd) }
        let hostFlags = flags & ~(CloneFlags.sharesMemory | CloneFlags.parentWaits | CloneFlags.setsThreadPointer)
        let child = host.fork(on: cpu, flags: hostFlags, parentTID: a[2], childTID: a[4])
        if child == 0 {
            process.isForkedChild = true
            held = []
            // The gate that this process was itself made through, if it was: its own children do not keep it shut.
            if let inherited = process.vforkGate { process.forget(inherited.childEnd) }
            process.vforkGate = gate
            gate?.enterChild()
            process.tracer?.showProcess()
            if a[1] != 0 { cpu[abi.stackPointer] = a[1] }
            if flags & CloneFlags.setsThreadPointer != 0 { cpu[abi.threadPointer] = a[3] }
        } else if let gate {
            process.forget(gate.childEnd)
            gate.wait()
        }
        return child
    }

    /// The only thread's end is the process's.
    func exit(_ a: Arguments) -> Int {
        status = .exited(a.int(0) & 0xff)
        return 0
    }
}

/// What a parent waits at until its vfork(2) child has executed a program or ended: a pipe whose other end goes away then.
struct VforkGate {
    private let host: HostProcess
    private let parentEnd: Int32
    let childEnd: Int32

    /// nil if there are no descriptors left; the parent does not wait then.
    init?(host: HostProcess) {
        self.host = host
        guard let pipe = PrivateDescriptor.pipe(host) else { return nil }
        (parentEnd, childEnd) = pipe
    }

    func enterChild() {
        _ = host.systemCall(.close, UInt64(parentEnd))
    }

    /// Waits in the parent, which has closed the child's end.
    func wait() {
        var byte: UInt8 = 0
        withUnsafeMutableBytes(of: &byte) { buffer in
            let address = UInt64(UInt(bitPattern: buffer.baseAddress))
            // Like the kernel's, the wait is over for no signal but a fatal one.
            while host.systemCall(.read, UInt64(parentEnd), address, 1) == Errno.EINTR.result {}
        }
        _ = host.systemCall(.close, UInt64(parentEnd))
    }
}

/// Descriptors of the translator's own. They lie high, where no guest expects its next one, and are closed on execve.
enum PrivateDescriptor {
    /// As high as the limit allows, but not so high that the kernel's table for them becomes large.
    private static func floor(_ host: HostProcess) -> UInt64 {
        var limit = ResourceLimit()
        withUnsafeMutableBytes(of: &limit) { buffer in
            let address = UInt64(UInt(bitPattern: buffer.baseAddress))
            _ = host.systemCall(.prlimit64, 0, ResourceLimit.openFiles, 0, address)
        }
        return min(max(limit.current, 64), 1024) - 32
    }

    /// A copy of a descriptor, or nil if it is closed.
    static func copy(of descriptor: Int32, host: HostProcess) -> Int32? {
        let duplicate: UInt64 = 1030  // F_DUPFD_CLOEXEC
        let result = host.systemCall(.fcntl, UInt64(bitPattern: Int64(descriptor)), duplicate, floor(host))
        return result >= 0 ? Int32(result) : nil
    }

    /// The reading and the writing end of a new pipe.
    static func pipe(_ host: HostProcess) -> (Int32, Int32)? {
        var ends: (Int32, Int32) = (-1, -1)
        let closeOnExec: UInt64 = 0o2000000
        let result = withUnsafeMutableBytes(of: &ends) { buffer in
            host.systemCall(.pipe2, UInt64(UInt(bitPattern: buffer.baseAddress)), closeOnExec)
        }
        guard result == 0 else { return nil }
        let high = (copy(of: ends.0, host: host), copy(of: ends.1, host: host))
        _ = host.systemCall(.close, UInt64(ends.0))
        _ = host.systemCall(.close, UInt64(ends.1))
        guard let reading = high.0, let writing = high.1 else {
            for end in [high.0, high.1] { if let end { _ = host.systemCall(.close, UInt64(end)) } }
            return nil
        }
        return (reading, writing)
    }
}
