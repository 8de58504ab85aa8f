// The files for `perf`: their form, and that their names are those of the guest's symbol table.

import Glibc
import Testing

@testable import LyrebirdLinux

@Suite(.serialized, .enabled(if: GuestPrograms.shared != nil, "aarch64-linux-gnu-gcc and lyrebird are needed"))
struct ProfileTests {
    private let programs = GuestPrograms.shared!

    /// A line of the map, or a record of the dump.
    private struct Entry: Equatable {
        var address: UInt64
        var size: UInt64
        var name: String
    }

    /// A directory of its own, where dumps go: their names have the processes' numbers.
    private func profile(_ program: String, _ arguments: [String] = []) throws -> (directory: String, numbers: [Int]) {
        var template = Array("/tmp/lyrebird-profile-XXXXXX".utf8CString)
        let directory = String(cString: try #require(mkdtemp(&template)))
        let run = programs.run(
            program, arguments, options: ["--no-interpret-first", "--perf-map", "--jitdump", directory])
        #expect(!run.errors.contains("lyrebird:"))
        let stream = try #require(opendir(directory))
        defer { closedir(stream) }
        var numbers: [Int] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasPrefix("jit-"), name.hasSuffix(".dump") {
                numbers.append(try #require(Int(name.dropFirst(4).dropLast(5))))
            }
        }
        return (directory, numbers.sorted())
    }

    private func remove(_ profile: (directory: String, numbers: [Int])) {
        for number in profile.numbers {
            unlink("/tmp/perf-\(number).map")
            unlink("\(profile.directory)/jit-\(number).dump")
        }
        rmdir(profile.directory)
    }

    private func content(_ path: String) throws -> [UInt8] {
        let file = try HostFile(executable: Array(path.utf8), needsPermission: false)
        return try file.read(at: 0, count: Int(file.size))
    }

    private func map(of number: Int) throws -> [Entry] {
        let text = String(decoding: try content("/tmp/perf-\(number).map"), as: UTF8.self)
        return try text.split(separator: "\n").map { line in
            let words = line.split(separator: " ", maxSplits: 2)
            try #require(words.count == 3)
            return Entry(
                address: try #require(UInt64(words[0], radix: 16)), size: try #require(UInt64(words[1], radix: 16)),
                name: String(words[2]))
        }
    }

    private func dump(of number: Int, in directory: String) throws -> [Entry] {
        let bytes = try content("\(directory)/jit-\(number).dump")
        try #require(bytes.count >= 40)
        let (magic, version, size): (UInt32, UInt32, UInt32) = (
            bytes.integer(at: 0), bytes.integer(at: 4), bytes.integer(at: 8)
        )
        let (machine, process): (UInt32, UInt32) = (bytes.integer(at: 12), bytes.integer(at: 20))
        #expect(magic == 0x4A69_5444 && version == 1 && size == 40 && machine == 62 && process == UInt32(number))
        var entries: [Entry] = []
        var time: UInt64 = bytes.integer(at: 24)
        var at = 40
        while at < bytes.count {
            try #require(bytes.count - at >= 56)
            let (kind, size): (UInt32, UInt32) = (bytes.integer(at: at), bytes.integer(at: at + 4))
            try #require(kind == 0 && Int(size) > 56 && Int(size) <= bytes.count - at)
            let (stamp, owner): (UInt64, UInt32) = (bytes.integer(at: at + 8), bytes.integer(at: at + 16))
            #expect(stamp >= time && owner == UInt32(number))
            time = stamp
            let (start, place): (UInt64, UInt64) = (bytes.integer(at: at + 24), bytes.integer(at: at + 32))
            let (count, index): (UInt64, UInt64) = (bytes.integer(at: at + 40), bytes.integer(at: at + 48))
            #expect(start == place && index == UInt64(entries.count))
            let name = bytes[(at + 56)...].prefix { $0 != 0 }
            #expect(Int(size) == 56 + name.count + 1 + Int(count))
            entries.append(Entry(address: start, size: count, name: String(decoding: name, as: UTF8.self)))
            at += Int(size)
        }
        return entries
    }

    /// What a name says of the guest's code: the function, and how far behind its start.
    private func place(_ name: String) -> (function: String, offset: UInt64)? {
        var name = Substring(name)
        if name.hasSuffix(".cold") { name = name.dropLast(5) }
        if name.hasSuffix(".loop") { name = name.dropLast(5) }
        guard let plus = name.firstRange(of: "+0x") else { return (String(name), 0) }
        return UInt64(name[plus.upperBound...], radix: 16).map { (String(name[..<plus.lowerBound]), $0) }
    }

    @Test func namesAreTheProgramsSymbols() throws {
        let profile = try profile("hello")
        defer { remove(profile) }
        let number = try #require(profile.numbers.first)
        #expect(profile.numbers.count == 1)
        let map = try map(of: number)
        #expect(map == (try dump(of: number, in: profile.directory)))
        #expect(map.first?.name == "lyrebird stubs")

        let file = try HostFile(executable: Array(programs.path("hello").utf8))
        let symbols = Dictionary(grouping: SymbolTable(file).functions) { String(decoding: $0.name, as: UTF8.self) }
        #expect(symbols["main"] != nil)
        var functions: Set<String> = []
        for entry in map.dropFirst() where !entry.name.hasPrefix("guest 0x") {
            let (function, offset) = try #require(place(entry.name), "\(entry.name)")
            // What no symbol covers is a place in the file.
            if function == "hello" { continue }
            let named = try #require(symbols[function], "\(entry.name)")
            #expect(named.contains { $0.size == 0 || offset < $0.size }, "\(entry.name)")
            functions.insert(function)
        }
        for name in ["main", "_start", "__libc_start_main", "write"] where symbols[name] != nil {
            #expect(functions.contains(name), "\(name)")
        }
        #expect(functions.count > 50)
        // Code does not overlap: nothing was translated over here.
        let ordered = map.sorted { $0.address < $1.address }
        for (one, next) in zip(ordered, ordered.dropFirst()) { #expect(one.address + one.size <= next.address) }
    }

    @Test func librariesHaveNames() throws {
        let profile = try profile("hello-dynamic")
        defer { remove(profile) }
        let names = try map(of: try #require(profile.numbers.first)).compactMap { place($0.name)?.function }
        for name in ["main", "malloc", "strcmp", "ld-linux-aarch64.so.1"] { #expect(names.contains(name), "\(name)") }
    }

    /// A child has files of its own, which begin with what its parent had translated.
    @Test func childrenHaveFilesOfTheirOwn() throws {
        let profile = try profile("processes")
        defer { remove(profile) }
        #expect(profile.numbers.count > 3)
        for number in profile.numbers {
            let names = try map(of: number).map(\.name)
            #expect(names == (try dump(of: number, in: profile.directory)).map(\.name))
            #expect(names.contains("main"), "\(number)")
        }
    }

    @Test func symbolTables() {
        func function(_ address: UInt64, _ size: UInt64, _ name: String) -> SymbolTable.Function {
            SymbolTable.Function(address: address, size: size, name: Array(name.utf8))
        }
        let table = SymbolTable([
            function(0x2000, 0, "open"), function(0x1000, 0x10, "first"), function(0x1000, 0, "alias"),
            function(0x1000, 0x10, "longer name"), function(.max, 8, "last"),
        ])
        #expect(table.functions.map { String(decoding: $0.name, as: UTF8.self) } == ["first", "open", "last"])
        func name(_ address: UInt64) -> String? {
            table.function(at: address).map { String(decoding: $0.name, as: UTF8.self) }
        }
        #expect(name(0xFFF) == nil && name(0x1000) == "first" && name(0x100F) == "first" && name(0x1010) == nil)
        #expect(name(0x2000) == "open" && name(0x7FFF_FFFF) == "open" && name(.max) == "last")
        #expect(SymbolTable([]).function(at: 0) == nil)
    }

    /// Tables that lie: none of it may end the process.
    @Test func brokenFiles() throws {
        let good = try content(programs.path("hello"))
        var generator = Generator(state: 1)
        let sections: UInt64 = good.integer(at: 40)
        for round in 0..<200 {
            var bytes = good
            // The header's fields of sections, and those of all section headers.
            for _ in 0...round % 8 {
                let place =
                    round % 3 == 0
                    ? 40 + Int(generator.next() % 24)
                    : Int(sections + generator.next() % UInt64(bytes.count - Int(sections)))
                bytes[place] = UInt8(truncatingIfNeeded: generator.next())
            }
            if round % 5 == 0 { bytes = Array(bytes.prefix(Int(generator.next() % UInt64(bytes.count)))) }
            var path = Array("/tmp/lyrebird-broken-XXXXXX".utf8CString)
            let file = mkstemp(&path)
            unlink(path)
            defer { close(file) }
            #expect(write(file, bytes, bytes.count) == bytes.count)
            let table = SymbolTable(try HostFile(adopting: dup(file)))
            _ = table.function(at: generator.next())
        }
    }

    private struct Generator: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 16
        }
    }
}
