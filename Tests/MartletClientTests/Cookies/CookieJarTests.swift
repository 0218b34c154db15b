import HTTPTypes
import MartletHTTP
import Testing

@testable import MartletClient

@Suite("The cookie jar")
struct CookieJarTests {
    private nonisolated static func url(_ text: String) -> HTTPURL { try! HTTPURL(parsing: text) }  // written below

    nonisolated struct Case: Sendable {
        let field, from, to: String
        let sent: String?
    }

    nonisolated static let cases = [
        // RFC 6265 §3.1
        Case(
            field: "SID=31d4d96e407aad42", from: "http://example.com/", to: "http://example.com/",
            sent: "SID=31d4d96e407aad42"),
        Case(
            field: "SID=31d4; Path=/; Domain=example.com", from: "http://www.example.com/",
            to: "http://b.example.com/x",
            sent: "SID=31d4"),
        Case(
            field: "SID=31d4; Path=/; Secure; HttpOnly", from: "https://example.com/", to: "http://example.com/",
            sent: nil),
        Case(field: "a=b; Secure", from: "http://example.com/", to: "https://example.com/", sent: nil),
        // Hosts and domains
        Case(field: "a=b", from: "http://example.com/", to: "http://www.example.com/", sent: nil),
        Case(field: "a=b; Domain=.Example.COM", from: "http://x.example.com/", to: "http://example.com/", sent: "a=b"),
        Case(field: "a=b; Domain=ample.com", from: "http://example.com/", to: "http://example.com/", sent: nil),
        Case(
            field: "a=b; Domain=www.example.com", from: "http://example.com/", to: "http://www.example.com/", sent: nil),
        Case(field: "a=b; Domain=com", from: "http://example.com/", to: "http://example.com/", sent: nil),
        Case(field: "a=b; Domain=co.uk", from: "http://example.co.uk/", to: "http://example.co.uk/", sent: nil),
        Case(
            field: "a=b; Domain=example.co.uk", from: "http://www.example.co.uk/", to: "http://example.co.uk/",
            sent: "a=b"),
        Case(field: "a=b; Domain=co.uk", from: "http://co.uk/", to: "http://co.uk/", sent: "a=b"),
        Case(field: "a=b; Domain=co.uk", from: "http://co.uk/", to: "http://example.co.uk/", sent: nil),
        Case(field: "a=b; Domain=github.io", from: "http://me.github.io/", to: "http://you.github.io/", sent: nil),
        Case(field: "a=b; Domain=localhost", from: "http://localhost/", to: "http://localhost/", sent: "a=b"),
        Case(field: "a=b; Domain=0.0.1", from: "http://127.0.0.1/", to: "http://127.0.0.1/", sent: nil),
        Case(field: "a=b; Domain=127.0.0.1", from: "http://127.0.0.1/", to: "http://127.0.0.1/", sent: "a=b"),
        Case(field: "a=b", from: "http://[::1]/", to: "http://[::1]:8080/", sent: "a=b"),
        Case(field: "a=b; Domain=", from: "http://example.com/", to: "http://example.com/", sent: "a=b"),
        // Paths
        Case(field: "a=b; Path=/x", from: "http://h.org/", to: "http://h.org/x/y", sent: "a=b"),
        Case(field: "a=b; Path=/x", from: "http://h.org/", to: "http://h.org/xy", sent: nil),
        Case(field: "a=b; Path=/x/", from: "http://h.org/", to: "http://h.org/x", sent: nil),
        Case(field: "a=b", from: "http://h.org/d/e", to: "http://h.org/d/f?g", sent: "a=b"),
        Case(field: "a=b", from: "http://h.org/d/e", to: "http://h.org/", sent: nil),
        Case(field: "a=b; Path=x", from: "http://h.org/", to: "http://h.org/y", sent: "a=b"),
        // Times
        Case(field: "a=b; Max-Age=10", from: "http://h.org/", to: "http://h.org/", sent: "a=b"),
        Case(field: "a=b; Max-Age=0", from: "http://h.org/", to: "http://h.org/", sent: nil),
        Case(field: "a=b; Max-Age=-1", from: "http://h.org/", to: "http://h.org/", sent: nil),
        Case(field: "a=b; Max-Age=99999999999999999999", from: "http://h.org/", to: "http://h.org/", sent: "a=b"),
        Case(field: "a=b; Max-Age=x", from: "http://h.org/", to: "http://h.org/", sent: "a=b"),
        Case(
            field: "a=b; Expires=Wed, 09 Jun 2021 10:18:14 GMT", from: "http://h.org/", to: "http://h.org/", sent: nil),
        Case(
            field: "a=b; Expires=Wed, 09 Jun 2100 10:18:14 GMT", from: "http://h.org/", to: "http://h.org/", sent: "a=b"
        ),
        Case(
            field: "a=b; Max-Age=5; Expires=Wed, 09 Jun 2021 10:18:14 GMT", from: "http://h.org/", to: "http://h.org/",
            sent: "a=b"),
        // Names and values
        Case(field: "a=\"b c\"", from: "http://h.org/", to: "http://h.org/", sent: "a=\"b c\""),
        Case(field: "a=b=c", from: "http://h.org/", to: "http://h.org/", sent: "a=b=c"),
        Case(field: "=b", from: "http://h.org/", to: "http://h.org/", sent: nil),
        Case(field: "b", from: "http://h.org/", to: "http://h.org/", sent: nil),
        Case(field: "a=\u{1}", from: "http://h.org/", to: "http://h.org/", sent: nil),
        Case(field: "__Host-a=b; Secure; Path=/", from: "https://h.org/", to: "https://h.org/", sent: "__Host-a=b"),
        Case(
            field: "__Host-a=b; Secure; Path=/; Domain=h.org", from: "https://h.org/", to: "https://h.org/", sent: nil),
        Case(field: "__Secure-a=b", from: "https://h.org/", to: "https://h.org/", sent: nil),
    ]

