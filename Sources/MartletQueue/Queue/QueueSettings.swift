import Logging

/// How a queue is used. Give all programs that share one the same.
public nonisolated struct QueueSettings: Sendable {
    /// How long a job stays with a worker that is not heard of: then another one begins it anew. The worker says three
    /// times in that time that it lives, on its own; so this is about how soon a worker that was killed is noticed, not
    /// about how long jobs take. A tenth of a second to a day.
    public var visibilityTimeout: Duration = .seconds(30)
    /// How many bytes a payload may have at most.
    public var payloadLimit = 1 << 20
    /// How many jobs may wait or run at most: more are refused.
    public var lengthLimit = 1_000_000
    /// How long jobs that have succeeded are kept for those who ask; zero keeps none.
    public var keepsDone: Duration = .seconds(3600)
    /// How many of them are kept at most.
    public var doneLimit = 10_000
    /// How many dead letters are kept at most; the oldest go first.
    public var deadLimit = 10_000
    /// Whether a job that was enqueued survives that the power fails right after (SQLite alone: Redis has its own
    /// configuration for that).
    public var isDurable = true
    /// Whether a database that is not there is made.
    public var createsDatabase = true
    /// How long a worker that is idle waits at most until it looks without being told: what bounds the damage when a
    /// notification is lost.
    public var patrol: Duration = .seconds(5)
    /// Where to log.
    public var logger = Logger(label: "queue")

    /// The defaults.
    public init() {}

    /// Why they cannot be used; `nil` when they can.
    var fault: String? {
        if visibilityTimeout < .milliseconds(100) || visibilityTimeout > .seconds(86_400) {
            return "visibilityTimeout is \(visibilityTimeout), not between 0.1 s and a day"
        }
        if payloadLimit < 0 || payloadLimit > 1 << 28 {
            return "payloadLimit is \(payloadLimit), not between 0 and 256 MiB"
        }
        if lengthLimit < 1 { return "lengthLimit is \(lengthLimit), not at least 1" }
        if keepsDone < .zero || doneLimit < 0 || deadLimit < 1 {
            return "keepsDone and doneLimit are at least 0, deadLimit is at least 1"
        }
        if patrol < .milliseconds(10) { return "patrol is \(patrol), not at least 10 ms" }
        return nil
    }
}
