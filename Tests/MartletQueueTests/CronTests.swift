import MartletHTTP
import Testing

@testable import MartletQueue

@Suite struct CronTests {
    /// Seconds since 1970.
    nonisolated static func time(_ year: Int, _ month: Int, _ day: Int, _ hour: Int = 0, _ minute: Int = 0) -> Int64 {
        CivilDate(year: year, month: month, day: day).daysSinceEpoch * 86_400 + Int64(hour * 3600 + minute * 60)
    }

    nonisolated static let cases: [(String, Int64, Int64)] = [
        ("* * * * *", time(2024, 2, 28, 23, 59), time(2024, 2, 29)),
        ("*/15 * * * *", time(2025, 1, 1, 10, 15), time(2025, 1, 1, 10, 30)),
        ("5/20 * * * *", time(2025, 1, 1, 10, 26), time(2025, 1, 1, 10, 45)),
        ("0 4 * * mon-fri", time(2026, 11, 27, 4), time(2026, 11, 30, 4)),
        ("0 4 * * 7", time(2026, 11, 28), time(2026, 11, 29, 4)),
        ("0 4 * * 0", time(2026, 11, 28), time(2026, 11, 29, 4)),
        ("0 0 29 2 */7", time(2032, 2, 29), time(2060, 2, 29)),
        ("30 2 29 2 *", time(2097, 1, 1), time(2104, 2, 29, 2, 30)),
        // Either of the two days is enough: the 13th, or a Friday.
        ("0 0 13 * fri", time(2026, 11, 10), time(2026, 11, 13)),
        ("0 0 13 * fri", time(2026, 11, 13), time(2026, 11, 20)),
        ("0 0 */10 * fri", time(2026, 11, 1), time(2026, 12, 11)),
        ("0 12 1,15 JAN,jul *", time(2026, 1, 15, 12), time(2026, 7, 1, 12)),
        ("@yearly", time(2026, 1, 1), time(2027, 1, 1)), ("@hourly", time(2026, 1, 1, 5, 1), time(2026, 1, 1, 6)),
        ("  0\t0 1 1 *  ", time(1969, 12, 31, 23, 59), time(1970, 1, 1)),
        ("59 23 31 12 *", -1, time(1970, 12, 31, 23, 59)),
    ]

    @Test("an expression recurs when it says", arguments: cases)
    func next(text: String, after: Int64, expected: Int64) throws {
        let expression = try CronExpression(text)
        #expect(expression.next(after: after) == expected)
        #expect(expression.next(after: expected - 1) == expected && expression.matches(expected))
    }

    @Test(
        "what is no expression is refused with the field and the reason",
        arguments: [
            ("", "0 fields"), ("* * * *", "4 fields"), ("* * * * * *", "6 fields"), ("60 * * * *", "minute \"60\""),
            ("* 24 * * *", "hour \"24\""), ("* * 0 * *", "day \"0\""), ("* * * 13 *", "month \"13\""),
            ("* * * * 8", "weekday \"8\""), ("*/0 * * * *", "step"), ("5-1 * * * *", "ends before it begins"),
            ("1,,2 * * * *", "minute \"\""), ("a * * * *", "minute \"a\""), ("-1 * * * *", "minute"),
            ("1- * * * *", "minute"), ("0 0 30 2 *", "no date"), ("0 0 31 4,6,9,11 *", "no date"),
            ("@reboot", "none of"), ("99999999999999999999 * * * *", "minute"),
            (String(repeating: "*", count: 300), "longer"),
        ])
    func refuses(text: String, reason: String) {
        let error = #expect(throws: CronError.self) { try CronExpression(text) }
        #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
    }

    @Test("the next time is the first minute that matches, whatever the expression") func property() throws {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<60 {
            let expression = try CronExpression(Self.expression(using: &generator))
            let start = Int64.random(in: 0...4_000_000_000, using: &generator)
            let found = try #require(expression.next(after: start), "\(expression)")
            #expect(found % 60 == 0 && found > start && expression.matches(found))
            // Minutes in between do not match; of far ones, a sample.
            var minute = start / 60 * 60 + 60
            let step = max(60, (found - minute) / 3000 / 60 * 60)
            while minute < found {
                // No #expect: it costs a hundred times what it checks.
                if expression.matches(minute) { Issue.record("\(expression) matches at \(minute)") }
                minute += step
            }
        }
    }

    private static func expression(using generator: inout SystemRandomNumberGenerator) -> String {
        [0...59, 0...23, 1...28, 1...12, 0...7].map { range in
            switch Int.random(in: 0...4, using: &generator) {
            case 0: return "*"
            case 1: return "*/\(Int.random(in: 1...range.upperBound, using: &generator))"
            case 2: return "\(Int.random(in: range, using: &generator))"
            case 3:
                let ends = [Int.random(in: range, using: &generator), Int.random(in: range, using: &generator)].sorted()
                return "\(ends[0])-\(ends[1])"
            default:
                return "\(Int.random(in: range, using: &generator)),\(Int.random(in: range, using: &generator))/3"
            }
        }.joined(separator: " ")
    }

    @Test("times at the ends of the clock do not trap", arguments: [Int64.min, -1 << 40, 1 << 40, .max, (1 << 40) - 1])
    func extremes(seconds: Int64) throws {
        _ = try CronExpression("* * * * *").next(after: seconds)
        for milliseconds in [Int.min, .max, Int(truncatingIfNeeded: seconds)] {
            _ = try JobSchedule.cron("0 0 29 2 *").next(after: milliseconds)
            _ = JobSchedule.every(.seconds(7)).next(after: milliseconds)
        }
    }

    @Test("intervals are multiples since 1970, on every machine") func intervals() {
        let schedule = JobSchedule.every(.seconds(90))
        #expect(schedule.next(after: 0) == 90_000 && schedule.next(after: 89_999) == 90_000)
        #expect(schedule.next(after: 90_000) == 180_000 && schedule.next(after: -1) == 0)
        #expect(JobSchedule.every(.zero).next(after: 5) == 1000)
    }
}
