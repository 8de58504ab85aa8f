// The conversation with one debugger: the commands of gdb's remote protocol (the manual's appendix "gdb Remote Serial Protocol"). What
// it sends is taken for hostile: numbers may be anything. A command that is not known gets an empty reply, as the protocol wants it.

import Glibc
import Lyrebird

/// One debugger, from its connection to its end.
final class Session {
    /// What becomes of the debugger after a command.
    enum Next {
        /// It waits for a command.
        case stopped
        /// The guest runs.
        case running
        /// It is gone, and the guest runs without it.
        case gone
        case killed
    }

    let server: DebugServer
    let connection: Connection
    /// The thread that register and memory commands mean (Hg), and the one that was stopped last.
    var selected = 0
    private var continued = ThreadName.any
    private var knowsBreakpointReasons = (software: false, hardware: false)
    private var knowsNoResumed = false
    var files = HostedFiles()

    private init(_ server: DebugServer, _ connection: Connection) {
        self.server = server
        self.connection = connection
    }

    /// Serves one debugger after the other until the program has ended.
    static func serve(_ server: DebugServer) {
        defer { server.closeAll() }
        while let socket = Listener.accept(server.listener) {
            guard server.locked({ server.outcome == nil }) else {
                close(socket)
                return
            }
            let descriptor = server.own(socket)
            if server.program.servesOnce { server.disown(server.listener) }
            server.attach()
            let session = Session(server, Connection(descriptor, wakeUp: server.wakeUp))
            let wasKilled = session.serve()
            session.files.closeAll(server)
            server.disown(descriptor)
            if wasKilled { return server.kill() }
            server.detach()
            if server.program.servesOnce || server.locked({ server.outcome != nil }) { return }
        }
    }

    /// - Returns: whether the debugger has killed the program.
    private func serve() -> Bool {
        server.settle()
        selected = server.takeEvent()?.thread.number ?? server.locked { server.threads.first?.number } ?? 0
        var next = Next.stopped
        while true {
            switch connection.next() {
            case .closed: return false
            case .interrupt: if next == .running { server.interrupt(selected) }
            case .wakeUp:
                guard next == .running else { continue }
                switch server.locked({ (server.outcome, server.isStopped) }) {
                case (let outcome?, _):
                    send(outcome)
                    return false
                case (nil, true):
                    server.settle()
                    sendStop()
                    next = .stopped
                case (nil, false): continue
                }
            case .packet(let packet):
                next = handle(packet, isRunning: next == .running)
                if next == .gone { return false }
                if next == .killed { return true }
                // It may have stopped, or ended, before the wake-up was looked at.
                if next == .running { server.locked { server.notify() } }
            }
        }
    }

    private func send(_ outcome: DebugServer.Outcome) {
        switch outcome {
        case .exited(let status): connection.send("W\(twoDigits(Int(status) & 0xFF))")
        case .signaled(let signal): connection.send("X\(twoDigits(GDBSignal.number(of: signal)))")
        }
    }

    func twoDigits(_ number: Int) -> String { (number < 16 ? "0" : "") + String(number, radix: 16) }

    // MARK: Stops

    /// Tells why the guest has stopped.
    private func sendStop() {
        if let (thread, event) = server.takeEvent() {
            selected = thread.number
            connection.send(stopReply(thread, event))
        } else if server.locked({ server.nobodyRuns }), knowsNoResumed {
            server.locked { server.nobodyRuns = false }
            connection.send("N")
        } else {
            connection.send(currentStop())
        }
    }

    /// The reply to "?": of a guest that is stopped for no reason but that.
    private func currentStop() -> String {
        guard let thread = thread(selected) else { return "W00" }
        return stopReply(thread, thread.event ?? .signal(SIGTRAP))
    }

