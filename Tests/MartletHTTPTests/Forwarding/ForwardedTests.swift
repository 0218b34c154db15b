import Testing

@testable import MartletHTTP

@Suite("Forwarded")
struct ForwardedTests {
    @Test(
        "nodes are addresses with perhaps a port, or words",
        arguments: [
            ("192.0.2.43", "192.0.2.43"), ("192.0.2.43:47011", "192.0.2.43:47011"),
            ("[2001:db8:cafe::17]:4711", "[2001:db8:cafe::17]:4711"), ("[2001:db8:cafe::17]", "[2001:db8:cafe::17]"),
            ("2001:db8:cafe::17", "[2001:db8:cafe::17]"), ("unknown", "unknown"), ("_gazonk", "_gazonk"),
            ("192.0.2.1:_port", "192.0.2.1"), ("_a:80", "_a:80"), ("fe80::1%eth0", "[fe80::1%eth0]"), ("", nil),
            ("192.0.2.43:", nil), ("192.0.2.43:99999", nil), ("192.0.2.43:+80", nil), ("[::1", nil), ("[::1]80", nil),
            ("_", nil), ("_é", nil), ("example.com", nil), ("1.2.3", nil), ("[]", nil), ("fe80::1%<b>", nil),
            (":80", nil),
        ] as [(String, String?)])
    func nodes(_ text: String, _ expected: String?) {
        #expect(ForwardedNode(text)?.description == expected)
    }

    /// The first ones are those of RFC 7239 §4 and §7.
    @Test(
        "elements are read with their parameters",
        arguments: [
            ("for=\"_gazonk\"", ["_gazonk - - -"]),
            ("For=\"[2001:db8:cafe::17]:4711\"", ["[2001:db8:cafe::17]:4711 - - -"]),
            ("for=192.0.2.60;proto=http;by=203.0.113.43", ["192.0.2.60 203.0.113.43 - http"]),
            ("for=192.0.2.43, for=198.51.100.17", ["192.0.2.43 - - -", "198.51.100.17 - - -"]),
            (
                "for=192.0.2.43, for=\"[2001:db8:cafe::17]\", for=unknown",
                ["192.0.2.43 - - -", "[2001:db8:cafe::17] - - -", "unknown - - -"]
            ),
            ("for=_hidden, for=_SEVKISEK", ["_hidden - - -", "_SEVKISEK - - -"]),
            ("for=1.2.3.4; host=\"example.com:80\" ;PROTO=HTTPS", ["1.2.3.4 - example.com:80 https"]),
            ("for=[::1]:80;x=\"a,;b\"", ["[::1]:80 - - -"]), ("", []), (",", []),
            ("for=1.2.3.4;for=5.6.7.8, for=9.9.9.9", ["- - - -", "9.9.9.9 - - -"]),
            ("for=\"1.2.3.4, for=5.6.7.8", ["- - - -", "5.6.7.8 - - -"]),
            ("for=\"\", nonsense", ["- - - -", "- - - -"]), ("host=\"a b\";proto=\"1;\"", ["- - - -"]),
            ("for=1.2.3.4 x", ["- - - -"]),
            ("host=\"\";for=1.2.3.4", ["1.2.3.4 - - -"]),
        ])
    func elements(_ field: String, _ expected: [String]) {
        let texts = Forwarded(field).elements.map { element in
            [element.client?.description, element.proxy?.description, element.host, element.scheme]
                .map { $0 ?? "-" }.joined(separator: " ")
        }
        #expect(texts == expected)
    }

    @Test(
        "what a client has left open does not swallow what proxies append",
        arguments: [
            "for=\"", "for=\"1.2.3.4", "for=\"\\", "\"", "for=\"\\\"", "\\", "for=\"a\\\\\\\"", "for=1.2.3.4;x=\"é",
        ])
    func leftOpen(_ hostile: String) {
        for appended in ["for=9.9.9.9", "for=\"[2001:db8::1]:80\"", "for=9.9.9.9;x=\"a,\\\",b\""] {
            let alone = Forwarded(appended).elements.last
            #expect(Forwarded("\(hostile), \(appended)").elements.last == alone)
            #expect(alone?.client != nil)
        }
        #expect(XForwarded(for: "\(hostile), 9.9.9.9").nodes.last??.name == "9.9.9.9")
    }

    @Test("of too many elements the closest are kept")
    func limit() {
        let field = (0..<100).map { "for=10.0.0.\($0)" }.joined(separator: ", ")
        let nodes = Forwarded(field).nodes
        #expect(nodes.count == Forwarded.maximumCount)
        #expect(nodes.last??.name == "10.0.0.99")
    }

    @Test("the older fields are read as lists")
    func older() {
        let forwarded = XForwarded(
            for: "203.0.113.195, nonsense,2001:db8::1, 1.2.3.4:80", proto: "HTTPS, ht tp", host: "a.example:8443, a b")
        #expect(forwarded.nodes.map { $0?.description } == ["203.0.113.195", nil, "[2001:db8::1]", "1.2.3.4:80"])
        #expect(forwarded.schemes == ["https"])
        #expect(forwarded.hosts == ["a.example:8443"])
        #expect(XForwarded(for: nil).nodes.isEmpty)
    }
}
