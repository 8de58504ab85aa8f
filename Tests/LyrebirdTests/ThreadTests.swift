// Several CPUs of one machine on several threads: translations are made, connected, dropped and flushed under each other.

import Glibc
import Lyrebird
import Testing

/// A plain thread: what the tests do in it must not wait for a pool.
final class Thread: @unchecked Sendable {
    private var id = pthread_t()
    private let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) {
        self.body = body
        let me = Unmanaged.passRetained(self).toOpaque()
        pthread_create(
            &id, nil,
            { raw in
                Unmanaged<Thread>.fromOpaque(raw!).takeRetainedValue().body()
                return nil
            }, me)
    }

    func join() { pthread_join(id, nil) }
}

/// What a thread hands back.
final class Box<T>: @unchecked Sendable {
    var value: T
    init(_ value: T) { self.value = value }
}

@Suite struct ThreadTests {
    /// More code than the cache holds, run by several CPUs at once: it is flushed again and again while they run.
    @Test func flushesWhileOthersRun() throws {
        var configuration = Machine.Configuration()
        configuration.cacheSize = 128 << 10
        // x0 counts the blocks of a chain of 4,000; x1 counts rounds.
        let blocks = 4000
        var words: [UInt32] = []
        for n in 0..<blocks {
            // Every tenth block is a call of the next one's neighbour, so that the prediction stack is in use as well.
            if n % 10 == 9 {
                words += [A64.bl(2), A64.b(3), A64.add(0, 0, imm: 1), A64.ret]
            } else {
                words += [A64.add(0, 0, imm: 1), A64.b(1)]
            }
        }
        let end = words.count
        words += [A64.subs(1, 1, imm: 1), A64.bne(Int32(-end - 1)), A64.svc(3)]
        let (machine, _) = try makeMachine(words, configuration: configuration)
        let results = (0..<3).map { _ in Box<(Exit?, UInt64)>((nil, 0)) }
        let threads = try results.map { box in
            let cpu = Box(try machine.makeCPU())
            return Thread {
                cpu.value.pc = codeBase
                cpu.value[.x1] = 8
                box.value = (try! cpu.value.run(), cpu.value[.x0])
            }
        }
        for thread in threads { thread.join() }
        for result in results {
            #expect(result.value.0 == .systemCall(immediate: 3))
            #expect(result.value.1 == UInt64(8 * blocks))
        }
        #expect(machine.statistics.flushes > 5)
    }

    /// One CPU calls a function while another thread rewrites it: each call gives the old or the new value, never anything else.
    @Test func rewritesCodeThatRuns() throws {
        let function: UInt64 = codeBase + 0x1000
        var words: [UInt32] = [A64.bl(0x400), A64.add(5, 5, 0), A64.subs(1, 1, imm: 1), A64.bne(-3), A64.svc()]
        words += [UInt32](repeating: 0, count: 0x400 - words.count)
        words += [A64.movz(0, 1), A64.ret]
        let (machine, cpu) = try makeMachine(words)
        let rounds: UInt64 = 1_000_000
        var all: UInt64 = 0
        let isDone = Box(false)
        let writes = Box(0)
        let writer = Thread {
            var value: UInt32 = 1
            while !isDone.value {
                value = 3 - value
                try? machine.memory.write(A64.bytes([A64.movz(0, value)]), at: function)
                writes.value += 1
                usleep(50)
            }
        }
        // Until the writer has had its turns, however busy the machine is.
        repeat {
            cpu.pc = codeBase
            cpu[.x1] = rounds
            all += rounds
            #expect(try cpu.run() == .systemCall(immediate: 0))
        } while writes.value < 8
        isDone.value = true
        writer.join()
        #expect(cpu[.x5] > all && cpu[.x5] < 2 * all, "the sum is \(cpu[.x5]) of \(all) calls")
        #expect(machine.statistics.invalidated > 1)
    }

    /// Memory mapped twice: a write through one mapping and IC IVAU there drop what was translated through the other.
    @Test func invalidatesThroughAnotherMapping() throws {
        let machine = try Machine(.arm64, addressSpace: .hostProcess)
        let host = try #require(machine.hostProcess)
        let memfdCreate = 319
        let file = Int32(
            "code".withCString { host.systemCall(memfdCreate, UInt64(UInt(bitPattern: $0)), 0) })
        try #require(file >= 0)
        try #require(ftruncate(file, 4096) == 0)
        let shared: Int32 = 1
        let executable = UInt64(host.map(0, size: 4096, access: .readExecute, flags: shared, file: file))
        let writable = UInt64(host.map(0, size: 4096, access: .readWrite, flags: shared, file: file))
        close(file)
        let patcher = UInt64(host.map(0, size: 4096, access: .readWriteExecute, flags: 0x22))
        try machine.memory.write(A64.bytes([A64.icIVAU(0), A64.dsbISH, A64.isb, A64.svc(1)]), at: patcher)
        let cpu = try machine.makeCPU()
        for value in [5, 6, 7] as [UInt32] {
            try machine.memory.write(A64.bytes([A64.movz(2, value), A64.svc(2)]), at: writable)
            cpu.pc = patcher
            cpu[.x0] = writable
            #expect(try cpu.run() == .systemCall(immediate: 1))
            cpu.pc = executable
            #expect(try cpu.run() == .systemCall(immediate: 2))
            #expect(cpu[.x2] == UInt64(value))
        }
        for address in [executable, writable, patcher] { #expect(host.unmap(address, size: 4096) == 0) }
    }
}
