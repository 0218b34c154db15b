import HTTPTypes
import MartletServer

extension HTTPClientRequest {
    /// A request that passes on what a handler got, with its body as it comes.
    ///
    /// ```swift
    /// router.any("/api/{path...}") { request in
    ///     try await client.execute(HTTPClientRequest(forwarding: request, to: "http://127.0.0.1:9000"))
    /// }
    /// ```
    ///
    /// Fields of one connection only are left out, and so is Host, which is the new server's; X-Forwarded-For,
    /// X-Forwarded-Proto and X-Forwarded-Host say where the request came from. Redirects are not followed and bodies are not
    /// decompressed, neither the request's nor the response's: both are for the ends to do.
    ///
    /// - Parameters:
    ///   - request: what the handler got.
    ///   - base: the other server; what path it has goes before the request's target.
    /// - Throws: ``HTTPURLError`` when both together are no URL.
    @MainActor
    public init(forwarding request: Request, to base: HTTPURL) throws {
        let prefix = base.target.hasSuffix("/") ? String(base.path.dropLast()) : String(base.path)
        let url = try HTTPURL(parsing: "\(base.scheme)://\(base.authority)\(prefix)\(request.target)")
        var fields = request.fields
        for name in HopByHop.names(in: fields) { fields[name] = nil }
        for name in [HTTPField.Name.host, .contentLength, .contentType, .expect] { fields[name] = nil }
        let chain = [fields[.forwardedFor], request.clientAddress].compactMap { $0 }
        fields[.forwardedFor] = chain.joined(separator: ", ")
        fields[.forwardedProto] = request.scheme
        fields[.forwardedHost] = request.authority
        let isEmpty = request.body.expectedLength == 0
        let body: HTTPClientRequestBody =
            isEmpty ? .none : .stream(request.body.asSent, contentType: request[.contentType])
        self.init(request.method, url, fields: fields, body: body)
        redirects = HTTPRedirects.none
        decompresses = false
    }
}

nonisolated extension HTTPField.Name {
    /// `X-Forwarded-For`.
    static let forwardedFor = HTTPField.Name("X-Forwarded-For")!  // a token
    /// `X-Forwarded-Proto`.
    static let forwardedProto = HTTPField.Name("X-Forwarded-Proto")!  // a token
    /// `X-Forwarded-Host`.
    static let forwardedHost = HTTPField.Name("X-Forwarded-Host")!  // a token
}