    private func stopReply(_ thread: DebuggedThread, _ event: Event) -> String {
        var signal = SIGTRAP
        var reason = ""
        switch event {
        case .signal(let number): signal = number
        case .breakpoint(false) where knowsBreakpointReasons.software: reason = "swbreak:;"
        case .breakpoint(true) where knowsBreakpointReasons.hardware: reason = "hwbreak:;"
        case .breakpoint: break
        case .watchpoint(let hit):
            let name = hit.kind == .write ? "watch" : hit.kind == .read ? "rwatch" : "awatch"
            reason = "\(name):\(hex(hit.address));"
        }
        var text = "T\(twoDigits(GDBSignal.number(of: signal)))thread:\(hex(UInt64(thread.number)));\(reason)"
        for number in server.description.expedited {
            let value = server.description.entries[number].read(thread.cpu, pc: thread.pc)
            text += "\(twoDigits(number)):\(String(decoding: hex(value), as: UTF8.self));"
        }
        return text
    }

    func thread(_ number: Int) -> DebuggedThread? {
        server.locked { server.threads.first { $0.number == number } ?? server.threads.first }
    }

    private func thread(_ name: ThreadName) -> DebuggedThread? {
        if case .one(let number) = name {
            server.locked { server.threads.first { $0.number == number } }
        } else {
            thread(selected)
        }
    }

    // MARK: Commands

    func ok() { connection.send("OK") }
    func unknown() { connection.send("") }
    /// - Parameter number: an errno.
    func fail(_ number: Int32 = EINVAL) { connection.send("E\(twoDigits(Int(number) & 0xFF))") }

    private func handle(_ packet: [UInt8], isRunning: Bool) -> Next {
        var text = PacketText(packet[...].dropFirst())
        guard let command = packet.first else {
            unknown()
            return isRunning ? .running : .stopped
        }
        // While the guest runs, it is not to be looked at: only what ends that.
        if isRunning, command != UInt8(ascii: "k"), command != UInt8(ascii: "D") { return .running }
        switch Character(UnicodeScalar(command)) {
        case "?": connection.send(currentStop())
        case "g": readAll()
        case "G": writeAll(text)
        case "p": readRegister(&text)
        case "P": writeRegister(&text)
        case "m": readMemory(&text)
        case "M": writeMemory(&text, isBinary: false)
        case "X": writeMemory(&text, isBinary: true)
        case "Z", "z": setBreakpoint(&text, isSet: command == UInt8(ascii: "Z"))
        case "c", "s": return go(isStep: command == UInt8(ascii: "s"), signal: 0, &text, hasAddress: !text.isAtEnd)
        case "C", "S":
            guard let signal = text.number().flatMap(GDBSignal.signal) else {
                fail()
                break
            }
            return go(isStep: command == UInt8(ascii: "S"), signal: signal, &text, hasAddress: text.skip(";"))
        case "H": selectThread(&text)
        case "T":
            if case .one(let number)? = text.thread(),
                server.locked({ server.threads.contains { $0.number == number } })
            {
                ok()
            } else {
                fail()
            }
        case "D":
            ok()
            return .gone
        case "k": return .killed
        case "q": query(&text)
        case "Q": set(&text)
        case "v": return extended(&text)
        default: unknown()
        }
        return .stopped
    }

    private func selectThread(_ text: inout PacketText) {
        let isForRunning = text.skip("c")
        guard isForRunning || text.skip("g"), let name = text.thread() else { return fail() }
        if case .one = name, thread(name) == nil { return fail() }
        if isForRunning {
            continued = name
        } else if case .one(let number) = name {
            selected = number
        }
        ok()
    }

    // MARK: Running

    /// The old commands, which say what the thread of "Hc" does. When that steps, others go on.
    private func go(isStep: Bool, signal: Int32, _ text: inout PacketText, hasAddress: Bool) -> Next {
        guard let thread = thread(continued) else {
            fail()
            return .stopped
        }
        if hasAddress {
            guard let address = text.number(), writeRegisters(of: thread, { $0.pc = address }) else {
                fail()
                return .stopped
            }
        }
        server.resume { $0 === thread ? Action(isStep: isStep, signal: signal) : Action() }
        return .running
    }

