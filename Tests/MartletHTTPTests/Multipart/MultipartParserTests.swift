import HTTPTypes
import Testing

@testable import MartletHTTP

/// All that a parser tells of a form.
struct MultipartOutcome: Equatable {
    struct Part: Equatable {
        var head: MultipartPartHead
        var data: [UInt8] = []
        var isOver = false
    }

    var parts: [Part] = []
    var error: HTTP1Error?

    /// Hands `bytes` to a parser up to each offset in `ends`; what is behind is dropped, as a connection does.
    init(_ bytes: [UInt8], ends: some Sequence<Int>, boundary: String, limits: MultipartLimits) {
        do throws(HTTP1Error) {
            var parser = try MultipartParser(
                contentType: "multipart/form-data; boundary=\(boundary)", limits: limits)
            var start = 0
            for end in ends {
                let piece = Array(bytes[start..<end])
                start = end
                try read(piece, &parser)
            }
            try parser.finish()
        } catch {
            self.error = error
        }
    }

    private mutating func read(_ piece: [UInt8], _ parser: inout MultipartParser) throws(HTTP1Error) {
        var offset = 0
        while true {
            switch try parser.next(piece.span, from: &offset) {
            case .partBegan(let head): parts.append(Part(head: head))
            case .data(let range):
                precondition(!range.isEmpty)
                parts[parts.count - 1].data += piece[range]
            case .heldData(let held):
                precondition(!held.isEmpty)
                parts[parts.count - 1].data += held
            case .partEnded: parts[parts.count - 1].isOver = true
            case .needsMore, .end:
                precondition(offset == piece.count)
                return
            }
        }
    }

    /// Name, file name in angle brackets and data of each part.
    var summary: [String] {
        parts.map { part in
            let file = part.head.filename.map { "<\($0)>" } ?? ""
            return "\(part.head.name)\(file)=\(String(decoding: part.data, as: UTF8.self))" + (part.isOver ? "" : "…")
        }
    }
}

@Suite("multipart/form-data")
struct MultipartParserTests {
    static let limits = MultipartLimits(partCount: 3, partHead: 120, ignored: 20)

    private func outcome(_ text: String, ends: [Int]? = nil) -> MultipartOutcome {
        MultipartOutcome(
            Array(text.utf8), ends: ends ?? [text.utf8.count], boundary: "b", limits: Self.limits)
    }

    /// A part as browsers send it.
    private static func part(_ parameters: String, _ data: String = "", _ fields: String = "") -> String {
        "--b\r\nContent-Disposition: form-data; \(parameters)\r\n\(fields)\r\n\(data)\r\n"
    }

    static let accepted: [(String, [String])] = [
        (part("name=\"a\"", "1") + part("name=\"b\"", "2") + "--b--\r\n", ["a=1", "b=2"]),
        ("--b--", []), ("--b--\r\n", []), ("--b--rest", []), ("ignored\r\n--b--", []), ("\r\n--b--", []),
        ("--\r\n--\r\n--b--", []),
        (part("name=a", "1") + "--b--", ["a=1"]), (part("name=\"\"") + "--b--", ["="]),
        // No line end of its own between an empty part and the delimiter.
        ("--b\r\nContent-Disposition: form-data; name=a\r\n\r\n--b--", ["a="]),
        ("--b \t\r\ncontent-disposition:form-data;name=a\r\n\r\n\r\n--b--", ["a="]),
        (
            part("name=a", "\r\n-\r\n--\r\n--a--b\r--b\n--b\r\r\r\n\r\n") + "--b--",
            ["a=\r\n-\r\n--\r\n--a--b\r--b\n--b\r\r\r\n\r\n"]
        ),
        (part("name=\"a\"; filename=\"\"", "", "Content-Type: application/octet-stream\r\n") + "--b--", ["a<>="]),
        (part("name=\"a\"; filename=\"C:\\dir\\f.txt\"", "x") + "--b--", ["a<C:\\dir\\f.txt>=x"]),
        (part("name=\"a\"; filename=\"q%22\\\"\\\\%0d%0A%41\"", "x") + "--b--", ["a<q\"\"\\\r\n%41>=x"]),
        (part("name=\"a\"; filename=\"x;y\"; filename*=UTF-8''z", "x") + "--b--", ["a<x;y>=x"]),
        (part("name=\"\u{E9}\"; filename=\"\u{20AC}\"", "x") + "--b--", ["\u{E9}<\u{20AC}>=x"]),
        (part("NAME=a ; other=1;", "1", "X-Other:\tvalue \r\nContent-Transfer-Encoding: 8bit\r\n") + "--b--", ["a=1"]),
    ]

