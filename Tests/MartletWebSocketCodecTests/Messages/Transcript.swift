@testable import MartletWebSocketCodec

/// All that a decoder tells of a stream, and how many bytes it had been given when it threw.
struct Transcript: Equatable {
    enum Entry: Equatable {
        case message(WebSocketEvent.Kind, [UInt8])
        case ping([UInt8])
        case pong([UInt8])
        case close(UInt16?, String)

        static func text(_ text: String) -> Entry { .message(.text, Array(text.utf8)) }
    }

    struct Settings {
        var role = WebSocketDecoder.Role.server
        var limits = WebSocketLimits()
        var delivery = WebSocketDecoder.Delivery.messages
        var compression: PerMessageDeflate?

        func decoder() -> WebSocketDecoder {
            var decoder =
                compression.map { agreed in
                    WebSocketDecoder(role: role, limits: limits, compression: agreed, contexts: DeflateContexts())
                } ?? WebSocketDecoder(role: role, limits: limits)
            decoder.delivery = delivery
            return decoder
        }
    }

    var entries: [Entry] = []
    var error: WebSocketError?
    /// Bytes given up to the error, by steps of the split.
    var given = 0
    private var pieces: [UInt8]?

    /// Reads `stream`, given in pieces that end at `ends`.
    init(_ stream: [UInt8], ends: some Sequence<Int>, _ settings: Settings = Settings()) {
        var decoder = settings.decoder()
        for end in ends {
            var piece = Array(stream[given..<end])
            given = end
            do throws(WebSocketError) {
                try read(&piece, &decoder)
            } catch {
                precondition(self.error == nil && decoder.isClosed, "a second error")
                self.error = error
                pieces = nil
                return
            }
        }
    }

    init(_ stream: [UInt8], _ settings: Settings = Settings()) {
        self.init(stream, ends: [stream.count], settings)
    }

    var code: WebSocketCloseCode? { error?.code }

    private mutating func read(_ piece: inout [UInt8], _ decoder: inout WebSocketDecoder) throws(WebSocketError) {
        let count = piece.count
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 1)
        defer { buffer.deallocate() }
        buffer.copyBytes(from: piece)
        var offset = 0
        while let event = try decoder.next(buffer, from: &offset) { add(event) }
        precondition(offset == count, "the decoder left input behind")
    }

    private mutating func add(_ event: WebSocketEvent) {
        switch event {
        case .message(let kind, let bytes): entries.append(.message(kind, Array(bytes)))
        case .piece(let kind, let bytes, let isFirst, let isLast):
            precondition(isFirst == (pieces == nil), "isFirst is wrong")
            precondition(isLast || !bytes.isEmpty, "an empty piece")
            precondition(kind == .binary || String(validating: bytes, as: UTF8.self) != nil, "cut in a character")
            pieces = (pieces ?? []) + bytes
            guard isLast else { return }
            entries.append(.message(kind, pieces ?? []))
            pieces = nil
        case .ping(let bytes): entries.append(.ping(Array(bytes)))
        case .pong(let bytes): entries.append(.pong(Array(bytes)))
        case .close(let code, let reason): entries.append(.close(code?.rawValue, reason))
        }
    }
}
