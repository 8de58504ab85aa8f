// Numbers, flags and structs that differ between guest and host.

import Glibc
import Lyrebird
import Testing

@testable import LyrebirdLinux

@Suite struct ABITests {
    private let abi = ABI.arm64

    @Test func callNumbers() {
        // From the ends and the middle of each run of the table.
        let known: [(UInt64, SystemCall, UInt16)] = [
            (0, .io_setup, 206), (17, .getcwd, 79), (56, .openat, 257), (63, .read, 0), (64, .write, 1),
            (79, .newfstatat, 262), (94, .exit_group, 231), (134, .rt_sigaction, 13), (139, .rt_sigreturn, 15),
            (172, .getpid, 39), (214, .brk, 12), (220, .clone, 56), (222, .mmap, 9), (226, .mprotect, 10),
            (243, .recvmmsg, 299), (260, .wait4, 61), (278, .getrandom, 318), (291, .statx, 332),
            (294, .kexec_file_load, 320), (424, .pidfd_send_signal, 424), (435, .clone3, 435), (439, .faccessat2, 439),
            (466, .removexattrat, 466),
        ]
        for (number, call, host) in known {
            #expect(abi.systemCall(number) == call)
            #expect(call.rawValue == host)
        }
        for number: UInt64 in [244, 259, 295, 423, 467, 999, 1 << 32, .max] {
            #expect(abi.systemCall(number) == .unassigned)
        }
    }

    @Test func noCallHasTwoNumbers() {
        let calls = (ABI.arm64SystemCalls + ABI.commonSystemCalls).filter { $0 != .unassigned }
        #expect(Set(calls).count == calls.count)
    }

    /// The header names all that it knows; there may be younger calls, on either side.
    @Test func callNumbersOfTheHost() throws {
        let headers = ["/usr/include/x86_64-linux-gnu/asm/unistd_64.h", "/usr/include/asm/unistd_64.h"]
        let lines = try #require(headers.compactMap { try? content($0) }.first).split(separator: "\n")
        let rows = lines.map { $0.split(separator: " ") }.filter { $0.count == 3 && $0[1].hasPrefix("__NR_") }
        for row in rows {
            let number = try #require(UInt64(row[2]))
            let call = ABI.x86_64.systemCall(number)
            #expect("\(call)" == row[1].dropFirst(5) && UInt64(call.rawValue) == number)
        }
        #expect(rows.count > 300)
        for number: UInt64 in [335, 423, 467, 0x4000_0000, .max] {
            #expect(ABI.x86_64.systemCall(number) == .unassigned)
        }
    }

    private func content(_ path: String) throws -> String {
        let file = try HostFile(adopting: open(path, O_RDONLY))
        return String(decoding: try file.read(at: 0, count: Int(file.size)), as: UTF8.self)
    }

    @Test func x86HasTheHostsForms() {
        let abi = ABI.x86_64
        #expect(abi.stat == nil && abi.epollEvent == nil && abi.semaphoreSet == nil && abi.unknownMapFlags == 0)
        for bit in 0..<24 {
            #expect(abi.hostOpenFlags(1 << bit) == 1 << bit && abi.guestOpenFlags(1 << bit) == 1 << bit)
        }
        // clone(flags, stack, parent_tid, child_tid, tls), and on AArch64 the last two the other way round.
        #expect(abi.cloneChildID == 3 && abi.cloneThreadPointer == 4)
        #expect(self.abi.cloneChildID == 4 && self.abi.cloneThreadPointer == 3)
        #expect("\(abi.machineName)" == "x86_64")
        #expect(Capability.word(abi.capabilities) & 0x0780_8111 == 0x0780_8111)
    }

