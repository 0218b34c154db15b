import MartletLoop
import Testing

@testable import MartletServer

@Suite("What a worker keeps")
struct WorkerTests {
    private final class Counter {
        var count = 0
    }

    @Test("handlers reach what was provided")
    func provides() async throws {
        let worker = Worker(slot: 3, generation: 2)
        worker.provide(Counter())
        let router = Router()
        router.get("/") { request in
            request.worker[Counter.self].count += 1
            return "\(request.worker[Counter.self].count) \(request.worker.slot) \(request.worker.generation)"
        }
        try await withServer(routes: { _ in }) { server in
            let other = HTTPServer(router: router, settings: .patient, worker: worker)
            let ends = try socketPair()
            other.take(connection: ends.0)
            let client = try Client(descriptor: ends.1)
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.answer().text == "1 3 2")
            #expect(worker.find(String.self) == nil && server.server.worker.find(Counter.self) == nil)
            client.close()
            other.abort()
            try await eventually("no connection is left") { other.connectionCount == 0 }
        }
    }

    @Test("work that ends is waited for, work that would not is cancelled; then the hooks run, the last first")
    func drains() async throws {
        let worker = Worker()
        let gate = Gate()
        var events: [String] = []
        worker.onStop { events.append("first hook") }
        worker.onStop { events.append("last hook") }
        worker.background("mail") {
            await gate.pass()
            events.append("mail is sent")
        }
        worker.background("refresh", until: .drain) {
            defer { events.append("refresh is cancelled") }
            try await Task.sleep(for: .seconds(600), clock: .eventLoop)
        }
        await pause()
        #expect(worker.workCount == 2 && events.isEmpty)
        worker.beginDraining()
        let end = Task { await worker.finish() }
        try await eventually("one is cancelled") { !events.isEmpty }
        #expect(events == ["refresh is cancelled"])
        worker.background("late", until: .drain) { events.append("never") }
        gate.open()
        await end.value
        #expect(events == ["refresh is cancelled", "mail is sent", "last hook", "first hook"])
        #expect(worker.workCount == 0)
    }

    @Test("what background work throws is logged, and work can be cancelled at the end of patience")
    func cancels() async throws {
        struct Failure: Error {}
        let worker = Worker()
        worker.background("fails") { throw Failure() }
        worker.background("hangs") { try await Task.sleep(for: .seconds(600), clock: .eventLoop) }
        try await eventually("one has failed") { worker.workCount == 1 }
        worker.cancelWork()
        await worker.finish()
        #expect(worker.workCount == 0)
    }
}
