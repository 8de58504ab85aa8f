// Runs a static Linux program for AArch64 that nobody trusts: it can reach the memory of its machine and nothing else, and of system
// calls it has those that are written down here. All others are refused with EPERM.
//
//     Sandbox PROGRAM             (Examples/guests/sandboxed.c)

import Glibc
import Lyrebird

@main struct Sandbox {
    let machine: Machine
    let cpu: CPU
    /// The end of the heap, and what of it is mapped.
    var heapEnd: UInt64
    var mappedEnd: UInt64
    let heapStart: UInt64
    static let heapLimit: UInt64 = 16 << 20
    static let stackTop: UInt64 = 0x8000_0000

    struct NotAProgram: Error {}

    /// Loads an ELF file: 64-bit, little-endian, for AArch64, linked to an address (ELF specification, figures 1-3 and 2-1).
    init(file: [UInt8]) throws {
        func number<T: FixedWidthInteger>(_ type: T.Type, at offset: Int) throws -> T {
            guard offset >= 0, offset <= file.count - MemoryLayout<T>.size else { throw NotAProgram() }
            return file.withUnsafeBytes { T(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: T.self)) }
        }
        let executable: UInt16 = 2
        let arm64: UInt16 = 183
        guard file.starts(with: [0x7F, 0x45, 0x4C, 0x46, 2, 1]), try number(UInt16.self, at: 16) == executable,
            try number(UInt16.self, at: 18) == arm64
        else { throw NotAProgram() }
        machine = try Machine(.arm64)
        var end: UInt64 = 0
        let headers = try Int(truncatingIfNeeded: number(UInt64.self, at: 32))
        for index in 0..<Int(try number(UInt16.self, at: 56)) {
            let at = headers &+ 56 * index
            let load: UInt32 = 1
            guard try number(UInt32.self, at: at) == load else { continue }
            let flags = try number(UInt32.self, at: at + 4)
            let offset = try Int(truncatingIfNeeded: number(UInt64.self, at: at + 8))
            let address = try number(UInt64.self, at: at + 16)
            let size = try Int(truncatingIfNeeded: number(UInt64.self, at: at + 32))
            let memorySize = try number(UInt64.self, at: at + 40)
            guard address < Self.stackTop, memorySize < Self.stackTop, 0...file.count ~= offset,
                0...(file.count - offset) ~= size
            else { throw NotAProgram() }
            let first = address & ~(Memory.pageSize - 1)
            end = (address + memorySize + Memory.pageSize - 1) & ~(Memory.pageSize - 1)
            try machine.memory.map(first, size: end - first, access: .readWrite)
            try machine.memory.write(Array(file[offset..<offset + size]), at: address)
            var access: Memory.Access = .read
            if flags & 2 != 0 { access.insert(.write) }
            if flags & 1 != 0 { access.insert(.execute) }
            try machine.memory.protect(first, size: end - first, access: access)
        }
        (heapStart, heapEnd, mappedEnd) = (end, end, end)
        try machine.memory.map(Self.stackTop - 1 << 20, size: 1 << 20, access: .readWrite)
        cpu = try machine.makeCPU()
        cpu.pc = try number(UInt64.self, at: 24)
        // No arguments, no environment, no auxiliary vector: the zeros that are there.
        cpu[.sp] = Self.stackTop - 64
    }

    /// Runs the program.
    /// - Returns: its status, or 139 if it was ended.
    mutating func run() throws -> Int32 {
        while true {
            let exit = try cpu.run()
            guard exit == .systemCall(immediate: 0) else {
                print("sandbox: ended at 0x\(String(cpu.pc, radix: 16)): \(describe(exit))")
                return 139
            }
            switch cpu[.x8] {
            case 64: cpu[.x0] = UInt64(bitPattern: write(cpu[.x0], cpu[.x1], count: cpu[.x2]))
            case 93, 94: return Int32(truncatingIfNeeded: cpu[.x0] & 0xFF)
            case 214: cpu[.x0] = setHeapEnd(cpu[.x0])
            case let other:
                print("sandbox: refuses system call \(other)")
                cpu[.x0] = UInt64(bitPattern: Int64(-EPERM))
            }
        }
    }

    private func write(_ descriptor: UInt64, _ address: UInt64, count: UInt64) -> Int64 {
        guard descriptor == 1 || descriptor == 2 else { return Int64(-EBADF) }
        guard let bytes = try? machine.memory.read(address, count: Int(min(count, 4096))) else { return Int64(-EFAULT) }
        fflush(nil)
        return Int64(Glibc.write(Int32(descriptor), bytes, bytes.count))
    }

    /// brk(2): the end as it is then.
    private mutating func setHeapEnd(_ wanted: UInt64) -> UInt64 {
        guard (heapStart...heapStart + Self.heapLimit).contains(wanted) else { return heapEnd }
        let end = (wanted + Memory.pageSize - 1) & ~(Memory.pageSize - 1)
        if end > mappedEnd {
            guard (try? machine.memory.map(mappedEnd, size: end - mappedEnd, access: .readWrite)) != nil else {
                return heapEnd
            }
            mappedEnd = end
        }
        heapEnd = wanted
        return wanted
    }

    private func describe(_ exit: Exit) -> String {
        guard case .fault(let fault) = exit else { return "\(exit)" }
        return "\(fault.access) of 0x\(String(fault.address, radix: 16)), \(fault.cause)"
    }

    static func main() throws {
        guard CommandLine.arguments.count == 2, let file = readFile(CommandLine.arguments[1]) else {
            print("usage: Sandbox PROGRAM")
            exit(2)
        }
        do {
            var sandbox = try Sandbox(file: file)
            exit(try sandbox.run())
        } catch is NotAProgram {
            print("sandbox: not a static program for AArch64")
            exit(126)
        }
    }
}

func readFile(_ path: String) -> [UInt8]? {
    guard let file = fopen(path, "rb") else { return nil }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 16 << 20)
    return Array(bytes[..<fread(&bytes, 1, bytes.count, file)])
}
