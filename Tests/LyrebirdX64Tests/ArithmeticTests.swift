// Integer arithmetic and logic, shifts, bits, BMI and CRC32, held against objdump.

import Testing

@testable import LyrebirdX64

@Suite struct ArithmeticTests {
    /// The boundaries of 8-, 16- and 32-bit immediates.
    private static let immediates: [Int32] = [
        0, 1, 127, 128, 255, -1, -128, -129, 0x7FFF, -0x8000, 0xFFFF, 0x12345, .max, .min,
    ]

    @Test(arguments: ArithmeticOperation.allCases)
    func eight(_ operation: ArithmeticOperation) throws {
        var listing = Listing()
        let name = "\(operation)"
        for width in Width.allCases {
            for first in GPR.all {
                for second in GPR.representative {
                    listing.expect("\(name) \(first.name(width)),\(second.name(width))") { a in
                        switch operation {
                        case .add: a.add(width, first, second)
                        case .or: a.or(width, first, second)
                        case .adc: a.adc(width, first, second)
                        case .sbb: a.sbb(width, first, second)
                        case .and: a.and(width, first, second)
                        case .sub: a.sub(width, first, second)
                        case .xor: a.xor(width, first, second)
                        case .cmp: a.cmp(width, first, second)
                        }
                    }
                }
                for memory in Memory.few {
                    let pointer = width.pointer + memory.name
                    listing.expect("\(name) \(first.name(width)),\(pointer)") { a in
                        switch operation {
                        case .add: a.add(width, first, memory)
                        case .or: a.or(width, first, memory)
                        case .adc: a.adc(width, first, memory)
                        case .sbb: a.sbb(width, first, memory)
                        case .and: a.and(width, first, memory)
                        case .sub: a.sub(width, first, memory)
                        case .xor: a.xor(width, first, memory)
                        case .cmp: a.cmp(width, first, memory)
                        }
                    }
                    listing.expect("\(name) \(pointer),\(first.name(width))") { a in
                        switch operation {
                        case .add: a.add(width, memory, first)
                        case .or: a.or(width, memory, first)
                        case .adc: a.adc(width, memory, first)
                        case .sbb: a.sbb(width, memory, first)
                        case .and: a.and(width, memory, first)
                        case .sub: a.sub(width, memory, first)
                        case .xor: a.xor(width, memory, first)
                        case .cmp: a.cmp(width, memory, first)
                        }
                    }
                }
                for value in Self.immediates {
                    listing.expect("\(name) \(first.name(width)),\(width.signed(value))") { a in
                        switch operation {
                        case .add: a.add(width, first, imm: value)
                        case .or: a.or(width, first, imm: value)
                        case .adc: a.adc(width, first, imm: value)
                        case .sbb: a.sbb(width, first, imm: value)
                        case .and: a.and(width, first, imm: value)
                        case .sub: a.sub(width, first, imm: value)
                        case .xor: a.xor(width, first, imm: value)
                        case .cmp: a.cmp(width, first, imm: value)
                        }
                    }
                }
            }
            for memory in Memory.few {
                for value in Self.immediates {
                    listing.expect("\(name) \(width.pointer)\(memory.name),\(width.signed(value))") { a in
                        switch operation {
                        case .add: a.add(width, memory, imm: value)
                        case .or: a.or(width, memory, imm: value)
                        case .adc: a.adc(width, memory, imm: value)
                        case .sbb: a.sbb(width, memory, imm: value)
                        case .and: a.and(width, memory, imm: value)
                        case .sub: a.sub(width, memory, imm: value)
                        case .xor: a.xor(width, memory, imm: value)
                        case .cmp: a.cmp(width, memory, imm: value)
                        }
                    }
                }
            }
        }
        try listing.check(atLeast: 2_000)
    }

