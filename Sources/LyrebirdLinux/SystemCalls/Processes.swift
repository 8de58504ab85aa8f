// Making processes: clone(2) and clone3(2) but for threads, which are in Threads/GuestThreads.swift. A guest process is a host
// process: fork(2) forks the translator.

import Lyrebird
import LyrebirdDebug

/// clone(2) flags (`include/uapi/linux/sched.h`).
enum CloneFlags {
    static let exitSignal: UInt64 = 0xff
    static let sharesMemory: UInt64 = 0x100
    static let sharesFileSystem: UInt64 = 0x200
    static let sharesFiles: UInt64 = 0x400
    static let sharesHandlers: UInt64 = 0x800
    static let pidDescriptor: UInt64 = 0x1000
    static let parentWaits: UInt64 = 0x4000
    static let thread: UInt64 = 0x10000
    static let sharesSemaphores: UInt64 = 0x40000
    static let setsThreadPointer: UInt64 = 0x80000
    static let setsParentID: UInt64 = 0x100000
    static let clearsChildID: UInt64 = 0x200000
    static let detached: UInt64 = 0x400000
    static let setsChildID: UInt64 = 0x1000000
    /// Only clone3 has those above 32 bits: CLONE_CLEAR_SIGHAND is what is known of them.
    static let clearsHandlers: UInt64 = 0x1_0000_0000
}

/// What clone(2) and clone3(2) ask for.
struct CloneRequest {
    /// The signal that a child's end sends is in the low bits.
    var flags: UInt64
    /// Stack pointer of the child; 0 for the parent's.
    var stackPointer: UInt64 = 0
    var threadPointer: UInt64 = 0
    var parentID: UInt64 = 0
    var childID: UInt64 = 0
    /// Where the descriptor of CLONE_PIDFD goes.
    var pidDescriptor: UInt64 = 0
}

extension GuestThread {
    /// clone(flags, stack, parent_tid, …): the order of child_tid and tls is the architecture's.
    func clone(_ a: Arguments) throws(Errno) -> Int {
        let flags = a[0] & 0xffff_ffff
        let both = CloneFlags.pidDescriptor | CloneFlags.setsParentID
        // The descriptor goes where the parent's id would.
        guard flags & both != both else { throw .EINVAL }
        return try clone(
            CloneRequest(
                flags: flags, stackPointer: a[1], threadPointer: a[abi.cloneThreadPointer], parentID: a[2],
                childID: a[abi.cloneChildID], pidDescriptor: a[2]))
    }

    /// fork(2) and vfork(2) as calls of their own.
    func fork() throws(Errno) -> Int { try clone(CloneRequest(flags: UInt64(Signal.child))) }

    func vfork() throws(Errno) -> Int {
        try clone(
            CloneRequest(flags: CloneFlags.sharesMemory | CloneFlags.parentWaits | UInt64(Signal.child)))
    }

    /// clone3(args, size), `struct clone_args`.
    func clone3(_ a: Arguments) throws(Errno) -> Int {
        let firstSize = 64
        let knownSize = 88
        guard a[1] >= firstSize else { throw .EINVAL }
        guard a[1] <= Memory.pageSize else { throw .E2BIG }
        let bytes = try read(a[0], count: Int(a[1]))
        guard bytes.dropFirst(knownSize).allSatisfy({ $0 == 0 }) else { throw .E2BIG }
        func field(_ index: Int) -> UInt64 {
            8 * index + 8 <= bytes.count ? bytes.integer(at: 8 * index) : 0
        }
        let (flags, exitSignal, stack, stackSize) = (field(0), field(4), field(5), field(6))
        let refused = CloneFlags.exitSignal | CloneFlags.detached | ~0x1_ffff_ffff
        guard flags & refused == 0, exitSignal <= UInt64(Signal.count) else { throw .EINVAL }
        guard (stack == 0) == (stackSize == 0) else { throw .EINVAL }
        // set_tid is the privilege of those who restore processes.
        guard field(8) == 0, field(9) == 0 else { throw .EPERM }
        return try clone(
            CloneRequest(
                flags: flags | exitSignal, stackPointer: stack &+ stackSize, threadPointer: field(7),
                parentID: field(3), childID: field(2), pidDescriptor: field(1)))
    }

    private func clone(_ request: CloneRequest) throws(Errno) -> Int {
        let flags = request.flags
        func has(_ flag: UInt64) -> Bool { flags & flag != 0 }
        guard !has(CloneFlags.thread) || has(CloneFlags.sharesHandlers),
            !has(CloneFlags.sharesHandlers) || has(CloneFlags.sharesMemory),
            !has(CloneFlags.clearsHandlers) || !has(CloneFlags.sharesHandlers)
        else { throw .EINVAL }
        // Two processes in one memory that run at the same time would be two in one translator: only a thread does that, or a
        // child for which its parent waits.
        if has(CloneFlags.thread) {
            guard !has(CloneFlags.parentWaits) else { throw .ENOSYS }
            guard !has(CloneFlags.pidDescriptor) else { throw .EINVAL }
        } else {
            guard !has(CloneFlags.sharesMemory) || has(CloneFlags.parentWaits) else { throw .ENOSYS }
        }
        if interruptBeforehand() { return Errno.EINTR.result }
        defer { openSignals() }
        if has(CloneFlags.thread) { return try startThread(request) }
        return has(CloneFlags.sharesMemory) ? vfork(request) : fork(request)
    }

