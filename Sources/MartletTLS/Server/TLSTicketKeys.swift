import CTLS
import MartletLoop

/// A key that session tickets are encrypted with.
public nonisolated struct TLSTicketKey: Hashable, Sendable, CustomStringConvertible {
    /// How many bytes make one.
    public static let byteCount = 80

    /// Its bytes: a name of 16, a key for AES-256 and one for HMAC-SHA-256 of 32 each. Secret.
    public let bytes: [UInt8]

    /// A new one, from OpenSSL's random numbers.
    public init() {
        bytes = [UInt8](unsafeUninitializedCapacity: Self.byteCount) { buffer, count in
            require(
                ctls_random(buffer.baseAddress, Self.byteCount),
                "there are no random numbers; this system cannot keep secrets")
            count = Self.byteCount
        }
    }

    /// Nothing of the key.
    public var description: String { "a key for session tickets" }

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
@MainActor  // Spelled out: see HTTPServer.
public final class TLSTicketKeys {
    /// The most that there can be.
    public nonisolated static let limit = Int(CTLS_TICKET_KEYS)

    /// The keys, newest first.
    public private(set) var keys: [TLSTicketKey] = []

    /// The same for C, which looks here for each ticket.
    let memory: UnsafeMutablePointer<ctls_ticket_keys>

    /// Keys that were made elsewhere, newest first; one new key unless given.
    public init(_ keys: [TLSTicketKey] = [TLSTicketKey()]) {
        memory = .allocate(capacity: 1)
        memory.initialize(to: ctls_ticket_keys())
        replace(with: keys)
    }

    isolated deinit {
        UnsafeMutableRawBufferPointer(start: memory, count: MemoryLayout<ctls_ticket_keys>.size).initializeMemory(
            as: UInt8.self, repeating: 0)
        memory.deallocate()
    }

    /// Takes these keys from here on, newest first: one at least. Those beyond `limit` are left out.
    ///
    /// Contexts that were made with this object use them from their next handshake on.
    public func replace(with keys: [TLSTicketKey]) {
        require(!keys.isEmpty, "no key for session tickets; give settings no TLSTicketKeys to do without them")
        self.keys = Array(keys.prefix(Self.limit))
        memory.pointee.count = self.keys.count
        withUnsafeMutableBytes(of: &memory.pointee.keys) { bytes in
            // Keys that are dropped are to be gone.
            bytes.initializeMemory(as: UInt8.self, repeating: 0)
            bytes.copyBytes(from: self.keys.lazy.map(\.bytes).joined())
        }
    }

    /// Puts a new key first, and forgets the oldest ones.
    ///
    /// - Parameter keeping: how many older ones stay.
    public func rotate(keeping: Int = 2) {
        replace(with: [TLSTicketKey()] + keys.prefix(max(0, keeping)))
    }
}
