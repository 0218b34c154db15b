import Glibc
import MartletLoop

/// `help`, `GET /v1/help`.
nonisolated struct HelpAnswer: ControlAnswer {
    struct Entry: Encodable {
        let command: String
        let method: String
        let path: String
        let help: String
    }

    let commands: [Entry]

    @MainActor
    init<Subject>(_ table: [ControlCommand<Subject>]) {
        commands = table.map {
            Entry(
                command: $0.usage, method: $0.changesSomething ? "POST" : "GET", path: $0.route.path, help: $0.help)
        }
    }

    var text: String {
        let width = commands.map(\.command.count).max() ?? 0
        return commands.map { entry in
            entry.command + String(repeating: " ", count: width + 2 - entry.command.count) + entry.help
        }.joined(separator: "\n")
    }
}

/// `show stat`, `GET /v1/stats`.
nonisolated struct StatisticsAnswer: ControlAnswer {
    let snapshot: StatisticsSnapshot

    func encode(to encoder: any Encoder) throws {
        try snapshot.encode(to: encoder)
    }

    var text: String {
        var table = TextTable(["figure", "total"] + snapshot.slots.map { "slot \($0.slot)" })
        for (field, value) in snapshot.total.serviceFigures {
            table.add([field.name, "\(value)"] + snapshot.slots.map { _ in "-" })
        }
        let slots = snapshot.slots.map(\.values.figures)
        for (index, figure) in snapshot.total.figures.enumerated() {
            table.add([figure.field.name, "\(figure.value)"] + slots.map { "\($0[index].value)" })
        }
        for certificate in snapshot.certificates {
            let labels = certificate.labels.map { "\($0.0)=\(PrometheusText.quoted($0.1))" }.joined(separator: ",")
            table.add(
                ["certificate_days_left{\(labels)}", "\(certificate.daysLeft)"] + snapshot.slots.map { _ in "-" })
        }
        for line in snapshot.metrics.flatMap(\.lines) {
            table.add([line.name, line.value] + snapshot.slots.map { _ in "-" })
        }
        return table.text
    }
}

/// `show metrics`, `GET /v1/metrics`: the statistics as Prometheus reads them.
nonisolated struct MetricsAnswer: ControlAnswer {
    let text: String

    var mediaType: String? { PrometheusText.mediaType }

    init(_ snapshot: StatisticsSnapshot) {
        let exposition = PrometheusText(snapshot).text
        // The last line's end is whoever's that sends it.
        text = String(exposition.dropLast())
    }
}

/// `show errors`, `GET /v1/errors`.
nonisolated struct ErrorsAnswer: ControlAnswer {
    struct Entry: Encodable {
        let sequence: UInt64
        /// Seconds since 1970.
        let at: Int64
        let level: String
        /// `supervisor`, or `worker`.
        let source: String
        let slot: Int?
        let pid: Int32?
        let message: String
    }

    /// Oldest first.
    let errors: [Entry]
    /// Older ones that had to make room.
    let dropped: UInt64

    init(_ log: ErrorLog) {
        dropped = log.dropped
        errors = log.entries.map { entry in
            var (slot, pid): (Int?, Int32?)
            if case .worker(let number, let process) = entry.source { (slot, pid) = (number, process) }
            return Entry(
                sequence: entry.sequence, at: entry.unixTime, level: entry.level.rawValue,
                source: slot == nil ? "supervisor" : "worker", slot: slot, pid: pid, message: entry.message)
        }
    }

    var text: String {
        guard !errors.isEmpty else { return "no errors" }
        return errors.map { entry in
            let who = entry.slot.map { "worker of slot \($0), pid \(entry.pid ?? 0)" } ?? "supervisor"
            // A message is one line here, so that no line can be taken for the end of the answer.
            let message = entry.message.split(whereSeparator: \.isNewline).joined(separator: " | ")
            let time = LogLine.timestamp(.init(tv_sec: Int(entry.at), tv_nsec: 0))
            return "\(time) \(entry.level) \(who): \(message)"
        }.joined(separator: "\n")
    }
}

/// Something has begun; nobody waited for what becomes of it.
nonisolated struct StartedAnswer: ControlAnswer {
    let started = true
    let what: String

    var text: String { what }
    var isAccepted: Bool { true }
}

/// A reload took effect.
nonisolated struct ReloadAnswer: ControlAnswer {
    let ok = true
    let generation: Int
    let durationSeconds: Double
    let messages: [String]

    private enum CodingKeys: String, CodingKey {
        case ok, generation, messages
        case durationSeconds = "duration_seconds"
    }

    init(_ verdict: ReloadVerdict) {
        generation = verdict.generation
        durationSeconds = verdict.duration.seconds
        messages = verdict.messages
    }

    var text: String {
        let milliseconds = Int((durationSeconds * 1000).rounded())
        return (["reloaded: generation \(generation) serves, after \(milliseconds) ms"] + messages)
            .joined(separator: "\n")
    }
}

/// Certificates are as their files say.
nonisolated struct CertificateReloadAnswer: ControlAnswer {
    let ok = true
    /// Whether they say anything else than before.
    let changed: Bool
    let certificates: [CertificateFacts]
    let durationSeconds: Double
    let messages: [String]

    private enum CodingKeys: String, CodingKey {
        case ok, changed, certificates, messages
        case durationSeconds = "duration_seconds"
    }

    init(_ verdict: CertificateVerdict) {
        let unixTime = Int64(time(nil))
        changed = verdict.hasChanged
        certificates = verdict.certificates.map { CertificateFacts($0, at: unixTime) }
        durationSeconds = verdict.duration.seconds
        messages = verdict.messages
    }

    var text: String {
        let milliseconds = Int((durationSeconds * 1000).rounded())
        let head =
            changed
            ? "reloaded: new handshakes use these certificates, after \(milliseconds) ms"
            : "nothing has changed: the files have what is served already"
        let warnings = messages.map { message in
            "warning: " + message.split(whereSeparator: \.isNewline).joined(separator: " ")
        }
        return ([head] + certificates.map(\.text) + warnings).joined(separator: "\n")
    }
}

/// The number of workers has changed.
nonisolated struct ScaleAnswer: ControlAnswer {
    let ok = true
    let workers: Int
    let durationSeconds: Double

    private enum CodingKeys: String, CodingKey {
        case ok, workers
        case durationSeconds = "duration_seconds"
    }

    init(_ verdict: ScaleVerdict) {
        workers = verdict.workers
        durationSeconds = verdict.duration.seconds
    }

    var text: String { workers == 1 ? "there is 1 worker" : "there are \(workers) workers" }
}

/// The log level has changed.
nonisolated struct LogLevelAnswer: ControlAnswer {
    let ok = true
    let level: String

    var text: String { "the log level is \(level)" }
}

/// The daemon has ended but for this answer.
nonisolated struct EndedAnswer: ControlAnswer {
    let ok = true

    var text: String { "ended" }
}
