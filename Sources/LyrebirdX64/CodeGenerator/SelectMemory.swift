// Loads, stores and atomics. Each may fault: its frame state is logged right before the host instruction that can.
//
// x86 orders loads with loads and stores with stores, so acquire and release cost nothing but for one case: a store-release
// must be seen before a later load-acquire, which a plain store is not; it becomes an exchange.

import LyrebirdIR

extension CodeGenerator {
    /// The memory operand of a guest access. Where addresses are checked, that is done at the site.
    mutating func guestMemory(_ index: Int, _ sides: WatchedSides = .both) -> Memory {
        let address = addresses[index]
        if contract.memory == .checked { return checkedMemory(address, sides) }
        var memory: Memory
        if address.index >= 0 {
            let base = useGeneral(Int(address.base))
            let other = useGeneral(Int(address.index))
            memory = Memory(base: base, index: other, scale: address.scale, displacement: address.displacement)
        } else {
            memory = Memory(base: useGeneral(Int(address.base)), displacement: address.displacement)
        }
        return contract.memory == .window ? memory.gs : memory
    }

    /// The memory operand of what has a plain address.
    mutating func plainMemory(_ i: Instruction) -> Memory {
        if contract.memory == .checked {
            let base = Int32(bitPattern: values[Int(i.a)].representative)
            return checkedMemory(FoldedAddress(base: base, index: -1, scale: 0, displacement: 0), .both)
        }
        let memory = Memory(base: useGeneral(Int(values[Int(i.a)].representative)))
        return contract.memory == .window ? memory.gs : memory
    }

    mutating func selectMemory(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) {
        switch i.opcode {
        case .load, .store:
            if index == paired { return }
            if i.opcode == .load { selectLoad(index, i, unit) } else { selectStore(index, i, unit) }
        default:
            // A locked instruction orders as MFENCE does, and faster.
            clobberFlags()
            hot.lock()
            hot.or(.b32, ContextField.exitWord, imm: 0)
            hostFlags = -1
        }
    }

    private mutating func selectLoad(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) {
        let access = i.access
        if i.type == .v128, let high = upperHalf(of: index, i, unit) {
            return selectLoadPair(index, high, i, unit)
        }
        if access.startsPair { clobberFlags(including: true) }
        let memory = guestMemory(index, isStoredBehind(index, unit) ? .both : .reads)
        if access.startsPair { trapUnlessPairIsAligned(memory, unit) }
        if i.type == .v128 {
            let result: XMM
            if access.size < 2 {
                let scratch = scratchGeneral()
                result = allocateVector(for: index)
                site(unit)
                hot.movzx(.b32, scratch, Width(rawValue: access.size)!, memory)
                moveToVector(result, scratch, .b32)
            } else {
                if let home = loadIntoHome(index, unit) {
                    result = XMM(home &- 16)
                } else {
                    result = allocateVector(for: index)
                    site(unit)
                }
                if access.isAligned {
                    two(.movaps, result, memory)
                } else {
                    loadVector(result, memory, size: access.size)
                }
            }
            return describeAccess(index, i, memory, register: HostRegister(result).number, unit)
        }
        let result: GPR
        if let home = loadIntoHome(index, unit) {
            result = GPR(home)
        } else {
            let address = addresses[index]
            result = loadResult(index, Int(address.base), Int(address.index))
            site(unit)
        }
        let from = Width(rawValue: access.size)!
        if !access.isSigned || access.size == 3 {
            if access.size < 2 { hot.movzx(.b32, result, from, memory) } else { hot.mov(from, result, memory) }
        } else if access.size == 2 {
            if i.type == .i64 { hot.movsxd(result, memory) } else { hot.mov(.b32, result, memory) }
        } else {
            hot.movsx(width(i.type), result, from, memory)
        }
        describeAccess(index, i, memory, register: result.rawValue, unit)
    }

    /// Whether a load is the first half of an instruction that stores, while stores are watched. It is called for where its store would be:
    /// if that has been made and the rest of the instruction is interpreted, the load cannot be repeated.
    private func isStoredBehind(_ index: Int, _ unit: borrowing Unit) -> Bool {
        guard watchedSides.contains(.writes) else { return false }
        var at = index &+ 1
        while at < count, unit.instructions[at].opcode != .instruction {
            if unit.instructions[at].opcode == .store { return true }
            at &+= 1
        }
        return false
    }

