// An AArch64 program whose zlib is the host's. `guest.c`, beside this file, is compiled by the guest's own compiler; its pointers to
// zlib's functions are filled in with the guest addresses at which the host's stand. The guest compresses and uncompresses a
// megabyte, and sums it by the host's crc32 and by its own.
//
//     swift run -c release HostLibrary

import Glibc
import Lyrebird
import LyrebirdHostFunctions

/// Runs a command of the shell's, whose output is that of the function.
func shell(_ command: String) -> String? {
    guard let pipe = popen(command, "r") else { return nil }
    var output: [UInt8] = []
    var byte = fgetc(pipe)
    while byte != EOF {
        output.append(UInt8(truncatingIfNeeded: byte))
        byte = fgetc(pipe)
    }
    return pclose(pipe) == 0 ? String(decoding: output, as: UTF8.self) : nil
}

func bytes(of path: String) -> [UInt8] {
    guard let file = fopen(path, "r") else { return [] }
    defer { fclose(file) }
    fseek(file, 0, SEEK_END)
    var bytes = [UInt8](repeating: 0, count: ftell(file))
    rewind(file)
    return fread(&bytes, 1, bytes.count, file) == bytes.count ? bytes : []
}

func fail(_ text: String) -> Never {
    print(text)
    exit(1)
}

// The image: code at its start, then data. Its symbols come from nm(1).
let base: UInt64 = 0x10_0000
var template = Array("/tmp/lyrebird-example-XXXXXX".utf8CString)
let directory = String(cString: mkdtemp(&template))
let source = #filePath.split(separator: "/").dropLast().map { "/" + $0 }.joined() + "/guest.c"
let symbolLines = shell(
    """
    cd \(directory) && aarch64-linux-gnu-gcc -O2 -ffreestanding -fno-pic -no-pie -static -nostdlib \
        -fno-asynchronous-unwind-tables -Wl,-Ttext=0x\(String(base, radix: 16)),--build-id=none,-e,make_text -o guest '\(source)' &&
    aarch64-linux-gnu-objcopy -O binary guest image && aarch64-linux-gnu-nm guest
    """)
let image = bytes(of: directory + "/image")
_ = shell("rm -r \(directory)")
guard let symbolLines, !image.isEmpty else { fail("aarch64-linux-gnu-gcc cannot compile the guest") }
var symbols: [String: UInt64] = [:]
for line in symbolLines.split(separator: "\n") {
    let words = line.split(separator: " ")
    if words.count == 3 { symbols[String(words[2])] = UInt64(words[0], radix: 16) }
}
@MainActor func address(_ symbol: String) -> UInt64 {
    guard let address = symbols[symbol] else { fail("the guest has no symbol \(symbol)") }
    return address
}

// A machine with the image, room for what its data begins with zeros, and a stack.
let machine = try Machine(.arm64)
try machine.memory.map(base, size: 8 << 20, access: .readWriteExecute)
try machine.memory.write(image, at: base)
try machine.memory.map(0x4000_0000, size: 1 << 20, access: .readWrite)
let cpu = try machine.makeCPU()
cpu[.sp] = 0x4010_0000

// The library: a table of guest addresses, by name.
let zlib = try HostLibrary("libz.so.1")
let functions = try zlib.expose(
    """
    int compress(uint8_t *to, size_t *toLength, const uint8_t *from, ulong length)
    int uncompress(uint8_t *to, size_t *toLength, const uint8_t *from, ulong length)
    ulong crc32(ulong crc, const uint8_t *bytes, uint count)
    """, to: machine)
for (pointer, name) in [("compress", "compress"), ("uncompress", "uncompress"), ("host_crc32", "crc32")] {
    try machine.memory.store(functions[name]!, at: address(pointer))
}

/// Calls a function of the guest's; its result, and milliseconds.
@MainActor func time(_ declaration: String, _ arguments: CValue...) throws -> (result: UInt64, milliseconds: Double) {
    func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) / 1e6
    }
    let signature = try Signature(declaration)
    let start = now()
    let result = try cpu.call(address(signature.name), signature, arguments)
    return (result.integer ?? 0, now() - start)
}

func shown(_ milliseconds: Double) -> String { "\((milliseconds * 100).rounded() / 100) ms" }

_ = try time("void make_text(void)")
let trip = try time("ulong round_trip(void)")
guard trip.result > 0 else { fail("what was compressed does not come back") }
print("compressed 1048576 bytes to \(trip.result) and back: \(shown(trip.milliseconds))")

let host = try time("ulong sum_on_host(void)")
let guest = try time("ulong sum_on_guest(void)")
let pieces = try time("ulong sum_in_pieces(uint)", .int(16))
guard host.result == guest.result, host.result == pieces.result else { fail("the sums differ") }
print("crc32 0x\(String(host.result, radix: 16)) by the host: \(shown(host.milliseconds))")
print("the same by the guest: \(shown(guest.milliseconds))")
print("by the host in 65536 calls: \(shown(pieces.milliseconds))")
