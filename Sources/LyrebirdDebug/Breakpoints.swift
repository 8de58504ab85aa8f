// Breakpoints and watchpoints, in terms of the machine's own: where accesses are checked, watchpoints are hooks of memory. Elsewhere
// what is watched is compared before each instruction, which takes some hundred nanoseconds each, and only writes are seen. Threads take
// turns then, so that it is known whose the write was.

import Glibc
import Lyrebird

/// A watchpoint that an access or a comparison has met; thrown out of hooks.
struct WatchHit: Error {
    enum Kind: UInt64 {
        case write = 2, read = 3, access = 4
    }

    let kind: Kind
    let address: UInt64
    /// The access has been made.
    let isMade: Bool
}

/// What a debugger has set. Guarded by the server's lock.
final class Breakpoints: @unchecked Sendable {
    /// Insertion and removal.
    enum Answer { case done, unknown, failed }

    private struct Watchpoint {
        let kind: WatchHit.Kind
        let address: UInt64
        /// nil: compared.
        let hook: MemoryHook?
        var content: [UInt8]
    }

    private let machine: Machine
    weak var server: DebugServer?
    private var software: Set<UInt64> = []
    private var hardware: Set<UInt64> = []
    private var watchpoints: [Watchpoint] = []
    /// Compares before each instruction, while there is anything to be compared.
    private var comparing: Hook?
    /// Whose turn it is meanwhile, for how many instructions more, and who comes next.
    private var runner: DebuggedThread?
    private var turn = 0
    private var queue: [DebuggedThread] = []
    /// Signals that the debugger does not want to be told of, by Linux's numbers.
    var passedSignals: Set<Int32> = []

    private static let largestWatchpoint: UInt64 = 4096
    /// Instructions.
    private static let turnLength = 1000

    init(_ machine: Machine) { self.machine = machine }

    /// What a CPU has to say that has come to an address; nil if it is nothing of the debugger's.
    func event(at address: UInt64) -> Event? {
        if software.contains(address) { return .breakpoint(isHardware: false) }
        return hardware.contains(address) ? .breakpoint(isHardware: true) : nil
    }

    /// - Parameter kind: of the packets Z and z.
    func insert(_ kind: UInt64, _ address: UInt64, size: UInt64) -> Answer {
        switch kind {
        case 0, 1:
            if kind == 0 { software.insert(address) } else { hardware.insert(address) }
            machine.addBreakpoint(at: address)
            return .done
        default:
            guard let kind = WatchHit.Kind(rawValue: kind) else { return .unknown }
            guard (1...Self.largestWatchpoint).contains(size), address &+ (size - 1) >= address else { return .failed }
            return watch(kind, address...address + (size - 1))
        }
    }

    func remove(_ kind: UInt64, _ address: UInt64, size: UInt64) -> Answer {
        switch kind {
        case 0, 1:
            if kind == 0 { software.remove(address) } else { hardware.remove(address) }
            if event(at: address) == nil { machine.removeBreakpoint(at: address) }
            return .done
        default:
            guard let kind = WatchHit.Kind(rawValue: kind) else { return .unknown }
            guard
                let index = watchpoints.firstIndex(where: {
                    $0.kind == kind && $0.address == address && $0.content.count == size
                })
            else { return .failed }
            watchpoints.remove(at: index).hook?.remove()
            stopComparing()
            return .done
        }
    }

    func removeAll() {
        for address in software.union(hardware) { machine.removeBreakpoint(at: address) }
        software = []
        hardware = []
        for watchpoint in watchpoints { watchpoint.hook?.remove() }
        watchpoints = []
        stopComparing()
        passedSignals = []
    }

    private func stopComparing() {
        guard !watchpoints.contains(where: { $0.hook == nil }) else { return }
        comparing?.remove()
        comparing = nil
        runner = nil
        queue = []
        server?.broadcast()
    }

