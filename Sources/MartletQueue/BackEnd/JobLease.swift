/// A worker's right to a job: which job, and how often it has been claimed by then. The next claim ends it.
nonisolated struct JobLease: Hashable, Sendable {
    let job: Int
    let claim: Int
}

/// How far a job is whose worker lives.
nonisolated struct JobReport: Sendable {
    let lease: JobLease
    /// From 0 to 1; `nil` when nothing new is known.
    var progress: Double?
    var note: String?
}

/// How an attempt ended.
nonisolated enum JobOutcome: Sendable {
    case succeeded
    /// It failed, and is tried again after a while.
    case retry(error: String, after: Duration)
    /// It is given up.
    case dead(error: String)
    /// It did not come to an end, through no fault of its own: the attempt does not count.
    case returned
}
