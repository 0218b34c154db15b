import MartletRESP

/// A position on earth, in degrees.
public nonisolated struct RedisPosition: RedisDecodable, Hashable {
    /// Degrees east.
    public let longitude: Double
    /// Degrees north.
    public let latitude: Double

    /// A position.
    public init(longitude: Double, latitude: Double) {
        self.longitude = longitude
        self.latitude = latitude
    }

    /// An array of both.
    public init(redis value: RESPValue) throws(RedisMismatch) {
        (longitude, latitude) = try value.pair("a position", Double.self, Double.self)
    }
}

/// A place that a search has found.
public nonisolated struct RedisGeoMatch<Member: RedisDecodable>: RedisDecodable {
    /// The place.
    public let member: Member
    /// How far from the middle it is, in the unit of the search's shape.
    public let distance: Double
    /// Its score in the sorted set.
    public let hash: Int64
    /// Where it is.
    public let position: RedisPosition

    /// An array of the four.
    public init(redis value: RESPValue) throws(RedisMismatch) {
        let parts = try value.elements("a place with distance, score and position", count: 4)
        member = try Member(redis: parts[0])
        distance = try Double(redis: parts[1])
        hash = try Int64(redis: parts[2])
        position = try RedisPosition(redis: parts[3])
    }
}

nonisolated extension RedisGeoMatch: Equatable where Member: Equatable {}
