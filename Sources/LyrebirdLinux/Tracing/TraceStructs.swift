// Structs in the lines of --strace, as the guest has them: the fields that tell most.

extension TraceFormat {
    /// `struct iovec` of the generic ABI, with the bytes that are written; `count` comes from the guest.
    static func buffers(_ address: UInt64, count: UInt64, _ memory: some TraceMemory) -> String {
        let entrySize = 16
        let limit: UInt64 = 8
        guard address != 0, count > 0, let bytes = memory.bytes(at: address, count: Int(min(count, limit)) * entrySize)
        else { return pointer(address) }
        let shown = (0..<Int(min(count, limit))).map { index -> String in
            let base: UInt64 = bytes.integer(at: index * entrySize)
            let length: UInt64 = bytes.integer(at: index * entrySize + 8)
            return "{iov_base=\(self.bytes(base, count: length, memory)), iov_len=\(length)}"
        }
        return "[\(shown.joined(separator: ", "))\(count > limit ? ", ..." : "")]"
    }

    /// The first bytes of a buffer.
    static func bytes(_ address: UInt64, count: UInt64, _ memory: some TraceMemory) -> String {
        let shown = memory.bytes(at: address, count: Int(min(count, UInt64(bufferLimit))))
        return shown.map { quoted($0, isCut: count > UInt64(bufferLimit)) } ?? pointer(address)
    }

    /// `struct sockaddr`: of local sockets the path, of the Internet's address and port.
    static func socketAddress(_ address: UInt64, length: UInt64, _ memory: some TraceMemory) -> String {
        let largest: UInt64 = 128
        guard address != 0, length >= 2, let bytes = memory.bytes(at: address, count: Int(min(length, largest))) else {
            return pointer(address)
        }
        let family: UInt16 = bytes.integer(at: 0)
        func port() -> Int { Int(bytes[2]) << 8 | Int(bytes[3]) }
        switch family {
        case 1:
            let isAbstract = bytes.count > 2 && bytes[2] == 0
            let path = bytes.dropFirst(2).drop { isAbstract && $0 == 0 }.prefix { $0 != 0 }
            return "{sa_family=AF_UNIX, sun_path=\(isAbstract ? "@" : "")\(quoted(Array(path)))}"
        case 2 where bytes.count >= 8:
            return "{sa_family=AF_INET, sin_port=\(port()), sin_addr=\(bytes[4]).\(bytes[5]).\(bytes[6]).\(bytes[7])}"
        case 10 where bytes.count >= 24:
            let groups = (0..<8).map { String(Int(bytes[8 + $0 * 2]) << 8 | Int(bytes[9 + $0 * 2]), radix: 16) }
            return "{sa_family=AF_INET6, sin6_port=\(port()), sin6_addr=\(groups.joined(separator: ":"))}"
        default:
            return "{sa_family=\(name(UInt64(family), TraceNames.domain))}"
        }
    }

    /// `struct stat`
    static func status(_ address: UInt64, _ memory: some TraceMemory, _ abi: ABI) -> String? {
        guard let bytes = memory.bytes(at: address, count: 56) else { return nil }
        let mode: UInt32 = bytes.integer(at: place(24, in: abi.stat))
        let size: Int64 = bytes.integer(at: place(48, in: abi.stat))
        let kind = name(UInt64(mode & 0o170000), TraceNames.fileType)
        return "{st_mode=\(kind)|0\(String(mode & 0o7777, radix: 8)), st_size=\(size), ...}"
    }

    /// `struct rlimit`
    static func limit(_ address: UInt64, _ memory: some TraceMemory) -> String? {
        guard address != 0, let bytes = memory.bytes(at: address, count: ResourceLimit.size) else { return nil }
        func value(_ offset: Int) -> String {
            let value: UInt64 = bytes.integer(at: offset)
            return value == ResourceLimit.infinity ? "RLIM64_INFINITY" : "\(value)"
        }
        return "{rlim_cur=\(value(0)), rlim_max=\(value(8))}"
    }

    /// `struct epoll_event`
    static func event(_ address: UInt64, _ memory: some TraceMemory, _ abi: ABI) -> String? {
        let data = place(4, in: abi.epollEvent)
        guard address != 0, let bytes = memory.bytes(at: address, count: data + 8) else { return nil }
        let events = flags(UInt64(bytes.integer(at: 0) as UInt32), TraceNames.pollEvents, none: "0")
        return "{events=\(events), data=\(hex(bytes.integer(at: data)))}"
    }

    /// Where a field of a host struct is in the guest's.
    private static func place(_ host: Int, in layout: StructLayout?) -> Int {
        layout?.fields.first { $0.host == host }?.guest ?? host
    }

