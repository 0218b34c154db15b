/// How a job is to be run.
public nonisolated struct JobOptions: Hashable, Sendable {
    /// When it may begin.
    public var start = JobStart.now
    /// Which jobs go first.
    public var priority = JobPriority.normal
    /// One execution per key: of all jobs with the same key, one at a time runs, whichever worker has it. At most 256
    /// bytes; jobs without one do not wait for each other.
    public var key: String?
    /// Whether nothing is added while a job of the same key waits (is `scheduled`, `waiting` or `held`): that one is
    /// returned in its place. One that runs already does not count: it may have begun before what is new happened.
    public var isUnique = false
    /// How often it is tried, the first time included, before it becomes a dead letter: 1 to 1000. An attempt that took
    /// the whole process with it counts, one that ended because its worker stops does not.
    public var attempts = 5
    /// How long it waits between attempts.
    public var backoff = JobBackoff.exponential()
    /// How long one attempt may take until it is cancelled, which counts as a failure; as long as it likes unless
    /// given. A millisecond to a year.
    public var timeout: Duration?

    /// The defaults.
    public init() {}

    /// Options, the usual ones in one line.
    public init(
        start: JobStart = .now, priority: JobPriority = .normal, key: String? = nil, isUnique: Bool = false,
        attempts: Int = 5, backoff: JobBackoff = .exponential(), timeout: Duration? = nil
    ) {
        self.start = start
        self.priority = priority
        self.key = key
        self.isUnique = isUnique
        self.attempts = attempts
        self.backoff = backoff
        self.timeout = timeout
    }
}
