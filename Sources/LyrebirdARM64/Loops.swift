// Loops as units: the blocks from which a loop's head is reached again, lifted together, so that what goes round stays in
// registers. Calls, indirect branches and exceptions leave the loop, as does every way that does not lead back.

import LyrebirdIR

/// Which instructions behind a head belong to its loop, and where their blocks start.
struct LoopBody {
    let head: UInt64
    /// For each instruction from the head on: whether it belongs to the loop.
    private(set) var contains: [Bool]
    /// Likewise: the block that starts there, -1 for none.
    fileprivate var blocks: [Int32]

    /// - Returns: nil if there is no loop, or a loop with another inside: the inner one is where the time goes.
    init?(_ code: GuestCode, limit: Int) {
        head = code.pc
        let count = min(code.bytes.count / 4, limit)
        var flows: [Flow] = []
        flows.reserveCapacity(count)
        for n in 0..<count {
            flows.append(Flow(UInt32(littleEndian: code.bytes.loadUnaligned(fromByteOffset: 4 * n, as: UInt32.self))))
        }
        func successors(_ n: Int) -> (Int, Int) {
            // -1 where the way leads out of sight.
            let next = flows[n].goesOn && n + 1 < count ? n + 1 : -1
            guard let distance = flows[n].distance else { return (next, -1) }
            let target = n + distance
            return (next, target >= 0 && target < count ? target : -1)
        }
        // What the head leads to…
        var reached = [Bool](repeating: false, count: count)
        var open = count > 0 ? [0] : []
        while let n = open.popLast() {
            guard !reached[n] else { continue }
            reached[n] = true
            let (next, target) = successors(n)
            if next >= 0 { open.append(next) }
            if target >= 0 { open.append(target) }
        }
        // …and what leads to the head.
        var leads = [Bool](repeating: false, count: count)
        var changed = true
        while changed {
            changed = false
            for n in (0..<count).reversed() where reached[n] && !leads[n] {
                let (next, target) = successors(n)
                if target == 0 || next > 0 && leads[next] || target > 0 && leads[target] {
                    leads[n] = true
                    changed = true
                }
            }
        }
        guard count > 0, leads[0] else { return nil }
        contains = leads
        blocks = [Int32](repeating: -1, count: count)
        blocks[0] = 0
        for n in 0..<count where leads[n] {
            let target = successors(n).1
            guard target >= 0, leads[target] else { continue }
            if target > 0, target <= n { return nil }
            blocks[target] = 0
        }
    }

    /// The place of an address in the loop, nil if it is not in it.
    func place(of pc: UInt64) -> Int? {
        let place = Int(truncatingIfNeeded: (pc &- head) &>> 2)
        return pc >= head && place < contains.count && contains[place] ? place : nil
    }

    func block(at pc: UInt64) -> BlockID? {
        guard let place = place(of: pc), blocks[place] >= 0 else { return nil }
        return BlockID(UInt32(blocks[place]))
    }

    /// Instructions from the head to the last one of the loop.
    var span: Int { contains.lastIndex(of: true)! + 1 }
}

/// Where an instruction leads, as far as its encoding says (C4.1.93).
private struct Flow {
    /// In instructions; nil if it is no direct branch within a function.
    var distance: Int?
    var goesOn: Bool

    init(_ word: UInt32) {
        func offset(_ low: UInt32, _ bits: UInt32) -> Int {
            Int(Int32(bitPattern: word << (32 - bits - low)) >> (32 - bits))
        }
        (distance, goesOn) =
            switch word {
            case _ where word >> 26 == 0b000101: (offset(0, 26), false)  // B
            case _ where word >> 24 == 0b0101_0100: (offset(5, 19), word & 15 < 14)  // B.cond; AL and NV always hold
            case _ where word >> 25 & 0x3F == 0b011010: (offset(5, 19), true)  // CBZ, CBNZ
            case _ where word >> 25 & 0x3F == 0b011011: (offset(5, 14), true)  // TBZ, TBNZ
            case _ where word >> 26 == 0b100101: (nil, false)  // BL
            case _ where word >> 25 == 0b1101011: (nil, false)  // BR, BLR, RET
            case _ where word >> 24 == 0b1101_0100: (nil, false)  // Exception generation
            default: (nil, true)
            }
    }
}

extension Lifter {
    /// Guest instructions of a loop at most.
    static let loopLimit = 256

    /// Lifts the loop whose head is the first instruction.
    /// - Returns: false if there is none, or it is too large.
    mutating func liftLoop(_ code: GuestCode) -> Bool {
        guard code.pc & 3 == 0, var body = LoopBody(code, limit: Lifter.loopLimit) else { return false }
        let entry = unit.makeBlock()
        for place in body.blocks.indices where body.blocks[place] >= 0 {
            body.blocks[place] = Int32(unit.makeBlock().id)
        }
        let head = BlockID(UInt32(body.blocks[0]))
        loop = body
        unit.place(entry)
        unit.jump(unit.edge(head))
        unit.loopHead = head
        ended = true
        for place in body.contains.indices where body.contains[place] {
            pc = code.pc &+ UInt64(4 * place)
            if let block = body.block(at: pc) {
                if !ended { unit.jump(unit.edge(block)) }
                unit.place(block)
                if place == 0 { unit.reserveLoopFlags() }
            } else if ended {
                // Behind what the lifter ends a block with: nobody comes here.
                continue
            }
            ended = false
            guard unit.room >= Lifter.roomForOne, hasRoomForExits else { return false }
            let word = UInt32(littleEndian: code.bytes.loadUnaligned(fromByteOffset: 4 * place, as: UInt32.self))
            unit.instruction(pc: pc)
            if let encoding = decode(word) {
                lift(encoding, word)
            } else {
                undefinedInstruction(word)
            }
            unit.guestInstructions += 1
            if !ended, body.place(of: pc &+ 4) == nil {
                unit.exitJump(pc &+ 4)
                ended = true
            }
        }
        unit.guestBytes = 4 * body.span
        finish()
        return true
    }

    /// In a loop: goes to `target` where the condition holds, and on behind the instruction otherwise.
    mutating func branchInLoop(_ body: LoopBody, _ condition: Condition, _ flags: Value, to target: UInt64) {
        let taken = body.block(at: target) ?? exitBlock(target)
        let behind = pc &+ 4
        let goesOn = body.place(of: behind) != nil
        let next = body.block(at: behind) ?? (goesOn ? unit.makeBlock() : exitBlock(behind))
        let then = unit.edge(taken)
        let `else` = unit.edge(next)
        unit.branch(condition, flags, then: then, else: `else`)
        if goesOn, body.block(at: behind) == nil {
            unit.place(next, continues: body.block(at: target) == nil)
        } else {
            ended = true
        }
    }
}
