// Functions that the embedder has called for accesses to memory. The pages that such a function is interested in may not be accessed on
// the host: the first access of an instruction faults, and from then on its accesses are the runtime's (AccessEmulator.swift),
// which reaches these pages through the kernel. All other pages, and all other instructions, are as ever.

import CLyrebird
import LyrebirdIR

/// A function and the addresses that it is called for.
struct AccessHook {
    var number: Int
    var low: UInt64
    /// The last address.
    var high: UInt64
    var reads: Bool
    var writes: Bool
    var body: AccessHandler

    var pages: ClosedRange<UInt64> { (low & ~4095)...(high | 4095) }
}

/// Is told of an access to memory before it is made; of a read, `value` is what will be read.
public typealias AccessHandler = @Sendable (CPUContext, DeviceAccess) throws -> Void

/// The process's memory by the kernel's hand, whatever its protection.
final class KernelMemory: Sendable {
    private let file: Int

    init() throws(RuntimeError) {
        let readWriteCloseOnExec: UInt64 = 0o2_000_002
        file = "/proc/self/mem".withCString {
            lyrebird_syscall(2, UInt64(UInt(bitPattern: $0)), readWriteCloseOnExec, 0, 0, 0, 0)
        }
        guard file >= 0 else { throw RuntimeError(call: "open of /proc/self/mem", errno: Int32(-file)) }
    }

    deinit { _ = lyrebird_syscall(3, UInt64(file), 0, 0, 0, 0, 0) }

    /// - Returns: bytes that were not read.
    func read(_ host: UInt64, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let pread64 = 17
        let to = UInt64(UInt(bitPattern: buffer.baseAddress))
        return buffer.count - max(0, lyrebird_syscall(pread64, UInt64(file), to, UInt64(buffer.count), host, 0, 0))
    }

    /// - Returns: bytes that were not written.
    func write(_ buffer: UnsafeRawBufferPointer, to host: UInt64) -> Int {
        let pwrite64 = 18
        let from = UInt64(UInt(bitPattern: buffer.baseAddress))
        return buffer.count - max(0, lyrebird_syscall(pwrite64, UInt64(file), from, UInt64(buffer.count), host, 0, 0))
    }
}

extension AddressSpace {
    /// Whether an address is in a page whose accesses somebody is told of.
    func isHooked(_ address: UInt64) -> Bool {
        hookedRanges.contains { $0.contains(address & ~4095) }
    }

    /// Takes the host's right to access what is hooked of a range.
    func closeHooked(_ start: UInt64, _ end: UInt64) {
        for range in hookedRanges where range.lowerBound < end && range.upperBound >= start {
            protectOnHost(max(start, range.lowerBound), min(end, Self.end(of: range)), closed: true)
        }
    }

    /// The end of a range of pages. The highest page is nobody's.
    fileprivate static func end(of range: ClosedRange<UInt64>) -> UInt64 { min(range.upperBound, .max - 4096) + 1 }

    /// Gives the guest's own rights to the host, or none.
    fileprivate func protectOnHost(_ start: UInt64, _ end: UInt64, closed: Bool) {
        for region in regions where region.device < 0 && region.start < end && region.end > start {
            let low = max(region.start, start)
            _ = lyrebird_syscall(
                10, low &+ region.delta, min(region.end, end) - low, closed ? 0 : region.rights.hostProtection, 0, 0, 0)
        }
    }
}

extension Engine {
    /// Lets a function be told of accesses to a range of checked memory, from now on.
    /// - Returns: its number.
    public func addAccessHook(
        _ low: UInt64, _ high: UInt64, reads: Bool, writes: Bool, _ body: @escaping AccessHandler
    ) throws(RuntimeError) -> Int {
        try locked { () throws(RuntimeError) in
            if memory.kernel == nil { memory.kernel = try KernelMemory() }
            lastHook += 1
            let hook = AccessHook(number: lastHook, low: low, high: high, reads: reads, writes: writes, body: body)
            accessHooks.append(hook)
            memory.hookedRanges = accessHooks.map(\.pages)
            memory.closeHooked(hook.pages.lowerBound, AddressSpace.end(of: hook.pages))
            hasAccessHooks = true
            return lastHook
        }
    }

    public func removeAccessHook(_ number: Int) {
        locked {
            guard let at = accessHooks.firstIndex(where: { $0.number == number }) else { return }
            let old = accessHooks.remove(at: at)
            memory.hookedRanges = accessHooks.map(\.pages)
            let (start, end) = (old.pages.lowerBound, AddressSpace.end(of: old.pages))
            hasAccessHooks = !accessHooks.isEmpty
            memory.protectOnHost(start, end, closed: false)
            for page in watched.protected { _ = memory.setWritable(page, false) }
            memory.closeHooked(start, end)
            for pc in leavingAccesses { invalidateLocked(pc, pc &+ 1) }
            leavingAccesses.removeAll()
        }
    }

    /// Those that want to be told of an access.
    func hooks(for access: DeviceAccess) -> [AccessHandler] {
        locked {
            guard !accessHooks.isEmpty else { return [] }
            return accessHooks.filter {
                access.address <= $0.high && access.address &+ UInt64(access.size - 1) >= $0.low
                    && (access.isWrite ? $0.writes : $0.reads)
            }.map(\.body)
        }
    }
}
