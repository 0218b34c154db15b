import MartletLoop

/// Opens one new connection after the other, asks once on each and remembers how that went.
final class Prober {
    struct Probe: CustomStringConvertible {
        let began: EventLoop.Instant
        let took: Duration
        /// The answer's status; `nil` when there was none.
        let status: Int?
        let trouble: String

        var description: String { "\(status.map(String.init) ?? trouble) after \(took)" }
    }

    private(set) var probes: [Probe] = []
    private var isStopping = false
    private var lanes: [Task<Void, Never>] = []

    /// Several lanes at once, so that one that has to wait does not hide how others fare.
    init(port: UInt16, lanes count: Int = 8, patience: Duration) {
        for _ in 0..<count {
            lanes.append(
                Task { [self] in
                    while !isStopping {
                        probes.append(await Self.probe(port, patience: patience))
                        try? await Task.sleep(for: .milliseconds(5))
                    }
                })
        }
    }

    /// Ends the probing and returns all probes, in the order in which they ended.
    func finish() async -> [Probe] {
        isStopping = true
        for lane in lanes { await lane.value }
        return probes
    }

    private static func probe(_ port: UInt16, patience: Duration) async -> Probe {
        let began = EventLoop.Instant.readClock()
        var status: Int?
        var trouble = "no answer"
        do {
            let connection = try RawConnection(port: port)
            defer { connection.close() }
            try await connection.send(
                "GET /World HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n", within: patience)
            try await connection.receiveToEnd(within: patience)
            status = connection.statuses.first
        } catch {
            trouble = "\(error)"
        }
        return Probe(began: began, took: EventLoop.Instant.readClock() - began, status: status, trouble: trouble)
    }
}
