// C4.1.94 Loads and stores: exclusive and ordered.
//
// The exclusive monitor (B2.9) is the address and the value that the load saw; the store is a compare-and-swap with that
// value. A store that somebody else undid in between (A to B to A) so succeeds, which programs written for other
// compare-and-swap machines live with too. The address must be aligned, as without FEAT_LSE2 (B2.5.2).

import LyrebirdIR

extension Lifter {
    @inline(__always) private func access(_ size: Int, _ order: MemoryAccess.Order) -> MemoryAccess {
        MemoryAccess(size: UInt8(truncatingIfNeeded: size), order: order)
    }

    // MARK: Load/store exclusive

    mutating func ldxr(_ i: LoadStoreExclusive) {
        let address = xsp(i.rn)
        checkAlignment(address, size: i.size)
        let value = unit.load(.i64, access(i.size, i.o0 ? .acquire : .plain), address, disp: 0)
        unit.set(ARM64State.exclusiveAddress, address)
        unit.set(ARM64State.exclusiveLow, value)
        setX(i.rt, value)
    }

    mutating func ldxp(_ i: LoadStoreExclusive) {
        let address = xsp(i.rn)
        let order: MemoryAccess.Order = i.o0 ? .acquire : .plain
        checkAlignment(address, size: i.size &+ 1)
        if i.size == 2 {
            let pair = unit.load(.i64, access(3, order), address, disp: 0)
            let first = unit.zext(.i64, from: .i32, pair)
            let second = unit.shr(pair, const(32))
            unit.set(ARM64State.exclusiveLow, pair)
            setX(i.rt, first)
            setX(i.rt2, second)
        } else {
            let pair = unit.load(.v128, access(4, order), address, disp: 0)
            let first = unit.vextract(.i64, .d, pair, index: 0)
            let second = unit.vextract(.i64, .d, pair, index: 1)
            unit.set(ARM64State.exclusiveLow, first)
            unit.set(ARM64State.exclusiveHigh, second)
            setX(i.rt, first)
            setX(i.rt2, second)
        }
        unit.set(ARM64State.exclusiveAddress, address)
    }

    mutating func stxr(_ i: LoadStoreExclusive) {
        let sf = i.size == 3
        let address = xsp(i.rn)
        let new = register(i.rt, sf)
        checkAlignment(address, size: i.size)
        let failed = beginExclusive(address)
        var expected = unit.get(.i64, ARM64State.exclusiveLow)
        if !sf { expected = unit.trunc(.i32, expected) }
        let old = unit.cas(access(i.size, .sequential), address, expected, new)
        let difference = unit.sub(old, expected)
        endExclusive(i.rs, difference, failed)
    }

    mutating func stxp(_ i: LoadStoreExclusive) {
        let address = xsp(i.rn)
        let first = x(i.rt)
        let second = x(i.rt2)
        checkAlignment(address, size: i.size &+ 1)
        if i.size == 2 {
            let new = joined(first, second)
            let failed = beginExclusive(address)
            let expected = unit.get(.i64, ARM64State.exclusiveLow)
            let old = unit.cas(access(3, .sequential), address, expected, new)
            let difference = unit.sub(old, expected)
            endExclusive(i.rs, difference, failed)
        } else {
            let new = vector(first, second)
            let failed = beginExclusive(address)
            let low = unit.get(.i64, ARM64State.exclusiveLow)
            let high = unit.get(.i64, ARM64State.exclusiveHigh)
            let old = unit.cas128(address, vector(low, high), new)
            let lowChange = unit.xor(unit.vextract(.i64, .d, old, index: 0), low)
            let highChange = unit.xor(unit.vextract(.i64, .d, old, index: 1), high)
            let difference = unit.or(lowChange, highChange)
            endExclusive(i.rs, difference, failed)
        }
    }

