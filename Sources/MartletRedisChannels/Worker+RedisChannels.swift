import MartletLoop
import MartletServer
import MartletWebSocket

extension Worker {
    /// Makes this worker's channels reach those of other machines, by way of a Redis server.
    ///
    /// ```swift
    /// static func start(_ worker: Worker) async throws {
    ///     worker.shareChannels(over: try RedisChannelSettings(url: "redis://redis.example.org"))
    /// }
    /// ```
    ///
    /// It does not wait for the server: until that is there, channels reach the workers of this machine. To call it after
    /// channels were asked for is a mistake in the program, and ends it.
    ///
    /// - Returns: the channels, as `worker.channels` gives them from now on.
    @discardableResult
    public func shareChannels(over settings: RedisChannelSettings) -> Channels {
        guard find(Channels.self) == nil else {
            fatalError("channels were asked for before shareChannels(over:); call it first in the application's start")
        }
        let transport = RedisChannelTransport(settings, bus: bus)
        let channels = Channels(transport: transport) { [weak self] in self?.find() }
        provide(channels)
        onStop { await transport.close() }
        return channels
    }
}
