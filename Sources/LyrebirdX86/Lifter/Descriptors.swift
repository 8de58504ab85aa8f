// SDM volume 3, 2.8 System instructions, of which some are for programs: what asks for descriptors, and for the registers of the system,
// of which Linux shows what never changes (`arch/x86/kernel/umip.c`).

import LyrebirdIR

extension Lifter {
    /// A descriptor that programs see. All of them can be read.
    private struct Descriptor {
        /// Without its privilege level.
        var selector: UInt32
        /// What LAR says.
        var rights: UInt32
        var limit: UInt32
        var isWritable = false
    }

    /// The 32-bit code, the data and the 64-bit code segment, and the one that has the processor's number for its limit, which is told
    /// as 0 (`rdpid`).
    private static let descriptors = [
        Descriptor(selector: 0x20, rights: 0xCF_FB00, limit: .max),
        Descriptor(selector: 0x28, rights: 0xCF_F300, limit: .max, isWritable: true),
        Descriptor(selector: 0x30, rights: 0xAF_FB00, limit: .max),
        Descriptor(selector: 0x78, rights: 0x40_F500, limit: 0),
    ]

    /// What a number is of the descriptor that a selector names, and 0 where there is none.
    private mutating func find(_ selector: Value, _ number: (Descriptor) -> UInt32) -> Value {
        let index = unit.and(zeroExtended(selector, to: .i32), const32(0xFFFC))
        var result = const32(0)
        for descriptor in Lifter.descriptors where number(descriptor) != 0 {
            let flags = unit.flags(unit.sub(index, const32(descriptor.selector)))
            result = unit.select(.eq, flags, const32(number(descriptor)), result)
        }
        return result
    }

    /// ZF is set where the value is not 0.
    private mutating func setZeroUnlessZero(_ value: Value) {
        let isZero = unit.cset(.i32, .eq, resultFlags(value))
        setZero(resultFlags(isZero))
    }

    mutating func lar(_ i: DecodedInstruction) { describe(i) { i.operandSize == 2 ? $0.rights & 0xFFFF : $0.rights } }
    mutating func lsl(_ i: DecodedInstruction) { describe(i) { $0.limit } }

    private mutating func describe(_ i: DecodedInstruction, _ number: (Descriptor) -> UInt32) {
        let selector = read(i.operand(1), i)
        let exists = find(selector) { _ in 1 }
        let value = find(selector, number)
        let destination = i.operand(0).number
        let old = register(destination)
        let wide = i.operandSize == 8 ? unit.zext(.i64, from: .i32, value) : truncated(value, to: type(i.operandSize))
        let new = written(wide, to: destination)
        setRegister(destination, unit.select(.ne, resultFlags(exists), new, old))
        setZeroUnlessZero(exists)
    }

    mutating func verr(_ i: DecodedInstruction) { setZeroUnlessZero(find(read(i.operand(0), i)) { _ in 1 }) }
    mutating func verw(_ i: DecodedInstruction) {
        setZeroUnlessZero(find(read(i.operand(0), i)) { $0.isWritable ? 1 : 0 })
    }

    // MARK: The system's registers

    mutating func sgdt(_ i: DecodedInstruction) { storeTable(0xFFFF_FFFF_FFFE_0000, i) }
    mutating func sidt(_ i: DecodedInstruction) { storeTable(0xFFFF_FFFF_FFFF_0000, i) }

    /// A limit of 0, and the base.
    private mutating func storeTable(_ base: UInt64, _ i: DecodedInstruction) {
        let place = address(i)
        store(const(.i16, 0), place)
        store(const(base), behind(place, 2))
    }

    mutating func smsw(_ i: DecodedInstruction) { storeSystem(0x8005_0033, i) }
    mutating func str(_ i: DecodedInstruction) { storeSystem(0x40, i) }
    mutating func sldt(_ i: DecodedInstruction) { storeSystem(0, i) }

    /// Memory has 16 bits of it in any case.
    private mutating func storeSystem(_ value: UInt64, _ i: DecodedInstruction) {
        let operand = i.operand(0)
        write(operand, const(type(operand.size), value), i)
    }
}
