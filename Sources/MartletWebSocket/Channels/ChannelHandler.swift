import MartletServer
import MartletWebSocketCodec

/// Makes a chat of a route: what a socket sends is published on a channel, whose name has the request's parameters in
/// it, and what is published there is sent to the socket.
///
/// ```swift
/// router.webSocket("/rooms/{room}", handler: try ChannelHandler(channel: "room/{room}"))
/// ```
///
/// Of messages that cannot be published, because they are longer than 1 MiB less 257 bytes or a queue is full, nothing
/// is said to who sent them; they are counted.
public final class ChannelHandler: WebSocketHandler {
    private let pattern: ChannelNamePattern
    private let includesSender: Bool
    private var channels: [ObjectIdentifier: PubSubChannel] = [:]

    /// A handler for the sockets of any number of routes, all of which have the parameters.
    ///
    /// - Parameters:
    ///   - pattern: how the channel is called.
    ///   - includesSender: whether a message is also sent to the socket that it comes from.
    public init(channel pattern: ChannelNamePattern, includesSender: Bool = true) {
        self.pattern = pattern
        self.includesSender = includesSender
    }

    /// A handler for the sockets of any number of routes, all of which have the parameters.
    ///
    /// - Parameters:
    ///   - pattern: how the channel is called: `room/{room}`.
    ///   - includesSender: whether a message is also sent to the socket that it comes from.
    /// - Throws: ``ChannelNamePatternError``.
    public convenience init(
        channel pattern: String, includesSender: Bool = true
    ) throws(ChannelNamePatternError) {
        self.init(channel: try ChannelNamePattern(pattern), includesSender: includesSender)
    }

    deinit {}

    /// Subscribes the socket. One whose channel would have a name of more than 255 bytes is closed with 1008.
    public func opened(_ socket: WebSocket, for request: Request) {
        guard let name = pattern.name({ request.parameters[$0] }) else {
            request.logger.error("a route lacks a parameter of its channel", metadata: ["channel": "\(pattern)"])
            return socket.beginClosing(.internalError)
        }
        let channel = request.worker.channels[name]
        guard channel.isValid else {
            return socket.beginClosing(.policyViolation, reason: "the channel's name is too long")
        }
        channels[ObjectIdentifier(socket)] = channel
        channel.subscribe(socket)
    }

    /// Publishes the message.
    public func received(_ message: WebSocketMessageView, on socket: WebSocket) {
        channels[ObjectIdentifier(socket)]?.publish(message, except: includesSender ? nil : socket)
    }

    /// Forgets the socket.
    public func closed(_ socket: WebSocket, _ end: WebSocketClosed) {
        channels[ObjectIdentifier(socket)] = nil
    }
}
