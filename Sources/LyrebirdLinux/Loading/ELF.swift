// Executables, read with nothing taken on trust: every offset and size is checked before it is used, and what is wrong is a
// typed error. What is accepted follows the kernel's loader (`fs/binfmt_elf.c`); where the kernel only notices a broken file
// when the program faults (a segment beyond the end of the file), this says so before the program starts.

import Lyrebird

/// What an executable says about itself: 64-bit little-endian ELF.
struct ELFImage: Equatable, Sendable {
    /// `e_machine`
    var machine: UInt16
    /// A part of the file to be mapped (PT_LOAD).
    struct Segment: Equatable, Sendable {
        var fileOffset: UInt64
        var fileSize: UInt64
        var address: UInt64
        var memorySize: UInt64
        var access: Memory.Access

        /// The whole pages it covers.
        var pages: Range<UInt64> { address.pageFloor..<(address + memorySize).pageCeiling }
    }

    /// Whether the program may lie anywhere (ET_DYN) or where it says (ET_EXEC).
    var isPositionIndependent: Bool
    var entry: UInt64
    /// In order of address, none empty, none overlapping another.
    var segments: [Segment]
    /// Path of the program that loads this one (PT_INTERP), as written in the file.
    var interpreter: [UInt8]?
    /// The program asks for a stack it may execute (PT_GNU_STACK).
    var hasExecutableStack: Bool
    /// Where the program headers are in memory: AT_PHDR, before the image is moved. 0 where no segment holds them.
    var programHeaderAddress: UInt64
    var programHeaderCount: Int

    static let programHeaderSize = 56

    /// The pages between the first and the last segment's end.
    var pages: Range<UInt64> { segments[0].pages.lowerBound..<segments[segments.count - 1].pages.upperBound }
}

extension UInt64 {
    /// The address of the page that holds this one.
    var pageFloor: UInt64 { self & ~(Memory.pageSize - 1) }
    /// The first page boundary at or above; the caller has ruled out an overflow.
    var pageCeiling: UInt64 { (self + (Memory.pageSize - 1)) & ~(Memory.pageSize - 1) }
}

/// Why a file is no program for this guest.
enum ELFError: Error, Equatable, Sendable {
    /// Shorter than a header, or without its magic number.
    case notELF
    case wrongClass(UInt8)
    case wrongByteOrder(UInt8)
    case wrongVersion(UInt32)
    case wrongMachine(found: UInt16, expected: [UInt16])
    /// Neither ET_EXEC nor ET_DYN: a relocatable object or a core file.
    case notExecutable(type: UInt16)
    case badProgramHeaderSize(UInt16)
    case badProgramHeaderCount(UInt16)
    /// The file ends before the named part does.
    case truncated(Part)
    case badInterpreter
    case noSegments
    /// What is wrong with the n-th program header.
    case badSegment(Int, Defect)
    /// The file could not be read.
    case unreadable(Errno)

    enum Part: String, Sendable {
        case header
        case programHeaders = "program headers"
        case segments
        case interpreterName = "interpreter's name"
    }

    enum Defect: String, Sendable {
        case overlaps = "overlaps the one before or lies below it"
        case exceedsMemory = "has more bytes in the file than in memory"
        case leavesAddressSpace = "leaves the address space"
        case cannotBeMapped = "address and file offset differ within their pages, so that it cannot be mapped"
    }
}

extension ELFError: CustomStringConvertible {
    var description: String {
        switch self {
        case .notELF: "not an ELF file"
        case .wrongClass(let found): "ELF class \(found), but this guest runs 64-bit programs (class 2)"
        case .wrongByteOrder(let found): "ELF byte order \(found), but this guest is little-endian (1)"
        case .wrongVersion(let found): "ELF version \(found) is not known"
        case .wrongMachine(let found, let expected):
            "a program for \(Self.machineName(found)), not for \(expected.map(Self.machineName).joined(separator: " or "))"
        case .notExecutable(let type): "ELF type \(type) is not an executable"
        case .badProgramHeaderSize(let found):
            "program headers of \(found) bytes, but they have \(ELFImage.programHeaderSize)"
        case .badProgramHeaderCount(let found): "\(found) program headers"
        case .truncated(let part): "the file ends within its \(part.rawValue)"
        case .badInterpreter: "the name of its interpreter (PT_INTERP) is not a string"
        case .noSegments: "nothing to load (no PT_LOAD segment)"
        case .badSegment(let index, let defect): "program header \(index): \(defect.rawValue)"
        case .unreadable(let error): "it cannot be read (\(error))"
        }
    }

