import COpenSSL
import MartletHTTP

/// The opening handshake over HTTP/1.1, RFC 6455 §4: what the fields of request and response have to be.
///
/// Fields are given as they came, those sent in several lines joined with commas (RFC 9110 §5.3); nil stands for one that
/// is missing.
public enum WebSocketHandshake {
    /// The version of the protocol: the one that is in use, and the only one here.
    public static let version = "13"

    /// What is appended to a key before it is hashed, RFC 6455 §1.3.
    private static let suffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

    /// A new key, as a client sends it: sixteen random bytes in Base 64.
    public static func makeKey() -> String {
        var generator = SystemRandomNumberGenerator()
        return Base64.encode((0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) })
    }

    /// Whether `key` is sixteen bytes in Base 64, RFC 6455 §4.2.1.
    public static func isValid(key: String) -> Bool {
        key.utf8.count == 24 && Base64.decode(key)?.count == 16
    }

    /// The value of Sec-WebSocket-Accept that answers `key`, RFC 6455 §4.2.2.
    public static func accept(for key: String) -> String {
        let text = Array((key + suffix).utf8)
        var digest = [UInt8](repeating: 0, count: 20)
        guard EVP_Digest(text, text.count, &digest, nil, EVP_sha1(), nil) == 1 else {
            fatalError("OpenSSL cannot make a SHA-1: its configuration forbids it")
        }
        return Base64.encode(digest)
    }
}
