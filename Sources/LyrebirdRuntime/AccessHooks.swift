// Functions that the embedder has called for accesses to memory. While there are any, all code is translated with a look at each access:
// whether its address is in a range that has all of what is watched, of reads or of writes. What is in it calls the runtime
// (AccessCalls.swift), which knows better. Code of machines without such functions knows nothing of them.

import CLyrebird
import LyrebirdIR
import LyrebirdX64

/// Is called for accesses to addresses. The embedding API has a class for its closures.
open class AccessHook: @unchecked Sendable {
    final let low: UInt64
    /// The last address.
    final let high: UInt64
    final let sides: WatchedSides
    /// Set once it is removed; a CPU that is calling hooks may still know it.
    @exclusivity(unchecked) fileprivate(set) final var isRemoved = false

    /// - Parameter high: the last address.
    public init(low: UInt64, high: UInt64, reads: Bool, writes: Bool) {
        self.low = low
        self.high = high
        var sides: WatchedSides = []
        if reads { sides.insert(.reads) }
        if writes { sides.insert(.writes) }
        self.sides = sides
    }

    /// - Parameter access: is made then; of a read, `value` is what will be read.
    open func call(_ cpu: CPUContext, _ access: DeviceAccess) throws {}

    /// Whether it is to be told of an access.
    @inline(__always) final func wants(_ address: UInt64, _ last: UInt64, isWrite: Bool) -> Bool {
        address <= high && last >= low && sides.contains(isWrite ? .writes : .reads) && !isRemoved
    }
}

extension Engine {
    /// Lets a hook be called for accesses to checked memory: of code that runs meanwhile, from the next block on.
    public func addAccessHook(_ hook: AccessHook) {
        locked {
            registerBarrier()
            accessHooks.append(hook)
            watchChanged()
        }
    }

    public func removeAccessHook(_ hook: AccessHook) {
        locked {
            hook.isRemoved = true
            accessHooks.removeAll { $0 === hook }
            watchChanged()
        }
    }

    /// The lock is held.
    private func watchChanged() {
        memory.noteChange()
        whileNobodyRuns {
            for cpu in cpus { publishWatch(to: cpu) }
        }
        let sides = accessHooks.reduce(into: WatchedSides()) { $0.formUnion($1.sides) }
        guard sides != generator.watchedSides else { return }
        generator.watchedSides = sides
        dropAll(0, .max)
    }

    /// Tells a CPU's generated code of the range in which all is that is watched. The lock is held, or nobody knows the CPU yet.
    func publishWatch(to cpu: CPUContext) {
        func range(_ side: WatchedSides) -> (low: UInt64, span: UInt64) {
            let hooks = accessHooks.filter { $0.sides.contains(side) }
            guard let first = hooks.map(\.low).min(), let last = hooks.map(\.high).max() else { return (0, 0) }
            let widest: UInt64 = 16
            let low = first - min(first, widest - 1)
            return (low, last - low)
        }
        let (reads, writes) = (range(.reads), range(.writes))
        cpu.context.pointee.watch_low = (reads.low, writes.low)
        cpu.context.pointee.watch_span = (reads.span, writes.span)
    }
}
