/// The entries of a stream for one consumer of a group, one after the other, for ever.
///
/// ```swift
/// for try await order in client.consume("orders", group: "billing", consumer: hostname) {
///     try await bill(order["customer"])
///     try await order.acknowledge()
/// }
/// ```
///
/// At least once: what is not acknowledged comes again, here or at another consumer of the group, after
/// ``RedisConsumerSettings/claimsIdle``. So work has to bear being done twice, and whoever fails need not do anything. What a
/// consumer of the same name had when it ended comes first. ``RedisDelivery/deliveries`` tells entries that fail again and
/// again. The rules, in this order, whenever the loop asks for an entry:
///
/// 1. The next one of the batch, if it has not waited as long as an entry may idle: then it may be another consumer's
///    already, and the batch is dropped.
/// 2. What is pending with this consumer from an earlier life, once.
/// 3. What idles with any consumer, if it was not looked for in half the time that an entry may idle.
/// 4. New entries, which the server is asked to wait for on a connection of its own.
///
/// A server that is gone, loading or failing over is asked again, with growing waits; a stream or group that is gone is made
/// again. Every other error ends the loop, and so does cancellation. Entries that were deleted while they were
/// pending are acknowledged and left out.
public nonisolated struct RedisConsumption<Value: RedisDecodable>: AsyncSequence, Sendable {
    let consumer: RedisConsumer
    let settings: RedisConsumerSettings

    /// Begins to consume.
    public func makeAsyncIterator() -> Iterator { Iterator(consumer: consumer, settings: settings) }

    /// Goes through the entries.
    public struct Iterator: AsyncIteratorProtocol {
        private let consumer: RedisConsumer
        private let settings: RedisConsumerSettings
        private var batch = Batch()
        /// What was read and has yet to become a batch: kept over errors, for nobody would read it again soon.
        private var reading: Reading?
        private var phase = Phase.group
        private var claims: ClaimState

        /// What is done when the batch is used up.
        private enum Phase {
            /// The group is made, if there is none.
            case group
            /// What is pending from an earlier life after this id is read.
            case history(after: RedisStreamID)
            /// What idles and what is new is read.
            case live
        }

        /// Entries that wait for their turn.
        private struct Batch {
            var deliveries: ArraySlice<RedisDelivery<Value>> = []
            var received = ContinuousClock.now
        }

        /// Entries as the server gave them.
        private struct Reading {
            let entries: [RedisStreamEntry<Value>]
            let areNew: Bool
            let received = ContinuousClock.now
        }

        /// Where the search for what idles is.
        private struct ClaimState {
            /// When it begins again; `nil` is never.
            var due: ContinuousClock.Instant?
            var cursor = RedisStreamID.zero
        }

        init(consumer: RedisConsumer, settings: RedisConsumerSettings) {
            self.consumer = consumer
            self.settings = settings
            claims = ClaimState(due: settings.claimsIdle == nil ? nil : .now)
        }

        /// The next entry. It never ends by itself.
        ///
        /// - Throws: `RedisError`, also when the task is cancelled.
        @MainActor
        public mutating func next() async throws(RedisError) -> RedisDelivery<Value>? {
            var backoff = settings.backoff
            while true {
                if let delivery = takeFromBatch() { return delivery }
                do throws(RedisError) {
                    try await fill()
                    backoff = settings.backoff
                } catch {
                    guard recovers(from: error) else { throw error }
                    do {
                        try await Task.sleep(for: backoff)
                    } catch {
                        throw RedisError(.cancelled, command: "XREADGROUP", "cancelled while waiting for the server")
                    }
                    backoff = Swift.min(backoff * 2, settings.maximumBackoff)
                }
            }
        }

        private mutating func takeFromBatch() -> RedisDelivery<Value>? {
            guard !batch.deliveries.isEmpty else { return nil }
            if let limit = settings.claimsIdle, batch.received.duration(to: .now) >= limit {
                // They are pending still, and come again as what idles.
                batch.deliveries = []
                return nil
            }
            return batch.deliveries.popFirst()
        }

        /// Whether it makes sense to ask again, after a while.
        private mutating func recovers(from error: RedisError) -> Bool {
            switch error.code {
            case .connection, .connectionLost, .timedOut: return true
            case .server:
                switch error.serverCode {
                // UNBLOCKED: the stream was deleted while the server waited for its entries.
                case "NOGROUP" where settings.createsGroupFrom != nil,
                    "UNBLOCKED" where settings.createsGroupFrom != nil:
                    phase = .group
                    reading = nil
                    return true
                case "LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "BUSY": return true
                default: return false
                }
            default: return false
            }
        }

        /// One step towards more entries.
        @MainActor
        private mutating func fill() async throws(RedisError) {
            if let reading { return try await deliver(reading) }
            switch phase {
            case .group:
                try await makeGroup()
                phase = .history(after: .zero)
            case .history(let id):
                let entries = try await read(.pending(consumer.stream, after: id), block: nil)
                phase = entries.last.map { .history(after: $0.id) } ?? .live
                try await deliver(Reading(entries: entries, areNew: false))
            case .live:
                let now = ContinuousClock.now
                if let due = claims.due, due <= now {
                    try await claim()
                    if !batch.deliveries.isEmpty { return }
                }
                // Zero would wait for ever.
                let untilClaim = claims.due.map { Swift.max(now.duration(to: $0), .milliseconds(1)) } ?? settings.block
                let block = Swift.max(Swift.min(settings.block, untilClaim), .milliseconds(1))
                let entries = try await read(.new(consumer.stream), block: block)
                try await deliver(Reading(entries: entries, areNew: true))
            }
        }

        @MainActor
        private func makeGroup() async throws(RedisError) {
            guard let start = settings.createsGroupFrom else { return }
            do throws(RedisError) {
                try await consumer.commands.xgroupCreate(
                    consumer.stream, group: consumer.group, from: start == .beginning ? .beginning : .end,
                    createsStream: true)
            } catch  where error.serverCode == "BUSYGROUP" {
                // It exists, which is what matters.
            }
        }

        @MainActor
        private func read(
            _ position: RedisGroupPosition, block: Duration?
        ) async throws(RedisError) -> [RedisStreamEntry<Value>] {
            try await consumer.commands.xreadgroup(
                group: consumer.group, consumer: consumer.name, count: settings.batchSize, block: block,
                streams: [position], as: Value.self
            ).first?.entries ?? []
        }

        /// Takes over what idles, a batch at a time.
        @MainActor
        private mutating func claim() async throws(RedisError) {
            guard let idle = settings.claimsIdle else { return }
            let claimed = try await consumer.commands.xautoclaim(
                consumer.stream, group: consumer.group, consumer: consumer.name, idle: idle, from: claims.cursor,
                count: settings.batchSize, as: Value.self)
            claims.cursor = claimed.next
            // What is left of the pending entries is looked at at once, when this batch is used up.
            claims.due = claimed.next == .zero ? .now + idle / 2 : .now
            try await deliver(Reading(entries: claimed.elements, areNew: false))
        }

        /// Makes a batch of what was read. Of entries that are not new it asks how often they were delivered.
        @MainActor
        private mutating func deliver(_ new: Reading) async throws(RedisError) {
            reading = new
            let deleted = new.entries.filter(\.isDeleted).map(\.id)
            let entries = new.entries.filter { !$0.isDeleted }
            if !deleted.isEmpty {
                try await consumer.commands.xack(consumer.stream, group: consumer.group, ids: deleted)
            }
            var deliveries: [RedisStreamID: Int] = [:]
            if !new.areNew, let first = entries.first, let last = entries.last {
                let pending = try await consumer.commands.xpending(
                    consumer.stream, group: consumer.group, from: .id(first.id), through: .id(last.id),
                    count: settings.batchSize * 4, consumer: consumer.name)
                for entry in pending { deliveries[entry.id] = entry.deliveries }
            }
            reading = nil
            batch.received = new.received
            batch.deliveries = ArraySlice(
                entries.map { entry in
                    RedisDelivery(
                        entry: entry, deliveries: deliveries[entry.id] ?? (new.areNew ? 1 : 2), consumer: consumer)
                })
        }
    }
}

nonisolated extension RedisConsumerSettings {
    /// ``batch`` within its limits.
    fileprivate var batchSize: Int { Swift.min(Swift.max(batch, 1), 10_000) }
}

extension RedisCommands {
    /// Consumes a stream as one consumer of a group: see ``RedisConsumption``.
    ///
    /// Where commands go has to be able to wait for the server without keeping others waiting, as a client is, which has
    /// connections for that. A connection of one's own waits alone.
    ///
    /// - Parameters:
    ///   - stream: the stream's key.
    ///   - group: the group, which is created when it does not exist, unless the settings say otherwise.
    ///   - consumer: the consumer's name, which nobody else of the group has at the same time.
    ///   - settings: how it reads.
    ///   - resultType: the type of the fields' values.
    public func consume<Value: RedisDecodable>(
        _ stream: some RedisArgument, group: String, consumer: String,
        settings: RedisConsumerSettings = RedisConsumerSettings(), as resultType: Value.Type = String.self
    ) -> RedisConsumption<Value> {
        RedisConsumption(
            consumer: RedisConsumer(commands: self, stream: stream, group: group, name: consumer), settings: settings)
    }
}
