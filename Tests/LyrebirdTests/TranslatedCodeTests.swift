// What a profiler is told of translations, and the stop that is for those who watch.

import Glibc
import Lyrebird
import Synchronization
import Testing

@Suite struct TranslatedCodeTests {
    private struct Seen {
        var kind: TranslatedCode.Kind
        var address: UInt64
        var size: Int
        var host: Range<UInt>
        var cold: Int
    }

    private final class Log: Sendable {
        let seen = Mutex<[Seen]>([])
        func add(_ code: TranslatedCode) {
            let start = UInt(bitPattern: code.mainPath.baseAddress)
            // The bytes can be read.
            let isEmpty = code.mainPath.allSatisfy { $0 == 0 }
            #expect(!isEmpty)
            seen.withLock {
                $0.append(
                    Seen(
                        kind: code.kind, address: code.guestAddress, size: code.guestSize,
                        host: start..<start + UInt(code.mainPath.count), cold: code.outOfLine.count))
            }
        }
    }

    /// x0 goes down to 0 at 0x10004; then system call 0 at 0x1000c.
    private func makeMachine(loopThreshold: Int) throws -> (Machine, CPU) {
        var configuration = Machine.Configuration()
        configuration.loopThreshold = loopThreshold
        let machine = try Machine(.arm64, configuration: configuration)
        try machine.memory.map(0x1_0000, size: 0x1000, access: .readWriteExecute)
        try machine.memory.write(
            A64.bytes([0xD503_201F, 0xF100_0400, 0x54FF_FFE1, 0xD400_0001]), at: 0x1_0000)  // nop; subs; b.ne; svc
        let cpu = try machine.makeCPU()
        cpu.pc = 0x1_0000
        cpu[.x0] = 10_000
        return (machine, cpu)
    }

    @Test func translationsAreReported() throws {
        let (machine, cpu) = try makeMachine(loopThreshold: 100)
        let log = Log()
        machine.setTranslationHandler { log.add($0) }
        #expect(try cpu.run() == .systemCall(immediate: 0))
        let seen = log.seen.withLock { $0 }
        #expect(seen.first?.kind == .stubs)
        #expect(seen.contains { $0.kind == .blocks && $0.address == 0x1_0000 && $0.size >= 12 })
        #expect(seen.contains { $0.kind == .loop && $0.address == 0x1_0004 && $0.size == 8 })
        #expect(seen.contains { $0.cold > 0 })
        #expect(seen.count == machine.statistics.translations + 1)
        let ordered = seen.map(\.host).sorted { $0.lowerBound < $1.lowerBound }
        for (one, next) in zip(ordered, ordered.dropFirst()) { #expect(one.upperBound <= next.lowerBound) }

        // Who comes later is told of the same ones, and of no more when it is over.
        let later = Log()
        machine.setTranslationHandler { later.add($0) }
        let again = later.seen.withLock { $0 }
        #expect(again.map(\.host) == seen.map(\.host) && again.map(\.address) == seen.map(\.address))
        #expect(again.filter { $0.kind == .loop }.count == 1)
        machine.setTranslationHandler(nil)
        machine.flushTranslations()
        (cpu.pc, cpu[.x0]) = (0x1_0000, 1)
        #expect(try cpu.run() == .systemCall(immediate: 0))
        #expect(later.seen.withLock { $0.count } == seen.count)
    }

    @Test func perfMapsAndDumps() throws {
        let (machine, cpu) = try makeMachine(loopThreshold: 0)
        var pipes: [Int32] = [0, 0]
        #expect(pipe(&pipes) == 0)
        defer { close(pipes[0]) }
        let map = PerfMap(descriptor: pipes[1])
        machine.setTranslationHandler { map.add($0, name: "a\nname") }
        cpu[.x0] = 1
        #expect(try cpu.run() == .systemCall(immediate: 0))
        machine.setTranslationHandler(nil)
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = read(pipes[0], &bytes, bytes.count)
        let lines = String(decoding: bytes[..<max(0, count)], as: UTF8.self).split(separator: "\n")
        // One line each, whatever the name.
        #expect(
            lines.count >= 3 && lines.dropFirst().allSatisfy { $0.hasSuffix(" a name") || $0.hasSuffix(" a name.cold") }
        )
        #expect(throws: ProfileError.self) { try JITDump(directory: "/no/such/directory") }
    }

    /// A pause is no stop: each is returned for itself.
    @Test func pauses() throws {
        let (_, cpu) = try makeMachine(loopThreshold: 100)
        cpu.stopHandle.pause()
        cpu.stopHandle.stop()
        #expect(try cpu.run() == .stopped)
        #expect(try cpu.run() == .paused)
        #expect(try cpu.run() == .systemCall(immediate: 0))
    }
}
