// Files by which Linux's `perf` names translations: the map of symbols (tools/perf/Documentation/jit-interface.txt), and the dump
// that has the code, too, with times (jitdump-specification.txt).

import CLyrebird
import Glibc
import Synchronization

/// A file of names that `perf report` reads: a line for each piece of code, its address and bytes in hexadecimal and its name.
///
///     let map = try PerfMap()
///     machine.setTranslationHandler { map.add($0, name: names.name(of: $0.guestAddress)) }
///
/// It cannot say that an address has got other code: then the last name counts. ``JITDump`` can.
public final class PerfMap: Sendable {
    private let file: ProfileFile

    /// Makes the file that perf looks for: `/tmp/perf-PID.map`.
    public convenience init() throws(ProfileError) { self.init(descriptor: try Self.create(Self.path)) }

    /// Takes over a file that is open for writing.
    public init(descriptor: Int32) { file = ProfileFile(descriptor) }

    /// Makes a file for a map or a dump. What is there under its name goes first: in a directory that everybody may write to it may be
    /// somebody else's trap.
    /// - Returns: a descriptor.
    public static func create(_ path: String) throws(ProfileError) -> Int32 {
        unlink(path)
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else { throw .host(call: path, errno: errno) }
        return descriptor
    }

    /// Where perf looks for this process's map.
    public static var path: String { "/tmp/perf-\(getpid()).map" }

    /// - Parameter name: of the guest's code. A line ends at its end.
    public func add(_ code: TranslatedCode, name: String) {
        for part in code.parts(named: name) {
            let address = String(UInt(bitPattern: part.code.baseAddress), radix: 16)
            let text = part.name.split(whereSeparator: \.isNewline).joined(separator: " ")
            file.append(Array("\(address) \(String(part.code.count, radix: 16)) \(text)\n".utf8))
        }
    }
}

/// A file of code that `perf inject --jit` makes into files with symbols, which `perf report` and `perf annotate` read.
/// `perf record` has to take its times from the same clock: `perf record -k CLOCK_MONOTONIC`.
public final class JITDump: Sendable {
    private let file: ProfileFile
    /// A child of vfork(2) translates for this process, too.
    private let process = UInt32(getpid())
    private static let page = 4096

    /// Makes the file in a directory, under the name that perf expects: `jit-PID.dump`.
    public convenience init(directory: String) throws(ProfileError) {
        try self.init(descriptor: try PerfMap.create(Self.path(in: directory)))
    }

    /// Takes over an empty file that is open for reading and writing.
    public init(descriptor: Int32) throws(ProfileError) {
        file = ProfileFile(descriptor)
        // struct jitheader
        var header = Fields()
        header.add(UInt32(0x4A69_5444))
        header.add(UInt32(1))
        header.add(UInt32(40))
        header.add(UInt32(62))  // EM_X86_64
        header.add(UInt32(0))
        header.add(process)
        header.add(Self.time)
        header.add(UInt64(0))
        file.append(header.bytes)
        // By this mapping perf learns of the file. It is there as long as the process.
        guard mmap(nil, Self.page, PROT_READ | PROT_EXEC, MAP_PRIVATE, descriptor, 0) != MAP_FAILED else {
            throw .host(call: "mmap of the jitdump", errno: errno)
        }
    }

    /// Where a process's dump is.
    public static func path(in directory: String) -> String { "\(directory)/jit-\(getpid()).dump" }

    /// - Parameter name: of the guest's code.
    public func add(_ code: TranslatedCode, name: String) {
        for part in code.parts(named: name) {
            let address = UInt64(UInt(bitPattern: part.code.baseAddress))
            let name = Array(part.name.utf8).filter { $0 != 0 } + [0]
            // struct jr_code_load
            var record = Fields()
            record.add(UInt32(0))
            record.add(UInt32(56 + name.count + part.code.count))
            record.add(Self.time)
            record.add(process)
            record.add(UInt32(truncatingIfNeeded: lyrebird_syscall(186, 0, 0, 0, 0, 0, 0)))
            record.add(address)
            record.add(address)
            record.add(UInt64(part.code.count))
            record.add(file.nextNumber)
            record.bytes += name
            record.bytes += part.code
            file.append(record.bytes)
        }
    }

    private static var time: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    private struct Fields {
        var bytes: [UInt8] = []
        mutating func add<T: FixedWidthInteger>(_ value: T) {
            withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
        }
    }
}

/// A file for a profiler that cannot be made.
public enum ProfileError: Error, Sendable, CustomStringConvertible {
    /// The host refused it.
    case host(call: String, errno: Int32)

    public var description: String {
        switch self {
        case .host(let call, let errno): "\(call): \(String(cString: strerror(errno)))"
        }
    }
}

/// A file that threads append to, each record by one call.
final class ProfileFile: Sendable {
    private let descriptor: Int32
    private let records = Atomic<UInt64>(0)

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    var nextNumber: UInt64 { records.wrappingAdd(1, ordering: .relaxed).oldValue }

    /// What does not fit on the disk is missing.
    func append(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}
