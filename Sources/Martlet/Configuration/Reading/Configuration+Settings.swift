// All keys that there are, with the values they take.

nonisolated extension ClosedRange where Bound == ConfigurationDuration {
    /// Keys of tickets that stay for weeks are worth stealing.
    static var rotation: Self { .seconds(1) ... .seconds(7 * 86_400) }
    /// Every wait ends: no duration is zero, none longer than a day.
    static var anyWait: Self { .milliseconds(1) ... .seconds(86_400) }
    /// What TCP takes: whole seconds, up to 32767 (man 7 tcp).
    static var tcpSeconds: Self { .seconds(1) ... .seconds(32_767) }
}

nonisolated extension Configuration {
    /// The names of the tables.
    static let tables = ["tls", "limits", "timeouts", "log", "channels"]
    /// The names of the arrays of tables.
    static let arraysOfTables = ["listen", "route"]

    static let settings: [Setting<Configuration>] = [
        Setting("workers", \.workers, SettingReaders.workers),
        Setting("user", \.user, SettingReaders.userName),
        Setting("control", \.control, SettingReaders.socketPath),
        Setting("control_mode", \.controlMode, SettingReaders.mode),
        Setting("control_read_only", \.controlReadOnly, SettingReaders.socketPath),
        Setting("pin_workers", \.pinWorkers, SettingReaders.boolean),
    ]

    /// The keys that may be said outside of the file, `table.key`; `listen` stands for all addresses.
    static var overridableKeys: [String] {
        settings.map(\.name) + ["listen"] + TLSListen.overridable.map { "tls.\($0)" }
            + TLSService.settings.map { "tls.\($0.name)" } + Limits.settings.map { "limits.\($0.name)" }
            + Timeouts.settings.map { "timeouts.\($0.name)" } + Log.settings.map { "log.\($0.name)" }
            + Channels.settings.map { "channels.\($0.name)" }
    }
}

nonisolated extension Configuration.Listen {
    static let settings: [Setting<Self>] = [
        Setting("address", \.address, isRequired: true, SettingReaders.address),
        Setting("name", \.name, SettingReaders.listenerName),
        Setting("backlog", \.backlog, SettingReaders.integer(1...1_000_000)),
        Setting("defer_accept", \.deferAccept, SettingReaders.optionalDuration(.tcpSeconds)),
        Setting("no_delay", \.noDelay, SettingReaders.boolean),
        Setting("keep_alive", \.keepAlive, SettingReaders.optionalDuration(.tcpSeconds)),
        Setting("keep_alive_interval", \.keepAliveInterval, SettingReaders.duration(.tcpSeconds)),
        Setting("keep_alive_count", \.keepAliveCount, SettingReaders.integer(1...127)),
        Setting("ipv6_only", \.ipv6Only, SettingReaders.boolean),
        Setting("proxy_protocol", \.proxyProtocol, SettingReaders.boolean),
        Setting("mode", \.mode, SettingReaders.someMode),
    ]
}

nonisolated extension Configuration.TLSListen {
    /// The keys of a certificate that may be said outside of the file.
    static let overridable = ["certificate", "key"]

    static let settings: [Setting<Self>] = [
        Setting("minimum_version", \.minimumVersion, SettingReaders.word()),
        Setting("client_certificates", \.clientCertificates, SettingReaders.word()),
        Setting("client_roots", \.clientRoots, SettingReaders.someFile),
        Setting("tickets", \.tickets, SettingReaders.boolean),
        Setting("handshake_timeout", \.handshakeTimeout, SettingReaders.duration(.anyWait)),
        Setting("handshakes", \.handshakes, SettingReaders.integer(1...1_000_000)),
    ]
}

nonisolated extension Configuration.TLSListen.Certificate {
    /// The keys of `[listen.tls]` when there is but one certificate.
    static let onlySettings: [Setting<Self>] = [Setting("certificate", \.file, SettingReaders.file)] + others
    /// The keys of `[[listen.tls.certificate]]`.
    static let settings: [Setting<Self>] = [Setting("file", \.file, isRequired: true, SettingReaders.file)] + others

    private static let others: [Setting<Self>] = [
        Setting("key", \.key, SettingReaders.someFile), Setting("ocsp", \.ocsp, SettingReaders.someFile),
    ]
}

nonisolated extension Configuration.TLSService {
    static let settings: [Setting<Self>] = [
        Setting("ticket_rotation", \.ticketRotation, SettingReaders.duration(.rotation)),
        Setting("watch", \.watch, SettingReaders.boolean),
        Setting("warning_days", \.warningDays, SettingReaders.integer(0...3650)),
    ]
}

nonisolated extension Configuration.Limits {
    static let settings: [Setting<Self>] = [
        Setting("request_line", \.requestLine, SettingReaders.bytes(ByteCount(64)...ByteCount(1 << 24))),
        Setting("field_section", \.fieldSection, SettingReaders.bytes(ByteCount(64)...ByteCount(1 << 24))),
        Setting("fields", \.fields, SettingReaders.integer(1...10_000)),
        Setting("body", \.body, SettingReaders.bytes(ByteCount(0)...ByteCount(1 << 50))),
        Setting("body_expansion", \.bodyExpansion, SettingReaders.integer(1...1_000_000)),
        Setting("connections", \.connections, SettingReaders.integer(1...10_000_000)),
        Setting("requests", \.requests, SettingReaders.integer(1...10_000_000)),
        Setting("rate", \.rate, SettingReaders.bytes(ByteCount(0)...ByteCount(1 << 30))),
    ]
}

