// FEAT_PAuth as a processor has it whose operating system does not: a kernel that knows nothing of it leaves SCTLR_EL1.EnIA, EnIB,
// EnDA and EnDB clear (D24.2.118), so nothing is signed and authenticating changes nothing, nothing is announced, and programs that
// were compiled for it run. Keys would cost every function of such programs a hash at either end and protect nobody: whoever
// can change the guest's memory can read the keys.

import LyrebirdIR

extension Lifter {
    // MARK: Hints

    mutating func pacia1716(_ i: Hint) {}
    mutating func pacib1716(_ i: Hint) {}
    mutating func autia1716(_ i: Hint) {}
    mutating func autib1716(_ i: Hint) {}
    mutating func paciaz(_ i: Hint) {}
    mutating func paciasp(_ i: Hint) {}
    mutating func pacibz(_ i: Hint) {}
    mutating func pacibsp(_ i: Hint) {}
    mutating func autiaz(_ i: Hint) {}
    mutating func autiasp(_ i: Hint) {}
    mutating func autibz(_ i: Hint) {}
    mutating func autibsp(_ i: Hint) {}

    // MARK: Data-processing (1 source)

    mutating func pacia(_ i: PointerAuthentication) {}
    mutating func pacib(_ i: PointerAuthentication) {}
    mutating func pacda(_ i: PointerAuthentication) {}
    mutating func pacdb(_ i: PointerAuthentication) {}
    mutating func autia(_ i: PointerAuthentication) {}
    mutating func autib(_ i: PointerAuthentication) {}
    mutating func autda(_ i: PointerAuthentication) {}
    mutating func autdb(_ i: PointerAuthentication) {}
    mutating func paciza(_ i: PointerAuthentication) {}
    mutating func pacizb(_ i: PointerAuthentication) {}
    mutating func pacdza(_ i: PointerAuthentication) {}
    mutating func pacdzb(_ i: PointerAuthentication) {}
    mutating func autiza(_ i: PointerAuthentication) {}
    mutating func autizb(_ i: PointerAuthentication) {}
    mutating func autdza(_ i: PointerAuthentication) {}
    mutating func autdzb(_ i: PointerAuthentication) {}

    mutating func xpaclri(_ i: Hint) { setX(30, stripped(x(30))) }
    mutating func xpaci(_ i: PointerAuthentication) { setX(i.rd, stripped(x(i.rd))) }
    mutating func xpacd(_ i: PointerAuthentication) { setX(i.rd, stripped(x(i.rd))) }

    /// Bit 55 says which half of the address space a pointer of 48 bits is in. In the lower half, where Linux has the highest
    /// byte ignored, its code would be in bits 54 to 48, in the upper half in all above.
    private mutating func stripped(_ pointer: Value) -> Value {
        let sign = unit.sar(unit.shl(pointer, const(8)), const(63))
        return unit.or(unit.and(pointer, const(~(0x7F &<< 48))), unit.and(sign, const(0xFFFF &<< 48)))
    }

    /// The code of data and a modifier in the upper half. This one no bit of SCTLR_EL1 disables, its function is the
    /// implementation's, and without an operating system that sets it its key is anything.
    mutating func pacga(_ i: TwoSource) {
        var code = unit.mul(unit.xor(x(i.rn), const(0x9E37_79B9_7F4A_7C15)), const(0xBF58_476D_1CE4_E5B9))
        code = unit.xor(code, unit.shr(code, const(31)))
        code = unit.mul(unit.xor(code, xsp(i.rm)), const(0x94D0_49BB_1331_11EB))
        setX(i.rd, unit.and(code, const(0xFFFF_FFFF &<< 32)))
    }

    // MARK: Branches

    mutating func brAuthenticatedZero(_ i: BranchAuthenticated) { br(BranchRegister(word: i.word)) }
    mutating func blrAuthenticatedZero(_ i: BranchAuthenticated) { blr(BranchRegister(word: i.word)) }
    mutating func brAuthenticated(_ i: BranchAuthenticated) { br(BranchRegister(word: i.word)) }
    mutating func blrAuthenticated(_ i: BranchAuthenticated) { blr(BranchRegister(word: i.word)) }

    /// Rn is not said: it is x30.
    mutating func retAuthenticated(_ i: BranchAuthenticated) {
        ret(BranchRegister(word: i.word & ~(31 << 5) | 30 << 5))
    }

    // MARK: Loads

    mutating func ldra(_ i: LoadAuthenticated) {
        let base = xsp(i.rn)
        load(3, i.rt, base, i.offset)
        if i.w { writeBack(i.rn, base, i.offset) }
    }
}
