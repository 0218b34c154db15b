import CoreMetrics
import Logging
import Synchronization

/// The backend of swift-metrics in a worker: an application's metrics live in memory that the supervisor reads, so that
/// they appear, all workers together and the dead ones included, in `show stat`, `/v1/stats` and `/v1/metrics`.
///
/// A worker has room for 256 series (a label with its dimensions) of at most 480 bytes; what does not fit is dropped,
/// counted as `metrics_dropped`, and logged once. A series stays until its worker ends: one that is destroyed and made
/// again goes on. Counters only grow, so resetting one does nothing; adding less than nothing does nothing either.
nonisolated final class SharedMetricsFactory: MetricsFactory {
    private struct State {
        var handlers: [MetricIdentity: any Sendable & AnyObject] = [:]
        var hasDropped = false
    }

    private let memory: MetricsMemory
    private let state = Mutex(State())

    init(memory: MetricsMemory) {
        self.memory = memory
    }

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        handler(.counter, label, dimensions) { CountingHandler(series: $0) } ?? NOOPMetricsHandler.instance
    }

    func makeFloatingPointCounter(label: String, dimensions: [(String, String)]) -> any FloatingPointCounterHandler {
        handler(.total, label, dimensions) { AddingHandler(series: $0) } ?? NOOPMetricsHandler.instance
    }

    func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        handler(.gauge, label, dimensions) { GaugeHandler(series: $0) } ?? NOOPMetricsHandler.instance
    }

    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        guard aggregate else {
            return handler(.gauge, label, dimensions) { GaugeHandler(series: $0) } ?? NOOPMetricsHandler.instance
        }
        return handler(.distribution, label, dimensions) { HistogramHandler(series: $0) } ?? NOOPMetricsHandler.instance
    }

    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        handler(.timer, label, dimensions) { HistogramHandler(series: $0) } ?? NOOPMetricsHandler.instance
    }

    // Series stay: see above.
    func destroyCounter(_ handler: any CounterHandler) {}
    func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    func destroyMeter(_ handler: any MeterHandler) {}
    func destroyRecorder(_ handler: any RecorderHandler) {}
    func destroyTimer(_ handler: any TimerHandler) {}

    /// The handler of a series, the same for everybody who asks for it; nil when there is no room.
    private func handler<Handler: AnyObject & Sendable>(
        _ kind: MetricIdentity.Kind, _ label: String, _ dimensions: [(String, String)],
        _ make: (MetricSeries) -> Handler
    ) -> Handler? {
        let identity = MetricIdentity(kind, label, dimensions)
        let (handler, isFirstDrop) = state.withLock { state -> (Handler?, Bool) in
            if let handler = state.handlers[identity] as? Handler { return (handler, false) }
            guard let series = memory.add(identity) else {
                defer { state.hasDropped = true }
                return (nil, !state.hasDropped)
            }
            let handler = make(series)
            state.handlers[identity] = handler
            return (handler, false)
        }
        if isFirstDrop {
            Logger(label: "martlet.metrics").warning(
                "a metric is dropped, and so will be others: use fewer or shorter dimensions",
                metadata: ["metric": "\(label)", "most": "\(MetricsMemory.capacity)"])
        }
        return handler
    }
}

private nonisolated final class CountingHandler: CounterHandler {
    private let series: MetricSeries

    init(series: MetricSeries) { self.series = series }

    func increment(by amount: Int64) { if amount > 0 { series.count(UInt64(amount)) } }
    func reset() {}
}

private nonisolated final class AddingHandler: FloatingPointCounterHandler {
    private let series: MetricSeries

    init(series: MetricSeries) { self.series = series }

    func increment(by amount: Double) { if amount > 0 { series.add(amount) } }
    func reset() {}
}

private nonisolated final class GaugeHandler: MeterHandler, RecorderHandler {
    private let series: MetricSeries

    init(series: MetricSeries) { self.series = series }

    func set(_ value: Int64) { series.set(Double(value)) }
    func set(_ value: Double) { series.set(value) }
    func increment(by amount: Double) { series.add(amount) }
    func decrement(by amount: Double) { series.add(-amount) }
    func record(_ value: Int64) { series.set(Double(value)) }
    func record(_ value: Double) { series.set(value) }
}

private nonisolated final class HistogramHandler: TimerHandler, RecorderHandler {
    private let series: MetricSeries

    init(series: MetricSeries) { self.series = series }

    func recordNanoseconds(_ duration: Int64) { series.record(Double(duration)) }
    func record(_ value: Int64) { series.record(Double(value)) }
    func record(_ value: Double) { series.record(value) }
}
