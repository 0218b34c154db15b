import FoundationEssentials

nonisolated extension Configuration {
    /// The JSON that ``init(json:)`` reads back exactly: how a worker gets its configuration.
    public func json() throws -> [UInt8] {
        Array(try JSONEncoder().encode(self))
    }

    /// Reads what ``json()`` wrote.
    ///
    /// - Throws: a `DecodingError` when it is anything else, such as the JSON of another version.
    public init(json: [UInt8]) throws {
        self = try JSONDecoder().decode(Configuration.self, from: Data(json))
    }
}
