// C4.1.94 Loads and stores: compare and swap, and the atomic memory operations of FEAT_LSE. All are sequentially consistent
// on the host, whatever order the encoding asks for. They demand alignment, as without FEAT_LSE2.

import LyrebirdIR

extension Lifter {
    // MARK: Compare and swap

    mutating func cas(_ i: CompareAndSwap) {
        let sf = i.size == 3
        let address = xsp(i.rn)
        let expected = register(i.rs, sf)
        let new = register(i.rt, sf)
        checkAlignment(address, size: i.size)
        setRegister(i.rs, sf, unit.cas(atomic(i.size), address, expected, new))
    }

    mutating func casp(_ i: CompareAndSwapPair) {
        let address = xsp(i.rn)
        let expectedFirst = x(i.rs)
        let expectedSecond = x(i.rs | 1)
        let newFirst = x(i.rt)
        let newSecond = x(i.rt | 1)
        checkAlignment(address, size: i.sz ? 4 : 3)
        if i.sz {
            let expected = vector(expectedFirst, expectedSecond)
            let old = unit.cas128(address, expected, vector(newFirst, newSecond))
            let first = unit.vextract(.i64, .d, old, index: 0)
            let second = unit.vextract(.i64, .d, old, index: 1)
            setX(i.rs, first)
            setX(i.rs | 1, second)
        } else {
            let expected = joined(expectedFirst, expectedSecond)
            let old = unit.cas(atomic(3), address, expected, joined(newFirst, newSecond))
            let first = unit.zext(.i64, from: .i32, old)
            let second = unit.shr(old, const(32))
            setX(i.rs, first)
            setX(i.rs | 1, second)
        }
    }

    // MARK: Atomic memory operations

    @inline(__always) private func atomic(_ size: Int) -> MemoryAccess {
        MemoryAccess(size: UInt8(truncatingIfNeeded: size), order: .sequential)
    }

    /// The address, checked, and the operand.
    private mutating func operands(_ i: AtomicMemory) -> (address: Value, operand: Value) {
        let address = xsp(i.rn)
        let operand = register(i.rs, i.size == 3)
        checkAlignment(address, size: i.size)
        return (address, operand)
    }

    private mutating func setOld(_ i: AtomicMemory, _ old: Value) { setRegister(i.rt, i.size == 3, old) }

    mutating func ldadd(_ i: AtomicMemory) {
        let (address, operand) = operands(i)
        setOld(i, unit.rmwAdd(atomic(i.size), address, operand))
    }

    mutating func ldclr(_ i: AtomicMemory) {
        let (address, operand) = operands(i)
        setOld(i, unit.rmwAnd(atomic(i.size), address, unit.not(operand)))
    }

    mutating func ldeor(_ i: AtomicMemory) {
        let (address, operand) = operands(i)
        setOld(i, unit.rmwXor(atomic(i.size), address, operand))
    }

    mutating func ldset(_ i: AtomicMemory) {
        let (address, operand) = operands(i)
        setOld(i, unit.rmwOr(atomic(i.size), address, operand))
    }

    mutating func ldsmax(_ i: AtomicMemory) {
        let (address, operand) = operands(i)
        setOld(i, unit.rmwMaxS(atomic(i.size), address, operand))
    }

    mutating func ldsmin(_ i: AtomicMemory) {
        let (address, operand) = operands(i)
        setOld(i, unit.rmwMinS(atomic(i.size), address, operand))
    }

    mutating func ldumax(_ i: AtomicMemory) {
        let (address, operand) = operands(i)
        setOld(i, unit.rmwMaxU(atomic(i.size), address, operand))
    }

    mutating func ldumin(_ i: AtomicMemory) {
        let (address, operand) = operands(i)
        setOld(i, unit.rmwMinU(atomic(i.size), address, operand))
    }

    mutating func swp(_ i: AtomicMemory) {
        let (address, operand) = operands(i)
        setOld(i, unit.rmwExchange(atomic(i.size), address, operand))
    }
}
