// Linux error numbers: the same on every architecture that Lyrebird runs (`include/uapi/asm-generic/errno.h`).

import Glibc

/// An error number as system calls return it, negated.
struct Errno: Error, Equatable, Sendable {
    let code: Int32

    init(_ code: Int32) { self.code = code }

    /// The error in a kernel's return value, nil if the call succeeded.
    init?(result: Int) {
        guard (-4095 ... -1).contains(result) else { return nil }
        code = Int32(-result)
    }

    /// The value a system call returns for it.
    var result: Int { -Int(code) }

    static let EPERM = Errno(1)
    static let ENOENT = Errno(2)
    static let ESRCH = Errno(3)
    static let EINTR = Errno(4)
    static let EIO = Errno(5)
    static let E2BIG = Errno(7)
    static let ENOEXEC = Errno(8)
    static let EBADF = Errno(9)
    static let EAGAIN = Errno(11)
    static let ENOMEM = Errno(12)
    static let EACCES = Errno(13)
    static let EFAULT = Errno(14)
    static let EEXIST = Errno(17)
    static let ENOTDIR = Errno(20)
    static let EISDIR = Errno(21)
    static let EINVAL = Errno(22)
    static let EPIPE = Errno(32)
    static let ERANGE = Errno(34)
    static let ENAMETOOLONG = Errno(36)
    static let ENOSYS = Errno(38)
    static let ELOOP = Errno(40)
    static let ELIBBAD = Errno(80)
}

extension Errno: CustomStringConvertible {
    /// `ENOENT`, or the number where Linux has no name for it.
    var description: String {
        let index = Int(code)
        return Self.names.indices.contains(index) ? "\(Self.names[index])" : "errno \(code)"
    }

    /// What it means, as `perror` says it.
    var message: String { String(cString: strerror(code)) }

    private static let names: [StaticString] = [
        /*   0 */ "0", "EPERM", "ENOENT", "ESRCH", "EINTR", "EIO", "ENXIO", "E2BIG", "ENOEXEC", "EBADF", "ECHILD",
        /*  11 */ "EAGAIN", "ENOMEM", "EACCES", "EFAULT", "ENOTBLK", "EBUSY", "EEXIST", "EXDEV", "ENODEV", "ENOTDIR",
        /*  21 */ "EISDIR", "EINVAL", "ENFILE", "EMFILE", "ENOTTY", "ETXTBSY", "EFBIG", "ENOSPC", "ESPIPE", "EROFS",
        /*  31 */ "EMLINK", "EPIPE", "EDOM", "ERANGE", "EDEADLK", "ENAMETOOLONG", "ENOLCK", "ENOSYS", "ENOTEMPTY",
        /*  40 */ "ELOOP", "41", "ENOMSG", "EIDRM", "ECHRNG", "EL2NSYNC", "EL3HLT", "EL3RST", "ELNRNG", "EUNATCH",
        /*  50 */ "ENOCSI", "EL2HLT", "EBADE", "EBADR", "EXFULL", "ENOANO", "EBADRQC", "EBADSLT", "58", "EBFONT",
        /*  60 */ "ENOSTR", "ENODATA", "ETIME", "ENOSR", "ENONET", "ENOPKG", "EREMOTE", "ENOLINK", "EADV", "ESRMNT",
        /*  70 */ "ECOMM", "EPROTO", "EMULTIHOP", "EDOTDOT", "EBADMSG", "EOVERFLOW", "ENOTUNIQ", "EBADFD", "EREMCHG",
        /*  79 */ "ELIBACC", "ELIBBAD", "ELIBSCN", "ELIBMAX", "ELIBEXEC", "EILSEQ", "ERESTART", "ESTRPIPE", "EUSERS",
        /*  88 */ "ENOTSOCK", "EDESTADDRREQ", "EMSGSIZE", "EPROTOTYPE", "ENOPROTOOPT", "EPROTONOSUPPORT",
        /*  94 */ "ESOCKTNOSUPPORT", "EOPNOTSUPP", "EPFNOSUPPORT", "EAFNOSUPPORT", "EADDRINUSE", "EADDRNOTAVAIL",
        /* 100 */ "ENETDOWN", "ENETUNREACH", "ENETRESET", "ECONNABORTED", "ECONNRESET", "ENOBUFS", "EISCONN",
        /* 107 */ "ENOTCONN", "ESHUTDOWN", "ETOOMANYREFS", "ETIMEDOUT", "ECONNREFUSED", "EHOSTDOWN", "EHOSTUNREACH",
        /* 114 */ "EALREADY", "EINPROGRESS", "ESTALE", "EUCLEAN", "ENOTNAM", "ENAVAIL", "EISNAM", "EREMOTEIO",
        /* 122 */ "EDQUOT", "ENOMEDIUM", "EMEDIUMTYPE", "ECANCELED", "ENOKEY", "EKEYEXPIRED", "EKEYREVOKED",
        /* 129 */ "EKEYREJECTED", "EOWNERDEAD", "ENOTRECOVERABLE", "ERFKILL", "EHWPOISON",
    ]
}