    static let refused: [(String, String)] =
        [
            ("", "the multipart body ends before the delimiter that closes it"),
            ("--b\r\n", "the multipart body ends before the delimiter that closes it"),
            (part("name=a", "1"), "the multipart body ends before the delimiter that closes it"),
            (part("name=a", "1") + "--b-", "the multipart body ends before the delimiter that closes it"),
            ("--b-x", "end of the last delimiter: \"x\" is not allowed here"),
            ("--bb\r\n", "delimiter of a part: \"b\" is not allowed here"),
            ("--b\n", "delimiter of a part: LF without CR before it; lines end with CR LF"),
            ("--b\rx", "delimiter of a part: CR followed by \"x\"; lines end with CR LF"),
            (part("name=a", "\r\n--bc") + "--b--", "delimiter of a part: \"c\" is not allowed here"),
            (part("name=a", "--bx") + "--b--", "delimiter of a part: \"x\" is not allowed here"),
            ("--b\r\nA: b\n", "head of a part: LF without CR before it; lines end with CR LF"),
            ("--b\r\nA: b\rc", "head of a part: CR followed by \"c\"; lines end with CR LF"),
            ("--b\r\nA: b\0", "head of a part: byte 0x00 is not allowed here"),
            ("--b\r\nA\r\n\r\n", "a line in the head of a part is not name: value"),
            ("--b\r\nA : b\r\n\r\n", "a line in the head of a part is not name: value"),
            ("--b\r\n: b\r\n\r\n", "a line in the head of a part is not name: value"),
            (part("name=a;\r\n filename=b"), "a line in the head of a part is not name: value"),
            ("--b\r\nA: b\r\n\r\n", "a part has no Content-Disposition"),
            ("--b\r\n\r\n", "a part has no Content-Disposition"),
            (
                "--b\r\nContent-Disposition: attachment; name=a\r\n\r\n",
                "the Content-Disposition of a part is not form-data"
            ),
            (part("filename=a"), "a part has no name"), (part("name=a; name=b"), "a part has two names"),
            (part("name=a; filename=b; filename=b"), "a part has two file names"),
            (part("name=a", "", "Content-Disposition: form-data; name=b\r\n"), "a part has two Content-Dispositions"),
            (
                part("name=a", "", "Content-Transfer-Encoding: base64\r\n"),
                "a part has a Content-Transfer-Encoding that changes its bytes"
            ),
            (
                String(repeating: "x", count: 21),
                "bytes outside of the parts of a multipart body exceed the limit of 20"
            ),
            (
                "--b--" + String(repeating: "x", count: 21),
                "bytes outside of the parts of a multipart body exceed the limit of 20"
            ),
            (
                "--b\r\nA: " + String(repeating: "x", count: 120),
                "the head of a part is larger than the limit of 120 bytes"
            ),
            (
                "--b" + String(repeating: " ", count: 121) + "\r\n",
                "the head of a part is larger than the limit of 120 bytes"
            ),
            (String(repeating: part("name=a"), count: 4) + "--b--", "more parts than the limit of 3"),
        ]
        + [
            "name", "name=", "name=\"a", "name=\"a\\\"", "=a", "name=a b", "name=a, filename=b", "name = a",
            "a\u{E9}=1",
        ].map {
            (part($0), "the parameters of Content-Disposition are not name=value or name=\"value\" behind semicolons")
        }

    @Test("well-formed forms are read to their end", arguments: accepted)
    func accepts(_ text: String, _ summary: [String]) {
        let outcome = outcome(text)
        #expect(outcome.error == nil)
        #expect(outcome.summary == summary)
    }

    @Test("malformed forms are refused with 400, and those beyond a limit with 413", arguments: refused)
    func refuses(_ text: String, _ message: String) {
        let error = outcome(text).error
        #expect(error?.message == message && error?.status == (message.contains("the limit of") ? 413 : 400))
    }

    @Test(
        "where the input is split changes neither parts nor error", arguments: accepted.map(\.0) + refused.map(\.0))
    func splits(_ text: String) {
        let count = text.utf8.count
        let whole = outcome(text)
        for split in 0...count { #expect(outcome(text, ends: [split, count]) == whole, "split at \(split)") }
        #expect(outcome(text, ends: Array(0...count)) == whole)
    }

    @Test("names that are not UTF-8 are refused")
    func encoding() {
        let bytes = Array("--b\r\nContent-Disposition: form-data; name=\"".utf8) + [0xE9] + Array("\"\r\n\r\n".utf8)
        let outcome = MultipartOutcome(bytes, ends: [bytes.count], boundary: "b", limits: Self.limits)
        #expect(outcome.error?.message == "the Content-Disposition of a part is not UTF-8")
    }

    @Test("the head has the content type and all fields")
    func head() throws {
        let text = Self.part("name=a", "x", "Content-Type: text/plain;charset=utf-8\r\nX-A: 1\r\nX-A: 2\r\n") + "--b--"
        let head = try #require(outcome(text).parts.first?.head)
        #expect(
            head.contentType == "text/plain;charset=utf-8" && head.fields[values: HTTPField.Name("X-A")!] == ["1", "2"])
        #expect(head.fields.count == 4)
    }

