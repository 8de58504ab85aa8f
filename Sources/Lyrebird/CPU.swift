// One CPU: registers and the loop that runs guest code until there is a reason to leave it.

/// A CPU of a machine. Belongs to one thread at a time; only its stop handle may be used from others.
public final class CPU {
    public var pc: UInt64 { get { fatalError() } set { fatalError() } }
    public subscript(_ register: Register) -> UInt64 { get { fatalError() } set { fatalError() } }
    public subscript(_ register: VectorRegister) -> UInt128 { get { fatalError() } set { fatalError() } }
    /// Runs guest code from `pc` until there is a reason to leave it.
    public func run() -> Exit { fatalError() }
    /// Makes `run` return `.stopped` soon, from any thread and from signal handlers.
    public var stopHandle: StopHandle { fatalError() }
    init() { fatalError() }
}

/// Stops a CPU from anywhere.
public struct StopHandle: Sendable {
    public func stop() { fatalError() }
}
