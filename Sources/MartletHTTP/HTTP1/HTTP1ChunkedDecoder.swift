import HTTPTypes

/// Reads a body in chunks, strictly, RFC 9112 §7.1: bytes in, ranges of data out.
///
///     size extensions CR LF  data CR LF   …   0 extensions CR LF  *(trailer CR LF)  CR LF
///
///     size → extensions → sizeEnd ┬→ data → dataEnd → dataLineFeed → size
///                                 └→ trailerStart → trailerName → trailerValue → trailerEnd ┐
///                                      ↑   └→ bodyEnd → done                                │
///                                      └────────────────────────────────────────────────────┘
///
/// Rules:
/// - The state is in the value and no byte is needed twice: the caller may drop what is behind `offset`.
/// - Where the input was split changes neither data nor error.
/// - Extensions are checked (`ChunkExtensions`), bounded and dropped: nobody uses them.
/// - Trailers are kept apart from the fields of the head, and those that could change what the request means are
///   dropped (RFC 9110 §6.5.1).
public struct HTTP1ChunkedDecoder: Sendable {
    /// What ``next(_:from:)`` has found.
    public enum Event: Hashable, Sendable {
        /// These offsets hold data of the body, at least one byte.
        case data(Range<Int>)
        /// All input is used up and the body goes on.
        case needsMore
        /// The body is over; the next message begins at `offset`.
        case end
    }

    private enum State: UInt8 {
        case size, extensions, sizeEnd, data, dataEnd, dataLineFeed
        case trailerStart, trailerName, trailerValue, trailerEnd, bodyEnd, done
    }

    private let limits: HTTP1Limits
    private var state = State.size
    private var digits = 0
    /// The size being read, then the bytes of the chunk still to come.
    private var remaining: UInt64 = 0
    /// Bytes of data that may still be announced.
    private var allowance: UInt64
    private var extensions = ChunkExtensions()
    private var extensionBytes = 0
    private var trailerBytes = 0
    private var trailerCount = 0
    private var nameLength = 0
    /// The trailer field being read, without its line end.
    private var trailerLine: [UInt8] = []
    private var keptTrailers: HTTPFields?

    /// The fields behind the last chunk, RFC 9112 §7.1.2, in the order they were sent and without those that no trailer
    /// may carry, such as Content-Length, Host and Authorization (RFC 9110 §6.5.1). Nil before ``Event/end``, and when
    /// no field is left.
    public var trailers: HTTPFields? { state == .done ? keptTrailers : nil }

    /// A decoder at the start of a body.
    ///
    /// A chunk that would take the data beyond `bodyLimit` bytes is refused with 413 when its size is read, before any
    /// of it is stored.
    public init(limits: HTTP1Limits = HTTP1Limits(), bodyLimit: UInt64 = .max) {
        self.limits = limits
        // Larger sizes could not be addressed, and others would read them differently.
        allowance = min(bodyLimit, UInt64(Int64.max))
    }

    /// Goes on at `offset` of `bytes` and moves it behind what was read.
    ///
    /// - Throws: ``HTTP1Error``; the decoder is then of no further use.
    public mutating func next(_ bytes: Span<UInt8>, from offset: inout Int) throws(HTTP1Error) -> Event {
        precondition(offset >= 0 && offset <= bytes.count)
        while state != .done {
            guard offset < bytes.count else { return .needsMore }
            if state == .data {
                return takeData(bytes.count, &offset)
            }
            if state == .trailerValue {
                try readTrailerValue(bytes, &offset)
            } else {
                try step(bytes[offset])
                offset += 1
            }
        }
        return .end
    }

    private mutating func takeData(_ count: Int, _ offset: inout Int) -> Event {
        let start = offset
        let taken = min(remaining, UInt64(count - start))
        remaining -= taken
        offset = start + Int(taken)
        if remaining == 0 { state = .dataEnd }
        return .data(start..<offset)
    }

    /// The transition for one byte of everything that is not data.
    private mutating func step(_ byte: UInt8) throws(HTTP1Error) {
        switch state {
        case .size: try readSize(byte)
        case .extensions: try readExtension(byte)
        case .sizeEnd: try endSizeLine(byte)
        case .dataEnd:
            guard byte == ASCII.carriageReturn else {
                throw HTTP1Error(.chunk, "chunk: its data is not followed by CR LF; its size is wrong")
            }
            state = .dataLineFeed
        case .dataLineFeed:
            try expectLineFeed(byte, "chunk data")
            beginSize()
        case .trailerStart, .trailerName: try readTrailer(byte)
        case .trailerEnd:
            try expectLineFeed(byte, "trailer field")
            try countTrailerBytes(1)
            keepTrailer()
            state = .trailerStart
        case .bodyEnd:
            try expectLineFeed(byte, "end of the chunked body")
            state = .done
        case .data, .trailerValue, .done: break
        }
    }

