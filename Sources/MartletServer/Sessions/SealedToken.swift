import COpenSSL
import MartletHTTP

/// Bytes that a client keeps and that only this service can have made, until they expire.
///
///     version (1)  expiry, seconds since 1970 (8, big-endian)  payload or nonce + ciphertext + tag  [HMAC (32)]
///
/// in URL-safe Base64. Signed tokens (version 1) carry HMAC-SHA-256 (RFC 2104) over everything before it and the
/// purpose; encrypted ones (version 2) are AES-256-GCM (NIST SP 800-38D) with version, expiry and purpose as additional
/// data and a random nonce. The keys are derived from the secret, one for each use, so that neither can stand in for the
/// other.
nonisolated struct SealedToken: Sendable {
    /// How the payload is protected.
    enum Protection: UInt8, Sendable {
        case signed = 1
        case encrypted = 2
    }

    private let secrets: [[UInt8]]
    private let protection: Protection
    private let purpose: [UInt8]

    private static let headLength = 9
    private static let signatureLength = 32
    private static let nonceLength = 12
    private static let tagLength = 16

    /// - Parameters:
    ///   - secrets: the first is used to make tokens, all are used to open them.
    ///   - protection: what others can do with them.
    ///   - purpose: a token of one purpose is none of another.
    init(secrets: [[UInt8]], protection: Protection, purpose: String) {
        let label = protection == .signed ? "martlet signed" : "martlet encrypted"
        self.secrets = secrets.map { Self.hmac(Array(label.utf8), key: $0) }
        self.protection = protection
        self.purpose = Array(purpose.utf8)
    }

    /// A token that can be opened until `expiry`, in seconds since 1970.
    func seal(_ payload: [UInt8], until expiry: Int64) -> String {
        var token = [protection.rawValue]
        for shift in stride(from: 56, through: 0, by: -8) {
            token.append(UInt8(truncatingIfNeeded: expiry >> Int64(shift)))
        }
        switch protection {
        case .signed:
            token += payload
            token += Self.hmac(token + purpose, key: secrets[0])
        case .encrypted:
            var random = SystemRandomNumberGenerator()
            let nonce = (0..<Self.nonceLength).map { _ in UInt8.random(in: 0...255, using: &random) }
            token += nonce + Self.encrypt(payload, key: secrets[0], nonce: nonce, additional: token + purpose)
        }
        return Base64.encode(token, .url)
    }

    /// The payload; `nil` of what is no token of this service and purpose, or has expired.
    func open(_ text: String, now: Int64) -> [UInt8]? {
        guard text.utf8.count <= 1 << 16, let token = Base64.decode(text, .url), token.count > Self.headLength,
            token[0] == protection.rawValue
        else { return nil }
        let head = Array(token[..<Self.headLength])
        let expiry = Int64(bitPattern: head.dropFirst().reduce(0) { $0 << 8 | UInt64($1) })
        for secret in secrets {
            guard let payload = open(token, head, secret) else { continue }
            return now < expiry ? payload : nil
        }
        return nil
    }

    private func open(_ token: [UInt8], _ head: [UInt8], _ secret: [UInt8]) -> [UInt8]? {
        switch protection {
        case .signed:
            guard token.count >= Self.headLength + Self.signatureLength else { return nil }
            let signed = Array(token.dropLast(Self.signatureLength))
            let signature = Array(token.suffix(Self.signatureLength))
            let expected = Self.hmac(signed + purpose, key: secret)
            guard CRYPTO_memcmp(signature, expected, Self.signatureLength) == 0 else { return nil }
            return Array(signed.dropFirst(Self.headLength))
        case .encrypted:
            guard token.count >= Self.headLength + Self.nonceLength + Self.tagLength else { return nil }
            let nonce = Array(token[Self.headLength..<Self.headLength + Self.nonceLength])
            let sealed = Array(token.dropFirst(Self.headLength + Self.nonceLength))
            return Self.decrypt(sealed, key: secret, nonce: nonce, additional: head + purpose)
        }
    }

    // MARK: OpenSSL

    private static func hmac(_ message: [UInt8], key: [UInt8]) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: signatureLength)
        var length: UInt32 = 0
        guard HMAC(EVP_sha256(), key, Int32(key.count), message, message.count, &code, &length) != nil else {
            fatalError("OpenSSL cannot make an HMAC-SHA-256: its configuration forbids it")
        }
        return code
    }

    private static func encrypt(_ plain: [UInt8], key: [UInt8], nonce: [UInt8], additional: [UInt8]) -> [UInt8] {
        let context = EVP_CIPHER_CTX_new()
        defer { EVP_CIPHER_CTX_free(context) }
        var sealed = [UInt8](repeating: 0, count: plain.count + tagLength)
        var tag = [UInt8](repeating: 0, count: tagLength)
        var length: Int32 = 0
        guard EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), nil, key, nonce) == 1,
            EVP_EncryptUpdate(context, nil, &length, additional, Int32(additional.count)) == 1,
            EVP_EncryptUpdate(context, &sealed, &length, plain, Int32(plain.count)) == 1,
            EVP_EncryptFinal_ex(context, nil, &length) == 1,
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(tagLength), &tag) == 1
        else { fatalError("OpenSSL cannot encrypt with AES-256-GCM: its configuration forbids it") }
        sealed.replaceSubrange(plain.count..., with: tag)
        return sealed
    }

    private static func decrypt(_ sealed: [UInt8], key: [UInt8], nonce: [UInt8], additional: [UInt8]) -> [UInt8]? {
        let context = EVP_CIPHER_CTX_new()
        defer { EVP_CIPHER_CTX_free(context) }
        let count = sealed.count - tagLength
        var tag = Array(sealed.suffix(tagLength))
        // OpenSSL wants somewhere to write even when there is nothing to.
        var plain = [UInt8](repeating: 0, count: max(1, count))
        var length: Int32 = 0
        guard EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), nil, key, nonce) == 1,
            EVP_DecryptUpdate(context, nil, &length, additional, Int32(additional.count)) == 1,
            EVP_DecryptUpdate(context, &plain, &length, sealed, Int32(count)) == 1,
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(tagLength), &tag) == 1,
            EVP_DecryptFinal_ex(context, nil, &length) == 1
        else { return nil }
        return Array(plain.prefix(count))
    }
}
