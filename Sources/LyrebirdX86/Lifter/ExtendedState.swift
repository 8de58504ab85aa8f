// SDM volume 1, 10.5 FXSAVE and FXRSTOR instructions, and chapter 13 Managing state using the XSAVE feature set. There are x87, SSE and
// AVX state. Components are saved and loaded by blocks that the unit's main line goes around, since it is a register that says which.

import LyrebirdIR

/// Components of state, as bits of XCR0.
enum StateComponents {
    static let x87: UInt64 = 1
    static let sse: UInt64 = 2
    static let avx: UInt64 = 4
    static let all = x87 | sse | avx
}

/// The area that they go to, in bytes from its start (13.4). The compacted form has AVX state in the same place, as nothing comes
/// before it.
enum StateArea {
    static let instruction: Int32 = 8
    static let operand: Int32 = 16
    static let mxcsr: Int32 = 24
    static let stack: Int32 = 32
    static let xmm: Int32 = 160
    /// The last word of what FXSAVE knows.
    static let lastLegacy: Int32 = 504
    static let header: Int32 = 512
    static let compaction: Int32 = 520
    static let upper: Int32 = 576
    static let size: UInt32 = 832
    /// The last word.
    static let last: Int32 = 824
    static let legacyAlignment: UInt64 = 16
    static let alignment: UInt64 = 64
    static let isCompacted: UInt64 = 1 << 63
    static let initialMXCSR: UInt32 = 0x1F80
}

extension Lifter {
    /// Register 0 says what the kernel has enabled. Register 1 says which of that is in use: all of it may be.
    mutating func xgetbv(_ i: DecodedInstruction) {
        let number = register(General.rcx, 4)
        trap(.generalProtection, where: .hi, unit.flags(unit.sub(number, const32(1))))
        setRegister(General.rax, const(StateComponents.all))
        setRegister(General.rdx, const(0))
    }

    mutating func fxsave(_ i: DecodedInstruction) {
        let area = alignedArea(i, StateArea.legacyAlignment)
        // All 512 bytes must be writable, though the last ones are nobody's.
        _ = compareExchange(joined(at(area, StateArea.lastLegacy)), const(0), const(0))
        storeX87State(area, i)
        storeMXCSR(area)
        for number in 0..<16 { storeVector(xmm(UInt8(number)), 16, at(area, StateArea.xmm + 16 * Int32(number))) }
    }

    mutating func fxrstor(_ i: DecodedInstruction) {
        let area = alignedArea(i, StateArea.legacyAlignment)
        _ = load(8, at(area, 0))
        _ = load(8, at(area, StateArea.lastLegacy))
        let vectors = (0..<16).map { loadVector(16, at(area, StateArea.xmm + 16 * Int32($0))) }
        let mxcsr = load(4, at(area, StateArea.mxcsr))
        trap(.generalProtection, where: .ne, unit.flags(unit.and(mxcsr, const32(MXCSR.reserved))))
        loadX87State(area, i)
        for number in 0..<16 { unit.set(X86State.xmm(number), vectors[number]) }
        setMXCSR(mxcsr)
    }

    mutating func xsave(_ i: DecodedInstruction) { saveState(i, isCompacted: false) }
    /// Nothing is known to be as it was, or in its initial state.
    mutating func xsaveopt(_ i: DecodedInstruction) { saveState(i, isCompacted: false) }
    mutating func xsavec(_ i: DecodedInstruction) { saveState(i, isCompacted: true) }

    private mutating func saveState(_ i: DecodedInstruction, isCompacted: Bool) {
        let area = alignedArea(i, StateArea.alignment)
        _ = load(8, at(area, 0))
        let wanted = wantedComponents()
        let header: Value
        if isCompacted {
            header = wanted
        } else {
            let others = unit.and(load(8, at(area, StateArea.header)), unit.not(wanted))
            header = unit.or(others, wanted)
        }
        lift(where: wanted, StateComponents.x87) { $0.storeX87State(area, i) }
        let controlled = isCompacted ? StateComponents.sse : StateComponents.sse | StateComponents.avx
        lift(where: wanted, controlled) { $0.storeMXCSR(area) }
        lift(where: wanted, StateComponents.sse) {
            for number in 0..<16 {
                $0.storeVector($0.xmm(UInt8(number)), 16, $0.at(area, StateArea.xmm + 16 * Int32(number)))
            }
        }
        lift(where: wanted, StateComponents.avx) {
            for number in 0..<16 {
                $0.storeVector($0.upper(UInt8(number)), 16, $0.at(area, StateArea.upper + 16 * Int32(number)))
            }
        }
        store(header, at(area, StateArea.header))
        if isCompacted { store(unit.or(wanted, const(StateArea.isCompacted)), at(area, StateArea.compaction)) }
    }

