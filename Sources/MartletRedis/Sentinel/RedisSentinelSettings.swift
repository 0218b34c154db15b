/// Which sentinels to ask for which master, and how to speak to all of them.
public struct RedisSentinelSettings {
    /// The sentinels to begin with, in the order in which they are asked, each with its own user and password. Others
    /// that these know of are asked after them.
    public var sentinels: [RedisSettings]
    /// What the sentinels call the master.
    public var masterName: String
    /// How to speak to the master and the replicas, wherever they are: user, password, TLS, database, time-outs. A command
    /// is tried until its time-out: that should be longer than a failover takes.
    public var server: RedisSettings
    /// Who answers commands that change nothing.
    public var reads = RedisReads.master
    /// How long one sentinel has to answer before the next one is asked.
    public var sentinelTimeout: Duration = .seconds(1)

    /// Settings.
    ///
    /// - Parameters:
    ///   - sentinels: the sentinels, one at least.
    ///   - masterName: what they call the master.
    ///   - server: how to speak to the master and the replicas; the endpoint is of no account.
    public init(sentinels: [RedisSettings], masterName: String, server: RedisSettings = RedisSettings()) {
        self.sentinels = sentinels
        self.masterName = masterName
        self.server = server
    }

    /// Settings from a URL, `redis+sentinel://[[user]:password@]host[:port][,host[:port]]/master[/database]`: see
    /// ``RedisSettings/init(url:)``.
    ///
    /// - Throws: ``RedisError/Code-swift.struct/invalidSettings``, also for a URL that names no sentinels.
    public init(url: String) throws(RedisError) {
        let server = try RedisSettings(url: url)
        guard case .sentinels(let sentinels) = server.endpoint else {
            throw RedisError(
                .invalidSettings, "the URL names no sentinels: redis+sentinel://host:26379,host:26379/mymaster",
                isUnsent: true)
        }
        self.init(sentinels, server: server)
    }

    /// Sentinels that are spoken to as the master is, but for user and password.
    init(_ sentinels: RedisSentinels, server: RedisSettings) {
        let all = sentinels.addresses.map { address in
            var settings = server.at(address)
            settings.user = sentinels.user
            settings.password = sentinels.password
            settings.database = 0
            settings.prepare = nil
            return settings
        }
        self.init(sentinels: all, masterName: sentinels.masterName, server: server)
    }
}
