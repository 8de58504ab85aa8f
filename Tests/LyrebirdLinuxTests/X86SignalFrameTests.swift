// x86-64's signal frame: against one that the host's kernel has made, and against what the kernel refuses.

import Glibc
import Lyrebird
import Testing

@testable import LyrebirdLinux

/// Guest memory of a few pieces.
private struct Pieces {
    var content: [UInt64: [UInt8]] = [:]

    func load(_ address: UInt64, _ buffer: UnsafeMutableRawBufferPointer) -> Bool {
        for (start, bytes) in content where address >= start && address - start <= UInt64(bytes.count) {
            let offset = Int(address - start)
            guard buffer.count <= bytes.count - offset else { continue }
            bytes.withUnsafeBytes {
                buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<offset + buffer.count]))
            }
            return true
        }
        return false
    }
}

/// What `Tests/Guests/frame-x86-64.c` wrote.
private struct KernelFrame {
    let frame: UInt64
    let area: UInt64
    let stackPointer: UInt64
    var frameBytes: [UInt8]
    var areaBytes: [UInt8]

    init?(onAlternateStack: Bool) {
        var template = Array("/tmp/lyrebird-frame-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { return nil }
        let directory = String(cString: made)
        defer { system("rm -r '\(directory)'") }
        let source = #filePath.split(separator: "/").dropLast(2).reduce("") { "\($0)/\($1)" } + "/Guests/frame-x86-64.c"
        let commands = """
            cd '\(directory)' && cc -O2 -w '\(source)' -o frame &&
            timeout 60 ./frame \(onAlternateStack ? "alternate" : "") >dump && chmod +x dump
            """
        guard system(commands) == 0, let file = try? HostFile(executable: Array("\(directory)/dump".utf8)),
            let bytes = try? file.read(at: 0, count: 1 << 16), bytes.count > 32 + X86SignalFrame.size + 512
        else { return nil }
        frame = bytes.integer(at: 0)
        area = bytes.integer(at: 8)
        stackPointer = bytes.integer(at: 16)
        frameBytes = Array(bytes[32..<32 + X86SignalFrame.size])
        areaBytes = Array(bytes[(32 + X86SignalFrame.size)...])
    }

    /// The area as a processor with AVX and nothing newer has it.
    var plainArea: [UInt8] {
        var bytes = Array(areaBytes[..<832])
        bytes.store(836 as UInt32, at: 468)
        bytes.store(7 as UInt64, at: 472)
        bytes.store(832 as UInt32, at: 480)
        bytes.store(bytes.integer(at: 512) & 7 as UInt64, at: 512)
        bytes.store(0xffff as UInt32, at: 28)  // MXCSR_MASK: the host's processor may have more
        bytes.append(integer: 0x4650_5845 as UInt32)
        return bytes
    }

    var alternateStack: AlternateStack {
        let flags: UInt32 = frameBytes.integer(at: 8 + 24)
        guard flags & AlternateStack.disabled == 0 else { return AlternateStack() }
        return AlternateStack(pointer: frameBytes.integer(at: 8 + 16), size: frameBytes.integer(at: 8 + 32))
    }
}

@Suite struct X86SignalFrameTests {
    private static let hasCompiler = system("command -v cc >/dev/null") == 0

    private func leave(_ stackPointer: UInt64, _ memory: Pieces) -> X86SignalFrame.Contents? {
        var scratch = [UInt8](repeating: 0xee, count: 8192)
        return scratch.withUnsafeMutableBytes {
            X86SignalFrame.leave(stackPointer: stackPointer, scratch: $0, load: memory.load)
        }
    }

    /// Makes a frame, and returns what was written.
    private func enter(_ entry: HandlerEntry, _ context: inout X86Context) -> (address: UInt64, bytes: [UInt8])? {
        var written: (UInt64, [UInt8])?
        var scratch = [UInt8](repeating: 0xee, count: 8192)
        let isEntered = scratch.withUnsafeMutableBytes { buffer in
            X86SignalFrame.enter(entry, &context, scratch: buffer) { bytes, address in
                written = (address, Array(bytes))
                return true
            }
        }
        return isEntered ? written : nil
    }

