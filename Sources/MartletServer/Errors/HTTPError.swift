import HTTPTypes

/// An error that a handler throws to answer with a status: the client gets what is in it, and nothing else.
///
/// ```swift
/// guard let user = users[id] else { throw HTTPError(.notFound, "there is no user \(id)") }
/// ```
///
/// A browser gets a page, everybody else a problem document (RFC 9457).
public nonisolated struct HTTPError: Error, Sendable, CustomStringConvertible {
    /// The status to answer with.
    public var status: HTTPResponse.Status
    /// What the client is told; `nil` leaves it at the status's reason phrase.
    public var message: String?
    /// Fields of the answer, such as `WWW-Authenticate`.
    public var fields: HTTPFields
    /// A URI that names the kind of problem (`type`); `nil`: the status says it all.
    public var type: String?
    /// What is wrong with single values of the request.
    public var faults: [Fault] = []

    /// What is wrong with one value of the request.
    public struct Fault: Hashable, Sendable {
        /// Where it is: `items[3].price`, or the name of a parameter.
        public var path: String
        /// What is wrong with it.
        public var message: String

        /// A fault.
        public init(path: String, _ message: String) {
            self.path = path
            self.message = message
        }
    }

    /// An error that is answered with `status` and `message`.
    public init(
        _ status: HTTPResponse.Status, _ message: String? = nil, type: String? = nil, faults: [Fault] = [],
        fields: HTTPFields = HTTPFields()
    ) {
        self.status = status
        self.message = message
        self.type = type
        self.faults = faults
        self.fields = fields
    }

    /// `404 Not Found: there is no user 7`
    public var description: String {
        "\(status.code) \(status.reasonPhrase)" + (message.map { ": \($0)" } ?? "")
    }
}

extension HTTPError: ResponseConvertible {
    /// The problem document.
    public nonisolated func response() -> Response {
        Problem(self).document
    }
}
