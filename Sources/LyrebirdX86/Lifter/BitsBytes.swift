// SDM volume 1, 7.3.6 Bit and byte instructions, and 7.3.16 the counts of bits.

import LyrebirdIR

extension Lifter {
    private enum BitOperation { case test, set, reset, complement }

    mutating func bt(_ i: DecodedInstruction) { bit(.test, i) }
    mutating func bts(_ i: DecodedInstruction) { bit(.set, i) }
    mutating func btr(_ i: DecodedInstruction) { bit(.reset, i) }
    mutating func btc(_ i: DecodedInstruction) { bit(.complement, i) }

    /// A number in a register counts from the memory operand's address on, in both directions; in the code it is one within the
    /// operand.
    private mutating func bit(_ operation: BitOperation, _ i: DecodedInstruction) {
        let operand = i.operand(0)
        let source = i.operand(1)
        let type = type(operand.size)
        let wide: Type = type == .i64 ? .i64 : .i32
        let within = UInt64(type.bits &- 1)
        let number: Value
        var place: Address?
        if source.kind == .immediate {
            number = const(wide, UInt64(bitPattern: i.immediate) & within)
            if operand.kind == .memory { place = address(i) }
        } else {
            let offset = register(source.number, operand.size)
            number = unit.and(zeroExtended(offset, to: wide), const(wide, within))
            if operand.kind == .memory {
                let units = unit.sar(signExtended(offset, to: .i64), const(UInt64(type.bits.trailingZeroBitCount)))
                let bytes = unit.shl(units, const(UInt64(operand.size.trailingZeroBitCount)))
                let sum = unit.add(effectiveAddress(i), bytes)
                place = Address(base: linear(addressSized(sum, i), i.segmentOverride))
            }
        }
        let mask = unit.shl(const(wide, 1), number)
        let old: Value
        if let place, operation != .test, i.prefixes.contains(.lock) {
            old = atomically(operation, joined(place), mask, access(operand.size))
        } else {
            old = zeroExtended(place.map { load(operand.size, $0) } ?? read(operand, i), to: wide)
            if operation != .test {
                let new = truncated(changed(operation, old, mask), to: type)
                if let place { store(new, place) } else { write(operand, new, i) }
            }
        }
        setFlags(unit.bitToCarry(flags(), old, number))
    }

    private mutating func changed(_ operation: BitOperation, _ old: Value, _ mask: Value) -> Value {
        switch operation {
        case .test: old
        case .set: unit.or(old, mask)
        case .reset: unit.andn(old, mask)
        case .complement: unit.xor(old, mask)
        }
    }

    private mutating func atomically(
        _ operation: BitOperation, _ place: Value, _ mask: Value, _ access: MemoryAccess
    ) -> Value {
        switch operation {
        case .set: return unit.rmwOr(access, place, mask)
        case .reset:
            let others = unit.not(mask)
            return unit.rmwAnd(access, place, others)
        default: return unit.rmwXor(access, place, mask)
        }
    }

    // MARK: Searching and counting

    /// Where the source is zero the destination stays, all 64 bits of it (AMD64 APM volume 3).
    mutating func bsf(_ i: DecodedInstruction) { scan(i, forward: true) }
    mutating func bsr(_ i: DecodedInstruction) { scan(i, forward: false) }

    private mutating func scan(_ i: DecodedInstruction, forward: Bool) {
        let value = read(i.operand(1), i)
        let destination = i.operand(0).number
        let flags = resultFlags(value)
        let wide: Type = unit.type(of: value) == .i64 ? .i64 : .i32
        let extended = zeroExtended(value, to: wide)
        let found: Value
        if forward {
            found = unit.ctz(extended)
        } else {
            found = unit.sub(const(wide, UInt64(wide.bits &- 1)), unit.clz(extended))
        }
        let new = written(truncated(found, to: unit.type(of: value)), to: destination)
        let kept = register(destination)
        setRegister(destination, unit.select(.eq, flags, kept, new))
        setFlags(flags)
    }

    mutating func tzcnt(_ i: DecodedInstruction) { countZeros(i, trailing: true) }
    mutating func lzcnt(_ i: DecodedInstruction) { countZeros(i, trailing: false) }

    /// CF says that the source is zero, ZF that the result is.
    private mutating func countZeros(_ i: DecodedInstruction, trailing: Bool) {
        let value = read(i.operand(1), i)
        let type = unit.type(of: value)
        var count: Value
        if type == .i16 {
            // A bit beyond the operand's end stops the search.
            let wide = unit.zext(.i32, from: .i16, value)
            count =
                trailing
                ? unit.ctz(unit.or(wide, const32(0x1_0000)))
                : unit.clz(unit.or(unit.shl(wide, const32(16)), const32(0x8000)))
            count = unit.trunc(.i16, count)
        } else {
            count = trailing ? unit.ctz(value) : unit.clz(value)
        }
        // Of no bit the count is the width, which is the only one that has that bit.
        let wide = zeroExtended(count, to: type == .i64 ? .i64 : .i32)
        let width = const(unit.type(of: wide), UInt64(type.bits.trailingZeroBitCount))
        let flags = unit.bitToCarry(resultFlags(count), wide, width)
        write(i.operand(0), count, i)
        setFlags(flags)
    }

    /// All flags are 0 but ZF.
    mutating func popcnt(_ i: DecodedInstruction) {
        let value = read(i.operand(1), i)
        let type = unit.type(of: value)
        let wide = type == .i16 ? unit.zext(.i32, from: .i16, value) : value
        let zero = unit.cset(.i32, .eq, resultFlags(wide))
        write(i.operand(0), truncated(unit.popcnt(wide), to: type), i)
        setFlags(unit.bitsToFlags(unit.shl(zero, const32(14))))
    }

    mutating func crc32(_ i: DecodedInstruction) {
        let data = read(i.operand(1), i)
        let size = UInt8(truncatingIfNeeded: i.operand(1).size.trailingZeroBitCount)
        let wide = unit.type(of: data) == .i64 ? data : zeroExtended(data, to: .i32)
        let result = unit.crc32c(size: size, register(i.operand(0).number, 4), wide)
        setRegister(i.operand(0).number, result)
    }
}
