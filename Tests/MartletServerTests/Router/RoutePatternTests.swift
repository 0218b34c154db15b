import Testing

@testable import MartletServer

@Suite("Route pattern")
struct RoutePatternTests {
    @Test(
        "patterns are read and written back",
        arguments: [
            ("/", "/"), ("/a", "/a"), ("/a/", "/a/"), ("/{name}", "/{name}"), ("/:name/x", "/{name}/x"),
            ("/*/b", "/*/b"),
            ("/s/{path...}", "/s/{path...}"), ("/%7Bx%2A", "/%7Bx%2A"), ("/a%2fb", "/a%2Fb"), ("/%61", "/a"),
            ("/é", "/é"),
            ("/a:b", "/a:b"), ("/%3Ab", "/%3Ab"), ("/%25", "/%25"), ("/...", "/..."),
        ])
    func prints(_ text: String, _ printed: String) throws {
        let pattern = try RoutePattern(parsing: text)
        #expect(pattern.description == printed)
        #expect(try RoutePattern(parsing: printed) == pattern)
    }

    @Test("the names of captures are known in order")
    func names() throws {
        #expect(try RoutePattern(parsing: "/{a}/*/:b-1/{_c...}").parameterNames == ["a", "b-1", "_c"])
    }

    @Test(
        "what is wrong with a pattern is said, and where",
        arguments: [
            ("", 1, "begins with /"), ("a/b", 1, "begins with /"), ("/a//b", 4, "empty segment"),
            ("/{a", 2, "not closed"),
            ("/{}", 3, "needs a name"), ("/x/:", 5, "needs a name"), ("/{1a}", 3, "no name"), ("/{a b}", 3, "no name"),
            ("/{a}/{a}", 7, "used twice"), ("/{a...}/b", 2, "last segment"), ("/{a}.json", 2, "whole segment"),
            ("/x{a}", 3, "whole segment"), ("/*.html", 2, "whole segment"), ("/a?b", 3, "not part of a path"),
            ("/a#", 3, "not part of a path"), ("/a b", 3, "white space"), ("/%4", 2, "two hexadecimal digits"),
            ("/%00", 2, "NUL"), ("/a/..", 4, "never matches"), ("/%2e", 2, "never matches"), ("/{a....}", 3, "no name"),
        ])
    func refuses(_ text: String, _ column: Int, _ reason: String) {
        let error = #expect(throws: RouteError.self) { try RoutePattern(parsing: text) }
        #expect(error?.column == column && error?.code == .pattern)
        #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
    }

    @Test("a pattern has no more parameters and segments than fit")
    func bounds() throws {
        let most = (0..<16).map { "/{p\($0)}" }.joined()
        _ = try RoutePattern(parsing: most)
        #expect(throws: RouteError.self) { try RoutePattern(parsing: most + "/{q}") }
        _ = try RoutePattern(parsing: String(repeating: "/a", count: 64))
        #expect(throws: RouteError.self) { try RoutePattern(parsing: String(repeating: "/a", count: 65)) }
    }
}
