// Calls between guest and host as an embedder makes them, and what becomes of those that go wrong.

import Glibc
import Lyrebird
import LyrebirdHostFunctions
import Synchronization
import Testing

private let source = """
    #include <stddef.h>
    #include <stdint.h>
    typedef long (*unary)(long);
    typedef double (*mixed)(double, long, float);
    void (*host_sort)(void *, size_t, size_t, int (*)(const void *, const void *));
    unary host_unary;
    mixed host_mixed;
    void *(*host_fill)(void *, int, size_t);
    int counter;
    int numbers[32];

    int compare(const void *a, const void *b) { counter++; return *(const int *)a - *(const int *)b; }
    int bad_compare(const void *a, const void *b) { counter++; return *(volatile int *)0x30000000; }
    int sort(void) {
        uint32_t x = 12345;
        for (int i = 0; i < 32; i++) numbers[i] = (x = x * 1103515245 + 12345) >> 8 & 0xFFFF;
        host_sort(numbers, 32, sizeof numbers[0], compare);
        for (int i = 1; i < 32; i++) if (numbers[i - 1] > numbers[i]) return 0;
        return counter;
    }
    int bad_sort(void) { host_sort(numbers, 32, sizeof numbers[0], bad_compare); return 7; }
    long unary_twice(long n) { return host_unary(n) + host_unary(n + 1); }
    long loop(long n) { long sum = 0; for (long i = 0; i < n; i++) sum += host_unary(i); return sum; }
    long down(long n) { return n == 0 ? 0 : 1 + host_unary(n - 1); }
    double mix(double a, long b, float c) { return host_mixed(a, b, c) + host_mixed(a, b + 1, c); }
    double once(double a, long b, float c) { return host_mixed(a, b, c); }
    float third(float a) { return a / 3; }
    void fill(void *p, int value, size_t size) { host_fill(p, value, size); }
    void *fill_result(void) { return host_fill(numbers, 1, sizeof numbers); }
    void forever(void) { for (;;) ; }
    #ifdef __aarch64__
    long call_out(long a) { register long x0 __asm__("x0") = a; __asm__ volatile("svc #5" : "+r"(x0)); return x0; }
    void steal(void) { __asm__ volatile("sub sp, sp, #16\\n ret"); }
    void round_up(void) { __asm__ volatile("msr fpcr, %0" : : "r"(1l << 22)); }
    #else
    long call_out(long a) { long r; __asm__ volatile("syscall" : "=a"(r) : "D"(a) : "rcx", "r11"); return r; }
    void steal(void) { __asm__ volatile("pop %rax\\n sub $16, %rsp\\n jmp *%rax"); }
    void round_up(void) { unsigned v = 0x1F80 | 2 << 13; __asm__ volatile("ldmxcsr %0" : : "m"(v)); }
    #endif
    """

private let qsort = "void qsort(pointer, size_t, size_t, int (*)(const void *, const void *))"

@Suite(.serialized) struct CallTests {
    static func compiled(_ guest: Guest) throws -> CompiledGuest { try CompiledGuest(guest, source) }

    @Test(arguments: Guest.allCases)
    func swiftFunctions(_ guest: Guest) throws {
        let compiled = try Self.compiled(guest)
        let square = try compiled.machine.define(try Signature("long square(long)")) { _, arguments in
            guard case .signed(let n) = arguments[0] else { return .void }
            return .signed(n &* n)
        }
        try compiled.link("host_unary", to: square)
        #expect(try compiled.call("long unary_twice(long)", [.int(-7)]) == .signed(85))
        let mixed = try compiled.machine.define(try Signature("double mixed(double, long, float)")) { _, arguments in
            guard case (.double(let a), .signed(let b), .float(let c)) = (arguments[0], arguments[1], arguments[2])
            else { return .void }
            return .double(a * Double(b) + Double(c))
        }
        try compiled.link("host_mixed", to: mixed)
        let result = try compiled.call("double mix(double, long, float)", [.double(0.5), .int(10), .float(0.25)])
        #expect(result == .double(11))
        #expect(try compiled.call("float third(float)", [.float(1)]) == .float(1 / 3))
    }

