// GNU objdump's opinion of many byte strings at once. Each stands in a record of 32 bytes that is filled with NOPs, so that the
// next record starts with an instruction again whatever this one was taken for.

import TestSupport

enum Objdump {
    static let path = "/usr/bin/objdump"
    private static let stride = 32

    /// The length and the text of the instruction that each string begins with. Addresses are those in the file, and are given
    /// with it.
    static func listing(_ strings: [[UInt8]], _ machine: String) throws -> [(
        address: UInt64, length: Int, text: String
    )] {
        let file = try TemporaryFile(size: stride * strings.count)
        file.content.initializeMemory(as: UInt8.self, repeating: 0x90, count: stride * strings.count)
        for (number, bytes) in strings.enumerated() {
            bytes.withUnsafeBytes {
                (file.content + stride * number).copyMemory(from: $0.baseAddress!, byteCount: $0.count)
            }
        }
        let run = ChildProcess([
            path, "-D", "-w", "-b", "binary", "-m", machine, "-M", "intel", "--no-show-raw-insn", file.path,
        ])
        guard run.status == 0 else { throw HostOracle.Failure(text: "objdump: \(run.errors)") }
        var result: [(address: UInt64, length: Int, text: String)] = []
        var current: (address: UInt64, text: Substring)?
        for line in run.output.utf8.split(separator: UInt8(ascii: "\n")) {
            // `  1f20:	mov    eax,0x1`
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")),
                let address = UInt64(Substring(line[..<colon]).drop { $0 == " " }, radix: 16)
            else { continue }
            if let (start, text) = current {
                result.append((start, Int(address - start), String(text)))
                current = nil
            }
            if address % UInt64(stride) == 0 { current = (address, Substring(line[colon...].dropFirst(2))) }
        }
        guard result.count == strings.count else {
            throw HostOracle.Failure(text: "objdump lists \(result.count) of \(strings.count) strings")
        }
        return result
    }
}
