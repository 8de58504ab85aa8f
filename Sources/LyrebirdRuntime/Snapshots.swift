// Guest memory as it was at a moment. What is there is copied into a file in memory once, and mapped from it, privately, where it was:
// from then on the guest writes to copies of pages, and to go back is to drop the copies.

import CLyrebird

/// Guest memory at a moment.
public final class MemoryImage: Sendable {
    let file: Int32
    /// Those that are in the file say where (`Region.imageFile`); the others are devices, and memory that others share.
    let regions: [Region]

    fileprivate init(file: Int32, regions: [Region]) {
        self.file = file
        self.regions = regions
    }

    deinit { _ = lyrebird_syscall(3, UInt64(file), 0, 0, 0, 0, 0) }

    /// Whether memory is mapped as it is in the image.
    fileprivate func matches(_ others: [Region]) -> Bool {
        regions.count == others.count
            && zip(regions, others).allSatisfy { region, other in
                var other = other
                other.delta = region.delta
                return region == other
            }
    }
}

/// Pages of the host, as /proc/self/pagemap tells of them (Documentation/admin-guide/mm/pagemap.rst).
private struct PageMap: ~Copyable {
    private let file: Int

    init() {
        file = "/proc/self/pagemap".withCString {
            lyrebird_syscall(2, UInt64(UInt(bitPattern: $0)), 0o2_000_000, 0, 0, 0, 0)
        }
    }

    deinit { if file >= 0 { _ = lyrebird_syscall(3, UInt64(file), 0, 0, 0, 0, 0) } }

    /// Words for pages from a host address on; nil if the host does not tell.
    func words(_ address: UInt64, count: Int) -> [UInt64]? {
        guard file >= 0 else { return nil }
        var read = 0
        let words = [UInt64](unsafeUninitializedCapacity: count) { buffer, initialized in
            read = lyrebird_syscall(
                17, UInt64(file), UInt64(UInt(bitPattern: buffer.baseAddress!)), UInt64(8 * count), address >> 9, 0, 0)
            initialized = read == 8 * count ? count : 0
        }
        return read == 8 * count ? words : nil
    }

    /// In memory or swapped out.
    static func isThere(_ word: UInt64) -> Bool { word >> 62 != 0 }
    /// Of a private mapping of a file: a page of its own, not the file's.
    static func isCopy(_ word: UInt64) -> Bool { word >> 62 != 0 && word >> 61 & 1 == 0 }
}

extension AddressSpace {
    private static let protReadWrite: UInt64 = 3

    /// Takes an image, from which the guest's memory is mapped then.
    fileprivate mutating func makeImage() throws(RuntimeError) -> MemoryImage {
        let name: StaticString = "lyrebird-snapshot"
        let closeOnExec: UInt64 = 1
        let file = lyrebird_syscall(319, UInt64(UInt(bitPattern: name.utf8Start)), closeOnExec, 0, 0, 0, 0)
        guard file >= 0 else { throw RuntimeError(call: "memfd_create", errno: Int32(-file)) }
        var size: UInt64 = 0
        let image = MemoryImage(
            file: Int32(file),
            regions: regions.map { region in
                guard region.device < 0, !region.isShared else { return region }
                var copied = region
                copied.imageFile = Int32(file)
                copied.objectOffset = size
                size += region.end - region.start
                return copied
            })
        let result = lyrebird_syscall(77, UInt64(file), size, 0, 0, 0, 0)
        guard result >= 0 else { throw RuntimeError(call: "ftruncate of a snapshot", errno: Int32(-result)) }
        let pages = PageMap()
        for (region, copied) in zip(regions, image.regions) where copied.imageFile == file {
            try Self.copy(region, to: Int32(file), at: copied.objectOffset, pages)
        }
        // Nothing is mapped before all is copied: a host without room leaves the guest as it was.
        for copied in image.regions where copied.imageFile == file { try Self.mapImage(copied) }
        replaceRegions(image.regions, keeping: image)
        return image
    }

    /// Writes what is there of a region to the file, run by run of pages.
    private static func copy(
        _ region: Region, to file: Int32, at offset: UInt64, _ pages: borrowing PageMap
    ) throws(RuntimeError) {
        let start = region.start &+ region.delta
        let count = Int((region.end - region.start) >> 12)
        // The kernel reads what the guest may not.
        if region.rights.hostProtection & 1 == 0 {
            _ = lyrebird_syscall(10, start, region.end - region.start, protReadWrite, 0, 0, 0)
        }
        let chunkSize = 8192
        for at in stride(from: 0, to: count, by: chunkSize) {
            let chunk = min(count - at, chunkSize)
            let isThere = present(region, start, at, chunk, pages)
            var page = 0
            while page < chunk {
                let first = page
                while page < chunk, isThere[page] { page += 1 }
                if page > first {
                    try write(
                        start + UInt64(at + first) << 12, UInt64(page - first) << 12, to: file,
                        at: offset + UInt64(at + first) << 12)
                }
                while page < chunk, !isThere[page] { page += 1 }
            }
        }
    }

