// What /proc says about the guest's process. The kernel would show the translator's memory and arguments, so these files are
// written here and given to the guest as files in memory (`fs/proc/`).

import Lyrebird

extension LinuxProcess {
    /// Opens a file of /proc that the kernel would fill with the translator's data.
    /// - Parameter flags: the host's open(2) flags.
    /// - Returns: a descriptor or -errno; nil for any other file.
    func procFile(_ path: [UInt8], from directory: Int32, flags: UInt64) -> Int? {
        let accessMode: UInt64 = 3
        let isPath: UInt64 = 0o10000000  // O_PATH
        guard flags & (accessMode | isPath) == 0 else { return nil }
        if let entry = paths.procEntry(path, from: directory), entry.elementsEqual("cpuinfo".utf8) {
            let text = ProcText.cpuInformation(abi, count: processorCount(), host: hostFile("/proc/cpuinfo"))
            return file(named: "cpuinfo", Array(text.utf8), flags)
        }
        guard let entry = paths.ownProcEntry(path, from: directory) else { return nil }
        switch String(decoding: entry, as: UTF8.self) {
        case "maps": return file(named: "maps", mapsContent(), flags)
        case "smaps": return file(named: "smaps", smapsContent(), flags)
        case "auxv": return file(named: "auxv", image.stack.auxiliaryVector, flags)
        case "cmdline": return file(named: "cmdline", content(of: image.stack.argumentStrings), flags)
        case "environ": return file(named: "environ", content(of: image.stack.environmentStrings), flags)
        case "stat": return file(named: "stat", statContent(), flags)
        case "status": return file(named: "status", statusContent(), flags)
        case "limits": return file(named: "limits", ProcText.limits(hostFile("/proc/self/limits"), limits), flags)
        default: return nil
        }
    }

    /// The strings as they are on the stack now: a program may have changed its title.
    private func content(of strings: Range<UInt64>) -> [UInt8] {
        (try? machine.memory.read(strings.lowerBound, count: Int(strings.upperBound - strings.lowerBound))) ?? []
    }

    func mapsContent() -> [UInt8] {
        ProcText.maps(guestRanges(), host: hostFile("/proc/thread-self/maps"), labels: labels()) { paths.guestPath($0) }
    }

    private func smapsContent() -> [UInt8] {
        ProcText.smaps(guestRanges(), host: hostFile("/proc/thread-self/smaps"), labels: labels()) {
            paths.guestPath($0)
        }
    }

    private func guestRanges() -> [ProcText.GuestRange] {
        var ranges = host.mappings().map {
            ProcText.GuestRange(range: $0.range, access: $0.access, isShared: $0.shared)
        }
        if let page = vsyscallRange { ranges.append(.init(range: page, access: .execute, isShared: false)) }
        return ranges
    }

    private var vsyscallRange: Range<UInt64>? {
        abi.vsyscallPage.map { $0..<$0 + Memory.pageSize }
    }

    private func labels() -> [ProcText.Label] {
        var labels = [ProcText.Label(range: image.stackRange, name: "[stack]")]
        if let vdso = image.vdso { labels.append(.init(range: vdso..<vdso + Memory.pageSize, name: "[vdso]")) }
        if let page = vsyscallRange { labels.append(.init(range: page, name: "[vsyscall]")) }
        let programBreak = memory.lock.locked { memory.programBreak }
        if programBreak.current > programBreak.start {
            labels.append(.init(range: programBreak.start..<programBreak.current.pageCeiling, name: "[heap]"))
        }
        return labels
    }

    /// The signals that are ignored and caught are the guest's; the others are the host's own.
    private func statusContent() -> [UInt8] {
        var ignored: UInt64 = 0
        var caught: UInt64 = 0
        for signal in 1...Signal.count {
            let action = action(for: signal)
            if action.isIgnored { ignored |= Signal.bit(signal) }
            if action.hasHandler { caught |= Signal.bit(signal) }
        }
        return ProcText.status(hostFile("/proc/self/status"), replacing: ["SigIgn": ignored, "SigCgt": caught])
    }

    private func statContent() -> [UInt8] {
        let places: [Int: UInt64] = [
            26: image.codeRange.lowerBound, 27: image.codeRange.upperBound, 28: image.stack.pointer,
            47: image.breakStart, 48: image.stack.argumentStrings.lowerBound,
            49: image.stack.argumentStrings.upperBound, 50: image.stack.environmentStrings.lowerBound,
            51: image.stack.environmentStrings.upperBound,
        ]
        return ProcText.stat(hostFile("/proc/self/stat"), replacing: places)
    }

