// What a debugger may send that no debugger sends: the server answers something, or closes the connection, and the process goes on.

import Glibc
import Lyrebird
import LyrebirdDebug
import Testing

@Suite(.serialized) struct ProtocolTests {
    private func makeServer(_ guest: Guest) throws -> (DebugServer, CPU) {
        let machine = try Machine(guest)
        try machine.memory.map(0x1_0000, size: 0x1000, access: .readWriteExecute)
        let server = try DebugServer(machine, listeningAt: "0")
        let cpu = try machine.makeCPU()
        cpu.pc = 0x1_0000
        try server.add(cpu)
        return (server, cpu)
    }

    @Test func acknowledgements() throws {
        let (server, cpu) = try makeServer(.arm64)
        defer { server.end(.exited(0)) }
        let client = try RemoteClient(server.address)
        client.sendRaw(Array("$qC#00".utf8))
        #expect(client.receiveByte() == UInt8(ascii: "-"))
        client.sendRaw(Array("$qC#b4".utf8))
        #expect(client.receiveByte() == UInt8(ascii: "+"))
        #expect(client.receive() == "QC1")
        // Not understood: once more.
        client.sendRaw([UInt8(ascii: "-")])
        #expect(client.receive() == "QC1")
        #expect(client.ask("QStartNoAckMode") == "OK")
        client.acknowledges = false
        client.send(Array("qC".utf8))
        #expect(client.receiveByte() == UInt8(ascii: "$"))
        _ = cpu
    }

    @Test func memory() throws {
        let (server, cpu) = try makeServer(.arm64)
        defer { server.end(.exited(0)) }
        let client = try RemoteClient(server.address)
        #expect(client.ask("M10000,3:00ff7d") == "OK" && client.ask("m10000,4") == "00ff7d00")
        // Binary, with what has to be escaped.
        client.send(Array("X10000,4:".utf8) + [0x7D, 0x03, 0x7D, 0x04, 0x7D, 0x5D, 0x41])
        #expect(client.receive() == "OK" && client.ask("m10000,4") == "23247d41")
        #expect(client.ask("X10000,0:") == "OK")
        // To the end of what there is.
        #expect(client.ask("m10ffe,10") == "0000" && client.ask("m11000,1") == "E0e")
        #expect(client.ask("mffffffffffffffff,8") == "E0e" && client.ask("m0,ffffffffffffffff") == "E0e")
        #expect(client.ask("m10000,ffffffffffffffff").map { $0.count } == 0x2000)
        #expect(client.ask("M10fff,2:0000") == "E0e" && client.ask("Mffffffffffffffff,1:00") == "E0e")
        for bad in [
            "m", "m,", "m10000", "m10000,", "mx,1", "m11111111111111111,1", "M10000,2:00", "M10000,1:0g", "M10000,1:0",
            "X10000,2:a",
        ] {
            #expect(client.ask(bad) == "E16", "\(bad)")
        }
        #expect(client.ask("qCRC:10000,4").map { $0.first } == "C" && client.ask("qCRC:0,1") == "E0e")
        _ = cpu
    }

    @Test(arguments: Guest.allCases) func registers(guest: Guest) throws {
        let (server, cpu) = try makeServer(guest)
        defer { server.end(.exited(0)) }
        let client = try RemoteClient(server.address)
        let text = try #require(client.ask("g"))
        // As the description says.
        let description = try #require(client.ask("qXfer:features:read:target.xml:0,ffffff"))
        let sizes = description.matches(of: /bitsize="([0-9]+)"/).compactMap { Int($0.1) }
        #expect(text.count == sizes.reduce(0, +) / 4 && description.first == "l")
        for (number, size) in sizes.enumerated() {
            // What was written is read, but for bits that are not there.
            let zeros = String(repeating: "0", count: size / 4)
            #expect(client.ask("P\(String(number, radix: 16))=\(zeros)") == "OK")
            #expect(client.ask("p\(String(number, radix: 16))")?.count == zeros.count)
        }
        #expect(client.ask("p\(String(sizes.count, radix: 16))") == "E16" && client.ask("pffffffffffffffff") == "E16")
        let value = String(repeating: "ab", count: text.count / 2)
        #expect(client.ask("G\(value)") == "OK")
        let read = try #require(client.ask("g"))
        let same = zip(read, value).count { $0 == $1 }
        #expect(same > read.count * 3 / 4 && read.count == value.count)
        #expect(client.ask("G\(read)") == "OK" && client.ask("g") == read)
        for bad in ["G", "G00", "G\(value)00", "P", "P0", "P0=", "P0=00", "Pff=00", "P0=zz"] {
            #expect(client.ask(bad) == "E16", "\(bad)")
        }
        // In parts.
        var parts = ""
        while parts.count < description.count - 1 {
            let part = try #require(client.ask("qXfer:features:read:target.xml:\(String(parts.count, radix: 16)),100"))
            parts += part.dropFirst()
        }
        #expect(parts == description.dropFirst())
        #expect(client.ask("qXfer:features:read:target.xml:ffffffffffffffff,ffffffffffffffff") == "l")
        #expect(client.ask("qXfer:features:read:other.xml:0,10") == "" && client.ask("qXfer:auxv:read::0,10") == "l")
        _ = cpu
    }

