// What a unit does when it is entered, for an embedder that watches it: coverage is counted, and hooks are called. Everything is home
// then, RAX, RCX, RDX and the host's flags are free, and what the embedder changes is found where the unit looks for it.

import CLyrebird
import LyrebirdIR

/// What is done whenever a unit is entered.
public struct UnitEntry: Sendable {
    /// The kinds of hooks that are called, as the runtime numbers them; 0 for none.
    public var hooks: UInt32 = 0
    /// Bytes of the block that starts here.
    public var blockSize: UInt32 = 0
    /// What the block is known by in the map of edges, and its number in the list of blocks.
    public var coverage: (place: UInt32, number: UInt32)?

    public init() {}
    public var isEmpty: Bool { hooks == 0 && coverage == nil }
}

/// What a call of hooks is told: stands in the cold code.
public struct HookRecord {
    public var pc: UInt64
    public var blockSize: UInt32
    public var instructionSize: UInt32
    public var hooks: UInt32
}

extension CodeGenerator {
    mutating func emitEntry(_ unit: borrowing Unit) {
        if let counter = unit.counter {
            // Who may execute nothing more has not come here.
            let over = cold.cursor
            cold.movImmediate(.rax, unit.startPC)
            cold.mov(.b64, ContextField.pc, .rax)
            cold.mov(.b32, .rax, imm: Int32(TrapReason.budget.rawValue))
            cold.jmp(to: stubs.exitTrap)
            hot.cmp(.b64, slotMemory(counter.index), imm: 0)
            hot.jcc(.le, to: UnsafeRawPointer(over))
        }
        if let coverage = entry.coverage { emitCoverage(coverage.place, coverage.number) }
        if entry.hooks != 0 { emitHook(unit) }
    }

    /// AFL's map: one more at (previous ^ this), where `previous` was shifted, so that A to B is not B to A. A counter that
    /// overflows goes on at 1, so that what was reached never looks as if it was not.
    private mutating func emitCoverage(_ place: UInt32, _ number: UInt32) {
        hot.mov(.b64, .rax, ContextField.coverageEdges)
        hot.mov(.b32, .rcx, ContextField.coveragePrevious)
        hot.xor(.b32, .rcx, imm: Int32(bitPattern: place))
        hot.mov(.b32, ContextField.coveragePrevious, imm: Int32(bitPattern: place &>> 1))
        hot.add(.b8, Memory(base: .rax, index: .rcx), imm: 1)
        hot.adc(.b8, Memory(base: .rax, index: .rcx), imm: 0)
        hot.mov(.b64, .rax, ContextField.coverageBlocks)
        hot.mov(.b8, Memory(base: .rax, displacement: Int32(bitPattern: number)), imm: 1)
    }

    private mutating func emitHook(_ unit: borrowing Unit) {
        let record = cold.cursor
        cold.quad(unit.startPC)
        cold.long(entry.blockSize)
        cold.long(UInt32(truncatingIfNeeded: unit.guestBytes))
        cold.long(entry.hooks)
        hot.lea(.rax, ripRelativeTo: UnsafeRawPointer(record))
        hot.call(to: stubs.hook)
    }
}
