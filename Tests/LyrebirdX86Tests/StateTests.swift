// The layout of x86 state: that slots are where their names say, and do not overlap.

import LyrebirdIR
import LyrebirdX86
import Testing

@Suite struct StateTests {
    @Test func slotsAreWhereTheirNamesSay() {
        let known: [(Slot, String)] = [
            (X86State.general(0), "rax"), (X86State.rsp, "rsp"), (X86State.general(15), "r15"),
            (X86State.flags, "flags"),
            (X86State.otherFlags, "otherFlags"), (X86State.segmentBase(.es), "esBase"),
            (X86State.segmentBase(.gs), "gsBase"),
            (X86State.selector(.es), "es"), (X86State.selector(.gs), "gs"), (X86State.mxcsr, "mxcsr"),
            (X86State.x87Control, "x87Control"), (X86State.x87Status, "x87Status"), (X86State.x87Tags, "x87Tags"),
            (X86State.x87Opcode, "x87Opcode"), (X86State.x87Instruction, "x87Instruction"),
            (X86State.x87Operand, "x87Operand"), (X86State.trapOperand, "trapOperand"), (X86State.xmm(0), "xmm0"),
            (X86State.xmm(15), "xmm15"), (X86State.upper(0), "upper0"), (X86State.upper(15), "upper15"),
            (X86State.significand(0), "significand0"), (X86State.significand(7), "significand7"),
            (X86State.exponent(0), "exponent0"), (X86State.exponent(7), "exponent7"),
        ]
        for (slot, name) in known { #expect(X86State.layout.slot(named: name) == slot, "\(name)") }
    }

    @Test func slotsDoNotOverlap() {
        let entries = X86State.layout.entries
        #expect(Set(entries.map(\.name)).count == entries.count)
        var end = 0
        for entry in entries.sorted(by: { $0.offset < $1.offset }) {
            let bytes = entry.type.bits / 8
            // FNSAVE has its own opinion of alignment.
            let isAligned = entry.offset % bytes == 0 || entry.offset >= X86State.layout.x87Image!
            #expect(entry.offset >= end && isAligned, "\(entry.name)")
            end = entry.offset + bytes
        }
        #expect(end <= X86State.layout.size)
        #expect(Set(X86State.pinned.map(\.index)).count == X86State.pinned.count)
    }
}