    @Test(
        .enabled(if: X86SignalFrameTests.hasCompiler, "a C compiler for the host is needed"), arguments: [false, true])
    func isTheKernels(onAlternateStack: Bool) throws {
        let kernel = try #require(KernelFrame(onAlternateStack: onAlternateStack))
        let place = X86SignalFrame.place(
            stackPointer: kernel.stackPointer, kernel.alternateStack, entersAlternate: onAlternateStack,
            areaSize: kernel.areaBytes.count)
        #expect(place == X86SignalFrame.Place(frame: kernel.frame, area: kernel.area))

        // Read it: the registers are those that the program had set.
        let memory = Pieces(content: [kernel.frame: kernel.frameBytes, kernel.area: kernel.plainArea])
        let contents = try #require(leave(kernel.frame + 8, memory))
        let context = contents.context
        let expected: [UInt64?] = [.max, 0x101, 0x202, 0x303, kernel.stackPointer, 0x505, 0x606, 0x707]
        for number in 0..<16 {
            #expect(context.general[number] == (number < 8 ? expected[number] : 0x1000 + UInt64(number)))
        }
        #expect(context.rflags & 0xcd5 == 0x095)  // SF, AF, PF and CF; neither ZF, DF nor OF
        let floating = context.floatingPoint
        #expect(floating.control == 0x37f && floating.mxcsr == 0x1fa5)
        #expect(floating.status >> 11 & 7 == 5 && floating.tags == 0xe0)
        #expect(floating.stack[0] == 0)
        #expect(floating.stack[1] == 0x4000_c90f_daa2_2168_c235)
        #expect(floating.stack[2] == 0x3fff_8000_0000_0000_0000)
        let present: UInt64 = kernel.plainArea.integer(at: 512)
        let usesUpper = present & 4 != 0
        for number in 0..<16 {
            let word = 0x0101_0101_0101_0101 * UInt64(number + 1)
            #expect(floating.xmm[number] == UInt128(word) | UInt128(word + 0x1000) << 64)
            let upper = UInt128(word + 0x2000) | UInt128(word + 0x3000) << 64
            #expect(floating.upper[number] == (usesUpper ? upper : 0))
        }
        #expect(contents.saved.mask == Signal.bit(12))
        let stack = kernel.alternateStack.record(stackPointer: kernel.stackPointer)
        #expect(contents.saved.stack.pointer == stack.pointer && contents.saved.stack.size == stack.size)
        // Where there is no stack the kernel writes what the process inherited: SS_DISABLE, or nothing.
        let flags = contents.saved.stack.flags
        #expect(flags == stack.flags || stack.size == 0 && flags == 0)

        // Make it again: it is the same but for the size of the area, and so for where it is.
        var info = SignalInfo()
        for at in stride(from: 0, to: SignalInfo.size, by: 8) {
            info.store(kernel.frameBytes.integer(at: X86SignalFrame.info + at) as UInt64, at: at)
        }
        var action = SignalAction()
        action.handler = 0x1234
        action.restorer = kernel.frameBytes.integer(at: 0)
        action.flags = SignalAction.wantsInfo | SignalAction.hasRestorer | SignalAction.onAlternateStack
        let trap = SynchronousSignal(ABI.x86_64.illegalInstruction, pc: context.rip)
        var cause = try #require(trap.cause)
        cause.address = kernel.frameBytes.integer(at: 8 + 40 + 176)  // CR2 is of an earlier fault
        let entry = HandlerEntry(
            signal: 4, action: action, info: info, cause: cause, mask: contents.saved.mask,
            alternateStack: kernel.alternateStack, signalReturn: nil)
        var registers = context
        registers.rflags |= 0x1_0000  // RF, which the processor sets
        let own = try #require(enter(entry, &registers))
        var wanted = kernel.frameBytes
        wanted.store(stack.flags, at: 8 + 16 + 8)
        let area = own.bytes.integer(at: 8 + 40 + 184) as UInt64
        wanted.store(area, at: 8 + 40 + 184)
        // What the kernel leaves as it was: padding, and words that nobody has a use for.
        wanted.store(0 as UInt32, at: 8 + 16 + 12)
        wanted.replaceSubrange(240..<304, with: [UInt8](repeating: 0, count: 64))
        #expect(Array(own.bytes[..<X86SignalFrame.size]) == wanted)
        #expect(Array(own.bytes[Int(area - own.address)...]) == kernel.plainArea)
        #expect(trap.info.bytes == info.bytes)

        // The handler's registers.
        #expect(registers.general[X86Context.rdi] == 4 && registers.general[X86Context.rax] == 0)
        #expect(registers.general[X86Context.rsi] == own.address + 312)
        #expect(registers.general[X86Context.rdx] == own.address + 8)
        #expect(registers.general[X86Context.rsp] == own.address && own.address % 16 == 8)
        #expect(registers.rip == 0x1234 && registers.rflags & 0x1_0500 == 0)
        #expect(registers.floatingPoint.mxcsr == 0x1f80 && registers.floatingPoint.xmm[3] == 0)
        #expect(area % 64 == 0 && area + 836 <= kernel.stackPointer - 128 || onAlternateStack)
    }