    /// vCont: for each thread the first action counts that names it; those that none names stay.
    private func vCont(_ text: inout PacketText) -> Next {
        var rules: [(action: Action, threads: ThreadName)] = []
        while text.skip(";") {
            var part = PacketText(text.word(before: ";", isTaken: false))
            guard let action = action(&part) else { break }
            let name = part.skip(":") ? part.thread() : .all
            guard let name, part.isAtEnd else { break }
            rules.append((action, name == .any ? .all : name))
            if text.isAtEnd { return go(by: rules) }
        }
        fail()
        return .stopped
    }

    private func go(by rules: [(action: Action, threads: ThreadName)]) -> Next {
        func action(_ thread: DebuggedThread) -> Action? {
            rules.first { $0.threads == .all || $0.threads == .one(thread.number) }?.action
        }
        guard server.locked({ server.threads.contains { action($0) != nil } }) else {
            fail()
            return .stopped
        }
        server.resume(action)
        return .running
    }

    private func action(_ text: inout PacketText) -> Action? {
        if text.skip("c") { return Action() }
        if text.skip("s") { return Action(isStep: true) }
        if text.skip("r") {
            guard let (start, end) = text.pair() else { return nil }
            return Action(isStep: true, range: start..<max(start, end))
        }
        let isStep = text.skip("S")
        guard isStep || text.skip("C"), let signal = text.number().flatMap(GDBSignal.signal) else { return nil }
        return Action(isStep: isStep, signal: signal)
    }

    private func extended(_ text: inout PacketText) -> Next {
        if text.skip("Cont?") {
            connection.send("vCont;c;C;s;S;r")
        } else if text.skip("Cont") {
            return vCont(&text)
        } else if text.skip("Kill") {
            ok()
            return .killed
        } else if text.skip("File:"), let open = server.program.openFile {
            connection.send(files.answer(&text, server, open))
        } else {
            unknown()
        }
        return .stopped
    }

    // MARK: Registers

    private func readAll() {
        guard let thread = thread(selected) else { return fail() }
        connection.send(hex(server.description.entries.flatMap { $0.read(thread.cpu, pc: thread.pc) }))
    }

    private func readRegister(_ text: inout PacketText) {
        guard let thread = thread(selected), let entry = entry(&text) else { return fail() }
        connection.send(hex(entry.read(thread.cpu, pc: thread.pc)))
    }

    private func entry(_ text: inout PacketText) -> TargetDescription.Entry? {
        guard let number = text.number(), number < server.description.entries.count else { return nil }
        return server.description.entries[Int(number)]
    }

    private func writeAll(_ text: PacketText) {
        guard let thread = thread(selected), let bytes = text.bytes(), bytes.count == server.description.size else {
            return fail()
        }
        let isWritten = writeRegisters(of: thread) { cpu in
            var at = 0
            for entry in server.description.entries {
                entry.write(bytes[at..<at + entry.bits / 8], to: cpu)
                at += entry.bits / 8
            }
        }
        if isWritten { ok() } else { fail() }
    }

    private func writeRegister(_ text: inout PacketText) {
        guard let thread = thread(selected), let entry = entry(&text), text.skip("="), let bytes = text.bytes(),
            bytes.count == entry.bits / 8
        else { return fail() }
        if writeRegisters(of: thread, { entry.write(bytes[...], to: $0) }) { ok() } else { fail() }
    }

    /// Changes registers of a thread. If it is blocked in a call, it is fetched out of there first: the call would write its result.
    /// - Returns: false if it did not come.
    private func writeRegisters(of thread: DebuggedThread, _ body: (CPU) -> Void) -> Bool {
        server.locked {
            if thread.state == .away, thread.restart != 0 {
                thread.interruptCall()
                server.wait(milliseconds: 1000) { thread.state == .parked }
                guard thread.state == .parked else { return false }
            }
            thread.registersWritten = true
            body(thread.cpu)
            return true
        }
    }

