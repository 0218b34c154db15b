/// How a replica becomes the master of its shard.
public nonisolated enum RedisClusterFailover: String, RedisOption, CaseIterable {
    /// Without its master, which may be down.
    case force = "FORCE"
    /// Without its master and without the votes of others.
    case takeover = "TAKEOVER"
}

/// How much a node forgets.
public nonisolated enum RedisClusterReset: String, RedisOption, CaseIterable {
    /// The other nodes and the slots.
    case soft = "SOFT"
    /// Its own name and epoch, too.
    case hard = "HARD"
}

/// Slots from one to another, both inclusive.
public nonisolated struct RedisSlotRange: RedisOption, Hashable {
    /// The first.
    public let first: Int
    /// The last.
    public let last: Int

    /// Slots from one to another, both inclusive.
    public init(_ first: Int, _ last: Int) {
        self.first = first
        self.last = last
    }

    /// Appends both.
    public func append(to command: inout RedisCommand) {
        command.append(first)
        command.append(last)
    }
}

/// What happens to a slot.
public nonisolated enum RedisSlotState: RedisOption, Hashable {
    /// It comes here from a node.
    case importing(from: String)
    /// It goes from here to a node.
    case migrating(to: String)
    /// It is a node's.
    case owned(by: String)
    /// It does not move.
    case stable

    /// Appends it.
    public func append(to command: inout RedisCommand) {
        switch self {
        case .importing(let node): command.append(contentsOf: ["IMPORTING", node])
        case .migrating(let node): command.append(contentsOf: ["MIGRATING", node])
        case .owned(let node): command.append(contentsOf: ["NODE", node])
        case .stable: command.append("STABLE")
        }
    }
}