    // MARK: Frames of our own

    private func sample(stackPointer: UInt64 = 0x7000_1000) -> X86Context {
        var context = X86Context()
        for number in 0..<16 { context.general[number] = 0x100 + UInt64(number) }
        context.general[X86Context.rsp] = stackPointer
        context.rip = 0x40_0000
        context.rflags = 0x246
        for number in 0..<16 {
            context.floatingPoint.xmm[number] = UInt128(number) << 64
            context.floatingPoint.upper[number] = UInt128(number) << 32
        }
        context.floatingPoint.mxcsr = 0x9fc0
        return context
    }

    private func entry(
        flags: UInt64 = SignalAction.hasRestorer | SignalAction.wantsInfo, alternate: AlternateStack = AlternateStack()
    ) -> HandlerEntry {
        var action = SignalAction()
        action.handler = 0x5000
        action.restorer = 0x6000
        action.flags = flags
        return HandlerEntry(
            signal: 11, action: action, info: SignalInfo(), cause: nil, mask: 0x10, alternateStack: alternate,
            signalReturn: nil)
    }

    /// What comes back from a frame of ours that has been changed: offsets below 10,000 are the frame's, the others the area's.
    private func changed(_ change: (inout [UInt8]) -> Void) -> X86SignalFrame.Contents? {
        var context = sample()
        guard let (address, bytes) = enter(entry(), &context) else { return nil }
        var frame = bytes
        change(&frame)
        return leave(address + 8, Pieces(content: [address: frame]))
    }

    /// Where the area begins in a frame of `sample`.
    private var area: Int {
        let place = X86SignalFrame.place(stackPointer: 0x7000_1000, AlternateStack(), entersAlternate: false)!
        return Int(place.area - place.frame)
    }

    @Test func comesBackAsItWas() throws {
        let contents = try #require(changed { _ in })
        let expected = sample()
        for number in 0..<16 {
            #expect(contents.context.general[number] == expected.general[number])
            #expect(contents.context.floatingPoint.xmm[number] == expected.floatingPoint.xmm[number])
            #expect(contents.context.floatingPoint.upper[number] == expected.floatingPoint.upper[number])
        }
        #expect(contents.context.rip == expected.rip && contents.context.rflags == expected.rflags)
        #expect(contents.context.floatingPoint.mxcsr == 0x9fc0)
        #expect(contents.saved.mask == 0x10 && contents.saved.stack.flags == AlternateStack.disabled)
    }

    @Test func withoutPlaceOrRestorerThereIsNoHandler() {
        var context = sample()
        #expect(enter(entry(flags: SignalAction.wantsInfo), &context) == nil)
        #expect(context.rip == 0x40_0000 && context.general[X86Context.rsp] == 0x7000_1000)
        let both = SignalAction.hasRestorer | SignalAction.onAlternateStack
        let small = AlternateStack(pointer: 0x9000, size: 1024)
        #expect(enter(entry(flags: both, alternate: small), &context) == nil)
        let large = AlternateStack(pointer: 0x9000, size: 2048)
        #expect(enter(entry(flags: both, alternate: large), &context)?.address ?? 0 >= 0x9000)
        // On it already: it goes on from there, while there is room.
        for (stackPointer, fits) in [(UInt64(0x9800), true), (0x9500, false)] {
            context = sample(stackPointer: stackPointer)
            let address = enter(entry(flags: both, alternate: large), &context)?.address
            #expect((address != nil) == fits && address ?? 0 < stackPointer - 128)
        }
        // The bottom of memory.
        context = sample(stackPointer: 64)
        #expect(enter(entry(), &context) != nil)  // that memory is not there is for the store to say
    }

