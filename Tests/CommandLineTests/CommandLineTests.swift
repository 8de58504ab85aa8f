// The program `lyrebird` as a shell sees it: exit statuses, options, messages, and what its switches print.

import Foundation
import Glibc
import TestSupport
import Testing

@Suite struct CommandLineTests {
    private let directory = TemporaryDirectory()

    private func lyrebird(_ words: String..., environment: [String] = ["PATH=/usr/bin:/bin"]) -> ChildProcess {
        ChildProcess([buildDirectory + "/lyrebird"] + words, in: directory.path, environment: environment)
    }

    // MARK: Exit statuses

    @Test(arguments: [0, 1, 42, 255] as [UInt32]) func guestsOwnStatus(_ status: UInt32) {
        let run = lyrebird(directory.write("p", .exit(status)))
        #expect(run.status == Int32(status))
        #expect(run.output == "" && run.errors == "")
    }

    @Test func statusOfASignal() {
        #expect(lyrebird(directory.write("null", .readsNull)).status == 128 + SIGSEGV)
        #expect(lyrebird(directory.write("undefined", .undefined)).status == 128 + SIGILL)
        #expect(lyrebird(directory.write("kill", .killsItself)).status == 128 + SIGTERM)
    }

    @Test func noSuchProgram() {
        let run = lyrebird("./nothing-here")
        #expect(run.status == 127)
        #expect(run.errors == "lyrebird: ./nothing-here: No such file or directory\n")
    }

    @Test func notExecutable() {
        let path = directory.write("plain", SmallProgram.exit(0).bytes, executable: false)
        let run = lyrebird(path)
        #expect(run.status == 126)
        #expect(run.errors == "lyrebird: \(path): Permission denied\n")
        #expect(lyrebird(directory.path).status == 126)
    }

    @Test func foreign() {
        let path = directory.write("foreign", SmallProgram(machine: 243, code: [0]))
        let run = lyrebird(path)
        #expect(run.status == 126)
        #expect(run.errors.hasPrefix("lyrebird: \(path): ") && run.errors.contains("AArch64"))
    }

    @Test(arguments: [0, 3, 20, 63, 64, 100, 119]) func corrupt(length: Int) {
        let path = directory.write("corrupt", Array(SmallProgram.exit(0).bytes.prefix(length)))
        let run = lyrebird(path)
        #expect(run.status == 126, "\(length) bytes: \(run.errors)")
        #expect(run.errors.hasPrefix("lyrebird: \(path): "))
    }

    @Test func interpreterOfAScript() {
        let program = directory.write("prints", .prints)
        let script = directory.write("script", Array("#!\(program) -x y\nwhatever\n".utf8))
        #expect(lyrebird(script, "1", environment: []).output == "\(program)\n-x y\n\(script)\n1\n")
        let lost = directory.write("lost", Array("#!/no/such/interpreter\n".utf8))
        let run = lyrebird(lost)
        #expect(run.status == 126 || run.status == 127)
        #expect(run.errors.contains(lost) && run.errors.contains("/no/such/interpreter"))
    }

    // MARK: Options

    @Test func optionsEndAtTheProgram() {
        let path = directory.write("prints", .prints)
        let run = lyrebird(path, "--strace", "--help", "--", "-E", environment: [])
        #expect(run.output == "\(path)\n--strace\n--help\n--\n-E\n")
        #expect(run.errors == "")
        let optioned = lyrebird("--no-chaining", path, "--stats", environment: [])
        #expect(optioned.output == "\(path)\n--stats\n")
        #expect(optioned.errors == "")
    }

    @Test func dashes() {
        let path = directory.write("prints", .prints)
        #expect(lyrebird("--", path, "--", "x", environment: []).output == "\(path)\n--\nx\n")
        #expect(lyrebird("--no-chaining", "--", path, "x", environment: []).output == "\(path)\nx\n")
        #expect(lyrebird("run", path, "-x", environment: []).output == "\(path)\n-x\n")
    }

