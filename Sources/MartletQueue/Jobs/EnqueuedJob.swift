/// What has become of a job that was enqueued.
public nonisolated struct EnqueuedJob: Codable, Hashable, Sendable {
    /// The number of the job: of the one that waits already, if this one was not added.
    public let id: Int
    /// Whether it was not added, because it was to be unique and one of its key waits already.
    public let isDuplicate: Bool
}
