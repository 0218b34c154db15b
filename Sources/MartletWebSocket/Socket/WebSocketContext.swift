import Logging
import MartletLoop
import MartletServer
import MartletWebSocketCodec

/// What all WebSockets of a route, or of a client, have in common.
final class WebSocketContext {
    let role: WebSocketDecoder.Role
    let settings: WebSocketSettings
    let counters: Counters<HTTPCounter>
    let buffers: BufferPool
    let deflate: DeflateContexts
    let logger: Logger

    // The times of the settings, converted once: arithmetic on `Duration` is done in 128 bits.
    let pingInterval: EventLoop.Interval?
    let pongTimeout: EventLoop.Interval
    let writeTimeout: EventLoop.Interval
    let closeTimeout: EventLoop.Interval

    /// `deflate` is given where several of these share what compresses.
    init(
        role: WebSocketDecoder.Role, settings: WebSocketSettings, counters: Counters<HTTPCounter>, buffers: BufferPool,
        logger: Logger, deflate: DeflateContexts? = nil
    ) {
        self.role = role
        self.settings = settings.usable
        self.counters = counters
        self.buffers = buffers
        self.logger = logger
        self.deflate =
            deflate
            ?? DeflateContexts(level: settings.compression.level, memoryLevel: settings.compression.memoryLevel)
        pingInterval = settings.pingInterval.map { EventLoop.Interval($0) }
        pongTimeout = EventLoop.Interval(settings.pongTimeout)
        writeTimeout = EventLoop.Interval(settings.writeTimeout)
        closeTimeout = EventLoop.Interval(settings.closeTimeout)
    }

    deinit {}
}
