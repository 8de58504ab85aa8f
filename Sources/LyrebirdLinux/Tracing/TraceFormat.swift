// How a call's arguments and result are written: a character for each argument says what it is.

/// The form of one system call's line.
struct TraceFormat {
    private let call: SystemCall
    private let abi: ABI
    private let signature: [UInt8]

    init(_ call: SystemCall, _ abi: ABI) {
        self.call = call
        self.abi = abi
        signature = call.traceSignature.withUTF8Buffer { Array($0) }
    }

    /// Bytes of a buffer that are shown.
    static let bufferLimit = 32
    private static let pathLimit = 4096
    private static let vectorLimit = 32

    /// The arguments as far as they are known before the call; what it will write is an address still.
    func arguments(_ a: Arguments, _ memory: some TraceMemory) -> [String] {
        signature.enumerated().map { index, kind in
            Self.text(kind, index, a, memory, abi)
        }
    }

    /// The arguments with what a successful call has written.
    func completed(_ arguments: [String], _ a: Arguments, result: Int, _ memory: some TraceMemory) -> [String] {
        guard result >= 0 else { return arguments }
        var completed = arguments
        for (index, kind) in signature.enumerated() where a[index] != 0 {
            switch Character(UnicodeScalar(kind)) {
            case "r":
                if let bytes = memory.bytes(at: a[index], count: min(result, Self.bufferLimit)) {
                    completed[index] = Self.quoted(bytes, isCut: result > Self.bufferLimit)
                }
            case "g":
                if let path = memory.string(at: a[index], limit: Self.pathLimit) {
                    completed[index] = Self.quoted(path)
                }
            case "2":
                if let bytes = memory.bytes(at: a[index], count: 8) {
                    completed[index] = "[\(bytes.integer(at: 0) as Int32), \(bytes.integer(at: 4) as Int32)]"
                }
            case "W":
                if result > 0, let bytes = memory.bytes(at: a[index], count: 4) {
                    completed[index] = Self.waitStatus(bytes.integer(at: 0))
                }
            case "B": completed[index] = Self.status(a[index], memory, abi) ?? completed[index]
            case "Q": completed[index] = Self.limit(a[index], memory) ?? completed[index]
            case "T":
                if let time = Self.time(a[index], memory) { completed[index] = time }
            default: break
            }
        }
        return completed
    }

    /// The result, with the name and the meaning of an error.
    func result(_ result: Int) -> String {
        if let error = Errno(result: result) { return "-1 \(error) (\(error.message))" }
        switch call {
        case .mmap, .brk, .mremap, .shmat: return Self.hex(UInt64(bitPattern: Int64(result)))
        default: return "\(result)"
        }
    }

