// The classes of Spec/arm64.decode with their rows, and one word of each row.

import Foundation
import LyrebirdARM64

/// A section of the spec that has encodings with a lifter.
struct SpecSection {
    var title: String
    var rows: [Row] = []

    struct Row {
        var name: String
        var encoding: Encoding
        var value: UInt32 = 0
        var fields: [Field] = []
    }

    struct Field {
        var name: String
        var place: UInt32
        /// The bits that are free, counted from the field's lowest.
        var mask: UInt32
    }

    static func all(_ file: String = #filePath) throws -> [SpecSection] {
        let root = URL(filePath: file).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "Spec/arm64.decode"), encoding: .utf8)
        let encodings = Dictionary(uniqueKeysWithValues: Encoding.allCases.map { ($0.name, $0) })
        var sections: [SpecSection] = []
        for line in text.split(separator: "\n") {
            if line.hasPrefix("section ") { sections.append(SpecSection(title: String(line.dropFirst(8)))) }
            let cells = line.split(separator: "|")
            guard cells.count == 3, !line.hasPrefix("#"), !sections.isEmpty else { continue }
            let name = cells[0].trimmingCharacters(in: .whitespaces)
            guard let encoding = encodings[name], encoding.isBuilt else { continue }
            let last = sections.count - 1
            let accesses = ["Load/store", "Compare and swap", "Atomic"].contains { sections[last].title.hasPrefix($0) }
            sections[last].rows.append(Row(name: name, encoding: encoding, bits: cells[1], setsIgnored: accesses))
        }
        return sections.filter { !$0.rows.isEmpty }
    }
}

extension SpecSection.Row {
    init(name: String, encoding: Encoding, bits: Substring, setsIgnored: Bool) {
        self.init(name: name, encoding: encoding)
        var place: UInt32 = 32
        for token in bits.split(separator: " ") {
            let parts = token.split { $0 == ":" || $0 == "=" }
            let pattern =
                token.contains(":")
                ? Substring(String(repeating: "x", count: Int(parts[1].filter(\.isNumber)) ?? 0)) : parts.last ?? ""
            place -= UInt32(pattern.count)
            var mask: UInt32 = 0
            for (n, bit) in pattern.reversed().enumerated() {
                // Ignored bits: assemblers set those of loads and stores, and clear those of others.
                if bit == "1" || bit == "." && setsIgnored { value |= 1 &<< (place + UInt32(n)) }
                if bit == "x" { mask |= 1 &<< UInt32(n) }
            }
            if mask != 0 { fields.append(.init(name: String(parts[0]), place: place, mask: mask)) }
        }
    }

    /// Fields that hold registers, and which; and what other fields hold if the encoding allows it.
    private static let registers: [String: UInt32] = [
        "rd": 0, "rt": 0, "xd": 0, "rn": 1, "xn": 1, "rm": 2, "ra": 3, "rt2": 3, "rs": 4,
    ]
    private static let preferences: [String: UInt32] = [
        "sf": 1, "q": 1, "size": 3, "sz": 1, "ptype": 1, "n": 1, "imms": 7, "immh": 8, "imm5": 8, "option": 3, "sh": 0,
        "hw": 0, "shift": 0, "imm3": 0, "s": 0, "cond": 1, "b5": 0, "l": 0, "m": 0, "h": 0, "nzcv": 0,
    ]

    /// A word of this encoding, the same each time; nil if none was found.
    func instance() -> UInt32? {
        // A generator that depends on the name alone: a new row changes no other.
        var state = name.utf8.reduce(UInt64(5381)) { $0 &* 33 ^ UInt64($1) }
        for attempt in 0..<4096 {
            var word = value
            for field in fields {
                var number = Self.registers[field.name]
                if number == nil {
                    number = Self.preferences[field.name] ?? 1
                    if attempt > 0 {
                        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                        // Only some fields change, so that what is preferred stays where it can.
                        if state >> 33 & 3 != 0 { number = UInt32(truncatingIfNeeded: state >> 40) }
                    }
                }
                word |= ((number ?? 0) & field.mask) &<< field.place
            }
            if decode(word) == encoding { return word }
        }
        return nil
    }
}
