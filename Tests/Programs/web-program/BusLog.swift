import Glibc
import Martlet

/// What this worker has sent and received on the bus, for a test to ask.
final class BusLog {
    struct State: Encodable {
        struct Message: Encodable {
            let text: String
            let from: UInt64
        }

        let pid = getpid()
        var identity: UInt64 = 0
        /// Messages that were taken, and that were not.
        var sent = 0
        var refused = 0
        /// The last few, in order; of a long one the beginning.
        var received: [Message] = []
        var receivedBytes = 0
        var joined: [UInt64] = []
        var left: [UInt64] = []
        /// Who lives besides this worker.
        var others: [UInt64] = []
    }

    private var log = State()
    private let bus: (any WorkerBus)?
    /// Those who wait for the next message.
    private var waiting: [Promise<[UInt8]>] = []

    private static let service = WorkerBusService(rawValue: 200)

    init(_ bus: (any WorkerBus)?) {
        self.bus = bus
        log.identity = bus?.identity ?? 0
        bus?.listen(to: Self.service) { [unowned self] in take($0) }
    }

    var state: State {
        var state = log
        state.others = (bus?.others ?? []).sorted()
        return state
    }

    func send(_ message: [UInt8]) {
        if bus?.broadcast(message, to: Self.service) == true { log.sent += 1 } else { log.refused += 1 }
    }

    /// The next message that arrives.
    func next() async throws -> [UInt8] {
        let promise = Promise<[UInt8]>()
        waiting.append(promise)
        return try await promise.future.value
    }

    private func take(_ event: WorkerBusEvent) {
        switch event {
        case .message(let bytes, let sender):
            log.receivedBytes += bytes.count
            let text = String(decoding: bytes.prefix(64), as: UTF8.self)
            log.received = log.received.suffix(99) + [State.Message(text: text, from: sender)]
            let answered = waiting
            waiting = []
            for promise in answered { promise.succeed(bytes) }
        case .joined(let worker): log.joined.append(worker)
        case .left(let worker): log.left.append(worker)
        }
    }
}
