/// What tells one series of an application's metrics from another.
public nonisolated struct MetricIdentity: Hashable, Sendable {
    /// What is measured, and how values of several processes become one.
    public enum Kind: UInt64, Sendable {
        /// Events; values add up and outlive their process.
        case counter = 1
        /// Events with a fraction; values add up and outlive their process.
        case total
        /// The state of a living process; values add up and end with their process.
        case gauge
        /// A histogram of nanoseconds; buckets add up and outlive their process.
        case timer
        /// A histogram of numbers; buckets add up and outlive their process.
        case distribution
    }

    /// A dimension.
    public struct Label: Hashable, Sendable {
        /// Its name.
        public let name: String
        /// Its value.
        public let value: String
    }

    /// The metric's name.
    public let name: String
    /// Its dimensions, ascending by name.
    public let labels: [Label]
    /// What it measures.
    public let kind: Kind

    /// An identity. NULs are left out of the texts.
    init(_ kind: Kind, _ name: String, _ dimensions: [(String, String)]) {
        self.kind = kind
        self.name = Self.clean(name)
        labels = dimensions.map { Label(name: Self.clean($0.0), value: Self.clean($0.1)) }.sorted { $0.name < $1.name }
    }

    private static func clean(_ text: String) -> String {
        text.utf8.contains(0) ? String(text.unicodeScalars.filter { $0 != "\0" }) : text
    }

    // MARK: In memory

    /// Name and labels as they are written into the memory: texts that are separated by NULs.
    var encoded: [UInt8] {
        Array(([name] + labels.flatMap { [$0.name, $0.value] }).joined(separator: "\0").utf8)
    }

    /// Reads what another process has written; nil when it is no such thing.
    init?(kind: UInt64, encoded bytes: [UInt8]) {
        guard let kind = Kind(rawValue: kind), let text = String(validating: bytes, as: UTF8.self) else { return nil }
        let texts = text.split(separator: "\0", omittingEmptySubsequences: false).map(String.init)
        guard texts.count % 2 == 1 else { return nil }
        self.kind = kind
        name = texts[0]
        labels = stride(from: 1, to: texts.count, by: 2).map { Label(name: texts[$0], value: texts[$0 + 1]) }
    }
}

extension MetricIdentity: Comparable {
    /// By name, then by labels.
    public nonisolated static func < (left: MetricIdentity, right: MetricIdentity) -> Bool {
        if left.name != right.name { return left.name < right.name }
        for (one, other) in zip(left.labels, right.labels) where one != other {
            return (one.name, one.value) < (other.name, other.value)
        }
        return (left.labels.count, left.kind.rawValue) < (right.labels.count, right.kind.rawValue)
    }
}

/// What a series has come to, in one process or in several.
public nonisolated struct MetricReading: Hashable, Sendable {
    /// Events: of a counter, or those in a histogram.
    public internal(set) var count: UInt64 = 0
    /// The value of a total or gauge, or the sum of what a histogram has counted; finite.
    public internal(set) var sum = 0.0
    /// Of a histogram: see `MetricHistogram`.
    var buckets: [UInt64] = []

    /// Adds what another process has counted.
    mutating func merge(_ other: MetricReading) {
        // Wrapping: a broken worker may have written anything.
        count &+= other.count
        sum = (sum + other.sum).finite
        if buckets.isEmpty {
            buckets = other.buckets
        } else if !other.buckets.isEmpty {
            for index in buckets.indices { buckets[index] &+= other.buckets[index] }
        }
    }

    /// The number that a share of a histogram does not exceed.
    public func quantile(_ share: Double) -> Double { MetricHistogram.quantile(share, of: buckets) }
}

nonisolated extension Double {
    /// The number, or 0 in place of one that no sum can be made with.
    var finite: Double { isFinite ? self : 0 }
}

extension MetricIdentity.Kind {
    /// Whether it has buckets.
    nonisolated var isHistogram: Bool { self == .timer || self == .distribution }
    /// Whether it still counts when its process is gone.
    nonisolated var outlivesItsProcess: Bool { self != .gauge }
}
