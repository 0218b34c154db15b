import Glibc
import Logging
import MartletLoop

extension Master {
    /// How often a status that keeps changing is told.
    private static let statusInterval: Duration = .seconds(2)
    /// Every so many seconds, what costs more is asked of the kernel too.
    private static let thoroughInterval = 10
    /// Every so many seconds, certificates are looked at.
    private static let certificateInterval = 60

    // MARK: Notes

    /// Logs something that the operator should know, and keeps it for `show errors`.
    func note(_ level: Logger.Level, _ text: String) {
        logger.log(level: level, "\(text)")
        errorLog.record(level, from: .supervisor, text)
    }

    /// Keeps what a worker has told; it has logged it itself.
    func record(_ level: Logger.Level, _ text: String, slot: Int, pid: Int32) {
        errorLog.record(level, from: .worker(slot: slot, pid: pid), text)
    }

    func tellStart() {
        logger.notice(
            "\(plan.name) \(program.version) starts",
            metadata: ["workers": "\(plan.workersReason)", "pid": "\(getpid())"])
        for listener in sockets.listeners {
            logger.info(
                "listening on \(listener.address)",
                metadata: ["name": "\(listener.plan.name)", "origin": "\(listener.origin)"])
        }
    }

    func tellEnd() {
        logger.notice("\(plan.name) has ended")
    }

    // MARK: Regular reports

    /// Once a second: figures, status, signs of life.
    func report() {
        feedWatchdog()
        if now - status.lastSecond >= .seconds(1) {
            status.lastSecond = now
            status.seconds += 1
            refreshFigures()
            if status.seconds.isMultiple(of: Self.certificateInterval) { warnOfCertificates() }
        }
        if phase == .running, statusLine != status.lastLine, now - status.lastLineAt >= Self.statusInterval {
            status.lastLine = statusLine
            status.lastLineAt = now
            notifier.status(statusLine)
        }
    }

    /// The service serves: after the start, and after a reload whatever came of it.
    func tellReady() {
        status.lastLine = statusLine
        status.lastLineAt = now
        var line = statusLine
        if let last = lastReload?.verdict, !last.ok, let message = last.messages.first {
            line += ", the last reload was refused: \(message)"
        }
        notifier.ready(status: line)
    }

    /// `2/2 workers, generation 3, 12.4k req/s`
    var statusLine: String {
        let ready = slots.count { $0.isCovered }
        return "\(ready)/\(wanted) workers, generation \(generation), \(status.rate.text)"
    }

    private func refreshFigures() {
        var requests = status.retiredRequests
        for worker in workers where worker.exit == nil {
            let answered = worker.statistics.http.load(.requests)
            requests &+= answered
            worker.rate.record(requests: answered, at: now)
            refreshFigures(of: worker, thoroughly: (status.seconds + worker.slot) % Self.thoroughInterval == 0)
        }
        status.rate.record(requests: requests, at: now)
    }

    /// Asks the kernel about a worker's process.
    func refreshFigures(of worker: WorkerProcess, thoroughly: Bool) {
        guard let facts = ProcessFacts.read(pid: worker.pid, thoroughly: thoroughly) else { return }
        worker.statistics.record(facts)
        worker.processorLoad.record(microseconds: facts.userMicroseconds &+ facts.systemMicroseconds, at: now)
    }

    /// A sign of life for systemd: this loop turns, and so does the loop of at least one worker, or one is on its way.
    private func feedWatchdog() {
        guard let interval = notifier.watchdogInterval, now - status.lastWatchdog >= interval / 2 - .milliseconds(5)
        else { return }
        let isWedged = !workers.isEmpty && workers.allSatisfy(\.isStalled)
        guard !isWedged || phase != .running else { return }
        status.lastWatchdog = now
        notifier.watchdog()
    }
}
