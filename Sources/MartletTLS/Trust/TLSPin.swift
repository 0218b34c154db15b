import CTLS

/// A public key that a connection is to have to do with: the SHA-256 of its SubjectPublicKeyInfo (RFC 7469 §2.4).
public nonisolated struct TLSPin: Hashable, Sendable, CustomStringConvertible {
    /// The 32 bytes of the hash.
    public let sha256: [UInt8]

    /// A pin of 32 bytes; `nil` of any other number.
    public init?(sha256: [UInt8]) {
        guard sha256.count == 32 else { return nil }
        self.sha256 = sha256
    }

    init(bytes: [UInt8]) { sha256 = bytes }

    /// Reads `sha256/…`, or `sha256//…` as curl writes it, with the hash in base64.
    public init?(_ text: String) {
        guard text.hasPrefix("sha256/") else { return nil }
        var base64 = text.dropFirst(7)
        // A hash has 44 characters, of which a slash may be the first.
        if base64.utf8.count == 45, base64.hasPrefix("/") { base64 = base64.dropFirst() }
        guard base64.utf8.count == 44, base64.hasSuffix("="), !base64.hasSuffix("==") else { return nil }
        var bytes = [UInt8](repeating: 0, count: 33)
        let copy = String(base64)
        guard ctls_base64_decode(copy, 44, &bytes) == 33 else { return nil }
        sha256 = Array(bytes.prefix(32))
    }

    /// `sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=`
    public var description: String {
        var text = [CChar](repeating: 0, count: 45)
        let count = ctls_base64(sha256, sha256.count, &text)
        return "sha256/" + String(decoding: text.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
