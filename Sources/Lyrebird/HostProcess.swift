// The corner of the API for embedders whose guest shares this process's own address space, files and signals: Linux
// user-mode is built on it, and nothing else is needed for it. Guest addresses are host addresses here; the guest is trusted
// as far as a native program would be.

/// The host process as a guest's kernel: only there on a machine whose address space is `.hostProcess`.
public struct HostProcess: Sendable {
    let machine: Machine

    // MARK: System calls

    /// Makes a Linux system call of the host (x86-64 numbers and structs) and returns the kernel's value: `-errno` on
    /// failure. Not interruptible from outside: for calls that do not block.
    public func systemCall(
        _ number: Int, _ a0: UInt64 = 0, _ a1: UInt64 = 0, _ a2: UInt64 = 0, _ a3: UInt64 = 0, _ a4: UInt64 = 0,
        _ a5: UInt64 = 0
    ) -> Int {
        fatalError()
    }

    /// The same for a call that may block. Returns nil, without having made the call, if a signal or a stop is already
    /// waiting for `cpu` when the kernel would be entered: no signal can slip in between the test and the call. A call
    /// that is interrupted later returns -EINTR.
    public func blockingSystemCall(
        on cpu: CPU, _ number: Int, _ a0: UInt64 = 0, _ a1: UInt64 = 0, _ a2: UInt64 = 0, _ a3: UInt64 = 0,
        _ a4: UInt64 = 0, _ a5: UInt64 = 0
    ) -> Int? {
        fatalError()
    }

    // MARK: Memory

    /// mmap(2) with the guest's protection: the host mapping is never executable, what the guest may execute is recorded
    /// and translated from. Translations of what was there before are dropped. `flags` and `offset` (bytes) are the host's.
    /// - Returns: the address, or -errno.
    public func map(
        _ address: UInt64, size: UInt64, access: Memory.Access, flags: Int32, file: Int32 = -1, offset: UInt64 = 0
    ) -> Int {
        fatalError()
    }

    /// munmap(2). - Returns: 0 or -errno.
    public func unmap(_ address: UInt64, size: UInt64) -> Int { fatalError() }

    /// mprotect(2). - Returns: 0 or -errno.
    public func protect(_ address: UInt64, size: UInt64, access: Memory.Access) -> Int { fatalError() }

    /// mremap(2). - Returns: the address, or -errno.
    public func remap(_ address: UInt64, oldSize: UInt64, newSize: UInt64, flags: Int32, newAddress: UInt64) -> Int {
        fatalError()
    }

    /// One range of guest memory as /proc/self/maps shows it.
    public struct Mapping: Sendable {
        public var range: Range<UInt64>
        public var access: Memory.Access
        public var shared: Bool
    }

    /// All that the guest has mapped, in order of address (the translator's own memory is not among it).
    public func mappings() -> [Mapping] { fatalError() }

    // MARK: Processes

    /// Forks this process with `cpu` as the only CPU of the child. The child's translations are its own. Returns the
    /// child's pid in the parent, 0 in the child, -errno on failure. `flags` is that of clone(2) (SIGCHLD, CLONE_PARENT_SETTID,
    /// CLONE_CHILD_SETTID, CLONE_CHILD_CLEARTID, namespaces …, never CLONE_VM).
    public func fork(on cpu: CPU, flags: UInt64, parentTID: UInt64 = 0, childTID: UInt64 = 0) -> Int {
        fatalError()
    }

    // MARK: Signals

    /// What the host does with a signal on the guest's behalf.
    public enum Disposition: Sendable { case `default`, ignore, intercept }

    /// Sets it. An intercepted signal makes the receiving thread's `CPU.run` return `.stopped` (or a blocking call return
    /// -EINTR or nil), all signals are blocked for that thread, and `takeSignal` gives it. Signals that the translator needs
    /// for itself (SIGSEGV, SIGBUS) always stay intercepted: a guest's fault is an exit, one sent by kill(2) a signal.
    /// - Returns: 0 or -errno.
    public func setDisposition(of signal: Int32, to disposition: Disposition) -> Int { fatalError() }

    /// The host signal that interrupted `cpu`, as the kernel's 128 bytes of siginfo_t, or nil. Taking it leaves all signals
    /// blocked until `setSignalMask` is called.
    public func takeSignal(for cpu: CPU) -> HostSignal? { fatalError() }

    /// Sets the calling thread's signal mask (bit n-1 is signal n). Signals the translator needs stay unblocked on the host.
    public func setSignalMask(_ mask: UInt64) { fatalError() }
}

/// A signal that arrived from the host.
public struct HostSignal: Sendable {
    public var number: Int32
    /// siginfo_t as the host kernel (x86-64) gave it, 128 bytes.
    public var info: [UInt8]
}
