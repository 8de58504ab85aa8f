// Random well-formed units of the synthetic guest: operations of all kinds by their rows in Spec/ir.ops, over blocks with
// side exits, branches that join again, and loops that count down. A seed names a unit.

import LyrebirdIR

public struct RandomUnit {
    /// What may be in a unit.
    public struct Options: Sendable {
        /// Arithmetic on i8 and i16. Loads, extensions and truncations have them in any case.
        public var narrowArithmetic = true
        /// Of how many integers in a hundred the type is i8 or i16.
        public var narrowShare = 15
        /// Accesses that may be outside the window. The window is 4 KB, and what follows it up to 8 KB must fault.
        public var faults = true
        public var memory = true
        public var vectors = true
        public var helpers = true
        /// P and A of flags that are looked at.
        public var parity = true
        /// Flags of which the host leaves P and A undefined.
        public var undefinedFlags = true
        /// Several blocks.
        public var blocks = true
        /// Parameters of blocks.
        public var parameters = true
        public var bindings = true
        /// About so many instructions.
        public var length = 60
        public init() {}
    }

    public let options: Options
    var random: SplitMix64
    /// Values that may be used, per type.
    var values: [[Value]] = Array(repeating: [], count: Type.allCases.count)
    /// Instructions of this block that make flags.
    var producers: [Value] = []
    var pc: UInt64 = 0
    /// Exits to be placed at the end, with the values that may be used there.
    var exits: [(block: BlockID, values: [[Value]])] = []
    var usedEntryOfBlock = false

    public init(seed: UInt64, options: Options = Options()) {
        self.options = options
        random = SplitMix64(seed: seed)
    }

    /// Bytes from the window's start that accesses stay below (if `faults`, the second half faults).
    public static let windowSize = 4096

    private static let generic: [Opcode] = (0..<Opcode.count).map { Opcode(rawValue: UInt16($0))! }.filter {
        ($0.effect == .pure || $0.effect == .float) && $0 != .const && $0 != .vconst && $0 != .flags
    }
    private static let float = generic.filter { $0.rawValue >= Opcode.vshiftU.rawValue }
    private static let memory: [Opcode] = (0..<Opcode.count).map { Opcode(rawValue: UInt16($0))! }.filter {
        $0.mayFault && ![.x87Load, .x87Store, .portIn, .portOut].contains($0)
    }

    // MARK: Units

    public mutating func make(into unit: inout Unit) {
        unit.reset(pc: 0x1000)
        pc = 0x1000
        values = Array(repeating: [], count: Type.allCases.count)
        exits = []
        unit.place(unit.makeBlock())
        beginBlock()
        var rest = options.length
        while rest > 0 { rest -= segment(depth: 2, budget: rest, &unit) }
        leave(&unit)
        for exit in exits {
            unit.place(exit.block)
            beginBlock()
            values = exit.values
            if random.chance(60) {
                unit.exitJump(target())
            } else {
                straight(3, &unit)
                leave(&unit)
            }
        }
        unit.finish()
    }

    private mutating func beginBlock() { producers = [] }

    /// - Returns: about how many instructions it was.
    private mutating func segment(depth: Int, budget: Int, _ unit: inout Unit) -> Int {
        let start = unit.count
        straight(Int(random.next() % 12) + 2, &unit)
        if options.blocks, unit.room > 1000 {
            switch random.next() % 7 {
            case 0: sideExit(&unit)
            case 1: chained(&unit)
            case 2 where depth > 0: diamond(depth: depth - 1, &unit)
            case 3 where depth > 0: skip(depth: depth - 1, &unit)
            case 4 where depth > 0: loop(depth: depth - 1, &unit)
            case 5: choice(&unit)
            default: break
            }
        }
        return unit.count - start
    }

    private mutating func place(_ block: BlockID, _ unit: inout Unit) {
        unit.place(block)
        beginBlock()
    }

    private mutating func sideExit(_ unit: inout Unit) {
        let exit = unit.makeBlock()
        let next = unit.makeBlock()
        let flags = value(.flags, &unit)
        if random.chance(80) {
            unit.branch(condition(), flags, then: unit.edge(exit), else: unit.edge(next))
        } else {
            unit.branch(condition(), flags, then: unit.edge(next), else: unit.edge(exit))
        }
        if random.chance(30) {
            place(exit, &unit)
            unit.exitJump(target())
        } else {
            exits.append((exit, values))
        }
        place(next, &unit)
    }

    private mutating func chained(_ unit: inout Unit) {
        let next = unit.makeBlock()
        unit.jump(unit.edge(next))
        place(next, &unit)
    }

