import Glibc
import Logging
import MartletLoop

/// What signals have asked for, until it can be begun.
struct Wishes {
    /// A reload.
    var reload = false
    /// Certificates as their files are now.
    var certificates = false
    /// Workers more, or fewer.
    var workersDelta = 0

    /// How many workers are wished for, if it is another number.
    func workers(from present: Int) -> Int? {
        let wished = min(max(1, present + workersDelta), SupervisorPlan.mostWorkers)
        return wished == present ? nil : wished
    }
}

extension Master {
    /// Takes in the daemon's signals: they mean what they mean to nginx.
    func watchSignals() throws(SystemError) -> [SignalWatch] {
        let loop = EventLoop.main
        return [
            try loop.onSignal(SIGTERM) { [unowned self] in requestStop(fast: false) },
            try loop.onSignal(SIGQUIT) { [unowned self] in requestStop(fast: false) },
            try loop.onSignal(SIGINT) { [unowned self] in requestStop(fast: true) },
            try loop.onSignal(SIGHUP) { [unowned self] in
                wishes.reload = true
                bell.ring()
            },
            try loop.onSignal(SIGUSR1) { [unowned self] in reopenLogs() },
            try loop.onSignal(SIGUSR2) { [unowned self] in
                note(.warning, "USR2 is ignored: this version cannot upgrade in place; use systemctl restart")
            },
            try loop.onSignal(SIGTTIN) { [unowned self] in wish(workers: 1) },
            try loop.onSignal(SIGTTOU) { [unowned self] in wish(workers: -1) },
        ]
    }

    private func wish(workers delta: Int) {
        // Beyond the bounds nothing is owed: one back is one back.
        let present = wishes.workers(from: wanted) ?? wanted
        if (1...SupervisorPlan.mostWorkers).contains(present + delta) { wishes.workersDelta += delta }
        bell.ring()
    }

    /// Opens log files anew, here and in all workers.
    func reopenLogs() {
        do throws(SystemError) {
            try LogSetup.reopen()
            logger.info("the log has been opened anew")
        } catch {
            note(.error, "\(error)")
        }
        for worker in workers { worker.send(.reopenLogs) }
    }

    /// Sets the log level, here and in all workers, until the next reload.
    func setLogLevel(_ level: Logger.Level) {
        LogSetup.level = level
        plan.logLevel = level
        for worker in workers { worker.send(.logLevel(level.rawValue)) }
        logger.notice("the log level is \(level)")
    }
}
