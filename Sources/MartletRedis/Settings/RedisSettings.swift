import Logging
import MartletLoop
import MartletNet
import MartletTLS

/// Which server a client talks to, and how.
///
/// ```swift
/// var settings = try RedisSettings(url: "rediss://app:secret@redis.example.org/2")
/// settings.clientName = "shop"
/// let client = RedisClient(settings)
/// ```
public struct RedisSettings {
    /// The version of the protocol.
    public nonisolated enum ProtocolVersion: Int, Sendable {
        /// What every server speaks.
        case resp2 = 2
        /// What servers from 6 on speak. One that does not is spoken to in version 2.
        case resp3 = 3
    }

    /// Where the server is.
    public var endpoint: RedisEndpoint
    /// How TLS is spoken; `nil`: it is not.
    public var tls: TLSClientSettings?
    /// Whom the server's certificate has to name; its host unless set.
    public var serverName: String?
    /// The user; `nil` is the server's default one.
    public var user: String?
    /// The password; `nil` when none is needed.
    public var password: String?
    /// The database's number (SELECT).
    public var database = 0
    /// What the server lists the connections as (CLIENT SETNAME): no spaces.
    public var clientName: String?
    /// The version to speak, if the server does.
    public var protocolVersion = ProtocolVersion.resp3
    /// How long each part may take.
    public var timeouts = RedisTimeouts()
    /// How much is taken.
    public var limits = RedisLimits()
    /// When a command that failed is sent again.
    public var retries = RedisRetries()
    /// How long to wait between attempts to connect.
    public var reconnect = Backoff.exponential(from: .milliseconds(20), to: .seconds(5), jitter: .equal)
    /// A connection on which nothing has happened for so long is asked whether it is alive (PING); `nil`: never.
    public var healthCheck: Duration? = .seconds(30)
    /// A dedicated connection that nobody has used for so long is closed.
    public var idleTimeout: Duration = .seconds(60)
    /// How connections are made. Probes find a server that has vanished while a command blocks, which may be silent for as
    /// long as it likes.
    public var connect: ConnectOptions = {
        var options = ConnectOptions()
        options.keepAlive = ListenOptions.KeepAlive(idle: .seconds(30), interval: .seconds(10), count: 3)
        return options
    }()
    /// What looks names up.
    public var resolver = Resolver.shared
    /// Looks at every new connection after the greeting, before anything else is sent on it, and within
    /// ``RedisTimeouts/connect``. What it throws fails the attempt to connect: the commands that wait for it are not sent.
    public var prepare: (@MainActor (RedisConnection) async throws(RedisError) -> Void)?
    /// Where it is told what does not end up in an error.
    public var logger = Logger(label: "martlet.redis")
    /// What hears of every command: metrics, spans.
    public var observers: [any RedisObserver] = []

    /// The defaults, for a server.
    public init(_ endpoint: RedisEndpoint = .host("localhost", port: RedisEndpoint.defaultPort)) {
        self.endpoint = endpoint
    }

    /// Where the server is, for messages and logs.
    public var host: String { "\(endpoint)" }
}
