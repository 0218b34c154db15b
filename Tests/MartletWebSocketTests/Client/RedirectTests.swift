import HTTPTypes
import MartletNet
import Testing

@testable import MartletWebSocket

@Suite("A client's redirects", .timeLimit(.minutes(5)))
struct RedirectTests {
    private static let headers: HTTPFields = [.cookie: "a=b", .origin: "http://o"]

    @Test("all kinds are followed, with the same fields to the same host", arguments: [301, 302, 303, 307, 308])
    func follows(_ status: Int) async throws {
        try await withScript { connection, number in
            if number == 1 {
                return try await connection.answer("HTTP/1.1 \(status) x\r\nLocation: ../new?x#y\r\n\r\n")
            }
            try await connection.open()
            try await connection.close(1000)
        } _: { server in
            let url = "ws://u:p@\(server.authority)/old/path"
            try await WebSocketClient.withConnection(url, headers: Self.headers) { _ in }
            #expect(server.requests.map(\.line) == ["GET /old/path HTTP/1.1", "GET /new?x HTTP/1.1"])
            #expect(server.requests[1]["authorization"] == "Basic dTpw")
            #expect(server.requests[1]["cookie"] == "a=b")
            #expect(server.requests[0]["sec-websocket-key"] != server.requests[1]["sec-websocket-key"])
        }
    }

    @Test("another host gets neither credentials nor cookies, and neither does the first one when it is sent back to")
    func dropsCredentials() async throws {
        try await withScript { other, _ in
            let first = try await other.request()["origin"] ?? ""
            try await other.stream.write("HTTP/1.1 302 x\r\nLocation: ws://\(first)/back\r\n\r\n")
        } _: { other in
            let elsewhere = "ws://\(other.authority)/"
            try await withScript { connection, number in
                if number == 1 {
                    return try await connection.answer("HTTP/1.1 302 x\r\nLocation: \(elsewhere)\r\n\r\n")
                }
                try await connection.open()
                try await connection.close(1000)
            } _: { server in
                var headers = Self.headers
                headers[.origin] = server.authority
                try await WebSocketClient.withConnection("ws://u:p@\(server.authority)", headers: headers) { _ in }
                let requests = [other.requests[0], server.requests[1]]
                for request in requests {
                    #expect(request["authorization"] == nil)
                    #expect(request["cookie"] == nil)
                    #expect(request["origin"] == server.authority)
                }
                #expect(other.requests[0]["host"] == other.authority)
            }
        }
    }

    @Test("credentials in the new URL are those that are used")
    func newCredentials() async throws {
        var authority = ""
        try await withScript { connection, number in
            if number == 1 {
                return try await connection.answer("HTTP/1.1 302 x\r\nLocation: ws://x:y@\(authority)/\r\n\r\n")
            }
            try await connection.open()
            try await connection.close(1000)
        } _: { server in
            authority = server.authority
            try await WebSocketClient.withConnection("ws://u:p@\(server.authority)") { _ in }
            #expect(server.requests[1]["authorization"] == "Basic eDp5")
        }
    }

    @Test("they come to an end", arguments: [0, 1, 5])
    func limit(_ limit: Int) async throws {
        try await withScript { connection, _ in
            try await connection.answer("HTTP/1.1 302 x\r\nLocation: /\r\n\r\n")
        } _: { server in
            var options = WebSocketClientOptions()
            options.redirectLimit = limit
            #expect(await failure("ws://\(server.authority)", options)?.code == .redirected)
            #expect(server.requests.count == limit + 1)
            await eventually("all connections are closed") { server.ended == limit + 1 }
        }
    }

    @Test("the address in place of the host's is used for that host alone")
    func address() async throws {
        try await withScript { connection, _ in
            try await connection.open()
            try await connection.close(1000)
        } _: { other in
            let elsewhere = "ws://\(other.authority)/"
            try await withScript { connection, number in
                let location = number == 1 ? "/again" : elsewhere
                try await connection.answer("HTTP/1.1 302 x\r\nLocation: \(location)\r\n\r\n")
            } _: { server in
                var options = WebSocketClientOptions()
                options.address = server.address
                try await WebSocketClient.withConnection("ws://example.invalid:1/", options: options) { _ in }
                #expect(server.requests.map { $0["host"] } == ["example.invalid:1", "example.invalid:1"])
                #expect(other.requests.count == 1)
            }
        }
    }
}
