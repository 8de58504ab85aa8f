// Bringing signals to the guest: which come, what becomes of an interrupted call, and the way into a handler and back
// (`kernel/signal.c`, `arch/arm64/kernel/signal.c`).

import Lyrebird

/// A signal that the guest's own instruction caused.
struct SynchronousSignal {
    var number: Int32
    var code: Int32
    var address: UInt64
    /// For the signal frame: where and why an access failed.
    var syndrome: UInt64?

    static func fault(_ fault: Fault) -> SynchronousSignal {
        let (number, code): (Int32, Int32) =
            switch fault.cause {
            case .unmapped: (Signal.segmentation, 1)  // SEGV_MAPERR
            case .protection: (Signal.segmentation, 2)  // SEGV_ACCERR
            case .alignment: (Signal.bus, 1)  // BUS_ADRALN
            case .bus: (Signal.bus, 2)  // BUS_ADRERR
            }
        return SynchronousSignal(
            number: number, code: code, address: fault.address, syndrome: ARM64SignalFrame.syndrome(of: fault))
    }

    /// ILL_ILLOPC
    static func illegalInstruction(pc: UInt64) -> SynchronousSignal {
        SynchronousSignal(number: Signal.illegalInstruction, code: 1, address: pc)
    }

    /// TRAP_BRKPT
    static func breakpoint(pc: UInt64) -> SynchronousSignal {
        SynchronousSignal(number: Signal.trap, code: 1, address: pc)
    }

    /// A stack that a frame cannot be written to or read from: SI_KERNEL.
    static let badFrame = SynchronousSignal(number: Signal.segmentation, code: 0x80, address: 0)

    var info: SignalInfo {
        var info = SignalInfo()
        info.store(number, at: 0)
        info.store(code, at: 8)
        info.store(address, at: 16)
        return info
    }
}

extension GuestThread {
    /// Delivers what the host has for this thread, and settles the call that was interrupted for it.
    func deliverSignals() {
        if process.isEnding { return }
        var interrupted = interruption
        interruption = nil
        var arrived = false
        collectSignals()
        while end == nil, let signal = nextSignal() {
            arrived = true
            if let tracer { tracer.note(signal.number, info: signal.info.bytes) }
            if let action = handler(for: signal.number) {
                if let call = interrupted { settle(call, action) }
                interrupted = nil
                enter(action, signal: signal.number, info: signal.info, faultAddress: 0, syndrome: nil)
            }
        }
        // Nobody handles it: the call goes on as if nothing had been.
        if let call = interrupted, arrived || call.restart == .always { restart(call) }
        temporaryMask = nil
        if end == nil { openSignals() }
    }

    /// Delivers a signal that cannot wait. One that is blocked or ignored ends the process (`force_sig_info_to_task`).
    func deliver(_ signal: SynchronousSignal) {
        if let tracer { tracer.note(signal.number, info: signal.info.bytes) }
        let action = process.takeAction(for: signal.number)
        guard !action.isDefault, !action.isIgnored, mask & Signal.bit(signal.number) == 0 else {
            end = .process(.signaled(signal.number))
            return
        }
        enter(
            action, signal: signal.number, info: signal.info,
            faultAddress: signal.syndrome == nil ? 0 : signal.address, syndrome: signal.syndrome)
        if end == nil { applyMask() }
    }

    /// Takes what the host has caught for this thread, and keeps it from catching more until the mask is set again: it has room
    /// for one signal, and what comes while the mask is being changed must not displace it.
    func collectSignals() {
        host.blockSignals(on: cpu)
        while let signal = host.takeSignal(for: cpu) {
            // Those that the host cannot block are held here while the guest blocks them: one of each, as in the kernel.
            let isHeld = signal.number < Signal.firstRealTime && held.contains { $0.number == signal.number }
            if !isHeld { held.append(signal) }
        }
    }

    /// Puts a change of `mask` into force. What it lets through is delivered before the guest goes on.
    func applyMask() {
        if openAtOnce(mask) { return }
        collectSignals()
        openSignals()
    }

    /// Puts a mask into force with one call of the host's, if there is no signal that would have to be collected first.
    func openAtOnce(_ new: UInt64) -> Bool {
        guard held.isEmpty, !isVforked, host.setSignalMask(new, unlessStopping: cpu) else { return false }
        mask = new
        return true
    }

    /// Whether a signal has come that is not blocked.
    var hasSignal: Bool {
        guard !held.isEmpty else { return false }
        let blocked = temporaryMask ?? mask
        return held.contains { blocked & Signal.bit($0.number) == 0 }
    }

    private func nextSignal() -> HostSignal? {
        let blocked = temporaryMask ?? mask
        return held.firstIndex { blocked & Signal.bit($0.number) == 0 }.map { held.remove(at: $0) }
    }

