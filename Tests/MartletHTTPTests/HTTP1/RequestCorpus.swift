import Testing
@testable import MartletHTTP

/// A request head that is refused, and how.
struct Refusal: Sendable, CustomTestStringConvertible {
    let what: String
    let head: String
    let status: Int
    let code: HTTP1Error.Code

    init(_ what: String, _ head: String, _ status: Int, _ code: HTTP1Error.Code) {
        self.what = what
        self.head = head
        self.status = status
        self.code = code
    }

    var testDescription: String { what }
}

/// Requests that every test of the parser goes through.
enum RequestCorpus {
    static let host = "Host: a\r\n"
    /// Room for what the limits' tests need.
    static let limits = HTTP1Limits(requestLine: 200, fieldSection: 400, fieldCount: 8)

    static let accepted = [
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n",
        "GET /plain%74ext?x=%2&y HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n",
        "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /a/b HTTP/1.1\r\nHost: [::1]:80\r\nContent-Length: 5\r\n\r\nhello",
        "POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\nHost:a\r\nExpect: 100-Continue\r\n\r\n0\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "GET HTTP://example.com:81/p?q HTTP/1.1\r\nHost: other\r\n\r\n",
        "PROPFIND /\u{7C}{x} HTTP/1.9\r\nHost:\t a \t\r\nX-Empty:\r\nX: a\tb \u{E9}\r\n\r\n",
        "GET / HTTP/1.0\r\nConnection: a, Keep-Alive\r\nConnection: ,\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n",
    ]

    static let refused =
        requestLines + lineEnds + fieldLines + hosts + framings + limitsExceeded

