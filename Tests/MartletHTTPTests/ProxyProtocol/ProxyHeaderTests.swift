import Testing

@testable import MartletHTTP

@Suite("PROXY protocol")
struct ProxyHeaderTests {
    typealias Progress = ProxyHeaderParser.Progress

    private func parse(_ bytes: [UInt8], limit: Int = 4096) throws(ProxyHeaderError) -> Progress {
        try ProxyHeaderParser(limit: limit).parse(bytes.span)
    }

    private func parse(_ text: String) throws(ProxyHeaderError) -> Progress { try parse(Array(text.utf8)) }

    /// A header of version 2 made of what is behind its signature.
    private static func binary(_ command: UInt8, _ family: UInt8, _ body: [UInt8], length: Int? = nil) -> [UInt8] {
        let length = length ?? body.count
        return ProxyHeaderParser.signature + [command, family, UInt8(length >> 8), UInt8(length & 255)] + body
    }

    private static let ipv4Body: [UInt8] = [192, 0, 2, 1, 198, 51, 100, 7, 0xDC, 0x04, 0x01, 0xBB]
    private static let ipv4 = ProxyHeader(
        source: .ipv4(0xC000_0201, port: 56324), destination: .ipv4(0xC633_6407, port: 443))

    private static let longest = Array(repeating: "ffff", count: 8).joined(separator: ":")

    static let lines: [(String, String, UInt16?)] = [
        ("PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n", "192.0.2.1", 56324),
        ("PROXY TCP4 0.0.0.0 255.255.255.255 0 65535\r\n", "0.0.0.0", 0),
        ("PROXY TCP6 2001:DB8::1 ::1 1 2\r\n", "2001:db8::1", 1),
        ("PROXY TCP6 1:2:3:4:5:6:7:8 :: 1 2\r\n", "1:2:3:4:5:6:7:8", 1),
        ("PROXY TCP6 ::ffff:192.0.2.1 1:: 1 2\r\n", "::ffff:192.0.2.1", 1),
        ("PROXY TCP6 1:2:3:4:5:6:192.0.2.1 1:: 1 2\r\n", "1:2:3:4:5:6:c000:201", 1),
        ("PROXY UNKNOWN\r\n", "-", nil), ("PROXY UNKNOWN \u{E9} whatever 70000\r\n", "-", nil),
        (
            "PROXY TCP6 \(longest) \(longest) 65535 65535\r\n", longest, 65535
        ),
    ]

    @Test("lines of version 1 are read; what is behind is left alone", arguments: lines)
    func version1(_ line: String, _ host: String, _ port: UInt16?) throws {
        let progress = try parse(line + "GET / HTTP/1.1\r\n")
        guard case .complete(let length, let header) = progress else {
            Issue.record("the header is not complete")
            return
        }
        #expect(length == line.utf8.count && header.command == .proxy)
        #expect(header.source.host ?? "-" == host && header.source.port == port)
    }

    @Test(
        "malformed lines of version 1 are refused",
        arguments: [
            "PROXY TCP4 192.0.2.1 198.51.100.7 56324\r\n", "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443 \r\n",
            "PROXY TCP4  192.0.2.1 198.51.100.7 56324 443\r\n", "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\n",
            "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\rX", "PROXY TCP4 192.0.2.01 198.51.100.7 56324 443\r\n",
            "PROXY TCP4 192.0.2 198.51.100.7 56324 443\r\n", "PROXY TCP4 192.0.2.256 198.51.100.7 56324 443\r\n",
            "PROXY TCP4 192.0.2.1 198.51.100.7 65536 443\r\n", "PROXY TCP4 192.0.2.1 198.51.100.7 056324 443\r\n",
            "PROXY TCP4 192.0.2.1 198.51.100.7 +1 443\r\n", "PROXY TCP4 192.0.2.1 198.51.100.7  443\r\n",
            "PROXY TCP4 ::1 ::1 1 2\r\n", "PROXY TCP6 192.0.2.1 ::1 1 2\r\n", "PROXY TCP6 ::1::2 ::1 1 2\r\n",
            "PROXY TCP6 ::: ::1 1 2\r\n", "PROXY TCP6 1:2:3:4:5:6:7:8:: ::1 1 2\r\n", "PROXY TCP6 12345:: ::1 1 2\r\n",
            "PROXY TCP6 1:2:3:4:5:6:7 ::1 1 2\r\n", "PROXY TCP6 :1 ::1 1 2\r\n", "PROXY TCP6 fe80::1%1 ::1 1 2\r\n",
            "PROXY TCP6 +1:: ::1 1 2\r\n", "PROXY TCP6 1.2.3.4::1 ::1 1 2\r\n", "PROXY \r\n",
            "PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n", "PROXY tcp4 1.2.3.4 1.2.3.4 1 2\r\n", "PROXY UNKNOWNX\r\n",
            "PROXY TCP4 1.2.3.4\0 1.2.3.4 1 2\r\n", "PROXY TCP4 \u{0661}.2.3.4 1.2.3.4 1 2\r\n",
        ])
    func badLines(_ line: String) {
        let error = #expect(throws: ProxyHeaderError.self) { try parse(line) }
        #expect(error?.code == .malformed)
    }

