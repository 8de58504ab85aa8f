// The lines of --strace.

import Lyrebird
import Testing

@testable import LyrebirdLinux

/// Memory with a few things in it.
private struct SampleMemory: TraceMemory {
    var content: [UInt64: [UInt8]] = [:]

    func bytes(at address: UInt64, count: Int) -> [UInt8]? {
        for (start, bytes) in content where start <= address && address - start <= bytes.count {
            let offset = Int(address - start)
            if offset + count <= bytes.count { return Array(bytes[offset..<offset + count]) }
        }
        return nil
    }

    func string(at address: UInt64, limit: Int) -> [UInt8]? {
        content[address].map { Array($0.prefix { $0 != 0 }) }
    }
}

@Suite struct TraceTests {
    private func line(
        _ call: SystemCall, _ a: Arguments, _ result: Int, _ memory: SampleMemory = .init(), abi: ABI = .arm64
    ) -> String {
        let format = TraceFormat(call, abi)
        let arguments = format.completed(format.arguments(a, memory), a, result: result, memory)
        return "\(call)(\(arguments.joined(separator: ", "))) = \(format.result(result))"
    }

    private func text(_ string: String) -> [UInt8] { Array(string.utf8) + [0] }

    @Test func files() {
        let memory = SampleMemory(content: [0x1000: text("/etc/passwd"), 0x2000: Array("hello\n\u{1}7\"\\".utf8)])
        let here = UInt64(bitPattern: -100)
        #expect(
            line(.openat, Arguments(here, 0x1000, 0o2400000, 0), -2, memory)
                == "openat(AT_FDCWD, \"/etc/passwd\", O_RDONLY|O_LARGEFILE|O_CLOEXEC, 0) = -1 ENOENT (No such file or directory)"
        )
        #expect(
            line(.openat, Arguments(here, 0x1000, 0o101101, 0o644), 3, memory)
                == "openat(AT_FDCWD, \"/etc/passwd\", O_WRONLY|O_CREAT|O_TRUNC|O_NOFOLLOW, 0644) = 3")
        #expect(line(.write, Arguments(1, 0x2000, 10), 10, memory) == #"write(1, "hello\n\0017\"\\", 10) = 10"#)
        #expect(line(.read, Arguments(0, 0x2000, 100), 5, memory) == #"read(0, "hello", 100) = 5"#)
        #expect(line(.read, Arguments(0, 0x2000, 100), -11, memory).hasPrefix("read(0, 0x2000, 100) = -1 EAGAIN ("))
        #expect(line(.write, Arguments(1, 8, 5), -14) == "write(1, 0x8, 5) = -1 EFAULT (Bad address)")
        #expect(line(.close, Arguments(3), 0) == "close(3) = 0")
        let directory: UInt64 = 0o40000
        func flags(_ flags: UInt64) -> String { TraceFormat.openFlags(ABI.arm64.hostOpenFlags(flags)) }
        #expect(flags(directory | 0o2000000) == "O_RDONLY|O_DIRECTORY|O_CLOEXEC")
        #expect(flags(0o20040002) == "O_RDWR|O_TMPFILE")
    }

    @Test func formsOfX86() {
        var status = [UInt8](repeating: 0, count: 144)
        status.store(0o100640 as UInt32, at: 24)
        status.store(77 as UInt64, at: 48)
        var event: [UInt8] = [1, 0, 0, 0]
        event.append(integer: 0x1122 as UInt64)
        let memory = SampleMemory(content: [0x1000: text("a"), 0x2000: status, 0x3000: event])
        #expect(
            line(.open, Arguments(0x1000, 0o200000), 3, memory, abi: .x86_64)
                == #"open("a", O_RDONLY|O_DIRECTORY, 0) = 3"#
        )
        #expect(
            line(.stat, Arguments(0x1000, 0x2000), 0, memory, abi: .x86_64)
                == #"stat("a", {st_mode=S_IFREG|0640, st_size=77, ...}) = 0"#)
        #expect(
            line(.epoll_ctl, Arguments(5, 1, 6, 0x3000), 0, memory, abi: .x86_64)
                == "epoll_ctl(5, EPOLL_CTL_ADD, 6, {events=POLLIN, data=0x1122}) = 0")
    }

    @Test func longBuffersAreCut() {
        let memory = SampleMemory(content: [0x1000: [UInt8](repeating: 0x61, count: 100)])
        let cut = String(repeating: "a", count: 32)
        #expect(line(.write, Arguments(1, 0x1000, 100), 100, memory) == "write(1, \"\(cut)\"..., 100) = 100")
    }

    @Test func structs() {
        var memory = SampleMemory(content: [0x1000: text("abc"), 0x1100: text("defgh")])
        var vector: [UInt8] = []
        for value: UInt64 in [0x1000, 2, 0x1100, 5] { vector.append(integer: value) }
        memory.content[0x2000] = vector
        #expect(
            line(.writev, Arguments(1, 0x2000, 2), 7, memory)
                == #"writev(1, [{iov_base="ab", iov_len=2}, {iov_base="defgh", iov_len=5}], 2) = 7"#)
        #expect(line(.writev, Arguments(1, 0x2000, .max), -22, memory).hasPrefix("writev(1, 0x2000, 1844"))
        #expect(line(.writev, Arguments(1, 0, 3), -14) == "writev(1, NULL, 3) = -1 EFAULT (Bad address)")
        memory.content[0x3000] = [1, 0] + text("/run/x")
        #expect(
            line(.connect, Arguments(3, 0x3000, 9), 0, memory)
                == #"connect(3, {sa_family=AF_UNIX, sun_path="/run/x"}, 9) = 0"#)
        memory.content[0x3100] = [2, 0, 0x1f, 0x90, 127, 0, 0, 1] + [UInt8](repeating: 0, count: 8)
        #expect(
            line(.bind, Arguments(3, 0x3100, 16), 0, memory)
                == "bind(3, {sa_family=AF_INET, sin_port=8080, sin_addr=127.0.0.1}, 16) = 0")
        #expect(line(.bind, Arguments(3, 0x3100, 3), -22, memory).hasPrefix("bind(3, {sa_family=AF_INET}, 3)"))
        #expect(line(.socket, Arguments(1, 0o2000001, 0), 3) == "socket(AF_UNIX, SOCK_CLOEXEC|SOCK_STREAM, 0) = 3")
        var status = [UInt8](repeating: 0, count: 128)
        status.store(0o100644 as UInt32, at: 16)
        status.store(1234 as UInt64, at: 48)
        memory.content[0x4000] = status
        #expect(
            line(.fstat, Arguments(3, 0x4000), 0, memory) == "fstat(3, {st_mode=S_IFREG|0644, st_size=1234, ...}) = 0")
        #expect(line(.fstat, Arguments(3, 0x4000), -9, memory).hasPrefix("fstat(3, 0x4000) = -1 EBADF"))
        memory.content[0x5000] = ResourceLimit(current: 1024, maximum: .max).bytes
        #expect(
            line(.prlimit64, Arguments(0, 7, 0x5000, 0), 0, memory)
                == "prlimit64(0, RLIMIT_NOFILE, {rlim_cur=1024, rlim_max=RLIM64_INFINITY}, NULL) = 0")
        #expect(line(.madvise, Arguments(0x1000, 4096, 4), 0) == "madvise(0x1000, 4096, MADV_DONTNEED) = 0")
        #expect(line(.prctl, Arguments(38, 1), 0) == "prctl(PR_SET_NO_NEW_PRIVS, 0x1, 0x0, 0x0, 0x0) = 0")
    }

    @Test func memory() {
        #expect(
            line(.mmap, Arguments(0, 8192, 3, 0x22, UInt64(bitPattern: -1), 0), 0x7f00_0000_1000)
                == "mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0x0) = 0x7f0000001000")
        #expect(line(.brk, Arguments(), 0x4_0000) == "brk(NULL) = 0x40000")
        #expect(line(.mprotect, Arguments(0x1000, 4096, 0), 0) == "mprotect(0x1000, 4096, PROT_NONE) = 0")
    }

    @Test func processesAndSignals() {
        var memory = SampleMemory(content: [0x1000: text("/bin/sh"), 0x2000: text("sh"), 0x2100: text("-c")])
        var vector: [UInt8] = []
        for value: UInt64 in [0x2000, 0x2100, 0] { vector.append(integer: value) }
        memory.content[0x3000] = vector
        #expect(
            line(.execve, Arguments(0x1000, 0x3000, 0), -13, memory)
                == "execve(\"/bin/sh\", [\"sh\", \"-c\"], NULL) = -1 EACCES (Permission denied)")
        memory.content[0x4000] = [0, 3, 0, 0]
        #expect(
            line(.wait4, Arguments(UInt64(bitPattern: -1), 0x4000, 0, 0), 42, memory)
                == "wait4(-1, [{WIFEXITED(s) && WEXITSTATUS(s) == 3}], 0x0, NULL) = 42")
        #expect(TraceFormat.waitStatus(9) == "[{WIFSIGNALED(s) && WTERMSIG(s) == SIGKILL}]")
        #expect(TraceFormat.waitStatus(0x137f) == "[{WIFSTOPPED(s) && WSTOPSIG(s) == SIGSTOP}]")
        #expect(TraceFormat.cloneFlags(0x120_0011) == "CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD")
        #expect(TraceFormat.signalSet(0b11) == "[HUP INT]")
        #expect(TraceFormat.signalSet(~(1 << 8)) == "~[KILL]")
        var action = SignalAction()
        action.handler = 0x4000
        action.flags = 0x1000_0004
        memory.content[0x5000] = action.bytes
        #expect(
            line(.rt_sigaction, Arguments(10, 0x5000, 0, 8), 0, memory)
                == "rt_sigaction(SIGUSR1, {sa_handler=0x4000, sa_mask=[], sa_flags=SA_SIGINFO|SA_RESTART}, NULL, 8) = 0"
        )
        #expect(line(.kill, Arguments(1, 34), 0) == "kill(1, SIGRT_2) = 0")
        #expect(
            line(.futex, Arguments(0x10, 128, 2, 0, 0, 0), -11).hasPrefix("futex(0x10, FUTEX_WAIT_PRIVATE, 2, NULL, "))
        let fault = SynchronousSignal(number: 11, code: 1, address: 0x10)
        #expect(TraceFormat.signalInfo(fault.info.bytes) == "{si_signo=SIGSEGV, si_code=1, si_addr=0x10}")
    }

    @Test func everySignatureIsKnown() {
        let kinds = Set("dluxpmswrFvg2tTWSGaOPMACheckniLEIKfRQByDYNo".utf8)
        for call in ABI.arm64SystemCalls + ABI.commonSystemCalls {
            let signature = call.traceSignature.withUTF8Buffer { Array($0) }
            #expect(signature.count <= 6 && kinds.isSuperset(of: signature), "\(call)")
            let counted = Set("wIKf".utf8)
            #expect(signature.last.map { counted.contains($0) } != true, "\(call): a count follows")
        }
    }
}
