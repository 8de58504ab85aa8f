// Runs a program and keeps what it says.

import Glibc

/// A program that has ended.
public struct ChildProcess {
    public var output: String
    public var errors: String
    /// As a shell gives it: 128 + n if signal n ended the program.
    public var status: Int32

    /// Runs a program found in PATH or by its path, in `directory` if given, for a minute at most.
    public init(_ words: [String], in directory: String = ".", environment: [String] = ["PATH=/usr/bin:/bin"]) {
        let files = [Self.temporaryFile(), Self.temporaryFile()]
        defer { for file in files { close(file) } }
        let line = ["timeout", "-s", "KILL", "60", "env", "-C", directory] + words
        var arguments: [UnsafeMutablePointer<CChar>?] = line.map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) } + [nil]
        defer { for string in arguments + variables { free(string) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, files[0], 1)
        posix_spawn_file_actions_adddup2(&actions, files[1], 2)
        // The test runner's other descriptors are not the child's, and neither is the mask of signals that its threads have.
        for descriptor in Int32(3)..<100 { posix_spawn_file_actions_addclose(&actions, descriptor) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var mask = sigset_t()
        sigemptyset(&mask)
        posix_spawnattr_setsigmask(&attributes, &mask)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var child: pid_t = 0
        var status: Int32 = 127 << 8
        if posix_spawnp(&child, line[0], &actions, &attributes, &arguments, &variables) == 0 {
            while waitpid(child, &status, 0) == -1 && errno == EINTR {}
        }
        self.status = status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
        output = Self.content(of: files[0])
        errors = Self.content(of: files[1])
    }

    private static func temporaryFile() -> Int32 {
        var path = Array("/tmp/lyrebird-output-XXXXXX".utf8CString)
        let file = mkstemp(&path)
        unlink(path)
        return file
    }

    private static func content(of file: Int32) -> String {
        let size = lseek(file, 0, SEEK_END)
        var bytes = [UInt8](repeating: 0, count: max(0, size))
        let count = pread(file, &bytes, bytes.count, 0)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }
}

/// The directory that the tests were built into: the programs of the package are there, too.
public let buildDirectory: String = {
    // The runner may be the toolchain's; then the bundle is named in the arguments.
    var own = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &own, own.count - 1)
    let runner = String(decoding: own.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    for path in [runner] + CommandLine.arguments {
        let directory = String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.startIndex))
        if access(directory + "/lyrebird", X_OK) == 0 { return directory }
    }
    return "."
}()