    /// Of what is wanted, what the area has is loaded and the rest is initialized.
    mutating func xrstor(_ i: DecodedInstruction) {
        let area = alignedArea(i, StateArea.alignment)
        let wanted = wantedComponents()
        let (present, isCompacted) = checkedHeader(area)
        let loaded = unit.and(wanted, present)
        let initialized = unit.and(wanted, unit.not(present))
        let mxcsr = restoredMXCSR(area, wanted, present, isCompacted)
        trap(.generalProtection, where: .ne, unit.flags(unit.and(mxcsr, const32(MXCSR.reserved))))
        // What may fault comes before anything is changed.
        lift(where: loaded, StateComponents.avx) { _ = $0.load(8, $0.at(area, StateArea.last)) }
        lift(where: loaded, StateComponents.x87) { $0.loadX87State(area, i) }
        lift(where: initialized, StateComponents.x87) { $0.initializeX87State() }
        restoreVectors(loaded, initialized, StateComponents.sse, area, StateArea.xmm, X86State.xmm)
        restoreVectors(loaded, initialized, StateComponents.avx, area, StateArea.upper, X86State.upper)
        setMXCSR(mxcsr)
    }

    private mutating func restoreVectors(
        _ loaded: Value, _ initialized: Value, _ component: UInt64, _ area: Value, _ offset: Int32,
        _ slot: (Int) -> Slot
    ) {
        // Made here, it is there on every way.
        let zero = zeroVector()
        lift(where: loaded, component) {
            for number in 0..<16 {
                $0.unit.set(slot(number), $0.loadVector(16, $0.at(area, offset + 16 * Int32(number))))
            }
        }
        lift(where: initialized, component) {
            for number in 0..<16 { $0.unit.set(slot(number), zero) }
        }
    }

    // MARK: Parts

    private func at(_ area: Value, _ offset: Int32) -> Address { Address(base: area, displacement: offset) }

    /// #GP where the area is not aligned.
    private mutating func alignedArea(_ i: DecodedInstruction, _ alignment: UInt64) -> Value {
        let area = joined(address(i))
        trap(.generalProtection, where: .ne, unit.flags(unit.and(area, const(alignment - 1))))
        return area
    }

    /// EDX:EAX, as far as XCR0 has it.
    private mutating func wantedComponents() -> Value { unit.and(register(General.rax), const(StateComponents.all)) }

    /// What `body` lifts is executed where a bit of the mask is set.
    private mutating func lift(where bits: Value, _ mask: UInt64, _ body: (inout Lifter) -> Void) {
        let (then, rest) = (unit.makeBlock(), unit.makeBlock())
        let flags = unit.flags(unit.and(bits, const(mask)))
        unit.branch(.ne, flags, then: unit.edge(then), else: unit.edge(rest))
        unit.place(then)
        body(&self)
        unit.jump(unit.edge(rest))
        unit.place(rest)
    }

    /// A bit for each register that is not empty, of FNSAVE's two.
    private mutating func storeX87State(_ area: Value, _ i: DecodedInstruction) {
        func word(_ offset: Int) -> Value {
            unit.zext(.i64, from: .i16, unit.x87Image(.i16, offset: Int32(offset)))
        }
        let (control, status, pairs) = (word(X87Image.control), word(X87Image.status), word(X87Image.tags))
        let empty = unit.and(pairs, unit.shr(pairs, const(1)))
        let tags = unit.pext(unit.not(empty), const(0x5555))
        let opcode = unit.shl(unit.get(.i64, X86State.x87Opcode), const(48))
        let low = unit.or(control, unit.shl(status, const(16)))
        store(unit.or(low, unit.or(unit.shl(tags, const(32)), opcode)), at(area, 0))
        for (slot, offset) in [
            (X86State.x87Instruction, StateArea.instruction), (X86State.x87Operand, StateArea.operand),
        ] {
            let pointer = unit.get(.i64, slot)
            store(i.operandSize == 8 ? pointer : unit.zext(.i64, from: .i32, pointer), at(area, offset))
        }
        for number in 0..<8 {
            let place = X87Image.stack + 10 * number
            let target = StateArea.stack + 16 * Int32(number)
            store(unit.x87Image(.i64, offset: Int32(place)), at(area, target))
            store(word(place + 8), at(area, target + 8))
        }
    }

