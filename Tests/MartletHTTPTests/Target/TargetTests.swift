import Testing

@testable import MartletHTTP

@Suite("Targets")
struct TargetTests {
    private func whole(_ text: String) -> ([UInt8], ByteRange) { (Array(text.utf8), ByteRange(0, text.utf8.count)) }

    @Test(
        "a target is split at its first question mark",
        arguments: [
            ("/a?b?c", "/a", "b?c"), ("/a", "/a", nil), ("/?", "/", ""), ("", "", nil),
        ] as [(String, String, String?)])
    func split(_ target: String, _ path: String, _ query: String?) {
        let (bytes, range) = whole(target)
        let parts = RequestTarget.split(range, in: bytes.span)
        let texts = (String(parts.path, in: bytes.span), parts.query.map { String($0, in: bytes.span) })
        #expect(texts.0 == path)
        #expect(texts.1 == query)
    }

    @Test(
        "escapes are decoded once",
        arguments: [
            ("abc", "abc"), ("%41%62", "Ab"), ("%2541", "%41"), ("a+b", "a+b"), ("%C3%a9", "é"), ("%2F", "/"), ("", ""),
        ])
    func decodes(_ text: String, _ decoded: String) throws {
        let (bytes, range) = whole(text)
        let text = try PercentEncoding.string(range, in: bytes.span)
        #expect(text == decoded)
        let isValid = PercentEncoding.isValid(range, in: bytes.span)
        #expect(isValid)
    }

    @Test(
        "malformed escapes, invalid UTF-8 and NUL are refused",
        arguments: ["%", "%4", "a%4", "%zz", "%4g", "%ff", "%C3", "%00", "%%41"])
    func refuses(_ text: String) {
        let (bytes, range) = whole(text)
        let error = #expect(throws: HTTP1Error.self) { try PercentEncoding.string(range, in: bytes.span) as String }
        #expect(error?.status == 400 && error?.code == .target)
    }

    @Test("an escape never reaches beyond its range")
    func bounded() {
        let bytes = Array("%41".utf8)
        for end in 0..<3 {
            let isValid = PercentEncoding.isValid(ByteRange(0, end), in: bytes.span)
            #expect(isValid == (end == 0))
        }
    }

    @Test(
        "dot segments are removed, plain and escaped",
        arguments: [
            ("/a/b/c/./../../g", "/a/g"), ("/", "/"), ("", "/"), ("/a/", "/a/"), ("/a/..", "/"), ("/a/.", "/a/"),
            ("/../../etc", "/etc"), ("/%2e%2E/x", "/x"), ("/a/%2e/b", "/a/b"), ("/a//../b", "/a/b"), ("//", "//"),
            ("/.../a", "/.../a"), ("/a%2F../b", "/a%2F../b"), ("/..a/b..", "/..a/b.."), ("/a/b/..", "/a/"),
        ])
    func dots(_ path: String, _ expected: String) {
        let (bytes, range) = whole(path)
        let removed = DotSegments.removed(from: range, in: bytes.span)
        #expect(String(decoding: removed, as: UTF8.self) == expected)
        let before = DotSegments.isPresent(in: range, bytes.span)
        let after = DotSegments.isPresent(in: ByteRange(0, removed.count), removed.span)
        #expect(before == (path != expected && !path.isEmpty))
        #expect(!after)
    }

    @Test(
        "a query is a list of items",
        arguments: [
            ("a=1&b=2", ["a=1", "b=2"]), ("", []), ("&&", []), ("a&b=", ["a", "b="]), ("=x", ["=x"]),
            ("a=b=c", ["a=b=c"]),
        ])
    func query(_ query: String, _ items: [String]) {
        let (bytes, range) = whole(query)
        var cursor = QueryCursor(range)
        var found: [String] = []
        while let item = cursor.next(in: bytes.span) {
            found.append(
                String(item.name, in: bytes.span) + (item.value.map { "=" + String($0, in: bytes.span) } ?? ""))
        }
        #expect(found == items)
    }

    @Test("values of a query are decoded, + is a space")
    func values() throws {
        let (bytes, range) = whole("q=a+b%2B&x&%71=no")
        for (name, expected) in [("q", "a b+"), ("x", ""), ("y", nil)] as [(String, String?)] {
            let value = try QueryCursor.firstValue(of: name, in: range, bytes.span)
            #expect(value == expected)
        }
    }
}
