import Testing

@testable import MartletClient

@Suite("A client's URLs")
struct HTTPURLTests {
    nonisolated struct Parts: Sendable {
        let url, host, hostField, target: String
        var port: UInt16 = 80
    }

    nonisolated static let accepted = [
        Parts(url: "ws://example.org", host: "example.org", hostField: "example.org", target: "/"),
        Parts(
            url: "WS://Example.ORG:/a%2fb?c=d?/", host: "example.org", hostField: "example.org", target: "/a%2fb?c=d?/"),
        Parts(url: "ws://a_b-c.d.:8080?x", host: "a_b-c.d.", hostField: "a_b-c.d.:8080", target: "/?x", port: 8080),
        Parts(url: "ws://127.0.0.1:1/", host: "127.0.0.1", hostField: "127.0.0.1:1", target: "/", port: 1),
        Parts(url: "ws://[::1]", host: "::1", hostField: "[::1]", target: "/"),
        Parts(
            url: "ws://[2001:DB8::1]:65535/", host: "2001:db8::1", hostField: "[2001:db8::1]:65535", target: "/",
            port: 65535),
        Parts(url: "wss://a:443/", host: "a", hostField: "a", target: "/", port: 443),
        Parts(url: "ws://a:443/", host: "a", hostField: "a:443", target: "/", port: 443),
        Parts(url: "ws://u:p@a/~!$&'()*+,;=:@", host: "a", hostField: "a", target: "/~!$&'()*+,;=:@"),
    ]

    @Test("their parts are told apart", arguments: accepted)
    func parts(_ parts: Parts) throws {
        let url = try HTTPURL(parsing: parts.url)
        #expect(url.host == parts.host)
        #expect(url.port == parts.port)
        #expect(url.hostField == parts.hostField)
        #expect(url.target == parts.target)
        let again = try HTTPURL(parsing: "\(url)")
        #expect(again.hasSameOrigin(as: url))
    }

    @Test(
        "what cannot be understood in one way only is refused",
        arguments: [
            "", "ws", "ws:", "ws:/a", "ws://", "ws:///a", "a/b", "://a", "ftp://a/", "ws ://a", " ws://a", "ws://a b",
            "ws://a/b c", "ws://a/#", "ws://a#b", "ws://a/é", "ws://é/", "ws://a/%", "ws://a/%2", "ws://a/%zz",
            "ws://a/\"",
            "ws://a/\n", "ws://a\r\nX: y/", "ws://a/?\0", "ws://a:0/", "ws://a:65536/", "ws://a:+1/", "ws://a:1:2/",
            "ws://a:b@c:d/", "ws://:80/", "ws://[::1/", "ws://::1/", "ws://[::1]x/", "ws://[1]/",
            "ws://[fe80::1%25lo]/",
            "ws://[127.0.0.1]/", "ws://a@b@c/", "ws://a%2/", "ws://u%@a/", "ws://u%0a@a/", "ws://u%3Ax@a/",
            "ws://a\\b/",
            "ws://" + String(repeating: "a", count: 255) + "/",
        ])
    func refuses(_ text: String) {
        #expect(throws: HTTPURLError.self) { try HTTPURL(parsing: text) }
    }

    @Test(
        "user and password become basic authentication",
        arguments: [
            ("ws://a/", nil), ("ws://user:secret@a/", "Basic dXNlcjpzZWNyZXQ="), ("ws://user@a/", "Basic dXNlcjo="),
            ("ws://user:a%40:b@a/", "Basic dXNlcjphQDpi"), ("ws://@a/", "Basic Og=="),
        ])
    func credentials(_ text: String, _ authorization: String?) throws {
        let url = try HTTPURL(parsing: text)
        #expect(url.authorization == authorization)
        #expect(!url.description.contains("@"))
    }

    @Test(
        "a URL in a message has no password, and an end",
        arguments: [
            ("ws://u:p@a/b", "ws://a/b"), ("ws://u:p@q@a", "ws://a"), ("u:p@a/b@c", "a/b@c"), ("", ""),
            ("ws://u:p@a b", "ws://a b"),
        ])
    func redacts(_ text: String, _ shown: String) {
        #expect(HTTPURL.redacted(text) == shown)
        #expect(HTTPURL.redacted(String(repeating: "x", count: 1000)).count == 200)
    }

    @Test(
        "references are resolved against it",
        arguments: [
            ("ws://b/c", "ws://b/c"), ("//b:1/c", "ws://b:1/c"), ("/x", "ws://a:8/x"), ("/x?y#z", "ws://a:8/x?y"),
            ("?y", "ws://a:8/d/e?y"), ("", "ws://a:8/d/e?q"), ("#f", "ws://a:8/d/e?q"), ("x", "ws://a:8/d/x"),
            ("./x", "ws://a:8/d/x"), ("../x?a/../b", "ws://a:8/x?a/../b"), ("..", "ws://a:8/"),
            ("../../../x", "ws://a:8/x"),
            (".", "ws://a:8/d/"), ("/a/b/../../c/./d/", "ws://a:8/c/d/"), ("x:1", nil), ("http:/x", nil), ("/é", nil),
            ("wss://b", "wss://b/"), ("//", nil), ("x/y:z", "ws://a:8/d/x/y:z"),
        ])
    func resolves(_ reference: String, _ target: String?) throws {
        let base = try HTTPURL(parsing: "ws://a:8/d/e?q")
        let resolved = try? base.resolving(reference)
        #expect(resolved?.description == target)
    }

