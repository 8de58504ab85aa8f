// The Swift of Docs/Debugging.md, as it stands there.

import Glibc
import Lyrebird
import LyrebirdDebug
import Testing

@Suite struct DocumentationTests {
    /// A machine whose program makes a system call.
    private func makeMachine() throws -> (Machine, CPU) {
        let machine = try Machine(.arm64)
        try machine.memory.map(0x1_0000, size: 0x1000, access: .readWriteExecute)
        try machine.memory.store(UInt32(0xD400_0001), at: 0x1_0000)  // svc #0
        let cpu = try machine.makeCPU()
        cpu.pc = 0x1_0000
        return (machine, cpu)
    }

    /// Built, and not run: it waits for gdb.
    func waiting(_ machine: Machine, _ cpu: CPU) throws {
        let server = try DebugServer(machine, listeningAt: "1234")
        try server.add(cpu, name: "main processor")
        print("waiting for gdb at \(server.address)")
        running: while true {
            switch try server.run(cpu) {
            case .deviceWrite(let access):
                print("\(access.value) to the device")
            case .halted, .systemCall:
                break running
            case let other:
                print(other)
                break running
            }
        }
        server.end(.exited(0))
    }

    @Test func perfMaps() throws {
        let (machine, cpu) = try makeMachine()
        let path = PerfMap.path
        defer { unlink(path) }
        let map = try PerfMap()
        machine.setTranslationHandler { code in
            map.add(code, name: "guest_\(String(code.guestAddress, radix: 16))")
        }
        #expect(try cpu.run() == .systemCall(immediate: 0))
        let file = try #require(fopen(path, "r"))
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        var names: [String] = []
        while fgets(&line, 256, file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            names.append(text.split(separator: " ", maxSplits: 2).last.map { String($0.dropLast()) } ?? "")
        }
        #expect(names.prefix(2) == ["lyrebird stubs", "guest_10000"])
        machine.setTranslationHandler(nil)
    }
}