    /// Before a call that changes which signals come, or whose process they come to: those that are there already are
    /// delivered first, and the call is made again behind their handlers. Until then no other is caught.
    /// - Returns: whether there are any.
    func interruptBeforehand() -> Bool {
        collectSignals()
        guard hasSignal else { return false }
        interruption = Interruption(restart: .always)
        return true
    }

    /// The action of a signal that has a handler; a signal without one is dealt with here.
    private func handler(for signal: Int32) -> SignalAction? {
        let action = process.takeAction(for: signal)
        if action.isIgnored { return nil }
        if action.isDefault {
            switch Signal.defaultAction(signal) {
            case .ignore: break
            case .stop: _ = host.systemCall(.kill, UInt64(host.systemCall(.getpid)), UInt64(Signal.stop))
            case .end: end = .process(.signaled(signal))
            }
            return nil
        }
        return action
    }

    /// A handler is about to run: either the call is made again behind it, or it fails.
    private func settle(_ call: Interruption, _ action: SignalAction) {
        switch call.restart {
        case .always: restart(call)
        case .ifHandlerAllows: if action.flags & SignalAction.restartsCalls != 0 { restart(call) }
        case .never: break
        }
    }

    /// Goes back to the call instruction, with the registers as they were.
    private func restart(_ call: Interruption) {
        cpu[abi.result] = call.firstArgument
        cpu.pc &-= abi.callSize
    }

    /// Sets the registers for a handler and saves the old ones on its stack: `setup_rt_frame`.
    private func enter(
        _ action: SignalAction, signal: Int32, info: SignalInfo, faultAddress: UInt64, syndrome: UInt64?
    ) {
        var context = ARM64Context(cpu)
        context.faultAddress = faultAddress
        context.syndrome = syndrome

        var top = context.stackPointer
        if action.flags & SignalAction.onAlternateStack != 0, alternateStack.size > 0, !alternateStack.contains(top) {
            top = alternateStack.pointer &+ alternateStack.size
        }
        // A frame record, so that a debugger finds its way from the handler to what it interrupted.
        let recordAddress = (top &- 16) & ~15
        let frameAddress = recordAddress &- UInt64(ARM64SignalFrame.size)
        let frame = scratch[2]
        let used = ARM64SignalFrame.write(
            to: frame, info: info, context: context, mask: mask,
            stack: alternateStack.record(stackPointer: context.stackPointer))
        do {
            try memory.write(UnsafeRawBufferPointer(rebasing: frame[..<used]), at: frameAddress)
            try memory.store(UInt128(context.general[29]) | UInt128(context.general[30]) << 64, at: recordAddress)
        } catch {
            forceSegmentationFault(in: signal)
            return
        }
        if alternateStack.flags & AlternateStack.autoDisarm != 0 { alternateStack = AlternateStack() }

        cpu[.x0] = UInt64(signal)
        if action.flags & SignalAction.wantsInfo != 0 {
            cpu[.x1] = frameAddress + UInt64(ARM64SignalFrame.info)
            cpu[.x2] = frameAddress + UInt64(ARM64SignalFrame.context)
        }
        cpu[.sp] = frameAddress
        cpu[.x29] = recordAddress
        let hasRestorer = action.flags & SignalAction.hasRestorer != 0
        cpu[.x30] = hasRestorer ? action.restorer : process.image.signalReturn
        cpu.pc = action.handler

        var blocked = (temporaryMask ?? mask) | action.mask
        if action.flags & SignalAction.keepsUnblocked == 0 { blocked |= Signal.bit(signal) }
        mask = blocked & ~Signal.unblockable
        temporaryMask = nil
    }

    /// A frame that cannot be written: SIGSEGV, and no handler for it if it is the SIGSEGV handler that has no stack.
    private func forceSegmentationFault(in signal: Int32) {
        if signal == Signal.segmentation { _ = process.setAction(SignalAction(), for: signal) }
        deliver(.badFrame)
    }

    /// rt_sigreturn(2): the registers and the mask of the frame at the stack pointer.
    func rtSigreturn() -> Int {
        registersAreSet = true
        let address = cpu[.sp]
        let frame = UnsafeMutableRawBufferPointer(rebasing: scratch[2][..<ARM64SignalFrame.size])
        guard address % 16 == 0, (try? memory.read(address, into: frame)) != nil,
            let contents = ARM64SignalFrame.parse(UnsafeRawBufferPointer(frame))
        else {
            deliver(.badFrame)
            return 0
        }
        contents.context.load(into: cpu)
        mask = contents.mask & ~Signal.unblockable
        // restore_altstack: errors are not the handler's business.
        _ = try? setAlternateStack(contents.stack)
        applyMask()
        return 0
    }
}