    @Test func runningWithNonsense() throws {
        let (server, cpu) = try makeServer(.x86_64)
        defer { server.end(.exited(0)) }
        let client = try RemoteClient(server.address)
        for bad in [
            "vCont;", "vCont;x", "vCont;s:", "vCont;s:zz", "vCont;r1", "vCont;C", "vCont;Cff", "vCont;c;q", "vCont;c:2",
            "vCont;cx", "vCont;s:1;", "Cff", "S",
            "H", "Hx1", "Hg", "cxyz", "T",
        ] {
            #expect(client.ask(bad) == "E16", "\(bad)")
        }
        for unknown in [
            "", "vMustReplyEmpty", "vRun;00", "vFile:open:2f,0,0", "qNothing", "QNothing", "!", "R00", "b", "\u{7f}",
        ] {
            #expect(client.ask(unknown) == "", "\(unknown)")
        }
        #expect(client.ask("qRcmd,68656c70")?.isEmpty == false && client.ask("qRcmd,zz")?.isEmpty == false)
        #expect(client.ask("qRcmd,\("explain 0x10000".utf8.map { String($0, radix: 16) }.joined())")?.isEmpty == false)
        #expect(client.ask("qAttached") == "1" && client.ask("qSymbol::") == "OK")
        #expect(client.ask("QPassSignals:e;b;ffff;;") == "OK")
        _ = cpu
    }

    /// Random packets, well-formed and not. Commands that end the session are left out, so that much is tried in each.
    @Test(arguments: Guest.allCases) func noise(guest: Guest) throws {
        var state: UInt64 = 0x1234_5678 &+ UInt64(guest == .arm64 ? 1 : 2)
        func random(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
        let heads = [
            "m", "M", "X", "p", "P", "g", "G", "Z0,", "Z1,", "Z2,", "Z3,", "Z4,", "z0,", "z2,", "Hg", "Hc", "T", "q",
            "Q", "v", "vCont",
            "vFile:", "qXfer:features:read:target.xml:", "qRcmd,", "qCRC:", "?", "qSupported:", "QPassSignals:",
            "qThreadExtraInfo,",
        ]
        let pieces = [
            "0", "1", "10000", "ffffffffffffffff", ",", ":", ";", "=", "-1", "20", "8", "zz", "}", "7fffffff", "10ffc",
            "*", "\u{0}",
        ]
        let (server, cpu) = try makeServer(guest)
        defer { server.end(.exited(0)) }
        for _ in 0..<20 {
            let client = try RemoteClient(server.address)
            for _ in 0..<100 {
                var packet = heads[random(heads.count)]
                for _ in 0..<random(6) { packet += pieces[random(pieces.count)] }
                if packet.hasPrefix("vCont;c") || packet.hasPrefix("qCRC") && packet.contains("f") { continue }
                if packet.hasPrefix("vCont"),
                    packet.contains(where: { "csCSr".contains($0) && packet.contains(";\($0)") })
                {
                    continue
                }
                client.send(Array(packet.utf8))
                #expect(client.receive() != nil, "\(packet)")
            }
            client.sendRaw((0..<2000).map { _ in UInt8(truncatingIfNeeded: random(256)) })
        }
        // No packet is as long as that, and none ends.
        let client = try RemoteClient(server.address)
        client.sendRaw(Array("$m".utf8) + [UInt8](repeating: UInt8(ascii: "0"), count: 1 << 20))
        #expect(client.receive() == nil)
        #expect(try RemoteClient(server.address).ask("qC") == "QC1")
        _ = cpu
    }
}
