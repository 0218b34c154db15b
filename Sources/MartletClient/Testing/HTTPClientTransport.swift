/// Gets the response to one request, without redirects, cookies and the like: a pool of connections, or what takes its
/// place in a test.
public protocol HTTPClientTransport: AnyObject {
    /// Sends a request and returns its response, whose body may still be on its way.
    func exchange(_ request: HTTPClientRequest) async throws -> HTTPClientResponse
    /// Closes what is open.
    func shutdown() async
}

/// A transport for tests: answers with what a closure says, and keeps what was asked.
///
/// ```swift
/// let transport = MockTransport { request in
///     request.url.path == "/users/7" ? try .json(user) : HTTPClientResponse(status: .notFound)
/// }
/// let client = HTTPClient(transport: transport)
/// ```
public final class MockTransport: HTTPClientTransport {
    /// The requests so far, in order.
    public private(set) var requests: [HTTPClientRequest] = []

    private let respond: @MainActor (HTTPClientRequest) async throws -> HTTPClientResponse

    /// A transport that has `respond` answer.
    public init(_ respond: @escaping @MainActor (HTTPClientRequest) async throws -> HTTPClientResponse) {
        self.respond = respond
    }

    deinit {}

    /// Answers as the closure says.
    public func exchange(_ request: HTTPClientRequest) async throws -> HTTPClientResponse {
        requests.append(request)
        return try await respond(request).to(request)
    }

    /// Does nothing.
    public func shutdown() async {}
}