    /// The forms that are understood before the option parser has a look, and those that are left to it.
    @Test func systemRoots() {
        let program = directory.write("prints", .prints)
        let root = directory.path
        func expect(_ words: [String], _ output: String, at line: SourceLocation = #_sourceLocation) {
            let run = ChildProcess([buildDirectory + "/lyrebird"] + words, in: directory.path, environment: [])
            #expect(run.output == output && run.errors == "" && run.status == 0, sourceLocation: line)
        }
        for options in [["--sysroot", root], ["--sysroot=" + root], ["--sysroot", "/no/such", "--sysroot=" + root]] {
            expect(options + [program, "--sysroot", "x"], "\(program)\n--sysroot\nx\n")
            expect(options + ["/prints", "x"], "/prints\nx\n")
            expect(options + ["--", "/prints", "x"], "/prints\nx\n")
            expect(options + ["--no-chaining", "/prints", "x"], "/prints\nx\n")
            expect(["run"] + options + ["/prints", "x"], "/prints\nx\n")
        }
        for words in [["--sysroot"], ["--sysroot", root], ["--sysroot="], ["--sysroots", root, program]] {
            let run = ChildProcess([buildDirectory + "/lyrebird"] + words, in: directory.path, environment: [])
            #expect(run.status == 64 && run.errors.contains("Usage: lyrebird"), "\(words): \(run.errors)")
        }
        for form in [["--sysroot", "/no/such"], ["--sysroot=/no/such"]] {
            let plain = ChildProcess([buildDirectory + "/lyrebird"] + form + [program], in: root, environment: [])
            let parsed = ChildProcess(
                [buildDirectory + "/lyrebird", "run"] + form + [program], in: root, environment: [])
            #expect(plain.status == parsed.status && plain.errors == parsed.errors && plain.errors != "")
        }
    }

    @Test func programsNamedLikeSubcommands() {
        for name in ["explain", "run", "help"] {
            _ = directory.write(name, .prints)
            #expect(lyrebird("./" + name, "x", environment: []).output == "./\(name)\nx\n")
            #expect(lyrebird("--", "./" + name, environment: []).output == "./\(name)\n")
        }
    }

    @Test func unknownOptions() {
        let run = lyrebird("--no-such-option", directory.write("p", .exit(0)))
        #expect(run.status == 64)
        #expect(run.errors.contains("--no-such-option"))
        #expect(lyrebird().status == 64)
        #expect(lyrebird("--strace").status == 64)
        let passes = lyrebird("--passes", "no-such-pass", directory.write("p", .exit(0)))
        #expect(passes.status != 0 && passes.errors.contains("no-such-pass"))
    }

    @Test func environment() {
        let path = directory.write("prints", .prints)
        let run = lyrebird("--env", "A=1=2", "-E", "B", "--env", "C=", path, environment: ["A=0", "B=b", "D=d"])
        #expect(Set(run.output.split(separator: "\n").dropFirst()) == ["A=1=2", "C=", "D=d"])
    }

    @Test func helpAndVersion() {
        #expect(lyrebird("--version").output.hasPrefix("lyrebird "))
        let help = lyrebird("help", "run")
        #expect(help.status == 0)
        for option in [
            "--strace", "--stats", "--sysroot", "--env", "--unset", "--argv0", "--count", "--coverage", "--gdb",
            "--perf-map",
            "--jitdump",
        ] {
            #expect(help.output.contains(option))
        }
    }

    @Test func whereNoDebuggerIsWaitedFor() {
        let path = directory.write("p", .exit(0))
        let run = lyrebird("--gdb", "nowhere", path)
        #expect(run.status == 1 && run.errors.hasPrefix("lyrebird: --gdb: nowhere is no address to listen at"))
        let profile = lyrebird("--jitdump", "/no/such/directory", path)
        #expect(profile.status == 126 && profile.errors.contains("/no/such/directory/jit-"))
    }

    // MARK: What is printed

    /// In the words of other tools.
    @Test func shortOptions() {
        let path = directory.write("prints", .prints)
        let run = lyrebird(
            "-L", directory.path, "-E", "A=1", "-U", "B", "-0", "zero", "/prints", "x", environment: ["B=b", "C=c"])
        #expect(run.output == "zero\nx\nC=c\nA=1\n" && run.errors == "")
        #expect(lyrebird("-U", "A=1", path).status == 64)
    }

    @Test func countsInstructions() {
        let run = lyrebird("--count", directory.write("p", .exit(3)))
        #expect(run.errors == "guest instructions executed     3\n" && run.status == 3)
        let killed = lyrebird("--count", directory.write("kill", .killsItself))
        #expect(killed.errors == "guest instructions executed     5\n" && killed.status == 128 + SIGTERM)
        let closed = lyrebird("--count", directory.write("closes", .closesStandardError))
        #expect(closed.errors == "guest instructions executed     5\n")
    }

