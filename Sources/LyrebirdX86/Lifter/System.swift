// SDM volume 1, 7.3.17 Miscellaneous instructions: what says what the CPU is, tells the time, orders memory, or does nothing.

import LyrebirdIR

extension Lifter {
    mutating func nop(_ i: DecodedInstruction) {}
    mutating func pause(_ i: DecodedInstruction) {}
    mutating func endbr64(_ i: DecodedInstruction) {}
    mutating func endbr32(_ i: DecodedInstruction) {}
    mutating func prefetch(_ i: DecodedInstruction) {}
    mutating func prefetchw(_ i: DecodedInstruction) {}
    mutating func prefetchwt1(_ i: DecodedInstruction) {}
    mutating func prefetchnta(_ i: DecodedInstruction) {}
    mutating func prefetcht0(_ i: DecodedInstruction) {}
    mutating func prefetcht1(_ i: DecodedInstruction) {}
    mutating func prefetcht2(_ i: DecodedInstruction) {}

    mutating func mfence(_ i: DecodedInstruction) { unit.fence() }
    mutating func lfence(_ i: DecodedInstruction) { unit.fence() }
    mutating func sfence(_ i: DecodedInstruction) { unit.fence() }

    /// The virtual counter: nanoseconds.
    mutating func rdtsc(_ i: DecodedInstruction) {
        let zero = const(0)
        let time = unit.call(.counter, zero, zero)
        setRegister(General.rax, unit.zext(.i64, from: .i32, unit.trunc(.i32, time)))
        setRegister(General.rdx, unit.shr(time, const(32)))
    }

    /// The processor's number is not told.
    mutating func rdtscp(_ i: DecodedInstruction) {
        rdtsc(i)
        setRegister(General.rcx, const(0))
    }

    mutating func rdpid(_ i: DecodedInstruction) { write(i.operand(0), const(type(i.operand(0).size), 0), i) }

    /// Linux keeps the counters to itself: CR4.PCE is clear.
    mutating func rdpmc(_ i: DecodedInstruction) { trap(.generalProtection) }

    // They ask of memory what a load does.
    mutating func clflush(_ i: DecodedInstruction) { _ = load(1, address(i)) }
    mutating func clflushopt(_ i: DecodedInstruction) { _ = load(1, address(i)) }
    mutating func clwb(_ i: DecodedInstruction) { _ = load(1, address(i)) }

    // MARK: CPUID

    /// A leaf: EAX, EBX, ECX and EDX for a value of EAX and, where it has subleaves, of ECX.
    private struct Leaf {
        var number: UInt32
        var subleaf: UInt32?
        var values: (UInt32, UInt32, UInt32, UInt32)

        init(_ number: UInt32, subleaf: UInt32? = nil, _ values: (UInt32, UInt32, UInt32, UInt32)) {
            self.number = number
            self.subleaf = subleaf
            self.values = values
        }
    }

    /// What is built: all of x86-64-v3, and AES, PCLMULQDQ, SHA and ADX.
    private static let leaves = [
        Leaf(0, (0xD, text("Genu"), text("ntel"), text("ineI"))),
        // Family 6, model 0x3C. SSE3, PCLMULQDQ, SSSE3, FMA, CX16, SSE4.1, SSE4.2, MOVBE, POPCNT, AES, XSAVE, OSXSAVE, AVX, F16C; FPU,
        // TSC, CX8, CMOV, CLFSH, MMX, FXSR, SSE, SSE2.
        Leaf(
            1,
            (
                0x306C3, 0x0801, bits(0, 1, 9, 12, 13, 19, 20, 22, 23, 25, 26, 27, 28, 29),
                bits(0, 4, 8, 15, 19, 23, 24, 25, 26)
            )),
        // Ask leaf 4.
        Leaf(2, (0x00FF_FF01, 0, 0, 0)),
        // Caches: the kind (data, code, both) and the level; the ways above the line's bytes; the sets. C libraries choose by them how
        // they copy memory.
        Leaf(4, subleaf: 0, (1 | 1 << 5 | 1 << 8, 7 << 22 | 63, 63, 0)),
        Leaf(4, subleaf: 1, (2 | 1 << 5 | 1 << 8, 7 << 22 | 63, 63, 0)),
        Leaf(4, subleaf: 2, (3 | 2 << 5 | 1 << 8, 15 << 22 | 63, 1023, 0)),
        Leaf(4, subleaf: 3, (3 | 3 << 5 | 1 << 8, 15 << 22 | 63, 16383, 0)),
        // FSGSBASE, BMI1, AVX2, the x87 operand's address kept for exceptions only, BMI2, no x87 selectors, ADX, CLFLUSHOPT, CLWB, SHA;
        // RDPID.
        Leaf(7, subleaf: 0, (0, bits(0, 3, 5, 6, 8, 13, 19, 23, 24, 29), bits(22), 0)),
        // XSAVE: the components and the area's size; XSAVEOPT, XSAVEC, XGETBV of 1; AVX state's size and place.
        Leaf(0xD, subleaf: 0, (UInt32(StateComponents.all), StateArea.size, StateArea.size, 0)),
        Leaf(0xD, subleaf: 1, (7, StateArea.size, 0, 0)),
        Leaf(0xD, subleaf: 2, (256, UInt32(StateArea.upper), 0, 0)),
        Leaf(0x8000_0000, (0x8000_0008, 0, 0, 0)),
        // LAHF, LZCNT, PREFETCHW; SYSCALL, NX, RDTSCP, LM.
        Leaf(0x8000_0001, (0, 0, bits(0, 5, 8), bits(11, 20, 27, 29))),
        Leaf(0x8000_0002, (text("Lyre"), text("bird"), text(" vir"), text("tual"))),
        Leaf(0x8000_0003, (text(" x86"), text("-64 "), text("CPU\0"), 0)),
        // Addresses of 48 bits.
        Leaf(0x8000_0008, (0x3030, 0, 0, 0)),
    ]

    private static func bits(_ numbers: UInt32...) -> UInt32 { numbers.reduce(0) { $0 | 1 << $1 } }

    private static func text(_ four: StaticString) -> UInt32 {
        UnsafeRawPointer(four.utf8Start).loadUnaligned(as: UInt32.self)
    }

    /// Other leaves and subleaves have nothing.
    mutating func cpuid(_ i: DecodedInstruction) {
        let number = register(General.rax, 4)
        let subleaf = register(General.rcx, 4)
        var results = [const32(0), const32(0), const32(0), const32(0)]
        for leaf in Lifter.leaves {
            var difference = unit.sub(number, const32(leaf.number))
            if let wanted = leaf.subleaf {
                difference = unit.or(difference, wanted == 0 ? subleaf : unit.sub(subleaf, const32(wanted)))
            }
            let flags = unit.flags(unit.and(difference, const32(.max)))
            let values = [leaf.values.0, leaf.values.1, leaf.values.2, leaf.values.3]
            for index in 0..<4 where values[index] != 0 {
                results[index] = unit.select(.eq, flags, const32(values[index]), results[index])
            }
        }
        let registers = [General.rax, General.rbx, General.rcx, General.rdx]
        for index in 0..<4 { setRegister(registers[index], results[index]) }
    }
}
