import Glibc
import MartletLoop

/// `show info`, `GET /v1/info`.
nonisolated struct InfoAnswer: ControlAnswer {
    /// Where the daemon listens.
    struct ListenerFacts: Encodable {
        let name: String
        /// With the port that it got.
        let address: String
        /// `bound`, or `passed` by systemd.
        let origin: String
    }

    /// The last reload.
    struct ReloadFacts: Encodable {
        let ok: Bool
        /// When it ended, in seconds since 1970.
        let endedAt: Int64
        let durationSeconds: Double
        let messages: [String]

        private enum CodingKeys: String, CodingKey {
            case ok, messages
            case endedAt = "ended_at"
            case durationSeconds = "duration_seconds"
        }
    }

    let name: String
    let version: String
    let pid: Int32
    let uptimeSeconds: Int
    /// `starting`, `running` or `stopping`.
    let state: String
    let configuration: String?
    let generation: Int
    let workersWanted: Int
    let workersReady: Int
    let workersReason: String
    let requestsPerSecond: Double
    let logLevel: String
    let listeners: [ListenerFacts]
    let certificates: [CertificateFacts]
    let reloadsOk: UInt64
    let reloadsFailed: UInt64
    let lastReload: ReloadFacts?
    let busMessages: UInt64
    let busBytes: UInt64
    let busDropped: UInt64

    private enum CodingKeys: String, CodingKey {
        case name, version, pid, state, configuration, generation, listeners, certificates
        case uptimeSeconds = "uptime_seconds"
        case workersWanted = "workers_wanted"
        case workersReady = "workers_ready"
        case workersReason = "workers_reason"
        case requestsPerSecond = "requests_per_second"
        case logLevel = "log_level"
        case reloadsOk = "reloads_ok"
        case reloadsFailed = "reloads_failed"
        case lastReload = "last_reload"
        case busMessages = "bus_messages"
        case busBytes = "bus_bytes"
        case busDropped = "bus_dropped"
    }

    @MainActor
    init(_ master: Master) {
        name = master.plan.name
        version = master.program.version
        pid = getpid()
        uptimeSeconds = Int((EventLoop.Instant.readClock() - master.startedAt).components.seconds)
        state = "\(master.phase)"
        configuration = master.program.configurationPath
        generation = master.generation
        workersWanted = master.wanted
        workersReady = master.slots.count { $0.isCovered }
        workersReason = master.wanted == master.plan.workers ? master.plan.workersReason : "\(master.wanted): scaled"
        requestsPerSecond = master.status.rate.perSecond
        logLevel = LogSetup.level.rawValue
        listeners = master.sockets.listeners.map {
            ListenerFacts(name: $0.plan.name, address: "\($0.address)", origin: "\($0.origin)")
        }
        let unixTime = Int64(time(nil))
        certificates = (master.plan.tls?.certificates ?? []).map { CertificateFacts($0, at: unixTime) }
        let counters = try? master.statistics.service()
        reloadsOk = counters?.load(.reloadsSucceeded) ?? 0
        reloadsFailed = counters?.load(.reloadsFailed) ?? 0
        lastReload = master.lastReload.map {
            ReloadFacts(
                ok: $0.verdict.ok, endedAt: $0.unixTime, durationSeconds: $0.verdict.duration.seconds,
                messages: $0.verdict.messages)
        }
        busMessages = master.bus.figures.messages
        busBytes = master.bus.figures.bytes
        busDropped = master.bus.figures.dropped
    }

    var text: String {
        var lines = [
            "name: \(name)", "version: \(version)", "pid: \(pid)", "uptime: \(Readable.seconds(uptimeSeconds))",
            "state: \(state)", "generation: \(generation)", "workers: \(workersReady)/\(workersWanted) ready",
            "workers reason: \(workersReason)",
            "requests per second: \(Readable.oneDecimal(requestsPerSecond))", "log level: \(logLevel)",
        ]
        if let configuration { lines.append("configuration: \(configuration)") }
        for listener in listeners {
            lines.append("listening: \(listener.address) (\(listener.name), \(listener.origin))")
        }
        lines += certificates.map { "certificate: \($0.text)" }
        lines.append("reloads: \(reloadsOk) ok, \(reloadsFailed) failed")
        if let lastReload {
            let age = max(0, Int64(time(nil)) - lastReload.endedAt)
            lines.append("last reload: \(lastReload.ok ? "ok" : "failed"), \(Readable.seconds(Int(age))) ago")
            lines += lastReload.messages.map { "last reload message: \($0)" }
        }
        lines.append(
            "messages between workers: \(busMessages), \(Readable.bytes(busBytes)) bytes, \(busDropped) dropped")
        return lines.joined(separator: "\n")
    }
}

extension Duration {
    /// In seconds.
    nonisolated var seconds: Double { Double(nanosecondsClamped) / 1e9 }
}
