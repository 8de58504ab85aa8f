// Loops as units: the blocks from which a loop's head is reached again, lifted together, so that what goes round stays in
// registers. Calls, indirect branches and exceptions leave the loop, as does every way that does not lead back. Guests say where
// their instructions lead; here is found which of them belong together.

/// Where an instruction leads, as far as its encoding says.
public struct Flow {
    /// Bytes.
    public var length: Int
    /// Where a direct branch within a function goes: bytes from the instruction on.
    public var distance: Int?
    /// Whether what stands behind it may come next.
    public var goesOn: Bool

    public init(length: Int, distance: Int?, goesOn: Bool) {
        self.length = length
        self.distance = distance
        self.goesOn = goesOn
    }
}

/// Which instructions behind a head belong to its loop, and where their blocks start.
public struct LoopBody {
    /// Bytes that a loop may span.
    public static let reach: UInt64 = 1024

    public let head: UInt64
    /// For each instruction from the head on: where it stands, in bytes from the head, and whether it belongs to the loop.
    public let offsets: [Int]
    public let contains: [Bool]
    /// Likewise: the block that starts there, -1 for none.
    private var blocks: [Int32]
    /// The first instructions of the blocks, each behind all that lead to it: by address, but for what compilers put behind the loop's
    /// end because it is unlikely.
    public let order: [Int]

    /// Heads of loops inside. What leads back to them leaves the loop.
    public private(set) var innerHeads: [UInt64] = []
    /// For each instruction: its branch leads to one of those.
    private var leadsInside: [Bool]

    /// - Parameter flows: of the instructions from the head on.
    /// - Returns: nil if there is no loop.
    public init?(head: UInt64, _ flows: [Flow]) {
        let count = flows.count
        var offsets: [Int] = []
        offsets.reserveCapacity(count)
        var offset = 0
        for flow in flows {
            offsets.append(offset)
            offset += flow.length
        }
        var leadsInside = [Bool](repeating: false, count: count)
        func successors(_ n: Int) -> (Int, Int) {
            // -1 where the way leads out of sight.
            let next = flows[n].goesOn && n + 1 < count ? n + 1 : -1
            guard let distance = flows[n].distance, !leadsInside[n] else { return (next, -1) }
            return (next, LoopBody.place(offsets[n] + distance, offsets))
        }
        /// What an instruction leads to without coming to the head.
        func reached(from start: Int) -> [Bool] {
            var reached = [Bool](repeating: false, count: count)
            var open = [start]
            while let n = open.popLast() {
                guard !reached[n] else { continue }
                reached[n] = true
                let (next, target) = successors(n)
                if next > 0 { open.append(next) }
                if target > 0 { open.append(target) }
            }
            return reached
        }
        /// What of it leads to the head.
        func leading(_ reached: [Bool]) -> [Bool] {
            var leads = [Bool](repeating: false, count: count)
            var changed = true
            while changed {
                changed = false
                for n in (0..<count).reversed() where reached[n] && !leads[n] {
                    let (next, target) = successors(n)
                    if target == 0 || next > 0 && leads[next] || target > 0 && leads[target] {
                        leads[n] = true
                        changed = true
                    }
                }
            }
            return leads
        }
        guard count > 0 else { return nil }
        var leads = leading(reached(from: 0))
        func leaders() -> [Int32] {
            var leaders = [Int32](repeating: -1, count: count)
            leaders[0] = 0
            for n in 0..<count where leads[n] {
                let target = successors(n).1
                if target >= 0, leads[target] { leaders[target] = 0 }
            }
            return leaders
        }
        guard leads[0] else { return nil }
        blocks = leaders()
        var order = LoopBody.order(blocks, leads, successors)
        if order == nil {
            for n in 1..<count where leads[n] {
                let target = successors(n).1
                guard target > 0, target <= n, reached(from: target)[n] else { continue }
                leadsInside[n] = true
                innerHeads.append(head &+ UInt64(offsets[target]))
            }
            leads = leading(reached(from: 0))
            guard leads[0] else { return nil }
            blocks = leaders()
            order = LoopBody.order(blocks, leads, successors)
        }
        guard let order else { return nil }
        self.order = order
        self.head = head
        self.offsets = offsets
        self.leadsInside = leadsInside
        contains = leads
        let last = leads.lastIndex(of: true)!
        span = offsets[last] + flows[last].length
    }

    /// - Returns: nil if something goes round without coming to the head.
    private static func order(
        _ blocks: [Int32], _ contains: [Bool], _ successors: (Int) -> (next: Int, target: Int)
    ) -> [Int]? {
        let leaders = contains.indices.filter { blocks[$0] >= 0 }
        // Ways to other blocks than the head, and how many lead to each.
        var ways: [[Int]] = []
        var waiting = [Int](repeating: 0, count: contains.count)
        for leader in leaders {
            var found: [Int] = []
            var place = leader
            while true {
                let (next, target) = successors(place)
                if target > 0, contains[target] { found.append(target) }
                guard next > 0, contains[next] else { break }
                if blocks[next] >= 0 {
                    found.append(next)
                    break
                }
                place = next
            }
            for way in found { waiting[way] += 1 }
            ways.append(found)
        }
        var order: [Int] = []
        var isOpen = [Bool](repeating: true, count: leaders.count)
        while let n = leaders.indices.first(where: { isOpen[$0] && waiting[leaders[$0]] == 0 }) {
            isOpen[n] = false
            order.append(leaders[n])
            for way in ways[n] { waiting[way] -= 1 }
        }
        return order.count == leaders.count ? order : nil
    }

    /// Bytes from the head to the end of the last instruction of the loop.
    public let span: Int

    /// Makes the blocks of the loop. - Returns: the head's.
    public mutating func makeBlocks(in unit: inout Unit) -> BlockID {
        for place in blocks.indices where blocks[place] >= 0 { blocks[place] = Int32(unit.makeBlock().id) }
        return BlockID(UInt32(blocks[0]))
    }

    /// Index of the instruction that starts at an offset, -1 for none.
    private static func place(_ offset: Int, _ offsets: [Int]) -> Int {
        var (low, high) = (0, offsets.count)
        while low < high {
            let middle = (low + high) / 2
            if offsets[middle] < offset { low = middle + 1 } else { high = middle }
        }
        return low < offsets.count && offsets[low] == offset ? low : -1
    }

    /// The index of the instruction at an address, nil if it is not in the loop.
    public func place(of pc: UInt64) -> Int? {
        guard pc >= head, pc &- head < UInt64(span) else { return nil }
        let place = LoopBody.place(Int(pc &- head), offsets)
        return place >= 0 && contains[place] ? place : nil
    }

    public func block(at pc: UInt64) -> BlockID? {
        guard let place = place(of: pc), blocks[place] >= 0 else { return nil }
        return BlockID(UInt32(blocks[place]))
    }

    /// The block that the branch at `source` leads to, if that is in the loop.
    public func block(at pc: UInt64, from source: UInt64) -> BlockID? {
        if let place = place(of: source), leadsInside[place] { return nil }
        return block(at: pc)
    }
}
