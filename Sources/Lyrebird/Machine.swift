// A machine: guest memory and the translations made from it, shared by its CPUs.

/// A processor architecture that Lyrebird runs.
public enum Guest: String, Sendable, CaseIterable {
    case arm64
}

/// Guest memory, translation cache and CPUs of one guest. Two machines share nothing.
public final class Machine: Sendable {
    /// Where guest memory lives.
    public enum AddressSpace: Sendable {
        /// A private reservation; guest address 0 is its first byte. Size in bytes.
        case window(size: UInt64)
        /// The address space of this process: guest addresses are host addresses (`HostProcess`).
        case hostProcess
    }

    public init(_ guest: Guest, addressSpace: AddressSpace = .window(size: 1 << 36)) throws(MachineError) { fatalError() }

    public let guest: Guest
    public var memory: Memory { fatalError() }
    /// The host process as this guest's kernel, nil unless the address space is `.hostProcess`.
    public var hostProcess: HostProcess? { fatalError() }
    public func makeCPU() throws(MachineError) -> CPU { fatalError() }
}

/// A machine that cannot be made.
public enum MachineError: Error, Sendable {
    case host(call: String, errno: Int32)
}