    private mutating func beginSize() {
        state = .size
        digits = 0
        remaining = 0
    }

    private mutating func readSize(_ byte: UInt8) throws(HTTP1Error) {
        if let digit = ASCII.hexValue(byte) {
            digits += 1
            // 16 digits are 64 bits; more could only be leading zeros, which no sender needs.
            guard digits <= 16 else { throw HTTP1Error(.chunk, "chunk size: more than 16 digits") }
            remaining = remaining << 4 | UInt64(digit)
            return
        }
        guard digits > 0 else { throw .unexpected(byte, in: "chunk size", .chunk) }
        switch byte {
        case ASCII.carriageReturn: state = .sizeEnd
        case ASCII.semicolon, ASCII.space, ASCII.tab:
            state = .extensions
            extensions = ChunkExtensions()
            try readExtension(byte)
        default: throw .unexpected(byte, in: "chunk size", .chunk)
        }
    }

    private mutating func readExtension(_ byte: UInt8) throws(HTTP1Error) {
        if try extensions.take(byte) {
            state = .sizeEnd
        } else {
            try countExtensionByte()
        }
    }

    private mutating func countExtensionByte() throws(HTTP1Error) {
        extensionBytes += 1
        guard extensionBytes <= limits.chunkExtensions else {
            throw HTTP1Error(
                .tooLarge, status: 413,
                "chunk extensions of the body exceed the limit of \(limits.chunkExtensions) bytes")
        }
    }

    private mutating func endSizeLine(_ byte: UInt8) throws(HTTP1Error) {
        try expectLineFeed(byte, "chunk size")
        guard remaining <= allowance else {
            throw HTTP1Error(.tooLarge, status: 413, "the chunked body is larger than the limit")
        }
        allowance -= remaining
        state = remaining == 0 ? .trailerStart : .data
    }

    private mutating func readTrailer(_ byte: UInt8) throws(HTTP1Error) {
        if state == .trailerStart {
            if byte == ASCII.carriageReturn {
                state = .bodyEnd
                return
            }
            trailerCount += 1
            guard trailerCount <= limits.fieldCount else {
                throw HTTP1Error(.tooLarge, status: 431, "more trailer fields than the limit of \(limits.fieldCount)")
            }
            nameLength = 0
            trailerLine.removeAll(keepingCapacity: true)
            state = .trailerName
        }
        try countTrailerBytes(1)
        if ByteClass.isToken(byte) {
            nameLength += 1
        } else if byte == ASCII.colon, nameLength > 0 {
            state = .trailerValue
        } else {
            throw .unexpected(byte, in: "trailer field name", .field)
        }
        trailerLine.append(byte)
    }

    private mutating func readTrailerValue(_ bytes: Span<UInt8>, _ offset: inout Int) throws(HTTP1Error) {
        let end = min(bytes.count, offset + limits.fieldSection - trailerBytes)
        let stop = bytes.firstControl(from: offset, to: end)
        try countTrailerBytes(stop - offset)
        bytes.extracting(offset..<stop).withUnsafeBufferPointer { trailerLine.append(contentsOf: $0) }
        offset = stop
        guard stop < end else {
            if end < bytes.count { try countTrailerBytes(1) }
            return
        }
        guard bytes[stop] == ASCII.carriageReturn else {
            throw .unexpected(bytes[stop], in: "trailer field value", .field)
        }
        try countTrailerBytes(1)
        offset = stop + 1
        state = .trailerEnd
    }

    private mutating func keepTrailer() {
        guard let trailer = trailer() else { return }
        keptTrailers = keptTrailers ?? HTTPFields()
        keptTrailers?.append(trailer)
    }

    /// The field that has just been read, nil when it is not kept.
    private func trailer() -> HTTPField? {
        let line = trailerLine.span
        // Field names were read as tokens, so the initialiser does not fail.
        guard let name = HTTPField.Name(String(ByteRange(0, nameLength), in: line)), TrailerFields.allows(name) else {
            return nil
        }
        let value = line.trimmed(nameLength + 1, line.count)
        return line.extracting(value.range).withUnsafeBufferPointer { HTTPField(name: name, value: $0) }
    }

    private mutating func countTrailerBytes(_ count: Int) throws(HTTP1Error) {
        trailerBytes += count
        guard trailerBytes <= limits.fieldSection else {
            throw HTTP1Error(
                .tooLarge, status: 431, "trailer fields are larger than the limit of \(limits.fieldSection) bytes")
        }
    }

    private func expectLineFeed(_ byte: UInt8, _ place: StaticString) throws(HTTP1Error) {
        guard byte == ASCII.lineFeed else { throw .bareCarriageReturn(before: byte, in: place) }
    }
}