    @Test("a line of version 1 has at most 107 bytes")
    func longLine() throws {
        let most = "PROXY UNKNOWN " + String(repeating: "x", count: 91)
        #expect(try parse(most + "\r\n") == .complete(length: 107, ProxyHeader()))
        #expect(try parse(most + "\r") == .needsMore)
        for text in [most + "x\r\n", most + "x\r", most + "xx"] {
            let error = #expect(throws: ProxyHeaderError.self) { try parse(text) }
            #expect(error?.code == .tooLarge)
        }
    }

    @Test("headers of version 2 are read; what is behind is left alone")
    func version2() throws {
        let bytes = Self.binary(0x21, 0x11, Self.ipv4Body)
        #expect(try parse(bytes + [1, 2, 3]) == .complete(length: 28, Self.ipv4))
        var datagram = Self.ipv4
        datagram.transport = .datagram
        datagram.extensions = [ProxyExtension(.alpn, Array("h2".utf8)), ProxyExtension(.init(rawValue: 0xE0), [])]
        let extended = Self.binary(0x21, 0x12, Self.ipv4Body + [4, 0, 1, 9, 1, 0, 2, 0x68, 0x32, 0xE0, 0, 0])
        #expect(try parse(extended) == .complete(length: 40, datagram))
        #expect(datagram.value(of: .alpn) == [0x68, 0x32] && datagram.value(of: .ssl) == nil)
        let ipv6: [UInt8] = Array(0..<32) + [0, 1, 0, 2]
        #expect(
            try parse(Self.binary(0x21, 0x21, ipv6))
                == .complete(
                    length: 52,
                    ProxyHeader(
                        source: .ipv6(0x0001_0203_0405_0607_0809_0A0B_0C0D_0E0F, port: 1),
                        destination: .ipv6(0x1011_1213_1415_1617_1819_1A1B_1C1D_1E1F, port: 2))))
        let unix =
            Array("/run/a".utf8) + [UInt8](repeating: 0, count: 102) + [0, 0x61] + [UInt8](repeating: 0, count: 106)
        #expect(
            try parse(Self.binary(0x21, 0x31, unix))
                == .complete(
                    length: 232,
                    ProxyHeader(source: .unix(path: Array("/run/a".utf8)), destination: .unix(path: [0, 0x61]))))
        let unspecified = ProxyHeader(extensions: [ProxyExtension(.authority, [0x61])])
        #expect(try parse(Self.binary(0x21, 0, [2, 0, 1, 0x61])) == .complete(length: 20, unspecified))
    }

    @Test("of a proxy's own connection all else is ignored")
    func local() throws {
        for bytes in [Self.binary(0x20, 0, []), Self.binary(0x20, 0xFF, [1, 2]), Self.binary(0x20, 0x11, [1])] {
            #expect(try parse(bytes) == .complete(length: bytes.count, ProxyHeader(command: .local)))
        }
    }

    @Test("malformed headers of version 2 are refused")
    func badBinaries() {
        let crc = [UInt8](repeating: 0, count: 4)
        for (bytes, code) in [
            (Self.binary(0x11, 0x11, Self.ipv4Body), .malformed), (Self.binary(0x22, 0x11, Self.ipv4Body), .malformed),
            (Self.binary(0x21, 0x41, Self.ipv4Body), .malformed), (Self.binary(0x21, 0x13, Self.ipv4Body), .malformed),
            (Self.binary(0x21, 0x10, Self.ipv4Body), .malformed), (Self.binary(0x21, 0x01, []), .malformed),
            (Self.binary(0x21, 0x11, Array(Self.ipv4Body.dropLast())), .malformed),
            (Self.binary(0x21, 0x21, Self.ipv4Body), .malformed), (Self.binary(0x21, 0x31, Self.ipv4Body), .malformed),
            (Self.binary(0x21, 0x11, Self.ipv4Body + [1]), .malformed),
            (Self.binary(0x21, 0x11, Self.ipv4Body + [1, 0, 1]), .malformed),
            (Self.binary(0x21, 0x11, Self.ipv4Body + [1, 0xFF, 0xFF, 0]), .malformed),
            (Self.binary(0x21, 0x11, Self.ipv4Body + [3, 0, 4] + crc), .checksum),
            (Self.binary(0x21, 0x11, Self.ipv4Body + [3, 0, 3, 0, 0, 0]), .malformed),
            (Self.binary(0x21, 0x11, [], length: 4081), .tooLarge),
            (Self.binary(0x20, 0x11, [], length: 0xFFFF), .tooLarge),
            (Self.binary(0x21, 0, Array(Array(repeating: [7, 0, 0], count: 129).joined())), .tooLarge),
        ] as [([UInt8], ProxyHeaderError.Code)] {
            let error = #expect(throws: ProxyHeaderError.self) { try parse(bytes) }
            #expect(error?.code == code, "\(bytes)")
        }
    }

    @Test("what begins with no header is refused at the first byte that shows it")
    func signature() throws {
        #expect(try parse([]) == .needsMore)
        for text in ["GET / HTTP/1.1\r\n", "P ", "PROXX", "\r\n\r\n\r", "\u{16}"] {
            let error = #expect(throws: ProxyHeaderError.self) { try parse(text) }
            #expect(error?.code == .signature)
        }
    }

    @Test("a header that is cut off needs more, and is judged the same whole or in pieces")
    func prefixes() throws {
        let headers = Self.lines.map { Array($0.0.utf8) } + [Self.binary(0x21, 0x11, Self.ipv4Body)]
        for bytes in headers {
            for end in 0..<bytes.count { #expect(try parse(Array(bytes[..<end])) == .needsMore) }
        }
        var random = SplitMix64(seed: 4)
        for _ in 0..<5000 {
            let bytes = random.mutated(headers.randomElement(using: &random)! + [0x47, 0x45])
            let whole = Result { () throws(ProxyHeaderError) in try parse(bytes) }
            for end in 0..<bytes.count {
                let part = Result { () throws(ProxyHeaderError) in try parse(Array(bytes[..<end])) }
                #expect(part == .success(.needsMore) || part == whole, "\(bytes) up to \(end)")
            }
        }
    }

    @Test("the checksum is CRC-32C")
    func checksum() {
        var checksum = CRC32C()
        for byte in "123456789".utf8 { checksum.add(byte) }
        #expect(checksum.value == 0xE306_9283)
    }

    @Test("IPv6 addresses are written as RFC 5952 has it")
    func text() {
        for (address, text) in [
            (0, "::"), (1, "::1"), (0x2001_0DB8_0000_0001_0000_0000_0000_0001, "2001:db8:0:1::1"),
            (0x2001_0DB8_0000_0001_0001_0001_0001_0001, "2001:db8:0:1:1:1:1:1"),
            (0x2001_0000_0000_0001_0000_0000_0001_0001, "2001::1:0:0:1:1"), (1 << 112, "1::"),
            (0xFFFF_C000_0201, "::ffff:192.0.2.1"),
        ] as [(UInt128, String)] {
            #expect(ProxyEndpoint.ipv6(address, port: 0).host == text)
            #expect(IPText.ipv6(text[...]) == address)
        }
    }

    @Test("what the encoder writes is read back")
    func roundTrip() throws {
        let unix = ProxyHeader(source: .unix(path: [0x2F, 0x61]), destination: .unix(path: []))
        let ipv6 = ProxyHeader(source: .ipv6(1, port: 2), destination: .ipv6(3 << 100, port: 4))
        var extended = Self.ipv4
        extended.extensions = [ProxyExtension(.uniqueID, [1, 2]), ProxyExtension(.ssl, [])]
        for header in [Self.ipv4, ipv6, unix, extended, ProxyHeader(), ProxyHeader(command: .local)] {
            for checksum in [false, true] {
                var output = ByteBuffer()
                ProxyHeaderEncoder.appendVersion2(header, checksum: checksum, to: &output)
                let bytes = output.withReadableBytes { Array($0) }
                #expect(try parse(bytes) == .complete(length: bytes.count, header))
            }
        }
        for (header, line) in [
            (Self.ipv4, "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n"),
            (ipv6, "PROXY TCP6 ::1 0:30:: 2 4\r\n"), (unix, "PROXY UNKNOWN\r\n"),
            (ProxyHeader(command: .local), "PROXY UNKNOWN\r\n"),
        ] {
            var output = ByteBuffer()
            ProxyHeaderEncoder.appendVersion1(header, to: &output)
            #expect(String(decoding: output.readableBytes, as: UTF8.self) == line)
        }
    }

    @Test("every changed bit of a header with a checksum is found")
    func checksumFindsChanges() throws {
        var output = ByteBuffer()
        ProxyHeaderEncoder.appendVersion2(Self.ipv4, checksum: true, to: &output)
        let bytes = output.withReadableBytes { Array($0) }
        for i in 16..<(bytes.count - 7) {
            for bit in 0..<8 {
                var changed = bytes
                changed[i] ^= 1 << UInt8(bit)
                let error = #expect(throws: ProxyHeaderError.self) { try parse(changed) }
                #expect(error?.code == .checksum)
            }
        }
    }
}
