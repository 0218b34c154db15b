extension ProxyHeaderParser {
    /// `PROXY TCP4 source destination port port CR LF`, proxy-protocol.txt §2.1.
    func parseLine(_ bytes: Span<UInt8>) throws(ProxyHeaderError) -> Progress {
        let end = min(bytes.count, Self.longestLine)
        let stop = bytes.firstControl(from: 0, to: end)
        if stop < end, bytes[stop] != ASCII.carriageReturn || (stop + 1 < end && bytes[stop + 1] != ASCII.lineFeed) {
            throw ProxyHeaderError(.malformed, "the line does not end with CR LF")
        }
        guard stop + 1 < end else {
            if end < Self.longestLine { return .needsMore }
            throw ProxyHeaderError(.tooLarge, "the line is longer than \(Self.longestLine) bytes")
        }
        let text = String(ByteRange(Self.lineStart.count, stop), in: bytes)
        return .complete(length: stop + 2, try Self.header(of: text))
    }

    private static func header(of text: String) throws(ProxyHeaderError) -> ProxyHeader {
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        // What follows is to be ignored.
        if words.first == "UNKNOWN" { return ProxyHeader() }
        guard words.count == 5, words[0] == "TCP4" || words[0] == "TCP6" else {
            throw ProxyHeaderError(.malformed, "the line is not TCP4 or TCP6, two addresses and two ports, or UNKNOWN")
        }
        let isIPv4 = words[0] == "TCP4"
        guard let source = endpoint(words[1], words[3], isIPv4), let destination = endpoint(words[2], words[4], isIPv4)
        else {
            throw ProxyHeaderError(.malformed, "an address or a port in the line is not one of \(words[0])")
        }
        return ProxyHeader(source: source, destination: destination)
    }

    private static func endpoint(_ host: Substring, _ port: Substring, _ isIPv4: Bool) -> ProxyEndpoint? {
        guard let port: UInt16 = IPText.decimal(port) else { return nil }
        return isIPv4
            ? IPText.ipv4(host).map { .ipv4($0, port: port) } : IPText.ipv6(host).map { .ipv6($0, port: port) }
    }
}
