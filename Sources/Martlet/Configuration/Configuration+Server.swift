import MartletHTTP
import MartletNet
import MartletServer

nonisolated extension Configuration {
    /// The limits and times for the workers' HTTP servers.
    public var serverSettings: HTTPServerSettings {
        var settings = HTTPServerSettings()
        settings.head = HTTP1Limits(
            requestLine: Int(limits.requestLine.bytes), fieldSection: Int(limits.fieldSection.bytes),
            fieldCount: limits.fields)
        settings.bodyLimit = UInt64(limits.body.bytes)
        settings.bodyExpansion = limits.bodyExpansion
        settings.connectionLimit = limits.connections
        settings.requestLimit = limits.requests
        settings.minimumRate = Int(limits.rate.bytes)
        settings.headTimeout = timeouts.head.duration
        settings.bodyTimeout = timeouts.body.duration
        settings.idleTimeout = timeouts.idle.duration
        settings.writeTimeout = timeouts.write.duration
        settings.drainIdleTimeout = timeouts.drainIdle.duration
        return settings
    }
}

nonisolated extension Configuration.Listen {
    /// How the sockets of this address listen; whether they share it is for the supervisor to say.
    public var options: ListenOptions {
        var options = ListenOptions()
        options.backlog = backlog
        options.deferAccept = deferAccept?.duration
        options.noDelay = noDelay
        options.keepAlive = keepAlive.map { idle in
            .init(idle: idle.duration, interval: keepAliveInterval.duration, count: keepAliveCount)
        }
        options.ipv6Only = ipv6Only
        options.mode = mode
        return options
    }
}
