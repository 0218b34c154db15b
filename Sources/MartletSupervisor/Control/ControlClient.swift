import CMartlet
import Glibc
import MartletLoop

/// Asks a daemon over its control socket, and waits for the answer: for programs such as martletctl.
public nonisolated struct ControlClient: Sendable {
    /// The control socket.
    public let path: String
    /// How long everything may take.
    public let timeout: Duration

    /// A client of the daemon that serves a socket.
    public init(path: String, timeout: Duration = .seconds(120)) {
        self.path = path
        self.timeout = timeout
    }

    /// Asks in the text protocol.
    ///
    /// With `waits`, returns only when what follows is over: the old workers of a reload or scale are gone, or a daemon
    /// that was told to end has ended.
    public func ask(_ verb: ControlVerb, waits: Bool = false) throws(ControlClientError) -> ControlReply {
        let line = verb.line(waits: waits) + "\n"
        return try exchange(verb, waits: waits, sending: line, until: ControlReply.endOfText) {
            bytes throws(ControlClientError) in
            try ControlReply(text: bytes, isEndOptional: verb.endsDaemon)
        }
    }

    /// Asks in HTTP, waiting as ``ask(_:waits:)`` does; the reply is JSON.
    public func askForJSON(_ verb: ControlVerb, waits: Bool = false) throws(ControlClientError) -> ControlReply {
        let (method, target, body) = verb.http(waits: waits)
        var request = "\(method) \(target) HTTP/1.1\r\n"
        request += "Host: martlet\r\nConnection: close\r\nAccept: application/json\r\n"
        if method == "POST" { request += "Content-Length: \(body.utf8.count)\r\n" }
        if !body.isEmpty { request += "Content-Type: application/json\r\n" }
        return try exchange(verb, waits: waits, sending: request + "\r\n" + body, until: { _ in false }) {
            bytes throws(ControlClientError) in try ControlReply(http: bytes)
        }
    }

    private func exchange(
        _ verb: ControlVerb, waits: Bool, sending request: String, until isComplete: ([UInt8]) -> Bool,
        reading read: ([UInt8]) throws(ControlClientError) -> ControlReply
    ) throws(ControlClientError) -> ControlReply {
        let deadline = EventLoop.Instant.readClock() + timeout
        let connection = try ControlConnection(path: path, deadline: deadline)
        let process = waits && verb.endsDaemon ? connection.peer.flatMap { WatchedProcess($0) } : nil
        try connection.send(request)
        let reply = try read(try connection.receive(until: isComplete))
        if let process, !reply.isError { try process.waitForEnd(deadline: deadline) }
        return reply
    }
}

/// A process whose end can be waited for, whoever started it (man 2 pidfd_open).
private nonisolated final class WatchedProcess {
    private let descriptor: Int32
    private let pid: pid_t

    init?(_ pid: pid_t) {
        self.pid = pid
        descriptor = martlet_pidfd_open(pid)
        if descriptor < 0 { return nil }
    }

    deinit { close(descriptor) }

    func waitForEnd(deadline: EventLoop.Instant) throws(ControlClientError) {
        guard try ControlConnection.wait(descriptor, for: POLLIN, deadline: deadline) else {
            throw .failed("the daemon was told to end, but process \(pid) has not yet")
        }
    }
}
