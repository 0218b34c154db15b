/// Something that kept the loop from everything else for longer than `EventLoop.slowJobThreshold`.
public nonisolated struct SlowJob: Sendable, CustomStringConvertible {
    /// How long it took.
    public let duration: Duration
    /// What it was: `task 7 "worker"`, `a callback`, `timers and descriptors`.
    public let culprit: String
    /// Where it was when the threshold passed, innermost first.
    public let backtrace: [StackFrame]

    /// `the event loop was held up for 312 ms by task 7 "worker", which was in`, and the backtrace.
    public var description: String {
        let place = backtrace.isEmpty ? "" : ", which was in" + backtrace.map { "\n    \($0)" }.joined()
        return "the event loop was held up for \(duration.formattedForReport) by \(culprit)\(place)"
    }
}
