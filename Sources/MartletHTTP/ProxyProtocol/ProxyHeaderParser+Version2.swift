extension ProxyHeaderParser {
    /// Signature, version and command, family and transport, length; addresses; extensions: proxy-protocol.txt §2.2.
    func parseBinary(_ bytes: Span<UInt8>) throws(ProxyHeaderError) -> Progress {
        guard bytes.count >= 16 else { return .needsMore }
        guard bytes[12] >> 4 == 2 else { throw ProxyHeaderError(.malformed, "the version is not 2") }
        guard bytes[12] & 15 <= 1 else { throw ProxyHeaderError(.malformed, "the command is neither LOCAL nor PROXY") }
        let length = 16 + bytes.number(at: 14)
        guard length <= limit else {
            throw ProxyHeaderError(.tooLarge, "the header has \(length) bytes, the limit is \(limit)")
        }
        guard bytes.count >= length else { return .needsMore }
        // What a proxy says of its own connection is to be ignored, family and all.
        if bytes[12] & 15 == 0 { return .complete(length: length, ProxyHeader(command: .local)) }

        let whole = bytes.extracting(..<length)
        guard let layout = Layout(bytes[13]) else {
            throw ProxyHeaderError(.malformed, "family and transport 0x\(String(bytes[13], radix: 16)) are unknown")
        }
        guard 16 + 2 * layout.addressBytes + 2 * layout.portBytes <= length else {
            throw ProxyHeaderError(.malformed, "the header is too short for its addresses")
        }
        var header = ProxyHeader(transport: layout.transport)
        (header.source, header.destination) = layout.endpoints(in: whole)
        header.extensions = try Self.extensions(
            in: whole, from: 16 + 2 * layout.addressBytes + 2 * layout.portBytes)
        return .complete(length: length, header)
    }

    private static func extensions(
        in bytes: Span<UInt8>, from start: Int
    ) throws(ProxyHeaderError) -> [ProxyExtension] {
        var extensions: [ProxyExtension] = []
        var hasChecksum = false
        var i = start
        while i < bytes.count {
            guard i + 3 <= bytes.count, i + 3 + bytes.number(at: i + 1) <= bytes.count else {
                throw ProxyHeaderError(.malformed, "an extension does not fit into the header")
            }
            let kind = ProxyExtension.Kind(rawValue: bytes[i])
            let value = (i + 3)..<(i + 3 + bytes.number(at: i + 1))
            i = value.upperBound
            switch kind {
            case .noop: continue
            case .crc32c:
                guard !hasChecksum, value.count == 4 else {
                    throw ProxyHeaderError(.malformed, "the checksum is repeated or not four bytes long")
                }
                hasChecksum = true
                try check(bytes, checksumAt: value)
            default:
                guard extensions.count < mostExtensions else {
                    throw ProxyHeaderError(.tooLarge, "the header has more than \(mostExtensions) extensions")
                }
                extensions.append(ProxyExtension(kind, bytes.array(value)))
            }
        }
        return extensions
    }

    /// The checksum is that of the header with zeros in its place.
    private static func check(_ bytes: Span<UInt8>, checksumAt place: Range<Int>) throws(ProxyHeaderError) {
        var checksum = CRC32C()
        var expected: UInt32 = 0
        for i in 0..<bytes.count {
            if place.contains(i) { expected = expected << 8 | UInt32(bytes[i]) }
            checksum.add(place.contains(i) ? 0 : bytes[i])
        }
        guard checksum.value == expected else {
            throw ProxyHeaderError(.checksum, "the checksum is not that of the header")
        }
    }
}

/// What family and transport say about how the addresses lie.
private struct Layout {
    private enum Family: UInt8 {
        case unspecified, ipv4, ipv6, unix
    }

    private let family: Family
    let transport: ProxyHeader.Transport

    /// Nil of a byte that proxy-protocol.txt does not assign.
    init?(_ byte: UInt8) {
        guard let family = Family(rawValue: byte >> 4), byte == 0 || (byte >> 4 > 0 && (1...2).contains(byte & 15))
        else {
            return nil
        }
        self.family = family
        transport = byte & 15 == 2 ? .datagram : .stream
    }

    var addressBytes: Int {
        switch family {
        case .unspecified: 0
        case .ipv4: 4
        case .ipv6: 16
        case .unix: 108
        }
    }

    var portBytes: Int { family == .ipv4 || family == .ipv6 ? 2 : 0 }

    /// Both addresses, then both ports, from the sixteenth byte on.
    func endpoints(in bytes: Span<UInt8>) -> (source: ProxyEndpoint, destination: ProxyEndpoint) {
        let ports = 16 + 2 * addressBytes
        return (
            endpoint(in: bytes, at: 16, port: ports),
            endpoint(in: bytes, at: 16 + addressBytes, port: ports + portBytes)
        )
    }

    private func endpoint(in bytes: Span<UInt8>, at offset: Int, port: Int) -> ProxyEndpoint {
        let octets = offset..<(offset + addressBytes)
        switch family {
        case .unspecified: return .unspecified
        case .ipv4:
            return .ipv4(octets.reduce(0) { $0 << 8 | UInt32(bytes[$1]) }, port: UInt16(bytes.number(at: port)))
        case .ipv6:
            return .ipv6(octets.reduce(0) { $0 << 8 | UInt128(bytes[$1]) }, port: UInt16(bytes.number(at: port)))
        case .unix: return .unix(path: bytes.path(octets))
        }
    }
}

extension Span where Element == UInt8 {
    /// The two bytes at `offset` as a number in network order.
    fileprivate func number(at offset: Int) -> Int { Int(self[offset]) << 8 | Int(self[offset + 1]) }

    fileprivate func array(_ range: Range<Int>) -> [UInt8] {
        extracting(range).withUnsafeBufferPointer { Array($0) }
    }

    /// A path up to the NUL that ends it; the one that an abstract name begins with does not.
    fileprivate func path(_ range: Range<Int>) -> [UInt8] {
        let bytes = array(range)
        let end = bytes.dropFirst().firstIndex(of: 0) ?? bytes.count
        return end == 1 && bytes[0] == 0 ? [] : Array(bytes[..<end])
    }
}
