// System calls that only x86-64 has a number for, made by a thread of another guest's: what becomes of a call does not depend
// on whose it is. Guest addresses are this process's own.

import Glibc
import Lyrebird
import Testing

@testable import LyrebirdLinux

@Suite(.serialized) struct DispatchTests {
    /// A directory with a program of one instruction, a file, and a thread of that program's process.
    private final class Fixture {
        let directory: String
        let process: LinuxProcess
        let thread: GuestThread

        init(usesRoot: Bool) throws {
            var template = Array("/tmp/lyrebird-dispatch-XXXXXX".utf8CString)
            directory = String(cString: try #require(mkdtemp(&template)))
            let program = "\(directory)/program"
            let file = open(program, O_CREAT | O_WRONLY, 0o700)
            let image = Self.program
            try #require(write(file, image, image.count) == image.count)
            close(file)
            try #require(mkdir("\(directory)/only", 0o700) == 0)
            try #require(symlink("/only", "\(directory)/link") == 0)
            process = try LinuxProcess(
                executable: program, arguments: ["program"], environment: [],
                options: .init(sysroot: usesRoot ? directory : nil))
            thread = try #require(process.leader)
            thread.enterKernel()
        }

        deinit { system("rm -r '\(directory)'") }

        /// An AArch64 executable with the one word of code that it needs.
        private static var program: [UInt8] {
            var bytes: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0] + [UInt8](repeating: 0, count: 8)
            for value: UInt16 in [3, 183] { bytes.append(integer: value) }
            bytes.append(integer: 1 as UInt32)
            for value: UInt64 in [120, 64, 0] { bytes.append(integer: value) }
            bytes.append(integer: 0 as UInt32)
            for value: UInt16 in [64, 56, 1, 64, 0, 0] { bytes.append(integer: value) }
            for value: UInt32 in [1, 5] { bytes.append(integer: value) }
            for value: UInt64 in [0, 0, 0, 124, 124, 4096] { bytes.append(integer: value) }
            bytes.append(integer: 0xd400_0001 as UInt32)
            return bytes
        }

        /// Makes a call and returns the kernel's value. Strings and buffers are passed by their addresses.
        func call(_ call: SystemCall, _ arguments: any Argument...) -> Int {
            var values: [UInt64] = []
            var owned: [UnsafeMutablePointer<CChar>] = []
            for argument in arguments {
                if let string = argument as? String {
                    owned.append(strdup(string))
                    values.append(UInt64(UInt(bitPattern: owned[owned.count - 1])))
                } else {
                    values.append(argument.word)
                }
            }
            defer { for string in owned { free(string) } }
            values += [UInt64](repeating: 0, count: 6 - values.count)
            let words = Arguments(values[0], values[1], values[2], values[3], values[4], values[5])
            do throws(Errno) { return try thread.perform(call, words) } catch { return error.result }
        }
    }

