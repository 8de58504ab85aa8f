// The decoder's fields against GNU objdump, by the text: names, registers, sizes of memory, displacements, immediates. Lengths
// and what is undefined are the CPU's to say (HostTests); what objdump cannot read or reads to another length is not compared.
// 12,000 strings a mode.

import Glibc
import LyrebirdX86
import Testing

/// What objdump writes and the decoder does not, and the reason.
private struct Disagreement: Sendable {
    let reason: String
    let holds: @Sendable (_ instruction: DecodedInstruction, _ text: String) -> Bool
}

private let disagreements = [
    Disagreement(reason: "objdump writes the operand that XLAT implies") { instruction, _ in
        instruction.mnemonic == .xlat
    },
    Disagreement(reason: "objdump says of which coprocessor these are") {
        [.feni, .fdisi, .fsetpm].contains($0.mnemonic) && $1.contains("87 only)")
    },
    Disagreement(reason: "objdump leaves ST out of FCOM and FCOMP with a register") { instruction, _ in
        [.fcom, .fcomp].contains(instruction.mnemonic) && instruction.rmIsRegister
    },
    Disagreement(reason: "MPX is gone; its instructions are hint NOPs again") {
        $0.mnemonic == .nop && $1.contains("bnd")
    },
    Disagreement(reason: "objdump calls NOP with prefixes an exchange of rAX with itself") {
        $0.mnemonic == .nop && $1.contains("xchg")
    },
    Disagreement(reason: "objdump calls F3 REX.B 90 a PAUSE; a CPU exchanges") {
        $0.mnemonic == .xchg && $1.contains("pause")
    },
    Disagreement(reason: "objdump does not know far pointers with offsets of 64 bits here") { instruction, _ in
        [.lfs, .lgs, .lss, .callFar, .jmpFar].contains(instruction.mnemonic) && instruction.operandSize == 8
    },
    Disagreement(reason: "objdump writes a whole register where 16 bits are read") { instruction, _ in
        instruction.rmIsRegister
            && (instruction.operand(0).kind == .segment || [.lar, .lsl].contains(instruction.mnemonic))
    },
    Disagreement(reason: "objdump writes 64 bits with REX.W, and 16 with 66, where neither says anything") {
        instruction, _ in
        let widened: Set<Mnemonic> = [
            .movmskps, .movmskpd, .vmovmskps, .vmovmskpd, .pmovmskb, .vpmovmskb, .pextrw, .vpextrw, .pinsrw, .vpinsrw,
            .pextrb,
            .vpextrb, .pinsrb, .vpinsrb, .extractps, .vextractps,
        ]
        let narrowed: Set<Mnemonic> = [.rdfsbase, .rdgsbase, .wrfsbase, .wrgsbase]
        return widened.contains(instruction.mnemonic) && instruction.rex & 8 != 0
            || narrowed.contains(instruction.mnemonic) && instruction.prefixes.contains(.operandSize)
    },
    Disagreement(reason: "objdump takes a predicate into the name") { instruction, text in
        let name = "\(instruction.mnemonic)"
        return name.contains("cmp") && text.contains(name.prefix { $0 != "p" } + "p")
            || name.contains("pclmulqdq") && text.contains("pclmul")
    },
    Disagreement(reason: "later instructions that are WBINVD and hint NOPs on CPUs without them") {
        $0.mnemonic == .wbinvd && $1.contains("wbnoinvd")
            || $0.mnemonic == .nop && ($1.contains("cldemote") || $1.contains("prefetchit"))
    },
    Disagreement(reason: "objdump takes MMX registers for XMM registers here with 66 or REX") { instruction, _ in
        [.movdq2q, .movq2dq].contains(instruction.mnemonic)
            && (instruction.rex & 5 != 0 || instruction.prefixes.contains(.operandSize))
    },
    Disagreement(reason: "objdump takes 66 before near branches through a register or memory as AMD's CPUs do") {
        instruction, _ in
        [.call, .jmp].contains(instruction.mnemonic) && instruction.prefixes.contains(.operandSize)
            && instruction.operandSize == 8
    },
    Disagreement(reason: "objdump writes YMM where VEX.L is ignored") { instruction, text in
        [.vmovss, .vmovsd].contains(instruction.mnemonic) && instruction.prefixes.contains(.wide)
            && text.contains("ymm")
    },
]

@Suite struct ObjdumpTests {
    @Test(
        .enabled(if: access(Objdump.path, X_OK) == 0, "GNU binutils for x86 are needed"),
        arguments: [(.bits64, "i386:x86-64"), (.bits32, "i386"), (.bits16, "i8086")] as [(Mode.CodeSize, String)])
    func writesTheSame(_ size: Mode.CodeSize, _ machine: String) throws {
        let rows = try readSpec().rows
        var generator = CodeGenerator(seed: 5, mode: Mode(size), rows: rows)
        var instructions: [(bytes: [UInt8], decoded: DecodedInstruction)] = []
        while instructions.count < 12_000 {
            let string = generator.string()
            guard case .instruction(let instruction) = string.decoded() else { continue }
            instructions.append((Array(string.bytes.prefix(Int(instruction.length))), instruction))
        }
        let comparison = Comparison(spec: rows)
        var compared = 0
        for (own, other) in zip(instructions, try Objdump.listing(instructions.map(\.bytes), machine)) {
            guard Int(own.decoded.length) == other.length, !other.text.contains("(bad)") else { continue }
            compared += 1
            guard let difference = comparison.difference(own.decoded, at: other.address, other.text),
                !disagreements.contains(where: { $0.holds(own.decoded, other.text) })
            else { continue }
            let string = CodeString(mode: Mode(size), bytes: own.bytes)
            Issue.record("\(string.description): \(difference): \(own.decoded.text(at: other.address)), \(other.text)")
        }
        #expect(compared > 11_000)
    }
}
