// Machines as they were: memory and CPUs at a moment, to go back to, or to go on from in another machine.

import LyrebirdIR
import LyrebirdRuntime

/// The registers of a CPU at a moment: all that `CPU` lets one see of it.
public struct CPUState: Sendable {
    let guest: Guest
    let pc: UInt64
    let bytes: [UInt8]
}

extension CPU {
    /// The pc and all registers, to be kept. A CPU of the same guest takes them again, also one of another machine.
    public var state: CPUState {
        get {
            let size = machine.engine.layout.size
            return CPUState(
                guest: machine.guest, pc: pc,
                bytes: [UInt8](UnsafeRawBufferPointer(start: context.state, count: size)))
        }
        set {
            precondition(newValue.guest == machine.guest, "state of \(newValue.guest) for \(machine.guest)")
            pc = newValue.pc
            newValue.bytes.withUnsafeBytes { context.state.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
            context.forgetAnswers()
        }
    }
}

/// Guest memory at a moment. Pages are shared with every machine that goes on from it until somebody writes to them.
public struct Snapshot: Sendable {
    let image: MemoryImage
    let machine: ObjectIdentifier
}

/// A snapshot that cannot be taken, or be gone back to.
public enum SnapshotError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The machine's memory is the process's own.
    case hostProcess
    /// The snapshot is another machine's.
    case otherMachine
    /// A CPU of the machine is running.
    case running
    /// The host refused a call.
    case host(call: String, errno: Int32)

    public var description: String {
        switch self {
        case .hostProcess: "the address space of the process has no snapshots"
        case .otherMachine: "the snapshot is of another machine"
        case .running: "a CPU of the machine is running"
        case .host(let call, let errno): "the host refused \(call) (errno \(errno))"
        }
    }
}

extension Machine {
    /// Takes a snapshot of guest memory. No CPU may be running. Registers are the CPUs' (`CPU.state`), and devices keep what is in them;
    /// shared memory (`SharedMemory`) is what it is by then.
    public func snapshot() throws(SnapshotError) -> Snapshot {
        try check()
        do {
            return Snapshot(image: try engine.makeImage(), machine: ObjectIdentifier(self))
        } catch {
            throw .host(call: error.call, errno: error.errno)
        }
    }

    /// Goes back to a snapshot. That costs as much as pages have been written since, and is quickest for the latest one. Translations
    /// stay, but for those of code that was written.
    public func restore(_ snapshot: Snapshot) throws(SnapshotError) {
        try check()
        guard snapshot.machine == ObjectIdentifier(self) else { throw .otherMachine }
        do {
            try engine.restore(snapshot.image)
        } catch {
            throw .host(call: error.call, errno: error.errno)
        }
    }

    /// A machine of its own that goes on from a snapshot of this one: the same guest, configuration, memory, devices, ports and functions;
    /// no CPUs yet. Devices that answer by themselves answer both machines.
    public func fork(_ snapshot: Snapshot) throws -> Machine {
        guard snapshot.machine == ObjectIdentifier(self) else { throw SnapshotError.otherMachine }
        let other = try Machine(guest, addressSpace: addressSpace, configuration: configuration)
        do {
            try other.engine.adopt(snapshot.image, from: engine)
            let registered = engine.locked { functions.content }
            other.engine.locked {
                other.functions.content = registered
                // But for those that are younger than the engine's.
                other.functions.content.bodies.removeSubrange(other.engine.functionCountLocked...)
            }
        } catch {
            throw SnapshotError.host(call: error.call, errno: error.errno)
        }
        return other
    }

    private func check() throws(SnapshotError) {
        guard !isHostProcess else { throw .hostProcess }
        guard !engine.isRunning else { throw .running }
    }
}
