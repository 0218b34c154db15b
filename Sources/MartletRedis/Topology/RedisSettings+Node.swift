import MartletLoop

extension RedisSettings {
    /// The settings for a server that was found, which is known by its address and otherwise like all others.
    func at(_ address: RedisNodeAddress) -> RedisSettings {
        var settings = self
        settings.endpoint = .host(address.host, port: address.port)
        // Where to go instead is for those to decide who know of others.
        settings.retries = .none
        // A command that waits for another attempt might as well have gone elsewhere.
        settings.reconnect = .exponential(from: .milliseconds(10), to: .milliseconds(250), jitter: .equal)
        return settings
    }
}

extension RedisNodeAddress {
    /// The address of an endpoint; `nil` for Unix sockets, which nobody else could name, and for those that are to be found.
    init?(_ endpoint: RedisEndpoint) {
        guard case .host(let host, let port) = endpoint else { return nil }
        self.init(host: host, port: port)
    }
}
