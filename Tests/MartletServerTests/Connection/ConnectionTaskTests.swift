import MartletHTTP
import MartletLoop
import Testing

@testable import MartletServer

@Suite("Tasks of connections")
struct ConnectionTaskTests {
    private static func routes(_ router: Router) {
        router.get("/") { _ in "root" }
        router.get("/late") { (_: Request) async -> String in
            await pause()
            return "late"
        }
    }

    private func ask(_ client: Client, _ path: String, expecting text: String) async throws {
        try await client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try await client.answer().text == text)
    }

    @Test("only a connection that has waited for something has one, which is kept while requests follow each other")
    func begin() async throws {
        try await withServer(routes: Self.routes) { server in
            server.server.tasks.rest = .init(.seconds(600))
            let client = try server.connect()
            try await ask(client, "/", expecting: "root")
            #expect(server.server.tasks.count == 0)
            for _ in 0..<3 { try await ask(client, "/late", expecting: "late") }
            try await eventually("it waits for the next one") { server.server.tasks.count == 1 }
            client.close()
            try await eventually("it has ended") { server.server.tasks.count == 0 }
        }
    }

    @Test("one that rests ends, all of them however many they are, and the connections go on")
    func rest() async throws {
        try await withServer(routes: Self.routes) { server in
            server.server.tasks.rest = .init(.milliseconds(20))
            var clients: [Client] = []
            for _ in 0..<300 { clients.append(try server.connect()) }
            for _ in 0..<2 {
                for client in clients { try await client.send("GET /late HTTP/1.1\r\nHost: a\r\n\r\n") }
                for client in clients { #expect(try await client.answer().text == "late") }
                try await eventually("they have ended") { server.server.tasks.count == 0 }
                #expect(server.server.connectionCount == 300)
            }
            for client in clients { try await ask(client, "/", expecting: "root") }
            #expect(server.server.tasks.count == 0)
        }
    }

    @Test("one whose handler is at work does not end, and is not looked at")
    func work() async throws {
        let gate = Gate()
        try await withServer(
            routes: {
                Self.routes($0)
                $0.get("/gate") { (_: Request) async -> String in
                    await gate.pass()
                    return "\(Task.isCancelled)"
                }
            }
        ) { server in
            server.server.tasks.rest = .init(.milliseconds(20))
            let client = try server.connect()
            try await ask(client, "/late", expecting: "late")
            try await client.send("GET /gate HTTP/1.1\r\nHost: a\r\n\r\n")
            try await eventually("it has begun") { gate.arrivals == 1 }
            try await eventually("it is forgotten") { server.server.tasks.count == 0 }
            for _ in 0..<30 { await pause() }
            gate.open()
            #expect(try await client.answer().text == "false")
            try await eventually("it rests, and ends") { server.server.tasks.count == 0 }
            try await ask(client, "/late", expecting: "late")
        }
    }

    @Test("whenever the next request comes, it is answered", arguments: 0..<8)
    func race(seed: Int) async throws {
        try await withServer(routes: Self.routes) { server in
            server.server.tasks.rest = .init(.milliseconds(2))
            var delays = SplitMix64(state: UInt64(seed))
            let client = try server.connect()
            for _ in 0..<60 {
                try await ask(client, "/late", expecting: "late")
                await pause(.microseconds(Int.random(in: 0..<4_000, using: &delays)))
            }
            #expect(server.count(.requests) == 60)
        }
    }
}
