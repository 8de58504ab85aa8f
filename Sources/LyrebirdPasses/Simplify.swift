// Constant folding and algebra, by class of operation: integers in SimplifyIntegers.swift, extensions in
// SimplifyExtensions.swift, flags in SimplifyFlags.swift. Here is what they share.

import LyrebirdIR

extension Optimizer {
    /// - Parameter written: the instruction before its operands were resolved.
    mutating func simplify(_ index: Int, _ i: inout Instruction, _ written: Instruction, _ unit: borrowing Unit) {
        switch i.opcode {
        case .copy: become(index, i.a, &i, unit)
        case .add, .sub, .and, .or, .xor, .andn, .mul, .mulhu, .mulhs, .udiv, .sdiv, .shl, .shr, .sar, .ror:
            simplifyBinary(index, &i, written, unit)
        case .adc, .sbc, .extract2, .crc32, .crc32c, .inc, .dec, .shlFlags, .shrFlags, .sarFlags, .rolFlags, .rorFlags,
            .rcl, .rcr, .pdep, .pext:
            _ = fold(index, &i, unit)
        case .udivWide:
            if fold(index, &i, unit) { return }
            // As after XOR EDX, EDX.
            if constant(i.a, unit) == 0 { become(index, Instruction(.udiv, i.type, 0, i.b, i.c), &i, unit) }
        case .insert: simplifyInsertion(index, &i, unit)
        case .not, .neg, .bswap, .bitreverse, .clz, .ctz, .popcnt: simplifyUnary(index, &i, unit)
        case .zext, .sext, .trunc: simplifyExtension(index, &i, unit)
        case .flags, .cmc, .flagsToBits, .bitsToFlags, .cset, .select, .branch: simplifyFlags(index, &i, unit)
        case .vand, .vor: if i.a == i.b || isLowLane(i, unit) { become(index, i.a, &i, unit) }
        case .vzipLow: if isLowLane(i, unit) { become(index, i.a, &i, unit) }
        case .vnot:
            let inner = unit.instructions[Int(i.a)]
            if inner.opcode == .vnot { become(index, inner.a, &i, unit) }
        case .vaesMix, .vaesMixInverse: simplifyMix(index, &i, unit)
        case .vextract:
            // A general register's way through a vector register and back.
            let inner = unit.instructions[Int(i.a)]
            if inner.opcode == .vfromInt, i.b == 0, unit.instructions[Int(inner.a)].type == i.type,
                i.lane.bits == i.type.bits
            {
                become(index, inner.a, &i, unit)
            }
        default: break
        }
    }

    /// A step of AES and the mixing behind it are one round.
    private mutating func simplifyMix(_ index: Int, _ i: inout Instruction, _ unit: borrowing Unit) {
        let inner = unit.instructions[Int(i.a)]
        let isForward = i.opcode == .vaesMix
        guard inner.opcode == (isForward ? .vaesEncryptLast : .vaesDecryptLast), unit.isZero(inner.b) else { return }
        become(index, Instruction(isForward ? .vaesEncrypt : .vaesDecrypt, .v128, 0, inner.a, inner.b), &i, unit)
    }

    /// The lowest lane of what has no more.
    private func isLowLane(_ i: Instruction, _ unit: borrowing Unit) -> Bool {
        let lane: Lane
        if i.opcode == .vzipLow {
            guard i.lane == .d, unit.isZero(i.b) else { return false }
            lane = .d
        } else {
            let mask = unit.instructions[Int(i.b)]
            let at = Int(mask.a)
            guard i.opcode == .vand, mask.opcode == .vconst, unit.pool[at] == .max,
                unit.pool[at &+ 1] | unit.pool[at &+ 2] | unit.pool[at &+ 3] == 0
            else { return false }
            lane = .s
        }
        return unit.hasZerosAbove(i.a, lane, resolve: { $0 }, isClean: { _ in false })
    }

    // MARK: Rewriting

    /// The instruction is the value `other`.
    mutating func become(_ index: Int, _ other: UInt32, _ i: inout Instruction, _ unit: borrowing Unit) {
        if burn() { replace(index, with: other, &i, unit) }
    }

