import HTTPTypes
import MartletLoop
import MartletNet

/// A request that is being answered: its response as it comes, and the chance to go away in the middle of it.
public final class TestExchange {
    /// The responses that have come before the response itself.
    public private(set) var interim: [TestResponseHead] = []

    private let host: TestHost
    private let transport: any TestTransport
    private let reader: ResponseReader
    private var final: TestResponseHead?
    private var sender: Task<Void, Never>?
    private var sendingError: (any Error)?
    /// Set when the server has said something: then who waits for 100 Continue waits no more.
    private let isAnswered = Event()
    private let onHead: (TestResponseHead) -> Void

    init(
        _ host: TestHost, _ transport: any TestTransport, head: [UInt8], body: TestBody, isHead: Bool,
        awaitsContinue: Bool, onHead: @escaping (TestResponseHead) -> Void
    ) {
        self.host = host
        self.transport = transport
        self.onHead = onHead
        reader = ResponseReader(transport, isHead: isHead)
        // Beside the response: a server may answer while it reads.
        sender = Task { [self] in
            do {
                try await send(head, body, awaitsContinue: awaitsContinue)
            } catch {
                sendingError = error
            }
            sender = nil
        }
    }

    deinit {}

    private func send(_ head: [UInt8], _ body: TestBody, awaitsContinue: Bool) async throws {
        switch body.content {
        case .none:
            try await transport.send(head)
        case .bytes(let bytes) where !awaitsContinue:
            try await transport.send(head + bytes)
        case .bytes, .stream:
            try await transport.send(head)
            if awaitsContinue {
                try await isAnswered.wait()
                guard final == nil else { return }
            }
            try await sendPieces(of: body)
        }
    }

    private func sendPieces(of body: TestBody) async throws {
        switch body.content {
        case .none: break
        case .bytes(let bytes): try await transport.send(bytes)
        case .stream(let length, let write):
            let writer = TestBodyWriter(transport, isChunked: length == nil)
            try await write(writer)
            try await writer.finish()
        }
    }

    /// Status and fields of the response, once they have come; interim ones are kept in ``interim``.
    ///
    /// - Throws: ``TestError`` when no response comes, or what comes is none; what the body of the request threw.
    public func head() async throws -> TestResponseHead {
        while true {
            if let final { return final }
            _ = try await nextInterim()
        }
    }

    /// The next interim response, which is waited for.
    ///
    /// - Returns: its head; `nil` when the response itself came.
    /// - Throws: as ``head()``.
    public func nextInterim() async throws -> TestResponseHead? {
        guard final == nil else { return nil }
        do {
            let head = try await reader.head()
            if head.status.code >= 200 || head.status == .switchingProtocols {
                final = head
                isAnswered.set()
                onHead(head)
                return nil
            }
            interim.append(head)
            isAnswered.set()
            return head
        } catch {
            cut()
            throw sendingError ?? error
        }
    }

    /// Some more bytes of the response's body, as they come; `nil` at its end.
    ///
    /// - Throws: ``TestError`` when the connection is cut in the middle; and as ``head()``.
    public func next() async throws -> [UInt8]? {
        _ = try await head()
        do {
            if let piece = try await reader.piece() { return piece }
        } catch {
            cut()
            throw error
        }
        close()
        return nil
    }

    /// The whole response.
    ///
    /// - Throws: as ``next()``.
    public func response() async throws -> TestResponse {
        let head = try await head()
        var body: [UInt8] = []
        while let piece = try await next() { body += piece }
        return TestResponse(head: head, interim: interim, body: body, trailers: reader.trailers)
    }

    /// After a 101 response: the connection, and what has come on it together with the response.
    ///
    /// - Throws: ``TestError`` when the server goes on with HTTP; and as ``head()``.
    public func upgraded() async throws -> (stream: ByteStream, received: [UInt8]) {
        guard try await head().status == .switchingProtocols, let stream = transport.upgraded else {
            throw TestError(.request, "the server answers in HTTP, and has not gone over to another protocol")
        }
        return (stream, reader.surplus)
    }

    /// Goes away, as a client that is killed: the connection is reset, and the handler cancelled.
    public func cut() {
        sender?.cancel()
        transport.cut()
    }

    private func close() {
        sender?.cancel()
        transport.close()
        host.forget(transport)
    }
}
