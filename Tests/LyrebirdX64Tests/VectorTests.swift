// Every vector instruction in each of its encodings, with registers on both sides of 8 and 16 and with memory operands,
// held against objdump.

import Testing

@testable import LyrebirdX64

@Suite struct VectorTests {
    /// Memory operands whose displacements EVEX can and cannot scale.
    private static let memories: [Memory] =
        Memory.few
        + [1, 2, 4, 8, 16, 32, 127, -128, -256, 128, 508, 512, 1016, 1024, 2032, 2048, 4064, 4096, -2048, -4096, -4128]
        .map { Memory(base: .r9, displacement: $0) }

    private static let registers: [XMM] = [.xmm0, .xmm9, .xmm15, .xmm16, .xmm24, .xmm31]

    /// The registers that a case can name, and the mnemonic with them.
    private func registers(_ item: VectorCase) -> [XMM] {
        item.forms.contains(.e) ? Self.registers : XMM.legacy
    }

    private func mnemonic(_ item: VectorCase, _ operands: XMM...) -> String {
        let needsEVEX = !item.forms.contains(.v) || operands.contains { $0.rawValue >= 16 }
        return needsEVEX ? item.evexName : item.vexName
    }

    private func hasAVX(_ item: VectorCase) -> Bool { !item.forms.isDisjoint(with: .ve) }

    // MARK: Three operands

    /// `imm` nil: none. `narrowSecond`: the last operand is XMM whatever the length.
    private func three(
        _ cases: [VectorCase], lengths: [Bool] = [false, true], imm: UInt8? = nil, narrowSecond: Bool = false,
        hasRegister: Bool = true, hasMemory: Bool = true
    ) throws {
        var listing = Listing(capacity: 16 << 20, ignoresSizes: true)
        let suffix = imm.map { "," + hex(UInt64($0)) } ?? ""
        for item in cases {
            let op = item.opcode
            if item.forms.contains(.l) {
                for d in XMM.legacy {
                    for s in XMM.legacy where hasRegister {
                        listing.expect("\(item.name) \(d.name()),\(s.name())\(suffix)") {
                            if let imm { $0.sse(op, d, s, imm: imm) } else { $0.sse(op, d, s) }
                        }
                    }
                    for m in Memory.few where hasMemory {
                        listing.expect("\(item.name) \(d.name()),\(m.name)\(suffix)") {
                            if let imm { $0.sse(op, d, m, imm: imm) } else { $0.sse(op, d, m) }
                        }
                    }
                }
            }
            guard hasAVX(item) else { continue }
            for l in lengths {
                for d in registers(item) {
                    for a in registers(item) {
                        let start = "\(d.name(l)),\(a.name(l))"
                        for b in registers(item) where hasRegister {
                            let name = mnemonic(item, d, a, b)
                            listing.expect("\(name) \(start),\(b.name(l && !narrowSecond))\(suffix)") {
                                if let imm {
                                    $0.avx(op, d, a, b, imm: imm, L256: l)
                                } else {
                                    $0.avx(op, d, a, b, L256: l)
                                }
                            }
                        }
                    }
                    let start = "\(d.name(l)),\(XMM.xmm5.name(l))"
                    for m in Self.memories where hasMemory {
                        listing.expect("\(mnemonic(item, d)) \(start),\(m.name)\(suffix)") {
                            if let imm {
                                $0.avx(op, d, .xmm5, m, imm: imm, L256: l)
                            } else {
                                $0.avx(op, d, .xmm5, m, L256: l)
                            }
                        }
                    }
                }
            }
        }
        try listing.check(atLeast: cases.count * 12)
    }

    @Test func three() throws {
        try three(VectorCases.three)
        try three(VectorCases.three2)
        try three(VectorCases.three3)
        try three(VectorCases.threeX, narrowSecond: true)
        try three(VectorCases.threeImm, imm: 0x9)
        try three(VectorCases.three256, lengths: [true])
        try three(VectorCases.threeImm256, lengths: [true], imm: 0x31)
        try three(VectorCases.insert256, lengths: [true], imm: 1, narrowSecond: true)
        try three(VectorCases.three128, lengths: [false])
        try three(VectorCases.threeImm128, lengths: [false], imm: 0x22)
        try three(VectorCases.scalar, lengths: [false])
        try three(VectorCases.scalarImm, lengths: [false], imm: 0x4)
        try three(VectorCases.registerOnly, lengths: [false], hasMemory: false)
        try three(VectorCases.memoryOnly, lengths: [false], hasRegister: false)
    }

