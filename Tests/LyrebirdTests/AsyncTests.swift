// CPUs run by tasks.

import Lyrebird
import Testing

@Suite struct AsyncTests {
    @Test(arguments: Guest.allCases)
    func tasksWaitForCPUs(guest: Guest) async throws {
        try await withThrowingTaskGroup(of: UInt64.self) { group in
            for count in 1...8 {
                group.addTask {
                    let sandbox = try Sandbox.loop(guest, UInt32(count * 1000))
                    let exit = try await sandbox.cpu.runInBackground()
                    #expect(exit == .systemCall(immediate: 0))
                    return sandbox.sum
                }
            }
            var sums: [UInt64] = []
            for try await sum in group { sums.append(sum) }
            #expect(sums.sorted() == (1...8).map { Sandbox.sum($0 * 1000) })
        }
    }

    @Test func cancellingStops() async throws {
        let task = Task {
            let sandbox = try Sandbox([A64.b(0)])
            return try await sandbox.cpu.runInBackground()
        }
        try await Task.sleep(for: .milliseconds(20))
        task.cancel()
        #expect(try await task.value == .stopped)
    }

    @Test func budgetsCount() async throws {
        let sandbox = try Sandbox([A64.b(0)])
        #expect(try await sandbox.cpu.runInBackground(budget: .instructions(1000)) == .budget)
        #expect(try await sandbox.cpu.runInBackground(for: .milliseconds(1)) == .timeLimit)
        #expect(sandbox.cpu.instructionsRetired == 1000)
    }
}
