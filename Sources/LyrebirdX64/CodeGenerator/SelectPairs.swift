// Two halves of 32 bytes that are loaded or stored one behind the other: with AVX, one access of the host's. It faults where a CPU
// that has the guest's instruction does, all of it or nothing, and wants the alignment that the first half says. Values are of 128
// bits all the same: the upper half is taken out or put in beside the access.

import LyrebirdIR

extension CodeGenerator {
    /// The access of the 16 bytes behind those of a load or store, if that comes next.
    mutating func upperHalf(of index: Int, _ i: Instruction, _ unit: borrowing Unit) -> Int? {
        guard hasAVX, i.access.size == 4, !i.access.isAligned, contract.memory != .checked else { return nil }
        var next = index &+ 1
        while next < count, unit.instructions[next].opcode == .nop { next &+= 1 }
        guard next < count, unit.instructions[next].opcode == i.opcode, !values[next].isSkipped else { return nil }
        guard unit.instructions[next].access == MemoryAccess(size: 4) else { return nil }
        if i.opcode == .load, unit.instructions[next].type != .v128 { return nil }
        let (low, high) = (addresses[index], addresses[next])
        guard low.base == high.base, low.index == high.index, low.index < 0 || low.scale == high.scale,
            low.displacement < .max &- 16, high.displacement == low.displacement &+ 16
        else { return nil }
        return next
    }

    mutating func selectLoadPair(_ low: Int, _ high: Int, _ i: Instruction, _ unit: borrowing Unit) {
        let memory = guestMemory(low)
        let firstHome = homeToOverwrite(low, until: high)
        if let firstHome { lock(firstHome) }
        let secondHome = homeToOverwrite(high, until: high)
        if let secondHome { lock(secondHome) }
        let first = firstHome.map { XMM($0 &- 16) } ?? allocateVector(for: low)
        let second = secondHome.map { XMM($0 &- 16) } ?? allocateVector(for: high)
        site(unit)
        if let firstHome { takeHome(firstHome, for: low) }
        if let secondHome { takeHome(secondHome, for: high) }
        hot.avx(i.access.startsPair ? .movaps : .movups, first, memory, L256: true)
        hot.avx(.vextractf128, second, first, imm: 1, L256: true)
        paired = high
    }

    /// The register where a half is wanted in the end, if who is there is needed by nobody but a fault of these very loads.
    private mutating func homeToOverwrite(_ index: Int, until last: Int) -> UInt8? {
        let home = values[index].hint
        guard home != 0xFF, home >= 16, !isLocked(home) else { return nil }
        let value = Int(registerValue[Int(home)])
        guard value >= 0, values[value].end <= Int32(truncatingIfNeeded: last),
            values[value].end >= Int32(truncatingIfNeeded: position)
        else { return nil }
        return home
    }

    private mutating func takeHome(_ home: UInt8, for index: Int) {
        values[Int(registerValue[Int(home)])].register = 0xFF
        own(index, home)
    }

    mutating func selectStorePair(_ low: Int, _ high: Int, _ i: Instruction, _ unit: borrowing Unit) {
        let memory = guestMemory(low)
        let first = useVector(Int(values[Int(i.b)].representative))
        let second = useVector(Int(values[Int(unit.instructions[high].b)].representative))
        let whole = scratchVector()
        hot.avx(.vinsertf128, whole, first, second, imm: 1, L256: true)
        site(unit)
        hot.avx(i.access.startsPair ? .movapsStore : .movupsStore, memory, whole, L256: true)
        paired = high
    }

    /// Where there is no such access: one that is never aligned stands in for one that is not.
    mutating func trapUnlessPairIsAligned(_ memory: Memory, _ unit: borrowing Unit) {
        checkAddress(unit)
        let address = scratchGeneral()
        hot.lea(.b64, address, memory)
        hot.test(.b8, address, imm: 31)
        let isAligned = hot.jccForward(.e)
        site(unit)
        hot.sse(.movaps, .xmm0, Memory(base: .rbp, displacement: 1))
        hot.bind(isAligned)
        hostFlags = -1
    }
}