    @Test func immediatesAreShort() {
        let bytes = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 64)
        defer { bytes.deallocate() }
        func length(_ emit: (inout Assembler) -> Void) -> Int {
            var assembler = Assembler(bytes)
            emit(&assembler)
            return assembler.offset
        }
        #expect(length { $0.add(.b64, .rax, imm: 127) } == 4)
        #expect(length { $0.add(.b32, .rax, imm: 1000) } == 5)
        #expect(length { $0.add(.b32, .rcx, imm: -128) } == 3)
        #expect(length { $0.add(.b32, .rcx, imm: 128) } == 6)
        #expect(length { $0.add(.b8, .rax, imm: 5) } == 2)
        #expect(length { $0.and(.b16, .rcx, imm: 0xFFFF) } == 4)
        #expect(length { $0.movImmediate(.rax, 0) } == 5)
        #expect(length { $0.movImmediate(.rax, .max) } == 7)
        #expect(length { $0.mov(.b32, .rax, Memory(base: .rbp, displacement: -128)) } == 3)
        #expect(length { $0.shl(.b32, .rax, imm: 1) } == 2)
        #expect(length { $0.andn(.b32, .rax, .rcx, .rdx) } == 5)
    }

    @Test func unaryAndMultiply() throws {
        var listing = Listing()
        for width in Width.allCases {
            for operand in GPR.all {
                let name = operand.name(width)
                listing.expect("inc \(name)") { $0.inc(width, operand) }
                listing.expect("dec \(name)") { $0.dec(width, operand) }
                listing.expect("not \(name)") { $0.not(width, operand) }
                listing.expect("neg \(name)") { $0.neg(width, operand) }
                listing.expect("mul \(name)") { $0.mul(width, operand) }
                listing.expect("imul \(name)") { $0.imul(width, operand) }
                listing.expect("div \(name)") { $0.div(width, operand) }
                listing.expect("idiv \(name)") { $0.idiv(width, operand) }
            }
            for operand in Memory.cases {
                let name = width.pointer + operand.name
                listing.expect("inc \(name)") { $0.inc(width, operand) }
                listing.expect("dec \(name)") { $0.dec(width, operand) }
                listing.expect("not \(name)") { $0.not(width, operand) }
                listing.expect("neg \(name)") { $0.neg(width, operand) }
                listing.expect("mul \(name)") { $0.mul(width, operand) }
                listing.expect("imul \(name)") { $0.imul(width, operand) }
                listing.expect("div \(name)") { $0.div(width, operand) }
                listing.expect("idiv \(name)") { $0.idiv(width, operand) }
            }
            guard width != .b8 else { continue }
            for first in GPR.representative {
                for second in GPR.representative {
                    let names = "\(first.name(width)),\(second.name(width))"
                    listing.expect("imul \(names)") { $0.imul(width, first, second) }
                    for value in Self.immediates {
                        listing.expect("imul \(names),\(width.signed(value))") {
                            $0.imul(width, first, second, imm: value)
                        }
                    }
                }
                for memory in Memory.few {
                    let names = "\(first.name(width)),\(width.pointer)\(memory.name)"
                    listing.expect("imul \(names)") { $0.imul(width, first, memory) }
                    for value in Self.immediates {
                        listing.expect("imul \(names),\(width.signed(value))") {
                            $0.imul(width, first, memory, imm: value)
                        }
                    }
                }
            }
        }
        try listing.check(atLeast: 8_000)
    }

    @Test func tests() throws {
        var listing = Listing()
        for width in Width.allCases {
            for first in GPR.all {
                for second in GPR.representative {
                    listing.expect("test \(first.name(width)),\(second.name(width))") { $0.test(width, first, second) }
                }
                for memory in Memory.few {
                    listing.expect("test \(width.pointer)\(memory.name),\(first.name(width))") {
                        $0.test(width, memory, first)
                    }
                }
                for value in Self.immediates {
                    listing.expect("test \(first.name(width)),\(width.immediate(value))") {
                        $0.test(width, first, imm: value)
                    }
                }
            }
            for memory in Memory.few {
                for value in Self.immediates {
                    listing.expect("test \(width.pointer)\(memory.name),\(width.immediate(value))") {
                        $0.test(width, memory, imm: value)
                    }
                }
            }
        }
        try listing.check(atLeast: 2_000)
    }

    @Test func withoutOperands() throws {
        var listing = Listing()
        listing.expect("cwd") { $0.cwd() }
        listing.expect("cdq") { $0.cdq() }
        listing.expect("cqo") { $0.cqo() }
        listing.expect("cbw") { $0.cbw() }
        listing.expect("cwde") { $0.cwde() }
        listing.expect("cdqe") { $0.cdqe() }
        listing.expect("cmc") { $0.cmc() }
        listing.expect("clc") { $0.clc() }
        listing.expect("stc") { $0.stc() }
        try listing.check(atLeast: 9)
    }
}

extension Width {
    /// A sign-extended immediate as objdump prints it at this width, given any 32-bit value.
    func signed(_ value: Int32) -> String { immediate(truncate(value)) }
}
