// Paths in a system root.

import Glibc
import Testing

@testable import LyrebirdLinux

/// A system root in a temporary directory.
private final class Root {
    let path: String

    init() {
        var template = Array("/tmp/lyrebird-root-XXXXXX".utf8CString)
        path = String(cString: mkdtemp(&template))
        for directory in ["usr", "usr/lib", "usr/bin", "etc", "tmp", "proc", "only", "var", "var/tmp"] {
            mkdir("\(path)/\(directory)", 0o755)
        }
        for file in ["usr/lib/libc.so", "usr/bin/tool", "etc/passwd"] {
            close(open("\(path)/\(file)", O_CREAT | O_WRONLY, 0o755))
        }
        symlink("usr/lib", "\(path)/lib")
        symlink("/usr/bin", "\(path)/bin")
        symlink("/etc/passwd", "\(path)/etc/absolute")
        symlink("../../../../etc/passwd", "\(path)/etc/climbs")
        symlink("/proc/mounts", "\(path)/etc/mtab")
        symlink("loop", "\(path)/etc/loop")
    }

    deinit {
        // A few files in a known place: nothing else is worth the code.
        let command = "rm -rf '\(path)'"
        _ = system(command)
    }

    func resolver() throws -> PathResolver {
        try PathResolver(root: path + "/", executable: Array("/the/program".utf8))
    }
}

@Suite struct PathResolverTests {
    private func text(_ path: [UInt8]?) -> String? { path.map { String(decoding: $0, as: UTF8.self) } }

    @Test func looksInTheRootFirst() throws {
        let root = Root()
        let paths = try root.resolver()
        func host(_ path: String, _ purpose: PathResolver.Purpose = .lookup) -> String? {
            text(paths.hostPath(Array(path.utf8), for: purpose))
        }
        #expect(host("/etc/passwd") == "\(root.path)/etc/passwd")
        #expect(host("//etc/.//passwd") == "\(root.path)/etc/passwd")
        #expect(host("/lib/libc.so") == "\(root.path)/usr/lib/libc.so")
        #expect(host("/bin/tool") == "\(root.path)/usr/bin/tool")
        #expect(host("/") == root.path + "/")
        #expect(host("/usr/lib/") == "\(root.path)/usr/lib/")
        #expect(host("/usr/lib/../bin/tool") == "\(root.path)/usr/bin/tool")
        #expect(host("/../../etc/passwd") == "\(root.path)/etc/passwd")
        // Not there: the host's.
        #expect(host("/etc/nothing") == nil)
        #expect(host("/no/such/place") == nil)
        #expect(host("relative") == nil)
        #expect(host("") == nil)
    }

    @Test func linksStayInside() throws {
        let root = Root()
        let paths = try root.resolver()
        func host(_ path: String, _ purpose: PathResolver.Purpose = .lookup) -> String? {
            text(paths.hostPath(Array(path.utf8), for: purpose))
        }
        #expect(host("/etc/absolute") == "\(root.path)/etc/passwd")
        #expect(host("/etc/climbs") == "\(root.path)/etc/passwd")
        #expect(host("/etc/absolute", .lookupNoFollow) == "\(root.path)/etc/absolute")
        #expect(host("/etc/mtab") == "/proc/mounts")
        #expect(host("/etc/loop") == "\(root.path)/etc/loop")  // for the kernel to refuse
        #expect(host("/bin/", .lookupNoFollow) == "\(root.path)/usr/bin/")
    }

    @Test func theHostsTreesAreTheHosts() throws {
        let root = Root()
        let paths = try root.resolver()
        for path in ["/proc", "/proc/cpuinfo", "/tmp", "/tmp/file", "/var/tmp", "/usr/../proc/version", "/dev/null"] {
            let resolved = text(paths.hostPath(Array(path.utf8)))
            #expect(resolved == nil || resolved == "/proc/version", "\(path)")
        }
    }

    @Test func newFilesGoWhereTheirDirectoryIs() throws {
        let root = Root()
        let paths = try root.resolver()
        func host(_ path: String) -> String? { text(paths.hostPath(Array(path.utf8), for: .create)) }
        #expect(host("/only/new") == "\(root.path)/only/new")
        #expect(host("/usr/lib/new") == nil)  // the host has such a directory
        #expect(host("/etc/passwd") == "\(root.path)/etc/passwd")
        #expect(host("/only/no/new") == nil)
        #expect(text(paths.hostPath(Array("/etc/climbs".utf8), for: .openOrCreate)) == "\(root.path)/etc/passwd")
    }

    @Test func hostPathsIntoTheRoot() throws {
        let root = Root()
        let paths = try root.resolver()
        func host(_ path: String) -> String? { text(paths.hostPath(Array("\(root.path)\(path)".utf8))) }
        #expect(host("/bin/tool") == "\(root.path)/usr/bin/tool")
        #expect(host("/etc/absolute") == "\(root.path)/etc/passwd")
        #expect(host("/etc/nothing") == nil)
        #expect(host("/tmp/x") == nil)
        func guest(_ path: String) -> String? { text(paths.guestPath(Array(path.utf8))) }
        #expect(guest("\(root.path)/etc/passwd") == "/etc/passwd")
        #expect(guest(root.path) == "/")
        #expect(guest("\(root.path)/tmp/x") == "\(root.path)/tmp/x")
        #expect(guest("\(root.path)x/y") == "\(root.path)x/y")
        #expect(guest("/etc") == "/etc")
    }

    @Test func ownExecutable() throws {
        let paths = try PathResolver(root: nil, executable: Array("/the/program".utf8))
        for path in ["/proc/self/exe", "/proc/thread-self/exe", "/proc/\(getpid())/exe"] {
            #expect(text(paths.hostPath(Array(path.utf8))) == "/the/program")
            #expect(paths.isOwnExecutable(Array(path.utf8)))
        }
        #expect(paths.hostPath(Array("/proc/self/exe".utf8), for: .lookupNoFollow) == nil)
        #expect(paths.hostPath(Array("/proc/1/exe".utf8)) == nil)
        #expect(paths.hostPath(Array("/proc/self/maps".utf8)) == nil)
    }

    @Test func rootMustBeADirectory() {
        #expect(throws: Errno.ENOENT) { try PathResolver(root: "/no/such/root") }
        #expect(throws: Errno.ENOTDIR) { try PathResolver(root: "/bin/sh") }
    }
}
