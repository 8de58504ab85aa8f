// Code that is executed for the first time. Most of what a small program executes is executed once, while it starts, and is interpreted
// for less than a translation costs. What comes again is translated; where that is most of the code, it is from then on translated at once.

import Glibc
import LyrebirdIR

/// What is needed to interpret code once.
final class FirstRuns {
    @exclusivity(unchecked) fileprivate var interpreter: Interpreter
    /// A bit for each address at which code has been executed, by the low bits of the address. Where code of two addresses has the same
    /// one, it is translated at once.
    private let seen: UnsafeMutablePointer<UInt64>
    private static let bits: UInt64 = 1 << 20
    private var first = 0
    private var again = 0
    /// Blocks after which it is known how many come again.
    private static let trial = 1024

    init(_ layout: StateLayout) {
        interpreter = Interpreter(layout: layout)
        // Zeros that take no memory before they are asked for.
        seen = calloc(Int(Self.bits / 64), 8)!.assumingMemoryBound(to: UInt64.self)
    }

    deinit { free(seen) }

    /// Whether code at the address is interpreted: nothing was executed there before, and that is likely to have been all. What comes again
    /// was lifted in vain, which costs about what is saved by what does not.
    @inline(__always)
    func take(_ pc: UInt64) -> Bool {
        if first >= Self.trial, again > first / 2 { return false }
        let bit = pc & (Self.bits - 1)
        let mask: UInt64 = 1 &<< (bit & 63)
        let word = seen + Int(bit / 64)
        if word.pointee & mask != 0 {
            again &+= 1
            return false
        }
        word.pointee |= mask
        first &+= 1
        return true
    }
}

extension Engine {
    /// Interprets the unit, which has just been lifted from the CPU's pc and is plain.
    /// - Returns: nil if the first instruction faults, which is left to generated code.
    func interpret(_ cpu: CPUContext, _ first: FirstRuns) -> TranslationResult? {
        statistics.interpreted += 1
        switch first.interpreter.run(unit, state: cpu.state, hostBase: memory.base) {
        case .jump(let pc, _, _), .indirect(let pc, _, _): cpu.pc = pc
        case .trap(let pc, let reason, let payload):
            cpu.pc = pc
            return .trapped(reason, payload: payload)
        case .fault(_, _, let pc):
            if pc == cpu.pc { return nil }
            cpu.pc = pc
        case .limit: fatalError("a unit that only goes forward has no limit")
        }
        return .interpreted
    }
}