    /// Which of a region's pages, from page `at` on, may have something else in them than zeros.
    private static func present(
        _ region: Region, _ start: UInt64, _ at: Int, _ count: Int, _ pages: borrowing PageMap
    ) -> [Bool] {
        guard let words = pages.words(start + UInt64(at) << 12, count: count) else {
            return [Bool](repeating: true, count: count)
        }
        var result = words.map(PageMap.isThere)
        guard region.imageFile >= 0 else { return result }
        // What was not touched since the last image is in that.
        let seekData: UInt64 = 3
        let seekHole: UInt64 = 4
        let first = region.objectOffset + UInt64(at) << 12
        let end = first + UInt64(count) << 12
        var place = first
        while place < end {
            let data = lyrebird_syscall(8, UInt64(region.imageFile), place, seekData, 0, 0, 0)
            guard data >= 0, UInt64(data) < end else { break }
            let hole = lyrebird_syscall(8, UInt64(region.imageFile), UInt64(data), seekHole, 0, 0, 0)
            place = hole > 0 ? min(UInt64(hole), end) : end
            for page in Int((UInt64(data) - first) >> 12)..<Int((place - first + 4095) >> 12) { result[page] = true }
        }
        return result
    }

    private static func write(
        _ host: UInt64, _ size: UInt64, to file: Int32, at offset: UInt64
    ) throws(RuntimeError) {
        var done: UInt64 = 0
        while done < size {
            let result = lyrebird_syscall(18, UInt64(file), host + done, size - done, offset + done, 0, 0)
            guard result > 0 else { throw RuntimeError(call: "pwrite of a snapshot", errno: Int32(-result)) }
            done += UInt64(result)
        }
    }

    private static func mapImage(_ region: Region) throws(RuntimeError) {
        let flags = UInt64(mapPrivate | mapFixed | mapNoReserve)
        let result = lyrebird_syscall(
            9, region.start &+ region.delta, region.end - region.start, region.rights.hostProtection, flags,
            UInt64(region.imageFile), region.objectOffset)
        guard result >= 0 else { throw RuntimeError(call: "mmap of a snapshot", errno: Int32(-result)) }
    }

    /// Drops all copies of pages, where memory is mapped from the image.
    fileprivate func dropCopies() {
        let dontNeed: UInt64 = 4
        for region in regions where region.imageFile >= 0 && region.rights.contains(.write) {
            _ = lyrebird_syscall(
                28, region.start &+ region.delta, region.end - region.start, dontNeed, 0, 0, 0)
        }
    }

    /// Makes the guest's memory the image's, whatever is there now.
    fileprivate mutating func rebuild(_ image: MemoryImage) throws(RuntimeError) {
        for region in regions where region.imageFile >= 0 || !image.regions.contains(region) {
            let result = unmap(region.start, size: region.end - region.start)
            guard result == 0 else { throw RuntimeError(call: "munmap", errno: Int32(-result)) }
        }
        var rebuilt = image.regions
        for index in rebuilt.indices {
            let region = rebuilt[index]
            guard region.imageFile >= 0 else {
                if region.device < 0, !regions.contains(region) {
                    throw RuntimeError(call: "mmap of shared memory, which a snapshot does not have,", errno: 22)
                }
                continue
            }
            rebuilt[index].delta = base
            if region.start >= windowSize {
                let result = lyrebird_syscall(
                    9, 0, region.end - region.start, 0, UInt64(Self.mapPrivate | Self.mapAnonymous), .max, 0)
                guard result > 0 else { throw RuntimeError(call: "mmap", errno: Int32(-result)) }
                rebuilt[index].delta = UInt64(result) &- region.start
            }
            try Self.mapImage(rebuilt[index])
        }
        replaceRegions(rebuilt, keeping: image)
    }
}

extension Engine {
    /// Takes an image of guest memory. No CPU may be running.
    public func makeImage() throws(RuntimeError) -> MemoryImage {
        try locked { () throws(RuntimeError) in
            let image = try memory.makeImage()
            // They were mapped anew, writable.
            for page in watched.protected { _ = memory.setWritable(page, false) }
            return image
        }
    }

    /// Makes guest memory what it was. Translations stay, but for those of code that was written since. No CPU may be running.
    public func restore(_ image: MemoryImage) throws(RuntimeError) {
        try locked { () throws(RuntimeError) in
            guard image.matches(memory.regions) else {
                for region in memory.regions { forgetCodeLocked(region.start, region.end) }
                // Refused are those who run, and not whoever begins to meanwhile.
                return try whileNobodyRuns { () throws(RuntimeError) in try memory.rebuild(image) }
            }
            dropChangedCode()
            memory.dropCopies()
        }
    }

    /// Drops translations of pages that are not the image's any more.
    private func dropChangedCode() {
        let map = PageMap()
        for key in pages.keysInUse where key >> 63 == 0 {
            let page = key << 12
            guard let region = memory.region(at: page), region.device < 0, region.rights.contains(.write) else {
                continue
            }
            let word = map.words(page &+ region.delta, count: 1)?.first
            if word.map(PageMap.isCopy) ?? true { forgetCodeLocked(page, page &+ 4096) }
        }
    }

    /// For a machine of its own: memory of an image. - Parameter other: whose devices, ports and functions answer here, too.
    public func adopt(_ image: MemoryImage, from other: Engine) throws(RuntimeError) {
        let shared = other.locked { (other.devices, other.ports, other.functions, other.functionTable) }
        try locked { () throws(RuntimeError) in
            (devices, ports, functions) = (shared.0, shared.1, shared.2)
            adoptFunctionsLocked(shared.3)
            for cpu in cpus { functions.install(in: cpu) }
            try memory.rebuild(image)
        }
    }
}
