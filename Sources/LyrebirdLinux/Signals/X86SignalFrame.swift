// x86-64's signal frame: what a handler finds on its stack, and what rt_sigreturn takes back
// (`arch/x86/include/uapi/asm/sigcontext.h`, `ucontext.h`, `arch/x86/kernel/signal_64.c`, `arch/x86/kernel/fpu/signal.c`).

import Lyrebird

/// The registers that a signal frame holds.
struct X86Context: Sendable {
    /// By number: rAX, rCX, rDX, rBX, rSP, rBP, rSI, rDI, R8 to R15.
    var general = InlineArray<16, UInt64>(repeating: 0)
    var rip: UInt64 = 0
    var rflags: UInt64 = Self.fixedFlags
    var floatingPoint = X86FloatingPoint()

    /// IF, and the bit that is always set.
    static let fixedFlags: UInt64 = 0x202

    static let (rax, rdx, rsp, rsi, rdi) = (0, 2, 4, 6, 7)
}

/// x87 and vector registers. As it is made, it is what FNINIT and a processor's start leave.
struct X86FloatingPoint: Sendable {
    var control: UInt16 = 0x037f
    /// With TOP.
    var status: UInt16 = 0
    /// A bit for each physical register that is not empty.
    var tags: UInt8 = 0
    var opcode: UInt16 = 0
    var instruction: UInt64 = 0
    var operand: UInt64 = 0
    /// ST(0) to ST(7), 80 bits each.
    var stack = InlineArray<8, UInt128>(repeating: 0)
    var mxcsr: UInt32 = 0x1f80
    var xmm = InlineArray<16, UInt128>(repeating: 0)
    /// Bits 128 to 255 of the vector registers.
    var upper = InlineArray<16, UInt128>(repeating: 0)
}

/// `struct rt_sigframe`, and above it the registers as XSAVE stores them.
enum X86SignalFrame {
    // Offsets from the frame's start.
    static let context = 8
    static let info = 312
    static let size = 440

    // Offsets in struct ucontext.
    private static let contextFlags = 0
    private static let contextStack = 16
    private static let machineContext = 40
    private static let contextMask = 296

    // Offsets in struct sigcontext_64.
    private static let rip = 128
    private static let rflags = 136
    private static let selectors = 144
    private static let errorCode = 152
    private static let vector = 160
    private static let oldMask = 168
    private static let faultAddress = 176
    private static let floatingPoint = 184
    /// Where each register is, by its number.
    private static let registers: InlineArray<16, Int> = [
        104, 112, 96, 88, 120, 80, 72, 64, 0, 8, 16, 24, 32, 40, 48, 56,
    ]

    /// CS, GS, FS, SS: __USER_CS and __USER_DS.
    private static let userSelectors: UInt64 = 0x002b_0000_0000_0033
    private static let strictStackSegment: UInt64 = 4
    /// UC_FP_XSTATE, UC_SIGCONTEXT_SS, UC_STRICT_RESTORE_SS.
    private static let flags: UInt64 = 7
    /// FIX_EFLAGS: AC, RF, OF, DF, TF, SF, ZF, AF, PF, CF.
    private static let programFlags: UInt64 = 0x5_0dd5
    /// DF, RF and TF, which a handler begins without.
    private static let clearedFlags: UInt64 = 0x1_0500

    // MARK: The XSAVE area (SDM volume 1, 10.5.1 and 13.4)

    private static let mxcsr = 24
    private static let mxcsrMask: UInt32 = 0xffff
    private static let stack = 32
    private static let xmm = 160
    /// `struct _fpx_sw_bytes`: what tells the kernel that there is more than FXSAVE stores.
    private static let software = 464
    private static let legacySize = 512
    private static let header = 512
    private static let upper = 576
    private static let smallestSize = 576
    /// Of x87, SSE and AVX state.
    private static let extendedSize = 832
    private static let (x87State, sseState, avxState): (UInt64, UInt64, UInt64) = (1, 2, 4)
    private static let allState: UInt64 = 7
    /// FP_XSTATE_MAGIC1, and FP_XSTATE_MAGIC2 behind the area.
    private static let magic: UInt32 = 0x4650_5853
    private static let endMagic: UInt32 = 0x4650_5845
    private static let endMagicSize = 4

    private static let redZone: UInt64 = 128
    private static let areaAlignment: UInt64 = 64

    /// AT_MINSIGSTKSZ: a frame and what aligning it may cost (`init_sigframe_size`).
    static let largestSize = (size + 15 + extendedSize + endMagicSize + 63 + 15) & ~15

    /// Where a frame goes.
    struct Place: Equatable {
        var frame: UInt64
        var area: UInt64
    }

