import MartletRESP

nonisolated extension RedisSlotMap {
    /// Reads the answer to `CLUSTER SLOTS`: of each range the first and the last slot, and the nodes, the master first:
    /// address, port, identifier, and what else is known of it.
    ///
    /// - Parameters:
    ///   - answer: the answer.
    ///   - asked: the host of the node that has answered, which is meant where one knows no address of its own.
    /// - Throws: ``RedisMismatch`` when something is no slot, no port or no host. A replica that has no address is left
    ///   out: it is not needed to know where a slot is.
    init(slots answer: RESPValue, from asked: String) throws(RedisMismatch) {
        guard let ranges = answer.elements else { throw RedisMismatch(expected: "ranges of slots", found: answer) }
        var known: [(from: RedisSlot, to: RedisSlot, shard: Shard)] = []
        for range in ranges {
            guard let parts = range.elements, parts.count >= 3 else {
                throw RedisMismatch(expected: "a range of slots with its nodes", found: range)
            }
            let (from, to) = try Self.range(parts[0], parts[1])
            let master = try Self.node(parts[2], from: asked)
            var replicas: [RedisNodeAddress] = []
            for part in parts[3...] {
                if let replica = try? Self.node(part, from: asked) { replicas.append(replica) }
            }
            known.append((from, to, Shard(master: master, replicas: replicas)))
        }
        try self.init(known)
    }

    /// Reads the answer to `CLUSTER SHARDS`: of each shard its ranges of slots, and its nodes with their roles.
    ///
    /// - Parameters:
    ///   - answer: the answer.
    ///   - asked: the host of the node that has answered.
    ///   - prefersTLS: whether the port for TLS is the one to connect to.
    /// - Throws: ``RedisMismatch`` as ``init(slots:from:)`` does. Shards without slots, and those that have no master that
    ///   is online, have no slots in the map.
    init(shards answer: RESPValue, from asked: String, prefersTLS: Bool = false) throws(RedisMismatch) {
        guard let shards = answer.elements else { throw RedisMismatch(expected: "shards", found: answer) }
        var known: [(from: RedisSlot, to: RedisSlot, shard: Shard)] = []
        for answer in shards {
            guard let slots = Self.field("slots", of: answer)?.elements, slots.count % 2 == 0,
                let nodes = Self.field("nodes", of: answer)?.elements
            else { throw RedisMismatch(expected: "a shard with its slots and nodes", found: answer) }
            guard let shard = try Self.shard(nodes, from: asked, prefersTLS: prefersTLS) else { continue }
            for place in stride(from: 0, to: slots.count, by: 2) {
                let (from, to) = try Self.range(slots[place], slots[place + 1])
                known.append((from, to, shard))
            }
        }
        try self.init(known)
    }

    private static func shard(
        _ nodes: [RESPValue], from asked: String, prefersTLS: Bool
    ) throws(RedisMismatch) -> Shard? {
        var master: RedisNodeAddress?
        var replicas: [RedisNodeAddress] = []
        for node in nodes {
            let isFailed = field("health", of: node)?.text == "fail"
            let isMaster = field("role", of: node)?.text == "master"
            if isFailed { continue }
            let port =
                (prefersTLS ? field("tls-port", of: node) : nil) ?? field("port", of: node)
                ?? field("tls-port", of: node)
            let address = RedisNodeAddress(
                host: (field("endpoint", of: node) ?? field("ip", of: node))?.text, port: number(port), from: asked)
            guard let address else {
                if isMaster { throw RedisMismatch(expected: "a node's host and port", found: "others") }
                continue
            }
            if isMaster { master = address } else { replicas.append(address) }
        }
        return master.map { Shard(master: $0, replicas: replicas) }
    }

    private static func range(
        _ from: RESPValue, _ to: RESPValue
    ) throws(RedisMismatch) -> (from: RedisSlot, to: RedisSlot) {
        guard let first = number(from).flatMap({ RedisSlot($0) }), let last = number(to).flatMap({ RedisSlot($0) }),
            first <= last
        else { throw RedisMismatch(expected: "slots from 0 to \(RedisSlot.count - 1)", found: "others") }
        return (first, last)
    }

    private static func node(_ value: RESPValue, from asked: String) throws(RedisMismatch) -> RedisNodeAddress {
        guard let parts = value.elements, parts.count >= 2,
            let address = RedisNodeAddress(host: parts[0].text, port: number(parts[1]), from: asked)
        else { throw RedisMismatch(expected: "a node's host and port", found: "others") }
        return address
    }

    private static func number(_ value: RESPValue?) -> Int? { value.flatMap { try? Int(redis: $0) } }

    private static func field(_ name: String, of value: RESPValue) -> RESPValue? {
        value.entries?.first { $0.key.text == name }?.value
    }
}