    @Test(arguments: [false, true]) func files(usesRoot: Bool) throws {
        let fixture = try Fixture(usesRoot: usesRoot)
        // With a root, names below it; without, the same files by the host's names.
        let top = usesRoot ? "" : fixture.directory
        let real = fixture.directory
        func exists(_ name: String) -> Bool { access("\(real)\(name)", F_OK) == 0 }

        let made = fixture.call(.creat, "\(top)/only/a", 0o640)
        #expect(made >= 0 && exists("/only/a"))
        #expect(fixture.call(.close, made) == 0)
        let opened = fixture.call(.open, "\(top)/only/a", 0o2, 0)
        #expect(opened >= 0 && fixture.call(.write, opened, "abc", 3) == 3)
        let other = fixture.call(.dup2, opened, 500)
        #expect(other == 500 && fixture.call(.close, 500) == 0 && fixture.call(.close, opened) == 0)
        #expect(fixture.call(.open, "\(top)/only/none", 0, 0) == -2)

        let status = UnsafeMutableRawPointer.allocate(byteCount: 144, alignment: 8)
        defer { status.deallocate() }
        for call in [SystemCall.stat, .lstat] {
            status.initializeMemory(as: UInt8.self, repeating: 0xee, count: 144)
            #expect(fixture.call(call, "\(top)/only/a", status) == 0)
            // In AArch64's form.
            #expect(status.load(fromByteOffset: 48, as: Int64.self) == 3)
            #expect(status.load(fromByteOffset: 16, as: UInt32.self) == 0o100640)
        }
        #expect(fixture.call(.lstat, "\(top)/link", status) == 0)
        #expect(status.load(fromByteOffset: 16, as: UInt32.self) & 0o170000 == 0o120000)

        #expect(fixture.call(.access, "\(top)/only/a", 4) == 0)
        #expect(fixture.call(.access, "\(top)/only/none", 4) == -2)
        #expect(fixture.call(.chmod, "\(top)/only/a", 0o600) == 0)
        #expect(fixture.call(.chown, "\(top)/only/a", Int(getuid()), Int(getgid())) == 0)
        #expect(fixture.call(.lchown, "\(top)/link", Int(getuid()), Int(getgid())) == 0)
        #expect(fixture.call(.utime, "\(top)/only/a", 0) == 0 && fixture.call(.utimes, "\(top)/only/a", 0) == 0)
        #expect(fixture.call(.futimesat, -100, "\(top)/only/a", 0) == 0)
        #expect(fixture.call(.mkdir, "\(top)/only/d", 0o700) == 0 && exists("/only/d"))
        #expect(fixture.call(.rmdir, "\(top)/only/d") == 0 && !exists("/only/d"))
        #expect(fixture.call(.link, "\(top)/only/a", "\(top)/only/b") == 0 && exists("/only/b"))
        #expect(fixture.call(.rename, "\(top)/only/b", "\(top)/only/c") == 0 && exists("/only/c") && !exists("/only/b"))
        #expect(fixture.call(.symlink, "there", "\(top)/only/s") == 0)
        let target = UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 1)
        defer { target.deallocate() }
        #expect(fixture.call(.readlink, "\(top)/only/s", target, 64) == 5)
        #expect(fixture.call(.unlink, "\(top)/only/s") == 0 && fixture.call(.unlink, "\(top)/only/c") == 0)
        #expect(fixture.call(.mknod, "\(top)/only/fifo", 0o010600, 0) == 0 && exists("/only/fifo"))
        // The link leads to the root's own directory, where there is a root.
        #expect((fixture.call(.access, "\(top)/link/a", 4) == 0) == usesRoot)
    }

    @Test func descriptorsAndTime() throws {
        let fixture = try Fixture(usesRoot: false)
        let pair = UnsafeMutablePointer<Int32>.allocate(capacity: 4)
        defer { pair.deallocate() }
        #expect(fixture.call(.pipe, pair) == 0)
        let (reading, writing) = (Int(pair[0]), Int(pair[1]))
        (pair[2], pair[3]) = (pair[0], 1)  // struct pollfd: POLLIN
        #expect(fixture.call(.poll, pair + 2, 1, 0) == 0)
        #expect(fixture.call(.write, writing, "x", 1) == 1)
        #expect(fixture.call(.poll, pair + 2, 1, 0) == 1 && pair[3] == 1 | 1 << 16)
        var set = [UInt64](repeating: 0, count: 16)
        set[reading / 64] = 1 << UInt64(reading % 64)
        let found = set.withUnsafeMutableBytes { fixture.call(.select, reading + 1, $0.baseAddress!, 0, 0, 0) }
        #expect(found == 1)

        let queue = fixture.call(.epoll_create, 1)
        let events = UnsafeMutablePointer<UInt64>.allocate(capacity: 4)
        defer { events.deallocate() }
        (events[0], events[1]) = (1, 0x1122_3344_5566)
        #expect(fixture.call(.epoll_ctl, queue, 1, reading, events) == 0)
        (events[0], events[1]) = (0, 0)
        #expect(fixture.call(.epoll_wait, queue, events, 2, 0) == 1)
        #expect(events[0] & 0xffff_ffff == 1 && events[1] == 0x1122_3344_5566)
        for descriptor in [reading, writing, queue] { #expect(fixture.call(.close, descriptor) == 0) }
        for call in [SystemCall.eventfd, .inotify_init] {
            let descriptor = fixture.call(call, 0)
            #expect(descriptor >= 0 && fixture.call(.close, descriptor) == 0)
        }
        #expect(abs(fixture.call(.time, 0) - time(nil)) < 100)
        #expect(fixture.call(.getpgrp) == Int(getpgrp()))
        #expect(fixture.call(.alarm, 0) == 0)
    }

    @Test func whatThereIsNot() throws {
        let fixture = try Fixture(usesRoot: false)
        for call: SystemCall in [.modify_ldt, .iopl, .ioperm, .uselib, .tuxcall, .set_thread_area, .rseq, .unassigned] {
            #expect(fixture.call(call) == -38, "\(call)")
        }
        #expect(fixture.call(.arch_prctl, 0x1002, 0) == -22)  // not this processor's
        // Nor is the page of system calls.
        let page = Fault(pc: 0, address: 0xffff_ffff_ff60_0000, access: .execute, cause: .unmapped)
        #expect(!fixture.thread.makesVsyscall(page))
    }
}

/// What a system call can be given.
private protocol Argument {
    var word: UInt64 { get }
}

extension String: Argument {
    fileprivate var word: UInt64 { 0 }
}

extension Int: Argument {
    fileprivate var word: UInt64 { UInt64(bitPattern: Int64(self)) }
}

extension UnsafeMutableRawPointer: Argument {
    fileprivate var word: UInt64 { UInt64(UInt(bitPattern: self)) }
}

extension UnsafeMutablePointer: Argument {
    fileprivate var word: UInt64 { UInt64(UInt(bitPattern: self)) }
}
