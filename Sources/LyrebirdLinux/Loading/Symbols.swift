// Symbol tables, for tools: read when asked, never for a program that just runs. Of the file nothing is taken on trust, as of
// its headers.

import Lyrebird

/// The functions that an ELF file names, in the addresses of the file.
struct SymbolTable {
    struct Function: Equatable {
        var address: UInt64
        /// Bytes; 0 where the file does not say.
        var size: UInt64
        var name: [UInt8]
    }

    /// In order of address, one for each.
    let functions: [Function]

    /// Tables of more bytes are cut off.
    private static let limit = 64 << 20
    // Elf64_Shdr and Elf64_Sym (System V ABI, chapter 4).
    private static let sectionSize = 64, symbolSize = 24
    private static let symbolTable: UInt32 = 2, dynamicSymbols: UInt32 = 11
    private static let function: UInt8 = 2, indirectFunction: UInt8 = 10

    init(_ functions: [Function]) {
        var result: [Function] = []
        // Of several names for one address the one with a size counts, and then the shorter one.
        for function in functions.sorted(by: {
            ($0.address, $1.size, $0.name.count) < ($1.address, $0.size, $1.name.count)
        }) where result.last?.address != function.address { result.append(function) }
        self.functions = result
    }

    /// Reads the full table, or that of the dynamic symbols where there is no other.
    init(_ file: HostFile) { self.init(Self.read(file)) }

    private static func read(_ file: HostFile) -> [Function] {
        func read(_ offset: UInt64, _ count: UInt64) -> [UInt8] {
            guard offset <= file.size else { return [] }
            return (try? file.read(at: offset, count: Int(min(count, file.size - offset, UInt64(limit))))) ?? []
        }
        let header = read(0, UInt64(ELFImage.headerSize))
        guard header.count == ELFImage.headerSize else { return [] }
        let sectionCount: UInt16 = header.integer(at: 60)
        let sections = read(header.integer(at: 40), UInt64(sectionCount) * UInt64(sectionSize))
        func field<T: FixedWidthInteger & BitwiseCopyable>(_ section: Int, _ offset: Int) -> T {
            sections.integer(at: section * sectionSize + offset)
        }
        let count = sections.count / sectionSize
        for kind in [symbolTable, dynamicSymbols] {
            guard let section = (0..<count).first(where: { field($0, 4) == kind }) else { continue }
            let strings: UInt32 = field(section, 40)
            guard strings < count else { continue }
            let found = functions(
                in: read(field(section, 24), field(section, 32)),
                names: read(field(Int(strings), 24), field(Int(strings), 32)))
            if !found.isEmpty { return found }
        }
        return []
    }

    private static func functions(in table: [UInt8], names: [UInt8]) -> [Function] {
        var result: [Function] = []
        for at in stride(from: 0, through: table.count - symbolSize, by: symbolSize) {
            let (kind, section): (UInt8, UInt16) = (table[at + 4] & 15, table.integer(at: at + 6))
            guard kind == function || kind == indirectFunction, section != 0 else { continue }
            let start: UInt32 = table.integer(at: at)
            guard let name = names[min(Int(start), names.count)...].split(separator: 0, maxSplits: 1).first,
                !name.isEmpty
            else { continue }
            result.append(
                Function(address: table.integer(at: at + 8), size: table.integer(at: at + 16), name: Array(name)))
        }
        return result
    }

    /// The function that an address is in.
    func function(at address: UInt64) -> Function? {
        var (low, high) = (0, functions.count)
        while low < high {
            let middle = (low + high) / 2
            if functions[middle].address <= address { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return nil }
        let found = functions[low - 1]
        return found.size == 0 || address - found.address < found.size ? found : nil
    }
}

extension LinuxProcess {
    /// Address of the program's first instruction (of its interpreter's, where it has one).
    public var entry: UInt64 { image.entry }

    /// Where a function of the program's symbol table is, nil if there is none of that name.
    public func function(named name: String) -> Range<UInt64>? {
        guard let file = try? HostFile(executable: paths.executable) else { return nil }
        defer { file.close() }
        guard let found = SymbolTable(file).functions.first(where: { $0.name.elementsEqual(name.utf8) }) else {
            return nil
        }
        let start = found.address &+ image.bias
        let (end, overflows) = start.addingReportingOverflow(max(1, found.size))
        return overflows ? nil : start..<end
    }
}
