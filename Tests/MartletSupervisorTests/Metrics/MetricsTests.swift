import CoreMetrics
import MartletLoop
import MartletServer
import Testing

@testable import MartletSupervisor

@Suite("The application's metrics")
struct MetricsTests {
    /// A worker's side of a new page of the ledger.
    private func worker(_ ledger: MetricsLedger) throws -> (page: MetricsLedger.Page, factory: SharedMetricsFactory) {
        let page = try ledger.allocate()
        let base = try SharedMemory.map(page.descriptor, offset: 0, size: MetricsMemory.size, "map for a test")
        let memory = try #require(MetricsMemory(opening: base))
        return (page, SharedMetricsFactory(memory: memory))
    }

    private func lines(_ ledger: MetricsLedger) -> [String] {
        ledger.totals().flatMap(\.lines).map { "\($0.name) \($0.value)" }
    }

    @Test("counters and histograms of all workers add up and outlive them, gauges end with them")
    func merging() throws {
        let ledger = MetricsLedger()
        defer { ledger.close() }
        let workers = try [worker(ledger), worker(ledger)]
        for (number, worker) in workers.enumerated() {
            Counter(label: "jobs", dimensions: [("b", "1"), ("a", "x\"y")], factory: worker.factory)
                .increment(by: 3 + number)
            FloatingPointCounter(label: "cost", factory: worker.factory).increment(by: 0.25)
            Meter(label: "waiting", factory: worker.factory).set(10 + number)
            Gauge(label: "level", factory: worker.factory).record(2)
            let timer = Timer(label: "work", factory: worker.factory)
            for _ in 0..<(number == 0 ? 9 : 1) { timer.recordMilliseconds(number == 0 ? 1 : 1000) }
        }
        let expected = [
            "cost 0.5", "jobs{a=\"x\\\"y\",b=\"1\"} 7", "level 4", "waiting 21", "work_count 10",
        ]
        #expect(lines(ledger).filter { !$0.contains("_p") } == expected)
        let work = try #require(ledger.totals().last)
        #expect(abs(work.reading.quantile(0.5) - 1e6) < 1e5 && abs(work.reading.quantile(0.99) - 1e9) < 1e8)
        #expect(work.reading.sum == 1.009e9)

        ledger.retire(workers[0].page)
        ledger.retire(workers[0].page)
        #expect(
            lines(ledger).filter { !$0.contains("_p") } == [
                "cost 0.5", "jobs{a=\"x\\\"y\",b=\"1\"} 7", "level 2", "waiting 11", "work_count 10",
            ])
        ledger.retire(workers[1].page)
        #expect(
            lines(ledger).filter { !$0.contains("_p") } == [
                "cost 0.5", "jobs{a=\"x\\\"y\",b=\"1\"} 7", "work_count 10",
            ])
        let next = try worker(ledger)
        Counter(label: "jobs", dimensions: [("a", "x\"y"), ("b", "1")], factory: next.factory).increment()
        #expect(lines(ledger)[1] == "jobs{a=\"x\\\"y\",b=\"1\"} 8")
    }

    @Test("the same label and dimensions are the same series, whoever makes it, and it never goes backwards")
    func identity() throws {
        let ledger = MetricsLedger()
        defer { ledger.close() }
        let (_, factory) = try worker(ledger)
        let one = Counter(label: "n", factory: factory)
        let other = Counter(label: "n", factory: factory)
        one.increment(by: 2)
        other.increment(by: 3)
        one.increment(by: -4)
        one.reset()
        one.destroy()
        Counter(label: "n", factory: factory).increment()
        #expect(lines(ledger) == ["n 6"])
    }

    @Test("series beyond the bound, or with long names, are dropped and counted, and the others go on")
    func bound() throws {
        let ledger = MetricsLedger()
        defer { ledger.close() }
        let (page, factory) = try worker(ledger)
        Counter(label: String(repeating: "x", count: 481), factory: factory).increment()
        for index in 0..<300 { Counter(label: "n\(index)", factory: factory).increment() }
        #expect(ledger.totals().count == MetricsMemory.capacity)
        #expect(ledger.droppedCount == 45)
        Counter(label: "n0", factory: factory).increment()
        #expect(lines(ledger).first == "n0 2")
        ledger.retire(page)
        #expect(ledger.droppedCount == 45)
    }

    @Test("whatever a broken worker writes, reading it traps nowhere")
    func broken() throws {
        let ledger = MetricsLedger()
        defer { ledger.close() }
        let page = try ledger.allocate()
        let base = try SharedMemory.map(page.descriptor, offset: 0, size: MetricsMemory.size, "map for a test")
        let factory = SharedMetricsFactory(memory: try #require(MetricsMemory(opening: base)))
        for index in 0..<20 {
            Timer(label: "t\(index)", dimensions: [("a", "b")], factory: factory).recordNanoseconds(1)
        }
        var generator = SystemRandomNumberGenerator()
        let words = base.assumingMemoryBound(to: UInt64.self)
        for _ in 0..<300 {
            for _ in 0..<50 {
                let index = Int.random(in: 2..<(4096 + 20 * 512) / 8, using: &generator)
                words[index] = generator.next() >> UInt64.random(in: 0...63, using: &generator)
            }
            words[2] = generator.next()
            var snapshot = StatisticsSnapshot(takenAt: .readClock(), total: StatisticsValues(), slots: [])
            snapshot.metrics = ledger.totals()
            #expect(!PrometheusText(snapshot).text.isEmpty)
            _ = lines(ledger)
            _ = try JSON(StatisticsAnswer(snapshot: snapshot)).response()
        }
        ledger.retire(page)
        _ = lines(ledger)
    }

    @Test(
        "a number's bucket is at most a sixteenth off",
        arguments: [1e-6, 0.001, 0.1, 0.9999, 1, 1.5, 2, 1000, 123_456_789, 8e12])
    func buckets(value: Double) {
        let bucket = MetricHistogram.bucket(of: value)
        let (low, high) = (MetricHistogram.lowerBound(of: bucket), MetricHistogram.lowerBound(of: bucket + 1))
        #expect(low <= value && value < high)
        #expect((high - low) / 2 <= value / 16)
    }

    @Test("numbers without a bucket of their own are in the first or the last one")
    func outliers() {
        for value in [0, -1, .nan, -.infinity, 1e-9] { #expect(MetricHistogram.bucket(of: value) == 0) }
        for value in [1e13, .infinity, .greatestFiniteMagnitude] { #expect(MetricHistogram.bucket(of: value) == 505) }
    }
}
