/// Times as HTTP writes them, RFC 9110 §5.6.7: whole seconds since 1970-01-01 00:00 UTC.
public struct HTTPDate: Hashable, Comparable, Sendable {
    /// Seconds since the Unix epoch; leap seconds are not counted.
    public let unixTime: Int64

    /// The earliest time that has four digits of year, 0000-01-01.
    private static let earliest: Int64 = -62_167_219_200
    /// The latest time that has four digits of year, 9999-12-31 23:59:59.
    private static let latest: Int64 = 253_402_300_799

    /// A time, clamped to the years 0 to 9999 that the format can show.
    public init(unixTime: Int64) {
        self.unixTime = min(max(unixTime, Self.earliest), Self.latest)
    }

    /// Whether `left` is earlier.
    public static func < (left: HTTPDate, right: HTTPDate) -> Bool { left.unixTime < right.unixTime }

    /// The number of bytes that ``append(to:)`` appends.
    public static let length = 29

    /// Appends the preferred format, IMF-fixdate: `Sun, 06 Nov 1994 08:49:37 GMT`.
    public func append(to output: inout ByteBuffer) {
        let (days, second) = Self.floorDivide(unixTime, 86400)
        let date = CivilDate(daysSinceEpoch: days)
        output.reserve(Self.length)
        // 1970-01-01 was a Thursday.
        output.append(Self.weekdays[Int(Self.floorDivide(days + 4, 7).remainder)])
        output.append(", ")
        output.append(twoDigits: date.day)
        output.append(" ")
        output.append(Self.months[date.month - 1])
        output.append(" ")
        output.append(twoDigits: date.year / 100)
        output.append(twoDigits: date.year % 100)
        output.append(" ")
        output.append(twoDigits: Int(second / 3600))
        output.append(":")
        output.append(twoDigits: Int(second / 60 % 60))
        output.append(":")
        output.append(twoDigits: Int(second % 60))
        output.append(" GMT")
    }

    static let weekdays: [StaticString] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    static let months: [StaticString] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    static func floorDivide(_ value: Int64, _ divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let remainder = (value % divisor + divisor) % divisor
        return ((value - remainder) / divisor, remainder)
    }
}

extension HTTPDate: CustomStringConvertible {
    /// The preferred format.
    public var description: String {
        var buffer = ByteBuffer(capacity: Self.length)
        append(to: &buffer)
        return String(decoding: buffer.readableBytes, as: UTF8.self)
    }
}

extension ByteBuffer {
    /// Appends `value`, which is from 0 to 99.
    fileprivate mutating func append(twoDigits value: Int) {
        append(ASCII.zero &+ UInt8(truncatingIfNeeded: value / 10))
        append(ASCII.zero &+ UInt8(truncatingIfNeeded: value % 10))
    }
}
