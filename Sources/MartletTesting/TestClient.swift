import FoundationEssentials
import HTTPTypes
import MartletHTTP
import MartletNet

/// Sends requests to a server under test, each on a connection of its own.
public final class TestClient {
    /// Fields that all requests have, unless they say otherwise themselves.
    public var fields = HTTPFields()
    /// The Host field of all requests.
    public var authority = "localhost"
    /// The address that requests come from; `nil`: one of 127.0.0.1. A live server is told it by the PROXY protocol.
    public var peerAddress: SocketAddress?
    /// Whether cookies that the server sets are sent back to it.
    public var keepsCookies = false
    /// Whether redirections are followed, ten in a row at most.
    public var followsRedirects = false

    private let host: TestHost
    private var jar = CookieJar()

    init(_ host: TestHost) {
        self.host = host
    }

    deinit {}

    /// The value of a cookie that is kept.
    public func cookie(_ name: String) -> String? { jar[name] }

    // MARK: Methods

    /// Sends GET.
    public func get(_ target: String, fields: HTTPFields = HTTPFields()) async throws -> TestResponse {
        try await send(.get, target, fields: fields)
    }

    /// Sends HEAD.
    public func head(_ target: String, fields: HTTPFields = HTTPFields()) async throws -> TestResponse {
        try await send(.head, target, fields: fields)
    }

    /// Sends OPTIONS.
    public func options(_ target: String, fields: HTTPFields = HTTPFields()) async throws -> TestResponse {
        try await send(.options, target, fields: fields)
    }

    /// Sends DELETE.
    public func delete(
        _ target: String, _ body: TestBody = .none, fields: HTTPFields = HTTPFields()
    ) async throws -> TestResponse {
        try await send(.delete, target, body, fields: fields)
    }

    /// Sends POST.
    public func post(
        _ target: String, _ body: TestBody = .none, fields: HTTPFields = HTTPFields()
    ) async throws -> TestResponse {
        try await send(.post, target, body, fields: fields)
    }

    /// Sends PUT.
    public func put(
        _ target: String, _ body: TestBody = .none, fields: HTTPFields = HTTPFields()
    ) async throws -> TestResponse {
        try await send(.put, target, body, fields: fields)
    }

    /// Sends PATCH.
    public func patch(
        _ target: String, _ body: TestBody = .none, fields: HTTPFields = HTTPFields()
    ) async throws -> TestResponse {
        try await send(.patch, target, body, fields: fields)
    }

    // MARK: Requests

    /// Sends a request and waits for the whole response. When this task is cancelled, the connection is cut.
    ///
    /// - Parameters:
    ///   - method: the method.
    ///   - target: path and query, percent-encoded.
    ///   - body: the body.
    ///   - fields: fields of the head. With `Expect: 100-continue`, the body waits for the server to ask for it.
    /// - Returns: the response; where redirections are followed, that to the last request.
    /// - Throws: ``TestError`` when no response comes; what the body threw; `CancellationError`.
    public func send(
        _ method: HTTPRequest.Method, _ target: String, _ body: TestBody = .none, fields: HTTPFields = HTTPFields()
    ) async throws -> TestResponse {
        var (method, target, body) = (method, target, body)
        for _ in 0...10 {
            let response = try await open(method, target, body, fields: fields).response()
            guard followsRedirects, let next = Self.redirection(response, from: target) else { return response }
            target = next
            let keepsMethod = response.status.code == 307 || response.status.code == 308 || method == .head
            if !keepsMethod { (method, body) = (.get, .none) }
        }
        throw TestError(.redirects, "the server has redirected more than ten times, at last to \(target)")
    }

    /// Sends a request, whose response is read piece by piece. Redirections are not followed.
    ///
    /// - Throws: ``TestError`` when the request cannot be sent, and when there is no connection.
    public func open(
        _ method: HTTPRequest.Method, _ target: String, _ body: TestBody = .none, fields: HTTPFields = HTTPFields()
    ) async throws -> TestExchange {
        guard !target.isEmpty, target.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            throw TestError(.request, "\"\(target)\" is no target: percent-encode it")
        }
        let path = String(target.prefix { $0 != "?" })
        let fields = allFields(fields, body, path)
        let awaitsContinue = fields[.expect]?.lowercased() == "100-continue"
        let head = Self.head(method, target, fields)
        return TestExchange(
            host, try await host.connect(from: peerAddress), head: head, body: body, isHead: method == .head,
            awaitsContinue: awaitsContinue
        ) { [self] head in
            guard keepsCookies else { return }
            let now = HTTPDate(unixTime: Int64(Date().timeIntervalSince1970))
            for cookie in head.fields[values: .setCookie] { jar.keep(cookie, of: path, now: now) }
        }
    }

    private func allFields(_ own: HTTPFields, _ body: TestBody, _ path: String) -> HTTPFields {
        var all = HTTPFields()
        if let host = HTTPField.Name("Host"), own[host] == nil { all[host] = authority }
        for field in fields where !own.contains(field.name) { all.append(field) }
        for field in own { all.append(field) }
        if all[.contentType] == nil, let type = body.contentType { all[.contentType] = type }
        if keepsCookies, all[.cookie] == nil, let cookies = jar.field(for: path) { all[.cookie] = cookies }
        switch body.content {
        case .none: break
        case .bytes(let bytes): all[.contentLength] = String(bytes.count)
        case .stream(let length?, _): all[.contentLength] = String(length)
        case .stream(nil, _): all[.transferEncoding] = "chunked"
        }
        return all
    }

    private static func head(_ method: HTTPRequest.Method, _ target: String, _ fields: HTTPFields) -> [UInt8] {
        var text = "\(method.rawValue) \(target) HTTP/1.1\r\n"
        for field in fields { text += "\(field.name.rawName): \(field.value)\r\n" }
        return Array((text + "\r\n").utf8)
    }

    /// The target that a response sends its client to, if it is one of this server.
    private static func redirection(_ response: TestResponse, from target: String) -> String? {
        guard [301, 302, 303, 307, 308].contains(response.status.code), let location = response[.location] else {
            return nil
        }
        if location.hasPrefix("/") { return location }
        guard !location.contains("://") else { return nil }
        let path = target.prefix { $0 != "?" }
        return location.hasPrefix("?")
            ? path + location : path[...(path.lastIndex(of: "/") ?? path.startIndex)] + location
    }
}
