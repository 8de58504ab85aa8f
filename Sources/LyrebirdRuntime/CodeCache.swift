// Memory for translations: hot code from the start of a region, cold code (stubs, side exits, constants) from three quarters
// of it on, so that cold bytes do not dilute the instruction cache. The region is mapped twice, writable and executable.

import CLyrebird
import LyrebirdX64

/// The two views of the code region, and how much of it is in use.
struct CodeCache: ~Copyable {
    let size: Int
    let writable: UnsafeMutablePointer<UInt8>
    let executable: UnsafeMutablePointer<UInt8>
    /// Where the cold part starts, in bytes from the start.
    let coldStart: Int
    let stubs: CommonStubs
    /// End of the stubs: where hot code starts over after a flush.
    let hotBase: Int
    private(set) var hotUsed: Int
    private(set) var coldUsed = 0
    private var hotPopulated = 0
    private var coldPopulated = 0

    /// - Parameter size: bytes, at least 64 KB; rounded up to pages.
    init(size requested: Int, contract: RegisterContract) throws(RuntimeError) {
        let size = (max(requested, 64 << 10) + 4095) & ~4095
        var w: UnsafeMutableRawPointer?
        var x: UnsafeMutableRawPointer?
        let error = lyrebird_map_code(size, &w, &x)
        guard error == 0, let w, let x else { throw RuntimeError(call: "mmap of the code cache", errno: error) }
        self.size = size
        writable = w.assumingMemoryBound(to: UInt8.self)
        executable = x.assumingMemoryBound(to: UInt8.self)
        coldStart = (size / 4 * 3) & ~4095
        var assembler = Assembler(start: writable, capacity: coldStart)
        stubs = CommonStubs(
            into: &assembler, contract: contract, executableOffset: Int(bitPattern: x) - Int(bitPattern: w))
        assembler.align(to: 64)
        hotBase = assembler.offset
        hotUsed = assembler.offset
    }

    /// Keeps some room ahead of what is in use, as soon as that is worth a system call.
    private mutating func populate() {
        Populated.extend(&hotPopulated, writable, used: hotUsed, limit: coldStart)
        Populated.extend(&coldPopulated, writable + coldStart, used: coldUsed, limit: size - coldStart)
    }

    deinit {
        _ = lyrebird_syscall(11, UInt64(UInt(bitPattern: writable)), UInt64(size), 0, 0, 0, 0)
        _ = lyrebird_syscall(11, UInt64(UInt(bitPattern: executable)), UInt64(size), 0, 0, 0, 0)
    }

    /// From the writable view to the executable one.
    var executableOffset: Int { executable - writable }

    /// As `Assembler.alignLoop`.
    mutating func alignLoop() { hotUsed = min((hotUsed + 31) & ~63 | 32, coldStart) }

    var hotAssembler: Assembler { Assembler(start: writable + hotUsed, capacity: coldStart - hotUsed) }
    var coldAssembler: Assembler {
        Assembler(start: writable + coldStart + coldUsed, capacity: size - coldStart - coldUsed)
    }

    /// Keeps cold code that belongs to no translation.
    mutating func commitCold(_ bytes: Int) { coldUsed += bytes }

    /// Keeps what was assembled. Translations start at cache lines' halves.
    mutating func commit(hot: Int, cold: Int) {
        hotUsed = (hotUsed + hot + 15) & ~15
        coldUsed = (coldUsed + cold + 15) & ~15
        populate()
    }

    /// Forgets all translations.
    mutating func reset() {
        hotUsed = hotBase
        coldUsed = 0
    }
}

/// The host refused something that the translator cannot do without.
public struct RuntimeError: Error, Sendable {
    public var call: String
    public var errno: Int32
}
