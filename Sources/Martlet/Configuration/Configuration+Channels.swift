import MartletRedis
import MartletRedisChannels
import MartletServer

nonisolated extension Configuration {
    /// `[channels]`: how channels reach other machines.
    public nonisolated struct Channels: Codable, Hashable, Sendable {
        /// The URL of the Redis server that carries them, in a form of `RedisSettings`; `nil`: they stay on this machine.
        public var redis: String?
        /// What the names of Redis' channels begin with.
        public var prefix = "martlet"
        /// How often a worker says that it lives.
        public var heartbeat: ConfigurationDuration = .seconds(5)

        /// The defaults.
        public init() {}
    }
}

@MainActor extension Configuration.Channels {
    /// Makes a worker's channels reach other machines, if they are to. Before the application has a say, which may ask
    /// for channels.
    ///
    /// - Throws: `RedisError` when the URL makes no sense, which the configuration's check has ruled out.
    func share(_ worker: Worker) throws {
        guard let redis else { return }
        var settings = try RedisChannelSettings(url: redis)
        settings.prefix = prefix
        settings.heartbeat = heartbeat.duration
        worker.shareChannels(over: settings)
    }
}