    /// Types of a join's parameters.
    private mutating func parameters() -> [Type] {
        guard options.parameters else { return [] }
        return (0..<Int(random.next() % 3)).map { _ in anyType() }
    }

    /// Places a block with parameters; binds a slot to one of them if all edges set it.
    private mutating func join(_ block: BlockID, _ types: [Type], _ slots: [Slot?], _ unit: inout Unit) {
        place(block, &unit)
        let parameters = types.map { unit.param($0) }
        for (parameter, slot) in zip(parameters, slots) {
            if let slot { unit.bind(slot, parameter) }
            remember(parameter, unit)
        }
    }

    private mutating func arguments(_ types: [Type], _ slots: [Slot?], _ unit: inout Unit) -> [Value] {
        let arguments = types.map { value($0, &unit) }
        for (argument, slot) in zip(arguments, slots) {
            if let slot { unit.set(slot, argument) }
        }
        return arguments
    }

    /// For each type a slot to be bound, or none; no slot twice.
    private mutating func boundSlots(_ types: [Type]) -> [Slot?] {
        var taken: Set<Int> = []
        return types.map { type in
            guard options.bindings, random.chance(30), let slot = slot(type), taken.insert(slot.index).inserted else {
                return nil
            }
            return slot
        }
    }

    private mutating func diamond(depth: Int, _ unit: inout Unit) {
        let (then, other, join) = (unit.makeBlock(), unit.makeBlock(), unit.makeBlock())
        let types = parameters()
        let slots = boundSlots(types)
        unit.branch(condition(), value(.flags, &unit), then: unit.edge(then), else: unit.edge(other))
        let before = values
        for arm in [then, other] {
            values = before
            place(arm, &unit)
            _ = segment(depth: depth, budget: 10, &unit)
            unit.jump(unit.edge(join, arguments(types, slots, &unit)))
        }
        values = before
        self.join(join, types, slots, &unit)
    }

    /// Both edges of a branch go to one block, with different arguments.
    private mutating func choice(_ unit: inout Unit) {
        let join = unit.makeBlock()
        let types = parameters()
        let flags = value(.flags, &unit)
        let (first, second) = (types.map { value($0, &unit) }, types.map { value($0, &unit) })
        unit.branch(condition(), flags, then: unit.edge(join, first), else: unit.edge(join, second))
        self.join(join, types, types.map { _ in nil }, &unit)
    }

    private mutating func skip(depth: Int, _ unit: inout Unit) {
        let (arm, join) = (unit.makeBlock(), unit.makeBlock())
        let types = parameters()
        let flags = value(.flags, &unit)
        let given = arguments(types, types.map { _ in nil }, &unit)
        unit.branch(condition(), flags, then: unit.edge(join, given), else: unit.edge(arm))
        let before = values
        place(arm, &unit)
        _ = segment(depth: depth, budget: 10, &unit)
        unit.jump(unit.edge(join, arguments(types, types.map { _ in nil }, &unit)))
        values = before
        self.join(join, types, types.map { _ in nil }, &unit)
    }

    /// A loop that counts down: in a parameter, or in the trap operand's slot where there are none.
    private mutating func loop(depth: Int, _ unit: inout Unit) {
        let (head, next) = (unit.makeBlock(), unit.makeBlock())
        let types = parameters()
        let slots = boundSlots(types)
        let counter = SyntheticGuest.layout.trapOperand
        let count = unit.const(.i64, random.next() % 4 + 1)
        // Loops inside use the slot, too.
        let outer = options.parameters ? nil : unit.get(.i64, counter)
        if outer != nil { unit.set(counter, count) }
        let first = arguments(types, slots, &unit)
        unit.jump(unit.edge(head, options.parameters ? [count] + first : []))
        place(head, &unit)
        var left = count
        if options.parameters { left = unit.param(.i64) }
        let parameters = types.map { unit.param($0) }
        for (parameter, slot) in zip(parameters, slots) {
            if let slot { unit.bind(slot, parameter) }
            remember(parameter, unit)
        }
        _ = segment(depth: depth, budget: 10, &unit)
        if !options.parameters { left = unit.get(.i64, counter) }
        let again = arguments(types, slots, &unit)
        let less = unit.sub(left, unit.const(.i64, 1))
        let flags = unit.flags(less)
        if !options.parameters { unit.set(counter, less) }
        unit.branch(
            .ne, flags, then: unit.edge(head, options.parameters ? [less] + again : []), else: unit.edge(next))
        // Whatever may be used at the loop's end may be used behind it, its parameters among them.
        place(next, &unit)
        if let outer { unit.set(counter, outer) }
    }

