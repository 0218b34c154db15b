/// A key that session tickets are encrypted with.
public nonisolated struct TLSTicketKey: Hashable, Sendable {
    /// How many bytes make one.
    public static let byteCount = 80

    /// Its bytes: a name of 16, a key for AES-256 and one for HMAC-SHA-256 of 32 each. Secret.
    public let bytes: [UInt8]

    /// A new one, from the system's random numbers.
    public init() { fatalError() }

    /// One that was made before; `nil` unless it has 80 bytes.
    public init?(bytes: [UInt8]) {
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = bytes
    }
}

/// The keys of session tickets, with which clients resume sessions without a full handshake, and without memory of the
/// server's (RFC 5077, RFC 8446 §4.6.1).
///
/// The first key encrypts; tickets of the others are still accepted, and renewed. All processes that serve the same
/// addresses are to have the same keys, so that a client may resume with any of them; keys are to be replaced every few
/// hours, for whoever has one can read what was sent with its tickets by TLS 1.2.
public final class TLSTicketKeys {
    /// The most that there can be.
    public nonisolated static let limit = 8

    /// The keys, newest first.
    public private(set) var keys: [TLSTicketKey]

    /// Keys that were made elsewhere, newest first; one new key unless given.
    public init(_ keys: [TLSTicketKey] = [TLSTicketKey()]) {
        self.keys = keys
    }

    /// Takes these keys from here on, newest first: one at least, `limit` at most.
    public func replace(with keys: [TLSTicketKey]) { self.keys = keys }

    /// Puts a new key first, and forgets the oldest ones.
    ///
    /// - Parameter keeping: how many older ones stay.
    public func rotate(keeping: Int = 2) {}
}
