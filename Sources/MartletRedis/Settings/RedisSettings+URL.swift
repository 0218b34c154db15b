import MartletTLS

extension RedisSettings {
    /// Reads a URL.
    ///
    /// | form | means |
    /// |---|---|
    /// | `redis://[[user]:password@]host[:port][/database]` | TCP |
    /// | `rediss://…` | TLS |
    /// | `unix:///path/of/socket?db=1`, `unix://[user]:password@/path`, `redis+unix://…` | a Unix socket |
    /// | `redis+sentinel://[[user]:password@]host[:port][,host[:port]]/master[/database]` | the master that these sentinels name |
    /// | `rediss+sentinel://…` | the same, all of them by TLS |
    ///
    /// Parameters behind `?`: `db`, `client_name`, `protocol` (2 or 3), `user` or `username`, `password`, `timeout` (of
    /// commands) and `connect_timeout` in seconds. User and password are percent-decoded. Other parameters are errors.
    ///
    /// With sentinels, user and password are the master's; their own are the parameters `sentinel_username` and
    /// `sentinel_password`. Their port is 26379 unless it is given. The schemes `redis-sentinel` and `rediss-sentinel` are the
    /// same, and the master may also be named by `service_name=`, or behind a `#`: `redis-sentinel://h1,h2/2#master`. A client
    /// for such a URL sends commands again that were surely not executed, until their time-out, so that a failover is a delay.
    ///
    /// - Throws: ``RedisError/Code-swift.struct/invalidSettings``, which shows no password.
    public init(url text: String) throws(RedisError) {
        let url = try RedisURL(text)
        self.init(url.endpoint)
        if url.isSecure { tls = TLSClientSettings() }
        user = url.user
        password = url.password
        database = url.database ?? 0
        clientName = url.clientName
        if let version = url.protocolVersion { protocolVersion = version }
        if let seconds = url.timeout { timeouts.command = seconds }
        if let seconds = url.connectTimeout { timeouts.connect = seconds }
        if case .sentinels = endpoint {
            retries = .throughFailovers
            reconnect = .exponential(from: .milliseconds(20), to: .milliseconds(500), jitter: .equal)
        }
    }
}
