import Logging

/// What a configuration file says, with the defaults for what it does not say. `etc/martlet.toml` explains every key.
///
/// The supervisor reads it with ``ConfigurationFile`` and sends it to the workers as JSON, so both see the same.
public nonisolated struct Configuration: Codable, Hashable, Sendable {
    /// Worker processes.
    public var workers: WorkerCount = .automatic
    /// The user that the workers run as; `nil`: the one that the daemon is started as.
    public var user: String?
    /// The path of the control socket; `nil`: there is none. ``ConfigurationFile`` fills in the default.
    public var control: String?
    /// The mode of the control socket's file.
    public var controlMode: UInt32 = 0o660
    /// The path of a second control socket that answers questions and refuses everything else.
    public var controlReadOnly: String?
    /// Whether every worker is bound to one CPU.
    public var pinWorkers = false
    /// Where to listen, as the file says: see ``listeners(hasPassedSockets:)``.
    public var listen: [Listen] = []
    /// TLS at addresses that the file does not list: the default one, and sockets that systemd passes. What the options
    /// of the command line and the environment say; `nil`: none.
    public var unlistedTLS: TLSListen?
    /// What all listeners with TLS have in common.
    public var tls = TLSService()
    /// What is refused because it is too large or too much.
    public var limits = Limits()
    /// How long things may take.
    public var timeouts = Timeouts()
    /// Where the log goes, and how much of it.
    public var log = Log()
    /// How channels reach other machines.
    public var channels = Channels()
    /// Answers that the file itself gives.
    public var routes: [Route] = []

    /// The defaults.
    public init() {}

    /// Where to listen: what the file says; without that, the sockets that systemd passed, or 127.0.0.1:8080.
    public func listeners(hasPassedSockets: Bool) -> [Listen] {
        guard listen.isEmpty, !hasPassedSockets else { return listen }
        var standard = Listen(address: "127.0.0.1:8080")
        standard.tls = unlistedTLS
        return [standard]
    }
}