    private static func machineName(_ machine: UInt16) -> String {
        switch machine {
        case 3: "i386"
        case 40: "ARM"
        case 62: "x86-64"
        case 183: "AArch64"
        case 243: "RISC-V"
        default: "machine \(machine)"
        }
    }
}

extension ELFImage {
    /// Bytes of the file header.
    static let headerSize = 64
    /// The highest address a program may use: the host's own limit.
    private static let addressLimit: UInt64 = 0x7fff_ffff_f000
    /// The kernel takes no more than 64 KB of program headers.
    private static let programHeaderLimit = 65536 / programHeaderSize
    private static let pathLimit: UInt64 = 4096

    /// `e_machine` of a file that begins with `header`, nil if it is no ELF file.
    static func machine(ofHeader header: [UInt8]) -> UInt16? {
        guard header.count >= 20, header.starts(with: magic) else { return nil }
        return header.integer(at: 18)
    }

    private static let magic: [UInt8] = [0x7f, 0x45, 0x4c, 0x46]

    /// Reads the headers of a file of `fileSize` bytes for one of these machines. `read` gives bytes that lie within the file.
    static func parse(
        machines: [UInt16], fileSize: UInt64, read: (_ offset: UInt64, _ count: Int) throws(ELFError) -> [UInt8]
    ) throws(ELFError) -> ELFImage {
        guard fileSize >= 4, try read(0, 4) == magic else { throw .notELF }
        guard fileSize >= UInt64(headerSize) else { throw .truncated(.header) }
        let header = try read(0, headerSize)
        guard header[4] == 2 else { throw .wrongClass(header[4]) }
        guard header[5] == 1 else { throw .wrongByteOrder(header[5]) }
        let type: UInt16 = header.integer(at: 16)
        let found: UInt16 = header.integer(at: 18)
        let version: UInt32 = header.integer(at: 20)
        guard machines.contains(found) else { throw .wrongMachine(found: found, expected: machines) }
        guard version == 1 else { throw .wrongVersion(version) }
        guard type == 2 || type == 3 else { throw .notExecutable(type: type) }

        let entrySize: UInt16 = header.integer(at: 54)
        let count: UInt16 = header.integer(at: 56)
        let offset: UInt64 = header.integer(at: 32)
        guard entrySize == programHeaderSize else { throw .badProgramHeaderSize(entrySize) }
        guard (1...programHeaderLimit).contains(Int(count)) else { throw .badProgramHeaderCount(count) }
        let tableSize = UInt64(count) * UInt64(programHeaderSize)
        guard fits(offset, tableSize, in: fileSize) else { throw .truncated(.programHeaders) }
        let table = try read(offset, Int(tableSize))

        var image = ELFImage(
            machine: found, isPositionIndependent: type == 3, entry: header.integer(at: 24), segments: [],
            interpreter: nil,
            hasExecutableStack: false, programHeaderAddress: 0, programHeaderCount: Int(count))
        var declaredAddress: UInt64 = 0
        for index in 0..<Int(count) {
            let row = ProgramHeader(table, at: index * programHeaderSize)
            switch row.type {
            case 1:  // PT_LOAD
                guard let segment = try row.segment(index, fileSize: fileSize, limit: addressLimit) else { continue }
                if let last = image.segments.last, segment.address < last.address + last.memorySize {
                    throw .badSegment(index, .overlaps)
                }
                if image.programHeaderAddress == 0, offset >= segment.fileOffset,
                    offset - segment.fileOffset < segment.fileSize
                {
                    image.programHeaderAddress = segment.address + (offset - segment.fileOffset)
                }
                image.segments.append(segment)
            case 3:  // PT_INTERP
                guard image.interpreter == nil else { continue }
                guard (2...pathLimit).contains(row.fileSize) else { throw .badInterpreter }
                guard fits(row.offset, row.fileSize, in: fileSize) else { throw .truncated(.interpreterName) }
                let name = try read(row.offset, Int(row.fileSize))
                guard let end = name.firstIndex(of: 0), end == name.count - 1 else { throw .badInterpreter }
                image.interpreter = Array(name[..<end])
            case 6:  // PT_PHDR
                declaredAddress = row.address
            case 0x6474_e551:  // PT_GNU_STACK
                image.hasExecutableStack = row.flags & 1 != 0
            default: break
            }
        }
        guard !image.segments.isEmpty else { throw .noSegments }
        if image.programHeaderAddress == 0, image.segments.contains(where: { $0.contains(declaredAddress, tableSize) })
        {
            image.programHeaderAddress = declaredAddress
        }
        return image
    }

