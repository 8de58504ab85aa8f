// C4.1.94 Loads and stores: those of one SIMD&FP register or a pair. A load into B, H, S or D clears the rest of V.

import LyrebirdIR

extension Lifter {
    // MARK: SIMD&FP registers

    @inline(__always) mutating func v(_ number: Int) -> Value { unit.get(.v128, ARM64State.v(number)) }
    @inline(__always) mutating func setV(_ number: Int, _ value: Value) { unit.set(ARM64State.v(number), value) }

    private mutating func loadV(_ size: Int, _ address: Value, _ disp: Int) -> Value {
        unit.load(.v128, access(size), address, disp: Int32(disp))
    }

    private mutating func storeV(_ size: Int, _ rt: Int, _ address: Value, _ disp: Int) {
        unit.store(access(size), address, v(rt), disp: Int32(disp))
    }

    // MARK: Load register (literal)

    mutating func ldrLiteralSIMD(_ i: LoadLiteral) {
        setV(i.rt, loadV(2 &+ i.opc, const(relative(i.offset)), 0))
    }

    // MARK: Load/store register pair

    mutating func stnpSIMD(_ i: LoadStorePairSIMD) { stpSIMDOffset(i) }
    mutating func ldnpSIMD(_ i: LoadStorePairSIMD) { ldpSIMDOffset(i) }

    mutating func stpSIMDOffset(_ i: LoadStorePairSIMD) { storePair(i, xsp(i.rn), offset(i)) }
    mutating func ldpSIMDOffset(_ i: LoadStorePairSIMD) { loadPair(i, xsp(i.rn), offset(i)) }

    mutating func stpSIMDPreIndex(_ i: LoadStorePairSIMD) {
        let base = xsp(i.rn)
        storePair(i, base, offset(i))
        writeBack(i.rn, base, offset(i))
    }

    mutating func ldpSIMDPreIndex(_ i: LoadStorePairSIMD) {
        let base = xsp(i.rn)
        loadPair(i, base, offset(i))
        writeBack(i.rn, base, offset(i))
    }

    mutating func stpSIMDPostIndex(_ i: LoadStorePairSIMD) {
        let base = xsp(i.rn)
        storePair(i, base, 0)
        writeBack(i.rn, base, offset(i))
    }

    mutating func ldpSIMDPostIndex(_ i: LoadStorePairSIMD) {
        let base = xsp(i.rn)
        loadPair(i, base, 0)
        writeBack(i.rn, base, offset(i))
    }

    private func offset(_ i: LoadStorePairSIMD) -> Int { i.imm7 &<< (2 &+ i.opc) }

    private mutating func storePair(_ i: LoadStorePairSIMD, _ base: Value, _ disp: Int) {
        storeV(2 &+ i.opc, i.rt, base, disp)
        storeV(2 &+ i.opc, i.rt2, base, disp &+ 4 &<< i.opc)
    }

    private mutating func loadPair(_ i: LoadStorePairSIMD, _ base: Value, _ disp: Int) {
        let first = loadV(2 &+ i.opc, base, disp)
        let second = loadV(2 &+ i.opc, base, disp &+ 4 &<< i.opc)
        setV(i.rt, first)
        setV(i.rt2, second)
    }

    // MARK: Load/store register (unscaled immediate)

    mutating func sturSIMD(_ i: LoadStoreUnscaledSIMD) { storeV(i.scale, i.rt, xsp(i.rn), i.imm9) }
    mutating func ldurSIMD(_ i: LoadStoreUnscaledSIMD) { setV(i.rt, loadV(i.scale, xsp(i.rn), i.imm9)) }

    // MARK: Load/store register (immediate post-indexed) and (immediate pre-indexed)

    mutating func strSIMDPostIndex(_ i: LoadStoreUnscaledSIMD) {
        let base = xsp(i.rn)
        storeV(i.scale, i.rt, base, 0)
        writeBack(i.rn, base, i.imm9)
    }

    mutating func ldrSIMDPostIndex(_ i: LoadStoreUnscaledSIMD) {
        let base = xsp(i.rn)
        setV(i.rt, loadV(i.scale, base, 0))
        writeBack(i.rn, base, i.imm9)
    }

    mutating func strSIMDPreIndex(_ i: LoadStoreUnscaledSIMD) {
        let base = xsp(i.rn)
        storeV(i.scale, i.rt, base, i.imm9)
        writeBack(i.rn, base, i.imm9)
    }

    mutating func ldrSIMDPreIndex(_ i: LoadStoreUnscaledSIMD) {
        let base = xsp(i.rn)
        setV(i.rt, loadV(i.scale, base, i.imm9))
        writeBack(i.rn, base, i.imm9)
    }

    // MARK: Load/store register (register offset)

    private mutating func address(_ i: LoadStoreRegisterSIMD) -> Value {
        registerOffset(i.rn, i.rm, option: i.option, shift: i.s ? i.scale : 0)
    }

    mutating func strRegisterSIMD(_ i: LoadStoreRegisterSIMD) { storeV(i.scale, i.rt, address(i), 0) }
    mutating func ldrRegisterSIMD(_ i: LoadStoreRegisterSIMD) { setV(i.rt, loadV(i.scale, address(i), 0)) }

    // MARK: Load/store register (unsigned immediate)

    mutating func strSIMDUnsignedImmediate(_ i: LoadStoreUnsignedSIMD) {
        storeV(i.scale, i.rt, xsp(i.rn), i.imm12 &<< i.scale)
    }

    mutating func ldrSIMDUnsignedImmediate(_ i: LoadStoreUnsignedSIMD) {
        setV(i.rt, loadV(i.scale, xsp(i.rn), i.imm12 &<< i.scale))
    }
}
