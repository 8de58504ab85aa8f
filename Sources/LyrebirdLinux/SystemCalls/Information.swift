// What the guest may know and set of the system: its name, limits, and the process's properties.

import Lyrebird

/// `struct rlimit64`
struct ResourceLimit: Equatable {
    var current: UInt64 = 0
    var maximum: UInt64 = 0

    static let fileSize: UInt64 = 1
    static let data: UInt64 = 2
    static let stack: UInt64 = 3
    static let openFiles: UInt64 = 7
    static let addressSpace: UInt64 = 9
    static let size = 16

    /// RLIM_INFINITY
    static let infinity = UInt64.max

    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(integer: current)
        bytes.append(integer: maximum)
        return bytes
    }
}

/// The limits on memory that the guest has set. On the host they would be the translator's, which needs memory of its own:
/// they are kept here, hold for what the guest maps, and go to the programs that it executes.
struct RememberedLimits: Equatable {
    private var limits: [UInt64: ResourceLimit] = [:]

    static let resources = [ResourceLimit.data, ResourceLimit.stack, ResourceLimit.addressSpace]

    init() {}

    subscript(resource: UInt64) -> ResourceLimit? {
        get { limits[resource] }
        set { limits[resource] = newValue }
    }

    var isEmpty: Bool { limits.isEmpty }

