import COpenSSL
import CTLS

/// Sessions that can be resumed, by the server's name. Each of TLS 1.3 is used once, so that nobody can see that two
/// connections are the same client's (RFC 8446 §C.4).
struct ClientSessions {
    /// As many as servers give for a full handshake.
    private static let perServer = 2

    private let limit: Int
    private var sessions: [String: [OpaquePointer]] = [:]
    /// Servers, the one whose last session is oldest first.
    private var order: [String] = []

    init(limit: Int) { self.limit = limit }

    /// Keeps a session, which is this one's from here on.
    mutating func keep(_ session: OpaquePointer, for server: String) {
        let server = server.lowercased()
        if let index = order.firstIndex(of: server) { order.remove(at: index) }
        order.append(server)
        // One that can be used again is all that is needed.
        if !ctls_session_is_single_use(session) { forget(server) }
        sessions[server, default: []].append(session)
        if let kept = sessions[server], kept.count > Self.perServer {
            SSL_SESSION_free(kept[0])
            sessions[server]?.removeFirst()
        }
        while order.count > limit { forget(order.removeFirst()) }
    }

    /// The latest session, to be freed; `nil` when there is none that can be used.
    mutating func take(for server: String) -> OpaquePointer? {
        let server = server.lowercased()
        while let session = sessions[server]?.popLast() {
            guard ctls_session_is_usable(session) else {
                SSL_SESSION_free(session)
                continue
            }
            if !ctls_session_is_single_use(session), SSL_SESSION_up_ref(session) == 1 {
                sessions[server]?.append(session)
            }
            return session
        }
        return nil
    }

    func free(_ session: OpaquePointer) { SSL_SESSION_free(session) }

    mutating func removeAll() {
        for server in order { forget(server) }
        order = []
    }

    private mutating func forget(_ server: String) {
        for session in sessions.removeValue(forKey: server) ?? [] { SSL_SESSION_free(session) }
    }
}
