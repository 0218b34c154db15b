import FoundationEssentials
import HTTPTypes

/// A value that is answered as JSON (RFC 8259).
///
/// Handlers may return any `Encodable` value as it is; this wrapper adds a status, and says how dates and keys are
/// written.
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

    /// The encoded value as `application/json`. Keys are in the order of the alphabet, so that equal values give equal
    /// bytes.
    ///
    /// - Throws: `EncodingError` when the value cannot be encoded, such as a number that is not finite.
    public func response() throws -> Response {
        Response(status: status, bytes: Array(try encoder.encode(value)), contentType: "application/json")
    }
}

/// The encoder of all responses, which is never changed: making one costs as much as encoding a small value.
private nonisolated let encoder: JSONEncoder = {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.dateEncodingStrategy = .iso8601
    return encoder
}()
