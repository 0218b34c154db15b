import MartletLoop

extension PrometheusText {
    /// Everything that the supervisor knows: its own figures, which begin with `martlet_`, by slot; then the
    /// application's metrics, of all workers together.
    nonisolated init(_ snapshot: StatisticsSnapshot) {
        self.init()
        for (field, value) in snapshot.total.serviceFigures { add(field, [([], value)]) }
        let slots = snapshot.slots.map { ([("slot", "\($0.slot)")], $0.values.figures) }
        for (index, figure) in snapshot.total.figures.enumerated() where !Self.isOfHistogram(figure.field) {
            add(figure.field, slots.map { ($0.0, $0.1[index].value) })
        }
        addLatency(snapshot)
        addCertificates(snapshot.certificates)
        addMetrics(snapshot.metrics)
    }

    // MARK: Figures

    private nonisolated mutating func add(_ field: StatisticsField, _ samples: [(labels: [(String, String)], UInt64)]) {
        let isCounter = field.kind == .counter
        let name = "martlet_\(field.name)" + (isCounter ? "_total" : "")
        guard begin(name, isCounter ? .counter : .gauge, help: field.help) else { return }
        for (labels, value) in samples { add(name, labels, "\(value)") }
    }

    /// Whether a figure is computed from the histogram, which is shown as such.
    private nonisolated static func isOfHistogram(_ field: StatisticsField) -> Bool {
        LatencyFigure.allCases.contains { $0.field.name == field.name }
    }

    private nonisolated mutating func addLatency(_ snapshot: StatisticsSnapshot) {
        let name = "martlet_request_duration_seconds"
        guard begin(name, .histogram, help: "From a request's first byte to its response's last") else { return }
        add(
            histogram: name, [], buckets: snapshot.latencyBuckets.map { (Double($0.bound) / 1e9, $0.count) },
            count: snapshot.total[LatencyFigure.count],
            sum: Double(snapshot.total[LatencyFigure.totalNanoseconds]) / 1e9)
    }

    private nonisolated mutating func addCertificates(_ certificates: [CertificateFacts]) {
        add(certificates, "days_left", help: "Whole days until a certificate expires; negative when it has", \.daysLeft)
        add(
            certificates, "not_after_seconds", help: "When a certificate expires, in seconds since 1970",
            { Int($0.notAfter) })
    }

    private nonisolated mutating func add(
        _ certificates: [CertificateFacts], _ figure: String, help: String, _ value: (CertificateFacts) -> Int
    ) {
        let name = "martlet_certificate_\(figure)"
        guard !certificates.isEmpty, begin(name, .gauge, help: help) else { return }
        // No two samples may have the same labels: the same file may be there for two names.
        var seen: Set<String> = []
        for certificate in certificates where seen.insert("\(certificate.labels)").inserted {
            add(name, certificate.labels, "\(value(certificate))")
        }
    }

    // MARK: The application's metrics

    private nonisolated mutating func addMetrics(_ metrics: [MetricTotal]) {
        // A family's samples stand together, also where two names become one.
        var families: [String: [MetricTotal]] = [:]
        for metric in metrics { families[Self.familyName(metric.identity), default: []].append(metric) }
        for (name, metrics) in families.sorted(by: { $0.key < $1.key }) {
            guard let first = metrics.first?.identity,
                begin(name, Self.kind(first.kind), help: "\(first.name), by the application")
            else { continue }
            // A family has one kind; and no two samples may have the same labels.
            var seen: Set<[MetricIdentity.Label]> = []
            for metric in metrics
            where metric.identity.kind == first.kind && seen.insert(metric.identity.labels).inserted {
                add(metric, to: name)
            }
        }
    }

    private nonisolated static func familyName(_ identity: MetricIdentity) -> String {
        let name = name(identity.name)
        switch identity.kind {
        case .counter, .total: return name.hasSuffix("_total") ? name : name + "_total"
        case .timer: return name.hasSuffix("_seconds") ? name : name + "_seconds"
        case .gauge, .distribution: return name
        }
    }

    private nonisolated static func kind(_ kind: MetricIdentity.Kind) -> Kind {
        switch kind {
        case .counter, .total: .counter
        case .gauge: .gauge
        case .timer, .distribution: .histogram
        }
    }

    private nonisolated mutating func add(_ metric: MetricTotal, to name: String) {
        let labels = metric.identity.labels.map { (Self.labelName($0.name), $0.value) }
        let reading = metric.reading
        switch metric.identity.kind {
        case .counter: add(name, labels, "\(reading.count)")
        case .total, .gauge: add(name, labels, "\(reading.sum)")
        case .timer:
            add(
                histogram: name, labels, buckets: Self.buckets(reading, octaves: 14...36, step: 1, unit: 1e-9),
                count: reading.count, sum: reading.sum / 1e9)
        case .distribution:
            add(
                histogram: name, labels, buckets: Self.buckets(reading, octaves: -10...40, step: 2, unit: 1),
                count: reading.count, sum: reading.sum)
        }
    }

    /// How many values are below powers of two, which are where buckets begin.
    private nonisolated static func buckets(
        _ reading: MetricReading, octaves: ClosedRange<Int>, step: Int, unit: Double
    ) -> [(bound: Double, count: UInt64)] {
        stride(from: octaves.lowerBound, through: octaves.upperBound, by: step).map { octave in
            let bound = Double(sign: .plus, exponent: octave, significand: 1)
            let count = reading.buckets.prefix(MetricHistogram.bucket(of: bound)).reduce(0, &+)
            return (bound * unit, count)
        }
    }
}
