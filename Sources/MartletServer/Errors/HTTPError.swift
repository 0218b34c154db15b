import HTTPTypes

/// An error that a handler throws to answer with a status: the client gets the status and the message, nothing else.
///
/// ```swift
/// guard let user = users[id] else { throw HTTPError(.notFound, "there is no user \(id)") }
/// ```
public nonisolated struct HTTPError: Error, Sendable, CustomStringConvertible {
    /// The status to answer with.
    public var status: HTTPResponse.Status
    /// What the client is told, as plain text; `nil` says the status's reason phrase.
    public var message: String?
    /// Fields of the answer, such as `WWW-Authenticate`.
    public var fields: HTTPFields

    /// An error that is answered with `status` and `message`.
    public init(_ status: HTTPResponse.Status, _ message: String? = nil, fields: HTTPFields = HTTPFields()) {
        self.status = status
        self.message = message
        self.fields = fields
    }

    /// `404 Not Found: there is no user 7`
    public var description: String {
        "\(status.code) \(status.reasonPhrase)" + (message.map { ": \($0)" } ?? "")
    }
}

extension HTTPError: ResponseConvertible {
    /// The status with the message as plain text.
    public nonisolated func response() -> Response {
        var response = Response(status: status, text: (message ?? status.reasonPhrase) + "\n")
        response.fields = fields
        return response
    }
}
