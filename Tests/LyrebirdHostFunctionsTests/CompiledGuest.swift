// Guest code by the guest's own compiler, so that its ABI is the compiler's and not ours: a C source as a flat image in a machine.

import Glibc
import Lyrebird
import TestSupport
import Testing

struct CompiledGuest {
    static let base: UInt64 = 0x10_0000
    static let stackTop: UInt64 = 0x80_0000

    let machine: Machine
    let cpu: CPU
    let symbols: [String: UInt64]

    static func compiler(_ guest: Guest) -> String { guest == .arm64 ? "aarch64-linux-gnu-" : "" }

    static func temporaryDirectory() -> String {
        var path = Array("/tmp/lyrebird-functions-XXXXXX".utf8CString)
        return String(cString: mkdtemp(&path))
    }

    static func write(_ text: String, to path: String) {
        let file = fopen(path, "w")
        fputs(text, file)
        fclose(file)
    }

    struct CompilerError: Error { var text: String }

    static func run(_ words: [String], in directory: String) throws -> String {
        let process = ChildProcess(words, in: directory)
        guard process.status == 0 else { throw CompilerError(text: process.errors) }
        return process.output
    }

    /// Code and data are in the same pages, which the guest may write and execute.
    init(_ guest: Guest, _ source: String, options: [String] = ["-O1"], isChecked: Bool = false) throws {
        let directory = Self.temporaryDirectory()
        defer { _ = ChildProcess(["rm", "-rf", directory]) }
        let prefix = Self.compiler(guest)
        Self.write(source, to: directory + "/guest.c")
        Self.write(
            "SECTIONS { . = 0x100000; .all : { *(.text*) *(.rodata*) *(.data*) *(.bss*) *(COMMON) } /DISCARD/ : { *(.note*) *(.comment*) *(.eh_frame*) } }",
            to: directory + "/guest.ld")
        _ = try Self.run(
            [prefix + "gcc"] + options + [
                "-w", "-ffreestanding", "-fno-builtin", "-fno-pic", "-no-pie", "-static", "-nostdlib",
                "-fno-stack-protector", "-fno-asynchronous-unwind-tables", "-Wl,-T,guest.ld", "-Wl,--build-id=none",
                "guest.c", "-o", "guest",
            ], in: directory)
        _ = try Self.run([prefix + "objcopy", "-O", "binary", "guest", "image"], in: directory)
        var symbols: [String: UInt64] = [:]
        for line in try Self.run([prefix + "nm", "guest"], in: directory).split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 3 { symbols[String(words[2])] = UInt64(words[0], radix: 16) }
        }
        self.symbols = symbols
        machine = try Machine(guest, addressSpace: isChecked ? .checked(window: 1 << 30) : .window(size: 1 << 30))
        let image = try #require(contents(of: directory + "/image"))
        try machine.memory.map(
            Self.base, size: (UInt64(image.count) + 8191) & ~4095, access: .readWriteExecute)
        try machine.memory.write(image, at: Self.base)
        try machine.memory.map(Self.stackTop - 0x1_0000, size: 0x1_0000, access: .readWrite)
        cpu = try machine.makeCPU()
        cpu[guest == .arm64 ? .sp : .rsp] = Self.stackTop - 64
    }

    subscript(_ symbol: String) -> UInt64 { symbols[symbol]! }

    /// Calls a function of the image by a signature that has its name.
    @discardableResult
    func call(_ signature: String, _ arguments: [CValue] = []) throws -> CValue {
        let signature = try Signature(signature)
        return try cpu.call(self[signature.name], signature, arguments)
    }

    /// Stores a function's address in a pointer of the image's.
    func link(_ pointer: String, to address: UInt64) throws {
        try machine.memory.store(address, at: self[pointer])
    }
}

func contents(of path: String) -> [UInt8]? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = fread(&chunk, 1, chunk.count, file), count > 0 { bytes += chunk[..<count] }
    return bytes
}

/// C for this host, as a library.
func compileForHost(_ source: String) throws -> HostLibraryFile {
    let directory = CompiledGuest.temporaryDirectory()
    CompiledGuest.write(source, to: directory + "/host.c")
    _ = try CompiledGuest.run(["gcc", "-O1", "-w", "-shared", "-fPIC", "host.c", "-o", "host.so"], in: directory)
    return HostLibraryFile(directory: directory)
}

/// A library that is there until it has been loaded.
struct HostLibraryFile {
    let directory: String
    var path: String { directory + "/host.so" }
    func remove() { _ = ChildProcess(["rm", "-rf", directory]) }
}
