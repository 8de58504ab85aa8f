// The host CPU as an oracle: HostDecoder runs the strings, this compares what it found with the decoder. In each mode it must
// be `incomplete` as long as the CPU fetches on, and undefined where the CPU says #UD.

import Glibc
import LyrebirdX86
import TestSupport

/// A byte string in a mode.
struct CodeString: Sendable {
    var mode: Mode
    var bytes: [UInt8]

    var description: String {
        "\(mode.codeSize) " + bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
    }

    func decoded(_ count: Int = 15) -> Decoded {
        bytes.withUnsafeBytes { decode(UnsafeRawBufferPointer(rebasing: $0.prefix(count)), mode) }
    }
}

/// What the CPU did with a string.
struct HostFinding: Sendable {
    /// So many bytes it fetched before it did something.
    var length: Int
    /// The exception then.
    var vector: UInt8

    static let invalidOpcode: UInt8 = 6
    static let generalProtection: UInt8 = 13
}

enum HostOracle {
    /// The decoder does as AMD's CPUs do where the makers part ways: what 66 does to near branches, and how much is fetched
    /// before #UD is raised.
    static let isAMD = processor.contains("AuthenticAMD")

    private static let processor: Set<Substring> = {
        guard let file = fopen("/proc/cpuinfo", "r") else { return [] }
        defer { fclose(file) }
        var text = [UInt8](repeating: 0, count: 8192)
        let count = fread(&text, 1, text.count, file)
        let words = String(decoding: text.prefix(count), as: UTF8.self)
        return Set(words.split(whereSeparator: { " :\t\n".contains($0) }))
    }()

    /// Whether the host has an instruction's feature, by the name that Linux has for it.
    private static func has(_ feature: Feature) -> Bool {
        let others: [Feature: Substring] = [
            .lzcnt: "abm", .sha: "sha_ni", .sse3: "pni", .prefetchw: "3dnowprefetch", .clfsh: "clflush",
        ]
        // Without CET, ENDBR is a hint NOP.
        let everywhere: Set<Feature> = [.base, .cet_IBT]
        return everywhere.contains(feature)
            || processor.contains(others[feature] ?? Substring("\(feature)".lowercased()))
    }

    /// 16-bit code needs a segment of its own, which modify_ldt(2) makes where the kernel has it.
    static let runs16BitCode =
        (try? findings([CodeString(mode: Mode(.bits16), bytes: [UInt8](repeating: 0x90, count: 15))])) != nil

    /// Whether what the CPU does with a string says something about decoding.
    static func canJudge(_ string: CodeString) -> Bool {
        switch string.decoded() {
        case .undefined(.absent), .undefined(.evex):
            // The CPU may have it.
            return false
        case .tooLong:
            // That may be EVEX, too.
            return !string.bytes.contains(0x62)
        case .instruction(let instruction):
            switch instruction.mnemonic {
            case .syscall, .sysenter: return false
            // Returns from the kernel without a trap; so do these, which Linux emulates where UMIP forbids them.
            case .int: return instruction.immediate != 0x80
            case .sgdt, .sidt, .sldt, .smsw, .str: return false
            default: return true
            }
        default:
            return true
        }
    }

    /// What the CPU does with each of the strings.
    static func findings(_ strings: [CodeString]) throws -> [HostFinding] {
        let input = try TemporaryFile(size: 16 * strings.count)
        let output = try TemporaryFile(size: 2 * strings.count)
        for (number, string) in strings.enumerated() {
            let mode: UInt8 = [.bits16: 16, .bits32: 32, .bits64: 64][string.mode.codeSize]!
            let record = [mode] + string.bytes.prefix(15)
            record.withUnsafeBytes {
                (input.content + 16 * number).copyMemory(from: $0.baseAddress!, byteCount: $0.count)
            }
        }
        let run = ChildProcess([buildDirectory + "/HostDecoder", input.path, output.path])
        guard run.status == 0 else { throw Failure(text: "HostDecoder: \(run.status) \(run.errors)") }
        return (0..<strings.count).map {
            let length = output.content.load(fromByteOffset: 2 * $0, as: UInt8.self)
            return HostFinding(
                length: Int(length), vector: output.content.load(fromByteOffset: 2 * $0 + 1, as: UInt8.self))
        }
    }