    /// `get_sigframe`; nil if it would leave the alternate stack.
    /// - Parameter areaSize: bytes of the XSAVE area with the magic word behind it.
    static func place(
        stackPointer: UInt64, _ alternate: AlternateStack, entersAlternate: Bool,
        areaSize: Int = extendedSize + endMagicSize
    ) -> Place? {
        var top = stackPointer &- redZone
        var isOnAlternate = alternate.contains(stackPointer)
        if entersAlternate, alternate.size > 0, !alternate.contains(top) {
            top = alternate.pointer &+ alternate.size
            isOnAlternate = true
        }
        let area = (top &- UInt64(areaSize)) & ~(areaAlignment - 1)
        // As a call leaves it: the return address makes it a multiple of 16.
        let frame = ((area &- UInt64(size)) & ~15) &- 8
        guard !isOnAlternate || alternate.covers(frame) else { return nil }
        return Place(frame: frame, area: area)
    }

    /// Puts a frame into memory and the registers into the handler's hands: `x64_setup_rt_frame`, `handle_signal`.
    /// - Parameters:
    ///   - scratch: room for the frame.
    ///   - store: writes to guest memory.
    /// - Returns: false, with the registers as they were, if there is no place or no way back.
    static func enter(
        _ entry: HandlerEntry, _ registers: inout X86Context, scratch: UnsafeMutableRawBufferPointer,
        store: (UnsafeRawBufferPointer, UInt64) -> Bool
    ) -> Bool {
        let action = entry.action
        let entersAlternate = action.flags & SignalAction.onAlternateStack != 0
        guard action.flags & SignalAction.hasRestorer != 0,
            let place = place(
                stackPointer: registers.general[X86Context.rsp], entry.alternateStack, entersAlternate: entersAlternate)
        else { return false }
        let used = write(to: scratch, entry, registers, place)
        guard store(UnsafeRawBufferPointer(rebasing: scratch[..<used]), place.frame) else { return false }
        registers.general[X86Context.rdi] = UInt64(entry.signal)
        registers.general[X86Context.rax] = 0
        registers.general[X86Context.rsi] = place.frame &+ UInt64(info)
        registers.general[X86Context.rdx] = place.frame &+ UInt64(context)
        registers.general[X86Context.rsp] = place.frame
        registers.rip = action.handler
        registers.rflags &= ~clearedFlags
        registers.floatingPoint = X86FloatingPoint()
        return true
    }

    /// Writes what is in memory from the frame's start to the end of the XSAVE area.
    /// - Returns: how many bytes that is.
    private static func write(
        to frame: UnsafeMutableRawBufferPointer, _ entry: HandlerEntry, _ registers: X86Context, _ place: Place
    ) -> Int {
        let area = Int(place.area &- place.frame)
        let used = area + extendedSize + endMagicSize
        precondition(frame.count >= used)
        func store<T: BitwiseCopyable>(_ value: T, _ at: Int) {
            frame.storeBytes(of: value, toByteOffset: at, as: T.self)
        }
        for at in 0..<used { frame[at] = 0 }
        store(entry.action.restorer, 0)
        store(flags, context + contextFlags)
        let stackPointer = registers.general[X86Context.rsp]
        store(entry.alternateStack.record(stackPointer: stackPointer), context + contextStack)
        store(entry.mask, context + contextMask)
        if entry.action.flags & SignalAction.wantsInfo != 0 {
            entry.info.copy(to: UnsafeMutableRawBufferPointer(rebasing: frame[info...]))
        }

        let machine = context + machineContext
        for number in 0..<16 { store(registers.general[number], machine + Self.registers[number]) }
        store(registers.rip, machine + rip)
        store(registers.rflags, machine + rflags)
        store(userSelectors, machine + selectors)
        let cause = entry.cause ?? ExceptionRecord()
        store(cause.syndrome, machine + errorCode)
        store(cause.vector, machine + vector)
        store(entry.mask, machine + oldMask)
        store(cause.address, machine + faultAddress)
        store(place.area, machine + floatingPoint)

        let floating = registers.floatingPoint
        store(floating.control, area)
        store(floating.status, area + 2)
        store(floating.tags, area + 4)
        store(floating.opcode, area + 6)
        store(floating.instruction, area + 8)
        store(floating.operand, area + 16)
        store(floating.mxcsr, area + mxcsr)
        store(mxcsrMask, area + mxcsr + 4)
        var upperIsUsed = false
        for number in 0..<8 { store(floating.stack[number], area + stack + 16 * number) }
        for number in 0..<16 {
            store(floating.xmm[number], area + xmm + 16 * number)
            store(floating.upper[number], area + upper + 16 * number)
            upperIsUsed = upperIsUsed || floating.upper[number] != 0
        }
        store(magic, area + software)
        store(UInt32(extendedSize + endMagicSize), area + software + 4)
        store(allState, area + software + 8)
        store(UInt32(extendedSize), area + software + 16)
        store(x87State | sseState | (upperIsUsed ? avxState : 0), area + header)
        store(endMagic, area + extendedSize)
        return used
    }

