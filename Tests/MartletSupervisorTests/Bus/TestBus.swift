import Glibc
import Logging
import MartletLoop
import MartletServer

@testable import MartletSupervisor

/// A relay and workers' ends of it, in one process.
final class TestBus {
    /// A worker's end, and what it has heard.
    final class Party {
        let bus: RelayedBus
        private(set) var events: [WorkerBusEvent] = []
        /// The messages among the events, as texts.
        private(set) var messages: [String] = []

        init(_ descriptor: Int32, listens: Bool) throws {
            bus = try RelayedBus(descriptor)
            if listens { listen() }
        }

        func listen() {
            bus.listen(to: TestBus.service) { [unowned self] in
                events.append($0)
                if case .message(let bytes, _) = $0 { messages.append(String(decoding: bytes, as: UTF8.self)) }
            }
        }

        @discardableResult
        func say(_ text: String) -> Bool { bus.broadcast(Array(text.utf8), to: TestBus.service) }
    }

    nonisolated static let service = WorkerBusService(rawValue: 128)

    private(set) var notes: [String] = []
    private(set) lazy var relay = BusRelay { [unowned self] in notes.append("\($0): \($1)") }

    /// Admits a worker whose end is for the test to use.
    func admit(_ number: UInt64) throws -> Int32 {
        let (ours, theirs) = try BusConnection.pair()
        relay.admit(
            WorkerID(number: number), name: "worker \(number)",
            connection: try BusConnection(ours, accepting: [.message]))
        return theirs
    }

    func join(_ number: UInt64, listens: Bool = true) throws -> Party {
        try Party(try admit(number), listens: listens)
    }

    func remove(_ number: UInt64) {
        relay.remove(WorkerID(number: number))
    }
}

/// Turns the loop until the condition holds; whether it does within half a minute.
func soon(_ condition: () -> Bool) async -> Bool {
    let deadline = EventLoop.Instant.readClock() + .seconds(30)
    while !condition() {
        if EventLoop.Instant.readClock() > deadline { return false }
        await EventLoop.yield()
    }
    return true
}
