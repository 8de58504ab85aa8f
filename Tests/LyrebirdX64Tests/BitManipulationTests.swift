// Shifts, single bits, counts, CRC32, ADX and BMI, held against objdump.

import Testing

@testable import LyrebirdX64

@Suite struct BitManipulationTests {
    @Test func shifts() throws {
        var listing = Listing()
        for width in Width.allCases {
            for imm: UInt8 in [0, 1, 2, 7, 63] {
                let count = imm == 1 ? "1" : hex(UInt64(imm))
                for register in GPR.all {
                    let name = register.name(width)
                    listing.expect("rol \(name),\(count)") { $0.rol(width, register, imm: imm) }
                    listing.expect("ror \(name),\(count)") { $0.ror(width, register, imm: imm) }
                    listing.expect("rcl \(name),\(count)") { $0.rcl(width, register, imm: imm) }
                    listing.expect("rcr \(name),\(count)") { $0.rcr(width, register, imm: imm) }
                    listing.expect("shl \(name),\(count)") { $0.shl(width, register, imm: imm) }
                    listing.expect("shr \(name),\(count)") { $0.shr(width, register, imm: imm) }
                    listing.expect("sar \(name),\(count)") { $0.sar(width, register, imm: imm) }
                }
                for memory in Memory.few {
                    let name = width.pointer + memory.name
                    listing.expect("rol \(name),\(count)") { $0.rol(width, memory, imm: imm) }
                    listing.expect("ror \(name),\(count)") { $0.ror(width, memory, imm: imm) }
                    listing.expect("rcl \(name),\(count)") { $0.rcl(width, memory, imm: imm) }
                    listing.expect("rcr \(name),\(count)") { $0.rcr(width, memory, imm: imm) }
                    listing.expect("shl \(name),\(count)") { $0.shl(width, memory, imm: imm) }
                    listing.expect("shr \(name),\(count)") { $0.shr(width, memory, imm: imm) }
                    listing.expect("sar \(name),\(count)") { $0.sar(width, memory, imm: imm) }
                }
            }
            for register in GPR.all {
                let name = register.name(width)
                listing.expect("rol \(name),cl") { $0.rol(width, register, .cl) }
                listing.expect("ror \(name),cl") { $0.ror(width, register, .cl) }
                listing.expect("rcl \(name),cl") { $0.rcl(width, register, .cl) }
                listing.expect("rcr \(name),cl") { $0.rcr(width, register, .cl) }
                listing.expect("shl \(name),cl") { $0.shl(width, register, .cl) }
                listing.expect("shr \(name),cl") { $0.shr(width, register, .cl) }
                listing.expect("sar \(name),cl") { $0.sar(width, register, .cl) }
            }
            for memory in Memory.few {
                let name = width.pointer + memory.name
                listing.expect("rol \(name),cl") { $0.rol(width, memory, .cl) }
                listing.expect("ror \(name),cl") { $0.ror(width, memory, .cl) }
                listing.expect("rcl \(name),cl") { $0.rcl(width, memory, .cl) }
                listing.expect("rcr \(name),cl") { $0.rcr(width, memory, .cl) }
                listing.expect("shl \(name),cl") { $0.shl(width, memory, .cl) }
                listing.expect("shr \(name),cl") { $0.shr(width, memory, .cl) }
                listing.expect("sar \(name),cl") { $0.sar(width, memory, .cl) }
            }
        }
        try listing.check(atLeast: 3_000)
    }

    @Test func doubleShiftsAndBits() throws {
        var listing = Listing()
        for width in Width.wordAndUp {
            for second in GPR.representative {
                let source = second.name(width)
                for first in GPR.representative {
                    let name = first.name(width)
                    listing.expect("shld \(name),\(source),0xd") { $0.shld(width, first, second, imm: 13) }
                    listing.expect("shld \(name),\(source),cl") { $0.shld(width, first, second, .cl) }
                    listing.expect("shrd \(name),\(source),0xd") { $0.shrd(width, first, second, imm: 13) }
                    listing.expect("shrd \(name),\(source),cl") { $0.shrd(width, first, second, .cl) }
                    listing.expect("bt \(name),\(source)") { $0.bt(width, first, second) }
                    listing.expect("bt \(name),0xb") { $0.bt(width, first, imm: 11) }
                    listing.expect("bts \(name),\(source)") { $0.bts(width, first, second) }
                    listing.expect("bts \(name),0xb") { $0.bts(width, first, imm: 11) }
                    listing.expect("btr \(name),\(source)") { $0.btr(width, first, second) }
                    listing.expect("btr \(name),0xb") { $0.btr(width, first, imm: 11) }
                    listing.expect("btc \(name),\(source)") { $0.btc(width, first, second) }
                    listing.expect("btc \(name),0xb") { $0.btc(width, first, imm: 11) }
                }
                for memory in Memory.few {
                    let name = width.pointer + memory.name
                    listing.expect("shld \(name),\(source),0xd") { $0.shld(width, memory, second, imm: 13) }
                    listing.expect("shld \(name),\(source),cl") { $0.shld(width, memory, second, .cl) }
                    listing.expect("shrd \(name),\(source),0xd") { $0.shrd(width, memory, second, imm: 13) }
                    listing.expect("shrd \(name),\(source),cl") { $0.shrd(width, memory, second, .cl) }
                    listing.expect("bt \(name),\(source)") { $0.bt(width, memory, second) }
                    listing.expect("bt \(name),0xb") { $0.bt(width, memory, imm: 11) }
                    listing.expect("bts \(name),\(source)") { $0.bts(width, memory, second) }
                    listing.expect("bts \(name),0xb") { $0.bts(width, memory, imm: 11) }
                    listing.expect("btr \(name),\(source)") { $0.btr(width, memory, second) }
                    listing.expect("btr \(name),0xb") { $0.btr(width, memory, imm: 11) }
                    listing.expect("btc \(name),\(source)") { $0.btc(width, memory, second) }
                    listing.expect("btc \(name),0xb") { $0.btc(width, memory, imm: 11) }
                }
            }
        }
        try listing.check(atLeast: 5_000)
    }

