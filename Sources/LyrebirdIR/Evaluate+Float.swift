// Floating-point operations: all of them are one C function, which generated code calls, too (CLyrebird/float.h).

import CLyrebird

/// Bits of a CPU's floating-point control word that stand for a choice (`lyrebird_float_control`).
public struct FloatControl: OptionSet, Sendable {
    public let rawValue: UInt32
    @inline(__always) public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static var flushesSubnormals: FloatControl { FloatControl(rawValue: LYREBIRD_FLOAT_FLUSH.rawValue) }
    public static var defaultNaN: FloatControl { FloatControl(rawValue: LYREBIRD_FLOAT_DEFAULT_NAN.rawValue) }
}

/// What a CPU's floating-point operations depend on, and what they leave behind (CLyrebird/float.h).
public struct FloatEnvironment: Sendable, Equatable {
    /// Bits of `lyrebird_float_control`.
    public var control: UInt32
    /// Bits of `lyrebird_float_flags`.
    public var flags: UInt32

    public init(control: UInt32 = 0, flags: UInt32 = 0) {
        self.control = control
        self.flags = flags
    }
}

extension Evaluate {
    /// The word that names a floating-point operation to `lyrebird_float`.
    /// - Parameter source: the type of the first operand.
    /// - Returns: nil if the opcode is none of these.
    public static func floatOperation(_ i: Instruction, source: Type) -> UInt64? {
        if i.opcode.rawValue >= Opcode.sseAdd.rawValue { return sse(i, source: source) }
        guard let operation = operation(i.opcode) else { return special(i) }
        var word = UInt64(operation.rawValue) | UInt64(i.aux & 3) << 8
        switch i.opcode {
        case .ftointS, .ftointU: word |= (i.type == .i64 ? 3 : 2) << 10 | rounding(i.b)
        case .fround, .vfround: word |= rounding(i.b)
        case .fcompare: word |= UInt64(i.c & 1) << 15
        case .fromIntS, .fromIntU: word |= (source == .i64 ? 3 : 2) << 10 | UInt64(i.b & 127) << 17
        case .vftointS, .vftointU: word |= UInt64(i.aux & 3) << 10 | rounding(i.b)
        case .vfromIntS, .vfromIntU: word |= UInt64(i.aux & 3) << 10 | UInt64(i.b & 127) << 17
        case .fconvert, .vfconvert: word |= UInt64(i.b & 3) << 10
        default: break
        }
        let isVector = i.opcode.rawValue >= Opcode.vfadd.rawValue || i.opcode == .vshiftU || i.opcode == .vshiftS
        return isVector ? word | 1 << 16 : word
    }

    /// The result of a floating-point operation; its flags are added to the environment's.
    public static func float(
        _ word: UInt64, _ a: UInt128, _ b: UInt128, _ c: UInt128, _ environment: inout FloatEnvironment
    ) -> UInt128 {
        var words = lyrebird_float_words()
        words.a = halves(a)
        words.b = halves(b)
        words.c = halves(c)
        words.control = environment.control
        words.flags = environment.flags
        lyrebird_float(&words, word)
        environment.flags = words.flags
        return UInt128(words.result.0) | UInt128(words.result.1) << 64
    }

    /// Mode, whether it may be inexact, and bits of fraction.
    private static func rounding(_ mode: UInt32) -> UInt64 {
        UInt64(mode & 7) << 12 | UInt64(mode >> 3 & 1) << 15 | UInt64(mode >> 8 & 127) << 17
    }

    private static func halves(_ value: UInt128) -> (UInt64, UInt64) {
        (UInt64(truncatingIfNeeded: value), UInt64(truncatingIfNeeded: value >> 64))
    }

    private static func operation(_ opcode: Opcode) -> lyrebird_float_operation? {
        switch opcode {
        case .fadd, .vfadd: LYREBIRD_FLOAT_ADD
        case .fsub, .vfsub: LYREBIRD_FLOAT_SUB
        case .fmul, .vfmul: LYREBIRD_FLOAT_MUL
        case .fdiv, .vfdiv: LYREBIRD_FLOAT_DIV
        case .fmax, .vfmax: LYREBIRD_FLOAT_MAX
        case .fmin, .vfmin: LYREBIRD_FLOAT_MIN
        case .fmaxNumber, .vfmaxNumber: LYREBIRD_FLOAT_MAX_NUMBER
        case .fminNumber, .vfminNumber: LYREBIRD_FLOAT_MIN_NUMBER
        case .fsqrt, .vfsqrt: LYREBIRD_FLOAT_SQRT
        case .fround, .vfround: LYREBIRD_FLOAT_ROUND
        case .fmulAdd, .vfmulAdd: LYREBIRD_FLOAT_MUL_ADD
        case .fcompare: LYREBIRD_FLOAT_COMPARE
        case .vfcmpEQ: LYREBIRD_FLOAT_EQ
        case .vfcmpGE: LYREBIRD_FLOAT_GE
        case .vfcmpGT: LYREBIRD_FLOAT_GT
        case .ftointS, .vftointS: LYREBIRD_FLOAT_TO_SIGNED
        case .ftointU, .vftointU: LYREBIRD_FLOAT_TO_UNSIGNED
        case .fromIntS, .vfromIntS: LYREBIRD_FLOAT_FROM_SIGNED
        case .fromIntU, .vfromIntU: LYREBIRD_FLOAT_FROM_UNSIGNED
        case .fconvert, .vfconvert: LYREBIRD_FLOAT_CONVERT
        case .vfmulAddWide: LYREBIRD_FLOAT_MUL_ADD_WIDE
        case .vshiftS: LYREBIRD_FLOAT_SHIFT_SIGNED
        case .vshiftU: LYREBIRD_FLOAT_SHIFT_UNSIGNED
        default: nil
        }
    }
}