    /// `struct pollfd`, as many as there are.
    static func polled(_ address: UInt64, count: UInt64, _ memory: some TraceMemory) -> String {
        let limit: UInt64 = 8
        guard address != 0, count > 0, let bytes = memory.bytes(at: address, count: Int(min(count, limit)) * 8) else {
            return pointer(address)
        }
        let shown = (0..<Int(min(count, limit))).map { index -> String in
            let descriptor: Int32 = bytes.integer(at: index * 8)
            let events: UInt16 = bytes.integer(at: index * 8 + 4)
            return "{fd=\(descriptor), events=\(flags(UInt64(events), TraceNames.pollEvents, none: "0"))}"
        }
        return "[\(shown.joined(separator: ", "))\(count > limit ? ", ..." : "")]"
    }
}

extension TraceNames {
    static let domain: [TraceName] = [
        .init(0, "AF_UNSPEC"), .init(1, "AF_UNIX"), .init(2, "AF_INET"), .init(10, "AF_INET6"),
        .init(16, "AF_NETLINK"), .init(17, "AF_PACKET"), .init(38, "AF_ALG"), .init(40, "AF_VSOCK"),
    ]

    /// A number with flags.
    static let socketType: [TraceName] = [
        .init(0o2000000, "SOCK_CLOEXEC"), .init(0o4000, "SOCK_NONBLOCK"), .init(5, "SOCK_SEQPACKET"),
        .init(3, "SOCK_RAW"), .init(2, "SOCK_DGRAM"), .init(1, "SOCK_STREAM"),
    ]

    static let fileType: [TraceName] = [
        .init(0o140000, "S_IFSOCK"), .init(0o120000, "S_IFLNK"), .init(0o100000, "S_IFREG"), .init(0o060000, "S_IFBLK"),
        .init(0o040000, "S_IFDIR"), .init(0o020000, "S_IFCHR"), .init(0o010000, "S_IFIFO"),
    ]

    static let pollEvents: [TraceName] = [
        .init(0x001, "POLLIN"), .init(0x002, "POLLPRI"), .init(0x004, "POLLOUT"), .init(0x008, "POLLERR"),
        .init(0x010, "POLLHUP"), .init(0x020, "POLLNVAL"), .init(0x2000, "POLLRDHUP"),
        .init(0x1000_0000, "EPOLLEXCLUSIVE"), .init(0x2000_0000, "EPOLLWAKEUP"), .init(0x4000_0000, "EPOLLONESHOT"),
        .init(0x8000_0000, "EPOLLET"),
    ]

    static let advice: [TraceName] = [
        .init(0, "MADV_NORMAL"), .init(1, "MADV_RANDOM"), .init(2, "MADV_SEQUENTIAL"), .init(3, "MADV_WILLNEED"),
        .init(4, "MADV_DONTNEED"), .init(8, "MADV_FREE"), .init(9, "MADV_REMOVE"), .init(10, "MADV_DONTFORK"),
        .init(11, "MADV_DOFORK"), .init(14, "MADV_HUGEPAGE"), .init(15, "MADV_NOHUGEPAGE"), .init(16, "MADV_DONTDUMP"),
        .init(18, "MADV_WIPEONFORK"), .init(22, "MADV_POPULATE_READ"), .init(23, "MADV_POPULATE_WRITE"),
    ]

    static let processControl: [TraceName] = [
        .init(1, "PR_SET_PDEATHSIG"), .init(2, "PR_GET_PDEATHSIG"), .init(3, "PR_GET_DUMPABLE"),
        .init(4, "PR_SET_DUMPABLE"), .init(8, "PR_SET_KEEPCAPS"), .init(15, "PR_SET_NAME"), .init(16, "PR_GET_NAME"),
        .init(21, "PR_GET_SECCOMP"), .init(22, "PR_SET_SECCOMP"), .init(23, "PR_CAPBSET_READ"),
        .init(29, "PR_SET_TIMERSLACK"), .init(35, "PR_SET_MM"), .init(36, "PR_SET_CHILD_SUBREAPER"),
        .init(38, "PR_SET_NO_NEW_PRIVS"), .init(39, "PR_GET_NO_NEW_PRIVS"), .init(41, "PR_SET_THP_DISABLE"),
        .init(47, "PR_CAP_AMBIENT"), .init(50, "PR_SVE_SET_VL"), .init(51, "PR_SVE_GET_VL"),
        .init(54, "PR_PAC_RESET_KEYS"), .init(55, "PR_SET_TAGGED_ADDR_CTRL"), .init(56, "PR_GET_TAGGED_ADDR_CTRL"),
        .init(0x4155_5856, "PR_GET_AUXV"), .init(0x5356_4d41, "PR_SET_VMA"), .init(0x5961_6d61, "PR_SET_PTRACER"),
    ]
}
