// Sockets: the host's own, but for the names of local ones, which are files.

import Lyrebird

/// `struct sockaddr_un`
private enum LocalAddress {
    static let family: UInt16 = 1  // AF_UNIX
    static let path = 2
    static let size = 110
}

/// `struct msghdr`
private enum MessageHeader {
    static let nameLength = 8
    static let size = 56
    /// `struct mmsghdr`: how many bytes it was stands behind the header.
    static let sizeWithResult: UInt64 = 64
    /// UIO_MAXIOV
    static let limit: UInt64 = 1024
}

extension GuestThread {
    func bind(_ a: Arguments) throws(Errno) -> Int {
        pass(.bind, try withLocalAddress(a, at: 1, length: a[2] & 0xffff_ffff, for: .create))
    }

    func connect(_ a: Arguments) throws(Errno) -> Int {
        blockOnSocket(.connect, try withLocalAddress(a, at: 1, length: a[2] & 0xffff_ffff, for: .lookup))
    }

    func sendto(_ a: Arguments) throws(Errno) -> Int {
        blockOnSocket(.sendto, try withLocalAddress(a, at: 4, length: a[5] & 0xffff_ffff, for: .lookup))
    }

    /// A message to an address has it in its header.
    func sendmsg(_ a: Arguments) throws(Errno) -> Int {
        guard process.paths.root != nil, let header = try? memory.read(a[1], count: MessageHeader.size) else {
            return blockOnSocket(.sendmsg, a)
        }
        let name: UInt64 = header.integer(at: 0)
        let length: UInt32 = header.integer(at: MessageHeader.nameLength)
        let host = try withLocalAddress(Arguments(name, UInt64(length)), at: 0, length: UInt64(length), for: .lookup)
        guard host[0] != name else { return blockOnSocket(.sendmsg, a) }
        var changed = header
        changed.store(host[0], at: 0)
        changed.store(UInt32(truncatingIfNeeded: host[1]), at: MessageHeader.nameLength)
        scratch[1].copyBytes(from: changed)
        var call = a
        call[1] = scratch.address(1)
        return blockOnSocket(.sendmsg, call)
    }

    /// Below a system root the messages may have addresses, and are sent one by one.
    func sendmmsg(_ a: Arguments) -> Int {
        guard process.paths.root != nil else { return blockOnSocket(.sendmmsg, a) }
        var sent = 0
        while sent < min(a[2] & 0xffff_ffff, MessageHeader.limit) {
            let result: Int
            do {
                result = try send(a[1] &+ UInt64(sent) * MessageHeader.sizeWithResult, of: a)
            } catch { result = error.result }
            guard result >= 0 else {
                if sent == 0 { return result }
                // What is sent is not sent again.
                interruption = nil
                return sent
            }
            sent += 1
        }
        return sent
    }

    /// One message of a sendmmsg, whose count of bytes is told behind its header.
    private func send(_ message: UInt64, of a: Arguments) throws(Errno) -> Int {
        let result = try sendmsg(Arguments(a[0], message, a[3]))
        guard result >= 0 else { return result }
        try store(UInt32(truncatingIfNeeded: result), at: message &+ UInt64(MessageHeader.size))
        return result
    }

    // MARK: Addresses that the kernel writes

    /// A call that gives an address and, behind it, its length.
    func callWithName(_ call: SystemCall, _ a: Arguments, at index: Int) -> Int {
        let room = room(for: a[index], length: a[index + 1])
        let waits = call != .getsockname && call != .getpeername
        let result = waits ? blockOnSocket(call, a) : pass(call, a)
        if result >= 0, let room { rename(a[index], length: a[index + 1], room: room) }
        return result
    }

    /// recvmsg and recvmmsg: the addresses that messages came from are in their headers.
    func receiveMessages(_ call: SystemCall, _ a: Arguments, count: UInt64) -> Int {
        guard process.paths.root != nil, isLocal(a[0]) else { return blockOnSocket(call, a) }
        let messages = (0..<min(count, MessageHeader.limit)).map { a[1] &+ $0 &* MessageHeader.sizeWithResult }
        let names = messages.map { message in
            let name = (try? load(UInt64.self, at: message)) ?? 0
            return (name, room(for: name, length: message &+ UInt64(MessageHeader.nameLength)))
        }
        let result = blockOnSocket(call, a)
        let received = call == .recvmsg ? (result >= 0 ? 1 : 0) : max(result, 0)
        for (message, (name, room)) in zip(messages, names).prefix(received) {
            if let room { rename(name, length: message &+ UInt64(MessageHeader.nameLength), room: room) }
        }
        return result
    }

