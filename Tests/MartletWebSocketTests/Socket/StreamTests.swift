import MartletLoop
import MartletServer
import MartletTesting
import MartletWebSocketCodec
import Testing

@testable import MartletWebSocket

@Suite("Messages of a WebSocket that are streamed")
struct StreamTests {
    private static let streaming = WebSocketSettings.patient {
        $0.streamsMessages = true
        $0.limits = WebSocketLimits(messageSize: 1 << 30)
    }

    @Test("a message larger than what is kept is read while it arrives, and the next one after it")
    func reads() async throws {
        var sizes: [Int] = []
        var largest = 0
        try await withSockets({
            $0.webSocket("/", settings: Self.streaming) { socket in
                for try await message in socket.streams {
                    var size = 0
                    for try await bytes in message {
                        size += bytes.count
                        largest = max(largest, bytes.count)
                    }
                    sizes.append(size)
                    try await socket.send("\(message.kind) \(size)")
                }
            }
        }) { server in
            let peer = try await server.open()
            try await peer.send(RawPeer.frame(.binary, [UInt8](repeating: 1, count: 20 << 20)))
            #expect(try await peer.next() == .text("binary \(20 << 20)"))
            try await peer.send(RawPeer.frame(.text) + RawPeer.text("abc", isFinal: false))
            #expect(try await peer.next() == .text("text 0"))
            try await peer.send(RawPeer.frame(.continuation, [65]) + RawPeer.close())
            #expect(try await peer.rest() == [.text("text 4"), .close(1000, ""), .end])
            #expect(sizes == [20 << 20, 0, 4] && largest <= 128 * 1024)
        }
    }

    @Test("pieces of a text are whole characters, however it arrives")
    func characters() async throws {
        var pieces: [String] = []
        try await withSockets({
            $0.webSocket("/", settings: Self.streaming) { socket in
                for try await message in socket.streams {
                    for try await bytes in message {
                        try pieces.append(#require(String(validating: bytes, as: UTF8.self)))
                    }
                    try await socket.send("over")
                }
            }
        }) { server in
            let peer = try await server.open()
            let text = "aü世🦅"
            for byte in RawPeer.text(text) { try await peer.send([byte]) }
            #expect(try await peer.next() == .text("over"))
            #expect(pieces.joined() == text)
        }
    }

    @Test("what is not read of a message is skipped, and so is the rest of one that was left")
    func skips() async throws {
        var texts: [String] = []
        try await withSockets({
            $0.webSocket("/", settings: Self.streaming) { socket in
                for try await message in socket.streams {
                    texts.append(String(decoding: try await message.read() ?? [], as: UTF8.self))
                    if texts.count == 2 { break }
                }
                for try await message in socket.streams {
                    texts.append(String(decoding: try await message.read() ?? [], as: UTF8.self))
                    if texts.count == 3 { break }
                }
                while case .text(let text) = try await socket.receive() { texts.append(text) }
            }
        }) { server in
            let peer = try await server.open()
            for number in 1...4 {
                try await peer.send(RawPeer.text("\(number)", isFinal: false))
                try await peer.send(RawPeer.frame(.continuation, Array("x".utf8), isFinal: false))
                try await peer.send(RawPeer.frame(.continuation, Array("y".utf8)))
            }
            try await peer.send(RawPeer.close())
            #expect(try await peer.rest() == [.close(1000, ""), .end])
            #expect(texts == ["1", "2", "3", "4xy"])
        }
    }

    @Test("a cancelled read loses nothing of a message", arguments: [false, true])
    func cancelledRead(streams: Bool) async throws {
        let observed = Observed()
        let done = Event()
        let settings = streams ? Self.streaming : .patient
        try await withSockets({
            $0.webSocket("/", settings: settings) { socket in
                observed.socket = socket
                try await done.wait()
            }
        }) { server in
            let peer = try await server.open()
            try await waitUntil("it speaks") { observed.socket != nil }
            let socket = try #require(observed.socket)
            for number in 0..<10 {
                try await peer.send(RawPeer.text("begin", isFinal: false) + RawPeer.frame(.ping))
                #expect(try await peer.next() == .pong([]))
                let read = Task { try await socket.receive() }
                try await waitUntil("it waits") { socket.extras?.readers.isEmpty == false }
                read.cancel()
                await #expect(throws: CancellationError.self) { try await read.value }
                try await peer.send(RawPeer.frame(.continuation, Array("\(number)".utf8)))
                #expect(try await socket.receive() == .text("begin\(number)"))
            }
            done.set()
        }
    }

    @Test("the end within a message is thrown, also when it is a normal one")
    func endsWithin() async throws {
        let observed = Observed()
        try await withSockets({
            $0.webSocket("/", settings: Self.streaming) { socket in
                defer { observed.isOver = true }
                for try await message in socket.streams {
                    let end = await #expect(throws: WebSocketClosed.self) {
                        while try await message.read() != nil {}
                    }
                    observed.end = end
                }
                Issue.record("a message is missing its end, and nobody is told")
            }
        }) { server in
            let peer = try await server.open()
            try await peer.send(RawPeer.text("half", isFinal: false) + RawPeer.close(1001))
            #expect(try await peer.rest() == [.close(1001, ""), .end])
            try await waitUntil("it has ended") { observed.isOver }
            #expect(observed.end?.code == .goingAway)
        }
    }

