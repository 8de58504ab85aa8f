// x86-64 Linux. Numbers, flags and structs are the host's own.

import Lyrebird

extension ABI {
    static let x86_64 = ABI(
        // INT 0x80 makes the calls of 32-bit programs, which are not there.
        processor: Processor(
            guest: .x86_64, callNumber: .rax, arguments: [.rdi, .rsi, .rdx, .r10, .r8, .r9], result: .rax,
            stackPointer: .rsp, threadPointer: .fsBase, gsBase: .gsBase, callSize: 2, foreignCall: 0x80,
            frames: X86SignalFrame.self),
        machineName: "x86_64",
        elfMachine: 62,
        hostMachines: [3],
        systemCalls: x86_64SystemCalls,
        cloneThreadPointer: 4,
        cloneChildID: 3,
        vsyscallPage: 0xffff_ffff_ff60_0000,
        // CPUID leaf 1, EDX.
        capabilities: [
            Capability(bit: 0, name: "fpu"), Capability(bit: 4, name: "tsc"), Capability(bit: 8, name: "cx8"),
            Capability(bit: 15, name: "cmov"), Capability(bit: 19, name: "clflush"), Capability(bit: 23, name: "mmx"),
            Capability(bit: 24, name: "fxsr"), Capability(bit: 25, name: "sse"), Capability(bit: 26, name: "sse2"),
        ],
        capabilities2: [Capability(bit: 1, name: "fsgsbase")],
        processorInformation: { x86_64Information($0, $1, $2) },
        signalFrameSize: UInt64(X86SignalFrame.largestSize),
        minimumAlternateStack: 2048,
        illegalInstruction: TrapSignal(number: Signal.illegalInstruction, code: 2, vector: 6),  // ILL_ILLOPN
        // SI_KERNEL: the program goes on behind INT3.
        breakpoint: TrapSignal(number: Signal.trap, code: 0x80, hasAddress: false, vector: 3, advance: 1),
        vdso: VDSO.Image(
            words: X8664VDSO.image, signalReturn: nil,
            clocks: [X8664VDSO.clockOfGettime, X8664VDSO.clockOfGettimeofday, X8664VDSO.clockOfTime],
            processors: [X8664VDSO.processorOfGetcpu]),
        openFlags: [],
        unknownMapFlags: 0,
        stat: nil,
        epollEvent: nil,
        semaphoreSet: nil,
        positionIndependentBase: 0x55_0000_0000,
        interpreterBase: 0x70_0000_0000,
        stackTop: 0x7f_ffff_f000)

    /// The numbers are the raw values (`arch/x86/entry/syscalls/syscall_64.tbl`): one run from 0 to 334.
    static let x86_64SystemCalls: [SystemCall] = (0...334).map { SystemCall(rawValue: $0) ?? .unassigned }

    /// Features that have no bit of AT_HWCAP, as `arch/x86/include/asm/cpufeatures.h` names them: what CPUID says besides.
    private static let furtherFeatures: StaticString = """
        syscall nx rdtscp lm pni pclmulqdq ssse3 fma cx16 sse4_1 sse4_2 movbe popcnt aes xsave avx f16c lahf_lm abm 3dnowprefetch \
        fsgsbase bmi1 avx2 bmi2 adx clflushopt clwb sha_ni xsaveopt xsavec xgetbv1 rdpid
        """

    /// `arch/x86/kernel/cpu/proc.c`
    private static func x86_64Information(_ index: Int, _ count: Int, _ megahertz: String?) -> String {
        let features = x86_64.capabilities.map { "\($0.name)" }.joined(separator: " ")
        return """
            processor\t: \(index)
            vendor_id\t: GenuineIntel
            cpu family\t: 6
            model\t\t: 60
            model name\t: Lyrebird virtual x86-64 CPU
            stepping\t: 3\(megahertz.map { "\ncpu MHz\t\t: \($0)" } ?? "")
            physical id\t: 0
            siblings\t: \(count)
            core id\t\t: \(index)
            cpu cores\t: \(count)
            apicid\t\t: \(index)
            initial apicid\t: \(index)
            fpu\t\t: yes
            fpu_exception\t: yes
            wp\t\t: yes
            flags\t\t: \(features) \(furtherFeatures)
            clflush size\t: 64
            cache_alignment\t: 64
            address sizes\t: 48 bits physical, 48 bits virtual
            power management:


            """
    }
}

/// Exceptions that x86 alone has (`arch/x86/kernel/traps.c`).
extension TrapSignal {
    static let divideError = TrapSignal(number: Signal.arithmetic, code: 1, vector: 0)  // FPE_INTDIV

    /// SI_KERNEL. The error code of a software interrupt is where in the table it would be.
    static func generalProtection(interrupt: UInt32? = nil) -> TrapSignal {
        TrapSignal(
            number: Signal.segmentation, code: 0x80, hasAddress: false, vector: 13,
            syndrome: interrupt.map { UInt64($0) << 3 | 2 } ?? 0)
    }

    /// The code is of the first exception that is there and not masked (`fpu__exception_code`).
    static func floatingPointError(_ vector: UInt32, _ cpu: CPU) -> TrapSignal {
        let unmasked: UInt64 =
            vector == 16 ? cpu[.x87Status] & ~cpu[.x87Control] : cpu[.mxcsr] & ~(cpu[.mxcsr] >> 7)
        let codes: [(UInt64, Int32)] = [
            (0x01, 7), (0x04, 3), (0x08, 4), (0x12, 5), (0x20, 6),  // FPE_FLTINV, FLTDIV, FLTOVF, FLTUND, FLTRES
        ]
        let code = codes.first { unmasked & $0.0 != 0 }?.1 ?? 0
        return TrapSignal(number: Signal.arithmetic, code: code, vector: UInt64(vector))
    }

    /// INT 3 and INT 4 are for programs, and behind the instruction; those with other numbers are not.
    static func softwareInterrupt(_ vector: UInt32, at pc: UInt64, in memory: Memory) -> TrapSignal {
        guard vector == 3 || vector == 4 else { return generalProtection(interrupt: vector) }
        return TrapSignal(
            number: vector == 3 ? Signal.trap : Signal.segmentation, code: 0x80, hasAddress: false,
            vector: UInt64(vector), advance: interruptSize(at: pc, in: memory))
    }

    /// INT3 or INT n behind prefixes, none of which is like them.
    private static func interruptSize(at pc: UInt64, in memory: Memory) -> UInt64 {
        for size in 1...15 as ClosedRange<UInt64> {
            switch try? memory.load(UInt8.self, at: pc &+ size &- 1) {
            case 0xCC: return size
            case 0xCD: return size + 1
            default: break
            }
        }
        return 0
    }

    /// Of the trap flag, or INT1. The address is that behind the instruction.
    static func debugException(isStep: Bool) -> TrapSignal {
        TrapSignal(number: Signal.trap, code: isStep ? 2 : 1, vector: 1)  // TRAP_TRACE, TRAP_BRKPT
    }
}