    @Test("cookies go where RFC 6265 says, and nowhere else", arguments: cases)
    func rules(_ it: Case) throws {
        let jar = CookieJar { 1_700_000_000 }
        jar.set(it.field, from: Self.url(it.from))
        #expect(jar.value(for: Self.url(it.to)) == it.sent, "\(it.field)")
    }

    @Test("longer paths come first, then what was set first; the same name takes the place of the old one")
    func order() {
        let jar = CookieJar()
        let url = Self.url("http://a.h.org/x/y")
        for field in ["a=1; Path=/", "b=2; Path=/x", "c=3; Path=/; Domain=h.org", "a=4; Path=/"] {
            jar.set(field, from: url)
        }
        #expect(jar.value(for: url) == "b=2; a=4; c=3")
        jar.set("b=; Path=/x; Max-Age=0", from: url)
        #expect(jar.value(for: url) == "a=4; c=3")
        #expect(jar.entries.map(\.name) == ["a", "c"])
    }

    @Test("time passes")
    func expiry() {
        var now: Int64 = 1000
        let jar = CookieJar { now }
        let url = Self.url("http://h.org/")
        jar.set("a=1; Max-Age=10", from: url)
        now = 1009
        #expect(jar.value(for: url) == "a=1")
        now = 1010
        #expect(jar.value(for: url) == nil)
    }

    @Test("a page in the clear does not replace what only TLS sees")
    func secureStays() {
        let jar = CookieJar()
        jar.set("a=1; Secure", from: Self.url("https://h.org/"))
        jar.set("a=2", from: Self.url("http://h.org/"))
        #expect(jar.value(for: Self.url("https://h.org/")) == "a=1")
    }

