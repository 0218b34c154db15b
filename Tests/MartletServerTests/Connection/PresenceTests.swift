import MartletLoop
import Testing

@testable import MartletServer

@Suite("Clients that go away")
struct PresenceTests {
    /// What has become of a handler that waits for ever.
    private final class Trace {
        var hasBegun = false
        var end: String?
    }

    private func waitForEver(_ trace: Trace) async throws {
        trace.hasBegun = true
        defer { if trace.end == nil { trace.end = "cleaned up" } }
        try await Task.sleep(for: .seconds(600), clock: .eventLoop)
        trace.end = "slept"
    }

    private var settings: HTTPServerSettings {
        var settings = HTTPServerSettings.patient
        settings.presenceDelay = .milliseconds(20)
        return settings
    }

    @Test("the handler of a client that has closed is cancelled, and cleans up", arguments: ["close", "reset"])
    func cancelsHandler(how: String) async throws {
        let trace = Trace()
        try await withServer(
            settings,
            routes: {
                $0.get("/") { _ in
                    try await waitForEver(trace)
                    return "late"
                }
            }
        ) { server in
            let client = try server.connect()
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            try await eventually("the handler runs") { trace.hasBegun }
            if how == "reset" { client.abort() } else { client.close() }
            try await eventually("the handler is over") { trace.end != nil }
            #expect(trace.end == "cleaned up")
            try await eventually("the connection is gone") { server.count(.connectionsActive) == 0 }
            try await server.expect(.clientsGone, 1)
            #expect(server.count(.handlerErrors) == 0)
            #expect(server.count(.responses2xx) == 0)
        }
    }

    @Test("one that had closed before its handler was called is noticed, too")
    func noticesEarlyEnd() async throws {
        let trace = Trace()
        try await withServer(
            settings,
            routes: {
                $0.post("/") { request in
                    _ = try await request.body.collect()
                    try await waitForEver(trace)
                    return "late"
                }
            }
        ) { server in
            let client = try server.connect()
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab")
            client.close()
            try await eventually("the handler is over") { trace.end != nil }
            #expect(trace.end == "cleaned up")
        }
    }

    @Test("one that has only finished sending gets its answer, however long it takes")
    func answersHalfClosed() async throws {
        let gate = Gate()
        try await withServer(
            settings,
            routes: {
                $0.get("/") { _ in
                    await gate.pass()
                    try Task.checkCancellation()
                    return "late"
                }
            }
        ) { server in
            let client = try server.connect()
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            client.finishSending()
            try await eventually("the handler runs") { gate.arrivals == 1 }
            let interim = try await client.answer()
            #expect(interim.status == 100 && interim.fieldLines.isEmpty)
            await pause(.milliseconds(50))
            gate.open()
            #expect(try await client.answer().text == "late")
            #expect(try await client.isAtEnd())
            #expect(server.count(.clientsGone) == 0)
        }
    }

    @Test("an HTTP/1.0 client, and one that is answered soon, hear nothing in between", arguments: ["1.0", "1.1"])
    func isDiscreet(version: String) async throws {
        var settings = settings
        if version == "1.1" { settings.presenceDelay = .seconds(600) }
        try await withServer(
            settings,
            routes: {
                $0.get("/") { _ in
                    await pause(.milliseconds(60))
                    return "soon"
                }
            }
        ) { server in
            let client = try server.connect()
            try await client.send("GET / HTTP/\(version)\r\nHost: a\r\n\r\n")
            client.finishSending()
            #expect(try await client.answer().text == "soon")
            #expect(server.count(.clientsGone) == 0)
        }
    }

    @Test("a stream to a client that is gone ends with an error in its writer")
    func endsStream() async throws {
        let trace = Trace()
        try await withServer(
            settings,
            routes: {
                $0.get("/") { _ in
                    Response { body in
                        defer { trace.end = "cleaned up" }
                        while true {
                            try await body.write("tick")
                            await pause()
                        }
                    }
                }
            }
        ) { server in
            let client = try server.connect()
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try await client.head()
            client.close()
            try await eventually("the stream is over") { trace.end != nil }
            #expect(server.count(.handlerErrors) == 0)
        }
    }
}
