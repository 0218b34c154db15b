/// Asks for the service's totals again and again, by curl, and notes each that is smaller than it was.
final class TotalsWatch {
    /// What may go down: the present state, not a sum.
    private static let gauges: Set<String> = [
        "connections_active", "process_started_at", "process_resident_bytes", "process_private_bytes",
        "process_open_descriptors", "tls_handshakes_active",
        "latency_p50_nanoseconds", "latency_p90_nanoseconds", "latency_p99_nanoseconds", "latency_p999_nanoseconds",
    ]

    private(set) var decreases: [String] = []
    private(set) var looks = 0
    private var last: [String: Double] = [:]
    private var isStopping = false
    private var task: Task<Void, any Error>?

    init(on daemon: Daemon) {
        task = Task { [self] in
            while !isStopping {
                try await look(at: daemon)
                try await Task.sleep(for: .milliseconds(50))
            }
            // Once more, after whatever came last.
            try await look(at: daemon)
        }
    }

    /// Ends the watch.
    func finish() async throws {
        isStopping = true
        try await task?.value
    }

    private func look(at daemon: Daemon) async throws {
        guard let totals = try await daemon.query("/v1/stats")["total"]?.numbers, totals["requests"] != nil else {
            throw Failure("/v1/stats has no total of requests")
        }
        for (name, value) in totals where !Self.gauges.contains(name) {
            if let before = last[name], value < before { decreases.append("\(name) from \(before) to \(value)") }
        }
        for name in last.keys where totals[name] == nil { decreases.append("\(name) is gone") }
        last = totals
        looks += 1
    }
}
