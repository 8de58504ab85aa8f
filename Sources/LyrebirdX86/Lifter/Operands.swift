// Operands: registers, memory and numbers, by their sizes in bytes. A write of 32 bits clears the upper half of a register, one
// of 8 or 16 keeps the rest (SDM volume 1, 3.4.1.1).

import LyrebirdIR

/// A memory operand's address: a value, and what the access adds to it.
struct Address {
    var base: Value
    var displacement: Int32 = 0
}

/// The general registers that instructions imply.
enum General {
    static let rax: UInt8 = 0, rcx: UInt8 = 1, rdx: UInt8 = 2, rbx: UInt8 = 3
    static let rsp: UInt8 = 4, rbp: UInt8 = 5, rsi: UInt8 = 6, rdi: UInt8 = 7, r11: UInt8 = 11
}

extension Lifter {
    // MARK: Widths

    /// The type of an integer of so many bytes.
    @inline(__always) func type(_ size: UInt8) -> Type {
        switch size {
        case 1: .i8
        case 2: .i16
        case 4: .i32
        default: .i64
        }
    }

    @inline(__always) func access(_ size: UInt8) -> MemoryAccess {
        MemoryAccess(size: UInt8(truncatingIfNeeded: size.trailingZeroBitCount))
    }

    /// The value with zeros above it.
    mutating func zeroExtended(_ value: Value, to type: Type) -> Value {
        let source = unit.type(of: value)
        return source == type ? value : unit.zext(type, from: source, value)
    }

    mutating func signExtended(_ value: Value, to type: Type) -> Value {
        let source = unit.type(of: value)
        return source == type ? value : unit.sext(type, from: source, value)
    }

    /// The low bits of the value.
    mutating func truncated(_ value: Value, to type: Type) -> Value {
        if unit.type(of: value) == type { return value }
        return type == .i32 ? unit.low(value) : unit.trunc(type, value)
    }

    // MARK: General registers

    @inline(__always) mutating func register(_ number: UInt8) -> Value {
        unit.get(.i64, X86State.general(Int(number)))
    }

    mutating func register(_ number: UInt8, _ size: UInt8) -> Value {
        truncated(register(number), to: type(size))
    }

    @inline(__always) mutating func setRegister(_ number: UInt8, _ value: Value) {
        unit.set(X86State.general(Int(number)), written(value, to: number))
    }

    /// What all of a register is when a value has been written to it.
    mutating func written(_ value: Value, to number: UInt8) -> Value {
        switch unit.type(of: value) {
        case .i64: return value
        case .i32: return unit.constant(of: value).map { const($0) } ?? unit.zext(.i64, from: .i32, value)
        case let narrow:
            let whole = register(number)
            if let above = unit.constant(of: whole), above &>> UInt64(narrow.bits) == 0 { return widened(value) }
            return unit.insert(from: narrow, whole, value, at: 0)
        }
    }

    /// With zeros above: after XOR EAX, EAX a SETcc is all of RAX.
    private mutating func widened(_ value: Value) -> Value {
        let i = unit.instructions[value.index]
        if i.opcode == .trunc, unit.instructions[Int(i.a)].opcode == .cset {
            return unit.zext(.i64, from: .i32, Value(Int(i.a)))
        }
        return unit.zext(.i64, from: unit.type(of: value), value)
    }

    private mutating func setHighByte(_ number: UInt8, _ value: Value) {
        unit.set(X86State.general(Int(number)), unit.insert(from: .i8, register(number), value, at: 8))
    }

    // MARK: Addresses

    /// Where a memory operand is in its segment.
    /// - Parameter popped: what POP has added to rSP by then.
    mutating func effectiveAddress(_ i: DecodedInstruction, popped: UInt64 = 0) -> Value {
        let displacement = UInt64(bitPattern: Int64(i.displacement))
        var sum: Value?
        if i.base == DecodedInstruction.instructionPointer {
            sum = const(next &+ displacement)
        } else {
            if i.base != DecodedInstruction.noRegister { sum = register(i.base) }
            if let index = scaledIndex(i) { sum = sum.map { unit.add($0, index) } ?? index }
            let rest = i.base == General.rsp ? displacement &+ popped : displacement
            if let known = sum {
                if rest != 0 { sum = unit.add(known, const(rest)) }
            } else {
                sum = const(rest)
            }
        }
        return addressSized(sum!, i)
    }

