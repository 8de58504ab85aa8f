// `--strace`: a line on standard error for each system call, in the form strace(1) made familiar.

import Glibc
import Lyrebird
import Synchronization

/// Writes what a guest asks of the kernel.
final class Tracer {
    /// Standard error as it was when the program started: the guest may close its own.
    let descriptor: Int32
    private let abi: ABI
    private let host: HostProcess
    /// Lines begin with the thread's number once there is more than one.
    private let showsThread = Atomic(false)
    /// Nobody reads the lines any more.
    private let isBroken = Atomic(false)
    /// SIGPIPEs that came of it, and are not the guest's.
    private let ownSignals = Atomic(0)

    init(abi: ABI, host: HostProcess) {
        self.abi = abi
        self.host = host
        descriptor = PrivateDescriptor.copy(of: 2, host: host) ?? 2
    }

    /// From now on lines show which thread they are of.
    func showThreads() { showsThread.store(true, ordering: .relaxed) }

    /// A line whose results are still to come.
    struct Line {
        fileprivate var arguments: [String]
    }

    /// Describes a call that is about to be made. What the call reads is read now, before the guest can change it.
    func begin(_ call: SystemCall, number: UInt64, _ a: Arguments, memory: Memory) -> Line {
        guard call != .unassigned else {
            return Line(arguments: [])
        }
        let line = Line(arguments: TraceFormat(call, abi).arguments(a, memory))
        switch call {
        // These do not come back to say what they returned.
        case .exit, .exit_group, .rt_sigreturn: write("\(call)(\(line.arguments.joined(separator: ", "))) = ?")
        default: break
        }
        return line
    }

    /// Writes a call's line.
    /// - Parameter result: nil for a call that is made again after a signal.
    func end(_ line: Line, _ call: SystemCall, number: UInt64, _ a: Arguments, result: Int?, memory: Memory) {
        switch call {
        case .exit, .exit_group, .rt_sigreturn: return
        case .unassigned: write("syscall_0x\(String(number, radix: 16))(...) = -1 ENOSYS (unknown)")
        default:
            guard let result else {
                write("\(call)(\(line.arguments.joined(separator: ", "))) = ? (to be made again)")
                return
            }
            let format = TraceFormat(call, abi)
            let arguments = format.completed(line.arguments, a, result: result, memory)
            write("\(call)(\(arguments.joined(separator: ", "))) = \(format.result(result))")
        }
    }

    /// Notes a signal that is delivered.
    func note(_ signal: Int32, info: [UInt8]) {
        write("--- \(TraceFormat.signalName(signal)) \(TraceFormat.signalInfo(info)) ---")
    }

    /// Notes why the call whose line comes next is refused.
    func note(refusal reason: StaticString) { write("--- refused: \(reason) ---") }

    /// Notes how the process ends.
    func note(_ status: ExitStatus) {
        switch status {
        case .exited(let code): write("+++ exited with \(code) +++")
        case .signaled(let signal): write("+++ killed by \(TraceFormat.signalName(signal)) +++")
        }
    }

    /// Whether a SIGPIPE that was caught is one of the tracer's.
    func takesPipeSignal() -> Bool {
        guard isBroken.load(ordering: .acquiring) else { return false }
        if ownSignals.subtract(1, ordering: .relaxed).oldValue > 0 { return true }
        ownSignals.add(1, ordering: .relaxed)
        return false
    }

    private func write(_ text: String) {
        guard !isBroken.load(ordering: .relaxed) else { return }
        // One write a line, so that the lines of several processes stay whole.
        let prefix = showsThread.load(ordering: .relaxed) ? "[pid \(host.systemCall(.gettid))] " : ""
        let bytes = Array("\(prefix)\(text)\n".utf8)
        bytes.withUnsafeBytes { buffer in
            let result = host.systemCall(
                .write, UInt64(descriptor), UInt64(UInt(bitPattern: buffer.baseAddress)), UInt64(buffer.count))
            if result == Errno.EPIPE.result { stopWriting() }
        }
    }

    /// The SIGPIPE that comes with it is pending, where this thread blocks it, or has been caught, unless it is ignored: its
    /// disposition is never the default while there is a tracer.
    private func stopWriting() {
        isBroken.store(true, ordering: .releasing)
        // A signal set and a timeout of zero; then `struct sigaction`.
        var words = InlineArray<7, UInt64>(repeating: 0)
        words[0] = Signal.bit(Signal.pipe)
        let isCaught = withUnsafeMutableBytes(of: &words) { buffer in
            let address = UInt64(UInt(bitPattern: buffer.baseAddress))
            if host.systemCall(.rt_sigtimedwait, address, 0, address + 8, 8) >= 0 { return false }
            let action = address + 24
            guard host.systemCall(.rt_sigaction, UInt64(Signal.pipe), 0, action, 8) == 0 else { return false }
            let ignored: UInt64 = 1
            return buffer.load(fromByteOffset: 24, as: UInt64.self) != ignored
        }
        if isCaught { ownSignals.add(1, ordering: .relaxed) }
    }
}

/// Guest memory as the tracer looks at it: what cannot be read is shown as an address.
protocol TraceMemory {
    func bytes(at address: UInt64, count: Int) -> [UInt8]?
    func string(at address: UInt64, limit: Int) -> [UInt8]?
}

extension Memory: TraceMemory {
    func bytes(at address: UInt64, count: Int) -> [UInt8]? { try? read(address, count: count) }

    func string(at address: UInt64, limit: Int) -> [UInt8]? {
        guard let string = try? readCString(at: address, limit: limit) else { return nil }
        return string
    }
}
