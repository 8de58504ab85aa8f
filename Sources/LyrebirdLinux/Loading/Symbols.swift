// The symbol table of the program, for tools: looked up when asked, never while a program runs.

import Lyrebird

extension LinuxProcess {
    /// Address of the program's first instruction (of its interpreter's, where it has one).
    public var entry: UInt64 { image.entry }

    /// Where a function of the program's symbol table is, nil if there is none of that name.
    public func function(named name: String) -> Range<UInt64>? {
        guard let file = try? HostFile(executable: paths.executable), let bytes = try? file.read(at: 0, count: 64 << 20)
        else { return nil }
        defer { file.close() }
        func number(_ at: Int, _ size: Int) -> UInt64 {
            guard at >= 0, at <= bytes.count - size else { return 0 }
            return (0..<size).reduce(0) { $0 | UInt64(bytes[at + $1]) << UInt64(8 * $1) }
        }
        // Elf64_Ehdr and Elf64_Shdr (System V ABI, chapter 4).
        guard let sections = Int(exactly: number(40, 8)) else { return nil }
        let wanted = Array(name.utf8) + [0]
        for index in 0..<Int(number(60, 2)) {
            let header = sections + 64 * index
            guard number(header + 4, 4) == 2, let table = Int(exactly: number(header + 24, 8)),
                let size = Int(exactly: number(header + 32, 8)), size <= bytes.count,
                let names = Int(exactly: number(sections + 64 * Int(number(header + 40, 4)) + 24, 8))
            else { continue }
            for symbol in stride(from: table, to: table + size, by: 24) where number(symbol + 4, 1) & 15 == 2 {
                let text = names + Int(number(symbol, 4))
                guard text >= 0, text + wanted.count <= bytes.count,
                    bytes[text..<text + wanted.count].elementsEqual(wanted)
                else { continue }
                let start = number(symbol + 8, 8) &+ image.bias
                return start..<start &+ max(1, number(symbol + 16, 8))
            }
        }
        return nil
    }
}
