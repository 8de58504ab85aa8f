// What the guest may know and set of the system: its name, limits, and the process's properties.

import Lyrebird

/// `struct rlimit64`
struct ResourceLimit: Equatable {
    var current: UInt64 = 0
    var maximum: UInt64 = 0

    static let data: UInt64 = 2
    static let openFiles: UInt64 = 7
    static let addressSpace: UInt64 = 9
    static let size = 16
}

extension GuestThread {
    func uname(_ a: Arguments) throws(Errno) -> Int {
        let fieldSize = 65
        let machineOffset = 4 * fieldSize
        let result = host.systemCall(.uname, scratch.address(2))
        guard result == 0 else { return result }
        var name = Array(scratch[2].prefix(6 * fieldSize))
        let machine = abi.machineName.withUTF8Buffer { Array($0) }
        let padding = [UInt8](repeating: 0, count: fieldSize - machine.count)
        name.replaceSubrange(machineOffset..<machineOffset + fieldSize, with: machine + padding)
        try write(name, at: a[0])
        return 0
    }

    // MARK: Limits

    func getrlimit(_ a: Arguments) throws(Errno) -> Int {
        try prlimit64(Arguments(0, a[0], 0, a[1]))
    }

    func setrlimit(_ a: Arguments) throws(Errno) -> Int {
        try prlimit64(Arguments(0, a[0], a[1], 0))
    }

    /// A limit on memory would be one on the translator's: it is remembered, and only the guest sees it.
    func prlimit64(_ a: Arguments) throws(Errno) -> Int {
        let isOwn = a.int(0) == 0 || Int(a.int(0)) == host.systemCall(.getpid)
        let resource = a[1] & 0xffff_ffff
        guard isOwn, resource == ResourceLimit.addressSpace || resource == ResourceLimit.data else {
            return pass(.prlimit64, a)
        }
        let bytes = a[2] != 0 ? try read(a[2], count: ResourceLimit.size) : nil
        var old = ResourceLimit()
        try process.changeLimit(resource) { (remembered) throws(Errno) in
            old = remembered ?? hostLimit(resource)
            guard let bytes else { return remembered }
            let limit = ResourceLimit(current: bytes.integer(at: 0), maximum: bytes.integer(at: 8))
            guard limit.current <= limit.maximum else { throw .EINVAL }
            guard limit.maximum <= old.maximum else { throw .EPERM }
            return limit
        }
        if a[3] != 0 {
            var bytes: [UInt8] = []
            bytes.append(integer: old.current)
            bytes.append(integer: old.maximum)
            try write(bytes, at: a[3])
        }
        return 0
    }

    private func hostLimit(_ resource: UInt64) -> ResourceLimit {
        _ = host.systemCall(.prlimit64, 0, resource, 0, scratch.address(2))
        return ResourceLimit(
            current: scratch[2].load(as: UInt64.self), maximum: scratch[2].load(fromByteOffset: 8, as: UInt64.self))
    }

    // MARK: prctl

    /// Options that mean the same for the guest as for the host process (`include/uapi/linux/prctl.h`): PDEATHSIG, DUMPABLE,
    /// KEEPCAPS, TIMING, NAME, CAPBSET, SECUREBITS, TIMERSLACK, MCE_KILL, CHILD_SUBREAPER, NO_NEW_PRIVS, TID_ADDRESS,
    /// THP_DISABLE, CAP_AMBIENT, IO_FLUSHER.
    private static let passedOptions: Set<UInt64> = [
        1, 2, 3, 4, 7, 8, 13, 14, 15, 16, 23, 24, 27, 28, 29, 30, 33, 34, 36, 37, 38, 39, 40, 41, 42, 47, 57, 58,
    ]
    private static let setVMA: UInt64 = 0x5356_4d41
    private static let getSeccomp: UInt64 = 21

    /// Everything else is about the processor, or would let the kernel watch the translator for the guest.
    func prctl(_ a: Arguments) throws(Errno) -> Int {
        let option = a[0] & 0xffff_ffff
        if option == Self.getSeccomp { return 0 }
        guard Self.passedOptions.contains(option) || option == Self.setVMA else { throw .EINVAL }
        return pass(.prctl, a)
    }

    // MARK: System V semaphores

    private static let setCommand: UInt64 = 1
    private static let statusCommands: Set<UInt64> = [2, 18, 20]  // IPC_STAT, SEM_STAT, SEM_STAT_ANY

    func semctl(_ a: Arguments) throws(Errno) -> Int {
        let command = a[2] & 0xff
        let layout = abi.semaphoreSet
        var call = a
        if command == Self.setCommand {
            layout.copyToHost(try read(a[3], count: layout.guestSize), scratch[2])
            call[3] = scratch.address(2)
            return pass(.semctl, call)
        }
        guard Self.statusCommands.contains(command) else { return pass(.semctl, a) }
        call[3] = scratch.address(2)
        let result = pass(.semctl, call)
        guard result >= 0 else { return result }
        try write(layout.guestBytes(fromHost: UnsafeRawBufferPointer(scratch[2])), at: a[3])
        return result
    }
}
