/// How much waits for a `SQLiteWriter`, and goes into one transaction.
public struct SQLiteWriterLimits: Hashable, Sendable {
    /// How many writes may wait; more are refused with an `OffloadError`.
    public var queue = 10_000
    /// How many writes go into one transaction at most.
    public var writesPerTransaction = 1000
    /// After how long a transaction takes no further write: other processes wait meanwhile.
    public var time: Duration = .milliseconds(100)

    /// The defaults.
    public init() {}
}
