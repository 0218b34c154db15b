import HTTPTypes
import MartletHTTP

/// Sessions that the client keeps itself, all of them, in one cookie of at most 4 KiB: nothing is stored here, and every
/// worker and machine with the secret knows them.
///
/// Signed, the client can read but not change them; encrypted, neither. They cannot be taken back before they expire:
/// where that matters, use ``StoredSessions``.
///
/// ```swift
/// router.use(Sessions(secrets: [try secret()], protection: .encrypted))
/// ```
public struct Sessions: Filter {
    /// What a client can do with its session.
    public nonisolated enum Protection: Sendable {
        /// Read it (HMAC-SHA-256).
        case signed
        /// Nothing but give it back (AES-256-GCM).
        case encrypted
    }

    private let cookie: SessionCookie
    private let token: SealedToken

    /// Sessions in a cookie.
    ///
    /// - Parameters:
    ///   - secrets: of 32 random bytes each (`openssl rand -hex 32`). New sessions use the first; the others are still
    ///     understood, so that a secret can be changed without logging everybody out. One of fewer than 16 bytes, or
    ///     none at all, is a mistake in the program, and ends it.
    ///   - protection: what a client can do with them.
    ///   - cookie: how the cookie looks.
    public init(secrets: [[UInt8]], protection: Protection = .encrypted, cookie: SessionCookie = SessionCookie()) {
        checkSecrets(secrets)
        self.cookie = cookie
        token = SealedToken(
            secrets: secrets, protection: protection == .signed ? .signed : .encrypted,
            purpose: "session \(cookie.name)")
    }

    /// Opens the client's session.
    public func before(_ request: Request) throws -> Response? {
        guard let text = request.cookies[cookie.name], let bytes = token.open(text, now: SessionCookie.now),
            let values = try? ApplicationJSON.reader.read([String: String].self, from: bytes)
        else {
            request[SessionKey.self] = Session()
            return nil
        }
        request[SessionKey.self] = Session(values: values, isNew: false)
        return nil
    }

    /// Gives the client what the handler has changed.
    ///
    /// - Throws: an error when it does not fit into a cookie.
    public func after(_ request: Request, _ response: inout Response) throws {
        guard let session = request[SessionKey.self], session.isChanged else { return }
        if session.values.isEmpty {
            if !session.isNew { try cookie.expire(in: &response) }
            return
        }
        let text = token.seal(
            try ApplicationJSON.writer.write(session.values), until: SessionCookie.now + cookie.seconds)
        try cookie.set(text, in: &response, isSecure: request.scheme == "https")
    }
}

/// Secrets that can be guessed protect nothing.
func checkSecrets(_ secrets: [[UInt8]]) {
    guard !secrets.isEmpty, secrets.allSatisfy({ $0.count >= 16 }) else {
        fatalError("sessions need a secret of 16 random bytes at least, better 32: openssl rand -hex 32")
    }
}