nonisolated extension Configuration.Timeouts {
    static let settings: [Setting<Self>] = [
        Setting("head", \.head, SettingReaders.duration(.anyWait)),
        Setting("body", \.body, SettingReaders.duration(.anyWait)),
        Setting("idle", \.idle, SettingReaders.duration(.anyWait)),
        Setting("write", \.write, SettingReaders.duration(.anyWait)),
        Setting("start", \.start, SettingReaders.duration(.anyWait)),
        Setting("stall", \.stall, SettingReaders.duration(.anyWait)),
        Setting("drain", \.drain, SettingReaders.duration(.anyWait)),
        Setting("drain_idle", \.drainIdle, SettingReaders.duration(.anyWait)),
    ]
}

nonisolated extension Configuration.Log {
    static let settings: [Setting<Self>] = [
        Setting("level", \.level, SettingReaders.logLevel),
        Setting("target", \.target, SettingReaders.logTarget),
    ]
}

nonisolated extension Configuration.Channels {
    static let settings: [Setting<Self>] = [
        Setting("redis", \.redis, SettingReaders.someRedisURL),
        Setting("prefix", \.prefix, SettingReaders.redisPrefix),
        Setting("heartbeat", \.heartbeat, SettingReaders.duration(.anyWait)),
    ]
}

nonisolated extension Configuration.Route {
    /// The keys of an answer, and those of all else: a route is one of them.
    static let answerKeys = ["methods", "text", "status", "content_type"]
    static let webSocketKeys = ["channel", "origins", "message_size", "compression"]
    static let downloadKeys = [
        "database", "directories", "hosts", "networks", "private", "running", "running_per_host", "segments", "waiting",
        "jobs", "file_size", "total_size", "rate_limit",
    ]
    static let storeKeys = [
        "value_size", "key_size", "store_size", "durable", "values", "require_conditions", "ttl", "watchers",
    ]

    static let settings: [Setting<Self>] = [
        Setting("path", \.path, isRequired: true, SettingReaders.routePath),
        Setting("methods", \.methods, SettingReaders.methods),
        Setting("text", \.text, SettingReaders.text),
        Setting("status", \.status, SettingReaders.integer(200...599)),
        Setting("content_type", \.contentType, SettingReaders.contentType),
        Setting("websocket", \.webSocket, SettingReaders.webSocketKind),
        Setting("channel", \.channel, SettingReaders.channelName),
        Setting("origins", \.origins, SettingReaders.origins),
        Setting("message_size", \.messageSize, SettingReaders.bytes(ByteCount(1)...ByteCount(1 << 30))),
        Setting("compression", \.compression, SettingReaders.boolean),
        Setting("downloads", \.downloads, SettingReaders.someAbsolutePath),
        Setting("database", \.database, SettingReaders.absolutePath),
        Setting("directories", \.directories, SettingReaders.absolutePaths),
        Setting("hosts", \.hosts, SettingReaders.hostPatterns),
        Setting("networks", \.networks, SettingReaders.networks),
        Setting("private", \.allowsPrivate, SettingReaders.boolean),
        Setting("running", \.running, SettingReaders.integer(1...1000)),
        Setting("running_per_host", \.runningPerHost, SettingReaders.integer(1...1000)),
        Setting("segments", \.segments, SettingReaders.integer(1...64)),
        Setting("waiting", \.waiting, SettingReaders.integer(1...1_000_000)),
        Setting("jobs", \.jobs, SettingReaders.integer(1...10_000_000)),
        Setting("file_size", \.fileSize, SettingReaders.bytes(ByteCount(1)...ByteCount(1 << 50))),
        Setting("total_size", \.totalSize, SettingReaders.bytes(ByteCount(1)...ByteCount(1 << 50))),
        Setting("rate_limit", \.rateLimit, SettingReaders.bytes(ByteCount(0)...ByteCount(1 << 40))),
        Setting("store", \.store, SettingReaders.someStoreURL),
        Setting("value_size", \.valueSize, SettingReaders.bytes(ByteCount(1)...ByteCount(256 << 20))),
        Setting("key_size", \.keySize, SettingReaders.bytes(ByteCount(1)...ByteCount(64 << 10))),
        Setting("store_size", \.storeSize, SettingReaders.bytes(ByteCount(1 << 20)...ByteCount(1 << 50))),
        Setting("durable", \.isDurable, SettingReaders.boolean),
        Setting("values", \.values, SettingReaders.word()),
        Setting("require_conditions", \.requiresConditions, SettingReaders.boolean),
        Setting("ttl", \.timeToLive, SettingReaders.optionalDuration(.milliseconds(1) ... .seconds(.max))),
        Setting("watchers", \.watchers, SettingReaders.integer(0...10_000)),
    ]
}
