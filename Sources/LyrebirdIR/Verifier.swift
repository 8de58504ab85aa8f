// Checks that a unit is well formed. What it checks, in English:
//
// Blocks
//   - A unit has a block. Each placed block exists, is placed once, begins where the one before it ends, and is not empty.
//   - Parameters are a block's first instructions; `bind`s come next (marks may stand between). The first block has none of
//     either, and nobody goes there with arguments.
//   - A block ends with a terminator, and there is no other one in it.
// Operands
//   - A value operand names an instruction that has a result, stands earlier, and is in the same block or in one that
//     dominates it.
//   - A value's type is what the row of the operation in Spec/ir.ops asks for; so is the result's.
//   - A slot exists and has the type of the value. A pool index lies in the pool with all that is read there.
//   - An edge goes to a placed block and gives each of its parameters a value of its type.
//   - `flags` names an earlier instruction of its block that makes flags.
// Numbers
//   - aux is in range: condition, lane, memory access, source width, hint, reason, helper.
//   - A constant of flags has the bits that `flagsToBits` gives.
//   - Extensions widen and truncations narrow; a memory access is no wider than its value; what is cut from an integer to
//     fill a lane or feed a checksum is there; lane indices, shift amounts and byte positions are in range.
//
// It may be given anything and does not crash: it stops looking closer where something is wrong already. Slow; for tests and
// for debugging passes.

/// Finds what is wrong with a unit.
public struct Verifier {
    let layout: StateLayout

    public init(layout: StateLayout) { self.layout = layout }

    /// - Returns: what is wrong, each with the block and the instruction; empty for a well-formed unit.
    public func errors(in unit: borrowing Unit) -> [String] {
        var check = Check(layout: layout)
        check.blocks(unit)
        guard check.errors.isEmpty else { return check.errors }
        check.findDominators(unit)
        for place in 0..<unit.placedCount {
            let id = Int(unit.order[place])
            for index in Int(unit.blocks[id].start)..<Int(unit.blocks[id].end) { check.instruction(index, unit) }
        }
        return check.errors
    }
}

/// One run of the verifier.
struct Check {
    let layout: StateLayout
    var errors: [String] = []
    /// Per instruction: its block, -1 for none.
    var blockOf: [Int] = []
    /// Per block: how many parameters it has.
    var parameterCounts: [Int] = []
    /// Per block: its immediate dominator; itself for the entry, -1 where nobody gets.
    var dominator: [Int] = []
    private var index = 0
    private var opcode = Opcode.nop

    init(layout: StateLayout) { self.layout = layout }

    mutating func fail(_ message: String) {
        errors.append("b\(blockOf.indices.contains(index) ? blockOf[index] : -1): v\(index) \(opcode.name): \(message)")
    }

    // MARK: Blocks

    mutating func blocks(_ unit: borrowing Unit) {
        blockOf = [Int](repeating: -1, count: unit.count)
        parameterCounts = [Int](repeating: -1, count: unit.blockCount)
        guard unit.placedCount > 0 else { return errors.append("unit: no block is placed") }
        var expected = Int(unit.blocks[Int(unit.order[0])].start)
        guard expected == 0 else { return errors.append("unit: the first block starts at v\(expected)") }
        for place in 0..<unit.placedCount {
            let id = Int(unit.order[place])
            guard id < unit.blockCount else { return errors.append("unit: there is no block b\(id)") }
            guard parameterCounts[id] < 0 else { return errors.append("b\(id): placed twice") }
            let (start, end) = (Int(unit.blocks[id].start), Int(unit.blocks[id].end))
            guard start == expected, end > start, end <= unit.count else {
                return errors.append("b\(id): empty, or not where the block before it ends: v\(start)..<v\(end)")
            }
            expected = end
            for at in start..<end { blockOf[at] = id }
            parameterCounts[id] = 0
            while start + parameterCounts[id] < end, unit.instructions[start + parameterCounts[id]].opcode == .param {
                parameterCounts[id] += 1
            }
            shape(id, isEntry: place == 0, unit)
        }
        if expected != unit.count { errors.append("unit: v\(expected) and what follows is in no block") }
    }

