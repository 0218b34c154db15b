/// What a distance is measured in.
public nonisolated enum RedisDistanceUnit: String, RedisOption, CaseIterable {
    /// Metres.
    case metres = "M"
    /// Kilometres.
    case kilometres = "KM"
    /// Feet.
    case feet = "FT"
    /// Miles.
    case miles = "MI"
}

/// A place to add: a member with its position.
public nonisolated struct RedisPlace: RedisOption {
    /// Its name.
    public let member: any RedisArgument
    /// Degrees east, from -180 to 180.
    public let longitude: Double
    /// Degrees north, from -85.05112878 to 85.05112878.
    public let latitude: Double

    /// A place.
    public init(_ member: any RedisArgument, longitude: Double, latitude: Double) {
        self.member = member
        self.longitude = longitude
        self.latitude = latitude
    }

    /// Appends the position, then the member.
    public func append(to command: inout RedisCommand) {
        command.append(longitude)
        command.append(latitude)
        command.append(member)
    }
}

/// The middle of a search.
public nonisolated enum RedisGeoCenter: RedisOption {
    /// Where a member is.
    case member(any RedisArgument)
    /// A position in degrees.
    case position(longitude: Double, latitude: Double)

    /// Appends it.
    public func append(to command: inout RedisCommand) {
        switch self {
        case .member(let member):
            command.append("FROMMEMBER")
            command.append(member)
        case .position(let longitude, let latitude):
            command.append("FROMLONLAT")
            command.append(longitude)
            command.append(latitude)
        }
    }
}

/// How far a search goes.
public nonisolated enum RedisGeoShape: RedisOption, Hashable {
    /// All within a distance.
    case circle(radius: Double, RedisDistanceUnit)
    /// All in a box whose sides follow the meridians.
    case box(width: Double, height: Double, RedisDistanceUnit)

    /// Appends it.
    public func append(to command: inout RedisCommand) {
        switch self {
        case .circle(let radius, let unit):
            command.append("BYRADIUS")
            command.append(radius)
            unit.append(to: &command)
        case .box(let width, let height, let unit):
            command.append("BYBOX")
            command.append(width)
            command.append(height)
            unit.append(to: &command)
        }
    }
}
