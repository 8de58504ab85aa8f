// Scalars that go round a loop. A scalar operation of the IR leaves zeros above its result; the host's takes over what stands above
// its first operand. What a slot had above a scalar when the loop was entered, nobody knows: so the loop is entered only where that
// is zero, and need not clear it each time round.

import LyrebirdIR

/// Slots that have zeros above the lowest word or doubleword wherever a loop looks.
struct ScalarSlots {
    var words = SlotSet()
    var doubles = SlotSet()

}

extension CodeGenerator {
    mutating func findScalarSlots(_ unit: borrowing Unit) {
        scalarSlots = ScalarSlots()
        guard isLoop else { return }
        scalarSlots.words = scalarSlots(.s, unit)
        scalarSlots.doubles = scalarSlots(.d, unit)
    }

    private mutating func scalarSlots(_ lane: Lane, _ unit: borrowing Unit) -> SlotSet {
        var wanted = SlotSet()
        for index in 0..<count {
            let i = unit.instructions[index]
            guard i.opcode.isScalarFloat, i.lane == lane else { continue }
            let fields = facts[Int(i.opcode.rawValue)].valueFields
            if fields & 1 != 0, let slot = slotRead(i.a, unit) { wanted.insert(slot) }
            if fields & 4 != 0, let slot = slotRead(i.c, unit) { wanted.insert(slot) }
        }
        guard wanted.low | wanted.high != 0 else { return wanted }
        // Whatever is set to something else goes, until nothing is left to go. What is only passed on from another slot depends on that.
        var clean = contract.allSlots
        var changed = true
        while changed {
            changed = false
            for index in 0..<count {
                let i = unit.instructions[index]
                guard i.opcode == .set || i.opcode == .bind, clean.contains(Int(i.a)),
                    !hasZerosAbove(i.b, lane, unit, isClean: { clean.contains($0) })
                else { continue }
                clean.remove(Int(i.a))
                changed = true
            }
        }
        // What they depend on is wanted, too.
        changed = true
        while changed {
            var found = wanted
            for index in 0..<count {
                let i = unit.instructions[index]
                guard i.opcode == .set || i.opcode == .bind, (wanted & clean).contains(Int(i.a)) else { continue }
                _ = hasZerosAbove(i.b, lane, unit) {
                    found.insert($0)
                    return clean.contains($0)
                }
            }
            changed = found != wanted
            wanted = found
        }
        return wanted & clean
    }

    /// The slot of which a vector value is the content.
    private mutating func slotRead(_ value: UInt32, _ unit: borrowing Unit) -> Int? {
        let value = Int(values[Int(value)].representative)
        guard value < count, unit.instructions[value].opcode == .get, unit.instructions[value].type == .v128 else {
            return nil
        }
        return Int(unit.instructions[value].a)
    }

    /// At the loop's way in, where everything is at its home and XMM0, XMM1 and RAX are free: goes on with the head by itself unless there
    /// are the zeros.
    mutating func guardScalars(_ unit: borrowing Unit) {
        var rest = scalarSlots.words | scalarSlots.doubles
        guard rest.low | rest.high != 0 else { return }
        three(.pxor, .xmm1, .xmm1, .xmm1)
        while case let slot = rest.popFirst(), slot >= 0 {
            var source = XMM.xmm0
            let register = outer.registerOfSlot[slot]
            if register == 0xFF { loadVector(source, slotMemory(slot)) } else { source = XMM(register &- 16) }
            shift(.psrldq, .xmm0, source, scalarSlots.words.contains(slot) ? 4 : 8)
            three(.por, .xmm1, .xmm1, .xmm0)
        }
        shift(.psrldq, .xmm0, .xmm1, 8)
        three(.por, .xmm1, .xmm1, .xmm0)
        two(.movqGPRStore, GPR.rax, .xmm1)
        hot.test(.b64, .rax, .rax)
        let differs = hot.jccForward(.ne, near: true)
        swap(&hot, &cold)
        hot.bind(differs)
        addLink(hot.jmpPatchable(to: UnsafeRawPointer(hot.cursor)), poll: nil, target: unit.startPC)
        swap(&hot, &cold)
    }
}
