import Testing

@testable import MartletServer

@Suite("The limit of connections")
struct ConnectionLimitTests {
    @Test("at the limit new connections wait, and are served when there is room again")
    func waits() async throws {
        var settings = HTTPServerSettings.patient
        settings.connectionLimit = 2
        try await withServer(settings) { server in
            let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
            let clients = try (0..<5).map { _ in try server.connect() }
            for client in clients { try await client.send(request) }
            for client in clients[..<2] { #expect(try await client.answer().text == "root") }
            await pause(.milliseconds(20))
            #expect(server.count(.connectionsAccepted) == 2 && server.count(.connectionsActive) == 2)
            for (index, client) in clients.enumerated() {
                if index >= 2 { #expect(try await client.answer().text == "root") }
                #expect(server.count(.connectionsActive) <= 2)
                client.close()
            }
            #expect(server.log.contains("limit=2"))
        }
    }
}
