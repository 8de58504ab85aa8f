// A piece of guest code with the state it starts from, and what became of it. Subjects and oracle see the same memory at the
// same addresses: two pages that can be written, one that cannot, nothing on either side, and the code.

import LyrebirdARM64
import LyrebirdIR

/// Where everything is, for the oracle's program too (Tests/Guests/oracle.c).
enum Arena {
    static let memory: UInt64 = 0x1000_0000
    static let writableSize = 2 * 4096
    static let memorySize = 3 * 4096
    static let memoryEnd = memory + UInt64(memorySize)
    static let code: UInt64 = 0x2000_0000
    static let codeSize = 65536
    /// Each case of a batch has a slot in the code: the load of x30, the case's words, BRK to the end, and x30.
    static let slotSize = 256
    static let slots = codeSize / slotSize
    static let longestCase = 56
    /// What ends a case that nothing else ends.
    static let end: UInt32 = 0xD420_0000 | 0xFACE << 5

    /// Whether every process has the same at the address: nothing, or the arena.
    static func isCommon(_ address: UInt64) -> Bool {
        let near: UInt64 = 1 << 16
        return address < 4096 || address >> 8 == 0x7F_FFFF_FFF0
            || address >= memory - near && address < memoryEnd + near
            || address >= code - near && address < code + UInt64(codeSize) + near
    }

    static func pc(ofSlot slot: Int) -> UInt64 { code + UInt64(slot * slotSize) + 4 }
}

/// A CPU's state as words: x0…x30, sp, nzcv, fpcr, fpsr, tpidr, v0…v31.
struct CPUState: Equatable {
    static let count = 100
    static let qc: UInt64 = 1 << 27
    static let sp = 31, nzcv = 32, fpcr = 33, fpsr = 34, tpidr = 35, v = 36
    var words = [UInt64](repeating: 0, count: count)

    subscript(_ index: Int) -> UInt64 {
        get { words[index] }
        set { words[index] = newValue }
    }

    static func name(_ index: Int) -> String {
        switch index {
        case 0..<31: "x\(index)"
        case v...: "v\((index - v) / 2).d[\((index - v) % 2)]"
        default: ["sp", "nzcv", "fpcr", "fpsr", "tpidr"][index - sp]
        }
    }

    func write(to state: UnsafeMutableRawPointer) {
        let entries = ARM64State.layout.entries
        state.initializeMemory(as: UInt8.self, repeating: 0, count: ARM64State.layout.size)
        ARM64().initialize(state)
        words.withUnsafeBytes {
            state.copyMemory(from: $0.baseAddress!, byteCount: 8 * 32)
            (state + entries[ARM64State.v(0).index].offset)
                .copyMemory(from: $0.baseAddress! + 8 * Self.v, byteCount: 512)
        }
        let n = words[Self.nzcv]
        // C is kept as a borrow.
        let bits = (n >> 31 & 1) << 15 | (n >> 30 & 1) << 14 | (~n >> 29 & 1) << 8 | n >> 28 & 1 | 0x200
        state.storeBytes(of: UInt16(bits), toByteOffset: entries[32].offset, as: UInt16.self)
        for (slot, index) in Self.others {
            state.storeBytes(of: words[index], toByteOffset: entries[slot.index].offset, as: UInt64.self)
        }
        // QC has a slot of its own, of which any bit counts.
        let saturation = entries[ARM64State.qc.index].offset
        state.storeBytes(
            of: words[Self.fpsr] & ~Self.qc, toByteOffset: entries[ARM64State.fpsr.index].offset, as: UInt64.self)
        state.storeBytes(of: words[Self.fpsr] & Self.qc, toByteOffset: saturation, as: UInt64.self)
    }

    init(from state: UnsafeMutableRawPointer) {
        let entries = ARM64State.layout.entries
        words.withUnsafeMutableBytes {
            $0.baseAddress!.copyMemory(from: state, byteCount: 8 * 32)
            ($0.baseAddress! + 8 * Self.v)
                .copyMemory(from: state + entries[ARM64State.v(0).index].offset, byteCount: 512)
        }
        let b = UInt64(state.load(fromByteOffset: entries[32].offset, as: UInt16.self))
        words[Self.nzcv] = (b >> 15 & 1) << 31 | (b >> 14 & 1) << 30 | (~b >> 8 & 1) << 29 | (b & 1) << 28
        for (slot, index) in Self.others {
            words[index] = state.load(fromByteOffset: entries[slot.index].offset, as: UInt64.self)
        }
        let saturation = entries[ARM64State.qc.index].offset
        if state.loadUnaligned(fromByteOffset: saturation, as: UInt128.self) != 0 { words[Self.fpsr] |= Self.qc }
    }

