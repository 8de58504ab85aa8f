// Where a guest's path leads. With a system root, the guest sees two trees as one: each name is looked up in the system root
// first and on the host if it is not there; absolute links begin again at the top, wherever they are found, and `..` does not
// lead out of the system root. Where the kernel would come to the same place by itself, the path is left to it.

import Glibc

/// Maps a guest's paths to the host's.
struct PathResolver: Sendable {
    /// What the path is for.
    enum Purpose: Sendable {
        /// To look at what it names; if that is a link, at what the link names.
        case lookup
        /// To look at what it names, or at the link itself.
        case lookupNoFollow
        /// To make what it names.
        case create
        /// To open what it names, a link followed, or make it (O_CREAT).
        case openOrCreate

        var follows: Bool { self == .lookup || self == .openOrCreate }
        var creates: Bool { self == .create || self == .openOrCreate }

        /// As a lookup that follows the last link or not.
        static func lookup(follow: Bool) -> Purpose { follow ? .lookup : .lookupNoFollow }
    }

    /// Absolute host path of the system root, without links or a slash at its end; nil for none.
    private(set) var root: [UInt8]?
    /// Host path of the guest's program: what /proc/self/exe means to the guest.
    var executable: [UInt8]

    /// - Throws: what is wrong with `root` as a directory.
    init(root: String?, executable: [UInt8] = []) throws(Errno) {
        self.executable = executable
        guard let root else { return }
        guard let real = realpath(root, nil) else { throw Errno(errno) }
        defer { free(real) }
        guard access(real, X_OK) == 0 else { throw Errno(errno) }
        var status = stat()
        guard stat(real, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { throw .ENOTDIR }
        let bytes = Array(String(cString: real).utf8)
        self.root = bytes == [UInt8(ascii: "/")] ? nil : bytes
    }

    /// Directories that are the host's even with a system root: they hold what is running, not what is installed.
    private static let hostTrees = ["proc", "sys", "dev", "tmp", "run", "var/tmp"].map { components(Array($0.utf8)) }
    /// Those of them whose links are the kernel's to follow.
    private static let kernelTrees = ["proc", "sys", "dev"].map { Array($0.utf8) }
    private static let slash = UInt8(ascii: "/")
    /// As many links as the kernel follows (MAXSYMLINKS).
    private static let linkLimit = 40

    /// The host path that stands for a guest path, nil where the kernel finds the same by itself.
    /// - Parameter directory: the descriptor that a relative path begins at.
    func hostPath(
        _ path: [UInt8], from directory: Int32 = currentDirectory, for purpose: Purpose = .lookup
    ) -> [UInt8]? {
        guard let first = path.first else { return nil }
        if purpose.follows, path.last == UInt8(ascii: "e"), isOwnExecutable(path, from: directory) { return executable }
        guard let root else { return nil }
        if first != Self.slash, Self.isPlain(path, from: directory, follows: purpose.follows) { return nil }
        var walk = Walk(root: root, pending: Array(Self.components(path).reversed()))
        walk.wantsDirectory = path.last == Self.slash
        if first == Self.slash {
            if let inside = pathInside(root, path) {
                // Named by its host path: it is in the system root or nowhere.
                walk.pending = Self.components(inside).reversed()
                let place = self.walk(&walk, purpose)
                return walk.isMissing ? nil : place
            }
            let place = self.walk(&walk, purpose)
            return place == path ? nil : place
        }
        guard walk.begin(at: directory, pathInside: { pathInside(root, $0) }) else { return nil }
        walk.differs = false
        let place = self.walk(&walk, purpose)
        return walk.differs ? place : nil
    }

    /// From now on there is no system root.
    mutating func dropRoot() { root = nil }

    /// What the guest calls a host path: the system root's part taken off it.
    func guestPath(_ path: [UInt8]) -> [UInt8] {
        guard let root, let inside = pathInside(root, path) else { return path }
        return inside
    }

    /// The part of `path` below `root`, nil if it is elsewhere or is, seen from the guest, in one of the host's trees.
    private func pathInside(_ root: [UInt8], _ path: [UInt8]) -> [UInt8]? {
        guard path.starts(with: root) else { return nil }
        let rest = Array(path[root.count...])
        guard let first = rest.first else { return [Self.slash] }
        let components = Self.components(rest)
        guard first == Self.slash, !Self.hostTrees.contains(where: components.starts) else { return nil }
        return rest
    }

    // MARK: The process's own /proc

    /// Whether the path names the guest's own executable, which the kernel would take for the translator's.
    func isOwnExecutable(_ path: [UInt8], from directory: Int32 = currentDirectory) -> Bool {
        ownProcEntry(path, from: directory).map { $0.elementsEqual("exe".utf8) } ?? false
    }

    /// Names in a process's directory of /proc that are not what the kernel says.
    private static let ownNames: Set<[UInt8]> = Set(
        [
            "exe", "maps", "smaps", "auxv", "cmdline", "environ", "stat", "status", "limits", "mem", "root", "cwd",
            "cpuinfo",
        ].map { Array($0.utf8) })

    /// A path as far as it says where in /proc it leads, `..` and what a relative one begins at included; nil if it does not
    /// lead to a name that may have to be made up.
    private func procPath(_ path: [UInt8], from directory: Int32) -> [[UInt8]]? {
        // Most paths are out of the question by their last component.
        let end = path.lastIndex(of: Self.slash).map { $0 + 1 } ?? 0
        let isNumber = path[end...].allSatisfy { (0x30...0x39).contains($0) }
        guard isNumber || Self.ownNames.contains(Array(path[end...])) else { return nil }
        var pending = Self.components(path)
        guard !pending.isEmpty else { return nil }
        if path.first != Self.slash {
            guard let base = Self.path(of: directory) else { return nil }
            pending = Self.components(base) + pending
        }
        guard pending.first?.elementsEqual("proc".utf8) == true || pending.contains(Self.dotDot) else { return nil }
        var place: [[UInt8]] = []
        for component in pending {
            if component == Self.dotDot { _ = place.popLast() } else { place.append(component) }
        }
        return place.first?.elementsEqual("proc".utf8) == true ? place : nil
    }

    /// The name of a file right in /proc, as `cpuinfo`.
    func procEntry(_ path: [UInt8], from directory: Int32) -> [UInt8]? {
        guard let place = procPath(path, from: directory), place.count == 2 else { return nil }
        return place[1]
    }

    /// The part of a path behind /proc/self/, /proc/thread-self/ or /proc/PID/ of this process, or behind task/TID/ there.
    func ownProcEntry(_ path: [UInt8], from directory: Int32 = currentDirectory) -> [UInt8]? {
        guard let place = procPath(path, from: directory) else { return nil }
        return Self.ownEntry(of: place).map { Array(Self.join($0).dropFirst()) }
    }

    private static func ownEntry(of place: [[UInt8]]) -> [[UInt8]]? {
        guard place.count >= 3 else { return nil }
        if place[0].elementsEqual("dev".utf8) {
            return place[1].elementsEqual("fd".utf8) ? Array(place.dropFirst()) : nil
        }
        guard place[0].elementsEqual("proc".utf8) else { return nil }
        let name = place[1]
        guard
            name.elementsEqual("self".utf8) || name.elementsEqual("thread-self".utf8)
                || name.elementsEqual("\(getpid())".utf8)
        else { return nil }
        let isTask = place.count >= 5 && place[2].elementsEqual("task".utf8)
        return Array(place.dropFirst(isTask ? 4 : 2))
    }

    /// The host path of a directory that is open.
    private static func path(of directory: Int32) -> [UInt8]? {
        let link = directory == currentDirectory ? "/proc/self/cwd" : "/proc/self/fd/\(directory)"
        guard let path = HostFile.linkTarget(Array(link.utf8)), path.first == slash else { return nil }
        return path
    }

    // MARK: Walking

    /// Whether a relative path has no links and nothing that leads upwards, and all of it is there: the kernel comes to the same
    /// place, and what most relative paths need is one call for each component.
    private static func isPlain(_ path: [UInt8], from directory: Int32, follows: Bool) -> Bool {
        guard !path.elementsEqual(".".utf8), !startsHostTree(path) else { return false }
        var name = path + [0]
        return name.withUnsafeMutableBytes { buffer in
            let text = buffer.baseAddress!.assumingMemoryBound(to: CChar.self)
            var start = 0
            for end in path.indices.dropFirst() + [path.count] where buffer[end] == 0 || buffer[end] == slash {
                defer { start = end + 1 }
                let isUp =
                    end - start == 2 && buffer[start] == UInt8(ascii: ".") && buffer[start + 1] == UInt8(ascii: ".")
                if isUp { return false }
                let saved = buffer[end]
                buffer[end] = 0
                var byte: CChar = 0
                let isLink = readlinkat(directory, text, &byte, 1) >= 0
                if !isLink, errno != EINVAL { return false }
                if isLink, saved != 0 || follows { return false }
                buffer[end] = saved
            }
            return true
        }
    }

    private static func startsHostTree(_ path: [UInt8]) -> Bool {
        let first = path.prefix { $0 != slash }
        return first.elementsEqual(".".utf8)
            || hostTrees.contains { $0[0].elementsEqual(first) || $0.last!.elementsEqual(first) }
    }

    /// A path that is being followed, one component at a time, through the system root and the host's files behind it.
    private struct Walk {
        let root: [UInt8]
        /// What is still to be followed, the next component last.
        var pending: [[UInt8]]
        /// Where it has come to, as the guest calls it.
        var place: [[UInt8]] = []
        /// Whether `place` is a directory of the system root. The host may have one of the same name.
        var isInRoot = true
        /// Whether the path began in a directory of the system root that is open.
        var beganInRoot = false
        var wantsDirectory = false
        var links = 0
        /// Whether the kernel would have come elsewhere.
        var differs = true
        /// Whether the last component is neither in the system root nor on the host.
        var isMissing = false

        init(root: [UInt8], pending: [[UInt8]]) {
            self.root = root
            self.pending = pending
        }

        /// Goes to a directory that is open, if it can be named.
        mutating func begin(at directory: Int32, pathInside: ([UInt8]) -> [UInt8]?) -> Bool {
            guard let base = PathResolver.path(of: directory) else { return false }
            if let inside = pathInside(base) {
                place = PathResolver.components(inside)
                isInRoot = true
                beganInRoot = true
            } else {
                place = PathResolver.components(base)
                isInRoot = false
            }
            return true
        }

        mutating func beginAtTop() {
            place = []
            isInRoot = true
            beganInRoot = false
            differs = true
        }

        func hostPath(_ place: [[UInt8]], inRoot: Bool) -> [UInt8] {
            (inRoot ? root : []) + PathResolver.join(place)
        }

        mutating func climb() {
            guard !place.isEmpty else {
                differs = true  // the kernel would leave the system root here
                return
            }
            place.removeLast()
            guard !isInRoot else { return }
            // Back to where the system root has a directory, too: it comes first again.
            let isHostTree = PathResolver.hostTrees.contains { place.starts(with: $0) }
            isInRoot = !isHostTree && HostFile.isDirectory(hostPath(place, inRoot: true))
            if isInRoot { differs = true }
        }
    }

    /// Follows a path to the end.
    private func walk(_ walk: inout Walk, _ purpose: Purpose) -> [UInt8] {
        while let component = walk.pending.popLast() {
            if component == Self.dotDot {
                walk.climb()
                continue
            }
            let candidate = walk.place + [component]
            if candidate.count == 1, Self.kernelTrees.contains(component) {
                walk.differs = walk.differs || walk.beganInRoot
                let path = candidate + walk.pending.reversed()
                if leaveProc(path, &walk, purpose) { continue }
                return Self.join(path) + (walk.wantsDirectory ? [Self.slash] : [])
            }
            let isLast = walk.pending.isEmpty
            var isInRoot = walk.isInRoot && !Self.hostTrees.contains(candidate)
            var link: [UInt8]?
            var exists = false
            if isInRoot {
                (link, exists) = Self.look(walk.hostPath(candidate, inRoot: true))
                // A file where a directory is wanted is no matter for the host.
                if !exists, errno == ENOTDIR { return walk.hostPath(candidate, inRoot: true) }
                isInRoot = exists
            }
            if !exists {
                (link, exists) = Self.look(Self.join(candidate))
                if exists, walk.isInRoot { walk.differs = walk.differs || walk.beganInRoot }
            }
            guard exists else {
                walk.isMissing = true
                let rest = candidate + walk.pending.reversed()
                let path = Self.join(rest) + (walk.wantsDirectory ? [Self.slash] : [])
                // Neither here nor there: a new file goes where its directory is. If both have it, that is the host's, for
                // absolute paths; a relative one stays in the directory that it is relative to.
                guard isLast, purpose.creates, walk.isInRoot else { return path }
                if !walk.beganInRoot, HostFile.isDirectory(Self.join(walk.place)) { return path }
                return walk.root + path
            }
            guard let target = link, !(isLast && !purpose.follows && !walk.wantsDirectory) else {
                walk.place = candidate
                walk.isInRoot = isInRoot
                continue
            }
            walk.links += 1
            guard walk.links <= Self.linkLimit else { return walk.hostPath(candidate, inRoot: isInRoot) }
            if target.first == Self.slash { walk.beginAtTop() }
            walk.pending += Self.components(target).reversed()
        }
        let path = walk.hostPath(walk.place, inRoot: walk.isInRoot)
        return path + (walk.wantsDirectory || path.isEmpty ? [Self.slash] : [])
    }

    /// In the process's own /proc, `root`, `cwd` and `fd/N` lead back among the guest's files.
    private func leaveProc(_ path: [[UInt8]], _ walk: inout Walk, _ purpose: Purpose) -> Bool {
        guard let entry = Self.ownEntry(of: path), let name = entry.first else { return false }
        let isDescriptor = name.elementsEqual("fd".utf8)
        let length = isDescriptor ? 2 : 1
        guard entry.count >= length, entry.count > length || purpose.follows || walk.wantsDirectory else {
            return false
        }
        if name.elementsEqual("root".utf8) {
            walk.beginAtTop()
        } else if name.elementsEqual("cwd".utf8) || (isDescriptor && entry.count > 2) {
            let number = Int32(String(decoding: entry[length - 1], as: UTF8.self)) ?? currentDirectory
            let root = walk.root
            guard walk.begin(at: number, pathInside: { pathInside(root, $0) }) else { return false }
            walk.beganInRoot = false
        } else {
            return false
        }
        walk.links += 1
        guard walk.links <= Self.linkLimit else { return false }
        walk.pending = entry.dropFirst(length).reversed()
        return true
    }

    /// The target of what is there if it is a symbolic link, and whether something is there. What may not be looked at is
    /// taken to be: the kernel will say so.
    private static func look(_ path: [UInt8]) -> (link: [UInt8]?, exists: Bool) {
        if let target = HostFile.linkTarget(path) { return (target, true) }
        return (nil, errno != ENOENT && errno != ENOTDIR)
    }

    private static let dotDot = Array("..".utf8)

    private static func components(_ path: [UInt8]) -> [[UInt8]] {
        path.split(separator: slash).map { Array($0) }.filter { $0 != [UInt8(ascii: ".")] }
    }

    private static func join(_ components: [[UInt8]]) -> [UInt8] {
        components.reduce(into: []) { $0 += [slash] + $1 }
    }
}
