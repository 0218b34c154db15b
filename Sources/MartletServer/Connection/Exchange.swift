import HTTPTypes
import MartletHTTP

/// One request and its response: the head's bytes, what the parser found in them, and the way to the body.
///
/// The server's pool lends them, so that a request allocates nothing. One that a handler keeps, by keeping its
/// `Request`, is not used again.
final class Exchange {
    var parser: HTTP1RequestParser
    var captures = RouteCaptures()
    /// The pattern's parameter names, in the order of `captures`.
    var parameterNames: [String] = []
    /// `nil` before and after the exchange: then there is no body to read.
    private(set) var connection: HTTPConnection?
    /// The head's bytes, in memory that serves many requests.
    private var head: UnsafeBufferPointer<UInt8>
    private var storage: UnsafeMutableBufferPointer<UInt8>

    private static let usualHead = 512

    init(limits: HTTP1Limits) {
        parser = HTTP1RequestParser(limits: limits)
        storage = .allocate(capacity: Self.usualHead)
        head = UnsafeBufferPointer(rebasing: storage[..<0])
    }

    isolated deinit {
        storage.deallocate()
    }

    /// The head is complete: keeps a copy of it, because the buffer it lies in is needed for the next one.
    func begin(head bytes: UnsafeBufferPointer<UInt8>, on connection: HTTPConnection) {
        if storage.count < bytes.count {
            storage.deallocate()
            storage = .allocate(capacity: bytes.count)
        }
        _ = storage.update(fromContentsOf: bytes)
        head = UnsafeBufferPointer(rebasing: storage[..<bytes.count])
        self.connection = connection
    }

    /// Whether its memory is small enough to be kept for the next request.
    var isReusable: Bool { storage.count <= 4096 }

    /// The response is sent: the body can be read no more. What is in the head stays, for a handler that keeps its
    /// request.
    func end() {
        connection = nil
    }

    /// Forgets the request, which nobody has kept.
    func clear() {
        parser.reset()
    }

    /// Whether a head has begun and is not complete.
    var isInHead: Bool { parser.isInHead }

    // MARK: Looking into the head

    func text(_ range: ByteRange) -> String {
        String(range, in: head.span)
    }

    func method() -> HTTPRequest.Method {
        parser.makeMethod(in: head.span)
    }

    func match<Value>(_ routes: borrowing RouteTrie<Value>) -> RouteMatch<Value> {
        routes.match(parser.path, in: head.span, method: parser.method, methodName: parser.methodName, into: &captures)
    }

    func parameter(_ name: String) -> String? {
        guard let index = parameterNames.firstIndex(of: name), index < captures.count else { return nil }
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

    /// Whether the path has a segment `.` or `..`, in any spelling.
    var hasDotSegments: Bool {
        parser.pathMayHaveDotSegments && DotSegments.isPresent(in: parser.path, head.span)
    }

    func fieldValue(_ name: HTTPField.Name) -> String? {
        let bytes = head.span
        var value: String?
        for field in parser.fields where bytes.equals(field.name, lowercased: name.canonicalName) {
            let text = String(field.value, in: bytes)
            value = value.map { $0 + ", " + text } ?? text
        }
        return value
    }

    func allFields() -> HTTPFields {
        parser.makeFields(in: head.span)
    }

    // MARK: The body

    func nextBodyChunk() async throws -> [UInt8]? {
        guard let connection else {
            throw HTTPError(.internalServerError, "the request is over: its body cannot be read any more")
        }
        return try await connection.nextBodyChunk()
    }

    func bodyTooLarge() -> HTTPError {
        HTTPError(.contentTooLarge, "the request's body is too large")
    }
}
