import Testing

@testable import MartletHTTP

@Suite("Query parameters and forms")
struct QueryParametersTests {
    private func decode(_ text: String, limit: Int = 1000) throws(HTTP1Error) -> QueryParameters {
        let bytes = Array(text.utf8)
        return try QueryParameters(decoding: bytes.span, limit: limit)
    }

    @Test(
        "parameters are decoded in the order they were sent",
        arguments: [
            ("", []), ("&&", []), ("a=1&b=2&a=3", ["a=1", "b=2", "a=3"]), ("a", ["a="]), ("=", ["="]), ("=x", ["=x"]),
            ("a=b=c", ["a=b=c"]), ("q=fish+%26+chips", ["q=fish & chips"]), ("%C3%A9=%E2%82%AC", ["é=€"]),
            ("a%3Db=%2541", ["a=b=%41"]), ("a[]=1", ["a[]=1"]), ("a=1;b=2", ["a=1;b=2"]),
        ])
    func decodes(_ text: String, _ expected: [String]) throws {
        #expect(try decode(text).map { "\($0.name)=\($0.value)" } == expected)
    }

    @Test(
        "what would have to be guessed is refused, and the message names the parameter",
        arguments: [
            ("a=1&page=%", "the value of parameter \"page\": % is not followed by two hexadecimal digits"),
            ("page=%f", "the value of parameter \"page\": % is not followed by two hexadecimal digits"),
            ("page=%ff", "the value of parameter \"page\": the decoded text is not UTF-8"),
            ("page=a%00b", "the value of parameter \"page\": %00 is not allowed"),
            ("p%zz=1", "the name of parameter \"p%zz\": % is not followed by two hexadecimal digits"),
            ("p\u{1}\n\u{E9}%=1", "the name of parameter \"p????%\": % is not followed by two hexadecimal digits"),
            (
                String(repeating: "n", count: 70) + "=%",
                "the value of parameter \"\(String(repeating: "n", count: 64))…\": "
                    + "% is not followed by two hexadecimal digits"
            ),
        ])
    func refuses(_ text: String, _ message: String) {
        let error = #expect(throws: HTTP1Error.self) { try decode(text) }
        #expect(error?.message == message)
        #expect(error?.status == 400 && error?.code == .parameter)
    }

    @Test("the number of parameters is limited")
    func limit() throws {
        #expect(try decode("a&b&&c", limit: 3).count == 3)
        let error = #expect(throws: HTTP1Error.self) { try decode("a&b&c&d", limit: 3) }
        #expect(error == HTTP1Error(.tooLarge, status: 413, "more parameters than the limit of 3"))
        #expect(try decode(String(repeating: "a&", count: 1000)).count == 1000)
        #expect(throws: HTTP1Error.self) { try decode(String(repeating: "a&", count: 1001)) }
    }

    @Test("parameters are looked up by name")
    func lookup() throws {
        let parameters = try decode("tag=a&page=2&tag=b&empty=")
        #expect(parameters["tag"] == "a" && parameters["empty"] == "" && parameters["Tag"] == nil)
        #expect(parameters.all("tag") == ["a", "b"] && parameters.all("none").isEmpty)
        #expect(parameters.count == 4 && parameters[1] == QueryParameter(name: "page", value: "2"))
        #expect(parameters == ["tag": "a", "page": "2", "tag": "b", "empty": ""])
    }

    @Test("a typed look-up converts, or says which parameter is wrong")
    func typed() throws {
        let parameters = try decode("page=2&empty=&ratio=0.5&name=x")
        #expect(try parameters.value("page", as: Int.self) == 2)
        #expect(try parameters.value("ratio") as Double == 0.5)
        #expect(try parameters.valueIfPresent("none", as: Int.self) == nil)
        for (name, message) in [
            ("none", "parameter \"none\" is missing"), ("name", "parameter \"name\" is not of type Int"),
            ("empty", "parameter \"empty\" is not of type Int"), ("ratio", "parameter \"ratio\" is not of type Int"),
        ] {
            let error = #expect(throws: HTTP1Error.self) { try parameters.value(name, as: Int.self) }
            #expect(error == HTTP1Error(.parameter, message))
        }
    }

    @Test("the encoder escapes as browsers do")
    func encodes() {
        #expect(
            FormEncoder.encode([("q", "fish & chips"), ("a=b", "100%"), ("", "é*-._~")])
                == "q=fish+%26+chips&a%3Db=100%25&=%C3%A9*-._%7E")
        #expect(FormEncoder.encode([(String, String)]()) == "")
        #expect(FormEncoder.encode(["a": "1", "a": "\r\n"]) == "a=1&a=%0D%0A")
    }

    @Test("what the encoder writes is decoded to the same")
    func roundTrip() throws {
        var random = SplitMix64(seed: 1)
        for _ in 0..<500 {
            var parameters = QueryParameters()
            for _ in 0..<Int.random(in: 0..<6, using: &random) {
                parameters.append(name: text(&random), value: text(&random))
            }
            let encoded = FormEncoder.encode(parameters)
            #expect(try decode(encoded) == parameters, "\(encoded)")
        }
    }

    private func text(_ random: inout SplitMix64) -> String {
        let alphabet = Array("aZ09 +&=%;#/?\u{1}\u{7F}\u{E9}\u{20AC}\u{1F600}\r\n".unicodeScalars)
        var text = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 1..<8, using: &random) { text.append(alphabet.randomElement(using: &random)!) }
        return String(text)
    }

    @Test("random bytes are decoded or refused with 400")
    func random() {
        var random = SplitMix64(seed: 2)
        for _ in 0..<5000 {
            let bytes = random.bytes(upTo: 24, from: Array("ab=&%+41fF;".utf8) + [0, 0xC3, 0xA9, 0xFF, 0x0A])
            do {
                let parameters = try QueryParameters(decoding: bytes.span, limit: 4)
                #expect(parameters.count <= 4)
            } catch {
                #expect(error.status == 400)
            }
        }
    }
}
