// Loops for the comparison with the host CPU: some instructions and a counted branch back. Pointers go on from round to round, over
// the edges of memory often enough, branches skip instructions or leave, and what a flag is undefined behind, nothing tests.

import LyrebirdX86

struct LoopGenerator {
    private var numbers: ExecutionGenerator
    private var codes: CodeGenerator
    private var random: SplitMix
    private let integers: [SpecRow]
    private let vectors: [SpecRow]
    /// Moves of whole vectors, 32 bytes among them.
    private let moves: [SpecRow]

    init(seed: UInt64, rows: [SpecRow], image: [UInt8]) {
        numbers = ExecutionGenerator(seed: seed, rows: rows, image: image)
        codes = CodeGenerator(seed: seed &* 3, mode: Mode(.bits64), rows: rows)
        random = SplitMix(state: seed ^ 0x1005)
        let built = zip(rows, Row.all).filter { $1.isBuilt }
        integers = built.filter { Self.integers.contains($1.mnemonic) }.map(\.0)
        vectors = built.filter { Self.features.contains($1.feature) && !Self.others.contains($1.mnemonic) }.map(\.0)
        moves = built.filter { Self.moves.contains($1.mnemonic) }.map(\.0)
    }

    private static let integers: Set<Mnemonic> = [
        .add, .adc, .sub, .sbb, .and, .or, .xor, .cmp, .test, .inc, .dec, .neg, .not, .mov, .movzx, .movsx, .movsxd,
        .lea,
        .imul, .shl, .shr, .sar, .rol, .ror, .rcl, .rcr, .bt, .cmovcc, .setcc, .bswap, .popcnt, .lzcnt, .tzcnt, .andn,
        .blsi, .blsr, .blsmsk, .bextr, .bzhi, .rorx, .shlx, .shrx, .sarx, .pdep, .pext, .push, .pop,
    ]
    private static let moves: Set<Mnemonic> = [
        .movaps, .movups, .movdqa, .movdqu, .vmovaps, .vmovups, .vmovdqa, .vmovdqu, .vmovapd, .vmovupd, .vlddqu,
        .vextractf128, .vinsertf128, .vpermq, .vbroadcastss, .vzeroupper,
    ]
    private static let features: Set<Feature> = [
        .sse, .sse2, .sse3, .ssse3, .sse4_1, .sse4_2, .avx, .avx2, .fma, .f16C,
    ]
    /// What implies operands, goes by lanes, or controls.
    private static let others: Set<Mnemonic> = ExecutionCase.gathers.union([
        .pcmpestri, .pcmpestrm, .pcmpistri, .pcmpistrm, .vpcmpestri, .vpcmpestrm, .vpcmpistri, .vpcmpistrm, .maskmovdqu,
        .vmaskmovdqu, .maskmovq, .vmaskmovps, .vmaskmovpd, .vpmaskmovd, .vpmaskmovq, .ldmxcsr, .vldmxcsr, .stmxcsr,
        .vstmxcsr, .vcvtps2ph,
    ])

    // MARK: One loop

    /// What stands in the loop, with what it does to the flags.
    private struct Step {
        var code: [UInt8]
        var reads: UInt64 = 0
        var writes: UInt64 = 0
        var undefined: UInt64 = 0
        /// A branch over the next step.
        var skips = false
    }

    private var registers: [UInt64] = []
    /// Registers that are the counter or in addresses, or are changed otherwise.
    private var fixed: Set<UInt8> = []
    private var pointers: Set<UInt8> = []
    private var written: Set<UInt8> = []
    private var counter: UInt8 = 0
    private var used: [DecodedInstruction] = []

    mutating func next(slot: Int) -> ExecutionCase {
        while true {
            if let made = attempt() { return made }
        }
    }

