/// One end of a proxied connection, as a proxy names it: RFC 7239 §6, and what X-Forwarded-For has in its place.
public struct ForwardedNode: Hashable, Sendable {
    /// An IP address without brackets, `unknown`, or a word that a proxy made up, which begins with `_`.
    public let name: String
    /// The port; nil when it is not told, or hidden behind a made-up word.
    public let port: UInt16?
    /// Whether ``name`` is an IP address.
    public let isAddress: Bool

    /// Reads `192.0.2.1`, `192.0.2.1:80`, `[2001:db8::1]`, `[2001:db8::1]:80`, `2001:db8::1`, `unknown` or `_hidden`;
    /// nil when `text` is none of these.
    public init?(_ text: some StringProtocol) {
        let text = Substring(text)
        let name: Substring
        var port: Substring?
        if text.utf8.first == ASCII.leftBracket {
            guard let close = text.utf8.firstIndex(of: ASCII.rightBracket) else { return nil }
            name = Substring(text.utf8[..<close].dropFirst())
            let rest = text.utf8[close...].dropFirst()
            guard rest.isEmpty || rest.first == ASCII.colon else { return nil }
            if !rest.isEmpty { port = Substring(rest.dropFirst()) }
        } else if let colon = text.utf8.firstIndex(of: ASCII.colon),
            !text.utf8[colon...].dropFirst().contains(ASCII.colon)
        {
            name = text[..<colon]
            port = Substring(text.utf8[colon...].dropFirst())
        } else {
            name = text
        }
        isAddress = NetworkAddress(name) != nil
        guard isAddress || Self.isMadeUp(name) || name.equals(ignoringCase: "unknown") else { return nil }
        self.name = String(name)
        self.port = port.flatMap { UInt16($0) }
        if let port, self.port == nil || port.utf8.first == ASCII.plus, !Self.isMadeUp(port) { return nil }
    }

    /// `obfnode` and `obfport`
    private static func isMadeUp(_ text: Substring) -> Bool {
        text.utf8.count > 1 && text.utf8.first == ASCII.underscore
            && text.utf8.allSatisfy {
                ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == ASCII.dot || $0 == ASCII.underscore
                    || $0 == ASCII.hyphen
            }
    }
}

extension ForwardedNode: CustomStringConvertible {
    /// The node as Forwarded has it, without quotes: IPv6 addresses in brackets.
    public var description: String {
        let host = name.utf8.contains(ASCII.colon) ? "[\(name)]" : name
        return port.map { "\(host):\($0)" } ?? host
    }
}
