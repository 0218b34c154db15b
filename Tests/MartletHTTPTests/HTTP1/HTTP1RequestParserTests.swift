import HTTPTypes
import Testing

@testable import MartletHTTP

@Suite("HTTP/1 request parser")
struct HTTP1RequestParserTests {
    private func text(_ range: ByteRange?, _ bytes: [UInt8]) -> String? { range.map { String($0, in: bytes.span) } }

    /// A parser that has parsed `head`, which must be complete and accepted.
    private func parsed(_ head: String) throws -> (parser: HTTP1RequestParser, bytes: [UInt8]) {
        let bytes = Array(head.utf8)
        var parser = HTTP1RequestParser()
        guard case .complete = try parser.parse(bytes.span) else {
            Issue.record("incomplete: \(head)")
            return (parser, bytes)
        }
        return (parser, bytes)
    }

    @Test("what is malformed is refused with the status to answer", arguments: RequestCorpus.refused)
    func refuses(_ refusal: Refusal) {
        let bytes = Array(refusal.head.utf8)
        let outcome = Outcome(bytes, upTo: [bytes.count])
        #expect(outcome.error?.status == refusal.status, "\(outcome)")
        #expect(outcome.error?.code == refusal.code, "\(outcome)")
        #expect(outcome.error?.message.isEmpty == false)
    }

    @Test(
        "where the input is split changes neither result nor error",
        arguments: RequestCorpus.accepted + RequestCorpus.refused.map(\.head))
    func splits(_ head: String) {
        let bytes = Array(head.utf8)
        let whole = Outcome(bytes, upTo: [bytes.count])
        #expect(whole.length != nil || whole.error != nil, "neither accepted nor refused: \(head)")
        for split in 0...bytes.count {
            #expect(Outcome(bytes, upTo: [split, bytes.count]) == whole, "split at \(split)")
        }
        #expect(Outcome(bytes, upTo: 0...bytes.count) == whole, "byte by byte")
    }

    @Test(
        "an error is thrown when its byte is there, and what follows does not matter", arguments: RequestCorpus.refused)
    func refusesAtOnce(_ refusal: Refusal) {
        let bytes = Array(refusal.head.utf8)
        let whole = Outcome(bytes, upTo: [bytes.count])
        let first = (0...bytes.count).first { Outcome(bytes, upTo: [$0]).error != nil }
        for end in (first ?? 0)...bytes.count {
            #expect(Outcome(Array(bytes[..<end]) + Array("x\r\n\0".utf8), upTo: [end + 4]).error == whole.error)
        }
    }

    @Test("a bare LF is refused without waiting for more")
    func bareLineFeedAtOnce() {
        for head in ["GET / HTTP/1.1\n", "GET / HTTP/1.1\r\nHost: a\n", "GET /\n", "\n"] {
            let bytes = Array(head.utf8)
            #expect(Outcome(bytes, upTo: [bytes.count]).error?.code == .lineEnd, "\(head)")
            #expect(Outcome(bytes, upTo: [bytes.count - 1]).error == nil, "\(head)")
        }
    }

    @Test("the head's length counts an empty line before it and nothing behind it")
    func length() throws {
        let head = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"
        #expect(Outcome(Array((head + "GET /b").utf8), upTo: [head.utf8.count + 6]).length == head.utf8.count)
        #expect(Outcome(Array(("\r\n" + head).utf8), upTo: [head.utf8.count + 2]).length == head.utf8.count + 2)
    }

    @Test("the parts of a target are told apart", arguments: Self.targetCases)
    func targets(_ line: String, _ form: RequestTargetForm, _ path: String, _ query: String?, _ host: String) throws {
        let (parser, bytes) = try parsed(line + "\r\nHost: h\r\n\r\n")
        #expect(parser.targetForm == form)
        #expect(text(parser.path, bytes) == path)
        #expect(text(parser.query, bytes) == query)
        #expect(text(parser.host, bytes) == host)
    }

    static let targetCases: [(String, RequestTargetForm, String, String?, String)] = [
        ("GET /a/b?c=d?e HTTP/1.1", .origin, "/a/b", "c=d?e", "h"),
        ("GET /a HTTP/1.1", .origin, "/a", nil, "h"),
        ("GET /? HTTP/1.1", .origin, "/", "", "h"),
        ("OPTIONS * HTTP/1.1", .asterisk, "*", nil, "h"),
        ("GET http://x:1/a?b HTTP/1.1", .absolute, "/a", "b", "x:1"),
        ("GET HTTPS://[::1] HTTP/1.1", .absolute, "", nil, "[::1]"),
        ("GET http://x?a/b HTTP/1.1", .absolute, "", "a/b", "x"),
    ]