    private func processorCount() -> Int {
        var set = [UInt64](repeating: 0, count: 128)
        set.withUnsafeMutableBytes { buffer in
            _ = host.systemCall(
                .sched_getaffinity, 0, UInt64(buffer.count), UInt64(UInt(bitPattern: buffer.baseAddress)))
        }
        return max(1, set.reduce(0) { $0 + $1.nonzeroBitCount })
    }

    private func hostFile(_ path: StaticString) -> [UInt8] {
        let opened = host.systemCall(.open, UInt64(UInt(bitPattern: path.utf8Start)), 0o2000000)
        guard opened >= 0 else { return [] }
        defer { _ = host.systemCall(.close, UInt64(opened)) }
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = chunk.withUnsafeMutableBytes { buffer in
                host.systemCall(
                    .read, UInt64(opened), UInt64(UInt(bitPattern: buffer.baseAddress)), UInt64(buffer.count))
            }
            guard count > 0 else { return content }
            content += chunk[..<count]
        }
    }

    /// A new file in memory with this content, open for reading from its start.
    private func file(named name: StaticString, _ content: [UInt8], _ flags: UInt64) -> Int {
        let closeOnExec: UInt64 = 0o2000000
        guard !exceedsFileLimit(content.count) else { return pipe(content, flags & closeOnExec) }
        let opened = host.systemCall(
            .memfd_create, UInt64(UInt(bitPattern: name.utf8Start)), flags & closeOnExec != 0 ? 1 : 0)
        guard opened >= 0 else { return opened }
        content.withUnsafeBytes { buffer in
            _ = host.systemCall(
                .pwrite64, UInt64(opened), UInt64(UInt(bitPattern: buffer.baseAddress)), UInt64(buffer.count), 0)
        }
        return opened
    }

    /// RLIMIT_FSIZE is for the guest's files, and going beyond it a signal.
    private func exceedsFileLimit(_ size: Int) -> Bool {
        var limit = ResourceLimit()
        let result = withUnsafeMutableBytes(of: &limit) { buffer in
            host.systemCall(.prlimit64, 0, ResourceLimit.fileSize, 0, UInt64(UInt(bitPattern: buffer.baseAddress)))
        }
        return result == 0 && UInt64(size) > limit.current
    }

    /// The reading end of a pipe that holds the content, as much of it as a pipe can.
    private func pipe(_ content: [UInt8], _ flags: UInt64) -> Int {
        var ends: (Int32, Int32) = (-1, -1)
        let nonblocking: UInt64 = 0o4000
        let result = withUnsafeMutableBytes(of: &ends) { buffer in
            host.systemCall(.pipe2, UInt64(UInt(bitPattern: buffer.baseAddress)), flags | nonblocking)
        }
        guard result == 0 else { return result }
        let setPipeSize: UInt64 = 1031
        _ = host.systemCall(.fcntl, UInt64(ends.1), setPipeSize, UInt64(content.count))
        content.withUnsafeBytes { buffer in
            _ = host.systemCall(
                .write, UInt64(ends.1), UInt64(UInt(bitPattern: buffer.baseAddress)), UInt64(buffer.count))
        }
        _ = host.systemCall(.close, UInt64(ends.1))
        return Int(ends.0)
    }
}

/// The texts of /proc, made from what the host's kernel says and what is known of the guest.
enum ProcText {
    /// A range of guest memory.
    struct GuestRange {
        var range: Range<UInt64>
        var access: Memory.Access
        var isShared: Bool
    }

    /// The name of memory that is no file's.
    struct Label {
        var range: Range<UInt64>
        var name: String
    }

    /// A line of maps.
    private struct Line {
        var range: Range<UInt64>
        var permissions = ""
        var offset: UInt64
        /// Device and inode, as the kernel wrote them.
        var source: String
        var path: [UInt8]

        var isAnonymous: Bool { source == "00:00 0" }
    }

