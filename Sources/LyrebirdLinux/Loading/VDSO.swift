// The vDSO: the code that the kernel gives every program, so that it can ask for the time without a system call and return from
// signal handlers. The image is guest code (`Spec/`); the clocks are the host's own vDSO.

import Glibc
import Lyrebird

enum VDSO {
    /// The ELF image of a guest's, of less than a page.
    struct Image: Sendable {
        /// Its bytes as little-endian words.
        let words: [UInt64]
        /// Where in it rt_sigreturn is called; nil where programs bring that themselves (SA_RESTORER).
        let signalReturn: Int?
        /// The instructions that `nanoseconds` takes the place of.
        let clocks: [Int]
        /// Those that `processor` does.
        var processors: [Int] = []
    }

    /// Maps the image and lets it read the host's clocks.
    /// - Returns: its address.
    static func map(_ image: Image, _ abi: ABI, _ loader: Loader) throws(Loader.Failure) -> UInt64 {
        let what: StaticString = "the vDSO"
        let page = try loader.reserve(
            what, abi.stackTop + Memory.pageSize, Memory.pageSize, MapFlags.noReplace, access: .readWrite,
            orAnywhere: true)
        let written: Void? = image.words.withUnsafeBytes { try? loader.memory.write($0, at: page) }
        guard written != nil else { throw Loader.Failure(what: what, error: .EFAULT) }
        if let error = Errno(result: loader.host.protect(page, size: Memory.pageSize, access: .readExecute)) {
            throw Loader.Failure(what: what, error: error)
        }
        // Without one the image asks the kernel.
        for place in image.clocks { loader.machine.setFunction(nanoseconds, at: page + UInt64(place)) }
        for place in image.processors { loader.machine.setFunction(processor, at: page + UInt64(place)) }
        return page
    }

    /// CLOCK_REALTIME, MONOTONIC, MONOTONIC_RAW, REALTIME_COARSE, MONOTONIC_COARSE, BOOTTIME and TAI: those that are the same
    /// for all processes, and that the host's vDSO has.
    private static let clocks: UInt64 = 1 << 0 | 1 << 1 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 7 | 1 << 11

    /// The time of a clock (`clockid_t`), all ones for clocks that are the kernel's business.
    private static let nanoseconds: Machine.Function = { clock, _ in
        let clock = UInt32(truncatingIfNeeded: clock)
        var time = timespec()
        guard clock < 64, clocks >> UInt64(clock) & 1 != 0, clock_gettime(clockid_t(clock), &time) == 0 else {
            return .max
        }
        return UInt64(bitPattern: Int64(time.tv_sec)) &* 1_000_000_000 &+ UInt64(bitPattern: Int64(time.tv_nsec))
    }

    /// The C library's, whose declaration Swift does not see.
    private static let hostProcessor = dlsym(nil, "sched_getcpu").map {
        unsafeBitCast($0, to: (@convention(c) () -> Int32).self)
    }

    /// The number of the processor that the thread is on, all ones if it cannot be told.
    private static let processor: Machine.Function = { _, _ in
        UInt64(bitPattern: Int64(hostProcessor?() ?? -1))
    }
}
