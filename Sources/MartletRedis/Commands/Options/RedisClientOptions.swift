/// What a connection is to the server.
public nonisolated enum RedisClientType: String, RedisOption, CaseIterable {
    /// One like any other.
    case normal = "NORMAL"
    /// The server's own to its master.
    case master = "MASTER"
    /// A replica's.
    case replica = "REPLICA"
    /// One that subscribes to channels.
    case subscriber = "PUBSUB"
}

/// Which connections are closed.
public nonisolated enum RedisClientFilter: RedisOption, Hashable {
    /// The one with this id.
    case id(Int)
    /// Those of a type.
    case type(RedisClientType)
    /// Those of a user.
    case user(String)
    /// Those from an address, with its port.
    case address(String)
    /// Those to an address of the server, with its port.
    case localAddress(String)
    /// Those that are older than so many seconds (since Redis 7.4).
    case olderThan(seconds: Int)
    /// Whether the caller's own stays, which it does unless said otherwise.
    case sparesCaller(Bool)

    /// Appends it.
    public func append(to command: inout RedisCommand) {
        switch self {
        case .id(let id): command.append("ID", id)
        case .type(let type): command.append(contentsOf: ["TYPE", type.rawValue])
        case .user(let name): command.append(contentsOf: ["USER", name])
        case .address(let address): command.append(contentsOf: ["ADDR", address])
        case .localAddress(let address): command.append(contentsOf: ["LADDR", address])
        case .olderThan(let seconds): command.append("MAXAGE", seconds)
        case .sparesCaller(let spares): command.append(contentsOf: ["SKIPME", spares ? "yes" : "no"])
        }
    }
}

/// What a client says of the library that it uses.
public nonisolated enum RedisClientAttribute: RedisOption, Hashable {
    /// Its name, without spaces.
    case libraryName(String)
    /// Its version, without spaces.
    case libraryVersion(String)

    /// Appends `LIB-NAME` or `LIB-VER`, and the text.
    public func append(to command: inout RedisCommand) {
        switch self {
        case .libraryName(let name): command.append(contentsOf: ["LIB-NAME", name])
        case .libraryVersion(let version): command.append(contentsOf: ["LIB-VER", version])
        }
    }
}

/// Which clients a pause stops.
public nonisolated enum RedisPause: String, RedisOption, CaseIterable {
    /// All.
    case all = "ALL"
    /// Those that write.
    case writes = "WRITE"
}

/// What a blocked client gets when its waiting is ended.
public nonisolated enum RedisUnblock: String, RedisOption, CaseIterable {
    /// The answer that it gets when time is up.
    case timeout = "TIMEOUT"
    /// An error.
    case error = "ERROR"
}

/// Who greets the server.
public nonisolated struct RedisHelloAuthentication: RedisOption, Hashable {
    /// The user, `default` where there are none.
    public let username: String
    /// Its password.
    public let password: String

    /// A user.
    public init(username: String = "default", password: String) {
        self.username = username
        self.password = password
    }

    /// Appends both behind `AUTH`.
    public func append(to command: inout RedisCommand) { command.append(contentsOf: ["AUTH", username, password]) }
}
