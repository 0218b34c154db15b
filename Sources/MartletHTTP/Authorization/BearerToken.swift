/// A bearer token, RFC 6750 §2.1: the value of Authorization with the scheme Bearer.
///
/// Its text does not show the token, so that none gets into a log.
public struct BearerToken: Sendable {
    /// The token: letters, digits and `-._~+/`, then perhaps `=`.
    public let value: String

    /// A token to send; nil when it has other characters or is empty.
    public init?(_ value: String) {
        var reader = FieldReader(value)
        let characters = reader.take(while: Self.isTokenByte)
        _ = reader.take { $0 == ASCII.equals }
        guard !characters.isEmpty, reader.isAtEnd else { return nil }
        self.value = value
    }

    /// Reads the value of Authorization; nil when the scheme is another or the token is malformed.
    public init?(authorization field: String) {
        var reader = FieldReader(field)
        guard let text = reader.credentials(of: "Bearer") else { return nil }
        self.init(String(text))
    }

    /// The value of Authorization.
    public var authorization: String { "Bearer \(value)" }

    /// Whether it is `token`, in a time that does not tell how much of it is right.
    public func matches(_ token: String) -> Bool {
        constantTimeEquals(value, token)
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case ASCII.hyphen, ASCII.dot, ASCII.underscore, ASCII.plus, ASCII.slash, UInt8(ascii: "~"): true
        default: ASCII.isLetter(byte) || ASCII.isDigit(byte)
        }
    }
}

extension BearerToken: CustomStringConvertible, CustomReflectable {
    /// That it is one.
    public var description: String { "Bearer token" }

    /// Shows nothing.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