    private mutating func attempt() -> ExecutionCase? {
        registers = (0..<16).map { _ in numbers.value() }
        (fixed, pointers, written, used) = ([4], [], [], [])
        registers[4] = chance(3, of: 4) ? Arena.data + 2048 : edge() & ~7
        repeat { counter = UInt8(random.next() % 16) } while counter == 4
        fixed.insert(counter)
        registers[Int(counter)] = 1 + random.next() % 12
        var steps: [Step] = []
        var exit: Int?
        for _ in 0..<(1 + random.next() % 6) {
            guard let step = instruction() else { return nil }
            if exit == nil, chance(1, of: 8) {
                exit = steps.count
                steps.append(branch(over: 0))
                steps[steps.count - 1].code = [0x0F, 0x80 | steps.last!.code[0] & 15, 0, 0, 0, 0]
                steps[steps.count - 1].skips = false
            }
            if chance(1, of: 6) { steps.append(branch(over: step.code.count)) }
            steps.append(step)
        }
        for pointer in pointers.sorted() where chance(3, of: 4) {
            let place = someplace(in: steps)
            steps.insert(advance(pointer), at: place)
            if let old = exit, place <= old { exit = old + 1 }
        }
        let head: [Step] = chance(1, of: 3) ? [advance(counter, by: 0)] : []
        let (control, countsDown) = control()
        if countsDown, chance(1, of: 2) {
            // To the head as well, or round a loop inside.
            let place = someplace(in: steps)
            let target = chance(1, of: 2) ? 0 : Int(random.next() % UInt64(place + 1))
            let way = wayBack(over: steps[target..<place].reduce(0) { $0 + $1.code.count })
            steps.insert(contentsOf: way, at: place)
            if let old = exit, place <= old { exit = old + way.count }
        }
        var loop = steps + control
        guard let last = loop.last else { return nil }
        let size = loop.reduce(0) { $0 + $1.code.count } - last.code.count
        loop[loop.count - 1].code = last.code + backward(size + last.code.count)
        guard let undefined = undefinedFlags(head + loop, from: head.count) else { return nil }
        var code = (head + loop).flatMap(\.code)
        if let exit {
            // To a breakpoint of its own.
            let at = (head + loop[...exit]).reduce(0) { $0 + $1.code.count }
            let distance = code.count + 3 - at
            for n in 0..<4 { code[at - 4 + n] = UInt8(truncatingIfNeeded: distance >> (8 * n)) }
        }
        guard code.count <= ExecutionCase.room - 4, case .instruction(let first) = decoded(code) else { return nil }
        code += [UInt8](repeating: 0xCC, count: ExecutionCase.room - code.count)
        return ExecutionCase(
            instruction: first, code: code, registers: registers, flags: random.next() & 0x8D5,
            vectors: VectorState(
                mxcsr: 0x1F80 | UInt32(random.next() % 4) << 13, xmm: (0..<16).map { _ in numbers.vector() },
                upper: (0..<16).map { _ in numbers.vector() }), length: 2, target: Arena.data, others: used,
            undefined: undefined)
    }

    private func decoded(_ code: [UInt8]) -> Decoded { code.withUnsafeBytes { decode($0, Mode(.bits64)) } }

    // MARK: Instructions

    /// Some instruction that leaves alone what is fixed.
    private mutating func instruction() -> Step? {
        for _ in 0..<2000 {
            let rows = chance(3, of: 5) ? integers : chance(1, of: 3) ? moves : vectors
            let string = codes.string(of: rows[Int(random.next() % UInt64(rows.count))])
            guard case .instruction(let i) = string.decoded(), i.row.isBuilt, fits(i) else { continue }
            let operands = (0..<i.operandCount).map { i.operand($0) }
            if operands.contains(where: { $0.kind == .memory }), i.mnemonic != .lea, !aim(i) { continue }
            if let first = operands.first, changes(i) {
                if first.kind == .general { written.insert(first.number) }
                if first.kind == .highByte { written.insert(first.number) }
            }
            used.append(i)
            return step(Array(string.bytes.prefix(Int(i.length))), i)
        }
        return nil
    }

    private func changes(_ i: DecodedInstruction) -> Bool {
        ![.cmp, .test, .bt, .push].contains(i.mnemonic)
    }

    private func fits(_ i: DecodedInstruction) -> Bool {
        guard Self.integers.contains(i.mnemonic) || Self.features.contains(i.row.feature) else { return false }
        guard !Self.others.contains(i.mnemonic), i.prefixes.isDisjoint(with: [.lock, .addressSize]),
            i.segmentOverride == nil
        else { return false }
        let operands = (0..<i.operandCount).map { i.operand($0) }
        let kinds: Set<Operand.Kind> = [.general, .highByte, .memory, .vector, .immediate, .implied]
        guard operands.allSatisfy({ kinds.contains($0.kind) }) else { return false }
        // Only two operands or more are no product into rDX and rAX.
        if i.mnemonic == .imul, operands.count < 2 { return false }
        // What 16 bits push is not aligned any more, and POP of rSP ends a loop's stack.
        if i.mnemonic == .push || i.mnemonic == .pop, i.operandSize != 8 { return false }
        // A bit's number in a register goes far through memory.
        if i.mnemonic == .bt, operands[0].kind == .memory, operands[1].kind != .immediate { return false }
        if let first = operands.first, changes(i), first.kind == .general || first.kind == .highByte,
            fixed.contains(first.number)
        {
            return false
        }
        return true
    }

