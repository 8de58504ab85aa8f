// Running a CPU from asynchronous code: on a thread of its own, since a guest runs for as long as it likes and the threads of Swift's
// tasks are few.

import Glibc

extension CPU {
    /// `run` on a thread of its own, while the task waits. If the task is cancelled, the CPU is stopped and `.stopped` returned.
    /// - Throws: as `run` does; `CPUError.host` if there can be no thread.
    nonisolated(nonsending) public func runInBackground(
        budget: Budget = .unlimited, for duration: Duration? = nil
    ) async throws -> Exit {
        let stop = stopHandle
        let run = BackgroundRun(cpu: self, budget: budget, duration: duration)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { run.start($0) }
        } onCancel: {
            stop.stop()
        }
    }
}

/// A run on its way to its thread. The task that has the CPU waits for it, so that nobody else does anything with it.
private final class BackgroundRun: @unchecked Sendable {
    private let cpu: CPU
    private let budget: Budget
    private let duration: Duration?
    private var continuation: CheckedContinuation<Exit, any Error>?

    init(cpu: CPU, budget: Budget, duration: Duration?) {
        self.cpu = cpu
        self.budget = budget
        self.duration = duration
    }

    func start(_ continuation: CheckedContinuation<Exit, any Error>) {
        self.continuation = continuation
        var thread = pthread_t()
        let own = Unmanaged.passRetained(self)
        let error = pthread_create(
            &thread, nil,
            { raw in
                Unmanaged<BackgroundRun>.fromOpaque(raw!).takeRetainedValue().run()
                return nil
            }, own.toOpaque())
        guard error != 0 else {
            pthread_detach(thread)
            return
        }
        own.release()
        continuation.resume(throwing: CPUError.host(call: "pthread_create", errno: error))
    }

    private func run() {
        let result = Result { try cpu.run(budget: budget, for: duration) }
        continuation!.resume(with: result)
    }
}
