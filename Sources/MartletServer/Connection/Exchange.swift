import Glibc
import HTTPTypes
import MartletHTTP
import MartletLoop

/// One request and its response: the head's bytes, what the parser found in them, and the way to the body.
///
/// The server's pool lends them, so that a request allocates nothing. One that a handler keeps, by keeping its
/// `Request`, is not used again.
@usableFromInline
final class Exchange {
    var parser: HTTP1RequestParser
    /// Where it was made; lives longer than any request of it.
    unowned let server: HTTPServer
    var captures = RouteCaptures()
    /// Which of the router's routes answers; -1 when none does. A number, because a reference would be counted.
    var routeNumber = -1
    /// What an Allow field says, of a request that no route answers.
    var allow = ""
    /// The path without segments `.` and `..`; the parser's own where it has none.
    private(set) var path = ByteRange()
    /// `nil` before and after the exchange: then there is no body to read.
    ///
    /// Not counted, because each request would pay for it: whoever calls `begin` calls `end` before it goes away. A
    /// connection is in its server's list until it has given its exchange back, and one in process has its task.
    private(set) unowned(unsafe) var transport: (any ExchangeTransport)?
    /// What has been added to the request. Most have nothing.
    private var storedNotes = RequestNotes()
    private var hasNotes = false
    /// The head's bytes, in memory that serves many requests; behind them, perhaps, the path without dot segments.
    private var head: UnsafeBufferPointer<UInt8>
    private var buffer: UnsafeMutableBufferPointer<UInt8>
    /// How many bytes of `head` were sent; 0 until a head is complete.
    private var sentLength = 0
    /// Whether this request's head is, byte for byte, that of the request before it.
    private(set) var isRepeated = false

    private static let usualHead = 512

    init(server: HTTPServer) {
        self.server = server
        parser = HTTP1RequestParser(limits: server.settings.head)
        buffer = .allocate(capacity: Self.usualHead)
        head = UnsafeBufferPointer(rebasing: buffer[..<0])
    }

    isolated deinit {
        buffer.deallocate()
    }

    /// The head is complete: keeps a copy of it, because the buffer it lies in is needed for the next one.
    func begin(head bytes: UnsafeBufferPointer<UInt8>, on transport: any ExchangeTransport) {
        makeRoom(for: bytes.count)
        _ = buffer.update(fromContentsOf: bytes)
        head = UnsafeBufferPointer(rebasing: buffer[..<bytes.count])
        sentLength = bytes.count
        path = parser.path
        self.transport = transport
        if parser.pathMayHaveDotSegments, DotSegments.isPresent(in: path, head.span) { resolveDotSegments() }
    }

    /// Begins with the head that this exchange had before, if that is what has been received; nil when it is not.
    ///
    /// Who polls, checks whether a service is alive, or pipelines, sends the same bytes again and again; and what the parser
    /// and the router make of a head depends on nothing else. So what they made of it the last time still holds, and
    /// comparing costs a tenth of parsing. Where the heads differ, that is seen within the first few words.
    ///
    /// - Returns: the head's length.
    @inline(__always)
    func beginAgain(with received: UnsafeBufferPointer<UInt8>, on transport: any ExchangeTransport) -> Int? {
        guard sentLength > 0, received.count >= sentLength, let new = received.baseAddress, let old = head.baseAddress,
            memcmp(new, old, sentLength) == 0
        else { return nil }
        isRepeated = true
        forgetNotes()
        self.transport = transport
        return sentLength
    }

