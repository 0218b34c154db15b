import MartletLoop
import MartletNet
import MartletServer
import MartletWebSocketCodec
import Testing

@testable import MartletWebSocket

@Suite("Messages for sockets that agreed on compression")
struct SharedCompressionTests {
    private let text = String(repeating: "all the world's a stage ", count: 200)

    @Test("are compressed once for each window, and read by all")
    func windows() async throws {
        let counters = Counters<HTTPCounter>.allocate()
        let channels = Channels(counters: counters)
        let context = TestSocket.context(counters: counters)
        let agreed = [nil, 15, 15, 9, 12].map { bits in
            bits.map { PerMessageDeflate(serverNoContextTakeover: true, serverMaxWindowBits: $0) }
        }
        let sockets = try agreed.map { try TestSocket(compression: $0, context: context) }
        for socket in sockets { channels["room"].subscribe(socket.socket) }
        channels["room"].publish(text)
        channels["room"].publish("short")
        for socket in sockets {
            await socket.receive(until: 2)
            #expect(socket.texts == [text, "short"])
            socket.close()
        }
        #expect(counters.load(.webSocketBytesSent) < UInt64(text.utf8.count + 4 * 500))
        #expect(counters.load(.webSocketPayloadSent) == UInt64(5 * (text.utf8.count + 5)))
    }

    @Test("go between messages that refer to each other without harm to them")
    func contextTakeover() async throws {
        let channels = Channels()
        var settings = WebSocketSettings()
        settings.compression = .contextTakeover
        let socket = try TestSocket(settings, compression: PerMessageDeflate(serverMaxWindowBits: 12))
        channels["room"].subscribe(socket.socket)
        var sent: [String] = []
        for number in 0..<12 {
            // Short ones are not compressed.
            sent.append(number % 5 == 4 ? "\(number)" : "\(number) \(text)")
            if number % 3 == 1 {
                channels["room"].publish(sent[number])
            } else {
                socket.socket.post(sent[number])
            }
            await turn(3)
        }
        await socket.receive(until: 12)
        #expect(socket.texts == sent)
        socket.close()
    }

    @Test("are masked for each where the socket is a client's")
    func client() async throws {
        let channels = Channels()
        let (near, far) = try ByteStream.pair()
        let context = WebSocketContext(
            role: .client, settings: WebSocketSettings(), counters: .allocate(),
            buffers: BufferPool(inputCapacity: 64 << 10), logger: .init(label: "test"))
        let socket = WebSocket(stream: near, context: context, compression: nil, subprotocol: nil)
        socket.begin(with: [])
        channels["room"].subscribe(socket)
        channels["room"].publish("one")
        channels["room"].publish("two")
        var bytes = try await far.read(exactly: 2 * (2 + 4 + 3))
        var decoder = WebSocketDecoder(role: .server, limits: WebSocketLimits())
        var texts: [String] = []
        try bytes.withUnsafeMutableBytes { bytes in
            var offset = 0
            while let event = try decoder.next(bytes, from: &offset) {
                if case .message(_, let text) = event { texts.append(String(decoding: text, as: UTF8.self)) }
            }
        }
        #expect(texts == ["one", "two"])
        socket.lose()
        far.close()
    }
}
