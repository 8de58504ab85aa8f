// What calls between guest and host cost. Prints, and runs only when LYREBIRD_SPEED is set, in a release build.

import Glibc
import Lyrebird
import LyrebirdHostFunctions
import Testing

@Suite(.serialized, .enabled(if: getenv("LYREBIRD_SPEED") != nil)) struct CallSpeedTests {
    private static let source = """
        #include <stddef.h>
        long (*host)(long, long);
        double (*host_number)(double, double);
        void (*host_sort)(void *, size_t, size_t, int (*)(const void *, const void *));
        long calls;
        int numbers[100000];
        __attribute__((noinline)) long own(long a, long b) { __asm__ volatile(""); return a + b; }
        long loop_own(long n) { long sum = 0; for (long i = 0; i < n; i++) sum = own(sum, i); return sum; }
        long loop_host(long n) { long sum = 0; for (long i = 0; i < n; i++) sum = host(sum, i); return sum; }
        double loop_number(long n) { double sum = 0; for (long i = 0; i < n; i++) sum = host_number(sum, 1); return sum; }
        int compare(const void *a, const void *b) { calls++; return *(const int *)a - *(const int *)b; }
        long sort(long n) {
            unsigned x = 1;
            for (int i = 0; i < 100000; i++) numbers[i] = (x = x * 1103515245 + 12345) >> 8;
            calls = 0;
            host_sort(numbers, 100000, 4, compare);
            return calls;
        }
        """

    @Test(arguments: Guest.allCases)
    func nanosecondsOfACall(_ guest: Guest) throws {
        let compiled = try CompiledGuest(guest, Self.source, options: ["-O2"])
        let machine = compiled.machine
        func time(_ title: String, _ function: String, count: Int = 5_000_000) throws {
            var best = Double.infinity
            for _ in 0..<5 {
                var start = timespec()
                var end = timespec()
                clock_gettime(CLOCK_MONOTONIC, &start)
                let result = try compiled.call(function, [.int(count)])
                clock_gettime(CLOCK_MONOTONIC, &end)
                let calls = function.contains("sort") ? Int(result.integer!) : count
                let ns = Double(end.tv_sec - start.tv_sec) * 1e9 + Double(end.tv_nsec - start.tv_nsec)
                best = min(best, ns / Double(calls))
            }
            print("\(guest), \(title): \((best * 10).rounded() / 10) ns")
        }
        let add: @convention(c) (Int, Int) -> Int = { $0 &+ $1 }
        let code = unsafeBitCast(add, to: UnsafeRawPointer.self)
        try time("a function of the guest's own", "long loop_own(long)")
        // With a return behind it.
        let place: UInt64 = 0x70_0000
        try machine.memory.map(place, size: 4096, access: .readWriteExecute)
        try machine.memory.write(guest == .arm64 ? [0, 0, 0, 0, 0xC0, 3, 0x5F, 0xD6] : [0x90, 0xC3], at: place)
        machine.setFunction({ $0 &+ $1 }, at: place)
        try compiled.link("host", to: place)
        try time("setFunction", "long loop_host(long)")
        try compiled.link("host", to: try machine.defineDirect(try Signature("long f(long, long)"), code: code))
        try time("direct, two integers", "long loop_host(long)")
        let double: @convention(c) (Double, Double) -> Double = { $0 + $1 }
        try compiled.link(
            "host_number",
            to: try machine.define(
                try Signature("double f(double, double)"), code: unsafeBitCast(double, to: UnsafeRawPointer.self)))
        try time("direct, two doubles", "double loop_number(long)")
        // Variadic, so that libffi makes it.
        try compiled.link("host", to: try machine.define(try Signature("long f(long, ..., long)"), code: code))
        try time("libffi, two integers", "long loop_host(long)", count: 1_000_000)
        try compiled.link(
            "host",
            to: try machine.define(try Signature("long f(long, long)")) { _, arguments in
                .unsigned(arguments[0].integer! &+ arguments[1].integer!)
            })
        try time("Swift with values", "long loop_host(long)", count: 1_000_000)
        try compiled.link(
            "host_sort",
            to: try HostLibrary(nil).expose(
                "void qsort(pointer, size_t, size_t, int (*)(const void *, const void *))", to: machine)["qsort"]!)
        try time("a comparator of the guest's in the host's qsort", "long sort(long)", count: 100_000)
    }
}