    static let requestLines = [
        Refusal("no method", " / HTTP/1.1\r\n" + host + "\r\n", 400, .requestLine),
        Refusal("method that is no token", "G(T / HTTP/1.1\r\n" + host + "\r\n", 400, .requestLine),
        Refusal("tab behind the method", "GET\t/ HTTP/1.1\r\n" + host + "\r\n", 400, .requestLine),
        Refusal("two spaces before the target", "GET  / HTTP/1.1\r\n" + host + "\r\n", 400, .requestLine),
        Refusal("two spaces before the version", "GET /  HTTP/1.1\r\n" + host + "\r\n", 400, .version),
        Refusal("space behind the version", "GET / HTTP/1.1 \r\n" + host + "\r\n", 400, .version),
        Refusal("a third word", "GET / x HTTP/1.1\r\n" + host + "\r\n", 400, .version),
        Refusal("no version", "GET /\r\n" + host + "\r\n", 400, .lineEnd),
        Refusal("control in the target", "GET /\u{1} HTTP/1.1\r\n" + host + "\r\n", 400, .target),
        Refusal("NUL in the target", "GET /\0 HTTP/1.1\r\n" + host + "\r\n", 400, .target),
        Refusal("UTF-8 in the target", "GET /é HTTP/1.1\r\n" + host + "\r\n", 400, .target),
        Refusal("fragment in the target", "GET /#a HTTP/1.1\r\n" + host + "\r\n", 400, .target),
        Refusal("fragment behind the query", "GET /?a#b HTTP/1.1\r\n" + host + "\r\n", 400, .target),
        Refusal("half an escape", "GET /%4 HTTP/1.1\r\n" + host + "\r\n", 400, .target),
        Refusal("escape that is none", "GET /%zz?a HTTP/1.1\r\n" + host + "\r\n", 400, .target),
        Refusal("no host before a port", "GET http://:80/ HTTP/1.1\r\n" + host + "\r\n", 400, .target),
        Refusal("escaped NUL", "GET http://a/b%00 HTTP/1.1\r\n" + host + "\r\n", 400, .target),
        Refusal("relative target", "GET a/b HTTP/1.1\r\n" + host + "\r\n", 400, .target),
        Refusal("target that begins with ?", "GET ?a HTTP/1.1\r\n" + host + "\r\n", 400, .target),
        Refusal("asterisk of GET", "GET * HTTP/1.1\r\n" + host + "\r\n", 400, .target),
        Refusal("asterisk with more", "OPTIONS *a HTTP/1.1\r\n" + host + "\r\n", 400, .target),
        Refusal("scheme of others", "GET ftp://a/ HTTP/1.1\r\n" + host + "\r\n", 400, .target),
        Refusal("no authority", "GET http:///a HTTP/1.1\r\n" + host + "\r\n", 400, .target),
        Refusal("user in the authority", "GET http://u@a/ HTTP/1.1\r\n" + host + "\r\n", 400, .target),
        Refusal("CONNECT", "CONNECT a:443 HTTP/1.1\r\n" + host + "\r\n", 501, .method),
        Refusal("HTTP/2.0", "GET / HTTP/2.0\r\n" + host + "\r\n", 505, .version),
        Refusal("HTTP/0.9", "GET / HTTP/0.9\r\n" + host + "\r\n", 505, .version),
        Refusal("HTTP/1", "GET / HTTP/1\r\n" + host + "\r\n", 400, .lineEnd),
        Refusal("HTTP/1.10", "GET / HTTP/1.10\r\n" + host + "\r\n", 400, .version),
        Refusal("HTTP/11.1", "GET / HTTP/11.1\r\n" + host + "\r\n", 400, .version),
        Refusal("http/1.1", "GET / http/1.1\r\n" + host + "\r\n", 400, .version),
        Refusal("HTTP 2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, .target),
        Refusal("TLS", "\u{16}\u{3}\u{1}\0", 400, .requestLine),
    ]

    static let lineEnds = [
        Refusal("two empty lines first", "\r\n\r\nGET / HTTP/1.1\r\n" + host + "\r\n", 400, .lineEnd),
        Refusal("bare LF first", "\nGET / HTTP/1.1\r\n" + host + "\r\n", 400, .lineEnd),
        Refusal("bare CR first", "\rGET / HTTP/1.1\r\n" + host + "\r\n", 400, .lineEnd),
        Refusal("bare LF in the method", "GE\nT / HTTP/1.1\r\n" + host + "\r\n", 400, .lineEnd),
        Refusal("bare LF behind the version", "GET / HTTP/1.1\n" + host + "\r\n", 400, .lineEnd),
        Refusal("bare CR behind the version", "GET / HTTP/1.1\r" + host + "\r\n", 400, .lineEnd),
        Refusal("bare CR in the query", "GET /?\r HTTP/1.1\r\n" + host + "\r\n", 400, .lineEnd),
        Refusal("bare LF behind a field", "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", 400, .lineEnd),
        Refusal("bare CR in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", 400, .lineEnd),
        Refusal("CR CR LF", "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", 400, .lineEnd),
        Refusal("bare LF in a name", "GET / HTTP/1.1\r\nHost: a\r\nX\nY: b\r\n\r\n", 400, .lineEnd),
        Refusal("head that ends with LF", "GET / HTTP/1.1\r\nHost: a\r\n\n", 400, .lineEnd),
        Refusal("head that ends with CR", "GET / HTTP/1.1\r\nHost: a\r\n\rX", 400, .lineEnd),
    ]

    static let fieldLines = [
        Refusal("space before the colon", with("X : a"), 400, .field),
        Refusal("tab before the colon", with("X\t: a"), 400, .field),
        Refusal("empty name", with(": a"), 400, .field),
        Refusal("no colon", with("Xa"), 400, .field),
        Refusal("name that is no token", with("X(y): a"), 400, .field),
        Refusal("UTF-8 in a name", with("Xé: a"), 400, .field),
        Refusal("NUL in a name", with("X\0: a"), 400, .field),
        Refusal("NUL in a value", with("X: a\0b"), 400, .field),
        Refusal("DEL in a value", with("X: a\u{7F}b"), 400, .field),
        Refusal("control in a value", with("X: a\u{B}b"), 400, .field),
        Refusal("folded line", with("X: a\r\n b"), 400, .field),
        Refusal("folded line with a tab", with("X: a\r\n\tb"), 400, .field),
        Refusal("white space before the first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400, .field),
        Refusal("expectation of others", with("Expect: 200-ok"), 417, .expectation),
        Refusal("two expectations", with("Expect: 100-continue, x"), 417, .expectation),
        Refusal("an expectation with a value", with("Expect: 100-continue=1"), 417, .expectation),
        Refusal("Connection that is no list", with("Connection: a b"), 400, .field),
    ]

    static let hosts =
        [
            Refusal("no Host", "GET / HTTP/1.1\r\nX: a\r\n\r\n", 400, .host),
            Refusal("no Host of HTTP/1.2", "GET / HTTP/1.2\r\n\r\n", 400, .host),
            Refusal("no Host of an absolute target", "GET http://a/ HTTP/1.1\r\n\r\n", 400, .host),
            Refusal("two Hosts", with("hOST: a"), 400, .host),
            Refusal("two Hosts of HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", 400, .host),
        ]
        + [
            "a b", "a,b", "a/b", "u@a", "a:b", "a:80:80", "a:123456", "[::1", "[]", "[::g]", "[::1]a", "%zz", "é", "a?",
            "a\\b",
        ]
        .map { Refusal("Host \($0)", "GET / HTTP/1.1\r\nHost: \($0)\r\n\r\n", 400, .host) }

    static let framings =
        [
            "", "+5", "-5", "5 5", "5,5", "5, 5", "0x5", "5.0", "five", "9223372036854775808", "18446744073709551616",
            "99999999999999999999999999999999",
        ].map {
            Refusal("Content-Length \($0)", with("Content-Length: \($0)"), 400, HTTP1Error.Code.framing)
        } + [
            Refusal("Content-Length twice", with("Content-Length: 5\r\nContent-Length: 5"), 400, .framing),
            Refusal("Content-Length twice, different", with("Content-Length: 5\r\ncontent-length: 6"), 400, .framing),
            Refusal("both", with("Content-Length: 5\r\nTransfer-Encoding: chunked"), 400, .framing),
            Refusal("both, the other way", with("Transfer-Encoding: chunked\r\nContent-Length: 5"), 400, .framing),
            Refusal("both, of length 0", with("Content-Length: 0\r\nTransfer-Encoding: chunked"), 400, .framing),
            Refusal(
                "chunked in two fields", with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"), 400, .framing
            ),
            Refusal("chunked twice", with("Transfer-Encoding: chunked, chunked"), 400, .framing),
            Refusal("chunked and nothing", with("Transfer-Encoding: chunked,"), 400, .framing),
            Refusal("empty coding", with("Transfer-Encoding:"), 400, .framing),
            Refusal("chunked in HTTP/1.0", "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400, .framing),
            Refusal("gzip", with("Transfer-Encoding: gzip"), 400, .transferCoding),
            Refusal("gzip, chunked", with("Transfer-Encoding: gzip, chunked"), 501, .transferCoding),
            Refusal("chunked, identity", with("Transfer-Encoding: chunked, identity"), 400, .transferCoding),
            Refusal("xchunked", with("Transfer-Encoding: xchunked"), 400, .transferCoding),
            Refusal("quoted chunked", with("Transfer-Encoding: \"chunked\""), 400, .field),
            Refusal("chunked with a parameter", with("Transfer-Encoding: chunked;a=b"), 400, .field),
            Refusal("chunked with a vertical tab", with("Transfer-Encoding: \u{B}chunked"), 400, .field),
        ]

    static let limitsExceeded = [
        Refusal("long path", "GET /" + String(repeating: "a", count: 300), 414, .tooLarge),
        Refusal("long query", "GET /?" + String(repeating: "a", count: 300) + "\n", 414, .tooLarge),
        Refusal("long absolute target", "GET http://a/" + String(repeating: "a", count: 300), 414, .tooLarge),
        Refusal("long method", String(repeating: "A", count: 33) + "\n", 501, .method),
        Refusal("long value", with("X: " + String(repeating: "a", count: 400)), 431, .tooLarge),
        Refusal("long name", with(String(repeating: "a", count: 400) + "\n"), 431, .tooLarge),
        Refusal("many fields", with(Array(repeating: "X: a", count: 8).joined(separator: "\r\n")), 431, .tooLarge),
    ]

    /// A request with Host and `field`.
    static func with(_ field: String) -> String { "POST / HTTP/1.1\r\nHost: a\r\n\(field)\r\n\r\n" }
}

/// All that a parser tells of a head, to be compared.
struct Outcome: Equatable {
    var length: Int?
    var error: HTTP1Error?
    var facts: [String] = []

    /// Hands `bytes` to a parser up to each offset in `ends`, in order, until it is done.
    init(_ bytes: [UInt8], upTo ends: some Sequence<Int>, limits: HTTP1Limits = RequestCorpus.limits) {
        var parser = HTTP1RequestParser(limits: limits)
        do throws(HTTP1Error) {
            for end in ends {
                guard case .complete(let length) = try parser.parse(bytes.span.extracting(..<end)) else { continue }
                self.length = length
                facts = Self.facts(of: parser, in: bytes)
                return
            }
        } catch {
            self.error = error
        }
    }

    private static func facts(of parser: HTTP1RequestParser, in bytes: [UInt8]) -> [String] {
        let ranges = [parser.methodName, parser.target, parser.path, parser.query, parser.host]
        let fields = parser.fields.flatMap { [$0.name, $0.value] }
        return (ranges + fields).map { range in range.map { String($0, in: bytes.span) } ?? "-" } + [
            "\(parser.method) \(parser.targetForm) \(parser.minorVersion) \(parser.body) \(parser.isKeepAlive)",
            "\(parser.expectsContinue) \(parser.pathHasEscapes) \(parser.pathMayHaveDotSegments)",
        ]
    }
}
