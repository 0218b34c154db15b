import FoundationEssentials
import HTTPTypes
import MartletHTTP

/// Status and fields of a response.
public nonisolated struct TestResponseHead: Sendable {
    /// The status.
    public let status: HTTPResponse.Status
    /// The fields, in the order in which they were sent.
    public let fields: HTTPFields

    /// The value of a field; several of that name are joined by commas.
    public subscript(name: HTTPField.Name) -> String? { fields[name] }
}

/// What a server has answered.
public nonisolated struct TestResponse: Sendable {
    /// Status and fields.
    public let head: TestResponseHead
    /// The responses that came before it, with statuses of 100 and more.
    public let interim: [TestResponseHead]
    /// The body, all of it.
    public let body: [UInt8]
    /// Fields behind the body.
    public let trailers: HTTPFields?

    /// The status.
    public var status: HTTPResponse.Status { head.status }
    /// The fields, in the order in which they were sent.
    public var fields: HTTPFields { head.fields }
    /// The body as UTF-8.
    public var text: String { String(decoding: body, as: UTF8.self) }

    /// The value of a field; several of that name are joined by commas.
    public subscript(name: HTTPField.Name) -> String? { fields[name] }

    /// The body, decoded from JSON; dates are in the form of ISO 8601.
    ///
    /// - Throws: `DecodingError` when it is something else.
    public func json<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        return try decoder.decode(type, from: Data(body))
    }
}