    /// `resource:current:maximum;…`, for the next translator.
    var text: [UInt8] {
        let parts = limits.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value.current):\($0.value.maximum)" }
        return Array(parts.joined(separator: ";").utf8)
    }

    init(text: [UInt8]) {
        for part in String(decoding: text, as: UTF8.self).split(separator: ";") {
            let words = part.split(separator: ":").compactMap { UInt64($0) }
            guard words.count == 3, Self.resources.contains(words[0]) else { continue }
            limits[words[0]] = ResourceLimit(current: words[1], maximum: words[2])
        }
    }

    /// Makes them the host's. - Returns: the host's before.
    func apply(_ host: HostProcess) -> RememberedLimits {
        var old = RememberedLimits()
        for (resource, limit) in limits {
            var previous = ResourceLimit()
            var wanted = limit
            let result = withUnsafeMutableBytes(of: &wanted) { new in
                withUnsafeMutableBytes(of: &previous) { old in
                    host.systemCall(
                        .prlimit64, 0, resource, UInt64(UInt(bitPattern: new.baseAddress)),
                        UInt64(UInt(bitPattern: old.baseAddress)))
                }
            }
            if result == 0 { old[resource] = previous }
        }
        return old
    }
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
        guard isOwn, RememberedLimits.resources.contains(resource) else { return pass(.prlimit64, a) }
        let old = process.limits[resource] ?? hostLimit(resource)
        if a[2] != 0 {
            let bytes = try read(a[2], count: ResourceLimit.size)
            let limit = ResourceLimit(current: bytes.integer(at: 0), maximum: bytes.integer(at: 8))
            guard limit.current <= limit.maximum else { throw .EINVAL }
            // CAP_SYS_RESOURCE is not asked for: raising what was never given to the kernel is no privilege.
            guard limit.maximum <= old.maximum else { throw .EPERM }
            process.limits[resource] = limit
        }
        if a[3] != 0 { try write(old.bytes, at: a[3]) }
        return 0
    }

    func hostLimit(_ resource: UInt64) -> ResourceLimit {
        _ = host.systemCall(.prlimit64, 0, resource, 0, scratch.address(2))
        return ResourceLimit(
            current: scratch[2].load(as: UInt64.self), maximum: scratch[2].load(fromByteOffset: 8, as: UInt64.self))
    }

    /// Whether the guest's limits let it map more (`may_expand_vm` in mm/mmap.c).
    func mayMap(_ size: UInt64, isData: Bool, replacing range: Range<UInt64> = 0..<0) -> Bool {
        guard !process.limits.isEmpty else { return true }
        let space = process.limits[ResourceLimit.addressSpace]?.current ?? ResourceLimit.infinity
        let data =
            isData ? process.limits[ResourceLimit.data]?.current ?? ResourceLimit.infinity : ResourceLimit.infinity
        guard space != ResourceLimit.infinity || data != ResourceLimit.infinity else { return true }
        var all: UInt64 = 0
        var writable: UInt64 = 0
        for mapping in host.mappings() {
            let kept = UInt64(mapping.range.count) - UInt64(mapping.range.clamped(to: range).count)
            all += kept
            if mapping.access.contains(.write), !mapping.shared { writable += kept }
        }
        return size <= space && all <= space - size && size <= data && writable <= data - size
    }

    // MARK: Personality

    /// UNAME26 and ADDR_NO_RANDOMIZE.
    private static let hostPersonality: UInt64 = 0x0006_0000
    private static let personalityMask: UInt64 = 0xff

    /// What the kernel would do for the guest, it would do to the translator: only what is harmless there reaches the host.
    func personality(_ a: Arguments) throws(Errno) -> Int {
        let old = process.personality
        let new = a[0] & 0xffff_ffff
        guard new != 0xffff_ffff else { return Int(old) }
        guard new & Self.personalityMask == 0 else { throw .EINVAL }  // PER_LINUX alone: there is no 32-bit mode
        let result = host.systemCall(.personality, new & Self.hostPersonality)
        guard result >= 0 else { return result }
        process.personality = new
        return Int(old)
    }

    // MARK: prctl

    /// Options that mean the same for the guest as for the host process (`include/uapi/linux/prctl.h`): PDEATHSIG, DUMPABLE,
    /// KEEPCAPS, TIMING, NAME, CAPBSET, SECUREBITS, TIMERSLACK, MCE_KILL, CHILD_SUBREAPER, NO_NEW_PRIVS, TID_ADDRESS,
    /// THP_DISABLE, CAP_AMBIENT, IO_FLUSHER.
    private static let passedOptions: Set<UInt64> = [
        1, 2, 3, 4, 7, 8, 13, 14, 15, 16, 23, 24, 27, 28, 29, 30, 33, 34, 36, 37, 38, 39, 40, 41, 42, 47, 57, 58,
    ]
    private static let setVMA: UInt64 = 0x5356_4d41
    private static let setTracer: UInt64 = 0x5961_6d61
    private static let getSeccomp: UInt64 = 21
    private static let getAuxiliaryVector: UInt64 = 0x4155_5856
    /// PR_SET_MM, which needs CAP_SYS_RESOURCE: it would describe the guest's memory as the translator's.
    private static let setMemoryMap: UInt64 = 35

    /// Everything else is about the processor, or would let the kernel watch the translator for the guest.
    func prctl(_ a: Arguments) throws(Errno) -> Int {
        let option = a[0] & 0xffff_ffff
        switch option {
        case Self.getSeccomp: return 0
        case Self.setMemoryMap: throw .EPERM
        case Self.getAuxiliaryVector:
            guard a[3] == 0, a[4] == 0 else { throw .EINVAL }
            let vector = process.image.stack.auxiliaryVector
            try write(Array(vector.prefix(Int(min(a[2], UInt64(vector.count))))), at: a[1])
            return vector.count
        default: break
        }
        guard Self.passedOptions.contains(option) || option == Self.setVMA || option == Self.setTracer else {
            throw .EINVAL
        }
        return pass(.prctl, a)
    }

    // MARK: System V semaphores

    private static let setCommand: UInt64 = 1
    private static let statusCommands: Set<UInt64> = [2, 18, 20]  // IPC_STAT, SEM_STAT, SEM_STAT_ANY

    func semctl(_ a: Arguments) throws(Errno) -> Int {
        let command = a[2] & 0xff
        guard let layout = abi.semaphoreSet else { return pass(.semctl, a) }
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
