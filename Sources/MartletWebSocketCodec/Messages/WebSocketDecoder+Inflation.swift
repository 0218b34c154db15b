extension WebSocketDecoder {
    /// How much of a message in pieces is inflated before it is delivered.
    private static let pieceSize = 16 << 10

    /// Reads the payload of a data frame of a compressed message, RFC 7692 §7.2.2, see
    /// ``readPayload(_:_:)``.
    mutating func readCompressedPayload(
        _ kind: WebSocketEvent.Kind, _ input: UnsafeMutableRawBufferPointer, _ offset: inout Int
    ) throws(WebSocketError) -> WebSocketEvent? {
        guard let inflater else { return nil }
        // Up to the next whole KiB: the expansion is bounded by the KiB, and with it what a piece can grow to.
        while remaining > 0, offset < input.count, !isStreamed || assembled.count < Self.pieceSize {
            let bytes = takePayload(input, &offset, upTo: 1024 - inflated % 1024)
            inflated += bytes.count
            try inflate(kind) { (output, limit) throws(InflateError) in
                try inflater.inflate(UnsafeRawBufferPointer(bytes), into: &output, limit: limit)
            }
        }
        if remaining == 0, isFinal {
            try inflate(kind) { (output, limit) throws(InflateError) in
                try inflater.endMessage(into: &output, limit: limit)
            }
        }
        let isLast = try endFrame()
        if isLast, !keepsInflater {
            contexts?.giveBack(inflater)
            self.inflater = nil
        }
        if isStreamed { return assembledPiece(kind, isLast) }
        return isLast ? message(kind) : nil
    }

    /// Appends to `assembled` what `step` inflates, within the limits, and checks it.
    @inline(__always)
    private mutating func inflate(
        _ kind: WebSocketEvent.Kind, _ step: (inout [UInt8], Int) throws(InflateError) -> Void
    ) throws(WebSocketError) {
        let start = assembled.count
        let expanded = limits.inflatedSize(after: inflated)
        var failure: InflateError?
        do throws(InflateError) {
            try step(&assembled, max(min(limits.messageSize, expanded) - released, start))
        } catch {
            failure = error
        }
        // What came out before the failure comes first, so that how the input is split decides nothing.
        if kind == .text { try validate(UnsafeRawBufferPointer(rebasing: assembled.borrowed[start...])) }
        switch failure {
        case nil: return
        case .invalid: throw WebSocketError(.invalidPayload, "compressed message: its data is not DEFLATE")
        case .tooLarge:
            guard expanded < limits.messageSize else { throw .tooLarge(limits) }
            throw WebSocketError(
                .messageTooBig, "compressed message: it inflates to more than \(limits.expansion) times its size")
        }
    }
}
