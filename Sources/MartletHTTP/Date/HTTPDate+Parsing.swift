extension HTTPDate {
    /// Reads a date in any of the three formats a recipient must accept, RFC 9110 §5.6.7; nil when it is none.
    ///
    /// A year of two digits that would lie more than 50 years after `now` is of the century before. The day of the
    /// week is read but not compared: nothing depends on it.
    public init?(_ range: ByteRange, in bytes: Span<UInt8>, now: HTTPDate) {
        var reader = DateReader(range, bytes)
        let unixTime =
            switch reader.skipWeekday(bytes) {
            case .short where reader.skip(", ", bytes): reader.readFixdate(bytes)
            case .short where reader.skip(" ", bytes): reader.readAsctime(bytes)
            case .long where reader.skip(", ", bytes): reader.readRFC850(bytes, now: now)
            default: nil as Int64?
            }
        guard let unixTime, reader.isAtEnd else { return nil }
        self.init(unixTime: unixTime)
    }

    /// Reads a date from text, see ``init(_:in:now:)``.
    public init?(_ text: String, now: HTTPDate) {
        let bytes = Array(text.utf8)
        guard bytes.count <= 64 else { return nil }
        self.init(ByteRange(0, bytes.count), in: bytes.span, now: now)
    }
}

/// A cursor that takes the parts of a date one after the other; nil or false when a part is not there.
private struct DateReader {
    private var position: Int
    private let end: Int

    enum Weekday { case short, long }

    init(_ range: ByteRange, _ bytes: Span<UInt8>) {
        position = Int(range.start)
        end = Int(range.end)
    }

    var isAtEnd: Bool { position == end }

    /// `06 Nov 1994 08:49:37 GMT`
    mutating func readFixdate(_ bytes: Span<UInt8>) -> Int64? {
        guard let day = number(2, bytes), skip(" ", bytes), let month = month(bytes), skip(" ", bytes),
            let year = number(4, bytes), skip(" ", bytes), let time = time(bytes), skip(" GMT", bytes)
        else { return nil }
        return Self.combine(year, month, day, time)
    }

    /// `06-Nov-94 08:49:37 GMT`
    mutating func readRFC850(_ bytes: Span<UInt8>, now: HTTPDate) -> Int64? {
        guard let day = number(2, bytes), skip("-", bytes), let month = month(bytes), skip("-", bytes),
            let shortYear = number(2, bytes), skip(" ", bytes), let time = time(bytes), skip(" GMT", bytes)
        else { return nil }
        let thisYear = CivilDate(daysSinceEpoch: HTTPDate.floorDivide(now.unixTime, 86400).quotient).year
        var year = thisYear - thisYear % 100 + shortYear
        if year > thisYear + 50 { year -= 100 }
        return Self.combine(year, month, day, time)
    }

    /// `Nov  6 08:49:37 1994`
    mutating func readAsctime(_ bytes: Span<UInt8>) -> Int64? {
        guard let month = month(bytes), skip(" ", bytes) else { return nil }
        guard let day = skip(" ", bytes) ? number(1, bytes) : number(2, bytes), skip(" ", bytes),
            let time = time(bytes), skip(" ", bytes), let year = number(4, bytes)
        else { return nil }
        return Self.combine(year, month, day, time)
    }

    mutating func skip(_ text: StaticString, _ bytes: Span<UInt8>) -> Bool {
        guard position + text.utf8CodeUnitCount <= end, bytes.has(text, at: position) else { return false }
        position += text.utf8CodeUnitCount
        return true
    }

    mutating func skipWeekday(_ bytes: Span<UInt8>) -> Weekday? {
        let tails: [StaticString] = ["day", "day", "sday", "nesday", "rsday", "day", "urday"]
        for (name, tail) in zip(HTTPDate.weekdays, tails) where skip(name, bytes) {
            return skip(tail, bytes) ? .long : .short
        }
        return nil
    }

    private mutating func month(_ bytes: Span<UInt8>) -> Int? {
        for (index, name) in HTTPDate.months.enumerated() where skip(name, bytes) { return index + 1 }
        return nil
    }

    private mutating func number(_ digits: Int, _ bytes: Span<UInt8>) -> Int? {
        guard position + digits <= end else { return nil }
        var value = 0
        for i in position..<(position + digits) {
            guard ASCII.isDigit(bytes[i]) else { return nil }
            value = value * 10 + Int(bytes[i] &- ASCII.zero)
        }
        position += digits
        return value
    }

    /// `08:49:37`; a leap second is a 60th one, RFC 9110 §5.6.7.
    private mutating func time(_ bytes: Span<UInt8>) -> Int? {
        guard let hour = number(2, bytes), skip(":", bytes), let minute = number(2, bytes), skip(":", bytes),
            let second = number(2, bytes), hour < 24, minute < 60, second <= 60
        else { return nil }
        return hour * 3600 + minute * 60 + second
    }

    /// Nil when the month has no such day.
    private static func combine(_ year: Int, _ month: Int, _ day: Int, _ time: Int) -> Int64? {
        let date = CivilDate(year: year, month: month, day: day)
        guard CivilDate(daysSinceEpoch: date.daysSinceEpoch) == date else { return nil }
        return date.daysSinceEpoch * 86400 + Int64(time)
    }
}
