/// A content coding, RFC 9110 §8.4.1, by its name in lower case.
public struct ContentCoding: RawRepresentable, Hashable, Sendable {
    /// The name.
    public let rawValue: String

    /// A coding by its name, which has no case.
    public init(rawValue: String) { self.rawValue = rawValue.lowercased() }

    /// The bytes as they are.
    public static let identity = ContentCoding(rawValue: "identity")
    /// RFC 1952; `x-gzip` is the same (RFC 9110 §8.4.1.3).
    public static let gzip = ContentCoding(rawValue: "gzip")
    /// The zlib format, RFC 1950.
    public static let deflate = ContentCoding(rawValue: "deflate")
    /// Brotli, RFC 7932.
    public static let brotli = ContentCoding(rawValue: "br")
    /// Zstandard, RFC 8878.
    public static let zstandard = ContentCoding(rawValue: "zstd")
}

extension ContentCoding: CustomStringConvertible {
    /// The name.
    public var description: String { rawValue }
}
