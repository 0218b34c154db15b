import HTTPTypes
import Testing

@testable import MartletHTTP

@Suite("HTTP/1 chunked coding")
struct HTTP1ChunkedDecoderTests {
    struct Result: Equatable {
        var body = ""
        var length: Int?
        var trailers: [String]?
        var error: HTTP1Error?

        init(_ text: String, ends: some Sequence<Int>, limits: HTTP1Limits = limits, bodyLimit: UInt64 = .max) {
            let bytes = Array(text.utf8)
            var decoder = HTTP1ChunkedDecoder(limits: limits, bodyLimit: bodyLimit)
            var offset = 0
            do throws(HTTP1Error) {
                for end in ends {
                    let seen = bytes.span.extracting(..<end)
                    events: while true {
                        switch try decoder.next(seen, from: &offset) {
                        case .data(let range): body += String(decoding: bytes[range], as: UTF8.self)
                        case .needsMore: break events
                        case .end:
                            length = offset
                            trailers = decoder.trailers?.map { "\($0.name)=\($0.value)" }
                            return
                        }
                    }
                }
            } catch {
                self.error = error
            }
        }
    }

    static let limits = HTTP1Limits(fieldSection: 40, fieldCount: 2, chunkExtensions: 12)

    static let accepted = [
        ("0\r\n\r\n", ""), ("5\r\nhello\r\n0\r\n\r\n", "hello"), ("005\r\nhello\r\n00\r\n\r\nrest", "hello"),
        ("a\r\n0123456789\r\nB\r\n01234567890\r\n0\r\n\r\n", "012345678901234567890"),
        ("1;a=b\r\nx\r\n1 ;c\r\ny\r\n0;d\r\n\r\n", "xy"), ("1\r\nx\r\n0\r\nA: b\r\nC:\r\n\r\n", "x"),
        ("2\r\n\r\n\r\n0\r\n\r\n", "\r\n"),
    ]

