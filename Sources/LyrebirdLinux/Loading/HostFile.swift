// The few things that are done with files before a guest runs: looking at an executable and at the links on the way to it.

import Glibc

/// A file of the host, open for reading.
final class HostFile {
    let descriptor: Int32
    let size: UInt64
    private var isOpen = true

    /// Opens a regular file that the process may execute, as execve(2) would.
    /// - Parameter needsPermission: false for who only wants to read it.
    init(executable path: [UInt8], needsPermission: Bool = true) throws(Errno) {
        let name = path.map { CChar(bitPattern: $0) } + [0]
        var status = stat()
        guard stat(name, &status) == 0 else { throw Errno(errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .EACCES }
        guard !needsPermission || faccessat(AT_FDCWD, name, X_OK, AT_EACCESS) == 0 else { throw Errno(errno) }
        let opened = open(name, O_RDONLY | O_CLOEXEC)
        guard opened >= 0 else { throw Errno(errno) }
        descriptor = opened
        size = UInt64(status.st_size)
    }

    /// Takes over a descriptor.
    init(adopting descriptor: Int32) throws(Errno) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Errno(errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .EACCES }
        self.descriptor = descriptor
        size = UInt64(status.st_size)
    }

    deinit { close() }

    /// Gives the descriptor back at once: the guest must not find it among its own.
    func close() {
        guard isOpen else { return }
        isOpen = false
        _ = Glibc.close(descriptor)
    }

    /// Up to `count` bytes from `offset` on; fewer at the end of the file.
    func read(at offset: UInt64, count: Int) throws(Errno) -> [UInt8] {
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let got = pread(descriptor, buffer.baseAddress! + filled, count - filled, off_t(offset) + off_t(filled))
                if got < 0 && errno == EINTR { continue }
                if got < 0 { failure = errno }
                guard got > 0 else { break }
                filled += got
            }
        }
        guard failure == 0 else { throw Errno(failure) }
        return bytes
    }

    /// The headers of an ELF file.
    func image(machines: [UInt16]) throws(ELFError) -> ELFImage {
        try ELFImage.parse(machines: machines, fileSize: size) { (offset, count) throws(ELFError) in
            let bytes: [UInt8]
            do throws(Errno) { bytes = try read(at: offset, count: count) } catch { throw .unreadable(error) }
            // The file may have become shorter since its size was read.
            guard bytes.count == count else { throw .truncated(.programHeaders) }
            return bytes
        }
    }

    /// Its path, without links.
    var path: [UInt8] {
        Self.linkTarget(Array("/proc/thread-self/fd/\(descriptor)".utf8)) ?? []
    }

    /// What a symbolic link says, nil if the path is none (`errno` says why).
    static func linkTarget(_ path: [UInt8]) -> [UInt8]? {
        let name = path.map { CChar(bitPattern: $0) } + [0]
        let limit = Int(PATH_MAX)
        var length = 0
        let target = [UInt8](unsafeUninitializedCapacity: limit) { buffer, filled in
            length = buffer.withMemoryRebound(to: CChar.self) { readlink(name, $0.baseAddress!, limit) }
            filled = max(length, 0)
        }
        return length >= 0 ? target : nil
    }

    static func isDirectory(_ path: [UInt8]) -> Bool {
        let name = (path.isEmpty ? [UInt8(ascii: "/")] : path).map { CChar(bitPattern: $0) } + [0]
        var status = stat()
        return stat(name, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}
