// Floating point that the host does not have (CLyrebird/float_special.c). Products and steps of Newton's method are the host's
// product or fused sum where the operands are such that it raises nothing which the guest would not; estimates and the rest
// always call the C function.

import LyrebirdIR

extension LyrebirdIR.Opcode {
    @inline(__always) var isSpecialFloat: Bool {
        let isScalar =
            rawValue >= LyrebirdIR.Opcode.fmulExtended.rawValue && rawValue <= LyrebirdIR.Opcode.ftointModulo.rawValue
        let isVector =
            rawValue >= LyrebirdIR.Opcode.vfmulExtended.rawValue && rawValue <= LyrebirdIR.Opcode.vfconvertOdd.rawValue
        return isScalar || isVector
    }
}

extension CodeGenerator {
    mutating func selectSpecialFloat(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) {
        guard isHosts(i, unit) else { return floatByCall(index, i, unit) }
        switch i.opcode {
        case .fmulExtended, .vfmulExtended: multiplyExtended(index, i, unit)
        case .frecipStep, .vfrecipStep, .frsqrtStep, .vfrsqrtStep: newtonStep(index, i, unit)
        default: floatByCall(index, i, unit)
        }
    }

    @inline(__always) private func isVector(_ i: Instruction) -> Bool {
        i.opcode.rawValue >= LyrebirdIR.Opcode.vfadd.rawValue
    }

    private mutating func multiplyExtended(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) {
        clobberFlags()
        let first = useVector(Int(values[Int(i.a)].representative))
        let second = useVector(Int(values[Int(i.b)].representative))
        let result = allocateVector(for: index)
        let isDouble = i.lane == .d
        let label = jumpIfAbove(isDouble ? 0x7FEF_FFFF : 0x7F7F_FFFF, first, second, i)
        if isVector(i) {
            three(isDouble ? .mulpd : .mulps, result, first, second)
        } else {
            // The lanes above come from the first operand.
            three(isDouble ? .mulsd : .mulss, result, first, second)
            if isDouble { two(.movq, result, result) } else { three(.insertps, result, result, result, imm: 0x0E) }
        }
        floatAside(label, floatWord(i, unit), first, second, into: result)
        hostFlags = -1
    }

    /// 2 - a * b, or (3 - a * b) / 2. A scalar's lanes above are those of the constants, which are zeros. The sum of three may
    /// overflow where its half does not, so its operands are smaller than 2^63, or 2^511.
    private mutating func newtonStep(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) {
        guard hasFMA else { return floatByCall(index, i, unit) }
        clobberFlags()
        let first = useVector(Int(values[Int(i.a)].representative))
        let second = useVector(Int(values[Int(i.b)].representative))
        let half = scratchVector()
        let result = allocateVector(for: index)
        let isDouble = i.lane == .d
        let isAll = isVector(i)
        let isRoot = i.opcode == .frsqrtStep || i.opcode == .vfrsqrtStep
        let label: ForwardLabel
        if isRoot {
            label = jumpIfAbove(isDouble ? 0x5FDF_FFFF : 0x5EFF_FFFF, first, second, i)
            spread(result, isDouble ? 0x4008_0000 : 0x4040_0000, isDouble, isAll)
        } else {
            label = jumpIfAbove(isDouble ? 0x7FEF_FFFF : 0x7F7F_FFFF, first, second, i)
            spread(result, 0x4000_0000, isDouble, isAll)
        }
        switch (isAll, isDouble) {
        case (true, true): hot.avx(.vfnmadd231pd, result, first, second)
        case (true, false): hot.avx(.vfnmadd231ps, result, first, second)
        case (false, true): hot.avx(.vfnmadd231sd, result, first, second)
        case (false, false): hot.avx(.vfnmadd231ss, result, first, second)
        }
        if isRoot {
            spread(half, isDouble ? 0x3FE0_0000 : 0x3F00_0000, isDouble, isAll)
            let opcode: SSEOpcode =
                isAll ? (isDouble ? .mulpd : .mulps) : (isDouble ? .mulsd : .mulss)
            three(opcode, result, result, half)
        }
        floatAside(label, floatWord(i, unit), first, second, into: result)
        hostFlags = -1
    }

    /// A number with the given upper word, in the lowest lane or in all.
    private mutating func spread(_ to: XMM, _ word: UInt32, _ isDouble: Bool, _ isAll: Bool) {
        let above = isAll ? word : 0
        if isDouble { materialize(to, 0, word, 0, above) } else { materialize(to, word, above, above, above) }
    }

    /// Jumps if a lane of either is greater than the number with the given upper word, or a NaN: compared as integers, so that
    /// nothing is raised. What is above a scalar is compared, too, and may make it go the slow way.
    private mutating func jumpIfAbove(_ word: UInt32, _ first: XMM, _ second: XMM, _ i: Instruction) -> ForwardLabel {
        let isDouble = i.lane == .d
        let greater: SSEOpcode = isDouble ? .pcmpgtq : .pcmpgtd
        let limit = scratchVector()
        let size = scratchVector()
        let other = scratchVector()
        let low: UInt32 = isDouble ? .max : 0x7FFF_FFFF
        materialize(limit, low, 0x7FFF_FFFF, low, 0x7FFF_FFFF)
        three(.pand, size, limit, first)
        three(.pand, other, limit, second)
        let lowLimit = isDouble ? .max : word
        materialize(limit, lowLimit, word, lowLimit, word)
        three(greater, size, size, limit)
        three(greater, other, other, limit)
        three(.por, size, size, other)
        two(.ptest, size, size)
        return hot.jccForward(.ne, near: true)
    }
}
