extension WebSocketDecoder {
    /// Reads the payload of a control frame, nil when it goes on beyond the input.
    mutating func readControl(
        _ input: UnsafeMutableRawBufferPointer, _ offset: inout Int
    ) throws(WebSocketError) -> WebSocketEvent? {
        let bytes = takePayload(input, &offset, upTo: .max)
        if remaining > 0 || !partialControl.isEmpty {
            partialControl.append(contentsOf: bytes)
            guard remaining == 0 else { return nil }
            lends = true
            return try control(partialControl.borrowed)
        }
        return try control(UnsafeRawBufferPointer(bytes))
    }

    private mutating func control(_ bytes: UnsafeRawBufferPointer) throws(WebSocketError) -> WebSocketEvent {
        state = .header
        switch opcode {
        case .ping: return .ping(bytes)
        case .pong: return .pong(bytes)
        default:
            let payload = try WebSocketClosePayload(bytes)
            close()
            return .close(code: payload.code, reason: payload.reason)
        }
    }
}
