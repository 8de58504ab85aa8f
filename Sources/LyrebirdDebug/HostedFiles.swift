// Files of the guest's that gdb reads: the program and its libraries, so that one need not tell it where they are (the manual's "Host I/O
// Packets"). Nothing is written.

import Glibc

/// The files that a debugger has open.
struct HostedFiles {
    private var descriptors: [Int32] = []
    private static let limit = 16

    /// The reply to a packet "vFile:…", whose beginning has been read.
    mutating func answer(_ text: inout PacketText, _ server: DebugServer, _ open: (_ path: [UInt8]) -> Int32) -> [UInt8]
    {
        if text.skip("setfs:") { return result(0) }
        if text.skip("open:") {
            guard let path = PacketText(text.word(before: ",")).bytes(), let flags = text.number(), !path.contains(0)
            else {
                return failure(EINVAL)
            }
            // O_WRONLY, O_RDWR
            guard flags & 3 == 0 else { return failure(EPERM) }
            guard descriptors.count < Self.limit else { return failure(EMFILE) }
            let opened = open(path)
            guard opened >= 0 else { return failure(-opened) }
            descriptors.append(server.own(opened))
            return result(Int(descriptors.last!))
        }
        if text.skip("close:") {
            guard let file = file(&text) else { return failure(EBADF) }
            descriptors.removeAll { $0 == file }
            server.disown(file)
            return result(0)
        }
        if text.skip("pread:") {
            guard let file = file(&text), text.skip(","), let (size, offset) = text.pair() else {
                return failure(EBADF)
            }
            guard let offset = off_t(exactly: offset) else { return failure(EINVAL) }
            var bytes = [UInt8](repeating: 0, count: Int(min(size, UInt64(Connection.packetSize / 2 - 32))))
            let count = pread(file, &bytes, bytes.count, offset)
            guard count >= 0 else { return failure(errno) }
            return result(count) + [UInt8(ascii: ";")] + Connection.escaped(bytes[..<count])
        }
        if text.skip("fstat:") {
            guard let file = file(&text) else { return failure(EBADF) }
            var status = stat()
            guard fstat(file, &status) == 0 else { return failure(errno) }
            let bytes = Self.bytes(of: status)
            return result(bytes.count) + [UInt8(ascii: ";")] + Connection.escaped(bytes)
        }
        return []
    }

    func closeAll(_ server: DebugServer) {
        for descriptor in descriptors { server.disown(descriptor) }
    }

    private func file(_ text: inout PacketText) -> Int32? {
        text.number().flatMap { Int32(exactly: $0) }.flatMap { descriptors.contains($0) ? $0 : nil }
    }

    private func result(_ number: Int) -> [UInt8] { Array("F\(String(number, radix: 16))".utf8) }

    /// The protocol's numbers for errors are Linux's, for the common ones.
    private func failure(_ number: Int32) -> [UInt8] { Array("F-1,\(String(number, radix: 16))".utf8) }

    /// struct stat as the protocol has it, with the highest byte first.
    private static func bytes(of status: stat) -> [UInt8] {
        var result: [UInt8] = []
        func add(_ value: some BinaryInteger, _ size: Int) {
            let number = UInt64(truncatingIfNeeded: value)
            for n in (0..<size).reversed() { result.append(UInt8(truncatingIfNeeded: number >> UInt64(8 * n))) }
        }
        for value in [UInt64(status.st_dev), UInt64(status.st_ino), UInt64(status.st_mode), UInt64(status.st_nlink)] {
            add(value, 4)
        }
        for value in [UInt64(status.st_uid), UInt64(status.st_gid), UInt64(status.st_rdev)] { add(value, 4) }
        for value in [Int64(status.st_size), Int64(status.st_blksize), Int64(status.st_blocks)] { add(value, 8) }
        for value in [status.st_atim.tv_sec, status.st_mtim.tv_sec, status.st_ctim.tv_sec] { add(value, 4) }
        return result
    }
}
