// File tests: text in, text out, side by side in one file, so that a change of what is generated is read as a diff.
//
//   Prose about the file, up to the first case.
//
//   === what the case shows
//   --- ir
//   unit 0x1000 {
//     …
//   }
//   --- optimized dead-code
//   unit 0x1000 {
//     …
//   }
//
// A case's first section is given. Each other one is what a stage, named by the section, makes of the sections before it.
// With LYREBIRD_BLESS=1 in the environment a file whose stages say something else is rewritten.

import Foundation

public struct FileTest {
    public struct Section: Sendable {
        public var name: String
        /// What follows the name.
        public var argument: String
        public var text: String
    }

    public struct Case: Sendable {
        public var title: String
        public var sections: [Section]

        /// The text of the first section of the name.
        public func text(of name: String) throws -> String {
            guard let section = sections.first(where: { $0.name == name }) else {
                throw Malformed(what: "no section \(name)")
            }
            return section.text
        }
    }

    public struct Malformed: Error, CustomStringConvertible {
        public var what: String
        public init(what: String) { self.what = what }
        public var description: String { what }
    }

    /// What a stage makes of a case whose sections before this one are given.
    public typealias Stage = (_ argument: String, _ before: Case) throws -> String

    public var path: String
    public var preamble: String
    public var cases: [Case]

    // MARK: Text

    public init(path: String, text: String) throws {
        self.path = path
        preamble = ""
        cases = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast(text.hasSuffix("\n") ? 1 : 0)
        {
            if line.hasPrefix("=== ") {
                cases.append(Case(title: String(line.dropFirst(4)), sections: []))
            } else if line.hasPrefix("--- ") {
                guard !cases.isEmpty else { throw Malformed(what: "a section before the first case") }
                let words = line.dropFirst(4).split(separator: " ", maxSplits: 1)
                let argument = words.count > 1 ? String(words[1]) : ""
                cases[cases.count - 1].sections.append(Section(name: String(words[0]), argument: argument, text: ""))
            } else if cases.isEmpty {
                preamble += line + "\n"
            } else if !cases[cases.count - 1].sections.isEmpty {
                let last = cases[cases.count - 1].sections.count - 1
                cases[cases.count - 1].sections[last].text += line + "\n"
            } else if !line.isEmpty {
                throw Malformed(what: "text before the first section of \(cases[cases.count - 1].title)")
            }
        }
    }

    public var text: String {
        var out = preamble
        for test in cases {
            out += "=== \(test.title)\n"
            for section in test.sections {
                out += "--- \(section.name)\(section.argument.isEmpty ? "" : " \(section.argument)")\n\(section.text)"
            }
        }
        return out
    }

    // MARK: Running

    /// The file tests of a directory beneath Tests/FileTests.
    public static func all(in directory: String) throws -> [FileTest] {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let folder = root.appendingPathComponent("FileTests").appendingPathComponent(directory)
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        return try files.filter { $0.pathExtension == "test" }.sorted { $0.path < $1.path }.map {
            try FileTest(path: $0.path, text: String(contentsOf: $0, encoding: .utf8))
        }
    }

    /// Runs all cases and blesses the file if it is asked to.
    /// - Returns: what is not as expected.
    public mutating func run(_ stages: [String: Stage]) throws -> [String] {
        var wrong: [String] = []
        for number in cases.indices {
            let test = cases[number]
            for at in test.sections.indices.dropFirst() {
                let section = test.sections[at]
                guard let stage = stages[section.name] else {
                    throw Malformed(what: "\(path): no stage \(section.name)")
                }
                let before = Case(title: test.title, sections: Array(test.sections[..<at]))
                var made: String
                do { made = try stage(section.argument, before) } catch { made = "error: \(error)\n" }
                // Cases are set apart by an empty line, which belongs to nobody.
                let isLast = at == test.sections.count - 1 && number < cases.count - 1
                if isLast { made += "\n" }
                if made != section.text {
                    wrong.append("\(path): \(test.title): \(section.name) is\n\(made)and not\n\(section.text)")
                    cases[number].sections[at].text = made
                }
            }
        }
        if !wrong.isEmpty, ProcessInfo.processInfo.environment["LYREBIRD_BLESS"] == "1" {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            return []
        }
        return wrong
    }
}