    @Test("whatever a text is, reading it ends, and what is read is read the same again")
    func randomTexts() throws {
        let pieces = [
            "ws", "wss", "://", ":", "/", "?", "#", "@", "[", "]", "::1", "%", "4", "a", ".", "..", "-", "é", "\r\n",
            "\0", " ",
            "u:p@", "127.0.0.1", ":80", "e\u{301}",
        ]
        let base = try HTTPURL(parsing: "ws://a/b/c?d")
        var random: UInt64 = 7
        for _ in 0..<5000 {
            var text = "ws://"
            for _ in 0..<(random >> 60) {
                random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                text += pieces[Int(random >> 33) % pieces.count]
            }
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            _ = HTTPURL.redacted(text)
            for url in [try? HTTPURL(parsing: text), try? base.resolving(String(text.dropFirst(5)))] {
                guard let url else { continue }
                let again = try HTTPURL(parsing: "\(url)")
                #expect(again.description == url.description && again.hasSameOrigin(as: url), "\(text)")
            }
        }
    }

    nonisolated static let proxies: [([String: String], String, String?)] = [
        ([:], "ws://a/", nil), (["http_proxy": "http://p:1"], "ws://a/", "http://p:1"),
        (["HTTP_PROXY": "p:1"], "ws://a/", "http://p:1"),
        (["http_proxy": "x", "HTTP_PROXY": "y"], "ws://a/", "http://x"),
        (["http_proxy": "", "ALL_PROXY": "http://p"], "ws://a/", "http://p"),
        (["HTTP_PROXY": "x", "REQUEST_METHOD": "GET"], "ws://a/", nil),
        (["http_proxy": "x", "REQUEST_METHOD": "GET"], "ws://a/", "http://x"),
        (["http_proxy": "x", "no_proxy": "*"], "ws://a/", nil),
        (["http_proxy": "x", "NO_PROXY": "b, A.org"], "ws://a.org/", nil),
        (["http_proxy": "x", "no_proxy": "a.org"], "ws://b.a.org/", nil),
        (["http_proxy": "x", "no_proxy": ".a.org,*.c"], "ws://b.c/", nil),
        (["http_proxy": "x", "no_proxy": "a.org"], "ws://ba.org/", "http://x"),
        (["http_proxy": "x", "no_proxy": "a:81"], "ws://a/", "http://x"),
        (["http_proxy": "x", "no_proxy": "a:80"], "ws://a/", nil),
        (["http_proxy": "x", "no_proxy": "::1"], "ws://[::1]/", nil),
        (["http_proxy": "x", "no_proxy": "[::1]:80"], "ws://[::1]/", nil),
        (["http_proxy": "x", "no_proxy": "[::1]"], "ws://[::1]:9/", nil),
        (["http_proxy": "x", "no_proxy": "127.0.0.1"], "ws://127.0.0.1:9/", nil),
        (["http_proxy": "x", "no_proxy": ",. ,:80,[],*."], "ws://a/", "http://x"),
        (["http_proxy": "x", "no_proxy": "10.0.0.0/8"], "ws://10.255.0.1:81/", nil),
        (["http_proxy": "x", "no_proxy": "10.0.0.0/8"], "ws://11.0.0.1/", "http://x"),
        (["http_proxy": "x", "no_proxy": "a, 192.168.0.0/23 ,b"], "ws://192.168.1.255/", nil),
        (["http_proxy": "x", "no_proxy": "192.168.0.0/23"], "ws://192.168.2.0/", "http://x"),
        (["http_proxy": "x", "no_proxy": "fd00::/8"], "ws://[fd12::1]/", nil),
        (["http_proxy": "x", "no_proxy": "fd00::/8"], "ws://[fe80::1]/", "http://x"),
        (["http_proxy": "x", "no_proxy": "0.0.0.0/0"], "ws://127.0.0.1/", nil),
        // Only what an address is in; a name is not looked up for it.
        (["http_proxy": "x", "no_proxy": "0.0.0.0/0"], "ws://localhost/", "http://x"),
        (["http_proxy": "x", "no_proxy": "10.0.0.0/33,10.0.0.0/,/8,x/8"], "ws://10.0.0.1/", "http://x"),
    ]

    @Test("the environment says which proxy is used, and for which hosts none is", arguments: proxies)
    func environment(_ variables: [String: String], _ url: String, _ proxy: String?) throws {
        let url = try HTTPURL(parsing: url)
        #expect(HTTPProxy.environment.location(for: url) { variables[$0] } == proxy)
        #expect(HTTPProxy.none.location(for: url) { variables[$0] } == nil)
        #expect(HTTPProxy.http("q").location(for: url) { variables[$0] } == "q")
    }
}
