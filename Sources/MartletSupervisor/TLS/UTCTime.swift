import Glibc

/// A time in seconds since 1970 as people read it: `2027-03-01 12:00:00 UTC`.
nonisolated struct UTCTime: CustomStringConvertible {
    private let seconds: Int64

    init(_ seconds: Int64) { self.seconds = seconds }

    var description: String {
        var time = time_t(seconds)
        var parts = tm()
        guard gmtime_r(&time, &parts) != nil else { return "\(seconds) seconds after 1970" }
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let date = "\(1900 + Int(parts.tm_year))-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
        return "\(date) \(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)) UTC"
    }
}
