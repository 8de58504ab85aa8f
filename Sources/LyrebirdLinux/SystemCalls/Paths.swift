// System calls that name files. Most are the host's own once their absolute paths have been looked up in the system root: a
// table says which arguments are paths and how they are meant.

import Lyrebird

/// A path among the arguments of a system call.
struct PathArgument: Sendable {
    /// How the last component is taken if it is a symbolic link.
    enum Following: Sendable {
        case always
        case never
        /// Unless this bit is set in that argument (AT_SYMLINK_NOFOLLOW and the like).
        case unless(bit: UInt64, argument: Int)
        /// Only if this bit is set in that argument (AT_SYMLINK_FOLLOW).
        case onlyIf(bit: UInt64, argument: Int)
        /// It is made by the call.
        case creates
        /// As `always`, but only an absolute one is a path at all.
        case ifAbsolute
    }

    let index: Int
    /// The argument that says where a relative path begins; nil for the current directory.
    let directory: Int?
    let following: Following

    init(_ index: Int, at directory: Int? = nil, _ following: Following) {
        self.index = index
        self.directory = directory
        self.following = following
    }

    func purpose(_ a: Arguments) -> PathResolver.Purpose {
        switch following {
        case .always, .ifAbsolute: .lookup
        case .never: .lookupNoFollow
        case .unless(let bit, let argument): .lookup(follow: a[argument] & bit == 0)
        case .onlyIf(let bit, let argument): .lookup(follow: a[argument] & bit != 0)
        case .creates: .create
        }
    }
}

extension SystemCall {
    private static let noFollow: UInt64 = 0x100
    private static let follow: UInt64 = 0x400

    /// Its paths: at most two.
    var paths: [PathArgument] {
        switch self {
        case .statfs, .truncate, .chdir, .chroot, .setxattr, .getxattr, .listxattr, .removexattr, .swapon, .swapoff,
            .acct:
            [.init(0, .always)]
        case .stat, .access, .chmod, .chown, .utime, .utimes: [.init(0, .always)]
        case .lsetxattr, .lgetxattr, .llistxattr, .lremovexattr, .lstat, .lchown, .unlink, .rmdir: [.init(0, .never)]
        case .mkdir, .mknod: [.init(0, .creates)]
        case .symlink: [.init(1, .creates)]
        case .link, .rename: [.init(0, .never), .init(1, .creates)]
        case .futimesat: [.init(1, at: 0, .always)]
        case .umount2: [.init(0, .unless(bit: 8, argument: 1))]
        case .faccessat, .fchmodat: [.init(1, at: 0, .always)]
        case .faccessat2, .fchmodat2, .utimensat, .newfstatat:
            [.init(1, at: 0, .unless(bit: Self.noFollow, argument: 3))]
        case .fchownat: [.init(1, at: 0, .unless(bit: Self.noFollow, argument: 4))]
        case .statx, .setxattrat, .getxattrat, .listxattrat, .removexattrat, .open_tree, .mount_setattr:
            [.init(1, at: 0, .unless(bit: Self.noFollow, argument: 2))]
        case .fspick: [.init(1, at: 0, .unless(bit: 2, argument: 2))]  // FSPICK_SYMLINK_NOFOLLOW
        case .name_to_handle_at: [.init(1, at: 0, .onlyIf(bit: Self.follow, argument: 4))]
        case .inotify_add_watch: [.init(1, .unless(bit: 0x0200_0000, argument: 2))]  // IN_DONT_FOLLOW
        case .fanotify_mark: [.init(4, at: 3, .unless(bit: 4, argument: 1))]  // FAN_MARK_DONT_FOLLOW
        case .mkdirat, .mknodat: [.init(1, at: 0, .creates)]
        case .unlinkat: [.init(1, at: 0, .never)]
        case .symlinkat: [.init(2, at: 1, .creates)]
        case .linkat: [.init(1, at: 0, .onlyIf(bit: Self.follow, argument: 4)), .init(3, at: 2, .creates)]
        case .renameat, .renameat2: [.init(1, at: 0, .never), .init(3, at: 2, .creates)]
        // What is mounted need not be a file: a name without a slash is left alone.
        case .mount: [.init(0, .ifAbsolute), .init(1, .always)]
        case .pivot_root: [.init(0, .always), .init(1, .always)]
        case .move_mount:
            [.init(1, at: 0, .onlyIf(bit: 1, argument: 4)), .init(3, at: 2, .onlyIf(bit: 0x10, argument: 4))]
        case .quotactl: [.init(1, .ifAbsolute)]
        default: []
        }
    }
}

