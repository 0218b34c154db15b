import MartletRESP

/// Which nodes of a cluster a command is for.
nonisolated enum ClusterRoute {
    /// The one that has a slot.
    case slot(RedisSlot)
    /// Several, each with its part.
    case split(CommandSplit)
    /// Any one: what it says holds for all, or concerns itself alone.
    case anybody
    /// All masters, whose answers are put together.
    case everyMaster(Merging)
    /// One master after the other: `SCAN`.
    case scan
    /// None.
    case refused(String)

    /// How the answers of several masters become one.
    enum Merging: Hashable, Sendable {
        /// All are alike: the first one.
        case first
        /// Numbers: their sum.
        case sum
        /// Arrays: one after the other.
        case joined
        /// Arrays of 1 and 0: 1 where all say so.
        case every
    }

    init(_ command: RedisCommand) {
        let name = command.name.uppercased()
        if command.keys.isEmpty {
            self = Self.routeWithoutKeys(name, command)
            return
        }
        var first: RedisSlot?
        var isOne = true
        command.forEachKey { key in
            let slot = RedisSlot(of: key)
            if first == nil { first = slot }
            isOne = slot == first
            return isOne
        }
        if isOne, let first {
            self = .slot(first)
        } else if let split = CommandSplit(command) {
            self = .split(split)
        } else {
            self = .refused(
                "its keys are in different slots of the cluster, and it cannot be divided: give the keys a hash tag in "
                    + "common, such as {user1000}.name and {user1000}.age")
        }
    }

    private static func routeWithoutKeys(_ name: String, _ command: RedisCommand) -> ClusterRoute {
        switch name {
        // Sharded channels have slots as keys have.
        case "SPUBLISH":
            let arguments = command.argumentBytes
            return arguments.count > 1 ? .slot(RedisSlot(of: arguments[1])) : .anybody
        // By its channel, so that what one client publishes on it stays in order.
        case "PUBLISH":
            let arguments = command.argumentBytes
            return arguments.count > 1 ? .slot(RedisSlot(of: arguments[1])) : .anybody
        case "DBSIZE": return .everyMaster(.sum)
        case "KEYS": return .everyMaster(.joined)
        case "FLUSHALL", "FLUSHDB", "SCRIPT LOAD", "SCRIPT FLUSH", "FUNCTION LOAD", "FUNCTION DELETE", "FUNCTION FLUSH",
            "FUNCTION RESTORE":
            return .everyMaster(.first)
        case "SCRIPT EXISTS": return .everyMaster(.every)
        case "SCAN": return .scan
        case "SELECT", "SWAPDB", "MOVE": return .refused("a cluster has only database 0")
        case "MULTI", "EXEC", "DISCARD", "WATCH", "UNWATCH", "WAIT", "WAITAOF":
            return .refused(
                "it concerns one connection: use transaction(_:) of the cluster, or the client of one node, "
                    + "client(for:)")
        // All arguments are keys, or keys and values, of these, marked or not.
        case "MGET", "DEL", "UNLINK", "EXISTS", "TOUCH", "MSET":
            guard let split = CommandSplit(command), let first = split.parts.first else { return .anybody }
            return split.parts.count == 1 ? .slot(first.slot) : .split(split)
        default: return .anybody
        }
    }
}

nonisolated extension ClusterRoute.Merging {
    /// Puts the answers of all masters together.
    ///
    /// - Throws: ``RedisMismatch`` when one is not what the others are.
    func merge(_ answers: [RESPValue]) throws(RedisMismatch) -> RESPValue {
        switch self {
        case .first: return answers.first ?? .null
        case .sum:
            var sum: Int64 = 0
            for answer in answers {
                let (next, overflows) = sum.addingReportingOverflow(try Int64(redis: answer))
                guard !overflows else { throw RedisMismatch(expected: "a number", found: "one too large") }
                sum = next
            }
            return .integer(sum)
        case .joined:
            var all: [RESPValue] = []
            for answer in answers {
                guard let elements = answer.elements else { throw RedisMismatch(expected: "an array", found: answer) }
                all += elements
            }
            return .array(all)
        case .every:
            var all: [Int64] = []
            for (index, answer) in answers.enumerated() {
                let numbers = try [Int64](redis: answer)
                guard index == 0 || numbers.count == all.count else {
                    throw RedisMismatch(expected: "\(all.count) numbers", found: answer)
                }
                all = index == 0 ? numbers : zip(all, numbers).map { Swift.min($0, $1) }
            }
            return .array(all.map { .integer($0) })
        }
    }
}
