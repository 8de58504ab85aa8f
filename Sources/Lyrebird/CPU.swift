// One CPU: registers and the loop that runs guest code until there is a reason to leave it.

import CLyrebird
import Glibc
import LyrebirdIR
import LyrebirdRuntime

/// A CPU of a machine. Belongs to one thread at a time; only its stop handle may be used from others.
public final class CPU {
    /// The machine that it belongs to.
    public let machine: Machine
    let context: CPUContext
    /// The machine's, without a count: CPUs on several threads would wait for each other at it.
    let engine: Unmanaged<Engine>
    private let offsets: [Int32]
    private let guest: Guest
    /// Whether every run counts.
    @exclusivity(unchecked) var alwaysCounts = false
    /// Instructions counted by runs that are over, and what the present run may execute.
    @exclusivity(unchecked) var retired: UInt64 = 0
    @exclusivity(unchecked) var budget: Int64 = 0
    @exclusivity(unchecked) var calls = CallState()
    /// Asked for exits of guest code that the host has called (`call`, or by way of a host pointer), which has no `run` of its own to
    /// return them: true to have the guest go on, as after a system call that was made, false to give the call up.
    public var exitHandler: ((CPU, Exit) -> Bool)?
    /// What a library that is built on this one keeps with the CPU.
    public var companion: AnyObject?

    init(machine: Machine, context: CPUContext) {
        self.machine = machine
        guest = machine.guest
        self.context = context
        engine = Unmanaged.passUnretained(machine.engine)
        offsets = machine.engine.layout.entries.map { Int32($0.offset) }
        context.owner = UnsafeRawPointer(Unmanaged.passUnretained(self).toOpaque())
    }

    deinit { machine.engine.removeCPU(context) }

    /// Address of the next instruction.
    public var pc: UInt64 {
        get { context.pc }
        set { context.pc = newValue }
    }

    /// A register of up to 64 bits.
    public subscript(_ register: Register) -> UInt64 {
        get {
            if isInHook, isControl(register) { context.synchronizeFloat(writing: false) }
            let place = self.place(of: register)
            switch register.form {
            case .plain: return place.loadUnaligned(as: UInt64.self)
            case .half: return UInt64(place.loadUnaligned(as: UInt16.self))
            case .nzcv: return Self.nzcv(fromHost: place.load(as: UInt16.self))
            case .fpsr: return place.load(as: UInt64.self) | (hasSaturated ? Self.qc : 0)
            case .rflags: return Self.rflags(fromHost: place.load(as: UInt16.self)) | (place + 8).load(as: UInt64.self)
            }
        }
        set {
            if isInHook, isControl(register) { context.synchronizeFloat(writing: true) }
            let place = self.place(of: register)
            switch register.form {
            case .plain: place.storeBytes(of: newValue, as: UInt64.self)
            case .half: place.storeBytes(of: UInt16(truncatingIfNeeded: newValue), as: UInt16.self)
            case .nzcv: place.storeBytes(of: Self.host(fromNZCV: newValue), as: UInt16.self)
            case .fpsr:
                place.storeBytes(of: newValue & ~Self.qc, as: UInt64.self)
                hasSaturated = newValue & Self.qc != 0
            case .rflags:
                place.storeBytes(of: Self.host(fromRFLAGS: newValue), as: UInt16.self)
                (place + 8).storeBytes(of: newValue & Self.otherFlags, as: UInt64.self)
            }
        }
    }

    /// Generated code waits for a function of the embedder's.
    var isInHook: Bool { context.context.pointee.inside >= 2 }

    /// Whether floating point or translations depend on it.
    private func isControl(_ register: Register) -> Bool {
        switch machine.guest {
        case .arm64: register == .fpcr || register == .fpsr
        case .x86_64: register == .mxcsr || register == .x87Control
        }
    }

    /// FPSR.QC, which has a slot of its own: any bit of it counts (ARM64State.qc).
    private var hasSaturated: Bool {
        get { self[VectorRegister.saturation] != 0 }
        set { self[VectorRegister.saturation] = newValue ? .max : 0 }
    }
    private static let qc: UInt64 = 1 << 27

