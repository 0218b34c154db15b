/// The value of Forwarded, RFC 7239: what each proxy on the way has noted, the one closest to the client first.
///
/// Anybody can send this field: believe only what proxies of yours have added, with ``ClientChain``.
public struct Forwarded: Sendable {
    /// Of more elements than this, those farthest away are not looked at.
    public static let maximumCount = 64

    /// What one proxy has noted. All is nil when it is malformed; it is kept for its place in the chain.
    public struct Element: Hashable, Sendable {
        /// Who made the request to the proxy.
        public var client: ForwardedNode?
        /// Where the proxy received it.
        public var proxy: ForwardedNode?
        /// The Host that the proxy received: a name or address, perhaps with a port.
        public var host: String?
        /// The scheme by which the proxy received it, in lower case: `http` or `https`.
        public var scheme: String?
    }

    /// What the proxies have noted, in the order of the field: the last element is of the closest one.
    public let elements: [Element]

    /// Reads a value; nil when the request has none.
    public init(_ field: String?) {
        let closest = field.map { TrailingElements($0, hasQuotedStrings: true).prefix(Self.maximumCount) }
        elements = closest?.map { Self.element($0) ?? Element() }.reversed() ?? []
    }

    /// The client that each proxy has noted, for ``ClientChain``.
    public var nodes: [ForwardedNode?] { elements.map(\.client) }

    /// Nil when it is malformed or a parameter is there twice.
    private static func element(_ text: Substring) -> Element? {
        var reader = FieldReader(text)
        var element = Element()
        var seen: Set<String> = []
        while true {
            _ = reader.take { $0 == ASCII.semicolon || $0 == ASCII.space || $0 == ASCII.tab }
            if reader.isAtEnd { return element }
            guard let name = reader.token()?.lowercased(), reader.skip(ASCII.equals), let value = value(&reader),
                seen.insert(name).inserted
            else { return nil }
            switch name {
            case "for": element.client = ForwardedNode(value)
            case "by": element.proxy = ForwardedNode(value)
            case "host": element.host = ForwardedText.host(value)
            case "proto": element.scheme = ForwardedText.scheme(value)
            default: break
            }
            reader.skipBlanks()
            guard reader.isAtEnd || reader.next == ASCII.semicolon else { return nil }
        }
    }

    /// Addresses with colons have to be quoted, but not every proxy does.
    private static func value(_ reader: inout FieldReader) -> String? {
        if reader.next == ASCII.quote { return reader.quotedString() }
        let value = reader.take {
            ByteClass.isToken($0) || $0 == ASCII.colon || $0 == ASCII.leftBracket || $0 == ASCII.rightBracket
        }
        return value.isEmpty ? nil : String(value)
    }
}
