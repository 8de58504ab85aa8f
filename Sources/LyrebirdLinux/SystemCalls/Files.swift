// Opening, closing and controlling file descriptors. They are the host's own; only the names of files, some flags, and the
// translator's few private descriptors need care.

import Lyrebird

/// `AT_FDCWD`
let currentDirectory: Int32 = -100

extension GuestThread {
    func openat(_ a: Arguments) throws(Errno) -> Int {
        let flags = abi.hostOpenFlags(a[2])
        var call = a
        call[2] = flags
        return try open(.openat, call, flags: flags)
    }

    /// open(2) and, with the flags that it has, creat(2).
    func open(_ a: Arguments, flags: UInt64, mode: UInt64) throws(Errno) -> Int {
        try openat(Arguments(UInt64(bitPattern: Int64(currentDirectory)), a[0], flags, mode))
    }

    /// O_CREAT, O_WRONLY, O_TRUNC
    static let creationFlags: UInt64 = 0o1101

    func openat2(_ a: Arguments) throws(Errno) -> Int {
        guard a[3] >= 24 else { throw .EINVAL }
        guard a[3] <= Memory.pageSize else { throw .E2BIG }
        var how = try read(a[2], count: Int(a[3]))
        let flags = abi.hostOpenFlags(how.integer(at: 0))
        let resolve: UInt64 = how.integer(at: 16)
        how.store(flags, at: 0)
        scratch[2].copyBytes(from: how)
        var call = a
        call[2] = scratch.address(2)
        // RESOLVE_BENEATH and RESOLVE_IN_ROOT give the path a root of its own: the directory that is open. The others forbid
        // things on the way, of which there must be none that this side has added.
        let ownRoot: UInt64 = 0x18
        guard resolve == 0 else {
            let path = try readPath(a[1])
            if resolve & ownRoot == 0, path.first == UInt8(ascii: "/") {
                call[1] = try hostPathAddress(path, at: a.int(0), guest: a[1], .lookupNoFollow, slot: 0)
            }
            return block(.openat2, call, restart: .ifHandlerAllows)
        }
        return try open(.openat2, call, flags: flags)
    }

    /// Opens the file at the path in the second argument, relative to the descriptor in the first.
    private func open(_ call: SystemCall, _ a: Arguments, flags: UInt64) throws(Errno) -> Int {
        let path = try readPath(a[1])
        if let content = process.procFile(path, from: a.int(0), flags: flags) { return content }
        var hostCall = a
        hostCall[1] = try hostPathAddress(path, at: a.int(0), guest: a[1], Self.openPurpose(flags), slot: 0)
        let descriptor = block(call, hostCall, restart: .ifHandlerAllows)
        let accessMode: UInt64 = 3
        if descriptor >= 0, flags & accessMode != 0,
            process.paths.ownProcEntry(path, from: a.int(0))?.elementsEqual("mem".utf8) == true
        {
            process.hasMemoryFile = true
        }
        return descriptor
    }

    /// Writes to a file. One that is this process's memory (/proc/self/mem) may hold code: the kernel makes it coherent then.
    func writeFile(_ call: SystemCall, _ a: Arguments) -> Int {
        let result = block(call, a, restart: .ifHandlerAllows)
        guard process.hasMemoryFile, result > 0 else { return result }
        let link = HostFile.linkTarget(Array("/proc/thread-self/fd/\(a.int(0))".utf8)) ?? []
        if link.starts(with: "/proc/".utf8), link.suffix(4).elementsEqual("/mem".utf8) {
            process.machine.flushTranslations()
        }
        return result
    }

    /// What open(2) does with a name, from O_CREAT, O_EXCL and O_NOFOLLOW.
    private static func openPurpose(_ hostFlags: UInt64) -> PathResolver.Purpose {
        let follows = hostFlags & 0o400000 == 0
        guard hostFlags & 0o100 != 0 else { return .lookup(follow: follows) }
        return follows && hostFlags & 0o200 == 0 ? .openOrCreate : .create
    }

    /// The translator's own descriptors look closed to the guest.
    private func checkNotPrivate(_ descriptor: Int32) throws(Errno) {
        if process.privateDescriptors.contains(descriptor) { throw .EBADF }
    }

    func close(_ a: Arguments) throws(Errno) -> Int {
        try checkNotPrivate(a.int(0))
        return pass(.close, a)
    }

    func dup(_ a: Arguments) throws(Errno) -> Int {
        try checkNotPrivate(a.int(0))
        return pass(.dup, a)
    }

    func dup2(_ a: Arguments) throws(Errno) -> Int {
        try checkNotPrivate(a.int(0))
        try checkNotPrivate(a.int(1))
        return block(.dup2, a, restart: .never)
    }

    func dup3(_ a: Arguments) throws(Errno) -> Int {
        try checkNotPrivate(a.int(0))
        try checkNotPrivate(a.int(1))
        var call = a
        call[2] = abi.hostOpenFlags(a[2])
        return block(.dup3, call, restart: .never)
    }

    /// A call that is the host's own but for open(2) flags in one argument.
    func passOpenFlags(_ call: SystemCall, _ a: Arguments, at index: Int) -> Int {
        var hostArguments = a
        hostArguments[index] = abi.hostOpenFlags(a[index])
        return block(call, hostArguments, restart: .ifHandlerAllows)
    }

    /// Closes the ranges between the translator's own descriptors.
    func closeRange(_ a: Arguments) -> Int {
        var first = a[0] & 0xffff_ffff
        let last = a[1] & 0xffff_ffff
        for own in process.privateDescriptors.map({ UInt64($0) }).sorted()
        where (first...max(first, last)).contains(own) {
            if own > first {
                let result = host.systemCall(.close_range, first, own - 1, a[2])
                guard result == 0 else { return result }
            }
            first = own + 1
        }
        // Only an own descriptor can have raised `first` beyond `last`; otherwise the kernel says what is wrong.
        guard first <= last || a[0] & 0xffff_ffff > last else { return 0 }
        return host.systemCall(.close_range, first, last, a[2])
    }

    func fcntl(_ a: Arguments) throws(Errno) -> Int {
        try checkNotPrivate(a.int(0))
        var call = a
        switch a.int(1) {
        case 3:  // F_GETFL
            let flags = pass(.fcntl, a)
            return flags < 0 ? flags : Int(abi.guestOpenFlags(UInt64(flags)))
        case 4:  // F_SETFL
            call[2] = abi.hostOpenFlags(a[2])
            return pass(.fcntl, call)
        case 7, 38:  // F_SETLKW, F_OFD_SETLKW
            return block(.fcntl, a, restart: .ifHandlerAllows)
        default:
            return pass(.fcntl, a)
        }
    }
}
