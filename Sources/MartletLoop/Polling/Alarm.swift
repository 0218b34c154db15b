import CMartlet

/// Wakes the loop at a time that stays set from one wait to the next (man 2 timerfd_create).
///
/// A wait that is given a limit has the kernel start a timer and, as soon as something happens, cancel it: a microsecond for each
/// wait of a loop that is woken often and has a timer far ahead, as any loop with a deadline has.
final class Alarm: PollTarget {
    private let descriptor: Int32
    /// When it rings; the end of time when it is not set.
    private(set) var instant = EventLoop.Instant.distantFuture

    /// An alarm that is not set, for as long as the process lives.
    init(_ poller: EpollPoller) throws(SystemError) {
        descriptor = martlet_alarm()
        guard descriptor >= 0 else { throw SystemError("create a timer descriptor") }
        try poller.add(descriptor, interest: .readable, edgeTriggered: true, target: self)
    }

    /// Rings at `instant` in place of when it was set for.
    ///
    /// - Returns: whether the kernel took that.
    func set(for instant: EventLoop.Instant) -> Bool {
        guard martlet_set_alarm(descriptor, instant.nanoseconds) == 0 else { return false }
        self.instant = instant
        return true
    }

    /// It has rung: to wake the loop is all that it is for. What has expired is not read; setting it again forgets it.
    func readinessChanged(_ readiness: Readiness) {
        instant = .distantFuture
    }
}
