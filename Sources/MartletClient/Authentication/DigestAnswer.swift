import COpenSSL
import MartletHTTP

/// The answer to a challenge of the scheme Digest, RFC 7616 §3.4.
nonisolated struct DigestAnswer {
    let challenge: DigestChallenge
    let user: String
    let password: String
    let method: String
    /// The request's target, as it stands in the request line.
    let target: String
    /// How often the nonce has been used, this time included.
    let count: UInt32
    let clientNonce: String

    /// The value of Authorization.
    var authorization: String {
        var fields = [
            ("username", Self.quoted(user)), ("realm", Self.quoted(challenge.realm)),
            ("nonce", Self.quoted(challenge.nonce)), ("uri", Self.quoted(target)),
            ("response", Self.quoted(response)), ("algorithm", challenge.algorithm.rawValue),
        ]
        if challenge.hasQuality {
            fields += [("qop", "auth"), ("nc", counter), ("cnonce", Self.quoted(clientNonce))]
        }
        if let opaque = challenge.opaque { fields.append(("opaque", Self.quoted(opaque))) }
        return "Digest " + fields.map { "\($0.0)=\($0.1)" }.joined(separator: ", ")
    }

    var response: String {
        var secret = hash("\(user):\(challenge.realm):\(password)")
        if challenge.algorithm.isSession { secret = hash("\(secret):\(challenge.nonce):\(clientNonce)") }
        let request = hash("\(method):\(target)")
        guard challenge.hasQuality else { return hash("\(secret):\(challenge.nonce):\(request)") }
        return hash("\(secret):\(challenge.nonce):\(counter):\(clientNonce):auth:\(request)")
    }

    private var counter: String {
        let digits = String(count, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }

    private func hash(_ text: String) -> String {
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var length: UInt32 = 0
        let bytes = Array(text.utf8)
        let status = EVP_Digest(
            bytes, bytes.count, &digest, &length, challenge.algorithm.isSHA256 ? EVP_sha256() : EVP_md5(), nil)
        precondition(status == 1, "OpenSSL cannot make a digest")
        return digest[..<Int(length)].map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for character in text.unicodeScalars {
            if character == "\"" || character == "\\" { result += "\\" }
            result.unicodeScalars.append(character)
        }
        return result + "\""
    }
}
