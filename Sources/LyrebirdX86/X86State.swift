// The x86 CPU as a user-mode program sees it (Intel SDM volume 1, 3.4, 8.1, 10.2 and 14.1), in all modes: which slots there are,
// and which of them live in host registers between translations. The instruction pointer is the runtime's.

import LyrebirdIR

/// Slots of x86 state. The general registers come first, so that a register's number is a slot's index.
public enum X86State {
    /// rAX, rCX, rDX, rBX, rSP, rBP, rSI, rDI and R8 to R15 by number. In modes without REX the upper half is not used.
    @inline(__always) public static func general(_ number: Int) -> Slot { Slot(number) }
    public static let rsp = general(4)
    /// CF, PF, AF, ZF, SF and OF as the IR's flags, which have the same meaning.
    public static let flags = Slot(16)
    /// The other bits of EFLAGS in their places: TF, DF, NT, AC, ID. String instructions look at DF when they run.
    public static let otherFlags = Slot(17)
    /// What a selector loads into its segment register; in 64-bit mode only those of FS and GS count.
    @inline(__always) public static func segmentBase(_ segment: Segment) -> Slot { Slot(18 &+ Int(segment.rawValue)) }
    @inline(__always) public static func selector(_ segment: Segment) -> Slot { Slot(24 &+ Int(segment.rawValue)) }
    public static let mxcsr = Slot(30)
    /// FCW, FSW and FTW, of the image that FNSAVE would store: the x87 unit is one of the IR's own (group x87 and MMX).
    public static let x87Control = Slot(31)
    public static let x87Status = Slot(32)
    public static let x87Tags = Slot(33)
    /// The last x87 instruction that is none of control: its opcode, address and operand's address. Opcode and operand are those
    /// of the last one while an exception was not masked (SDM volume 1, 8.1.8 and 8.1.9).
    public static let x87Opcode = Slot(34)
    public static let x87Instruction = Slot(35)
    public static let x87Operand = Slot(36)
    /// Operand of a trap (`TrapReason`).
    public static let trapOperand = Slot(37)
    /// XMM0 to XMM15: bits 0 to 127 of the vector registers.
    @inline(__always) public static func xmm(_ number: Int) -> Slot { Slot(38 &+ number) }
    /// Bits 128 to 255. They are slots of their own, so that SSE, which keeps them, need not know of them.
    @inline(__always) public static func upper(_ number: Int) -> Slot { Slot(54 &+ number) }
    /// The significand of ST(0) to ST(7), in the image.
    @inline(__always) public static func significand(_ number: Int) -> Slot { Slot(70 &+ number) }
    /// Its sign and exponent, 16 bits.
    @inline(__always) public static func exponent(_ number: Int) -> Slot { Slot(78 &+ number) }

    /// Instructions that may still be executed (`Unit.counter`).
    public static let counter = Slot(86)

    public static let layout = StateLayout(
        entries, size: size, trapOperand: trapOperand, counter: counter, x87Image: image)

    /// Vectors are aligned to 16 bytes.
    private static let vectors = 8 * 35 + 8
    private static let image = vectors + 16 * 32
    private static let size = image + (X87Image.size + 7) & ~7

    private static let entries: [StateLayout.Entry] = {
        let names = [
            "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
            "r15",
            "flags", "otherFlags", "esBase", "csBase", "ssBase", "dsBase", "fsBase", "gsBase", "es", "cs", "ss", "ds",
            "fs",
            "gs", "mxcsr",
        ]
        let pointers = ["x87Opcode", "x87Instruction", "x87Operand", "trapOperand"]
        var entries: [StateLayout.Entry] = []
        for (number, name) in names.enumerated() {
            entries.append(.init(name, name == "flags" ? .flags : .i64, 8 * number))
        }
        let words = [
            ("x87Control", X87Image.control), ("x87Status", X87Image.status), ("x87Tags", X87Image.tags),
        ]
        for (name, offset) in words { entries.append(.init(name, .i16, image + offset)) }
        for (number, name) in pointers.enumerated() {
            entries.append(.init(name, .i64, 8 * (names.count + number)))
        }
        for number in 0..<16 { entries.append(.init("xmm\(number)", .v128, vectors + 16 * number)) }
        for number in 0..<16 { entries.append(.init("upper\(number)", .v128, vectors + 16 * (16 + number))) }
        let stack = image + X87Image.stack
        for number in 0..<8 { entries.append(.init("significand\(number)", .i64, stack + 10 * number)) }
        for number in 0..<8 { entries.append(.init("exponent\(number)", .i16, stack + 10 * number + 8)) }
        entries.append(.init("counter", .i64, vectors - 8))
        return entries
    }()

    /// Hottest first, by what compilers use: results, arguments and scratch registers, then the callee-saved ones they start
    /// with, and the vectors that carry arguments and results.
    public static let pinned: [Slot] =
        [0, 4, 7, 6, 2, 1, 3, 5, 8, 12, 9, 13, 14, 15, 10, 11].map(general) + (0..<8).map(xmm)
}