    @Test(
        "the boundary is that of Content-Type",
        arguments: [
            ("multipart/form-data; boundary=abc", "abc"), ("Multipart/Form-Data;BOUNDARY=\"a b\"", "a b"),
            (" multipart/form-data ; charset=utf-8; boundary=a'b_-. ", "a'b_-."),
            ("multipart/form-data; boundary=\"a'()+_,-./:=?\"", "a'()+_,-./:=?"),
            ("multipart/form-data; boundary=" + String(repeating: "a", count: 70), String(repeating: "a", count: 70)),
        ])
    func boundary(_ contentType: String, _ boundary: String) throws {
        let found = try MultipartBoundary(contentType: contentType)
        #expect(found.delimiter == Array("\r\n--\(boundary)".utf8))
    }

    @Test(
        "a Content-Type without a usable boundary is refused",
        arguments: [
            ("", 415), ("multipart/mixed; boundary=a", 415), ("multipart/form-datax; boundary=a", 415),
            ("text/plain", 415), ("multipart/form-data", 400), ("multipart/form-data; charset=a", 400),
            ("multipart/form-data; boundary=", 415), ("multipart/form-data; boundary=\"\"", 400),
            ("multipart/form-data; boundary=\"a \"", 400), ("multipart/form-data; boundary=a; boundary=a", 400),
            ("multipart/form-data; boundary=a{", 415), ("multipart/form-data; boundary=a!", 400),
            ("multipart/form-data; boundary=\"a@\"", 400),
            ("multipart/form-data; boundary=\"a\u{E9}\"", 400), ("multipart/form-data boundary=a", 415),
            ("multipart/form-data; boundary=" + String(repeating: "a", count: 71), 400),
        ])
    func badBoundary(_ contentType: String, _ status: Int) {
        let error = #expect(throws: HTTP1Error.self) {
            _ = try MultipartParser(contentType: contentType)
        }
        #expect(error?.status == status)
    }

    @Test("data that looks like delimiters takes linear time and comes whole")
    func adversarial() {
        let boundary = String(repeating: "-", count: 70)
        let almost = "\r\n--" + boundary.dropLast() + "\r"
        let data = String(repeating: almost, count: 4000) + String(repeating: "\r", count: 300_000)
        let text =
            "--\(boundary)\r\nContent-Disposition: form-data; name=a\r\n\r\n\(data)\r\n--\(boundary)--\r\n"
        let bytes = Array(text.utf8)
        for step in [1, 7, 4096, bytes.count] {
            let ends = Array(stride(from: step, to: bytes.count, by: step)) + [bytes.count]
            let outcome = MultipartOutcome(bytes, ends: ends, boundary: boundary, limits: MultipartLimits())
            #expect(outcome.error == nil && outcome.parts.first?.data == Array(data.utf8))
        }
    }

    @Test("what the encoder writes the parser reads")
    func roundTrip() {
        let form = MultipartEncoder()
        var output = ByteBuffer()
        form.append(name: "title \"\u{E9}\"\r\n", value: "A bird", to: &output)
        form.append(name: "empty", value: "", to: &output)
        form.beginPart(name: "photo", filename: "a\"b\u{1}.jpg", contentType: "image/jpeg\r\nX: y", in: &output)
        output.append(contentsOf: [0, 0x0D, 0x0A, 0xFF])
        form.endPart(in: &output)
        form.end(in: &output)
        let bytes = output.withReadableBytes { Array($0) }
        let outcome = MultipartOutcome(
            bytes, ends: [bytes.count], boundary: "\"\(form.boundary)\"", limits: MultipartLimits())
        #expect(outcome.error == nil && outcome.parts.map(\.head.name) == ["title \"\u{E9}\"\r\n", "empty", "photo"])
        #expect(outcome.parts.last?.head.filename == "a\"b .jpg")
        #expect(outcome.parts.last?.head.contentType == "image/jpeg  X: y")
        #expect(outcome.parts.map(\.data) == [Array("A bird".utf8), [], [0, 0x0D, 0x0A, 0xFF]])
        #expect(form.contentType.hasPrefix("multipart/form-data; boundary=\"martlet-"))
        #expect(MultipartEncoder().boundary != form.boundary)
    }

    @Test("mutated forms are read the same in pieces as whole, and refused only with 400 and 413")
    func mutations() {
        var random = SplitMix64(seed: 3)
        let texts = Self.accepted.map(\.0) + Self.refused.map(\.0)
        for _ in 0..<4000 {
            let bytes = random.mutated(Array(texts.randomElement(using: &random)!.utf8))
            let whole = MultipartOutcome(bytes, ends: [bytes.count], boundary: "b", limits: Self.limits)
            let pieces = MultipartOutcome(bytes, ends: random.ends(bytes.count), boundary: "b", limits: Self.limits)
            #expect(whole == pieces, "\(bytes)")
            #expect(whole.error.map { $0.status == ($0.code == .tooLarge ? 413 : 400) } ?? true)
        }
    }
}
