/// What the parsers of requests' and responses' heads share: the field section behind the first line, RFC 9112 §5.
///
///     fieldStart → fieldName → fieldValue → fieldEnd ┐
///       ↑  └→ headEnd → complete                     │
///       └────────────────────────────────────────────┘
///
/// All of it is inlined into each parser, so that sharing costs nothing; what a parser makes of a field is a closure and
/// no requirement, because witnesses of one are not inlined.
protocol HTTP1HeadParser {
    associatedtype Phase: HTTP1FieldPhase

    var limits: HTTP1Limits { get }
    var fields: HTTP1FieldTable { get set }
    var phase: Phase { get set }
    /// The next byte to look at.
    var position: Int { get set }
    /// Where the name of the field began.
    var mark: Int { get set }
    /// Where the value of the field began, its leading white space included.
    var valueStart: Int { get set }
    var sectionStart: Int { get }
}

/// The phases of a head parser that belong to the field section.
protocol HTTP1FieldPhase: Equatable {
    static var fieldStart: Self { get }
    static var fieldName: Self { get }
    static var fieldValue: Self { get }
    static var fieldEnd: Self { get }
    static var headEnd: Self { get }
    static var complete: Self { get }
}

extension HTTP1HeadParser {
    /// Parses up to the empty line that ends the head; false when it is not there yet.
    ///
    /// - Parameter interpret: notes what a field says.
    @inline(__always)
    mutating func parseFieldSection(
        _ bytes: Span<UInt8>, _ interpret: (inout Self, HTTP1Field) throws(HTTP1Error) -> Void
    ) throws(HTTP1Error) -> Bool {
        let limit = sectionStart + limits.fieldSection
        let end = min(bytes.count, limit)
        while try parseFieldLine(bytes, end, interpret) {
            if phase == .complete { return true }
        }
        if bytes.count > limit {
            throw HTTP1Error(
                .tooLarge, status: 431, "fields are larger than the limit of \(limits.fieldSection) bytes")
        }
        return false
    }

    /// Parses one field line, or the empty line, from wherever the last call stopped; false at the end of the input.
    @inline(__always)
    private mutating func parseFieldLine(
        _ bytes: Span<UInt8>, _ end: Int, _ interpret: (inout Self, HTTP1Field) throws(HTTP1Error) -> Void
    ) throws(HTTP1Error) -> Bool {
        if phase == .fieldStart {
            guard position < end else { return false }
            try beginField(bytes[unchecked: position])
        }
        if phase == .fieldName {
            guard try parseFieldName(bytes, end) else { return false }
        }
        if phase == .fieldValue {
            let stop = bytes.firstControl(from: position, to: end)
            position = stop
            guard stop < end else { return false }
            guard bytes[unchecked: stop] == ASCII.carriageReturn else {
                throw .unexpected(bytes[unchecked: stop], in: "field value", .field)
            }
            position = stop + 1
            phase = .fieldEnd
        }
        return try endLine(bytes, end, interpret)
    }

    @inline(__always)
    private mutating func beginField(_ first: UInt8) throws(HTTP1Error) {
        if first == ASCII.carriageReturn {
            position += 1
            phase = .headEnd
            return
        }
        if first == ASCII.space || first == ASCII.tab {
            throw HTTP1Error(
                .field, "field line begins with white space: folded lines are obsolete and refused (RFC 9112 §5.2)")
        }
        if fields.count >= limits.fieldCount {
            throw HTTP1Error(.tooLarge, status: 431, "more fields than the limit of \(limits.fieldCount)")
        }
        mark = position
        phase = .fieldName
    }

    @inline(__always)
    private mutating func parseFieldName(_ bytes: Span<UInt8>, _ end: Int) throws(HTTP1Error) -> Bool {
        var i = position
        while i < end, ByteClass.isToken(bytes[unchecked: i]) { i &+= 1 }
        position = i
        guard i < end else { return false }
        guard bytes[unchecked: i] == ASCII.colon, i > mark else {
            throw .badFieldName(bytes[unchecked: i], isEmpty: i == mark)
        }
        position = i + 1
        valueStart = i + 1
        phase = .fieldValue
        return true
    }

    /// The LF of a field line or of the empty line.
    @inline(__always)
    private mutating func endLine(
        _ bytes: Span<UInt8>, _ end: Int, _ interpret: (inout Self, HTTP1Field) throws(HTTP1Error) -> Void
    ) throws(HTTP1Error) -> Bool {
        guard position < end else { return false }
        guard bytes[unchecked: position] == ASCII.lineFeed else {
            throw .bareCarriageReturn(before: bytes[unchecked: position], in: "field line")
        }
        if phase == .headEnd {
            phase = .complete
        } else {
            let name = ByteRange(mark, valueStart - 1)
            let field = HTTP1Field(name: name, value: bytes.trimmed(valueStart, position - 1))
            fields.append(field)
            try interpret(&self, field)
            phase = .fieldStart
        }
        position += 1
        return true
    }
}

extension HTTP1Error {
    /// `byte` cannot stand in the name of a field.
    fileprivate static func badFieldName(_ byte: UInt8, isEmpty: Bool) -> HTTP1Error {
        switch byte {
        case ASCII.colon where isEmpty:
            HTTP1Error(.field, "field line begins with a colon: the field has no name")
        case ASCII.space, ASCII.tab:
            HTTP1Error(.field, "field name: white space before the colon (RFC 9112 §5.1)")
        case ASCII.carriageReturn:
            HTTP1Error(.field, "field line ends before a colon: it has no value")
        default:
            .unexpected(byte, in: "field name", .field)
        }
    }
}
