import Glibc
import MartletJSON
import MartletQueue
import MartletSupervisor

/// What is said of jobs.
enum QueueDisplay {
    /// All about a job, for programs.
    struct Details: Encodable {
        let status: JobStatus
        /// As text, where it is some.
        let payload: String?
        /// Otherwise in hexadecimal digits.
        let payloadHex: String?

        init(status: JobStatus, payload: [UInt8]) {
            self.status = status
            self.payload = QueueDisplay.printable(payload)
            payloadHex = self.payload == nil ? QueueDisplay.hex(payload) : nil
        }
    }

    static func json(_ value: some Encodable) throws -> String {
        String(decoding: try JSONWriter().write(value), as: UTF8.self)
    }

    static func done(_ what: String, _ count: Int, json: Bool) throws -> QueueReport {
        QueueReport(text: json ? try self.json([what: count]) : "\(what) \(count) job\(count == 1 ? "" : "s")")
    }

    /// Does something with each of some jobs, also behind one with which it cannot be done.
    ///
    /// - Parameter what: what was done, as a participle.
    /// - Throws: what `body` throws other than that there is no such job, or not in a state for that.
    @MainActor
    static func each(
        _ jobs: [Int], _ what: String, json: Bool, _ body: (Int) async throws -> Void
    ) async throws -> QueueReport {
        var failures: [String] = []
        for job in jobs {
            do {
                try await body(job)
            } catch let error as WorkQueueError where error.code == .notFound || error.code == .wrongState {
                failures.append("\(error)")
            }
        }
        let count = jobs.count - failures.count
        guard json else {
            return QueueReport(text: try done(what, count, json: false).text, failures: failures)
        }
        return QueueReport(text: try self.json([what: count, "failed": failures.count]), failures: failures)
    }

    static func text(_ counts: QueueCounts) -> String {
        var table = TextTable(["state", "jobs"])
        for state in JobState.allCases { table.add([state.rawValue, "\(counts[state])"]) }
        return table.text
    }

    static func text(_ jobs: [JobStatus]) -> String {
        var table = TextTable(["kind", "job", "state", "priority", "attempts", "age", "progress"])
        let now = now()
        for job in jobs {
            table.add([
                line(job.kind, 40), "\(job.id)", job.state.rawValue, job.priority.name,
                "\(job.attempts)/\(job.maximumAttempts)", Readable.seconds(age(job.created, now)),
                job.state == .running ? "\(Int(job.progress * 100))%" : "",
            ])
        }
        let failed = jobs.filter { $0.error != nil }
        return ([table.text] + failed.map { "\($0.id): \(line($0.error ?? "", 200))" }).joined(separator: "\n")
    }

    static func text(_ job: JobStatus, payload: [UInt8]) -> String {
        let now = now()
        var lines: [(String, String?)] = [
            ("job", "\(job.id)"), ("kind", line(job.kind, 200)), ("state", job.state.rawValue),
            ("priority", job.priority.name), ("key", job.key.map { line($0, 300) }),
            ("attempts", "\(job.attempts) of \(job.maximumAttempts)"),
            ("progress", "\(Int(job.progress * 100))%" + (job.note.map { " " + line($0, 300) } ?? "")),
            ("worker", job.worker.map { line($0, 200) }),
            ("enqueued", "\(Readable.seconds(age(job.created, now))) ago"),
        ]
        if job.state == .scheduled { lines.append(("due", "in \(Readable.seconds(age(now, job.due)))")) }
        lines += [
            ("begun", job.started.map { "\(Readable.seconds(age($0, now))) ago" }),
            ("ended", job.finished.map { "\(Readable.seconds(age($0, now))) ago" }),
            ("error", job.error.map { line($0, 4096) }),
            ("payload", "\(payload.count) bytes"),
        ]
        let text = lines.compactMap { name, value in
            value.map { name + String(repeating: " ", count: 10 - name.count) + $0 }
        }
        return (text + [printable(payload).map { line($0, 4096) } ?? hex(Array(payload.prefix(1024)))])
            .joined(separator: "\n")
    }

    /// On one line, and nothing that a terminal would obey.
    private static func line(_ text: String, _ limit: Int) -> String {
        let clean = text.unicodeScalars.prefix(limit).map { scalar in
            scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .format ? " " : scalar
        }
        var line = String.UnicodeScalarView()
        line.append(contentsOf: clean)
        return String(line) + (text.unicodeScalars.count > limit ? "…" : "")
    }

    private static func printable(_ bytes: [UInt8]) -> String? {
        guard let text = String(validating: bytes, as: UTF8.self), !text.utf8.contains(0) else { return nil }
        return text
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef")
        return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }

    private static func age(_ from: Int, _ to: Int) -> Int {
        let (distance, overflow) = to.subtractingReportingOverflow(from)
        return overflow ? 0 : max(0, distance / 1000)
    }

    private static func now() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
    }
}
