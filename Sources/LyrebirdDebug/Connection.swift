// Packets over a socket: "$text#sum", answered by "+" or "-" until both sides agree to do without.

import Glibc

/// One debugger at the other end of a socket.
final class Connection {
    /// What comes in.
    enum Input {
        case packet([UInt8])
        /// Ctrl-C.
        case interrupt
        /// Somebody has written to the wake-up descriptor.
        case wakeUp
        case closed
    }

    let descriptor: Int32
    private let wakeUp: Int32
    private var buffer: [UInt8] = []
    private var lastSent: [UInt8] = []
    var acknowledges = true
    /// Bytes of a packet's text at most, either way.
    static let packetSize = 0x10000

    /// - Parameter wakeUp: a pipe's end.
    init(_ descriptor: Int32, wakeUp: Int32) {
        self.descriptor = descriptor
        self.wakeUp = wakeUp
    }

    /// Waits for something to come in.
    func next() -> Input {
        while true {
            if let input = takeInput() { return input }
            // Nothing of it will ever be a packet.
            guard buffer.count <= 2 * Self.packetSize else { return .closed }
            var events = [
                pollfd(fd: wakeUp, events: Int16(POLLIN), revents: 0),
                pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&events, 2, -1) >= 0 || errno == EINTR else { return .closed }
            if events[0].revents != 0 {
                var marks = [UInt8](repeating: 0, count: 256)
                _ = read(wakeUp, &marks, marks.count)
                return .wakeUp
            }
            guard events[1].revents != 0 else { continue }
            var bytes = [UInt8](repeating: 0, count: 4096)
            let count = recv(descriptor, &bytes, bytes.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return .closed }
            buffer += bytes[..<count]
        }
    }

    /// What the buffer begins with, if that is all there.
    private func takeInput() -> Input? {
        while let first = buffer.first {
            switch first {
            case 3:
                buffer.removeFirst()
                return .interrupt
            case UInt8(ascii: "-"):
                buffer.removeFirst()
                if acknowledges { transmit(lastSent) }
            case UInt8(ascii: "$"):
                guard let end = buffer.firstIndex(of: UInt8(ascii: "#")) else { return nil }
                guard buffer.count >= end + 3 else { return nil }
                let text = buffer[1..<end]
                let sum = hexDigit(buffer[end + 1]).flatMap { high in
                    hexDigit(buffer[end + 2]).map { high << 4 | $0 }
                }
                let isRight = sum == Self.sum(text)
                let packet = Self.unescaped(text)
                buffer.removeFirst(end + 3)
                if acknowledges { transmit([UInt8(ascii: isRight ? "+" : "-")]) }
                if isRight { return .packet(packet) }
            default: buffer.removeFirst(buffer.firstIndex { [3, 0x24, 0x2D].contains($0) } ?? buffer.count)
            }
        }
        return nil
    }

    func send(_ text: String) { send(Array(text.utf8)) }

    func send(_ text: [UInt8]) {
        let sum = Self.sum(text[...])
        lastSent = [UInt8(ascii: "$")] + text + [UInt8(ascii: "#")] + hex([sum])
        transmit(lastSent)
    }

    /// If the peer has gone, the next `next` says so.
    private func transmit(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    private static func sum(_ text: ArraySlice<UInt8>) -> UInt8 { text.reduce(0, &+) }

    private static let escape = UInt8(ascii: "}")

    private static func unescaped(_ text: ArraySlice<UInt8>) -> [UInt8] {
        guard text.contains(escape) else { return Array(text) }
        var result: [UInt8] = []
        var isEscaped = false
        for byte in text {
            if !isEscaped, byte == escape {
                isEscaped = true
                continue
            }
            result.append(isEscaped ? byte ^ 0x20 : byte)
            isEscaped = false
        }
        return result
    }

    /// Binary data as a reply may have them: without "#", "$", "}" and "*".
    static func escaped(_ data: some Sequence<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        for byte in data {
            switch byte {
            case 0x23, 0x24, 0x2A, escape: result += [escape, byte ^ 0x20]
            default: result.append(byte)
            }
        }
        return result
    }
}

/// A socket that waits for a debugger.
struct Listener {
    let descriptor: Int32
    /// "host:port", as it is.
    let address: String

    /// - Parameter address: "port", ":port" or "host:port", with a host by its number (or "localhost"): this one alone unless another one
    ///   is named. Port 0 is any.
    init(_ address: String) throws(DebugError) {
        let colon = address.lastIndex(of: ":")
        let host = colon.map { address[..<$0] } ?? ""
        guard let port = UInt16(colon.map { address[address.index(after: $0)...] } ?? address[...]) else {
            throw .badAddress(address)
        }
        // No resolver of names: a static program has none.
        var four = sockaddr_in()
        four.sin_family = sa_family_t(AF_INET)
        four.sin_port = port.bigEndian
        var six = sockaddr_in6()
        six.sin6_family = sa_family_t(AF_INET6)
        six.sin6_port = port.bigEndian
        let socket: Int32
        let name = host.isEmpty || host == "localhost" ? "127.0.0.1" : String(host)
        if inet_pton(AF_INET, name, &four.sin_addr) == 1 {
            socket = try Self.listen(AF_INET, four, address)
        } else if name.hasPrefix("["), name.hasSuffix("]"),
            inet_pton(AF_INET6, String(name.dropFirst().dropLast()), &six.sin6_addr) == 1
        {
            socket = try Self.listen(AF_INET6, six, address)
        } else {
            throw .badAddress(address)
        }
        // IPv4 and IPv6 have the port in one place.
        var bound = sockaddr_in6()
        var size = socklen_t(MemoryLayout<sockaddr_in6>.size)
        _ = withUnsafeMutableBytes(of: &bound) {
            getsockname(socket, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), &size)
        }
        descriptor = socket
        self.address = "\(name):\(UInt16(bigEndian: bound.sin6_port))"
    }

    private static func listen<Name>(_ family: Int32, _ name: Name, _ address: String) throws(DebugError) -> Int32 {
        let socket = Glibc.socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { throw .host(call: "socket", errno: errno) }
        var one: Int32 = 1
        setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &one, 4)
        let isBound = withUnsafeBytes(of: name) {
            bind(socket, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count)) == 0
        }
        guard isBound, Glibc.listen(socket, 1) == 0 else {
            let error = errno
            close(socket)
            throw .host(call: "listening at \(address)", errno: error)
        }
        return socket
    }

    /// Waits for a debugger.
    /// - Returns: nil if there can be none any more.
    static func accept(_ descriptor: Int32) -> Int32? {
        while true {
            let socket = Glibc.accept(descriptor, nil, nil)
            if socket < 0, errno == EINTR || errno == ECONNABORTED { continue }
            guard socket >= 0 else { return nil }
            _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
            var one: Int32 = 1
            setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
            return socket
        }
    }
}
