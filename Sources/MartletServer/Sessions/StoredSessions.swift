import HTTPTypes
import MartletHTTP

/// Sessions that a store keeps; the client has nothing but the signed name of its own.
///
/// ```swift
/// router.use(StoredSessions(MemorySessionStore(), secrets: [try secret()]))
/// ```
///
/// A session is loaded before the handler and saved after it, if it was changed. Of two requests that change one session
/// at the same time, the one that is answered last wins.
public struct StoredSessions: Middleware {
    private let store: any SessionStore
    private let cookie: SessionCookie
    private let token: SealedToken

    /// Sessions in a store.
    ///
    /// - Parameters:
    ///   - store: where they are kept.
    ///   - secrets: as of ``Sessions/init(secrets:protection:cookie:)``.
    ///   - cookie: how the cookie looks.
    public init(_ store: any SessionStore, secrets: [[UInt8]], cookie: SessionCookie = SessionCookie()) {
        checkSecrets(secrets)
        self.store = store
        self.cookie = cookie
        token = SealedToken(secrets: secrets, protection: .signed, purpose: "session id \(cookie.name)")
    }

    /// Answers with the client's session at hand.
    public func respond(to request: Request, next: Responder) async throws -> Response {
        let session = try await load(request)
        request[SessionKey.self] = session
        var response: Response
        do {
            response = try await next(request)
        } catch {
            // What a handler has changed before it failed is kept: a failed login may have been counted.
            response = request.exchange.server.response(to: error, of: request.exchange)
        }
        if session.isChanged { try await save(session, request, &response) }
        return response
    }

    private func load(_ request: Request) async throws -> Session {
        guard let text = request.cookies[cookie.name], let bytes = token.open(text, now: SessionCookie.now) else {
            return Session()
        }
        let id = String(decoding: bytes, as: UTF8.self)
        guard let values = try await store.load(id) else { return Session() }
        return Session(id: id, values: values, isNew: false)
    }

    private func save(_ session: Session, _ request: Request, _ response: inout Response) async throws {
        if let id = session.id, session.isRenewed || session.values.isEmpty {
            try await store.remove(id)
            session.id = nil
        }
        if session.values.isEmpty {
            if !session.isNew { try cookie.expire(in: &response) }
            return
        }
        let id = session.id ?? Self.newID()
        session.id = id
        try await store.save(id, session.values, for: .seconds(cookie.seconds))
        let text = token.seal(Array(id.utf8), until: SessionCookie.now + cookie.seconds)
        try cookie.set(text, in: &response, isSecure: request.scheme == "https")
    }

    /// 160 random bits.
    private static func newID() -> String {
        var random = SystemRandomNumberGenerator()
        return Base64.encode((0..<20).map { _ in UInt8.random(in: 0...255, using: &random) }, .url)
    }
}