    @Test func coverage() throws {
        let path = directory.write("p", .exit(3))
        #expect(lyrebird("--coverage", "out", path).status == 3)
        let bytes = try [UInt8](Data(contentsOf: URL(filePath: directory.path + "/out")))
        let text = String(decoding: bytes.dropLast(8), as: UTF8.self)
        #expect(text.hasPrefix("DRCOV VERSION: 2\nDRCOV FLAVOR: drcov\nModule Table: version 2, count 2\n"))
        #expect(
            text.hasSuffix(
                ", \(path)\n1, 0x0000008000000000, 0x0000008000001000, 0x0000000000000000, [vdso]\nBB Table: 1 bbs\n"))
        // Behind the headers: three instructions.
        #expect(bytes.suffix(8) == [120, 0, 0, 0, 12, 0, 0, 0])
        let lost = lyrebird("--coverage", "/no/such/directory/x", path)
        #expect(lost.status == 1 && lost.errors == "lyrebird: /no/such/directory/x: No such file or directory\n")
    }

    /// Who closes the pipe of the trace does not end the program, which has a disposition of its own for that.
    @Test func tracesIntoAClosedPipe() {
        let path = directory.write("prints", .prints)
        let words = (0..<200).map { "argument\($0)" }.joined(separator: " ")
        let script =
            "{ '\(buildDirectory)/lyrebird' --strace '\(path)' \(words) 2>&1 >out; echo $? >status; } | head -n 1"
        let run = ChildProcess(["/bin/sh", "-c", script], in: directory.path)
        #expect(run.output.split(separator: "\n").count == 1)
        let printed = (try? String(contentsOfFile: directory.path + "/out", encoding: .utf8)) ?? ""
        #expect(printed.contains("argument199\n"))
        #expect((try? String(contentsOfFile: directory.path + "/status", encoding: .utf8)) == "0\n")
    }

    @Test func statistics() {
        let run = lyrebird("--stats", directory.write("prints", .prints), "x")
        #expect(run.output.contains("\nx\n"))
        for row in ["translations", "guest instructions translated", "IR instructions", "translating", "running"] {
            #expect(run.errors.contains("\n\(row)") || run.errors.hasPrefix(row), "\(row)")
        }
    }

    /// Many programs close all they have before they end.
    @Test func figuresOfAProgramThatClosesItsOutput() {
        let program = directory.write("closes", .closesStandardError)
        for word in ["--stats", "bench"] {
            let run = lyrebird(word, program)
            #expect(run.status == 0)
            #expect(run.errors.contains("guest instructions translated"), "\(word)")
        }
    }

    @Test func bench() throws {
        let program = directory.write("prints", .prints)
        let run = lyrebird("bench", "--rounds", "2", program, "x")
        #expect(run.output.contains("\nx\n"))
        for row in ["process start", "loading", "translating", "  lifting", "  optimising", "  generating code"] {
            #expect(run.errors.contains("\n\(row)"), "\(row)")
        }
        let file = "\(directory.path)/figures.json"
        let quiet = lyrebird("bench", "--json", file, program)
        #expect(quiet.errors == "")
        let data = try Data(contentsOf: URL(filePath: file))
        let figures = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        // All of what ran is translated over again, and by every stage.
        #expect(figures["guest_instructions"] as? Int == figures["again_guest_instructions"] as? Int)
        #expect(figures["guest_instructions"] as? Int ?? 0 > 0)
        let stages = ["fetching", "lifting", "optimizing", "generating"].map { figures["again_\($0)_ns"] as? Int ?? 0 }
        #expect(stages.allSatisfy { $0 > 0 })
        #expect(lyrebird("bench", "--rounds", "0", program).status == 64)
        #expect(lyrebird("bench", directory.write("exits", .exit(7))).status == 7)
    }

    @Test func systemCalls() {
        let run = lyrebird("--strace", directory.write("p", .exit(7)))
        #expect(run.status == 7)
        #expect(run.errors.contains("exit_group(7)"))
        let printing = lyrebird("--strace", directory.write("prints", .prints), "some text", environment: [])
        #expect(printing.errors.contains("write(1, \"some text\", 9) = 9\n"))
        #expect(printing.output.hasSuffix("some text\n"))
    }

    @Test(.enabled(if: dlopen("libcapstone.so.4", RTLD_NOW) != nil, "libcapstone4 is needed")) func explains() {
        let run = lyrebird("explain", directory.write("p", .exit(3)))
        #expect(run.status == 0, "\(run.errors)")
        var rest = Substring(run.output)
        for title in ["-- guest code, 3 instructions", "-- IR\n", "-- optimised IR\n", "-- host code, "] {
            let parts = rest.split(separator: title, maxSplits: 1, omittingEmptySubsequences: false)
            #expect(parts.count == 2, "\(title)")
            rest = parts.last ?? ""
        }
        #expect(run.output.contains("svc #0"))
        #expect(lyrebird("explain", "./nothing-here").status == 127)
        let symbol = lyrebird("explain", directory.path + "/p", "--function", "main")
        #expect(symbol.status == 1)
        #expect(symbol.errors == "lyrebird: \(directory.path)/p: no function main in its symbol table\n")
        #expect(lyrebird("explain", directory.path + "/p", "--address", "0x10").status == 1)
    }
}