    @Test func comparisons() throws {
        // objdump names the condition in the mnemonic instead of printing the immediate.
        for (imm, condition) in ["eq", "lt", "le", "unord", "neq", "nlt", "nle", "ord"].enumerated() {
            func named(_ cases: [VectorCase]) -> [VectorCase] {
                cases.map {
                    var item = $0
                    item.name.insert(contentsOf: condition, at: item.name.firstRange(of: "cmp")!.upperBound)
                    item.evexName = item.vexName
                    return item
                }
            }
            var listing = Listing(capacity: 16 << 20, ignoresSizes: true)
            for (item, isScalar) in named(VectorCases.cmp).map({ ($0, false) })
                + named(VectorCases.cmpScalar).map({ ($0, true) })
            {
                for d in XMM.legacy {
                    for s in XMM.legacy {
                        listing.expect("\(item.name) \(d.name()),\(s.name())") {
                            $0.sse(item.opcode, d, s, imm: UInt8(imm))
                        }
                        for l in isScalar ? [false] : [false, true] {
                            listing.expect("\(item.vexName) \(d.name(l)),\(s.name(l)),\(XMM.xmm9.name(l))") {
                                $0.avx(item.opcode, d, s, .xmm9, imm: UInt8(imm), L256: l)
                            }
                            listing.expect("\(item.vexName) \(d.name(l)),\(s.name(l)),[rax]") {
                                $0.avx(item.opcode, d, s, Memory(base: .rax), imm: UInt8(imm), L256: l)
                            }
                        }
                    }
                }
            }
            try masks(named(VectorCases.maskCmp), imm: UInt8(imm), suffix: "", into: &listing)
            try masks(named(VectorCases.maskCmpScalar), lengths: [false], imm: UInt8(imm), suffix: "", into: &listing)
            if imm != 3 && imm != 7 {
                try masks(named(VectorCases.maskImm), imm: UInt8(imm), suffix: "", into: &listing)
            }
            try listing.check(atLeast: 200)
        }
        var listing = Listing(ignoresSizes: true)
        try masks(VectorCases.maskImm, imm: 7, suffix: ",0x7", into: &listing)
        try masks(VectorCases.mask, imm: nil, suffix: "", into: &listing)
        try listing.check(atLeast: 2_000)
    }

    private func masks(
        _ cases: [VectorCase], lengths: [Bool] = [false, true], imm: UInt8?, suffix: String, into listing: inout Listing
    ) throws {
        for item in cases {
            let op = item.opcode
            for l in lengths {
                for a in Self.registers {
                    for b in Self.registers {
                        let k = KMask(b.rawValue & 7)
                        listing.expect("\(item.evexName) k\(k.rawValue),\(a.name(l)),\(b.name(l))\(suffix)") {
                            if let imm {
                                $0.avx(op, k, a, b, imm: imm, L256: l)
                            } else {
                                $0.avx(op, k, a, b, L256: l)
                            }
                        }
                    }
                    for m in Self.memories {
                        listing.expect("\(item.evexName) k3,\(a.name(l)),\(m.name)\(suffix)") {
                            if let imm {
                                $0.avx(op, .k3, a, m, imm: imm, L256: l)
                            } else {
                                $0.avx(op, .k3, a, m, L256: l)
                            }
                        }
                    }
                }
            }
        }
    }

    // MARK: Two operands

    private func two(
        _ cases: [VectorCase], lengths: [Bool] = [false, true], imm: UInt8? = nil, narrowFirst: Bool = false,
        narrowSecond: Bool = false, suffix: String? = nil
    ) throws {
        var listing = Listing(capacity: 16 << 20, ignoresSizes: true)
        let suffix = suffix ?? imm.map { "," + hex(UInt64($0)) } ?? ""
        for item in cases {
            let op = item.opcode
            if item.forms.contains(.l) {
                for d in XMM.legacy {
                    for s in XMM.legacy {
                        listing.expect("\(item.name) \(d.name()),\(s.name())\(suffix)") {
                            if let imm { $0.sse(op, d, s, imm: imm) } else { $0.sse(op, d, s) }
                        }
                    }
                    for m in Memory.few {
                        listing.expect("\(item.name) \(d.name()),\(m.name)\(suffix)") {
                            if let imm { $0.sse(op, d, m, imm: imm) } else { $0.sse(op, d, m) }
                        }
                    }
                }
            }
            guard hasAVX(item) else { continue }
            for l in lengths {
                for d in registers(item) {
                    for s in registers(item) {
                        let names = "\(d.name(l && !narrowFirst)),\(s.name(l && !narrowSecond))"
                        listing.expect("\(mnemonic(item, d, s)) \(names)\(suffix)") {
                            if let imm { $0.avx(op, d, s, imm: imm, L256: l) } else { $0.avx(op, d, s, L256: l) }
                        }
                    }
                    for m in Self.memories {
                        listing.expect("\(mnemonic(item, d)) \(d.name(l && !narrowFirst)),\(m.name)\(suffix)") {
                            if let imm { $0.avx(op, d, m, imm: imm, L256: l) } else { $0.avx(op, d, m, L256: l) }
                        }
                    }
                }
            }
        }
        try listing.check(atLeast: cases.count * 12)
    }

