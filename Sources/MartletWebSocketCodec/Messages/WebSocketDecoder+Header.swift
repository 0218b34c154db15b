extension WebSocketDecoder {
    /// Reads a header, as a rule all of it where it lies. False when it goes on beyond the input.
    mutating func readHeader(
        _ input: UnsafeMutableRawBufferPointer, _ offset: inout Int
    ) throws(WebSocketError) -> Bool {
        if partialHeaderSize == 0 {
            let rest = UnsafeRawBufferPointer(rebasing: input[offset...])
            if let header = try findHeader(rest) {
                offset += header.size
                try begin(header)
                return true
            }
        }
        while offset < input.count {
            // A header is whole with its 14th byte at the latest, so the index is in range.
            partialHeader[Int(partialHeaderSize)] = input[offset]
            partialHeaderSize += 1
            offset += 1
            if let header = try keptHeader() {
                partialHeaderSize = 0
                try begin(header)
                return true
            }
        }
        return false
    }

    /// The header that came in parts, once it is whole.
    private func keptHeader() throws(WebSocketError) -> WebSocketFrameHeader? {
        let size = Int(partialHeaderSize)
        return try partialHeader.span.withUnsafeBytes { (bytes) throws(WebSocketError) -> WebSocketFrameHeader? in
            try findHeader(UnsafeRawBufferPointer(rebasing: bytes[..<size]))
        }
    }

    /// The header at the start of `bytes`, if it is there as a whole and may come now.
    private func findHeader(_ bytes: UnsafeRawBufferPointer) throws(WebSocketError) -> WebSocketFrameHeader? {
        guard let first = bytes.first else { return nil }
        let opcode = try WebSocketFrameHeader.opcode(of: first)
        if !opcode.isControl { try checkOrder(opcode, isCompressed: first & 0x40 != 0) }
        guard bytes.count > 1 else { return nil }
        let isMasked = bytes[1] & 0x80 != 0
        guard isMasked == (role == .server) else {
            throw .protocolError(
                isMasked
                    ? "frame: it is masked, which a server's frames may not be"
                    : "frame: it is not masked, which a client's frames have to be")
        }
        try WebSocketFrameHeader.checkLength(bytes[1], of: opcode)
        return try WebSocketFrameHeader(opcode, bytes)
    }

    /// Checks that a data frame fits to the frames before it.
    private func checkOrder(_ opcode: WebSocketOpcode, isCompressed: Bool) throws(WebSocketError) {
        if opcode == .continuation {
            if kind == nil { throw .protocolError("frame: a continuation, but no message is under way") }
        } else if kind != nil {
            throw .protocolError("frame: a new message begins before the last fragment of the one under way")
        } else if isCompressed, contexts == nil {
            throw .protocolError("frame: RSV1 is set, but compression is not agreed on")
        }
    }

    private mutating func begin(_ header: WebSocketFrameHeader) throws(WebSocketError) {
        opcode = header.opcode
        isFinal = header.isFinal
        remaining = header.payloadLength
        if let mask = header.mask { self.mask = mask }
        if header.opcode.isControl {
            state = .control
            return
        }
        if header.opcode != .continuation { beginMessage(header) }
        try checkSize()
        announced += remaining
        state = .payload
    }

    private mutating func beginMessage(_ header: WebSocketFrameHeader) {
        kind = header.opcode == .text ? .text : .binary
        isCompressed = header.isCompressed
        isStreamed = delivery == .pieces
        hasDelivered = false
        validator = UTF8Validator()
        announced = 0
        inflated = 0
        released = 0
        if isCompressed, inflater == nil { inflater = contexts?.takeInflater(windowBits: Int(windowBits)) }
    }

    /// Checks what the header has announced, before any of it is read.
    private func checkSize() throws(WebSocketError) {
        guard remaining <= limits.frameSize else {
            throw WebSocketError(
                .messageTooBig, "frame of \(remaining) bytes: the limit is \(limits.frameSize)")
        }
        let limit = isCompressed ? limits.compressedSize : limits.messageSize
        // A limit that was lowered meanwhile makes the difference negative.
        guard remaining <= limit - announced else { throw .tooLarge(limits) }
    }
}

extension WebSocketError {
    static func tooLarge(_ limits: WebSocketLimits) -> WebSocketError {
        WebSocketError(.messageTooBig, "message: it is larger than the limit of \(limits.messageSize) bytes")
    }
}
