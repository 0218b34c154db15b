/// The value of WWW-Authenticate, RFC 9110 §11.6.1: how a client may authenticate itself.
public struct Challenge: Hashable, Sendable {
    /// Why a bearer token was refused, RFC 6750 §3.1.
    public enum BearerFailure: String, Hashable, Sendable {
        /// The request is malformed: answer 400.
        case invalidRequest = "invalid_request"
        /// The token is expired, revoked or malformed: answer 401.
        case invalidToken = "invalid_token"
        /// The token does not allow as much as this: answer 403.
        case insufficientScope = "insufficient_scope"
    }

    /// The scheme, such as `Basic`.
    public let scheme: String
    /// What the scheme wants said; each value is sent in quotes.
    public let parameters: [FieldParameter]

    /// A challenge of any scheme; nil when that is not a token.
    public init?(scheme: String, parameters: [FieldParameter]) {
        guard scheme.isToken else { return nil }
        self.init(known: scheme, parameters)
    }

    private init(known scheme: String, _ parameters: [FieldParameter]) {
        self.scheme = scheme
        self.parameters = parameters
    }

    /// Asks for a user and a password in UTF-8, RFC 7617.
    ///
    /// - Parameter realm: what they are for, which the browser may show. Control characters become spaces.
    public static func basic(realm: String) -> Challenge {
        Challenge(known: "Basic", [FieldParameter(known: "realm", realm), FieldParameter(known: "charset", "UTF-8")])
    }

    /// Asks for a bearer token, RFC 6750 §3. Control characters in texts become spaces.
    ///
    /// - Parameters:
    ///   - realm: what it is for.
    ///   - failure: why the token that was sent is refused; nil when none was sent.
    ///   - explanation: the same for the developer of the client.
    ///   - scope: what the token has to allow, in words separated by spaces.
    public static func bearer(
        realm: String, failure: BearerFailure? = nil, explanation: String? = nil, scope: String? = nil
    ) -> Challenge {
        let texts = [
            ("realm", realm), ("error", failure?.rawValue), ("error_description", explanation), ("scope", scope),
        ]
        return Challenge(
            known: "Bearer", texts.compactMap { name, text in text.map { FieldParameter(known: name, $0) } })
    }
}

extension Challenge: CustomStringConvertible {
    /// The field value: `Basic realm="files", charset="UTF-8"`.
    public var description: String {
        let texts = parameters.map { "\($0.name)=\(FieldParameter.quoted($0.value))" }
        return texts.isEmpty ? scheme : "\(scheme) \(texts.joined(separator: ", "))"
    }
}