    @Test func flagsAndSegments() throws {
        let flags = try #require(changed { $0.store(UInt64.max, at: 8 + 40 + 136) })
        #expect(flags.context.rflags == 0x5_0fd7)
        let selectors = 8 + 40 + 144
        #expect(changed { $0.store(0x23 as UInt16, at: selectors) } == nil)  // 32-bit code
        #expect(changed { $0.store(0x30 as UInt16, at: selectors) } != nil)  // the privilege is ours
        #expect(changed { $0.store(0 as UInt16, at: selectors + 6) } == nil)
        let lenient = changed {
            $0.store(0 as UInt16, at: selectors + 6)
            $0.store(3 as UInt64, at: 8)
        }
        #expect(lenient != nil)
    }

    @Test func withoutAnAreaTheRegistersBeginAnew() throws {
        let contents = try #require(changed { $0.store(0 as UInt64, at: 8 + 40 + 184) })
        #expect(contents.context.floatingPoint.mxcsr == 0x1f80 && contents.context.floatingPoint.xmm[5] == 0)
        #expect(changed { $0.store(0x10 as UInt64, at: 8 + 40 + 184) } == nil)  // nothing there
    }

    @Test func onlyWhatTheAreaHasIsLoaded() throws {
        let area = area
        // Not XSAVE's: what FXSAVE stores, and upper halves that begin anew.
        for change: @Sendable (inout [UInt8]) -> Void in [
            { $0.store(0 as UInt32, at: area + 464) }, { $0.store(0 as UInt32, at: area + 832) },
            { $0.store(575 as UInt32, at: area + 480) }, { $0.store(840 as UInt32, at: area + 480) },
            { $0.store(800 as UInt32, at: area + 468) },
        ] {
            let floating = try #require(changed(change)).context.floatingPoint
            #expect(floating.xmm[5] == 5 << 64 && floating.upper[5] == 0 && floating.mxcsr == 0x9fc0)
        }
        // XSAVE's, but not all of it.
        var floating = try #require(changed { $0.store(1 as UInt64, at: area + 512) }).context.floatingPoint
        #expect(floating.xmm[5] == 0 && floating.upper[5] == 0 && floating.mxcsr == 0x9fc0)
        floating = try #require(changed { $0.store(1 as UInt64, at: area + 472) }).context.floatingPoint
        #expect(floating.xmm[5] == 0 && floating.upper[5] == 0 && floating.mxcsr == 0x1f80)
    }

    @Test func refusesWhatTheProcessorRefuses() {
        let area = area
        #expect(changed { $0.store(0x1_0000 as UInt32, at: area + 24) } == nil)  // MXCSR
        #expect(changed { $0.store(8 as UInt64, at: area + 512) } == nil)  // a component that there is not
        #expect(changed { $0.store(1 as UInt64, at: area + 520) } == nil)  // XCOMP_BV
        let misaligned = changed {
            let address: UInt64 = $0.integer(at: 8 + 40 + 184)
            $0.insert(contentsOf: [UInt8](repeating: 0, count: 8), at: area)
            $0.store(address + 8, at: 8 + 40 + 184)
        }
        #expect(misaligned == nil)
    }

    @Test func noiseIsNotTaken() {
        var generator = SplitMix(state: 5)
        var taken = 0
        for _ in 0..<3000 {
            let contents = changed { bytes in
                for _ in 0..<6 {
                    bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(
                        in: 0...255, using: &generator)
                }
            }
            if let contents {
                taken += 1
                #expect(contents.context.floatingPoint.mxcsr & ~0xffff == 0)
            }
        }
        #expect(taken > 100 && taken < 3000)
    }

    @Test func causes() {
        func cause(_ access: Fault.Access, _ cause: Fault.Cause) -> ExceptionRecord {
            X86SignalFrame.cause(of: Fault(pc: 0, address: 0x1234, access: access, cause: cause))
        }
        #expect(cause(.read, .unmapped) == ExceptionRecord(address: 0x1234, syndrome: 4, vector: 14))
        #expect(cause(.write, .protection) == ExceptionRecord(address: 0x1234, syndrome: 7, vector: 14))
        #expect(cause(.execute, .protection) == ExceptionRecord(address: 0x1234, syndrome: 0x15, vector: 14))
        #expect(cause(.read, .alignment) == ExceptionRecord(vector: 17))
        // INT3 says neither where nor why; the program goes on behind it.
        let breakpoint = SynchronousSignal(ABI.x86_64.breakpoint, pc: 0x40)
        #expect(breakpoint.number == 5 && breakpoint.code == 0x80 && breakpoint.address == 0)
        #expect(breakpoint.cause?.vector == 3 && ABI.x86_64.breakpoint.advance == 1)
    }
}
