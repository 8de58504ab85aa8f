// The AArch64 CPU as a user-mode program sees it (Arm ARM B1.2): which slots there are, and which of them live in host
// registers between translations.

import LyrebirdIR

/// Slots of AArch64 state. x0…x30 and sp come first, so that a register number is a slot's index.
public enum ARM64State {
    /// x0…x30 by number. Register 31 is sp or zero by context and is not asked for here.
    @inline(__always) public static func x(_ number: Int) -> Slot { Slot(number) }
    public static let sp = Slot(31)
    /// N, Z, C, V as the IR's flags, with C inverted: a borrow, as after a comparison on the host.
    public static let nzcv = Slot(32)
    public static let tpidr = Slot(33)
    public static let fpcr = Slot(34)
    public static let fpsr = Slot(35)
    /// Address of the exclusive monitor; all ones when it is clear.
    public static let exclusiveAddress = Slot(36)
    /// What the load-exclusive saw, low and high 64 bits.
    public static let exclusiveLow = Slot(37)
    public static let exclusiveHigh = Slot(38)
    /// Operand of a trap (`TrapReason`).
    public static let trapOperand = Slot(39)
    /// v0…v31 by number.
    @inline(__always) public static func v(_ number: Int) -> Slot { Slot(40 &+ number) }

    /// FPSR.QC, which is read as one where any bit is: saturating instructions add what saturation changed.
    public static let qc = Slot(72)

    /// PSTATE.DIT and SSBS in SPSR's places. They promise timing, and this is as timing is; programs find what they wrote.
    public static let processorState = Slot(73)

    /// Instructions that may still be executed (`Unit.counter`).
    public static let counter = Slot(74)

    public static let layout = StateLayout(entries, size: 880, trapOperand: trapOperand, counter: counter)

    private static let entries: [StateLayout.Entry] = {
        var entries: [StateLayout.Entry] = []
        for number in 0..<31 { entries.append(.init("x\(number)", .i64, 8 * number)) }
        entries.append(.init("sp", .i64, 248))
        entries.append(.init("nzcv", .flags, 256))
        let names = [
            "tpidr", "fpcr", "fpsr", "exclusiveAddress", "exclusiveLow", "exclusiveHigh", "trapOperand",
        ]
        for (index, name) in names.enumerated() { entries.append(.init(name, .i64, 264 + 8 * index)) }
        for number in 0..<32 { entries.append(.init("v\(number)", .v128, 336 + 16 * number)) }
        entries.append(.init("qc", .v128, 848))
        entries.append(.init("processorState", .i64, 864))
        entries.append(.init("counter", .i64, 872))
        return entries
    }()

    /// Hottest first, by what compilers use: argument and scratch registers, then the callee-saved ones they start with; of the
    /// vectors those that carry arguments and results.
    public static let pinned: [Slot] =
        [x(0), x(1), x(2), x(3), sp, x(4), x(19), x(20), x(5), x(30), x(6), x(21)]
        + (0..<8).map(v)
}
