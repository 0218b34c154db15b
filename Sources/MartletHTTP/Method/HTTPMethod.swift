import HTTPTypes

/// A request method as one byte, so that routing compares integers.
///
/// The registered methods that servers meet every day have a case; all others are ``other`` and told apart
/// by their name, which stays in the buffer.
public enum HTTPMethod: UInt8, Hashable, Sendable {
    case get, head, post, put, delete, options, patch, trace, connect
    /// A valid token without a case of its own, such as PROPFIND.
    case other

    /// The method named by `range` of `bytes`. Methods are case-sensitive (RFC 9110 §9.1): `get` is ``other``.
    init(_ range: ByteRange, in bytes: Span<UInt8>) {
        let start = Int(range.start)
        switch range.count {
        case 3 where bytes.has("GET", at: start): self = .get
        case 3 where bytes.has("PUT", at: start): self = .put
        case 4 where bytes.has("POST", at: start): self = .post
        case 4 where bytes.has("HEAD", at: start): self = .head
        case 5 where bytes.has("PATCH", at: start): self = .patch
        case 5 where bytes.has("TRACE", at: start): self = .trace
        case 6 where bytes.has("DELETE", at: start): self = .delete
        case 7 where bytes.has("OPTIONS", at: start): self = .options
        case 7 where bytes.has("CONNECT", at: start): self = .connect
        default: self = .other
        }
    }

    /// The case of a method of swift-http-types.
    public init(_ method: HTTPRequest.Method) {
        switch method {
        case .get: self = .get
        case .head: self = .head
        case .post: self = .post
        case .put: self = .put
        case .delete: self = .delete
        case .options: self = .options
        case .patch: self = .patch
        case .trace: self = .trace
        case .connect: self = .connect
        default: self = .other
        }
    }

    /// The method of swift-http-types, nil for ``other``.
    public var httpMethod: HTTPRequest.Method? {
        switch self {
        case .get: .get
        case .head: .head
        case .post: .post
        case .put: .put
        case .delete: .delete
        case .options: .options
        case .patch: .patch
        case .trace: .trace
        case .connect: .connect
        case .other: nil
        }
    }
}
