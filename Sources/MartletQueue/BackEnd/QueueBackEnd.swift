/// Where the jobs of a queue are, and what moves them from state to state: each call is one transaction.
///
/// What is true of every back end, and what its tests check:
///
/// - a job is with one worker at a time, which has a lease on it: the job's number and how often it was claimed. Whoever
///   has an older lease changes nothing any more;
/// - of the jobs of a key at most one is running;
/// - the order is that of priority, then of the time from which a job could run, then of its number;
/// - what cannot be understood is set aside as a dead letter, and does not keep others from running.
protocol QueueBackEnd: AnyObject {
    /// Where it is, for people: without a password.
    var location: String { get }

    // MARK: Jobs come

    /// Adds jobs: all of them, or none.
    func enqueue(_ jobs: [NewJob]) async throws -> [EnqueuedJob]

    /// Adds a job unless the schedule's tick, or a later one, has been served already.
    ///
    /// - Returns: `nil` when it has been.
    func enqueue(_ job: NewJob, for schedule: String, at tick: Int) async throws -> EnqueuedJob?

    // MARK: Jobs run

    /// Takes jobs that may run now, those that others have lost included.
    func claim(_ limit: Int, by worker: String) async throws -> ClaimedJobs

    /// Waits until there may be something to claim, for `limit` at most. What has changed since the last `claim` began
    /// counts.
    func change(within limit: Duration) async throws

    /// Prolongs leases by the visibility timeout from now on, and notes how far the jobs are.
    ///
    /// - Returns: which of them are somebody else's by now, or nobody's.
    func renew(_ reports: [JobReport]) async throws -> Set<JobLease>

    /// Ends a lease.
    ///
    /// - Returns: whether it was still one.
    func finish(_ lease: JobLease, _ outcome: JobOutcome, note: String?) async throws -> Bool

    /// Says that a job that is lost to its worker does not run there any more. If it was lost by being deleted, its key is
    /// free now.
    func leave(_ lease: JobLease) async throws

    /// Gives back the jobs of a worker that is known to be gone.
    ///
    /// - Returns: how many.
    func release(all worker: String) async throws -> Int

    // MARK: Looking and mending

    func counts() async throws -> QueueCounts
    func status(of id: Int) async throws -> JobStatus?
    /// Jobs of a state behind a number, in the order of their numbers.
    func statuses(_ state: JobState, after id: Int, limit: Int) async throws -> [JobStatus]
    func payload(of id: Int) async throws -> [UInt8]?
    /// Lets a dead or scheduled job run now, a dead one with all its attempts.
    ///
    /// - Returns: the state that it was in; `nil` when there is no such job.
    func retry(_ id: Int) async throws -> JobState?
    /// Lets up to `limit` dead letters run again.
    func retryDead(limit: Int) async throws -> Int
    /// Forgets a job. One that runs is lost to its worker, and keeps its key from others until that has left it, or the
    /// lease is over.
    func delete(_ id: Int) async throws -> Bool
    /// Forgets up to `limit` jobs of a state.
    func delete(all state: JobState, limit: Int) async throws -> Int

    func close() async
}
