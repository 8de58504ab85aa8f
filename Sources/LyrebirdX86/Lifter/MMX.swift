// SDM volume 1, chapter 9 Programming with Intel MMX technology, and what SSE and SSSE3 add to it (10.4.4, 12.6). Instructions on MMX
// registers and memory are the IR's as they are; what touches other registers goes by way of vectors.

import LyrebirdIR

extension Lifter {
    func isMMX(_ i: DecodedInstruction) -> Bool {
        i.mnemonic == .emms || i.operand(0).kind == .mmx || i.operand(1).kind == .mmx
    }

    mutating func mmx(_ i: DecodedInstruction) {
        waitForX87()
        let (first, second) = (i.operand(0), i.operand(1))
        switch i.mnemonic {
        case .emms: unit.x87(code: X87Code.emms.operand)
        case .movd where second.kind == .general: setMMX(first, unit.vfromInt(register(second.number, second.size)))
        case .movd where first.kind == .general: write(first, lane(second, first.size, 0), i)
        case .pinsrw:
            let word = zeroExtended(read(second, i), to: .i32)
            setMMX(first, unit.vinsert(.h, mmx(first), word, index: Int32(i.immediate & 3)))
        case .pextrw: write(first, zeroExtended(lane(second, 2, Int32(i.immediate & 3)), to: .i32), i)
        case .pmovmskb: write(first, truncated(signs(second), to: type(first.size)), i)
        case .maskmovq: storeBytes(first, mask: second, i)
        case .movq2dq: unit.set(X86State.xmm(Int(first.number)), mmx(second))
        case .movdq2q: setMMX(first, unit.get(.v128, X86State.xmm(Int(second.number))))
        default: executeMMX(i, first, second)
        }
    }

    private mutating func executeMMX(_ i: DecodedInstruction, _ first: Operand, _ second: Operand) {
        let map: UInt8 = i.mnemonic == .palignr ? 3 : i.row.feature == .ssse3 ? 2 : 1
        let last = i.operand(i.operandCount &- 1)
        let memory = Int(first.kind == .memory ? first.size : second.kind == .memory ? second.size : 0)
        // MOVD of 64 bits is MOVQ.
        let opcode: UInt8 = i.mnemonic == .movd && memory == 8 ? i.opcodeByte | 1 : i.opcodeByte
        let code = X87Code(
            opcode, map: map, reg: i.modRM >> 3, rm: i.modRM,
            immediate: last.kind == .immediate ? UInt8(truncatingIfNeeded: i.immediate) : nil, memory: memory)
        guard memory > 0 else { return unit.x87(code: code.operand) }
        let place = address(i)
        if first.kind == .memory {
            unit.x87Store(place.base, disp: place.displacement, code: code.operand)
        } else {
            unit.x87Load(place.base, disp: place.displacement, code: code.operand)
        }
    }

    /// The register, zeros above.
    mutating func mmx(_ operand: Operand) -> Value { unit.mmxGet(register: Int32(operand.number)) }

    mutating func setMMX(_ operand: Operand, _ value: Value) { unit.mmxSet(value, register: Int32(operand.number)) }

    /// A part of the register.
    private mutating func lane(_ operand: Operand, _ size: UInt8, _ index: Int32) -> Value {
        let lane: Lane = size == 2 ? .h : size == 4 ? .s : .d
        let value = unit.vextract(size == 8 ? .i64 : .i32, lane, mmx(operand), index: index)
        return truncated(value, to: type(size))
    }

    /// The highest bit of each byte. The product brings that of byte n to bit 56 + n.
    private mutating func signs(_ operand: Operand) -> Value {
        let bits = unit.and(lane(operand, 8, 0), const(0x8080_8080_8080_8080))
        return unit.shr(unit.mul(bits, const(0x0002_0408_1020_4081)), const(56))
    }

    /// Bytes whose mask's highest bit is set, to DS:rDI. All eight are written, atomically, so that nobody's bytes are lost.
    private mutating func storeBytes(_ source: Operand, mask: Operand, _ i: DecodedInstruction) {
        let place = linear(addressSized(register(General.rdi), i), i.segmentOverride)
        // The registers first: the unit is MMX's even if memory faults.
        let value = lane(source, 8, 0)
        let highest = unit.and(unit.shr(lane(mask, 8, 0), const(7)), const(0x0101_0101_0101_0101))
        let bytes = unit.mul(highest, const(0xFF))
        let old = load(8, Address(base: place))
        let new = unit.or(unit.and(old, unit.not(bytes)), unit.and(value, bytes))
        let seen = compareExchange(place, old, new)
        leave(for: pc, where: .ne, different(seen, old))
    }

    // MARK: Conversions (10.4.4, 11.4.1.2)

    mutating func cvtpi2ps(_ i: DecodedInstruction) {
        let low = unit.vextract(.i64, .d, unit.sseFromWords(.ps, mmxOrMemory(i)), index: 0)
        let target = i.operand(0).number
        finishFloat { lifter in
            let old = lifter.xmm(target)
            lifter.unit.set(X86State.xmm(Int(target)), lifter.unit.vinsert(.d, old, low, index: 0))
        }
    }

    mutating func cvtpi2pd(_ i: DecodedInstruction) {
        let result = unit.sseFromWords(.pd, mmxOrMemory(i))
        finishFloat { $0.unit.set(X86State.xmm(Int(i.operand(0).number)), result) }
    }

    mutating func cvtps2pi(_ i: DecodedInstruction) { toMMX(i, .ps, truncates: 0) }
    mutating func cvttps2pi(_ i: DecodedInstruction) { toMMX(i, .ps, truncates: 1) }
    mutating func cvtpd2pi(_ i: DecodedInstruction) { toMMX(i, .pd, truncates: 0) }
    mutating func cvttpd2pi(_ i: DecodedInstruction) { toMMX(i, .pd, truncates: 1) }

    /// From memory they have nothing to do with MMX.
    private mutating func mmxOrMemory(_ i: DecodedInstruction) -> Value {
        let source = i.operand(1)
        guard source.kind == .mmx else { return loadVector(8, address(i)) }
        waitForX87()
        return mmx(source)
    }

    /// Of a register's single-precision numbers those of the upper half are not looked at.
    private mutating func toMMX(_ i: DecodedInstruction, _ format: FloatFormat, truncates: Int32) {
        waitForX87()
        let operand = i.operand(1)
        var source = vector(operand, i).low
        if format == .ps, operand.kind == .vector {
            source = unit.vfromInt(unit.vextract(.i64, .d, source, index: 0))
        }
        let result = unit.sseToWords(format, source, truncates: truncates)
        // An exception leaves the register as it was, but the unit has become MMX's.
        if unmasksSSE { _ = mmx(i.operand(0)) }
        finishFloat { $0.setMMX(i.operand(0), result) }
    }
}
