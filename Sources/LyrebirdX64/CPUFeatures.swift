// The extensions of x86-64 that generated code may use: found with CPUID, or named by the user to try another machine's
// code on this one.

import CLyrebird

/// A set of extensions of the instruction set.
public struct CPUFeatures: OptionSet, Hashable, Sendable {
    public let rawValue: UInt32

    @inline(__always) public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static var sse3: CPUFeatures { CPUFeatures(rawValue: 1 &<< 0) }
    public static var ssse3: CPUFeatures { CPUFeatures(rawValue: 1 &<< 1) }
    public static var sse41: CPUFeatures { CPUFeatures(rawValue: 1 &<< 2) }
    public static var sse42: CPUFeatures { CPUFeatures(rawValue: 1 &<< 3) }
    public static var popcnt: CPUFeatures { CPUFeatures(rawValue: 1 &<< 4) }
    public static var lzcnt: CPUFeatures { CPUFeatures(rawValue: 1 &<< 5) }
    public static var bmi1: CPUFeatures { CPUFeatures(rawValue: 1 &<< 6) }
    public static var bmi2: CPUFeatures { CPUFeatures(rawValue: 1 &<< 7) }
    public static var movbe: CPUFeatures { CPUFeatures(rawValue: 1 &<< 8) }
    public static var avx: CPUFeatures { CPUFeatures(rawValue: 1 &<< 9) }
    public static var avx2: CPUFeatures { CPUFeatures(rawValue: 1 &<< 10) }
    public static var fma: CPUFeatures { CPUFeatures(rawValue: 1 &<< 11) }
    public static var f16c: CPUFeatures { CPUFeatures(rawValue: 1 &<< 12) }
    public static var aes: CPUFeatures { CPUFeatures(rawValue: 1 &<< 13) }
    public static var pclmul: CPUFeatures { CPUFeatures(rawValue: 1 &<< 14) }
    public static var sha: CPUFeatures { CPUFeatures(rawValue: 1 &<< 15) }
    public static var adx: CPUFeatures { CPUFeatures(rawValue: 1 &<< 16) }
    /// AVX-512 F, VL, BW and DQ together: XMM16–31 and the EVEX encodings of everything the assembler has.
    public static var avx512vl: CPUFeatures { CPUFeatures(rawValue: 1 &<< 17) }
    /// RDFSBASE and its kin, switched on by the kernel.
    public static var fsgsbase: CPUFeatures { CPUFeatures(rawValue: 1 &<< 18) }
    public static var cx16: CPUFeatures { CPUFeatures(rawValue: 1 &<< 19) }
    public static var lahf: CPUFeatures { CPUFeatures(rawValue: 1 &<< 20) }

    /// x86-64-v2: what every processor since 2009 has, and what Lyrebird needs.
    public static var baseline: CPUFeatures { [.sse3, .ssse3, .sse41, .sse42, .popcnt, .cx16, .lahf] }

    /// Those of this machine.
    public static let detected = detect()

    /// The names by bit.
    private static let allNames = [
        "sse3", "ssse3", "sse41", "sse42", "popcnt", "lzcnt", "bmi1", "bmi2", "movbe", "avx", "avx2", "fma", "f16c",
        "aes", "pclmul", "sha", "adx", "avx512vl", "fsgsbase", "cx16", "lahf",
    ]

    /// The features of a list such as `avx2,bmi2`, in which `baseline` and `detected` name sets. Nil if a name is unknown.
    public init?(names: String) {
        var features: CPUFeatures = []
        for name in names.split(separator: ",", omittingEmptySubsequences: true) {
            if name == "baseline" {
                features.formUnion(.baseline)
            } else if name == "detected" {
                features.formUnion(.detected)
            } else if let bit = Self.allNames.firstIndex(where: { $0 == name }) {
                features.formUnion(CPUFeatures(rawValue: 1 &<< UInt32(bit)))
            } else {
                return nil
            }
        }
        self = features
    }

    /// The features as a list that `init(names:)` reads.
    public var names: String {
        let present = Self.allNames.indices.filter { rawValue & 1 &<< UInt32($0) != 0 }
        return present.map { Self.allNames[$0] }.joined(separator: ",")
    }

    private static func detect() -> CPUFeatures {
        var features: CPUFeatures = []
        func note(_ feature: CPUFeatures, _ register: UInt32, _ bit: UInt32) {
            if register &>> bit & 1 != 0 { features.formUnion(feature) }
        }
        let basic = lyrebird_cpuid(1, 0)
        note(.sse3, basic.ecx, 0)
        note(.pclmul, basic.ecx, 1)
        note(.ssse3, basic.ecx, 9)
        note(.cx16, basic.ecx, 13)
        note(.sse41, basic.ecx, 19)
        note(.sse42, basic.ecx, 20)
        note(.movbe, basic.ecx, 22)
        note(.popcnt, basic.ecx, 23)
        note(.aes, basic.ecx, 25)

        let structured = lyrebird_cpuid(7, 0)
        note(.bmi1, structured.ebx, 3)
        note(.bmi2, structured.ebx, 8)
        note(.adx, structured.ebx, 19)
        note(.sha, structured.ebx, 29)

        let extended = lyrebird_cpuid(0x8000_0001, 0)
        note(.lahf, extended.ecx, 0)
        note(.lzcnt, extended.ecx, 5)

        // HWCAP2_FSGSBASE: CPUID alone does not say that CR4 allows it.
        if lyrebird_hwcap2() & 2 != 0 { note(.fsgsbase, structured.ebx, 0) }

        // Vector state must be saved by the kernel: XMM and YMM (bits 1, 2), opmasks and ZMM (5 to 7).
        let hasOSXSAVE = basic.ecx &>> 27 & 1 != 0
        let saved = hasOSXSAVE ? lyrebird_xcr0() : 0
        guard saved & 0x6 == 0x6 else { return features }
        note(.avx, basic.ecx, 28)
        guard features.contains(.avx) else { return features }
        note(.fma, basic.ecx, 12)
        note(.f16c, basic.ecx, 29)
        note(.avx2, structured.ebx, 5)
        // F is bit 16, DQ 17, BW 30, VL 31.
        let avx512: UInt32 = 0xC003_0000
        if saved & 0xE6 == 0xE6 && structured.ebx & avx512 == avx512 && features.contains(.avx2) {
            features.formUnion(.avx512vl)
        }
        return features
    }
}
