// What `--stats` writes.

import Glibc
import Lyrebird

/// Figures of one run.
struct Report {
    let machine: Machine
    let loading: UInt64
    let running: UInt64

    init(_ machine: Machine, loading: UInt64, running: UInt64) {
        self.machine = machine
        self.loading = loading
        self.running = running
    }

    func print() {
        let s = machine.statistics
        let perInstruction = s.guestInstructions == 0 ? 0 : Double(s.translationTime) / Double(s.guestInstructions)
        let lines = [
            row("translations", "\(s.translations)"),
            row("guest instructions translated", "\(s.guestInstructions) (\(s.guestBytes) bytes)"),
            row("host bytes, on the way", "\(s.hostBytes) (\(ratio(s.hostBytes, s.guestInstructions)))"),
            row("host instructions, on the way", hostInstructions(s)),
            row("host bytes, out of line", "\(s.coldBytes)"),
            row("IR instructions", "\(s.irInstructions) (\(ratio(s.irInstructions, s.guestInstructions)))"),
            row("direct jumps connected", "\(s.linked) of \(s.links)\(percent(s.linked, s.links))"),
            row("translations invalidated", "\(s.invalidated)"),
            row("flushes of the cache", "\(s.flushes)"),
            row("loading", milliseconds(loading)),
            row(
                "translating", "\(milliseconds(s.translationTime)) (\(fixed(perInstruction, 0)) ns a guest instruction)"
            ),
            row("running, translating included", milliseconds(running)),
        ]
        let text = Array(lines.joined().utf8)
        _ = write(2, text, text.count)
    }

    /// Counted by the disassembler, if it is installed, over the translations that are still there.
    private func hostInstructions(_ s: Statistics) -> String {
        guard s.flushes == 0 else { return "not counted: the cache was flushed" }
        guard let disassembler = Disassembler(.x86) else { return "not counted: libcapstone.so.4 is not installed" }
        let count = machine.translatedCode().reduce(0) { $0 + disassembler.count($1) }
        return "\(count) (\(ratio(count, s.guestInstructions)))"
    }

    private func percent(_ a: Int, _ b: Int) -> String { b == 0 ? "" : " (\(a * 100 / b) %)" }

    private func row(_ name: String, _ value: String) -> String {
        name + String(repeating: " ", count: max(1, 32 - name.utf8.count)) + value + "\n"
    }

    private func ratio(_ a: Int, _ instructions: Int) -> String {
        "\(fixed(instructions == 0 ? 0 : Double(a) / Double(instructions), 1)) a guest instruction"
    }

    private func milliseconds(_ nanoseconds: UInt64) -> String { "\(fixed(Double(nanoseconds) / 1e6, 3)) ms" }

    private func fixed(_ number: Double, _ digits: Int) -> String {
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let rounded = Int((number * scale).rounded())
        if digits == 0 { return "\(rounded)" }
        let fraction = "\(rounded % Int(scale))"
        return "\(rounded / Int(scale))." + String(repeating: "0", count: digits - fraction.count) + fraction
    }
}
