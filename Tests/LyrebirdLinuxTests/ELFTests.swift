// The ELF parser on good files, broken files and noise.

import Lyrebird
import Testing

@testable import LyrebirdLinux

/// A small executable with two segments and an interpreter, built row by row.
private struct SampleImage {
    var type: UInt16 = 3
    var machine: UInt16 = 183
    var headers: [[UInt8]] = []
    var size = 0x1800

    static func programHeader(
        _ type: UInt32, flags: UInt32, offset: UInt64, address: UInt64, fileSize: UInt64, memorySize: UInt64
    ) -> [UInt8] {
        var row: [UInt8] = []
        row.append(integer: type)
        row.append(integer: flags)
        for value in [offset, address, address, fileSize, memorySize, 0x1000] { row.append(integer: value) }
        return row
    }

    init() {
        headers = [
            Self.programHeader(3, flags: 4, offset: 0x1000, address: 0x1000, fileSize: 8, memorySize: 8),
            Self.programHeader(1, flags: 5, offset: 0, address: 0, fileSize: 0x1010, memorySize: 0x1010),
            Self.programHeader(1, flags: 6, offset: 0x1010, address: 0x2010, fileSize: 0x20, memorySize: 0x5000),
            Self.programHeader(0x6474_e551, flags: 6, offset: 0, address: 0, fileSize: 0, memorySize: 0),
        ]
    }

    var bytes: [UInt8] {
        var file: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0] + [UInt8](repeating: 0, count: 8)
        file.append(integer: type)
        file.append(integer: machine)
        file.append(integer: 1 as UInt32)
        for value: UInt64 in [0x400, 64, 0] { file.append(integer: value) }
        file.append(integer: 0 as UInt32)
        for value: UInt16 in [64, 56, UInt16(headers.count), 64, 0, 0] { file.append(integer: value) }
        file += headers.flatMap { $0 }
        file += [UInt8](repeating: 0, count: size - file.count)
        file.replaceSubrange(0x1000..<0x1008, with: Array("/lib/ld".utf8) + [0])
        return file
    }
}

private func parse(_ bytes: [UInt8]) throws(ELFError) -> ELFImage {
    try ELFImage.parse(machines: [183], fileSize: UInt64(bytes.count)) { (offset, count) throws(ELFError) in
        // The parser promises to ask for nothing outside the file.
        precondition(offset + UInt64(count) <= UInt64(bytes.count))
        return Array(bytes[Int(offset)..<Int(offset) + count])
    }
}

private func failure(_ bytes: [UInt8]) -> ELFError? {
    do throws(ELFError) {
        _ = try parse(bytes)
        return nil
    } catch { return error }
}

@Suite struct ELFTests {
    @Test func readsHeaders() throws {
        let image = try parse(SampleImage().bytes)
        #expect(image.machine == 183 && image.isPositionIndependent)
        #expect(image.entry == 0x400)
        #expect(image.interpreter == Array("/lib/ld".utf8))
        #expect(image.programHeaderAddress == 64)
        #expect(image.programHeaderCount == 4)
        #expect(!image.hasExecutableStack)
        #expect(image.segments.count == 2)
        #expect(image.segments[0].access == .readExecute)
        #expect(image.segments[1].access == .readWrite)
        #expect(image.segments[1].pages == 0x2000..<0x8000)
        #expect(image.pages == 0..<0x8000)
    }

    @Test func programHeadersOutsideTheFirstSegment() throws {
        var sample = SampleImage()
        // The headers are in the file's first page, which the second segment maps at another address.
        sample.headers[1] = SampleImage.programHeader(
            1, flags: 5, offset: 0x1000, address: 0x1000, fileSize: 0x10, memorySize: 0x10)
        sample.headers[2] = SampleImage.programHeader(
            1, flags: 4, offset: 0, address: 0x40_0000, fileSize: 0x200, memorySize: 0x200)
        #expect(try parse(sample.bytes).programHeaderAddress == 0x40_0040)
        // No segment has them: PT_PHDR is believed only if memory is behind it.
        sample.headers[2] = SampleImage.programHeader(
            6, flags: 4, offset: 64, address: 0x40_0000, fileSize: 224, memorySize: 224)
        #expect(try parse(sample.bytes).programHeaderAddress == 0)
    }

    @Test func everyTruncationIsAnError() {
        let whole = SampleImage().bytes
        for length in 0..<0x1030 {
            let error = failure(Array(whole[..<length]))
            switch error {
            case .notELF?: #expect(length < 4)
            case .truncated?: break
            default: Issue.record("\(length) bytes: \(String(describing: error))")
            }
        }
        #expect(failure(Array(whole[..<0x1030])) == nil)
    }