    @Test func two() throws {
        try two(VectorCases.two)
        try two(VectorCases.two128, lengths: [false])
        try two(VectorCases.scalar2, lengths: [false])
        try two(VectorCases.twoImm, imm: 0x3)
        try two(VectorCases.twoImm128, lengths: [false], imm: 0x1)
        try two(VectorCases.twoImm256, lengths: [true], imm: 0x4E)
        try two(VectorCases.widen, narrowSecond: true)
        try two(VectorCases.broadcast256, lengths: [true], narrowSecond: true)
        try two(VectorCases.narrowing, narrowFirst: true)
        try two(VectorCases.blend0, suffix: ",xmm0")
    }

    @Test func merging() throws {
        var listing = Listing(ignoresSizes: true)
        for item in VectorCases.merging {
            for d in Self.registers {
                for m in Self.memories {
                    listing.expect("v\(item.name) \(d.name()),\(m.name)") { $0.avx(item.opcode, d, m) }
                }
                for a in Self.registers {
                    listing.expect("v\(item.name) \(d.name()),\(a.name()),xmm2") { $0.avx(item.opcode, d, a, .xmm2) }
                }
            }
            for d in XMM.legacy {
                for m in Memory.few {
                    listing.expect("\(item.name) \(d.name()),\(m.name)") { $0.sse(item.opcode, d, m) }
                }
                for a in XMM.legacy {
                    listing.expect("\(item.name) \(d.name()),\(a.name())") { $0.sse(item.opcode, d, a) }
                }
            }
        }
        try listing.check(atLeast: 300)
    }

    // MARK: Stores

    private func stores(
        _ cases: [VectorCase], lengths: [Bool] = [false, true], imm: UInt8? = nil, hasRegister: Bool = false
    ) throws {
        var listing = Listing(capacity: 16 << 20, ignoresSizes: true)
        let suffix = imm.map { "," + hex(UInt64($0)) } ?? ""
        for item in cases {
            let op = item.opcode
            for s in XMM.legacy where item.forms.contains(.l) {
                for m in Memory.few { listing.expect("\(item.name) \(m.name),\(s.name())") { $0.sse(op, m, s) } }
            }
            for l in lengths {
                for s in registers(item) {
                    for m in Self.memories {
                        listing.expect("\(mnemonic(item, s)) \(m.name),\(s.name(l))\(suffix)") {
                            if let imm { $0.avx(op, m, s, imm: imm, L256: l) } else { $0.avx(op, m, s, L256: l) }
                        }
                    }
                    for d in registers(item) where hasRegister {
                        listing.expect("\(mnemonic(item, s, d)) \(d.name()),\(s.name(l))\(suffix)") {
                            if let imm { $0.avx(op, d, s, imm: imm, L256: l) } else { $0.avx(op, d, s, L256: l) }
                        }
                    }
                }
            }
        }
        try listing.check(atLeast: cases.count * 40)
    }

    @Test func stores() throws {
        try stores(VectorCases.store)
        try stores(VectorCases.storeScalar, lengths: [false])
        try stores(VectorCases.narrow, hasRegister: true)
        try stores(VectorCases.narrowImm, imm: 4, hasRegister: true)
        try stores(VectorCases.extract256, lengths: [true], imm: 1, hasRegister: true)
    }

    // MARK: Shifts by an immediate

    @Test func shiftsByImmediate() throws {
        var listing = Listing()
        for item in VectorCases.group {
            let op = item.opcode
            for imm: UInt8 in [1, 31] {
                for d in XMM.legacy where item.forms.contains(.l) {
                    listing.expect("\(item.name) \(d.name()),\(hex(UInt64(imm)))") { $0.sse(op, d, imm: imm) }
                }
                for l in [false, true] {
                    for d in registers(item) {
                        for s in registers(item) {
                            let operands = "\(d.name(l)),\(s.name(l)),\(hex(UInt64(imm)))"
                            listing.expect("\(mnemonic(item, d, s)) \(operands)") {
                                $0.avx(op, d, s, imm: imm, L256: l)
                            }
                        }
                    }
                }
            }
        }
        try listing.check(atLeast: 1_500)
    }

