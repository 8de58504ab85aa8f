// Loads of vectors that become the memory operand of the one instruction that wants them. It faults where the load would have, so
// nothing may stand between the two that changes state or memory. VEX takes any address; the legacy encoding wants aligned ones, and
// so is the form of a load that has to be aligned.

import LyrebirdIR

extension CodeGenerator {
    /// The host instruction that the operation is, if it is one whose second operand may be memory. Of `vandn` that is the first one.
    mutating func foldingOpcode(_ i: Instruction) -> SSEOpcode? {
        let lane = Int(i.lane.rawValue)
        switch i.opcode {
        case .vand: return .pand
        case .vor: return .por
        case .vxor: return .pxor
        case .vandn: return .pandn
        case .vadd: return Self.pick(lane, .paddb, .paddw, .paddd, .paddq)
        case .vsub: return Self.pick(lane, .psubb, .psubw, .psubd, .psubq)
        case .vcmpEQ: return Self.pick(lane, .pcmpeqb, .pcmpeqw, .pcmpeqd, .pcmpeqq)
        case .vcmpGTS: return Self.pick(lane, .pcmpgtb, .pcmpgtw, .pcmpgtd, .pcmpgtq)
        case .vzipLow: return Self.pick(lane, .punpcklbw, .punpcklwd, .punpckldq, .punpcklqdq)
        case .vzipHigh: return Self.pick(lane, .punpckhbw, .punpckhwd, .punpckhdq, .punpckhqdq)
        case .vminU where lane < 3: return Self.pick(lane, .pminub, .pminuw, .pminud, .pminud)
        case .vmaxU where lane < 3: return Self.pick(lane, .pmaxub, .pmaxuw, .pmaxud, .pmaxud)
        case .vminS where lane < 3: return Self.pick(lane, .pminsb, .pminsw, .pminsd, .pminsd)
        case .vmaxS where lane < 3: return Self.pick(lane, .pmaxsb, .pmaxsw, .pmaxsd, .pmaxsd)
        case .vmul where lane == 1 || lane == 2: return lane == 1 ? .pmullw : .pmulld
        case .vaddSatS where lane < 2: return lane == 0 ? .paddsb : .paddsw
        case .vaddSatU where lane < 2: return lane == 0 ? .paddusb : .paddusw
        case .vsubSatS where lane < 2: return lane == 0 ? .psubsb : .psubsw
        case .vsubSatU where lane < 2: return lane == 0 ? .psubusb : .psubusw
        case .vnarrowS where lane < 2: return lane == 0 ? .packsswb : .packssdw
        case .vnarrowSU where lane < 2: return lane == 0 ? .packuswb : .packusdw
        case .vmulEvenU: return .pmuludq
        case .vmulEvenS: return .pmuldq
        case .vmulAddPairs: return .pmaddwd
        case .vaesEncrypt, .vaesEncryptLast, .vaesDecrypt, .vaesDecryptLast:
            return contract.features.contains(.aes) ? Self.aesOpcode(i) : nil
        case .vshlEach, .vshrEach, .vsarEach:
            return hasAVX && contract.features.contains(.avx2) ? Self.shiftEachOpcode(i) : nil
        case .vtest: return .ptest
        case .sseOrder: return Self.orderOpcode(i)
        default: return Self.packedOpcode(i) ?? Self.sseOpcode(i)
        }
    }

    /// The same with a number. Of `vbytes` memory is the first operand, too.
    private mutating func numberedOpcode(_ i: Instruction) -> (opcode: SSEOpcode, number: UInt8)? {
        let number = UInt8(truncatingIfNeeded: i.c)
        switch i.opcode {
        // With zeros it is a shift.
        case .vbytes where !isZero(Int(values[Int(i.b)].representative)): return (.palignr, number)
        case .vblend: return (i.lane == .h ? .pblendw : i.lane == .s ? .blendps : .blendpd, number)
        case .vshuffle where i.a != i.b: return (i.lane == .s ? .shufps : .shufpd, number)
        case .vsumDifferences4: return (.mpsadbw, number)
        case .vmulCarryless where contract.features.contains(.pclmul):
            return (.pclmulqdq, number & 1 | (number & 2) &<< 3)
        default: return nil
        }
    }

    /// The host instruction of an operation on one vector, its number, and the size of what it wants from memory.
    private mutating func foldingUnary(_ i: Instruction) -> (opcode: SSEOpcode, number: UInt8?, size: UInt8)? {
        let lane = Int(i.lane.rawValue)
        switch i.opcode {
        case .vwidenU, .vwidenS:
            let opcode = Self.widening(lane, Int(i.b), signed: i.opcode == .vwidenS)
            return (opcode, nil, UInt8(4 &+ lane &- Int(i.b)))
        case .vbroadcast where hasAVX && contract.features.contains(.avx2):
            return (Self.pick(lane, .vpbroadcastb, .vpbroadcastw, .vpbroadcastd, .vpbroadcastq), nil, UInt8(lane))
        case .vabs where lane < 3: return (Self.pick(lane, .pabsb, .pabsw, .pabsd, .pabsd), nil, 4)
        case .vshuffle where i.a == i.b && lane == 2: return (.pshufd, UInt8(truncatingIfNeeded: i.c), 4)
        case .sseSqrt where i.a == i.b, .sseReciprocal where i.a == i.b, .sseReciprocalRoot where i.a == i.b,
            .sseToWords, .sseFromWords, .sseConvertLanes:
            return Self.unarySSEOpcode(i).map { ($0.opcode, nil, $0.size) }
        case .vshuffleHalf: return (i.c == 0 ? .pshuflw : .pshufhw, UInt8(truncatingIfNeeded: i.b), 4)
        default: return nil
        }
    }

