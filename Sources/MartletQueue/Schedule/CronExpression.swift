import MartletHTTP

/// When something recurs, in the five fields of crontab (man 5 crontab), in UTC.
///
/// ```
/// ┌ minute, 0-59
/// │ ┌ hour, 0-23
/// │ │ ┌ day of the month, 1-31
/// │ │ │ ┌ month, 1-12 or jan-dec
/// │ │ │ │ ┌ day of the week, 0-7 or sun-sat; 0 and 7 are Sunday
/// 0 4 * * mon-fri
/// ```
///
/// A field is `*`, a number, a range `a-b`, or several of these with commas; `/n` behind `*`, a range or a number takes
/// every nth, from the number to the end for a number alone. When both the day of the month and that of the week are
/// limited (do not begin with `*`), either is enough. `@hourly`, `@daily`, `@midnight`, `@weekly`, `@monthly`, `@yearly`
/// and `@annually` stand for their usual five fields.
public nonisolated struct CronExpression: Hashable, Sendable, CustomStringConvertible {
    /// As it was written.
    public let description: String
    /// Bits of the values that match.
    private let minutes: UInt64
    private let hours: UInt64
    private let days: UInt64
    private let months: UInt64
    private let weekdays: UInt64
    private let anyDay: Bool
    private let anyWeekday: Bool

    private static let longest = 256
    /// Between two leap days on the same day of the week lie forty years at most (1880, 1920), between all else less.
    private static let mostDays = 366 * 40 + 2

    /// Reads an expression.
    ///
    /// - Throws: ``CronError``, which says what is wrong with which field; also when no date matches, such as the 30th
    ///   of February.
    public init(_ text: String) throws(CronError) {
        description = text
        guard text.utf8.count <= Self.longest else {
            throw CronError(expression: String(text.prefix(32)) + "…", reason: "longer than \(Self.longest) bytes")
        }
        let expanded = try Self.expanded(text)
        let fields = expanded.utf8.split(whereSeparator: { $0 == 0x20 || $0 == 0x09 })
        guard fields.count == 5 else {
            throw CronError(
                expression: text, reason: "it has \(fields.count) fields, and not 5: minute hour day month weekday")
        }
        minutes = try CronField.minute.values(of: fields[0], in: text)
        hours = try CronField.hour.values(of: fields[1], in: text)
        days = try CronField.day.values(of: fields[2], in: text)
        months = try CronField.month.values(of: fields[3], in: text)
        let weekdays = try CronField.weekday.values(of: fields[4], in: text)
        // 7 is Sunday as well.
        self.weekdays = (weekdays | weekdays >> 7) & 0x7F
        anyDay = fields[2].first == UInt8(ascii: "*")
        anyWeekday = fields[4].first == UInt8(ascii: "*")
        guard hasDate else { throw CronError(expression: text, reason: "no date matches") }
    }

    private static func expanded(_ text: String) throws(CronError) -> String {
        let word = text.drop { $0 == " " || $0 == "\t" }
        guard word.first == "@" else { return text }
        switch word.lowercased() {
        case "@hourly": return "0 * * * *"
        case "@daily", "@midnight": return "0 0 * * *"
        case "@weekly": return "0 0 * * 0"
        case "@monthly": return "0 0 1 * *"
        case "@yearly", "@annually": return "0 0 1 1 *"
        default:
            throw CronError(
                expression: text,
                reason: "it is none of @hourly, @daily, @midnight, @weekly, @monthly, @yearly and @annually")
        }
    }

    /// Whether there is a month that has one of the days.
    private var hasDate: Bool {
        // Every weekday comes in every month.
        if !anyWeekday && !anyDay { return true }
        let longest = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        return (1...12).contains { month in
            months >> month & 1 == 1 && (1...longest[month - 1]).contains { days >> $0 & 1 == 1 }
        }
    }

    // MARK: Asking

    /// Whether it recurs in the minute that begins then.
    ///
    /// - Parameter seconds: seconds since 1970-01-01 00:00 UTC.
    public func matches(_ seconds: Int64) -> Bool {
        let (day, second) = Self.split(seconds)
        return matches(day: day) && hours >> (second / 3600) & 1 == 1 && minutes >> (second / 60 % 60) & 1 == 1
    }

    /// The first time behind another that it recurs; `nil` when that lies beyond what can be counted.
    ///
    /// - Parameter seconds: seconds since 1970-01-01 00:00 UTC.
    /// - Returns: seconds as well, the beginning of a minute.
    public func next(after seconds: Int64) -> Int64? {
        // Days of that many seconds do not overflow on the way to a date.
        guard (-1 << 40..<1 << 40).contains(seconds) else { return nil }
        let (first, second) = Self.split(seconds)
        var minute = second / 60 + 1
        for day in first...first + Int64(Self.mostDays) {
            if matches(day: day), let found = time(from: minute) { return day * 86_400 + Int64(found) * 60 }
            minute = 0
        }
        return nil
    }

    /// The first minute of a day that matches, from one on.
    private func time(from minute: Int) -> Int? {
        guard minute < 1440 else { return nil }
        for hour in minute / 60..<24 where hours >> hour & 1 == 1 {
            let rest = hour == minute / 60 ? minutes & (~0 << (minute % 60)) : minutes
            if rest != 0 { return hour * 60 + rest.trailingZeroBitCount }
        }
        return nil
    }

    private func matches(day: Int64) -> Bool {
        let date = CivilDate(daysSinceEpoch: day)
        guard months >> date.month & 1 == 1 else { return false }
        let isDay = days >> date.day & 1 == 1
        // 1970-01-01 was a Thursday.
        let weekday = ((day + 4) % 7 + 7) % 7
        let isWeekday = weekdays >> weekday & 1 == 1
        return anyDay || anyWeekday ? isDay && isWeekday : isDay || isWeekday
    }

    private static func split(_ seconds: Int64) -> (day: Int64, second: Int) {
        var (day, second) = seconds.quotientAndRemainder(dividingBy: 86_400)
        if second < 0 {
            day -= 1
            second += 86_400
        }
        return (day, Int(second))
    }
}