    // MARK: Memory

    private func readMemory(_ text: inout PacketText) {
        guard let (address, size) = text.pair() else { return fail() }
        let bytes = server.readMemory(address, min(size, UInt64(Connection.packetSize / 2 - 16)))
        if bytes.isEmpty, size > 0 { fail(EFAULT) } else { connection.send(hex(bytes)) }
    }

    private func writeMemory(_ text: inout PacketText, isBinary: Bool) {
        guard let (address, size) = text.pair(), text.skip(":"), let bytes = isBinary ? Array(text.rest) : text.bytes(),
            bytes.count == size
        else { return fail() }
        do {
            if !bytes.isEmpty { try server.machine.memory.write(bytes, at: address) }
            ok()
        } catch { fail(EFAULT) }
    }

    private func setBreakpoint(_ text: inout PacketText, isSet: Bool) {
        guard let kind = text.number(), text.skip(","), let (address, size) = text.pair() else { return fail() }
        let answer = server.locked {
            let breakpoints = server.breakpoints
            return isSet ? breakpoints.insert(kind, address, size: size) : breakpoints.remove(kind, address, size: size)
        }
        switch answer {
        case .done: ok()
        case .unknown: unknown()
        case .failed: fail()
        }
    }

    // MARK: Queries

    private func query(_ text: inout PacketText) {
        let server = self.server
        if text.skip("Supported") {
            let features = text.rest.split { $0 == UInt8(ascii: ";") || $0 == UInt8(ascii: ":") }
            func has(_ name: String) -> Bool { features.contains { $0.elementsEqual(name.utf8) } }
            knowsBreakpointReasons = (has("swbreak+"), has("hwbreak+"))
            knowsNoResumed = has("no-resumed+")
            var reply =
                "PacketSize=\(hex(UInt64(Connection.packetSize)));QStartNoAckMode+;QPassSignals+;vContSupported+;swbreak+;hwbreak+;"
                + "no-resumed+;qXfer:features:read+"
            if server.program.reportsSignals { reply += ";qXfer:siginfo:read+" }
            if !server.program.auxiliaryVector.isEmpty { reply += ";qXfer:auxv:read+" }
            if !server.program.executable.isEmpty { reply += ";qXfer:exec-file:read+" }
            connection.send(reply)
        } else if text.skip("Xfer:features:read:target.xml:") {
            transfer(server.description.xml, &text)
        } else if text.skip("Xfer:auxv:read::") {
            transfer(server.program.auxiliaryVector, &text)
        } else if text.skip("Xfer:exec-file:read:") {
            _ = text.word(before: ":")
            transfer(server.program.executable, &text)
        } else if text.skip("Xfer:siginfo:read::") {
            let known = thread(selected)?.information ?? []
            // A stop that is no signal of the program's: the kernel's for a breakpoint.
            let trap = [UInt8(SIGTRAP), 0, 0, 0, 0, 0, 0, 0, 1] + [UInt8](repeating: 0, count: 119)
            transfer(known.isEmpty ? trap : known, &text)
        } else if text.skip("fThreadInfo") {
            let numbers = server.locked { server.threads.map { hex(UInt64($0.number)) } }
            connection.send(numbers.isEmpty ? "l" : "m" + numbers.joined(separator: ","))
        } else if text.skip("sThreadInfo") {
            connection.send("l")
        } else if text.skip("ThreadExtraInfo,") {
            guard let name = text.thread(), let thread = thread(name) else { return fail() }
            connection.send(hex(thread.name.utf8))
        } else if text.skip("Attached") {
            // What gdb does when it is left: a program that was started for it ends, and a machine goes on.
            connection.send(server.program.kill == nil ? "1" : "0")
        } else if text.skip("Symbol:") {
            ok()
        } else if text.skip("Rcmd,") {
            monitor(text.bytes() ?? [])
        } else if text.skip("CRC:") {
            checkSum(&text)
        } else if text.rest.elementsEqual("C".utf8) {
            connection.send("QC\(hex(UInt64(selected)))")
        } else {
            unknown()
        }
    }

