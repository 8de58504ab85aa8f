// Mapping an executable into the guest's memory, as the kernel does: file pages privately, zeros behind them, the holes left
// free (`elf_load` in `fs/binfmt_elf.c`).

import Lyrebird

/// Puts images into memory.
struct Loader {
    let host: HostProcess
    let machine: Machine
    var memory: Memory { machine.memory }

    /// Why an image could not be mapped: what was being made, and the error.
    struct Failure: Error {
        let what: StaticString
        let error: Errno
    }

    /// Maps an image.
    /// - Parameter base: where a position-independent image should lie; it goes elsewhere if that is taken.
    /// - Returns: what to add to the image's own addresses.
    func map(_ image: Executable.Image, base: UInt64) throws(Failure) -> UInt64 {
        let pages = image.headers.pages
        let size = pages.upperBound - pages.lowerBound
        let bias: UInt64
        if image.headers.isPositionIndependent {
            let place = try reserve("the program", base, size, MapFlags.noReplace, orAnywhere: true)
            bias = place &- pages.lowerBound
        } else {
            _ = try reserve("the program", pages.lowerBound, size, MapFlags.noReplace, orAnywhere: false)
            bias = 0
        }
        var end = pages.lowerBound
        for segment in image.headers.segments {
            let start = max(segment.pages.lowerBound, end)
            if start > end { _ = host.unmap(bias &+ end, size: start - end) }
            try map(segment, of: image.file, bias: bias, previousEnd: end)
            end = segment.pages.upperBound
        }
        return bias
    }

    private func map(_ segment: ELFImage.Segment, of file: HostFile, bias: UInt64, previousEnd: UInt64) throws(Failure)
    {
        let pages = segment.pages
        let fileEnd = segment.address + segment.fileSize
        var zeroStart = max(pages.lowerBound, previousEnd)
        let needsZeros = segment.memorySize > segment.fileSize
        if segment.fileSize > 0 {
            let inPage = segment.address - pages.lowerBound
            let access = needsZeros ? segment.access.union(.readWrite) : segment.access
            try check(
                "a segment",
                host.map(
                    bias &+ pages.lowerBound, size: fileEnd.pageCeiling - pages.lowerBound, access: access,
                    flags: MapFlags.private | MapFlags.fixed, file: file.descriptor,
                    offset: segment.fileOffset - inPage))
            zeroStart = fileEnd.pageCeiling
        }
        if zeroStart < pages.upperBound {
            try check(
                "a segment",
                host.map(
                    bias &+ zeroStart, size: pages.upperBound - zeroStart, access: segment.access,
                    flags: MapFlags.private | MapFlags.fixed | MapFlags.anonymous))
        }
        guard needsZeros, segment.fileSize > 0 else { return }
        // The last page of the file holds what follows the segment in the file.
        let zeros = [UInt8](repeating: 0, count: Int(fileEnd.pageCeiling - fileEnd))
        do { try memory.write(zeros, at: bias &+ fileEnd) } catch { throw Failure(what: "a segment", error: .EFAULT) }
        if !segment.access.contains(.readWrite) {
            let size = fileEnd.pageCeiling - pages.lowerBound
            try check("a segment", host.protect(bias &+ pages.lowerBound, size: size, access: segment.access))
        }
    }

    /// Reserves pages that nothing else uses yet.
    /// - Parameter orAnywhere: take any other place if this one is not free.
    func reserve(
        _ what: StaticString, _ address: UInt64, _ size: UInt64, _ flags: Int32, access: Memory.Access = [],
        orAnywhere: Bool
    ) throws(Failure) -> UInt64 {
        let common = MapFlags.private | MapFlags.anonymous | MapFlags.noReserve
        var place = host.map(address, size: size, access: access, flags: common | flags)
        if place >= 0, UInt64(place) != address {
            // A kernel before 4.17 takes the flag for a wish.
            _ = host.unmap(UInt64(place), size: size)
            place = Errno.EEXIST.result
        }
        if place < 0, orAnywhere { place = host.map(0, size: size, access: access, flags: common) }
        try check(what, place)
        return UInt64(place)
    }

    private func check(_ what: StaticString, _ result: Int) throws(Failure) {
        if let error = Errno(result: result) { throw Failure(what: what, error: error) }
    }
}

/// mmap(2) flags, the same on guests with the generic ABI and on the host (`include/uapi/asm-generic/mman*.h`).
enum MapFlags {
    static let shared: Int32 = 0x01
    static let `private`: Int32 = 0x02
    static let fixed: Int32 = 0x10
    static let anonymous: Int32 = 0x20
    static let typeMask: Int32 = 0x0f
    static let growsDown: Int32 = 0x100
    static let locked: Int32 = 0x2000
    static let noReserve: Int32 = 0x4000
    static let huge: Int32 = 0x40000
    static let noReplace: Int32 = 0x100000
}
