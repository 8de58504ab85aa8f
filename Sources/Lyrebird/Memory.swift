// Guest memory as the embedder sees it: mapped, read and written by guest address. Every access is checked; none can crash
// the host.

/// The guest memory of a machine.
public struct Memory: Sendable {
    /// What the guest may do with a range.
    public struct Access: OptionSet, Sendable, Hashable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }
        public static let read = Access(rawValue: 1)
        public static let write = Access(rawValue: 2)
        public static let execute = Access(rawValue: 4)
        public static let readWrite: Access = [.read, .write]
        public static let readExecute: Access = [.read, .execute]
        public static let readWriteExecute: Access = [.read, .write, .execute]
    }

    /// Bytes in a page: the unit of mapping and of protection.
    public static let pageSize: UInt64 = 4096

    /// Maps zeroed memory. - Parameter size: bytes, a multiple of the page size, as is the address.
    public func map(_ address: UInt64, size: UInt64, access: Access) throws(MemoryError) { fatalError() }

    /// Unmaps whatever is mapped in the range.
    public func unmap(_ address: UInt64, size: UInt64) throws(MemoryError) { fatalError() }

    /// Changes what the guest may do with a mapped range.
    public func protect(_ address: UInt64, size: UInt64, access: Access) throws(MemoryError) { fatalError() }

    /// Copies guest memory out. The guest's own permissions count as they do for a read by the kernel.
    public func read(_ address: UInt64, count: Int) throws(MemoryError) -> [UInt8] { fatalError() }

    /// Copies guest memory into `buffer`.
    public func read(_ address: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(MemoryError) { fatalError() }

    /// Copies bytes into guest memory. Translations of what is overwritten are dropped.
    public func write(_ bytes: [UInt8], at address: UInt64) throws(MemoryError) { fatalError() }

    /// Copies `buffer` into guest memory.
    public func write(_ buffer: UnsafeRawBufferPointer, at address: UInt64) throws(MemoryError) { fatalError() }

    /// Reads a little-endian integer.
    public func load<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type, at address: UInt64) throws(MemoryError) -> T { fatalError() }

    /// Writes a little-endian integer.
    public func store<T: FixedWidthInteger & BitwiseCopyable>(_ value: T, at address: UInt64) throws(MemoryError) { fatalError() }

    /// The bytes of a NUL-terminated string without its NUL; nil if it is longer than `limit` bytes.
    public func readCString(at address: UInt64, limit: Int) throws(MemoryError) -> [UInt8]? { fatalError() }
}

/// An access to guest memory by the embedder that was not possible.
public enum MemoryError: Error, Sendable, Equatable {
    /// The byte at this address is not mapped, or not for this access.
    case notAccessible(address: UInt64)
    /// Address or size is not a multiple of the page size, or the range leaves the address space.
    case badRange(address: UInt64, size: UInt64)
    /// The host has no memory for it; errno.
    case host(errno: Int32)
}