    /// In place of a function of the guest's own.
    @Test(arguments: Guest.allCases)
    func inPlaceOfTheGuests(_ guest: Guest) throws {
        let compiled = try Self.compiled(guest)
        #expect(try compiled.call("float third(float)", [.float(6)]) == .float(2))
        try compiled.machine.define(try Signature("float third(float)"), at: compiled["third"]) { _, arguments in
            .float(Float(arguments[0].number! * 3))
        }
        #expect(try compiled.call("float third(float)", [.float(6)]) == .float(18))
    }

    @Test(arguments: Guest.allCases)
    func guestComparatorInHostSort(_ guest: Guest) throws {
        let compiled = try Self.compiled(guest)
        let library = try HostLibrary(nil)
        let addresses = try library.expose(qsort, to: compiled.machine)
        try compiled.link("host_sort", to: addresses["qsort"]!)
        for round in 1...3 {
            guard case .signed(let count) = try compiled.call("int sort(void)") else { return }
            #expect(count > 32 * round)
        }
        // And by the host itself: as a pointer among its own.
        let compare = try GuestFunction(
            compiled["compare"], try Signature("int compare(pointer, pointer)"), cpu: compiled.cpu)
        let numbers = try #require(compiled.machine.hostPointer(compiled["numbers"]))
        typealias Compare = @convention(c) (UnsafeRawPointer?, UnsafeRawPointer?) -> Int32
        for index in 0..<32 { numbers.storeBytes(of: Int32(-index), toByteOffset: 4 * index, as: Int32.self) }
        Glibc.qsort(numbers, 32, 4, unsafeBitCast(compare.pointer.memory, to: Compare.self))
        #expect((0..<32).map { numbers.load(fromByteOffset: 4 * $0, as: Int32.self) } == Array(-31...0))
        #expect(compiled.cpu.takeCallFailure() == nil && compare.failure == nil)
    }

    @Test(arguments: Guest.allCases)
    func faultInComparator(_ guest: Guest) throws {
        let compiled = try Self.compiled(guest)
        try compiled.link("host_sort", to: try HostLibrary(nil).expose(qsort, to: compiled.machine)["qsort"]!)
        do {
            _ = try compiled.call("int bad_sort(void)")
            Issue.record("it returned")
        } catch let error as CallError {
            guard case .exit(.hostFunctionFailed(.exit(.fault(let fault), let pc)), _) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(fault.address == 0x3000_0000 && fault.cause == .unmapped && fault.pc == pc)
            #expect(pc >= compiled["bad_compare"] && pc < compiled["sort"])
        }
        // No more than once: the host's function knew nothing of it, and no more guest code was called.
        #expect(try compiled.machine.memory.load(Int32.self, at: compiled["counter"]) == 1)
        guard case .signed(let count) = try compiled.call("int sort(void)") else { return }
        #expect(count > 32)
    }

    @Test(arguments: Guest.allCases)
    func inEachOther(_ guest: Guest) throws {
        let compiled = try Self.compiled(guest)
        let down = try Signature("long down(long)")
        let address = compiled["down"]
        let function = try compiled.machine.define(down) { cpu, arguments in
            let before = (cpu.pc, cpu[cpu.machine.guest == .arm64 ? .sp : .rsp])
            let result = try cpu.call(address, down, arguments)
            #expect(before == (cpu.pc, cpu[cpu.machine.guest == .arm64 ? .sp : .rsp]))
            return result
        }
        try compiled.link("host_unary", to: function)
        #expect(try compiled.call("long down(long)", [.int(50)]) == .signed(50))
        // Down to the limit, through all of the levels back, and once more.
        for _ in 0..<2 {
            var error: CallError?
            do { try compiled.call("long down(long)", [.int(100_000)]) } catch let thrown as CallError {
                error = thrown
            }
            var levels = 0
            while case .exit(.hostFunctionFailed(let inner), _) = error {
                error = inner
                levels += 1
            }
            #expect(error == .tooDeep && levels == CPU.nestingLimit / 2)
        }
        #expect(try compiled.call("long down(long)", [.int(3)]) == .signed(3))
    }