    init() {}

    private static let others = [
        (ARM64State.tpidr, tpidr), (ARM64State.fpcr, fpcr), (ARM64State.fpsr, fpsr),
    ]
}

/// Code and the state it starts from.
struct GuestCase: Equatable {
    var words: [UInt32]
    var state: CPUState
    /// The encoding it is about, if it is about one.
    var encoding: Encoding?
}

/// Cases that share code memory and the image of data memory.
struct Batch {
    var image: [UInt64]
    var code = [UInt32](repeating: Arena.end, count: Arena.codeSize / 4)
    var cases: [GuestCase] = []

    /// Puts a case into the next slot.
    mutating func append(_ guestCase: GuestCase) {
        fill(slot: cases.count, with: guestCase)
        cases.append(guestCase)
    }

    mutating func removeLast() {
        cases.removeLast()
        fill(slot: cases.count, with: nil)
    }

    mutating func replace(_ slot: Int, with guestCase: GuestCase) {
        cases[slot] = guestCase
        fill(slot: slot, with: guestCase)
    }

    private mutating func fill(slot: Int, with guestCase: GuestCase?) {
        let start = slot * Arena.slotSize / 4
        let literal = start + Arena.slotSize / 4 - 2
        for index in start..<literal + 2 { code[index] = Arena.end }
        guard let guestCase else { return }
        precondition(guestCase.words.count <= Arena.longestCase)
        // ldr x30, literal
        code[start] = 0x5800_001E | UInt32(literal - start) << 5
        for (index, word) in guestCase.words.enumerated() { code[start + 1 + index] = word }
        code[literal] = UInt32(truncatingIfNeeded: guestCase.state[30])
        code[literal + 1] = UInt32(truncatingIfNeeded: guestCase.state[30] >> 32)
    }
}

/// How a case ended: by which signal, as Linux would send it, and with what state.
struct Outcome: Equatable {
    var signal: UInt64
    var pc: UInt64
    /// si_addr; of memory faults only.
    var address: UInt64
    var state: CPUState
    /// Words of memory that changed: index and what is there now.
    var changes: [UInt64]

    static let illegal: UInt64 = 4, trap: UInt64 = 5, bus: UInt64 = 7, segmentation: UInt64 = 11

    var isFault: Bool { signal == Self.bus || signal == Self.segmentation }

    /// Whether it is a fault at an address where each process has something else, other tests' memory among it. Above 2^47 Linux
    /// ignores the top byte, which is not done here, and the host does not tell the address.
    var isElsewhere: Bool {
        let isFetch = address == pc && address < 1 << 32
        return isFault && !isFetch && !Arena.isCommon(address)
    }

    func differsOnlyInFPSR(from other: Outcome) -> Bool {
        var same = self
        same.state[CPUState.fpsr] = other.state[CPUState.fpsr]
        return self != other && same == other
    }

    /// What is different, nil if nothing is.
    func difference(from expected: Outcome) -> String? {
        if self == expected { return nil }
        var lines: [String] = []
        func compare(_ name: String, _ mine: UInt64, _ other: UInt64) {
            if mine != other { lines.append("\(name) is \(hex(mine)), not \(hex(other))") }
        }
        compare("signal", signal, expected.signal)
        compare("pc", pc, expected.pc)
        compare("address", address, expected.address)
        for index in 0..<CPUState.count { compare(CPUState.name(index), state[index], expected.state[index]) }
        if changes != expected.changes {
            lines.append("memory is \(memoryText), not \(expected.memoryText)")
        }
        return lines.joined(separator: "\n")
    }

    /// Generated code does not see the underflow of an inexact number that rounding makes normal, unless the C function computes
    /// it; nothing else of FPSR is left open.
    /// - Returns: whether the exception was missing.
    mutating func takesUnderflow(from interpreter: Outcome) -> Bool {
        let underflow: UInt64 = 8
        let missing = interpreter.state[CPUState.fpsr] & ~state[CPUState.fpsr]
        let flushes = state[CPUState.fpcr] >> 24 & 1 == 1
        guard missing == underflow, !flushes else { return false }
        state[CPUState.fpsr] |= underflow
        return true
    }

    private var memoryText: String {
        if changes.isEmpty { return "unchanged" }
        return stride(from: 0, to: changes.count, by: 2).prefix(12)
            .map { "\(hex(Arena.memory + 8 * changes[$0])): \(hex(changes[$0 + 1]))" }.joined(separator: ", ")
    }
}

func hex(_ number: some BinaryInteger) -> String { "0x" + String(number, radix: 16) }