    /// A vector register.
    public subscript(_ register: VectorRegister) -> UInt128 {
        get {
            let place = place(of: register, count: 1)
            return UInt128(place.load(as: UInt64.self)) | UInt128((place + 8).load(as: UInt64.self)) << 64
        }
        set {
            let place = place(of: register, count: 1)
            place.storeBytes(of: UInt64(truncatingIfNeeded: newValue), as: UInt64.self)
            (place + 8).storeBytes(of: UInt64(truncatingIfNeeded: newValue >> 64), as: UInt64.self)
        }
    }

    @inline(__always)
    private func place(of register: Register) -> UnsafeMutableRawPointer {
        precondition(register.guest == guest, "the register is another guest's")
        return registers + Int(offsets[register.index])
    }

    /// As the context's `state`, which this module gets at by a call.
    @inline(__always)
    private var registers: UnsafeMutableRawPointer {
        context.context.pointee.is_suspended != 0 ? context.rebuiltState() : context.liveState
    }

    /// Where general registers of consecutive numbers are; not those whose place holds them in another form.
    private func place(of first: Register, count: Int) -> UnsafeMutableRawPointer {
        let last = first.index + count - 1
        precondition(first.guest == guest, "the register is another guest's")
        precondition(last < Register.nzcv.index && Int(offsets[last] - offsets[first.index]) == 8 * (count - 1))
        return registers + Int(offsets[first.index])
    }

    private func place(of first: VectorRegister, count: Int) -> UnsafeMutableRawPointer {
        let (start, last) = (first.index, first.index + count - 1)
        precondition(first.guest == guest, "the register is another guest's")
        precondition(Int(offsets[last] - offsets[start]) == 16 * (count - 1))
        return registers + Int(offsets[start])
    }

    /// Copies general registers of consecutive numbers, `first` and as many as the buffer has room for, 8 bytes each.
    public func copyRegisters(from first: Register, to buffer: UnsafeMutableRawBufferPointer) {
        let from = place(of: first, count: buffer.count / 8)
        buffer.copyMemory(from: UnsafeRawBufferPointer(start: from, count: buffer.count))
    }

    /// Loads general registers of consecutive numbers, from `first` on.
    public func loadRegisters(from first: Register, _ buffer: UnsafeRawBufferPointer) {
        place(of: first, count: buffer.count / 8).copyMemory(from: buffer.baseAddress!, byteCount: buffer.count)
    }

    /// Copies vector registers of consecutive numbers, `first` and as many as the buffer has room for, 16 bytes each.
    public func copyRegisters(from first: VectorRegister, to buffer: UnsafeMutableRawBufferPointer) {
        let from = place(of: first, count: buffer.count / 16)
        buffer.copyMemory(from: UnsafeRawBufferPointer(start: from, count: buffer.count))
    }

    /// Loads vector registers of consecutive numbers, from `first` on.
    public func loadRegisters(from first: VectorRegister, _ buffer: UnsafeRawBufferPointer) {
        place(of: first, count: buffer.count / 16).copyMemory(from: buffer.baseAddress!, byteCount: buffer.count)
    }

    // The state has the flags as the host has them, with C as a borrow (ARM64State.nzcv).
    private static func nzcv(fromHost bits: UInt16) -> UInt64 {
        let b = UInt64(bits)
        return (b >> 15 & 1) << 31 | (b >> 14 & 1) << 30 | (~b >> 8 & 1) << 29 | (b & 1) << 28
    }

    private static func host(fromNZCV bits: UInt64) -> UInt16 {
        let signAndZero = (bits >> 31 & 1) << 15 | (bits >> 30 & 1) << 14
        return UInt16(truncatingIfNeeded: signAndZero | (~bits >> 29 & 1) << 8 | bits >> 28 & 1 | 0x200)
    }

    // EFLAGS: CF, PF, AF, ZF and SF are the low byte, which the state has as its second one, and OF has a byte of its own
    // there. The slot behind has TF, DF, NT, AC and ID; IF and bit 1 are always set (X86State).
    private static let otherFlags: UInt64 = 0x24_4500

    private static func rflags(fromHost bits: UInt16) -> UInt64 {
        UInt64(bits >> 8 & 0xD5 | (bits & 1) << 11 | 0x202)
    }

    private static func host(fromRFLAGS bits: UInt64) -> UInt16 {
        UInt16(truncatingIfNeeded: (bits & 0xD5) << 8 | bits >> 11 & 1 | 0x200)
    }

    /// Takes over the pc and all registers of another CPU of the machine, which must not be running.
    public func copyState(from other: CPU) {
        context.synchronizeFloat(writing: true)
        let remaining = context.remaining
        context.state.copyMemory(from: other.context.state, byteCount: machine.engine.layout.size)
        context.remaining = remaining
        context.pc = other.context.pc
    }