    @Test(
        "extensions are names, perhaps with values that are tokens or quoted",
        arguments: [
            ";a", ";a=b", " ;a", "\t; a", ";a =b", ";a= b", ";a\t=\tb", ";a;b", ";a=b;c", ";a=b ;c", ";a ;b",
            ";a=\"\"", ";a=\"b c\"", ";a=\";\"", ";a=\"\\\"\"", ";a=\"\\\\\"", ";a=\"\t\";b", ";a=\"é\"", ";a=\"b\" ;c",
            ";!#$%&'*+-.^_`|~=1",
        ])
    func acceptsExtensions(_ extensions: String) {
        let text = "1\(extensions)\r\nx\r\n0\(extensions)\r\n\r\n"
        let count = text.utf8.count
        let limits = HTTP1Limits()
        let whole = Result(text, ends: [count], limits: limits)
        #expect(whole.body == "x" && whole.length == count && whole.error == nil)
        for split in 0...count { #expect(Result(text, ends: [split, count], limits: limits) == whole) }
    }

    @Test(
        "what is no extension is refused",
        arguments: [
            ";", " ;", ";;a", ";a;", ";a;;b", ";=b", ";a=", ";a= ", ";a ", ";a=b ", ";a=\"b\" ", " ", ";a b", ";a=b c",
            ";a==b", ";a=b=c", ";\"a\"", ";\"a\"=b", ";a=\"b", ";a=\"b\\\"", ";a=\"b\"c", ";a=b\"c\"", ";a=\"\u{1}\"",
            ";a=\"\\\u{7F}\"", ";é", ";a=é", ";a,b", ";(a)", "=a",
        ])
    func refusesExtensions(_ extensions: String) {
        let text = "1\(extensions)\r\nx\r\n0\r\n\r\n"
        let count = text.utf8.count
        let whole = Result(text, ends: [count], limits: HTTP1Limits())
        #expect(whole.error?.status == 400 && whole.body.isEmpty)
        for split in 0...count { #expect(Result(text, ends: [split, count], limits: HTTP1Limits()) == whole) }
    }

    static let refused: [(String, Int)] = [
        ("\r\n", 400), ("g\r\n", 400), ("-1\r\n", 400), ("+1\r\n", 400), ("0x1\r\n", 400), (" 1\r\n", 400),
        ("1 \r\n", 400),
        ("1\n", 400), ("1\rx", 400), ("1\r\r\n", 400), ("1;a\nb", 400), ("1;a\0", 400), ("1;a\rb", 400),
        ("1\r\nxy", 400), ("1\r\nx\n", 400), ("1\r\nx\rA", 400), ("1\r\nx0\r\n", 400), (";a\r\n", 400),
        ("00000000000000001\r\n", 400), ("8000000000000000\r\n", 413), ("ffffffffffffffff\r\n", 413),
        ("fffffffffffffffff\r\n", 400), ("7fffffffffffffff\r\n", 0),
        ("1;0123456789\r\nx\r\n1;0\r\n", 413), ("1;012345678901\r\n", 413), ("1;a\t\r\n", 400),
        ("0\r\n\n", 400), ("0\r\n\rX", 400), ("0\r\nA : b\r\n\r\n", 400), ("0\r\n: b\r\n", 400), ("0\r\nA\r\n", 400),
        ("0\r\n A: b\r\n", 400), ("0\r\nA: b\r\n c\r\n", 400), ("0\r\nA: b\0\r\n", 400), ("0\r\nA: b\n", 400),
        ("0\r\nA: b\r\nB: c\r\nD: e\r\n\r\n", 431), ("0\r\nA: 0123456789012345678901234567890123456789\r\n\r\n", 431),
    ]

    @Test("well-formed bodies are read to their end", arguments: accepted)
    func accepts(_ text: String, _ body: String) {
        let result = Result(text, ends: [text.utf8.count])
        #expect(result.body == body && result.error == nil)
        #expect(result.length == text.utf8.count - (text.hasSuffix("rest") ? 4 : 0))
    }

    @Test("malformed bodies are refused", arguments: refused)
    func refuses(_ text: String, _ status: Int) {
        #expect((Result(text, ends: [text.utf8.count]).error?.status ?? 0) == status)
    }

    @Test("where the input is split changes neither data nor error", arguments: accepted.map(\.0) + refused.map(\.0))
    func splits(_ text: String) {
        let count = text.utf8.count
        let whole = Result(text, ends: [count])
        for split in 0...count { #expect(Result(text, ends: [split, count]) == whole, "split at \(split)") }
        #expect(Result(text, ends: 0...count) == whole)
    }

    @Test("a chunk that exceeds the body's limit is refused at its size")
    func bodyLimit() {
        #expect(Result("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", ends: [20], bodyLimit: 5).error == nil)
        let result = Result("3\r\nabc\r\n3\r\n", ends: [11], bodyLimit: 5)
        #expect(result.body == "abc" && result.error?.status == 413)
    }

    @Test("what the encoder writes the decoder reads")
    func roundTrip() {
        var output = ByteBuffer()
        for piece in ["", "a", String(repeating: "b", count: 300), "c"] {
            Array(piece.utf8).withUnsafeBytes { HTTP1ChunkedEncoder.append($0, to: &output) }
        }
        HTTP1ChunkedEncoder.end(in: &output)
        let text = String(decoding: output.readableBytes, as: UTF8.self)
        #expect(text.hasPrefix("1\r\na\r\n12c\r\nbbb"))
        let result = Result(text, ends: [text.utf8.count])
        #expect(result.body == "a" + String(repeating: "b", count: 300) + "c" && result.length == text.utf8.count)
    }

    static let trailerSections: [(String, [String]?)] = [
        ("", nil), ("A: b\r\n", ["A=b"]), ("X-Sum:\t 1 2 \r\nx-sum:3\r\n", ["X-Sum=1 2", "x-sum=3"]),
        ("E:\r\n", ["E="]),
        ("Content-Length: 5\r\n", nil), ("Host: b\r\nA: \u{E9}\r\n", ["A=\u{E9}"]),
        ("Content-Digest: c\r\nTE: x\r\n", ["Content-Digest=c"]), ("set-cookie: a\r\nAUTHORIZATION: b\r\n", nil),
        ("X-Forwarded-For: a\r\nSec-X: b\r\n", nil), ("Proxy-X: a\r\nTrailers: b\r\n", ["Trailers=b"]),
    ]

    @Test("trailers are kept in order, without those that no trailer may carry", arguments: trailerSections)
    func trailers(_ section: String, _ expected: [String]?) {
        let text = "1\r\nx\r\n0\r\n\(section)\r\n"
        let count = text.utf8.count
        for split in 0...count {
            let result = Result(text, ends: [split, count])
            #expect(result.trailers == expected && result.length == count, "split at \(split)")
        }
        #expect(Result(text, ends: 0...count).trailers == expected)
    }

    @Test("there are no trailers before the body is over")
    func unfinishedTrailers() throws {
        let bytes = Array("0\r\nA: b\r\n\r\n".utf8)
        var decoder = HTTP1ChunkedDecoder()
        var offset = 0
        for end in 0..<bytes.count {
            let event = try decoder.next(bytes.span.extracting(..<end), from: &offset)
            #expect(event == .needsMore && decoder.trailers == nil)
        }
        let event = try decoder.next(bytes.span, from: &offset)
        #expect(event == .end && decoder.trailers?.count == 1)
    }

    @Test("trailers are written without those that no trailer may carry, each in one line")
    func writesTrailers() {
        var fields = HTTPFields()
        fields.append(HTTPField(name: HTTPField.Name("Server-Timing")!, value: "db;dur=5"))
        fields.append(HTTPField(name: HTTPField.Name("X-Raw")!, lenientValue: Array("a\r\nHost: b".utf8)))
        for name in [HTTPField.Name.contentLength, .setCookie, .transferEncoding, .trailer, .cacheControl] {
            fields[name] = "1"
        }
        var output = ByteBuffer()
        HTTP1ChunkedEncoder.end(trailers: fields, in: &output)
        let text = String(decoding: output.readableBytes, as: UTF8.self)
        #expect(text == "0\r\nServer-Timing: db;dur=5\r\nX-Raw: a  Host: b\r\n\r\n")
        let result = Result(text, ends: [text.utf8.count], limits: HTTP1Limits())
        #expect(result.trailers == ["Server-Timing=db;dur=5", "X-Raw=a  Host: b"])

        output.removeAll()
        HTTP1ChunkedEncoder.end(trailers: HTTPFields(), in: &output)
        #expect(String(decoding: output.readableBytes, as: UTF8.self) == "0\r\n\r\n")
    }
}
