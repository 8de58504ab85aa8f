// Linux programs under gdb, as somebody types it: what gdb prints is compared word for word. The guest is Tests/Guests/debugged.c, for
// both architectures.

import Glibc
import TestSupport
import Testing

@Suite(
    .serialized, .enabled(if: DebuggedPrograms.shared != nil, "gdb-multiarch, two compilers and lyrebird are needed"))
struct ProgramTests {
    private static let architectures = ["arm64", "x86-64"]

    /// Compares what gdb prints of a session with what is expected. Thread numbers are the kernel's: they are left out.
    private func expect(
        _ mode: String, on architecture: String, _ commands: String, _ output: String, status: Int32,
        printed: String = "",
        at location: SourceLocation = #_sourceLocation
    ) {
        let run = DebuggedPrograms.shared!.debug(mode, on: architecture, commands)
        #expect(run.lines.joined(separator: "\n") == output, sourceLocation: location)
        #expect(run.status == status && run.printed == printed, "\(run)", sourceLocation: location)
    }

    @Test(arguments: architectures) func callsAndData(architecture: String) {
        // How far a call's own line goes on is the compiler's affair.
        let afterCall =
            architecture == "arm64" ? "26\t        sum += inner(i, n);" : "25\t    for (int i = 0; i < n; i++)"
        expect(
            "calls", on: architecture,
            """
            break inner
            continue
            backtrace
            print a + b
            print global
            tbreak outer
            step
            next
            finish
            delete
            print outer(2)
            stepi
            set var global.x = 17
            call inner(6, 7)
            print *&global
            display counter
            until 27
            return (int)50
            next
            continue
            """,
            """
            _start ()
            Breakpoint 1: file debugged.c, line 19.
            Breakpoint 1, inner (a=0, b=5) at debugged.c:19
            19\t    counter += a;
            #0  inner (a=0, b=5) at debugged.c:19
            #1  outer (n=5) at debugged.c:26
            #2  calls () at debugged.c:46
            #3  main (argc=2, argv=) at debugged.c:83
            $1 = 5
            $2 = {x = 1, y = 2, z = 3.5}
            Temporary breakpoint 2: file debugged.c, line 24.
            20\t    return a * b;
            21\t}
            outer (n=5) at debugged.c:26
            26\t        sum += inner(i, n);
            Value returned is $3 = 0
            $4 = 2
            \(afterCall)
            $5 = 42
            $6 = {x = 17, y = 2, z = 3.5}
            outer (n=5) at debugged.c:27
            27\t    return sum;
            1: counter = 17
            47\t    printf("%d %g\\n", counter, global.z);
            1: counter = 17
            [Inferior 1 (Remote target) exited with code 052]
            """, status: 42, printed: "17 50\n")
    }

    @Test(arguments: architectures) func watchpoints(architecture: String) {
        expect(
            "calls", on: architecture,
            """
            watch counter
            continue
            continue
            tbreak inner
            continue
            delete
            continue
            """,
            """
            _start ()
            Hardware watchpoint 1: counter
            Hardware watchpoint 1: counter
            Old value = 0
            New value = 1
            inner (a=1, b=5) at debugged.c:20
            20\t    return a * b;
            Hardware watchpoint 1: counter
            Old value = 1
            New value = 3
            inner (a=2, b=5) at debugged.c:20
            20\t    return a * b;
            Temporary breakpoint 2: file debugged.c, line 19.
            Temporary breakpoint 2, inner (a=3, b=5) at debugged.c:19
            19\t    counter += a;
            [Inferior 1 (Remote target) exited with code 052]
            """, status: 42, printed: "10 50\n")
    }

    @Test(arguments: architectures) func signals(architecture: String) {
        expect(
            "signals", on: architecture,
            """
            continue
            print $_siginfo.si_signo
            break handler
            continue
            backtrace 2
            print number
            delete
            tbreak 57
            continue
            print caught
            handle SIGUSR1 nostop noprint pass
            print (int)raise(10)
            tbreak handler
            signal SIGUSR1
            set var number = 12
            continue
            """,
            """
            _start ()
            Program received signal SIGUSR1, User defined signal 1.
            $1 = 10
            Breakpoint 1: file debugged.c, line 31.
            Breakpoint 1, handler (number=10) at debugged.c:31
            31\t    caught = number;
            #0  handler (number=10) at debugged.c:31
            #1  <signal handler called>
            $2 = 10
            Temporary breakpoint 2: file debugged.c, line 57.
            Temporary breakpoint 2, signals () at debugged.c:57
            57\t    printf("caught %d\\n", caught);
            $3 = 10
            $4 = 0
            Temporary breakpoint 3: file debugged.c, line 31.
            Temporary breakpoint 3, handler (number=10) at debugged.c:31
            31\t    caught = number;
            [Inferior 1 (Remote target) exited normally]
            """, status: 0, printed: "caught 12\n")
    }