    /// /proc/self/maps: the guest's mappings with its own permissions, and the files that the host knows for them.
    static func maps(
        _ ranges: [GuestRange], host: [UInt8], labels: [Label], guestPath: ([UInt8]) -> [UInt8]
    ) -> [UInt8] {
        let hostLines = host.split(separator: UInt8(ascii: "\n")).compactMap { line(Array($0)) }
        var lines: [Line] = []
        for (_, piece) in pieces(of: ranges, hostLines, labels: labels, guestPath: guestPath) {
            append(piece, to: &lines)
        }
        return lines.flatMap { text($0) }
    }

    /// /proc/self/smaps: a line of maps and the host's figures for it. Where the host has one mapping for several of the
    /// guest's, its figures stand at the first.
    static func smaps(
        _ ranges: [GuestRange], host: [UInt8], labels: [Label], guestPath: ([UInt8]) -> [UInt8]
    ) -> [UInt8] {
        var hostLines: [Line] = []
        var figures: [[[UInt8]]] = []
        for text in host.split(separator: UInt8(ascii: "\n")) {
            if let header = line(Array(text)) {
                hostLines.append(header)
                figures.append([])
            } else if !figures.isEmpty {
                figures[figures.count - 1].append(Array(text))
            }
        }
        var result: [UInt8] = []
        var shown = -1
        for (index, piece) in pieces(of: ranges, hostLines, labels: labels, guestPath: guestPath) {
            result += text(piece)
            let size = piece.range.upperBound - piece.range.lowerBound
            for figure in figures[index] {
                if figure.starts(with: "Size:".utf8) {
                    result += number(size / 1024, labelled: "Size:")
                } else if index == shown, figure.suffix(3).elementsEqual(" kB".utf8), !isPageSize(figure) {
                    result += number(0, labelled: String(decoding: figure.prefix { $0 != 0x20 }, as: UTF8.self))
                } else {
                    result += figure + [UInt8(ascii: "\n")]
                }
            }
            shown = index
        }
        return result
    }

    private static func isPageSize(_ figure: [UInt8]) -> Bool {
        figure.starts(with: "KernelPageSize".utf8) || figure.starts(with: "MMUPageSize".utf8)
    }

    /// A line of smaps: the number ends in column 24.
    private static func number(_ value: UInt64, labelled label: String) -> [UInt8] {
        let digits = "\(value)"
        let padding = String(repeating: " ", count: max(1, 24 - label.utf8.count - digits.utf8.count))
        return Array("\(label)\(padding)\(digits) kB\n".utf8)
    }

    /// What the guest has of the host's mappings: which one, and the guest's line for its part.
    private static func pieces(
        of ranges: [GuestRange], _ hostLines: [Line], labels: [Label], guestPath: ([UInt8]) -> [UInt8]
    ) -> [(index: Int, line: Line)] {
        var result: [(Int, Line)] = []
        var first = 0
        for guest in ranges {
            while first < hostLines.count, hostLines[first].range.upperBound <= guest.range.lowerBound { first += 1 }
            var index = first
            while index < hostLines.count, hostLines[index].range.lowerBound < guest.range.upperBound {
                var piece = hostLines[index]
                let start = piece.range.lowerBound
                piece.range = piece.range.clamped(to: guest.range)
                if !piece.isAnonymous { piece.offset &+= piece.range.lowerBound - start }
                piece.permissions = permissions(guest)
                piece.path = piece.isAnonymous ? [] : guestPath(piece.path)
                if piece.isAnonymous, let label = labels.first(where: { $0.range.overlaps(piece.range) }) {
                    piece.path = Array(label.name.utf8)
                }
                result.append((index, piece))
                index += 1
            }
        }
        return result
    }

    /// The kernel shows neighbours that are alike as one.
    private static func append(_ line: Line, to lines: inout [Line]) {
        if let last = lines.last, last.range.upperBound == line.range.lowerBound, last.isAnonymous, line.isAnonymous,
            last.permissions == line.permissions, last.path == line.path
        {
            lines[lines.count - 1].range = last.range.lowerBound..<line.range.upperBound
        } else {
            lines.append(line)
        }
    }

    private static func permissions(_ guest: GuestRange) -> String {
        (guest.access.contains(.read) ? "r" : "-") + (guest.access.contains(.write) ? "w" : "-")
            + (guest.access.contains(.execute) ? "x" : "-") + (guest.isShared ? "s" : "p")
    }

