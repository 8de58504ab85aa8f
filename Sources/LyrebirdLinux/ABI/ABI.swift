// What distinguishes one guest's Linux from another's and from the host's: numbers, flags and layouts, as data. The system
// calls themselves are written once and ask the ABI.

import Lyrebird

/// The Linux ABI of one guest architecture.
struct ABI: Sendable {
    let guest: Guest
    /// What `uname -m` prints, and AT_PLATFORM.
    let machineName: StaticString
    /// `e_machine` of its executables, and of those the host runs itself.
    let elfMachine: UInt16
    let hostMachines: [UInt16]

    // MARK: The system call instruction

    let callNumber: Register
    let arguments: [Register]
    let result: Register
    let stackPointer: Register
    let threadPointer: Register
    /// Bytes of the system call instruction: how far the pc goes back for a restart.
    let callSize: UInt64

    // MARK: Numbers

    let systemCalls: [SystemCall]

    /// What the processor has, by bit: AT_HWCAP, AT_HWCAP2 and the features of /proc/cpuinfo. It must name nothing that the
    /// translator does not run.
    let capabilities: [Capability]
    let capabilities2: [Capability]
    /// AT_MINSIGSTKSZ and what sigaltstack accepts (MINSIGSTKSZ).
    let signalFrameSize: UInt64
    let minimumAlternateStack: UInt64

    /// The ELF image that the kernel gives every program, as little-endian words.
    let vdso: [UInt64]
    /// Where in it rt_sigreturn is called, and the instructions that `VDSO.nanoseconds` takes the place of.
    let vdsoSignalReturn: Int
    let vdsoClocks: [Int]

    /// The open(2) flags whose bits differ from the host's.
    let openFlags: [FlagPair]
    /// Where the fields of the host's structs go in the guest's.
    let stat: StructLayout
    let epollEvent: StructLayout
    let semaphoreSet: StructLayout

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

extension Guest {
    var linuxABI: ABI {
        switch self {
        case .arm64: .arm64
        case .x86_64: preconditionFailure("no Linux program of this guest is loaded yet")
        }
    }
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
