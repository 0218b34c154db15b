/// Work with a type of its own: its values are the payload, as JSON.
///
/// ```swift
/// nonisolated struct SendMail: Job {
///     static let kind = "send-mail"
///     var to: String
///
///     func run(_ context: JobContext) async throws {
///         try await mailer.send(to: to)
///     }
/// }
///
/// queue.handle(SendMail.self)
/// try await queue.enqueue(SendMail(to: "ada@example.org"))
/// ```
///
/// Where types belong to the main actor by default, as those of Martlet's own examples do, a job's is `nonisolated`, as
/// every `Codable` value's is there; what it does runs on the loop all the same.
///
/// A job may run more than once: when its worker is lost in the middle, another one begins it anew. So it has to be such
/// that twice is as good as once.
public nonisolated protocol Job: Codable, Sendable {
    /// What such jobs are called in the queue: at most 128 bytes. Do not change it while some of them wait.
    static var kind: String { get }

    /// How such jobs are run unless said otherwise when one is enqueued.
    static var options: JobOptions { get }

    /// Does it.
    ///
    /// - Throws: whatever went wrong: it is tried again later. A ``PermanentJobFailure`` makes it a dead letter at once;
    ///   a `RetryHint` says how long to wait at least.
    @MainActor func run(_ context: JobContext) async throws
}

extension Job {
    /// The defaults.
    public static nonisolated var options: JobOptions { JobOptions() }
}