    /// Makes the memory operand lie somewhere, if that can be done with registers that are not changed but by steps.
    private mutating func aim(_ i: DecodedInstruction) -> Bool {
        guard i.base < 16, i.base != counter, !written.contains(i.base) else { return false }
        var offset = UInt64(bitPattern: Int64(i.displacement))
        if i.index != DecodedInstruction.noRegister {
            guard i.index != i.base, !written.contains(i.index) else { return false }
            if !fixed.contains(i.index) {
                registers[Int(i.index)] = random.next() % 64
                fixed.insert(i.index)
            }
            offset &+= registers[Int(i.index)] << UInt64(i.scale)
        }
        if fixed.contains(i.base) {
            let address = registers[Int(i.base)] &+ offset
            return address &+ 64 >= Arena.data && address < Arena.data + 2 * Arena.page + 64
        }
        var target = chance(1, of: 3) ? edge() : Arena.data + 64 + random.next() % 3800 & ~7
        let size = (0..<i.operandCount).map { i.operand($0) }.first { $0.kind == .memory }?.size ?? 0
        if size >= 16, chance(7, of: 8) { target &= ~UInt64(size - 1) }
        registers[Int(i.base)] = target &- offset
        fixed.insert(i.base)
        pointers.insert(i.base)
        return true
    }

    /// Near an end of what can be written, or read.
    private mutating func edge() -> UInt64 {
        switch random.next() % 3 {
        case 0: Arena.data + random.next() % 100
        case 1: Arena.data + Arena.page - random.next() % 200
        default: Arena.data + 2 * Arena.page - random.next() % 200
        }
    }

    /// A place for a step: not between a branch and what it skips.
    private mutating func someplace(in steps: [Step]) -> Int {
        let places = (0...steps.count).filter { $0 == 0 || !steps[$0 - 1].skips }
        return places[Int(random.next() % UInt64(places.count))]
    }

    // MARK: What the loop itself needs

    private func step(_ code: [UInt8], _ i: DecodedInstruction) -> Step {
        typealias F = StatusFlags
        var result = Step(code: code)
        var test = ExecutionCase(
            instruction: i, code: code, registers: registers, flags: 0,
            vectors: VectorState(mxcsr: 0, xmm: [], upper: []))
        // By a register's number of bits, which may be any one.
        let shifts: Set<Mnemonic> = [.shl, .shr, .sar, .rol, .ror, .rcl, .rcr]
        if shifts.contains(i.mnemonic), i.operand(i.operandCount - 1).kind == .general {
            result.undefined = F.all
        } else {
            test.registers[1] = 0
            result.undefined = test.undefinedFlags
        }
        switch i.mnemonic {
        case .add, .sub, .cmp, .neg, .and, .or, .xor, .test, .popcnt, .comiss, .comisd, .ucomiss, .ucomisd, .vcomiss,
            .vcomisd, .vucomiss, .vucomisd, .ptest, .vptest, .vtestps, .vtestpd:
            result.writes = F.all
        case .adc, .sbb:
            result.writes = F.all
            result.reads = F.carry
        case .inc, .dec: result.writes = F.all & ~F.carry
        case .rcl, .rcr: result.reads = F.carry
        case .cmovcc, .setcc, .jcc: result.reads = Self.tested(i.condition)
        default: break
        }
        return result
    }

    /// The flags that a condition tests.
    private static func tested(_ condition: UInt8) -> UInt64 {
        typealias F = StatusFlags
        return switch condition >> 1 {
        case 0: F.overflow
        case 1: F.carry
        case 2: F.zero
        case 3: F.carry | F.zero
        case 4: F.sign
        case 5: F.parity
        case 6: F.sign | F.overflow
        default: F.zero | F.sign | F.overflow
        }
    }

    /// What is undefined anywhere, nil if somebody tests what is.
    private func undefinedFlags(_ steps: [Step], from head: Int) -> UInt64? {
        var now: UInt64 = 0
        var all: UInt64 = 0
        for round in 0..<2 {
            var skipped: UInt64?
            for step in steps[(round == 0 ? 0 : head)...] {
                guard step.reads & now == 0 else { return nil }
                let before = now
                now = now & ~step.writes | step.undefined
                if let other = skipped { now |= other }
                skipped = step.skips ? before : nil
                all |= now
            }
        }
        return all
    }

