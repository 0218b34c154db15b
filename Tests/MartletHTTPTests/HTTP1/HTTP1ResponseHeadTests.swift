import HTTPTypes
import Testing

@testable import MartletHTTP

@Suite("HTTP/1 response head")
struct HTTP1ResponseHeadTests {
    private let prefix = "Server: martlet\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"

    private func written(_ head: HTTP1ResponseHead) -> String {
        var output = ByteBuffer()
        var preamble = ResponsePreamble(unixTime: 784_111_777)
        head.append(to: &output, preamble: &preamble)
        return String(decoding: output.readableBytes, as: UTF8.self)
    }

    @Test("a plain answer is written whole")
    func plain() {
        let head = HTTP1ResponseHead(status: 200, contentType: "text/plain", framing: .length(13))
        #expect(written(head) == "HTTP/1.1 200 OK\r\n\(prefix)Content-Type: text/plain\r\nContent-Length: 13\r\n\r\n")
    }

    @Test(
        "status lines carry the registered phrase",
        arguments: [
            (404, "HTTP/1.1 404 Not Found\r\n"), (431, "HTTP/1.1 431 Request Header Fields Too Large\r\n"),
            (299, "HTTP/1.1 299 \r\n"), (999, "HTTP/1.1 999 \r\n"), (500, "HTTP/1.1 500 Internal Server Error\r\n"),
        ])
    func statusLines(_ status: Int, _ line: String) {
        #expect(written(HTTP1ResponseHead(status: status, framing: .none)) == line + prefix + "\r\n")
    }

    @Test(
        "framing and connection are said as asked",
        arguments: [
            (
                200, HTTP1ResponseHead.Framing.chunked, HTTP1ResponseHead.Connection.close,
                "Transfer-Encoding: chunked\r\nConnection: close\r\n"
            ),
            (200, .length(0), .keepAlive, "Content-Length: 0\r\nConnection: keep-alive\r\n"),
            (204, .length(0), .implied, ""), (204, .chunked, .implied, ""),
            (304, .length(7), .implied, "Content-Length: 7\r\n"),
        ])
    func framing(
        _ status: Int, _ framing: HTTP1ResponseHead.Framing, _ connection: HTTP1ResponseHead.Connection,
        _ fields: String
    ) {
        let text = written(HTTP1ResponseHead(status: status, framing: framing, connection: connection))
        #expect(text.hasSuffix(prefix + fields + "\r\n"))
    }

    @Test(
        "a value cannot begin another field",
        arguments: ["a\r\nX: b", "a\nX: b", "a\rX: b", "a\0X: b", "a\r\n\r\n<html>"])
    func splitting(_ value: String) {
        var fields = HTTPFields()
        fields[.location] = value
        fields.append(HTTPField(name: HTTPField.Name("X-Raw")!, lenientValue: Array(value.utf8)))
        let text = written(HTTP1ResponseHead(status: 200, contentType: value, framing: .none, fields: fields))
        #expect(text.split(separator: "\r\n").count == 6)
        #expect(text.dropLast(4).utf8.filter { $0 < 0x20 }.count == 5 * 2)
        #expect(text.utf8.filter { $0 == 0 }.isEmpty)
    }

    @Test("fields that frame the message are not the handler's")
    func ownFields() {
        var fields = HTTPFields()
        for name in [HTTPField.Name.contentLength, .transferEncoding, .connection, .date, .server] {
            fields[name] = "1"
        }
        fields[HTTPField.Name("Keep-Alive")!] = "1"
        fields[.contentType] = "a/b"
        fields[.eTag] = "\"x\""
        #expect(
            written(HTTP1ResponseHead(status: 200, contentType: "c/d", framing: .none, fields: fields))
                == "HTTP/1.1 200 OK\r\n\(prefix)Content-Type: c/d\r\nETag: \"x\"\r\n\r\n")
        #expect(
            written(HTTP1ResponseHead(status: 200, framing: .none, fields: fields)).contains("Content-Type: a/b\r\n"))
        #expect(written(HTTP1ResponseHead(status: 101, framing: .none, fields: fields)).contains("Connection: 1\r\n"))
    }

    @Test("the preamble follows the clock and is made anew only when the second changes")
    func preamble() {
        var preamble = ResponsePreamble(server: "", unixTime: 0)
        preamble.refresh(unixTime: 1)
        var output = ByteBuffer()
        HTTP1ResponseHead(status: 200, framing: .none).append(to: &output, preamble: &preamble)
        #expect(
            String(decoding: output.readableBytes, as: UTF8.self)
                == "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:01 GMT\r\n\r\n")
    }

    @Test("one preamble serves responses of any types, lengths and seconds in turn")
    func preambleOfSeveralTypes() {
        var preamble = ResponsePreamble(server: "", unixTime: 0)
        for second in [0, 0, 1, 1, 0] as [Int64] {
            preamble.refresh(unixTime: second)
            let heads: [(String, UInt64)] = [
                ("a/b", 7), ("a/b", 10), ("c/d\r\nX: 1", 0), ("a/b", 99), ("a/b", 100), ("c/d", UInt64.max),
            ]
            for (type, length) in heads {
                var output = ByteBuffer()
                HTTP1ResponseHead(status: 200, contentType: type, framing: .length(length))
                    .append(to: &output, preamble: &preamble)
                let shown = type.replacing("\r\n", with: "  ")
                #expect(
                    String(decoding: output.readableBytes, as: UTF8.self)
                        == "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:0\(second) GMT\r\n"
                        + "Content-Type: \(shown)\r\nContent-Length: \(length)\r\n\r\n")
            }
        }
    }

    @Test("an interim response carries its fields, and none of the server's own")
    func informational() {
        var fields = HTTPFields()
        fields[HTTPField.Name("Link")!] = "</style.css>; rel=preload; as=style"
        for name in [HTTPField.Name.contentLength, .transferEncoding, .connection, .date, .server] {
            fields[name] = "1"
        }
        fields.append(HTTPField(name: HTTPField.Name("X-Raw")!, lenientValue: Array("a\r\nb".utf8)))
        var output = ByteBuffer()
        HTTP1ResponseHead.appendInformational(status: 103, fields: fields, to: &output)
        #expect(
            String(decoding: output.readableBytes, as: UTF8.self)
                == "HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload; as=style\r\nX-Raw: a  b\r\n\r\n")
    }
}
