import Testing

@testable import MartletWebSocketCodec

@Suite("permessage-deflate: what a client offers and takes")
struct PerMessageDeflateClientTests {
    typealias Settings = PerMessageDeflateSettings

    static let open = Settings(serverNoContextTakeover: false, clientNoContextTakeover: false)

    @Test("the offer says what is wanted")
    func offers() {
        #expect(PerMessageDeflate.offer(.off) == nil)
        #expect(PerMessageDeflate.offer(Self.open) == "permessage-deflate; client_max_window_bits")
        #expect(
            PerMessageDeflate.offer(Settings())
                == "permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits")
        #expect(
            PerMessageDeflate.offer(.contextTakeover)
                == "permessage-deflate; server_max_window_bits=12; client_max_window_bits=12")
    }

    static let taken: [(settings: Settings, response: String, agreed: PerMessageDeflate?)] = [
        (open, "", nil), (.off, "", nil),
        (open, "permessage-deflate", PerMessageDeflate()),
        (
            open, "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
            PerMessageDeflate(serverNoContextTakeover: true, clientNoContextTakeover: true)
        ),
        (
            open, "permessage-deflate; server_max_window_bits=8; client_max_window_bits=9",
            PerMessageDeflate(serverMaxWindowBits: 8, clientMaxWindowBits: 9)
        ),
        (
            Settings(), "permessage-deflate; server_no_context_takeover",
            PerMessageDeflate(serverNoContextTakeover: true, clientNoContextTakeover: true)
        ),
        (
            .contextTakeover, "permessage-deflate; server_max_window_bits=12",
            PerMessageDeflate(serverMaxWindowBits: 12, clientMaxWindowBits: 12)
        ),
        (
            .contextTakeover, "permessage-deflate; server_max_window_bits=10; client_max_window_bits=\"11\"",
            PerMessageDeflate(serverMaxWindowBits: 10, clientMaxWindowBits: 11)
        ),
    ]

    @Test("a response that goes with the offer is taken", arguments: taken)
    func takes(_ settings: Settings, _ response: String, _ agreed: PerMessageDeflate?) throws {
        #expect(try PerMessageDeflate.confirm(WebSocketExtension.parse([response]), settings: settings) == agreed)
    }

    static let refused: [(settings: Settings, response: String)] = [
        (.off, "permessage-deflate"), (open, "permessage-bzip2"), (open, "permessage-deflate, permessage-deflate"),
        (open, "permessage-deflate, foo"), (open, "foo, permessage-deflate"), (open, "permessage-deflate; unknown"),
        (open, "permessage-deflate; server_no_context_takeover; server_no_context_takeover"),
        (open, "permessage-deflate; server_no_context_takeover=1"),
        (open, "permessage-deflate; client_no_context_takeover=1"),
        (open, "permessage-deflate; server_max_window_bits"), (open, "permessage-deflate; server_max_window_bits=7"),
        (open, "permessage-deflate; server_max_window_bits=16"), (open, "permessage-deflate; client_max_window_bits"),
        (open, "permessage-deflate; client_max_window_bits=16"),
        (open, "permessage-deflate; client_max_window_bits=09"),
        (open, "permessage-deflate; client_max_window_bits=8"),
        (Settings(), "permessage-deflate"), (Settings(), "permessage-deflate; client_no_context_takeover"),
        (.contextTakeover, "permessage-deflate"), (.contextTakeover, "permessage-deflate; server_max_window_bits=13"),
        (.contextTakeover, "permessage-deflate; server_max_window_bits=12; client_max_window_bits=13"),
    ]

    @Test("a response that does not go with the offer is an error with a message", arguments: refused)
    func refuses(_ settings: Settings, _ response: String) throws {
        let extensions = try WebSocketExtension.parse([response])
        let error = #expect(throws: WebSocketExtensionError.self) {
            try PerMessageDeflate.confirm(extensions, settings: settings)
        }
        #expect(error?.description.isEmpty == false)
    }

    @Test("what the server sends does not make messages long")
    func shortMessages() throws {
        let extensions = try WebSocketExtension.parse([String(repeating: "a", count: 10_000)])
        let error = #expect(throws: WebSocketExtensionError.self) {
            try PerMessageDeflate.confirm(extensions, settings: Self.open)
        }
        #expect(try #require(error).message.utf8.count < 200)
    }
}
