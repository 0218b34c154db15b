import HTTPTypes
import MartletHTTP

/// The head of a response that a client has got.
package nonisolated struct HandshakeResponse {
    /// The status code.
    package let status: Int
    /// The reason phrase.
    package let reason: String
    /// The fields.
    package let fields: HTTPFields
    /// How the body is delimited.
    package let body: HTTP1ResponseParser.Framing

    /// The head that `parser` has parsed at the beginning of `bytes`.
    init(_ parser: HTTP1ResponseParser, in bytes: [UInt8]) {
        status = parser.status
        reason = Self.harmless(String(parser.reason, in: bytes.span))
        fields = parser.fields.makeFields(in: bytes.span)
        body = parser.body
    }

    /// Status and reason phrase, as a message shows them.
    package var statusText: String { reason.isEmpty ? "\(status)" : "\(status) \(reason.prefix(100))" }

    /// What Retry-After says.
    package var retryAfter: Duration? { RetryAfter.delay(fields[.retryAfter]) }

    /// `text` without what could harm a terminal, forge lines of a log, or turn the direction of writing.
    package static func harmless(_ text: String) -> String {
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
