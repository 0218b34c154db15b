import MartletLoop
import MartletRESP

/// One timer for all that has a time limit. It is armed for what comes first and left alone when that gets later: answers
/// in time cost nothing.
extension RedisConnection {
    /// Arms the timer for what comes first now.
    func watchTime() {
        var next = EventLoop.Instant.distantFuture
        pending.forEach { caller in
            if caller.waiter != nil || caller.earlyEnd == nil { next = min(next, caller.deadline) }
        }
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
        endWaits(at: now)
        if pending.isEmpty, let healthCheck = settings.healthCheck, lastActivity + healthCheck <= now { ask() }
        watchTime()
    }

    /// Those whose time is over go on; their answers find nobody.
    private func endWaits(at now: EventLoop.Instant) {
        let error = RedisError(.timedOut, host: host, "the answer did not come in time")
        pending.forEach { caller in
            guard caller.deadline <= now else { return }
            caller.deadline = .distantFuture
            if let waiter = caller.waiter {
                caller.waiter = nil
                waiter.resume(returning: .failed(error))
            } else if caller.earlyEnd == nil {
                caller.earlyEnd = error
            }
        }
    }

    /// Asks whether the server is alive. If it is not, `silence` finds that out.
    private func ask() {
        _ = try? enqueue(RedisCommand("PING"), deadline: .distantFuture)
    }
}
