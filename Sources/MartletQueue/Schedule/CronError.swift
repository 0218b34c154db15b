/// What is wrong with an expression of crontab.
public nonisolated struct CronError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The expression.
    public let expression: String
    /// What is wrong with it, and where.
    public let reason: String

    /// One line.
    public var description: String { "\"\(expression)\" is no cron expression: \(reason)" }
}
