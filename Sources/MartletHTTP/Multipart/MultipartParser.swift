import Glibc

/// Reads a form sent as `multipart/form-data`, RFC 7578 and RFC 2046 §5.1.1, strictly: bytes in, ranges of data out.
///
///     [preamble CR LF] "--" boundary CR LF  head CR LF data
///     *(delimiter CR LF head CR LF data)  delimiter "--" [epilogue]
///
///     preamble → delimiterEnd ┬→ padding → paddingEnd → head ⇄ headLineEnd → data → delimiterEnd
///                             └→ closing → epilogue
///
/// Rules:
/// - The state is in the value and no byte is needed twice: the caller may drop what is behind `offset`. What may be
///   the beginning of a delimiter is held back, and told as ``Event/heldData(_:)`` when it turns out to be data.
/// - Where the input was split changes neither heads, data nor error. Only how the data is cut differs.
/// - Time is linear in the input: CR is only the first byte of a delimiter, so that a comparison that fails is never
///   begun again within what it has matched.
/// - A line that begins with the boundary is a delimiter or an error, never data.
///
/// ```swift
/// var parser = try MultipartParser(contentType: value)
/// events: while true {
///     switch try parser.next(bytes, from: &offset) {
///     case .partBegan(let head): …
///     case .data(let range): …
///     case .heldData(let held): …
///     case .partEnded: …
///     case .needsMore, .end: break events
///     }
/// }
/// // … and when the body is over:
/// try parser.finish()
/// ```
public struct MultipartParser: Sendable {
    /// What ``next(_:from:)`` has found.
    public enum Event: Hashable, Sendable {
        /// A part begins; its data follows.
        case partBegan(MultipartPartHead)
        /// These offsets hold data of the part, at least one byte.
        case data(Range<Int>)
        /// Data of the part that was held back at the end of earlier input, at most 73 bytes.
        case heldData([UInt8])
        /// The part is over.
        case partEnded
        /// All input is used up and the form goes on.
        case needsMore
        /// The form is over. What follows it is ignored, up to a limit, and told as `end` again.
        case end
    }

    private enum State: UInt8 {
        case preamble, delimiterEnd, closing, padding, paddingEnd, head, headLineEnd, data, epilogue
    }

    private let limits: MultipartLimits
    private let delimiter: [UInt8]
    private var state = State.preamble
    /// Bytes of the delimiter that have been read and not been told yet.
    private var matched = 2
    /// How many of these were not there, or belong to the head: the start of the body and the empty line that ends a
    /// head are the start of a line, and a delimiter may follow.
    private var implied = 2
    private var partCount = 0
    private var isInPart = false
    /// The head being read; behind it the padding counts too.
    private var head: [UInt8] = []
    private var lineStart = 0
    private var headBytes = 0
    private var ignoredBytes = 0

    /// A parser at the start of a body.
    ///
    /// - Parameters:
    ///   - contentType: the value of the request's Content-Type.
    ///   - limits: what is too much.
    /// - Throws: 415 when the type is not `multipart/form-data`, 400 when its boundary is missing, repeated or not
    ///   valid.
    public init(contentType: String, limits: MultipartLimits = MultipartLimits()) throws(HTTP1Error) {
        self.limits = limits
        delimiter = try MultipartBoundary(contentType: contentType).delimiter
    }

    /// Goes on at `offset` of `bytes` and moves it behind what was read.
    ///
    /// - Throws: ``HTTP1Error`` with status 400; the parser is then of no further use.
    public mutating func next(_ bytes: Span<UInt8>, from offset: inout Int) throws(HTTP1Error) -> Event {
        precondition(offset >= 0 && offset <= bytes.count)
        while true {
            switch state {
            case .preamble, .data:
                if let event = try scan(bytes, &offset) { return event }
            case .epilogue:
                try ignore(bytes.count - offset)
                offset = bytes.count
                return .end
            default:
                guard offset < bytes.count else { return .needsMore }
                offset += 1
                if let event = try step(bytes[offset - 1]) { return event }
            }
        }
    }

    /// Says that the body is over.
    ///
    /// - Throws: 400 when the delimiter that closes the form was not there yet.
    public func finish() throws(HTTP1Error) {
        guard state == .epilogue else {
            throw HTTP1Error(.multipart, "the multipart body ends before the delimiter that closes it")
        }
    }

    /// Goes on until data or the end of the input is found; nil when a delimiter is.
    private mutating func scan(_ bytes: Span<UInt8>, _ offset: inout Int) throws(HTTP1Error) -> Event? {
        if matched > 0 {
            let length = prefixLength(bytes, offset, from: matched)
            offset += length
            matched += length
            if matched == delimiter.count { return endData() }
            if offset == bytes.count { return .needsMore }
            let held = Array(delimiter[implied..<matched])
            matched = 0
            implied = 0
            if !held.isEmpty, let event = try tell(.heldData(held), held.count) { return event }
        }
        let start = offset
        while let found = bytes.carriageReturn(from: offset) {
            let length = prefixLength(bytes, found, from: 0)
            offset = found + length
            if length < delimiter.count, offset < bytes.count { continue }
            if found > start, state == .data {
                // What comes next is looked at again, but only once: nothing is before it then.
                offset = found
                return .data(start..<found)
            }
            if found > start { try ignore(found - start) }
            matched = length
            return length == delimiter.count ? endData() : .needsMore
        }
        offset = bytes.count
        return offset > start ? try tell(.data(start..<offset), offset - start) ?? .needsMore : .needsMore
    }