    /// Whether a descriptor is a socket whose addresses are files' names.
    private func isLocal(_ descriptor: UInt64) -> Bool {
        let domain: UInt64 = 39
        let result = scratch[2].baseAddress!
        result.storeBytes(of: 0, as: UInt32.self)
        result.storeBytes(of: 4, toByteOffset: 8, as: UInt32.self)
        let error = host.systemCall(.getsockopt, descriptor, 1, domain, scratch.address(2), scratch.address(2) + 8)
        return error == 0 && result.load(as: UInt32.self) == UInt32(LocalAddress.family)
    }

    /// How long an address may be; nil where it does not matter.
    private func room(for address: UInt64, length: UInt64) -> UInt32? {
        guard process.paths.root != nil, address != 0 else { return nil }
        return try? load(UInt32.self, at: length)
    }

    /// Makes a host's name of the address that the kernel has written the guest's, unless it was cut off.
    private func rename(_ address: UInt64, length: UInt64, room: UInt32) {
        guard let count = try? load(UInt32.self, at: length), count <= room,
            (3...LocalAddress.size).contains(Int(count)), let bytes = try? read(address, count: Int(count)),
            bytes.integer(at: 0) as UInt16 == LocalAddress.family, bytes[LocalAddress.path] != 0
        else { return }
        let path = Array(bytes.dropFirst(LocalAddress.path).prefix { $0 != 0 })
        let own = process.paths.guestPath(path)
        guard own != path else { return }
        let new = Array(bytes.prefix(LocalAddress.path)) + own + [0]
        // It could be written before.
        try? write(new, at: address)
        try? store(UInt32(new.count), at: length)
    }

    // MARK: Addresses that the kernel reads

    /// The arguments with an address and, behind it, its length, where it names a file that lies elsewhere on the host.
    private func withLocalAddress(
        _ a: Arguments, at index: Int, length: UInt64, for purpose: PathResolver.Purpose
    ) throws(Errno) -> Arguments {
        guard process.paths.root != nil, (3...UInt64(LocalAddress.size)).contains(length), a[index] != 0,
            let address = try? memory.read(a[index], count: Int(length)),
            address.integer(at: 0) as UInt16 == LocalAddress.family, address[LocalAddress.path] != 0
        else { return a }
        let path = Array(address.dropFirst(LocalAddress.path).prefix { $0 != 0 })
        guard let real = process.paths.hostPath(path, for: purpose) else { return a }
        guard real.count < LocalAddress.size - LocalAddress.path else { throw .ENAMETOOLONG }
        scratch[0].copyBytes(from: Array(address.prefix(LocalAddress.path)) + real + [0])
        var call = a
        call[index] = scratch.address(0)
        call[index + 1] = UInt64(LocalAddress.path + real.count + 1)
        return call
    }

    /// With a timeout of its own (SO_RCVTIMEO, SO_SNDTIMEO) a socket's call is never made again: `sock_intr_errno`.
    func blockOnSocket(_ call: SystemCall, _ a: Arguments) -> Int {
        let result = block(call, a, restart: .ifHandlerAllows)
        guard let restart = interruption?.restart, restart == .ifHandlerAllows else { return result }
        let receiveTimeout: UInt64 = 20
        let sendTimeout: UInt64 = 21
        let sends = [.connect, .sendto, .sendmsg, .sendmmsg].contains(call)
        let timeout = scratch[2].baseAddress!
        timeout.storeBytes(of: 0, as: UInt64.self)
        timeout.storeBytes(of: 0, toByteOffset: 8, as: UInt64.self)
        timeout.storeBytes(of: 16, toByteOffset: 16, as: UInt32.self)
        _ = host.systemCall(
            .getsockopt, a[0], 1, sends ? sendTimeout : receiveTimeout, scratch.address(2), scratch.address(2) + 16)
        if timeout.load(as: UInt64.self) != 0 || timeout.load(fromByteOffset: 8, as: UInt64.self) != 0 {
            interruption = Interruption(restart: .never)
        }
        return result
    }
}
