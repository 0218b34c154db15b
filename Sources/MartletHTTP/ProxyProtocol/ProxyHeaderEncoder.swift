/// Writes headers of the PROXY protocol, for clients that are proxies and for tests.
public enum ProxyHeaderEncoder {
    /// Appends a line of version 1. What it cannot say, which is all but TCP over IP of a client, is `UNKNOWN`.
    public static func appendVersion1(_ header: ProxyHeader, to output: inout ByteBuffer) {
        let family: StaticString
        switch (header.command, header.transport, header.source, header.destination) {
        case (.proxy, .stream, .ipv4, .ipv4): family = "TCP4"
        case (.proxy, .stream, .ipv6, .ipv6): family = "TCP6"
        default:
            output.append("PROXY UNKNOWN\r\n")
            return
        }
        let ends = [header.source, header.destination]
        output.append("PROXY ")
        output.append(family)
        for end in ends {
            output.append(" ")
            output.append(utf8: end.host ?? "")
        }
        for end in ends {
            output.append(" ")
            output.append(decimal: UInt64(end.port ?? 0))
        }
        output.append("\r\n")
    }

    /// Appends a header of version 2, which has room for 65,535 bytes of addresses and extensions.
    ///
    /// - Parameters:
    ///   - header: what is said; two addresses that are not of the same family are unspecified.
    ///   - checksum: whether a CRC-32C is among the extensions.
    ///   - output: where it is appended.
    public static func appendVersion2(_ header: ProxyHeader, checksum: Bool = false, to output: inout ByteBuffer) {
        var body = addresses(of: header)
        let family = body.family
        for item in header.extensions { body.bytes.append(item.kind, item.value) }
        if checksum { body.bytes.append(.crc32c, [0, 0, 0, 0]) }
        precondition(body.bytes.count <= Int(UInt16.max), "the header is larger than 64 KiB")

        let transport: UInt8 = family == 0 ? 0 : header.transport == .stream ? 1 : 2
        var bytes = ProxyHeaderParser.signature
        bytes += [header.command == .local ? 0x20 : 0x21, family << 4 | transport]
        bytes.append(bigEndian: UInt16(body.bytes.count))
        bytes += body.bytes
        if checksum {
            var crc = CRC32C()
            for byte in bytes { crc.add(byte) }
            bytes.removeLast(4)
            bytes.append(bigEndian: crc.value)
        }
        output.append(contentsOf: bytes)
    }

    private static func addresses(of header: ProxyHeader) -> (family: UInt8, bytes: [UInt8]) {
        var bytes: [UInt8] = []
        switch (header.source, header.destination) {
        case (.ipv4(let source, let sourcePort), .ipv4(let destination, let destinationPort)):
            bytes.append(bigEndian: source)
            bytes.append(bigEndian: destination)
            bytes.append(bigEndian: sourcePort)
            bytes.append(bigEndian: destinationPort)
            return (1, bytes)
        case (.ipv6(let source, let sourcePort), .ipv6(let destination, let destinationPort)):
            bytes.append(bigEndian: source)
            bytes.append(bigEndian: destination)
            bytes.append(bigEndian: sourcePort)
            bytes.append(bigEndian: destinationPort)
            return (2, bytes)
        case (.unix(let source), .unix(let destination)):
            for path in [source, destination] {
                precondition(path.count <= 108, "the path of a Unix socket is longer than 108 bytes")
                bytes += path + Array(repeating: 0, count: 108 - path.count)
            }
            return (3, bytes)
        default: return (0, bytes)
        }
    }
}

extension [UInt8] {
    fileprivate mutating func append(bigEndian value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
    }

    fileprivate mutating func append(_ kind: ProxyExtension.Kind, _ value: [UInt8]) {
        precondition(value.count <= Int(UInt16.max), "an extension is larger than 64 KiB")
        append(kind.rawValue)
        append(bigEndian: UInt16(value.count))
        self += value
    }
}
