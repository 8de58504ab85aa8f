// Guest memory as the embedder sees it: mapped, read and written by guest address. Every access is checked; none can crash
// the host.

import CLyrebird
import LyrebirdRuntime

/// The guest memory of a machine.
public struct Memory: Sendable {
    /// What the guest may do with a range.
    public struct Access: OptionSet, Sendable, Hashable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }
        /// Loads.
        public static let read = Access(rawValue: 1)
        /// Stores.
        public static let write = Access(rawValue: 2)
        /// Fetches of instructions.
        public static let execute = Access(rawValue: 4)
        /// What data has.
        public static let readWrite: Access = [.read, .write]
        /// What code has.
        public static let readExecute: Access = [.read, .execute]
        /// What code has that is written while it runs.
        public static let readWriteExecute: Access = [.read, .write, .execute]
    }

    /// Bytes in a page: the unit of mapping and of protection.
    public static let pageSize: UInt64 = 4096

    let engine: Engine

    /// Maps zeroed memory where nothing is mapped. - Parameter size: bytes, a multiple of the page size, as is the address.
    public func map(_ address: UInt64, size: UInt64, access: Access) throws(MemoryError) {
        let anonymousPrivateFixed: Int32 = 0x32
        try map(address, size: size, access, flags: anonymousPrivateFixed, file: -1, offset: 0)
    }

    func map(
        _ address: UInt64, size: UInt64, _ access: Access, flags: Int32, file: Int32, offset: UInt64
    ) throws(MemoryError) {
        try check(address, size)
        let result = try engine.locked { () throws(MemoryError) in
            try checkIsFree(address, size)
            return engine.memory.map(
                address, size: size, rights: access.rights, flags: flags, file: file, offset: offset)
        }
        guard result >= 0 else { throw .host(errno: Int32(-result)) }
    }

    /// The lock is held.
    private func checkIsFree(_ address: UInt64, _ size: UInt64) throws(MemoryError) {
        if let taken = engine.memory.firstMapped(address, address + size) { throw .alreadyMapped(address: taken) }
    }

    /// The lock is held.
    private func checkIsMapped(_ address: UInt64, _ size: UInt64) throws(MemoryError) {
        if let hole = engine.memory.firstHole(address, address + size) { throw .notMapped(address: hole) }
    }

    /// Puts a device into a range: accesses leave `run` as `.deviceRead` and `.deviceWrite`.
    ///
    /// Only where accesses are checked (`Machine.AddressSpace.checked`). Nothing is executed from a device.
    /// - Parameter size: bytes, a multiple of the page size, as is the address.
    public func mapDevice(_ address: UInt64, size: UInt64) throws(MemoryError) {
        try mapDevice(address, size, handler: nil)
    }

    /// The same for a device that answers by itself, on the thread of the CPU that accesses it. What it throws comes out of `run`; the
    /// access can be made again then. Accesses of more than 8 bytes, and those that cross its border, are made in parts.
    /// - Parameters:
    ///   - read: gives a value, whose low `size` bytes count.
    ///   - write: takes one.
    public func mapDevice(
        _ address: UInt64, size: UInt64, read: @escaping @Sendable (DeviceAccess) throws -> UInt64,
        write: @escaping @Sendable (DeviceAccess) throws -> Void
    ) throws(MemoryError) {
        try mapDevice(address, size, handler: DeviceFunctions(read: read, write: write))
    }

    private final class DeviceFunctions: DeviceHandler, @unchecked Sendable {
        let readBody: @Sendable (DeviceAccess) throws -> UInt64
        let writeBody: @Sendable (DeviceAccess) throws -> Void

        init(
            read: @escaping @Sendable (DeviceAccess) throws -> UInt64,
            write: @escaping @Sendable (DeviceAccess) throws -> Void
        ) {
            (readBody, writeBody) = (read, write)
        }

        override func read(_ address: UInt64, _ size: Int) throws -> UInt64 {
            try readBody(DeviceAccess(address: address, size: size))
        }

        override func write(_ address: UInt64, _ size: Int, _ value: UInt64) throws {
            try writeBody(DeviceAccess(address: address, size: size, value: value))
        }
    }

    private func mapDevice(_ address: UInt64, _ size: UInt64, handler: DeviceHandler?) throws(MemoryError) {
        try check(address, size)
        guard engine.memory.isChecked else { throw .unchecked }
        let result = try engine.locked { () throws(MemoryError) in
            try checkIsFree(address, size)
            return engine.mapDeviceLocked(address, size: size, handler: handler)
        }
        guard result >= 0 else { throw .host(errno: Int32(-result)) }
    }

    /// Unmaps a range, all of which is mapped: memory, devices, and functions there.
    public func unmap(_ address: UInt64, size: UInt64) throws(MemoryError) {
        try check(address, size)
        let result = try engine.locked { () throws(MemoryError) in
            try checkIsMapped(address, size)
            return engine.unmapLocked(address, size: size)
        }
        guard result >= 0 else { throw .host(errno: Int32(-result)) }
    }

    /// Changes what the guest may do with a range, all of which is mapped.
    public func protect(_ address: UInt64, size: UInt64, access: Access) throws(MemoryError) {
        try check(address, size)
        let result = try engine.locked { () throws(MemoryError) in
            try checkIsMapped(address, size)
            engine.forgetCodeLocked(address, address + size)
            return engine.memory.protect(address, size: size, rights: access.rights)
        }
        guard result >= 0 else { throw .host(errno: Int32(-result)) }
    }

    private func check(_ address: UInt64, _ size: UInt64) throws(MemoryError) {
        let mask = Memory.pageSize - 1
        guard address & mask == 0, size & mask == 0, size > 0, address &+ size > address else {
            throw .badRange(address: address, size: size)
        }
    }

    /// Copies guest memory out. The guest's own permissions count as they do for a read by the kernel.
    public func read(_ address: UInt64, count: Int) throws(MemoryError) -> [UInt8] {
        var failed = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            failed = copyOut(address, UnsafeMutableRawBufferPointer(buffer))
            initialized = count - failed
        }
        guard failed == 0 else { throw .notAccessible(address: address &+ UInt64(count - failed)) }
        return bytes
    }

    /// Copies guest memory into `buffer`.
    public func read(_ address: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(MemoryError) {
        let failed = copyOut(address, buffer)
        guard failed == 0 else { throw .notAccessible(address: address &+ UInt64(buffer.count - failed)) }
    }

    private func copyOut(_ address: UInt64, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
        guard buffer.count > 0 else { return 0 }
        guard let host = hostAddress(address, buffer.count) else {
            return engine.read(address, buffer.baseAddress!, buffer.count)
        }
        return lyrebird_copy(buffer.baseAddress, UnsafeRawPointer(bitPattern: host), buffer.count)
    }

    /// Copies bytes into guest memory. Translations of what is overwritten are dropped.
    public func write(_ bytes: [UInt8], at address: UInt64) throws(MemoryError) {
        let failed = bytes.withUnsafeBytes { copyIn($0, address) }
        guard failed == 0 else { throw .notAccessible(address: address &+ UInt64(bytes.count - failed)) }
    }

    /// Copies `buffer` into guest memory.
    public func write(_ buffer: UnsafeRawBufferPointer, at address: UInt64) throws(MemoryError) {
        let failed = copyIn(buffer, address)
        guard failed == 0 else { throw .notAccessible(address: address &+ UInt64(buffer.count - failed)) }
    }

    private func copyIn(_ buffer: UnsafeRawBufferPointer, _ address: UInt64) -> Int {
        guard buffer.count > 0 else { return 0 }
        let overflows = address.addingReportingOverflow(UInt64(buffer.count)).overflow
        return overflows ? buffer.count : engine.write(address, buffer.baseAddress!, buffer.count)
    }

    /// nil where the range leaves what has one place on the host.
    private func hostAddress(_ address: UInt64, _ count: Int) -> UInt? {
        let window = engine.memory.windowSize
        let limit = window == 0 ? 1 << 47 : window
        guard address > 0 || window != 0, address < limit, UInt64(count) <= limit - address else { return nil }
        return UInt(address + engine.memory.base)
    }

    /// Reads a little-endian integer.
    public func load<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type, at address: UInt64) throws(MemoryError)
        -> T
    {
        var value: T = 0
        let failed = withUnsafeMutableBytes(of: &value) { copyOut(address, $0) }
        guard failed == 0 else {
            throw .notAccessible(address: address &+ UInt64(MemoryLayout<T>.size - failed))
        }
        return T(littleEndian: value)
    }

    /// Writes a little-endian integer.
    public func store<T: FixedWidthInteger & BitwiseCopyable>(_ value: T, at address: UInt64) throws(MemoryError) {
        let failed = withUnsafeBytes(of: value.littleEndian) { copyIn($0, address) }
        guard failed == 0 else {
            throw .notAccessible(address: address &+ UInt64(MemoryLayout<T>.size - failed))
        }
    }

    /// The bytes of a NUL-terminated string without its NUL; nil if it is longer than `limit` bytes.
    public func readCString(at address: UInt64, limit: Int) throws(MemoryError) -> [UInt8]? {
        var result: [UInt8] = []
        var at = address
        while result.count <= limit {
            // To the end of the page: the next one need not be there.
            let chunk = Int(Memory.pageSize - at % Memory.pageSize)
            let bytes = try read(at, count: min(chunk, limit + 1 - result.count))
            if let end = bytes.firstIndex(of: 0) {
                result += bytes[..<end]
                return result
            }
            result += bytes
            at += UInt64(bytes.count)
            if bytes.isEmpty { break }
        }
        return nil
    }
}

extension Memory.Access {
    var rights: MemoryAccessRights { MemoryAccessRights(rawValue: rawValue) }
    init(_ rights: MemoryAccessRights) { self.init(rawValue: rights.rawValue) }
}

/// What the embedder wanted of guest memory and was not possible.
public enum MemoryError: Error, Sendable, Equatable {
    /// The byte at this address is not mapped, or not for this access.
    case notAccessible(address: UInt64)
    /// Something is mapped at this address already.
    case alreadyMapped(address: UInt64)
    /// Nothing is mapped at this address.
    case notMapped(address: UInt64)
    /// Address or size is not a multiple of the page size, or the range leaves the address space.
    case badRange(address: UInt64, size: UInt64)
    /// Devices, and whatever else looks at accesses, are for machines whose accesses are checked.
    case unchecked
    /// The host has no memory for it; errno.
    case host(errno: Int32)
}
