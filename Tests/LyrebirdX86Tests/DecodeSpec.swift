// What the tests need of Spec/x86.decode, read from the text itself and not from what the generator made of it.

import Foundation

struct SpecRow: Sendable {
    let name: String
    /// The words of the encoding's column.
    let encoding: [String]
    let operands: [String]
    /// The feature, then the tags.
    let tags: [String]
    /// What is printed, and what other disassemblers say.
    let mnemonics: [String]
}

/// The rows of the spec, in its order, and the features that are absent.
func readSpec(_ file: String = #filePath) throws -> (rows: [SpecRow], absent: Set<String>) {
    let root = URL(filePath: file).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let text = try String(contentsOf: root.appending(path: "Spec/x86.decode"), encoding: .utf8)
    var rows: [SpecRow] = []
    var absent: Set<String> = []
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
        if line.hasPrefix("absent ") { absent.insert(String(line.dropFirst(7).prefix { $0 != ":" })) }
        let cells = line.split(separator: "|", omittingEmptySubsequences: false)
        guard cells.count == 4 else { continue }
        let name = cells[0].trimmingCharacters(in: .whitespaces)
        let words = cells[1...].map { $0.split(separator: " ").map(String.init) }
        let tags = words[2].prefix { $0 != "as" }
        let mnemonics = words[2].dropFirst(tags.count + 1)
        rows.append(
            SpecRow(
                name: name, encoding: words[0], operands: words[1], tags: Array(tags),
                mnemonics: mnemonics.isEmpty ? [name] : Array(mnemonics)))
    }
    return (rows, absent)
}
