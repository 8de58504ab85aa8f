// The examples of the embedding API, with the guests that they are for.

import Glibc
import TestSupport
import Testing

@Suite struct ExampleTests {
    private let directory = TemporaryDirectory()

    /// A guest of `Examples/guests`, built by the words of a compiler; as a raw image if it is to stand without a file's headers.
    private func guest(_ name: String, tools: String, _ options: [String], isImage: Bool) throws -> String {
        let package = String(#filePath.split(separator: "/").dropLast(3).joined(separator: "/"))
        let (built, image) = (directory.path + "/built", directory.path + "/guest")
        let compiled = ChildProcess(
            ["\(tools)gcc"] + options + ["-o", isImage ? built : image, "/\(package)/Examples/guests/\(name)"])
        try #require(compiled.status == 0, "\(compiled.errors)")
        if isImage {
            let copied = ChildProcess(["\(tools)objcopy", "-O", "binary", built, image])
            try #require(copied.status == 0, "\(copied.errors)")
        }
        return image
    }

    @Test func embedding() {
        let run = ChildProcess([buildDirectory + "/Embedding"])
        #expect(run.status == 0)
        #expect(
            run.output.hasPrefix("system call 1: the sum is 500000500000\nread of 0xdead0000 at pc 0x10014: unmapped\n")
        )
    }

    @Test(.enabled(if: system("command -v aarch64-linux-gnu-gcc >/dev/null") == 0, "aarch64-linux-gnu-gcc is needed"))
    func hostLibrary() {
        let run = ChildProcess([buildDirectory + "/HostLibrary"])
        #expect(run.status == 0, "\(run.output)\(run.errors)")
        let lines = run.output.split(separator: "\n")
        #expect(lines.count == 4)
        #expect(lines.first?.hasPrefix("compressed 1048576 bytes to ") ?? false)
    }

    /// Interrupts come while the guest waits for them, and as fast as can be: before it waits, and while it prints.
    @Test(
        arguments: [
            ("BareMetalARM64", "aarch64-linux-gnu-", "bare-arm64.S", "AArch64"),
            ("BareMetalX86", "", "bare-x86.S", "x86-64"),
        ], [2000, 0])
    func bareMetal(_ example: (program: String, tools: String, source: String, name: String), interval: Int) throws {
        let image = try guest(
            example.source, tools: example.tools, ["-c", "-DINTERVAL=\(interval)"], isImage: true)
        for _ in 0..<10 {
            let run = ChildProcess(["\(buildDirectory)/\(example.program)", image])
            #expect(run.status == 0, "\(run.errors)")
            #expect(
                run.output == """
                    Hello from bare \(example.name)
                    an interrupt came while the CPU was busy
                    two more came while it waited
                    the timer is right

                    """)
        }
    }

    @Test func sandbox() throws {
        let program = try guest(
            "sandboxed.c", tools: "aarch64-linux-gnu-", ["-O2", "-static", "-nostdlib", "-ffreestanding"],
            isImage: false)
        let run = ChildProcess([buildDirectory + "/Sandbox", program])
        #expect(run.status == 139, "\(run.errors)")
        let lines = run.output.split(separator: "\n")
        #expect(
            lines.dropLast() == [
                "guest: hello", "sandbox: refuses system call 56", "guest: openat gives -1",
                "sandbox: refuses system call 172", "guest: getpid gives -1", "guest: writing from nowhere gives -14",
                "guest: the heap holds numbers with the sum 33550336", "guest: reading the host's memory",
            ])
        #expect(lines.last?.hasPrefix("sandbox: ended at 0x") == true)
        #expect(lines.last?.hasSuffix(": read of 0x7f0000000000, unmapped") == true)
        let noProgram = ChildProcess([buildDirectory + "/Sandbox", buildDirectory + "/Sandbox"])
        #expect(noProgram.status == 126, "\(noProgram.errors)")
    }

    @Test func fuzzer() throws {
        let package = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let image = try guest(
            "parser.c", tools: "aarch64-linux-gnu-",
            [
                "-O1", "-ffreestanding", "-nostdlib", "-static", "-fno-pic", "-no-pie", "-Wl,--build-id=none",
                "-Wl,-T,\(package)/Examples/guests/image.ld",
            ], isImage: true)
        let run = ChildProcess([buildDirectory + "/Fuzzer", image])
        #expect(run.status == 0, "\(run.errors)")
        // The first byte behind the page of the input, and an input that has a record of runs with too few bytes.
        #expect(run.output.contains("\ncrash: read of 0x101001 at 0x101"), "\(run.output)")
        #expect(run.output.contains("\ninput: LYRE\\2"), "\(run.output)")
        let inVain = ChildProcess([buildDirectory + "/Fuzzer", image, "100"])
        #expect(inVain.output.hasSuffix("no crash in 100 executions\n"), "\(inVain.output)\(inVain.errors)")
    }

    @Test func tracer() {
        let run = ChildProcess([buildDirectory + "/Tracer"])
        let lines = run.output.split(separator: "\n")
        #expect(lines.count == 15)
        #expect(lines.prefix(3) == ["0x10000  x0 = 0x3", "0x10004  x1 = 0x1", "0x10008  x1 = 0x3"])
        #expect(
            lines.suffix(5) == [
                "0x10010", "system call 7, x1 = 6", "0x10014", "0x10018", "breakpointInstruction(immediate: 0)",
            ])
        let blocks = ChildProcess([buildDirectory + "/Tracer", "--blocks"])
        #expect(
            blocks.output == """
                block 0x10000, 5 instructions
                block 0x10008, 3 instructions
                block 0x10008, 3 instructions
                block 0x10014, 1 instructions
                system call 7, x1 = 6
                block 0x10018, 1 instructions
                breakpointInstruction(immediate: 0)

                """)
    }
}
