// Flags. Those of the IR are x86's, so an instruction that sets all of them sets those of its operation. What sets only some, or
// sets them as no operation of the IR does, goes through their bits.

import LyrebirdIR

extension Lifter {
    @inline(__always) mutating func flags() -> Value {
        usesCarry = true
        return unit.get(.flags, X86State.flags)
    }

    @inline(__always) mutating func setFlags(_ flags: Value) {
        usesCarry = true
        unit.set(X86State.flags, flags)
    }

    /// For whoever looks at them by a condition.
    mutating func flags(for condition: Condition) -> Value {
        switch condition {
        case .cs, .cc, .hi, .ls: usesCarry = true
        default: break
        }
        return unit.get(.flags, X86State.flags)
    }

    /// The flags as they are, but for some bits (FlagBits).
    mutating func changed(_ mask: UInt32, to bits: Value) -> Value {
        let old = flags()
        let kept = unit.and(unit.flagsToBits(old), const32(~mask))
        return unit.bitsToFlags(unit.or(kept, bits))
    }

    /// N, Z and P of a result; A is 0, and so are C and V.
    mutating func resultFlags(_ result: Value) -> Value {
        unit.flags(unit.and(result, const(unit.type(of: result), .max)))
    }

    /// The same with C, which is 0 or 1.
    mutating func resultFlags(_ result: Value, carry: Value) -> Value {
        unit.bitToCarry(resultFlags(result), carry, const32(0))
    }

    /// The same with C and V, which are 0 or 1.
    mutating func resultFlags(_ result: Value, carry: Value, overflow: Value) -> Value {
        let bits = unit.flagsToBits(resultFlags(result))
        return unit.bitsToFlags(unit.or(bits, carryAndOverflow(carry, overflow)))
    }

    /// C and V in their places, of two values that are 0 or 1.
    mutating func carryAndOverflow(_ carry: Value, _ overflow: Value) -> Value {
        unit.or(unit.shl(carry, const32(8)), overflow)
    }

    /// The highest bit, as an i32.
    mutating func sign(_ value: Value) -> Value {
        let type = unit.type(of: value)
        if type == .i64 { return unit.trunc(.i32, unit.shr(value, const(63))) }
        return unit.shr(zeroExtended(value, to: .i32), const32(UInt32(type.bits &- 1)))
    }

    /// The lowest bit, as an i32.
    mutating func lowestBit(_ value: Value) -> Value {
        let type = unit.type(of: value)
        let word = type == .i64 ? unit.trunc(.i32, value) : zeroExtended(value, to: .i32)
        return unit.and(word, const32(1))
    }

    // MARK: EFLAGS (volume 1, 3.4.3)

    /// Of EFLAGS, what is in the slot `otherFlags`: TF, DF, NT, AC, ID.
    static let otherFlags: UInt64 = 0x100 | 0x400 | 0x4000 | 0x4_0000 | 0x20_0000

    /// CF, PF, AF, ZF and SF in bits 0 to 7, with bit 1 set.
    mutating func lowFlags() -> Value {
        let bits = unit.shr(unit.flagsToBits(flags()), const32(8))
        return unit.and(bits, const32(0xFF))
    }

    /// EFLAGS as PUSHF sees it: interrupts are allowed.
    mutating func eflags() -> Value {
        let overflow = unit.shl(unit.and(unit.flagsToBits(flags()), const32(FlagBits.v)), const32(11))
        let status = unit.zext(.i64, from: .i32, unit.or(lowFlags(), overflow))
        let other = unit.or(unit.get(.i64, X86State.otherFlags), const(0x200))
        return unit.or(status, other)
    }

    /// Sets what user mode may set by POPF. Of 16 bits, what is above them stays.
    mutating func setEFLAGS(_ value: Value, size: UInt8) {
        let writable = size == 2 ? Lifter.otherFlags & 0xFFFF : Lifter.otherFlags
        let wide = zeroExtended(value, to: .i64)
        let kept = unit.and(unit.get(.i64, X86State.otherFlags), const(~writable))
        unit.set(X86State.otherFlags, unit.or(kept, unit.and(wide, const(writable))))
        let low = unit.trunc(.i32, wide)
        let status = unit.shl(unit.and(low, const32(0xD5)), const32(8))
        let overflow = unit.and(unit.shr(low, const32(11)), const32(1))
        setFlags(unit.bitsToFlags(unit.or(status, overflow)))
    }

    /// Flags that say whether TF is set: `ne`.
    mutating func trapFlag() -> Value {
        resultFlags(unit.and(unit.get(.i64, X86State.otherFlags), const(TranslationMode.trapFlag)))
    }
}
