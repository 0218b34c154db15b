import Testing

@testable import MartletHTTP

@Suite("HTTP/1 response parser")
struct HTTP1ResponseParserTests {
    /// A parser that has parsed `head`, which must be complete and accepted.
    private func parsed(_ head: String, answering method: HTTPMethod = .get) throws -> HTTP1ResponseParser {
        var parser = HTTP1ResponseParser(requestMethod: method)
        guard case .complete = try parser.parse(Array(head.utf8).span) else {
            Issue.record("incomplete: \(head)")
            return parser
        }
        return parser
    }

    @Test("what is malformed is refused with the status for a gateway", arguments: ResponseCorpus.refused)
    func refuses(_ refusal: ResponseRefusal) {
        let bytes = Array(refusal.head.utf8)
        let outcome = ResponseOutcome(bytes, upTo: [bytes.count])
        #expect(outcome.error?.code == refusal.code, "\(outcome)")
        #expect(outcome.error?.status == 502)
        #expect(outcome.error?.message.isEmpty == false)
    }

    @Test(
        "where the input is split changes neither result nor error",
        arguments: ResponseCorpus.accepted + ResponseCorpus.refused.map(\.head))
    func splits(_ head: String) {
        let bytes = Array(head.utf8)
        let whole = ResponseOutcome(bytes, upTo: [bytes.count])
        #expect(whole.length != nil || whole.error != nil, "neither accepted nor refused: \(head)")
        for split in 0...bytes.count {
            #expect(ResponseOutcome(bytes, upTo: [split, bytes.count]) == whole, "split at \(split)")
        }
        #expect(ResponseOutcome(bytes, upTo: 0...bytes.count) == whole, "byte by byte")
    }

    @Test(
        "an error is thrown when its byte is there, and what follows does not matter",
        arguments: ResponseCorpus.refused)
    func refusesAtOnce(_ refusal: ResponseRefusal) {
        let bytes = Array(refusal.head.utf8)
        let whole = ResponseOutcome(bytes, upTo: [bytes.count])
        let first = (0...bytes.count).first { ResponseOutcome(bytes, upTo: [$0]).error != nil }
        for end in (first ?? 0)...bytes.count {
            let other = Array(bytes[..<end]) + Array("x\r\n\0".utf8)
            #expect(ResponseOutcome(other, upTo: [end + 4]).error == whole.error)
        }
    }

    @Test("random changes never trap, and splitting what they give changes nothing")
    func mutations() {
        var random = SplitMix64(seed: 7)
        let heads = ResponseCorpus.accepted + ResponseCorpus.refused.map(\.head)
        for _ in 0..<4000 {
            let head = heads[Int.random(in: 0..<heads.count, using: &random)]
            let bytes = random.mutated(Array(head.utf8))
            let whole = ResponseOutcome(bytes, upTo: [bytes.count])
            #expect(ResponseOutcome(bytes, upTo: random.ends(bytes.count)) == whole)
        }
    }

    @Test("the head's length counts nothing behind it")
    func length() {
        let head = "HTTP/1.1 200 OK\r\nX: a\r\n\r\n"
        #expect(ResponseOutcome(Array((head + "body").utf8), upTo: [head.utf8.count + 4]).length == head.utf8.count)
    }

    @Test(
        "status and reason phrase are told",
        arguments: [
            ("HTTP/1.1 200 OK", 200, "OK"), ("HTTP/1.1 404 Not Found", 404, "Not Found"), ("HTTP/1.1 204", 204, ""),
            ("HTTP/1.1 204 ", 204, ""), ("HTTP/1.1 599  a ", 599, " a "), ("HTTP/1.1 100 \u{E9}\t", 100, "\u{E9}\t"),
        ])
    func statusLine(_ line: String, _ status: Int, _ reason: String) throws {
        let head = line + "\r\n\r\n"
        let parser = try parsed(head)
        #expect(parser.status == status)
        #expect(String(parser.reason, in: Array(head.utf8).span) == reason)
    }

