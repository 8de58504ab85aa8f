// Coverage, counted by translated code itself: how often one block followed another, in the form that AFL reads, and which blocks were
// entered at all.

import CLyrebird
import LyrebirdIR

/// The coverage of one machine: all of its CPUs add to the same counters, without a lock, so that one may get lost.
public final class Coverage: @unchecked Sendable {
    public let low: UInt64
    /// The last address.
    public let high: UInt64
    /// Counters of edges, a power of two.
    public let size: Int
    public let edges: UnsafeMutablePointer<UInt8>
    /// For each block that was translated, whether it was entered.
    private let entered: UnsafeMutablePointer<UInt8>
    /// Guarded by the engine's lock.
    @exclusivity(unchecked) private var blocks: [(pc: UInt64, size: Int)] = []
    @exclusivity(unchecked) private var numbers: [UInt64: UInt32] = [:]
    /// What does not fit is not listed; its edges count.
    private static let capacity = 1 << 24

    /// - Parameter logSize: log2 of the counters of edges.
    public init(low: UInt64, high: UInt64, logSize: Int) {
        self.low = low
        self.high = high
        size = 1 << logSize
        edges = Pages.allocate(size).bindMemory(to: UInt8.self, capacity: size)
        entered = Pages.allocate(Self.capacity).bindMemory(to: UInt8.self, capacity: Self.capacity)
    }

    deinit {
        Pages.deallocate(UnsafeMutableRawPointer(edges), size)
        Pages.deallocate(UnsafeMutableRawPointer(entered), Self.capacity)
    }

    func contains(_ address: UInt64) -> Bool { address >= low && address <= high }
    func overlaps(_ range: Range<UInt64>) -> Bool { low < range.upperBound && high >= range.lowerBound }

    /// A block's place among the edges, and its number: the same ones whenever it is translated. The lock is held.
    func block(at pc: UInt64, size: Int) -> (place: UInt32, number: UInt32) {
        let hash = (pc ^ pc >> 17) &* 0x9E37_79B9_7F4A_7C15
        let place = UInt32(truncatingIfNeeded: hash >> 40) & UInt32(self.size - 1)
        if let number = numbers[pc] {
            blocks[Int(number)].size = size
            return (place, number)
        }
        // The last number is for all that are too many.
        let number = min(blocks.count, Self.capacity - 1)
        if number < Self.capacity - 1 {
            blocks.append((pc, size))
            numbers[pc] = UInt32(number)
        }
        return (place, UInt32(number))
    }

    func install(in cpu: CPUContext) {
        cpu.context.pointee.coverage_edges = UInt64(UInt(bitPattern: edges))
        cpu.context.pointee.coverage_blocks = UInt64(UInt(bitPattern: entered))
        cpu.context.pointee.coverage_previous = 0
    }

    /// The blocks that were entered. The lock is held.
    var enteredBlocks: [(pc: UInt64, size: Int)] {
        blocks.indices.filter { entered[$0] != 0 }.map { blocks[$0] }
    }

    /// Everything counts from zero again. The lock is held.
    func reset() {
        edges.update(repeating: 0, count: size)
        entered.update(repeating: 0, count: blocks.count)
    }
}

extension Engine {
    public func enteredBlocks(of coverage: Coverage) -> [(pc: UInt64, size: Int)] { locked { coverage.enteredBlocks } }
    public func reset(_ coverage: Coverage) { locked { coverage.reset() } }
}
