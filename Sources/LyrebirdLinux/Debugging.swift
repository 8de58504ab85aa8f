// A process under a debugger (gdb's remote protocol, by LyrebirdDebug): what of its signals, calls and children the debugger sees.

import Glibc
import Lyrebird
import LyrebirdDebug

extension LinuxProcess {
    /// Listens for gdb, for one time. The program waits before its first instruction until gdb has come and lets it go. Children that it forks
    /// go on without, and a program that it executes ends the debugging.
    /// - Parameter address: "port", ":port" or "host:port". Without a host only this host is served; port 0 is any that is free. Who
    ///   connects can do what the process can.
    /// - Returns: "host:port" where it listens.
    @discardableResult
    public func listenForDebugger(at address: String) throws(DebugError) -> String {
        guard let leader = lock.locked({ leader }) else { throw .killed }
        var program = DebugServer.Program()
        program.reportsSignals = true
        program.isLinux = true
        program.servesOnce = true
        program.auxiliaryVector = image.stack.auxiliaryVector
        program.executable = paths.guestPath(paths.executable)
        program.kill = { ExitStatus.signaled(Signal.kill).endProcess() }
        let host = self.host
        program.placeDescriptor = { descriptor in
            guard let copy = PrivateDescriptor.copy(of: descriptor, host: host) else { return descriptor }
            close(descriptor)
            return copy
        }
        // The process is there as long as its threads, and longer than the server's.
        program.openFile = { [unowned self] path in openForDebugger(path) }
        program.attachmentChanged = { [unowned self] in interceptSignals($0) }
        let server = try DebugServer(machine, listeningAt: address, program: program)
        try leader.debugged(by: server, number: Int(getpid()))
        debugger = server
        return server.address
    }

    /// - Returns: a descriptor, or -errno.
    private func openForDebugger(_ path: [UInt8]) -> Int32 {
        do {
            let file = try HostFile(executable: paths.hostPath(path) ?? path, needsPermission: false)
            let copy = dup(file.descriptor)
            return copy >= 0 ? copy : -errno
        } catch { return Int32(truncatingIfNeeded: error.result) }
    }

    /// A debugger wants to see signals that would end or stop the process before the kernel acts on them.
    func interceptSignals(_ isWanted: Bool) {
        lock.locked {
            interceptsDefaults = isWanted
            for signal in 1...Signal.count where actions[signal].isDefault {
                _ = host.setDisposition(of: signal, to: disposition(of: actions[signal], for: signal))
            }
        }
    }

    /// What the host does. The lock is held.
    func disposition(of action: SignalAction, for signal: Int32) -> HostProcess.Disposition {
        if action.isIgnored { return .ignore }
        guard action.isDefault else { return .intercept }
        switch Signal.defaultAction(signal) {
        case .end:
            let endsUntold = reports != nil || tracer != nil && signal == Signal.pipe
            return endsUntold || interceptsDefaults ? .intercept : .default
        case .stop: return interceptsDefaults ? .intercept : .default
        case .ignore: return .default
        }
    }
}

extension GuestThread {
    func debugged(by server: DebugServer, number: Int) throws(DebugError) {
        try server.add(cpu, number: number, interrupt: { [unowned self] in interruptForDebugger() })
        debugger = server
    }

    /// Ends a call that this thread, another than the caller's, is blocked in: by a signal that is always caught, with a value that no guest knows.
    private func interruptForDebugger() {
        var info = SignalInfo()
        info.store(Signal.bus, at: 0)
        info.store(Self.queued, at: 8)
        info.store(getpid(), at: 16)
        info.store(process.interruptionMark, at: 24)
        info.bytes.withUnsafeBytes { bytes in
            let address = UInt64(UInt(bitPattern: bytes.baseAddress))
            let number = UInt64(id == 0 ? getpid() : id)
            _ = host.systemCall(.rt_tgsigqueueinfo, UInt64(getpid()), number, UInt64(Signal.bus), address)
        }
    }

    private static let queued: Int32 = -1  // SI_QUEUE

    /// Whether a signal is `interruptForDebugger`'s.
    func isInterruption(_ signal: HostSignal) -> Bool {
        guard debugger != nil, signal.number == Signal.bus else { return false }
        let bytes = signal.info.bytes
        return bytes.integer(at: 8) == Self.queued && bytes.integer(at: 24) == process.interruptionMark
    }

    /// Shows a signal to the debugger before it is delivered.
    /// - Parameter interrupted: the call that it interrupts, which the debugger sees as one that is still to be made. nil afterwards if the
    ///   debugger has changed registers: they are as it wants them.
    /// - Returns: what is to be delivered; nil for nothing.
    func shown(_ signal: HostSignal, interrupted: inout Interruption?) -> HostSignal? {
        guard let debugger else { return signal }
        let (pc, result) = (cpu.pc, cpu[processor.result])
        if let interrupted { restart(interrupted) }
        leaveKernel()
        let number = debugger.report(signal: signal.number, on: cpu, information: signal.info.bytes)
        enterKernel()
        if interrupted != nil {
            if debugger.registersWereWritten(of: cpu) {
                interrupted = nil
            } else {
                cpu.pc = pc
                cpu[processor.result] = result
            }
        }
        if number == signal.number { return signal }
        return number == 0 ? nil : HostSignal(number: number, info: Self.sentInfo(number))
    }

    /// Delivers a signal that the debugger has for this thread.
    func deliverDebuggersSignal() {
        guard let signal = debugger?.takeSignal(for: cpu) else { return }
        var info = Self.sentInfo(signal.number)
        for (offset, byte) in signal.information.prefix(SignalInfo.size - 8).enumerated() {
            info.store(byte, at: offset)
        }
        var nothing: Interruption?
        deliver(HostSignal(number: signal.number, info: info), interrupted: &nothing)
    }

    /// Of a signal by kill(2), by this process itself.
    private static func sentInfo(_ signal: Int32) -> SignalInfo {
        var info = SignalInfo()
        info.store(signal, at: 0)
        info.store(getpid(), at: 16)
        info.store(getuid(), at: 20)
        return info
    }
}

extension ExitStatus {
    var outcome: DebugServer.Outcome {
        switch self {
        case .exited(let status): .exited(status)
        case .signaled(let signal): .signaled(signal)
        }
    }
}
