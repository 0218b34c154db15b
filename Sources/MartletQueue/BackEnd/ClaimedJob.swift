/// A job that a worker has to run.
nonisolated struct ClaimedJob: Sendable {
    let lease: JobLease
    let kind: String
    let payload: [UInt8]
    let key: String?
    let priority: JobPriority
    /// Which attempt it is, from 1.
    let attempt: Int
    let maximumAttempts: Int
    let backoff: JobBackoff
    let timeout: Duration?
    let created: Int
    /// Since when it could have run.
    let due: Int
}

/// What came of asking for jobs.
nonisolated struct ClaimedJobs: Sendable {
    var jobs: [ClaimedJob] = []
    /// Jobs that have become dead letters on the way: lost with their worker once too often, or not to be understood.
    var setAside: [SetAsideJob] = []
    /// Whether there may be more to claim at once.
    var hasMore = false
    /// In how long something may have to be claimed without anybody telling; `nil` when nothing will.
    var next: Duration?
}

/// A job that was given up without being run.
nonisolated struct SetAsideJob: Sendable {
    let id: Int
    let reason: String
}
