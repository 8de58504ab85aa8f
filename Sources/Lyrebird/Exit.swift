// What `CPU.run` returns: why the CPU left guest code. An exit is a value; nothing is thrown for what a guest does.

import LyrebirdRuntime

/// Why `CPU.run` returned. `cpu.pc` says where the CPU will go on.
public enum Exit: Sendable, Equatable {
    /// The guest executed its system-call instruction. The pc is already behind it, and every register may be changed
    /// before `run` is called again. `immediate` is the instruction's own number (SVC #imm16; 0 where there is none).
    case systemCall(immediate: UInt32)
    /// A memory access, or the fetch of an instruction, was not possible. The pc is that of the faulting instruction and
    /// all state is as before it, so that `run` tries again.
    case fault(Fault)
    /// The guest reads from a device (`Memory.mapDevice`). The pc is that of the instruction, and all state is as
    /// before it; `run` goes on with it, with the value of `CPU.answer`, or 0 if there was none. An instruction that
    /// accesses a device more than once leaves `run` as often.
    case deviceRead(DeviceAccess)
    /// The guest writes to a device. The same, but for the value.
    case deviceWrite(DeviceAccess)
    /// The guest executed a breakpoint instruction (BRK #imm16). The pc is that of the instruction.
    case breakpointInstruction(immediate: UInt32)
    /// The instruction at the pc has a breakpoint of the embedder's (`Machine.addBreakpoint`), and has not been executed: the next
    /// `run` does.
    case breakpoint
    /// The word at pc is no instruction of this CPU model, or one it may not execute.
    case undefinedInstruction
    /// A division by zero, or whose quotient does not fit (x86's #DE). The pc is that of the instruction.
    case divideError
    /// What is not allowed and has no address: a privileged instruction, an operand that has to be aligned, an address that is
    /// not canonical (x86's #GP). The pc is that of the instruction.
    case generalProtection
    /// x86's INT with a number that is no system call's, or INT3 with prefixes. The pc is that of the instruction.
    case softwareInterrupt(vector: UInt32)
    /// x86's #DB as a trap. The pc is behind the instruction. While the trap flag of RFLAGS is set there is one behind each instruction (and
    /// each round of a repeated one); INT1 is the other kind.
    case debugException(isStep: Bool)
    /// Floating point ran into what its control register does not mask: x86's #MF (16) of x87 and #XM (19) of SSE, whose status is
    /// in the registers. The pc is that of the instruction.
    case floatingPointError(vector: UInt32)
    /// The guest reads from a port that nobody answers for (`Machine.mapPorts`). As for devices.
    case portRead(PortAccess)
    case portWrite(PortAccess)
    /// The guest waits for an interrupt: WFI, HLT. The pc is behind the instruction.
    case halted
    /// An instruction that user mode may not execute. The pc is that of the instruction. On AArch64: HVC, SMC, ERET, and what moves, or
    /// works on, a register of the levels above or one that Linux keeps for itself.
    case privilegedInstruction
    /// `StopHandle.interrupt` was called with this number. This and the stops come between two instructions: of one in which `run` was left for a
    /// device or a port, the next `run` executes the rest first.
    case interrupt(Int)
    /// A function of the host's that the guest called failed, or did not get as far as to be called. The pc is the function's address,
    /// and the registers are as at its call, so that `run` calls it again.
    case hostFunctionFailed(CallError)
    /// The stop handle was used, or a host signal is waiting (`HostProcess`).
    case stopped
    /// `StopHandle.pause` was used.
    case paused
    /// As many instructions as the run's budget allows have been executed, exactly, and the pc is that of the next one.
    case budget
    /// The run's time is over.
    case timeLimit
}

/// An access that guest memory did not allow.
public struct Fault: Error, Sendable, Equatable {
    /// What was tried.
    public enum Access: Sendable { case read, write, execute }
    /// Why it was not possible.
    public enum Cause: Sendable {
        /// Nothing is mapped there.
        case unmapped
        /// It is mapped, but not for this access.
        case protection
        /// The address is not aligned as the instruction demands.
        case alignment
        /// It is mapped, but there is no memory behind it (a file that got shorter).
        case bus
    }

    /// Address of the instruction.
    public var pc: UInt64
    /// The address accessed; 0 where the host cannot tell (a non-canonical address).
    public var address: UInt64
    public var access: Access
    public var cause: Cause

    public init(pc: UInt64, address: UInt64, access: Access, cause: Cause) {
        self.pc = pc
        self.address = address
        self.access = access
        self.cause = cause
    }
}

/// An access to a device.
public struct DeviceAccess: Sendable, Equatable {
    /// The guest's address.
    public var address: UInt64
    /// Bytes: 1, 2, 4 or 8.
    public var size: Int
    /// What is written, zero-extended; 0 of a read.
    public var value: UInt64

    public init(address: UInt64, size: Int, value: UInt64 = 0) {
        self.address = address
        self.size = size
        self.value = value
    }

    init(_ access: LyrebirdRuntime.DeviceAccess) {
        self.init(address: access.address, size: access.size, value: access.value)
    }
}

/// An access to a port of an x86 guest.
public struct PortAccess: Sendable, Equatable {
    /// The port's number.
    public var port: UInt16
    /// Bytes: 1, 2 or 4.
    public var size: Int
    /// What is written, zero-extended; 0 of a read.
    public var value: UInt32

    public init(port: UInt16, size: Int, value: UInt32 = 0) {
        self.port = port
        self.size = size
        self.value = value
    }

    init(_ access: LyrebirdRuntime.DeviceAccess) {
        self.init(
            port: UInt16(truncatingIfNeeded: access.address), size: access.size,
            value: UInt32(truncatingIfNeeded: access.value))
    }
}
