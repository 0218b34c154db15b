/// An entry of a stream that a consumer has to work on, until it acknowledges it.
public nonisolated struct RedisDelivery<Value: RedisDecodable>: Sendable {
    /// The entry.
    public let entry: RedisStreamEntry<Value>
    /// How often it has been delivered, with this time: more than 1 when a consumer has failed or died with it.
    public let deliveries: Int
    /// Who has it, and where.
    let consumer: RedisConsumer

    /// The entry's id.
    public var id: RedisStreamID { entry.id }

    /// The value of the entry's first field of this name.
    public subscript(_ name: String) -> Value? { entry[name] }

    /// Says that the work is done: nobody gets the entry again.
    ///
    /// - Parameter deletes: whether the entry is removed from the stream, too, which other groups then do not see.
    /// - Returns: whether it still was this group's to do. False when it was acknowledged before, maybe by a consumer that took
    ///   it over.
    @MainActor @discardableResult
    public func acknowledge(deleting deletes: Bool = false) async throws(RedisError) -> Bool {
        let count = try await consumer.commands.xack(consumer.stream, group: consumer.group, ids: [id])
        if deletes { try await consumer.commands.xdel(consumer.stream, ids: [id]) }
        return count > 0
    }

    /// Says that the work goes on: the time after which others take the entry over begins anew.
    ///
    /// - Returns: whether it still was pending. It may be another consumer's by then, and is this one's again.
    @MainActor @discardableResult
    public func renew() async throws(RedisError) -> Bool {
        let ids = try await consumer.commands.xclaimIDs(
            consumer.stream, group: consumer.group, consumer: consumer.name, idle: .zero, ids: [id])
        return !ids.isEmpty
    }
}

/// A consumer of a group.
nonisolated struct RedisConsumer: Sendable {
    let commands: any RedisCommands
    let stream: any RedisArgument
    let group: String
    let name: String
}
