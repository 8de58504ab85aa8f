// The IR's instruction, its value types and the small enumerations that live in `aux`.
//
// Worked example. AArch64's `subs x1, x1, #1; b.ne 0x1000` at 0x1008 is
//
//     instruction 0x1008
//     v1 = get.i64 x1
//     v2 = const.i64 1
//     v3 = sub.i64 v1, v2
//     v4 = flags v3
//     set x1, v3
//     set nzcv, v4
//     instruction 0x100c
//     branch.ne v4, b1, b2
//   b1:
//     exitJump.jump 0x1000
//   b2:
//     exitJump.jump 0x1010
//
// An instruction is 16 bytes without references, its result's id is its index, and nothing is allocated while code is
// translated: the arenas of `Unit` are reset from one translation to the next.

/// The type of a value. Raw values are stored in instructions.
public enum Type: UInt8, Sendable, CaseIterable {
    case none, i8, i16, i32, i64, flags, v128

    /// Bits of an integer or vector type.
    @inline(__always) public var bits: Int {
        switch self {
        case .i8: 8
        case .i16: 16
        case .i32: 32
        case .i64: 64
        case .v128: 128
        case .flags: 16
        case .none: 0
        }
    }

    @inline(__always) public var isInteger: Bool { rawValue &- 1 < 4 }
}

/// Log2 of the bytes of a vector's lane.
public enum Lane: UInt8, Sendable, CaseIterable {
    case b, h, s, d
    @inline(__always) public var bits: Int { 8 &<< Int(rawValue) }
    @inline(__always) public var count: Int { 16 &>> Int(rawValue) }
}

/// What an operation of SSE works on, by the manual's suffix: a scalar or packed numbers, in single or double precision.
public enum FloatFormat: UInt8, Sendable, CaseIterable {
    case ss, sd, ps, pd
    @inline(__always) public var isDouble: Bool { rawValue & 1 != 0 }
    @inline(__always) public var isScalar: Bool { rawValue < 2 }
    @inline(__always) public var lane: Lane { isDouble ? .d : .s }
}

/// An instruction of FMA without its VF: which operands are multiplied, and what is done with the product and the third.
public struct FusedOperation: Sendable, Equatable {
    /// The product and c added, c subtracted, the same of the product negated; added in odd lanes and subtracted in even ones;
    /// and the other way round.
    public enum Kind: UInt8, Sendable, CaseIterable { case madd, msub, nmadd, nmsub, maddsub, msubadd }
    /// Factors and addend by the numbers of the operands.
    public enum Form: UInt8, Sendable, CaseIterable { case f132, f213, f231 }

    /// Bits 0–1 the format, 2–3 the form, 4–6 the kind.
    public let rawValue: UInt8

    @inline(__always) public init(_ kind: Kind, _ form: Form, _ format: FloatFormat) {
        rawValue = format.rawValue | form.rawValue &<< 2 | kind.rawValue &<< 4
    }

    /// Nil where it is none: only packed numbers are added and subtracted in turn.
    public init?(rawValue: UInt8) {
        guard rawValue &>> 4 < 6, rawValue &>> 2 & 3 < 3, rawValue &>> 4 < 4 || rawValue & 2 != 0 else { return nil }
        self.rawValue = rawValue
    }

    @inline(__always) public var format: FloatFormat { FloatFormat(rawValue: rawValue & 3)! }
    @inline(__always) public var form: Form { Form(rawValue: rawValue &>> 2 & 3)! }
    @inline(__always) public var kind: Kind { Kind(rawValue: rawValue &>> 4)! }

    /// `madd132ss`.
    public var name: String { "\(kind)\("\(form)".dropFirst())\(format)" }
    public static let all = (0...UInt8.max).compactMap { FusedOperation(rawValue: $0) }
}

/// A test of a flags value. The raw values are x86's condition codes (Intel SDM 2, appendix B): the IR's flags are the
/// host's, with C a borrow after a subtraction, so `hi` and `ls` are unsigned > and <= after `sub`.
public enum Condition: UInt8, Sendable, CaseIterable {
    case vs, vc, cs, cc, eq, ne, ls, hi, mi, pl, pe, po, lt, ge, le, gt

    /// The condition that holds exactly where this one does not.
    @inline(__always) public var inverted: Condition { Condition(rawValue: rawValue ^ 1)! }
}

/// How an instruction touches memory: size, extension, order, alignment.
public struct MemoryAccess: Sendable, Equatable {
    /// Bits 0–2 log2 of the bytes, bit 3 sign extension, bits 4–5 order, bit 6 whether 16 bytes have to be aligned, bit 7 whether they
    /// have to be the first ones of 32 aligned bytes.
    public var rawValue: UInt8

    public enum Order: UInt8, Sendable { case plain, acquire, release, sequential }

    @inline(__always) public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// - Parameter size: log2 of the bytes, 0…4.
    @inline(__always) public init(
        size: UInt8, signed: Bool = false, order: Order = .plain, aligned: Bool = false, startsPair: Bool = false
    ) {
        rawValue = size | (signed ? 8 : 0) | order.rawValue &<< 4 | (aligned ? 64 : 0) | (startsPair ? 128 : 0)
    }

