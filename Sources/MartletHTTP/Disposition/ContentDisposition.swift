/// The value of Content-Disposition, RFC 6266: whether an answer is shown or saved, and under which name.
public struct ContentDisposition: Hashable, Sendable {
    /// What the client is to do with the answer.
    public enum Kind: String, Hashable, Sendable {
        /// Show it.
        case inline
        /// Save it.
        case attachment
    }

    /// What the client is to do with the answer.
    public let kind: Kind
    /// The name under which it is saved, without control characters; `/` and `\` are underscores, since a name is no
    /// path. Nil: as the client thinks.
    public let filename: String?

    /// A disposition.
    public init(_ kind: Kind, filename: String? = nil) {
        self.kind = kind
        self.filename = filename.map { name in
            let bytes = name.utf8.lazy.filter { $0 >= 0x20 && $0 != 0x7F }
            return String(
                decoding: bytes.map { $0 == ASCII.slash || $0 == ASCII.backslash ? ASCII.underscore : $0 },
                as: UTF8.self)
        }
    }

    /// Saves the answer as `filename`.
    public static func attachment(filename: String) -> ContentDisposition {
        ContentDisposition(.attachment, filename: filename)
    }
}

extension ContentDisposition: CustomStringConvertible {
    /// The field value. A name that not every client reads alike is there twice: in ASCII, with underscores for other
    /// characters, and exactly (RFC 8187), which clients prefer.
    public var description: String {
        guard let filename else { return kind.rawValue }
        let fallback = String(filename.unicodeScalars.map { Self.isPlain($0) ? Character($0) : "_" })
        let text = "\(kind.rawValue); filename=\"\(fallback)\""
        return filename.utf8.elementsEqual(fallback.utf8) ? text : text + "; filename*=UTF-8''" + Self.encoded(filename)
    }

    /// Not the quote, which old clients end the name at, nor the percent sign, which some decode: RFC 6266 appendix D.
    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isASCII && scalar != "\"" && scalar != "%"
    }

    /// `value-chars`, RFC 8187 §3.2.1
    private static func encoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            // `attr-char` is a token's character but for these three.
            if ByteClass.isToken(byte), byte != ASCII.asterisk, byte != UInt8(ascii: "'"), byte != ASCII.percent {
                bytes.append(byte)
            } else {
                bytes += [ASCII.percent, digits[Int(byte >> 4)], digits[Int(byte & 0xF)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
