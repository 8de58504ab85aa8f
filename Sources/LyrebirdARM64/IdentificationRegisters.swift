// D19.2 The identification registers as user mode sees them. They say what the lifters do; what a program may use without
// looking here is told by its operating system, in Linux by AT_HWCAP, and must agree.

enum IdentificationRegister {
    /// Of op0 = 3, op1 = 0, CRn = 0; nil where there is none to be read.
    static func value(crm: Int, op2: Int) -> UInt64? {
        switch (crm, op2) {
        case (0, 0): mainID
        case (0, 5): multiprocessorAffinity
        case (0, 6): 0
        case (4, 0): processor0
        case (4, 1): processor1
        case (6, 0): instructionSet0
        case (6, 1): instructionSet1
        case (2...7, _): 0
        default: nil
        }
    }

    /// MIDR_EL1: an implementer that is no hardware's, and the architecture told by these registers.
    private static let mainID: UInt64 = 0xF << 16
    /// MPIDR_EL1: bit 31 is one.
    private static let multiprocessorAffinity: UInt64 = 1 << 31

    /// ID_AA64PFR0_EL1: EL0 and EL1 in AArch64, FP and AdvSIMD with half precision, DIT.
    private static let processor0: UInt64 = 1 | 1 << 4 | 1 << 16 | 1 << 20 | 1 << 48
    /// ID_AA64PFR1_EL1: SSBS with the register. Not BT: nobody looks at where indirect branches go.
    private static let processor1: UInt64 = 2 << 4

    /// ID_AA64ISAR0_EL1: AES with PMULL, SHA1, SHA2 with SHA-512, CRC32, Atomic, RDM, SHA3, DP, FHM, TS with FlagM2.
    /// SM3 and SM4 are there, but slower than what programs do without.
    private static let instructionSet0: UInt64 =
        2 << 4 | 1 << 8 | 2 << 12 | 1 << 16 | 2 << 20 | 1 << 28 | 1 << 32 | 1 << 44 | 1 << 48 | 2 << 52

    /// ID_AA64ISAR1_EL1: DPB with its second part, JSCVT, FCMA, LRCPC with its second part, FRINTTS, SB, BF16, I8MM. Not APA to
    /// GPI: see PointerAuthentication.swift.
    private static let instructionSet1: UInt64 =
        2 | 1 << 12 | 1 << 16 | 2 << 20 | 1 << 32 | 1 << 36 | 1 << 44 | 1 << 52
}
