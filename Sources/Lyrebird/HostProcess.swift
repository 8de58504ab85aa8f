// The corner of the API for embedders whose guest shares this process's own address space, files and signals: Linux
// user-mode is built on it, and nothing else is needed for it. Guest addresses are host addresses here; the guest is trusted
// as far as a native program would be.

import CLyrebird
import LyrebirdIR
import LyrebirdRuntime

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
        lyrebird_syscall(number, a0, a1, a2, a3, a4, a5)
    }

    /// The same for a call that may block. Returns nil, without having made the call, if a signal or a stop is already
    /// waiting for `cpu` when the kernel would be entered: no signal can slip in between the test and the call. A call
    /// that is interrupted later returns -EINTR.
    public func blockingSystemCall(
        on cpu: CPU, _ number: Int, _ a0: UInt64 = 0, _ a1: UInt64 = 0, _ a2: UInt64 = 0, _ a3: UInt64 = 0,
        _ a4: UInt64 = 0, _ a5: UInt64 = 0
    ) -> Int? {
        let stop = UnsafeMutableRawPointer(cpu.context.context).assumingMemoryBound(to: UInt32.self)
        let previous = lyrebird_get_current()
        lyrebird_set_current(cpu.context.context)
        defer { lyrebird_set_current(previous) }
        while true {
            let words = (UInt64(bitPattern: Int64(number)), a0, a1, a2, a3, a4, a5)
            let result = withUnsafeBytes(of: words) {
                lyrebird_blocking_syscall(stop, $0.baseAddress!.assumingMemoryBound(to: UInt64.self))
            }
            if result != Int(Int64.min) { return result }
            // What the translator wants of CPUs in generated code is none of the embedder's business: to leave a loop is done, and a
            // safepoint is soon over.
            _ = lyrebird_and32(stop, ~Engine.loopBit)
            if lyrebird_load32(stop) & (0xFFFF_0001 | Engine.pauseBit) != 0 { return nil }
            machine.engine.locked {}
        }
    }

    // MARK: Memory

    /// mmap(2) with the guest's protection: the host mapping is never executable, what the guest may execute is recorded
    /// and translated from. Translations of what was there before are dropped. `flags` and `offset` (bytes) are the host's.
    /// - Returns: the address, or -errno.
    public func map(
        _ address: UInt64, size: UInt64, access: Memory.Access, flags: Int32, file: Int32 = -1, offset: UInt64 = 0
    ) -> Int {
        changing { (engine: Engine) in
            // Where it will be is known only for a fixed address; elsewhere nothing was mapped.
            if flags & 0x10 != 0 { forget(engine, address, size, replacing: true) }
            return engine.memory.map(
                address, size: size, rights: access.rights, flags: flags, file: file, offset: offset)
        }
    }

    /// munmap(2). - Returns: 0 or -errno.
    public func unmap(_ address: UInt64, size: UInt64) -> Int {
        changing { engine in
            forget(engine, address, size, replacing: true)
            return engine.memory.unmap(address, size: size)
        }
    }

    /// mprotect(2). - Returns: 0 or -errno.
    public func protect(_ address: UInt64, size: UInt64, access: Memory.Access) -> Int {
        changing { engine in
            forget(engine, address, size)
            return engine.memory.protect(address, size: size, rights: access.rights)
        }
    }

    private func changing(_ body: (Engine) -> Int) -> Int {
        machine.engine.locked { body(machine.engine) }
    }

    /// madvise(2), on the guest's memory alone. Translations of what it may have emptied are dropped.
    /// - Returns: 0 or -errno.
    public func advise(_ address: UInt64, size: UInt64, advice: UInt64) -> Int {
        changing { engine in
            forget(engine, address, size)
            return engine.memory.advise(address, size: size, advice: advice)
        }
    }

    /// Whether all of a range is mapped by the guest.
    public func isMapped(_ address: UInt64, size: UInt64) -> Bool {
        let (end, overflows) = address.addingReportingOverflow(size)
        return !overflows && machine.engine.locked { machine.engine.memory.covers(address, end) }
    }

    /// Drops translations of the guest code in the pages of a range. The lock is held.
    /// - Parameter replacing: whether what is mapped there goes, too, and with it the functions of `Machine.setFunction`.
    private func forget(_ engine: Engine, _ address: UInt64, _ size: UInt64, replacing: Bool = false) {
        let (end, overflows) = address.addingReportingOverflow(size)
        if replacing { engine.removeFunctionsLocked(address, overflows ? .max : end) }
        for part in engine.memory.executableParts(of: address, overflows ? .max : end) {
            engine.forgetCodeLocked(part.0, part.1)
        }
    }

    /// mremap(2). - Returns: the address, or -errno.
    public func remap(_ address: UInt64, oldSize: UInt64, newSize: UInt64, flags: Int32, newAddress: UInt64) -> Int {
        changing { engine in
            forget(engine, address, oldSize, replacing: true)
            if flags & 2 != 0 { forget(engine, newAddress, newSize, replacing: true) }
            return engine.memory.remap(
                address, oldSize: oldSize, newSize: newSize, flags: flags, newAddress: newAddress)
        }
    }

    /// After a system call that could not write to the guest's memory: code may be there that the translator keeps from changing
    /// unnoticed.
    /// - Returns: whether that was so; the call may be made again.
    public func openWatchedCode() -> Bool { machine.engine.openAll() }

    /// One range of guest memory as /proc/self/maps shows it.
    public struct Mapping: Sendable {
        /// Guest addresses.
        public var range: Range<UInt64>
        /// What the guest may do there.
        public var access: Memory.Access
        /// Whether what is written there is seen by others (MAP_SHARED).
        public var shared: Bool
    }

    /// All that the guest has mapped, in order of address (the translator's own memory is not among it).
    public func mappings() -> [Mapping] {
        machine.engine.locked {
            machine.engine.memory.noteGrowth()
            return machine.engine.memory.regions.map {
                Mapping(range: $0.start..<$0.end, access: Memory.Access($0.rights), shared: $0.isShared)
            }
        }
    }

    // MARK: Processes

    private static let cloneParentSetTID: UInt64 = 0x0010_0000
    private static let cloneChildClearTID: UInt64 = 0x0020_0000
    private static let cloneChildSetTID: UInt64 = 0x0100_0000
    private static let setTIDAddress = 218
    private static let setRobustList = 273

    /// Forks this process with `cpu` as the only CPU of the child. The child's translations are its own. Returns the
    /// child's pid in the parent, 0 in the child, -errno on failure. `flags` is that of clone(2) (SIGCHLD, CLONE_PARENT_SETTID,
    /// CLONE_CHILD_SETTID, CLONE_CHILD_CLEARTID, namespaces …, never CLONE_VM).
    public func fork(on cpu: CPU, flags: UInt64, parentTID: UInt64 = 0, childTID: UInt64 = 0) -> Int {
        let threadIDs = Self.cloneParentSetTID | Self.cloneChildSetTID | Self.cloneChildClearTID
        let childSignal: UInt64 = 17
        guard flags & ~threadIDs == childSignal else {
            // The C library's fork knows no flags. What it does besides is for the locks that other threads hold.
            return machine.engine.fork(keeping: cpu.context) {
                lyrebird_syscall(56, flags, 0, parentTID, childTID, 0, 0)
            }
        }
        let pid = machine.engine.fork(keeping: cpu.context)
        if pid == 0 {
            let own = UInt32(truncatingIfNeeded: lyrebird_syscall(186, 0, 0, 0, 0, 0, 0))
            // The kernel ignores a bad address here, too.
            if flags & Self.cloneChildSetTID != 0 { try? machine.memory.store(own, at: childTID) }
            let cleared = flags & Self.cloneChildClearTID != 0 ? childTID : 0
            _ = lyrebird_syscall(Self.setTIDAddress, cleared, 0, 0, 0, 0, 0)
            // A new process has no robust list; the C library has set its own.
            _ = lyrebird_syscall(Self.setRobustList, 0, Self.robustListSize, 0, 0, 0, 0)
        } else if pid > 0, flags & Self.cloneParentSetTID != 0 {
            try? machine.memory.store(UInt32(truncatingIfNeeded: pid), at: parentTID)
        }
        return pid
    }

    /// sizeof(struct robust_list_head)
    private static let robustListSize: UInt64 = 24

    /// vfork(2): makes a process that shares this one's memory, and waits until it has executed a program or ended. The child
    /// runs `body` on the calling thread's stack and on `cpu`, whose state is afterwards as it was before, and so are the
    /// signals that wait for it. `flags` is that of clone(2), with CLONE_VM and CLONE_VFORK.
    ///
    /// - Parameter body: is called with `argument` and never returns. What it owns when it executes a program stays allocated.
    /// - Returns: the child's pid, or -errno.
    public func vfork(
        on cpu: CPU, flags: UInt64, parentTID: UInt64, childTID: UInt64, argument: UnsafeMutableRawPointer,
        body: @convention(c) (UnsafeMutableRawPointer?) -> Void
    ) -> Int {
        let context = cpu.context
        let state = [UInt8](UnsafeRawBufferPointer(start: context.state, count: machine.engine.layout.size))
        let (pc, mode) = (context.pc, context.mode)
        let pid = lyrebird_vfork(flags, parentTID, childTID, body, argument)
        state.withUnsafeBytes { context.state.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
        context.pc = pc
        context.mode = mode
        context.leave()
        return pid
    }

    /// Makes the calling thread, which has just begun, fit for a CPU: its identity as the guest's kernel knows it.
    /// - Parameters:
    ///   - clearedTID: where the kernel stores 0 and wakes a futex when the thread has ended; 0 for nowhere. The thread's
    ///     robust list is empty until somebody sets one.
    ///   - signalStack: memory for signal handlers.
    /// - Returns: the thread's id.
    public func beginThread(clearedTID: UInt64, signalStack: UnsafeMutableRawBufferPointer) -> Int32 {
        _ = lyrebird_set_signal_stack(signalStack.baseAddress, signalStack.count)
        // The C library's own are not needed: nobody joins the thread, and its library has no robust mutexes.
        _ = lyrebird_syscall(Self.setRobustList, 0, Self.robustListSize, 0, 0, 0, 0)
        return Int32(truncatingIfNeeded: lyrebird_syscall(Self.setTIDAddress, clearedTID, 0, 0, 0, 0, 0))
    }

    // MARK: Signals

    /// Makes the calling thread `cpu`'s: a signal that is intercepted on it is kept for `cpu`, be it in guest code, in a
    /// system call or in the embedder's own code. Once for each thread, before the first signal is intercepted.
    public func attach(_ cpu: CPU) { lyrebird_set_current(cpu.context.context) }

    /// The calling thread is no CPU's any more. It must have blocked all signals: what comes now is lost.
    public func detach() { lyrebird_set_current(nil) }

    /// What the host does with a signal on the guest's behalf.
    public enum Disposition: Sendable { case `default`, ignore, intercept }

    /// Sets it. An intercepted signal makes the receiving thread's `CPU.run` return `.stopped` (or a blocking call return
    /// -EINTR or nil), all signals but those that the translator needs are blocked for that thread, and `takeSignal` gives it. Signals that the translator needs
    /// for itself (SIGSEGV, SIGBUS) always stay intercepted: a guest's fault is an exit, one sent by kill(2) a signal.
    /// - Returns: 0 or -errno.
    public func setDisposition(of signal: Int32, to disposition: Disposition) -> Int {
        let wanted: lyrebird_disposition =
            switch disposition {
            case .default: LYREBIRD_DEFAULT
            case .ignore: LYREBIRD_IGNORE
            case .intercept: LYREBIRD_INTERCEPT
            }
        return -Int(lyrebird_set_disposition(signal, wanted))
    }

    /// The host signal that interrupted `cpu`, or nil. Taking it leaves all signals blocked until `setSignalMask` is called.
    public func takeSignal(for cpu: CPU) -> HostSignal? {
        let context = cpu.context.context
        // The stop that came with them is spent, should nobody have seen it yet.
        let stop = UnsafeMutableRawPointer(context).assumingMemoryBound(to: UInt32.self)
        if lyrebird_load32(stop) & 1 != 0 { _ = lyrebird_and32(stop, ~1) }
        var info = SignalInfo()
        let number = withUnsafeMutableBytes(of: &info.words) { lyrebird_take_signal(context, $0.baseAddress) }
        return number == 0 ? nil : HostSignal(number: number, info: info)
    }

    /// Sets the calling thread's signal mask (bit n-1 is signal n). Signals the translator needs stay unblocked on the host.
    public func setSignalMask(_ mask: UInt64) { lyrebird_set_signal_mask(mask) }

    /// The same, unless a signal or a stop is waiting for `cpu`, the calling thread's: no signal can slip in between the test and
    /// the change.
    /// - Returns: whether it was set.
    public func setSignalMask(_ mask: UInt64, unlessStopping cpu: CPU) -> Bool {
        lyrebird_exchange_signal_mask(cpu.context.context, mask) != 0
    }

    /// Blocks all signals of the calling thread, which is that of `cpu`, but for those that the translator needs.
    public func blockSignals(on cpu: CPU) { lyrebird_block_signals(cpu.context.context) }
}