    /// The register where the result is wanted in the end, if who is there is needed by nobody but a fault of this very load:
    /// one that faults has not written it yet. It is the operand of the address, or what the slot held before.
    mutating func loadIntoHome(_ index: Int, _ unit: borrowing Unit) -> UInt8? {
        let home = values[index].hint
        guard home != 0xFF, (home >= 16) == (values[index].type == .v128) else { return nil }
        let value = Int(registerValue[Int(home)])
        guard value >= 0, values[value].end == Int32(truncatingIfNeeded: position) else { return nil }
        site(unit)
        values[value].register = 0xFF
        own(index, home)
        lock(home)
        return home
    }

    /// A register for what is loaded: that of the address if it dies here. A load that faults has not written it yet.
    private mutating func loadResult(_ index: Int, _ base: Int, _ other: Int) -> GPR {
        for value in [base, other] where value >= 0 {
            guard values[value].end < Int32(position) || !isObserved(value), canOverwrite(value, for: index) else {
                continue
            }
            let register = GPR(values[value].register)
            takeOver(value, for: index)
            return register
        }
        return allocateGeneral(for: index)
    }

    /// Whether the frame state of the current instruction needs the value in its register.
    private mutating func isObserved(_ value: Int) -> Bool {
        if values[value].isCompared { return true }
        var rest = dirty & slotsThatMayHold(value)
        while case let slot = rest.popFirst(), slot >= 0 {
            if slots[slot].bound == Int32(truncatingIfNeeded: value) { return true }
        }
        return false
    }

    private mutating func selectStore(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) {
        let value = Int(values[Int(i.b)].representative)
        let access = i.access
        if values[value].type == .v128, let high = upperHalf(of: index, i, unit) {
            return selectStorePair(index, high, i, unit)
        }
        if access.startsPair { clobberFlags(including: true) }
        let memory = guestMemory(index, .writes)
        if access.startsPair { trapUnlessPairIsAligned(memory, unit) }
        if values[value].type == .v128 {
            let source = useVector(value)
            if access.size < 2 {
                let scratch = scratchGeneral()
                moveFromVector(scratch, source, .b32)
                site(unit)
                hot.mov(Width(rawValue: access.size)!, memory, scratch)
                describeAccess(index, i, memory, register: scratch.rawValue, unit)
            } else {
                site(unit)
                if access.isAligned {
                    two(.movapsStore, memory, source)
                } else {
                    storeVector(memory, source, size: access.size)
                }
                describeAccess(index, i, memory, register: HostRegister(source).number, unit)
            }
            return
        }
        let to = Width(rawValue: access.size)!
        if access.order == .release || access.order == .sequential {
            let source = useGeneral(value)
            let scratch = scratchGeneral()
            hot.mov(.b64, scratch, source)
            site(unit)
            hot.xchg(to, memory, scratch)
            describeAccess(index, i, memory, register: scratch.rawValue, unit)
            return
        }
        if values[value].register == 0xFF, values[value].isConstant {
            let bits = constantBits[value]
            let immediate = to == .b64 ? Int32(exactly: Int64(bitPattern: bits)) : Int32(truncatingIfNeeded: bits)
            if let immediate {
                site(unit)
                hot.mov(to, memory, imm: immediate)
                describeAccess(index, i, memory, register: AccessRecord.immediate, number: immediate, unit)
                return
            }
        }
        let source = useGeneral(value)
        site(unit)
        hot.mov(to, memory, source)
        describeAccess(index, i, memory, register: source.rawValue, unit)
    }

    // MARK: Atomics

    mutating func selectAtomic(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) {
        // The frame state of this very instruction may look at them.
        clobberFlags(including: true)
        let w = Width(rawValue: i.access.size & 3)!
        switch i.opcode {
        case .cas: selectCompareAndSwap(index, i, w, unit)
        case .cas128: selectCompareAndSwap16(index, i, unit)
        case .rmwAdd, .rmwExchange:
            let memory = plainMemory(i)
            let operand = useGeneral(Int(values[Int(i.b)].representative))
            let result = allocateGeneral(for: index)
            hot.mov(.b64, result, operand)
            site(unit)
            if i.opcode == .rmwAdd {
                hot.lock()
                hot.xadd(w, memory, result)
            } else {
                hot.xchg(w, memory, result)
            }
            zeroExtend(result, w)
        default:
            if values[index].end < 0, let operation = lockedOperation(i.opcode) {
                let memory = plainMemory(i)
                let operand = useGeneral(Int(values[Int(i.b)].representative))
                site(unit)
                hot.lock()
                hot.arithmetic(operation, w, memory, operand)
            } else {
                selectExchangeLoop(index, i, w, unit)
            }
        }
        hostFlags = -1
    }