    nonisolated static let shadows: [(field: String, from: String, isKept: Bool)] = [
        ("sid=evil; Path=/app", "http://www.h.org/", false), ("sid=evil; Path=/app/deeper", "http://www.h.org/", false),
        ("sid=evil", "http://www.h.org/app/page", false), ("sid=evil; Domain=h.org; Path=/app", "http://h.org/", false),
        ("sid=evil; Domain=h.org; Path=/app", "http://other.h.org/", false),
        ("sid=evil; Path=/app", "http://a.www.h.org/", false),
        // Behind it in Cookie, or never beside it.
        ("sid=mine; Path=/", "http://www.h.org/", true), ("other=mine; Path=/app", "http://www.h.org/", true),
        ("sid=mine; Path=/app", "http://other.h.org/", true),
        ("sid=mine; Path=/application", "http://www.h.org/", true),
        ("sid=mine; Path=/app", "https://www.h.org/", true),
    ]

    @Test("a page in the clear sets no cookie that would be taken for one that only TLS sees", arguments: shadows)
    func shadows(_ it: (field: String, from: String, isKept: Bool)) {
        let jar = CookieJar()
        jar.set("sid=1; Path=/app; Domain=www.h.org; Secure", from: Self.url("https://www.h.org/"))
        #expect(jar.set(it.field, from: Self.url(it.from)) == it.isKept)
    }

    @Test("a secure cookie that has expired stands in nobody's way")
    func expiredSecure() {
        var now: Int64 = 0
        let jar = CookieJar { now }
        jar.set("a=1; Secure; Max-Age=10", from: Self.url("https://h.org/"))
        now = 10
        #expect(jar.set("a=2", from: Self.url("http://h.org/")))
    }

    @Test("there is an end to how many are kept")
    func bounds() {
        let jar = CookieJar()
        for index in 0..<200 { jar.set("c\(index)=1", from: Self.url("http://h.org/")) }
        #expect(jar.entries.count == 180)
        #expect(jar.entries.last?.name == "c199")
        for index in 0..<3001 { jar.set("c=1", from: Self.url("http://h\(index).org/")) }
        #expect((2700...3000).contains(jar.entries.count))
        #expect(jar.value(for: Self.url("http://h3000.org/")) == "c=1")
        #expect(!jar.set("a=" + String(repeating: "x", count: 5000), from: Self.url("http://h.org/")))
    }

    nonisolated static let dates: [(String, Int64?)] = [
        ("Wed, 09 Jun 2021 10:18:14 GMT", 1_623_233_894), ("Wednesday, 09-Jun-21 10:18:14 GMT", 1_623_233_894),
        ("Wed Jun  9 10:18:14 2021", 1_623_233_894), ("09 jun 2021 10:18:14", 1_623_233_894),
        ("10:18:14 2021 9 June", 1_623_233_894),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0), ("1 Jan 99 00:00:00", 915_148_800), ("1 Jan 2021", nil), ("", nil),
        ("32 Jan 2021 00:00:00", nil), ("1 Jan 2021 24:00:00", nil), ("1 Jan 1600 00:00:00", nil),
        ("1 Foo 2021 00:00:00", nil),
        ("29 Feb 2024 00:00:00", 1_709_164_800),
    ]

    @Test("dates of all kinds are read", arguments: dates)
    func dates(_ text: String, _ time: Int64?) {
        #expect(CookieDate.unixTime(text) == time)
    }

    @Test("a client keeps cookies and sends them, over redirects too")
    func client() async throws {
        var settings = HTTPClientSettings()
        let jar = CookieJar()
        settings.cookies = jar
        let transport = MockTransport { request in
            switch request.url.path {
            case "/login":
                var response = HTTPClientResponse(status: .found, fields: [.location: "/home"])
                response.fields.append(HTTPField(name: .setCookie, value: "id=7; Path=/"))
                response.fields.append(HTTPField(name: .setCookie, value: "x=1; Path=/login"))
                return response
            default: return .text(request[.cookie] ?? "none")
            }
        }
        let client = HTTPClient(settings, transport: transport)
        #expect(try await client.get("http://h.org/login").text() == "id=7")
        #expect(try await client.get("http://other.org/").text() == "none")
        #expect(try await client.get("http://h.org/", fields: [.cookie: "mine=1"]).text() == "mine=1")
    }
}
