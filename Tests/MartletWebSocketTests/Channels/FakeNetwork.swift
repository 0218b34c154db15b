import MartletLoop
import MartletServer

@testable import MartletWebSocket

/// Joins the hubs of several workers as the bus does, in one process.
final class FakeNetwork {
    private var members: [FakeTransport] = []
    private var nextIdentity: UInt64 = 1
    /// Is asked of each message whether it gets lost between two members.
    var loses: (_ message: [UInt8], _ receiver: UInt64) -> Bool = { _, _ in false }

    deinit {}

    /// A new worker's, of which the others hear, and which hears of them.
    func join() -> FakeTransport {
        let transport = FakeTransport(nextIdentity, self)
        nextIdentity += 1
        for other in members {
            other.deliver(.joined(transport.identity))
            transport.deliver(.joined(other.identity))
        }
        members.append(transport)
        return transport
    }

    /// A worker is gone all at once.
    func crash(_ transport: FakeTransport) {
        transport.hasCrashed = true
        members.removeAll { $0 === transport }
        for other in members { other.deliver(.left(transport.identity)) }
    }

    fileprivate func reaches(_ transport: FakeTransport) -> Bool {
        members.contains { $0 !== transport }
    }

    fileprivate func broadcast(_ message: [UInt8], from sender: FakeTransport) {
        for member in members where member !== sender && !loses(message, member.identity) {
            member.deliver(.message(message, from: sender.identity))
        }
    }
}

/// One worker's end of a network.
final class FakeTransport: ChannelTransport {
    let identity: UInt64
    /// Whether nothing can be sent for now.
    var isFull = false
    var sent: [[UInt8]] = []
    private(set) var wanted: Set<String> = []
    fileprivate var hasCrashed = false
    private let network: FakeNetwork
    private var onEvent: ((WorkerBusEvent) -> Void)?
    private var early: [WorkerBusEvent] = []

    fileprivate init(_ identity: UInt64, _ network: FakeNetwork) {
        self.identity = identity
        self.network = network
    }

    deinit {}

    var hasOthers: Bool { network.reaches(self) }

    func broadcast(_ message: [UInt8]) -> Bool {
        guard !isFull, !hasCrashed else { return false }
        sent.append(message)
        network.broadcast(message, from: self)
        return true
    }

    func listen(_ onEvent: @escaping (WorkerBusEvent) -> Void) {
        self.onEvent = onEvent
        let events = early
        early = []
        for event in events { deliver(event) }
    }

    func interestChanged(in channel: String, isWanted: Bool) {
        if isWanted { wanted.insert(channel) } else { wanted.remove(channel) }
    }

    /// Hears of something in one of the next turns.
    func deliver(_ event: WorkerBusEvent) {
        guard onEvent != nil else { return early.append(event) }
        EventLoop.main.callSoon { [self] in
            if !hasCrashed { onEvent?(event) }
        }
    }
}

/// A bus that somebody else is on, who says nothing.
final class FakeBus: WorkerBus {
    let identity: UInt64 = 7
    let others: Set<UInt64> = [8]
    let longestMessage = 1 << 20
    private(set) var sent: [WorkerBusService: [[UInt8]]] = [:]
    private(set) var listeners: [WorkerBusService: (WorkerBusEvent) -> Void] = [:]

    deinit {}

    func broadcast(_ message: [UInt8], to service: WorkerBusService) -> Bool {
        sent[service, default: []].append(message)
        return true
    }

    func listen(to service: WorkerBusService, _ onEvent: @escaping (WorkerBusEvent) -> Void) {
        listeners[service] = onEvent
    }

    func stopListening(to service: WorkerBusService) {
        listeners[service] = nil
    }
}
