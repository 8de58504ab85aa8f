// The decoder's tables against the spec, its corners by hand, and that no bytes can break it.

import Foundation
import Testing

@testable import LyrebirdX86

@Suite struct DecoderTests {
    /// Rows and enums are stored as numbers.
    @Test func rowsAreTheRowsOfTheSpec() throws {
        let (rows, absent) = try readSpec()
        #expect(Row.all.map { "\($0.mnemonic)" } == rows.map(\.name))
        #expect(Row.all.map(\.isAbsent) == rows.map { absent.contains($0.tags[0]) })
        #expect(Row.all.map(\.isPrivileged) == rows.map { $0.tags.contains("CPL0") })
        #expect(Row.all.map { $0.flags.contains(.lockable) } == rows.map { $0.tags.contains("lock") })
        for row in Row.all where row.isBuilt { #expect(!rows[Int(row.number)].tags.contains("todo")) }
        for (number, opcode) in Mnemonic.allCases.enumerated() {
            #expect(unsafeBitCast(opcode, to: UInt16.self) == opcode.rawValue && Int(opcode.rawValue) == number)
        }
        expectNumbered(Feature.self)
        expectNumbered(AddressingMethod.self)
        expectNumbered(OperandType.self)
        expectNumbered(ImpliedOperand.self)
        expectNumbered(ImmediateForm.self)
        expectNumbered(RowFlags.OperandSizeRule.self)
        expectNumbered(Segment.self)
    }

    private func expectNumbered<T: CaseIterable & RawRepresentable>(_ type: T.Type) where T.RawValue == UInt8 {
        for (number, value) in T.allCases.enumerated() {
            #expect(Int(value.rawValue) == number && unsafeBitCast(value, to: UInt8.self) == value.rawValue)
        }
    }

    @Test(
        arguments: [
            (.bits64, "48 89 5c 24 f8", "mov qword ptr [rsp - 8], rbx"),
            (.bits64, "8b 05 10 00 00 00", "mov eax, dword ptr [rip + 0x10]"),
            (.bits64, "67 8b 05 10 00 00 00", "mov eax, dword ptr [eip + 0x10]"),
            (.bits32, "8b 05 10 00 00 00", "mov eax, dword ptr [0x10]"),
            (.bits64, "64 48 8b 04 25 28 00 00 00", "mov rax, qword ptr fs:[0x28]"),
            (.bits64, "64 3e 48 8b 00", "mov rax, qword ptr fs:[rax]"),
            (.bits32, "64 3e 8b 00", "mov eax, dword ptr ds:[eax]"),
            (.bits64, "4e 8d 24 a5 08 00 00 00", "lea r12, [r12*4 + 8]"),
            (.bits64, "42 8b 04 20", "mov eax, dword ptr [rax + r12]"),
            (.bits64, "8b 04 20", "mov eax, dword ptr [rax]"),
            (.bits16, "8b 42 fe", "mov ax, word ptr [bp + si - 2]"),
            (.bits16, "8b 06 34 12", "mov ax, word ptr [0x1234]"),
            (.bits16, "67 8b 04 24", "mov ax, word ptr [esp]"),
            (.bits64, "88 e1", "mov cl, ah"),
            (.bits64, "40 88 e1", "mov cl, spl"),
            (.bits64, "66 48 b8 01 02 03 04 05 06 07 08", "mov rax, 0x807060504030201"),
            (.bits64, "66 b8 01 02", "mov ax, 0x201"),
            (.bits64, "48 66 b8 01 02", "mov ax, 0x201"),
            (.bits64, "48 83 e8 80", "sub rax, 0xffffffffffffff80"),
            (.bits64, "6a ff", "push 0xffffffffffffffff"),
            (.bits64, "66 6a ff", "push 0xffff"),
            (.bits64, "41 50", "push r8"),
            (.bits64, "f3 48 a5", "rep movsq qword ptr es:[rdi], qword ptr [rsi]"),
            (.bits64, "f2 f3 ae", "repe scasb al, byte ptr es:[rdi]"),
            (.bits64, "f0 0f c1 07", "lock xadd dword ptr [rdi], eax"),
            (.bits64, "f0 48 0f c7 0e", "lock cmpxchg16b xmmword ptr [rsi]"),
            (.bits64, "90", "nop"), (.bits64, "f3 90", "pause"), (.bits64, "41 90", "xchg r8d, eax"),
            (.bits64, "f3 41 90", "xchg r8d, eax"),
            (.bits64, "f3 0f 1e fa", "endbr64"), (.bits64, "f3 0f 1e c8", "nop eax"),
            (.bits64, "75 fe", "jne 0x1000"), (.bits64, "0f 8f 00 00 00 80", "jg 0xffffffff80001006"),
            (.bits64, "66 e8 00 00 00 00", "call 0x1006"), (.bits16, "e8 fd ff", "call 0x1000"),
            (.bits64, "e3 00", "jrcxz 0x1002"), (.bits64, "67 e3 00", "jecxz 0x1003"),
            (.bits16, "e3 00", "jcxz 0x1002"),
            (.bits32, "9a 01 00 00 00 33 00", "call 0x33:1"), (.bits64, "c8 10 00 01", "enter 0x10, 1"),
            (.bits64, "a1 01 02 03 04 05 06 07 08", "mov eax, dword ptr [0x807060504030201]"),
            (.bits64, "0f 20 05", "mov rbp, cr0"), (.bits64, "8e d8", "mov ds, ax"),
            (.bits64, "48 8c d8", "mov rax, ds"),
            (.bits64, "66 0f 6e c0", "movd xmm0, eax"), (.bits64, "66 48 0f 6e c0", "movq xmm0, rax"),
            (.bits64, "f3 66 0f 10 c1", "movss xmm0, xmm1"), (.bits64, "66 f2 0f 10 c1", "movsd xmm0, xmm1"),
            (.bits64, "66 f2 0f 38 f1 c1", "crc32 eax, cx"),
            (.bits64, "c5 f8 77", "vzeroupper"), (.bits64, "c5 fc 77", "vzeroall"),
            (.bits64, "c4 c1 75 58 c0", "vaddpd ymm0, ymm1, ymm8"),
            (.bits64, "c4 e2 7d 31 08", "vpmovzxbd ymm1, qword ptr [rax]"),
            (.bits64, "c4 e3 69 4a c3 40", "vblendvps xmm0, xmm2, xmm3, xmm4"),
            (.bits32, "c4 e3 69 4a c3 c0", "vblendvps xmm0, xmm2, xmm3, xmm4"),
            (.bits64, "c4 e2 e9 91 44 88 04", "vpgatherqq xmm0, qword ptr [rax + xmm1*4 + 4], xmm2"),
            (.bits64, "c4 e2 75 92 14 e0", "vgatherdps ymm2, dword ptr [rax + ymm4*8], ymm1"),
            (.bits64, "c4 e2 f0 f2 c1", "andn rax, rcx, rcx"), (.bits32, "c4 e2 f0 f2 c1", "andn eax, ecx, ecx"),
            (.bits32, "c5 07", "lds eax, fword ptr [edi]"), (.bits32, "62 07", "bound eax, qword ptr [edi]"),
            (.bits64, "d8 c1", "fadd st(0), st(1)"), (.bits64, "dc c1", "fadd st(1), st(0)"),
            (.bits64, "db 28", "fld tbyte ptr [rax]"), (.bits64, "9b", "wait"),
        ] as [(Mode.CodeSize, String, String)])
    func decodes(_ size: Mode.CodeSize, _ bytes: String, _ text: String) {
        let string = CodeString(size, bytes)
        guard case .instruction(let instruction) = string.decoded() else {
            Issue.record("\(bytes) is \(string.decoded())")
            return
        }
        #expect(instruction.text(at: 0x1000) == text)
        #expect(Int(instruction.length) == string.bytes.count)
        for count in 0..<string.bytes.count {
            #expect(string.decoded(count).isIncomplete, "\(count) bytes of \(bytes)")
        }
    }

    @Test(
        arguments: [
            (.bits64, "06"), (.bits64, "d6"), (.bits64, "9a 00 00 00 00 00 00"), (.bits64, "0f 04"), (.bits64, "f0 90"),
            (.bits64, "f0 01 c0"), (.bits64, "f0 03 00"), (.bits64, "8d c0"), (.bits64, "8e c8"), (.bits64, "8c f0"),
            (.bits64, "8f c8 00 00 00"), (.bits64, "0f 20 08"), (.bits64, "44 0f 21 c0"), (.bits64, "f3 0f 28 c0"),
            (.bits64, "66 c5 f8 28 c0"), (.bits64, "48 c5 f8"), (.bits64, "f0 c5 f8 28 c0"), (.bits64, "c5 e8 28 c0"),
            (.bits64, "c4 e0 78 28 c0"), (.bits64, "c4 e1 fd 6e c0"), (.bits64, "c4 e2 79 90 00"),
            (.bits64, "c4 e2 79 90 04 08"), (.bits64, "0f c7 c8"), (.bits64, "0f 0d c0"), (.bits64, "ff f8"),
            (.bits64, "fe d0"), (.bits64, "d9 d1"), (.bits32, "c4 e3 f9 22 c0 00"), (.bits64, "0f a6 c0"),
        ] as [(Mode.CodeSize, String)])
    func leavesUndefined(_ size: Mode.CodeSize, _ bytes: String) {
        let string = CodeString(size, bytes)
        guard case .undefined(.noInstruction) = string.decoded() else {
            Issue.record("\(bytes) is \(string.decoded())")
            return
        }
    }

    @Test func tellsWhatIsLeftOut() {
        guard case .undefined(.evex) = CodeString(.bits64, "62 f1 7c 48 28 c0").decoded() else {
            return #expect(Bool(false))
        }
        guard case .undefined(.absent(let row)) = CodeString(.bits64, "0f 01 d9").decoded() else {
            return #expect(Bool(false))
        }
        #expect(row.mnemonic == .vmmcall && row.feature == .svm)
    }

    /// AMD's CPUs and Intel's part ways here, and nowhere else.
    @Test func shortensNearBranches() {
        var string = CodeString(.bits64, "66 e8 fc ff 00 00")
        string.mode.shortensNearBranches = true
        guard case .instruction(let instruction) = string.decoded() else { return #expect(Bool(false)) }
        #expect(instruction.length == 4 && instruction.text(at: 0x1000) == "call 0x1000")
    }

    @Test func countsToFifteen() {
        let prefixes = [UInt8](repeating: 0x66, count: 13)
        let mode = Mode(.bits64)
        guard case .instruction(let instruction) = CodeString(mode: mode, bytes: prefixes + [0x89, 0xC0]).decoded()
        else {
            return #expect(Bool(false))
        }
        #expect(instruction.length == 15)
        for bytes in [prefixes + [0x89, 0x40, 0x00], prefixes + [0x66, 0x66, 0x90], prefixes + [0x0F, 0x28, 0xC0]] {
            guard case .tooLong = CodeString(mode: mode, bytes: bytes).decoded() else { return #expect(Bool(false)) }
            #expect(CodeString(mode: mode, bytes: bytes).decoded(14).isIncomplete)
        }
    }

    /// Whatever the bytes are and wherever they end: an answer, operands and a text.
    @Test func standsAnyBytes() throws {
        var random = SplitMix(state: 3)
        let rows = try readSpec().rows
        for size in Mode.CodeSize.allCases {
            var generator = CodeGenerator(seed: 3, mode: Mode(size), rows: rows)
            for _ in 0..<350_000 {
                let string = generator.string()
                let count = Int.random(in: 0...15, using: &random)
                guard case .instruction(let instruction) = string.decoded(count) else { continue }
                #expect(instruction.length > 0 && instruction.length <= count)
                for place in 0..<4 {
                    #expect((instruction.operand(place).kind == .none) == (place >= instruction.operandCount))
                }
                #expect(!instruction.text(at: random.next()).isEmpty)
            }
        }
    }
}

extension CodeString {
    init(_ size: Mode.CodeSize, _ hexadecimal: String) {
        self.init(mode: Mode(size), bytes: hexadecimal.split(separator: " ").map { UInt8($0, radix: 16)! })
    }
}

extension Decoded {
    var isIncomplete: Bool {
        if case .incomplete = self { return true }
        return false
    }
}
