import Glibc
import MartletLoop
import MartletNet
import MartletWebSocketCodec

/// A client that sends exact frames and sees exact answers, each wait with a deadline.
final class RawPeer {
    /// What a server has sent.
    nonisolated enum Event: Hashable {
        case text(String)
        case binary([UInt8])
        case ping([UInt8])
        case pong([UInt8])
        case close(UInt16?, String)
        /// The server sends nothing more.
        case end
        /// The connection is cut.
        case reset
    }

    let stream: ByteStream
    private var decoder: WebSocketDecoder
    private var events: [Event] = []
    private var deflater: MessageDeflater?
    private(set) var bytesReceived = 0

    private static let limits = WebSocketLimits(messageSize: 1 << 30, expansion: 1 << 20)

    init(_ stream: ByteStream) {
        self.stream = stream
        decoder = WebSocketDecoder(role: .client, limits: Self.limits)
    }

    deinit {}

    // MARK: Handshake

    /// A request for a WebSocket; fields replace those that it has by default, with `nil` they are left out.
    nonisolated static func request(_ target: String = "/", _ fields: KeyValuePairs<String, String?> = [:]) -> [UInt8] {
        var all: [(String, String?)] = [
            ("Host", "example.org"), ("Upgrade", "websocket"), ("Connection", "Upgrade"),
            ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ]
        for (name, value) in fields {
            all.removeAll { $0.0 == name }
            all.append((name, value))
        }
        let lines = all.compactMap { name, value in value.map { "\(name): \($0)\r\n" } }
        return Array("GET \(target) HTTP/1.1\r\n\(lines.joined())\r\n".utf8)
    }

    /// The head of the server's answer: status and field lines.
    func head() async throws -> Head {
        let bytes = try await withTimeout(.seconds(60)) { try await self.stream.read(until: Array("\r\n\r\n".utf8)) }
        return Head(String(decoding: bytes, as: UTF8.self))
    }

    /// Asks for a WebSocket.
    ///
    /// - Parameter frames: what is sent together with the request.
    @discardableResult
    func open(
        _ target: String = "/", _ fields: KeyValuePairs<String, String?> = [:], frames: [UInt8] = []
    ) async throws -> Head {
        try await stream.write(Self.request(target, fields) + frames)
        let head = try await head()
        guard head.status == 101 else { throw PeerError("answered with \(head.status)") }
        if let agreed = head["Sec-WebSocket-Extensions"] {
            let isForgetful = agreed.contains("server_no_context_takeover")
            decoder = WebSocketDecoder(
                role: .client, limits: Self.limits,
                compression: PerMessageDeflate(serverNoContextTakeover: isForgetful), contexts: DeflateContexts())
        }
        return head
    }

    // MARK: Sending

    /// A frame, masked as a client's has to be.
    nonisolated static func frame(
        _ opcode: WebSocketOpcode, _ payload: [UInt8] = [], isFinal: Bool = true, isCompressed: Bool = false,
        isMasked: Bool = true
    ) -> [UInt8] {
        var mask = WebSocketMask(key: 0x1234_5678)
        let header = WebSocketFrameHeader(
            opcode, payloadLength: payload.count, isFinal: isFinal, isCompressed: isCompressed,
            mask: isMasked ? mask : nil)
        var bytes = [UInt8](repeating: 0, count: WebSocketFrameHeader.maximumSize)
        let size = bytes.withUnsafeMutableBufferPointer { $0.baseAddress.map { header.write(to: $0) } ?? 0 }
        bytes.removeLast(bytes.count - size)
        var payload = payload
        if isMasked { payload.withUnsafeMutableBytes { mask.apply(to: $0) } }
        return bytes + payload
    }

    nonisolated static func text(_ text: String, isFinal: Bool = true) -> [UInt8] {
        frame(.text, Array(text.utf8), isFinal: isFinal)
    }

    nonisolated static func close(_ code: UInt16? = 1000, _ reason: String = "") -> [UInt8] {
        frame(.close, code.map { [UInt8($0 >> 8), UInt8($0 & 0xFF)] + Array(reason.utf8) } ?? [])
    }

    /// A compressed message; with `keepsContext` it refers to those before it.
    func deflated(_ text: String, keepsContext: Bool = false) -> [UInt8] {
        let deflater = deflater ?? MessageDeflater(windowBits: 12, level: 6, memoryLevel: 8)
        self.deflater = keepsContext ? deflater : nil
        var bytes: [UInt8] = []
        Array(text.utf8).withUnsafeBytes { deflater.deflate($0, into: &bytes) }
        return Self.frame(.text, bytes, isCompressed: true)
    }

    func send(_ bytes: [UInt8]) async throws {
        try await stream.write(bytes)
    }

    /// Sends until the kernel takes no more at once, or all of `bytes` is sent; how much that was.
    func sendWhatFits(_ bytes: [UInt8]) -> Int {
        var sent = 0
        while sent < bytes.count {
            guard case .moved(let count) = bytes[sent...].withUnsafeBytes({ stream.send($0) }) else { break }
            sent += count
        }
        return sent
    }

    // MARK: Reading

    /// The next thing that comes.
    func next() async throws -> Event {
        while events.isEmpty {
            var bytes: [UInt8]
            do {
                bytes = try await withTimeout(.seconds(60)) { try await self.stream.read() }
            } catch let error as SystemError where [ECONNRESET, EPIPE].contains(error.code) {
                return .reset
            }
            if bytes.isEmpty { return .end }
            bytesReceived += bytes.count
            try decode(&bytes)
        }
        return events.removeFirst()
    }

    /// The next things that come.
    func next(_ count: Int) async throws -> [Event] {
        var all: [Event] = []
        while all.count < count { all.append(try await next()) }
        return all
    }

    /// Everything up to the end of the connection.
    func rest() async throws -> [Event] {
        var all: [Event] = []
        while true {
            let event = try await next()
            all.append(event)
            if event == .end || event == .reset { return all }
        }
    }

    private func decode(_ bytes: inout [UInt8]) throws {
        try bytes.withUnsafeMutableBytes { bytes in
            var offset = 0
            while let event = try decoder.next(bytes, from: &offset) {
                switch event {
                case .message(.text, let bytes): events.append(.text(String(decoding: bytes, as: UTF8.self)))
                case .message(.binary, let bytes): events.append(.binary(Array(bytes)))
                case .ping(let bytes): events.append(.ping(Array(bytes)))
                case .pong(let bytes): events.append(.pong(Array(bytes)))
                case .close(let code, let reason): events.append(.close(code?.rawValue, reason))
                case .piece: throw PeerError("pieces were not asked for")
                }
            }
        }
    }
}

/// The head of a response.
struct Head {
    let status: Int
    let text: String

    init(_ text: String) {
        self.text = text
        status = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    }

    /// The value of a field that stands there once.
    subscript(_ name: String) -> String? {
        let values = text.split(separator: "\r\n").dropFirst().compactMap { line -> String? in
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == name.lowercased() else { return nil }
            return String(parts[1].drop { $0 == " " })
        }
        return values.count == 1 ? values[0] : nil
    }
}

/// What kept a test from getting what it expected.
struct PeerError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