    /// A terminator that leaves the unit.
    private mutating func leave(_ unit: inout Unit) {
        if random.chance(10) { unit.clearFloatFlags() }
        switch random.next() % 6 {
        case 0: unit.exitJump(target(), .call, returnTo: target())
        case 1: unit.exitIndirect(value(.i64, &unit), .return)
        case 2: unit.exitIndirect(value(.i64, &unit), .call, returnTo: target())
        case 3:
            let reasons = TrapReason.allCases
            unit.exitTrap(
                pc, reasons[Int(random.next() % UInt64(reasons.count))], payload: UInt32(random.next() % 65536))
        default: unit.exitJump(target())
        }
    }

    private mutating func target() -> UInt64 { 0x1000 &+ (random.next() % 64) * 4 }
    private mutating func condition() -> Condition {
        let all = Condition.allCases
        var condition = all[Int(random.next() % UInt64(all.count))]
        if !options.parity, condition == .pe || condition == .po { condition = .eq }
        return condition
    }
}

// MARK: Instructions

extension RandomUnit {
    mutating func straight(_ count: Int, _ unit: inout Unit) {
        for _ in 0..<count {
            if random.chance(35) {
                unit.instruction(pc: pc)
                pc += 4
            }
            switch random.next() % 100 {
            case 0..<14: set(&unit)
            case 14..<24: remember(read(anyType(), &unit), unit)
            case 24..<34: if let flags = flags(&unit) { remember(flags, unit) }
            case 34..<46 where options.memory: access(&unit)
            case 46..<48 where options.helpers:
                remember(unit.call(.counter, value(.i64, &unit), value(.i64, &unit)), unit)
            case 48..<49 where random.chance(50): _ = unit.append(.fence, .none)
            case 48..<49:
                // Underflow is not the host's everywhere (Docs/FloatingPoint.md).
                remember(unit.and(unit.floatFlags(), unit.const(.i32, 0x97)), unit)
            case 49..<53 where options.vectors:
                generic(Self.float[Int(random.next() % UInt64(Self.float.count))], &unit)
            case 49..<63: common(&unit)
            case 63..<66: chain(&unit)
            case 66..<68: partlyDefined(&unit)
            case 68..<71 where options.narrowArithmetic: partOfSlot(&unit)
            default: generic(Self.generic[Int(random.next() % UInt64(Self.generic.count))], &unit)
            }
        }
    }

    /// What code is made of mostly, with constants that algebra likes.
    private mutating func common(_ unit: inout Unit) {
        let opcodes: [Opcode] = [
            .add, .sub, .and, .or, .xor, .shl, .shr, .sar, .ror, .mul, .andn, .zext, .sext, .trunc,
        ]
        generic(opcodes[Int(random.next() % UInt64(opcodes.count))], &unit)
    }

    /// Operations each on the result of the one before, with constants on the right: what algebra looks for.
    private mutating func chain(_ unit: inout Unit) {
        var link = value(integerType(), &unit)
        var amount = random.next() % 64
        for _ in 0..<(2 + random.next() % 3) {
            let type = unit.type(of: link)
            switch random.next() % 8 {
            case 0..<3:
                if random.chance(40) { amount = random.next() % 64 }
                let opcodes: [Opcode] = [.shl, .shr, .sar, .ror]
                link = unit.append(pick(opcodes), type, 0, link.id, unit.const(type, amount).id)
            case 3, 4:
                let opcodes: [Opcode] = [.add, .sub, .and, .andn, .or, .xor, .mul, .mulhu, .udiv, .sdiv]
                let number = random.chance(30) ? random.next() % 4 : random.interestingNumber()
                let right = unit.const(type, number)
                // The same number again, for somebody who comes later.
                if random.chance(25) { remember(unit.const(type, number), unit) }
                link = unit.append(pick(opcodes), type, 0, link.id, right.id)
            case 5: link = unit.append(pick([.not, .neg, .bswap, .bitreverse]), type, 0, link.id)
            case 6: link = extended(link, &unit)
            default:
                let (inverted, other) = (unit.not(link), value(type, &unit))
                let operands = random.chance(50) ? (inverted, other) : (other, inverted)
                link = unit.append(pick([.and, .andn]), type, 0, operands.0.id, operands.1.id)
            }
            remember(link, unit)
            let makesFlags = Evaluate.hasFlags(unit.instructions[link.index].opcode)
            if makesFlags, random.chance(25), definesFlags(link, unit) {
                let flags = unit.flags(link)
                unit.set(slot(.flags)!, flags)
                remember(flags, unit)
            }
        }
        if let slot = slot(unit.type(of: link)) { unit.set(slot, link) }
    }