    // MARK: The way back

    /// What rt_sigreturn finds.
    struct Contents {
        var context: X86Context
        var saved: SavedSignalState
    }

    /// Reads the frame that a handler has returned from; nil if it is not one that the kernel would accept.
    /// - Parameters:
    ///   - stackPointer: behind the return address, which the handler's return has taken.
    ///   - scratch: room for what is read.
    ///   - load: reads guest memory.
    static func leave(
        stackPointer: UInt64, scratch: UnsafeMutableRawBufferPointer,
        load: (UInt64, UnsafeMutableRawBufferPointer) -> Bool
    ) -> Contents? {
        let frame = UnsafeMutableRawBufferPointer(rebasing: scratch[..<info])
        guard load(stackPointer &- 8, frame) else { return nil }
        func word<T: BitwiseCopyable>(_ at: Int) -> T { frame.loadUnaligned(fromByteOffset: at, as: T.self) }
        let machine = context + machineContext
        var registers = X86Context()
        for number in 0..<16 { registers.general[number] = word(machine + Self.registers[number]) }
        registers.rip = word(machine + rip)
        registers.rflags = X86Context.fixedFlags | word(machine + rflags) & programFlags
        // Another code segment is another mode of the processor's; a stack segment is looked at if the frame wants it.
        let privilege: UInt16 = 3
        let (code, data): (UInt16, UInt16) = (word(machine + selectors), word(machine + selectors + 6))
        let flags: UInt64 = word(context + contextFlags)
        let isStrict = flags & strictStackSegment != 0
        guard code | privilege == UInt16(truncatingIfNeeded: userSelectors),
            !isStrict || data | privilege == UInt16(truncatingIfNeeded: userSelectors >> 48)
        else { return nil }
        let saved = SavedSignalState(mask: word(context + contextMask), stack: word(context + contextStack))
        let area: UInt64 = word(machine + floatingPoint)
        guard area != 0 else { return Contents(context: registers, saved: saved) }
        guard let floating = readArea(area, scratch, load) else { return nil }
        registers.floatingPoint = floating
        return Contents(context: registers, saved: saved)
    }

    /// `fpu__restore_sig`: XRSTOR where the area says that it is XSAVE's, else FXRSTOR; both refuse what the processor would.
    private static func readArea(
        _ address: UInt64, _ scratch: UnsafeMutableRawBufferPointer,
        _ load: (UInt64, UnsafeMutableRawBufferPointer) -> Bool
    ) -> X86FloatingPoint? {
        func read(_ offset: Int, _ end: Int) -> Bool {
            load(address &+ UInt64(offset), UnsafeMutableRawBufferPointer(rebasing: scratch[offset..<end]))
        }
        func word<T: BitwiseCopyable>(_ at: Int) -> T { scratch.loadUnaligned(fromByteOffset: at, as: T.self) }
        guard read(0, legacySize) else { return nil }
        let (declared, whole): (UInt32, UInt32) = (word(software + 16), word(software + 4))
        var isExtended = false
        if word(software) as UInt32 == magic, (smallestSize...extendedSize).contains(Int(declared)), declared <= whole {
            guard read(legacySize, Int(declared) + endMagicSize) else { return nil }
            isExtended = word(Int(declared)) as UInt32 == endMagic
        }
        // What is not in the area begins anew.
        var wanted = x87State | sseState
        var present = wanted
        if isExtended {
            wanted = word(software + 8) & allState
            present = word(header)
            guard address % areaAlignment == 0, present & ~allState == 0, word(header + 8) as UInt128 == 0 else {
                return nil
            }
            if wanted & present & avxState != 0, Int(declared) < extendedSize {
                guard read(Int(declared), extendedSize) else { return nil }
            }
        } else if address % 16 != 0 {
            return nil
        }

        var floating = X86FloatingPoint()
        if wanted & ~x87State != 0 {
            floating.mxcsr = word(mxcsr)
            guard floating.mxcsr & ~mxcsrMask == 0 else { return nil }
        }
        if wanted & present & x87State != 0 {
            floating.control = word(0)
            floating.status = word(2)
            floating.tags = word(4)
            floating.opcode = word(6) & 0x7ff
            floating.instruction = word(8)
            floating.operand = word(16)
            for number in 0..<8 { floating.stack[number] = word(stack + 16 * number) & (UInt128(1) << 80 - 1) }
        }
        if wanted & present & sseState != 0 {
            for number in 0..<16 { floating.xmm[number] = word(xmm + 16 * number) }
        }
        if wanted & present & avxState != 0 {
            for number in 0..<16 { floating.upper[number] = word(upper + 16 * number) }
        }
        return floating
    }

