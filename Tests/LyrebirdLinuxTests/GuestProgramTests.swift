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
        "files", "memory", "processes", "signals", "clocks", "rounding", "vectors", "proc", "hostile-pointers",
        "hostile-mappings", "threads", "litmus", "storm", "vdso",
    ]) func holds(name: String) {
        expectAllWell(programs.run(name, []))
    }

    /// With every loop translated as a whole at once, and with none.
    @Test(
        arguments: ["memory", "processes", "signals", "rounding", "vectors", "threads", "litmus", "storm"], ["1", "0"])
    func holdsWithLoops(name: String, threshold: String) {
        expectAllWell(programs.run(name, [], options: ["--loop-threshold", threshold]))
    }

    /// What a tracer looks at is hostile, too.
    @Test func hostilePointersAreTraced() {
        expectAllWell(programs.run("hostile-pointers", [], options: ["--strace"]))
    }

    /// `LYREBIRD_RANDOM_CALLS` says how many, `LYREBIRD_RANDOM_SEED` where they begin.
    @Test func randomCalls() {
        let environment = LinuxProcess.hostEnvironment.map { String(decoding: $0, as: UTF8.self) }
        func number(_ name: String) -> Int? {
            environment.first { $0.hasPrefix("\(name)=") }.flatMap { Int($0.dropFirst(name.count + 1)) }
        }
        let calls = number("LYREBIRD_RANDOM_CALLS") ?? 20_000
        let seed = number("LYREBIRD_RANDOM_SEED") ?? 1
        expectAllWell(programs.run("random-calls", ["\(calls)", "\(seed)"], seconds: 60 + calls / 1000))
    }

    @Test func systemRoot() {
        let root = programs.makeRoot()
        expectAllWell(programs.run("roots", [root], root: root))
    }

    /// The same source, built for the host: what system calls return is the same.
    @Test(.enabled(if: GuestPrograms.shared?.hasHostCompiler == true, "a C compiler for the host is needed"))
    func familiesAreAsNative() {
        let native = programs.run("families-native", [], isNative: true)
        let guest = programs.run("families", [])
        #expect(native.output.hasSuffix("the end\n"))
        let lines = (native.output.split(separator: "\n"), guest.output.split(separator: "\n"))
        for (expected, found) in zip(lines.0, lines.1) { #expect(found == expected) }
        #expect(lines.0.count == lines.1.count)
        #expect(guest.status == native.status)
    }

    /// A program of the host's architecture, as the host runs it and translated.
    @Test(
        .enabled(if: GuestPrograms.shared?.hasX86Program == true, "a C compiler for x86-64 is needed"),
        arguments: ["x86-64", "x87", "changing-code", "x86-64-exceptions"],
        [[], ["--loop-threshold", "1"], ["--cache-size", "65536"]])
    func x86(name: String, options: [String]) {
        expectAllWell(programs.run(name, [], isNative: true))
        expectAllWell(programs.run(name, [], options: options, root: "/"))
    }

    /// Its vectors and its floating point, on hosts that have them all and on one that does not.
    @Test(
        .enabled(if: GuestPrograms.shared?.hasX86Vectors == true, "a C compiler for x86-64 is needed"),
        arguments: ["x86-64-vectors", "x86-64-float"], ["detected", "baseline"])
    func x86Vectors(name: String, features: String) {
        expectAllWell(programs.run(name, [], options: ["--host-features", features], root: "/"))
    }

    @Test(.enabled(if: GuestPrograms.shared?.hasX86Program == true, "a C compiler for x86-64 is needed"))
    func x86VDSO() {
        expectAllWell(programs.run("vdso-x86-64", []))
    }

    /// With a cache that is flushed all the time, too: threads and vfork(2) children wait for each other then.
    @Test(arguments: ["threads", "processes", "signals", "vdso"]) func holdsInASmallCache(name: String) {
        expectAllWell(programs.run(name, [], options: ["--cache-size", "65536"]))
    }

    /// For LYREBIRD_STRESS_SECONDS each, 2 if it is not set.
    @Test(arguments: [64 << 20, 128 << 10]) func holdsUnderStress(cacheSize: Int) {
        let seconds = getenv("LYREBIRD_STRESS_SECONDS").flatMap { Int(String(cString: $0)) } ?? 2
        let options = ["--cache-size", "\(cacheSize)"]
        expectAllWell(programs.run("stress", ["\(seconds)"], options: options, seconds: 10 * seconds + 60))
    }

    private func expectAllWell(_ run: GuestPrograms.Run) {
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
    let hasHostCompiler: Bool
    let hasX86Program: Bool
    let hasX86Vectors: Bool
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
        let names = [
            "hello", "files", "memory", "processes", "signals", "clocks", "rounding", "vectors", "proc", "roots",
            "families", "hostile-pointers", "hostile-mappings", "random-calls", "threads", "litmus",
            "storm", "stress", "vdso",
        ]
        commands += names.map { "\($0).c -o \($0) -static -pthread -lm" }
        for command in commands {
            guard system("cd '\(directory)' && aarch64-linux-gnu-gcc -O2 -w \(source)/\(command)") == 0 else {
                return nil
            }
        }
        hasHostCompiler =
            system("cd '\(directory)' && cc -O2 -w \(source)/families.c -o families-native 2>/dev/null") == 0
        let bare =
            "-O1 -w -static -nostdlib -mgeneral-regs-only -fno-stack-protector -fcf-protection=none -fno-builtin"
        let hosted = "-O1 -w -static -pthread"
        let programs = [
            ("x86-64", "x86-64", bare), ("x87", "x87", bare), ("changing-code", "changing-code", hosted),
            ("x86-64-exceptions", "x86-64-exceptions", hosted), ("vdso-x86-64", "vdso", hosted),
        ].map { "cc \($2) \(source)/\($1).c -o \($0) 2>/dev/null" }
        hasX86Program = system("cd '\(directory)' && " + programs.joined(separator: " && ")) == 0
        let extensions = "-mavx2 -mfma -mf16c -maes -mpclmul -msha"
        let vectors = "-O2 -w -static -nostdlib -fno-stack-protector -fcf-protection=none -fno-builtin \(extensions)"
        let others = ["x86-64-vectors", "x86-64-float"].map {
            "cc \(vectors) \(source)/\($0).c -o \($0) 2>/dev/null"
        }
        hasX86Vectors = system("cd '\(directory)' && " + others.joined(separator: " && ")) == 0
        // Only the directory's name is needed from here on: the last test leaves it to the system's cleaning.
    }

    func path(_ name: String) -> String { name.hasPrefix("/") ? name : "\(directory)/\(name)" }

    struct Run {
        var status: LyrebirdLinux.ExitStatus
        var output: String
        var errors: String
    }

    /// A system root of a few files and links, with `roots` as the interpreter of a script.
    func makeRoot() -> String {
        let root = "\(directory)/root"
        let commands = """
            mkdir -p '\(root)'/etc '\(root)'/usr/share '\(root)'/only '\(root)'/bin && cd '\(root)' &&
            echo 'only here' >etc/only && ln -s /etc/only etc/absolute && ln -s ../../../etc/only etc/up &&
            ln -s loop etc/loop && ln -s /etc link && cp ../roots bin/interpreter && ln -s /bin/script bin/script-link &&
            printf '#!/bin/interpreter x\\n' >bin/script && chmod +x bin/script
            """
        return system(commands) == 0 ? root : ""
    }

    /// Runs a program and waits for its end.
    func run(
        _ name: String, _ arguments: [String], environment: [String] = [], options: [String] = [],
        root: String = sysroot, isNative: Bool = false, seconds: Int = 60
    ) -> Run {
        let output = "\(directory)/output"
        let errors = "\(directory)/errors"
        let translator = isNative ? [] : [lyrebird, "--sysroot", root] + options
        let words = ["timeout", "-s", "KILL", "\(seconds)"] + translator + [path(name)] + arguments
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
