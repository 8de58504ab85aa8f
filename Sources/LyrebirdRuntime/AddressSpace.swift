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
public struct Region: Sendable, Equatable {
    public var start: UInt64
    public var end: UInt64
    public var rights: MemoryAccessRights
    public var isShared: Bool
    /// The backing object of a shared mapping, 0 for none, and the offset of `start` in it.
    var object: UInt64
    var objectOffset: UInt64
    /// The kernel lets it grow towards lower addresses by itself (MAP_GROWSDOWN).
    var growsDown = false
    /// Host address of it all minus the guest's.
    var delta: UInt64 = 0
    /// The device that is there in place of memory, by its number; -1 for none.
    var device: Int32 = -1
    /// The image that it is mapped from, privately, at `objectOffset`; -1 for none.
    var imageFile: Int32 = -1

    public init(
        start: UInt64, end: UInt64, rights: MemoryAccessRights, isShared: Bool, object: UInt64, objectOffset: UInt64,
        growsDown: Bool = false, delta: UInt64 = 0, device: Int32 = -1
    ) {
        self.start = start
        self.end = end
        self.rights = rights
        self.isShared = isShared
        self.object = object
        self.objectOffset = objectOffset
        self.growsDown = growsDown
        self.delta = delta
        self.device = device
    }
}

/// A part of a region.
struct Piece {
    var start: UInt64
    var end: UInt64
    var delta: UInt64
    var isMemory: Bool
}

/// The mappings of one machine. Guarded by the engine's lock.
public struct AddressSpace: ~Copyable {
    /// Host address of guest address 0.
    public let base: UInt64
    /// Bytes of the reservation; 0 where the process's own address space is the guest's.
    public let windowSize: UInt64
    /// Whether guest code gets no further than the window by itself: what lies above is mapped elsewhere on the host, and the runtime
    /// makes the accesses.
    public let isChecked: Bool
    /// What was reserved.
    private let reservation: (start: UInt64, size: UInt64)
    public private(set) var regions: [Region] = [] { didSet { noteChange() } }
    /// Counts the changes, for those who remember a region and look without the lock.
    let version: UnsafeMutablePointer<UInt64>
    /// What regions are mapped from.
    private var image: MemoryImage?
    /// Whether there has ever been a region that grows by itself.
    private var hasGrowing = false

    static let mapFixed: Int32 = 0x10
    static let mapNoReplace: Int32 = 0x10_0000
    static let mapAnonymous: Int32 = 0x20
    static let mapPrivate: Int32 = 0x02
    static let mapNoReserve: Int32 = 0x4000
    static let mapTypeShared: Int32 = 0x01
    static let mapGrowsDown: Int32 = 0x100
    /// The end of user addresses on x86-64 without 5-level paging, which has to be asked for.
    private static let hostLimit: UInt64 = 1 << 47 - 4096

    /// Guest addresses are host addresses.
    public init() {
        version = Self.makeVersion()
        base = 0
        windowSize = 0
        isChecked = false
        reservation = (0, 0)
    }

    /// Bytes on either side of a checked window that nobody may access: as far as a displacement reaches; and a page behind, for the rest
    /// of an access that starts there.
    private static let reach: UInt64 = 1 << 31

    /// Guest addresses are offsets in a reservation of their own.
    /// - Parameter windowSize: bytes, a multiple of pages; a power of two if it is checked.
    public init(windowSize: UInt64, isChecked: Bool = false) throws(RuntimeError) {
        precondition(!isChecked || windowSize.nonzeroBitCount == 1, "the window's size is no power of two")
        let size = windowSize + (isChecked ? 2 * Self.reach + 4096 : 0)
        let result = lyrebird_syscall(
            9, 0, size, 0, UInt64(Self.mapPrivate | Self.mapAnonymous | Self.mapNoReserve), .max, 0)
        guard result > 0 else { throw RuntimeError(call: "mmap of the guest's address space", errno: Int32(-result)) }
        version = Self.makeVersion()
        reservation = (UInt64(result), size)
        base = UInt64(result) + (isChecked ? Self.reach : 0)
        self.windowSize = windowSize
        self.isChecked = isChecked
    }

