// Where a guest's path leads. With a system root, an absolute path is looked up there first, with links followed inside it,
// and on the host if it is not there. Relative paths need nothing: the current directory is the host's own.

import Glibc

/// Maps a guest's absolute paths to the host's.
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
    private static let slash = UInt8(ascii: "/")
    /// As many links as the kernel follows (MAXSYMLINKS).
    private static let linkLimit = 40

    /// The host path that stands for a guest path, nil where it is the path itself.
    func hostPath(_ path: [UInt8], for purpose: Purpose = .lookup) -> [UInt8]? {
        guard path.first == Self.slash else { return nil }
        if purpose.follows, isOwnExecutable(path) { return executable }
        guard let root else { return nil }
        if let inside = pathInside(root, path) {
            // Named by its host path: it is in the system root or nowhere.
            if case .found(let real) = walk(inside, follow: purpose.follows) { return real }
            return nil
        }
        switch walk(path, follow: purpose.follows) {
        case .found(let real): return real
        case .host(let real): return real == path ? nil : real
        case .missing(let parent, let name):
            // Neither here nor there: a new file goes where its directory is, the host's if both have it.
            guard purpose.creates, let parent, !HostFile.exists(directory(of: path)) else { return nil }
            return parent + [Self.slash] + name
        }
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

    /// Whether the path names the guest's own executable, which the kernel would take for the translator's.
    func isOwnExecutable(_ path: [UInt8]) -> Bool {
        Self.ownProcEntry(path).map { $0.elementsEqual("exe".utf8) } ?? false
    }

    /// The part of a path behind /proc/self/, /proc/thread-self/ or /proc/PID/ of this process.
    static func ownProcEntry(_ path: [UInt8]) -> [UInt8]? {
        guard path.starts(with: "/proc/".utf8) else { return nil }
        let rest = path.dropFirst(6)
        let name = rest.prefix { $0 != slash }
        guard
            name.elementsEqual("self".utf8) || name.elementsEqual("thread-self".utf8)
                || name.elementsEqual("\(getpid())".utf8)
        else { return nil }
        return Array(rest.dropFirst(name.count + 1))
    }

    private enum Place {
        case found([UInt8])
        /// Not the system root's business: a host path.
        case host([UInt8])
        /// Not in the system root, but perhaps the directory it would be in is.
        case missing(parent: [UInt8]?, name: [UInt8])
    }

    /// Follows a path inside the system root, links and `..` included, one component at a time.
    private func walk(_ path: [UInt8], follow: Bool) -> Place {
        guard let root else { return .host(path) }
        var pending = Array(Self.components(path).reversed())
        let wantsDirectory = path.last == Self.slash
        var place: [[UInt8]] = []
        var links = 0
        while let component = pending.popLast() {
            if component == Self.dotDot {
                if !place.isEmpty { place.removeLast() }
                continue
            }
            let candidate = place + [component]
            if Self.hostTrees.contains(candidate) { return .host(Self.join(candidate + pending.reversed())) }
            let real = root + Self.join(candidate)
            if let target = HostFile.linkTarget(real) {
                if pending.isEmpty, !follow, !wantsDirectory { return .found(real) }
                links += 1
                guard links <= Self.linkLimit else { return .found(real) }  // the kernel will say ELOOP
                if target.first == Self.slash { place = [] }
                pending += Self.components(target).reversed()
            } else if errno == EINVAL {
                place = candidate
            } else {
                return .missing(parent: pending.isEmpty ? root + Self.join(place) : nil, name: component)
            }
        }
        return .found(root + Self.join(place) + (wantsDirectory ? [Self.slash] : []))
    }

    private static let dotDot = Array("..".utf8)

    private static func components(_ path: [UInt8]) -> [[UInt8]] {
        path.split(separator: slash).map { Array($0) }.filter { $0 != [UInt8(ascii: ".")] }
    }

    private static func join(_ components: [[UInt8]]) -> [UInt8] {
        components.reduce(into: []) { $0 += [slash] + $1 }
    }

    private func directory(of path: [UInt8]) -> [UInt8] {
        var path = path
        while path.last == Self.slash { path.removeLast() }
        while let last = path.last, last != Self.slash { path.removeLast() }
        return path
    }
}