    private mutating func shape(_ id: Int, isEntry: Bool, _ unit: borrowing Unit) {
        let end = Int(unit.blocks[id].end)
        var body = false
        for at in Int(unit.blocks[id].start)..<end {
            (index, opcode) = (at, unit.instructions[at].opcode)
            switch opcode {
            case .param:
                if isEntry { fail("the first block has no parameters") }
                if at >= Int(unit.blocks[id].start) + parameterCounts[id] {
                    fail("a parameter stands behind something else")
                }
            case .bind:
                if isEntry { fail("the first block binds nothing") }
                if body { fail("a binding stands behind something else") }
            case .nop, .instruction: break
            default: body = true
            }
            if opcode.isTerminator, at != end - 1 { fail("a terminator inside a block") }
            if !opcode.isTerminator, at == end - 1 { fail("the block does not end with a terminator") }
        }
    }

    /// The targets of a terminator's edges, as far as they exist.
    private func targets(_ i: Instruction, _ unit: borrowing Unit) -> [Int] {
        let edges = i.opcode == .jump ? [i.a] : i.opcode == .branch ? [i.b, i.c] : []
        var result: [Int] = []
        for edge in edges where Int(edge) < unit.poolCount {
            let id = Int(unit.pool[Int(edge)])
            if id < parameterCounts.count, parameterCounts[id] >= 0 { result.append(id) }
        }
        return result
    }

    /// Cooper, Harvey, Kennedy: "A Simple, Fast Dominance Algorithm".
    mutating func findDominators(_ unit: borrowing Unit) {
        dominator = [Int](repeating: -1, count: unit.blockCount)
        var predecessors = [[Int]](repeating: [], count: unit.blockCount)
        var successors = [[Int]](repeating: [], count: unit.blockCount)
        for place in 0..<unit.placedCount {
            let id = Int(unit.order[place])
            successors[id] = targets(unit.instructions[Int(unit.blocks[id].end) - 1], unit)
            for target in successors[id] { predecessors[target].append(id) }
        }
        // Postorder, with a stack of blocks and how far their successors have been visited.
        let entry = Int(unit.order[0])
        var number = [Int](repeating: -1, count: unit.blockCount)
        var postorder: [Int] = []
        var seen = [Bool](repeating: false, count: unit.blockCount)
        var stack = [(block: entry, next: 0)]
        seen[entry] = true
        while let top = stack.last {
            if top.next < successors[top.block].count {
                stack[stack.count - 1].next += 1
                let target = successors[top.block][top.next]
                if !seen[target] {
                    seen[target] = true
                    stack.append((target, 0))
                }
            } else {
                number[top.block] = postorder.count
                postorder.append(top.block)
                stack.removeLast()
            }
        }
        dominator[entry] = entry
        var changed = true
        while changed {
            changed = false
            for id in postorder.reversed() where id != entry {
                var best = -1
                for predecessor in predecessors[id] where dominator[predecessor] >= 0 {
                    var (a, b) = (predecessor, best < 0 ? predecessor : best)
                    while a != b {
                        while number[a] < number[b] { a = dominator[a] }
                        while number[b] < number[a] { b = dominator[b] }
                    }
                    best = a
                }
                if dominator[id] != best {
                    dominator[id] = best
                    changed = true
                }
            }
        }
    }

    private func dominates(_ a: Int, _ b: Int) -> Bool {
        var at = b
        while at != a {
            let up = dominator[at]
            // Nobody gets to b: whatever it uses is never asked for.
            if up < 0 { return true }
            if up == at { return false }
            at = up
        }
        return true
    }

    // MARK: Instructions

    mutating func instruction(_ at: Int, _ unit: borrowing Unit) {
        let i = unit.instructions[at]
        (index, opcode) = (at, i.opcode)
        let before = errors.count
        result(i)
        aux(i)
        for field in 0..<3 {
            let word = field == 0 ? i.a : field == 1 ? i.b : i.c
            switch opcode.operandKind(field) {
            case .none, .imm, .imm64: break
            case .value: value(word, opcode.operandRule(field), i, unit)
            case .slot: if Int(word) >= layout.entries.count { fail("there is no slot \(word)") }
            case .edge: edge(word, unit)
            case .pool: pool(word, i, unit)
            }
        }
        // The rest looks at operands, which must be there.
        if errors.count == before { numbers(i, unit) }
    }

    private mutating func result(_ i: Instruction) {
        let fits =
            switch i.opcode.resultRule {
            case .none: i.type == .none
            default: matches(i.type, i.opcode.resultRule, i)
            }
        if !fits { fail("has the type \(i.type)") }
    }

