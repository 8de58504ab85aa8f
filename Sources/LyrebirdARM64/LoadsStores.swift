// C4.1.94 Loads and stores: what all sections share, and the general registers' loads and stores of one register or a pair.
//
// An access comes before what the instruction writes, the base register included, so that after a fault the state is that
// from before the instruction.

import LyrebirdIR

extension Lifter {
    // MARK: What the sections share

    @inline(__always) func access(_ size: Int, signed: Bool = false) -> MemoryAccess {
        MemoryAccess(size: UInt8(truncatingIfNeeded: size), signed: signed)
    }

    /// Writes back the base register.
    mutating func writeBack(_ rn: Int, _ base: Value, _ offset: Int) {
        setXSP(rn, unit.add(base, const(UInt64(bitPattern: Int64(offset)))))
    }

    /// The address of a register offset: base and an index that is extended and shifted (C1.3.3).
    mutating func registerOffset(_ rn: Int, _ rm: Int, option: Int, shift: Int) -> Value {
        let base = xsp(rn)
        return unit.add(base, extended(rm, option: option, shift: shift, true))
    }

    mutating func load(_ size: Int, _ rt: Int, _ address: Value, _ disp: Int) {
        setX(rt, unit.load(.i64, access(size), address, disp: Int32(disp)))
    }

    /// A load that extends the sign, to 32 bits where `toWord`.
    private mutating func loadSigned(_ size: Int, toWord: Bool, _ address: Value, _ disp: Int) -> Value {
        let value = unit.load(toWord ? .i32 : .i64, access(size, signed: true), address, disp: Int32(disp))
        return widened(value, !toWord)
    }

    private mutating func store(_ size: Int, _ rt: Int, _ address: Value, _ disp: Int) {
        unit.store(access(size), address, x(rt), disp: Int32(disp))
    }

    // MARK: Load register (literal)

    mutating func ldrLiteral(_ i: LoadLiteral) { load(2 &+ (i.opc & 1), i.rt, const(relative(i.offset)), 0) }

    mutating func ldrswLiteral(_ i: LoadLiteral) {
        setX(i.rt, loadSigned(2, toWord: false, const(relative(i.offset)), 0))
    }

    mutating func prfmLiteral(_ i: LoadLiteral) {}

    // MARK: Load/store register pair

    mutating func stnp(_ i: LoadStorePair) { stpOffset(i) }
    mutating func ldnp(_ i: LoadStorePair) { ldpOffset(i) }

    mutating func stpOffset(_ i: LoadStorePair) { storePair(i, xsp(i.rn), offset(i)) }
    mutating func ldpOffset(_ i: LoadStorePair) { loadPair(i, xsp(i.rn), offset(i)) }

    mutating func stpPreIndex(_ i: LoadStorePair) {
        let base = xsp(i.rn)
        storePair(i, base, offset(i))
        writeBack(i.rn, base, offset(i))
    }

    mutating func ldpPreIndex(_ i: LoadStorePair) {
        let base = xsp(i.rn)
        loadPair(i, base, offset(i))
        writeBack(i.rn, base, offset(i))
    }

    mutating func stpPostIndex(_ i: LoadStorePair) {
        let base = xsp(i.rn)
        storePair(i, base, 0)
        writeBack(i.rn, base, offset(i))
    }

    mutating func ldpPostIndex(_ i: LoadStorePair) {
        let base = xsp(i.rn)
        loadPair(i, base, 0)
        writeBack(i.rn, base, offset(i))
    }

    mutating func ldpswOffset(_ i: LoadStorePair) { loadSignedPair(i, xsp(i.rn), i.imm7 &* 4) }

    mutating func ldpswPreIndex(_ i: LoadStorePair) {
        let base = xsp(i.rn)
        loadSignedPair(i, base, i.imm7 &* 4)
        writeBack(i.rn, base, i.imm7 &* 4)
    }

    mutating func ldpswPostIndex(_ i: LoadStorePair) {
        let base = xsp(i.rn)
        loadSignedPair(i, base, 0)
        writeBack(i.rn, base, i.imm7 &* 4)
    }

    private func offset(_ i: LoadStorePair) -> Int { i.imm7 &* (i.sf ? 8 : 4) }

    private mutating func storePair(_ i: LoadStorePair, _ base: Value, _ disp: Int) {
        let size = i.sf ? 3 : 2
        let first = x(i.rt)
        let second = x(i.rt2)
        unit.store(access(size), base, first, disp: Int32(disp))
        unit.store(access(size), base, second, disp: Int32(disp &+ 1 &<< size))
    }

