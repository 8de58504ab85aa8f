// Guest memory: what is mapped where, for the translator (may this be executed? which backing object is it?) and for the
// embedder. Guest addresses are host addresses plus a base; pages that the guest may execute are readable on the host, never
// executable.

import CLyrebird

/// What a guest may do with memory.
public struct MemoryAccessRights: OptionSet, Sendable {
    public let rawValue: UInt8
    @inline(__always) public init(rawValue: UInt8) { self.rawValue = rawValue }
    public static let read = MemoryAccessRights(rawValue: 1)
    public static let write = MemoryAccessRights(rawValue: 2)
    public static let execute = MemoryAccessRights(rawValue: 4)

    /// PROT_* of the host: what may be executed is read by the translator.
    var hostProtection: UInt64 {
        (contains(.read) || contains(.execute) ? 1 : 0) | (contains(.write) ? 2 : 0)
    }
}

/// A run of mapped pages with the same rights and backing.
public struct Region: Sendable {
    public var start: UInt64
    public var end: UInt64
    public var rights: MemoryAccessRights
    public var isShared: Bool
    /// The backing object of a shared mapping, 0 for none, and the offset of `start` in it.
    var object: UInt64
    var objectOffset: UInt64
}

/// The mappings of one machine. Guarded by the engine's lock.
public struct AddressSpace: ~Copyable {
    /// Host address of guest address 0.
    public let base: UInt64
    /// Bytes of the reservation; 0 where the process's own address space is the guest's.
    public let windowSize: UInt64
    public private(set) var regions: [Region] = []

    static let mapFixed: Int32 = 0x10
    static let mapNoReplace: Int32 = 0x10_0000
    static let mapAnonymous: Int32 = 0x20
    static let mapPrivate: Int32 = 0x02
    static let mapNoReserve: Int32 = 0x4000
    static let mapTypeShared: Int32 = 0x01

    /// Guest addresses are host addresses.
    public init() {
        base = 0
        windowSize = 0
    }

    /// Guest addresses are offsets in a reservation of their own.
    public init(windowSize: UInt64) throws(RuntimeError) {
        let result = lyrebird_syscall(
            9, 0, windowSize, 0, UInt64(Self.mapPrivate | Self.mapAnonymous | Self.mapNoReserve), .max, 0)
        guard result > 0 else { throw RuntimeError(call: "mmap of the guest's address space", errno: Int32(-result)) }
        base = UInt64(result)
        self.windowSize = windowSize
    }

    deinit { if windowSize != 0 { _ = lyrebird_syscall(11, base, windowSize, 0, 0, 0, 0) } }

    // MARK: Look-up

    /// Index of the first region that ends behind `address`.
    private func firstIndex(endingAfter address: UInt64) -> Int {
        var low = 0
        var high = regions.count
        while low < high {
            let middle = (low + high) / 2
            if regions[middle].end > address { high = middle } else { low = middle + 1 }
        }
        return low
    }

    public func region(at address: UInt64) -> Region? {
        let index = firstIndex(endingAfter: address)
        guard index < regions.count, regions[index].start <= address else { return nil }
        return regions[index]
    }

    /// Bytes from `address` on that may be executed, `limit` at most.
    func executableBytes(at address: UInt64, limit: Int) -> Int {
        var index = firstIndex(endingAfter: address)
        var at = address
        let end = address > .max - UInt64(limit) ? .max : address + UInt64(limit)
        while index < regions.count, regions[index].start <= at, regions[index].rights.contains(.execute), at < end {
            at = regions[index].end
            index += 1
        }
        return Int(max(min(at, end), address) - address)
    }

    /// The name under which translations of a page are kept: that of the backing object where several mappings can share it.
    func pageKey(_ address: UInt64) -> UInt64 {
        guard let region = region(at: address), region.object != 0 else { return address >> 12 }
        let page = (region.objectOffset &+ (address &- region.start)) >> 12
        return (region.object &* 0x9E37_79B9_7F4A_7C15 &+ page) | 1 << 63
    }

    /// Whether guest code can be in the range: something there may be executed.
    public func hasExecutable(_ start: UInt64, _ end: UInt64) -> Bool {
        var index = firstIndex(endingAfter: start)
        while index < regions.count, regions[index].start < end {
            if regions[index].rights.contains(.execute) { return true }
            index += 1
        }
        return false
    }

