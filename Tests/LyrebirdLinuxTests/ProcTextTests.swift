// The files of /proc that are made for the guest.

import Lyrebird
import Testing

@testable import LyrebirdLinux

@Suite struct ProcTextTests {
    @Test func maps() {
        let host = """
            00400000-00403000 r--p 00001000 fe:00 1234                       /base/usr/bin/a b
            5500000000-5500004000 rw-p 00000000 00:00 0                      [anon:x]
            7f0000000000-7f0000010000 rw-p 00000000 00:00 0\u{20}

            """
        let ranges: [ProcText.GuestRange] = [
            .init(range: 0x40_0000..<0x40_1000, access: .readExecute, isShared: false),
            .init(range: 0x40_1000..<0x40_3000, access: .read, isShared: false),
            .init(range: 0x55_0000_1000..<0x55_0000_2000, access: .readWrite, isShared: false),
            .init(range: 0x55_0000_2000..<0x55_0000_4000, access: .readWrite, isShared: false),
        ]
        let labels = [ProcText.Label(range: 0x55_0000_1000..<0x55_0000_4000, name: "[heap]")]
        let text = ProcText.maps(ranges, host: Array(host.utf8), labels: labels) { Array($0.dropFirst(5)) }
        let space = String(repeating: " ", count: 27)
        #expect(
            String(decoding: text, as: UTF8.self) == """
                00400000-00401000 r-xp 00001000 fe:00 1234\(space)    /usr/bin/a b
                00401000-00403000 r--p 00002000 fe:00 1234\(space)    /usr/bin/a b
                5500001000-5500004000 rw-p 00000000 00:00 0\(space)   [heap]

                """)
    }

    @Test func stat() {
        let fields = (3...52).map { "\($0)" }.joined(separator: " ")
        let host = Array("77 (a) (b c) \(fields)\n".utf8)
        let text = String(decoding: ProcText.stat(host, replacing: [28: 1000, 51: 2000]), as: UTF8.self)
        let expected = fields.replacingOne(" 28 ", " 1000 ").replacingOne(" 51 ", " 2000 ")
        #expect(text == "77 (a) (b c) \(expected)\n")
        #expect(ProcText.stat([], replacing: [28: 1]) == [])
    }

    @Test func processorsAreAsFastAsTheHosts() {
        let host = Array("processor\t: 0\ncpu MHz\t\t: 2596.098\n\nprocessor\t: 1\ncpu MHz\t\t: 800.000\n".utf8)
        let text = ProcText.cpuInformation(.x86_64, count: 2, host: host)
        #expect(text.split(separator: "\n").filter { $0 == "cpu MHz\t\t: 2596.098" }.count == 2)
        #expect(!ProcText.cpuInformation(.x86_64, count: 1, host: []).contains("MHz"))
        #expect(!ProcText.cpuInformation(.arm64, count: 1, host: host).contains("MHz"))
    }
}

extension String {
    fileprivate func replacingOne(_ old: String, _ new: String) -> String {
        let parts = split(separator: old, maxSplits: 1, omittingEmptySubsequences: false)
        return parts.joined(separator: new)
    }
}
