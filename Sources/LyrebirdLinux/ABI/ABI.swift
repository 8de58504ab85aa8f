// What distinguishes one guest's Linux from another's and from the host's: numbers, flags and layouts, as data. The system
// calls themselves are written once and ask the ABI.

import Lyrebird

/// The Linux ABI of one guest architecture.
struct ABI: Sendable {
    /// How the processor and the kernel meet; nil while there is no machine for this architecture.
    let processor: Processor?
    /// What `uname -m` prints, and AT_PLATFORM.
    let machineName: StaticString
    /// `e_machine` of its executables.
    let elfMachine: UInt16
    /// `e_machine` of the executables that the host runs itself when a program of this ABI executes them.
    let hostMachines: [UInt16]

    // MARK: Numbers

    /// The calls from 0 on, by number. From 424 on all architectures number alike.
    let systemCalls: [SystemCall]
    /// Where clone(2) has its last two arguments, the order of which is the architecture's (CONFIG_CLONE_BACKWARDS).
    let cloneThreadPointer: Int
    let cloneChildID: Int
    /// The page of system calls that are made by calling an address (`arch/x86/entry/vsyscall`).
    let vsyscallPage: UInt64?

    /// What the processor has, by bit: AT_HWCAP, AT_HWCAP2 and the features of /proc/cpuinfo. It must name nothing that the
    /// translator does not run.
    let capabilities: [Capability]
    let capabilities2: [Capability]
    /// A processor's lines of /proc/cpuinfo: its number, how many there are, and how fast they are, if that is known.
    let processorInformation: @Sendable (_ index: Int, _ count: Int, _ megahertz: String?) -> String
    /// AT_MINSIGSTKSZ and what sigaltstack accepts (MINSIGSTKSZ).
    let signalFrameSize: UInt64
    let minimumAlternateStack: UInt64

    // MARK: Exceptions

    let illegalInstruction: TrapSignal
    let breakpoint: TrapSignal

    /// The ELF image that the kernel gives every program; nil for none.
    let vdso: VDSO.Image?

    // MARK: What differs from the host; nil or empty is the host's own

    /// The open(2) flags whose bits differ.
    let openFlags: [FlagPair]
    /// mmap(2) flags that the guest's kernel does not know.
    let unknownMapFlags: Int32
    /// Where the fields of the host's structs go in the guest's.
    let stat: StructLayout?
    let epollEvent: StructLayout?
    let semaphoreSet: StructLayout?

    /// Where the kernel puts things: programs that may lie anywhere, and the top of the stack.
    let positionIndependentBase: UInt64
    let interpreterBase: UInt64
    let stackTop: UInt64

    @inline(__always)
    func systemCall(_ number: UInt64) -> SystemCall {
        if number < systemCalls.count { return systemCalls[Int(number)] }
        let offset = number &- Self.firstCommonNumber
        return offset < Self.commonSystemCalls.count ? Self.commonSystemCalls[Int(offset)] : .unassigned
    }

    private static let firstCommonNumber: UInt64 = 424
}

extension ABI {
    private static let known: [ABI] = [.arm64, .x86_64]
    /// Those whose programs can be run.
    static let runnable = known.filter { $0.processor != nil }

    /// Whose programs have this `e_machine`; nil if they cannot be run.
    static func of(elfMachine: UInt16) -> ABI? { runnable.first { $0.elfMachine == elfMachine } }
}

/// The machine that runs an ABI's programs, and what of its CPUs the kernel's interface uses.
struct Processor: Sendable {
    let guest: Guest
    let callNumber: Register
    let arguments: [Register]
    let result: Register
    let stackPointer: Register
    let threadPointer: Register
    /// The base of GS, which arch_prctl(2) sets besides that of FS, the thread pointer.
    let gsBase: Register?
    /// Bytes of the system call instruction: how far the pc goes back for a restart.
    let callSize: UInt64
    /// The immediate of a system call instruction that is another ABI's.
    let foreignCall: UInt32?
    let frames: any SignalFrameFormat.Type
}

/// The signal that an exception of the processor's becomes.
struct TrapSignal: Sendable {
    let number: Int32
    let code: Int32
    /// Whether si_addr is the instruction's address.
    var hasAddress = true
    /// The exception's number, where the signal frame has it.
    var vector: UInt64?
    /// And its error code.
    var syndrome: UInt64 = 0
    /// How far behind the start of the instruction the program goes on.
    var advance: UInt64 = 0
}

/// A bit of AT_HWCAP and its name in /proc/cpuinfo.
struct Capability: Sendable {
    let bit: Int
    let name: StaticString

    static func word(_ capabilities: [Capability]) -> UInt64 { capabilities.reduce(0) { $0 | 1 << UInt64($1.bit) } }
}

/// A flag that has different bits on guest and host.
struct FlagPair: Sendable {
    let guest: UInt64
    let host: UInt64
}

extension ABI {
    /// open(2) flags as the host knows them.
    func hostOpenFlags(_ flags: UInt64) -> UInt64 {
        var result = flags
        for pair in openFlags { result &= ~pair.guest }
        for pair in openFlags where flags & pair.guest != 0 { result |= pair.host }
        return result
    }

    /// The host's open(2) flags as the guest knows them (F_GETFL).
    func guestOpenFlags(_ flags: UInt64) -> UInt64 {
        var result = flags
        for pair in openFlags { result &= ~pair.host }
        for pair in openFlags where flags & pair.host != 0 { result |= pair.guest }
        return result
    }
}
