/// Reads the header that a proxy sends before the bytes of a connection, in either version.
///
/// Every call gets the connection's bytes from the first one on; a header is short, so what was seen before is looked
/// at again. The header decides what the peer's address is taken to be: parse it only on listeners that nobody but the
/// proxy can reach.
public struct ProxyHeaderParser: Sendable {
    /// How far a header has come.
    public enum Progress: Hashable, Sendable {
        /// The bytes so far are the beginning of a header.
        case needsMore
        /// The header fills the first `length` bytes; what is behind is the client's.
        case complete(length: Int, ProxyHeader)
    }

    /// The longest line of version 1, with its line end.
    static let longestLine = 107
    /// Extensions of one header.
    static let mostExtensions = 128
    static let lineStart = Array("PROXY ".utf8)
    static let signature: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]

    /// How many bytes a header of version 2 may have.
    public let limit: Int

    /// A parser; `limit` is how many bytes a header of version 2 may have, at least the 52 of one for IPv6.
    public init(limit: Int = 4096) {
        self.limit = max(limit, 52)
    }

    /// Reads the header that `bytes` begins with.
    ///
    /// - Throws: ``ProxyHeaderError`` when the bytes cannot become a header any more.
    public func parse(_ bytes: Span<UInt8>) throws(ProxyHeaderError) -> Progress {
        guard bytes.count > 0 else { return .needsMore }
        let isLine = bytes[0] == Self.lineStart[0]
        let start = isLine ? Self.lineStart : Self.signature
        for i in 0..<min(start.count, bytes.count) where bytes[i] != start[i] {
            throw ProxyHeaderError(.signature, "the connection does not begin with a header")
        }
        guard bytes.count >= start.count else { return .needsMore }
        return isLine ? try parseLine(bytes) : try parseBinary(bytes)
    }
}
