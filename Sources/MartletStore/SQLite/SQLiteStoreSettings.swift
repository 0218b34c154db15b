/// How a store in a file is used.
public nonisolated struct SQLiteStoreSettings: Hashable, Sendable {
    /// What it takes. The size of the file counts what is in it, and not the journal beside it.
    public var limits = StoreLimits()
    /// Whether a change that was answered survives that the power fails (`synchronous = FULL`: the journal is on the disk
    /// before the answer). Without it (`NORMAL`), the changes of the last moments may be gone then, but never those that
    /// were answered before a process was killed: the kernel has them.
    public var isDurable = true
    /// How long to wait for other processes that write.
    public var busyTimeout: Duration = .seconds(5)
    /// Changes that may wait to be written; more are refused.
    public var queue = 10_000
    /// How often to look for changes of other processes while somebody watches: how late they are seen at most. Those of
    /// this process are seen at once.
    public var watchInterval: Duration = .milliseconds(50)
    /// How often to look for entries whose time is over. They are not seen any more from then on, whatever this is.
    public var sweepInterval: Duration = .seconds(1)
    /// Changes that are remembered for those who watch, at least; whoever has not seen them by then has missed them.
    public var log = 10_000

    /// The defaults.
    public init() {}
}
