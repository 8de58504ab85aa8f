// AArch64's signal frame: what a handler finds on its stack, and what rt_sigreturn takes back
// (`arch/arm64/include/uapi/asm/sigcontext.h`, `ucontext.h`, `arch/arm64/kernel/signal.c`).

import Lyrebird

/// The registers that a signal frame holds.
struct ARM64Context: Sendable {
    var faultAddress: UInt64 = 0
    /// x0 to x30 and sp.
    var general = InlineArray<32, UInt64>(repeating: 0)
    var pc: UInt64 = 0
    /// Of it, only the flags in bits 31 to 28 are the program's.
    var pstate: UInt64 = 0
    var fpsr: UInt32 = 0
    var fpcr: UInt32 = 0
    var vectors = InlineArray<32, UInt128>(repeating: 0)
    /// Why a memory access failed (ESR_EL1); nil for signals with another cause.
    var syndrome: UInt64?

    var stackPointer: UInt64 { general[31] }
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

    /// Writes a frame, but for the room behind its last record, which nobody reads.
    /// - Parameters:
    ///   - frame: `size` bytes or more.
    ///   - mask: the signal mask to go back to.
    /// - Returns: how many bytes were written.
    static func write(
        to frame: UnsafeMutableRawBufferPointer, info: SignalInfo, context: ARM64Context, mask: UInt64,
        stack: AlternateStack.Record
    ) -> Int {
        precondition(frame.count >= size)
        func store<T: BitwiseCopyable>(_ value: T, _ at: Int) {
            frame.storeBytes(of: value, toByteOffset: at, as: T.self)
        }
        func copy(_ bytes: UnsafeRawBufferPointer, _ at: Int) {
            UnsafeMutableRawBufferPointer(rebasing: frame[at...]).copyMemory(from: bytes)
        }
        info.copy(to: frame)
        let machine = Self.context + machineContext
        for at in stride(from: Self.context, to: machine, by: 8) { store(0 as UInt64, at) }
        store(stack, Self.context + contextStack)
        store(mask, Self.context + contextMask)

        store(context.faultAddress, machine + faultAddress)
        withUnsafeBytes(of: context.general) { copy($0, machine + registers) }
        store(context.pc, machine + pc)
        store(context.pstate, machine + pstate)
        store(0 as UInt64, machine + records - 8)

        var record = machine + records
        store(vectorMagic, record)
        store(UInt32(vectorSize), record + 4)
        store(context.fpsr, record + 8)
        store(context.fpcr, record + 12)
        withUnsafeBytes(of: context.vectors) { copy($0, record + 16) }
        record += vectorSize
        if let syndrome = context.syndrome {
            store(syndromeMagic, record)
            store(UInt32(syndromeSize), record + 4)
            store(syndrome, record + 8)
            record += syndromeSize
        }
        // The end of the list.
        store(UInt128(0), record)
        return record + 16
    }

    /// What rt_sigreturn finds in a frame.
    struct Contents {
        var context: ARM64Context
        var mask: UInt64
        var stack: AlternateStack.Record
    }

    /// Reads a frame back; nil if it is not one that the kernel would accept.
    static func parse(_ frame: UnsafeRawBufferPointer) -> Contents? {
        guard frame.count == size else { return nil }
        func word<T: BitwiseCopyable>(_ at: Int) -> T { frame.loadUnaligned(fromByteOffset: at, as: T.self) }
        func copy(_ at: Int, to buffer: UnsafeMutableRawBufferPointer) {
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: frame[at..<at + buffer.count]))
        }
        var context = ARM64Context()
        let machine = Self.context + machineContext
        context.faultAddress = word(machine + faultAddress)
        withUnsafeMutableBytes(of: &context.general) { copy(machine + registers, to: $0) }
        context.pc = word(machine + pc)
        let state: UInt64 = word(machine + pstate)
        // valid_native_regs: EL0 with AArch64 state and nothing masked, or the frame is refused.
        guard state & 0x1f == 0 else { return nil }
        context.pstate = state & flags

        // parse_user_sigframe: the list must end within its area, hold the vector registers once, and nothing unknown.
        var offset = 0
        var hasVectors = false
        while true {
            guard offset + 8 <= recordsSize else { return nil }
            let record = machine + records + offset
            let magic: UInt32 = word(record)
            let length: UInt32 = word(record + 4)
            if magic == 0 {
                guard length == 0 else { return nil }
                break
            }
            guard length >= 8, length % 16 == 0, Int(length) <= recordsSize - offset else { return nil }
            switch magic {
            case vectorMagic:
                guard !hasVectors, length >= vectorSize else { return nil }
                hasVectors = true
                context.fpsr = word(record + 8)
                context.fpcr = word(record + 12)
                withUnsafeMutableBytes(of: &context.vectors) { copy(record + 16, to: $0) }
            case syndromeMagic, extraMagic: break
            default: return nil
            }
            offset += Int(length)
        }
        guard hasVectors else { return nil }
        return Contents(
            context: context, mask: word(Self.context + contextMask), stack: word(Self.context + contextStack))
    }
}

