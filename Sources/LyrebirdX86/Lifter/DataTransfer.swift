// SDM volume 1, 7.3.1 Data transfer instructions, and 7.3.2.4 MOVBE, 7.3.17 LEA and XLAT.

import LyrebirdIR

extension Lifter {
    /// A selector is zero-extended to a register.
    mutating func mov(_ i: DecodedInstruction) {
        let (first, second) = (i.operand(0), i.operand(1))
        let value = read(second, i)
        write(first, second.kind == .segment ? zeroExtended(value, to: type(first.size)) : value, i)
    }

    mutating func movnti(_ i: DecodedInstruction) { mov(i) }

    mutating func movbe(_ i: DecodedInstruction) {
        let value = read(i.operand(1), i)
        write(i.operand(0), swapped(value), i)
    }

    mutating func bswap(_ i: DecodedInstruction) {
        let operand = i.operand(0)
        // Of 16 bits the manual leaves it undefined, and CPUs give zero.
        let value = operand.size == 2 ? const(.i16, 0) : unit.bswap(read(operand, i))
        write(operand, value, i)
    }

    private mutating func swapped(_ value: Value) -> Value {
        guard unit.type(of: value) == .i16 else { return unit.bswap(value) }
        let wide = unit.bswap(unit.zext(.i32, from: .i16, value))
        return unit.trunc(.i16, unit.shr(wide, const32(16)))
    }

    mutating func movzx(_ i: DecodedInstruction) { moveExtended(i, signed: false) }
    mutating func movsx(_ i: DecodedInstruction) { moveExtended(i, signed: true) }

    private mutating func moveExtended(_ i: DecodedInstruction, signed: Bool) {
        let type = type(i.operand(0).size)
        let source = i.operand(1)
        guard source.kind == .memory, type == .i32 || type == .i64 else {
            let value = read(source, i)
            return write(i.operand(0), signed ? signExtended(value, to: type) : zeroExtended(value, to: type), i)
        }
        let place = address(of: source, i)
        let size = UInt8(truncatingIfNeeded: source.size.trailingZeroBitCount)
        let access = MemoryAccess(size: size, signed: signed && source.size < i.operand(0).size)
        write(i.operand(0), unit.load(type, access, place.base, disp: place.displacement), i)
    }

    /// Without REX.W it moves as MOV does; of 16 bits AMD's CPUs read 32 all the same, which the opcode map has, too.
    mutating func movsxd(_ i: DecodedInstruction) {
        guard i.operand(0).size == 2 else { return moveExtended(i, signed: true) }
        write(i.operand(0), truncated(read(i.operand(1), i), to: .i16), i)
    }

    mutating func lea(_ i: DecodedInstruction) {
        if i.operandSize == 4, i.addressSize == 8, i.base < DecodedInstruction.instructionPointer {
            return write(i.operand(0), narrowAddress(i), i)
        }
        let address = effectiveAddress(i)
        write(i.operand(0), truncated(address, to: type(i.operandSize)), i)
    }

    /// The low half of an address, from those of its parts.
    private mutating func narrowAddress(_ i: DecodedInstruction) -> Value {
        var sum = register(i.base, 4)
        if i.index != DecodedInstruction.noRegister {
            let index = register(i.index, 4)
            sum = unit.add(sum, i.scale == 0 ? index : unit.shl(index, const32(UInt32(i.scale))))
        }
        return i.displacement == 0 ? sum : unit.add(sum, const(.i32, UInt64(bitPattern: Int64(i.displacement))))
    }

    mutating func xlat(_ i: DecodedInstruction) {
        let sum = unit.add(register(General.rbx), unit.zext(.i64, from: .i8, register(General.rax, 1)))
        let value = load(1, Address(base: linear(addressSized(sum, i), i.segmentOverride)))
        setRegister(General.rax, value)
    }

    mutating func cmovcc(_ i: DecodedInstruction) {
        let value = read(i.operand(1), i)
        let old = read(i.operand(0), i)
        write(i.operand(0), unit.select(condition(i), flags(for: condition(i)), value, old), i)
    }

