import MartletLoop

/// When a job recurs.
public nonisolated struct JobSchedule: Hashable, Sendable, CustomStringConvertible {
    private enum Rule: Hashable {
        case interval(milliseconds: Int64)
        case cron(CronExpression)
    }

    private let rule: Rule

    /// At each multiple of a duration since 1970, so that all machines mean the same moments.
    ///
    /// - Parameter duration: a second to ten years; what is less or more is brought into that range.
    public static func every(_ duration: Duration) -> JobSchedule {
        let milliseconds = duration.nanosecondsClamped / 1_000_000
        return JobSchedule(rule: .interval(milliseconds: min(max(milliseconds, 1000), 315_360_000_000)))
    }

    /// At the times of an expression of crontab.
    public static func cron(_ expression: CronExpression) -> JobSchedule {
        JobSchedule(rule: .cron(expression))
    }

    /// At the times of an expression of crontab, such as `"*/5 * * * *"`, in UTC.
    ///
    /// - Throws: ``CronError``
    public static func cron(_ expression: String) throws(CronError) -> JobSchedule {
        JobSchedule(rule: .cron(try CronExpression(expression)))
    }

    /// The first time behind another, both in milliseconds since 1970; `nil` when there is none that can be counted.
    public func next(after milliseconds: Int) -> Int? {
        switch rule {
        case .interval(let interval):
            let (quotient, remainder) = milliseconds.quotientAndRemainder(dividingBy: Int(interval))
            let (next, overflow) = (quotient + (remainder < 0 ? 0 : 1)).multipliedReportingOverflow(by: Int(interval))
            return overflow ? nil : next
        case .cron(let expression):
            var (seconds, rest) = milliseconds.quotientAndRemainder(dividingBy: 1000)
            if rest < 0 { seconds -= 1 }
            return expression.next(after: Int64(seconds)).map { Int($0) * 1000 }
        }
    }

    /// For logs.
    public var description: String {
        switch rule {
        case .interval(let milliseconds): "every \(Duration.milliseconds(milliseconds))"
        case .cron(let expression): expression.description
        }
    }
}
