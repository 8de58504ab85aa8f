// Jumps, calls, labels, patchable jumps, padding, atomics and system instructions, held against objdump.

import Testing

@testable import LyrebirdX64

@Suite struct ControlFlowTests {
    @Test func jumps() throws {
        var listing = Listing()
        /// What a jump of `length` bytes emitted now, `distance` from its end, prints as its target.
        func target(_ length: Int, _ distance: Int) -> String {
            hex(UInt64(bitPattern: Int64(listing.assembler.offset + length + distance)))
        }
        for distance: Int8 in [0, 1, 127, -128, -1] {
            listing.expect("jmp \(target(2, Int(distance)))") { $0.jmp(rel8: distance) }
            listing.expect("jrcxz \(target(2, Int(distance)))") { $0.jrcxz(rel8: distance) }
            for condition in Condition.allCases {
                listing.expect("j\(condition.name) \(target(2, Int(distance)))") { $0.jcc(condition, rel8: distance) }
            }
        }
        for distance: Int32 in [0, 128, -129, .max, .min] {
            listing.expect("jmp \(target(5, Int(distance)))") { $0.jmp(rel32: distance) }
            listing.expect("call \(target(5, Int(distance)))") { $0.call(rel32: distance) }
            for condition in Condition.allCases {
                listing.expect("j\(condition.name) \(target(6, Int(distance)))") { $0.jcc(condition, rel32: distance) }
            }
        }
        for distance in [-126, -125, -124, -123, 0, 127, 129, 130, 133, 134, 1000] {
            let offset = listing.assembler.offset
            let address = UnsafeRawPointer(listing.assembler.start + (offset + distance))
            let text = hex(UInt64(offset + distance))
            let isShort = Int8(exactly: distance - 2) != nil
            listing.expect("jmp \(text)") { $0.jmp(to: address) }
            #expect(listing.assembler.offset - offset == (isShort ? 2 : 5))
            listing.expect("jne \(text)") { $0.jcc(.ne, to: address) }
            listing.expect("call \(text)") { $0.call(to: address) }
        }
        for register in GPR.all {
            listing.expect("jmp \(register.name(.b64))") { $0.jmp(register) }
            listing.expect("call \(register.name(.b64))") { $0.call(register) }
        }
        for memory in Memory.cases {
            listing.expect("jmp QWORD PTR \(memory.name)") { $0.jmp(memory) }
            listing.expect("call QWORD PTR \(memory.name)") { $0.call(memory) }
        }
        listing.expect("ret") { $0.ret() }
        listing.expect("ret 0x10") { $0.ret(imm: 16) }
        try listing.check(atLeast: 600)
    }

    @Test func labels() throws {
        var listing = Listing()
        for padding in [0, 5, 121] {
            let text = hex(UInt64(listing.assembler.offset + 6 + padding))
            var labels: [ForwardLabel] = []
            listing.expect("je \(text)") { labels.append($0.jccForward(.e)) }
            listing.expect("jmp \(text)") { labels.append($0.jmpForward()) }
            listing.expect("jrcxz \(text)") { labels.append($0.jrcxzForward()) }
            listing.assembler.nop(bytes: padding)
            for label in labels { listing.assembler.bind(label) }
        }
        try listing.check(atLeast: 9)
        var near = Listing()
        for padding in [0, 127, 128, 5000] {
            let text = hex(UInt64(near.assembler.offset + 11 + padding))
            var labels: [ForwardLabel] = []
            near.expect("jg \(text)") { labels.append($0.jccForward(.g, near: true)) }
            near.expect("jmp \(text)") { labels.append($0.jmpForward(near: true)) }
            near.assembler.nop(bytes: padding)
            for label in labels { near.assembler.bind(label) }
        }
        try near.check(atLeast: 8)
    }

    @Test func patchableJumpsAreAligned() throws {
        var listing = Listing()
        for phase in 0..<8 {
            let start = listing.assembler.start
            var sites: [UnsafeMutablePointer<UInt8>] = []
            listing.assembler.nop(bytes: phase)
            sites.append(listing.assembler.jmpPatchable(to: start))
            listing.assembler.nop(bytes: phase)
            sites.append(listing.assembler.jccPatchable(.ne, to: start))
            listing.assembler.nop(bytes: phase)
            sites.append(listing.assembler.callPatchable(to: start))
            for site in sites {
                #expect(UInt(bitPattern: site) % 4 == 0)
                #expect(Assembler.target(of: site) == start)
                let other = start + 64
                Assembler.patch(site, to: other)
                #expect(Assembler.target(of: site) == other)
            }
            #expect([0xE9, 0xE8].contains(sites[0][-1]) && sites[1][-2] == 0x0F && sites[2][-1] == 0xE8)
        }
        try listing.check(atLeast: 0)
    }

