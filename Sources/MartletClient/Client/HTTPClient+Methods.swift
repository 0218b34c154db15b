import HTTPTypes

/// The usual requests, each in one line.
extension HTTPClient {
    /// Sends GET.
    public func get(_ url: HTTPURL, fields: HTTPFields = HTTPFields()) async throws -> HTTPClientResponse {
        try await execute(HTTPClientRequest(.get, url, fields: fields))
    }

    /// Sends HEAD.
    public func head(_ url: HTTPURL, fields: HTTPFields = HTTPFields()) async throws -> HTTPClientResponse {
        try await execute(HTTPClientRequest(.head, url, fields: fields))
    }

    /// Sends POST.
    public func post(
        _ url: HTTPURL, fields: HTTPFields = HTTPFields(), body: HTTPClientRequestBody = .none
    ) async throws -> HTTPClientResponse {
        try await execute(HTTPClientRequest(.post, url, fields: fields, body: body))
    }

    /// Sends PUT.
    public func put(
        _ url: HTTPURL, fields: HTTPFields = HTTPFields(), body: HTTPClientRequestBody = .none
    ) async throws -> HTTPClientResponse {
        try await execute(HTTPClientRequest(.put, url, fields: fields, body: body))
    }

    /// Sends PATCH.
    public func patch(
        _ url: HTTPURL, fields: HTTPFields = HTTPFields(), body: HTTPClientRequestBody = .none
    ) async throws -> HTTPClientResponse {
        try await execute(HTTPClientRequest(.patch, url, fields: fields, body: body))
    }

    /// Sends DELETE.
    public func delete(_ url: HTTPURL, fields: HTTPFields = HTTPFields()) async throws -> HTTPClientResponse {
        try await execute(HTTPClientRequest(.delete, url, fields: fields))
    }

    /// Sends GET for a URL that is text, from a configuration or a user.
    ///
    /// - Throws: ``HTTPClientError`` of the code `invalidURL` for what is none.
    public func get(_ text: String, fields: HTTPFields = HTTPFields()) async throws -> HTTPClientResponse {
        try await get(HTTPURL(request: text), fields: fields)
    }
}

nonisolated extension HTTPURL {
    /// The URL that a text is, with an error as a request has it.
    init(request text: String) throws(HTTPClientError) {
        do throws(HTTPURLError) {
            try self.init(parsing: text)
        } catch {
            throw HTTPClientError(.invalidURL, url: HTTPURL.redacted(text), error.reason)
        }
    }
}
