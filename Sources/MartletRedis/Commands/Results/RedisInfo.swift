import MartletRESP

/// What a server knows about itself: a text of lines like `redis_version:7.0.15`.
///
/// ```swift
/// let version = try await client.info(["server"])["redis_version"]
/// ```
public nonisolated struct RedisInfo: RedisDecodable, Hashable {
    /// All of it.
    public let text: String
    /// The values by their names.
    public let values: [String: String]

    /// The value of this name.
    public subscript(_ name: String) -> String? { values[name] }

    /// A text of lines.
    public init(_ text: String) {
        self.text = text
        var values: [String: String] = [:]
        for line in text.split(whereSeparator: \.isNewline) where !line.hasPrefix("#") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            values[String(line[..<colon])] = String(line[line.index(after: colon)...])
        }
        self.values = values
    }

    /// A string.
    public init(redis value: RESPValue) throws(RedisMismatch) { self.init(try String(redis: value)) }
}