    // MARK: General-purpose registers

    @Test func fromGeneralPurposeRegisters() throws {
        var listing = Listing()
        let groups: [([VectorCase], Width, UInt8?)] = [
            (VectorCases.fromGPR32, .b32, nil), (VectorCases.fromGPR64, .b64, nil),
            (VectorCases.fromGPR32Imm, .b32, 5), (VectorCases.fromGPR64Imm, .b64, 1),
        ]
        for (cases, width, imm) in groups {
            let suffix = imm.map { "," + hex(UInt64($0)) } ?? ""
            for item in cases {
                let op = item.opcode
                let isTwo = op.isShape(.two)
                // Of memory, PINSRB and PINSRW read less than the register.
                let size = item.name == "pinsrb" ? Width.b8 : item.name == "pinsrw" ? .b16 : width
                for d in XMM.legacy where item.forms.contains(.l) {
                    for r in GPR.representative {
                        listing.expect("\(item.name) \(d.name()),\(r.name(width))\(suffix)") {
                            if let imm { $0.sse(op, d, r, imm: imm) } else { $0.sse(op, d, r) }
                        }
                    }
                    for m in Memory.few {
                        listing.expect("\(item.name) \(d.name()),\(size.pointer)\(m.name)\(suffix)") {
                            if let imm { $0.sse(op, d, m, imm: imm) } else { $0.sse(op, d, m) }
                        }
                    }
                }
                for d in Self.registers {
                    for a: XMM in isTwo ? [.xmm0] : [.xmm0, .xmm9, .xmm17, .xmm30] {
                        let start = mnemonic(item, d, a) + " " + d.name() + (isTwo ? "" : "," + a.name())
                        for r in GPR.representative {
                            listing.expect("\(start),\(r.name(width))\(suffix)") {
                                if isTwo {
                                    $0.avx(op, d, r)
                                } else if let imm {
                                    $0.avx(op, d, a, r, imm: imm)
                                } else {
                                    $0.avx(op, d, a, r)
                                }
                            }
                        }
                        for m in Self.memories {
                            listing.expect("\(start),\(size.pointer)\(m.name)\(suffix)") {
                                if isTwo {
                                    $0.avx(op, d, m)
                                } else if let imm {
                                    $0.avx(op, d, a, m, imm: imm)
                                } else {
                                    $0.avx(op, d, a, m)
                                }
                            }
                        }
                    }
                }
            }
        }
        for (cases, width) in [(VectorCases.fromGPR32V, Width.b32), (VectorCases.fromGPR64V, .b64)] {
            for item in cases {
                for d in Self.registers {
                    for r in GPR.representative {
                        for l in [false, true] {
                            listing.expect("\(item.evexName) \(d.name(l)),\(r.name(width))") {
                                $0.avx(item.opcode, d, r, L256: l)
                            }
                        }
                    }
                }
            }
        }
        try listing.check(atLeast: 5_000)
    }