    @Test(arguments: Guest.allCases)
    func failures(_ guest: Guest) throws {
        struct Sorry: Error {}
        let compiled = try Self.compiled(guest)
        let cpu = compiled.cpu
        func expect(_ error: CallError, _ body: () throws -> Void) {
            #expect(throws: error, performing: body)
            #expect(cpu.pc == 0x1234)
        }
        cpu.pc = 0x1234
        // Of the arguments.
        expect(.argumentCount(0)) { try compiled.call("long down(long)") }
        expect(.argument(0)) { try compiled.call("long down(long)", [.float(1)]) }
        var local = 0
        withUnsafeMutablePointer(to: &local) { local in
            let address = UInt64(UInt(bitPattern: local))
            expect(.pointer(argument: 0, address)) {
                try compiled.call("void fill(pointer, int, size_t)", [.pointer(HostPointer(local)), .int(0), .int(8)])
            }
        }
        // Of a Swift function.
        let throwing = try compiled.machine.define(try Signature("long f(long)")) { _, _ in throw Sorry() }
        try compiled.link("host_unary", to: throwing)
        expect(.exit(.hostFunctionFailed(.thrown("Sorry()")), pc: throwing)) {
            try compiled.call("long unary_twice(long)", [.int(1)])
        }
        let mistaken = try compiled.machine.define(try Signature("long f(long)")) { _, _ in .void }
        try compiled.link("host_unary", to: mistaken)
        expect(.exit(.hostFunctionFailed(.result), pc: mistaken)) {
            try compiled.call("long unary_twice(long)", [.int(1)])
        }
        // Of a C function: pointers out of the guest's memory, into what is not mapped, and of its own.
        let fill: @convention(c) (UnsafeMutableRawPointer, Int32, Int) -> UnsafeMutableRawPointer = {
            memset($0, $1, $2)
        }
        let code = unsafeBitCast(fill, to: UnsafeRawPointer.self)
        for isDirect in [true, false] {
            let signature = try Signature(
                isDirect
                    ? "pointer memset(pointer, int, size_t)" : "pointer memset(pointer, int, size_t, ..., address)")
            let address = try compiled.machine.define(signature, code: code)
            try compiled.link("host_fill", to: address)
            for bad in [1 << 30, UInt64.max] {
                expect(.exit(.hostFunctionFailed(.pointer(argument: 0, bad)), pc: address)) {
                    try compiled.call("void fill(address, int, size_t)", [.unsigned(bad), .int(1), .int(8)])
                }
            }
            let unmapped = UInt64(UInt(bitPattern: compiled.machine.hostPointer(0x3000_0000)!))
            expect(
                .exit(
                    .hostFunctionFailed(.fault(hostAddress: unmapped, guestAddress: 0x3000_0000)), pc: address)
            ) {
                try compiled.call("void fill(address, int, size_t)", [.unsigned(0x3000_0000), .int(1), .int(8)])
            }
            expect(.exit(.hostFunctionFailed(.fault(hostAddress: 0, guestAddress: nil)), pc: address)) {
                try compiled.call("void fill(address, int, size_t)", [.unsigned(0), .int(1), .int(8)])
            }
            #expect(try compiled.call("address fill_result(void)") == .unsigned(compiled["numbers"]))
            #expect(
                try compiled.machine.memory.read(compiled["numbers"], count: 128) == Array(repeating: 1, count: 128))
        }
        let stray: @convention(c) (UInt64, Int32, Int) -> UInt = { _, _, _ in 0x1000 }
        let address = try compiled.machine.define(
            try Signature("pointer f(pointer, int, size_t)"), code: unsafeBitCast(stray, to: UnsafeRawPointer.self))
        try compiled.link("host_fill", to: address)
        expect(.exit(.hostFunctionFailed(.resultPointer(0x1000)), pc: address)) {
            try compiled.call("address fill_result(void)")
        }
        // Of the guest: nobody makes its system calls, it keeps the stack, it never comes back.
        let out = try Signature("long call_out(long)")
        #expect(throws: CallError.self) { try cpu.call(compiled["call_out"], out, [.int(20)]) }
        cpu.exitHandler = { cpu, exit in
            guard case .systemCall = exit else { return false }
            let isARM = cpu.machine.guest == .arm64
            cpu[isARM ? .x0 : .rax] = cpu[isARM ? .x0 : .rdi] + 1
            return true
        }
        #expect(try cpu.call(compiled["call_out"], out, [.int(20)]) == .signed(21))
        #expect(throws: CallError.unbalancedStack) { try compiled.call("void steal(void)") }
        cpu.stopHandle.stop()
        #expect(throws: CallError.self) { try compiled.call("void forever(void)") }
        cpu[guest == .arm64 ? .sp : .rsp] = 0x3000_0000
        #expect(throws: CallError.self) { try compiled.call("long down(long)", [.int(1)]) }
    }

    /// The guest rounds as it likes, and its functions of the host as the host does; neither sees the other's flags or mode.
    @Test(arguments: Guest.allCases)
    func floatingPointModes(_ guest: Guest) throws {
        let compiled = try Self.compiled(guest)
        let divide: @convention(c) (Double, Int, Float) -> Double = { a, b, c in a / Double(b) + Double(c) }
        let code = unsafeBitCast(divide, to: UnsafeRawPointer.self)
        for signature in ["double f(double, long, float)", "double f(double, long, float, ..., long)"] {
            try compiled.link("host_mixed", to: try compiled.machine.define(try Signature(signature), code: code))
            for isRounding in [false, true] {
                if isRounding { try compiled.call("void round_up(void)") }
                let quotient = try compiled.call("double once(double, long, float)", [.double(1), .int(3), .float(0)])
                #expect(quotient == .double(1.0 / 3))

                let tenth = try compiled.call("float third(float)", [.float(10)])
                #expect(tenth == .float(isRounding ? 3.3333335 : 3.3333333))
            }
            compiled.cpu[guest == .arm64 ? .fpcr : .mxcsr] = guest == .arm64 ? 0 : 0x1F80
        }
    }

    /// A function may do what takes translations away: the CPU is out of generated code.
    @Test(arguments: Guest.allCases)
    func anythingMayHappen(_ guest: Guest) throws {
        let compiled = try Self.compiled(guest)
        let flushing = try compiled.machine.define(try Signature("long f(long)")) { cpu, arguments in
            cpu.machine.flushTranslations()
            return arguments[0]
        }
        try compiled.link("host_unary", to: flushing)
        #expect(try compiled.call("long loop(long)", [.int(100)]) == .signed(4950))
        Self.machine = compiled.machine
        let direct: @convention(c) (Int) -> Int = { n in
            if n % 7 == 0 { CallTests.machine?.flushTranslations() }
            return n
        }
        let code = unsafeBitCast(direct, to: UnsafeRawPointer.self)
        try compiled.link("host_unary", to: try compiled.machine.define(try Signature("long f(long)"), code: code))
        #expect(try compiled.call("long loop(long)", [.int(1000)]) == .signed(499_500))
        // Another machine's CPU has this thread in the meantime, and its memory has another base.
        Self.other = try Self.compiled(guest)
        let running: @convention(c) (Int) -> Int = { n in
            guard case .float(let value) = try? CallTests.other?.call("float third(float)", [.float(Float(3 * n))])
            else { return -1 }
            return Int(value)
        }
        let nested = unsafeBitCast(running, to: UnsafeRawPointer.self)
        try compiled.link("host_unary", to: try compiled.machine.define(try Signature("long f(long)"), code: nested))
        #expect(try compiled.call("long loop(long)", [.int(1000)]) == .signed(499_500))
        Self.machine = nil
        Self.other = nil
    }
    nonisolated(unsafe) static var machine: Machine?
    nonisolated(unsafe) static var other: CompiledGuest?

    /// Other threads take translations away and ask for stops while CPUs are in functions.
    @Test(arguments: Guest.allCases)
    func othersInterfere(_ guest: Guest) throws {
        let compiled = try Self.compiled(guest)
        let own: @convention(c) (Int) -> Int = { $0 }
        let code = unsafeBitCast(own, to: UnsafeRawPointer.self)
        try compiled.link("host_unary", to: try compiled.machine.define(try Signature("long f(long)"), code: code))
        let loop = try Signature("long loop(long)")
        let address = compiled["loop"]
        let machine = compiled.machine
        let ended = Atomic(0)
        let sums = Mutex<[CValue?]>([])
        let first = compiled.cpu
        let second = try machine.makeCPU()
        second[guest == .arm64 ? .sp : .rsp] = CompiledGuest.stackTop - 0x8000
        let handles = [first.stopHandle, second.stopHandle]
        nonisolated(unsafe) let cpus = [first, second]
        let threads = (0..<2).map { index in
            startThread {
                cpus[index].exitHandler = { $1 == .stopped }
                let sum = try? cpus[index].call(address, loop, [.int(300_000)])
                sums.withLock { $0.append(sum) }
                ended.add(1, ordering: .sequentiallyConsistent)
            }
        }
        while ended.load(ordering: .sequentiallyConsistent) < 2 {
            machine.flushTranslations()
            for handle in handles { handle.stop() }
        }
        for thread in threads { pthread_join(thread, nil) }
        #expect(sums.withLock { $0 } == [.signed(44_999_850_000), .signed(44_999_850_000)])
    }

    /// A forked machine has the functions of the one that it comes from, and its own memory behind their pointers.
    @Test(arguments: Guest.allCases)
    func forkedMachinesHaveThem(_ guest: Guest) throws {
        let compiled = try Self.compiled(guest)
        let early = try compiled.machine.snapshot()
        #expect(try compiled.call("float third(float)", [.float(6)]) == .float(2))
        let fill: @convention(c) (UnsafeMutableRawPointer, Int32, Int) -> UnsafeMutableRawPointer = {
            memset($0, $1, $2)
        }
        let address = try compiled.machine.define(
            try Signature("pointer memset(pointer, int, size_t)"), code: unsafeBitCast(fill, to: UnsafeRawPointer.self))
        try compiled.link("host_fill", to: address)
        let stack: Register = guest == .arm64 ? .sp : .rsp
        let result = try Signature("address fill_result(void)")
        let late = try compiled.machine.fork(try compiled.machine.snapshot())
        let cpu = try late.makeCPU()
        cpu[stack] = compiled.cpu[stack]
        #expect(try cpu.call(compiled["fill_result"], result) == .unsigned(compiled["numbers"]))
        #expect(try late.memory.load(Int32.self, at: compiled["numbers"]) == 0x0101_0101)
        #expect(try compiled.machine.memory.load(Int32.self, at: compiled["numbers"]) == 0)
        // From before there was a place for any.
        let other = try compiled.machine.fork(early)
        let third = try Signature("float third(float)")
        let fresh = try other.makeCPU()
        fresh[stack] = compiled.cpu[stack]
        #expect(try fresh.call(compiled["third"], third, [.float(6)]) == .float(2))
        #expect(throws: CallError.self) { try fresh.call(address, third, [.float(6)]) }
        try compiled.machine.restore(early)
        _ = try? compiled.call("float third(float)", [.float(6)])
        #expect(try compiled.call("float third(float)", [.float(6)]) == .float(2))
    }

    /// blr x9; svc #0: guest addresses are host addresses.
    @Test func inTheProcessesOwnAddressSpace() throws {
        let machine = try Machine(.arm64, addressSpace: .hostProcess)
        let host = try #require(machine.hostProcess)
        let page = host.map(0, size: 4096, access: .readWriteExecute, flags: 0x22)
        try #require(page > 0)
        let words: [UInt32] = [0xD63F_0120, 0xD400_0001]
        for (index, word) in words.enumerated() { try machine.memory.store(word, at: UInt64(page + 4 * index)) }
        let read: @convention(c) (UnsafePointer<Int>, Int8) -> Int = { $0.pointee + Int($1) }
        let cpu = try machine.makeCPU()
        cpu[.x9] = try machine.define(
            try Signature("long f(pointer, char)"), code: unsafeBitCast(read, to: UnsafeRawPointer.self))
        var number = 40
        try withUnsafePointer(to: &number) { number in
            cpu.pc = UInt64(page)
            cpu[.x0] = UInt64(UInt(bitPattern: number))
            // What is above the eight bits of an argument is nobody's.
            cpu[.x1] = 0x1234_56FE
            let exit = try cpu.run()
            #expect(exit == .systemCall(immediate: 0))
            #expect(cpu[.x0] == 38 && cpu.pc == UInt64(page) + 8)
        }
        cpu.pc = UInt64(page)
        cpu[.x0] = 1 << 47
        #expect(try cpu.run() == .hostFunctionFailed(.pointer(argument: 0, 1 << 47)))
        #expect(cpu.pc == cpu[.x9] && cpu[.x0] == 1 << 47)
        #expect(host.unmap(UInt64(page), size: 4096) == 0)
    }

    @Test func closuresOutliveTheirMachine() throws {
        typealias Third = @convention(c) (Float) -> Float
        let (third, function) = try { () -> (Third, GuestFunction) in
            let compiled = try Self.compiled(.arm64)
            let function = try GuestFunction(compiled["third"], try Signature("float third(float)"), cpu: compiled.cpu)
            let third = unsafeBitCast(function.pointer.memory, to: Third.self)
            #expect(third(6) == 2 && function.failure == nil)
            return (third, function)
        }()
        #expect(third(6) == 0 && function.failure == .cpuIsGone)
        // When the object is gone as well, the pointer still leads somewhere.
        let stale = try { () -> Third in
            let compiled = try Self.compiled(.arm64)
            let function = try GuestFunction(compiled["third"], try Signature("float third(float)"), cpu: compiled.cpu)
            return unsafeBitCast(function.pointer.memory, to: Third.self)
        }()
        #expect(stale(6) == 0)
    }

    @Test func otherThreadsAreRefused() throws {
        let compiled = try Self.compiled(.x86_64)
        let function = try GuestFunction(compiled["third"], try Signature("float third(float)"), cpu: compiled.cpu)
        nonisolated(unsafe) var results: (Float, CallError?) = (1, nil)
        let body = try compiled.machine.define(try Signature("long f(long)")) { _, arguments in
            let pointer = function.pointer
            withUnsafeMutablePointer(to: &results) { results in
                nonisolated(unsafe) let results = results
                onThread {
                    results.pointee.0 = unsafeBitCast(pointer.memory, to: (@convention(c) (Float) -> Float).self)(6)
                    results.pointee.1 = function.failure
                }
            }
            return arguments[0]
        }
        try compiled.link("host_unary", to: body)
        #expect(try compiled.call("long unary_twice(long)", [.int(1)]) == .signed(3))
        #expect(results == (0, .otherThread))
    }

    @Test func machinesHaveALimit() throws {
        let machine = try Machine(.arm64, addressSpace: .window(size: 1 << 24))
        let signature = try Signature("void f(void)")
        for _ in 0..<Machine.hostFunctionLimit { try machine.define(signature) { _, _ in .void } }
        let cpu = try machine.makeCPU()
        // One place is kept for where guest functions return.
        #expect(throws: CallError.noRoom) {
            try machine.define(signature) { _, _ in .void }
            try machine.define(signature) { _, _ in .void }
        }
        _ = cpu
        #expect(throws: CallError.noRoom) {
            try Machine(.arm64, addressSpace: .window(size: 4096)).define(signature) { _, _ in .void }
        }
    }

    @Test func librariesThatAreNot() throws {
        let machine = try Machine(.arm64, addressSpace: .window(size: 1 << 24))
        #expect(throws: HostLibraryError.self) { try HostLibrary("libno-such-library.so.7") }
        let library = try HostLibrary(nil)
        #expect(throws: HostLibraryError.symbol("no_such_function", of: "the program")) {
            try library.expose("int abs(int); int no_such_function(int)", to: machine)
        }
        #expect(throws: HostLibraryError.signature(SignatureError(.unknownType("size"), line: 2, column: 11))) {
            try library.expose("int abs(int);\nlong labs(size)", to: machine)
        }
    }
}

private func onThread(_ body: @escaping @Sendable () -> Void) { pthread_join(startThread(body), nil) }

private func startThread(_ body: @escaping @Sendable () -> Void) -> pthread_t {
    final class Box {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    pthread_create(
        &thread, nil,
        { argument in
            Unmanaged<Box>.fromOpaque(argument!).takeRetainedValue().body()
            return nil
        }, Unmanaged.passRetained(Box(body)).toOpaque())
    return thread
}
