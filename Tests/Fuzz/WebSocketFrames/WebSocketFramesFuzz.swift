import MartletWebSocketCodec

/// Any stream of frames, any split, with and without compression, whole messages and pieces: nothing traps, pieces give
/// what the whole gives, text is UTF-8, limits hold, and what was read comes back when it is sent again.
///
/// The first byte of the input is the seed of the split points, the second chooses the settings, the rest is the stream.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzWebSocketFrames(_ input: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let input, count > 2 else { return 0 }
    let stream = Array(UnsafeBufferPointer(start: input + 2, count: count - 2))
    let settings = Settings(bits: input[1])
    let whole = Transcript(of: stream, pieces: [stream.count], settings)
    var random = UInt64(input[0]) &* 0x9E37_79B9_7F4A_7C15 | 1
    var ends: [Int] = []
    while ends.last ?? 0 < stream.count {
        random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        ends.append(min((ends.last ?? 0) + 1 + Int(random >> 33) % 9, stream.count))
    }
    precondition(Transcript(of: stream, pieces: ends, settings) == whole, "the split changed the outcome")
    var inPieces = settings
    inPieces.delivery = settings.delivery == .pieces ? .messages : .pieces
    precondition(Transcript(of: stream, pieces: ends, inPieces) == whole, "the delivery changed the outcome")
    whole.checkRoundTrip(settings.role)
    return 0
}

private struct Settings {
    static let messageSize = 1 << 16

    var role: WebSocketDecoder.Role
    var delivery: WebSocketDecoder.Delivery
    var compression: PerMessageDeflate?
    var limits: WebSocketLimits

    init(bits: UInt8) {
        role = bits & 1 == 0 ? .server : .client
        delivery = bits & 2 == 0 ? .messages : .pieces
        if bits & 4 != 0 {
            let isAlone = bits & 8 != 0
            compression = PerMessageDeflate(serverNoContextTakeover: isAlone, clientNoContextTakeover: isAlone)
        }
        limits = WebSocketLimits(
            messageSize: Self.messageSize, frameSize: bits & 16 == 0 ? .max : 100, expansion: bits & 32 == 0 ? 1000 : 3)
    }

    func decoder() -> WebSocketDecoder {
        var decoder =
            compression.map { agreed in
                WebSocketDecoder(role: role, limits: limits, compression: agreed, contexts: DeflateContexts())
            } ?? WebSocketDecoder(role: role, limits: limits)
        decoder.delivery = delivery
        return decoder
    }
}

/// All that is told of a stream.
private struct Transcript: Equatable {
    private var frames: [Frame] = []
    private var error: WebSocketError?
    private var unfinished: Frame?

    private struct Frame: Equatable {
        var opcode: WebSocketOpcode
        var payload: [UInt8]
    }

    init(of stream: [UInt8], pieces ends: [Int], _ settings: Settings) {
        var decoder = settings.decoder()
        var start = 0
        do throws(WebSocketError) {
            for end in ends {
                try read(Array(stream[start..<end]), &decoder)
                start = end
            }
        } catch {
            precondition(error.code.isValidOnTheWire && error.message.utf8.count <= 123 && decoder.isClosed)
            self.error = error
        }
        // How much of a message that never ends was delivered does depend on the split.
        unfinished = nil
    }

    private mutating func read(_ piece: [UInt8], _ decoder: inout WebSocketDecoder) throws(WebSocketError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: piece.count, alignment: 1)
        defer { buffer.deallocate() }
        buffer.copyBytes(from: piece)
        var offset = 0
        while let event = try decoder.next(buffer, from: &offset) { add(event) }
        precondition(offset == piece.count, "input was left behind")
    }

    private mutating func add(_ event: WebSocketEvent) {
        switch event {
        case .message(let kind, let bytes): addMessage(kind, Array(bytes))
        case .piece(let kind, let bytes, let isFirst, let isLast):
            precondition(isFirst == (unfinished == nil) && (isLast || !bytes.isEmpty))
            precondition(kind == .binary || String(validating: bytes, as: UTF8.self) != nil, "cut in a character")
            unfinished = Frame(opcode: .binary, payload: (unfinished?.payload ?? []) + bytes)
            guard isLast, let message = unfinished else { return }
            addMessage(kind, message.payload)
            unfinished = nil
        case .ping(let bytes): addControl(.ping, Array(bytes))
        case .pong(let bytes): addControl(.pong, Array(bytes))
        case .close(let code, let reason):
            var payload = [UInt8](repeating: 0, count: WebSocketFrameHeader.maximumControlPayload)
            let size = payload.withUnsafeMutableBufferPointer { buffer in
                buffer.baseAddress.map { WebSocketClosePayload(code, reason: reason).write(to: $0) } ?? 0
            }
            addControl(.close, Array(payload[..<size]))
        }
    }

    private mutating func addMessage(_ kind: WebSocketEvent.Kind, _ payload: [UInt8]) {
        precondition(payload.count <= Settings.messageSize, "the limit does not hold")
        precondition(kind == .binary || String(validating: payload, as: UTF8.self) != nil, "text that is none")
        frames.append(Frame(opcode: kind == .text ? .text : .binary, payload: payload))
    }

    private mutating func addControl(_ opcode: WebSocketOpcode, _ payload: [UInt8]) {
        precondition(payload.count <= 125)
        frames.append(Frame(opcode: opcode, payload: payload))
    }

    /// What was read comes back when it is sent again.
    func checkRoundTrip(_ role: WebSocketDecoder.Role) {
        var stream: [UInt8] = []
        for frame in frames {
            let header = WebSocketFrameHeader(
                frame.opcode, payloadLength: frame.payload.count,
                mask: role == .server ? WebSocketMask(key: 0x0102_0304) : nil)
            var bytes = [UInt8](repeating: 0, count: header.size + frame.payload.count)
            bytes.withUnsafeMutableBufferPointer { buffer in
                guard let start = buffer.baseAddress else { return }
                var mask = header.mask ?? WebSocketMask(key: 0)
                let size = header.write(to: start)
                frame.payload.withUnsafeBytes { mask.copy($0, to: start + size) }
            }
            stream += bytes
        }
        let again = Transcript(of: stream, pieces: [stream.count], Settings(bits: role == .server ? 0 : 1))
        precondition(again.frames == frames && again.error == nil, "what was read does not come back")
    }
}