    // MARK: Bookkeeping

    /// Takes a range out, splitting what sticks out at either side.
    public mutating func remove(_ start: UInt64, _ end: UInt64) {
        var index = firstIndex(endingAfter: start)
        while index < regions.count, regions[index].start < end {
            let region = regions[index]
            var parts: [Region] = []
            if region.start < start {
                var left = region
                left.end = start
                parts.append(left)
            }
            if region.end > end {
                var right = region
                right.start = end
                right.objectOffset &+= end - region.start
                parts.append(right)
            }
            regions.replaceSubrange(index...index, with: parts)
            index += parts.count
            if region.end > end { break }
        }
    }

    public mutating func insert(_ region: Region) {
        guard region.start < region.end else { return }
        remove(region.start, region.end)
        let index = firstIndex(endingAfter: region.start)
        // Heaps grow by small pieces: one region stays one.
        if index > 0, regions[index - 1].end == region.start, regions[index - 1].rights == region.rights,
            regions[index - 1].object == 0, region.object == 0, regions[index - 1].isShared == region.isShared
        {
            regions[index - 1].end = region.end
        } else {
            regions.insert(region, at: index)
        }
    }

    public mutating func changeRights(_ start: UInt64, _ end: UInt64, to rights: MemoryAccessRights) {
        var changed: [Region] = []
        var index = firstIndex(endingAfter: start)
        while index < regions.count, regions[index].start < end {
            var piece = regions[index]
            let cut = max(piece.start, start)
            piece.objectOffset &+= cut - piece.start
            piece.start = cut
            piece.end = min(piece.end, end)
            piece.rights = rights
            changed.append(piece)
            index += 1
        }
        for piece in changed { insert(piece) }
    }

    /// Whether every page of the range is the guest's.
    public func covers(_ start: UInt64, _ end: UInt64) -> Bool {
        var at = start
        var index = firstIndex(endingAfter: start)
        while at < end {
            guard index < regions.count, regions[index].start <= at else { return false }
            at = regions[index].end
            index += 1
        }
        return true
    }

    /// The parts of the range that are the guest's.
    func parts(of start: UInt64, _ end: UInt64) -> [(UInt64, UInt64)] {
        var result: [(UInt64, UInt64)] = []
        var index = firstIndex(endingAfter: start)
        while index < regions.count, regions[index].start < end {
            result.append((max(regions[index].start, start), min(regions[index].end, end)))
            index += 1
        }
        return result
    }

    /// The parts that are not.
    private func gaps(of start: UInt64, _ end: UInt64) -> [(UInt64, UInt64)] {
        var result: [(UInt64, UInt64)] = []
        var at = start
        for part in parts(of: start, end) {
            if part.0 > at { result.append((at, part.0)) }
            at = part.1
        }
        if at < end { result.append((at, end)) }
        return result
    }

    // MARK: The host's calls

    private static let enomem = -12
    private static let einval = -22

    /// mmap(2) of the guest. - Returns: the guest's address, or -errno.
    public mutating func map(
        _ address: UInt64, size requested: UInt64, rights: MemoryAccessRights, flags: Int32, file: Int32, offset: UInt64
    ) -> Int {
        let size = (requested &+ 4095) & ~4095
        guard requested > 0, size >= requested else { return requested == 0 ? Self.einval : Self.enomem }
        if windowSize != 0, address > windowSize || size > windowSize - address { return Self.enomem }
        var hostFlags = flags
        if windowSize != 0 { hostFlags |= Self.mapFixed }
        if flags & Self.mapFixed != 0, flags & Self.mapNoReplace == 0, windowSize == 0 {
            guard address & 4095 == 0, address &+ size >= address else { return Self.einval }
            // What the guest maps over must be its own, or nobody's: never the translator's.
            var taken: [(UInt64, UInt64)] = []
            for gap in gaps(of: address, address + size) {
                let claim = lyrebird_syscall(
                    9, gap.0, gap.1 - gap.0, 0,
                    UInt64(Self.mapPrivate | Self.mapAnonymous | Self.mapNoReserve | Self.mapNoReplace), .max, 0)
                guard claim == Int(gap.0) else {
                    if claim > 0 { _ = lyrebird_syscall(11, UInt64(claim), gap.1 - gap.0, 0, 0, 0, 0) }
                    for part in taken { _ = lyrebird_syscall(11, part.0, part.1 - part.0, 0, 0, 0, 0) }
                    return Self.enomem
                }
                taken.append(gap)
            }
        }
        let result = lyrebird_syscall(
            9, address &+ base, size, rights.hostProtection, UInt64(UInt32(bitPattern: hostFlags)),
            UInt64(bitPattern: Int64(file)), offset)
        guard result > 0 || (result == 0 && base == 0 && flags & Self.mapFixed != 0) else { return result }
        let guest = UInt64(result) &- base
        let isShared = flags & Self.mapTypeShared != 0
        var object: UInt64 = 0
        if isShared, flags & Self.mapAnonymous == 0 { object = Self.identity(of: file) }
        insert(
            Region(
                start: guest, end: guest + size, rights: rights, isShared: isShared, object: object,
                objectOffset: offset))
        return Int(guest)
    }

