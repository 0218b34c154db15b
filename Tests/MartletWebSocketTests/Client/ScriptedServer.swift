import MartletLoop
import MartletNet
import MartletWebSocketCodec
import Testing

@testable import MartletWebSocket

/// A server, or a proxy, that does what a test says, byte by byte.
final class ScriptedServer {
    /// The heads of the requests, in their order.
    private(set) var requests: [RequestHead] = []
    /// Connections that have ended.
    private(set) var ended = 0
    private var server: StreamServer?

    /// - Parameter script: serves one connection, whose number it gets, from 1.
    init(on address: SocketAddress = "127.0.0.1:0", _ script: @escaping (ScriptedConnection, Int) async throws -> Void)
        throws
    {
        var connections = 0
        server = try StreamServer(at: address) { [unowned self] stream in
            connections += 1
            let connection = ScriptedConnection(stream) { [unowned self] in requests.append($0) }
            defer { ended += 1 }
            try? await script(connection, connections)
        }
    }

    deinit {}

    var address: SocketAddress { server?.address ?? .any(port: 0) }
    /// `127.0.0.1:4711`
    var authority: String { "\(address)" }

    func close() async {
        await server?.close()
    }
}

/// A request's line and fields.
struct RequestHead {
    let line: String
    private let fields: [(name: String, value: String)]

    init(_ text: String) {
        let lines = text.split(separator: "\r\n")
        line = String(lines.first ?? "")
        fields = lines.dropFirst().map { line in
            let parts = line.split(separator: ":", maxSplits: 1)
            return (parts[0].lowercased(), parts.count == 2 ? String(parts[1].drop { $0 == " " }) : "")
        }
    }

    subscript(_ name: String) -> String? { fields.first { $0.name == name }?.value }
}

/// One connection to it.
final class ScriptedConnection {
    let stream: ByteStream
    private let record: (RequestHead) -> Void

    init(_ stream: ByteStream, record: @escaping (RequestHead) -> Void) {
        self.stream = stream
        self.record = record
    }

    deinit {}

    @discardableResult
    func request() async throws -> RequestHead {
        let head = RequestHead(String(decoding: try await stream.read(until: Array("\r\n\r\n".utf8)), as: UTF8.self))
        record(head)
        return head
    }

    /// Answers a request, and waits until the client has closed.
    func answer(_ response: String) async throws {
        try await request()
        try await stream.write(response)
        try await end()
    }

    /// Answers a handshake; `fields` are more lines, `bytes` what is sent behind it.
    func open(_ fields: String = "", behind bytes: [UInt8] = []) async throws {
        let accept = WebSocketHandshake.accept(for: try await request()["sec-websocket-key"] ?? "")
        let head =
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n"
            + "Sec-WebSocket-Accept: \(accept)\r\n\(fields)\r\n"
        try await stream.write(Array(head.utf8) + bytes)
    }

    /// The next frame, of at most 125 bytes.
    func frame() async throws -> (opcode: UInt8, payload: [UInt8]) {
        let header = try await stream.read(exactly: 6)
        let masked = try await stream.read(exactly: Int(header[1] & 0x7F))
        return (header[0] & 0x0F, masked.enumerated().map { $1 ^ header[2 + $0 % 4] })
    }

    /// The code of the next frame, which closes.
    func closeCode() async throws -> Int {
        while true {
            let frame = try await frame()
            guard frame.opcode == 8 else { continue }
            return frame.payload.count < 2 ? 1005 : Int(frame.payload[0]) << 8 | Int(frame.payload[1])
        }
    }

    /// Closes a WebSocket with a code, and waits for the answer.
    func close(_ code: Int) async throws {
        try await stream.write([0x88, 2, UInt8(code >> 8), UInt8(code & 0xFF)])
        _ = try await closeCode()
    }

    /// Waits until the client has closed.
    func end() async throws {
        while try await !stream.read().isEmpty {}
    }
}

/// Runs `body` with a scripted server, which is closed then.
func withScript(
    _ script: @escaping (ScriptedConnection, Int) async throws -> Void, _ body: (ScriptedServer) async throws -> Void
) async throws {
    let server = try ScriptedServer(script)
    do {
        try await body(server)
    } catch {
        await server.close()
        throw error
    }
    await server.close()
}

/// The error that opening `url` fails with.
func failure(
    _ url: String, _ options: WebSocketClientOptions = WebSocketClientOptions(),
    _ settings: WebSocketSettings = WebSocketSettings(), subprotocols: [String]? = nil
) async -> WebSocketClientError? {
    do {
        let socket = try await WebSocketClient.connect(
            url, subprotocols: subprotocols, options: options, settings: settings)
        Issue.record("\(url) was opened")
        await socket.close()
    } catch let error as WebSocketClientError {
        return error
    } catch {
        Issue.record("\(url): \(error)")
    }
    return nil
}

/// Returns once `condition` holds; it is looked at in every millisecond.
func eventually(_ what: String, _ condition: () -> Bool) async {
    let deadline = EventLoop.Instant.readClock() + .seconds(60)
    while !condition() {
        guard EventLoop.Instant.readClock() < deadline else {
            Issue.record("waited in vain until \(what)")
            return
        }
        await withUnsafeContinuation { turn in EventLoop.main.callLater(.milliseconds(1)) { turn.resume() } }
    }
}
