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
            guard mayMap(newEnd - oldEnd, isData: true) else { return Int(old) }
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

    /// READ_IMPLIES_EXEC of personality(2).
    private static let readImpliesExecute: UInt64 = 0x0040_0000

    private func guestAccess(_ protection: UInt64) -> Memory.Access {
        let access = Self.access(protection)
        let implies = process.personality & Self.readImpliesExecute != 0 && access.contains(.read)
        return implies ? access.union(.execute) : access
    }

    func mmap(_ a: Arguments) throws(Errno) -> Int {
        var flags = a.int(3) & ~abi.unknownMapFlags
        if process.locksFutureMappings { flags |= MapFlags.locked }
        let size = flags & MapFlags.huge != 0 ? try Self.hugePages(a[1], flags) : a[1]
        let access = guestAccess(a[2])
        let isData = access.contains(.write) && flags & MapFlags.typeMask == MapFlags.private
        let end = a[0].addingReportingOverflow(size)
        let replaced = flags & MapFlags.fixed != 0 && !end.overflow ? a[0]..<end.partialValue : 0..<0
        guard mayMap(size, isData: isData, replacing: replaced) else { throw .ENOMEM }
        return host.map(a[0], size: size, access: access, flags: flags, file: a.int(4), offset: a[5])
    }

    /// The size that MAP_HUGETLB makes of it: 2 MB pages, or those whose logarithm is in the flags.
    private static func hugePages(_ size: UInt64, _ flags: Int32) throws(Errno) -> UInt64 {
        let shift = UInt32(bitPattern: flags) >> 26
        guard shift == 0 || (12...40).contains(shift) else { throw .EINVAL }
        let mask: UInt64 = (1 << UInt64(shift == 0 ? 21 : shift)) - 1
        guard size <= .max - mask else { throw .ENOMEM }
        return (size + mask) & ~mask
    }

    func mprotect(_ a: Arguments) throws(Errno) -> Int {
        let semaphore: UInt64 = 8
        let growsDown: UInt64 = 0x0100_0000
        guard a[2] & ~(7 | semaphore | growsDown) == 0 else { throw .EINVAL }
        guard a[2] & growsDown != 0 else { return host.protect(a[0], size: a[1], access: guestAccess(a[2])) }
        // From the bottom of the stack on: the C library asks for an executable stack so.
        let stack = process.image.stackRange
        guard stack.contains(a[0]), a[1] <= stack.upperBound - a[0] else { throw .EINVAL }
        return host.protect(
            stack.lowerBound, size: a[0] + a[1] - stack.lowerBound, access: guestAccess(a[2]))
    }

    func mremap(_ a: Arguments) throws(Errno) -> Int {
        if a[2] > a[1] {
            let isData = host.mappings().first { $0.range.contains(a[0]) }.map {
                $0.access.contains(.write) && !$0.shared
            }
            guard process.limits.isEmpty || mayMap(a[2] - a[1], isData: isData ?? false) else { throw .ENOMEM }
        }
        return host.remap(a[0], oldSize: a[1], newSize: a[2], flags: a.int(3), newAddress: a[4])
    }

    /// mseal(2): the translator's memory must stay its to change.
    func mseal(_ a: Arguments) throws(Errno) -> Int {
        guard a[1] == 0 || host.isMapped(a[0], size: a[1]) else { throw .ENOMEM }
        return pass(.mseal, a)
    }

    /// Protection keys are a matter of the host's: without one it is mprotect.
    func pkeyMprotect(_ a: Arguments) throws(Errno) -> Int {
        guard a.int(3) == -1 else { throw .EINVAL }
        return try mprotect(a)
    }

    private static let lockCurrent: UInt64 = 1
    private static let lockFuture: UInt64 = 2

    /// The guest's memory is locked, piece by piece; the translator's reservations are not, and do not count.
    func mlockall(_ a: Arguments) throws(Errno) -> Int {
        let flags = a[0]
        guard flags & ~7 == 0, flags & (Self.lockCurrent | Self.lockFuture) != 0 else { throw .EINVAL }
        if flags & Self.lockCurrent != 0 {
            for mapping in host.mappings() {
                // MLOCK_ONFAULT: what was only reserved stays so.
                let result = host.systemCall(.mlock2, mapping.range.lowerBound, UInt64(mapping.range.count), 1)
                guard result == 0 else { return result }
            }
        }
        process.locksFutureMappings = flags & Self.lockFuture != 0
        return 0
    }

    func munlockall() -> Int {
        process.locksFutureMappings = false
        return host.systemCall(.munlockall)
    }

    // MARK: System V shared memory

    private static let sharedMemorySizeOffset = 48
    private static let readOnlyFlag: UInt64 = 0o10000
    private static let roundFlag: UInt64 = 0o20000
    private static let remapFlag: UInt64 = 0o40000
    private static let executeFlag: UInt64 = 0o100000

    /// The segment is put over a mapping of its size, which is how the translator comes to know of it.
    func shmat(_ a: Arguments) throws(Errno) -> Int {
        let status = host.systemCall(.shmctl, a[0], 2, scratch.address(2))  // IPC_STAT
        guard status >= 0 else { return status }
        let size = scratch[2].load(fromByteOffset: Self.sharedMemorySizeOffset, as: UInt64.self).pageCeiling
        var address = a[1]
        if a[2] & Self.roundFlag != 0 { address = address.pageFloor }
        guard address % Memory.pageSize == 0 else { throw .EINVAL }
        guard mayMap(size, isData: false) else { throw .ENOMEM }
        var flags = MapFlags.shared | MapFlags.anonymous | MapFlags.noReserve
        if address != 0 { flags |= a[2] & Self.remapFlag != 0 ? MapFlags.fixed : MapFlags.noReplace }
        var access: Memory.Access = a[2] & Self.readOnlyFlag != 0 ? .read : .readWrite
        if a[2] & Self.executeFlag != 0 { access.insert(.execute) }
        let place = host.map(address, size: size, access: access, flags: flags)
        guard place >= 0 else { throw place == Errno.EEXIST.result ? .EINVAL : Errno(Int32(-place)) }
        let result = host.systemCall(.shmat, a[0], UInt64(place), a[2] & ~Self.executeFlag | Self.remapFlag)
        if result < 0 {
            _ = host.unmap(UInt64(place), size: size)
        } else {
            process.memory.lock.locked { process.memory.sharedSegments[UInt64(place)] = size }
        }
        return result
    }

    /// A segment is detached when the last page of it is unmapped.
    func shmdt(_ a: Arguments) throws(Errno) -> Int {
        let size = process.memory.lock.locked { process.memory.sharedSegments.removeValue(forKey: a[0]) }
        guard let size else { throw .EINVAL }
        return host.unmap(a[0], size: size)
    }
}
