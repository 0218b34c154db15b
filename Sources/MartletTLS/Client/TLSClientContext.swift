import CTLS
import MartletLoop

/// What a client needs to connect by TLS. Made once, used for many connections, whose sessions it keeps to resume them.
///
/// ```swift
/// let context = try TLSClientContext()
/// let stream = try await connect(host: "example.org", port: 443, tls: context)
/// ```
@MainActor  // Spelled out: see HTTPServer.
public final class TLSClientContext {
    /// What it was made of.
    public let settings: TLSClientSettings

    private let context: OpaquePointer
    private var sessions: ClientSessions
    let handshakeTimeout: EventLoop.Interval

    /// Prepares trust and identity. The first one that trusts the system's authorities reads them, which takes some tens
    /// of milliseconds.
    ///
    /// - Throws: `.invalidInput` when the settings make no sense together.
    public init(_ settings: TLSClientSettings = TLSClientSettings()) throws(TLSError) {
        self.settings = settings
        handshakeTimeout = EventLoop.Interval(settings.handshakeTimeout)
        sessions = ClientSessions(limit: settings.sessionLimit)
        var options = try ContextOptions(
            minimum: settings.minimumVersion, maximum: settings.maximumVersion,
            protocols: settings.applicationProtocols, cipherSuites: settings.cipherSuites)
        options.trust = settings.trust
        options.keepsSessions = settings.sessionLimit > 0
        let context = try options.makeContext(isServer: false)
        self.context = context
        do throws(TLSError) {
            try settings.identity?.add(to: context, group: 0)
        } catch {
            ctls_context_free(context)
            throw error
        }
    }

    isolated deinit {
        sessions.removeAll()
        ctls_context_free(context)
    }

    /// Forgets the sessions that could be resumed.
    public func forgetSessions() { sessions.removeAll() }

    /// A connection's state; `nil` when the name is none that a server can have.
    func makeEngine(for serverName: String) -> OpaquePointer? {
        // OpenSSL reads C strings: what follows a zero would not be looked at.
        // A point at the end of a name says that it is whole; certificates leave it out.
        let serverName = serverName.hasSuffix(".") ? String(serverName.dropLast()) : serverName
        // Who has proved who it is to authorities that have changed since has to do so again.
        if ctls_context_renew_trust(context) { sessions.removeAll() }
        guard !serverName.isEmpty, !serverName.utf8.contains(0), let engine = ctls_engine_new(context, serverName)
        else {
            return nil
        }
        if let session = sessions.take(for: serverName) {
            ctls_engine_resume(engine, session)
            sessions.free(session)
        }
        return engine
    }

    func keep(_ session: OpaquePointer, for serverName: String) {
        sessions.keep(session, for: serverName)
    }
}
