import CoreMetrics
import MartletLoop
import Synchronization
import Testing

@testable import MartletServer

@Suite("Request metrics")
struct RequestMetricsTests {
    @Test("requests are measured by route, method and class of status")
    func measures() async throws {
        let metrics = CapturingMetrics()
        try await withServer(routes: { router in
            router.use(RequestMetrics(factory: metrics))
            router.get("/users/{id}") { request in
                if request.parameters["id"] == "0" { throw HTTPError(.notFound) }
                return "user"
            }
            router.post("/users") { request async throws -> String in
                await pause(.milliseconds(5))
                throw HTTPError(.internalServerError)
            }
        }) { server in
            let client = try server.connect()
            for target in ["GET /users/1", "GET /users/2", "GET /users/0", "POST /users", "GET /x", "GET /y"] {
                try await client.send("\(target) HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
                _ = try await client.answer()
            }
        }
        let records = metrics.records
        #expect(
            Set(records.keys) == [
                "http.server.request.duration /users/{id} GET 2xx", "http.server.request.duration /users/{id} GET 4xx",
                "http.server.request.duration /users POST 5xx", "http.server.request.duration none none 4xx",
            ])
        #expect(records["http.server.request.duration /users/{id} GET 2xx"]?.count == 2)
        #expect(records["http.server.request.duration none none 4xx"]?.count == 2)
        #expect(records["http.server.request.duration /users POST 5xx"].map { $0[0] >= 5_000_000 } == true)
        #expect(metrics.made == 4, "a series is looked up once")
    }
}

/// A backend that keeps what timers record.
nonisolated final class CapturingMetrics: MetricsFactory {
    private struct State {
        var records: [String: [Int64]] = [:]
        var made = 0
    }

    private let state = Mutex(State())

    /// Nanoseconds, by label and values of dimensions.
    var records: [String: [Int64]] { state.withLock { $0.records } }
    /// How many timers were made.
    var made: Int { state.withLock { $0.made } }

    fileprivate func record(_ nanoseconds: Int64, _ key: String) {
        state.withLock { $0.records[key, default: []].append(nanoseconds) }
    }

    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        state.withLock { $0.made += 1 }
        return CapturingTimer(([label] + dimensions.map(\.1)).joined(separator: " "), self)
    }

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        NOOPMetricsHandler.instance
    }
    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        NOOPMetricsHandler.instance
    }
    func destroyCounter(_ handler: any CounterHandler) {}
    func destroyRecorder(_ handler: any RecorderHandler) {}
    func destroyTimer(_ handler: any TimerHandler) {}
}

private nonisolated final class CapturingTimer: TimerHandler {
    private let key: String
    private let metrics: CapturingMetrics

    init(_ key: String, _ metrics: CapturingMetrics) {
        self.key = key
        self.metrics = metrics
    }

    func recordNanoseconds(_ duration: Int64) { metrics.record(duration, key) }
}
