import Testing

@testable import MartletHTTP

@Suite("Content-Disposition")
struct ContentDispositionTests {
    @Test(
        "names are written in ASCII, and exactly if that is not enough",
        arguments: [
            ("example.html", "filename=\"example.html\""), ("a b.txt", "filename=\"a b.txt\""), ("", "filename=\"\""),
            ("€ rates", "filename=\"_ rates\"; filename*=UTF-8''%E2%82%AC%20rates"),
            ("a\"b", "filename=\"a_b\"; filename*=UTF-8''a%22b"),
            ("50%.txt", "filename=\"50_.txt\"; filename*=UTF-8''50%25.txt"),
            ("../etc/passwd", "filename=\".._etc_passwd\""), ("a\\b", "filename=\"a_b\""),
            ("a\r\nX: y\u{7F}", "filename=\"aX: y\""), ("é'*!", "filename=\"_'*!\"; filename*=UTF-8''%C3%A9%27%2A!"),
        ])
    func filenames(_ name: String, _ expected: String) {
        #expect(ContentDisposition.attachment(filename: name).description == "attachment; \(expected)")
    }

    @Test("without a name it is only the kind")
    func kinds() {
        #expect(ContentDisposition(.inline).description == "inline")
        #expect(ContentDisposition(.attachment).description == "attachment")
        #expect(ContentDisposition(.inline, filename: "a").description == "inline; filename=\"a\"")
    }
}
