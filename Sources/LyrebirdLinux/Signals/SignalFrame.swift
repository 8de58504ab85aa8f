// AArch64's signal frame: what a handler finds on its stack, and what rt_sigreturn takes back
// (`arch/arm64/include/uapi/asm/sigcontext.h`, `ucontext.h`, `arch/arm64/kernel/signal.c`).

import Lyrebird

/// The registers that a signal frame holds.
struct ARM64Context: Equatable, Sendable {
    var faultAddress: UInt64 = 0
    /// x0 to x30.
    var registers = [UInt64](repeating: 0, count: 31)
    var stackPointer: UInt64 = 0
    var pc: UInt64 = 0
    /// Of it, only the flags in bits 31 to 28 are the program's.
    var pstate: UInt64 = 0
    var fpsr: UInt32 = 0
    var fpcr: UInt32 = 0
    var vectors = [UInt128](repeating: 0, count: 32)
    /// Why a memory access failed (ESR_EL1); nil for signals with another cause.
    var syndrome: UInt64?
}

/// `struct rt_sigframe`.
enum ARM64SignalFrame {
    // Offsets from the frame's start.
    static let info = 0
    static let context = 128
    static let size = context + contextSize

    // Offsets in struct ucontext.
    private static let contextStack = 16
    private static let contextMask = 40
    private static let machineContext = 176
    private static let contextSize = machineContext + records + recordsSize

    // Offsets in struct sigcontext.
    private static let faultAddress = 0
    private static let registers = 8
    private static let stackPointer = 256
    private static let pc = 264
    private static let pstate = 272
    private static let records = 288
    private static let recordsSize = 4096

    private static let vectorMagic: UInt32 = 0x4650_8001
    private static let vectorSize = 528
    private static let syndromeMagic: UInt32 = 0x4553_5201
    private static let syndromeSize = 16
    private static let extraMagic: UInt32 = 0x4558_5401

    private static let flags: UInt64 = 0xf000_0000

    /// The bytes of a frame.
    /// - Parameters:
    ///   - info: siginfo_t, 128 bytes.
    ///   - mask: the signal mask to go back to.
    ///   - stack: the alternate stack's `stack_t`.
    static func bytes(info: [UInt8], context: ARM64Context, mask: UInt64, stack: [UInt8]) -> [UInt8] {
        var frame = [UInt8](repeating: 0, count: size)
        frame.replaceSubrange(0..<info.count, with: info)
        frame.replaceSubrange(Self.context + contextStack..<Self.context + contextStack + stack.count, with: stack)
        frame.store(mask, at: Self.context + contextMask)

        let machine = Self.context + machineContext
        frame.store(context.faultAddress, at: machine + faultAddress)
        for (index, value) in context.registers.enumerated() { frame.store(value, at: machine + registers + 8 * index) }
        frame.store(context.stackPointer, at: machine + stackPointer)
        frame.store(context.pc, at: machine + pc)
        frame.store(context.pstate, at: machine + pstate)

        var record = machine + records
        frame.store(vectorMagic, at: record)
        frame.store(UInt32(vectorSize), at: record + 4)
        frame.store(context.fpsr, at: record + 8)
        frame.store(context.fpcr, at: record + 12)
        for (index, value) in context.vectors.enumerated() { frame.store(value, at: record + 16 + 16 * index) }
        record += vectorSize
        if let syndrome = context.syndrome {
            frame.store(syndromeMagic, at: record)
            frame.store(UInt32(syndromeSize), at: record + 4)
            frame.store(syndrome, at: record + 8)
        }
        return frame  // the record behind is zero, which ends the list
    }

    /// What rt_sigreturn finds in a frame.
    struct Contents: Equatable {
        var context: ARM64Context
        var mask: UInt64
        /// `stack_t`
        var stack: [UInt8]
    }

    /// Reads a frame back; nil if it is not one that the kernel would accept.
    static func parse(_ frame: [UInt8]) -> Contents? {
        guard frame.count == size else { return nil }
        var context = ARM64Context()
        let machine = Self.context + machineContext
        context.faultAddress = frame.integer(at: machine + faultAddress)
        for index in 0..<31 { context.registers[index] = frame.integer(at: machine + registers + 8 * index) }
        context.stackPointer = frame.integer(at: machine + stackPointer)
        context.pc = frame.integer(at: machine + pc)
        let state: UInt64 = frame.integer(at: machine + pstate)
        // valid_native_regs: EL0 with AArch64 state and nothing masked, or the frame is refused.
        guard state & 0x1f == 0 else { return nil }
        context.pstate = state & flags

        // parse_user_sigframe: the list must end within its area, hold the vector registers once, and nothing unknown.
        var offset = 0
        var hasVectors = false
        while true {
            guard offset + 8 <= recordsSize else { return nil }
            let record = machine + records + offset
            let magic: UInt32 = frame.integer(at: record)
            let length: UInt32 = frame.integer(at: record + 4)
            if magic == 0 {
                guard length == 0 else { return nil }
                break
            }
            guard length >= 8, length % 16 == 0, Int(length) <= recordsSize - offset else { return nil }
            switch magic {
            case vectorMagic:
                guard !hasVectors, length >= vectorSize else { return nil }
                hasVectors = true
                context.fpsr = frame.integer(at: record + 8)
                context.fpcr = frame.integer(at: record + 12)
                for index in 0..<32 { context.vectors[index] = frame.integer(at: record + 16 + 16 * index) }
            case syndromeMagic, extraMagic: break
            default: return nil
            }
            offset += Int(length)
        }
        guard hasVectors else { return nil }
        let start = Self.context + contextStack
        return Contents(
            context: context, mask: frame.integer(at: Self.context + contextMask),
            stack: Array(frame[start..<start + AlternateStack.structSize]))
    }

    /// ESR_EL1 of a failed access: the exception class, and the status code of a third-level walk.
    static func syndrome(of fault: Fault) -> UInt64 {
        let lengthBit: UInt64 = 1 << 25
        let exceptionClass: UInt64 = fault.access == .execute ? 0x20 : 0x24
        let status: UInt64 =
            switch fault.cause {
            case .unmapped: 0x07
            case .protection: 0x0f
            case .alignment: 0x21
            case .bus: 0x10
            }
        return exceptionClass << 26 | lengthBit | (fault.access == .write ? 1 << 6 : 0) | status
    }
}

extension ARM64Context {
    /// The registers of a CPU.
    init(_ cpu: CPU) {
        for index in 0..<31 { registers[index] = cpu[.x(index)] }
        stackPointer = cpu[.sp]
        pc = cpu.pc
        pstate = cpu[.nzcv]
        fpsr = UInt32(truncatingIfNeeded: cpu[.fpsr])
        fpcr = UInt32(truncatingIfNeeded: cpu[.fpcr])
        for index in 0..<32 { vectors[index] = cpu[VectorRegister.v(index)] }
    }

    /// Loads the CPU with them.
    func load(into cpu: CPU) {
        for index in 0..<31 { cpu[.x(index)] = registers[index] }
        cpu[.sp] = stackPointer
        cpu.pc = pc
        cpu[.nzcv] = pstate
        cpu[.fpsr] = UInt64(fpsr)
        cpu[.fpcr] = UInt64(fpcr)
        for index in 0..<32 { cpu[VectorRegister.v(index)] = vectors[index] }
    }
}
