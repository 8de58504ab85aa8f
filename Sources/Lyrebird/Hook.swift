// What an embedder puts into its guest's code: breakpoints, and functions that are called on the way. They are part of the translations of
// the addresses that they stand at: other code does not know of them. All of it may be changed at any time, from any thread and by
// the hooks themselves, and counts at once: for a CPU that runs meanwhile, from the next block on.

import LyrebirdIR
import LyrebirdRuntime

/// A function that a machine calls while its guest runs.
public final class Hook: Sendable {
    /// What makes a machine call a hook.
    public enum Event: Sendable {
        /// A basic block is entered: instructions of which the last one only is a branch or makes a system call. A block also starts where an
        /// instruction is that the CPU fetches anew after (such as ISB), and where `run` is told to start.
        case block
        /// An instruction will be executed.
        case instruction
    }

    /// What a hook is told.
    public struct Place: Sendable, Equatable {
        /// Guest address of the instruction, or of the block's first one.
        public var address: UInt64
        /// Bytes of the instruction, or of the block.
        public var size: Int

        public init(address: UInt64, size: Int) {
            self.address = address
            self.size = size
        }
    }

    private let engine: Engine
    private let handler: Handler

    init(_ engine: Engine, _ kind: HookKind, _ range: ClosedRange<UInt64>, _ handler: Handler) {
        self.engine = engine
        self.handler = handler
        engine.addHook(kind, range.lowerBound, range.upperBound, handler)
    }

    /// It is not called any more. A call on another thread may still be under way. Without this it is there as long as the machine.
    public func remove() { engine.removeHook(handler) }

    class Handler: HookHandler, @unchecked Sendable {}

    final class CodeHandler: Handler, @unchecked Sendable {
        private let body: @Sendable (CPU, Place) throws -> Void
        init(_ body: @escaping @Sendable (CPU, Place) throws -> Void) {
            self.body = body
            // In a structure it is as it is: a generic function would be given one that takes everything by reference.
            struct Stored { let body: @Sendable (CPU, Place) throws -> Void }
            super.init(unsafeBitCast(Stored(body: body), to: HookClosure.self))
        }
    }

    final class SystemCallHandler: Handler, @unchecked Sendable {
        let body: @Sendable (CPU, UInt32) throws -> Bool
        init(_ body: @escaping @Sendable (CPU, UInt32) throws -> Bool) {
            self.body = body
            super.init(nil)
        }

        override func call(_ cpu: CPUContext, immediate: UInt32) throws -> Bool {
            try CPU.owning(cpu) { try body($0, immediate) }
        }
    }
}

extension Machine {
    /// Calls a function before each block, or each instruction, whose address is in a range.
    ///
    /// The state of the CPU is exact in it: `pc` is the address, and every register may be read and written. If it writes another pc, the CPU
    /// goes on there. What it throws comes out of `run`, and the next `run` goes on with the instruction that it was called for, without
    /// calling it again. It may do with the machine what can be done outside of `run`, but for running the same CPU. Several hooks of one
    /// address are called in the order in which they were added, until one of them throws or writes another pc.
    /// - Parameters:
    ///   - addresses: nil for all.
    ///   - body: called on the thread that runs the CPU.
    @discardableResult
    public func addHook(
        _ event: Hook.Event, in addresses: ClosedRange<UInt64>? = nil,
        _ body: @escaping @Sendable (CPU, Hook.Place) throws -> Void
    ) -> Hook {
        Hook(engine, event == .block ? .block : .instruction, addresses ?? 0...UInt64.max, Hook.CodeHandler(body))
    }

    /// Calls a function for each system call, with its immediate as `Exit.systemCall` has it. The pc is already behind the instruction.
    /// - Parameter body: returns whether it has done what the guest asked for, so that the guest goes on; if none of the hooks has, `run`
    ///   returns `.systemCall`.
    @discardableResult
    public func addSystemCallHook(_ body: @escaping @Sendable (CPU, _ immediate: UInt32) throws -> Bool) -> Hook {
        Hook(engine, .systemCall, 0...UInt64.max, Hook.SystemCallHandler(body))
    }

    /// CPUs that come to the address leave `run` with `.breakpoint`, before the instruction. A breakpoint that is there already stays.
    public func addBreakpoint(at address: UInt64) { engine.addBreakpoint(at: address) }

    /// Without effect where there is none.
    public func removeBreakpoint(at address: UInt64) { engine.removeBreakpoint(at: address) }
}