    private mutating func branch(over size: Int) -> Step {
        let condition = UInt8(random.next() % 16)
        return Step(code: [0x70 | condition, UInt8(size)], reads: Self.tested(condition), skips: true)
    }

    /// Goes on with a pointer.
    private mutating func advance(_ register: UInt8) -> Step {
        let steps: [Int8] = [1, 2, 4, 8, 16, 32, 64, -8, -16, -32]
        return advance(register, by: steps[Int(random.next() % UInt64(steps.count))])
    }

    private mutating func advance(_ register: UInt8, by n: Int8) -> Step {
        let step = UInt8(bitPattern: n)
        if chance(1, of: 3), register & 7 != 4 {
            // LEA.
            let high: UInt8 = register > 7 ? 0x4D : 0x48
            return Step(code: [high, 0x8D, 0x40 | (register & 7) << 3 | register & 7, step])
        }
        let isSubtraction = chance(1, of: 4)
        return Step(
            code: number(register, isSubtraction ? 5 : 0, isSubtraction ? 0 &- step : step),
            writes: StatusFlags.all)
    }

    /// ADD, SUB and CMP of a 64-bit register and a byte, by the opcode's digit.
    private func number(_ register: UInt8, _ digit: UInt8, _ n: UInt8) -> [UInt8] {
        [register > 7 ? 0x49 : 0x48, 0x83, 0xC0 | digit << 3 | register & 7, n]
    }

    /// Counts down and branches back, as long as the count is above a number, or when it is that.
    private mutating func wayBack(over size: Int) -> [Step] {
        let test = Step(code: number(counter, 7, UInt8(2 + random.next() % 5)), writes: StatusFlags.all)
        let skip: UInt8 = chance(1, of: 2) ? 0x76 : 0x75
        let conditions: [UInt8] = [1, 3, 5, 7, 9, 13, 15]
        let condition = conditions[Int(random.next() % UInt64(conditions.count))]
        let distance = -(size + test.code.count + 2 + 4 + 6)
        let bytes = (0..<4).map { UInt8(truncatingIfNeeded: distance >> (8 * $0)) }
        let back = Step(code: number(counter, 5, 1) + [0x0F, 0x80 | condition] + bytes, writes: StatusFlags.all)
        return [test, Step(code: [skip, UInt8(back.code.count)], skips: true), back]
    }

    /// What counts and tests, and whether it counts down; the last one is the branch, without its distance.
    private mutating func control() -> (steps: [Step], countsDown: Bool) {
        typealias F = StatusFlags
        func jump(_ condition: UInt8) -> Step { Step(code: [0x0F, 0x80 | condition], reads: Self.tested(condition)) }
        let wide: UInt8 = counter > 7 ? 0x49 : 0x48
        let narrow: [UInt8] = counter > 7 ? [0x41] : []
        let decrement = chance(1, of: 2) ? [wide] : narrow
        switch random.next() % 5 {
        case 0:
            let code = decrement + [0xFF, 0xC8 | counter & 7]
            return ([Step(code: code, writes: F.all & ~F.carry), jump(5)], true)
        case 1: return ([Step(code: number(counter, 5, 1), writes: F.all), jump(chance(1, of: 2) ? 5 : 15)], true)
        case 2: return ([Step(code: number(counter, 0, 0xFF), writes: F.all), jump(chance(1, of: 2) ? 5 : 2)], true)
        case 3:
            // Up to a number.
            let limit = UInt8(registers[Int(counter)]) + UInt8(random.next() % 14)
            let steps = [
                Step(code: number(counter, 0, 1), writes: F.all), Step(code: number(counter, 7, limit), writes: F.all),
                jump([2, 6, 12, 14][Int(random.next() % 4)]),
            ]
            return (steps, false)
        default:
            let steps = [
                Step(code: decrement + [0xFF, 0xC8 | counter & 7], writes: F.all & ~F.carry),
                Step(
                    code: [counter > 7 ? 0x4D : 0x48, 0x85, 0xC0 | (counter & 7) << 3 | counter & 7], writes: F.all,
                    undefined: F.adjust),
                jump(5),
            ]
            return (steps, true)
        }
    }

    private func backward(_ size: Int) -> [UInt8] {
        let distance = -(size + 4)
        return (0..<4).map { UInt8(truncatingIfNeeded: distance >> (8 * $0)) }
    }

    private mutating func chance(_ n: UInt64, of all: UInt64) -> Bool { random.next() % all < n }
}
