// Moves, extensions, LEA, SETcc, CMOVcc, exchanges and the stack, held against objdump.

import Testing

@testable import LyrebirdX64

@Suite struct IntegerMoveTests {
    @Test func mov() throws {
        var listing = Listing()
        for width in Width.allCases {
            for first in GPR.all {
                for second in GPR.all {
                    listing.expect("mov \(first.name(width)),\(second.name(width))") { $0.mov(width, first, second) }
                }
            }
            for memory in Memory.cases {
                for register in GPR.representative {
                    let text = (register.name(width), width.pointer + memory.name)
                    listing.expect("mov \(text.0),\(text.1)") { $0.mov(width, register, memory) }
                    listing.expect("mov \(text.1),\(text.0)") { $0.mov(width, memory, register) }
                }
            }
            for value: Int32 in [0, 1, 127, -1, .max, .min] {
                for register in GPR.all {
                    listing.expect("mov \(register.name(width)),\(width.immediate(value))") {
                        $0.mov(width, register, imm: value)
                    }
                }
                for memory in Memory.cases where memory.base != Memory.ripBase {
                    listing.expect("mov \(width.pointer)\(memory.name),\(width.immediate(value))") {
                        $0.mov(width, memory, imm: value)
                    }
                }
            }
        }
        try listing.check(atLeast: 10_000)
    }

    @Test func movImmediate() throws {
        var listing = Listing()
        for register in GPR.all {
            listing.expect("movabs \(register.name(.b64)),0x1234") { $0.movabs(register, 0x1234) }
            for value: UInt64 in [0, 1, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF] {
                listing.expect("mov \(register.name(.b32)),\(hex(value))") { $0.movImmediate(register, value) }
            }
            for value: UInt64 in [0xFFFF_FFFF_FFFF_FFFF, 0xFFFF_FFFF_8000_0000] {
                listing.expect("mov \(register.name(.b64)),\(hex(value))") { $0.movImmediate(register, value) }
            }
            for value: UInt64 in [0x1_0000_0000, 0xFFFF_FFFF_7FFF_FFFF, 0x8000_0000_0000_0000] {
                listing.expect("movabs \(register.name(.b64)),\(hex(value))") { $0.movImmediate(register, value) }
            }
        }
        try listing.check(atLeast: 16 * 11)
    }

    @Test func extensions() throws {
        var listing = Listing()
        for width in Width.wordAndUp {
            for source in [Width.b8, .b16, .b32] where source.rawValue < width.rawValue {
                let isLong = source == .b32
                for first in GPR.representative {
                    for second in GPR.all {
                        let operands = "\(first.name(width)),\(second.name(source))"
                        listing.expect((isLong ? "movsxd " : "movsx ") + operands) {
                            $0.movsx(width, first, source, second)
                        }
                        if !isLong { listing.expect("movzx " + operands) { $0.movzx(width, first, source, second) } }
                    }
                    for memory in Memory.few {
                        let operands = "\(first.name(width)),\(source.pointer)\(memory.name)"
                        listing.expect((isLong ? "movsxd " : "movsx ") + operands) {
                            $0.movsx(width, first, source, memory)
                        }
                        if !isLong { listing.expect("movzx " + operands) { $0.movzx(width, first, source, memory) } }
                    }
                }
            }
        }
        try listing.check(atLeast: 2_000)
    }

    @Test func lea() throws {
        var listing = Listing()
        for width in Width.wordAndUp {
            for register in GPR.representative {
                for memory in Memory.cases where memory.segment == .none {
                    listing.expect("lea \(register.name(width)),\(memory.name)") { $0.lea(width, register, memory) }
                }
            }
        }
        let start = UnsafeRawPointer(listing.assembler.start)
        let offset = listing.assembler.offset
        listing.expect("lea r9,\(Memory(ripRelative: -Int32(offset) - 7).name)") { $0.lea(.r9, ripRelativeTo: start) }
        try listing.check(atLeast: 3_000)
    }

    @Test func conditional() throws {
        var listing = Listing()
        for condition in Condition.allCases {
            for register in GPR.all {
                listing.expect("set\(condition.name) \(register.name(.b8))") { $0.setcc(condition, register) }
                for width in Width.wordAndUp {
                    listing.expect("cmov\(condition.name) \(register.name(width)),\(GPR.r9.name(width))") {
                        $0.cmovcc(condition, width, register, .r9)
                    }
                }
            }
            for memory in Memory.few {
                listing.expect("set\(condition.name) BYTE PTR \(memory.name)") { $0.setcc(condition, memory) }
                for width in Width.wordAndUp {
                    listing.expect("cmov\(condition.name) \(GPR.rdi.name(width)),\(width.pointer)\(memory.name)") {
                        $0.cmovcc(condition, width, .rdi, memory)
                    }
                }
            }
        }
        try listing.check(atLeast: 1_000)
        for condition in Condition.allCases {
            #expect(condition.inverted.rawValue == condition.rawValue ^ 1)
        }
    }

    @Test func exchanges() throws {
        var listing = Listing()
        for width in Width.allCases {
            for register in GPR.all {
                for other in GPR.representative {
                    listing.expect("xchg \(other.name(width)),\(register.name(width))") {
                        $0.xchg(width, other, register)
                    }
                }
                for memory in Memory.few {
                    listing.expect("xchg \(width.pointer)\(memory.name),\(register.name(width))") {
                        $0.xchg(width, memory, register)
                    }
                    guard width != .b8 else { continue }
                    listing.expect("movbe \(register.name(width)),\(width.pointer)\(memory.name)") {
                        $0.movbe(width, register, memory)
                    }
                    listing.expect("movbe \(width.pointer)\(memory.name),\(register.name(width))") {
                        $0.movbe(width, memory, register)
                    }
                }
                if width.rawValue >= Width.b32.rawValue {
                    listing.expect("bswap \(register.name(width))") { $0.bswap(width, register) }
                }
            }
        }
        try listing.check(atLeast: 1_500)
    }

    @Test func stack() throws {
        var listing = Listing()
        for register in GPR.all {
            listing.expect("push \(register.name(.b64))") { $0.push(register) }
            listing.expect("pop \(register.name(.b64))") { $0.pop(register) }
        }
        for memory in Memory.cases {
            listing.expect("push QWORD PTR \(memory.name)") { $0.push(memory) }
            listing.expect("pop QWORD PTR \(memory.name)") { $0.pop(memory) }
        }
        for value: Int32 in [0, 127, 128, -128, -129, .max, .min] {
            listing.expect("push \(Width.b64.immediate(value))") { $0.push(imm: value) }
        }
        listing.expect("pushf") { $0.pushfq() }
        listing.expect("popf") { $0.popfq() }
        listing.expect("lahf") { $0.lahf() }
        listing.expect("sahf") { $0.sahf() }
        try listing.check(atLeast: 300)
    }
}
