// Names of guest addresses for profilers: functions of the program and of its libraries. The guest's files are mapped into this
// process as into its own, so the kernel's list of mappings says which they are.

import Glibc
import Lyrebird

/// Names of the code of a process. Reads a file's symbols when its code is met for the first time.
final class GuestNames {
    private struct Module {
        let range: Range<UInt64>
        /// What is added to the addresses in the file.
        let bias: UInt64
        /// The last part of its path; empty where no file is mapped.
        let name: String
        let symbols: SymbolTable
    }

    private var modules: [Module] = []
    private let machine: UInt16

    /// - Parameter machine: `e_machine` of the files that count.
    init(machine: UInt16) { self.machine = machine }

    /// The function and the distance from its start, or the file's name and the address in it; the address itself where there is
    /// neither.
    func name(of address: UInt64) -> String {
        let module = modules.first { $0.range.contains(address) } ?? find(address)
        guard let module, !module.name.isEmpty else { return "guest " + hex(address) }
        let inFile = address &- module.bias
        guard let function = module.symbols.function(at: inFile) else { return "\(module.name)+\(hex(inFile))" }
        let name = String(decoding: function.name, as: UTF8.self)
        return inFile == function.address ? name : "\(name)+\(hex(inFile - function.address))"
    }

    private func hex(_ number: UInt64) -> String { "0x" + String(number, radix: 16) }

    private func find(_ address: UInt64) -> Module? {
        for line in Self.mappings() {
            // 7f12a000-7f12b000 r--p 00001000 fe:01 12345   /path
            let fields = line.split(separator: UInt8(ascii: " "), maxSplits: 5)
            guard fields.count >= 5 else { continue }
            let ends = fields[0].split(separator: UInt8(ascii: "-")).compactMap(Self.number)
            guard ends.count == 2, ends[0] <= address, address < ends[1], let offset = Self.number(fields[2])
            else { continue }
            let path = fields.count == 6 ? fields[5].drop { $0 == UInt8(ascii: " ") } : []
            let module = module(ends[0]..<ends[1], offset: offset, path: Array(path))
            modules.append(module)
            return module
        }
        return nil
    }

    private func module(_ range: Range<UInt64>, offset: UInt64, path: [UInt8]) -> Module {
        guard path.first == UInt8(ascii: "/"), let file = try? HostFile(executable: path, needsPermission: false),
            let image = try? file.image(machines: [machine]),
            let segment = image.segments.first(where: {
                $0.access.contains(.execute) && offset < $0.fileOffset + $0.fileSize
                    && $0.fileOffset < offset &+ (range.upperBound - range.lowerBound)
            })
        else { return Module(range: range, bias: 0, name: "", symbols: SymbolTable([])) }
        defer { file.close() }
        let base = String(decoding: path.split(separator: UInt8(ascii: "/")).last ?? [], as: UTF8.self)
        let bias = range.lowerBound &- offset &+ segment.fileOffset &- segment.address
        return Module(range: range, bias: bias, name: base, symbols: SymbolTable(file))
    }

    private static func number(_ text: ArraySlice<UInt8>) -> UInt64? {
        UInt64(String(decoding: text, as: UTF8.self), radix: 16)
    }

    /// The lines of /proc/self/maps; none where there is no /proc.
    private static func mappings() -> [ArraySlice<UInt8>] {
        let file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return [] }
        defer { close(file) }
        var text: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = read(file, &part, part.count)
            guard count > 0 else { break }
            text += part[..<count]
        }
        return text.split(separator: UInt8(ascii: "\n"))
    }
}
