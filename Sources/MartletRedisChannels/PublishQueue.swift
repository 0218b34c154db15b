import DequeModule
import Logging
import MartletLoop
import MartletRESP
import MartletRedis

/// Publishes in order, many messages at a time, and drops what cannot be published: it is not kept for later.
final class PublishQueue {
    private let client: RedisClient
    private let limit: Int
    private var waiting = Deque<(channel: [UInt8], message: [UInt8])>()
    private var bytes = 0
    private var publisher: Task<Void, Never>?
    private var isClosed = false
    /// Whether the last attempt succeeded, so that a server that is gone is logged once.
    private var isHealthy = true
    private let idle = Event()
    /// How many messages were dropped.
    private(set) var dropped = 0

    /// What goes into one write.
    private static let messagesPerWrite = 256
    private static let bytesPerWrite = 1 << 20
    /// What a message costs beside its bytes.
    private static let costOfMessage = 64

    init(_ client: RedisClient, limit: Int) {
        self.client = client
        self.limit = limit
        idle.set()
    }

    deinit {}

    /// Queues a message; `false` when there is no room for it, or the server is not reached.
    func publish(_ message: [UInt8], on channel: [UInt8]) -> Bool {
        let cost = message.count + channel.count + Self.costOfMessage
        guard !isClosed, isHealthy || waiting.isEmpty, cost <= limit - min(bytes, limit) else {
            dropped &+= 1
            return false
        }
        waiting.append((channel, message))
        bytes += cost
        idle.clear()
        if publisher == nil { publisher = Task { await run() } }
        return true
    }

    /// Waits until everything is on its way, or cannot be.
    func drain() async {
        isClosed = true
        try? await idle.wait()
    }

    private func run() async {
        // In the next turn: what is published in this one leaves together.
        while let batch = nextBatch() {
            do throws(RedisError) {
                let answers = try await client.send(batch)
                // Without the right to publish (ACL), say.
                let refusal = answers.lazy.compactMap { if case .error(let reply) = $0 { reply } else { nil } }.first
                if let refusal { throw RedisError(refusal, host: client.settings.host, command: "PUBLISH") }
                note(nil)
            } catch {
                dropped &+= batch.count
                note(error)
            }
        }
        publisher = nil
        idle.set()
    }

    private func nextBatch() -> [RedisCommand]? {
        var batch: [RedisCommand] = []
        var size = 0
        while batch.count < Self.messagesPerWrite, size < Self.bytesPerWrite, let next = waiting.popFirst() {
            let (channel, message) = next
            size += message.count
            bytes -= message.count + channel.count + Self.costOfMessage
            batch.append(RedisCommand("PUBLISH", channel, message))
        }
        return batch.isEmpty ? nil : batch
    }

    private func note(_ error: RedisError?) {
        guard isHealthy != (error == nil) else { return }
        isHealthy = error == nil
        if let error {
            client.settings.logger.error("channels are not published", metadata: ["reason": "\(error)"])
        } else {
            client.settings.logger.notice("channels are published again")
        }
    }
}
