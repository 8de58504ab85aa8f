// Real guest programs, run by the program `lyrebird` that is built beside the tests. They check what they see themselves: each
// fact is a line that begins with "ok", and the last line is "all well". Skipped where no AArch64 compiler is installed.

import Glibc
import Testing

@testable import LyrebirdLinux

@Suite(.serialized, .enabled(if: GuestPrograms.shared != nil, "aarch64-linux-gnu-gcc and lyrebird are needed"))
struct GuestProgramTests {
    private let programs = GuestPrograms.shared!

    @Test func firstInstructions() {
        let run = programs.run("start", ["one", "two words", ""])
        #expect(run.output == "\(programs.path("start"))\none\ntwo words\n\n")
        #expect(run.status == .exited(4))
    }

    @Test(arguments: ["hello", "hello-pie", "hello-dynamic"]) func startingState(name: String) {
        let run = programs.run(name, ["x", "y z"], environment: ["GUEST_A=b", "GUEST_=="])
        let lines = run.output.split(separator: "\n").filter { !$0.hasPrefix("ok ") }
        #expect(lines == ["hello, 2 arguments: <x> <y z>", "GUEST_A=b", "GUEST_=="])
        #expect(run.status == .exited(43))
    }

    @Test(arguments: [
        "files", "memory", "processes", "signals", "clocks", "rounding", "vectors", "threads", "litmus", "storm",
    ])
    func holds(name: String) {
        check(programs.run(name, []))
    }

    /// With a cache that is flushed all the time, too: threads and vfork(2) children wait for each other then.
    @Test(arguments: ["threads", "processes", "signals"]) func holdsInASmallCache(name: String) {
        check(programs.run(name, [], options: ["--cache-size", "65536"]))
    }

    /// For LYREBIRD_STRESS_SECONDS each, 2 if it is not set.
    @Test(arguments: [64 << 20, 128 << 10]) func holdsUnderStress(cacheSize: Int) {
        let seconds = getenv("LYREBIRD_STRESS_SECONDS").flatMap { Int(String(cString: $0)) } ?? 2
        check(
            programs.run("stress", ["\(seconds)"], options: ["--cache-size", "\(cacheSize)"], limit: 10 * seconds + 60))
    }

    private func check(_ run: GuestPrograms.Run) {
        let failures = run.output.split(separator: "\n").filter { !$0.hasPrefix("ok ") && $0 != "all well" }
        #expect(failures == [])
        #expect(run.output.hasSuffix("all well\n"))
        #expect(run.status == .exited(0))
    }

    @Test func traces() {
        let run = programs.run("start", ["one"], options: ["--strace"])
        #expect(run.errors.contains("write(1, \"one\", 3) = 3\n"))
        #expect(run.errors.contains("exit_group(2) = ?\n"))
        #expect(run.errors.hasSuffix("+++ exited with 2 +++\n"))
    }

    @Test func whatCannotBeRun() {
        #expect(programs.run("/no/such/program", []).errors.contains("/no/such/program: No such file or directory"))
        #expect(programs.run("/etc/passwd", []).errors.contains("/etc/passwd: Permission denied"))
    }
}

/// The guest programs, built once into a temporary directory.
final class GuestPrograms: Sendable {
    static let shared = GuestPrograms()

    private let directory: String
    private let lyrebird: String
    private static let sysroot = "/usr/aarch64-linux-gnu"

    private init?() {
        guard let own = HostFile.linkTarget(Array("/proc/self/exe".utf8)) else { return nil }
        // The test bundle and the program are built into one directory; the runner may be the toolchain's.
        let places = [String(decoding: own, as: UTF8.self)] + CommandLine.arguments
        let candidates = places.map { $0.prefix(upTo: $0.lastIndex(of: "/") ?? $0.startIndex) + "/lyrebird" }
        guard let program = candidates.first(where: { access(String($0), X_OK) == 0 }) else { return nil }
        guard system("command -v aarch64-linux-gnu-gcc >/dev/null") == 0 else { return nil }
        var template = Array("/tmp/lyrebird-guests-XXXXXX".utf8CString)
        directory = String(cString: mkdtemp(&template))
        lyrebird = String(program)

        let source = #filePath.split(separator: "/").dropLast(2).reduce("") { "\($0)/\($1)" } + "/Guests"
        var commands = [
            "start.S -o start -nostdlib -static", "hello.c -o hello-pie -static-pie", "hello.c -o hello-dynamic",
        ]
        commands += [
            "hello", "files", "memory", "processes", "signals", "clocks", "rounding", "vectors", "threads", "litmus",
            "storm", "stress",
        ].map {
            "\($0).c -o \($0) -static -pthread -lm"
        }
        for command in commands {
            guard system("cd '\(directory)' && aarch64-linux-gnu-gcc -O2 -w \(source)/\(command)") == 0 else {
                return nil
            }
        }
        // Only the directory's name is needed from here on: the last test leaves it to the system's cleaning.
    }

    func path(_ name: String) -> String { name.hasPrefix("/") ? name : "\(directory)/\(name)" }

    struct Run {
        var status: LyrebirdLinux.ExitStatus
        var output: String
        var errors: String
    }

    /// Runs a program and waits for its end.
    /// - Parameter limit: seconds.
    func run(
        _ name: String, _ arguments: [String], environment: [String] = [], options: [String] = [], limit: Int = 60
    ) -> Run {
        let output = "\(directory)/output"
        let errors = "\(directory)/errors"
        let words =
            ["timeout", "-s", "KILL", "\(limit)", lyrebird, "--sysroot", Self.sysroot] + options + [path(name)]
            + arguments
        var vector: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] =
            (["PATH=/usr/bin:/bin"] + environment).map { strdup($0) } + [nil]
        defer { for string in vector + variables { free(string) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_CREAT | O_TRUNC | O_WRONLY, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, errors, O_CREAT | O_TRUNC | O_WRONLY, 0o600)
        // The runner's own descriptors are not the guest's.
        for descriptor in Int32(3)..<100 { posix_spawn_file_actions_addclose(&actions, descriptor) }
        defer { posix_spawn_file_actions_destroy(&actions) }
        // The runner's threads block signals; the guest must not inherit that.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var mask = sigset_t()
        sigemptyset(&mask)
        posix_spawnattr_setsigmask(&attributes, &mask)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var child: pid_t = 0
        var status: Int32 = 0
        guard posix_spawnp(&child, "timeout", &actions, &attributes, &vector, &variables) == 0 else {
            return Run(status: .exited(127), output: "", errors: "timeout cannot be run")
        }
        while waitpid(child, &status, 0) == -1 && errno == EINTR {}
        let end: LyrebirdLinux.ExitStatus = status & 0x7f == 0 ? .exited(status >> 8 & 0xff) : .signaled(status & 0x7f)
        return Run(status: end, output: Self.content(output), errors: Self.content(errors))
    }

    private static func content(_ path: String) -> String {
        let file = open(path, O_RDONLY)
        defer { close(file) }
        guard let host = try? HostFile(adopting: dup(file)), let bytes = try? host.read(at: 0, count: Int(host.size))
        else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }
}
