import MartletLoop
import MartletRESP

/// The sentinels, as somebody who asks them knows them: who answered last is asked first.
final class SentinelDirectory {
    private let settings: RedisSentinelSettings
    private var order: [RedisSettings]
    private var known: Set<RedisNodeAddress>

    /// So many sentinels are remembered, whatever they say of others.
    nonisolated static let most = 32

    init(_ settings: RedisSentinelSettings) {
        self.settings = settings
        order = settings.sentinels.map { sentinel in
            var sentinel = sentinel
            sentinel.timeouts.connect = min(sentinel.timeouts.connect, settings.sentinelTimeout)
            sentinel.timeouts.command = min(sentinel.timeouts.command, settings.sentinelTimeout)
            sentinel.database = 0
            return sentinel
        }
        known = Set(order.compactMap { RedisNodeAddress($0.endpoint) })
    }

    deinit {}

    /// The master and its replicas, as the first sentinel says who can.
    ///
    /// - Throws: `RedisError`, code `connection`, when none can: with what the last one has said.
    func servers() async throws(RedisError) -> (master: RedisNodeAddress, replicas: [RedisNodeAddress]) {
        var reasons: [String] = []
        for sentinel in order {
            do throws(RedisError) {
                if let found = try await ask(sentinel) {
                    moveToFront(sentinel)
                    return found
                }
                reasons.append("\(sentinel.host): it knows of no master \"\(settings.masterName)\"")
            } catch {
                if error.code == .cancelled { throw error }
                reasons.append(error.description)
            }
        }
        throw RedisError(
            .connection, host: "sentinel \(settings.masterName)",
            reasons.isEmpty
                ? "there are no sentinels to ask: set some"
                : "no sentinel names a master: \(reasons.joined(separator: "; "))", isUnsent: true)
    }

    /// A connection to a sentinel, for its announcements.
    func connect() async throws(RedisError) -> RedisConnection {
        var last = RedisError(.connection, "there are no sentinels to ask: set some", isUnsent: true)
        for sentinel in order {
            do throws(RedisError) { return try await RedisConnection.connect(sentinel) } catch { last = error }
        }
        throw last
    }

    private func ask(
        _ sentinel: RedisSettings
    ) async throws(RedisError) -> (master: RedisNodeAddress, replicas: [RedisNodeAddress])? {
        let connection = try await RedisConnection.connect(sentinel)
        defer { connection.close() }
        let host = RedisNodeAddress(sentinel.endpoint)?.host
        let name = settings.masterName
        let answers = try await connection.send([
            RedisCommand("SENTINEL GET-MASTER-ADDR-BY-NAME", name), RedisCommand("SENTINEL REPLICAS", name),
            RedisCommand("SENTINEL SENTINELS", name),
        ])
        guard answers.count == 3 else { return nil }
        do throws(RedisMismatch) {
            guard let master = try SentinelAnswers.master(answers[0], from: host ?? "localhost") else { return nil }
            // Of a name that it does not know, the other two are errors, and do not matter.
            let replicas = try? SentinelAnswers.replicas(answers[1], from: host ?? "localhost")
            if let others = try? SentinelAnswers.sentinels(answers[2], from: host ?? "localhost") {
                remember(others, like: sentinel)
            }
            return (master, replicas ?? [])
        } catch {
            throw RedisError(
                .unexpectedAnswer, host: sentinel.host, command: "SENTINEL GET-MASTER-ADDR-BY-NAME",
                error.description, cause: error)
        }
    }

    private func remember(_ others: [RedisNodeAddress], like sentinel: RedisSettings) {
        for other in others where order.count < Self.most && known.insert(other).inserted {
            var settings = sentinel
            settings.endpoint = .host(other.host, port: other.port)
            order.append(settings)
        }
    }

    private func moveToFront(_ sentinel: RedisSettings) {
        guard let place = order.firstIndex(where: { $0.endpoint == sentinel.endpoint }), place > 0 else { return }
        order.insert(order.remove(at: place), at: 0)
    }
}
