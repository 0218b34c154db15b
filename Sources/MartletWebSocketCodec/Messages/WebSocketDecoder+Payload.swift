extension WebSocketDecoder {
    /// Reads the payload of a data frame.
    ///
    /// Nil when nothing is to be delivered yet: the frame goes on beyond the input, or the message beyond the frame.
    mutating func readPayload(
        _ input: UnsafeMutableRawBufferPointer, _ offset: inout Int
    ) throws(WebSocketError) -> WebSocketEvent? {
        guard let kind else { return nil }
        if isCompressed { return try readCompressedPayload(kind, input, &offset) }
        let bytes = UnsafeRawBufferPointer(takePayload(input, &offset, upTo: .max))
        if kind == .text { try validate(bytes) }
        let isLast = try endFrame()
        if isStreamed { return piece(kind, bytes, isLast) }
        if isLast, assembled.isEmpty { return .message(kind, bytes) }
        assembled.append(contentsOf: bytes)
        return isLast ? message(kind) : nil
    }

    /// The next bytes of the payload, at most `most`, unmasked where they lie.
    @inline(__always)
    mutating func takePayload(
        _ input: UnsafeMutableRawBufferPointer, _ offset: inout Int, upTo most: Int
    ) -> UnsafeMutableRawBufferPointer {
        let end = offset + min(remaining, input.count - offset, most)
        let bytes = UnsafeMutableRawBufferPointer(rebasing: input[offset..<end])
        remaining -= bytes.count
        offset = end
        if role == .server { mask.apply(to: bytes) }
        return bytes
    }

    @inline(__always)
    mutating func validate(_ text: UnsafeRawBufferPointer) throws(WebSocketError) {
        guard validator.validate(text) else {
            throw WebSocketError(.invalidPayload, "text message: it is not UTF-8")
        }
    }

    /// Goes over to the next frame when this one is read, and returns whether the message ends with it.
    @inline(__always)
    mutating func endFrame() throws(WebSocketError) -> Bool {
        guard remaining == 0 else { return false }
        state = .header
        guard isFinal else { return false }
        guard kind == .binary || validator.isComplete else {
            throw WebSocketError(.invalidPayload, "text message: it ends within a character")
        }
        kind = nil
        return true
    }

    /// The message that is assembled.
    mutating func message(_ kind: WebSocketEvent.Kind) -> WebSocketEvent {
        delivered = assembled.count
        lends = true
        return .message(kind, assembled.borrowed)
    }

    /// What can be delivered of a message with `bytes`, the next ones: from where they lie unless a character began before
    /// them.
    private mutating func piece(
        _ kind: WebSocketEvent.Kind, _ bytes: UnsafeRawBufferPointer, _ isLast: Bool
    ) -> WebSocketEvent? {
        guard assembled.isEmpty else {
            assembled.append(contentsOf: bytes)
            return assembledPiece(kind, isLast)
        }
        let count = bytes.count - unfinishedBytes(kind, bytes)
        assembled.append(contentsOf: bytes[count...])
        return piece(kind, UnsafeRawBufferPointer(rebasing: bytes[..<count]), isLast: isLast)
    }

    /// What can be delivered of what is assembled.
    mutating func assembledPiece(_ kind: WebSocketEvent.Kind, _ isLast: Bool) -> WebSocketEvent? {
        let bytes = assembled.borrowed
        let count = bytes.count - unfinishedBytes(kind, bytes)
        guard let event = piece(kind, UnsafeRawBufferPointer(rebasing: bytes[..<count]), isLast: isLast) else {
            return nil
        }
        delivered = count
        lends = true
        return event
    }

    private mutating func piece(
        _ kind: WebSocketEvent.Kind, _ bytes: UnsafeRawBufferPointer, isLast: Bool
    ) -> WebSocketEvent? {
        guard isLast || !bytes.isEmpty else { return nil }
        let isFirst = !hasDelivered
        hasDelivered = true
        return .piece(kind, bytes, isFirst: isFirst, isLast: isLast)
    }

    private func unfinishedBytes(_ kind: WebSocketEvent.Kind, _ bytes: UnsafeRawBufferPointer) -> Int {
        kind == .binary || validator.isComplete ? 0 : UTF8Validator.unfinishedBytes(of: bytes)
    }
}

extension [UInt8] {
    /// The elements where they lie: valid as long as the array is neither changed nor let go. The elements of an array that
    /// was not bridged, and on Linux none is, lie in memory of its own, not in the variable that holds it.
    var borrowed: UnsafeRawBufferPointer {
        withUnsafeBytes { $0 }
    }
}
