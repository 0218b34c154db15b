import Glibc
import Logging
import MartletLoop
import MartletNet
import MartletServer
import MartletWebSocketCodec

@testable import MartletWebSocket

/// A server's WebSocket over a pair of sockets, and the bytes that its client sees.
final class TestSocket {
    let socket: WebSocket
    let client: ByteStream
    /// What has come so far.
    private(set) var received: [WebSocketMessage] = []
    private(set) var closeCode: WebSocketCloseCode?
    private(set) var hasEnded = false
    private var decoder: WebSocketDecoder

    private static let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)

    init(
        _ settings: WebSocketSettings = WebSocketSettings(), compression: PerMessageDeflate? = nil,
        context: WebSocketContext? = nil, sendBuffer: Int? = nil
    ) throws {
        let (server, client) = try ByteStream.pair()
        if let sendBuffer { try server.setSendBuffer(sendBuffer) }
        let context = context ?? Self.context(settings)
        socket = WebSocket(stream: server, context: context, compression: compression, subprotocol: nil)
        self.client = client
        if let compression {
            decoder = WebSocketDecoder(
                role: .client, limits: WebSocketLimits(), compression: compression, contexts: DeflateContexts())
        } else {
            decoder = WebSocketDecoder(role: .client, limits: WebSocketLimits())
        }
        socket.begin(with: [])
    }

    deinit {}

    /// What many sockets have in common.
    static func context(
        _ settings: WebSocketSettings = WebSocketSettings(), counters: Counters<HTTPCounter> = .allocate()
    ) -> WebSocketContext {
        WebSocketContext(
            role: .server, settings: settings, counters: counters, buffers: BufferPool(inputCapacity: 64 << 10),
            logger: Logger(label: "test"))
    }

    /// The texts that have come so far.
    var texts: [String] {
        received.compactMap { if case .text(let text) = $0 { text } else { nil } }
    }

    /// Receives what is there. It is seldom that a test wants to see how many calls it took.
    @discardableResult
    func receive() -> Int {
        var receives = 0
        while true {
            // A short receive means for the stream that there is nothing more, until the loop tells otherwise.
            switch client.receive(into: Self.buffer) {
            case .moved(0), .failed:
                hasEnded = true
                return receives
            case .moved(let count):
                receives += 1
                take(UnsafeMutableRawBufferPointer(rebasing: Self.buffer[..<count]))
            case .wouldBlock: return receives
            }
        }
    }

    private func take(_ bytes: UnsafeMutableRawBufferPointer) {
        var offset = 0
        do {
            while let event = try decoder.next(bytes, from: &offset) {
                switch event {
                case .message(let kind, let bytes):
                    received.append(WebSocketMessageView(kind: kind, bytes: bytes).message)
                case .close(let code, _): closeCode = code
                default: continue
                }
            }
        } catch {
            fatalError("the client cannot read what the server sends: \(error)")
        }
    }

    /// Receives until there are so many messages in all, the socket ends, or time is up.
    func receive(until count: Int) async {
        await until { self.received.count >= count || self.hasEnded }
    }

    /// Receives until something is so, or time is up.
    func until(_ isSo: () -> Bool) async {
        await eventually {
            self.receive()
            return isSo()
        }
    }

    func close() {
        socket.lose()
        client.close()
    }
}

/// Lets the loop turn until something is so, for a minute at most.
///
/// - Returns: whether it is so.
@discardableResult
func eventually(_ isSo: () -> Bool) async -> Bool {
    let deadline = EventLoop.main.time() + EventLoop.Interval(.seconds(60))
    while !isSo() {
        guard EventLoop.main.time() < deadline else { return false }
        await turn()
    }
    return true
}

/// Lets the loop turn.
func turn(_ times: Int = 1) async {
    for _ in 0..<times { try? await Task.sleep(for: .nanoseconds(1)) }
}

/// Numbers without rhyme or reason, the same in each run.
nonisolated struct TestNumbers: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
