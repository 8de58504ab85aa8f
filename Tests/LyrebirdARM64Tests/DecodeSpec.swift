// What the tests need of Spec/arm64.decode: each row's name, fixed bits and mnemonics, read from the text itself and not
// from what the generator made of it.

import Foundation

struct SpecRow: Sendable {
    let name: String
    var mask: UInt32 = 0
    var value: UInt32 = 0
    let mnemonics: [String]

    /// Whether a disassembler's mnemonic is one of the row's; one that ends in * stands for any ending.
    func isCalled(_ mnemonic: String) -> Bool {
        mnemonics.contains { $0.last == "*" ? mnemonic.hasPrefix($0.dropLast()) : $0 == mnemonic }
    }
}

/// The rows of the spec, in its order.
func readSpec(_ file: String = #filePath) throws -> [SpecRow] {
    let root = URL(filePath: file).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let text = try String(contentsOf: root.appending(path: "Spec/arm64.decode"), encoding: .utf8)
    var entries: [String] = []
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
        if line.first == " ", let last = entries.indices.last {
            entries[last] += line
        } else {
            entries.append(String(line))
        }
    }
    return entries.compactMap { entry in
        let cells = entry.split(separator: "|")
        return cells.count == 3 ? parseRow(cells) : nil
    }
}

private func parseRow(_ cells: [Substring]) -> SpecRow {
    let name = cells[0].trimmingCharacters(in: .whitespaces)
    let words = cells[2].split(separator: " ")
    let aliases = words.firstIndex(of: "as").map { words[($0 + 1)...].map(String.init) }
    var row = SpecRow(name: name, mnemonics: aliases ?? [String(name.prefix { !$0.isUppercase })])
    for token in cells[1].split(separator: " ") {
        let parts = token.split(whereSeparator: { $0 == ":" || $0 == "=" })
        let pattern: Substring
        if token.contains(":") {
            pattern = Substring(String(repeating: "x", count: Int(parts[1].filter(\.isNumber)) ?? 0))
        } else {
            pattern = parts[parts.count - 1]
        }
        for bit in pattern {
            row.mask = row.mask &<< 1 | (bit == "0" || bit == "1" ? 1 : 0)
            row.value = row.value &<< 1 | (bit == "1" ? 1 : 0)
        }
    }
    return row
}