    /// Goes on only where the monitor holds the address. Returns the block for where it does not.
    private mutating func beginExclusive(_ address: Value) -> BlockID {
        let monitored = unit.get(.i64, ARM64State.exclusiveAddress)
        let difference = unit.sub(monitored, address)
        let flags = unit.flags(difference)
        let failed = unit.makeBlock()
        let store = unit.makeBlock()
        let then = unit.edge(failed)
        let `else` = unit.edge(store)
        unit.branch(.ne, flags, then: then, else: `else`)
        unit.place(store)
        return failed
    }

    /// The status is 0 where memory held what was expected, else 1. The monitor is clear in any case.
    private mutating func endExclusive(_ rs: Int, _ difference: Value, _ failed: BlockID) {
        let flags = unit.flags(difference)
        let status = unit.cset(.i64, .ne, flags)
        let join = unit.makeBlock()
        unit.jump(edge(join, status))
        unit.place(failed)
        let one = const(1)
        unit.jump(edge(join, one))
        unit.place(join)
        let result = unit.param(.i64)
        unit.set(ARM64State.exclusiveAddress, const(.max))
        setX(rs, result)
    }

    /// An edge with one argument, without an array.
    private mutating func edge(_ block: BlockID, _ argument: Value) -> UInt32 {
        let at = UInt32(unit.poolCount)
        unit.appendToPool(block.id)
        unit.appendToPool(1)
        unit.appendToPool(argument.id)
        return at
    }

    /// Two words as a doubleword, the first one low.
    mutating func joined(_ first: Value, _ second: Value) -> Value {
        let low = unit.zext(.i64, from: .i32, first)
        return unit.or(low, unit.shl(second, const(32)))
    }

    /// Two doublewords as a quadword.
    mutating func vector(_ first: Value, _ second: Value) -> Value {
        let low = unit.vfromInt(first)
        return unit.vinsert(.d, low, second, index: 1)
    }

    // MARK: Load-acquire and store-release

    mutating func ldar(_ i: LoadStoreOrdered) { loadAcquire(i) }
    mutating func ldlar(_ i: LoadStoreOrdered) { loadAcquire(i) }
    mutating func ldapr(_ i: LoadStoreOrdered) { loadAcquire(i) }
    mutating func stlr(_ i: LoadStoreOrdered) { storeRelease(i) }
    mutating func stllr(_ i: LoadStoreOrdered) { storeRelease(i) }

    private mutating func loadAcquire(_ i: LoadStoreOrdered) {
        let address = xsp(i.rn)
        checkAlignment(address, size: i.size)
        setX(i.rt, unit.load(.i64, access(i.size, .acquire), address, disp: 0))
    }

    private mutating func storeRelease(_ i: LoadStoreOrdered) {
        let address = xsp(i.rn)
        let value = x(i.rt)
        checkAlignment(address, size: i.size)
        unit.store(access(i.size, .release), address, value, disp: 0)
    }

    // MARK: LDAPR/STLR (unscaled immediate)

    mutating func stlurUnscaled(_ i: LoadStoreUnscaled) {
        let address = unscaledAddress(i)
        let value = x(i.rt)
        checkAlignment(address, size: i.size)
        unit.store(access(i.size, .release), address, value, disp: 0)
    }

    mutating func ldapurUnscaled(_ i: LoadStoreUnscaled) {
        let address = unscaledAddress(i)
        checkAlignment(address, size: i.size)
        setX(i.rt, unit.load(.i64, access(i.size, .acquire), address, disp: 0))
    }

    mutating func ldapursUnscaled(_ i: LoadStoreUnscaled) {
        let address = unscaledAddress(i)
        checkAlignment(address, size: i.size)
        let access = MemoryAccess(size: UInt8(i.size), signed: true, order: .acquire)
        let value = unit.load(i.opc0 ? .i32 : .i64, access, address, disp: 0)
        setX(i.rt, widened(value, !i.opc0))
    }

    private mutating func unscaledAddress(_ i: LoadStoreUnscaled) -> Value {
        let base = xsp(i.rn)
        return i.imm9 == 0 ? base : unit.add(base, const(UInt64(bitPattern: Int64(i.imm9))))
    }
}
