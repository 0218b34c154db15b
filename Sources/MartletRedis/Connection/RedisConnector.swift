import MartletLoop
import MartletNet
import MartletRESP
import MartletTLS

/// Makes connections to one server: address, TLS, greeting.
final class RedisConnector {
    let settings: RedisSettings
    /// Made once: it reads the system's authorities, and keeps sessions to resume.
    private var tls: TLSClientContext?
    /// Made once: it remembers who of the sentinels has answered.
    private lazy var directory: SentinelDirectory? = {
        guard case .sentinels(let sentinels) = settings.endpoint else { return nil }
        return SentinelDirectory(RedisSentinelSettings(sentinels, server: settings))
    }()
    /// Connections that were made, and attempts that failed.
    private(set) var made = 0
    private(set) var failed = 0

    init(_ settings: RedisSettings) {
        self.settings = settings
    }

    deinit {}

    /// Connects and greets.
    func connect() async throws(RedisError) -> RedisConnection {
        do {
            let connection = try await withTimeout(settings.timeouts.connect, for: "connecting") {
                let settings = try await self.found()
                let connection = RedisConnection(try await self.stream(settings), settings: settings)
                connection.begin()
                do {
                    try await RedisGreeting(connection).perform()
                    connection.isGreeted = true
                    // Sentinels may not know yet that it is not any more.
                    if self.directory != nil { try await RedisSentinelClient.verify(connection) }
                    try await self.settings.prepare?(connection)
                    connection.isAltered = false
                } catch {
                    connection.close()
                    throw error
                }
                return connection
            }
            made += 1
            return connection
        } catch {
            failed += 1
            throw explained(error)
        }
    }

    /// The settings with the address of the master, where sentinels know that.
    private func found() async throws(RedisError) -> RedisSettings {
        guard let directory else { return settings }
        let master = try await directory.servers().master
        var settings = settings
        settings.endpoint = .host(master.host, port: master.port)
        return settings
    }

    private func stream(_ settings: RedisSettings) async throws -> ByteStream {
        let stream: ByteStream
        switch settings.endpoint {
        case .host(let host, let port):
            stream = try await MartletNet.connect(
                host: host, port: port, options: settings.connect, resolver: settings.resolver)
        case .unix(let path):
            let address = try SocketAddress(parsing: "unix:\(path)")
            stream = try await MartletNet.connect(to: address, options: settings.connect)
        case .sentinels(let sentinels):
            throw RedisError(.connection, "\(sentinels) is no server", isUnsent: true)
        }
        guard let tlsSettings = settings.tls else { return stream }
        do {
            let context = try tls ?? TLSClientContext(tlsSettings)
            tls = context
            try await stream.startTLS(context, serverName: Self.serverName(settings))
            return stream
        } catch {
            stream.close()
            throw error
        }
    }

    private static func serverName(_ settings: RedisSettings) -> String {
        if let name = settings.serverName { return name }
        if case .host(let host, _) = settings.endpoint { return host }
        return "localhost"
    }

    private func explained(_ error: any Error) -> RedisError {
        let host = settings.host
        switch error {
        case let error as RedisError:
            return RedisError(
                error.code, host: host, command: error.command, error.reason, reply: error.reply, cause: error.cause,
                isUnsent: true)
        case is CancellationError:
            return RedisError(.cancelled, host: host, "the task was cancelled while connecting", isUnsent: true)
        case is TimeoutError:
            let limit = settings.timeouts.connect
            return RedisError(
                .connection, host: host, "no connection within \(limit)", cause: error, isUnsent: true)
        default:
            return RedisError(.connection, host: host, "\(error)", cause: error, isUnsent: true)
        }
    }
}
