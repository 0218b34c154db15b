import Testing

@testable import MartletSupervisor

@Suite("A control connection's first line")
struct FirstLineTests {
    @Test(
        "decides between HTTP and text",
        arguments: [
            ("GET /v1/info HTTP/1.1\r\n", .http),
            ("POST /v1/reload HTTP/1.0\n", .http),
            ("PRI * HTTP/2.0\r\n", .http),
            ("show info\n", .text("show info", length: 10)),
            ("show info\r\nshow stat\r\n", .text("show info", length: 11)),
            ("\n", .text("", length: 1)),
            ("HTTP/1.1\n", .text("HTTP/1.1", length: 9)),
            ("show info", .incomplete),
            ("", .incomplete),
        ] as [(String, FirstLine)])
    func decision(text: String, expected: FirstLine) {
        #expect(FirstLine(Array(text.utf8)) == expected)
    }

    @Test("the last line needs no end when nothing more comes")
    func lastLine() {
        #expect(FirstLine(Array("help".utf8), isComplete: true) == .text("help", length: 4))
        #expect(FirstLine([], isComplete: true) == .incomplete)
    }

    @Test("what is too long or no text is refused, as soon as that is certain")
    func refusal() {
        let most = [UInt8](repeating: 0x61, count: FirstLine.longest)
        #expect(FirstLine(most) == .incomplete)
        #expect(FirstLine(most + [0x0A]) == .text(String(repeating: "a", count: 4096), length: 4097))
        for bytes in [most + [0x61], most + [0x61, 0x0A], [0xFF, 0x0A], [0x61, 0, 0x0A]] {
            guard case .refused = FirstLine(bytes) else {
                Issue.record("\(bytes.count) bytes were not refused")
                continue
            }
        }
    }

    @Test("the decision is the same wherever the input was cut")
    func everySplit() {
        for text in ["GET /v1/info HTTP/1.1\r\nHost: x\r\n\r\n", "show workers\r\n"] {
            let bytes = Array(text.utf8)
            let whole = FirstLine(bytes)
            let end = text.utf8.firstIndex(of: 0x0A).map { text.utf8.distance(from: text.startIndex, to: $0) } ?? 0
            for count in 0...bytes.count {
                #expect(FirstLine(Array(bytes[..<count])) == (count <= end ? .incomplete : whole))
            }
        }
    }
}
