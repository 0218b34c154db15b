import MartletLoop
import MartletNet
import MartletRESP
import MartletTLS

/// Makes connections to one server: address, TLS, greeting.
final class RedisConnector {
    let settings: RedisSettings
    /// Made once: it reads the system's authorities, and keeps sessions to resume.
    private var tls: TLSClientContext?
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
                let connection = RedisConnection(try await self.stream(), settings: self.settings)
                connection.begin()
                do {
                    try await RedisGreeting(connection).perform()
                    connection.isGreeted = true
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

    private func stream() async throws -> ByteStream {
        let stream: ByteStream
        switch settings.endpoint {
        case .host(let host, let port):
            stream = try await MartletNet.connect(
                host: host, port: port, options: settings.connect, resolver: settings.resolver)
        case .unix(let path):
            let address = try SocketAddress(parsing: "unix:\(path)")
            stream = try await MartletNet.connect(to: address, options: settings.connect)
        }
        guard let tlsSettings = settings.tls else { return stream }
        do {
            let context = try tls ?? TLSClientContext(tlsSettings)
            tls = context
            try await stream.startTLS(context, serverName: serverName)
            return stream
        } catch {
            stream.close()
            throw error
        }
    }

    private var serverName: String {
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
