import MartletLoop

/// A place for a worker, with sockets of its own: the sockets stay, workers come and go.
final class Slot {
    let index: Int
    /// Every living process of the slot, in the order of their starts: those that drain, the one that serves, one that
    /// a reload tries.
    var workers: [WorkerProcess] = []
    /// Workers that ended unasked and were replaced.
    var respawns = 0
    private var backOff = BackOff()
    private(set) var restsUntil = EventLoop.Instant(nanoseconds: 0)

    init(index: Int) {
        self.index = index
    }

    /// The worker that serves the slot, or is about to: not one that is on its way out, nor a reload's.
    var current: WorkerProcess? {
        workers.last { !$0.isCandidate && !$0.isRetiring && !$0.state.isLeaving && !$0.isStalled }
    }

    /// A reload's worker.
    var candidate: WorkerProcess? {
        workers.last { $0.isCandidate && !$0.state.isLeaving }
    }

    /// Whether a worker of its own accepts.
    var isCovered: Bool { workers.contains { $0.isAccepting } }

    /// Notes that a worker ended unasked; returns the time until the next start.
    func workerFailed(readySince: EventLoop.Instant?, now: EventLoop.Instant) -> Duration {
        let delay = backOff.workerFailed(readyFor: readySince.map { now - $0 })
        restsUntil = now + delay
        return delay
    }

    /// Lets the next worker start at once.
    func forgive() {
        backOff.reset()
        restsUntil = EventLoop.Instant(nanoseconds: 0)
    }
}

extension WorkerProcess {
    var isStalled: Bool {
        switch state {
        case .stalled: true
        default: false
        }
    }
}
