import Glibc
import Logging
import MartletLoop

/// The end of the daemon, under way.
struct RunningStop {
    /// Whether requests are cut off.
    var isFast: Bool
    /// Whether it was asked for again: no worker is waited for any longer.
    var isForced = false
    let startedAt: EventLoop.Instant
}

extension Master {
    /// How long a worker may take to end at once.
    private static let fastStopTime: Duration = .seconds(1)

    /// Ends the daemon: lets requests finish first, or cuts them off. Asked for a second time, it waits for nothing.
    func requestStop(fast: Bool) {
        if var running = stop {
            if fast && !running.isFast { running.isFast = true } else { running.isForced = true }
            stop = running
        } else {
            stop = RunningStop(isFast: fast, startedAt: .readClock())
        }
        bell.ring()
    }

    /// Sees to it that what was asked for about the end happens.
    func terminate() {
        guard let stop else { return }
        if phase != .stopping { beginStop(stop) }
        guard stop.isFast || stop.isForced else { return }
        for worker in workers where worker.exit == nil {
            if stop.isForced {
                if worker.state != .killed(.unwanted) { worker.kill(.unwanted) }
            } else if !worker.isStopping {
                worker.isStopping = true
                worker.send(.stop)
                if case .killed = worker.state { continue }
                worker.state = .draining(killAt: now + Self.fastStopTime)
            }
        }
    }

    private func beginStop(_ stop: RunningStop) {
        phase = .stopping
        logger.notice(stop.isFast ? "stopping at once" : "stopping: requests under way are finished")
        notifier.stopping()
        abandonReload(reason: "the daemon is stopping")
        abandonScale(reason: "the daemon is stopping")
        for worker in workers { worker.isRetiring = true }
        if !stop.isFast {
            notifier.extendTimeout(by: plan.drainTimeout + .seconds(5))
            retireWorkers()
        }
        // The workers have copies, until they have accepted what waits in the queues.
        sockets.close()
    }
}
