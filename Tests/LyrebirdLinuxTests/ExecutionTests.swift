// What execve works with: script lines, and the message from one translator to the next.

import Glibc
import Testing

@testable import LyrebirdLinux

@Suite struct ExecutionTests {
    private func line(_ text: String) -> ScriptLine? { ScriptLine(Array(text.utf8)) }

    @Test func scriptLines() {
        #expect(line("#!/bin/sh\necho") == line("#! \t/bin/sh \t\n"))
        #expect(line("#!/bin/sh\n")?.interpreter == Array("/bin/sh".utf8))
        #expect(line("#!/bin/sh\n")?.arguments == [])
        #expect(line("#!/usr/bin/env -S a  b \n")?.arguments == [Array("-S a  b".utf8)])
        #expect(line("#!\n") == nil)
        #expect(line("#!   \n/bin/sh") == nil)
        // A name that is cut off may name anything.
        #expect(line("#!/bin/" + String(repeating: "x", count: 249)) == nil)
        #expect(line("#!/bin/sh " + String(repeating: "x", count: 246))?.interpreter == Array("/bin/sh".utf8))
    }

    @Test func requestsAreReadAsTheyAreWritten() {
        let request = ExecutionRequest(
            descriptor: 17, strace: true, translation: Array("1;2".utf8),
            sysroot: Array("/a root/with \"everything\"".utf8), path: [0xff, 0xfe],
            variables: [Array("LD_PRELOAD=x".utf8), []], arguments: [Array("name".utf8), [], Array("--strace".utf8)])
        #expect(ExecutionRequest(request.encoded) == request)
        var limited = request
        limited.limits[ResourceLimit.stack] = ResourceLimit(current: 1 << 20, maximum: .max)
        limited.limits[ResourceLimit.addressSpace] = ResourceLimit(current: 0, maximum: 1)
        #expect(ExecutionRequest(limited.encoded) == limited)
        #expect(limited != request)
        var inside = request
        inside.hasGuestDirectory = true
        #expect(ExecutionRequest(inside.encoded) == inside)
        var reported = request
        reported.countsInstructions = true
        reported.coverage = Array("/a file".utf8)
        #expect(ExecutionRequest(reported.encoded) == reported)
        var profiled = request
        profiled.perfMap = true
        profiled.jitDumpDirectory = Array("/a directory".utf8)
        #expect(ExecutionRequest(profiled.encoded) == profiled)
        #expect(RememberedLimits(text: Array("7:1:1;3:x:1;;2:1;9:1:2:3;nonsense".utf8)).isEmpty)
        let small = ExecutionRequest(
            descriptor: 3, strace: false, translation: [], sysroot: [], path: Array("p".utf8), variables: [],
            arguments: [])
        #expect(ExecutionRequest(small.encoded) == small)
    }

    @Test func otherArgumentsAreNoRequests() {
        func request(_ words: [String]) -> ExecutionRequest? { ExecutionRequest(words.map { Array($0.utf8) }) }
        #expect(request(["lyrebird", "--strace", "program"]) == nil)
        #expect(request([]) == nil)
        #expect(request(["lyrebird-exec"]) == nil)
        #expect(request(["lyrebird-exec", "v6", "3", "0", "", "", "", "", "", "p", "1"]) == nil)
        #expect(request(["lyrebird-exec", "v6", "3", "0", "", "", "", "", "", "p", "-1", "x"]) == nil)
        #expect(request(["lyrebird-exec", "v3", "3", "0", "", "", "", "", "", "p", "0", "x"]) == nil)
        #expect(
            request(["lyrebird-exec", "v6", "3", "0", "", "", "", "", "", "p", "0", "x"])?.arguments == [
                Array("x".utf8)
            ])
    }

    @Test func variablesOfTheHostsLoader() {
        for variable in [
            "LD_PRELOAD=x", "LD_LIBRARY_PATH=", "GLIBC_TUNABLES=a", "MALLOC_CHECK_=3", "SWIFT_BACKTRACE=1",
        ] {
            #expect(ExecutionRequest.changesTranslator(Array(variable.utf8)))
        }
        for variable in ["PATH=/bin", "LDFLAGS=x", "GLIBC_TUNABLESX=", "", "HOME=LD_"] {
            #expect(!ExecutionRequest.changesTranslator(Array(variable.utf8)))
        }
    }

    @Test func findsPrograms() throws {
        let paths = try PathResolver(root: nil)
        func find(_ path: String) throws(LinuxError) -> Executable {
            try Executable.find(
                Array(path.utf8), arguments: [Array("zero".utf8), [1]], hostMachines: ABI.arm64.hostMachines,
                paths: paths)
        }
        guard case .host(let real) = try find("/bin/sh").kind else {
            Issue.record("the host's shell is not the host's")
            return
        }
        #expect(real == Array("/bin/sh".utf8))

        func failure(_ path: String) -> LinuxError? {
            do throws(LinuxError) {
                _ = try find(path)
                return nil
            } catch { return error }
        }
        #expect(failure("/no/such/program")?.errno == .ENOENT)
        #expect("\(failure("/no/such/program")!)" == "/no/such/program: No such file or directory")
        #expect(failure("/")?.errno == .EACCES)
        #expect(failure("/etc/passwd")?.errno == .EACCES)
        #expect(failure("/bin/sh/x")?.errno == .ENOTDIR)
    }

    @Test func followsScripts() throws {
        var template = Array("/tmp/lyrebird-script-XXXXXX".utf8CString)
        let directory = String(cString: mkdtemp(&template))
        defer { _ = system("rm -rf '\(directory)'") }
        func script(_ name: String, _ text: String) -> String {
            let path = "\(directory)/\(name)"
            let file = open(path, O_CREAT | O_WRONLY, 0o755)
            _ = write(file, text, text.utf8.count)
            close(file)
            return path
        }
        let paths = try PathResolver(root: nil)
        func find(_ path: String) throws(LinuxError) -> Executable {
            try Executable.find(
                Array(path.utf8), arguments: ["zero", "one"].map { Array($0.utf8) },
                hostMachines: ABI.arm64.hostMachines, paths: paths)
        }
        let plain = script("plain", "#!/bin/sh -e\necho\n")
        let found = try find(plain)
        #expect(found.arguments.map { String(decoding: $0, as: UTF8.self) } == ["/bin/sh", "-e", plain, "one"])
        #expect(found.name == Array(plain.utf8))

        let outer = script("outer", "#!\(plain) x y\n")
        let nested = try find(outer).arguments.map { String(decoding: $0, as: UTF8.self) }
        #expect(nested == ["/bin/sh", "-e", plain, "x y", outer, "one"])

        func failure(_ path: String) -> Errno? {
            do throws(LinuxError) {
                _ = try find(path)
                return nil
            } catch { return error.errno }
        }
        let loop = "\(directory)/loop"
        #expect(failure(script("loop", "#!\(loop)\n")) == .ELOOP)
        #expect(failure(script("missing", "#!/no/such/interpreter\n")) == .ENOENT)
        #expect(failure(script("empty", "")) == .ENOEXEC)
        #expect(failure(script("text", "echo hello\n")) == .ENOEXEC)
        #expect(failure(script("nameless", "#!\n")) == .ENOEXEC)
    }
}