    /// What an engine's exit is to the embedder.
    func exit(_ exit: EngineExit) -> Exit {
        switch exit {
        case .stopped: return .stopped
        case .paused: return .paused
        case .budget: return .budget
        case .timeLimit: return .timeLimit
        case .function: preconditionFailure("a function is called before it is an exit")
        case .interrupt(let number): return .interrupt(number)
        case .device(let access) where access.isPort:
            if machine.isHostProcess {
                // The process may not; what is at the pc then starts over.
                context.forgetAnswers()
                return .generalProtection
            }
            let seen = PortAccess(access)
            return access.isWrite ? .portWrite(seen) : .portRead(seen)
        case .device(let access):
            return access.isWrite ? .deviceWrite(DeviceAccess(access)) : .deviceRead(DeviceAccess(access))
        case .fault(let address, let isWrite, let signal, let code):
            // SI_KERNEL: the host says no address. On x86 that is an exception of another kind.
            if code == 0x80, machine.guest == .x86_64 { return .generalProtection }
            let cause: Fault.Cause
            switch (signal, code) {
            case (7, 1): cause = .alignment
            case (7, _): cause = .bus
            case (_, 2): cause = .protection
            default: cause = .unmapped
            }
            return .fault(Fault(pc: pc, address: address, access: isWrite ? .write : .read, cause: cause))
        case .trap(let reason, let payload):
            switch reason {
            case .systemCall: return .systemCall(immediate: payload)
            case .breakpoint: return .breakpointInstruction(immediate: payload)
            case .stopPoint: return .breakpoint
            // The others are the engine's own.
            case .undefined, .invalidateCode, .codeChanged, .modeChange, .budget, .middleOfBlock, .hostFunction:
                return .undefinedInstruction
            case .divideError: return .divideError
            case .generalProtection: return .generalProtection
            case .softwareInterrupt: return .softwareInterrupt(vector: payload)
            case .singleStep: return .debugException(isStep: true)
            case .debugBreak: return .debugException(isStep: false)
            case .floatingPoint: return .floatingPointError(vector: payload)
            case .fetch:
                if payload == 2 {
                    return .fault(Fault(pc: pc, address: pc, access: .execute, cause: .alignment))
                }
                let cause: Fault.Cause = payload & 1 == 0 ? .unmapped : .protection
                let address = payload & 4 != 0 ? trapOperand : pc
                return .fault(Fault(pc: pc, address: address, access: .execute, cause: cause))
            case .halt:
                // Linux lets processes wait for what they like, but no x86 program.
                if machine.isHostProcess, machine.guest == .x86_64 { return .generalProtection }
                pc &+= UInt64(payload)
                return .halted
            case .privileged:
                // Linux tells an x86 program no more.
                let isTold = !machine.isHostProcess || machine.guest != .x86_64
                return isTold ? .privilegedInstruction : .generalProtection
            case .alignment:
                return .fault(Fault(pc: pc, address: trapOperand, access: .read, cause: .alignment))
            }
        }
    }

    /// Gives the value of the read that `run` was left for. It counts if `run` goes on where it was left.
    public func answer(_ value: UInt64) { context.answer(value) }

    private var trapOperand: UInt64 {
        (context.state + Int(offsets[machine.engine.layout.trapOperand.index])).load(as: UInt64.self)
    }

    /// Makes `run` return `.stopped` soon, from any thread.
    public var stopHandle: StopHandle { StopHandle(context: context) }
}

/// Reaches a CPU from anywhere, also while it runs.
public struct StopHandle: @unchecked Sendable {
    let context: CPUContext
    /// The next or current `run` returns `.stopped`.
    public func stop() { context.requestStop() }

    /// The next or current `run` returns `.paused`: a stop for those who watch from aside, such as a debugger, which does not get mixed up
    /// with the embedder's own.
    public func pause() { context.requestStop(Engine.pauseBit) }

    /// The next or current `run` returns `.interrupt`, once for each number that was raised in the meantime, the lowest one first.
    /// What an interrupt does to the guest is the embedder's affair.
    /// - Parameter number: 0 to 15.
    public func interrupt(_ number: Int) {
        precondition((0...15).contains(number), "there are 16 interrupts")
        context.raiseInterrupt(number)
    }
}