    @inline(__always) public var size: UInt8 { rawValue & 7 }
    @inline(__always) public var bytes: Int { 1 &<< Int(rawValue & 7) }
    @inline(__always) public var isSigned: Bool { rawValue & 8 != 0 }
    @inline(__always) public var isAligned: Bool { rawValue & 64 != 0 }
    @inline(__always) public var startsPair: Bool { rawValue & 128 != 0 }
    @inline(__always) public var order: Order { Order(rawValue: rawValue &>> 4 & 3)! }
}

/// What kind of jump an exit is, for the prediction of returns.
public enum ExitHint: UInt8, Sendable, CaseIterable {
    case jump, call, `return`
    /// No jump of the guest's: the unit is at its limit in the middle of a block, which goes on at the target.
    case middle
}

/// Why generated code asks for the runtime.
public enum TrapReason: UInt8, Sendable, CaseIterable {
    /// The guest's system-call instruction; payload: its immediate.
    case systemCall
    /// A breakpoint instruction; payload: its immediate.
    case breakpoint
    /// No instruction, or one that this CPU model does not have.
    case undefined
    /// The guest says it changed code: the slot `trapOperand` holds an address in the line.
    case invalidateCode
    /// The instruction could not be fetched.
    case fetch
    /// An address was not aligned as the instruction demands; the slot `trapOperand` holds it.
    case alignment
    /// A divisor of zero, or a quotient that does not fit: #DE.
    case divideError
    /// What the guest's protection does not allow, and is no access to memory: #GP.
    case generalProtection
    /// The guest raises an interrupt itself; payload: its vector.
    case softwareInterrupt
    /// The code is not what the unit was made from (`Unit.comparesCode`); payload: `TrapReason.inBlock` or none.
    case codeChanged
    /// Floating point ran into what the guest does not mask; payload: the vector of the exception.
    case floatingPoint
    /// The guest may have changed its mode or its floating-point control: they are looked at again, and it goes on.
    case modeChange
    /// The guest has an exception behind each of its instructions, and one is over: x86's trap flag.
    case singleStep
    /// An exception of the same kind that an instruction asks for, and is behind it: INT1.
    case debugBreak
    /// The guest waits for an interrupt; payload: the instruction's bytes.
    case halt
    /// An instruction for privileged code.
    case privileged
    /// Fewer instructions may still be executed than stand up to the end of the block (`Unit.counter`); payload: bits of
    /// `TrapReason.hooksCalled` and `inBlock`.
    case budget
    /// The embedder's breakpoint.
    case stopPoint
    /// The unit, which nothing is linked to (`Unit.isSingle`), is at its limit in the middle of a block.
    case middleOfBlock
    /// A function of the embedder's stands here; payload: its number. It has not been called yet.
    case hostFunction

    /// Payload of `modeChange` and `singleStep`: the guest goes on at the address that the slot `trapOperand` holds.
    public static let targetInOperand: UInt32 = 1

    /// Bits of a payload: the unit's hooks have been called; the trap's pc is in the middle of a block.
    public static let hooksCalled: UInt32 = 1
    public static let inBlock: UInt32 = 2

    /// Whether the guest instruction at the trap's pc has not been executed.
    public var isBeforeInstruction: Bool {
        switch self {
        case .systemCall, .invalidateCode, .modeChange, .singleStep, .debugBreak, .middleOfBlock, .halt, .hostFunction:
            false
        default: true
        }
    }
}

/// Host functions that `call` can name. They see no guest state.
public enum Helper: UInt8, Sendable, CaseIterable {
    /// Nanoseconds of a monotonic clock: the virtual counter of a guest.
    case counter
    /// Functions of the embedder's, which stand at guest addresses.
    case function0, function1, function2, function3, function4, function5

    /// How many functions an embedder may have.
    public static let functionCount = 6

    /// The embedder's function of this number.
    public static func function(_ number: Int) -> Helper { Helper(rawValue: function0.rawValue + UInt8(number))! }
}

/// The result of an instruction, by its index.
public struct Value: Sendable, Equatable {
    public let id: UInt32
    @inline(__always) public init(_ id: UInt32) { self.id = id }
    @inline(__always) public init(_ index: Int) { id = UInt32(truncatingIfNeeded: index) }
    @inline(__always) public var index: Int { Int(id) }
}

/// One instruction: 16 bytes, trivial.
public struct Instruction: Sendable {
    public var opcode: Opcode
    public var type: Type
    public var aux: UInt8
    public var a: UInt32
    public var b: UInt32
    public var c: UInt32

    @inline(__always)
    public init(_ opcode: Opcode, _ type: Type, _ aux: UInt8 = 0, _ a: UInt32 = 0, _ b: UInt32 = 0, _ c: UInt32 = 0) {
        self.opcode = opcode
        self.type = type
        self.aux = aux
        self.a = a
        self.b = b
        self.c = c
    }

    /// The 64-bit number in fields a and b.
    @inline(__always) public var immediate: UInt64 {
        get { UInt64(a) | UInt64(b) &<< 32 }
        set {
            a = UInt32(truncatingIfNeeded: newValue)
            b = UInt32(truncatingIfNeeded: newValue &>> 32)
        }
    }

    @inline(__always) public var condition: Condition { Condition(rawValue: aux & 15)! }
    @inline(__always) public var lane: Lane { Lane(rawValue: aux & 3)! }
    @inline(__always) public var format: FloatFormat { FloatFormat(rawValue: aux & 3)! }
    @inline(__always) public var access: MemoryAccess { MemoryAccess(rawValue: aux) }
}
