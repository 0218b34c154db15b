/// A public key that a connection is to have to do with: the SHA-256 of its SubjectPublicKeyInfo (RFC 7469 §2.4).
public nonisolated struct TLSPin: Hashable, Sendable, CustomStringConvertible {
    /// The 32 bytes of the hash.
    public let sha256: [UInt8]

    /// A pin of 32 bytes; `nil` of any other number.
    public init?(sha256: [UInt8]) {
        guard sha256.count == 32 else { return nil }
        self.sha256 = sha256
    }

    /// Reads `sha256/…` or `sha256//…` (as curl writes it) with the hash in base64, or the hash in hexadecimal.
    public init?(_ text: String) { fatalError() }

    /// `sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=`
    public var description: String { fatalError() }
}
