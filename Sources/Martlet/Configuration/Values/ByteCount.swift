/// A size in a configuration: bytes as an integer, or `"64KiB"`, `"1MiB"`, `"2GiB"`.
public nonisolated struct ByteCount: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The size, never negative.
    public let bytes: Int64

    private static let units: [(name: String, bytes: Int64)] = [
        ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("", 1),
    ]
    static let forms = "a size such as 8192, \"64KiB\", \"1MiB\" or \"2GiB\""

    /// A number of bytes; negative ones count as none.
    public init(_ bytes: Int64) { self.bytes = max(0, bytes) }

    /// Reads a number and its unit.
    ///
    /// - Returns: `nil` for anything else, and when it does not fit into 64 bits.
    public init?(_ text: String) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit = text.dropFirst(digits.count)
        guard let count = Int64(digits), let factor = Self.units.first(where: { $0.name == unit })?.bytes else {
            return nil
        }
        let (bytes, overflow) = count.multipliedReportingOverflow(by: factor)
        guard !overflow else { return nil }
        self.bytes = bytes
    }

    /// In the largest unit that divides it: `64KiB`, `1500`.
    public var description: String {
        guard let unit = Self.units.first(where: { bytes % $0.bytes == 0 && bytes > 0 }) else { return "0" }
        return "\(bytes / unit.bytes)\(unit.name)"
    }

    /// The smaller one is less.
    public static func < (left: Self, right: Self) -> Bool { left.bytes < right.bytes }
}

nonisolated extension ByteCount: Codable {
    /// From a number of bytes.
    public init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode(Int64.self))
    }

    /// As a number of bytes.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(bytes)
    }
}