    private mutating func pick(_ opcodes: [Opcode]) -> Opcode { opcodes[Int(random.next() % UInt64(opcodes.count))] }

    /// An extension, or a truncation where the type has something to lose.
    private mutating func extended(_ value: Value, _ unit: inout Unit) -> Value {
        let from = unit.type(of: value)
        if from == .i64, random.chance(50) { return unit.trunc(.i32, value) }
        let type: Type = random.chance(60) ? .i64 : .i32
        let source = min(UInt8(random.next() % 4) + 1, from.rawValue, type.rawValue)
        return unit.append(pick([.zext, .sext]), type, source, value.id)
    }

    private mutating func set(_ unit: inout Unit) {
        let slot = Slot(Int(random.next() % UInt64(SyntheticGuest.settable.count)))
        let type = SyntheticGuest.layout.entries[slot.index].type
        if type == .v128, !options.vectors { return }
        unit.set(slot, value(type, &unit))
    }

    mutating func slot(_ type: Type) -> Slot? {
        let slots = SyntheticGuest.settable.filter { SyntheticGuest.layout.entries[$0].type == type }
        return slots.isEmpty ? nil : Slot(slots[Int(random.next() % UInt64(slots.count))])
    }

    mutating func anyType() -> Type {
        switch random.next() % 8 {
        case 0..<3: .i64
        case 3..<5: .i32
        case 5: .flags
        default: options.vectors ? .v128 : .i64
        }
    }

    private mutating func integerType() -> Type {
        if options.narrowArithmetic, random.chance(options.narrowShare) { return random.chance(50) ? .i8 : .i16 }
        return random.chance(60) ? .i64 : .i32
    }

    mutating func remember(_ value: Value, _ unit: borrowing Unit) {
        values[Int(unit.type(of: value).rawValue)].append(value)
        if Evaluate.hasFlags(unit.instructions[value.index].opcode) { producers.append(value) }
    }

    /// A value of the type: one that there is, a constant, or what a slot holds.
    mutating func value(_ type: Type, _ unit: inout Unit) -> Value {
        let known = values[Int(type.rawValue)]
        if !known.isEmpty, random.chance(70) {
            // Recent ones more often.
            let back = min(known.count, random.chance(70) ? 4 : known.count)
            return known[known.count - 1 - Int(random.next() % UInt64(back))]
        }
        let value: Value
        if random.chance(50) || slot(type) == nil {
            if type == .v128 {
                value = unit.vconst(low: random.interestingFloats(), high: random.interestingFloats())
            } else if type == .flags {
                value = unit.const(.flags, Evaluate.flags(fromBits: random.next()))
            } else {
                value = unit.const(type, random.chance(30) ? random.next() % 70 : random.interestingNumber())
            }
        } else {
            value = read(type, &unit)
        }
        remember(value, unit)
        return value
    }

    mutating func read(_ type: Type, _ unit: inout Unit) -> Value { unit.get(type, slot(type)!) }

    /// The flags of an instruction of this block.
    mutating func flags(_ unit: inout Unit) -> Value? {
        let fit = producers.suffix(3).filter { definesFlags($0, unit) }
        guard let producer = fit.randomElement(using: &random) else { return nil }
        return unit.flags(producer)
    }

    /// Whether what may look at an instruction's flags is the same everywhere. With neither P and A nor an oracle but the interpreter
    /// that is more.
    private func definesFlags(_ producer: Value, _ unit: borrowing Unit) -> Bool {
        let i = unit.instructions[producer.index]
        switch i.opcode {
        case .andn: return options.undefinedFlags
        case .mul: return options.undefinedFlags && options.parity && i.type != .i8
        case .shlFlags, .shrFlags, .sarFlags, .rolFlags, .rorFlags, .rcl, .rcr:
            guard options.undefinedFlags else { return false }
            let amount = unit.instructions[Int(i.b)]
            return options.parity || amount.opcode == .const && amount.immediate & (i.type == .i64 ? 63 : 31) == 1
        default: return true
        }
    }

