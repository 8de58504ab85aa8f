// Drops operations without side effects whose results nobody uses. Runs backward, so that what only they used goes as well.

import LyrebirdIR

extension Optimizer {
    /// - Returns: whether the operation is gone.
    mutating func dropDeadCode(_ index: Int, _ unit: borrowing Unit) -> Bool {
        guard passes.contains(.deadCode), burn() else { return false }
        unit.instructions[index] = Instruction(.nop, .none)
        return true
    }
}
