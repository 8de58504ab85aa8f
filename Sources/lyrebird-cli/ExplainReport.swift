// What `explain` prints. The disassembler is capstone, loaded when it is wanted: running programs needs no such library.

import Glibc
import Lyrebird

/// Prints translations stage by stage.
struct ExplainReport {
    let machine: Machine

    /// Explains the translations that start in the range, one behind the other.
    func print(_ range: Range<UInt64>, of program: String) {
        let guest = Disassembler(machine.guest == .arm64 ? .arm64 : .x86)
        let host = Disassembler(.x86)
        if guest == nil || host == nil {
            fail("explain needs the library libcapstone.so.4 (Debian: libcapstone4)", status: 1)
        }
        var pc = range.lowerBound
        while pc < range.upperBound {
            guard let e = machine.explain(pc), e.guestBytes > 0 else {
                fail("\(program): no code at \(hex(pc))", status: 1)
            }
            show(e, "guest code", guest!, host!)
            if let loop = machine.explain(pc, asLoop: true) {
                show(loop, "the loop from \(hex(pc)) as a whole", guest!, host!)
            }
            pc += UInt64(e.guestBytes)
        }
    }

    private func show(_ e: Explanation, _ title: String, _ guest: Disassembler, _ host: Disassembler) {
        let bytes = (try? machine.memory.read(e.pc, count: e.guestBytes)) ?? []
        section("\(title), \(e.guestInstructions) instructions", guest.listing(bytes, at: e.pc))
        section("IR", e.lifted)
        section("optimised IR", e.optimized)
        section("host code, \(e.hostCode.count) bytes", host.listing(e.hostCode, at: e.hostAddress))
        section(
            "host code out of line, \(e.coldCode.count) bytes (addresses stand before link stubs as data)",
            host.listing(e.coldCode, at: e.coldAddress))
    }

    private func section(_ title: String, _ text: String) { Swift.print("-- \(title)\n\(text)") }
}

func hex(_ number: UInt64) -> String { "0x" + String(number, radix: 16) }

/// libcapstone's C interface, by its symbols (capstone/capstone.h, version 4).
struct Disassembler {
    enum Architecture: Int32 {
        case arm64 = 1
        case x86 = 3
        var mode: Int32 { self == .x86 ? 8 : 0 }
    }

    private typealias Open = @convention(c) (Int32, Int32, UnsafeMutablePointer<Int>) -> Int32
    private typealias Option = @convention(c) (Int, Int32, Int) -> Int32
    private typealias Disassemble =
        @convention(c) (
            Int, UnsafePointer<UInt8>?, Int, UInt64, Int, UnsafeMutablePointer<UnsafeMutableRawPointer?>
        ) -> Int

    private typealias Free = @convention(c) (UnsafeMutableRawPointer?, Int) -> Void

    private let handle: Int
    private let disassemble: Disassemble
    private let free: Free

    init?(_ architecture: Architecture) {
        guard let library = dlopen("libcapstone.so.4", RTLD_NOW), let open = dlsym(library, "cs_open"),
            let option = dlsym(library, "cs_option"), let disassemble = dlsym(library, "cs_disasm"),
            let free = dlsym(library, "cs_free")
        else { return nil }
        var handle = 0
        guard unsafeBitCast(open, to: Open.self)(architecture.rawValue, architecture.mode, &handle) == 0 else {
            return nil
        }
        // CS_OPT_SKIPDATA: bytes that are no instruction are shown as data.
        _ = unsafeBitCast(option, to: Option.self)(handle, 5, 3)
        self.handle = handle
        self.disassemble = unsafeBitCast(disassemble, to: Disassemble.self)
        // In a static program the library has an allocator of its own.
        self.free = unsafeBitCast(free, to: Free.self)
    }

    /// How many instructions there are.
    func count(_ bytes: [UInt8]) -> Int {
        var instructions: UnsafeMutableRawPointer?
        let count = disassemble(handle, bytes, bytes.count, 0, 0, &instructions)
        free(instructions, count)
        return count
    }

    /// A line for each instruction.
    func listing(_ bytes: [UInt8], at address: UInt64) -> String {
        var instructions: UnsafeMutableRawPointer?
        let count = disassemble(handle, bytes, bytes.count, address, 0, &instructions)
        guard let instructions else { return "" }
        defer { free(instructions, count) }
        // struct cs_insn: id 4 bytes, address at 8, size at 16, 16 bytes, mnemonic at 34 (32 bytes), operands at 66 (160 bytes).
        let stride = 240
        var out = ""
        for n in 0..<count {
            let place = instructions + n * stride
            let mnemonic = String(cString: (place + 34).assumingMemoryBound(to: CChar.self))
            let operands = String(cString: (place + 66).assumingMemoryBound(to: CChar.self))
            out += "  \(hex((place + 8).load(as: UInt64.self)))  \(mnemonic) \(operands)\n"
        }
        return out
    }
}
