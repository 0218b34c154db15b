import MartletLoop
import MartletRESP

/// One timer for all that has a time limit. It is armed for what comes first and left alone when that gets later: answers
/// in time cost nothing.
extension RedisConnection {
    /// When callers of single commands are next asked whether their tasks were cancelled: 2 ms from now, and later the more there
    /// are, so that asking costs next to nothing. The runtime tells of a cancellation, too, but to ask it to costs each command a
    /// tenth of all that it costs, and nearly all are answered sooner than this.
    @inline(__always)
    func nextLook(from now: EventLoop.Instant) -> EventLoop.Instant {
        EventLoop.Instant(nanoseconds: now.nanoseconds + 2_000_000 + UInt64(pending.count) * 5000)
    }

    /// Arms the timer for what comes first now.
    ///
    /// - Parameter first: the first of the callers' deadlines.
    func watchTime(_ first: EventLoop.Instant = .distantFuture) {
        var next = first
        if pending.isEmpty {
            if let healthCheck = settings.healthCheck { next = lastActivity + healthCheck }
        } else if !isBlocking {
            next = min(next, lastActivity + silence)
        }
        timer.cancel()
        timerInstant = .distantFuture
        if next < .distantFuture { arm(at: next) }
    }

    func arm(at instant: EventLoop.Instant) {
        timerInstant = instant
        timer.arm(at: instant)
    }

    func timePassed() {
        guard isOpen else { return }
        let now = EventLoop.main.time()
        timerInstant = .distantFuture
        if !pending.isEmpty, !isBlocking, lastActivity + silence <= now {
            // What has arrived in this very moment is not reported yet.
            stream.interrupt()
            if isOpen, lastActivity + silence <= now { return lost("the server has stopped answering") }
            guard isOpen else { return }
        }
        var first = endWaits(at: now)
        if endCancelledWaits() { first = min(first, nextLook(from: now)) }
        // A long line is not gone through again for each.
        if pending.count > Self.longLine { first = max(first, now + Self.longLinePause) }
        if pending.isEmpty, let healthCheck = settings.healthCheck, lastActivity + healthCheck <= now { ask() }
        watchTime(first)
    }

    private static let longLine = 256
    private static let longLinePause: Duration = .milliseconds(20)

    /// Those whose time is over go on; their answers find nobody.
    ///
    /// - Returns: the first of the deadlines that are left.
    private func endWaits(at now: EventLoop.Instant) -> EventLoop.Instant {
        var first = EventLoop.Instant.distantFuture
        let error = RedisError(.timedOut, host: host, "the answer did not come in time")
        pending.forEach { caller in
            guard caller.deadline <= now else {
                first = min(first, caller.deadline)
                return
            }
            caller.deadline = .distantFuture
            if let waiter = caller.waiter {
                caller.waiter = nil
                waiter.resumeOnMain(returning: .failed(error))
            } else if caller.earlyEnd == nil {
                caller.endEarly(error)
            }
        }
        return first
    }

    /// Those whose tasks were cancelled go on; their answers find nobody.
    ///
    /// - Returns: whether there are others to be looked after.
    private func endCancelledWaits() -> Bool {
        var error: RedisError?
        var areOthers = false
        pending.forEach { caller in
            guard caller.isLookedAfter, let waiter = caller.waiter else { return }
            guard waiter.isCancelled else {
                areOthers = true
                return
            }
            let cancelled = error ?? cancellation
            error = cancelled
            caller.waiter = nil
            waiter.resumeOnMain(returning: .failed(cancelled))
        }
        return areOthers
    }

    /// Asks whether the server is alive. If it is not, `silence` finds that out.
    private func ask() {
        _ = try? enqueue(RedisCommand("PING"), deadline: .distantFuture)
    }
}