    /// An operation that leaves flags undefined, and conditions of the others.
    private mutating func partlyDefined(_ unit: inout Unit) {
        var type = integerType()
        let flags: Value
        var conditions: [Condition] = [.cs, .cc]
        switch random.next() % 5 {
        case 0:
            if type == .i8 { type = .i16 }
            flags = unit.flags(unit.append(.mul, type, 0, value(type, &unit).id, value(type, &unit).id))
            conditions += [.vs, .vc]
        case 1:
            if type == .i8 { type = .i64 }
            flags = unit.bitToCarry(value(.flags, &unit), value(type, &unit), value(integerType(), &unit))
            conditions += [.eq, .ne, .hi, .ls]
        default:
            let opcode = pick([.shlFlags, .shrFlags, .sarFlags, .rolFlags, .rorFlags, .rcl, .rcr])
            let isOne = random.chance(30)
            var amount = random.chance(50) ? value(integerType(), &unit) : unit.const(.i8, random.next() % 64)
            if isOne { amount = unit.const(.i8, 1) }
            // From the width on C is undefined.
            if type == .i8 || type == .i16 {
                let kind = unit.type(of: amount)
                amount = unit.and(amount, unit.const(kind, UInt64(type.bits) - 1))
            }
            let operand = value(type, &unit)
            let result = unit.append(opcode, type, 0, operand.id, amount.id, value(.flags, &unit).id)
            flags = unit.flags(result)
            if random.chance(50) { remember(result, unit) }
            conditions += [.eq, .ne, .hi, .ls, .mi, .pl]
            if options.parity { conditions += [.pe, .po] }
            if isOne { conditions += [.vs, .vc, .lt, .ge, .le, .gt] }
        }
        for _ in 0...random.next() % 2 {
            let condition = conditions[Int(random.next() % UInt64(conditions.count))]
            remember(unit.cset(.i32, condition, flags), unit)
        }
    }

    /// A part of what a register of a slot holds, computed from what it held: as guests with such parts do it.
    private mutating func partOfSlot(_ unit: inout Unit) {
        let type: Type = random.chance(60) ? .i8 : .i16
        let slot = slot(.i64)!
        let whole = unit.get(.i64, slot)
        let at = type == .i8 && random.chance(25) ? 8 : 0
        let old = at == 0 ? unit.trunc(type, whole) : unit.trunc(type, unit.shr(whole, unit.const(.i64, 8)))
        let opcode = pick([.add, .sub, .adc, .sbc, .and, .or, .xor, .andn, .neg, .not, .inc, .dec, .mul, .shl])
        let new: Value
        switch opcode {
        case .neg, .not: new = unit.append(opcode, type, 0, old.id)
        case .inc, .dec: new = unit.append(opcode, type, 0, old.id, value(.flags, &unit).id)
        case .adc, .sbc: new = unit.append(opcode, type, 0, old.id, value(type, &unit).id, value(.flags, &unit).id)
        default: new = unit.append(opcode, type, 0, old.id, value(type, &unit).id)
        }
        remember(new, unit)
        let result = unit.insert(from: type, whole, new, at: Int32(at))
        unit.set(slot, result)
        remember(result, unit)
    }

    /// An instruction by its row.
    private mutating func generic(_ opcode: Opcode, _ unit: inout Unit) {
        if !options.vectors, opcode.rawValue >= Opcode.vand.rawValue { return }
        if !options.undefinedFlags, opcode == .fcompare { return }
        if opcode == .bitToCarry, !options.undefinedFlags || !options.parity { return }
        var type: Type
        switch opcode.resultRule {
        case .int: type = integerType()
        case .i32: type = .i32
        case .flags: type = .flags
        case .v128: type = .v128
        default: type = anyType()
        }
        var aux: UInt8 = 0
        switch opcode.auxKind {
        case .lane: aux = UInt8(random.next() % 4)
        case .condition: aux = condition().rawValue
        case .size, .format: aux = UInt8(random.next() % 4)
        case .fused:
            let all = FusedOperation.all
            aux = all[Int(random.next() % UInt64(all.count))].rawValue
        default: break
        }
        var source = integerType()
        adjust(opcode, &type, &aux, &source)
        var words: [UInt32] = [0, 0, 0]
        for field in 0..<3 {
            switch opcode.operandKind(field) {
            case .value:
                switch opcode.operandRule(field) {
                case .same: words[field] = value(type, &unit).id
                case .int: words[field] = value(source, &unit).id
                case .i32: words[field] = value(.i32, &unit).id
                case .i64: words[field] = value(.i64, &unit).id
                case .flags: words[field] = value(.flags, &unit).id
                default: words[field] = value(.v128, &unit).id
                }
                tame(opcode, field, &words[field], &unit)
            case .imm where opcode == .vshuffleHalf: words[field] = UInt32(random.next() % (field == 1 ? 256 : 2))
            case .imm: words[field] = immediate(opcode, type, aux)
            default: break
            }
        }
        let result = unit.append(opcode, type, aux, words[0], words[1], words[2])
        if opcode == .flagsToBits, !options.parity {
            // Of the bits only N, Z, C and V are the same everywhere.
            remember(unit.and(result, unit.const(.i32, 0xC101)), unit)
        } else {
            remember(result, unit)
        }
    }

