// AArch64 Linux programs of a few instructions, written as files: an ELF header, one segment, the code.

import Glibc

struct SmallProgram {
    var machine: UInt16 = 183
    var code: [UInt32]

    static func exit(_ status: UInt32) -> SmallProgram {
        SmallProgram(code: [
            0xD280_0000 | status << 5,  // mov x0, #status
            0xD280_0BC8,  // mov x8, #94 (exit_group)
            0xD400_0001,  // svc #0
        ])
    }

    static let readsNull = SmallProgram(code: [
        0xD280_0001,  // mov x1, #0
        0xF940_0820,  // ldr x0, [x1, #16]
    ])

    static let closesStandardError = SmallProgram(code: [
        0xD280_0040,  // mov x0, #2
        0xD280_0728,  // mov x8, #57 (close)
        0xD400_0001,  // svc #0
        0xD280_0BC8,  // mov x8, #94: with what close gave
        0xD400_0001,  // svc #0
    ])

    static let undefined = SmallProgram(code: [0])

    static let killsItself = SmallProgram(code: [
        0xD280_1588,  // mov x8, #172 (getpid)
        0xD400_0001,  // svc #0
        0xD280_01E1,  // mov x1, #15 (SIGTERM)
        0xD280_1028,  // mov x8, #129 (kill)
        0xD400_0001,  // svc #0
    ])

    /// Prints its arguments and its environment, a line each.
    static let prints = SmallProgram(code: [
        0x9100_03F3,  //       mov  x19, sp
        0xF840_8674,  //       ldr  x20, [x19], #8
        0xF840_8661,  // next: ldr  x1, [x19], #8
        0xB400_01C1,  //       cbz  x1, end
        0xD280_0002,  //       mov  x2, #0
        0x3862_6823,  // len:  ldrb w3, [x1, x2]
        0x3400_0063,  //       cbz  w3, out
        0x9100_0442,  //       add  x2, x2, #1
        0x17FF_FFFD,  //       b    len
        0xD280_0020,  // out:  mov  x0, #1
        0xD280_0808,  //       mov  x8, #64 (write)
        0xD400_0001,  //       svc  #0
        0x1000_0161,  //       adr  x1, newline
        0xD280_0022,  //       mov  x2, #1
        0xD280_0020,  //       mov  x0, #1
        0xD400_0001,  //       svc  #0
        0x17FF_FFF2,  //       b    next
        0xB400_0074,  // end:  cbz  x20, exit
        0xD280_0014,  //       mov  x20, #0
        0x17FF_FFEF,  //       b    next
        0xD280_0000,  // exit: mov  x0, #0
        0xD280_0BC8,  //       mov  x8, #94
        0xD400_0001,  //       svc  #0
        0x0000_000A,  // newline
    ])

    private static let base: UInt64 = 0x40_0000

    var bytes: [UInt8] {
        var out: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1] + [UInt8](repeating: 0, count: 9)
        func put<T: FixedWidthInteger>(_ values: T...) {
            for value in values { withUnsafeBytes(of: value.littleEndian) { out += $0 } }
        }
        put(2 as UInt16, machine)
        put(1 as UInt32)
        put(Self.base + 120, 64, 0)
        put(0 as UInt32)
        put(64 as UInt16, 56, 1, 0, 0, 0)
        let size = UInt64(120 + 4 * code.count)
        put(1 as UInt32, 5)
        put(0, Self.base, Self.base, size, size, 4096)
        for word in code { put(word) }
        return out
    }
}

/// A directory that is there as long as the value.
final class TemporaryDirectory {
    let path: String

    init() {
        var template = Array("/tmp/lyrebird-cli-XXXXXX".utf8CString)
        path = String(cString: mkdtemp(&template))
    }

    deinit { _ = system("rm -rf '\(path)'") }

    func write(_ name: String, _ bytes: [UInt8], executable: Bool = true) -> String {
        let file = open("\(path)/\(name)", O_CREAT | O_TRUNC | O_WRONLY, executable ? 0o755 : 0o644)
        _ = Glibc.write(file, bytes, bytes.count)
        close(file)
        return "\(path)/\(name)"
    }

    func write(_ name: String, _ program: SmallProgram) -> String { write(name, program.bytes) }
}
