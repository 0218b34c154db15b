/// Why a test client has no answer.
public nonisolated struct TestError: Error, Sendable, CustomStringConvertible {
    /// What kind of reason it is. More may be added: always have a `default`.
    public nonisolated struct Code: Hashable, Sendable {
        private let name: String

        /// The server has ended the connection before the response was complete.
        public static let endedEarly = Code(name: "ended early")
        /// What the server has sent is no response of HTTP/1.1.
        public static let malformed = Code(name: "malformed")
        /// The request cannot be sent as it is.
        public static let request = Code(name: "request")
        /// The server has redirected too often.
        public static let redirects = Code(name: "redirects")
    }

    /// What kind of reason it is.
    public let code: Code
    /// What has happened.
    public let description: String

    init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}
