import CoreMetrics
import MartletLoop
import MartletServer
import Testing

@testable import MartletSupervisor

@Suite("Prometheus' text format")
struct PrometheusTextTests {
    private func text(_ metrics: [(MetricIdentity, MetricReading)]) -> [Substring] {
        var snapshot = StatisticsSnapshot(takenAt: .readClock(), total: StatisticsValues(), slots: [])
        snapshot.metrics = metrics.map { MetricTotal(identity: $0.0, reading: $0.1) }
        return PrometheusText(snapshot).text.split(separator: "\n", omittingEmptySubsequences: false)
    }

    @Test("the service's figures are there, by slot, each family once and with its kind")
    func figures() throws {
        let memory = try StatisticsMemory()
        defer { memory.close() }
        let worker = try memory.allocate(slot: 2)
        worker.http.add(.requests, 5)
        worker.latency.record(nanoseconds: 1_000_000)
        worker.latency.record(nanoseconds: 70_000_000_000)
        let text = PrometheusText(memory.snapshot()).text
        #expect(text.contains("# TYPE martlet_requests_total counter\nmartlet_requests_total{slot=\"2\"} 5\n"))
        #expect(text.contains("# TYPE martlet_connections_active gauge\n"))
        #expect(text.contains("\nmartlet_reloads_succeeded_total 0\n"))
        #expect(text.contains("# TYPE martlet_request_duration_seconds histogram\n"))
        #expect(text.contains("\nmartlet_request_duration_seconds_bucket{le=\"0.000524288\"} 0\n"))
        #expect(text.contains("\nmartlet_request_duration_seconds_bucket{le=\"0.001048576\"} 1\n"))
        #expect(text.contains("\nmartlet_request_duration_seconds_bucket{le=\"+Inf\"} 2\n"))
        #expect(text.contains("\nmartlet_request_duration_seconds_count 2\n"))
        let families = text.split(separator: "\n").filter { $0.hasPrefix("# TYPE ") }
        #expect(Set(families).count == families.count && families.count > 30)
        #expect(!text.contains("\n\n") && text.hasSuffix("\n"))
    }

    @Test("metrics get the names, units and labels that Prometheus wants")
    func names() {
        var counter = MetricReading()
        counter.count = 3
        var gauge = MetricReading()
        gauge.sum = -1.5
        let lines = text([
            (MetricIdentity(.counter, "jobs.done", [("queue-name", "a\\b\"c\nd")]), counter),
            (MetricIdentity(.gauge, "9 lives", []), gauge), (MetricIdentity(.counter, "x_total", []), counter),
        ])
        #expect(lines.contains("# TYPE jobs_done_total counter"))
        #expect(lines.contains("jobs_done_total{queue_name=\"a\\\\b\\\"c\\nd\"} 3"))
        #expect(lines.contains("# HELP _9_lives 9 lives, by the application"))
        #expect(lines.contains("_9_lives -1.5"))
        #expect(lines.contains("x_total 3"))
    }

    @Test("names that become one are one family, of one kind, and no figure of the service is shadowed")
    func collisions() {
        var one = MetricReading()
        one.count = 1
        let lines = text([
            (MetricIdentity(.counter, "a.b", [("x", "1")]), one), (MetricIdentity(.counter, "a_b", [("x", "2")]), one),
            (MetricIdentity(.counter, "a-b", [("x", "1")]), one), (MetricIdentity(.gauge, "a_b_total", []), one),
            (MetricIdentity(.counter, "martlet_reloads_succeeded", []), one),
        ])
        #expect(lines.filter { $0.hasPrefix("a_b_total") }.count == 2)
        #expect(lines.filter { $0 == "# TYPE a_b_total counter" }.count == 1)
        #expect(
            lines.filter { $0.hasPrefix("martlet_reloads_succeeded_total") } == ["martlet_reloads_succeeded_total 0"])
    }

    @Test("a timer is a histogram in seconds, a distribution one in its own unit")
    func histograms() throws {
        let ledger = MetricsLedger()
        defer { ledger.close() }
        let page = try ledger.allocate()
        let base = try SharedMemory.map(page.descriptor, offset: 0, size: MetricsMemory.size, "map for a test")
        let factory = SharedMetricsFactory(memory: try #require(MetricsMemory(opening: base)))
        Timer(label: "work", factory: factory).recordMilliseconds(1)
        Recorder(label: "size", factory: factory).record(1000)
        let lines = text(ledger.totals().map { ($0.identity, $0.reading) })
        #expect(lines.contains("work_seconds_bucket{le=\"0.001048576\"} 1"))
        #expect(lines.contains("work_seconds_bucket{le=\"0.000524288\"} 0"))
        #expect(lines.contains("work_seconds_sum 0.001") && lines.contains("work_seconds_count 1"))
        #expect(lines.contains("size_bucket{le=\"256.0\"} 0") && lines.contains("size_bucket{le=\"1024.0\"} 1"))
        #expect(lines.contains("size_sum 1000.0"))
    }
}