    mutating func setcc(_ i: DecodedInstruction) {
        let bit = unit.cset(.i32, condition(i), flags(for: condition(i)))
        write(i.operand(0), unit.trunc(.i8, bit), i)
    }

    func condition(_ i: DecodedInstruction) -> Condition { Condition(rawValue: i.condition)! }

    /// With memory it is atomic in any case.
    mutating func xchg(_ i: DecodedInstruction) {
        let (first, second) = (i.operand(0), i.operand(1))
        let new = read(second, i)
        if first.kind == .memory {
            let place = joined(address(i))
            write(second, exchange(place, new), i)
        } else {
            let old = read(first, i)
            write(first, new, i)
            write(second, old, i)
        }
    }

    mutating func xadd(_ i: DecodedInstruction) {
        let (first, second) = (i.operand(0), i.operand(1))
        let addend = read(second, i)
        var old: Value?
        var flags: Value?
        modify(i, atomic: .add(addend)) { lifter, value in
            old = value
            let sum = lifter.unit.add(value, addend)
            flags = lifter.unit.flags(sum)
            // Where both are one register the sum stays, so the other one goes first.
            if first.kind != .memory { lifter.write(second, value, i) }
            return (sum, flags)
        }
        if first.kind == .memory { write(second, old!, i) }
    }

    mutating func cmpxchg(_ i: DecodedInstruction) {
        let first = i.operand(0)
        let expected = register(General.rax, first.size)
        let new = read(i.operand(1), i)
        let old: Value
        if first.kind == .memory, i.prefixes.contains(.lock) {
            let place = joined(address(i))
            old = compareExchange(place, expected, new)
        } else if first.kind == .memory {
            // It is written in any case.
            let place = address(i)
            old = load(first.size, place)
            store(unit.select(.eq, different(expected, old), new, old), place)
        } else {
            old = read(first, i)
        }
        let difference = unit.sub(expected, old)
        let flags = unit.flags(difference)
        let same = different(expected, old)
        if first.kind != .memory { writeDestination(first, new, i, where: same) }
        setAccumulator(unless: same, old, destination: first)
        setFlags(flags)
    }

    /// Where it is not what was expected all 64 bits of a register stay.
    private mutating func writeDestination(
        _ operand: Operand, _ new: Value, _ i: DecodedInstruction, where same: Value
    ) {
        guard operand.kind == .general else {
            return write(operand, unit.select(.eq, same, new, read(operand, i)), i)
        }
        let before = register(operand.number)
        let value = unit.select(.eq, same, written(new, to: operand.number), before)
        setRegister(operand.number, value)
    }

    /// rAX becomes what was there where that is not what was expected; otherwise all 64 bits of it stay.
    private mutating func setAccumulator(unless same: Value, _ old: Value, destination: Operand) {
        if destination.kind == .general, destination.number == General.rax { return }
        let before = register(General.rax)
        setRegister(General.rax, unit.select(.eq, same, before, written(old, to: General.rax)))
    }

    mutating func cmpxchg8b(_ i: DecodedInstruction) {
        let place = joined(address(i))
        let (low, high) = (register(General.rax), register(General.rdx))
        let (newLow, newHigh) = (register(General.rbx), register(General.rcx))
        if i.operandSize == 8 {
            trap(.generalProtection, where: .ne, unit.flags(unit.and(place, const(15))))
            let old = unit.cas128(place, pair(low, high), pair(newLow, newHigh))
            let oldLow = unit.vextract(.i64, .d, old, index: 0)
            let oldHigh = unit.vextract(.i64, .d, old, index: 1)
            let change = unit.or(unit.xor(oldLow, low), unit.xor(oldHigh, high))
            setRegister(General.rax, oldLow)
            setRegister(General.rdx, oldHigh)
            setZero(unit.flags(unit.and(change, const(.max))))
        } else {
            let expected = joinedWords(low, high)
            let old = unit.cas(access(8), place, expected, joinedWords(newLow, newHigh))
            let same = unit.flags(unit.sub(old, expected))
            let oldLow = unit.zext(.i64, from: .i32, old)
            let oldHigh = unit.shr(old, const(32))
            setRegister(General.rax, unit.select(.eq, same, low, oldLow))
            setRegister(General.rdx, unit.select(.eq, same, high, oldHigh))
            setZero(same)
        }
    }

