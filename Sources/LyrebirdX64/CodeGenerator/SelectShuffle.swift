// Lanes chosen by numbers in the instruction, by other lanes, or by the bits of a mask: blends, shuffles, and memory under a mask.

import LyrebirdIR

extension CodeGenerator {
    mutating func selectShuffle(_ index: Int, _ i: Instruction, _ a: Int, _ b: Int) {
        let first = useVector(a)
        let number = UInt8(truncatingIfNeeded: i.c)
        // PSHUFD does not overwrite what it reads.
        if i.opcode == .vshuffle, a == b {
            let result = vectorResult(index, a)
            let words = i.lane == .s ? number : (number & 1 != 0 ? 0xE : 4) | (number & 2 != 0 ? 0xE0 : 0x40)
            return two(.pshufd, result, first, imm: words)
        }
        let second = useVector(b)
        switch i.opcode {
        case .vblend:
            let result = vectorResult(index, a, orWithAVX: b)
            three(i.lane == .h ? .pblendw : i.lane == .s ? .blendps : .blendpd, result, first, second, imm: number)
        case .vinsertWord:
            let result = vectorResult(index, a, orWithAVX: b)
            three(.insertps, result, first, second, imm: number)
        case .vshuffle:
            let result = vectorResult(index, a, orWithAVX: b)
            three(i.lane == .s ? .shufps : .shufpd, result, first, second, imm: number)
        default:
            guard hasAVX else { return permuteBytes(index, a, first, second, i.lane) }
            let result = vectorResult(index, a, orWithAVX: b)
            hot.avx(i.lane == .s ? .vpermilps : .vpermilpd, result, first, second)
        }
    }

    /// The numbers of lanes as numbers of bytes for PSHUFB: doubled until they count bytes, spread over the lane, and the bytes
    /// of a lane added.
    private mutating func permuteBytes(_ index: Int, _ a: Int, _ first: XMM, _ numbers: XMM, _ lane: Lane) {
        let bytes = scratchVector()
        let other = scratchVector()
        if lane == .s {
            shift(.pslldImm, bytes, numbers, 30)
            shift(.psrldImm, bytes, bytes, 28)
        } else {
            shift(.psllqImm, bytes, numbers, 62)
            shift(.psrlqImm, bytes, bytes, 63)
            shift(.psllqImm, bytes, bytes, 3)
        }
        if lane == .s {
            materialize(other, 0, 0x0404_0404, 0x0808_0808, 0x0C0C_0C0C)
        } else {
            materialize(other, 0, 0, 0x0808_0808, 0x0808_0808)
        }
        three(.pshufb, bytes, bytes, other)
        if lane == .s {
            materialize(other, 0x0302_0100, 0x0302_0100, 0x0302_0100, 0x0302_0100)
        } else {
            materialize(other, 0x0302_0100, 0x0706_0504, 0x0302_0100, 0x0706_0504)
        }
        three(.paddb, bytes, bytes, other)
        let result = vectorResult(index, a)
        three(.pshufb, result, first, bytes)
    }

    // MARK: Memory under a mask

    /// Without VMASKMOV each lane is loaded behind a branch.
    mutating func selectMaskedLoad(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) {
        if !hasAVX { clobberFlags(including: true) }
        let memory = plainMemory(i)
        let mask = useVector(Int(values[Int(i.b)].representative))
        if hasAVX {
            let result = allocateVector(for: index)
            site(unit)
            return hot.avx(i.lane == .s ? .vmaskmovps : .vmaskmovpd, result, mask, memory)
        }
        let bits = scratchGeneral()
        let result = allocateVector(for: index)
        checkAddress(unit)
        hot.sse(i.lane == .s ? .movmskps : .movmskpd, bits, mask)
        hot.sse(.pxor, result, result)
        for lane in 0..<i.lane.count {
            hot.test(.b8, bits, imm: 1 &<< Int32(lane))
            let skip = hot.jccForward(.e)
            site(unit)
            let place = memory.advanced(by: Int32(lane &* i.lane.bits / 8))
            hot.sse(i.lane == .s ? .pinsrd : .pinsrq, result, place, imm: UInt8(truncatingIfNeeded: lane))
            hot.bind(skip)
        }
        hostFlags = -1
    }

    /// MASKMOVDQU stores bytes, to RDI. It may fault where it would store nothing, so that of wider lanes each is stored behind
    /// a branch if there is no VMASKMOV.
    mutating func selectMaskedStore(_ i: Instruction, _ unit: borrowing Unit) {
        if i.lane == .b { return storeMaskedBytes(i, unit) }
        if !hasAVX { clobberFlags(including: true) }
        let memory = plainMemory(i)
        let source = useVector(Int(values[Int(i.b)].representative))
        let mask = useVector(Int(values[Int(i.c)].representative))
        if hasAVX {
            site(unit)
            return hot.avx(i.lane == .s ? .vmaskmovpsStore : .vmaskmovpdStore, memory, mask, source)
        }
        let bits = scratchGeneral()
        checkAddress(unit)
        hot.sse(i.lane == .s ? .movmskps : .movmskpd, bits, mask)
        for lane in 0..<i.lane.count {
            hot.test(.b8, bits, imm: 1 &<< Int32(lane))
            let skip = hot.jccForward(.e)
            site(unit)
            let place = memory.advanced(by: Int32(lane &* i.lane.bits / 8))
            hot.sse(i.lane == .s ? .pextrd : .pextrq, place, source, imm: UInt8(truncatingIfNeeded: lane))
            hot.bind(skip)
        }
        hostFlags = -1
    }

    private mutating func storeMaskedBytes(_ i: Instruction, _ unit: borrowing Unit) {
        reserve(.rdi)
        let address = GPR(plainMemory(i).base)
        let source = useVector(Int(values[Int(i.b)].representative))
        let mask = useVector(Int(values[Int(i.c)].representative))
        hot.mov(.b64, .rdi, address)
        site(unit)
        if contract.memory != .identity { hot.segment(.gs) }
        two(.maskmovdqu, source, mask)
    }
}