extension ARM64SignalFrame: SignalFrameFormat {
    static func enter(_ entry: HandlerEntry, on thread: GuestThread) -> Bool {
        let (cpu, action) = (thread.cpu, entry.action)
        var context = ARM64Context(cpu)
        context.faultAddress = entry.cause?.address ?? 0
        context.syndrome = entry.cause?.syndrome

        var top = context.stackPointer
        let stack = entry.alternateStack
        if action.flags & SignalAction.onAlternateStack != 0, stack.size > 0, !stack.contains(top) {
            top = stack.pointer &+ stack.size
        }
        // A frame record, so that a debugger finds its way from the handler to what it interrupted.
        let recordAddress = (top &- 16) & ~15
        let frameAddress = recordAddress &- UInt64(size)
        let frame = thread.scratch[2]
        let used = write(
            to: frame, info: entry.info, context: context, mask: entry.mask,
            stack: stack.record(stackPointer: context.stackPointer))
        do {
            try thread.memory.write(UnsafeRawBufferPointer(rebasing: frame[..<used]), at: frameAddress)
            try thread.memory.store(
                UInt128(context.general[29]) | UInt128(context.general[30]) << 64, at: recordAddress)
        } catch { return false }
        let hasRestorer = action.flags & SignalAction.hasRestorer != 0
        guard let link = hasRestorer ? action.restorer : entry.signalReturn else { return false }

        cpu[.x0] = UInt64(entry.signal)
        if action.flags & SignalAction.wantsInfo != 0 {
            cpu[.x1] = frameAddress + UInt64(info)
            cpu[.x2] = frameAddress + UInt64(Self.context)
        }
        cpu[.sp] = frameAddress
        cpu[.x29] = recordAddress
        cpu[.x30] = link
        cpu.pc = action.handler
        return true
    }

    static func leave(_ thread: GuestThread) -> SavedSignalState? {
        let address = thread.cpu[.sp]
        let frame = UnsafeMutableRawBufferPointer(rebasing: thread.scratch[2][..<size])
        guard address % 16 == 0, (try? thread.memory.read(address, into: frame)) != nil,
            let contents = parse(UnsafeRawBufferPointer(frame))
        else { return nil }
        contents.context.load(into: thread.cpu)
        return SavedSignalState(mask: contents.mask, stack: contents.stack)
    }

    static func cause(of fault: Fault) -> ExceptionRecord {
        ExceptionRecord(address: fault.address, syndrome: syndrome(of: fault))
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
        withUnsafeMutableBytes(of: &general) { cpu.copyRegisters(from: .x0, to: $0) }
        pc = cpu.pc
        pstate = cpu[.nzcv]
        fpsr = UInt32(truncatingIfNeeded: cpu[.fpsr])
        fpcr = UInt32(truncatingIfNeeded: cpu[.fpcr])
        withUnsafeMutableBytes(of: &vectors) { cpu.copyRegisters(from: .v(0), to: $0) }
    }

    /// Loads the CPU with them.
    func load(into cpu: CPU) {
        withUnsafeBytes(of: general) { cpu.loadRegisters(from: .x0, $0) }
        cpu.pc = pc
        cpu[.nzcv] = pstate
        cpu[.fpsr] = UInt64(fpsr)
        cpu[.fpcr] = UInt64(fpcr)
        withUnsafeBytes(of: vectors) { cpu.loadRegisters(from: .v(0), $0) }
    }
}
