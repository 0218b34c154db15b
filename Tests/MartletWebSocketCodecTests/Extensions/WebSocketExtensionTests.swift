import Testing

@testable import MartletWebSocketCodec

@Suite("Sec-WebSocket-Extensions")
struct WebSocketExtensionTests {
    static let lists: [([String], [String])] = [
        ([], []), ([""], []), ([" , ,\t"], []), (["foo"], ["foo"]), (["foo", "bar"], ["foo", "bar"]),
        (["foo, bar; baz=2"], ["foo", "bar; baz=2"]), (["foo,,bar,"], ["foo", "bar"]),
        ([" foo ; a = b ;c\t,\tbar"], ["foo; a=b; c", "bar"]),
        (
            ["deflate-stream", "mux; max-channels=4; flow-control, deflate-stream"],
            ["deflate-stream", "mux; max-channels=4; flow-control", "deflate-stream"]
        ),
        (["private-extension"], ["private-extension"]),
        ([#"foo; a="10""#], ["foo; a=10"]), ([#"foo; a="b\c"; d="\e""#], ["foo; a=bc; d=e"]),
        (
            ["permessage-deflate; client_max_window_bits; server_max_window_bits=10, permessage-deflate"],
            ["permessage-deflate; client_max_window_bits; server_max_window_bits=10", "permessage-deflate"]
        ),
        (["a!#$%&'*+-.^_`|~9Z; b"], ["a!#$%&'*+-.^_`|~9Z; b"]),
    ]

    @Test("lists over any number of fields are read", arguments: lists)
    func reads(_ fields: [String], _ elements: [String]) throws {
        let extensions = try WebSocketExtension.parse(fields)
        #expect(extensions.map(\.description) == elements)
        #expect(try WebSocketExtension.parse(elements) == extensions)
    }

    static let malformed = [
        ";", "foo;", "foo; ;a", "foo; a=", "foo; =b", "foo; a=b c", "foo bar", "foo; a b", "=", "foo=1", "\"foo\"",
        "foo; \"a\"", "foo; a=\"\"", "foo; a=\"b", "foo; a=\"b\\", "foo; a=\"b c\"", "foo; a=\"b,c\"",
        "foo; a=\"\\\"\"",
        "foo; a=\"b\"c", "foo/1", "foo; a=b/1", "foo; a=b=c", "f\u{0}oo", "f\u{E9}", "foo; a=\u{1F600}", "foo\r\nbar",
        "foo, bar;", "foo; a=,bar", "(comment)", "foo; a={1}",
    ]

    @Test("malformed fields are refused, in whichever field they are", arguments: malformed)
    func refuses(_ field: String) {
        #expect(throws: WebSocketExtensionError.self) { try WebSocketExtension.parse([field]) }
        #expect(throws: WebSocketExtensionError.self) { try WebSocketExtension.parse(["foo", field]) }
    }

    @Test("lists without bounds are refused")
    func bounds() throws {
        let extensions = [String](repeating: "a", count: 32)
        #expect(try WebSocketExtension.parse(extensions).count == 32)
        #expect(throws: WebSocketExtensionError.self) { try WebSocketExtension.parse(extensions + ["a"]) }
        let parameters = "a" + String(repeating: ";b", count: 16)
        #expect(try WebSocketExtension.parse([parameters]).first?.parameters.count == 16)
        #expect(throws: WebSocketExtensionError.self) { try WebSocketExtension.parse([parameters + ";b"]) }
    }

    @Test("no field traps, and what is read is read again as it was written", arguments: 0..<500 as Range<UInt64>)
    func survivesAnything(_ seed: UInt64) throws {
        let parts = [
            "permessage-deflate", "; ", ";", ",", "=", "\"", "\\", " ", "client_max_window_bits", "12", "8", "\u{E9}",
            "server_no_context_takeover", "server_max_window_bits=10", "\u{0}",
        ]
        let field = Sample.noise(12, seed: seed).map { parts[Int($0) % parts.count] }.joined()
        guard let extensions = try? WebSocketExtension.parse([field]) else { return }
        #expect(try WebSocketExtension.parse([extensions.map(\.description).joined(separator: ", ")]) == extensions)
        for settings in [PerMessageDeflateSettings(), .contextTakeover, .off] {
            let accepted = PerMessageDeflate.accept(extensions, settings: settings)
            #expect(accepted.map { (9...15).contains($0.agreed.serverMaxWindowBits) } != false)
            let confirmed = try? PerMessageDeflate.confirm(extensions, settings: settings)
            #expect(confirmed.map { (9...15).contains($0.clientMaxWindowBits) } != false)
        }
    }
}
