import Glibc
import MartletLifecycle
import MartletLoop
import MartletServer
import ServiceLifecycle
import Synchronization
import Testing

@Suite("Services beside the requests")
struct ServiceTests {
    /// Does what it is made with.
    private nonisolated struct Work: Service {
        let body: @Sendable () async throws -> Void

        func run() async throws { try await body() }
    }

    private nonisolated final class Events: Sendable {
        private let entries = Mutex<[String]>([])

        var all: [String] { entries.withLock { $0 } }
        func add(_ event: String) { entries.withLock { $0.append(event) } }
    }

    private struct Late: Error {}

    private func eventually(_ condition: () -> Bool) async throws {
        let deadline = EventLoop.Instant.readClock() + .seconds(60)
        while !condition() {
            guard EventLoop.Instant.readClock() < deadline else { throw Late() }
            try await Task.sleep(for: .milliseconds(1))
        }
    }

    @Test("a service hears of the graceful shutdown when the worker drains, and the worker waits for its end")
    func drains() async throws {
        let worker = Worker()
        let events = Events()
        worker.run(
            Work {
                events.add("begins")
                try await gracefulShutdown()
                events.add("is told")
                try await Task.sleep(for: .milliseconds(20))
                events.add("ends")
            })
        worker.onFailure = { events.add("failure: \($0)") }
        worker.onStop { events.add("stop hook") }
        try await eventually { events.all == ["begins"] }
        worker.beginDraining()
        await worker.finish()
        #expect(events.all == ["begins", "is told", "ends", "stop hook"])
    }

    @Test("a service that requests need hears of it when the last one is answered")
    func outlivesRequests() async throws {
        let worker = Worker()
        let events = Events()
        worker.run(
            Work {
                events.add("begins")
                try await cancelWhenGracefulShutdown { try await Task.sleep(for: .seconds(600)) }
            }, until: .lastRequest)
        worker.onStop { events.add("stop hook") }
        try await eventually { events.all == ["begins"] }
        worker.beginDraining()
        try await Task.sleep(for: .milliseconds(20))
        #expect(worker.workCount == 1)
        await worker.finish()
        #expect(events.all == ["begins", "stop hook"])
    }

    @Test("one that does not end is cancelled with the rest of the work")
    func cancelled() async throws {
        let worker = Worker()
        let events = Events()
        worker.run(
            Work {
                events.add("begins")
                do { try await Task.sleep(for: .seconds(600)) } catch { events.add("is cancelled") }
            })
        worker.onFailure = { events.add("failure: \($0)") }
        try await eventually { events.all == ["begins"] }
        worker.beginDraining()
        worker.cancelWork()
        await worker.finish()
        #expect(events.all == ["begins", "is cancelled"])
    }

    @Test("one that ends or fails unasked ends the worker, once, with its name", arguments: [true, false])
    func fails(throwing: Bool) async throws {
        let worker = Worker()
        let events = Events()
        worker.run(Work { if throwing { throw Late() } }, name: "queue")
        worker.run(Work { try await gracefulShutdown() }, name: "other")
        try await eventually { worker.workCount == 1 }
        worker.onFailure = { events.add($0) }
        try await eventually { events.all.count == 1 }
        let reason = events.all[0]
        #expect(reason == (throwing ? "the service \"queue\" failed: Late()" : "the service \"queue\" ended"))
        worker.fail(because: "something else")
        worker.beginDraining()
        await worker.finish()
        #expect(events.all.count == 1)
    }
}
