// Functions that are called for accesses to memory.

import LyrebirdRuntime

/// An access to memory that a hook is told of, before it is made.
public struct MemoryAccess: Sendable, Equatable {
    /// Guest address of the first byte.
    public var address: UInt64
    /// Bytes: 1 to 8. What is wider is told of in parts.
    public var size: Int
    public var isWrite: Bool
    /// What is written, or will be read: zero-extended.
    public var value: UInt64

    public init(address: UInt64, size: Int, isWrite: Bool, value: UInt64) {
        self.address = address
        self.size = size
        self.isWrite = isWrite
        self.value = value
    }
}

/// A function that is called for accesses to memory.
public final class MemoryHook: Sendable {
    /// What it is called for.
    public enum Event: Sendable { case read, write, readAndWrite }

    private let engine: Engine
    private let hook: Handler

    init(_ engine: Engine, _ hook: Handler) {
        self.engine = engine
        self.hook = hook
    }

    final class Handler: AccessHook, @unchecked Sendable {
        let body: @Sendable (CPU, MemoryAccess) throws -> Void

        init(
            _ event: Event, _ range: ClosedRange<UInt64>, _ body: @escaping @Sendable (CPU, MemoryAccess) throws -> Void
        ) {
            self.body = body
            super.init(
                low: range.lowerBound, high: range.upperBound, reads: event != .write, writes: event != .read)
        }

        override func call(_ cpu: CPUContext, _ access: LyrebirdRuntime.DeviceAccess) throws {
            try CPU.owning(cpu) {
                try body(
                    $0,
                    MemoryAccess(
                        address: access.address, size: access.size, isWrite: access.isWrite, value: access.value))
            }
        }
    }

    /// It is not called any more. Without this it is there as long as the machine.
    public func remove() { engine.removeAccessHook(hook) }
}

extension Machine {
    /// Calls a function before each access of guest code to a range of addresses: those that lie in the range at least in part. Fetches of
    /// instructions, and accesses by the embedder, are none.
    ///
    /// The state of the CPU is exact in it, as before the instruction: every register may be read. What it throws comes out of `run`, and the
    /// access is not made; the next `run` starts the instruction over. An atomic access is told of as a read, and a write if there is one.
    ///
    /// While there are such hooks, all code of the machine looks at each of its accesses of that kind; an access in the range costs some tens of
    /// nanoseconds, and so does one between the ranges of several hooks.
    /// - Parameters:
    ///   - addresses: nil for all.
    ///   - body: called on the thread that runs the CPU.
    /// - Throws: `MemoryError.unchecked` where accesses are not checked (`AddressSpace.checked`).
    @discardableResult
    public func addMemoryHook(
        _ event: MemoryHook.Event, in addresses: ClosedRange<UInt64>? = nil,
        _ body: @escaping @Sendable (CPU, MemoryAccess) throws -> Void
    ) throws(MemoryError) -> MemoryHook {
        guard engine.memory.isChecked else { throw .unchecked }
        let range = addresses ?? 0...UInt64.max
        let hook = MemoryHook.Handler(event, range, body)
        engine.addAccessHook(hook)
        return MemoryHook(engine, hook)
    }
}

extension CPU {
    /// The CPU of a context, for as long as `body` takes.
    @inline(__always)
    static func owning<T>(_ context: CPUContext, _ body: (CPU) throws -> T) rethrows -> T {
        guard let owner = context.owner else { preconditionFailure("a CPU runs that nobody has") }
        return try Unmanaged<CPU>.fromOpaque(owner)._withUnsafeGuaranteedRef { try body($0) }
    }
}
