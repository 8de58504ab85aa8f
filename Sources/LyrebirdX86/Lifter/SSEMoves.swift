// SDM volume 1, 10.4.1, 11.4.1, 12.3: moves of SSE to SSE4.1 and their VEX forms.

import LyrebirdIR

extension Lifter {
    // MARK: Whole vectors

    private mutating func move(_ i: DecodedInstruction, _ alignment: Alignment) {
        let value = vector(i.operand(1), i, alignment)
        setVector(i.operand(0), value, i, alignment)
    }

    mutating func movaps(_ i: DecodedInstruction) { move(i, .needed) }
    mutating func movapd(_ i: DecodedInstruction) { move(i, .needed) }
    mutating func movdqa(_ i: DecodedInstruction) { move(i, .needed) }
    mutating func movntps(_ i: DecodedInstruction) { move(i, .needed) }
    mutating func movntpd(_ i: DecodedInstruction) { move(i, .needed) }
    mutating func movntdq(_ i: DecodedInstruction) { move(i, .needed) }
    mutating func movntdqa(_ i: DecodedInstruction) { move(i, .needed) }
    mutating func movups(_ i: DecodedInstruction) { move(i, .notNeeded) }
    mutating func movupd(_ i: DecodedInstruction) { move(i, .notNeeded) }
    mutating func movdqu(_ i: DecodedInstruction) { move(i, .notNeeded) }
    mutating func lddqu(_ i: DecodedInstruction) { move(i, .notNeeded) }

    // MARK: Scalars

    /// From memory, with zeros above; to memory; or between registers, which keeps what is above.
    private mutating func moveScalar(_ i: DecodedInstruction, _ lane: Lane) {
        let destination = i.operand(0)
        let source = i.operand(i.operandCount - 1)
        if source.kind == .memory || destination.kind == .memory {
            return setVector(destination, Vector(low: xmm(source, i)), i)
        }
        let first = i.operandCount == 3 ? i.operand(1) : destination
        let result = unit.vblend(lane, xmm(first, i), xmm(source, i), mask: 1)
        setVector(destination, Vector(low: result), i)
    }

    mutating func movss(_ i: DecodedInstruction) { moveScalar(i, .s) }
    mutating func movsd(_ i: DecodedInstruction) { moveScalar(i, .d) }

    mutating func movq(_ i: DecodedInstruction) {
        let source = i.operand(1)
        var value = xmm(source, i)
        if source.kind == .vector, i.operand(0).kind == .vector {
            value = unit.vblend(.d, zeroVector(), value, mask: 1)
        }
        setVector(i.operand(0), Vector(low: value), i)
    }

    /// MOVD and MOVQ with a general register or memory.
    mutating func movd(_ i: DecodedInstruction) {
        let (destination, source) = (i.operand(0), i.operand(1))
        if destination.kind == .vector {
            let value = source.kind == .memory ? xmm(source, i) : unit.vfromInt(read(source, i))
            setVector(destination, Vector(low: value), i)
        } else if destination.kind == .memory {
            setVector(destination, Vector(low: xmm(source, i)), i)
        } else {
            let lane: Lane = destination.size == 8 ? .d : .s
            write(destination, unit.vextract(type(destination.size), lane, xmm(source, i), index: 0), i)
        }
    }

    // MARK: Halves

    /// To memory, or the low half of the destination from there.
    private mutating func moveLowHalf(_ i: DecodedInstruction) {
        if i.operand(0).kind == .memory { return setVector(i.operand(0), Vector(low: xmm(i.operand(1), i)), i) }
        let operands = sources(i)
        let half = xmm(operands.second, i)
        let result = unit.vblend(.d, xmm(operands.first, i), half, mask: 1)
        setVector(i.operand(0), Vector(low: result), i)
    }

    private mutating func moveHighHalf(_ i: DecodedInstruction) {
        if i.operand(0).kind == .memory {
            return write(i.operand(0), unit.vextract(.i64, .d, xmm(i.operand(1), i), index: 1), i)
        }
        let operands = sources(i)
        let half = xmm(operands.second, i)
        let result = unit.vzipLow(.d, xmm(operands.first, i), half)
        setVector(i.operand(0), Vector(low: result), i)
    }

    mutating func movlps(_ i: DecodedInstruction) { moveLowHalf(i) }
    mutating func movlpd(_ i: DecodedInstruction) { moveLowHalf(i) }
    mutating func movhps(_ i: DecodedInstruction) { moveHighHalf(i) }
    mutating func movhpd(_ i: DecodedInstruction) { moveHighHalf(i) }
    mutating func movlhps(_ i: DecodedInstruction) { combine(i) { $0.unit.vzipLow(.d, $1, $2) } }
    mutating func movhlps(_ i: DecodedInstruction) { combine(i) { $0.unit.vzipHigh(.d, $2, $1) } }

    // MARK: Duplicates, masks

    mutating func movsldup(_ i: DecodedInstruction) { transform(i) { $0.unit.vshuffle(.s, $1, $1, order: 0xA0) } }
    mutating func movshdup(_ i: DecodedInstruction) { transform(i) { $0.unit.vshuffle(.s, $1, $1, order: 0xF5) } }
    mutating func movddup(_ i: DecodedInstruction) { transform(i) { $0.unit.vzipLow(.d, $1, $1) } }

    mutating func movmskps(_ i: DecodedInstruction) { moveMask(i, .s) }
    mutating func movmskpd(_ i: DecodedInstruction) { moveMask(i, .d) }

    /// The highest bits of all lanes to a general register.
    mutating func moveMask(_ i: DecodedInstruction, _ lane: Lane) {
        let source = vector(i.operand(1), i)
        var bits = unit.vmask(lane, source.low)
        if let high = source.high {
            bits = unit.or(bits, unit.shl(unit.vmask(lane, high), const32(UInt32(lane.count))))
        }
        write(i.operand(0), bits, i)
    }

    mutating func maskmovdqu(_ i: DecodedInstruction) {
        let place = addressSized(register(General.rdi), i)
        let mask = xmm(i.operand(1), i)
        unit.storeMasked(.b, linear(place, i.segmentOverride), xmm(i.operand(0), i), mask)
    }

    // MARK: The control and status register (volume 1, 10.2.3)

    /// Bits that are reserved are #GP.
    mutating func ldmxcsr(_ i: DecodedInstruction) {
        let value = read(i.operand(0), i)
        trap(.generalProtection, where: .ne, unit.flags(unit.and(value, const32(MXCSR.reserved))))
        setMXCSR(value)
    }

    mutating func stmxcsr(_ i: DecodedInstruction) { write(i.operand(0), mxcsr(), i) }

    /// What translations depend on may be another then: the unit ends.
    mutating func setMXCSR(_ value: Value) {
        unit.clearFloatFlags()
        unit.set(X86State.mxcsr, unit.zext(.i64, from: .i32, value))
        changeMode()
    }

    /// The flags since generated code was entered are the host's.
    mutating func mxcsr() -> Value {
        let flags = raisedFlags()
        return unit.or(truncated(unit.get(.i64, X86State.mxcsr), to: .i32), flags)
    }
}
