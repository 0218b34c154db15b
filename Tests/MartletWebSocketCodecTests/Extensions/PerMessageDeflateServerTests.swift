import Testing

@testable import MartletWebSocketCodec

@Suite("permessage-deflate: what a server accepts")
struct PerMessageDeflateServerTests {
    typealias Settings = PerMessageDeflateSettings

    /// Of a server without wishes.
    static let open = Settings(serverNoContextTakeover: false, clientNoContextTakeover: false)

    private func response(_ offers: String..., settings: Settings) throws -> String? {
        let result = PerMessageDeflate.accept(try WebSocketExtension.parse(offers), settings: settings)
        guard let result else { return nil }
        // The response says all that is agreed on.
        let element = try #require(try WebSocketExtension.parse([result.response]).first)
        #expect(PerMessageDeflate(try DeflateParameters(element)) == result.agreed)
        return result.response
    }

    static let offers: [(offer: String, response: String?)] = [
        ("permessage-deflate", "permessage-deflate"),
        ("permessage-deflate; client_max_window_bits", "permessage-deflate"),
        ("permessage-deflate; client_max_window_bits=15", "permessage-deflate; client_max_window_bits=15"),
        ("permessage-deflate; client_max_window_bits=8", "permessage-deflate; client_max_window_bits=8"),
        ("permessage-deflate; server_max_window_bits=15", "permessage-deflate; server_max_window_bits=15"),
        ("permessage-deflate; server_max_window_bits=10", "permessage-deflate; server_max_window_bits=10"),
        ("permessage-deflate; server_max_window_bits=\"9\"", "permessage-deflate; server_max_window_bits=9"),
        ("permessage-deflate; server_no_context_takeover", "permessage-deflate; server_no_context_takeover"),
        ("permessage-deflate; client_no_context_takeover", "permessage-deflate; client_no_context_takeover"),
        // RFC 7692 §7.1.3.
        (
            "permessage-deflate; client_max_window_bits; server_max_window_bits=10, "
                + "permessage-deflate; client_max_window_bits", "permessage-deflate; server_max_window_bits=10"
        ),
        // Declined, and passed over.
        ("permessage-deflate; server_max_window_bits=8", nil),
        ("permessage-deflate; server_max_window_bits=8, permessage-deflate", "permessage-deflate"),
        ("permessage-foo, permessage-deflate", "permessage-deflate"), ("x-webkit-deflate-frame", nil), ("", nil),
        ("Permessage-Deflate", nil), ("permessage-bzip2; server_max_window_bits=10", nil),
        ("permessage-deflate; unknown", nil),
        ("permessage-deflate; unknown=1, permessage-deflate", "permessage-deflate"),
        ("permessage-deflate; server_no_context_takeover; server_no_context_takeover", nil),
        ("permessage-deflate; client_max_window_bits; client_max_window_bits=10", nil),
        ("permessage-deflate; server_max_window_bits=10; server_max_window_bits=10", nil),
        ("permessage-deflate; client_no_context_takeover; client_no_context_takeover", nil),
        ("permessage-deflate; server_no_context_takeover=1", nil),
        ("permessage-deflate; client_no_context_takeover=true", nil),
        ("permessage-deflate; server_max_window_bits", nil), ("permessage-deflate; server_max_window_bits=7", nil),
        ("permessage-deflate; server_max_window_bits=16", nil), ("permessage-deflate; server_max_window_bits=010", nil),
        ("permessage-deflate; server_max_window_bits=+10", nil), ("permessage-deflate; server_max_window_bits=a", nil),
        ("permessage-deflate; client_max_window_bits=0", nil), ("permessage-deflate; client_max_window_bits=16", nil),
        ("permessage-deflate; client_max_window_bits=99999999999999999999", nil),
        ("permessage-deflate; Server_no_context_takeover", nil),
    ]

    @Test("a server without wishes grants what is offered, and declines what is invalid", arguments: offers)
    func accepts(_ offer: String, _ expected: String?) throws {
        #expect(try response(offer, settings: Self.open) == expected)
        // The rest of an offer in another field is tried next.
        let fallback = expected ?? "permessage-deflate"
        #expect(try response(offer, "permessage-deflate", settings: Self.open) == fallback)
    }

    static let wished: [(settings: Settings, offer: String, response: String)] = [
        (Settings(), "", "; server_no_context_takeover; client_no_context_takeover"),
        (Settings(), "; client_max_window_bits", "; server_no_context_takeover; client_no_context_takeover"),
        (
            .contextTakeover, "; client_max_window_bits",
            "; server_max_window_bits=12; client_max_window_bits=12"
        ),
        (.contextTakeover, "", "; server_max_window_bits=12"),
        (.contextTakeover, "; client_max_window_bits=10", "; server_max_window_bits=12; client_max_window_bits=10"),
        (.contextTakeover, "; client_max_window_bits=14", "; server_max_window_bits=12; client_max_window_bits=12"),
        (.contextTakeover, "; server_max_window_bits=9", "; server_max_window_bits=9"),
        (.contextTakeover, "; server_max_window_bits=15", "; server_max_window_bits=12"),
        (
            .contextTakeover, "; server_no_context_takeover; client_no_context_takeover",
            "; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12"
        ),
    ]

    @Test("a server gets its wishes as far as the offer lets it", arguments: wished)
    func wishes(_ settings: Settings, _ offer: String, _ expected: String) throws {
        #expect(try response("permessage-deflate" + offer, settings: settings) == "permessage-deflate" + expected)
    }

    @Test("a server that is not to compress declines")
    func off() throws {
        #expect(try response("permessage-deflate", settings: .off) == nil)
    }

    @Test("every offer of every client is answered by every server so that the client agrees, to the same")
    func bothEnds() throws {
        var all: [Settings] = []
        for server in [9, 12, 15] {
            for client in [9, 12, 15] {
                for (serverAlone, clientAlone) in [(false, false), (false, true), (true, false), (true, true)] {
                    all.append(
                        Settings(
                            serverNoContextTakeover: serverAlone, clientNoContextTakeover: clientAlone,
                            serverMaxWindowBits: server, clientMaxWindowBits: client))
                }
            }
        }
        for client in all {
            let offer = try WebSocketExtension.parse([try #require(PerMessageDeflate.offer(client))])
            for server in all {
                let (agreed, response) = try #require(PerMessageDeflate.accept(offer, settings: server))
                let confirmed = try PerMessageDeflate.confirm(WebSocketExtension.parse([response]), settings: client)
                #expect(confirmed == agreed)
                let expected = PerMessageDeflate(
                    serverNoContextTakeover: client.serverNoContextTakeover || server.serverNoContextTakeover,
                    clientNoContextTakeover: client.clientNoContextTakeover || server.clientNoContextTakeover,
                    serverMaxWindowBits: min(client.serverMaxWindowBits, server.serverMaxWindowBits),
                    clientMaxWindowBits: min(client.clientMaxWindowBits, server.clientMaxWindowBits))
                #expect(agreed == expected)
            }
        }
    }
}