    static let bodies: [(HTTPMethod, Int, String, HTTP1ResponseParser.Framing)] = [
        (.get, 200, "Content-Length: 3\r\n", .length(3)), (.get, 200, "Content-Length: 0\r\n", .none),
        (.get, 200, "Transfer-Encoding: chunked\r\n", .chunked), (.get, 200, "", .untilClose),
        (.post, 500, "", .untilClose), (.get, 204, "Content-Length: 3\r\n", .none), (.get, 204, "", .none),
        (.get, 304, "Content-Length: 3\r\n", .none), (.get, 304, "Transfer-Encoding: chunked\r\n", .none),
        (.get, 100, "", .none), (.get, 101, "", .none), (.head, 200, "Content-Length: 3\r\n", .none),
        (.head, 200, "Transfer-Encoding: chunked\r\n", .none), (.head, 404, "", .none),
        (.connect, 200, "", .none), (.connect, 204, "Content-Length: x\r\n", .none),
        (.connect, 200, "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", .none),
        (.connect, 407, "Content-Length: 3\r\n", .length(3)), (.connect, 502, "", .untilClose),
    ]

    @Test("the body is framed by the request's method, the status and the fields", arguments: bodies)
    func framing(_ method: HTTPMethod, _ status: Int, _ fields: String, _ body: HTTP1ResponseParser.Framing) throws {
        #expect(try parsed("HTTP/1.1 \(status) x\r\n\(fields)\r\n", answering: method).body == body)
    }

    @Test(
        "a connection is kept according to version, Connection and the body's end",
        arguments: [
            ("HTTP/1.1 200", "Content-Length: 1\r\n", true), ("HTTP/1.1 200", "", false),
            ("HTTP/1.1 204", "Connection: a, Close\r\n", false), ("HTTP/1.0 204", "", false),
            ("HTTP/1.0 204", "Connection: keep-alive\r\n", true), ("HTTP/1.1 304", "", true),
            ("HTTP/1.0 200", "Connection: keep-alive\r\n", false),
        ])
    func keepAlive(_ line: String, _ fields: String, _ isKept: Bool) throws {
        #expect(try parsed("\(line) x\r\n\(fields)\r\n").isKeepAlive == isKept)
    }

    @Test(
        "1xx are interim except for 101",
        arguments: [(100, true), (103, true), (101, false), (199, true), (200, false)])
    func interim(_ status: Int, _ isInterim: Bool) throws {
        #expect(try parsed("HTTP/1.1 \(status) x\r\n\r\n").isInterim == isInterim)
    }

    @Test("a parser is as new after reset")
    func reset() {
        var parser = HTTP1ResponseParser(limits: ResponseCorpus.limits)
        for head in ResponseCorpus.accepted + ResponseCorpus.refused.map(\.head) + ResponseCorpus.accepted {
            let bytes = Array(head.utf8)
            let fresh = ResponseOutcome(bytes, upTo: [bytes.count])
            do throws(HTTP1Error) {
                let progress = try parser.parse(bytes.span)
                #expect(fresh.length.map { HTTP1Progress.complete(length: $0) } == progress)
                #expect(
                    fresh.facts.last == "\(parser.status) \(parser.minorVersion) \(parser.body) \(parser.isKeepAlive)")
            } catch {
                #expect(fresh.error == error)
            }
            parser.reset()
        }
    }

    @Test("limits are met to the byte")
    func exactLimits() {
        let line = "HTTP/1.1 200 aaaaaaaaaaaaaaa\r\n"
        let section = "Y: a\r\nX: bbbbbbbbbbbb\r\n\r\n"
        let bytes = Array((line + section).utf8)
        func code(_ lineLimit: Int, _ sectionLimit: Int, _ count: Int) -> HTTP1Error.Code? {
            let limits = HTTP1Limits(requestLine: lineLimit, fieldSection: sectionLimit, fieldCount: count)
            return ResponseOutcome(bytes, upTo: [bytes.count], limits: limits).error?.code
        }
        #expect(code(line.utf8.count, section.utf8.count, 2) == nil)
        #expect(code(line.utf8.count - 1, section.utf8.count, 2) == .tooLarge)
        #expect(code(line.utf8.count, section.utf8.count - 1, 2) == .tooLarge)
        #expect(code(line.utf8.count, section.utf8.count, 1) == .tooLarge)
    }

    @Test("a head that comes byte by byte costs time in proportion to its length")
    func isLinear() throws {
        let bytes = Array(("HTTP/1.1 200 OK\r\nX: " + String(repeating: "x", count: 1 << 20)).utf8)
        var parser = HTTP1ResponseParser(limits: HTTP1Limits(fieldSection: 1 << 24))
        for end in 0...bytes.count {
            let progress = try parser.parse(bytes.span.extracting(..<end))
            if progress != .needsMore { Issue.record("complete after \(end) bytes") }
        }
    }
}