    @Test("a message is sent in pieces, cut anywhere, compressed or not", arguments: [false, true])
    func sends(isCompressed: Bool) async throws {
        let settings = WebSocketSettings.patient { $0.compression = isCompressed ? .contextTakeover : .off }
        try await withSockets({
            $0.webSocket("/", settings: settings) { socket in
                for _ in 0..<2 {
                    try await socket.sendStream(.text) { message in
                        for byte in Array("aü世🦅".utf8) { try await message.write([byte]) }
                        try await message.write([])
                        try await message.write(" and the rest")
                    }
                }
                try await socket.sendStream(.binary) { _ in }
                try await socket.sendStream(.binary) { message in
                    for _ in 0..<80 { try await message.write([UInt8](repeating: 7, count: 100_000)) }
                }
                try await socket.send("after " + String(repeating: "aü世🦅", count: 100))
            }
        }) { server in
            let peer = try server.connect(receiveBuffer: 4096)
            try await peer.open("/", ["Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits"])
            #expect(try await peer.next(2) == Array(repeating: .text("aü世🦅 and the rest"), count: 2))
            #expect(try await peer.next() == .binary([]))
            #expect(try await peer.next() == .binary([UInt8](repeating: 7, count: 8_000_000)))
            #expect(try await peer.next() == .text("after " + String(repeating: "aü世🦅", count: 100)))
            #expect(try await peer.next() == .close(1000, ""))
            try await server.expect(.webSocketMessagesSent, 5)
        }
    }

    @Test("others wait until it is complete, but for pongs; what does not wait is dropped")
    func othersWait() async throws {
        let observed = Observed()
        let gate = Event()
        try await withSockets({
            $0.webSocket("/", settings: .patient) { socket in
                observed.socket = socket
                try await socket.sendStream(.text) { message in
                    try await message.write("one ")
                    try await gate.wait()
                    try await message.write("two")
                }
                await socket.waitUntilClosed()
            }
        }) { server in
            let peer = try await server.open()
            try await waitUntil("it sends") { observed.socket?.isSendingFragments == true }
            let socket = try #require(observed.socket)
            let others = [
                Task { try await socket.send("three") },
                Task { try await socket.sendStream(.text) { try await $0.write("four") } },
                Task { try await socket.send("five") },
            ]
            try await waitUntil("they wait") { socket.extras?.turns.isEmpty == false }
            others[2].cancel()
            await #expect(throws: CancellationError.self) { try await others[2].value }
            #expect(!socket.post("dropped"))
            try await peer.send(RawPeer.frame(.ping, [1]))
            #expect(try await peer.next() == .pong([1]))
            gate.set()
            #expect(try await peer.next() == .text("one two"))
            #expect(Set(try await peer.next(2)) == [.text("three"), .text("four")])
            for other in others.prefix(2) { try await other.value }
        }
    }

    @Test("one whose writer throws cannot be taken back: 1011", arguments: [false, true])
    func writerThrows(isCompressed: Bool) async throws {
        struct Broken: Error {}
        let observed = Observed()
        try await withSockets({
            $0.webSocket("/", settings: .patient { $0.compression = isCompressed ? .contextTakeover : .off }) {
                socket in
                observed.socket = socket
                await #expect(throws: Broken.self) {
                    try await socket.sendStream(.text) { message in
                        try await message.write("half")
                        throw Broken()
                    }
                }
                #expect(!socket.isOpen && !socket.isSendingFragments)
                await #expect(throws: WebSocketClosed.self) { try await socket.send("more") }
            }
        }) { server in
            let peer = try server.connect()
            try await peer.open("/", ["Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits"])
            #expect(try await peer.next() == .close(1011, ""))
            try await peer.send(RawPeer.close(1011))
            #expect(try await peer.next() == .end)
            #expect(server.count(.webSocketMessagesSent) == 0 && server.count(.handlerErrors) == 0)
        }
    }

    @Test("those who wait for their turn, and the one who writes, hear of the end")
    func endsWhileSending() async throws {
        let observed = Observed()
        var ends = 0
        try await withSockets({
            $0.webSocket("/", settings: .patient { $0.sendLimit = 1 }) { socket in
                observed.socket = socket
                await #expect(throws: WebSocketClosed.self) {
                    try await socket.sendStream(.binary) { message in
                        while true { try await message.write([UInt8](repeating: 0, count: 1 << 20)) }
                    }
                }
                ends += 1
            }
        }) { server in
            let peer = try await server.open(receiveBuffer: 4096)
            try await waitUntil("it waits") { observed.socket?.extras?.senders.isEmpty == false }
            let socket = try #require(observed.socket)
            let other = Task { try await socket.sendStream(.text) { _ in } }
            await EventLoop.sleep(.milliseconds(1))
            peer.stream.abort()
            await #expect(throws: WebSocketClosed.self) { try await other.value }
            try await waitUntil("it has ended") { ends == 1 }
        }
    }
}
