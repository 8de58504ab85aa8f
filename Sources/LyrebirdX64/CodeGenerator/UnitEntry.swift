// What a unit does when it is entered, for an embedder that watches it: coverage is counted, and hooks are called. Everything is home
// then, RAX, RCX, RDX and the host's flags are free, and what the embedder changes is found where the unit looks for it.
//
// A unit with hooks has a contract of its own: between its like, all of guest state is in memory, so that a call of a hook has nothing
// to store and nothing to load. Who comes from elsewhere enters it by a call that stores the pinned slots; who leaves it for elsewhere
// goes by way of one that loads them.

import CLyrebird
import LyrebirdIR

/// What is done whenever a unit is entered.
public struct UnitEntry: Sendable {
    /// The `lyrebird_hook_record` of hooks that are called; 0 for none.
    public var hooks: UInt = 0
    /// Those who remove hooks do not see to the order of our stores and loads (`lyrebird_membarrier`).
    public var needsFence = false
    /// What the block is known by in the map of edges, and its number in the list of blocks.
    public var coverage: (place: UInt32, number: UInt32)?

    public init() {}
    public var isEmpty: Bool { hooks == 0 && coverage == nil }
}

extension CodeGenerator {
    /// Where the unit's like come in.
    mutating func emitHomeEntry() {
        hot.call(to: stubs.storePins)
        homeEntry = hot.cursor - hotStart
    }

    mutating func emitEntry(_ unit: borrowing Unit) {
        if let counter = unit.counter {
            // Who may execute nothing more has not come here.
            let over = cold.cursor
            cold.movImmediate(.rax, unit.startPC)
            cold.mov(.b64, ContextField.pc, .rax)
            cold.movImmediate(.rax, Self.exitWord(.budget, unit.isInBlock ? TrapReason.inBlock : 0))
            cold.jmp(to: exitTrap)
            hot.cmp(.b64, slotMemory(counter.index), imm: 0)
            hot.jcc(.le, to: UnsafeRawPointer(over))
        }
        if let coverage = entry.coverage { emitCoverage(coverage.place, coverage.number) }
        if entry.hooks != 0 {
            hot.movImmediate(.rax, UInt64(entry.hooks))
            hot.call(to: entry.needsFence ? stubs.fencedHook : stubs.hook)
            if computes(unit) { CommonStubs.takeMXCSR(&hot) }
        }
    }

    private func computes(_ unit: borrowing Unit) -> Bool {
        for place in 0..<unit.placedCount {
            let block = unit.blocks[Int(unit.order[place])]
            for index in Int(block.start)..<Int(block.end) where Self.computes(unit.instructions[index].opcode) {
                return true
            }
        }
        return false
    }

    /// Whether it may raise flags of floating point, or look at them.
    @inline(__always) static func computes(_ opcode: LyrebirdIR.Opcode) -> Bool {
        opcode.rawValue >= LyrebirdIR.Opcode.vshiftU.rawValue
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
}
