// Memory that the embedder and guests have in common.

import CLyrebird
import LyrebirdRuntime

/// Zeroed memory of the host's that can be mapped into machines (`Memory.map(_:offset:size:at:access:)`): all see what any of them
/// writes, at once. It lives as long as somebody has it or maps it.
public final class SharedMemory: @unchecked Sendable {
    /// The bytes as the host sees them, valid for as long as this object lives. Who writes there what guests read, or the other way
    /// round, has to order the accesses as between threads.
    public let bytes: UnsafeMutableRawBufferPointer
    let file: Int32

    /// - Parameter size: bytes, rounded up to pages.
    public init(size: UInt64) throws(MemoryError) {
        let rounded = (size &+ Memory.pageSize &- 1) & ~(Memory.pageSize - 1)
        guard size > 0, rounded >= size, rounded <= UInt64(Int.max) else { throw .badRange(address: 0, size: size) }
        let name: StaticString = "lyrebird-shared"
        let closeOnExec: UInt64 = 1
        let file = lyrebird_syscall(319, UInt64(UInt(bitPattern: name.utf8Start)), closeOnExec, 0, 0, 0, 0)
        guard file >= 0 else { throw .host(errno: Int32(-file)) }
        let protReadWrite: UInt64 = 3
        let mapShared: UInt64 = 1
        var result = lyrebird_syscall(77, UInt64(file), rounded, 0, 0, 0, 0)
        if result >= 0 { result = lyrebird_syscall(9, 0, rounded, protReadWrite, mapShared, UInt64(file), 0) }
        guard result > 0 else {
            _ = lyrebird_syscall(3, UInt64(file), 0, 0, 0, 0, 0)
            throw .host(errno: Int32(-result))
        }
        self.file = Int32(file)
        bytes = UnsafeMutableRawBufferPointer(start: UnsafeMutableRawPointer(bitPattern: result), count: Int(rounded))
    }

    deinit {
        _ = lyrebird_syscall(11, UInt64(UInt(bitPattern: bytes.baseAddress)), UInt64(bytes.count), 0, 0, 0, 0)
        _ = lyrebird_syscall(3, UInt64(file), 0, 0, 0, 0, 0)
    }
}

extension Memory {
    /// Maps memory of the host's.
    /// - Parameters:
    ///   - offset: bytes from the start of `shared`, a multiple of the page size, as are size and address.
    ///   - size: bytes; nil for all from the offset on.
    public func map(
        _ shared: SharedMemory, offset: UInt64 = 0, size: UInt64? = nil, at address: UInt64, access: Access
    ) throws(MemoryError) {
        let all = UInt64(shared.bytes.count)
        guard offset < all, offset % Memory.pageSize == 0, size ?? 0 <= all - offset else {
            throw .badRange(address: offset, size: size ?? all)
        }
        let sharedFixed: Int32 = 0x11
        try map(address, size: size ?? all - offset, access, flags: sharedFixed, file: shared.file, offset: offset)
    }
}
