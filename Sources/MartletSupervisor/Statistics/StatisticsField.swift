import MartletLoop
import MartletServer

/// What one figure of the statistics is called and means; the same for `show stat`, JSON and Prometheus.
public nonisolated struct StatisticsField: Hashable, Sendable {
    /// How values of several processes become one.
    public enum Kind: String, Sendable {
        /// Only grows; values add up and outlive their process.
        case counter
        /// The state of a living process; values add up and end with their process.
        case gauge
        /// The largest value ever; outlives its process.
        case maximum
        /// Seconds since 1970; the latest counts.
        case timestamp
    }

    /// What a value counts.
    public enum Unit: String, Sendable {
        case none, bytes, nanoseconds, microseconds, seconds
    }

    /// In snake case, unique in the catalogue: `connections_accepted`.
    public let name: String
    /// How values merge.
    public let kind: Kind
    /// The unit, which `name` carries too where it is not obvious.
    public let unit: Unit
    /// One line without a full stop.
    public let help: String

    /// Describes a figure.
    public init(_ name: String, _ kind: Kind, _ help: String, _ unit: Unit = .none) {
        self.name = name
        self.kind = kind
        self.unit = unit
        self.help = help
    }
}

/// The names of a group of figures that statistics report.
public nonisolated protocol StatisticsName: CounterName {
    /// Where the group starts, in words: in a block, and in `StatisticsValues`.
    static var firstWord: Int { get }
    /// What the figure is called and means.
    var field: StatisticsField { get }
}

extension StatisticsName {
    /// The figure's place in `StatisticsValues`.
    nonisolated var word: Int { Self.firstWord + rawValue }
}

/// Every figure, in the order in which it is shown.
public nonisolated enum StatisticsCatalogue {
    /// A figure and its place in `StatisticsValues`.
    struct Entry: Sendable {
        let field: StatisticsField
        let word: Int
    }

    /// All figures of a worker, of a slot and of the whole service.
    public static var fields: [StatisticsField] { (all + service).map(\.field) }

    /// What each process counts in its block, without the latency figures, which are computed from its histogram.
    static let counters =
        entries(HTTPCounter.self) + entries(LoopCounter.self) + entries(ProcessCounter.self)
        + entries(SlotCounter.self)
    /// What is known of each process and each slot.
    static let all = counters + entries(LatencyFigure.self)
    /// What is only known of the whole service.
    static let service = entries(ServiceCounter.self)
    /// Everything that is a word of a block.
    static let words = counters + service

    private static func entries<Name: StatisticsName>(_ names: Name.Type) -> [Entry] {
        Name.allCases.map { Entry(field: $0.field, word: $0.word) }
    }
}