    private mutating func pair(_ low: Value, _ high: Value) -> Value {
        unit.vinsert(.d, unit.vfromInt(low), high, index: 1)
    }

    private mutating func joinedWords(_ low: Value, _ high: Value) -> Value {
        unit.or(unit.zext(.i64, from: .i32, low), unit.shl(high, const(32)))
    }

    /// ZF is that of other flags, and the rest stays.
    mutating func setZero(_ flags: Value) {
        let zero = unit.shl(unit.cset(.i32, .eq, flags), const32(14))
        setFlags(changed(FlagBits.z, to: zero))
    }

    // MARK: The stack

    mutating func moveStack(by bytes: UInt64) {
        setRegister(General.rsp, unit.add(register(General.rsp), const(bytes)))
    }

    /// rSP moves when the store has been done.
    mutating func push(_ value: Value) {
        let size = UInt64(unit.type(of: value).bits / 8)
        let top = unit.sub(register(General.rsp), const(size))
        store(value, Address(base: top))
        setRegister(General.rsp, top)
    }

    mutating func push(_ i: DecodedInstruction) {
        let operand = i.operand(0)
        if operand.kind == .immediate {
            push(const(type(i.operandSize), UInt64(bitPattern: i.immediate)))
        } else if operand.kind == .segment {
            push(zeroExtended(read(operand, i), to: type(i.operandSize)))
        } else {
            push(read(operand, i))
        }
    }

    /// POP of rSP leaves there what was loaded; an address with rSP counts from behind what is popped.
    mutating func pop(_ i: DecodedInstruction) {
        let operand = i.operand(0)
        let bytes = operand.kind == .segment ? i.operandSize : operand.size
        let size = UInt64(bytes)
        let value = load(bytes, Address(base: register(General.rsp)))
        if operand.kind == .segment {
            setSegment(Segment(rawValue: operand.number)!, truncated(value, to: .i16))
            moveStack(by: size)
        } else if operand.kind == .memory {
            store(value, address(i, popped: size))
            moveStack(by: size)
        } else {
            moveStack(by: size)
            write(operand, value, i)
        }
    }

    /// Pushes rBP and, of a nested procedure, the frames that its own frame names and that one itself.
    mutating func enter(_ i: DecodedInstruction) {
        let size = i.operandSize
        let (stack, frame) = (register(General.rsp), register(General.rbp))
        let level = Int32(i.secondImmediate & 31)
        func below(_ base: Value, _ count: Int32) -> Address {
            Address(base: base, displacement: -count * Int32(size))
        }
        let frameAddress = unit.sub(stack, const(UInt64(size)))
        store(register(General.rbp, size), below(stack, 1))
        if level > 0 {
            for n in 1..<level { store(load(size, below(frame, n)), below(stack, 1 + n)) }
            store(truncated(frameAddress, to: type(size)), below(stack, 1 + level))
        }
        let room = UInt64(truncatingIfNeeded: i.immediate & 0xFFFF) + UInt64(level) * UInt64(size)
        let top = unit.sub(frameAddress, const(room))
        // It must be possible to write there.
        _ = compareExchange(top, const(type(size), 0), const(type(size), 0))
        setRegister(General.rbp, truncated(frameAddress, to: type(size)))
        setRegister(General.rsp, top)
    }

    mutating func leave(_ i: DecodedInstruction) {
        let frame = register(General.rbp)
        let value = load(i.operandSize, Address(base: frame))
        setRegister(General.rsp, unit.add(frame, const(UInt64(i.operandSize))))
        setRegister(General.rbp, value)
    }

    // MARK: Widening the accumulator

    mutating func cbw(_ i: DecodedInstruction) {
        let half = register(General.rax, i.operandSize / 2)
        setRegister(General.rax, signExtended(half, to: type(i.operandSize)))
    }

    mutating func cwd(_ i: DecodedInstruction) {
        let wide = signExtended(register(General.rax, i.operandSize), to: .i64)
        let sign = unit.sar(wide, const(63))
        setRegister(General.rdx, truncated(sign, to: type(i.operandSize)))
    }
}