    private func watch(_ kind: WatchHit.Kind, _ range: ClosedRange<UInt64>) -> Answer {
        let event: MemoryHook.Event =
            switch kind {
            case .write: .write
            case .read: .read
            case .access: .readAndWrite
            }
        var content = [UInt8](repeating: 0, count: range.count)
        do throws(MemoryError) {
            let hook = try machine.addMemoryHook(event, in: range) { [weak server] cpu, access in
                let address = max(access.address, range.lowerBound)
                if server?.stopsAtWatchpoints(cpu) == true {
                    throw WatchHit(kind: kind, address: address, isMade: false)
                }
            }
            watchpoints.append(Watchpoint(kind: kind, address: range.lowerBound, hook: hook, content: content))
            return .done
        } catch .unchecked {
            guard kind == .write else { return .unknown }
            read(range.lowerBound, &content)
            watchpoints.append(Watchpoint(kind: kind, address: range.lowerBound, hook: nil, content: content))
            if comparing == nil {
                comparing = machine.addHook(.instruction) { [weak server] cpu, _ in try server?.compare(for: cpu) }
            }
            return .done
        } catch {
            return .failed
        }
    }

    /// What cannot be read stays as it was.
    private func read(_ address: UInt64, _ content: inout [UInt8]) {
        content.withUnsafeMutableBytes { buffer in
            do { try machine.memory.read(address, into: buffer) } catch {}
        }
    }

    /// Takes what is watched as it is now: the debugger may have written to it.
    func refresh() {
        for index in watchpoints.indices where watchpoints[index].hook == nil {
            read(watchpoints[index].address, &watchpoints[index].content)
        }
    }

    /// Waits until it is a thread's turn, if there are turns.
    func beginTurn(_ thread: DebuggedThread) {
        guard comparing != nil, let server, runner !== thread else { return }
        if runner == nil { runner = thread } else { queue.append(thread) }
        while comparing != nil, runner !== thread { server.wait() }
        turn = Self.turnLength
    }

    /// A thread does not run any more.
    /// - Returns: what it has changed since it was compared last.
    func endTurn(_ thread: DebuggedThread) -> WatchHit? {
        guard comparing != nil, runner === thread else { return nil }
        defer { passTurn() }
        return changedWatchpoint()
    }

    private func passTurn() {
        runner = queue.isEmpty ? nil : queue.removeFirst()
        server?.broadcast()
    }

    /// Before an instruction of a thread.
    func compare(_ thread: DebuggedThread) throws(WatchHit) {
        if runner === thread {
            if let hit = changedWatchpoint() { throw hit }
            turn -= 1
            if turn > 0 || queue.isEmpty { return }
            passTurn()
        }
        beginTurn(thread)
    }

    /// Something that is compared and has changed since the last time.
    private func changedWatchpoint() -> WatchHit? {
        for index in watchpoints.indices where watchpoints[index].hook == nil {
            let watchpoint = watchpoints[index]
            let isSame = withUnsafeTemporaryAllocation(byteCount: watchpoint.content.count, alignment: 16) { buffer in
                do { try machine.memory.read(watchpoint.address, into: buffer) } catch { return true }
                return watchpoint.content.withUnsafeBytes {
                    memcmp($0.baseAddress!, buffer.baseAddress!, buffer.count) == 0
                }
            }
            if isSame { continue }
            read(watchpoint.address, &watchpoints[index].content)
            return WatchHit(kind: .write, address: watchpoint.address, isMade: true)
        }
        return nil
    }
}

extension DebugServer {
    /// Before an instruction.
    func compare(for cpu: CPU) throws(WatchHit) {
        try locked { () throws(WatchHit) in
            guard isDebugging, let thread = threads.first(where: { $0.cpu === cpu }), thread.state == .running else {
                return
            }
            try breakpoints.compare(thread)
        }
    }

    /// Whether a CPU that a hook was called for is under the debugger's control at the moment.
    func stopsAtWatchpoints(_ cpu: CPU) -> Bool {
        locked {
            guard isDebugging, let thread = threads.first(where: { $0.cpu === cpu }) else { return false }
            return thread.state == .running && !thread.passesWatchpoints
        }
    }
}
