import MartletWebSocketCodec

/// How a subscriber's frames are encoded: all who have the same share the bytes.
nonisolated struct FrameEncoding: Hashable {
    /// The window that messages are compressed with; 0 when they are not.
    let windowBits: Int32
    /// Shorter messages are not compressed.
    let threshold: Int32

    static let plain = FrameEncoding(windowBits: 0, threshold: 0)
}

/// Whole frames one behind the other, as they go to the wire.
nonisolated struct EncodedFrames {
    var bytes: [UInt8] = []
    /// Where each frame ends.
    var ends: [Int] = []
    /// Whether some are compressed.
    var isCompressed = false

    func range(of index: Int) -> Range<Int> {
        (index == 0 ? 0 : ends[index - 1])..<ends[index]
    }

    mutating func append(
        _ kind: WebSocketEvent.Kind, _ payload: UnsafeRawBufferPointer, isCompressed: Bool = false
    ) {
        let header = WebSocketFrameHeader(kind.opcode, payloadLength: payload.count, isCompressed: isCompressed)
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: WebSocketFrameHeader.maximumSize) { room in
            guard let start = room.baseAddress else { return }
            let size = header.write(to: start)
            if bytes.isEmpty { bytes.reserveCapacity(size + payload.count) }
            bytes += UnsafeBufferPointer(start: start, count: size)
        }
        bytes += payload
        ends.append(bytes.count)
        if isCompressed { self.isCompressed = true }
    }
}

/// Messages that leave together: those that were published on a channel while the ones before were being delivered.
///
/// Each is encoded once, and compressed once for each window, however many subscribers there are.
final class MessageBatch {
    struct Message {
        let kind: WebSocketEvent.Kind
        let payloadCount: Int
        /// Who does not get it.
        let except: WebSocket?
    }

    /// The number of the first message on its channel.
    let first: UInt64
    private(set) var messages: [Message] = []
    private(set) var payloadBytes = 0
    /// Whether its delivery has begun, so that nothing is added any more.
    var isSealed = false
    private var plain = EncodedFrames()
    private var compressed: [(FrameEncoding, EncodedFrames)] = []

    init(first: UInt64) {
        self.first = first
    }

    deinit {}

    var byteCount: Int { plain.bytes.count }

    func append(_ message: WebSocketMessageView, except: WebSocket?) {
        plain.append(message.kind, message.bytes)
        payloadBytes += message.bytes.count
        messages.append(Message(kind: message.kind, payloadCount: message.bytes.count, except: except))
    }

    /// The frames, compressed with what the context lends if it has not been done yet.
    func frames(_ encoding: FrameEncoding, _ context: WebSocketContext) -> EncodedFrames {
        guard encoding.windowBits > 0, messages.contains(where: { $0.payloadCount >= encoding.threshold }) else {
            return plain
        }
        if let known = compressed.first(where: { $0.0 == encoding }) { return known.1 }
        let made = compress(encoding, context)
        compressed.append((encoding, made))
        return made
    }

    private func compress(_ encoding: FrameEncoding, _ context: WebSocketContext) -> EncodedFrames {
        let deflater = context.deflate.takeDeflater(windowBits: Int(encoding.windowBits))
        defer { context.deflate.giveBack(deflater) }
        var frames = EncodedFrames()
        var deflated: [UInt8] = []
        for (index, message) in messages.enumerated() {
            withPayload(of: index) { payload in
                guard message.payloadCount >= encoding.threshold else { return frames.append(message.kind, payload) }
                deflated.removeAll(keepingCapacity: true)
                deflater.reset()
                deflater.deflate(payload, into: &deflated)
                deflated.withUnsafeBytes { frames.append(message.kind, $0, isCompressed: true) }
            }
        }
        return frames
    }

    /// Gives a message's payload where it lies.
    func withPayload(of index: Int, _ body: (UnsafeRawBufferPointer) -> Void) {
        let range = plain.range(of: index)
        let start = range.upperBound - messages[index].payloadCount
        plain.bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[start..<range.upperBound])) }
    }
}
