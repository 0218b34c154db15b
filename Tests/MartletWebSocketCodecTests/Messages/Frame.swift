@testable import MartletWebSocketCodec

/// A frame as the tests write it, right or wrong.
struct Frame {
    var header: WebSocketFrameHeader
    var payload: [UInt8]

    init(
        _ opcode: WebSocketOpcode, _ payload: [UInt8] = [], isFinal: Bool = true, isCompressed: Bool = false,
        mask: UInt32? = 0x1234_5678
    ) {
        header = WebSocketFrameHeader(
            opcode, payloadLength: payload.count, isFinal: isFinal, isCompressed: isCompressed,
            mask: mask.map { WebSocketMask(key: $0) })
        self.payload = payload
    }

    init(_ opcode: WebSocketOpcode, _ text: String, isFinal: Bool = true, mask: UInt32? = 0x1234_5678) {
        self.init(opcode, Array(text.utf8), isFinal: isFinal, mask: mask)
    }

    /// What is sent.
    var bytes: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: header.size + payload.count)
        bytes.withUnsafeMutableBufferPointer { buffer in
            guard let start = buffer.baseAddress else { return }
            let size = header.write(to: start)
            precondition(size == header.size)
            var mask = header.mask ?? WebSocketMask(key: 0)
            payload.withUnsafeBytes { mask.copy($0, to: start + size) }
        }
        return bytes
    }
}

extension [Frame] {
    var bytes: [UInt8] { flatMap(\.bytes) }
}