    private static func text(
        _ kind: UInt8, _ index: Int, _ a: Arguments, _ memory: some TraceMemory, _ abi: ABI
    ) -> String {
        let value = a[index]
        let number = a.int(index)
        switch Character(UnicodeScalar(kind)) {
        case "d": return "\(number)"
        case "l": return "\(Int64(bitPattern: value))"
        case "u": return "\(value)"
        case "m": return number == 0 ? "0" : "0\(String(value & 0xffff_ffff, radix: 8))"
        case "F": return number == currentDirectory ? "AT_FDCWD" : "\(number)"
        case "s": return memory.string(at: value, limit: pathLimit).map { quoted($0) } ?? pointer(value)
        case "w": return bytes(value, count: a[index + 1], memory)
        case "I": return buffers(value, count: a[index + 1], memory)
        case "K": return socketAddress(value, length: a[index + 1] & 0xffff_ffff, memory)
        case "f": return polled(value, count: a[index + 1], memory)
        case "R": return limit(value, memory) ?? pointer(value)
        case "y": return event(value, memory, abi) ?? pointer(value)
        case "D": return name(value & 0xffff_ffff, TraceNames.domain)
        case "Y": return flags(value & 0xffff_ffff, TraceNames.socketType, none: "0")
        case "N": return name(value & 0xffff_ffff, TraceNames.advice)
        case "o": return name(value & 0xffff_ffff, TraceNames.processControl)
        case "v": return vector(value, memory)
        case "t": return time(value, memory) ?? pointer(value)
        case "G": return signalSet(value, memory)
        case "a": return action(value, memory)
        case "S": return signalName(number)
        case "O": return openFlags(abi.hostOpenFlags(value & 0xffff_ffff))
        case "P": return flags(value, TraceNames.protection, none: "PROT_NONE")
        case "M": return flags(value, TraceNames.map, none: "0")
        case "A": return flags(value & 0xffff_ffff, TraceNames.at, none: "0")
        case "C": return cloneFlags(value)
        case "h": return name(value, TraceNames.how)
        case "e": return name(value & 0xffff_ffff, TraceNames.whence)
        case "c": return name(value & 0xffff_ffff, TraceNames.clock)
        case "k": return futexOperation(value & 0xffff_ffff)
        case "n": return name(value & 0xffff_ffff, TraceNames.fcntl)
        case "i": return name(value & 0xffff_ffff, TraceNames.ioctl)
        case "L": return name(value & 0xffff_ffff, TraceNames.limit)
        case "E": return name(value & 0xffff_ffff, TraceNames.epoll)
        case "x": return hex(value)
        default: return pointer(value)
        }
    }

    // MARK: Values

    static func hex(_ value: UInt64) -> String { "0x\(String(value, radix: 16))" }

    static func pointer(_ value: UInt64) -> String { value == 0 ? "NULL" : hex(value) }

    /// A string as C writes it.
    static func quoted(_ bytes: [UInt8], isCut: Bool = false) -> String {
        var text = "\""
        for (index, byte) in bytes.enumerated() {
            switch byte {
            case 0x0a: text += "\\n"
            case 0x0d: text += "\\r"
            case 0x09: text += "\\t"
            case 0x22: text += "\\\""
            case 0x5c: text += "\\\\"
            case 0x20..<0x7f: text.unicodeScalars.append(UnicodeScalar(byte))
            default:
                let digits = String(byte, radix: 8)
                // A digit that follows would be read as part of the number.
                let next = index + 1 < bytes.count ? bytes[index + 1] : 0
                let isFollowed = (0x30...0x39).contains(next)
                text += "\\" + (isFollowed ? String(repeating: "0", count: 3 - digits.count) : "") + digits
            }
        }
        return text + (isCut ? "\"..." : "\"")
    }

    /// Names of the bits that are set, and the rest as a number.
    static func flags(_ value: UInt64, _ names: [TraceName], none: StaticString) -> String {
        var parts: [String] = []
        var rest = value
        for name in names where name.value != 0 && rest & name.value == name.value {
            parts.append("\(name.name)")
            rest &= ~name.value
        }
        if rest != 0 { parts.append(hex(rest)) }
        return parts.isEmpty ? "\(none)" : parts.joined(separator: "|")
    }

    static func name(_ value: UInt64, _ names: [TraceName]) -> String {
        names.first { $0.value == value }.map { "\($0.name)" } ?? hex(value)
    }

    /// The host's flags.
    static func openFlags(_ value: UInt64) -> String {
        let modes: [StaticString] = ["O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE"]
        let mode = "\(modes[Int(value & 3)])"
        return value & ~3 == 0 ? mode : "\(mode)|\(flags(value & ~3, TraceNames.open, none: "0"))"
    }

    static func cloneFlags(_ value: UInt64) -> String {
        let signal = Int32(value & 0xff)
        let rest = value & ~0xff
        if rest == 0 { return signalName(signal) }
        let names = flags(rest, TraceNames.clone, none: "0")
        return signal == 0 ? names : "\(names)|\(signalName(signal))"
    }

