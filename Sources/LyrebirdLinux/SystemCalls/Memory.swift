// Memory mappings. They are the host's, made through `HostProcess` so that the translator knows what the guest may execute
// and its own memory is left alone.

import Lyrebird

/// The heap that brk(2) moves the end of.
struct ProgramBreak {
    private(set) var start: UInt64 = 0
    var current: UInt64 = 0

    init() {}

    init(start: UInt64) {
        self.start = start
        current = start
    }
}

/// What the guest's memory is besides its mappings.
final class MemoryState {
    let lock = Lock()
    /// Guarded by the lock, as is what follows.
    var programBreak: ProgramBreak
    /// Sizes of the System V segments that are attached, by address.
    var sharedSegments: [UInt64: UInt64] = [:]

    init(programBreak: ProgramBreak) { self.programBreak = programBreak }
}

extension GuestThread {
    /// Returns the new end of the heap, or the old one if it cannot be moved: brk(2) has no other errors.
    func brk(_ a: Arguments) -> Int {
        let state = process.memory
        return state.lock.locked { moveBreak(of: state, to: a[0]) }
    }

    private func moveBreak(of state: MemoryState, to wanted: UInt64) -> Int {
        let old = state.programBreak.current
        guard wanted >= state.programBreak.start, wanted <= UInt64(Int64.max) else { return Int(old) }
        let oldEnd = old.pageCeiling
        let newEnd = wanted.pageCeiling
        if newEnd > oldEnd {
            let flags = MapFlags.private | MapFlags.anonymous | MapFlags.noReplace
            let place = host.map(oldEnd, size: newEnd - oldEnd, access: .readWrite, flags: flags)
            guard place == Int(oldEnd) else {
                if place > 0 { _ = host.unmap(UInt64(place), size: newEnd - oldEnd) }
                return Int(old)
            }
        } else if newEnd < oldEnd {
            guard host.unmap(newEnd, size: oldEnd - newEnd) == 0 else { return Int(old) }
        }
        state.programBreak.current = wanted
        return Int(wanted)
    }

    /// PROT_READ, PROT_WRITE, PROT_EXEC
    private static func access(_ protection: UInt64) -> Memory.Access {
        Memory.Access(rawValue: UInt8(truncatingIfNeeded: protection & 7))
    }

    func mmap(_ a: Arguments) throws(Errno) -> Int {
        host.map(
            a[0], size: a[1], access: Self.access(a[2]), flags: a.int(3) & ~MapFlags.only32Bit, file: a.int(4),
            offset: a[5])
    }

    func mprotect(_ a: Arguments) throws(Errno) -> Int {
        let semaphore: UInt64 = 8
        let growsDown: UInt64 = 0x0100_0000
        guard a[2] & ~(7 | semaphore | growsDown) == 0 else { throw .EINVAL }
        guard a[2] & growsDown != 0 else { return host.protect(a[0], size: a[1], access: Self.access(a[2])) }
        // From the bottom of the stack on: the C library asks for an executable stack so.
        let stack = process.image.stackRange
        guard stack.contains(a[0]) else { throw .EINVAL }
        let end = a[0] &+ a[1]
        return host.protect(stack.lowerBound, size: end - stack.lowerBound, access: Self.access(a[2]))
    }

    /// Protection keys are a matter of the host's: without one it is mprotect.
    func pkeyMprotect(_ a: Arguments) throws(Errno) -> Int {
        guard a.int(3) == -1 else { throw .EINVAL }
        return try mprotect(a)
    }

    /// Pages are locked when they are touched, so that the translator's reservations do not become memory.
    func mlockall(_ a: Arguments) -> Int {
        let onFault: UInt64 = 4
        var call = a
        if a[0] != 0 { call[0] |= onFault }
        return pass(.mlockall, call)
    }

    // MARK: System V shared memory

    private static let sharedMemorySizeOffset = 48
    private static let readOnlyFlag: UInt64 = 0o10000
    private static let roundFlag: UInt64 = 0o20000
    private static let remapFlag: UInt64 = 0o40000

    /// The segment is put over a mapping of its size, which is how the translator comes to know of it.
    func shmat(_ a: Arguments) throws(Errno) -> Int {
        let status = host.systemCall(.shmctl, a[0], 2, scratch.address(2))  // IPC_STAT
        guard status >= 0 else { return status }
        let size = scratch[2].load(fromByteOffset: Self.sharedMemorySizeOffset, as: UInt64.self).pageCeiling
        var address = a[1]
        if a[2] & Self.roundFlag != 0 { address = address.pageFloor }
        guard address % Memory.pageSize == 0 else { throw .EINVAL }
        var flags = MapFlags.private | MapFlags.anonymous
        if address != 0 { flags |= a[2] & Self.remapFlag != 0 ? MapFlags.fixed : MapFlags.noReplace }
        let access: Memory.Access = a[2] & Self.readOnlyFlag != 0 ? .read : .readWrite
        let place = host.map(address, size: size, access: access, flags: flags)
        guard place >= 0 else { throw place == Errno.EEXIST.result ? .EINVAL : Errno(Int32(-place)) }
        let result = host.systemCall(.shmat, a[0], UInt64(place), a[2] | Self.remapFlag)
        if result < 0 {
            _ = host.unmap(UInt64(place), size: size)
        } else {
            process.memory.lock.locked { process.memory.sharedSegments[UInt64(place)] = size }
        }
        return result
    }

    func shmdt(_ a: Arguments) throws(Errno) -> Int {
        let result = pass(.shmdt, a)
        guard result == 0 else { return result }
        let size = process.memory.lock.locked { process.memory.sharedSegments.removeValue(forKey: a[0]) }
        if let size { _ = host.unmap(a[0], size: size) }
        return result
    }
}
