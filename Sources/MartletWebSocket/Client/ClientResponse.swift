import HTTPTypes
import MartletHTTP

/// The head of a response that a client has got.
nonisolated struct ClientResponse {
    let status: Int
    let reason: String
    let fields: HTTPFields
    let body: HTTP1ResponseParser.Framing

    /// The head that `parser` has parsed at the beginning of `bytes`.
    init(_ parser: HTTP1ResponseParser, in bytes: [UInt8]) {
        status = parser.status
        reason = Self.harmless(String(parser.reason, in: bytes.span))
        fields = parser.fields.makeFields(in: bytes.span)
        body = parser.body
    }

    /// Status and reason phrase, as a message shows them.
    var statusText: String { reason.isEmpty ? "\(status)" : "\(status) \(reason.prefix(100))" }

    /// What Retry-After says in seconds, RFC 9110 §10.2.3; `nil` without, or of a date.
    var retryAfter: Duration? {
        guard let text = fields[.retryAfter], !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        // No machine runs longer than so many seconds.
        return .seconds(Int64(text).map { min($0, 1 << 31) } ?? 1 << 31)
    }

    /// `text` without what could harm a terminal, forge lines of a log, or turn the direction of writing.
    static func harmless(_ text: String) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: scalars.append(" ")
            default: scalars.append(scalar)
            }
        }
        return String(scalars)
    }
}