    private func matches(_ type: Type, _ rule: Opcode.TypeRule, _ i: Instruction) -> Bool {
        switch rule {
        case .none: type == .none
        case .same: type == i.type
        case .any: type != .none
        case .int: type.isInteger
        case .i8: type == .i8
        case .i16: type == .i16
        case .i32: type == .i32
        case .i64: type == .i64
        case .flags: type == .flags
        case .v128: type == .v128
        }
    }

    private mutating func value(_ word: UInt32, _ rule: Opcode.TypeRule, _ i: Instruction, _ unit: borrowing Unit) {
        let at = Int(word)
        guard at < unit.count, unit.instructions[at].type != .none else { return fail("there is no value v\(at)") }
        guard at < index else { return fail("v\(at) does not stand before it") }
        guard dominates(blockOf[at], blockOf[index]) else { return fail("v\(at) is not made on every way here") }
        let type = unit.instructions[at].type
        if !matches(type, rule, i) {
            fail("v\(at) has the type \(type), not \(rule == .same ? "\(i.type)" : "\(rule)")")
        }
    }

    private mutating func edge(_ word: UInt32, _ unit: borrowing Unit) {
        let at = Int(word)
        guard at + 2 <= unit.poolCount else { return fail("there is no edge at \(at) in the pool") }
        let target = Int(unit.pool[at])
        guard target < parameterCounts.count, parameterCounts[target] >= 0 else {
            return fail("goes to b\(target), which is not placed")
        }
        let count = Int(unit.pool[at + 1])
        guard count <= unit.poolCount - at - 2 else { return fail("the edge to b\(target) reaches beyond the pool") }
        guard count == parameterCounts[target] else {
            return fail("gives b\(target) \(count) arguments for \(parameterCounts[target]) parameters")
        }
        for n in 0..<count {
            let parameter = unit.instructions[Int(unit.blocks[target].start) + n]
            value(unit.pool[at + 2 + n], .same, parameter, unit)
        }
    }

    private mutating func pool(_ word: UInt32, _ i: Instruction, _ unit: borrowing Unit) {
        let words = i.opcode == .vconst ? 4 : i.aux == ExitHint.call.rawValue ? 2 : 0
        if words > 0, Int(word) + words > unit.poolCount { fail("\(words) words at \(word) are not in the pool") }
    }

    private mutating func aux(_ i: Instruction) {
        let fits =
            switch i.opcode.auxKind {
            case .none: i.aux == 0
            case .lane: Lane(rawValue: i.aux) != nil
            case .condition: Condition(rawValue: i.aux) != nil
            case .memory: i.aux & 0xC0 != 0xC0 && i.access.size <= 4
            case .size: i.aux <= 3
            case .width: Type(rawValue: i.aux)?.isInteger == true
            case .hint: ExitHint(rawValue: i.aux) != nil
            case .reason: TrapReason(rawValue: i.aux) != nil
            case .helper: Helper(rawValue: i.aux) != nil
            case .format: FloatFormat(rawValue: i.aux) != nil
            case .fused: FusedOperation(rawValue: i.aux) != nil
            }
        if !fits { fail("aux is \(i.aux)") }
    }

    // MARK: Numbers

