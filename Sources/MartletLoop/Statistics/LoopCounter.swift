/// What an event loop counts about itself.
public nonisolated enum LoopCounter: Int, CounterName {
    /// Turns of the loop. A loop whose number stands still is stalled or has nothing to wake up for.
    case ticks
    /// Nanoseconds spent in jobs and events, that is, not waiting in the poller.
    case busyNanoseconds
    /// The longest turn so far, in nanoseconds; a maximum.
    case longestTickNanoseconds
    /// Jobs, callbacks and timers run.
    case jobs
    /// Readiness events that the poller returned.
    case events
}
