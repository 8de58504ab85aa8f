// Forwards guest state: a `get` of a slot whose value is known is that value, and a `set` of the value that the slot has
// already does nothing. Known is what the last `get`, `set` or `bind` of the slot named, since the chain of blocks began.

import LyrebirdIR

extension Optimizer {
    mutating func forwardState(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) {
        let slot = Int(i.a)
        let isKnown = slots[slot].stamp == stamp
        let value = slots[slot].value
        if i.opcode == .get {
            if isKnown, unit.instructions[Int(value)].type == i.type, burn() {
                var i = i
                replace(index, with: value, &i, unit)
            } else {
                slots[slot] = Stamped(stamp: stamp, value: UInt32(truncatingIfNeeded: index))
            }
        } else if i.opcode == .set, isKnown, value == i.b, burn() {
            unit.instructions[index] = Instruction(.nop, .none)
        } else {
            slots[slot] = Stamped(stamp: stamp, value: i.b)
        }
    }
}
