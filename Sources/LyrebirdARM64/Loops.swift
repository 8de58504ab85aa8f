// Loops of A64 as units (`LoopBody`).

import LyrebirdIR

extension Flow {
    /// Where an instruction leads (C4.1.93).
    fileprivate init(_ word: UInt32) {
        func offset(_ low: UInt32, _ bits: UInt32) -> Int {
            Int(Int32(bitPattern: word << (32 - bits - low)) >> (32 - bits))
        }
        let (distance, goesOn): (Int?, Bool) =
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
        self.init(length: 4, distance: distance.map { 4 * $0 }, goesOn: goesOn)
    }
}

extension Lifter {
    /// Guest instructions of a loop at most.
    static let loopLimit = 256

    /// Lifts the loop whose head is the first instruction.
    /// - Returns: false if there is none, or it is too large.
    mutating func liftLoop(_ code: GuestCode) -> Bool {
        let flows = (0..<min(code.bytes.count / 4, Lifter.loopLimit)).map { place in
            Flow(UInt32(littleEndian: code.bytes.loadUnaligned(fromByteOffset: 4 * place, as: UInt32.self)))
        }
        guard code.pc & 3 == 0, var body = LoopBody(head: code.pc, flows) else { return false }
        let entry = unit.makeBlock()
        let head = body.makeBlocks(in: &unit)
        loop = body
        unit.innerLoops = body.innerHeads
        unit.place(entry)
        unit.jump(unit.edge(head))
        unit.loopHead = head
        for first in body.order {
            pc = code.pc &+ UInt64(4 * first)
            unit.place(body.block(at: pc)!)
            if first == 0 { unit.reserveLoopFlags() }
            ended = false
            while !ended {
                guard unit.room >= Lifter.roomForOne, hasRoomForExits else { return false }
                let offset = Int(pc &- code.pc)
                let word = UInt32(littleEndian: code.bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
                unit.instruction(pc: pc)
                if let encoding = decode(word) {
                    lift(encoding, word)
                } else {
                    undefinedInstruction(word)
                }
                unit.guestInstructions += 1
                if ended { break }
                pc &+= 4
                if let block = body.block(at: pc) {
                    unit.jump(unit.edge(block))
                    ended = true
                } else if body.place(of: pc) == nil {
                    unit.exitJump(pc)
                    ended = true
                }
            }
        }
        unit.guestBytes = body.span
        finish()
        return true
    }

    /// In a loop: goes to `target` where the condition holds, and on behind the instruction otherwise.
    mutating func branchInLoop(_ body: LoopBody, _ condition: Condition, _ flags: Value, to target: UInt64) {
        let inside = body.block(at: target, from: pc)
        let taken = inside ?? exitBlock(target)
        let behind = pc &+ 4
        let goesOn = body.place(of: behind) != nil
        let next = body.block(at: behind) ?? (goesOn ? unit.makeBlock() : exitBlock(behind))
        let then = unit.edge(taken)
        let `else` = unit.edge(next)
        unit.branch(condition, flags, then: then, else: `else`)
        if goesOn, body.block(at: behind) == nil {
            unit.place(next, continues: inside == nil)
        } else {
            ended = true
        }
    }
}