    // MARK: Processes

    /// The host's flags, and what its call has for the parent: an id or a descriptor.
    private func hostCall(_ request: CloneRequest) -> (flags: UInt64, parentID: UInt64) {
        let guestOnly = CloneFlags.setsThreadPointer | CloneFlags.clearsHandlers | CloneFlags.sharesHandlers
        var flags = request.flags & ~guestOnly
        guard flags & CloneFlags.pidDescriptor != 0 else { return (flags, request.parentID) }
        // Only clone3 gives both; the id is then stored afterwards.
        flags &= ~CloneFlags.setsParentID
        return (flags, request.pidDescriptor)
    }

    private func fork(_ request: CloneRequest) -> Int {
        let (flags, parentID) = hostCall(request)
        let child = process.gate.closed(for: self, others: { process.lock.locked { process.threads } }) {
            process.lock.locked {
                process.memory.lock.locked {
                    func fork() -> Int {
                        host.fork(on: cpu, flags: flags, parentTID: parentID, childTID: request.childID)
                    }
                    return debugger?.forking(fork) ?? fork()
                }
            }
        }
        if child == 0 {
            for other in process.threads where other !== self {
                if let stack = other.stack { process.stacks.leave(stack, user: 0) }
            }
            process.threads = [self]
            process.leader = self
            process.status = nil
            process.isEnding = false
            process.isForkedChild = true
            process.reports?.begin(asChildOn: cpu)
            isVforked = false
            if let debugger {
                debugger.leaveInChild()
                process.debugger = nil
                self.debugger = nil
                process.interceptSignals(false)
            }
            // The child can do without.
            try? process.beginProfile()
            begin(asChildOf: request)
        } else {
            finish(request, child: child)
        }
        return child
    }

    /// The child runs in this thread's place, on its stack and CPU, until it has executed a program or ended.
    private func vfork(_ request: CloneRequest) -> Int {
        let (flags, parentID) = hostCall(request)
        let saved = (process, mask, alternateStack, held, id, isVforked)
        var call = VforkCall(thread: Unmanaged.passUnretained(self), request: request)
        leaveKernel()
        let child = outsideOfTheKernel {
            withUnsafeMutableBytes(of: &call) { buffer in
                host.vfork(
                    on: cpu, flags: flags, parentTID: parentID, childTID: request.childID, argument: buffer.baseAddress!
                ) { argument in
                    let call = argument!.load(as: VforkCall.self)
                    call.thread._withUnsafeGuaranteedRef { $0.runVforked(call.request) }
                }
            }
        }
        (process, mask, alternateStack, held, id, isVforked) = saved
        enterKernel()
        (temporaryMask, interruption, end, registersAreSet) = (nil, nil, nil, false)
        execution?.free()
        execution = nil
        finish(request, child: child)
        return child
    }

    private func runVforked(_ request: CloneRequest) -> Never {
        let isDebugged = debugger != nil
        process = LinuxProcess(vforkedFrom: process, thread: self)
        if isDebugged { process.interceptSignals(false) }
        isVforked = true
        begin(asChildOf: request)
        cpu[processor.result] = 0
        runChild()
    }

    /// What a child does first.
    private func begin(asChildOf request: CloneRequest) {
        id = Int32(truncatingIfNeeded: host.systemCall(.gettid))
        held = []
        process.tracer?.showThreads()
        if request.flags & CloneFlags.clearsHandlers != 0 {
            for signal in 1...Signal.count where process.action(for: signal).hasHandler {
                _ = process.setAction(SignalAction(), for: signal)
            }
        }
        setRegisters(cpu, request)
    }

    func setRegisters(_ cpu: CPU, _ request: CloneRequest) {
        if request.stackPointer != 0 { cpu[processor.stackPointer] = request.stackPointer }
        if request.flags & CloneFlags.setsThreadPointer != 0 { cpu[processor.threadPointer] = request.threadPointer }
    }

    /// What the host's call has not done for the parent.
    private func finish(_ request: CloneRequest, child: Int) {
        let both = CloneFlags.pidDescriptor | CloneFlags.setsParentID
        guard child > 0, request.flags & both == both else { return }
        // The kernel ignores a bad address here, too.
        try? memory.store(UInt32(truncatingIfNeeded: child), at: request.parentID)
    }
}

/// What the child of vfork(2) is told.
private struct VforkCall {
    let thread: Unmanaged<GuestThread>
    let request: CloneRequest
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
}