    /// Amounts of shifts that are no more than the width, as a rule, and strings that have something in common and ends.
    private mutating func tame(_ opcode: Opcode, _ field: Int, _ word: inout UInt32, _ unit: inout Unit) {
        let mask: (low: UInt64, high: UInt64)
        switch opcode {
        case .vshlAll, .vshrAll, .vsarAll:
            guard field == 1, random.chance(80) else { return }
            mask = (random.chance(50) ? 0x1F : 0x4F, .max)
        case .vshlEach, .vshrEach, .vsarEach:
            guard field == 1, random.chance(80) else { return }
            mask = (0x3F_0000_007F, 0x3F_0000_007F)
        case .vstringIndex, .vstringMask, .vstringFlags, .vstringExplicit:
            guard random.chance(90) else { return }
            let letters: UInt64 = random.chance(50) ? 0x0303_0303_0303_0303 : 0x0103_8003_0103_0103
            mask = field == 2 ? (0x1F_0000_001F, 0x17F) : (letters, letters)
        default: return
        }
        word = unit.vand(Value(Int(word)), unit.vconst(low: mask.low, high: mask.high)).id
    }

    /// Makes types and aux agree where the row's sentence asks for more than its columns.
    private mutating func adjust(_ opcode: Opcode, _ type: inout Type, _ aux: inout UInt8, _ source: inout Type) {
        let integers: [Type] = [.i8, .i16, .i32, .i64]
        switch opcode {
        case .zext, .sext:
            type = random.chance(50) ? .i64 : .i32
            source = integers[Int(random.next() % 4)]
            aux = integers[Int(random.next() % 4)].rawValue
            aux = min(aux, type.rawValue, source.rawValue)
        case .udivWide: if type == .i8 || type == .i16 { type = random.chance(50) ? .i32 : .i64 }
        case .bitToCarry: if source == .i8 { source = .i16 }
        case .insert:
            aux = random.chance(50) || type == .i16 ? Type.i8.rawValue : Type.i16.rawValue
            if type == .i8 { type = .i64 }
            source = integers[Int(aux) - 1 + Int(random.next() % UInt64(5 - aux))]
            if !options.narrowArithmetic, source.bits < 32 { source = .i32 }
        case .trunc:
            if type == .i64 { type = .i32 }
            source = integers[Int(type.rawValue) + Int(random.next() % UInt64(4 - Int(type.rawValue)))]
        case .crc32, .crc32c: source = integers[max(Int(aux), 2)]
        case .vsplat, .vinsert: source = integers[max(Int(aux), options.narrowArithmetic ? 0 : 2)]
        case .vfromInt: source = integerType()
        case .vextract: if type.bits < 8 << Int(aux) { type = .i64 }
        case .vwidenU, .vwidenS, .vnarrowS, .vnarrowSU, .vnarrowU: aux = min(aux, 2)
        case .vblendSign: if aux == 1 { aux = 3 }
        case .vshlAll, .vshrAll: aux = max(aux, 1)
        case .vsarAll, .vaddPairs, .vsubPairs: aux = aux & 1 + 1
        case .vshlEach, .vshrEach: aux = aux & 1 + 2
        case .vsarEach: aux = 2
        case .vaverageU: aux &= 1
        case .vsign: aux = min(aux, 2)
        case .vmulDoubleHigh, .vmulDoubleHighRound: aux = aux & 1 + 1
        case .vblend: aux = max(aux, 1)
        case .vshuffle, .vpermute: aux = aux & 1 + 2
        case .vmask: if aux == 1 { aux = 0 }
        case .fconvert, .vfconvert: aux = UInt8(random.next() % 3) + 1
        case .fconvertOdd, .vfconvertOdd, .ftointModulo: aux = 3
        case .vfmulAddWide: aux = 1
        case .froundInteger, .vfroundInteger: aux = max(aux, 2)
        case .vfconvertBrain: aux = 2
        case .sseOrder, .sseConvert: aux &= 1
        case .sseToInt, .sseFromInt:
            aux &= 1
            type = opcode == .sseFromInt ? .v128 : random.chance(50) ? .i64 : .i32
            source = random.chance(50) ? .i64 : .i32
        case .sseAddSub, .sseAddPairs, .sseSubPairs, .sseToWords, .sseFromWords, .sseConvertLanes: aux |= 2
        case .sseReciprocal, .sseReciprocalRoot: aux &= 2
        case .sseFromHalf, .sseToHalf: aux = 2
        case _ where opcode.rawValue >= Opcode.sseAdd.rawValue: break
        case _ where opcode.rawValue >= Opcode.fadd.rawValue:
            aux = UInt8(random.next() % 3) + 1
            source = random.chance(50) ? .i64 : .i32
            if type == .i8 || type == .i16 { type = .i32 }
        default: break
        }
    }