    static func futexOperation(_ value: UInt64) -> String {
        let isPrivate = value & 0x80 != 0 ? "_PRIVATE" : ""
        let clock = value & 0x100 != 0 ? "|FUTEX_CLOCK_REALTIME" : ""
        return name(value & 0x7f, TraceNames.futex) + isPrivate + clock
    }

    static func waitStatus(_ status: Int32) -> String {
        let signal = status & 0x7f
        if signal == 0 { return "[{WIFEXITED(s) && WEXITSTATUS(s) == \(status >> 8 & 0xff)}]" }
        if signal == 0x7f { return "[{WIFSTOPPED(s) && WSTOPSIG(s) == \(signalName(status >> 8 & 0xff))}]" }
        return "[{WIFSIGNALED(s) && WTERMSIG(s) == \(signalName(signal))}]"
    }

    static func signalName(_ signal: Int32) -> String {
        if (1...Int32(TraceNames.signals.count)).contains(signal) { return "SIG\(TraceNames.signals[Int(signal) - 1])" }
        return (32...Signal.count).contains(signal) ? "SIGRT_\(signal - 32)" : "\(signal)"
    }

    static func signalInfo(_ info: [UInt8]) -> String {
        guard info.count >= 24 else { return "{}" }
        let signal: Int32 = info.integer(at: 0)
        let code: Int32 = info.integer(at: 8)
        let start = "{si_signo=\(signalName(signal)), si_code=\(code)"
        // A fault has an address, a signal that a process sent has a sender.
        if code > 0, [4, 5, 7, 8, 11].contains(signal) { return "\(start), si_addr=\(hex(info.integer(at: 16)))}" }
        return "\(start), si_pid=\(info.integer(at: 16) as Int32), si_uid=\(info.integer(at: 20) as UInt32)}"
    }

    private static func signalSet(_ address: UInt64, _ memory: some TraceMemory) -> String {
        guard let bytes = memory.bytes(at: address, count: 8) else { return pointer(address) }
        return signalSet(bytes.integer(at: 0))
    }

    static func signalSet(_ mask: UInt64) -> String {
        // The shorter of the set and what is missing from it, as strace does.
        let isInverse = mask.nonzeroBitCount > 32
        let shown = isInverse ? ~mask : mask
        let names = (1...Signal.count).filter { shown & Signal.bit($0) != 0 }.map { signalName($0).dropFirst(3) }
        return (isInverse ? "~[" : "[") + names.joined(separator: " ") + "]"
    }

    private static func action(_ address: UInt64, _ memory: some TraceMemory) -> String {
        guard address != 0, let bytes = memory.bytes(at: address, count: SignalAction.size) else {
            return pointer(address)
        }
        let action = SignalAction(bytes)
        let handler = action.isDefault ? "SIG_DFL" : action.isIgnored ? "SIG_IGN" : hex(action.handler)
        let flags = flags(action.flags, TraceNames.action, none: "0")
        return "{sa_handler=\(handler), sa_mask=\(signalSet(action.mask)), sa_flags=\(flags)}"
    }

    private static func time(_ address: UInt64, _ memory: some TraceMemory) -> String? {
        guard address != 0, let bytes = memory.bytes(at: address, count: 16) else { return nil }
        return "{tv_sec=\(bytes.integer(at: 0) as Int64), tv_nsec=\(bytes.integer(at: 8) as Int64)}"
    }

    private static func vector(_ address: UInt64, _ memory: some TraceMemory) -> String {
        guard address != 0 else { return "NULL" }
        var parts: [String] = []
        while parts.count < vectorLimit {
            guard let bytes = memory.bytes(at: address &+ UInt64(parts.count * 8), count: 8) else {
                return hex(address)
            }
            let string: UInt64 = bytes.integer(at: 0)
            if string == 0 { return "[\(parts.joined(separator: ", "))]" }
            parts.append(memory.string(at: string, limit: pathLimit).map { quoted($0) } ?? hex(string))
        }
        return "[\(parts.joined(separator: ", ")), ...]"
    }
}