/// A signal that arrived from the host.
public struct HostSignal: Sendable {
    /// Linux's number, the same for all guests.
    public var number: Int32
    /// As the host kernel (x86-64) gave it.
    public var info: SignalInfo

    public init(number: Int32, info: SignalInfo) {
        self.number = number
        self.info = info
    }
}

/// A siginfo_t: 128 bytes, the same on all 64-bit hosts and guests.
public struct SignalInfo: Sendable {
    var words = InlineArray<16, UInt64>(repeating: 0)
    /// Bytes.
    public static let size = 128

    public init() {}

    /// All of it.
    public var bytes: [UInt8] { withUnsafeBytes(of: words) { Array($0) } }

    /// Stores an integer at an offset of at most 120 bytes.
    public mutating func store<T: FixedWidthInteger & BitwiseCopyable>(_ value: T, at offset: Int) {
        precondition(offset >= 0 && offset <= Self.size - MemoryLayout<T>.size)
        withUnsafeMutableBytes(of: &words) { $0.storeBytes(of: value.littleEndian, toByteOffset: offset, as: T.self) }
    }

    /// Copies it to the start of a buffer.
    public func copy(to buffer: UnsafeMutableRawBufferPointer) {
        withUnsafeBytes(of: words) { buffer.copyMemory(from: $0) }
    }
}