    @Test func programsSayWhoseTheyAre() {
        #expect(ABI.of(elfMachine: 183)?.processor?.guest == .arm64)
        #expect(ABI.of(elfMachine: 62)?.processor?.guest == .x86_64)
        for machine: UInt16 in [3, 40, 243, 0] { #expect(ABI.of(elfMachine: machine) == nil) }
        for abi in ABI.runnable { #expect(!abi.hostMachines.contains(abi.elfMachine)) }
    }

    @Test func openFlags() {
        let directory: UInt64 = 0o40000
        let noFollow: UInt64 = 0o100000
        let direct: UInt64 = 0o200000
        let large: UInt64 = 0o400000
        #expect(abi.hostOpenFlags(directory) == 0o200000)
        #expect(abi.hostOpenFlags(noFollow) == 0o400000)
        #expect(abi.hostOpenFlags(direct) == 0o40000)
        #expect(abi.hostOpenFlags(large) == 0o100000)
        // O_WRONLY|O_CREAT|O_EXCL|O_TRUNC|O_APPEND|O_NONBLOCK|O_SYNC|O_CLOEXEC are the same.
        let common: UInt64 = 0o1 | 0o100 | 0o200 | 0o1000 | 0o2000 | 0o4000 | 0o4010000 | 0o2000000
        #expect(abi.hostOpenFlags(common) == common)
        #expect(abi.hostOpenFlags(0o20040000) == 0o20200000)  // O_TMPFILE
        for flags: UInt64 in 0..<(1 << 22) where flags % 977 == 0 {
            #expect(abi.guestOpenFlags(abi.hostOpenFlags(flags)) == flags)
        }
    }

    @Test func stat() throws {
        let layout = try #require(abi.stat)
        var host = [UInt8](repeating: 0xee, count: 144)
        for (offset, value) in [(0, 0x0102), (8, 0x1122_3344_5566), (16, 7), (40, 9), (48, 5_000_000_001), (56, 4096)] {
            host.store(UInt64(value), at: offset)
        }
        host.store(0o100640 as UInt32, at: 24)
        host.store(1000 as UInt32, at: 28)
        host.store(1001 as UInt32, at: 32)
        for index in 0..<7 { host.store(UInt64(100 + index), at: 64 + 8 * index) }
        let guest = host.withUnsafeBytes { layout.guestBytes(fromHost: $0) }
        #expect(guest.count == 128)
        let words: [(Int, UInt64)] = [
            (0, 0x0102), (8, 0x1122_3344_5566), (32, 9), (48, 5_000_000_001), (64, 100), (72, 101), (80, 102),
            (88, 103),
            (96, 104), (104, 105), (112, 106), (40, 0), (120, 0),
        ]
        for (offset, value) in words { #expect(guest.integer(at: offset) as UInt64 == value, "offset \(offset)") }
        let halves: [(Int, UInt32)] = [(16, 0o100640), (20, 7), (24, 1000), (28, 1001), (56, 4096), (60, 0)]
        for (offset, value) in halves { #expect(guest.integer(at: offset) as UInt32 == value, "offset \(offset)") }
    }

    @Test func epollEvent() throws {
        let layout = try #require(abi.epollEvent)
        var guest: [UInt8] = []
        guest.append(integer: 0x8000_0001 as UInt32)
        guest.append(integer: 0xdead_beef as UInt32)
        guest.append(integer: 0x1122_3344_5566_7788 as UInt64)
        var host = [UInt8](repeating: 0xff, count: 12)
        host.withUnsafeMutableBytes { layout.copyToHost(guest, $0) }
        #expect(host == [1, 0, 0, 0x80, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11])
        guest.store(0 as UInt32, at: 4)  // the padding does not come back
        #expect(host.withUnsafeBytes { layout.guestBytes(fromHost: $0) } == guest)
    }

    @Test func signalActions() {
        var action = SignalAction()
        action.handler = 0x1000
        action.flags = 0x1000_0004
        action.mask = ~0
        let read = SignalAction(action.bytes)
        #expect(action.bytes.count == SignalAction.size)
        #expect(read.handler == 0x1000 && read.flags == 0x1000_0004)
        #expect(read.mask == ~UInt64(1 << 8 | 1 << 18))  // SIGKILL and SIGSTOP
        #expect(Signal.defaultAction(17) == .ignore)
        #expect(Signal.defaultAction(20) == .stop)
        #expect(Signal.defaultAction(11) == .end)
        #expect(Signal.defaultAction(64) == .end)
    }

    @Test func alternateStacks() {
        var stack = AlternateStack()
        #expect(stack.record(stackPointer: 0).flags == AlternateStack.disabled)
        #expect(
            MemoryLayout<AlternateStack.Record>.size == 24
                && MemoryLayout<AlternateStack.Record>.offset(of: \.size) == 16)
        stack = AlternateStack(pointer: 0x1000, size: 0x2000)
        #expect(!stack.contains(0x1000) && stack.contains(0x1001) && stack.contains(0x3000) && !stack.contains(0x3001))
        #expect(stack.record(stackPointer: 0x2000).flags == AlternateStack.onStack)
        stack.flags = AlternateStack.autoDisarm
        #expect(!stack.contains(0x2000))
    }

    @Test func errors() {
        #expect(Errno(result: -2) == .ENOENT)
        #expect(Errno(result: 0) == nil)
        #expect(Errno(result: -4096) == nil)
        #expect("\(Errno(133))" == "EHWPOISON")
        #expect("\(Errno(110))" == "ETIMEDOUT")
        #expect("\(Errno.ENAMETOOLONG)" == "ENAMETOOLONG")
        #expect("\(Errno(999))" == "errno 999")
    }
}
