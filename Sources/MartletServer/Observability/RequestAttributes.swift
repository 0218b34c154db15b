import HTTPTypes
import MartletHTTP
import Tracing

/// What a span says about a request: OpenTelemetry's semantic conventions for HTTP servers, version 1.23 and later.
enum RequestAttributes {
    /// Methods that are named; any other is `_OTHER`, so that clients cannot invent names of spans.
    private nonisolated static let knownMethods: Set<HTTPRequest.Method> = [
        .connect, .delete, .get, .head, .options, .patch, .post, .put, .trace,
    ]

    /// `GET /users/{id}`; the method alone where no route answers.
    static func name(of request: Request) -> String {
        let method = isKnown(request.method) ? request.method.rawValue : "HTTP"
        return request.route.map { "\(method) \($0.pattern)" } ?? method
    }

    /// Sets what is known before the request is answered.
    static func set(on span: some Span, _ request: Request, recordsQuery: Bool) {
        let method = request.method
        var attributes = SpanAttributes()
        attributes["http.request.method"] = isKnown(method) ? method.rawValue : "_OTHER"
        if !isKnown(method) { attributes["http.request.method_original"] = method.rawValue }
        attributes["url.path"] = request.path
        attributes["url.scheme"] = request.scheme
        if recordsQuery, let query = request.queryString { attributes["url.query"] = query }
        if let route = request.route { attributes["http.route"] = route.pattern.description }
        if let authority = request.authority { setServer(authority, isSecure: request.scheme == "https", &attributes) }
        if !request.clientAddress.isEmpty { attributes["client.address"] = request.clientAddress }
        if let peer = request.peerAddress?.host { attributes["network.peer.address"] = peer }
        if let agent = request[.userAgent] { attributes["user_agent.original"] = agent }
        attributes["network.protocol.version"] = "1.\(request.minorVersion)"
        let complete = attributes
        span.updateAttributes { $0.merge(complete) }
    }

    /// Sets what the answer says.
    static func set(on span: some Span, status: Int) {
        span.updateAttributes { attributes in
            attributes["http.response.status_code"] = status
            if status >= 500 { attributes["error.type"] = "\(status)" }
        }
        if status >= 500 { span.setStatus(SpanStatus(code: .error)) }
    }

    private static func isKnown(_ method: HTTPRequest.Method) -> Bool { knownMethods.contains(method) }

    private static func setServer(_ authority: String, isSecure: Bool, _ attributes: inout SpanAttributes) {
        var host = Substring(authority)
        var port = isSecure ? 443 : 80
        // Not the colons of an IPv6 address, which end in a bracket.
        if let colon = authority.lastIndex(of: ":"), let number = UInt16(authority[authority.index(after: colon)...]) {
            host = authority[..<colon]
            port = Int(number)
        }
        attributes["server.address"] = String(host)
        attributes["server.port"] = port
    }
}
