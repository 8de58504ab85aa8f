// AArch64's signal frame, against the offsets of the kernel's headers.

import Lyrebird
import Testing

@testable import LyrebirdLinux

@Suite struct SignalFrameTests {
    private var context: ARM64Context {
        var context = ARM64Context()
        context.faultAddress = 0xfa17
        for index in 0..<31 { context.general[index] = UInt64(index) << 32 | 0x100 }
        context.general[31] = 0x7fff_0010
        context.pc = 0x40_0100
        context.pstate = 0x6000_0000
        context.fpsr = 0x1000_0000
        context.fpcr = 0x0040_0000
        for index in 0..<32 { context.vectors[index] = UInt128(index) << 96 | 7 }
        context.syndrome = 0x9200_0047
        return context
    }

    private var stack: AlternateStack.Record { AlternateStack(pointer: 0x5000, size: 0x4000).record(stackPointer: 0) }

    /// In memory that holds something else.
    private func frame() -> [UInt8] {
        var info = SignalInfo()
        for offset in stride(from: 0, to: SignalInfo.size, by: 8) {
            info.store(0x1111_1111_1111_1111 as UInt64, at: offset)
        }
        var bytes = [UInt8](repeating: 0xee, count: ARM64SignalFrame.size)
        let used = bytes.withUnsafeMutableBytes {
            ARM64SignalFrame.write(to: $0, info: info, context: context, mask: 0x4002, stack: stack)
        }
        #expect(bytes[used...].allSatisfy { $0 == 0xee })
        return bytes
    }

    private func parse(_ bytes: [UInt8]) -> ARM64SignalFrame.Contents? {
        bytes.withUnsafeBytes { ARM64SignalFrame.parse($0) }
    }

    @Test func offsets() {
        let bytes = frame()
        #expect(bytes.count == 4688)  // sizeof(struct rt_sigframe)
        let context = 128
        #expect(bytes[..<128].allSatisfy { $0 == 0x11 })
        #expect(bytes.integer(at: context) as UInt64 == 0 && bytes.integer(at: context + 8) as UInt64 == 0)
        #expect(bytes.integer(at: context + 16) as UInt64 == 0x5000)  // uc_stack.ss_sp
        #expect(bytes.integer(at: context + 32) as UInt64 == 0x4000)  // uc_stack.ss_size
        #expect(bytes.integer(at: context + 40) as UInt64 == 0x4002)  // uc_sigmask
        let machine = context + 176
        #expect(bytes.integer(at: machine) as UInt64 == 0xfa17)
        #expect(bytes.integer(at: machine + 8 + 8 * 30) as UInt64 == 30 << 32 | 0x100)
        #expect(bytes.integer(at: machine + 256) as UInt64 == 0x7fff_0010)
        #expect(bytes.integer(at: machine + 264) as UInt64 == 0x40_0100)
        #expect(bytes.integer(at: machine + 272) as UInt64 == 0x6000_0000)
        let records = machine + 288
        #expect(bytes.integer(at: records) as UInt32 == 0x4650_8001)
        #expect(bytes.integer(at: records + 4) as UInt32 == 528)
        #expect(bytes.integer(at: records + 16 + 31 * 16) as UInt128 == UInt128(31) << 96 | 7)
        #expect(bytes.integer(at: records + 528) as UInt32 == 0x4553_5201)
        #expect(bytes.integer(at: records + 528 + 4) as UInt32 == 16)
        #expect(bytes.integer(at: records + 528 + 16) as UInt64 == 0)
    }

    @Test func comesBackAsItWas() throws {
        let contents = try #require(parse(frame()))
        let (found, expected) = (contents.context, context)
        for index in 0..<32 {
            #expect(found.general[index] == expected.general[index] && found.vectors[index] == expected.vectors[index])
        }
        #expect(
            found.faultAddress == expected.faultAddress && found.pc == expected.pc && found.pstate == expected.pstate)
        #expect(found.fpsr == expected.fpsr && found.fpcr == expected.fpcr)
        #expect(found.syndrome == nil)  // only told, not taken back
        #expect(contents.mask == 0x4002)
        #expect(contents.stack == stack)
    }

    @Test func refusesWhatTheKernelRefuses() {
        let records = 128 + 176 + 288
        func refused(_ change: (inout [UInt8]) -> Void) -> Bool {
            var bytes = frame()
            change(&bytes)
            return parse(bytes) == nil
        }
        #expect(refused { $0.store(5 as UInt64, at: 128 + 176 + 272) })  // EL1h
        #expect(refused { $0.store(0x10 as UInt64, at: 128 + 176 + 272) })  // AArch32
        #expect(refused { $0.store(0 as UInt32, at: records) })  // no vector registers, and a terminator with a size
        #expect(refused { $0.store(0 as UInt64, at: records) })
        #expect(refused { $0.store(520 as UInt32, at: records + 4) })
        #expect(refused { $0.store(0xffff_fff0 as UInt32, at: records + 4) })
        #expect(refused { $0.store(0x1234_5678 as UInt32, at: records + 528) })
        #expect(refused { $0.removeLast() })
        // A list without an end.
        #expect(
            refused { bytes in
                var offset = records + 528
                while offset < 4688 {
                    bytes.store(0x4553_5201 as UInt32, at: offset)
                    bytes.store(16 as UInt32, at: offset + 4)
                    offset += 16
                }
            })
    }

    @Test func noiseIsNotTaken() {
        var generator = SplitMix(state: 3)
        for _ in 0..<2000 {
            var bytes = frame()
            for _ in 0..<8 {
                bytes[Int.random(in: 400..<1200, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            _ = parse(bytes)
        }
    }

    @Test func syndromes() {
        func syndrome(_ access: Fault.Access, _ cause: Fault.Cause) -> UInt64 {
            ARM64SignalFrame.syndrome(of: Fault(pc: 0, address: 0, access: access, cause: cause))
        }
        #expect(syndrome(.read, .unmapped) == 0x9200_0007)
        #expect(syndrome(.write, .protection) == 0x9200_004f)
        #expect(syndrome(.execute, .protection) == 0x8200_000f)
        #expect(syndrome(.read, .alignment) == 0x9200_0021)
    }

    @Test func faultsBecomeSignals() {
        func signal(_ cause: Fault.Cause) -> SynchronousSignal {
            let fault = Fault(pc: 4, address: 0x1234, access: .read, cause: cause)
            return .fault(fault, cause: ARM64SignalFrame.cause(of: fault))
        }
        #expect(signal(.unmapped).number == 11 && signal(.unmapped).code == 1)
        #expect(signal(.protection).number == 11 && signal(.protection).code == 2)
        #expect(signal(.alignment).number == 7 && signal(.alignment).code == 1)
        #expect(signal(.bus).number == 7 && signal(.bus).code == 2)
        let info = signal(.protection).info.bytes
        #expect(info.count == 128)
        #expect(info.integer(at: 0) as Int32 == 11)
        #expect(info.integer(at: 8) as Int32 == 2)
        #expect(info.integer(at: 16) as UInt64 == 0x1234)
    }
}
