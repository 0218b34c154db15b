import HTTPTypes
import MartletLoop
import Testing

@testable import MartletServer

@Suite("Limits of time and number")
struct LimitTests {
    @Test("a handler that takes too long is cancelled, and the client is told when to come again")
    func timeout() async throws {
        var ends: [String] = []
        try await withServer { router in
            router.use(RequestTimeout(.milliseconds(20), retryAfter: .seconds(3)))
            router.get("/slow") { request async throws -> String in
                defer { ends.append("\(Task.isCancelled) \(request.deadline != nil)") }
                try await Task.sleep(for: .seconds(600))
                return ""
            }
            router.get("/translating") { _ async throws -> String in
                do { try await Task.sleep(for: .seconds(600)) } catch { throw HTTPError(.badGateway) }
                return ""
            }
            router.get("/fast") { _ in "fast" }
        } _: { server async throws in
            for target in ["/slow", "/translating"] {
                let answer = try await server.ask("GET", target)
                #expect(answer.status == 503 && answer["Retry-After"] == "3")
            }
            #expect(ends == ["true true"])
            try await server.expect(.handlersTimedOut, 2)
            #expect(try await server.ask("GET", "/fast").text == "fast")
            #expect(server.server.requestsInProgress == 0)
        }
    }

    @Test("a timeout of the handler's own is its own")
    func innerTimeout() async throws {
        try await withServer { router in
            router.use(RequestTimeout(.seconds(600)))
            router.get("/") { _ async throws -> String in
                do {
                    return try await withTimeout(.milliseconds(1)) {
                        try await Task.sleep(for: .seconds(600))
                        return "late"
                    }
                } catch is TimeoutError { return "in time" }
            }
        } _: { server async throws in
            #expect(try await server.ask().text == "in time")
        }
    }

    @Test("of two timeouts the one that ends first holds", arguments: [(20, 600_000), (600_000, 20)])
    func nestedTimeouts(outer: Int, inner: Int) async throws {
        var left: Duration?
        try await withServer { router in
            router.use(RequestTimeout(.milliseconds(outer)))
            router.group { group in
                group.use(RequestTimeout(.milliseconds(inner)))
                group.get("/") { request async throws -> String in
                    left = request.deadline.map { $0 - EventLoop.main.time() }
                    try await Task.sleep(for: .seconds(600))
                    return ""
                }
            }
        } _: { server async throws in
            #expect(try await server.ask().status == 503)
            #expect(left.map { $0 <= .milliseconds(20) } == true)
        }
    }

    @Test("so many handlers run, so many wait in order, and the rest is refused")
    func concurrency() async throws {
        let limit = ConcurrencyLimit(1, waiting: 2, for: .seconds(600), retryAfter: .seconds(2))
        let gate = Gate()
        var order: [String] = []
        try await withServer { router in
            router.use(limit)
            router.get("/{n}") { request async -> String in
                order.append(request.parameters["n"]!)
                await gate.pass()
                return ""
            }
        } _: { server async throws in
            var clients: [Client] = []
            for n in 0..<3 {
                let client = try server.connect()
                clients.append(client)
                try await client.send("GET /\(n) HTTP/1.1\r\nHost: a\r\n\r\n")
                try await eventually("it runs or waits") { limit.running + limit.waiting == n + 1 }
            }
            #expect(limit.running == 1 && limit.waiting == 2)
            let refused = try await server.ask("GET", "/3")
            #expect(refused.status == 503 && refused["Retry-After"] == "2" && server.count(.requestsRefused) == 1)
            gate.open()
            for client in clients { #expect(try await client.answer().status == 200) }
            #expect(order == ["0", "1", "2"] && limit.running == 0 && limit.waiting == 0)
        }
    }

    @Test("who waits too long for a turn is refused, and leaves the others their places")
    func patience() async throws {
        let limit = ConcurrencyLimit(1, waiting: 9, for: .milliseconds(20))
        let gate = Gate()
        try await withServer { router in
            router.use(limit)
            router.get("/") { _ async -> String in
                await gate.pass()
                return ""
            }
        } _: { server async throws in
            let first = try server.connect()
            try await first.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            try await eventually("it runs") { limit.running == 1 }
            #expect(try await server.ask().status == 503)
            #expect(try await server.ask().status == 503)
            gate.open()
            #expect(try await first.answer().status == 200)
            #expect(limit.running == 0 && limit.waiting == 0)
            #expect(try await server.ask().status == 200)
        }
    }

    @Test("who is cancelled while waiting or running leaves nothing behind")
    func cancellation() async throws {
        let limit = ConcurrencyLimit(1, waiting: 9, for: .seconds(600))
        let gate = Gate()
        try await withServer { router in
            router.group("/short") { group in
                group.use(RequestTimeout(.milliseconds(20)))
                group.use(limit)
                group.get("/") { _ async throws -> String in
                    try await Task.sleep(for: .seconds(600))
                    return ""
                }
            }
            router.group("/long") { group in
                group.use(limit)
                group.get("/") { _ async -> String in
                    await gate.pass()
                    return ""
                }
            }
        } _: { server async throws in
            // Cancelled while running.
            #expect(try await server.ask("GET", "/short").status == 503)
            #expect(limit.running == 0)
            let first = try server.connect()
            try await first.send("GET /long HTTP/1.1\r\nHost: a\r\n\r\n")
            try await eventually("it runs") { limit.running == 1 }
            // Cancelled while waiting.
            #expect(try await server.ask("GET", "/short").status == 503)
            #expect(limit.running == 1 && limit.waiting == 0)
            gate.open()
            #expect(try await first.answer().status == 200)
            #expect(limit.running == 0)
            #expect(try await server.ask("GET", "/long").status == 200)
        }
    }
}
