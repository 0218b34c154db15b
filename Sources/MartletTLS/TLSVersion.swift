/// A version of the protocol. Older ones are not spoken (RFC 8996).
public nonisolated struct TLSVersion: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// As on the wire: 0x0303 for TLS 1.2.
    let rawValue: Int32

    /// TLS 1.2 (RFC 5246).
    public static let tls12 = TLSVersion(rawValue: 0x0303)
    /// TLS 1.3 (RFC 8446).
    public static let tls13 = TLSVersion(rawValue: 0x0304)

    /// The older one is less.
    public static func < (left: TLSVersion, right: TLSVersion) -> Bool { left.rawValue < right.rawValue }

    /// `TLS 1.3`
    public var description: String { "TLS 1.\(rawValue - 0x0301)" }
}
