// Where an oracle is not the architecture, or the architecture leaves something open: what is not compared, and why.

import LyrebirdARM64

extension OracleKind {
    /// Why a case is not for this oracle at all.
    func refusal(_ guestCase: GuestCase) -> String? {
        guard case .unicorn = self else { return nil }
        for word in guestCase.words {
            if let encoding = LyrebirdARM64.decode(word), let reason = Self.unknownToUnicorn(encoding) { return reason }
        }
        return nil
    }

    private static func unknownToUnicorn(_ encoding: Encoding) -> String? {
        switch encoding.feature {
        case .DIT, .SSBS, .BF16, .I8MM: return "\(encoding.feature), which QEMU 5.0 does not have"
        default: break
        }
        switch encoding {
        // Arm ARM C6.2, XPACD, XPACI, XPACLRI: whether keys are enabled is nothing to them.
        case .xpaci, .xpacd, .xpaclri: return "XPAC, which does nothing where no key is enabled"
        case .wfi: return "WFI, which stops a machine without interrupts"
        default: return nil
        }
    }

    /// Why how the oracle's run of a case ended says nothing; nil if it counts.
    func excuse(_ oracle: Outcome, _ own: Outcome, _ guestCase: GuestCase, slot: Int) -> String? {
        if oracle == own { return nil }
        let words = guestCase.words
        let index = own.pc >= Arena.pc(ofSlot: slot) ? Int(own.pc - Arena.pc(ofSlot: slot)) / 4 : .max
        let last = own.isFault && words.indices.contains(index) ? words[index] : nil
        switch self {
        case .qemu: return Self.excuseOfQEMU(own, guestCase, last)
        case .unicorn: return Self.excuseOfUnicorn(oracle, own, guestCase, last)
        }
    }

    private static func excuseOfQEMU(_ own: Outcome, _ guestCase: GuestCase, _ last: UInt32?) -> String? {
        if let reason = excuseOfAnyQEMU(guestCase, last) { return reason }
        guard let last, own.signal == Outcome.bus else { return nil }
        if let form = MemoryForm(last), form.isExclusive, !form.isLoad {
            return "a store-exclusive without a monitor does not look at the address"
        }
        return LyrebirdARM64.decode(last) == .ldapr ? "LDAPR does not demand alignment" : nil
    }

    private static func excuseOfUnicorn(
        _ oracle: Outcome, _ own: Outcome, _ guestCase: GuestCase, _ last: UInt32?
    ) -> String? {
        if let reason = excuseOfAnyQEMU(guestCase, last) { return reason }
        // Arm ARM B2.5. QEMU 7.2 has all of it.
        if own.signal == Outcome.bus {
            return "alignment of what is atomic or ordered, and of the PC, is looked at late or not at all"
        }
        if let last, let form = MemoryForm(last), form.isExclusive, form.isPair, !form.isLoad {
            return "a store-exclusive of a pair does not know where it was when it fails"
        }
        for word in guestCase.words {
            switch LyrebirdARM64.decode(word) {
            // Arm ARM C6.2, LDSMAX and so on: of both only the bits of the access.
            case .ldsmax where word >> 30 != 3, .ldsmin where word >> 30 != 3, .ldumax where word >> 30 != 3,
                .ldumin where word >> 30 != 3:
                return "minimum and maximum in memory look at what is above the operand"
            // Arm ARM C7.2, FCMLA (by element): elements = datasize DIV esize.
            case .fcmlaElement where word >> 30 & 1 == 0 && oracle.differsOnlyInFPSR(from: own):
                return "FCMLA by element of 64 bits raises the exceptions of 128"
            default: break
            }
        }
        return nil
    }

    /// What is wrong in both versions.
    private static func excuseOfAnyQEMU(_ guestCase: GuestCase, _ last: UInt32?) -> String? {
        // Arm ARM, shared/functions/float/fptofixedjs/FPToFixedJS: not exact if there was a fraction.
        let flushes = guestCase.state[CPUState.fpcr] >> 24 & 1 == 1
        if flushes, guestCase.words.contains(where: { LyrebirdARM64.decode($0) == .fjcvtzs }) {
            return "FJCVTZS takes a number that is flushed for zero"
        }
        if guestCase.words.contains(where: Self.isSignedHalfFixed) {
            return "FCVTZS of half precision with bits of fraction extends the sign beyond the lane"
        }
        if let last, LyrebirdARM64.decode(last) == .dcZVA { return "where a DC ZVA was that fails is not known" }
        return nil
    }

    private static func isSignedHalfFixed(_ word: UInt32) -> Bool {
        LyrebirdARM64.decode(word) == .fcvtzsFixedSIMDScalar && word >> 19 & 15 < 4
    }

    /// Of an instruction that accesses memory in pieces and fails at a later one, the architecture leaves open what has
    /// become of the memory before that (Arm ARM B2.2), and QEMU has written registers already. That a load changes nothing
    /// here is tested elsewhere.
    /// - Parameter others: first the scout's outcome, then the subjects'.
    func settle(_ oracle: inout Outcome, _ others: inout [Outcome?], _ guestCase: GuestCase, slot: Int) {
        let index = oracle.pc >= Arena.pc(ofSlot: slot) ? Int(oracle.pc - Arena.pc(ofSlot: slot)) / 4 : .max
        guard oracle.isFault, guestCase.words.indices.contains(index), let form = MemoryForm(guestCase.words[index]),
            let own = others[0]
        else {
            return
        }
        // Unicorn tells of alignment that it is wrong and not where, and stores what is before the page that it may not store to.
        var isUnicorn = false
        if case .unicorn = self { isUnicorn = true }
        if isUnicorn, oracle.signal == Outcome.bus, oracle.address == 0 { oracle.address = own.address }
        if form.storesPieces || isUnicorn && !form.isLoad {
            Self.forgetMemory(before: oracle.address, &oracle)
            for other in others.indices where others[other] != nil {
                Self.forgetMemory(before: oracle.address, &others[other]!)
            }
        }
        for register in form.vectorsLoadedInTurn {
            let index = CPUState.v + 2 * register
            oracle.state[index] = own.state[index]
            oracle.state[index + 1] = own.state[index + 1]
        }
    }

    private static func forgetMemory(before address: UInt64, _ outcome: inout Outcome) {
        guard address >= Arena.memory, address < Arena.memoryEnd else { return }
        let last = (address - Arena.memory) / 8
        var kept: [UInt64] = []
        for at in stride(from: 0, to: outcome.changes.count, by: 2)
        where outcome.changes[at] > last || outcome.changes[at] + 9 < last {
            kept += outcome.changes[at...at + 1]
        }
        outcome.changes = kept
    }
}