    private mutating func immediate(_ opcode: Opcode, _ type: Type, _ aux: UInt8) -> UInt32 {
        let lane = Lane(rawValue: aux & 3)!
        let limit: Int
        switch opcode {
        case .extract2: return UInt32(random.next() % UInt64(type.bits - 1)) + 1
        case .insert:
            let last = type.bits - Type(rawValue: aux)!.bits
            return random.chance(40)
                ? 0 : random.chance(40) ? UInt32(min(8, last)) : UInt32(random.next() % UInt64(last + 1))
        case .vreverse: return UInt32(aux) + UInt32(random.next() % UInt64(5 - aux))
        case .vshl, .vshr, .vsar: limit = lane.bits
        case .vextract, .vinsert: limit = lane.count
        case .vbytes: limit = 16
        case .vwidenU, .vwidenS: return UInt32(aux) + 1 + UInt32(random.next() % UInt64(3 - aux))
        case .vmulCarryless, .vsha1Rounds4: limit = 4
        case .vsumDifferences4: limit = 8
        case .vstringIndex, .vstringMask, .vstringFlags: limit = 128
        case .vaesKeyAssist: limit = 256
        case .vblend: limit = 1 << lane.count
        case .vinsertWord: limit = 256
        case .sseRound: return UInt32(random.next() % 5) | (random.chance(50) ? 8 : 0)
        case .sseCompare: limit = 32
        case .sseOrder, .sseToInt, .sseToWords: limit = 2
        case .sseToHalf: limit = 5
        case .vshuffle: limit = lane == .d ? 4 : 256
        case .froundInteger, .vfroundInteger: limit = 4
        case .fround, .vfround: return UInt32(random.next() % 6) | (random.chance(50) ? 8 : 0)
        case .ftointS, .ftointU, .vftointS, .vftointU:
            let mode = UInt32(random.next() % 6)
            let bits = opcode.rawValue >= Opcode.vfadd.rawValue ? lane.bits : type.bits
            return random.chance(80) ? mode : mode | (UInt32(random.next() % UInt64(bits)) + 1) << 8
        case .fromIntS, .fromIntU, .vfromIntS, .vfromIntU: limit = lane == .h ? 65 : 1
        case .fcompare: limit = 2
        case .vfconvert: return aux == 2 && random.chance(50) ? 1 : aux == 2 ? 3 : 2
        case .fconvert: return (UInt32(aux) + UInt32(random.next() % 2)) % 3 + 1
        default: limit = 1
        }
        return UInt32(random.next() % UInt64(limit))
    }

    // MARK: Memory

    /// An address in the window, aligned to the size as a rule.
    private mutating func address(_ size: Int, aligned: Bool, _ unit: inout Unit) -> Value {
        let limit = options.faults && random.chance(10) ? 0x1FFF : Self.windowSize - 1
        var mask = limit - (size - 1)
        if !aligned, random.chance(20), size > 1 { mask = (limit & ~31) | 3 & ~16 }
        let offset = unit.and(value(.i64, &unit), unit.const(.i64, UInt64(mask)))
        return unit.add(unit.get(.i64, SyntheticGuest.window), offset)
    }

