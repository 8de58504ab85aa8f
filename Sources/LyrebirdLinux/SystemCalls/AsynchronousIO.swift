// Asynchronous input and output. Rings and control blocks look the same on both sides, and the addresses in them are the same.
// Paths and flags in them are not translated: a guest that asks which operations there are is not told of those.

import Lyrebird

extension GuestThread {
    /// Its last argument points to the mask's address and size, as that of pselect6 does.
    func ioPgetevents(_ a: Arguments) throws(Errno) -> Int {
        guard a[5] != 0 else { return block(.io_pgetevents, a, restart: .never) }
        let mask = try load(UInt64.self, at: a[5])
        return try block(.io_pgetevents, a, mask: mask, size: try load(UInt64.self, at: a[5] &+ 8))
    }

    private static let probe: UInt64 = 8  // IORING_REGISTER_PROBE
    private static let probeHeader = 16
    private static let probeEntry = 8
    private static let flagsOffset = 2
    /// IORING_OP_OPENAT, STATX, OPENAT2, EPOLL_CTL, RENAMEAT, UNLINKAT, MKDIRAT, SYMLINKAT, LINKAT, SETXATTR, GETXATTR:
    /// `enum io_uring_op` in include/uapi/linux/io_uring.h.
    private static let untranslated = [18, 21, 28, 29, 35, 36, 37, 38, 39, 42, 44]

    func ioUringRegister(_ a: Arguments) throws(Errno) -> Int {
        let result = block(.io_uring_register, a, restart: .never)
        guard a[1] & 0x7fff_ffff == Self.probe, result >= 0 else { return result }
        for operation in Self.untranslated where operation < a[3] & 0xffff_ffff {
            let flags = a[2] &+ UInt64(Self.probeHeader + operation * Self.probeEntry + Self.flagsOffset)
            try store(0 as UInt16, at: flags)
        }
        return result
    }
}
