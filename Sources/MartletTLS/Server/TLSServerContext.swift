/// What a server needs to accept connections by TLS. Made once, used for all of them.
public final class TLSServerContext {
    /// What it was made of.
    public private(set) var settings: TLSServerSettings
    /// What has happened so far.
    public internal(set) var statistics = TLSServerStatistics()

    /// Prepares the keys and certificates.
    ///
    /// - Throws: `.invalidInput` when the settings make no sense together.
    public init(_ settings: TLSServerSettings) throws(TLSError) {
        self.settings = settings
    }

    /// Takes other settings, such as renewed certificates, for the handshakes from here on. Connections that are open
    /// go on as they are.
    ///
    /// - Throws: `.invalidInput`; then the earlier settings stay.
    public func replace(_ settings: TLSServerSettings) throws(TLSError) {
        self.settings = settings
    }
}