    @Test func padding() throws {
        var listing = Listing()
        let names = [
            "nop", "xchg ax,ax", "nop DWORD PTR [rax]", "nop DWORD PTR [rax+0x0]", "nop DWORD PTR [rax+rax*1+0x0]",
            "nop WORD PTR [rax+rax*1+0x0]", "nop DWORD PTR [rax+0x0]", "nop DWORD PTR [rax+rax*1+0x0]",
            "nop WORD PTR [rax+rax*1+0x0]",
        ]
        for (index, name) in names.enumerated() { listing.expect(name) { $0.nop(bytes: index + 1) } }
        for count in 0..<40 {
            let offset = listing.assembler.offset
            listing.assembler.nop(bytes: count)
            #expect(listing.assembler.offset == offset + count)
        }
        listing.expect("ud2") { $0.ud2() }
        listing.assembler.align(to: 64)
        #expect(UInt(bitPattern: listing.assembler.cursor) % 64 == 0)
        listing.expect("ud2") { $0.ud2() }
        try listing.check(atLeast: 11)
    }

    @Test func atomics() throws {
        var listing = Listing()
        for memory in Memory.cases {
            for register in GPR.representative {
                for width in Width.allCases {
                    let operands = "\(width.pointer)\(memory.name),\(register.name(width))"
                    listing.expect("lock xadd \(operands)") {
                        $0.lock()
                        $0.xadd(width, memory, register)
                    }
                    listing.expect("lock cmpxchg \(operands)") {
                        $0.lock()
                        $0.cmpxchg(width, memory, register)
                    }
                    listing.expect("lock or \(operands)") {
                        $0.lock()
                        $0.or(width, memory, register)
                    }
                }
            }
            listing.expect("lock cmpxchg8b QWORD PTR \(memory.name)") {
                $0.lock()
                $0.cmpxchg8b(memory)
            }
            listing.expect("lock cmpxchg16b OWORD PTR \(memory.name)") {
                $0.lock()
                $0.cmpxchg16b(memory)
            }
            listing.expect("lock and QWORD PTR \(memory.name),0x7f") {
                $0.lock()
                $0.and(.b64, memory, imm: 127)
            }
            listing.expect("lock not DWORD PTR \(memory.name)") {
                $0.lock()
                $0.not(.b32, memory)
            }
        }
        try listing.check(atLeast: 15_000)
    }

    @Test func system() throws {
        var listing = Listing()
        for width in Width.longAndUp {
            for register in GPR.all {
                let name = register.name(width)
                listing.expect("rdfsbase \(name)") { $0.rdfsbase(width, register) }
                listing.expect("rdgsbase \(name)") { $0.rdgsbase(width, register) }
                listing.expect("wrfsbase \(name)") { $0.wrfsbase(width, register) }
                listing.expect("wrgsbase \(name)") { $0.wrgsbase(width, register) }
            }
        }
        for memory in Memory.cases {
            listing.expect("ldmxcsr DWORD PTR \(memory.name)") { $0.ldmxcsr(memory) }
            listing.expect("stmxcsr DWORD PTR \(memory.name)") { $0.stmxcsr(memory) }
        }
        listing.expect("mfence") { $0.mfence() }
        listing.expect("lfence") { $0.lfence() }
        listing.expect("sfence") { $0.sfence() }
        listing.expect("pause") { $0.pause() }
        listing.expect("rdtsc") { $0.rdtsc() }
        listing.expect("rdtscp") { $0.rdtscp() }
        listing.expect("cpuid") { $0.cpuid() }
        listing.expect("xgetbv") { $0.xgetbv() }
        listing.expect("syscall") { $0.syscall() }
        listing.expect("ud2") { $0.ud2() }
        listing.expect("int3") { $0.int3() }
        try listing.check(atLeast: 400)
    }
}
