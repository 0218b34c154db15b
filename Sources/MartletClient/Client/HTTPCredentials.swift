import MartletHTTP

/// Who a client says it is.
///
/// `basic` and `bearer` are sent with every request to the origins they are for; `digest` is the answer to a challenge,
/// and needs one more request the first time. Its text shows no secret.
public nonisolated struct HTTPCredentials: Sendable {
    enum Kind: Sendable {
        case authorization(String)
        case digest(user: String, password: String)
    }

    let kind: Kind

    /// A user and a password, RFC 7617. Not to be used without TLS, for they go in the clear.
    public static func basic(_ credentials: BasicCredentials) -> HTTPCredentials {
        HTTPCredentials(kind: .authorization(credentials.authorization))
    }

    /// A bearer token, RFC 6750.
    public static func bearer(_ token: BearerToken) -> HTTPCredentials {
        HTTPCredentials(kind: .authorization(token.authorization))
    }

    /// A user and a password that are never sent themselves, RFC 7616: with SHA-256, or MD5 where the server knows no other,
    /// and `qop=auth`.
    public static func digest(user: String, password: String) -> HTTPCredentials {
        HTTPCredentials(kind: .digest(user: user, password: password))
    }
}

nonisolated extension HTTPCredentials: CustomStringConvertible, CustomReflectable {
    /// That they are some.
    public var description: String { "HTTP credentials" }

    /// Shows nothing.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