    private mutating func numbers(_ i: Instruction, _ unit: borrowing Unit) {
        // Not every field is a value.
        func type(_ word: UInt32) -> Type { Int(word) < unit.count ? unit.instructions[Int(word)].type : .none }
        let (b, c) = (Int(Int32(bitPattern: i.b)), Int(Int32(bitPattern: i.c)))
        switch i.opcode {
        case .get: if layout.entries[Int(i.a)].type != i.type { fail("the slot's type is another") }
        case .set, .bind: if layout.entries[Int(i.a)].type != type(i.b) { fail("the slot's type is another") }
        case .const:
            if i.type == .v128 { fail("a vector is no constant in the fields") }
            if i.type == .flags, Evaluate.flags(fromBits: i.immediate) != i.immediate { fail("these are no flags") }
        case .flags:
            if blockOf[Int(i.a)] != blockOf[index] { fail("v\(i.a) is in another block") }
            if !Evaluate.hasFlags(unit.instructions[Int(i.a)].opcode) { fail("v\(i.a) makes no flags") }
            if unit.instructions[Int(i.a)].opcode == .mul, type(i.a) == .i8 { fail("v\(i.a) is too narrow") }
        case .bitToCarry: if type(i.b) == .i8 { fail("v\(i.b) is too narrow") }
        case .insert:
            let source = Type(rawValue: i.aux)!
            if source.bits > 16 || source.bits > type(i.b).bits { fail("\(source) is too wide") }
            if c < 0 || c > i.type.bits - source.bits || source == i.type { fail("there is no place at bit \(c)") }
        case .udivWide: if i.type.bits < 32 { fail("has the type \(i.type)") }
        case .extract2: if c <= 0 || c >= i.type.bits { fail("shifts by \(c)") }
        case .zext, .sext:
            let source = Type(rawValue: i.aux)!
            if source.bits > i.type.bits || source.bits > type(i.a).bits { fail("\(source) is too wide") }
        case .trunc: if type(i.a).bits <= i.type.bits { fail("does not narrow") }
        case .crc32, .crc32c: if type(i.b).bits < 8 << Int(i.aux) { fail("the data is too narrow") }
        case .x87Load, .x87Store:
            if X87Code(bits: i.c).memory == 0 { fail("accesses nothing") }
        case .mmxGet, .mmxSet:
            let register = i.opcode == .mmxGet ? i.a : i.b
            if register > 7 { fail("there is no MMX register \(register)") }
        case .x87Image, .x87SetImage:
            let (offset, type) = i.opcode == .x87Image ? (i.a, i.type) : (i.b, type(i.a))
            if Int(offset) > X87Image.size - type.bits / 8 { fail("there is nothing at \(offset)") }
        case .load: access(i, i.type, .release)
        case .store: access(i, type(i.b), .acquire)
        case .rmwAdd, .rmwAnd, .rmwOr, .rmwXor, .rmwExchange, .rmwMaxS, .rmwMinS, .rmwMaxU, .rmwMinU, .cas:
            access(i, i.type, nil)
        case _ where i.opcode.auxKind == .format: formats(i, type(i.b), b, c)
        case _ where i.opcode.auxKind == .fused: break
        default: lanes(i, type(i.opcode == .vinsert ? i.b : i.a), b, c)
        }
    }

    private mutating func access(_ i: Instruction, _ type: Type, _ wrongOrder: MemoryAccess.Order?) {
        let access = i.access
        if type == .flags || type == .none { return fail("moves flags") }
        if 8 * access.bytes > type.bits { fail("\(access.bytes) bytes do not fit \(type)") }
        if access.order == wrongOrder { fail("has the order \(access.order)") }
        if access.isSigned, i.opcode != .load || type == .v128 { fail("has a sign") }
        if access.isAligned || access.startsPair, type != .v128 || access.size != 4 { fail("is aligned") }
    }

    private mutating func lanes(_ i: Instruction, _ source: Type, _ b: Int, _ c: Int) {
        let lane = i.lane
        switch i.opcode {
        case .vshl, .vshr, .vsar: if b < 0 || b >= lane.bits { fail("shifts by \(b)") }
        case .vsplat: if source.bits < lane.bits { fail("\(source) does not fill a lane") }
        case .vextract:
            if b < 0 || b >= lane.count { fail("there is no lane \(b)") }
            if i.type.bits < lane.bits { fail("the lane does not fit \(i.type)") }
        case .vinsert:
            if c < 0 || c >= lane.count { fail("there is no lane \(c)") }
            if source.bits < lane.bits { fail("\(source) does not fill a lane") }
        case .vinsertWord: if c < 0 || c > 255 { fail("there is no way \(c)") }
        case .vbytes: if c < 0 || c >= 16 { fail("there is no byte \(c)") }
        case .vwidenU, .vwidenS:
            if lane == .d || b > 3 {
                fail("there is no wider lane")
            } else if b <= Int(i.aux) {
                fail("2^\(b) bytes are no more")
            }
        case .vnarrowS, .vnarrowSU, .vnarrowU: if lane == .d { fail("there is no wider lane") }
        case .vmulDoubleHigh, .vmulDoubleHighRound: if lane != .h, lane != .s { fail("the lane is \(lane)") }
        case .vmulCarryless, .vsha1Rounds4: if c < 0 || c > 3 { fail("there is no half or function \(c)") }
        case .vshuffleHalf:
            if b < 0 || b > 0xFF { fail("there is no order \(b)") }
            if c < 0 || c > 1 { fail("there is no half \(c)") }
        case .vsumDifferences4: if c < 0 || c > 7 { fail("there is no place \(c)") }
        case .vaesKeyAssist: if b < 0 || b > 0xFF { fail("the constant is \(b)") }
        case .vstringIndex, .vstringMask, .vstringFlags: if c < 0 || c > 0x7F { fail("there is no way \(c)") }
        case .vblendSign: if lane == .h { fail("the lane is h") }
        case .vshlAll, .vshrAll: if lane == .b { fail("the lane is b") }
        case .vsarAll, .vaddPairs, .vsubPairs: if lane != .h, lane != .s { fail("the lane is \(lane)") }
        case .vshlEach, .vshrEach: if lane.rawValue < 2 { fail("the lane is \(lane)") }
        case .vsarEach: if lane != .s { fail("the lane is \(lane)") }
        case .vaverageU: if lane.rawValue > 1 { fail("the lane is \(lane)") }
        case .vsign: if lane == .d { fail("the lane is d") }
        case .vblend: if lane == .b || c < 0 || c >> lane.count != 0 { fail("there is no blend \(c)") }
        case .vshuffle:
            if lane.rawValue < 2 || c < 0 || c >> (lane == .d ? 2 : 8) != 0 { fail("there is no order \(c)") }
        case .vpermute, .loadMasked: if lane.rawValue < 2 { fail("the lane is \(lane)") }
        case .vmask, .storeMasked: if lane == .h { fail("the lane is \(lane)") }
        case .vreverse: if b < Int(lane.rawValue) || b > 4 { fail("there is no group of 2^\(b) bytes") }
        default: float(i, source, b)
        }
    }

