import CMartlet
import MartletLoop

/// All figures of a worker, a slot or the service, at one moment.
///
/// ```swift
/// let values = memory.values(ofSlot: 0)
/// values[HTTPCounter.requests]
/// for (field, value) in values.figures { print(field.name, value) }
/// ```
public nonisolated struct StatisticsValues: Hashable, Sendable {
    /// The words of a block in their places, then the latency figures in place of the histogram.
    private var words = [UInt64](
        repeating: 0, count: LatencyFigure.firstWord + LatencyFigure.allCases.count)

    /// Zeros.
    public init() {}

    /// One figure.
    public subscript<Name: StatisticsName>(name: Name) -> UInt64 {
        get { words[name.word] }
        set { words[name.word] = newValue }
    }

    /// Every figure with its meaning, in the order of the catalogue, without those that only the service has.
    public var figures: [(field: StatisticsField, value: UInt64)] {
        StatisticsCatalogue.all.map { ($0.field, words[$0.word]) }
    }

    /// The figures that only the service as a whole has.
    public var serviceFigures: [(field: StatisticsField, value: UInt64)] {
        StatisticsCatalogue.service.map { ($0.field, words[$0.word]) }
    }

    /// Adds what a block counts, its histogram aside.
    mutating func merge(_ block: UnsafePointer<UInt64>) {
        for entry in StatisticsCatalogue.words {
            words[entry.word] = entry.field.kind.merge(words[entry.word], martlet_counter_load(block + entry.word))
        }
    }

    /// Computes the latency figures.
    mutating func summarize(_ histogram: LatencyHistogram) {
        self[LatencyFigure.count] = histogram.count
        self[LatencyFigure.totalNanoseconds] = histogram.total
        let figures = LatencyFigure.allCases.filter { $0.quantile != nil }
        for (figure, value) in zip(figures, histogram.quantiles(figures.compactMap(\.quantile))) {
            self[figure] = value
        }
    }
}

/// The figures of the service and of each of its slots, at one moment.
public nonisolated struct StatisticsSnapshot: Sendable {
    /// The figures of one slot.
    public struct Slot: Sendable {
        /// The slot's number, from 0.
        public let slot: Int
        /// Its figures.
        public let values: StatisticsValues
    }

    /// When it was taken.
    public let takenAt: EventLoop.Instant
    /// The whole service.
    public let total: StatisticsValues
    /// Each slot that ever had a worker, in order.
    public let slots: [Slot]
    /// How many requests of the service took less than each of these bounds, in nanoseconds.
    var latencyBuckets: [(bound: UInt64, count: UInt64)] = []
    /// The certificates that clients are shown.
    var certificates: [CertificateFacts] = []
    /// The application's metrics, of all workers together.
    var metrics: [MetricTotal] = []
}

extension StatisticsField.Kind {
    /// One value from those of two processes.
    nonisolated func merge(_ one: UInt64, _ other: UInt64) -> UInt64 {
        switch self {
        // Wrapping: a broken worker may have written anything.
        case .counter, .gauge: one &+ other
        case .maximum, .timestamp: max(one, other)
        }
    }

    /// Whether a value still counts when the process that wrote it is gone.
    nonisolated var outlivesItsProcess: Bool {
        switch self {
        case .counter, .maximum: true
        case .gauge, .timestamp: false
        }
    }
}