    private mutating func loadPair(_ i: LoadStorePair, _ base: Value, _ disp: Int) {
        let size = i.sf ? 3 : 2
        let first = unit.load(.i64, access(size), base, disp: Int32(disp))
        let second = unit.load(.i64, access(size), base, disp: Int32(disp &+ 1 &<< size))
        setX(i.rt, first)
        setX(i.rt2, second)
    }

    private mutating func loadSignedPair(_ i: LoadStorePair, _ base: Value, _ disp: Int) {
        let first = loadSigned(2, toWord: false, base, disp)
        let second = loadSigned(2, toWord: false, base, disp &+ 4)
        setX(i.rt, first)
        setX(i.rt2, second)
    }

    // MARK: Load/store register (unscaled immediate), and (unprivileged), which in user mode is the same

    mutating func sturUnscaled(_ i: LoadStoreUnscaled) { store(i.size, i.rt, xsp(i.rn), i.imm9) }
    mutating func ldurUnscaled(_ i: LoadStoreUnscaled) { load(i.size, i.rt, xsp(i.rn), i.imm9) }

    mutating func ldursUnscaled(_ i: LoadStoreUnscaled) {
        setX(i.rt, loadSigned(i.size, toWord: i.opc0, xsp(i.rn), i.imm9))
    }

    mutating func prfumUnscaled(_ i: LoadStoreUnscaled) {}

    mutating func sttr(_ i: LoadStoreUnscaled) { sturUnscaled(i) }
    mutating func ldtr(_ i: LoadStoreUnscaled) { ldurUnscaled(i) }
    mutating func ldtrs(_ i: LoadStoreUnscaled) { ldursUnscaled(i) }

    // MARK: Load/store register (immediate post-indexed)

    mutating func strPostIndex(_ i: LoadStoreUnscaled) {
        let base = xsp(i.rn)
        store(i.size, i.rt, base, 0)
        writeBack(i.rn, base, i.imm9)
    }

    mutating func ldrPostIndex(_ i: LoadStoreUnscaled) {
        let base = xsp(i.rn)
        load(i.size, i.rt, base, 0)
        writeBack(i.rn, base, i.imm9)
    }

    mutating func ldrsPostIndex(_ i: LoadStoreUnscaled) {
        let base = xsp(i.rn)
        setX(i.rt, loadSigned(i.size, toWord: i.opc0, base, 0))
        writeBack(i.rn, base, i.imm9)
    }

    // MARK: Load/store register (immediate pre-indexed)

    mutating func strPreIndex(_ i: LoadStoreUnscaled) {
        let base = xsp(i.rn)
        store(i.size, i.rt, base, i.imm9)
        writeBack(i.rn, base, i.imm9)
    }

    mutating func ldrPreIndex(_ i: LoadStoreUnscaled) {
        let base = xsp(i.rn)
        load(i.size, i.rt, base, i.imm9)
        writeBack(i.rn, base, i.imm9)
    }

    mutating func ldrsPreIndex(_ i: LoadStoreUnscaled) {
        let base = xsp(i.rn)
        setX(i.rt, loadSigned(i.size, toWord: i.opc0, base, i.imm9))
        writeBack(i.rn, base, i.imm9)
    }

    // MARK: Load/store register (register offset)

    private mutating func address(_ i: LoadStoreRegister) -> Value {
        registerOffset(i.rn, i.rm, option: i.option, shift: i.s ? i.size : 0)
    }

    mutating func strRegister(_ i: LoadStoreRegister) { store(i.size, i.rt, address(i), 0) }
    mutating func ldrRegister(_ i: LoadStoreRegister) { load(i.size, i.rt, address(i), 0) }

    mutating func ldrsRegister(_ i: LoadStoreRegister) {
        setX(i.rt, loadSigned(i.size, toWord: i.opc0, address(i), 0))
    }

    mutating func prfmRegister(_ i: LoadStoreRegister) {}

    // MARK: Load/store register (unsigned immediate)

    mutating func strUnsignedImmediate(_ i: LoadStoreUnsigned) { store(i.size, i.rt, xsp(i.rn), i.imm12 &<< i.size) }
    mutating func ldrUnsignedImmediate(_ i: LoadStoreUnsigned) { load(i.size, i.rt, xsp(i.rn), i.imm12 &<< i.size) }

    mutating func ldrsUnsignedImmediate(_ i: LoadStoreUnsigned) {
        setX(i.rt, loadSigned(i.size, toWord: i.opc0, xsp(i.rn), i.imm12 &<< i.size))
    }

    mutating func prfmUnsignedImmediate(_ i: LoadStoreUnsigned) {}
}