    /// How many bytes from `offset` on go on with the delimiter of which `matched` bytes have been found.
    private func prefixLength(_ bytes: Span<UInt8>, _ offset: Int, from matched: Int) -> Int {
        let most = min(bytes.count - offset, delimiter.count - matched)
        for i in 0..<most where bytes[offset + i] != delimiter[matched + i] { return i }
        return most
    }

    /// `event` about `count` bytes of a part; nil, having counted them, before the first part.
    private mutating func tell(_ event: Event, _ count: Int) throws(HTTP1Error) -> Event? {
        if state == .data { return event }
        try ignore(count)
        return nil
    }

    private mutating func endData() -> Event? {
        matched = 0
        implied = 0
        headBytes = 0
        state = .delimiterEnd
        guard isInPart else { return nil }
        isInPart = false
        return .partEnded
    }

    private mutating func ignore(_ count: Int) throws(HTTP1Error) {
        ignoredBytes += count
        guard ignoredBytes <= limits.ignored else {
            throw HTTP1Error(
                .tooLarge, status: 413,
                "bytes outside of the parts of a multipart body exceed the limit of \(limits.ignored)")
        }
    }

    /// The transition for one byte of everything that is not data.
    private mutating func step(_ byte: UInt8) throws(HTTP1Error) -> Event? {
        switch state {
        case .delimiterEnd where byte == ASCII.hyphen:
            state = .closing
        case .delimiterEnd, .padding:
            try readPadding(byte)
        case .closing:
            guard byte == ASCII.hyphen else { throw .unexpected(byte, in: "end of the last delimiter", .multipart) }
            state = .epilogue
            // The limit holds for each of the two.
            ignoredBytes = 0
        case .paddingEnd:
            try readLineFeed(byte, "delimiter of a part")
            try beginHead()
        case .head:
            try readHead(byte)
        case .headLineEnd:
            try readLineFeed(byte, "head of a part")
            return try endHeadLine()
        case .preamble, .data, .epilogue:
            break
        }
        return nil
    }

    private mutating func readPadding(_ byte: UInt8) throws(HTTP1Error) {
        try countHeadByte()
        switch byte {
        case ASCII.carriageReturn: state = .paddingEnd
        case ASCII.space, ASCII.tab: state = .padding
        default: throw .unexpected(byte, in: "delimiter of a part", .multipart)
        }
    }

    private mutating func beginHead() throws(HTTP1Error) {
        partCount += 1
        guard partCount <= limits.partCount else {
            throw HTTP1Error(.tooLarge, status: 413, "more parts than the limit of \(limits.partCount)")
        }
        head.removeAll(keepingCapacity: true)
        lineStart = 0
        state = .head
    }

    private mutating func readHead(_ byte: UInt8) throws(HTTP1Error) {
        try countHeadByte()
        if byte == ASCII.carriageReturn {
            state = .headLineEnd
        } else if byte != ASCII.tab, byte < 0x20 || byte == 0x7F {
            throw .unexpected(byte, in: "head of a part", .multipart)
        } else {
            head.append(byte)
        }
    }

    private mutating func endHeadLine() throws(HTTP1Error) -> Event? {
        if head.count == lineStart {
            let event = Event.partBegan(try MultipartPartHead(head.span))
            isInPart = true
            state = .data
            matched = 2
            implied = 2
            return event
        }
        head += [ASCII.carriageReturn, ASCII.lineFeed]
        lineStart = head.count
        state = .head
        return nil
    }

    private mutating func countHeadByte() throws(HTTP1Error) {
        headBytes += 1
        guard headBytes <= limits.partHead else {
            throw HTTP1Error(
                .tooLarge, status: 413, "the head of a part is larger than the limit of \(limits.partHead) bytes")
        }
    }

    private mutating func readLineFeed(_ byte: UInt8, _ place: StaticString) throws(HTTP1Error) {
        try countHeadByte()
        guard byte == ASCII.lineFeed else { throw .bareCarriageReturn(before: byte, in: place) }
    }
}

extension Span where Element == UInt8 {
    /// The offset of the first CR from `start` on, else nil: files are long, and `memchr` looks at 32 bytes a step.
    fileprivate func carriageReturn(from start: Int) -> Int? {
        extracting(start...).withUnsafeBytes { rest in
            guard let base = rest.baseAddress, let found = memchr(base, Int32(ASCII.carriageReturn), rest.count) else {
                return nil
            }
            return start + (UnsafeRawPointer(found) - base)
        }
    }
}
