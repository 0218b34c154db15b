import Testing

@testable import MartletHTTP

@Suite("Cookies to be set")
struct SetCookieTests {
    @Test("a cookie is written with its attributes")
    func writes() throws {
        let plain = try SetCookie("SID", "31d4d96e407aad42")
        #expect(plain.description == "SID=31d4d96e407aad42")
        let full = try SetCookie(
            "__Secure-a", "b", path: "/x", domain: "example.com", maxAge: 60, expires: HTTPDate(unixTime: 784_111_777),
            isSecure: true, isHTTPOnly: true, sameSite: .unrestricted, isPartitioned: true)
        #expect(
            full.description == "__Secure-a=b; Path=/x; Domain=example.com; Max-Age=60; "
                + "Expires=Sun, 06 Nov 1994 08:49:37 GMT; Secure; HttpOnly; SameSite=None; Partitioned")
        #expect(Cookies("SID=31d4d96e407aad42")["SID"] == plain.value)
    }

    @Test("a cookie is deleted by one that is expired")
    func expired() throws {
        let epoch = "Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT"
        #expect(try SetCookie.expired("a").description == "a=; \(epoch)")
        #expect(try SetCookie.expired("a", path: "/", domain: "b.c").description == "a=; Path=/; Domain=b.c; \(epoch)")
        #expect(try SetCookie.expired("__Host-a", path: "/").description == "__Host-a=; Path=/; \(epoch); Secure")
        #expect(throws: SetCookieError.self) { try SetCookie.expired("__Host-a") }
    }

    /// Why a cookie is refused, nil if it is not.
    private func code(_ cookie: @autoclosure () throws -> SetCookie) -> SetCookieError.Code? {
        let refusal = Result(catching: cookie)
        guard case .failure(let error as SetCookieError) = refusal else { return nil }
        #expect(!error.message.utf8.contains { $0 < 0x20 })
        return error.code
    }

    @Test("names are tokens", arguments: ["", "a b", "a=b", "a;b", "a\r\nSet-Cookie: b", "é", "a\0"])
    func names(_ name: String) {
        #expect(code(try SetCookie(name, "")) == .name)
    }

    @Test(
        "values do not split the field",
        arguments: ["a b", "a;b", "a,b", "\"a\"", "a\\b", "a\r\nb: c", "é", "\0", "\t"])
    func values(_ value: String) {
        #expect(code(try SetCookie("a", value)) == .value)
    }

    @Test("paths begin with a slash and do not split the field", arguments: ["", "a", "/a;b", "/a b", "/\n", "/é"])
    func paths(_ path: String) {
        #expect(code(try SetCookie("a", "", path: path)) == .path)
    }

    @Test("domains are host names", arguments: ["", "a b", "a;b", "a/b", "\r\n", "é.de"])
    func domains(_ domain: String) {
        #expect(code(try SetCookie("a", "", domain: domain)) == .domain)
    }

    @Test("what needs Secure says so", arguments: ["__Secure-a", "__Host-a", "__secure-a"])
    func prefixes(_ name: String) {
        #expect(code(try SetCookie(name, "", path: "/")) == .conflict)
        #expect(code(try SetCookie(name, "", path: "/", isSecure: true)) == nil)
    }

    @Test("attributes that contradict each other are refused")
    func conflicts() {
        #expect(code(try SetCookie("__Host-a", "", isSecure: true)) == .conflict)
        #expect(code(try SetCookie("__Host-a", "", path: "/a", isSecure: true)) == .conflict)
        #expect(code(try SetCookie("__Host-a", "", path: "/", domain: "a.b", isSecure: true)) == .conflict)
        #expect(code(try SetCookie("a", "", sameSite: .unrestricted)) == .conflict)
        #expect(code(try SetCookie("a", "", isPartitioned: true)) == .conflict)
        let large = String(repeating: "a", count: SetCookie.maximumLength)
        #expect(code(try SetCookie("a", large)) == .tooLarge)
    }
}
