/// Whose word counts for a peer's certificate.
public nonisolated struct TLSTrust: Hashable, Sendable {
    enum Anchors: Hashable, Sendable {
        case system
        case certificates([TLSCertificate], andSystem: Bool)
        /// The pins alone decide.
        case pinsOnly
        case anyone
    }

    var anchors: Anchors
    /// One of these has to take part; `nil`: any.
    var pins: Set<TLSPin>?

    /// The authorities that the system trusts: what `/etc/ssl` has, or the environment's SSL_CERT_FILE and SSL_CERT_DIR.
    /// They are read again when that has changed: a client's next connection is judged by the new ones, a server takes them
    /// with its next settings, as at a reload.
    public static let system = TLSTrust(anchors: .system)

    /// Nobody's: whoever answers is believed to be the host. For trying out.
    public static let unverified = TLSTrust(anchors: .anyone)

    /// These authorities alone, or certificates of servers themselves.
    ///
    /// - Parameters:
    ///   - certificates: one at least.
    ///   - addsSystem: whether the system's are trusted as well.
    public static func roots(_ certificates: [TLSCertificate], addsSystem: Bool = false) -> TLSTrust {
        TLSTrust(anchors: .certificates(certificates, andSystem: addsSystem))
    }

    /// The authorities of a PEM text: see `roots(_:addsSystem:)`.
    ///
    /// - Throws: `.invalidInput`.
    public static func roots(
        pem: [UInt8], source: String = "the trusted certificates", addsSystem: Bool = false
    ) throws(TLSError) -> TLSTrust {
        roots(try TLSCertificate.parse(pem: pem, source: source), addsSystem: addsSystem)
    }

    /// Whoever has one of these keys, whatever its certificate says and whoever vouches for it. With no key, contexts
    /// are refused.
    public static func keys(_ pins: Set<TLSPin>) -> TLSTrust {
        TLSTrust(anchors: .pinsOnly, pins: pins)
    }

    /// The same trust for fewer: one of these keys has to be the peer's, or that of an authority that vouches for it.
    /// With no key, contexts are refused.
    public func pinned(to pins: Set<TLSPin>) -> TLSTrust {
        var trust = self
        trust.pins = pins
        return trust
    }
}