    /// A signal that the debugger keeps to itself, and one that ends the program.
    @Test(arguments: architectures) func signalsThatAreNotDelivered(architecture: String) {
        expect(
            "signals", on: architecture, "continue\nsignal 0",
            """
            _start ()
            Program received signal SIGUSR1, User defined signal 1.
            [Inferior 1 (Remote target) exited normally]
            """, status: 0, printed: "caught 0\n")
        expect(
            "signals", on: architecture, "continue\nsignal SIGTERM",
            """
            _start ()
            Program received signal SIGUSR1, User defined signal 1.
            Program terminated with signal SIGTERM, Terminated.
            The program no longer exists.
            """, status: 128 + SIGTERM)
    }

    @Test(arguments: architectures) func faults(architecture: String) {
        expect(
            "crash", on: architecture,
            """
            continue
            print $_siginfo._sifields._sigfault.si_addr == (void *)16
            print what
            continue
            """,
            """
            _start ()
            Program received signal SIGSEGV, Segmentation fault.
            main (argc=2, argv=) at debugged.c:88
            88\t    *(volatile int *)16 = 1;
            $1 = 1
            $2 = "crash"
            Program terminated with signal SIGSEGV, Segmentation fault.
            The program no longer exists.
            """, status: 128 + SIGSEGV)
    }

    @Test(arguments: architectures) func childrenGoOnByThemselves(architecture: String) {
        expect(
            "forks", on: architecture, "break ready\nwatch counter\ncontinue",
            """
            _start ()
            Breakpoint 1: file debugged.c, line 42.
            Hardware watchpoint 2: counter
            [Inferior 1 (Remote target) exited with code 03]
            """, status: 3)
    }

    @Test(arguments: architectures) func threads(architecture: String) {
        expect(
            "threads", on: architecture,
            """
            break ready
            continue
            info threads
            thread apply all -q -s frame function
            thread 2
            print begun
            set scheduler-locking on
            stepi
            set scheduler-locking off
            watch stop
            continue
            delete
            continue
            """,
            """
            _start ()
            Breakpoint 1: file debugged.c, line 42.
            Thread 1 hit Breakpoint 1, ready () at debugged.c:42
            42\t    return begun;
            Id
            * 1    Thread ready () at debugged.c:42
            2    Thread spin (argument=) at debugged.c:36
            3    Thread spin (argument=) at debugged.c:36
            [Switching to thread 2 (Thread )]
            #0  spin (argument=) at debugged.c:36
            36\t    while (!stop) {
            $1 = 2
            36\t    while (!stop) {
            Hardware watchpoint 2: stop
            [Switching to Thread ]
            Thread 1 hit Hardware watchpoint 2: stop
            Old value = 0
            New value = 1
            threads (count=2) at debugged.c:76
            76\t    for (int i = 0; i < count; i++) pthread_join(all[i], NULL);
            [Inferior 1 (Remote target) exited with code 05]
            """, status: 5, printed: "read 0\n")
    }

    /// Ctrl-C while one thread is blocked in a call and another one goes round in a loop. Functions can be called in both, and the call is
    /// made again. What is watched is compared then, which drops the loop's translation.
    @Test(arguments: architectures) func interrupts(architecture: String) {
        expect(
            "read", on: architecture,
            """
            python
            import threading, os, signal, time
            def later():
                time.sleep(0.5)
                os.kill(os.getpid(), signal.SIGINT)
            threading.Thread(target=later).start()
            end
            continue
            thread 2
            print inner(2, 3)
            thread 1
            print inner(3, 4)
            print counter
            watch stop
            python open("input", "w").write("x")
            continue
            delete
            continue
            """,
            """
            _start ()
            Thread 1 received signal SIGINT, Interrupt.
            [Switching to thread 2 (Thread )]
            #0  spin (argument=) at debugged.c:36
            36\t    while (!stop) {
            $1 = 6
            [Switching to thread 1 (Thread )]
            $2 = 12
            $3 = 5
            Hardware watchpoint 1: stop
            Thread 1 hit Hardware watchpoint 1: stop
            Old value = 0
            New value = 1
            threads (count=1) at debugged.c:76
            76\t    for (int i = 0; i < count; i++) pthread_join(all[i], NULL);
            [Inferior 1 (Remote target) exited with code 05]
            """, status: 5, printed: "read 1\n")
    }

    @Test(arguments: architectures) func leaving(architecture: String) {
        expect(
            "calls", on: architecture, "break inner\ncontinue\ndetach",
            """
            _start ()
            Breakpoint 1: file debugged.c, line 19.
            Breakpoint 1, inner (a=0, b=5) at debugged.c:19
            19\t    counter += a;
            [Inferior 1 (Remote target) detached]
            """, status: 42, printed: "10 50\n")
        expect(
            "calls", on: architecture, "break inner\ncontinue\nkill",
            """
            _start ()
            Breakpoint 1: file debugged.c, line 19.
            Breakpoint 1, inner (a=0, b=5) at debugged.c:19
            19\t    counter += a;
            [Inferior 1 (Remote target) killed]
            """, status: 128 + SIGKILL)
    }

