// SDM volume 1, 7.3.15 Segment register instructions, and FSGSBASE (7.3.16). In 64-bit mode only the bases of FS and GS count. The
// descriptors are Linux's: the null selectors, and those of the flat segments of user mode.

import LyrebirdIR

extension Lifter {
    /// The selectors of the 32-bit code, the data and the 64-bit code segment, and of the one that has the CPU's number for its limit,
    /// without their privilege level (`arch/x86/include/asm/segment.h`).
    private static let flatSelectors: [UInt32] = [0x20, 0x28, 0x30, 0x78]
    private static let stackSelector: UInt32 = 0x2B

    /// Any other selector is #GP. The base becomes zero.
    mutating func setSegment(_ segment: Segment, _ value: Value) {
        let selector = zeroExtended(value, to: .i32)
        if segment == .ss {
            trap(.generalProtection, where: .ne, unit.flags(unit.sub(selector, const32(Lifter.stackSelector))))
        } else {
            let descriptor = unit.and(selector, const32(0xFFFC))
            var product = descriptor
            for flat in Lifter.flatSelectors { product = unit.mul(product, unit.sub(descriptor, const32(flat))) }
            trap(.generalProtection, where: .ne, resultFlags(product))
        }
        unit.set(X86State.selector(segment), unit.zext(.i64, from: .i32, selector))
        if segment == .fs || segment == .gs { unit.set(X86State.segmentBase(segment), const(0)) }
    }

    mutating func lss(_ i: DecodedInstruction) { loadFarPointer(.ss, i) }
    mutating func lfs(_ i: DecodedInstruction) { loadFarPointer(.fs, i) }
    mutating func lgs(_ i: DecodedInstruction) { loadFarPointer(.gs, i) }

    private mutating func loadFarPointer(_ segment: Segment, _ i: DecodedInstruction) {
        let place = address(i)
        let offset = load(i.operandSize, place)
        let selector = load(2, behind(place, Int32(i.operandSize)))
        setSegment(segment, selector)
        write(i.operand(0), offset, i)
    }

    mutating func rdfsbase(_ i: DecodedInstruction) { readBase(.fs, i) }
    mutating func rdgsbase(_ i: DecodedInstruction) { readBase(.gs, i) }
    mutating func wrfsbase(_ i: DecodedInstruction) { writeBase(.fs, i) }
    mutating func wrgsbase(_ i: DecodedInstruction) { writeBase(.gs, i) }

    private mutating func readBase(_ segment: Segment, _ i: DecodedInstruction) {
        let operand = i.operand(0)
        write(operand, truncated(unit.get(.i64, X86State.segmentBase(segment)), to: type(operand.size)), i)
    }

    private mutating func writeBase(_ segment: Segment, _ i: DecodedInstruction) {
        let base = zeroExtended(read(i.operand(0), i), to: .i64)
        let canonical = unit.sar(unit.shl(base, const(16)), const(16))
        trap(.generalProtection, where: .ne, unit.flags(unit.sub(base, canonical)))
        unit.set(X86State.segmentBase(segment), base)
    }
}
