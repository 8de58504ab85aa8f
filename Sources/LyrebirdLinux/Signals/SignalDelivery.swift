// Bringing signals to the guest: which come, what becomes of an interrupted call, and the way into a handler and back
// (`kernel/signal.c`).

import Lyrebird
import LyrebirdDebug

/// A signal that the guest's own instruction caused.
struct SynchronousSignal {
    var number: Int32
    var code: Int32
    var address: UInt64 = 0
    /// For the signal frame: what the processor said.
    var cause: ExceptionRecord?

    static func fault(_ fault: Fault, cause: ExceptionRecord) -> SynchronousSignal {
        let (number, code): (Int32, Int32) =
            switch fault.cause {
            case .unmapped: (Signal.segmentation, 1)  // SEGV_MAPERR
            case .protection: (Signal.segmentation, 2)  // SEGV_ACCERR
            case .alignment: (Signal.bus, 1)  // BUS_ADRALN
            case .bus: (Signal.bus, 2)  // BUS_ADRERR
            }
        return SynchronousSignal(number: number, code: code, address: fault.address, cause: cause)
    }

    /// The signal of an exception at an address.
    init(_ trap: TrapSignal, pc: UInt64) {
        number = trap.number
        code = trap.code
        address = trap.hasAddress ? pc : 0
        cause = trap.vector.map { ExceptionRecord(syndrome: trap.syndrome, vector: $0) }
    }

    init(number: Int32, code: Int32, address: UInt64, cause: ExceptionRecord? = nil) {
        self.number = number
        self.code = code
        self.address = address
        self.cause = cause
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
            if let shown = shown(signal, interrupted: &interrupted) { deliver(shown, interrupted: &interrupted) }
        }
        // Nobody handles it: the call goes on as if nothing had been.
        if let call = interrupted, arrived || call.restart == .always { restart(call) }
        temporaryMask = nil
        if end == nil { openSignals() }
    }

    /// Delivers one signal.
    /// - Parameter interrupted: the call that it has interrupted; nil when a handler has been entered.
    func deliver(_ signal: HostSignal, interrupted: inout Interruption?) {
        if let tracer { tracer.note(signal.number, info: signal.info.bytes) }
        guard let action = handler(for: signal.number) else { return }
        if let call = interrupted { settle(call, action) }
        interrupted = nil
        enter(action, signal: signal.number, info: signal.info, cause: nil)
    }

    /// Delivers a signal that cannot wait. One that is blocked or ignored ends the process (`force_sig_info_to_task`).
    func deliver(_ signal: SynchronousSignal) {
        if debugger != nil {
            var nothing: Interruption?
            let known = HostSignal(number: signal.number, info: signal.info)
            guard let shown = shown(known, interrupted: &nothing) else { return }
            if shown.number != signal.number {
                deliver(shown, interrupted: &nothing)
                if end == nil { applyMask() }
                return
            }
        }
        if let tracer { tracer.note(signal.number, info: signal.info.bytes) }
        let action = process.takeAction(for: signal.number)
        guard !action.isDefault, !action.isIgnored, mask & Signal.bit(signal.number) == 0 else {
            end = .process(.signaled(signal.number))
            return
        }
        enter(action, signal: signal.number, info: signal.info, cause: signal.cause)
        if end == nil { applyMask() }
    }

    /// Delivers the signal of an exception that the instruction at the pc has caused.
    func deliver(_ trap: TrapSignal) {
        let pc = cpu.pc
        cpu.pc = pc &+ trap.advance
        deliver(SynchronousSignal(trap, pc: pc))
    }

    /// Takes what the host has caught for this thread, and keeps it from catching more until the mask is set again: it has room
    /// for one signal, and what comes while the mask is being changed must not displace it.
    func collectSignals() {
        host.blockSignals(on: cpu)
        while let signal = host.takeSignal(for: cpu) {
            if signal.number == Signal.pipe, let tracer, tracer.takesPipeSignal() { continue }
            if isInterruption(signal) { continue }
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
    func restart(_ call: Interruption) {
        cpu[processor.result] = call.replaced
        cpu.pc &-= processor.callSize
    }

    /// The thread stops for good: if it is in a call that was interrupted, it is before it.
    func restartInterrupted() {
        if let call = interruption { restart(call) }
        interruption = nil
    }

    /// Sets the registers for a handler and saves the old ones on its stack.
    private func enter(_ action: SignalAction, signal: Int32, info: SignalInfo, cause: ExceptionRecord?) {
        let entry = HandlerEntry(
            signal: signal, action: action, info: info, cause: cause, mask: mask, alternateStack: alternateStack,
            signalReturn: process.image.signalReturn)
        guard processor.frames.enter(entry, on: self) else {
            forceSegmentationFault(in: signal)
            return
        }
        debugger?.enteredHandler(on: cpu)
        if alternateStack.flags & AlternateStack.autoDisarm != 0 { alternateStack = AlternateStack() }

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
        guard let saved = processor.frames.leave(self) else {
            deliver(.badFrame)
            return 0
        }
        mask = saved.mask & ~Signal.unblockable
        // restore_altstack: errors are not the handler's business.
        _ = try? setAlternateStack(saved.stack)
        applyMask()
        return 0
    }
}