    /// Operations of SSE: what has only scalar, only packed forms, and immediates.
    private mutating func formats(_ i: Instruction, _ source: Type, _ b: Int, _ c: Int) {
        switch i.opcode {
        case .sseOrder, .sseToInt, .sseFromInt, .sseConvert: if !i.format.isScalar { fail("is of \(i.format)") }
        case .sseAddSub, .sseAddPairs, .sseSubPairs, .sseToWords, .sseFromWords, .sseConvertLanes:
            if i.format.isScalar { fail("is of \(i.format)") }
        case .sseReciprocal, .sseReciprocalRoot: if i.format.isDouble { fail("is of \(i.format)") }
        case .sseFromHalf, .sseToHalf: if i.format != .ps { fail("is of \(i.format)") }
        default: break
        }
        switch i.opcode {
        case .sseRound: if c < 0 || c & 7 > 4 || c > 12 { fail("there is no mode \(c)") }
        case .sseCompare: if c < 0 || c > 31 { fail("there is no predicate \(c)") }
        case .sseOrder: if c < 0 || c > 1 { fail("there is no kind \(c)") }
        case .sseToHalf: if b < 0 || b > 4 { fail("there is no mode \(b)") }
        case .sseToInt, .sseToWords:
            if b < 0 || b > 1 { fail("there is no kind \(b)") }
            if i.opcode == .sseToInt, i.type.bits < 32 { fail("has the type \(i.type)") }
        case .sseFromInt: if source.bits < 32 { fail("converts \(source)") }
        default: break
        }
    }

    private mutating func float(_ i: Instruction, _ source: Type, _ b: Int) {
        guard i.opcode.effect == .float else { return }
        switch i.opcode {
        case .fconvert, .vfconvert:
            let isPair = i.opcode == .fconvert ? b != Int(i.aux) : abs(b - Int(i.aux)) == 1
            if i.lane == .b || b < 1 || b > 3 || !isPair { fail("does not convert \(i.lane) to 2^\(b) bytes") }
            return
        case .fround, .ftointS, .ftointU, .vfround, .vftointS, .vftointU:
            if b & 7 > 5 || b & ~0x7F0F != 0 { fail("there is no mode \(b)") }
            if i.type.bits < 32 { fail("has the type \(i.type)") }
        case .froundInteger, .vfroundInteger: if b < 0 || b > 3 { fail("there is no kind \(b)") }
        case .fconvertOdd, .vfconvertOdd, .ftointModulo: if i.lane != .d { fail("the lane is \(i.lane)") }
        case .fromIntS, .fromIntU, .vfromIntS, .vfromIntU:
            if source.bits < 32 { fail("converts \(source)") }
            if b < 0 || b > (i.lane == .h ? 64 : 0) { fail("there are no \(b) bits of fraction") }
        case .vfmulAddWide: if i.lane != .h { fail("the lane is \(i.lane)") }
        case .vfconvertBrain: if i.lane != .s { fail("the lane is \(i.lane)") }
        default: break
        }
        let isSize = i.opcode == .froundInteger || i.opcode == .vfroundInteger
        if i.lane == .b || (i.lane == .h && isSize) { fail("the lane is \(i.lane)") }
    }
}
