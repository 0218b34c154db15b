import MartletServer

/// What carries messages between the hubs of channels, each of which belongs to a worker: the bus of a machine, or
/// something that connects several machines.
///
/// Messages of one sender arrive in their order, or not at all; between those of several senders there is no order.
public protocol ChannelTransport: AnyObject {
    /// This hub's identity, unlike that of any other that can be reached, and not 0.
    var identity: UInt64 { get }

    /// Whether there are others, as far as is known; to nobody nothing is sent.
    var hasOthers: Bool { get }

    /// Sends to all other hubs.
    ///
    /// - Returns: whether it is on its way; `false` when a queue is full.
    func broadcast(_ message: [UInt8]) -> Bool

    /// Sends to all other hubs that have subscribers of a channel, as far as they are known: for transports that carry
    /// only what is asked for. To others it may be sent as well.
    ///
    /// - Parameters:
    ///   - message: the message.
    ///   - channel: the channel that it is published on; `nil` when it is for all.
    /// - Returns: whether it is on its way; `false` when a queue is full.
    func broadcast(_ message: [UInt8], on channel: String?) -> Bool

    /// Takes what comes from the others, and what becomes of them, from now on.
    ///
    /// - Parameter onEvent: called in the loop's turn, never before this returns.
    func listen(_ onEvent: @escaping (WorkerBusEvent) -> Void)

    /// This hub now has subscribers of a channel, or has none any more: for transports that carry only what is asked
    /// for.
    ///
    /// - Parameters:
    ///   - channel: the channel's name.
    ///   - isWanted: whether there are subscribers.
    func interestChanged(in channel: String, isWanted: Bool)
}

extension ChannelTransport {
    /// Sends to all.
    public func broadcast(_ message: [UInt8], on channel: String?) -> Bool { broadcast(message) }

    /// Does nothing.
    public func interestChanged(in channel: String, isWanted: Bool) {}
}

/// Carries channels over the bus between the workers of a machine.
final class WorkerBusTransport: ChannelTransport {
    private let bus: any WorkerBus

    init(_ bus: any WorkerBus) {
        self.bus = bus
    }

    deinit {}

    var identity: UInt64 { bus.identity }
    var hasOthers: Bool { !bus.others.isEmpty }

    func broadcast(_ message: [UInt8]) -> Bool {
        bus.broadcast(message, to: .channels)
    }

    func listen(_ onEvent: @escaping (WorkerBusEvent) -> Void) {
        bus.listen(to: .channels, onEvent)
    }
}
