import HTTPTypes
import MartletHTTP
import Testing

@testable import MartletServer

@Suite("Route trie")
struct RouteTrieTests {
    /// A trie whose values are the routes themselves.
    private func trie(_ routes: [String]) throws -> RouteTrie<String> {
        var trie = RouteTrie<String>()
        for route in routes {
            let words = route.split(separator: " ")
            let method = words.count == 2 ? HTTPRequest.Method(rawValue: String(words[0]))! : .get
            try trie.insert(RoutePattern(parsing: String(words[words.count - 1])), method: method, value: route)
        }
        return trie
    }

    private func match(
        _ trie: borrowing RouteTrie<String>, _ path: String, _ method: String = "GET"
    ) -> (RouteMatch<String>, [String]) {
        let bytes = Array((method + path).utf8)
        var captures = RouteCaptures()
        let name = ByteRange(0, method.utf8.count)
        func result(mayHaveEscapes: Bool) -> (RouteMatch<String>, [String]) {
            let found = trie.match(
                ByteRange(name.count, bytes.count), in: bytes.span,
                method: HTTPMethod(HTTPRequest.Method(rawValue: method)!),
                methodName: name, mayHaveEscapes: mayHaveEscapes, into: &captures)
            return (found, (0..<captures.count).map { String(captures[$0], in: bytes.span) })
        }
        let walked = result(mayHaveEscapes: true)
        // The look-up of whole paths finds nothing else than the walk.
        if !path.contains("%") { #expect(result(mayHaveEscapes: false) == walked, "\(method) \(path)") }
        return walked
    }

    static let routes = [
        "/", "/hello/{name}", "/hello/World", "/a", "/a/", "/a/{x}/c", "/a/b/{y}", "/a/*/d", "/files/{path...}",
        "/files/{name}/info", "/café", "/x%2Fy", "/w/*", "/w/*/{z}", "/{top}", "/deep/{rest...}", "/deep/{a}/{b}",
    ]

    @Test(
        "a path finds its most specific route",
        arguments: [
            ("/", "/", []), ("", "/", []), ("/hello/World", "/hello/World", []),
            ("/hello/Bob", "/hello/{name}", ["Bob"]),
            ("/hello/Wor%6Cd", "/hello/World", []), ("/hello/%42ob", "/hello/{name}", ["%42ob"]), ("/hello/", nil, []),
            ("/a", "/a", []), ("/a/", "/a/", []), ("/a/b/c", "/a/b/{y}", ["c"]), ("/a/q/c", "/a/{x}/c", ["q"]),
            ("/a/b/d", "/a/b/{y}", ["d"]), ("/a/q/d", "/a/*/d", []), ("/a/q/e", nil, []),
            ("/files/", "/files/{path...}", [""]),
            ("/files", "/{top}", ["files"]), ("/files/a/b/c", "/files/{path...}", ["a/b/c"]),
            ("/files/a/info", "/files/{name}/info", ["a"]), ("/files/a/other", "/files/{path...}", ["a/other"]),
            ("/caf%C3%A9", "/café", []), ("/x%2Fy", "/x%2Fy", []), ("/x%2fy", "/x%2Fy", []), ("/x/y", nil, []),
            ("/w/1", "/w/*", []), ("/w/1/2", "/w/*/{z}", ["2"]), ("/w//2", nil, []), ("/%zz", "/{top}", ["%zz"]),
            ("/deep/1/2", "/deep/{a}/{b}", ["1", "2"]), ("/deep/1/2/3", "/deep/{rest...}", ["1/2/3"]),
            ("/hello%2FWorld", "/{top}", ["hello%2FWorld"]), ("//", nil, []), ("/a/b/c/", nil, []),
        ] as [(String, String?, [String])])
    func matches(_ path: String, _ route: String?, _ expected: [String]) throws {
        let (found, captures) = match(try trie(Self.routes), path)
        #expect(found == route.map { .found($0) } ?? .notFound)
        #expect(captures == expected)
    }

    @Test(
        "the method is part of the match",
        arguments: [
            ("GET", "/users/me", RouteMatch.found("/users/me")), ("POST", "/users/me", .found("POST /users/{id}")),
            ("HEAD", "/users/me", .found("/users/me")), ("HEAD", "/h", .found("HEAD /h")),
            ("PROPFIND", "/dav", .found("PROPFIND /dav")),
            ("REPORT", "/dav", .methodNotAllowed(allow: "PROPFIND, OPTIONS", other: "PROPFIND /dav")),
            ("DELETE", "/users/me", .methodNotAllowed(allow: "GET, HEAD, POST, OPTIONS", other: "/users/me")),
            ("OPTIONS", "/h", .methodNotAllowed(allow: "GET, HEAD, OPTIONS", other: "/h")),
            ("DELETE", "/none", .notFound),
            ("OPTIONS", "/o", .found("OPTIONS /o")),
            ("GET", "/o", .methodNotAllowed(allow: "OPTIONS", other: "OPTIONS /o")),
        ])
    func methods(_ method: String, _ path: String, _ expected: RouteMatch<String>) throws {
        let trie = try trie(["/users/me", "POST /users/{id}", "/h", "HEAD /h", "PROPFIND /dav", "OPTIONS /o"])
        #expect(match(trie, path, method).0 == expected)
        #expect(trie.allMethods == "GET, HEAD, POST, PROPFIND, OPTIONS")
    }

    @Test(
        "a route that could never be reached is refused",
        arguments: [
            ("/a", "/a"), ("/{x}", "/{y}"), ("/{x}", "/*"), ("/a/{x...}", "/a/{y...}"), ("/%61", "/a"), (":x", "/{x}"),
        ])
    func conflicts(_ first: String, _ second: String) throws {
        let first = first.hasPrefix("/") ? first : "/" + first
        var trie = try trie([first])
        let pattern = try RoutePattern(parsing: second)
        let error = #expect(throws: RouteError.self) { try trie.insert(pattern, method: .get, value: "") }
        #expect(error?.code == .conflict)
        try trie.insert(pattern, method: .post, value: "other method")
        #expect(trie.count == 2)
    }

    @Test("literals of any length are told apart by each of their bytes")
    func literalsOfAnyLength() throws {
        let paths = (1...40).map { "/" + String(repeating: "x", count: $0) }
        let others = ["HEAD /xx", "/xxxxxxxx/yyyyyyyyy/zz", "POST /only/posted", "/%25", "/a%2Fb", "/{other}"]
        let trie = try trie(paths + others)
        for path in paths {
            #expect(match(trie, path).0 == .found(path))
            for place in path.indices.dropFirst() {
                var changed = path
                changed.replaceSubrange(place...place, with: "y")
                #expect(match(trie, changed).0 == .found("/{other}"))
            }
        }
        #expect(match(trie, "/xxxxxxxx/yyyyyyyyy/zz").0 == .found("/xxxxxxxx/yyyyyyyyy/zz"))
        #expect(match(trie, "/xxxxxxxx/yyyyyyyyy/zy").0 == .notFound)
        #expect(match(trie, "/xx", "HEAD").0 == .found("HEAD /xx"))
        #expect(match(trie, "/xxx", "HEAD").0 == .found("/xxx"))
        #expect(match(trie, "/xxx", "PATCH").0 == .methodNotAllowed(allow: "GET, HEAD, OPTIONS", other: "/xxx"))
        #expect(match(trie, "/only/posted").0 == .methodNotAllowed(allow: "POST, OPTIONS", other: "POST /only/posted"))
        #expect(match(trie, "/%25").0 == .found("/%25"))
        #expect(match(trie, "/a/b").0 == .notFound)
        #expect(match(trie, "/a%2Fb").0 == .found("/a%2Fb"))
    }

    @Test("a thousand routes are all found")
    func many() throws {
        let routes = (0..<1000).flatMap { ["/r\($0)", "/r\($0)/{id}/p\($0 % 7)"] }
        let trie = try trie(routes)
        for index in 0..<1000 {
            #expect(match(trie, "/r\(index)").0 == .found("/r\(index)"))
            let (found, captures) = match(trie, "/r\(index)/x/p\(index % 7)")
            #expect(found == .found("/r\(index)/{id}/p\(index % 7)") && captures == ["x"])
            #expect(match(trie, "/r\(index)/x/q").0 == .notFound)
        }
    }
}
