/// A user and a password, RFC 7617: the value of Authorization with the scheme Basic.
///
/// Its text shows the user only, so that no password gets into a log.
public struct BasicCredentials: Sendable {
    /// Who the client says it is; has no colon.
    public let user: String
    /// What is to prove it.
    public let password: String

    /// Credentials to send; nil when `user` has a colon or one of them has control characters.
    public init?(user: String, password: String) {
        guard !user.utf8.contains(ASCII.colon), !user.utf8.contains(where: Self.isControl),
            !password.utf8.contains(where: Self.isControl)
        else { return nil }
        self.user = user
        self.password = password
    }

    /// Reads the value of Authorization.
    ///
    /// Nil when the scheme is another, when what follows is not base 64 of UTF-8 text with a colon, or when that text
    /// has control characters. What is behind the first colon is the password, other colons included.
    public init?(authorization field: String) {
        var reader = FieldReader(field)
        guard let text = reader.credentials(of: "Basic"), let bytes = Base64.decode(text),
            let colon = bytes.firstIndex(of: ASCII.colon),
            let user = String(validating: bytes[..<colon], as: UTF8.self),
            let password = String(validating: bytes[(colon + 1)...], as: UTF8.self)
        else { return nil }
        self.init(user: user, password: password)
    }

    /// The value of Authorization.
    public var authorization: String { "Basic " + Base64.encode(Array("\(user):\(password)".utf8)) }

    /// Whether both are those of `user` and `password`, byte for byte, in a time that does not tell which is wrong.
    public func matches(user: String, password: String) -> Bool {
        let isUser = constantTimeEquals(self.user, user)
        let isPassword = constantTimeEquals(self.password, password)
        return isUser && isPassword
    }

    /// Not even a tab may be in them.
    private static func isControl(_ byte: UInt8) -> Bool { byte < 0x20 || byte == 0x7F }
}

extension BasicCredentials: CustomStringConvertible, CustomReflectable {
    /// The user, without the password.
    public var description: String { "Basic credentials of \(user)" }

    /// The user, without the password.
    public var customMirror: Mirror { Mirror(self, children: ["user": user]) }
}

extension FieldReader {
    /// What is behind `scheme` and spaces, RFC 9110 §11.4; nil when the scheme is another or nothing follows.
    mutating func credentials(of scheme: StaticString) -> Substring? {
        skipBlanks()
        guard let name = token(), name.equals(ignoringCase: "\(scheme)"), next == ASCII.space else { return nil }
        let credentials = Substring(rest).trimmed
        return credentials.isEmpty ? nil : credentials
    }
}
