import MartletRESP

/// What a server knows about a connection: a line like `id=3 addr=127.0.0.1:52555 name=`.
public nonisolated struct RedisClientInfo: RedisDecodable, Hashable {
    /// The values by their names.
    public let values: [String: String]

    /// The value of this name: `"addr"`, `"cmd"`, `"flags"`.
    public subscript(_ name: String) -> String? { values[name] }

    /// Its number.
    public var id: Int? { values["id"].flatMap { Int($0) } }
    /// The name that it was given, empty when it has none.
    public var name: String { values["name"] ?? "" }

    /// A line.
    public init(_ line: some StringProtocol) {
        var values: [String: String] = [:]
        for word in line.split(whereSeparator: \.isWhitespace) {
            guard let sign = word.firstIndex(of: "=") else { continue }
            values[String(word[..<sign])] = String(word[word.index(after: sign)...])
        }
        self.values = values
    }

    /// A string of one line.
    public init(redis value: RESPValue) throws(RedisMismatch) { self.init(try String(redis: value)) }

    /// A string of many lines.
    public static func array(redis value: RESPValue) throws(RedisMismatch) -> [RedisClientInfo] {
        try String(redis: value).split(whereSeparator: \.isNewline).map { RedisClientInfo($0) }
    }
}
