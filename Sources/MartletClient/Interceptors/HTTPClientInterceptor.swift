/// Something done around requests: before, after, in place of, or more than once.
///
/// ```swift
/// struct APIKey: HTTPClientInterceptor {
///     func execute(_ request: HTTPClientRequest, next: HTTPClientNext) async throws -> HTTPClientResponse {
///         var request = request
///         request[.authorization] = "Bearer \(try await token())"
///         return try await next(request)
///     }
/// }
/// settings.interceptors = [APIKey()]
/// ```
///
/// Redirects, cookies, authentication and retries lie behind: an interceptor sees a request once, and the final response.
public protocol HTTPClientInterceptor {
    /// Gets the response to a request, usually what `next` gets.
    func execute(_ request: HTTPClientRequest, next: HTTPClientNext) async throws -> HTTPClientResponse
}

/// What lies behind an interceptor: the next one, or the client itself.
public struct HTTPClientNext {
    private let client: HTTPClient
    private let position: Int

    init(_ client: HTTPClient, position: Int) {
        self.client = client
        self.position = position
    }

    /// Gets the response.
    public func callAsFunction(_ request: HTTPClientRequest) async throws -> HTTPClientResponse {
        let interceptors = client.settings.interceptors
        guard position < interceptors.count else { return try await client.follow(request) }
        return try await interceptors[position].execute(request, next: HTTPClientNext(client, position: position + 1))
    }
}