    private func lockedOperation(_ opcode: LyrebirdIR.Opcode) -> ArithmeticOperation? {
        switch opcode {
        case .rmwAnd: .and
        case .rmwOr: .or
        case .rmwXor: .xor
        default: nil
        }
    }

    private mutating func zeroExtend(_ register: GPR, _ w: Width) {
        if w.rawValue < 2 {
            hot.movzx(.b32, register, w, register)
        } else if w == .b32 {
            hot.mov(.b32, register, register)
        }
    }

    /// Load, compute, compare-and-exchange, until nobody came between. The old value ends in RAX.
    private mutating func selectExchangeLoop(_ index: Int, _ i: Instruction, _ w: Width, _ unit: borrowing Unit) {
        reserve(.rax)
        let memory = plainMemory(i)
        let operand = useGeneral(Int(values[Int(i.b)].representative))
        let new = scratchGeneral()
        let other = scratchGeneral()
        site(unit)
        if w.rawValue < 2 { hot.movzx(.b32, .rax, w, memory) } else { hot.mov(w, .rax, memory) }
        let retry = hot.cursor
        switch i.opcode {
        case .rmwAnd, .rmwOr, .rmwXor:
            hot.mov(.b64, new, .rax)
            hot.arithmetic(lockedOperation(i.opcode)!, w.rawValue < 2 ? .b32 : w, new, operand)
        default:
            // Compared at full width after extension, so that narrow minima work as wide ones do.
            let signed = i.opcode == .rmwMaxS || i.opcode == .rmwMinS
            extendForComparison(new, .rax, w, signed)
            extendForComparison(other, operand, w, signed)
            hot.cmp(.b64, other, new)
            let condition: Condition =
                switch i.opcode {
                case .rmwMaxS: .g
                case .rmwMinS: .l
                case .rmwMaxU: .a
                default: .b
                }
            hot.cmovcc(condition, .b64, new, other)
        }
        // A page that becomes read-only between the two faults here.
        site(unit)
        hot.lock()
        hot.cmpxchg(w, memory, new)
        hot.jcc(.ne, to: UnsafeRawPointer(retry))
        zeroExtend(.rax, w)
        own(index, GPR.rax.rawValue)
    }

    private mutating func extendForComparison(_ to: GPR, _ from: GPR, _ w: Width, _ signed: Bool) {
        switch w {
        case .b64: hot.mov(.b64, to, from)
        case .b32: if signed { hot.movsxd(to, from) } else { hot.mov(.b32, to, from) }
        default: if signed { hot.movsx(.b64, to, w, from) } else { hot.movzx(.b32, to, w, from) }
        }
    }

    private mutating func selectCompareAndSwap(_ index: Int, _ i: Instruction, _ w: Width, _ unit: borrowing Unit) {
        reserve(.rax)
        let memory = plainMemory(i)
        let expected = useGeneral(Int(values[Int(i.b)].representative))
        let new = useGeneral(Int(values[Int(i.c)].representative))
        hot.mov(.b64, .rax, expected)
        site(unit)
        hot.lock()
        hot.cmpxchg(w, memory, new)
        zeroExtend(.rax, w)
        own(index, GPR.rax.rawValue)
    }

    /// CMPXCHG16B: RDX:RAX against memory, RCX:RBX in.
    private mutating func selectCompareAndSwap16(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) {
        reserve(.rax)
        reserve(.rdx)
        reserve(.rcx)
        reserve(.rbx)
        let memory = plainMemory(i)
        let expected = useVector(Int(values[Int(i.b)].representative))
        let new = useVector(Int(values[Int(i.c)].representative))
        splitVector(.rax, .rdx, expected)
        splitVector(.rbx, .rcx, new)
        let result = allocateVector(for: index)
        site(unit)
        hot.lock()
        hot.cmpxchg16b(memory)
        joinVector(result, .rax, .rdx)
    }
}
