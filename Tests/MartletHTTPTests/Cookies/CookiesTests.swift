import Testing

@testable import MartletHTTP

@Suite("Cookies of a request")
struct CookiesTests {
    @Test(
        "cookies are read in order",
        arguments: [
            ("SID=31d4d96e407aad42", ["SID:31d4d96e407aad42"]),
            ("SID=31d4d96e407aad42; lang=en-US", ["SID:31d4d96e407aad42", "lang:en-US"]), ("", []), (";; ;", []),
            ("a=1;b=2;\tc=3", ["a:1", "b:2", "c:3"]), ("a=\"x y\"; b=\"", ["a:x y", "b:\""]),
            ("a=b=c; d==", ["a:b=c", "d:="]),
            ("a; =b; c=", ["c:"]), (" a = b ; c=d", ["a:b", "c:d"]), ("a[b]=1; c@d=2", ["a[b]:1", "c@d:2"]),
            ("a=1,2 3; b=\\", ["a:1,2 3", "b:\\"]), ("ä=ö", ["ä:ö"]), ("a=\"\"", ["a:"]),
        ])
    func reads(_ field: String, _ expected: [String]) {
        #expect(Cookies(field).map { "\($0.name):\($0.value)" } == expected)
    }

    @Test("the first of several with a name is found")
    func lookUp() {
        let cookies = Cookies("a=1; A=2; a=3")
        #expect(cookies["a"] == "1")
        #expect(cookies["A"] == "2")
        #expect(cookies["b"] == nil)
        #expect(Cookies(nil).isEmpty)
        #expect(Cookies("\u{212A}=1")["K"] == nil)
    }

    @Test("several fields are read one after the other")
    func fields() {
        #expect(Cookies(["a=1; b=2", "", "c=3"]).map(\.name) == ["a", "b", "c"])
    }

    @Test("cookies beyond the limit are not looked at")
    func limit() {
        let many = Cookies(String(repeating: "a=1;", count: 10000))
        #expect(many.count == Cookies.maximumCount)
    }
}
