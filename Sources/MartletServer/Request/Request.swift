import HTTPTypes
import Logging
import MartletHTTP
import MartletLoop
import MartletNet
import MartletTLS

/// A request, as a view of the bytes that arrived: strings and fields are made when they are asked for.
///
/// It may be kept as long as its server lives; its body can be read until the response is sent.
public struct Request {
    @usableFromInline let exchange: Exchange

    init(exchange: Exchange) {
        self.exchange = exchange
    }

    /// The method (RFC 9110 §9).
    public var method: HTTPRequest.Method {
        exchange.method()
    }

    /// The target as it was sent: path and query, percent-encoded.
    public var target: String {
        exchange.text(exchange.parser.target)
    }

    /// The target's path, percent-encoded, with segments `.` and `..` resolved.
    public var path: String {
        let path = exchange.text(exchange.path)
        return path.isEmpty ? "/" : path
    }

    /// The target's query without its question mark, as it was sent; `nil` when it has none.
    public var queryString: String? {
        exchange.parser.query.map { exchange.text($0) }
    }

    /// What the route's pattern matched, percent-decoded.
    public var parameters: RouteParameters {
        RouteParameters(exchange: exchange)
    }

    /// The route that answers; `nil` where none does, which filters and middlewares see.
    public var route: Route? { exchange.route }

    /// The minor version of HTTP/1: 0 or 1.
    public var minorVersion: Int { Int(exchange.parser.minorVersion) }

    // MARK: Fields

    /// The value of a field, without white space around it; `nil` when the request has none. Several fields of that
    /// name are joined by commas (RFC 9110 §5.3).
    ///
    /// A look-up compares names in place: nothing but the value is copied.
    public subscript(_ name: HTTPField.Name) -> String? {
        exchange.fieldValue(name)
    }

    /// The values of all fields of a name, one by one, in order.
    public func values(_ name: HTTPField.Name) -> [String] {
        exchange.fieldValues(name)
    }

    /// Whether the request has a field of that name; copies nothing.
    public func has(_ name: HTTPField.Name) -> Bool {
        exchange.hasField(name)
    }

    /// All fields, in the order in which they were sent. Each call makes them anew.
    public var fields: HTTPFields {
        exchange.allFields()
    }

    /// The head in the types of swift-http-types. Each call makes it anew.
    public var httpRequest: HTTPRequest {
        HTTPRequest(method: method, scheme: scheme, authority: authority, path: target, headerFields: fields)
    }

    // MARK: Where it comes from and where it goes

    /// The other end of the connection, which may be a proxy's; `nil` when the connection is gone. Asks the kernel.
    ///
    /// With the PROXY protocol on the listener, the address that it tells.
    public var peerAddress: SocketAddress? {
        exchange.transport?.peerAddress
    }

    /// The address of this end; `nil` when the connection is gone. Asks the kernel.
    public var localAddress: SocketAddress? {
        exchange.transport?.localAddress
    }

    /// The client's address without port, as text: what trusted proxies say (``TrustedProxies``), else the peer's. Empty
    /// when nobody knows; `unix` of a Unix socket.
    public var clientAddress: String {
        exchange.notes.origin?.address ?? peerAddress?.host ?? ""
    }

    /// `http` or `https`: what trusted proxies say, else that of the connection.
    public var scheme: String {
        exchange.notes.origin?.scheme ?? (exchange.transport?.isSecure == true ? "https" : "http")
    }

    /// What the connection's ends have agreed on: the version, the name that was asked for, the client's certificate.
    /// `nil` when the request did not come by TLS, or is over.
    public var tls: TLSSession? {
        exchange.transport?.tls
    }

    /// The authority that the client asks for, `example.org:8080`: what trusted proxies say, else that of an absolute
    /// target or the Host field. `nil` of HTTP/1.0 without Host.
    public var authority: String? {
        exchange.notes.origin?.host ?? exchange.parser.host.map { exchange.text($0) }
    }

    // MARK: The body

    /// The body.
    public var body: RequestBody {
        RequestBody(exchange: exchange)
    }

    // MARK: What goes with it

    /// Values that filters, middlewares and handlers keep with the request, by a key of their own.
    ///
    /// ```swift
    /// enum CurrentUser: RequestKey { typealias Value = User }
    /// request[CurrentUser.self] = user
    /// ```
    public subscript<Key: RequestKey>(_ key: Key.Type) -> Key.Value? {
        get { exchange.notes.values[ObjectIdentifier(key)] as? Key.Value }
        nonmutating set { exchange.notes.values[ObjectIdentifier(key)] = newValue }
    }

    /// What logs and traces know this request by; `nil` until somebody, such as ``RequestIdentifier``, gives it a name.
    public var id: String? {
        get { exchange.notes.id }
        nonmutating set { exchange.notes.id = newValue }
    }

    /// Until when the request is to be answered; `nil` when nobody has set a limit, as ``RequestTimeout`` does.
    public var deadline: EventLoop.Instant? {
        get { exchange.notes.deadline }
        nonmutating set { exchange.notes.deadline = newValue }
    }

    /// The worker that serves it, and the state that the application keeps there.
    public var worker: Worker { exchange.server.worker }

    /// The server's log, with the request's identifier, trace, method and path on every entry.
    public var logger: Logger {
        var logger = exchange.server.logger
        if let id { logger[metadataKey: "request"] = "\(id)" }
        if let traceParent { logger[metadataKey: "trace_id"] = "\(traceParent.traceIDText)" }
        logger[metadataKey: "method"] = "\(method.rawValue)"
        logger[metadataKey: "path"] = "\(path)"
        return logger
    }

    // MARK: Interim responses

    /// Tells the client what it will need before the response itself is known: 103 Early Hints (RFC 8297). HTTP/1.0
    /// clients are not told.
    ///
    /// ```swift
    /// try await request.sendEarlyHints([.link: "</style.css>; rel=preload; as=style"])
    /// ```
    ///
    /// - Throws: when the client is gone.
    public func sendEarlyHints(_ fields: HTTPFields) async throws {
        try await exchange.transport?.sendInformational(status: 103, fields: fields)
    }
}

/// Names a value that goes with a request, and its type.
public protocol RequestKey {
    /// The value's type.
    associatedtype Value
}