    private static func fits(_ offset: UInt64, _ size: UInt64, in fileSize: UInt64) -> Bool {
        offset <= fileSize && size <= fileSize - offset
    }

    /// One row of the program header table (`Elf64_Phdr`).
    private struct ProgramHeader {
        let type: UInt32
        let flags: UInt32
        let offset: UInt64
        let address: UInt64
        let fileSize: UInt64
        let memorySize: UInt64

        init(_ bytes: [UInt8], at index: Int) {
            type = bytes.integer(at: index)
            flags = bytes.integer(at: index + 4)
            offset = bytes.integer(at: index + 8)
            address = bytes.integer(at: index + 16)
            fileSize = bytes.integer(at: index + 32)
            memorySize = bytes.integer(at: index + 40)
        }

        /// The segment it describes, nil if it is empty.
        func segment(_ index: Int, fileSize limitOfFile: UInt64, limit: UInt64) throws(ELFError) -> Segment? {
            guard fileSize <= memorySize else { throw .badSegment(index, .exceedsMemory) }
            guard memorySize > 0 else { return nil }
            guard memorySize <= limit, address <= limit - memorySize else {
                throw .badSegment(index, .leavesAddressSpace)
            }
            // One without bytes in the file may name any offset.
            guard fileSize == 0 || ELFImage.fits(offset, fileSize, in: limitOfFile) else { throw .truncated(.segments) }
            guard fileSize == 0 || (address &- offset) % Memory.pageSize == 0 else {
                throw .badSegment(index, .cannotBeMapped)
            }
            var access: Memory.Access = []
            if flags & 4 != 0 { access.insert(.read) }
            if flags & 2 != 0 { access.insert(.write) }
            if flags & 1 != 0 { access.insert(.execute) }
            return Segment(
                fileOffset: offset, fileSize: fileSize, address: address, memorySize: memorySize, access: access)
        }
    }
}

extension ELFImage.Segment {
    fileprivate func contains(_ start: UInt64, _ size: UInt64) -> Bool {
        start >= address && start - address <= memorySize && size <= memorySize - (start - address)
    }
}

extension [UInt8] {
    /// The little-endian integer at an index that the caller has checked.
    func integer<T: FixedWidthInteger & BitwiseCopyable>(at index: Int) -> T {
        withUnsafeBytes { T(littleEndian: $0.loadUnaligned(fromByteOffset: index, as: T.self)) }
    }

    /// Overwrites the bytes at an index with a little-endian integer.
    mutating func store<T: FixedWidthInteger & BitwiseCopyable>(_ value: T, at index: Int) {
        withUnsafeMutableBytes { $0.storeBytes(of: value.littleEndian, toByteOffset: index, as: T.self) }
    }

    /// Appends a little-endian integer.
    mutating func append<T: FixedWidthInteger & BitwiseCopyable>(integer value: T) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }
}