    /// The page fault's error code: whether the page was there, whether it was written or fetched from, and that it was the
    /// program (`enum x86_pf_error_code`). What is the kernel's looks as if it were there (`set_signal_archinfo`).
    static func cause(of fault: Fault) -> ExceptionRecord {
        if fault.cause == .alignment { return ExceptionRecord(vector: 17) }
        let access: UInt64 =
            switch fault.access {
            case .read: 0
            case .write: 0x02
            case .execute: 0x10
            }
        let isPresent: UInt64 = fault.cause == .protection || fault.address >= GuestThread.addressLimit ? 1 : 0
        return ExceptionRecord(address: fault.address, syndrome: 4 | access | isPresent, vector: 14)
    }
}

extension X86SignalFrame: SignalFrameFormat {
    static func enter(_ entry: HandlerEntry, on thread: GuestThread) -> Bool {
        var context = X86Context(thread.cpu)
        let isEntered = enter(entry, &context, scratch: thread.scratch[2]) { bytes, address in
            (try? thread.memory.write(bytes, at: address)) != nil
        }
        if isEntered { context.load(into: thread.cpu) }
        return isEntered
    }

    static func leave(_ thread: GuestThread) -> SavedSignalState? {
        let contents = leave(stackPointer: thread.cpu[.rsp], scratch: thread.scratch[2]) { address, buffer in
            (try? thread.memory.read(address, into: buffer)) != nil
        }
        contents?.context.load(into: thread.cpu)
        return contents?.saved
    }
}

extension X86Context {
    /// The registers of a CPU.
    init(_ cpu: CPU) {
        withUnsafeMutableBytes(of: &general) { cpu.copyRegisters(from: .rax, to: $0) }
        rip = cpu.pc
        rflags = cpu[.rflags]
        floatingPoint = X86FloatingPoint(cpu)
    }

    /// Loads the CPU with them.
    func load(into cpu: CPU) {
        withUnsafeBytes(of: general) { cpu.loadRegisters(from: .rax, $0) }
        cpu.pc = rip
        cpu[.rflags] = rflags
        floatingPoint.load(into: cpu)
    }
}

extension X86FloatingPoint {
    fileprivate init(_ cpu: CPU) {
        control = UInt16(truncatingIfNeeded: cpu[.x87Control])
        status = UInt16(truncatingIfNeeded: cpu[.x87Status])
        for register in 0..<8 where cpu[.x87Tags] >> UInt64(2 * register) & 3 != 3 { tags |= 1 << UInt8(register) }
        opcode = UInt16(truncatingIfNeeded: cpu[.x87Opcode]) & 0x7ff
        instruction = cpu[.x87Instruction]
        operand = cpu[.x87Operand]
        for number in 0..<8 {
            stack[number] = UInt128(cpu[.x87Significand(number)]) | UInt128(cpu[.x87Exponent(number)]) << 64
        }
        mxcsr = UInt32(truncatingIfNeeded: cpu[.mxcsr])
        withUnsafeMutableBytes(of: &xmm) { cpu.copyRegisters(from: .xmm(0), to: $0) }
        withUnsafeMutableBytes(of: &upper) { cpu.copyRegisters(from: .upper(0), to: $0) }
    }

    fileprivate func load(into cpu: CPU) {
        cpu[.x87Control] = UInt64(control)
        cpu[.x87Status] = UInt64(status)
        var words: UInt64 = 0
        for register in 0..<8 where tags >> UInt8(register) & 1 == 0 { words |= 3 << UInt64(2 * register) }
        cpu[.x87Tags] = words
        cpu[.x87Opcode] = UInt64(opcode)
        cpu[.x87Instruction] = instruction
        cpu[.x87Operand] = operand
        for number in 0..<8 {
            cpu[.x87Significand(number)] = UInt64(truncatingIfNeeded: stack[number])
            cpu[.x87Exponent(number)] = UInt64(truncatingIfNeeded: stack[number] >> 64)
        }
        cpu[.mxcsr] = UInt64(mxcsr)
        withUnsafeBytes(of: xmm) { cpu.loadRegisters(from: .xmm(0), $0) }
        withUnsafeBytes(of: upper) { cpu.loadRegisters(from: .upper(0), $0) }
    }
}