    /// `start-end perms offset dev inode path`
    private static func line(_ text: [UInt8]) -> Line? {
        let fields = text.split(separator: UInt8(ascii: " "), maxSplits: 5, omittingEmptySubsequences: true)
        guard fields.count >= 5 else { return nil }
        let words = fields.prefix(5).map { String(decoding: $0, as: UTF8.self) }
        let ends = words[0].split(separator: "-").compactMap { UInt64($0, radix: 16) }
        guard ends.count == 2, ends[0] < ends[1], let offset = UInt64(words[2], radix: 16) else { return nil }
        let path = fields.count > 5 ? Array(fields[5].drop { $0 == UInt8(ascii: " ") }) : []
        return Line(range: ends[0]..<ends[1], offset: offset, source: "\(words[3]) \(words[4])", path: path)
    }

    private static func text(_ line: Line) -> [UInt8] {
        let pathColumn = 73
        var text = "\(hex(line.range.lowerBound))-\(hex(line.range.upperBound)) \(line.permissions) "
        text += "\(hex(line.isAnonymous ? 0 : line.offset)) \(line.source)"
        guard !line.path.isEmpty else { return Array("\(text) \n".utf8) }
        text += String(repeating: " ", count: max(1, pathColumn - text.utf8.count))
        return Array(text.utf8) + line.path + [UInt8(ascii: "\n")]
    }

    /// At least eight digits.
    private static func hex(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: max(0, 8 - digits.count)) + digits
    }

    /// /proc/self/stat with fields replaced, counted from 1 as in proc(5). The name in field 2 may contain anything.
    static func stat(_ host: [UInt8], replacing places: [Int: UInt64]) -> [UInt8] {
        guard let end = host.lastIndex(of: UInt8(ascii: ")")) else { return host }
        var fields = host[(end + 1)...].split(separator: UInt8(ascii: " ")).map { Array($0) }
        for (field, value) in places where fields.indices.contains(field - 3) {
            let isLast = field - 3 == fields.count - 1
            fields[field - 3] = Array("\(value)".utf8) + (isLast ? [UInt8(ascii: "\n")] : [])
        }
        return Array(host[...end]) + fields.flatMap { [UInt8(ascii: " ")] + $0 }
    }

    /// /proc/self/status with masks of signals replaced.
    static func status(_ host: [UInt8], replacing masks: [String: UInt64]) -> [UInt8] {
        host.split(separator: UInt8(ascii: "\n")).flatMap { line -> [UInt8] in
            let label = String(decoding: line.prefix { $0 != UInt8(ascii: ":") }, as: UTF8.self)
            guard let mask = masks[label] else { return Array(line) + [UInt8(ascii: "\n")] }
            let digits = String(mask, radix: 16)
            return Array("\(label):\t\(String(repeating: "0", count: 16 - digits.utf8.count))\(digits)\n".utf8)
        }
    }

    /// /proc/self/limits with those that are only remembered.
    static func limits(_ host: [UInt8], _ remembered: RememberedLimits) -> [UInt8] {
        let names: [(prefix: StaticString, resource: UInt64)] = [
            ("Max data size", ResourceLimit.data), ("Max stack size", ResourceLimit.stack),
            ("Max address space", ResourceLimit.addressSpace),
        ]
        func column(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(1, width - text.utf8.count))
        }
        func value(_ limit: UInt64) -> String { limit == ResourceLimit.infinity ? "unlimited" : "\(limit)" }
        return host.split(separator: UInt8(ascii: "\n")).flatMap { line -> [UInt8] in
            let row = names.first { name in name.prefix.withUTF8Buffer { line.starts(with: $0) } }
            guard let row, let limit = remembered[row.resource] else { return Array(line) + [UInt8(ascii: "\n")] }
            let text =
                column("\(row.prefix)", 26) + column(value(limit.current), 21) + column(value(limit.maximum), 21)
                + "bytes"
            return Array(column(text, 78).utf8) + [UInt8(ascii: "\n")]
        }
    }

    /// /proc/cpuinfo of a machine with so many processors. They are as fast as the host's first one.
    static func cpuInformation(_ abi: ABI, count: Int, host: [UInt8]) -> String {
        let line = host.split(separator: UInt8(ascii: "\n")).first { $0.starts(with: "cpu MHz".utf8) }
        let megahertz = line?.split(separator: UInt8(ascii: " ")).last.map { String(decoding: $0, as: UTF8.self) }
        return (0..<count).map { abi.processorInformation($0, count, megahertz) }.joined()
    }
}