nonisolated extension Configuration {
    /// How many workers there are.
    public nonisolated enum WorkerCount: Codable, Hashable, Sendable {
        /// As many as CPUs may be used: by affinity and by the control groups' quotas.
        case automatic
        /// So many, 1 to 1024.
        case fixed(Int)
    }

    /// `[[listen]]`: an address and how to listen there.
    public nonisolated struct Listen: Codable, Hashable, Sendable {
        /// In a form of `SocketAddress`.
        public var address: String
        /// The name of the socket that systemd passes for it (`FileDescriptorName=`); `nil` when it has none.
        public var name: String?
        /// Connections that may wait to be accepted.
        public var backlog: Int32 = 4096
        /// How long to wait for a connection's first bytes before accepting it; `nil`: not at all.
        public var deferAccept: ConfigurationDuration?
        /// Whether small writes leave at once.
        public var noDelay = true
        /// Idle time before TCP probes the peer; `nil`: it does not.
        public var keepAlive: ConfigurationDuration?
        /// Time between probes.
        public var keepAliveInterval: ConfigurationDuration = .seconds(15)
        /// Unanswered probes until the connection is dropped.
        public var keepAliveCount: Int32 = 4
        /// Whether an IPv6 address leaves IPv4 to others.
        public var ipv6Only = true
        /// Whether a proxy tells the client's address before each connection's first byte.
        public var proxyProtocol = false
        /// The mode of a Unix socket's file; `nil` leaves it to the umask.
        public var mode: UInt32?
        /// `[listen.tls]`: TLS at this address; `nil`: none.
        public var tls: TLSListen?

        /// What it is called, also by systemd when it passes the socket.
        public var label: String { name ?? address }

        /// An address, and the defaults.
        public init(address: String) { self.address = address }
    }

    /// `[limits]`
    public nonisolated struct Limits: Codable, Hashable, Sendable {
        /// Bytes of a request line.
        public var requestLine = ByteCount(8192)
        /// Bytes of all fields of a head.
        public var fieldSection = ByteCount(32768)
        /// Fields of a head.
        public var fields = 100
        /// Bytes of a body.
        public var body = ByteCount(1 << 20)
        /// How many times as large as it was sent a body may become when it is decoded.
        public var bodyExpansion = 200
        /// Open connections of one worker.
        public var connections = 10_000
        /// Requests of one worker whose handlers are waited for.
        public var requests = 10_000
        /// Bytes a second that a client has to keep up while it is waited for; 0: any progress will do.
        public var rate = ByteCount(240)

        /// The defaults.
        public init() {}
    }

    /// `[timeouts]`
    public nonisolated struct Timeouts: Codable, Hashable, Sendable {
        /// Until a request's head is complete.
        public var head: ConfigurationDuration = .seconds(10)
        /// Between two pieces of a body.
        public var body: ConfigurationDuration = .seconds(30)
        /// Between a response and the next request.
        public var idle: ConfigurationDuration = .seconds(75)
        /// Until the client takes some more of a response.
        public var write: ConfigurationDuration = .seconds(30)
        /// Until a new worker is ready.
        public var start: ConfigurationDuration = .seconds(10)
        /// Until a worker whose loop stands still is replaced.
        public var stall: ConfigurationDuration = .seconds(10)
        /// Until a worker that is to end closes what is left.
        public var drain: ConfigurationDuration = .seconds(30)
        /// How long an idle connection of such a worker is kept.
        public var drainIdle: ConfigurationDuration = .seconds(2)

        /// The defaults.
        public init() {}
    }

    /// `[log]`
    public nonisolated struct Log: Codable, Hashable, Sendable {
        /// Entries below are not written.
        public var level: Logger.Level = .info
        /// In a form of `LogTarget`.
        public var target = "auto"

        /// The defaults.
        public init() {}
    }

    /// `[[route]]`: an answer that the file itself gives.
    public nonisolated struct Route: Codable, Hashable, Sendable {
        /// In the form of `RoutePattern`.
        public var path: String
        /// The methods it answers; GET includes HEAD.
        public var methods = ["GET"]
        /// The body, in the form of ``TextTemplate``.
        public var text = ""
        /// The status code, 200 to 599.
        public var status = 200
        /// The value of the Content-Type field.
        public var contentType = "text/plain; charset=utf-8"
        /// What WebSockets speak here, in place of an answer; `nil` for an answer.
        public var webSocket: WebSocketKind?
        /// The channel of `websocket = "channel"`, in the form of `ChannelNamePattern`.
        public var channel = ""
        /// Which pages may open a WebSocket: origins such as `https://example.org`, or `*`; empty for those of this host.
        public var origins: [String] = []
        /// Bytes of a WebSocket's message.
        public var messageSize = ByteCount(1 << 20)
        /// Whether WebSockets' messages are compressed for clients that want it.
        public var compression = true

        /// The directory that a download service puts files into, in place of an answer; `nil` for an answer.
        public var downloads: String?
        /// The path of the service's database; empty for `.downloads.db` in the directory.
        public var database = ""
        /// Further directories that a job may name.
        public var directories: [String] = []
        /// Hosts that may be asked, in the form of `DownloadHostPattern`.
        public var hosts: [String] = []
        /// Networks that may be connected to although they are not of the whole world.
        public var networks: [String] = []
        /// Whether every address may be connected to.
        public var allowsPrivate = false
        /// Jobs that run at once, in all workers together.
        public var running = 4
        /// Those of them at one host.
        public var runningPerHost = 2
        /// Requests that fetch one large file.
        public var segments = 4
        /// Jobs that are not finished.
        public var waiting = 1000
        /// Jobs that are kept.
        public var jobs = 10_000
        /// Bytes of one file.
        public var fileSize = ByteCount(10 << 30)
        /// Bytes of all files of all jobs.
        public var totalSize = ByteCount(100 << 30)
        /// Bytes a second of each worker; 0: no limit.
        public var rateLimit = ByteCount(0)

        /// The URL of the store whose entries are here, in place of an answer; `nil` for an answer.
        public var store: String?
        /// Bytes of a value.
        public var valueSize = ByteCount(1 << 20)
        /// Bytes of a key.
        public var keySize = ByteCount(1024)
        /// Bytes of the store's file.
        public var storeSize = ByteCount(10 << 30)
        /// Whether changes are on the disk before they are answered.
        public var isDurable = true
        /// What values may be.
        public var values = StoreValues.raw
        /// Whether changes have to say which state they expect.
        public var requiresConditions = false
        /// How long an entry is kept when the client does not say; `nil`: until it is removed.
        public var timeToLive: ConfigurationDuration?
        /// Streams of changes that a worker serves.
        public var watchers = 100

        /// A path, and the defaults.
        public init(path: String) { self.path = path }

        /// What the values of a store may be.
        public nonisolated enum StoreValues: String, Codable, Hashable, Sendable, CaseIterable {
            /// Bytes of any media type.
            case raw
            /// JSON, which is checked.
            case json
        }

        /// What WebSockets speak that need no code.
        public nonisolated enum WebSocketKind: String, Codable, Hashable, Sendable, CaseIterable {
            /// Each message comes back.
            case echo
            /// Each message goes to all who are on the same channel, on all workers.
            case channel
        }

        /// The text, ready to be filled.
        public var template: TextTemplate { TextTemplate(text, contentType: contentType) }
    }
}
