/// The figures of a series: for a histogram several, otherwise one.
extension MetricTotal {
    private nonisolated static let quantiles = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99)]

    /// `jobs{queue="mail"}` and its value, line by line, as `show stat` has them. Times are in nanoseconds.
    nonisolated var lines: [(name: String, value: String)] {
        let name = identity.name.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        let labels = labels
        switch identity.kind {
        case .counter: return [(name + labels, "\(reading.count)")]
        case .total, .gauge: return [(name + labels, Self.number(reading.sum))]
        case .timer, .distribution:
            let unit = identity.kind == .timer ? "_nanoseconds" : ""
            return [("\(name)_count\(labels)", "\(reading.count)")]
                + Self.quantiles.map { ("\(name)_\($0.0)\(unit)\(labels)", Self.number(reading.quantile($0.1))) }
        }
    }

    private nonisolated var labels: String {
        guard !identity.labels.isEmpty else { return "" }
        let pairs = identity.labels.map { "\($0.name)=\(PrometheusText.quoted($0.value))" }
        return "{" + pairs.joined(separator: ",") + "}"
    }

    /// Whole where it is whole.
    private nonisolated static func number(_ value: Double) -> String {
        Int64(exactly: value).map { "\($0)" } ?? "\(value)"
    }
}

extension MetricTotal: Encodable {
    private enum CodingKeys: String, CodingKey {
        case name, kind, labels, value, count, sum, p50, p90, p99
    }

    /// `{"name": "jobs", "kind": "counter", "labels": {"queue": "mail"}, "value": 5}`; a histogram has `count`, `sum`,
    /// `p50`, `p90` and `p99` in place of `value`. Times are in nanoseconds.
    nonisolated func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(identity.name, forKey: .name)
        try container.encode("\(identity.kind)", forKey: .kind)
        let labels = Dictionary(identity.labels.map { ($0.name, $0.value) }, uniquingKeysWith: { _, last in last })
        try container.encode(labels, forKey: .labels)
        switch identity.kind {
        case .counter: try container.encode(reading.count, forKey: .value)
        case .total, .gauge: try container.encode(reading.sum, forKey: .value)
        case .timer, .distribution:
            try container.encode(reading.count, forKey: .count)
            try container.encode(reading.sum, forKey: .sum)
            for (key, share) in [(CodingKeys.p50, 0.5), (.p90, 0.9), (.p99, 0.99)] {
                try container.encode(reading.quantile(share), forKey: key)
            }
        }
    }
}