    private func set(_ text: inout PacketText) {
        if text.skip("StartNoAckMode") {
            ok()
            connection.acknowledges = false
        } else if text.skip("PassSignals:") {
            var signals: Set<Int32> = []
            while let number = text.number() {
                if let signal = GDBSignal.signal(number) { signals.insert(signal) }
                guard text.skip(";") else { break }
            }
            server.locked { server.breakpoints.passedSignals = signals }
            ok()
        } else {
            unknown()
        }
    }

    /// A part of something longer: "offset,length".
    private func transfer(_ data: [UInt8], _ text: inout PacketText) {
        guard let (offset, size) = text.pair() else { return fail() }
        let start = Int(min(offset, UInt64(data.count)))
        let end = start + Int(min(size, UInt64(data.count - start), UInt64(Connection.packetSize / 2 - 16)))
        connection.send([UInt8(ascii: end == data.count ? "l" : "m")] + Connection.escaped(data[start..<end]))
    }

    /// gdb's own CRC-32, from the highest bit on, for the command compare-sections.
    private func checkSum(_ text: inout PacketText) {
        guard let (address, size) = text.pair() else { return fail() }
        var sum: UInt32 = .max
        var at: UInt64 = 0
        while at < size {
            let bytes = server.readMemory(address &+ at, min(size - at, 1 << 16))
            if bytes.isEmpty { return fail(EFAULT) }
            for byte in bytes {
                sum ^= UInt32(byte) << 24
                for _ in 0..<8 { sum = sum << 1 ^ (sum >> 31 == 1 ? 0x04C1_1DB7 : 0) }
            }
            at += UInt64(bytes.count)
        }
        connection.send("C\(hex(UInt64(sum)))")
    }

    private func monitor(_ command: [UInt8]) {
        let words = String(decoding: command, as: UTF8.self).split(separator: " ")
        var reply = "statistics: what translating has cost\nexplain ADDRESS: guest code's IR, as lifted and optimised\n"
        switch (words.first ?? "help", words.count) {
        case ("help", _): break
        case ("statistics", 1):
            let numbers = server.machine.statistics
            reply = "\(numbers.translations) translations of \(numbers.guestInstructions) guest instructions, "
            reply += "\(numbers.hostBytes + numbers.coldBytes) bytes of host code\n"
        case ("explain", 2):
            let digits = words[1].hasPrefix("0x") ? words[1].dropFirst(2) : words[1]
            guard let address = UInt64(digits, radix: 16), let found = server.machine.explain(address) else {
                reply = "there is no code at \(words[1])\n"
                break
            }
            reply = "IR\n\(found.lifted)\noptimised IR\n\(found.optimized)\n"
        default: reply = "unknown command; these are known:\n" + reply
        }
        connection.send(hex(reply.utf8.prefix(Connection.packetSize / 2 - 16)))
    }
}

extension DebugServer {
    /// As much of a range of memory as can be read from its start on.
    func readMemory(_ address: UInt64, _ size: UInt64) -> [UInt8] {
        var result: [UInt8] = []
        while UInt64(result.count) < size {
            let at = address &+ UInt64(result.count)
            let count = min(Memory.pageSize - at % Memory.pageSize, size - UInt64(result.count))
            guard let bytes = try? machine.memory.read(at, count: Int(count)) else { break }
            result += bytes
        }
        return result
    }

    /// Something that a thread has to say and the debugger has not been told yet.
    func takeEvent() -> (thread: DebuggedThread, event: Event)? {
        locked {
            for thread in threads where !thread.isEventKnown {
                guard let event = thread.event else { continue }
                thread.isEventKnown = true
                return (thread, event)
            }
            return nil
        }
    }
}