    /// The size, as a logarithm, of the loads that may be the operation's operand.
    private mutating func foldingSize(_ i: Instruction) -> UInt8? {
        if i.type != .v128, i.opcode != .vtest, i.opcode != .sseOrder { return nil }
        if i.opcode.rawValue >= LyrebirdIR.Opcode.sseAdd.rawValue, i.opcode != .sseFused, i.format.isScalar {
            return foldingOpcode(i) == nil ? nil : i.format.isDouble ? 3 : 2
        }
        return foldingOpcode(i) != nil || numberedOpcode(i) != nil ? 4 : foldingUnary(i)?.size
    }

    /// Makes a load the operand of the instruction, which is one that is needed. The walk is backward: nobody behind wants the load's
    /// value if it has no use yet.
    mutating func foldLoad(_ index: Int, _ i: Instruction, _ unit: borrowing Unit, _ siteCount: inout Int32) -> Bool {
        // What is called for has a place to go to.
        guard !watchedSides.contains(.reads), let size = foldingSize(i) else { return false }
        let (first, load) = foldingOperands(i)
        guard load < index, unit.instructions[load].opcode == .load, unit.instructions[load].access.size == size,
            size < 4 || unit.instructions[load].access.isAligned || hasAVX, values[load].uses == 0,
            !unit.instructions[load].access.startsPair,
            values[load].end < 0, first != load
        else { return false }
        if unit.instructions[load].access.isAligned, let opcode = foldingOpcode(i), !opcode.hasLegacy { return false }
        for between in load &+ 1..<index {
            switch unit.instructions[between].opcode {
            case .get, .const, .vconst, .nop, .copy: continue
            default: return false
            }
        }
        values[load].isSkipped = true
        values[index].foldsLoad = true
        sites[Int(siteCount)] = Int32(truncatingIfNeeded: index)
        siteCount &+= 1
        fold(unit.instructions[load].a, Int32(bitPattern: unit.instructions[load].b), at: index, unit)
        if let first { use(UInt32(truncatingIfNeeded: first), at: index, field: 1) }
        return true
    }

    /// The operand in a register, if there is one, and the loaded one.
    mutating func foldingOperands(_ i: Instruction) -> (first: Int?, second: Int) {
        let a = Int(values[Int(i.a)].representative)
        guard foldingOpcode(i) != nil || numberedOpcode(i) != nil else { return (nil, a) }
        let b = Int(values[Int(i.b)].representative)
        return i.opcode == .vandn || i.opcode == .vbytes ? (b, a) : (a, b)
    }

    mutating func selectFolded(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) {
        let (first, load) = foldingOperands(i)
        let isLegacy = !hasAVX || unit.instructions[load].access.isAligned
        // Flags that only this fault looks at are kept for it. RAX is wanted for that, so nobody may have it yet.
        if i.type == .flags { clobberFlags(including: true) }
        let memory = guestMemory(index, .reads)
        guard let first else { return selectFoldedUnary(index, i, memory, isLegacy, unit) }
        let numbered = numberedOpcode(i)
        guard let opcode = numbered?.opcode ?? foldingOpcode(i) else { fatalError("\(i.opcode) folds no load") }
        let source = useVector(first)
        if i.type == .flags {
            site(unit)
            if isLegacy { hot.sse(opcode, source, memory) } else { hot.avx(opcode, source, memory) }
            hostFlags = Int32(truncatingIfNeeded: index)
            return
        }
        let result: XMM
        if canOverwrite(first, for: index) {
            // A fault leaves the register as it was, also where the frame state names it.
            site(unit)
            takeOver(first, for: index)
            result = source
        } else if !isLegacy, let home = loadIntoHome(index, unit) {
            result = XMM(home &- 16)
        } else {
            result = allocateVector(for: index)
            if isLegacy { moveVector(result, source) }
            site(unit)
        }
        switch (isLegacy, numbered?.number) {
        case (true, nil): hot.sse(opcode, result, memory)
        case (true, let number?): hot.sse(opcode, result, memory, imm: number)
        case (false, nil): hot.avx(opcode, result, source, memory)
        case (false, let number?): hot.avx(opcode, result, source, memory, imm: number)
        }
    }

    private mutating func selectFoldedUnary(
        _ index: Int, _ i: Instruction, _ memory: Memory, _ isLegacy: Bool, _ unit: borrowing Unit
    ) {
        guard let (opcode, number, _) = foldingUnary(i) else { fatalError("\(i.opcode) folds no load") }
        let result: XMM
        if let home = loadIntoHome(index, unit) {
            result = XMM(home &- 16)
        } else {
            result = allocateVector(for: index)
            site(unit)
        }
        switch (isLegacy, number) {
        case (true, nil): hot.sse(opcode, result, memory)
        case (true, let number?): hot.sse(opcode, result, memory, imm: number)
        case (false, nil): hot.avx(opcode, result, memory)
        case (false, let number?): hot.avx(opcode, result, memory, imm: number)
        }
    }
}