    @Test(
        "methods are case-sensitive tokens",
        arguments: [
            ("GET", HTTPMethod.get), ("HEAD", .head), ("POST", .post), ("PUT", .put), ("DELETE", .delete),
            ("OPTIONS", .options), ("PATCH", .patch), ("TRACE", .trace), ("get", .other), ("PROPFIND", .other),
            ("!#$%&'*+-.^_`|~09azAZ", .other),
        ])
    func methods(_ name: String, _ method: HTTPMethod) throws {
        let (parser, bytes) = try parsed("\(name) / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(parser.method == method)
        let made = parser.makeMethod(in: bytes.span)
        #expect(made.rawValue == name)
    }

    @Test(
        "a connection is kept according to version and Connection",
        arguments: [
            ("HTTP/1.1", "", true), ("HTTP/1.1", "Connection: close\r\n", false), ("HTTP/1.0", "", false),
            ("HTTP/1.1", "Connection: x\r\nConnection: y , CLOSE\r\n", false), ("HTTP/1.7", "", true),
            ("HTTP/1.0", "Connection: Keep-Alive\r\n", true), ("HTTP/1.0", "Connection: keep-alive, close\r\n", false),
            ("HTTP/1.1", "Connection: closed\r\n", true), ("HTTP/1.1", "X-Connection: close\r\n", true),
        ])
    func keepAlive(_ version: String, _ fields: String, _ isKept: Bool) throws {
        #expect(try parsed("GET / \(version)\r\nHost: h\r\n\(fields)\r\n").parser.isKeepAlive == isKept)
    }

    @Test(
        "the body is framed by its fields",
        arguments: [
            ("", HTTP1BodyFraming.none), ("Content-Length: 0\r\n", .none), ("Content-Length: 17\r\n", .length(17)),
            ("content-length: \t007 \r\n", .length(7)), ("Transfer-Encoding: chunked\r\n", .chunked),
            ("TRANSFER-ENCODING:\tCHUNKED\t\r\n", .chunked),
            ("Content-Length: 9223372036854775807\r\n", .length(UInt64(Int64.max))),
        ])
    func framing(_ fields: String, _ body: HTTP1BodyFraming) throws {
        #expect(try parsed("POST / HTTP/1.1\r\nHost: h\r\n\(fields)\r\n").parser.body == body)
    }

    @Test(
        "100-continue counts only in HTTP/1.1 with a body",
        arguments: [
            ("HTTP/1.1", "Content-Length: 1\r\n", true), ("HTTP/1.1", "", false),
            ("HTTP/1.0", "Content-Length: 1\r\n", false),
        ])
    func expectation(_ version: String, _ fields: String, _ expects: Bool) throws {
        let head = "POST / \(version)\r\nHost: h\r\nExpect: 100-CONTINUE\r\n\(fields)\r\n"
        #expect(try parsed(head).parser.expectsContinue == expects)
    }

    @Test(
        "valid values of Host are accepted",
        arguments: [
            "", "a", "a.b-c_d~", "127.0.0.1", "127.0.0.1:80", "[::1]", "[2001:db8::1]:443", "a:", "a%2Db",
            "[::ffff:1.2.3.4]",
        ])
    func hosts(_ host: String) throws {
        let (parser, bytes) = try parsed("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n")
        #expect(text(parser.host, bytes) == host)
    }

    @Test("fields are found whatever their case, the first first")
    func lookup() throws {
        let (parser, bytes) = try parsed(
            "GET / HTTP/1.1\r\nHost: h\r\nX-A:  one\t \r\nx-a: two\r\nX-B:\r\nX_C: \u{E9}\r\n\r\n")
        func value(_ name: StaticString) -> String? { text(parser.fields.firstValue(of: name, in: bytes.span), bytes) }
        #expect(value("x-a") == "one")
        #expect(value("x-b") == "")
        #expect(value("x-c") == nil)
        let named = parser.fields.firstValue(of: HTTPField.Name("X-a")!, in: bytes.span)
        #expect(text(named, bytes) == "one")
        let fields = parser.fields.makeFields(in: bytes.span)
        #expect(fields.map(\.value) == ["h", "one", "two", "", "\u{E9}"])
    }

    @Test("a parser is as new after reset")
    func reset() throws {
        var parser = HTTP1RequestParser(limits: RequestCorpus.limits)
        for head in RequestCorpus.accepted + RequestCorpus.refused.map(\.head) + RequestCorpus.accepted {
            let bytes = Array(head.utf8)
            let fresh = Outcome(bytes, upTo: [bytes.count])
            do throws(HTTP1Error) {
                let progress = try parser.parse(bytes.span)
                #expect(fresh.length.map { HTTP1Progress.complete(length: $0) } == progress)
            } catch {
                #expect(fresh.error == error)
            }
            parser.reset()
        }
        let bytes = Array("POST / HTTP/1.0\r\n\r\n".utf8)
        _ = try parser.parse(bytes.span)
        #expect(parser.body == .none && parser.host == nil && parser.query == nil && !parser.expectsContinue)
    }

    @Test("limits are met to the byte")
    func exactLimits() {
        let line = "GET /aaaaaaaaaaaaaaaaaaaa HTTP/1.1\r\n"
        let section = "Host: a\r\nX: bbbbbbbbbbbb\r\n\r\n"
        let bytes = Array((line + section).utf8)
        func status(_ lineLimit: Int, _ sectionLimit: Int, _ count: Int) -> Int? {
            let limits = HTTP1Limits(requestLine: lineLimit, fieldSection: sectionLimit, fieldCount: count)
            return Outcome(bytes, upTo: [bytes.count], limits: limits).error?.status
        }
        #expect(status(line.utf8.count, section.utf8.count, 2) == nil)
        #expect(status(line.utf8.count - 1, section.utf8.count, 2) == 414)
        #expect(status(line.utf8.count, section.utf8.count - 1, 2) == 431)
        #expect(status(line.utf8.count, section.utf8.count, 1) == 431)
    }

    @Test("a head that comes byte by byte costs time in proportion to its length")
    func isLinear() throws {
        let bytes = Array(("GET / HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "x", count: 1 << 20)).utf8)
        var parser = HTTP1RequestParser(limits: HTTP1Limits(fieldSection: 1 << 24))
        for end in 0...bytes.count {
            let progress = try parser.parse(bytes.span.extracting(..<end))
            if progress != .needsMore { Issue.record("complete after \(end) bytes") }
        }
    }
}