    private mutating func loadX87State(_ area: Value, _ i: DecodedInstruction) {
        let word = load(8, at(area, 0))
        let pointers = [StateArea.instruction, StateArea.operand].map { offset -> Value in
            let pointer = load(8, at(area, offset))
            return i.operandSize == 8 ? pointer : unit.zext(.i64, from: .i32, pointer)
        }
        let stack = (0..<8).map { number -> (Value, Value) in
            let place = StateArea.stack + 16 * Int32(number)
            return (load(8, at(area, place)), load(2, at(area, place + 8)))
        }
        for (number, value) in stack.enumerated() {
            setImage(value.0, X87Image.stack + 10 * number)
            setImage(value.1, X87Image.stack + 10 * number + 8)
        }
        let empty = unit.pdep(unit.not(unit.shr(word, const(32))), const(0x5555))
        setImage(unit.trunc(.i16, word), X87Image.control)
        setImage(unit.trunc(.i16, unit.shr(word, const(16))), X87Image.status)
        setImage(unit.trunc(.i16, unit.mul(empty, const(3))), X87Image.tags)
        loadImage()
        unit.set(X86State.x87Opcode, unit.and(unit.shr(word, const(48)), const(0x7FF)))
        unit.set(X86State.x87Instruction, pointers[0])
        unit.set(X86State.x87Operand, pointers[1])
    }

    private mutating func initializeX87State() {
        let zero = const(0)
        for offset in stride(from: X87Image.stack, to: X87Image.size, by: 8) { setImage(zero, offset) }
        setImage(const32(UInt32(X87Control.initial)), X87Image.control)
        setImage(const32(0), X87Image.status)
        setImage(const32(UInt32(X87Control.emptyTags)), X87Image.tags)
        clearPointers()
    }

    private mutating func storeMXCSR(_ area: Value) {
        store(mxcsr(), at(area, StateArea.mxcsr))
        store(const32(~MXCSR.reserved), at(area, StateArea.mxcsr + 4))
    }

    /// What the area says is there, and whether it is compacted. Anything reserved is #GP (13.8).
    private mutating func checkedHeader(_ area: Value) -> (present: Value, isCompacted: Value) {
        _ = load(8, at(area, 0))
        let present = load(8, at(area, StateArea.header))
        let compaction = load(8, at(area, StateArea.compaction))
        let isCompacted = unit.flags(unit.and(compaction, const(StateArea.isCompacted)))
        let first = load(8, at(area, StateArea.compaction + 8))
        var rest = first
        for offset in stride(from: StateArea.compaction + 16, to: StateArea.upper, by: 8) {
            rest = unit.or(rest, load(8, at(area, offset)))
        }
        let known = const(~(StateArea.isCompacted | StateComponents.all))
        let compacted = unit.or(unit.andn(present, compaction), unit.or(unit.and(compaction, known), rest))
        let standard = unit.or(unit.and(present, const(~StateComponents.all)), unit.or(compaction, first))
        let wrong = unit.select(.ne, isCompacted, compacted, standard)
        trap(.generalProtection, where: .ne, unit.flags(unit.and(wrong, const(.max))))
        return (present, unit.and(compaction, const(StateArea.isCompacted)))
    }

    /// The standard form has it with SSE and with AVX state, whether or not that is present; the compacted form has it as a part of
    /// SSE state.
    private mutating func restoredMXCSR(
        _ area: Value, _ wanted: Value, _ present: Value, _ isCompacted: Value
    ) -> Value {
        func isSet(_ value: Value, _ mask: UInt64) -> Value { unit.flags(unit.and(value, const(mask))) }
        let (sse, either) = (StateComponents.sse, StateComponents.sse | StateComponents.avx)
        let (old, saved) = (mxcsr(), load(4, at(area, StateArea.mxcsr)))
        let standard = unit.select(.ne, isSet(wanted, either), saved, old)
        let initial = unit.select(.ne, isSet(present, sse), saved, const32(StateArea.initialMXCSR))
        let compacted = unit.select(.ne, isSet(wanted, sse), initial, old)
        return unit.select(.ne, isSet(isCompacted, StateArea.isCompacted), compacted, standard)
    }
}