    private mutating func access(_ unit: inout Unit) {
        let opcode =
            random.chance(75)
            ? (random.chance(50) ? .load : .store)
            : Self.memory[Int(random.next() % UInt64(Self.memory.count))]
        // What was tried may be seen by the fault's pc.
        unit.instruction(pc: pc)
        pc += 4
        if opcode == .cas128 {
            guard options.vectors else { return }
            let at = address(16, aligned: true, &unit)
            return remember(
                unit.append(.cas128, .v128, 0, at.id, value(.v128, &unit).id, value(.v128, &unit).id), unit)
        }
        if opcode == .loadMasked || opcode == .storeMasked { return maskedAccess(opcode, &unit) }
        let isAtomic = opcode != .load && opcode != .store
        let type: Type = options.vectors && !isAtomic && random.chance(25) ? .v128 : integerType()
        let most = type == .v128 ? 4 : type.bits.trailingZeroBitCount - 3
        let size = UInt8(random.next() % UInt64(most + 1))
        let at = address(1 << Int(size), aligned: isAtomic, &unit)
        let orders: [MemoryAccess.Order] =
            opcode == .load ? [.plain, .acquire] : opcode == .store ? [.plain, .release] : [.plain]
        let order = orders[random.chance(80) ? 0 : orders.count - 1]
        let signed = opcode == .load && type != .v128 && random.chance(30)
        let isAligned = type == .v128 && size == 4 && random.chance(50)
        let other = type == .v128 ? value(.v128, &unit) : at
        let aux = MemoryAccess(size: size, signed: signed, order: order, aligned: isAligned).rawValue
        switch opcode {
        case .load where type == .v128 && random.chance(60):
            // Wanted by the operation behind it and, as a rule, by nobody else.
            let loaded = unit.append(.load, type, aux, at.id)
            remember(size == 4 && random.chance(70) ? used(loaded, other, &unit) : usedAlone(loaded, size, &unit), unit)
            if random.chance(20) { remember(loaded, unit) }
        case .load: remember(unit.append(.load, type, aux, at.id), unit)
        case .store: _ = unit.append(.store, .none, aux, at.id, value(type, &unit).id)
        case .cas: remember(unit.append(.cas, type, aux, at.id, value(type, &unit).id, value(type, &unit).id), unit)
        default: remember(unit.append(opcode, type, aux, at.id, value(type, &unit).id), unit)
        }
    }

    private mutating func used(_ loaded: Value, _ other: Value, _ unit: inout Unit) -> Value {
        let number = Int32(random.next() % 256)
        switch random.next() % 50 {
        case 0..<5: return unit.vtest(other, loaded)
        case 5: return unit.vbytes(loaded, other, n: number & 15)
        case 6: return unit.vblend(.h, other, loaded, mask: number)
        case 7: return unit.vshuffle(.s, other, loaded, order: number)
        case 8: return unit.vmulCarryless(other, loaded, half: number & 3)
        case 9: return unit.vsumDifferences4(other, loaded, from: number & 7)
        default: break
        }
        if random.chance(10) { return unit.vshrEach(.s, other, loaded) }
        if random.chance(20) {
            return unit.append(pick([.sseAdd, .sseMax]), .v128, FloatFormat.ps.rawValue, other.id, loaded.id)
        }
        let opcode = pick([.vadd, .vsubSatU, .vminS, .vandn, .vzipHigh, .vshuffleBytes, .vshlAll, .vaesEncrypt])
        let lane = opcode.auxKind == .lane ? UInt8(random.next() % 2) + 1 : 0
        let isSwapped = opcode == .vandn
        let (a, b) = isSwapped ? (loaded, other) : (other, loaded)
        if lane == 2, opcode == .vsubSatU { return unit.vsubSatU(.b, a, b) }
        return unit.append(opcode, .v128, lane, a.id, b.id)
    }

    private mutating func usedAlone(_ loaded: Value, _ size: UInt8, _ unit: inout Unit) -> Value {
        let number = Int32(random.next() % 256)
        let other = unit.vconst(low: random.interestingFloats(), high: random.next())
        switch random.next() % 6 {
        case 5 where size == 2: return unit.append(.sseSub, .v128, FloatFormat.ss.rawValue, other.id, loaded.id)
        case 5 where size == 3: return unit.append(.sseMin, .v128, FloatFormat.sd.rawValue, other.id, loaded.id)
        case 0 where size < 4: return unit.vbroadcast(Lane(rawValue: size)!, loaded)
        case 1 where size == 3: return unit.vwidenS(.h, loaded, to: 2)
        case 2 where size == 2: return unit.vwidenU(.b, loaded, to: 2)
        case 3: return unit.vshuffleHalf(loaded, order: number, half: number & 1)
        case 4: return unit.vshuffle(.s, loaded, loaded, order: number)
        default: return unit.vabs(.h, loaded)
        }
    }

    /// Within the window: which of several lanes' addresses a fault has is the host's choice.
    private mutating func maskedAccess(_ opcode: Opcode, _ unit: inout Unit) {
        guard options.vectors else { return }
        let lanes: [UInt8] = opcode == .loadMasked ? [2, 3] : [0, 2, 3]
        let aux = lanes[Int(random.next() % UInt64(lanes.count))]
        let offset = unit.and(value(.i64, &unit), unit.const(.i64, UInt64(Self.windowSize - 16)))
        let at = unit.add(unit.get(.i64, SyntheticGuest.window), offset)
        if opcode == .loadMasked {
            remember(unit.append(opcode, .v128, aux, at.id, value(.v128, &unit).id), unit)
        } else {
            _ = unit.append(opcode, .none, aux, at.id, value(.v128, &unit).id, value(.v128, &unit).id)
        }
    }
}