    @Test func counts() throws {
        var listing = Listing()
        for width in Width.allCases {
            for first in GPR.representative {
                for second in GPR.all {
                    let wide = first.name(width == .b64 ? .b64 : .b32)
                    listing.expect("crc32 \(wide),\(second.name(width))") { $0.crc32(width, first, second) }
                    guard width != .b8 else { continue }
                    let names = "\(first.name(width)),\(second.name(width))"
                    listing.expect("bsf \(names)") { $0.bsf(width, first, second) }
                    listing.expect("bsr \(names)") { $0.bsr(width, first, second) }
                    listing.expect("tzcnt \(names)") { $0.tzcnt(width, first, second) }
                    listing.expect("lzcnt \(names)") { $0.lzcnt(width, first, second) }
                    listing.expect("popcnt \(names)") { $0.popcnt(width, first, second) }
                }
                for memory in Memory.few {
                    let wide = first.name(width == .b64 ? .b64 : .b32)
                    listing.expect("crc32 \(wide),\(width.pointer)\(memory.name)") {
                        $0.crc32(width, first, memory)
                    }
                    guard width != .b8 else { continue }
                    let names = "\(first.name(width)),\(width.pointer)\(memory.name)"
                    listing.expect("bsf \(names)") { $0.bsf(width, first, memory) }
                    listing.expect("bsr \(names)") { $0.bsr(width, first, memory) }
                    listing.expect("tzcnt \(names)") { $0.tzcnt(width, first, memory) }
                    listing.expect("lzcnt \(names)") { $0.lzcnt(width, first, memory) }
                    listing.expect("popcnt \(names)") { $0.popcnt(width, first, memory) }
                }
            }
        }
        try listing.check(atLeast: 4_000)
    }

    @Test func bmi() throws {
        var listing = Listing()
        for width in Width.longAndUp {
            for first in GPR.representative {
                let a = first.name(width)
                for second in GPR.representative {
                    let b = second.name(width)
                    for third in GPR.representative {
                        let c = third.name(width)
                        listing.expect("andn \(a),\(b),\(c)") { $0.andn(width, first, second, third) }
                        listing.expect("pdep \(a),\(b),\(c)") { $0.pdep(width, first, second, third) }
                        listing.expect("pext \(a),\(b),\(c)") { $0.pext(width, first, second, third) }
                        listing.expect("mulx \(a),\(b),\(c)") { $0.mulx(width, first, second, third) }
                        listing.expect("bextr \(a),\(b),\(c)") { $0.bextr(width, first, second, third) }
                        listing.expect("bzhi \(a),\(b),\(c)") { $0.bzhi(width, first, second, third) }
                        listing.expect("sarx \(a),\(b),\(c)") { $0.sarx(width, first, second, third) }
                        listing.expect("shlx \(a),\(b),\(c)") { $0.shlx(width, first, second, third) }
                        listing.expect("shrx \(a),\(b),\(c)") { $0.shrx(width, first, second, third) }
                    }
                    for memory in Memory.few {
                        let c = width.pointer + memory.name
                        listing.expect("andn \(a),\(b),\(c)") { $0.andn(width, first, second, memory) }
                        listing.expect("pdep \(a),\(b),\(c)") { $0.pdep(width, first, second, memory) }
                        listing.expect("pext \(a),\(b),\(c)") { $0.pext(width, first, second, memory) }
                        listing.expect("mulx \(a),\(b),\(c)") { $0.mulx(width, first, second, memory) }
                        listing.expect("bextr \(a),\(c),\(b)") { $0.bextr(width, first, memory, second) }
                        listing.expect("bzhi \(a),\(c),\(b)") { $0.bzhi(width, first, memory, second) }
                        listing.expect("sarx \(a),\(c),\(b)") { $0.sarx(width, first, memory, second) }
                        listing.expect("shlx \(a),\(c),\(b)") { $0.shlx(width, first, memory, second) }
                        listing.expect("shrx \(a),\(c),\(b)") { $0.shrx(width, first, memory, second) }
                    }
                    listing.expect("blsr \(a),\(b)") { $0.blsr(width, first, second) }
                    listing.expect("blsi \(a),\(b)") { $0.blsi(width, first, second) }
                    listing.expect("blsmsk \(a),\(b)") { $0.blsmsk(width, first, second) }
                    listing.expect("adcx \(a),\(b)") { $0.adcx(width, first, second) }
                    listing.expect("adox \(a),\(b)") { $0.adox(width, first, second) }
                    listing.expect("rorx \(a),\(b),0x7") { $0.rorx(width, first, second, imm: 7) }
                }
                for memory in Memory.cases where memory.base != Memory.ripBase {
                    let b = width.pointer + memory.name
                    listing.expect("blsr \(a),\(b)") { $0.blsr(width, first, memory) }
                    listing.expect("blsi \(a),\(b)") { $0.blsi(width, first, memory) }
                    listing.expect("blsmsk \(a),\(b)") { $0.blsmsk(width, first, memory) }
                    listing.expect("adcx \(a),\(b)") { $0.adcx(width, first, memory) }
                    listing.expect("adox \(a),\(b)") { $0.adox(width, first, memory) }
                    listing.expect("rorx \(a),\(b),0x7") { $0.rorx(width, first, memory, imm: 7) }
                }
            }
        }
        try listing.check(atLeast: 20_000)
    }
}
