import Glibc
import Logging
import MartletLoop
import MartletServer

/// A worker's end of the bus that its supervisor relays.
final class RelayedBus: WorkerBus {
    let identity: UInt64
    private(set) var others: Set<UInt64> = []
    var longestMessage: Int { BusFrame.longestMessage }

    private let connection: BusConnection
    private let logger = Logger(label: "martlet.bus")
    private var listeners: [WorkerBusService: (WorkerBusEvent) -> Void] = [:]
    /// The frames of this turn of the loop.
    private var gathered: [UInt8] = []
    /// Messages that found no room and are to be told of with the next one that does.
    private var dropped: UInt64 = 0
    private var complaints = EventThrottle()
    private var hasEnded = false

    /// The most that waits for the supervisor.
    static let longestQueue = 8 << 20

    /// Takes over the worker's end, on which the supervisor has said already who the worker is.
    ///
    /// - Throws: `SystemError`, when it has not.
    init(_ descriptor: Int32) throws(SystemError) {
        identity = try Self.readWelcome(descriptor)
        connection = try BusConnection(descriptor, accepting: [.message, .joined, .left])
        connection.onFrames = { [unowned self] in take($0) }
        connection.onEnd = { [unowned self] in end($0) }
    }

    private static func readWelcome(_ descriptor: Int32) throws(SystemError) -> UInt64 {
        let operation = "join the bus"
        var header = [UInt8](repeating: 0, count: BusFrame.headerSize)
        switch header.withUnsafeMutableBytes({ EventLoop.main.poller.receive(descriptor, into: $0) }) {
        case .failed(let code): throw SystemError(operation, code: code)
        case .moved(header.count): break
        case .moved, .wouldBlock: throw SystemError(operation, code: EPROTO)
        }
        guard let frame = try? header.withUnsafeBytes({ try BusFrame(headerIn: $0, at: 0) }), frame.kind == .welcome
        else { throw SystemError(operation, code: EPROTO) }
        return frame.worker
    }

    /// Takes in what waits, whether anybody listens or not.
    func startReading() {
        connection.startReading()
    }

    func listen(to service: WorkerBusService, _ onEvent: @escaping (WorkerBusEvent) -> Void) {
        listeners[service] = onEvent
        startReading()
    }

    func stopListening(to service: WorkerBusService) {
        listeners[service] = nil
    }

    @discardableResult
    func broadcast(_ message: [UInt8], to service: WorkerBusService) -> Bool {
        guard !hasEnded else { return false }
        guard message.count <= longestMessage else {
            complain("a message of \(message.count) bytes is too long for the bus: \(longestMessage) is the most")
            return false
        }
        let queued = connection.queuedSize + gathered.count
        guard queued + BusFrame.headerSize + message.count <= Self.longestQueue else {
            if dropped == 0 { complain("messages for the bus are dropped: the supervisor does not take them in time") }
            dropped += 1
            return false
        }
        let frame = BusFrame(
            messageOf: message.count, service: service.rawValue, dropped: UInt16(clamping: dropped))
        dropped -= UInt64(frame.dropped)
        if gathered.isEmpty { EventLoop.main.callSoon { [weak self] in self?.sendGathered() } }
        frame.appendHeader(to: &gathered)
        gathered += message
        return true
    }

    private func sendGathered() {
        connection.send(gathered)
        gathered = []
        connection.flush()
    }

    private func take(_ run: [UInt8]) {
        run.withUnsafeBytes { bytes in
            for (frame, offset) in BusFrames(bytes) {
                switch frame.kind {
                case .message:
                    guard let listener = listeners[WorkerBusService(rawValue: frame.service)] else { continue }
                    let start = offset + BusFrame.headerSize
                    listener(.message([UInt8](bytes[start..<start + frame.length]), from: frame.worker))
                case .joined:
                    others.insert(frame.worker)
                    tellAll(.joined(frame.worker))
                case .left:
                    others.remove(frame.worker)
                    tellAll(.left(frame.worker))
                case .welcome: continue
                }
            }
        }
    }

    private func tellAll(_ event: WorkerBusEvent) {
        for listener in listeners.values { listener(event) }
    }

    private func end(_ error: BusFrameError?) {
        hasEnded = true
        gathered = []
        connection.close()
        logger.error("the bus has ended: \(error.map { "\($0)" } ?? "the supervisor has closed it")")
        let gone = others
        others = []
        for worker in gone.sorted() { tellAll(.left(worker)) }
    }

    private func complain(_ text: String) {
        let (isAdmitted, held) = complaints.admit(at: .readClock())
        guard isAdmitted else { return }
        logger.warning("\(held == 0 ? text : "\(text) (and \(held) more before it)")")
    }
}