    @Test func registersOfAArch64() {
        expect(
            "calls", on: "arm64",
            """
            print $x0 = 0x123456789abcdef0
            print $w0
            print $v3.s.u = {1, 2, 3, 4}
            print $d3.u
            print $cpsr = 0x60000000
            print $fpcr
            print $sp != 0
            kill
            """,
            """
            _start ()
            $1 = 1311768467463790320
            $2 = 2596069104
            $3 = {1, 2, 3, 4}
            $4 = 8589934593
            $5 = [ C Z ]
            $6 = 0
            $7 = 1
            [Inferior 1 (Remote target) killed]
            """, status: 128 + SIGKILL)
    }

    @Test func registersOfX86() {
        expect(
            "calls", on: "x86-64",
            """
            print $rax = 0x123456789abcdef0
            print $ax
            print $xmm3.v4_int32 = {1, 2, 3, 4}
            print $ymm3.v8_int32
            print $ymm3.v8_int32 = {1, 2, 3, 4, 5, 6, 7, 8}
            print $ymm3.v8_int32
            print $eflags = 0x203
            print $st0 = 2.5
            print $orig_rax
            print $mxcsr
            kill
            """,
            """
            _start ()
            $1 = 1311768467463790320
            $2 = -8464
            $3 = {1, 2, 3, 4}
            $4 = {1, 2, 3, 4, 0, 0, 0, 0}
            $5 = {1, 2, 3, 4, 5, 6, 7, 8}
            $6 = {1, 2, 3, 4, 5, 6, 7, 8}
            $7 = [ CF IF ]
            $8 = 2.5
            $9 = -1
            $10 = [ IM DM ZM OM UM PM ]
            [Inferior 1 (Remote target) killed]
            """, status: 128 + SIGKILL)
    }
}

/// The guest for both architectures, and gdb.
final class DebuggedPrograms: Sendable {
    static let shared = DebuggedPrograms()

    private let directory: String

    struct Run {
        /// What gdb has printed, without empty lines, and without what differs from one run to the next.
        var lines: [String]
        var printed: String
        var status: Int32
    }

    private init?() {
        var template = Array("/tmp/lyrebird-debugged-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { return nil }
        directory = String(cString: made)
        let sources = #filePath.split(separator: "/").dropLast(2).reduce("") { "\($0)/\($1)" } + "/Guests"
        let options = "-O0 -g -w -static -pthread debugged.c -o '\(directory)'"
        let build = ChildProcess([
            "sh", "-c",
            "cd '\(sources)' && command -v gdb-multiarch && aarch64-linux-gnu-gcc \(options)/arm64 && cc \(options)/x86-64",
        ])
        guard build.status == 0, access(buildDirectory + "/lyrebird", X_OK) == 0 else { return nil }
    }

    /// Runs the program in a mode under gdb, with commands.
    func debug(_ mode: String, on architecture: String, _ commands: String) -> Run {
        let script = """
            cat >commands <<'end of commands'
            \(commands)
            end of commands
            export HOME=$PWD
            rm -f input output errors; mkfifo input; exec 3<>input
            '\(buildDirectory)/lyrebird' --sysroot / --gdb 0 ./\(architecture) \(mode) <input >output 2>errors & guest=$!
            for try in {1..500}; do grep -q waiting errors && break; sleep 0.02; done
            timeout -s KILL 40 gdb-multiarch -nx -q -batch -ex 'set confirm off' -ex 'set pagination off' -ex 'set width 0' \
                -ex 'set print address off' -ex 'set print thread-events off' \
                -ex "target remote $(sed -n 's/.*waiting for gdb at //p' errors)" -x commands ./\(architecture) 2>&1
            (sleep 10; kill -KILL $guest) 2>/dev/null & guard=$!
            wait $guest; status=$?
            kill $guard
            exit $status
            """
        let run = ChildProcess(["bash", "-c", script], in: directory)
        let output = ChildProcess(["cat", "output"], in: directory)
        return Run(
            lines: run.output.split(separator: "\n").compactMap(Self.normal), printed: output.output, status: run.status
        )
    }

    /// A line without the numbers of threads, and nil for those that are about code of the C library.
    private static func normal(_ line: Substring) -> String? {
        var text = line.replacing(/Thread [0-9]{3,} */, with: "Thread ")
        if text.contains("kill") && text.hasSuffix(" ()") || text == "read ()" || text == "#0  read ()" { return nil }
        text = text.drop { $0 == " " }
        return text.hasPrefix("Id ") ? "Id" : String(text)
    }
}