    private mutating func scaledIndex(_ i: DecodedInstruction) -> Value? {
        guard i.index != DecodedInstruction.noRegister else { return nil }
        let index = register(i.index)
        return i.scale == 0 ? index : unit.shl(index, const(UInt64(i.scale)))
    }

    /// As much of an address as its size says.
    mutating func addressSized(_ value: Value, _ i: DecodedInstruction) -> Value {
        i.addressSize == 8 ? value : unit.zext(.i64, from: .i32, value)
    }

    /// In 64-bit mode only FS and GS have bases (volume 1, 3.4.2.1).
    mutating func linear(_ address: Value, _ segment: Segment?) -> Value {
        guard let segment, segment == .fs || segment == .gs else { return address }
        return unit.add(address, unit.get(.i64, X86State.segmentBase(segment)))
    }

    /// ModRM's memory operand.
    mutating func address(_ i: DecodedInstruction, popped: UInt64 = 0) -> Address {
        guard i.addressSize == 8, popped == 0, i.base < DecodedInstruction.instructionPointer else {
            return Address(base: linear(effectiveAddress(i, popped: popped), i.segmentOverride))
        }
        var base = register(i.base)
        if let index = scaledIndex(i) { base = unit.add(base, index) }
        return Address(base: linear(base, i.segmentOverride), displacement: i.displacement)
    }

    /// An operand in memory.
    mutating func address(of operand: Operand, _ i: DecodedInstruction) -> Address {
        switch operand.kind {
        case .source: return Address(base: linear(addressSized(register(General.rsi), i), i.segmentOverride))
        case .destination: return Address(base: addressSized(register(General.rdi), i))
        case .offset: return Address(base: linear(const(UInt64(bitPattern: i.immediate)), i.segmentOverride))
        default: return address(i)
        }
    }

    /// The address as one value, as atomic operations want it.
    mutating func joined(_ address: Address) -> Value {
        guard address.displacement != 0 else { return address.base }
        return unit.add(address.base, const(UInt64(bitPattern: Int64(address.displacement))))
    }

    /// Some bytes behind an address.
    mutating func behind(_ address: Address, _ bytes: Int32) -> Address {
        let (sum, overflows) = address.displacement.addingReportingOverflow(bytes)
        return overflows
            ? Address(base: joined(address), displacement: bytes) : Address(base: address.base, displacement: sum)
    }

    // MARK: Memory

    mutating func load(_ size: UInt8, _ address: Address) -> Value {
        let value = unit.load(size == 8 ? .i64 : .i32, access(size), address.base, disp: address.displacement)
        return truncated(value, to: type(size))
    }

    mutating func store(_ value: Value, _ address: Address) {
        let size = UInt8(truncatingIfNeeded: unit.type(of: value).bits / 8)
        unit.store(access(size), address.base, size < 4 ? asWord(value) : value, disp: address.displacement)
    }

    /// A narrow number as an i32, whatever is above it: where it is part of something wider, that.
    private mutating func asWord(_ value: Value) -> Value {
        let made = unit.instructions[value.index]
        guard made.opcode == .trunc else { return unit.zext(.i32, from: unit.type(of: value), value) }
        let whole = Value(Int(made.a))
        return unit.type(of: whole) == .i64 ? unit.low(whole) : whole
    }

    // MARK: Operands

    mutating func read(_ operand: Operand, _ i: DecodedInstruction) -> Value {
        switch operand.kind {
        case .general: return register(operand.number, operand.size)
        case .highByte: return unit.trunc(.i8, unit.shr(register(operand.number), const(8)))
        case .immediate: return const(type(operand.size), UInt64(bitPattern: i.immediate))
        case .implied: return const(type(operand.size), UInt64(operand.number))
        case .segment: return unit.trunc(.i16, unit.get(.i64, X86State.selector(Segment(rawValue: operand.number)!)))
        default: return load(operand.size, address(of: operand, i))
        }
    }

