/// What is known of a job: what it is, where it is, and how far.
public nonisolated struct JobStatus: Codable, Hashable, Sendable, Identifiable {
    /// Its number, unique in its queue.
    public let id: Int
    /// What kind of job it is.
    public let kind: String
    /// Where it is.
    public let state: JobState
    /// Which jobs go first.
    public let priority: JobPriority
    /// Of those with the same key, one runs at a time.
    public let key: String?
    /// How often it has been tried, the attempt under way included.
    public let attempts: Int
    /// How often it is tried at most.
    public let maximumAttempts: Int
    /// How far it is, from 0 to 1, as its handler says.
    public let progress: Double
    /// What its handler says of that.
    public let note: String?
    /// What the last attempt failed with.
    public let error: String?
    /// The process that has it, or had it last.
    public let worker: String?
    /// How many bytes its payload has.
    public let payloadBytes: Int
    /// When it was enqueued, in milliseconds since 1970, as all times here.
    public let created: Int
    /// When it may begin, or might have begun.
    public let due: Int
    /// When its last attempt began.
    public let started: Int?
    /// When it was done or given up.
    public let finished: Int?
}