    /// Device and inode of a file as one number that is not 0.
    private static func identity(of file: Int32) -> UInt64 {
        var words = [UInt64](repeating: 0, count: 18)
        let result = words.withUnsafeMutableBufferPointer {
            lyrebird_syscall(5, UInt64(bitPattern: Int64(file)), UInt64(UInt(bitPattern: $0.baseAddress!)), 0, 0, 0, 0)
        }
        return result == 0 ? (words[0] &* 0x1_0000_01B3 ^ words[1]) | 1 : 0
    }

    public mutating func unmap(_ address: UInt64, size requested: UInt64) -> Int {
        let size = (requested &+ 4095) & ~4095
        guard address & 4095 == 0, size > 0, address &+ size > address else { return Self.einval }
        for part in parts(of: address, address + size) {
            let result =
                windowSize == 0
                ? lyrebird_syscall(11, part.0, part.1 - part.0, 0, 0, 0, 0)
                : lyrebird_syscall(
                    9, part.0 + base, part.1 - part.0, 0,
                    UInt64(Self.mapPrivate | Self.mapAnonymous | Self.mapNoReserve | Self.mapFixed), .max, 0)
            if result < 0 { return result }
        }
        remove(address, address + size)
        return 0
    }

    public mutating func protect(_ address: UInt64, size requested: UInt64, rights: MemoryAccessRights) -> Int {
        let size = (requested &+ 4095) & ~4095
        guard address & 4095 == 0, address &+ size >= address else { return Self.einval }
        if size == 0 { return 0 }
        guard covers(address, address + size) else { return Self.enomem }
        let result = lyrebird_syscall(10, address + base, size, rights.hostProtection, 0, 0, 0)
        if result == 0 { changeRights(address, address + size, to: rights) }
        return result
    }

    /// mremap(2), in the process's own address space only.
    public mutating func remap(
        _ address: UInt64, oldSize: UInt64, newSize: UInt64, flags: Int32, newAddress: UInt64
    ) -> Int {
        let old = (oldSize &+ 4095) & ~4095
        let new = (newSize &+ 4095) & ~4095
        guard windowSize == 0, address & 4095 == 0, new >= newSize, new > 0 else { return Self.einval }
        guard let region = region(at: address), covers(address, address + max(old, 4096)) else { return -14 }
        if flags & 2 != 0 {
            // MREMAP_FIXED takes the target over: it must be the guest's or nobody's.
            for gap in gaps(of: newAddress, newAddress &+ new) {
                let claim = lyrebird_syscall(
                    9, gap.0, gap.1 - gap.0, 0, UInt64(Self.mapPrivate | Self.mapAnonymous | Self.mapNoReplace), .max, 0
                )
                guard claim == Int(gap.0) else { return Self.enomem }
            }
        }
        let result = lyrebird_syscall(25, address, old, new, UInt64(UInt32(bitPattern: flags)), newAddress, 0)
        guard result > 0 else { return result }
        let keepsOld = old == 0 || flags & 4 != 0
        if !keepsOld { remove(address, address + old) }
        var moved = region
        moved.objectOffset &+= address - region.start
        moved.start = UInt64(result)
        moved.end = UInt64(result) + new
        insert(moved)
        return result
    }
}
