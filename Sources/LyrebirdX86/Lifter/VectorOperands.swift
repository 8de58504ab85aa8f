// Operands that are vectors. One of 256 bits is two of 128: the upper half of a YMM register is a slot of its own. What VEX encodes
// clears what is above its result, and legacy SSE leaves it alone (SDM volume 1, 14.3; volume 2, 2.3.10).
//
// Legacy SSE wants its operands of 16 bytes aligned, but for the moves that say they do not; of VEX's only the moves that say so do
// (volume 1, 14.9). Such an access is one that the host refuses, so that it costs nothing.

import LyrebirdIR

/// A vector as a value for each 128 bits: one or two.
struct Vector {
    var low: Value
    var high: Value?
}

extension Lifter {
    /// Whether memory has to be aligned to the operand's size.
    enum Alignment {
        /// As for most instructions of the encoding.
        case usual
        case needed, notNeeded
    }

    // MARK: Registers

    @inline(__always) mutating func xmm(_ number: UInt8) -> Value { unit.get(.v128, X86State.xmm(Int(number))) }
    @inline(__always) mutating func upper(_ number: UInt8) -> Value { unit.get(.v128, X86State.upper(Int(number))) }

    mutating func zeroVector() -> Value { unit.vconst(low: 0, high: 0) }

    /// Writes all that an instruction writes of a register.
    mutating func setVector(_ number: UInt8, _ value: Vector, _ i: DecodedInstruction) {
        unit.set(X86State.xmm(Int(number)), value.low)
        if i.prefixes.contains(.vex) { unit.set(X86State.upper(Int(number)), value.high ?? zeroVector()) }
    }

    // MARK: Memory

    /// Memory of 1 to 16 bytes, with zeros above.
    mutating func loadVector(
        _ size: UInt8, _ address: Address, aligned: Bool = false, startsPair: Bool = false
    ) -> Value {
        let size = UInt8(truncatingIfNeeded: size.trailingZeroBitCount)
        let access = MemoryAccess(size: size, aligned: aligned && size == 4, startsPair: startsPair)
        return unit.load(.v128, access, address.base, disp: address.displacement)
    }

    /// The low bytes of a vector to memory.
    mutating func storeVector(
        _ value: Value, _ size: UInt8, _ address: Address, aligned: Bool = false, startsPair: Bool = false
    ) {
        let size = UInt8(truncatingIfNeeded: size.trailingZeroBitCount)
        let access = MemoryAccess(size: size, aligned: aligned && size == 4, startsPair: startsPair)
        unit.store(access, address.base, value, disp: address.displacement)
    }

    /// The address of an operand's upper half.
    func upperHalf(_ address: Address) -> Address {
        Address(base: address.base, displacement: address.displacement &+ 16)
    }

    /// An address whose upper half's displacement is a number, too.
    private mutating func vectorAddress(_ operand: Operand, _ i: DecodedInstruction) -> Address {
        let place = address(of: operand, i)
        if place.displacement < .max - 32 { return place }
        return Address(base: joined(place))
    }

    private func isAligned(_ alignment: Alignment, _ i: DecodedInstruction) -> Bool {
        alignment == .needed || alignment == .usual && !i.prefixes.contains(.vex)
    }

    // MARK: Operands

    /// A register or memory. Of what is smaller than an XMM register, memory has zeros above; registers have all that is there.
    mutating func vector(_ operand: Operand, _ i: DecodedInstruction, _ alignment: Alignment = .usual) -> Vector {
        if operand.kind == .vector {
            return Vector(low: xmm(operand.number), high: operand.size == 32 ? upper(operand.number) : nil)
        }
        let place = vectorAddress(operand, i)
        let aligned = isAligned(alignment, i)
        guard operand.size == 32 else { return Vector(low: loadVector(operand.size, place, aligned: aligned)) }
        let low = loadVector(16, place, startsPair: aligned)
        return Vector(low: low, high: loadVector(16, upperHalf(place)))
    }

    /// The same where no more than an XMM register is read.
    mutating func xmm(_ operand: Operand, _ i: DecodedInstruction, _ alignment: Alignment = .usual) -> Value {
        operand.kind == .vector ? xmm(operand.number) : vector(operand, i, alignment).low
    }

    /// Of 32 bytes the lower ones go first, so that a fault has the address that it has on a CPU. Where the upper ones cross into what
    /// cannot be written, the lower ones have been.
    mutating func setVector(
        _ operand: Operand, _ value: Vector, _ i: DecodedInstruction, _ alignment: Alignment = .usual
    ) {
        if operand.kind == .vector { return setVector(operand.number, value, i) }
        let place = vectorAddress(operand, i)
        let aligned = isAligned(alignment, i)
        guard operand.size == 32, let high = value.high else {
            return storeVector(value.low, operand.size, place, aligned: aligned)
        }
        storeVector(value.low, 16, place, startsPair: aligned)
        storeVector(high, 16, upperHalf(place))
    }

    // MARK: Forms

    /// The operands that an instruction of two sources reads, and the operands behind them: the first is the destination in
    /// legacy SSE.
    func sources(_ i: DecodedInstruction) -> (first: Operand, second: Operand) {
        i.prefixes.contains(.vex) ? (i.operand(1), i.operand(2)) : (i.operand(0), i.operand(1))
    }

    /// What is computed of two sources, 128 bits by 128. Memory is loaded right where it is wanted.
    mutating func combined(
        _ i: DecodedInstruction, alignment: Alignment = .usual, _ compute: (inout Lifter, Value, Value) -> Value
    ) -> Vector {
        let operands = sources(i)
        let first = vector(operands.first, i)
        if operands.second.kind == .memory, let upper = first.high, !isAligned(alignment, i) {
            let place = vectorAddress(operands.second, i)
            let low = compute(&self, first.low, loadVector(16, place))
            let high = compute(&self, upper, loadVector(16, upperHalf(place)))
            return Vector(low: low, high: high)
        }
        let second = vector(operands.second, i, alignment)
        let low = compute(&self, first.low, second.low)
        var high: Value?
        if let a = first.high, let b = second.high { high = compute(&self, a, b) }
        return Vector(low: low, high: high)
    }

    /// What is computed of the second operand, 128 bits by 128.
    mutating func transformed(
        _ i: DecodedInstruction, alignment: Alignment = .usual, _ compute: (inout Lifter, Value) -> Value
    ) -> Vector {
        let source = vector(i.operand(1), i, alignment)
        let low = compute(&self, source.low)
        var high: Value?
        if let upper = source.high { high = compute(&self, upper) }
        return Vector(low: low, high: high)
    }

    mutating func combine(
        _ i: DecodedInstruction, alignment: Alignment = .usual, _ compute: (inout Lifter, Value, Value) -> Value
    ) {
        let result = combined(i, alignment: alignment, compute)
        setVector(i.operand(0), result, i)
    }

    mutating func transform(
        _ i: DecodedInstruction, alignment: Alignment = .usual, _ compute: (inout Lifter, Value) -> Value
    ) {
        let result = transformed(i, alignment: alignment, compute)
        setVector(i.operand(0), result, i)
    }
}
