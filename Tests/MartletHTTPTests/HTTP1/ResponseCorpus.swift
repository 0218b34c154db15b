import Testing

@testable import MartletHTTP

/// Responses that every test of the parser goes through.
enum ResponseCorpus {
    /// Room for what the limits' tests need.
    static let limits = HTTP1Limits(requestLine: 200, fieldSection: 400, fieldCount: 8)

    static let accepted = [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 \r\n\r\n",
        "HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 1\r\n\r\nx",
        "HTTP/1.9 999 What ever \u{E9}\tis it\r\nTransfer-Encoding: Chunked\r\nX:\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\u{1}\u{2}",
        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\nContent-Length: 17\r\nETag: \"a\"\r\n\r\n",
    ]

    static let refused = statusLines + fieldLines + framings + limitsExceeded

    static let statusLines: [ResponseRefusal] = [
        ResponseRefusal("HTTP/0.9", "<html>", .version),
        ResponseRefusal("empty line first", "\r\nHTTP/1.1 200 OK\r\n\r\n", .lineEnd),
        ResponseRefusal("another protocol", "ICY 200 OK\r\n\r\n", .version),
        ResponseRefusal("lower case", "http/1.1 200 OK\r\n\r\n", .version),
        ResponseRefusal("HTTP/2.0", "HTTP/2.0 200 OK\r\n\r\n", .version),
        ResponseRefusal("HTTP/1.10", "HTTP/1.10 200 OK\r\n\r\n", .version),
        ResponseRefusal("no version digit", "HTTP/1. 200 OK\r\n\r\n", .version),
        ResponseRefusal("two spaces", "HTTP/1.1  200 OK\r\n\r\n", .statusLine),
        ResponseRefusal("two digits", "HTTP/1.1 20 OK\r\n\r\n", .statusLine),
        ResponseRefusal("four digits", "HTTP/1.1 2000 OK\r\n\r\n", .statusLine),
        ResponseRefusal("below 100", "HTTP/1.1 099 OK\r\n\r\n", .statusLine),
        ResponseRefusal("a sign", "HTTP/1.1 +20 OK\r\n\r\n", .statusLine),
        ResponseRefusal("no code", "HTTP/1.1 OK\r\n\r\n", .statusLine),
        ResponseRefusal("tab behind the code", "HTTP/1.1 200\tOK\r\n\r\n", .statusLine),
        ResponseRefusal("NUL in the reason", "HTTP/1.1 200 O\0K\r\n\r\n", .statusLine),
        ResponseRefusal("LF alone", "HTTP/1.1 200 OK\n\n", .lineEnd),
        ResponseRefusal("LF right behind the code", "HTTP/1.1 200\n\n", .lineEnd),
        ResponseRefusal("CR alone", "HTTP/1.1 200 O\rK\r\n\r\n", .lineEnd),
    ]

    static let fieldLines: [ResponseRefusal] = [
        ResponseRefusal("folded", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n", .field),
        ResponseRefusal("space before the first field", "HTTP/1.1 200 OK\r\n X: a\r\n\r\n", .field),
        ResponseRefusal("space before the colon", "HTTP/1.1 200 OK\r\nX : a\r\n\r\n", .field),
        ResponseRefusal("no name", "HTTP/1.1 200 OK\r\n: a\r\n\r\n", .field),
        ResponseRefusal("no colon", "HTTP/1.1 200 OK\r\nX\r\n\r\n", .field),
        ResponseRefusal("NUL in a value", "HTTP/1.1 200 OK\r\nX: \0\r\n\r\n", .field),
        ResponseRefusal("LF alone in a field", "HTTP/1.1 200 OK\r\nX: a\nY: b\r\n\r\n", .lineEnd),
        ResponseRefusal("Connection that is no list", "HTTP/1.1 200 OK\r\nConnection: a b\r\n\r\n", .field),
    ]

    static let framings: [ResponseRefusal] = [
        ResponseRefusal(
            "both framings", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", .framing),
        ResponseRefusal("two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", .framing),
        ResponseRefusal("a list of lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\n", .framing),
        ResponseRefusal("negative length", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", .framing),
        ResponseRefusal("empty length", "HTTP/1.1 304 OK\r\nContent-Length:\r\n\r\n", .framing),
        ResponseRefusal("2^63", "HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775808\r\n\r\n", .framing),
        ResponseRefusal("chunked in 1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", .framing),
        ResponseRefusal("chunked twice", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n", .framing),
        ResponseRefusal("gzip", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", .transferCoding),
    ]

    static let limitsExceeded: [ResponseRefusal] = [
        ResponseRefusal(
            "long status line", "HTTP/1.1 200 " + String(repeating: "a", count: 300) + "\r\n\r\n", .tooLarge),
        ResponseRefusal(
            "large fields", "HTTP/1.1 200 OK\r\nX: " + String(repeating: "a", count: 500) + "\r\n\r\n", .tooLarge),
        ResponseRefusal(
            "many fields", "HTTP/1.1 200 OK\r\n" + String(repeating: "X: a\r\n", count: 9) + "\r\n", .tooLarge),
    ]
}

/// A response head that is refused, and how.
struct ResponseRefusal: Sendable, CustomTestStringConvertible {
    let what: String
    let head: String
    let code: HTTP1Error.Code

    init(_ what: String, _ head: String, _ code: HTTP1Error.Code) {
        self.what = what
        self.head = head
        self.code = code
    }

    var testDescription: String { what }
}

/// What a parser makes of a response that reaches it in pieces.
struct ResponseOutcome: Equatable {
    var length: Int?
    var error: HTTP1Error?
    var facts: [String] = []

    /// Hands `bytes` to a parser up to each offset in `ends`, in order, until it is done.
    init(_ bytes: [UInt8], upTo ends: some Sequence<Int>, limits: HTTP1Limits = ResponseCorpus.limits) {
        var parser = HTTP1ResponseParser(limits: limits)
        do throws(HTTP1Error) {
            for end in ends {
                guard case .complete(let length) = try parser.parse(bytes.span.extracting(..<end)) else { continue }
                self.length = length
                let ranges = [parser.reason] + parser.fields.flatMap { [$0.name, $0.value] }
                facts = ranges.map { String($0, in: bytes.span) }
                facts.append("\(parser.status) \(parser.minorVersion) \(parser.body) \(parser.isKeepAlive)")
                return
            }
        } catch {
            self.error = error
        }
    }
}