    private func makeRoom(for count: Int) {
        guard buffer.count < count else { return }
        let larger = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: count)
        _ = larger.update(fromContentsOf: head)
        buffer.deallocate()
        buffer = larger
    }

    /// Puts the path that is meant behind the head; it is not longer than the one that was sent, or is `/`.
    private func resolveDotSegments() {
        let resolved = DotSegments.removed(from: path, in: head.span)
        let start = head.count
        makeRoom(for: start + resolved.count)
        _ = UnsafeMutableBufferPointer(rebasing: buffer[start...]).update(fromContentsOf: resolved)
        head = UnsafeBufferPointer(rebasing: buffer[..<(start + resolved.count)])
        path = ByteRange(start, start + resolved.count)
    }

    /// Whether its memory is small enough to be kept for the next request.
    var isReusable: Bool { buffer.count <= 4096 }

    /// The response is sent: the body can be read no more. What is in the head stays, for a handler that keeps its
    /// request.
    func end() {
        transport = nil
        // What undoes codings may hold megabytes.
        if hasNotes { storedNotes.bodyDecoding = nil }
    }

    /// Forgets the request, which nobody has kept.
    func clear() {
        parser.reset()
        routeNumber = -1
        sentLength = 0
        isRepeated = false
        forgetNotes()
    }

    private func forgetNotes() {
        guard hasNotes else { return }
        hasNotes = false
        storedNotes = RequestNotes()
    }

    /// What has been added to the request.
    var notes: RequestNotes {
        _read { yield storedNotes }
        _modify {
            hasNotes = true
            yield &storedNotes
        }
    }

    /// Whether a head has begun and is not complete.
    var isInHead: Bool { parser.isInHead }

    /// The route that answers; `nil` when there is none.
    var route: Route? { routeNumber < 0 ? nil : server.router.routes[routeNumber] }

    // MARK: Looking into the head

    func text(_ range: ByteRange) -> String {
        String(range, in: head.span)
    }

    func method() -> HTTPRequest.Method {
        parser.makeMethod(in: head.span)
    }

    func match<Value>(_ routes: borrowing RouteTrie<Value>) -> RouteMatch<Value> {
        routes.match(
            path, in: head.span, method: parser.method, methodName: parser.methodName,
            mayHaveEscapes: parser.pathHasEscapes, into: &captures)
    }

    /// The host that is asked for, in lower case, without port.
    var hostName: String? {
        guard let authority = parser.host else { return nil }
        return text(HostName.bytes(of: authority, in: head.span)).lowercased()
    }

    func parameter(_ name: String) -> String? {
        guard let index = route?.parameterNames.firstIndex(of: name), index < captures.count else { return nil }
        guard parser.pathHasEscapes else { return text(captures[index]) }
        return try? PercentEncoding.string(captures[index], in: head.span)
    }

    /// Whether every parameter is UTF-8 when it is decoded.
    var hasDecodableParameters: Bool {
        for index in 0..<captures.count where (try? PercentEncoding.string(captures[index], in: head.span)) == nil {
            return false
        }
        return true
    }

    func fieldValue(_ name: HTTPField.Name) -> String? {
        let bytes = head.span
        var value: String?
        for field in parser.fields where bytes.equals(field.name, ignoringCaseOf: name.canonicalName) {
            let text = String(field.value, in: bytes)
            value = value.map { $0 + ", " + text } ?? text
        }
        return value
    }

    /// The values of all fields of a name, one by one.
    func fieldValues(_ name: HTTPField.Name) -> [String] {
        let bytes = head.span
        return parser.fields.filter { bytes.equals($0.name, ignoringCaseOf: name.canonicalName) }
            .map { String($0.value, in: bytes) }
    }

    func hasField(_ name: HTTPField.Name) -> Bool {
        parser.fields.firstValue(of: name, in: head.span) != nil
    }

    /// Whether there is a field whose name begins like that, which is given in lower case.
    func hasField(startingWith prefix: StaticString) -> Bool {
        parser.fields.contains(prefix: prefix, in: head.span)
    }

    /// Whether the client says that it understands trailers (RFC 9110 §10.1.4).
    var acceptsTrailers: Bool {
        guard let value = parser.fields.firstValue(of: "te", in: head.span) else { return false }
        return text(value).lowercased().split(separator: ",").contains { element in
            element.drop(while: { $0 == " " }).prefix { $0 != ";" && $0 != " " } == "trailers"
        }
    }

    func queryParameters() throws(HTTP1Error) -> QueryParameters {
        guard let query = parser.query else { return QueryParameters() }
        return try QueryParameters(query, in: head.span)
    }

    func allFields() -> HTTPFields {
        parser.fields.makeFields(in: head.span)
    }

    // MARK: The body

    /// Whether the body has content codings that are undone for whoever reads it.
    var hasEncodedBody: Bool { parser.hasContentEncoding && parser.body != .none }

    /// The next piece of the body, with its content codings undone.
    func nextBodyChunk() async throws -> [UInt8]? {
        guard hasEncodedBody, transport != nil else { return try await nextBodyChunkAsSent() }
        return try await bodyDecoding().next(of: self)
    }

    private func bodyDecoding() throws -> BodyDecoding {
        if let decoding = notes.bodyDecoding { return decoding }
        let decoding = try BodyDecoding(of: self)
        notes.bodyDecoding = decoding
        return decoding
    }

    /// The next piece of the body as it came.
    func nextBodyChunkAsSent() async throws -> [UInt8]? {
        guard let transport else {
            throw HTTPError(.internalServerError, "the request is over: its body cannot be read any more")
        }
        return try await transport.nextBodyChunk()
    }

    func bodyTooLarge() -> HTTPError {
        server.counters.add(.bodiesTooLarge)
        return HTTPError(.contentTooLarge, "the request's body is too large")
    }
}

/// What filters, middlewares and handlers add to a request.
struct RequestNotes {
    /// Values by keys of their own.
    var values: [ObjectIdentifier: Any] = [:]
    /// What logs and traces know the request by, if anybody has given it a name.
    var id: String?
    /// Until when the request is to be answered.
    var deadline: EventLoop.Instant?
    /// When ``RequestMetrics`` began to measure.
    var measuredFrom: EventLoop.Instant?
    /// What proxies that are trusted have said about the client.
    var origin: RequestOrigin?
    /// What undoes the body's codings, once it has been asked for.
    var bodyDecoding: BodyDecoding?
}

/// What trusted proxies have said about where a request comes from.
struct RequestOrigin {
    /// The client's address, as text, without port.
    var address: String?
    /// `http` or `https`.
    var scheme: String?
    /// The authority that the client has asked for.
    var host: String?
}
