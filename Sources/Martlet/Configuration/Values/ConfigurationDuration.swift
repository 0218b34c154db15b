/// A length of time in a configuration: a whole number and its unit, `"500ms"`, `"30s"`, `"2m"`, `"1h"`.
public nonisolated struct ConfigurationDuration: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The length, never negative.
    public let milliseconds: Int64

    private static let units: [(name: String, milliseconds: Int64)] = [
        ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1),
    ]
    static let forms = "a duration such as \"500ms\", \"30s\", \"2m\" or \"1h\""

    /// A number of milliseconds; negative ones count as none.
    public static func milliseconds(_ count: Int64) -> Self { Self(milliseconds: max(0, count)) }

    /// A number of seconds, up to some thousands of years; negative ones count as none.
    public static func seconds(_ count: Int32) -> Self { milliseconds(Int64(count) * 1000) }

    private init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// Reads a number and its unit.
    ///
    /// - Returns: `nil` for anything else, and when it does not fit into 64 bits.
    public init?(_ text: String) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit = text.dropFirst(digits.count)
        guard let count = Int64(digits), let factor = Self.units.first(where: { $0.name == unit })?.milliseconds else {
            return nil
        }
        let (milliseconds, overflow) = count.multipliedReportingOverflow(by: factor)
        guard !overflow else { return nil }
        self.milliseconds = milliseconds
    }

    /// The same, for everything that waits.
    public var duration: Duration { .milliseconds(milliseconds) }

    /// In the largest unit that divides it: `"90s"`, `"2m"`.
    public var description: String {
        guard let unit = Self.units.first(where: { milliseconds % $0.milliseconds == 0 && milliseconds > 0 }) else {
            return "0s"
        }
        return "\(milliseconds / unit.milliseconds)\(unit.name)"
    }

    /// The shorter one is less.
    public static func < (left: Self, right: Self) -> Bool { left.milliseconds < right.milliseconds }
}

nonisolated extension ConfigurationDuration: Codable {
    /// From a number of milliseconds.
    public init(from decoder: any Decoder) throws {
        self = .milliseconds(try decoder.singleValueContainer().decode(Int64.self))
    }

    /// As a number of milliseconds.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(milliseconds)
    }
}
