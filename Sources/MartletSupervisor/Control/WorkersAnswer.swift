import MartletLoop
import MartletServer

/// `show workers`, `GET /v1/workers`: every living worker, and slots that wait for their next one.
nonisolated struct WorkersAnswer: ControlAnswer {
    struct Row: Encodable {
        let slot: Int
        /// `nil` for a slot in back-off.
        let pid: Int32?
        let generation: Int
        /// `starting`, `ready`, `draining`, `stalled`, `killed` or `back-off`.
        let state: String
        let uptimeSeconds: Int
        /// Open now.
        let connections: UInt64
        /// Since this worker started.
        let requests: UInt64
        let requestsPerSecond: Double
        /// 100 is one whole CPU.
        let cpuPercent: Double
        let residentBytes: UInt64
        let privateBytes: UInt64
        /// Times that the slot's worker ended unasked.
        let respawns: Int
        /// Other slots whose sockets it accepts from.
        let adoptedSlots: [Int]

        private enum CodingKeys: String, CodingKey {
            case slot, pid, generation, state, connections, requests, respawns
            case uptimeSeconds = "uptime_seconds"
            case requestsPerSecond = "requests_per_second"
            case cpuPercent = "cpu_percent"
            case residentBytes = "resident_bytes"
            case privateBytes = "private_bytes"
            case adoptedSlots = "adopted_slots"
        }
    }

    let workers: [Row]

    @MainActor
    init(_ master: Master) {
        workers = master.slots.flatMap { slot -> [Row] in
            var rows = slot.workers.filter { $0.exit == nil }.map {
                Self.row($0, slot: slot, coverage: master.coverage)
            }
            let isMissing = slot.index < master.wanted && slot.current == nil && slot.candidate == nil
            if isMissing, master.phase == .running {
                rows.append(Self.backOff(slot, generation: master.generation))
            }
            return rows
        }
    }

    @MainActor
    private static func row(_ worker: WorkerProcess, slot: Slot, coverage: [Int: WorkerID]) -> Row {
        Row(
            slot: slot.index, pid: worker.pid, generation: worker.generation, state: worker.state.name,
            uptimeSeconds: Int((EventLoop.Instant.readClock() - worker.startedAt).components.seconds),
            connections: worker.statistics.http.load(.connectionsActive),
            requests: worker.statistics.http.load(.requests), requestsPerSecond: worker.rate.perSecond,
            cpuPercent: worker.processorLoad.percent,
            residentBytes: worker.statistics.process.load(.residentBytes),
            privateBytes: worker.statistics.process.load(.privateBytes), respawns: slot.respawns,
            adoptedSlots: coverage.filter { $0.value == worker.id }.keys.sorted())
    }

    @MainActor
    private static func backOff(_ slot: Slot, generation: Int) -> Row {
        Row(
            slot: slot.index, pid: nil, generation: generation, state: "back-off", uptimeSeconds: 0, connections: 0,
            requests: 0, requestsPerSecond: 0, cpuPercent: 0, residentBytes: 0, privateBytes: 0,
            respawns: slot.respawns, adoptedSlots: [])
    }

    var text: String {
        var table = TextTable([
            "slot", "pid", "generation", "state", "uptime", "connections", "requests", "req/s", "cpu%", "rss",
            "respawns",
        ])
        for row in workers {
            table.add([
                "\(row.slot)", row.pid.map(String.init) ?? "-", "\(row.generation)", row.state,
                Readable.seconds(row.uptimeSeconds), "\(row.connections)", "\(row.requests)",
                Readable.oneDecimal(row.requestsPerSecond), Readable.oneDecimal(row.cpuPercent),
                Readable.bytes(row.residentBytes), "\(row.respawns)",
            ])
        }
        return table.text
    }
}