    private static func makeVersion() -> UnsafeMutablePointer<UInt64> {
        let version = UnsafeMutablePointer<UInt64>.allocate(capacity: 1)
        version.initialize(to: 1)
        return version
    }

    func noteChange() { lyrebird_store_release(version, version.pointee &+ 1) }

    deinit {
        version.deallocate()
        guard windowSize != 0 else { return }
        for region in regions where region.start >= windowSize && region.device < 0 {
            _ = lyrebird_syscall(11, region.start &+ region.delta, region.end - region.start, 0, 0, 0, 0)
        }
        _ = lyrebird_syscall(11, reservation.start, reservation.size, 0, 0, 0, 0)
    }

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
        let delta = index < regions.count ? regions[index].delta : 0
        while index < regions.count, regions[index].start <= at, regions[index].rights.contains(.execute), at < end,
            regions[index].delta == delta
        {
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

    /// The parts of the range's pages that may be executed.
    public func executableParts(of start: UInt64, _ end: UInt64) -> [(UInt64, UInt64)] {
        let last = end > .max - 4095 ? end : (end + 4095) & ~4095
        var result: [(UInt64, UInt64)] = []
        var index = firstIndex(endingAfter: start & ~4095)
        while index < regions.count, regions[index].start < last {
            let region = regions[index]
            if region.rights.contains(.execute) {
                result.append((max(region.start, start & ~4095), min(region.end, last)))
            }
            index += 1
        }
        return result
    }

    /// Where an address is on the host, and how many bytes from there on; nil if there is no memory.
    public func hostRange(at address: UInt64) -> (start: UInt64, size: UInt64)? {
        guard let region = region(at: address), region.device < 0 else { return nil }
        return (address &+ region.delta, region.end - address)
    }

    /// Where copies go to and come from: the same, but that the window and the process's own memory are one piece, about which the MMU knows
    /// the rest.
    func copyRange(at address: UInt64) -> (start: UInt64, size: UInt64)? {
        let limit = windowSize == 0 ? 1 << 47 : windowSize
        if address < limit { return address == 0 && windowSize == 0 ? nil : (address &+ base, limit - address) }
        return isChecked ? hostRange(at: address) : nil
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
            regions[index - 1].object == 0, region.object == 0, regions[index - 1].isShared == region.isShared,
            !regions[index - 1].growsDown, !region.growsDown, regions[index - 1].delta == region.delta,
            regions[index - 1].device < 0, region.device < 0, regions[index - 1].imageFile < 0, region.imageFile < 0
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

    /// The first address of a range that is mapped.
    public func firstMapped(_ start: UInt64, _ end: UInt64) -> UInt64? { parts(of: start, end).first?.0 }

    /// The first one that is not.
    public func firstHole(_ start: UInt64, _ end: UInt64) -> UInt64? { gaps(of: start, end).first?.0 }

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

    /// The same with where they are on the host.
    func pieces(of start: UInt64, _ end: UInt64) -> [Piece] {
        var result: [Piece] = []
        var index = firstIndex(endingAfter: start)
        while index < regions.count, regions[index].start < end {
            let region = regions[index]
            result.append(
                Piece(
                    start: max(region.start, start), end: min(region.end, end), delta: region.delta,
                    isMemory: region.device < 0))
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

    /// Makes the regions others, which are mapped from the image.
    mutating func replaceRegions(_ new: [Region], keeping image: MemoryImage) {
        regions = new
        self.image = image
    }

    // MARK: The host's calls

    private static let efault = -14
    private static let enomem = -12
    private static let einval = -22

    /// The pages of a range, nil if it does not begin with a page or leaves the address space.
    private func pages(_ address: UInt64, _ requested: UInt64) -> Range<UInt64>? {
        // The highest page has no end.
        let limit = isChecked ? .max - 4095 : windowSize == 0 ? Self.hostLimit : windowSize
        let size = (requested &+ 4095) & ~4095
        guard address & 4095 == 0, size >= requested, size <= limit, address <= limit - size else { return nil }
        return address..<address + size
    }

    /// Reserves what of a range nobody uses, so that a fixed mapping replaces nothing but the guest's own memory. The rest of
    /// the process, the translator included, allocates at the same time: asking first would be a race.
    /// - Returns: what was reserved; nil if something there is not the guest's.
    private func claim(_ range: Range<UInt64>) -> [(UInt64, UInt64)]? {
        var taken: [(UInt64, UInt64)] = []
        for gap in gaps(of: range.lowerBound, range.upperBound) {
            guard Self.reserve(gap) else {
                Self.release(taken)
                return nil
            }
            taken.append(gap)
        }
        return taken
    }

    private static func release(_ parts: [(UInt64, UInt64)]) {
        for part in parts { _ = lyrebird_syscall(11, part.0, part.1 - part.0, 0, 0, 0, 0) }
    }

    /// After a fixed mapping that failed: what the kernel has unmapped before it failed is the guest's no longer.
    private mutating func forgetUnmapped(_ range: Range<UInt64>) {
        for part in parts(of: range.lowerBound, range.upperBound) {
            if Self.reserve(part) {
                Self.release([part])
                remove(part.0, part.1)
            }
        }
    }

    /// Whether a range was nobody's: it is reserved then.
    private static func reserve(_ part: (UInt64, UInt64)) -> Bool {
        let flags = mapPrivate | mapAnonymous | mapNoReserve | mapNoReplace
        let place = lyrebird_syscall(9, part.0, part.1 - part.0, 0, UInt64(flags), .max, 0)
        if place == Int(part.0) { return true }
        // A kernel before 4.17 takes the flag for a wish.
        if place > 0 { release([(UInt64(place), UInt64(place) + part.1 - part.0)]) }
        return false
    }

    /// mmap(2) of the guest. - Returns: the guest's address, or -errno.
    public mutating func map(
        _ address: UInt64, size requested: UInt64, rights: MemoryAccessRights, flags: Int32, file: Int32, offset: UInt64
    ) -> Int {
        guard requested > 0 else { return Self.einval }
        guard let anywhere = pages(0, requested) else { return Self.enomem }
        let size = anywhere.upperBound
        if isChecked, address > windowSize || size > windowSize - address {
            return mapOutside(address, size: size, rights: rights, flags: flags, file: file, offset: offset)
        }
        if windowSize != 0, address > windowSize - size { return Self.enomem }
        var hostFlags = flags
        if windowSize != 0 { hostFlags |= Self.mapFixed }
        let replaces = flags & Self.mapFixed != 0 && flags & Self.mapNoReplace == 0 && windowSize == 0
        var claimed: [(UInt64, UInt64)] = []
        if replaces {
            guard address & 4095 == 0 else { return Self.einval }
            guard let range = pages(address, size) else { return Self.enomem }
            noteGrowth()
            guard let taken = claim(range) else { return Self.enomem }
            claimed = taken
        }
        let result = lyrebird_syscall(
            9, address &+ base, size, rights.hostProtection, UInt64(UInt32(bitPattern: hostFlags)),
            UInt64(bitPattern: Int64(file)), offset)
        guard result > 0 || (result == 0 && base == 0 && flags & Self.mapFixed != 0) else {
            Self.release(claimed)
            if replaces { forgetUnmapped(address..<address + size) }
            return result
        }
        let guest = UInt64(result) &- base
        if flags & Self.mapGrowsDown != 0 { hasGrowing = true }
        let isShared = flags & Self.mapTypeShared != 0
        var object: UInt64 = 0
        if isShared, flags & Self.mapAnonymous == 0 { object = Self.identity(of: file) }
        insert(
            Region(
                start: guest, end: guest + size, rights: rights, isShared: isShared, object: object,
                objectOffset: offset, growsDown: flags & Self.mapGrowsDown != 0, delta: base))
        return Int(guest)
    }

    /// The same for what does not lie in the window. - Returns: 0 or -errno.
    private mutating func mapOutside(
        _ address: UInt64, size: UInt64, rights: MemoryAccessRights, flags: Int32, file: Int32, offset: UInt64
    ) -> Int {
        guard pages(address, size) != nil else { return Self.enomem }
        if address < windowSize {
            let inside = windowSize - address
            let result = map(address, size: inside, rights: rights, flags: flags, file: file, offset: offset)
            guard result >= 0 else { return result }
            return mapOutside(
                windowSize, size: size - inside, rights: rights, flags: flags, file: file, offset: offset + inside)
        }
        let result = lyrebird_syscall(
            9, 0, size, rights.hostProtection, UInt64(UInt32(bitPattern: flags & ~Self.mapFixed)),
            UInt64(bitPattern: Int64(file)), offset)
        guard result > 0 else { return result }
        _ = unmap(address, size: size)
        let isShared = flags & Self.mapTypeShared != 0
        let isFile = isShared && flags & Self.mapAnonymous == 0
        insert(
            Region(
                start: address, end: address + size, rights: rights, isShared: isShared,
                object: isFile ? Self.identity(of: file) : 0, objectOffset: offset, delta: UInt64(result) &- address))
        return 0
    }

    /// Puts a device into a range. - Returns: 0 or -errno.
    public mutating func mapDevice(_ address: UInt64, size requested: UInt64, number: Int32) -> Int {
        guard isChecked, requested > 0, let range = pages(address, requested) else { return Self.einval }
        let result = unmap(address, size: range.upperBound - range.lowerBound)
        guard result == 0 else { return result }
        insert(
            Region(
                start: address, end: range.upperBound, rights: [], isShared: true, object: 0, objectOffset: 0,
                device: number))
        return 0
    }

    /// Device and inode of a file as one number that is not 0.
    private static func identity(of file: Int32) -> UInt64 {
        var words = [UInt64](repeating: 0, count: 18)
        let result = words.withUnsafeMutableBufferPointer {
            lyrebird_syscall(5, UInt64(bitPattern: Int64(file)), UInt64(UInt(bitPattern: $0.baseAddress!)), 0, 0, 0, 0)
        }
        return result == 0 ? (words[0] &* 0x1_0000_01B3 ^ words[1]) | 1 : 0
    }

    /// munmap(2): of what is the guest's in the range.
    public mutating func unmap(_ address: UInt64, size requested: UInt64) -> Int {
        guard requested > 0, let range = pages(address, requested) else { return Self.einval }
        noteGrowth()
        for piece in pieces(of: range.lowerBound, range.upperBound) {
            let host = piece.start &+ piece.delta
            let size = piece.end - piece.start
            if piece.isMemory {
                let isReserved = windowSize != 0 && piece.start < windowSize
                let result =
                    isReserved
                    ? lyrebird_syscall(
                        9, host, size, 0,
                        UInt64(Self.mapPrivate | Self.mapAnonymous | Self.mapNoReserve | Self.mapFixed), .max, 0)
                    : lyrebird_syscall(11, host, size, 0, 0, 0, 0)
                if result < 0 { return result }
            }
            remove(piece.start, piece.end)
        }
        return 0
    }

    /// mprotect(2): up to the first page that is not the guest's.
    public mutating func protect(_ address: UInt64, size requested: UInt64, rights: MemoryAccessRights) -> Int {
        guard address & 4095 == 0 else { return Self.einval }
        if requested == 0 { return 0 }
        guard let range = pages(address, requested) else { return Self.enomem }
        noteGrowth()
        let end = coveredEnd(range.lowerBound, range.upperBound)
        for piece in pieces(of: address, end) where piece.isMemory {
            let result = lyrebird_syscall(
                10, piece.start &+ piece.delta, piece.end - piece.start, rights.hostProtection, 0, 0, 0)
            guard result == 0 else { return result }
            changeRights(piece.start, piece.end, to: rights)
        }
        return end == range.upperBound ? 0 : Self.enomem
    }

    /// Takes the host's right to write to a page of private memory, or gives it back: the guest's own stay.
    func setWritable(_ page: UInt64, _ isWritable: Bool) -> Bool {
        guard let region = region(at: page << 12) else { return false }
        var rights = region.rights
        if !isWritable { rights.remove(.write) }
        return lyrebird_syscall(10, page << 12 &+ region.delta, 4096, rights.hostProtection, 0, 0, 0) == 0
    }

    /// madvise(2): on what is the guest's in the range; what is not makes it ENOMEM in the end.
    public mutating func advise(_ address: UInt64, size requested: UInt64, advice: UInt64) -> Int {
        // The kernel looks at the advice first, and a range of no pages is right.
        let check = lyrebird_syscall(28, 0, 0, advice, 0, 0, 0)
        guard check == 0 else { return check }
        guard let range = pages(address, requested) else {
            return address & 4095 != 0 || requested &+ 4095 < requested ? Self.einval : Self.enomem
        }
        noteGrowth()
        for part in parts(of: range.lowerBound, range.upperBound) {
            let result = lyrebird_syscall(28, part.0 + base, part.1 - part.0, advice, 0, 0, 0)
            guard result == 0 else { return result }
        }
        return covers(range.lowerBound, range.upperBound) ? 0 : Self.enomem
    }

    /// mremap(2), in the process's own address space only.
    public mutating func remap(
        _ address: UInt64, oldSize: UInt64, newSize: UInt64, flags: Int32, newAddress: UInt64
    ) -> Int {
        let fixed: Int32 = 2
        let dontUnmap: Int32 = 4
        guard windowSize == 0, newSize > 0, let old = pages(address, oldSize), pages(0, newSize) != nil else {
            return Self.einval
        }
        noteGrowth()
        // No size duplicates a shared mapping.
        let source = old.isEmpty ? address..<address + 4096 : old
        guard let region = uniformRegion(source) else { return Self.efault }
        let new = pages(0, newSize)!.upperBound
        var claimed: [(UInt64, UInt64)] = []
        if flags & fixed != 0 {
            // The target must be the guest's or nobody's.
            guard let target = pages(newAddress, newSize), !target.overlaps(old) else { return Self.einval }
            guard let taken = claim(target) else { return Self.enomem }
            claimed = taken
        }
        let size = old.upperBound - old.lowerBound
        let result = lyrebird_syscall(25, address, size, new, UInt64(UInt32(bitPattern: flags)), newAddress, 0)
        guard result > 0 else {
            Self.release(claimed)
            if flags & fixed != 0 { forgetUnmapped(newAddress..<newAddress + new) }
            return result
        }
        if !old.isEmpty, flags & dontUnmap == 0 { remove(old.lowerBound, old.upperBound) }
        var moved = region
        moved.objectOffset &+= address - region.start
        moved.start = UInt64(result)
        moved.end = UInt64(result) + new
        insert(moved)
        return result
    }

    /// The end of the guest's pages that begin at `start` and have no hole between them; `end` at most.
    private func coveredEnd(_ start: UInt64, _ end: UInt64) -> UInt64 {
        var at = start
        for part in parts(of: start, end) where part.0 == at { at = part.1 }
        return at
    }

    /// The region at the start of a range that the kernel takes for one mapping: nothing changes within it.
    private func uniformRegion(_ range: Range<UInt64>) -> Region? {
        guard let first = region(at: range.lowerBound), covers(range.lowerBound, range.upperBound) else { return nil }
        var at = first.end
        while at < range.upperBound, let next = region(at: at) {
            guard next.rights == first.rights, next.isShared == first.isShared, next.object == first.object,
                next.object == 0 || next.objectOffset &- first.objectOffset == next.start &- first.start
            else { return nil }
            at = next.end
        }
        return first
    }

    /// Looks how far down the kernel has let regions grow since.
    public mutating func noteGrowth() {
        guard hasGrowing else { return }
        for index in regions.indices where regions[index].growsDown {
            let floor = index > 0 ? regions[index - 1].end : 4096
            var start = regions[index].start
            var resident: UInt8 = 0
            while start > floor,
                withUnsafeMutableBytes(
                    of: &resident,
                    { lyrebird_syscall(27, start - 4096, 4096, UInt64(UInt(bitPattern: $0.baseAddress!)), 0, 0, 0) })
                    == 0
            { start -= 4096 }
            regions[index].start = start
        }
    }
}
