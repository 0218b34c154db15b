import HTTPTypes
import MartletHTTP

/// What a server answers: the head is there, the body comes as it is read.
///
/// ```swift
/// let response = try await client.get("https://example.org/users/7")
/// let user = try await response.requireSuccess().json(User.self)
/// ```
///
/// A body that is not read to its end keeps a connection until the last reference to the response is dropped; a small rest
/// is then read and thrown away, so that the connection can be used again, and a large one closes it.
public struct HTTPClientResponse {
    /// The URL that was asked for in the end, behind all redirects.
    public internal(set) var url: HTTPURL
    /// The status code, 100 to 999.
    public let code: Int
    /// The body.
    public internal(set) var body: HTTPClientResponseBody
    /// How many redirects led here.
    public internal(set) var redirectCount = 0
    /// Whether the body is decompressed on its way, so that Content-Encoding and Content-Length are not true of it.
    public internal(set) var isDecoded = false
    /// Whether the request was HEAD.
    var isToHead = false
    var head: ResponseHead

    init(url: HTTPURL, code: Int, head: ResponseHead, body: HTTPClientResponseBody) {
        self.url = url
        self.code = code
        self.head = head
        self.body = body
    }

    /// A response made by hand, for a ``MockTransport`` or an interceptor that answers itself.
    public init(status: HTTPResponse.Status = .ok, fields: HTTPFields = HTTPFields(), body: [UInt8] = []) {
        self.init(
            url: Self.nowhere, code: status.code, head: ResponseHead(reason: status.reasonPhrase, fields: fields),
            body: HTTPClientResponseBody(BodySource(whole: body)))
    }

    /// A response made by hand, whose body comes in pieces.
    public init<Pieces: AsyncSequence & Sendable>(
        status: HTTPResponse.Status = .ok, fields: HTTPFields = HTTPFields(), body: Pieces
    ) where Pieces.Element == [UInt8] {
        self.init(
            url: Self.nowhere, code: status.code, head: ResponseHead(reason: status.reasonPhrase, fields: fields),
            body: HTTPClientResponseBody(BodySource(pieces: body)))
    }

    /// A response made by hand that holds text.
    public static func text(_ text: String, status: HTTPResponse.Status = .ok) -> HTTPClientResponse {
        HTTPClientResponse(status: status, fields: [.contentType: "text/plain; charset=utf-8"], body: Array(text.utf8))
    }

    /// What a response is from that nobody has sent yet.
    private static let nowhere: HTTPURL = "http://localhost/"

    /// The status.
    public var status: HTTPResponse.Status { HTTPResponse.Status(code: code, reasonPhrase: head.reason) }

    /// Whether the status is 2xx.
    public var isSuccess: Bool { code / 100 == 2 }

    /// The fields of the head, made of its bytes when they are first asked for.
    public var fields: HTTPFields {
        get { head.fields }
        set { head = ResponseHead(reason: head.reason, fields: newValue) }
    }

    /// The value of a field; several of one name are joined by commas. `nil` without.
    public subscript(_ name: HTTPField.Name) -> String? { head.fields[name] }

    /// 0 of HTTP/1.0, 1 of HTTP/1.1.
    public var minorVersion: Int { Int(head.minorVersion) }

    /// What Retry-After says: how long to wait before another attempt.
    public var retryAfter: Duration? { RetryAfter.delay(self[.retryAfter]) }

    /// The response as one to `request`.
    func to(_ request: HTTPClientRequest) -> HTTPClientResponse {
        var response = self
        response.url = request.url.withoutCredentials
        return response
    }
}

/// The head of a response: its bytes, and what has been made of them so far.
final class ResponseHead {
    private var bytes: [UInt8]
    private var madeFields: HTTPFields?
    private var madeReason: String?
    let minorVersion: UInt8
    /// Whether there may be a Content-Encoding, so that it is worth looking.
    let mayBeEncoded: Bool

    /// A head that has been parsed once already, so that it is known to be well-formed.
    init(parsed bytes: [UInt8], minorVersion: UInt8, mayBeEncoded: Bool) {
        self.bytes = bytes
        self.mayBeEncoded = mayBeEncoded
        self.minorVersion = minorVersion
    }

    init(reason: String, fields: HTTPFields) {
        bytes = []
        madeFields = fields
        madeReason = reason
        minorVersion = 1
        mayBeEncoded = true
    }

    deinit {}

    var fields: HTTPFields {
        if madeFields == nil { parse() }
        return madeFields ?? HTTPFields()
    }

    /// The reason phrase.
    var reason: String {
        if madeReason == nil { parse() }
        return madeReason ?? ""
    }

    private func parse() {
        let bytes = bytes
        var parser = HTTP1ResponseParser(
            limits: HTTP1Limits(requestLine: 1 << 24, fieldSection: 1 << 24, fieldCount: 1 << 24))
        // It was parsed before with smaller limits.
        _ = try? parser.parse(bytes.span)
        madeFields = parser.fields.makeFields(in: bytes.span)
        madeReason = String(parser.reason, in: bytes.span)
        self.bytes = []
    }
}
