/// Which nodes of a cluster have which slots.
///
/// A value: a new answer makes a new one, which takes the place of the old one whole, or not at all.
public nonisolated struct RedisSlotMap: Hashable, Sendable {
    /// A master and its replicas.
    public struct Shard: Hashable, Sendable {
        /// The node that takes writes.
        public let master: RedisNodeAddress
        /// The nodes that copy it, in the order in which they were named.
        public let replicas: [RedisNodeAddress]
    }

    /// The shards that have slots, by the lowest of these.
    public private(set) var shards: [Shard] = []
    /// For each slot the place of its shard, and `nobody` where it has none.
    private var owners = [UInt16](repeating: nobody, count: RedisSlot.count)
    /// How many slots have a shard.
    public private(set) var coveredCount = 0

    private static let nobody = UInt16.max

    /// No shards, which know of no slot.
    public init() {}

    /// Whether all slots have a shard.
    public var isComplete: Bool { coveredCount == RedisSlot.count }

    /// All nodes there are: masters and replicas.
    public var nodes: Set<RedisNodeAddress> {
        var nodes: Set<RedisNodeAddress> = []
        for shard in shards {
            nodes.insert(shard.master)
            nodes.formUnion(shard.replicas)
        }
        return nodes
    }

    /// Of each shard that has slots the lowest one, in their order.
    var firstSlots: [RedisSlot] {
        var seen: Set<UInt16> = [Self.nobody]
        return owners.indices.compactMap { seen.insert(owners[$0]).inserted ? RedisSlot($0) : nil }
    }

    /// The shard that has a slot; `nil` when nobody is known to.
    public func shard(of slot: RedisSlot) -> Shard? {
        let owner = owners[Int(slot.number)]
        return owner == Self.nobody ? nil : shards[Int(owner)]
    }

    /// The slots whose master is another one, or none, in another map.
    func moved(in other: RedisSlotMap) -> [RedisSlot] {
        if self == other { return [] }
        return owners.indices.compactMap { index in
            let slot = RedisSlot(index)
            guard let slot, let master = shard(of: slot)?.master else { return nil }
            return master == other.shard(of: slot)?.master ? nil : slot
        }
    }

    /// Gives a slot to the node that a redirection named, which may not have been known.
    public mutating func assign(_ slot: RedisSlot, to master: RedisNodeAddress) {
        let before = owners[Int(slot.number)]
        if before != Self.nobody, shards[Int(before)].master == master { return }
        let place: Int
        if let known = shards.firstIndex(where: { $0.master == master }) {
            place = known
        } else if shards.count < Int(Self.nobody) {
            place = shards.count
            shards.append(Shard(master: master, replicas: []))
        } else {
            return
        }
        if before == Self.nobody { coveredCount += 1 }
        owners[Int(slot.number)] = UInt16(place)
    }

    /// A map of ranges: what comes last has a slot that several ranges name.
    ///
    /// - Parameter ranges: from and to which slot, both included, a shard has them.
    /// - Throws: ``RedisMismatch`` when they name more slots than there are, so that some must be named more than once.
    init(_ ranges: [(from: RedisSlot, to: RedisSlot, shard: Shard)]) throws(RedisMismatch) {
        var places: [Shard: UInt16] = [:]
        var named = 0
        for range in ranges.sorted(by: { $0.from < $1.from }) where range.from <= range.to {
            named += Int(range.to.number - range.from.number) + 1
            guard named <= RedisSlot.count else {
                throw RedisMismatch(expected: "each slot once", found: "ranges that overlap")
            }
            // There are fewer shards than slots: a range has one slot at least.
            let place = places[range.shard] ?? UInt16(clamping: shards.count)
            if places.updateValue(place, forKey: range.shard) == nil { shards.append(range.shard) }
            for slot in range.from.number...range.to.number {
                if owners[Int(slot)] == Self.nobody { coveredCount += 1 }
                owners[Int(slot)] = place
            }
        }
    }
}
