/// A supervised group gave up: its children failed more often than it allows.
public nonisolated struct SupervisionError: Error, Sendable, CustomStringConvertible {
    /// The group's name.
    public let group: String
    /// The child that failed last.
    public let child: String
    /// What it failed with, which is another `SupervisionError` when the child was a group; `nil` when it returned, and
    /// was not meant to.
    public let cause: (any Error)?
    /// How many restarts were allowed, and within what time.
    public let limit: RestartLimit

    /// `the group "net" gave up after more than 3 restarts within 5.0 seconds: its child "listener" failed: …`
    public var description: String {
        "the group \"\(group)\" gave up after more than \(limit.count) restarts within \(limit.window): its child "
            + "\"\(child)\" \(cause.map { "failed: \($0)" } ?? "returned, which a permanent child must not")"
    }
}
