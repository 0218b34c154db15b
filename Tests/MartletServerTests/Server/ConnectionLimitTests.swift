import Testing

@testable import MartletServer

@Suite("The limit of connections")
struct ConnectionLimitTests {
    private let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

    @Test("beyond the limit connections are told to come back later, and counted")
    func refuses() async throws {
        var settings = HTTPServerSettings.patient
        settings.connectionLimit = 2
        try await withServer(settings) { server in
            let clients = try (0..<5).map { _ in try server.connect() }
            for client in clients { try await client.send(request) }
            for client in clients[..<2] { #expect(try await client.answer().text == "root") }
            for client in clients[2...] {
                let answer = try await client.answer()
                #expect(answer.status == 503 && answer.saysClose && answer["Retry-After"] == "1")
                client.close()
            }
            try await server.expect(.connectionsRefused, 3)
            try await server.expect(.requests, 2)
            try await eventually("they are gone") { server.count(.connectionsActive) == 2 }
            clients[0].close()
            try await eventually("there is room") { server.count(.connectionsActive) == 1 }
            let late = try server.connect()
            try await late.send(request)
            #expect(try await late.answer().text == "root")
        }
    }

    @Test("far beyond the limit they wait, and are answered when there is room again")
    func waits() async throws {
        var settings = HTTPServerSettings.patient
        settings.connectionLimit = 1
        try await withServer(settings) { server in
            // One within the limit, sixteen to be told so.
            let clients = try (0..<20).map { _ in try server.connect() }
            try await eventually("accepting rests") { server.count(.connectionLimitPauses) >= 1 }
            #expect(server.count(.connectionsAccepted) >= 17)
            for client in clients[..<17] { client.close() }
            try await clients[17].send(request)
            // Served, or told to come back: which one depends on how many of the others were gone when it was accepted.
            #expect(try await [200, 503].contains(clients[17].answer().status))
            #expect(server.log.contains("limit=1"))
        }
    }

    @Test("beyond the limit of requests that are being handled, further ones are told to come back later")
    func refusesRequests() async throws {
        var settings = HTTPServerSettings.patient
        settings.requestLimit = 2
        let gate = Gate()
        try await withServer(
            settings,
            routes: {
                $0.get("/slow") { _ in
                    await gate.pass()
                    return "slow"
                }
                $0.get("/") { _ in "at once" }
            }
        ) { server in
            let clients = try (0..<4).map { _ in try server.connect() }
            for client in clients[..<2] { try await client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n") }
            try await eventually("they are being handled") { gate.arrivals == 2 }
            try await clients[2].send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
            let refused = try await clients[2].answer()
            #expect(refused.status == 503 && refused["Retry-After"] == "1" && !refused.saysClose)
            try await clients[3].send(request)
            #expect(try await clients[3].answer().text == "at once")
            gate.open()
            for client in clients[..<2] { #expect(try await client.answer().text == "slow") }
            #expect(server.count(.requestsRefused) == 1 && server.server.requestsInProgress == 0)
        }
    }
}
