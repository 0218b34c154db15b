import CTLS
import MartletLoop

/// What a server needs to accept connections by TLS. Made once, used for all of them.
///
/// ```swift
/// let identity = try TLSIdentity(certificates: certificateBytes, privateKey: keyBytes)
/// let context = try TLSServerContext(TLSServerSettings(identities: [identity]))
/// try await serve(at: ":7443", tls: context) { stream in … }
/// ```
public final class TLSServerContext {
    /// What it was made of.
    public private(set) var settings: TLSServerSettings
    /// What has happened so far.
    public private(set) var statistics = TLSServerStatistics()

    /// What new handshakes use. Those that have begun keep theirs.
    private(set) var prepared: Prepared

    /// Prepares the keys and certificates.
    ///
    /// - Throws: `.invalidInput` when the settings make no sense together.
    public init(_ settings: TLSServerSettings) throws(TLSError) {
        self.settings = settings
        prepared = try Prepared(settings)
    }

    deinit {}

    /// Takes other settings, such as renewed certificates, for the handshakes from here on. Connections that are open
    /// go on as they are.
    ///
    /// - Throws: `.invalidInput`; then the earlier settings stay.
    public func replace(_ settings: TLSServerSettings) throws(TLSError) {
        prepared = try Prepared(settings)
        self.settings = settings
    }

    /// How long a handshake that begins now may take.
    package var handshakeTimeout: EventLoop.Interval { prepared.handshakeTimeout }

    // MARK: Counting

    /// One more handshake begins, unless there are too many.
    func beginsHandshake() -> Bool {
        guard statistics.inProgress < settings.handshakeLimit else {
            statistics.refused += 1
            return false
        }
        statistics.inProgress += 1
        return true
    }

    func handshakeEnded(_ end: TLSHandshakeEnd) {
        statistics.inProgress -= 1
        switch end {
        case .done(let isResumed):
            statistics.handshakes += 1
            if isResumed { statistics.resumed += 1 }
        case .failed(let error):
            statistics.count(TLSHandshakeFailure(error))
        case .notBegun:
            statistics.count(.abandoned)
        }
    }
}
