// AArch64 Linux. It uses the kernel's generic ABI (`include/uapi/asm-generic`) except for four open flags
// (`arch/arm64/include/uapi/asm/fcntl.h`).

import Lyrebird

extension ABI {
    static let arm64 = ABI(
        processor: Processor(
            guest: .arm64, callNumber: .x8, arguments: [.x0, .x1, .x2, .x3, .x4, .x5], result: .x0, stackPointer: .sp,
            threadPointer: .tpidrEL0, gsBase: nil, callSize: 4, foreignCall: nil, frames: ARM64SignalFrame.self),
        machineName: "aarch64",
        elfMachine: 183,
        hostMachines: [62, 3],
        systemCalls: arm64SystemCalls,
        cloneThreadPointer: 3,
        cloneChildID: 4,
        vsyscallPage: nil,
        capabilities: [
            // arch/arm64/include/uapi/asm/hwcap.h
            Capability(bit: 0, name: "fp"), Capability(bit: 1, name: "asimd"), Capability(bit: 3, name: "aes"),
            Capability(bit: 4, name: "pmull"), Capability(bit: 5, name: "sha1"), Capability(bit: 6, name: "sha2"),
            Capability(bit: 7, name: "crc32"), Capability(bit: 8, name: "atomics"),
            Capability(bit: 9, name: "fphp"), Capability(bit: 10, name: "asimdhp"), Capability(bit: 11, name: "cpuid"),
            Capability(bit: 12, name: "asimdrdm"), Capability(bit: 13, name: "jscvt"),
            Capability(bit: 14, name: "fcma"),
            Capability(bit: 15, name: "lrcpc"), Capability(bit: 16, name: "dcpop"), Capability(bit: 17, name: "sha3"),
            // Not sm3 (18) and sm4 (19): they are built, but programs are faster without.
            Capability(bit: 20, name: "asimddp"), Capability(bit: 21, name: "sha512"),
            Capability(bit: 23, name: "asimdfhm"), Capability(bit: 24, name: "dit"),
            Capability(bit: 26, name: "ilrcpc"), Capability(bit: 27, name: "flagm"), Capability(bit: 28, name: "ssbs"),
            Capability(bit: 29, name: "sb"),
        ],
        capabilities2: [
            Capability(bit: 0, name: "dcpodp"), Capability(bit: 7, name: "flagm2"), Capability(bit: 8, name: "frint"),
            Capability(bit: 13, name: "i8mm"), Capability(bit: 14, name: "bf16"),
        ],
        processorInformation: { index, _, _ in arm64Information(index) },
        // sizeof(struct rt_sigframe), the frame record and the room for aligning it: signal_minsigstksz in
        // arch/arm64/kernel/signal.c.
        signalFrameSize: UInt64(ARM64SignalFrame.size) + 16 + 16,
        minimumAlternateStack: 5120,
        illegalInstruction: TrapSignal(number: Signal.illegalInstruction, code: 1),  // ILL_ILLOPC
        breakpoint: TrapSignal(number: Signal.trap, code: 1),  // TRAP_BRKPT
        vdso: VDSO.Image(
            words: ARM64VDSO.image, signalReturn: ARM64VDSO.signalReturn,
            clocks: [ARM64VDSO.clockOfGettime, ARM64VDSO.clockOfGettimeofday]),
        openFlags: [
            FlagPair(guest: 0o40000, host: 0o200000),  // O_DIRECTORY
            FlagPair(guest: 0o100000, host: 0o400000),  // O_NOFOLLOW
            FlagPair(guest: 0o200000, host: 0o40000),  // O_DIRECT
            FlagPair(guest: 0o400000, host: 0o100000),  // O_LARGEFILE
        ],
        unknownMapFlags: 0xc0,  // MAP_32BIT, which would confine them to 2 GB, and MAP_ABOVE4G
        stat: arm64Stat,
        epollEvent: genericEpollEvent,
        semaphoreSet: genericSemaphoreSet,
        positionIndependentBase: 0x55_0000_0000,
        interpreterBase: 0x70_0000_0000,
        stackTop: 0x7f_ffff_f000)

    /// `struct stat`: asm-generic/stat.h against arch/x86/include/uapi/asm/stat.h.
    private static let arm64Stat = StructLayout(
        hostSize: 144, guestSize: 128,
        fields: [
            .init(host: 0, 8, guest: 0, 8),  // st_dev
            .init(host: 8, 8, guest: 8, 8),  // st_ino
            .init(host: 24, 4, guest: 16, 4),  // st_mode
            .init(host: 16, 8, guest: 20, 4),  // st_nlink
            .init(host: 28, 4, guest: 24, 4),  // st_uid
            .init(host: 32, 4, guest: 28, 4),  // st_gid
            .init(host: 40, 8, guest: 32, 8),  // st_rdev
            .init(host: 48, 8, guest: 48, 8),  // st_size
            .init(host: 56, 8, guest: 56, 4),  // st_blksize
            .init(host: 64, 8, guest: 64, 8),  // st_blocks
            .init(host: 72, 48, guest: 72, 48),  // st_atim, st_mtim, st_ctim
        ])

    /// `struct epoll_event`, which x86-64 alone packs: include/uapi/linux/eventpoll.h.
    private static let genericEpollEvent = StructLayout(
        hostSize: 12, guestSize: 16,
        fields: [
            .init(host: 0, 4, guest: 0, 4),  // events
            .init(host: 4, 8, guest: 8, 8),  // data
        ])

    /// `struct semid64_ds`: asm-generic/sembuf.h against arch/x86/include/uapi/asm/sembuf.h.
    private static let genericSemaphoreSet = StructLayout(
        hostSize: 104, guestSize: 88,
        fields: [
            .init(host: 0, 48, guest: 0, 48),  // sem_perm
            .init(host: 48, 8, guest: 48, 8),  // sem_otime
            .init(host: 64, 8, guest: 56, 8),  // sem_ctime
            .init(host: 80, 8, guest: 64, 8),  // sem_nsems
        ])

    /// `arch/arm64/kernel/cpuinfo.c`
    private static func arm64Information(_ index: Int) -> String {
        let features = (arm64.capabilities + arm64.capabilities2).map { "\($0.name)" }.joined(separator: " ")
        return """
            processor\t: \(index)
            BogoMIPS\t: 100.00
            Features\t: \(features)
            CPU implementer\t: 0x00
            CPU architecture: 8
            CPU variant\t: 0x0
            CPU part\t: 0x000
            CPU revision\t: 0


            """
    }
}
