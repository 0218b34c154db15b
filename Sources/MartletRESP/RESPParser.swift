/// Takes values out of what a server sends, in pieces of any size, each byte of which is looked at once.
///
/// ```swift
/// var parser = RESPParser()
/// var offset = 0
/// while let value = try parser.next(received, from: &offset) { … }
/// ```
///
/// ```
///            a line                            all of its bytes
///   value ──────────────▶ (a bulk) bulk ──────────────────────────▶ bulk end ──▶ CR LF: a value
///     ▲ ▲     │    │ (another) a value                                            │
///     │ └─────┘    └──────────────────────────────────┬───────────────────────────┘
///     │ (an aggregate) one deeper                     ▼
///     └───────────────────────────── is the aggregate that it belongs to whole? then that is a value, and so on
/// ```
///
/// What is whole in a piece is read in place. What a piece ends within is kept: a line as far as it has come, a bulk in
/// the array that it will be. Memory is taken for what has come, never for what a length announces.
public struct RESPParser: Sendable {
    /// How much is taken.
    public let limits: RESPLimits
    /// Whether attributes are kept with the value that they belong to, or dropped.
    public let keepsAttributes: Bool

    private enum State {
        /// A line, of which `line` has come so far.
        case line
        /// A bulk, of which `bulk` has come so far.
        case bulk(Bulk, length: Int)
        /// CR LF behind a bulk, of which CR may have come.
        case bulkEnd(Bulk, hasReturn: Bool)
    }

    private enum Bulk {
        case text, error, verbatim, piece
    }

    private enum Step {
        case value(RESPValue)
        case bulk(Bulk, length: Int)
        /// Something that is no value by itself.
        case nothing
    }

    private var state = State.line
    private var line: [UInt8] = []
    private var bulk: [UInt8] = []
    private var open: [RESPAggregate] = []
    /// Attributes that belong to the next value.
    private var attributes: [RESPValue.Entry]?
    private var valuesLeft: Int
    private var bytesLeft: Int

    /// A parser for what comes first on a connection.
    public init(limits: RESPLimits = RESPLimits(), keepsAttributes: Bool = false) {
        self.limits = limits
        self.keepsAttributes = keepsAttributes
        valuesLeft = limits.values
        bytesLeft = limits.bytes
    }

    /// Whether a value has begun and is not whole.
    public var isWithinValue: Bool { bytesLeft != limits.bytes || !line.isEmpty }

    /// Takes the next value out of `bytes`.
    ///
    /// - Parameters:
    ///   - bytes: what has been received.
    ///   - offset: where the parser is in it; moved behind what has been read. All of it has been when there is no value.
    /// - Returns: a value; `nil` when more has to come.
    /// - Throws: ``RESPError``; the connection is of no use after that.
    public mutating func next(
        _ bytes: UnsafeRawBufferPointer, from offset: inout Int
    ) throws(RESPError) -> RESPValue? {
        if let content = wholeBulk(bytes, offset) {
            offset = content.upperBound + 2
            return .bulk([UInt8](UnsafeRawBufferPointer(rebasing: bytes[content])))
        }
        if isOK(bytes, offset) {
            offset += 5
            return .simple(RESPText.ok)
        }
        if let elements = wholeArray(bytes, &offset) { return .array(elements) }
        while offset < bytes.count {
            let made: RESPValue?
            switch state {
            case .line: made = try readLine(bytes, &offset)
            case .bulk(let kind, let length): made = try readBulk(kind, length, bytes, &offset)
            case .bulkEnd(let kind, let hasReturn): made = try readBulkEnd(kind, hasReturn, bytes, &offset)
            }
            if let made, let whole = try add(made) { return whole }
        }
        return nil
    }

    /// Whether what comes next begins an answer.
    var isBetweenAnswers: Bool {
        guard open.isEmpty, line.isEmpty, attributes == nil, case .line = state else { return false }
        return true
    }

    // MARK: Lines

