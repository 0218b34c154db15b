/// What a client needs to connect by TLS. Made once, used for many connections, whose sessions it keeps to resume them.
public final class TLSClientContext {
    /// What it was made of.
    public let settings: TLSClientSettings

    /// Prepares trust and identity.
    ///
    /// - Throws: `.invalidInput` when the settings make no sense together.
    public init(_ settings: TLSClientSettings = TLSClientSettings()) throws(TLSError) {
        self.settings = settings
    }

    /// Forgets the sessions that could be resumed.
    public func forgetSessions() {}
}
