// The other end of the protocol, for tests: sends packets, well-formed ones and others.

import Glibc
import Testing

final class RemoteClient {
    private let socket: Int32
    private var buffer: [UInt8] = []
    var acknowledges = true

    /// - Parameter address: "127.0.0.1:port".
    init(_ address: String) throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        let port = try #require(UInt16(address.split(separator: ":").last ?? ""))
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let isConnected = withUnsafePointer(to: &name) { name in
            name.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        try #require(isConnected)
        var one: Int32 = 1
        setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
        // A server that says nothing is a failure, not a test that never ends.
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(socket) }

    func sendRaw(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    func send(_ text: [UInt8]) {
        let sum = String(text.reduce(0, &+), radix: 16)
        sendRaw(Array("$".utf8) + text + Array("#\(sum.count < 2 ? "0" : "")\(sum)".utf8))
    }

    /// The next byte, nil at the end of the connection.
    private func byte() -> UInt8? {
        if buffer.isEmpty {
            var part = [UInt8](repeating: 0, count: 1 << 16)
            let count = recv(socket, &part, part.count, 0)
            guard count > 0 else { return nil }
            buffer = part[..<count].reversed()
        }
        return buffer.popLast()
    }

    /// The next packet's text; nil at the end of the connection.
    func receive() -> String? {
        while let first = byte() {
            guard first == UInt8(ascii: "$") else { continue }
            var text: [UInt8] = []
            while let next = byte(), next != UInt8(ascii: "#") { text.append(next) }
            _ = byte()
            _ = byte()
            if acknowledges { sendRaw([UInt8(ascii: "+")]) }
            return String(decoding: text, as: UTF8.self)
        }
        return nil
    }

    /// What comes next, a packet or not, as it is.
    func receiveByte() -> UInt8? { byte() }

    func ask(_ text: String) -> String? {
        send(Array(text.utf8))
        return receive()
    }
}
