import FoundationEssentials
import HTTPTypes
import MartletJSON

/// A value that is answered as JSON (RFC 8259).
///
/// Handlers may return any `Encodable` value as it is; this wrapper adds a status.
///
/// Properties are written in the order in which the type declares them, dictionaries in the order of their keys, so that
/// equal values give equal bytes. A `Date` is text in the form of RFC 3339, a `Data` Base64, a `URL` text.
public nonisolated struct JSON<Value: Encodable>: ResponseConvertible {
    /// What is encoded.
    public var value: Value
    /// The status; 200 unless said otherwise.
    public var status: HTTPResponse.Status

    /// A response that holds `value` as JSON.
    public init(_ value: Value, status: HTTPResponse.Status = .ok) {
        self.value = value
        self.status = status
    }

    /// The encoded value as `application/json`.
    ///
    /// - Throws: `EncodingError` when the value cannot be encoded, such as a number that is not finite.
    public func response() throws -> Response {
        Response(status: status, bytes: try ApplicationJSON.writer.write(value), contentType: "application/json")
    }
}

/// How requests and responses have their values in JSON.
package nonisolated enum ApplicationJSON {
    package static let writer = JSONWriter(conversions: conversions)
    package static let reader = JSONReader(conversions: conversions)

    /// The forms that everybody expects of Foundation's types, which `Codable` alone would not give.
    private static let conversions: JSONConversions = {
        var conversions = JSONConversions()
        conversions.add(
            Date.self,
            read: { decoder in
                try text(decoder, "a date such as 2026-01-31T12:00:00Z") { try? Date($0, strategy: .iso8601) }
            },
            write: { try write($0.formatted(.iso8601), $1) })
        conversions.add(
            Data.self,
            read: { decoder in try text(decoder, "Base64") { Data(base64Encoded: $0) } },
            write: { try write($0.base64EncodedString(), $1) })
        conversions.add(
            URL.self,
            read: { decoder in try text(decoder, "a URL") { URL(string: $0) } },
            write: { try write($0.absoluteString, $1) })
        return conversions
    }()

    private static func text<Value>(
        _ decoder: any Decoder, _ what: String, _ parse: (String) -> Value?
    ) throws -> Value {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let value = parse(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "expected \(what)"))
        }
        return value
    }

    private static func write(_ text: String, _ encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