    @inline(__always)
    private mutating func readLine(
        _ bytes: UnsafeRawBufferPointer, _ offset: inout Int
    ) throws(RESPError) -> RESPValue? {
        let start = offset
        var end = start
        while end < bytes.count, bytes[end] != UInt8(ascii: "\n") { end += 1 }
        guard end - start + line.count <= limits.lineBytes else {
            throw RESPError(.tooLarge, "a line is longer than \(limits.lineBytes) bytes")
        }
        guard end < bytes.count else {
            line.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[start...]))
            offset = end
            return nil
        }
        offset = end + 1
        let step: Step
        if line.isEmpty {
            step = try read(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
        } else {
            var whole = line
            line = []
            whole.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
            step = try Self.with(whole) { whole throws(RESPError) in try read(whole) }
        }
        switch step {
        case .value(let value): return value
        case .nothing: return nil
        case .bulk(let kind, let length):
            if kind != .piece, bytes.count - offset >= length + 2 {
                return try takeBulk(kind, length, bytes, &offset)
            }
            state = .bulk(kind, length: length)
            if length == 0 { state = .bulkEnd(kind, hasReturn: false) }
            return nil
        }
    }

    private static func with<Result>(
        _ bytes: [UInt8], _ body: (UnsafeRawBufferPointer) throws(RESPError) -> Result
    ) throws(RESPError) -> Result {
        var result: Swift.Result<Result, RESPError>?
        bytes.withUnsafeBytes { bytes in
            do throws(RESPError) { result = .success(try body(bytes)) } catch { result = .failure(error) }
        }
        guard let result else { throw RESPError(.line, "a line is empty") }
        return try result.get()
    }

    /// Reads a line that LF, which is not part of it, has ended.
    private mutating func read(_ line: UnsafeRawBufferPointer) throws(RESPError) -> Step {
        guard line.count >= 2, line[line.count - 1] == UInt8(ascii: "\r") else {
            throw RESPError(.line, "a line does not begin with a type and end with CR LF")
        }
        bytesLeft -= line.count + 1
        guard bytesLeft >= 0 else { throw answerTooLarge() }
        let type = line[0]
        let text = UnsafeRawBufferPointer(rebasing: line[1..<line.count - 1])
        if open.last?.kind == .pieces, type != UInt8(ascii: ";") {
            throw RESPError(.nesting, "a bulk that comes in pieces has something else between them")
        }
        switch type {
        case UInt8(ascii: "$"): return try beginBulk(.text, text)
        case UInt8(ascii: "+"): return .value(.simple(RESPText.string(text)))
        case UInt8(ascii: ":"): return .value(.integer(try RESPText.integer(text)))
        case UInt8(ascii: "*"): return try begin(.array, text)
        case UInt8(ascii: "-"): return .value(.error(RESPErrorReply(RESPText.string(text))))
        case UInt8(ascii: "_"):
            guard text.isEmpty else { throw RESPError(.value, "null has a value") }
            return .value(.null)
        case UInt8(ascii: "%"): return try begin(.map, text)
        case UInt8(ascii: "~"): return try begin(.set, text)
        case UInt8(ascii: ">"): return try begin(.push, text)
        case UInt8(ascii: "|"): return try begin(.attribute, text)
        case UInt8(ascii: ","): return .value(.double(try RESPText.double(text)))
        case UInt8(ascii: "#"): return .value(.boolean(try RESPText.boolean(text)))
        case UInt8(ascii: "("): return .value(.bigNumber(try RESPText.bigNumber(text)))
        case UInt8(ascii: "!"): return try beginBulk(.error, text)
        case UInt8(ascii: "="): return try beginBulk(.verbatim, text)
        case UInt8(ascii: ";"): return try beginPiece(text)
        case UInt8(ascii: "."): return .value(try end(text))
        default: throw RESPError(.type, "byte \(type) begins no value")
        }
    }

    private func answerTooLarge() -> RESPError {
        RESPError(.tooLarge, "an answer is larger than \(limits.bytes) bytes")
    }

    // MARK: Bulks

    private mutating func beginBulk(_ kind: Bulk, _ text: UnsafeRawBufferPointer) throws(RESPError) -> Step {
        if kind == .text, text.count == 1, text[0] == UInt8(ascii: "?") {
            try deepen(RESPAggregate(.pieces, missing: -1))
            bulk = []
            return .nothing
        }
        let length = try RESPText.length(text, orNull: kind == .text)
        if length < 0 { return .value(.null) }
        try allow(bytes: length, of: length)
        return .bulk(kind, length: length)
    }

    private mutating func beginPiece(_ text: UnsafeRawBufferPointer) throws(RESPError) -> Step {
        guard open.last?.kind == .pieces else {
            throw RESPError(.nesting, "a piece of a bulk comes outside of one")
        }
        let length = try RESPText.length(text, orNull: false)
        if length == 0 {
            attributes = open.removeLast().attributes
            let whole = bulk
            bulk = []
            return .value(.bulk(whole))
        }
        // Checked in this order, because both are below 2^63 only.
        guard length <= limits.bulkBytes else { throw bulkTooLarge() }
        try allow(bytes: length, of: bulk.count + length)
        return .bulk(.piece, length: bulk.count + length)
    }

    private mutating func allow(bytes: Int, of length: Int) throws(RESPError) {
        guard length <= limits.bulkBytes else { throw bulkTooLarge() }
        guard bytes <= bytesLeft - 2 else { throw answerTooLarge() }
        bytesLeft -= bytes + 2
    }

    private func bulkTooLarge() -> RESPError {
        RESPError(.tooLarge, "a bulk is longer than \(limits.bulkBytes) bytes")
    }

    /// Takes a bulk that is there as a whole.
    @inline(__always)
    private mutating func takeBulk(
        _ kind: Bulk, _ length: Int, _ bytes: UnsafeRawBufferPointer, _ offset: inout Int
    ) throws(RESPError) -> RESPValue {
        let end = offset + length
        guard bytes[end] == UInt8(ascii: "\r"), bytes[end + 1] == UInt8(ascii: "\n") else { throw Self.noEnd }
        let content = UnsafeRawBufferPointer(rebasing: bytes[offset..<end])
        offset = end + 2
        return try Self.value(kind, [UInt8](content))
    }

    private mutating func readBulk(
        _ kind: Bulk, _ length: Int, _ bytes: UnsafeRawBufferPointer, _ offset: inout Int
    ) throws(RESPError) -> RESPValue? {
        let count = min(length - bulk.count, bytes.count - offset)
        // A second piece shows that there is something to it; then the array does not have to grow any more.
        if kind != .piece, !bulk.isEmpty, bulk.capacity < length, length <= 4 * (bulk.count + count) {
            bulk.reserveCapacity(length)
        }
        bulk.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count]))
        offset += count
        if bulk.count == length { state = .bulkEnd(kind, hasReturn: false) }
        return nil
    }

    private mutating func readBulkEnd(
        _ kind: Bulk, _ hasReturn: Bool, _ bytes: UnsafeRawBufferPointer, _ offset: inout Int
    ) throws(RESPError) -> RESPValue? {
        guard bytes[offset] == UInt8(ascii: hasReturn ? "\n" : "\r") else { throw Self.noEnd }
        offset += 1
        guard hasReturn else {
            state = .bulkEnd(kind, hasReturn: true)
            return nil
        }
        state = .line
        if kind == .piece { return nil }
        let whole = bulk
        bulk = []
        return try Self.value(kind, whole)
    }

    private static var noEnd: RESPError { RESPError(.line, "a bulk is not followed by CR LF: its length is wrong") }

    @inline(__always)
    private static func value(_ kind: Bulk, _ content: [UInt8]) throws(RESPError) -> RESPValue {
        switch kind {
        case .text, .piece: return .bulk(content)
        case .error: return .error(RESPErrorReply(String(decoding: content, as: UTF8.self)))
        case .verbatim:
            guard content.count >= 4, content[3] == UInt8(ascii: ":"), content[..<3].allSatisfy({ 0x21...0x7e ~= $0 })
            else { throw RESPError(.value, "a verbatim string does not begin with a format of three letters") }
            return .verbatim(
                format: String(decoding: content[..<3], as: UTF8.self), text: [UInt8](content[4...]))
        }
    }

    // MARK: Aggregates

    private mutating func begin(
        _ kind: RESPAggregate.Kind, _ text: UnsafeRawBufferPointer
    ) throws(RESPError) -> Step {
        if kind == .push, !open.isEmpty { throw RESPError(.nesting, "a push comes within another value") }
        if text.count == 1, text[0] == UInt8(ascii: "?"), kind != .push, kind != .attribute {
            try deepen(RESPAggregate(kind, missing: -1))
            return .nothing
        }
        let length = try RESPText.length(text, orNull: kind == .array)
        if length < 0 { return .value(.null) }
        let perEntry = kind == .map || kind == .attribute ? 2 : 1
        guard length <= valuesLeft / perEntry else { throw tooManyValues() }
        if length == 0, kind != .attribute { return .value(try RESPAggregate(kind, missing: 0).value()) }
        if length == 0 { return .nothing }
        try deepen(RESPAggregate(kind, missing: length * perEntry))
        return .nothing
    }

    private mutating func deepen(_ aggregate: RESPAggregate) throws(RESPError) {
        guard open.count < limits.depth else {
            throw RESPError(.tooLarge, "an answer is nested more than \(limits.depth) deep")
        }
        var aggregate = aggregate
        aggregate.attributes = attributes
        attributes = nil
        open.append(aggregate)
    }

    /// An aggregate of no announced length is over.
    private mutating func end(_ text: UnsafeRawBufferPointer) throws(RESPError) -> RESPValue {
        guard text.isEmpty, let last = open.last, last.missing < 0, attributes == nil else {
            throw RESPError(.nesting, "the end of an aggregate comes where there is none")
        }
        open.removeLast()
        attributes = last.attributes
        return try last.value()
    }

    private func tooManyValues() -> RESPError {
        RESPError(.tooLarge, "an answer has more than \(limits.values) values")
    }

    /// Puts a value where it belongs.
    ///
    /// - Returns: the answer, when that is whole.
    @inline(__always)
    private mutating func add(_ made: RESPValue) throws(RESPError) -> RESPValue? {
        if open.isEmpty, attributes == nil {
            valuesLeft = limits.values
            bytesLeft = limits.bytes
            return made
        }
        return try addToOpen(made)
    }

    @inline(never)
    private mutating func addToOpen(_ made: RESPValue) throws(RESPError) -> RESPValue? {
        var value = made
        while true {
            if let belonging = attributes {
                attributes = nil
                if keepsAttributes { value = .attributed(value, attributes: belonging) }
            }
            valuesLeft -= 1
            guard valuesLeft >= 0 else { throw tooManyValues() }
            guard let top = open.indices.last else { break }
            guard open[top].add(value) else { return nil }
            var whole = open.removeLast()
            swap(&attributes, &whole.attributes)
            if whole.kind == .attribute {
                // Not kept, they leave no more than the mark that there were some: however many follow each other.
                if keepsAttributes { attributes = try whole.entries(behind: attributes ?? []) } else { attributes = [] }
                return nil
            }
            value = try whole.value()
        }
        valuesLeft = limits.values
        bytesLeft = limits.bytes
        return value
    }
}