    @Test func toGeneralPurposeRegisters() throws {
        var listing = Listing(ignoresSizes: true)
        for (cases, width) in [(VectorCases.toGPR32, Width.b32), (VectorCases.toGPR64, .b64)] {
            for item in cases {
                let op = item.opcode
                for r in GPR.representative {
                    let name = r.name(width)
                    for s in XMM.legacy where item.forms.contains(.l) {
                        listing.expect("\(item.name) \(name),\(s.name())") { $0.sse(op, r, s) }
                    }
                    for m in Memory.few where item.forms.contains(.l) {
                        listing.expect("\(item.name) \(name),\(m.name)") { $0.sse(op, r, m) }
                    }
                    for s in Self.registers {
                        listing.expect("\(mnemonic(item, s)) \(name),\(s.name())") { $0.avx(op, r, s) }
                    }
                    for m in Self.memories {
                        listing.expect("\(mnemonic(item)) \(name),\(m.name)") { $0.avx(op, r, m) }
                    }
                }
            }
        }
        let stores: [([VectorCase], Width, UInt8?)] = [
            (VectorCases.storeGPR32, .b32, nil), (VectorCases.storeGPR64, .b64, nil),
            (VectorCases.storeGPR32Imm, .b32, 5), (VectorCases.storeGPR64Imm, .b64, 1),
        ]
        for (cases, width, imm) in stores {
            let suffix = imm.map { "," + hex(UInt64($0)) } ?? ""
            for item in cases {
                let op = item.opcode
                for s in XMM.legacy {
                    for r in GPR.representative {
                        listing.expect("\(item.name) \(r.name(width)),\(s.name())\(suffix)") {
                            if let imm { $0.sse(op, r, s, imm: imm) } else { $0.sse(op, r, s) }
                        }
                    }
                    for m in Memory.few {
                        listing.expect("\(item.name) \(m.name),\(s.name())\(suffix)") {
                            if let imm { $0.sse(op, m, s, imm: imm) } else { $0.sse(op, m, s) }
                        }
                    }
                }
                for s in Self.registers {
                    for r in GPR.representative {
                        listing.expect("\(mnemonic(item, s)) \(r.name(width)),\(s.name())\(suffix)") {
                            if let imm { $0.avx(op, r, s, imm: imm) } else { $0.avx(op, r, s) }
                        }
                    }
                    for m in Self.memories {
                        listing.expect("\(mnemonic(item, s)) \(m.name),\(s.name())\(suffix)") {
                            if let imm { $0.avx(op, m, s, imm: imm) } else { $0.avx(op, m, s) }
                        }
                    }
                }
            }
        }
        for item in VectorCases.maskGPR {
            for r in GPR.representative {
                for s in XMM.legacy {
                    listing.expect("\(item.name) \(r.name(.b32)),\(s.name())") { $0.sse(item.opcode, r, s) }
                    for l in [false, true] {
                        listing.expect("v\(item.name) \(r.name(.b32)),\(s.name(l))") {
                            $0.avx(item.opcode, r, s, L256: l)
                        }
                    }
                }
            }
        }
        try listing.check(atLeast: 5_000)
    }

    // MARK: Masks and the rest

    @Test func masks() throws {
        var listing = Listing()
        for l in [false, true] {
            for number: UInt8 in 0..<8 {
                let k = KMask(number)
                for x in Self.registers {
                    for item in VectorCases.fromMask {
                        listing.expect("\(item.name) \(x.name(l)),k\(number)") { $0.avx(item.opcode, x, k, L256: l) }
                    }
                    for item in VectorCases.toMask {
                        listing.expect("\(item.name) k\(number),\(x.name(l))") { $0.avx(item.opcode, k, x, L256: l) }
                    }
                    guard number != 0 else { continue }
                    for item in VectorCases.masked {
                        for y in Self.registers {
                            for z in [false, true] {
                                let mask = "{k\(number)}" + (z ? "{z}" : "")
                                listing.expect("\(item.name) \(x.name(l))\(mask),\(y.name(l)),\(x.name(l))") {
                                    $0.avx(item.opcode, x, y, x, mask: k, zeroing: z, L256: l)
                                }
                                listing.expect("vmovdqu8 \(x.name(l))\(mask),\(y.name(l))") {
                                    $0.avx(.vmovdqu8, x, y, mask: k, zeroing: z, L256: l)
                                }
                            }
                        }
                    }
                }
                for r in GPR.all {
                    listing.expect("kmovd k\(number),\(r.name(.b32))") { $0.kmov(.b32, k, r) }
                    listing.expect("kmovq k\(number),\(r.name(.b64))") { $0.kmov(.b64, k, r) }
                    listing.expect("kmovd \(r.name(.b32)),k\(number)") { $0.kmov(.b32, r, k) }
                    listing.expect("kmovq \(r.name(.b64)),k\(number)") { $0.kmov(.b64, r, k) }
                }
                for (width, letter) in zip(Width.allCases, "bwdq") {
                    listing.expect("kortest\(letter) k\(number),k2") { $0.kortest(width, k, .k2) }
                }
            }
        }
        try listing.check(atLeast: 5_000)
    }

    @Test func fourOperands() throws {
        var listing = Listing()
        for l in [false, true] {
            for d in XMM.legacy {
                for a in XMM.legacy {
                    for b in XMM.legacy {
                        for m in XMM.legacy {
                            let names = [d, a, b, m].map { $0.name(l) }.joined(separator: ",")
                            listing.expect("vpblendvb \(names)") { $0.vpblendvb(d, a, b, m, L256: l) }
                            listing.expect("vblendvps \(names)") { $0.vblendvps(d, a, b, m, L256: l) }
                            listing.expect("vblendvpd \(names)") { $0.vblendvpd(d, a, b, m, L256: l) }
                        }
                    }
                }
            }
        }
        listing.expect("vzeroupper") { $0.vzeroupper() }
        try listing.check(atLeast: 1_500)
    }
}