    /// The instruction is a number. One whose flags are taken stays what it is.
    mutating func become(_ index: Int, constant: UInt64, _ i: inout Instruction, _ unit: borrowing Unit) {
        guard !isTaken(index), burn() else { return }
        i = Instruction(.const, i.type)
        i.immediate = constant
        unit.instructions[index] = i
    }

    /// The instruction is another one, of the same type.
    mutating func become(_ index: Int, _ other: Instruction, _ i: inout Instruction, _ unit: borrowing Unit) {
        guard !isTaken(index), burn() else { return }
        let fact = facts[Int(other.opcode.rawValue)]
        if fact.contains(.valueA) { uses[Int(other.a)] &+= 1 }
        if fact.contains(.valueB) { uses[Int(other.b)] &+= 1 }
        if fact.contains(.valueC) { uses[Int(other.c)] &+= 1 }
        i = other
        unit.instructions[index] = i
    }

    /// As above, with a new constant as the right operand. The constant takes the place of `place`, the operand as it was
    /// written, if this is the only use of it; else nothing is done.
    mutating func become(
        _ index: Int, _ opcode: Opcode, _ left: UInt32, constant: UInt64, in place: UInt32, _ i: inout Instruction,
        _ unit: borrowing Unit
    ) {
        let old = unit.instructions[Int(place)]
        guard uses[Int(place)] == 1, old.opcode == .const || old.opcode == .copy, old.type == i.type else { return }
        guard !isTaken(index), burn() else { return }
        var number = Instruction(.const, i.type)
        number.immediate = Evaluate.cut(constant, i.type)
        unit.instructions[Int(place)] = number
        known[Int(place)] = place
        uses[Int(left)] &+= 1
        i = Instruction(opcode, i.type, 0, left, place)
        unit.instructions[index] = i
    }

    // MARK: Looking

    @inline(__always) func isTaken(_ index: Int) -> Bool { uses[index] & Optimizer.flagsTaken != 0 }

    /// The number or flags that a value is, if it is constant.
    @inline(__always)
    func constant(_ value: UInt32, _ unit: borrowing Unit) -> UInt64? {
        let i = unit.instructions[Int(value)]
        guard i.opcode == .const else { return nil }
        return i.type == .flags ? Evaluate.flags(fromBits: i.immediate) : Evaluate.cut(i.immediate, i.type)
    }

    /// Makes the instruction a number if its operands are.
    mutating func fold(_ index: Int, _ i: inout Instruction, _ unit: borrowing Unit) -> Bool {
        let fact = facts[Int(i.opcode.rawValue)]
        var numbers: (UInt64, UInt64, UInt64) = (0, 0, 0)
        if fact.contains(.valueA) {
            guard let a = constant(i.a, unit) else { return false }
            numbers.0 = a
        }
        if fact.contains(.valueB) {
            guard let b = constant(i.b, unit) else { return false }
            numbers.1 = b
        }
        if fact.contains(.valueC) {
            guard let c = constant(i.c, unit) else { return false }
            numbers.2 = c
        }
        guard let result = Evaluate.integer(i, numbers.0, numbers.1, numbers.2) else { return false }
        become(index, constant: result, &i, unit)
        return true
    }

    /// Bits above this many are known to be zero.
    func significantBits(_ value: UInt32, _ unit: borrowing Unit) -> Int {
        let i = unit.instructions[Int(value)]
        switch i.opcode {
        case .zext: return Type(rawValue: i.aux)!.bits
        case .load where !i.access.isSigned: return min(8 &* i.access.bytes, i.type.bits)
        case .cset: return 1
        case .flagsToBits: return 16
        case .vextract: return min(i.lane.bits, i.type.bits)
        case .and:
            if let mask = constant(i.b, unit) { return 64 &- mask.leadingZeroBitCount }
        case .shr:
            if let n = constant(i.b, unit) { return i.type.bits &- Int(n & UInt64(i.type.bits &- 1)) }
        default: break
        }
        return i.type.bits
    }
}
