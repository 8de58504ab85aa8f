// What `run --stats` and `bench` write: figures of one run, as rows for people or as JSON for programs.

import Glibc
import Lyrebird

/// Figures of one run.
struct Report {
    /// A row: its title, its name in JSON, the number, and how it is shown.
    private struct Figure {
        var title: String
        var key: String
        var value: Double?
        var text: String
    }

    private var figures: [Figure] = []

    /// - Parameter rounds: how often to translate over again, to show the stages; 0 leaves them out.
    init(of machine: Machine, _ startUp: StartUp, rounds: Int = 0) {
        let s = machine.statistics
        let instructions = s.guestInstructions
        add("blocks interpreted, for once", "interpreted", s.interpreted)
        add("translations", "translations", s.translations)
        add("of them loops as a whole", "loops", s.loops)
        add("of them with what they jump back to", "joined", s.joined)
        add("guest instructions translated", "guest_instructions", instructions, " (\(s.guestBytes) bytes)")
        add("host bytes, on the way", "host_bytes", s.hostBytes, ratio(s.hostBytes, instructions))
        addHostInstructions(machine, s)
        add("host bytes, out of line", "host_bytes_out_of_line", s.coldBytes, ratio(s.coldBytes, instructions))
        add("IR instructions", "ir_instructions", s.irInstructions, ratio(s.irInstructions, instructions))
        add("direct jumps connected", "connected", s.linked, " of \(s.links)\(percent(s.linked, s.links))")
        add("translations invalidated", "invalidated", s.invalidated)
        add("flushes of the cache", "flushes", s.flushes)
        add("process start (CPU)", "process_start", startUp.process)
        add("loading", "loading", startUp.loading)
        add("translating", "translating", s.translationTime, each(s.translationTime, instructions))
        let rest = startUp.running - min(startUp.running, s.translationTime)
        add("running, without translating", "running_without_translating", rest)
        if rounds > 0 { addStages(machine, rounds) }
    }

    /// The fastest of the rounds: each does the same, and the clock also counts what others use of the processor.
    private mutating func addStages(_ machine: Machine, _ rounds: Int) {
        var best = machine.measureStages()
        for _ in 1..<rounds {
            let times = machine.measureStages()
            if times.all < best.all { best = times }
        }
        let instructions = best.guestInstructions
        add("over again: guest instructions", "again_guest_instructions", instructions)
        for (title, key, time) in [
            ("  fetching", "again_fetching", best.fetching), ("  lifting", "again_lifting", best.lifting),
            ("  optimising", "again_optimizing", best.optimizing),
            ("  generating code", "again_generating", best.generating), ("  all stages", "again_all", best.all),
        ] {
            add(title, key, time, each(time, instructions))
        }
    }

    /// Counted by the disassembler, if it is installed, over the translations that are still there.
    private mutating func addHostInstructions(_ machine: Machine, _ s: Statistics) {
        let title = "host instructions, on the way"
        var why: String?
        if s.flushes != 0 { why = "the cache was flushed" }
        let disassembler = Disassembler(.x86)
        if disassembler == nil { why = "libcapstone.so.4 is not installed" }
        if let why {
            figures.append(Figure(title: title, key: "host_instructions", value: nil, text: "not counted: \(why)"))
        } else if let disassembler {
            let count = machine.translatedCode().reduce(0) { $0 + disassembler.count($1) }
            add(title, "host_instructions", count, ratio(count, s.guestInstructions))
        }
    }

    private mutating func add(_ title: String, _ key: String, _ count: Int, _ note: String = "") {
        figures.append(Figure(title: title, key: key, value: Double(count), text: "\(count)" + note))
    }

    private mutating func add(_ title: String, _ key: String, _ nanoseconds: UInt64, _ note: String = "") {
        let text = "\(fixed(Double(nanoseconds) / 1e6, 3)) ms" + note
        figures.append(Figure(title: title, key: key + "_ns", value: Double(nanoseconds), text: text))
    }

    // MARK: Writing

    /// Rows for people. Where the descriptor is closed there is nobody to read them, or to tell.
    func write(to descriptor: Int32) {
        var lines = ""
        for figure in figures {
            let room = String(repeating: " ", count: max(1, 32 - figure.title.utf8.count))
            lines += figure.title + room + figure.text + "\n"
        }
        _ = write(lines, to: descriptor)
    }

    /// One object with a number or null for each figure.
    func write(toJSON path: String) {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard file >= 0 else { fail("\(path): \(String(cString: strerror(errno)))", status: 1) }
        let lines = figures.map { "  \"\($0.key)\": \($0.value.map { "\(UInt64($0))" } ?? "null")" }
        guard write("{\n" + lines.joined(separator: ",\n") + "\n}\n", to: file), close(file) == 0 else {
            fail("\(path): \(String(cString: strerror(errno)))", status: 1)
        }
    }

    private func write(_ text: String, to file: Int32) -> Bool {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    private func percent(_ a: Int, _ b: Int) -> String { b == 0 ? "" : " (\(a * 100 / b) %)" }

    private func ratio(_ a: Int, _ instructions: Int) -> String {
        " (\(fixed(instructions == 0 ? 0 : Double(a) / Double(instructions), 1)) a guest instruction)"
    }

    private func each(_ nanoseconds: UInt64, _ instructions: Int) -> String {
        " (\(fixed(instructions == 0 ? 0 : Double(nanoseconds) / Double(instructions), 0)) ns a guest instruction)"
    }

    private func fixed(_ number: Double, _ digits: Int) -> String {
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let rounded = Int((number * scale).rounded())
        if digits == 0 { return "\(rounded)" }
        let fraction = "\(rounded % Int(scale))"
        return "\(rounded / Int(scale))." + String(repeating: "0", count: digits - fraction.count) + fraction
    }
}