    @Test func flippedBytesNeverCrash() {
        let whole = SampleImage().bytes
        var generator = SplitMix(state: 1)
        var accepted = 0
        for _ in 0..<20_000 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                bytes[Int.random(in: 0..<300, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            guard let image = try? parse(bytes) else { continue }
            accepted += 1
            // What is accepted can be mapped without another check.
            var end: UInt64 = 0
            for segment in image.segments {
                #expect(segment.memorySize > 0 && segment.fileSize <= segment.memorySize)
                #expect(segment.address >= end)
                #expect(segment.fileOffset + segment.fileSize <= UInt64(bytes.count))
                end = segment.address + segment.memorySize
            }
            #expect(end.pageCeiling <= 0x7fff_ffff_f000)
        }
        #expect(accepted > 1000)
    }

    @Test func noiseIsNoProgram() {
        var generator = SplitMix(state: 2)
        for _ in 0..<2_000 {
            let count = Int.random(in: 0...400, using: &generator)
            var bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
            bytes.replaceSubrange(0..<min(7, count), with: [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1].prefix(count))
            #expect(failure(bytes) != nil)
        }
    }

    @Test func saysWhatIsWrong() {
        func changed(_ change: (inout SampleImage) -> Void) -> ELFError? {
            var sample = SampleImage()
            change(&sample)
            return failure(sample.bytes)
        }
        func patched(_ index: Int, _ byte: UInt8) -> ELFError? {
            var bytes = SampleImage().bytes
            bytes[index] = byte
            return failure(bytes)
        }
        func segment(_ offset: UInt64, _ address: UInt64, _ fileSize: UInt64, _ memorySize: UInt64) -> ELFError? {
            changed {
                $0.headers[2] = SampleImage.programHeader(
                    1, flags: 6, offset: offset, address: address, fileSize: fileSize, memorySize: memorySize)
            }
        }
        #expect(patched(4, 1) == .wrongClass(1))
        #expect(patched(5, 2) == .wrongByteOrder(2))
        #expect(patched(20, 9) == .wrongVersion(9))
        #expect(patched(54, 32) == .badProgramHeaderSize(32))
        #expect(patched(56, 0) == .badProgramHeaderCount(0))
        #expect(patched(57, 0xff) == .badProgramHeaderCount(0xff04))
        #expect(changed { $0.machine = 62 } == .wrongMachine(found: 62, expected: [183]))
        #expect(changed { $0.type = 1 } == .notExecutable(type: 1))
        #expect(changed { $0.headers.removeSubrange(1...2) } == .noSegments)
        #expect(segment(0x1010, 0x2010, 0x30, 0x20) == .badSegment(2, .exceedsMemory))
        #expect(segment(0x1000, 0x1000, 0x20, 0x20) == .badSegment(2, .overlaps))
        #expect(segment(0x1010, 0x2020, 0x20, 0x20) == .badSegment(2, .cannotBeMapped))
        #expect(segment(0x1010, UInt64.max - 0xfef, 0x20, 0x20) == .badSegment(2, .leavesAddressSpace))
        #expect(segment(0x1010, 0x2010, 0x20, UInt64.max) == .badSegment(2, .leavesAddressSpace))
        #expect(segment(0x1010, 0x2010, 0x2000, 0x2000) == .truncated(.segments))
        #expect(segment(UInt64.max - 0xf, 0x2ff0, 0x20, 0x20) == .truncated(.segments))
        #expect(
            changed {
                $0.headers[0] = SampleImage.programHeader(
                    3, flags: 4, offset: 0x1000, address: 0, fileSize: 4, memorySize: 4)
            } == .badInterpreter)
        #expect("\(ELFError.wrongMachine(found: 62, expected: [183]))" == "a program for x86-64, not for AArch64")
        #expect(
            "\(ELFError.wrongMachine(found: 40, expected: [183, 62]))" == "a program for ARM, not for AArch64 or x86-64"
        )
    }

    @Test func recognisesMachines() {
        let bytes = SampleImage().bytes
        #expect(ELFImage.machine(ofHeader: Array(bytes.prefix(256))) == 183)
        #expect(ELFImage.machine(ofHeader: Array(bytes.prefix(19))) == nil)
        #expect(ELFImage.machine(ofHeader: Array("#!/bin/sh".utf8)) == nil)
    }
}

/// A small generator, so that a failure can be had again.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ value &>> 30) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ value &>> 27) &* 0x94d0_49bb_1331_11eb
        return value ^ value &>> 31
    }
}