    /// What is wrong with the decoder's opinion of a string, if anything.
    static func complaint(_ string: CodeString, _ finding: HostFinding) -> String? {
        let isUndefined = finding.vector == HostFinding.invalidOpcode
        if isUndefined && !isAMD {
            if case .instruction(let instruction) = string.decoded(), !raisesInvalidOpcode(instruction),
                has(instruction.row.feature)
            {
                return "\(string.description): #UD, \(instruction.text(at: 0))"
            }
            return nil
        }
        for count in 0..<finding.length {
            guard case .incomplete = string.decoded(count) else {
                return
                    "\(string.description): the CPU fetched \(finding.length) bytes; of \(count): \(string.decoded(count))"
            }
        }
        let decoded = string.decoded(finding.length)
        switch decoded {
        case .instruction(let instruction):
            if instruction.length == finding.length && isUndefined == raisesInvalidOpcode(instruction) { return nil }
            let wide = instruction.prefixes.contains(.wide) ? instruction.row.wideFeature : instruction.row.feature
            if isUndefined && !(has(instruction.row.feature) && has(wide)) { return nil }
        case .undefined:
            if isUndefined { return nil }
        case .tooLong:
            if finding.length == 15 && finding.vector == HostFinding.generalProtection { return nil }
        case .incomplete:
            break
        }
        if excuses.contains(where: { $0.holds(string, finding) }) { return nil }
        return "\(string.description): \(finding) \(decoded)"
    }

    private static func raisesInvalidOpcode(_ instruction: DecodedInstruction) -> Bool {
        [.ud0, .ud1, .ud2].contains(instruction.mnemonic)
    }

    /// A string that the CPU executes and the decoder calls undefined, and the reason.
    private struct Excuse: Sendable {
        let reason: String
        let holds: @Sendable (_ string: CodeString, _ finding: HostFinding) -> Bool
    }

    private static let excuses = [
        Excuse(reason: "AMD's CPUs take LOCK before MOV of CR0 for another name of CR8 (AMD64 APM volume 3, MOV CRn)") {
            $1.vector == HostFinding.generalProtection
                && ($0.unlocked?.operand(0).kind == .control || $0.unlocked?.operand(1).kind == .control)
        },
        Excuse(reason: "LOCK before VERR and VERW is found after their memory operand is bad") {
            $1.vector != HostFinding.invalidOpcode && [.verr, .verw].contains($0.unlocked?.mnemonic)
        },
        Excuse(reason: "Intel's CPUs take PREFETCHW and its kin with a register for a NOP") { string, _ in
            !isAMD && string.bytes.contains(0x0D)
        },
        Excuse(reason: "AMD's CPUs let W of VPERMQ and VPERMPD be 0, which is #UD by both makers' manuals") {
            string, _ in
            // C4, the map 0F3A, W = 0 with L = 1 and 66, and the opcodes 00 and 01.
            let bytes = Array(string.bytes.drop { $0 != 0xC4 }.dropFirst().prefix(3))
            guard bytes.count == 3 else { return false }
            return bytes[0] & 0x1F == 3 && bytes[1] & 0x87 == 5 && bytes[2] < 2
        },
    ]

    struct Failure: Error { let text: String }
}

/// A file in /tmp, mapped, that goes away with the value.
final class TemporaryFile {
    let path: String
    let content: UnsafeMutableRawPointer
    private let size: Int

    init(size: Int) throws {
        var name = Array("/tmp/lyrebird-strings-XXXXXX".utf8CString)
        let file = mkstemp(&name)
        defer { close(file) }
        guard file >= 0, ftruncate(file, size) == 0,
            let content = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), content != MAP_FAILED
        else { throw HostOracle.Failure(text: "no file in /tmp") }
        path = name.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
        self.content = content
        self.size = size
    }

    deinit {
        munmap(content, size)
        unlink(path)
    }
}

extension CodeString {
    /// The instruction without its LOCK.
    fileprivate var unlocked: DecodedInstruction? {
        guard bytes.contains(0xF0) else { return nil }
        let rest = CodeString(mode: mode, bytes: bytes.filter { $0 != 0xF0 })
        guard case .instruction(let instruction) = rest.decoded() else { return nil }
        return instruction
    }
}
