import MartletHTTP
import MartletLoop
import MartletNet

/// What is left to send of a request while its response is waited for: a server may answer before it has got everything.
///
/// ```
///   head ─▶ [waits for 100 Continue] ─▶ body ─▶ done
///              └──── the producer fails, or the server takes nothing ──▶ failed: the stream is closed
/// ```
///
/// A server that has closed its side is no failure here: what it has answered is still to be read.
final class RequestUpload {
    enum Body {
        case bytes([UInt8])
        case stream(length: UInt64?, @MainActor @Sendable (HTTPClientBodyWriter) async throws -> Void)
    }

    /// Bodies of more bytes are sent from where they are, in place of being copied behind the head.
    static let largest = 64 << 10

    /// Everything has been sent.
    private(set) var isDone = false
    private(set) var waitsForConsent: Bool
    private(set) var error: (any Error)?

    private let connection: ClientConnection
    private let head: [UInt8]
    private let body: Body?
    private var task: Task<Void, Never>?
    private let consented = WakeQueue()
    private var sends: UInt8 = 0

    init(_ connection: ClientConnection, head: [UInt8], body: Body?, waits: Bool) {
        self.connection = connection
        self.head = head
        self.body = body
        waitsForConsent = waits
    }

    deinit {}

    /// Begins; runs until it has to wait.
    func start() {
        task = Task.immediate { await self.run() }
    }

    /// The server wants the body, or has not said that it does not.
    func consent() {
        waitsForConsent = false
        consented.wakeAll()
    }

    func cancel() {
        task?.cancel()
    }

    private func run() async {
        do {
            try await send(head)
            if waitsForConsent { try await consented.wait() }
            switch body {
            case nil: break
            case .bytes(let bytes): try await send(bytes)
            case .stream(let length, let write):
                let writer = HTTPClientBodyWriter(self, length: length)
                defer { writer.invalidate() }
                try await write(writer)
                try await writer.finish()
            }
            isDone = true
            connection.uploadEnded()
        } catch is PeerGone {
            // The response, or its absence, says what has happened.
            connection.uploadEnded()
        } catch {
            if self.error == nil { self.error = error }
            connection.stream.close()
        }
    }

    /// Sends all of it, as fast as the server takes it.
    func send(_ bytes: [UInt8], moreComes: Bool = false) async throws {
        var offset = 0
        while offset < bytes.count {
            try Task.checkCancellation()
            let transfer = bytes.withUnsafeBytes {
                connection.stream.send(
                    UnsafeRawBufferPointer(rebasing: $0[offset...].prefix(1 << 20)), moreComes: moreComes)
            }
            switch transfer {
            case .moved(let count):
                offset += count
                sends &+= 1
                // A server that is as fast as this side is not to keep the loop from everyone else.
                if sends % 16 == 0 { await EventLoop.yield() }
            case .wouldBlock:
                try await waitForRoom()
            case .failed: throw PeerGone()
            }
        }
    }

    private func waitForRoom() async throws {
        let exchange = connection.exchange
        let deadline =
            connection.rules.betweenBytes.map { min(EventLoop.main.now + $0, exchange.deadline) } ?? exchange.deadline
        guard await connection.stream.waitToWrite(until: deadline) != .timedOut else {
            throw connection.timedOut(.send)
        }
    }

    var url: HTTPURL { connection.exchange.url }

    /// The server takes no more.
    private struct PeerGone: Error {}
}
