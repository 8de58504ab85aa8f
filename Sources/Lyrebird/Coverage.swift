// Which code a guest has executed, counted by the translations themselves: edges as AFL wants them, and blocks as a file of drcov.

import LyrebirdRuntime

/// The coverage of a machine since it was switched on. All CPUs add to it; counters may be lost where several do at once.
public struct Coverage: Sendable {
    /// A part of guest memory with a name: what addresses in a file are relative to.
    public struct Module: Sendable {
        /// As a file of drcov has it: the path of a program, usually.
        public var name: String
        /// Its guest addresses.
        public var addresses: Range<UInt64>

        public init(name: String, addresses: Range<UInt64>) {
            self.name = name
            self.addresses = addresses
        }
    }

    let engine: Engine
    let coverage: LyrebirdRuntime.Coverage

    /// How often one block followed another, in the form of AFL: 8 bits for each edge, at (place of the block) ^ (place of the one before it,
    /// shifted right by one). A counter goes on at 1 after 255.
    public var edges: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: coverage.edges, count: coverage.size) }

    /// The blocks that were executed: guest address and bytes, in the order in which they were translated first.
    public var blocks: [Hook.Place] {
        engine.enteredBlocks(of: coverage).map { Hook.Place(address: $0.pc, size: $0.size) }
    }

    /// Makes all counters zero and forgets the blocks.
    public func reset() { engine.reset(coverage) }

    /// The blocks as a file of DynamoRIO's drcov, version 2. Blocks outside of all modules are left out, as are those whose distance from
    /// the module's start does not fit 32 bits.
    public func drcov(modules: [Module]) -> [UInt8] {
        var entries: [UInt8] = []
        var count = 0
        for block in blocks {
            guard let id = modules.firstIndex(where: { $0.addresses.contains(block.address) }),
                let start = UInt32(exactly: block.address - modules[id].addresses.lowerBound), id <= UInt16.max
            else { continue }
            // struct { u32 start; u16 size; u16 module; }
            for shift in 0..<4 { entries.append(UInt8(truncatingIfNeeded: start >> UInt32(8 * shift))) }
            for word in [UInt16(clamping: block.size), UInt16(id)] {
                entries += [UInt8(truncatingIfNeeded: word), UInt8(word >> 8)]
            }
            count += 1
        }
        var text = "DRCOV VERSION: 2\nDRCOV FLAVOR: drcov\nModule Table: version 2, count \(modules.count)\n"
        text += "Columns: id, base, end, entry, path\n"
        for (id, module) in modules.enumerated() {
            let (base, end) = (hex(module.addresses.lowerBound), hex(module.addresses.upperBound))
            text += "\(id), 0x\(base), 0x\(end), 0x\(hex(0)), \(module.name)\n"
        }
        text += "BB Table: \(count) bbs\n"
        return [UInt8](text.utf8) + entries
    }

    private func hex(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

extension Machine {
    /// Counts from now on which blocks of a range of addresses are executed. Coverage that was switched on before counts no more.
    /// - Parameters:
    ///   - addresses: nil for all.
    ///   - mapSize: counters of edges: a power of two from 256 to 2^24.
    @discardableResult
    public func enableCoverage(in addresses: ClosedRange<UInt64>? = nil, mapSize: Int = 1 << 16) -> Coverage {
        precondition(
            mapSize.nonzeroBitCount == 1 && (256...1 << 24).contains(mapSize), "the map's size is a power of two")
        let range = addresses ?? 0...UInt64.max
        let coverage = LyrebirdRuntime.Coverage(
            low: range.lowerBound, high: range.upperBound, logSize: mapSize.trailingZeroBitCount)
        engine.enableCoverage(coverage)
        return Coverage(engine: engine, coverage: coverage)
    }

    /// Code is plain again; what was counted can still be read.
    public func disableCoverage() { engine.disableCoverage() }
}
