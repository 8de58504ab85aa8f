// Drops a `set` that a later `set` of the same block overwrites, if nothing in between may fault, leave or read the slot:
// nobody sees the first one. Runs backward; a stamped slot is one that is written before anybody looks.

import LyrebirdIR

extension Optimizer {
    /// - Returns: whether the write is gone.
    mutating func dropDeadWrite(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) -> Bool {
        let slot = Int(i.a)
        guard i.opcode == .set else {
            slots[slot].stamp = stamp &- 1
            return false
        }
        if slots[slot].stamp == stamp, passes.contains(.deadStateWrites), burn() {
            unit.instructions[index] = Instruction(.nop, .none)
            return true
        }
        slots[slot].stamp = stamp
        return false
    }
}