extension GuestThread {
    /// The address of the host path for a guest path: the guest's own string where they are the same.
    func hostPathAddress(
        _ path: [UInt8], at directory: Int32, guest address: UInt64, _ purpose: PathResolver.Purpose, slot: Int
    ) throws(Errno) -> UInt64 {
        guard let real = process.paths.hostPath(path, from: directory, for: purpose) else { return address }
        return try scratch.store(path: real, slot: slot)
    }

    /// The arguments with their paths replaced by the host's.
    func withHostPaths(_ call: SystemCall, _ a: Arguments) throws(Errno) -> Arguments {
        var result = a
        for (slot, path) in call.paths.enumerated() where a[path.index] != 0 {
            let name = try readPath(a[path.index])
            if case .ifAbsolute = path.following, name.first != UInt8(ascii: "/") { continue }
            result[path.index] = try hostPathAddress(
                name, at: path.directory.map { a.int($0) } ?? currentDirectory, guest: a[path.index],
                path.purpose(a), slot: slot)
        }
        return result
    }

    /// A call that is the host's own but for its paths.
    func passPaths(_ call: SystemCall, _ a: Arguments) throws(Errno) -> Int {
        pass(call, try withHostPaths(call, a))
    }

    func readlink(_ a: Arguments) throws(Errno) -> Int {
        try readlinkat(Arguments(UInt64(bitPattern: Int64(currentDirectory)), a[0], a[1], a[2]))
    }

    /// The target of a link that the kernel makes up (/proc/self/cwd, /proc/self/fd/N …) is a host path: it is shown as the
    /// guest's.
    func readlinkat(_ a: Arguments) throws(Errno) -> Int {
        guard a.int(3) > 0 else { throw .EINVAL }
        let path = try readPath(a[1])
        let entry = process.paths.ownProcEntry(path, from: a.int(0))
        let target: [UInt8]
        if let entry, entry.elementsEqual("exe".utf8) {
            target = process.paths.guestPath(process.paths.executable)
        } else if let entry, entry.elementsEqual("root".utf8), process.paths.root != nil {
            target = [UInt8(ascii: "/")]
        } else if let entry, process.paths.root != nil, process.hasGuestDirectory || !entry.elementsEqual("cwd".utf8) {
            let count = host.systemCall(
                .readlinkat, UInt64(bitPattern: Int64(a.int(0))), a[1], scratch.address(2), UInt64(scratch[2].count))
            guard count >= 0 else { return count }
            target = process.paths.guestPath(Array(scratch[2].prefix(count)))
        } else {
            var call = a
            call[1] = try hostPathAddress(path, at: a.int(0), guest: a[1], .lookupNoFollow, slot: 0)
            return pass(.readlinkat, call)
        }
        let visible = Array(target.prefix(Int(a.int(3))))
        try write(visible, at: a[2])
        return visible.count
    }

    /// An absolute name says whose name for the directory the guest wants to see.
    func chdir(_ a: Arguments) throws(Errno) -> Int {
        let result = try passPaths(.chdir, a)
        guard result == 0, let root = process.paths.root else { return result }
        let path = try readPath(a[0])
        if path.first == UInt8(ascii: "/") { process.hasGuestDirectory = !path.starts(with: root) }
        return result
    }

    func getcwd(_ a: Arguments) throws(Errno) -> Int {
        guard process.paths.root != nil, process.hasGuestDirectory else { return pass(.getcwd, a) }
        let count = host.systemCall(.getcwd, scratch.address(2), UInt64(scratch[2].count))
        guard count > 0 else { return count }
        let path = process.paths.guestPath(Array(scratch[2].prefix(count - 1))) + [0]
        guard path.count <= a[1] else { throw .ERANGE }
        try write(path, at: a[0])
        return path.count
    }

    /// Behind chroot(2) and pivot_root(2) the kernel's root is the guest's: no system root besides it.
    func changeRoot(_ call: SystemCall, _ a: Arguments) throws(Errno) -> Int {
        let result = try passPaths(call, a)
        if result == 0 { process.dropRoot() }
        return result
    }
}