    mutating func write(_ operand: Operand, _ value: Value, _ i: DecodedInstruction) {
        switch operand.kind {
        case .general: setRegister(operand.number, value)
        case .highByte: setHighByte(operand.number, value)
        case .segment: setSegment(Segment(rawValue: operand.number)!, value)
        default: store(value, address(of: operand, i))
        }
    }

    // MARK: Read, modify, write

    /// What one operation of the host's does with memory under LOCK.
    enum AtomicOperation {
        case add(Value), and(Value), or(Value), xor(Value)
    }

    /// Makes something of the first operand and writes it there, and sets the flags.
    /// - Parameters:
    ///   - atomic: what does the same to memory; without it, it is compared and exchanged.
    ///   - compute: from what the operand is, what it becomes, and the flags if they change.
    mutating func modify(
        _ i: DecodedInstruction, atomic: AtomicOperation? = nil,
        _ compute: (inout Lifter, Value) -> (result: Value, flags: Value?)
    ) {
        let operand = i.operand(0)
        var flags: Value?
        if operand.kind != .memory {
            let new = compute(&self, read(operand, i))
            write(operand, new.result, i)
            flags = new.flags
        } else if !i.prefixes.contains(.lock) {
            let place = address(i)
            let new = compute(&self, load(operand.size, place))
            store(new.result, place)
            flags = new.flags
        } else if let atomic {
            let old = perform(atomic, joined(address(i)), operand.size)
            flags = compute(&self, old).flags
        } else {
            let place = joined(address(i))
            let old = load(operand.size, Address(base: place))
            let new = compute(&self, old)
            let seen = compareExchange(place, old, new.result)
            leave(for: pc, where: .ne, different(seen, old))
            flags = new.flags
        }
        if let flags { setFlags(flags) }
    }

    private mutating func perform(_ operation: AtomicOperation, _ place: Value, _ size: UInt8) -> Value {
        let wide: Type = size == 8 ? .i64 : .i32
        let old =
            switch operation {
            case .add(let value): unit.rmwAdd(access(size), place, zeroExtended(value, to: wide))
            case .and(let value): unit.rmwAnd(access(size), place, zeroExtended(value, to: wide))
            case .or(let value): unit.rmwOr(access(size), place, zeroExtended(value, to: wide))
            case .xor(let value): unit.rmwXor(access(size), place, zeroExtended(value, to: wide))
            }
        return truncated(old, to: type(size))
    }

    mutating func exchange(_ place: Value, _ value: Value) -> Value {
        let narrow = unit.type(of: value)
        let wide: Type = narrow == .i64 ? .i64 : .i32
        let size = UInt8(truncatingIfNeeded: narrow.bits / 8)
        return truncated(unit.rmwExchange(access(size), place, zeroExtended(value, to: wide)), to: narrow)
    }

    /// What was there; `new` is there now if that was `expected`.
    mutating func compareExchange(_ place: Value, _ expected: Value, _ new: Value) -> Value {
        let narrow = unit.type(of: expected)
        let wide: Type = narrow == .i64 ? .i64 : .i32
        let size = UInt8(truncatingIfNeeded: narrow.bits / 8)
        let (from, to) = (zeroExtended(expected, to: wide), zeroExtended(new, to: wide))
        return truncated(unit.cas(access(size), place, from, to), to: narrow)
    }

    /// Flags that say whether two values are the same: `eq` or `ne`.
    mutating func different(_ a: Value, _ b: Value) -> Value {
        let wide: Type = unit.type(of: a) == .i64 ? .i64 : .i32
        let (a, b) = (zeroExtended(a, to: wide), zeroExtended(b, to: wide))
        return unit.flags(unit.sub(a, b))
    }
}
