/// Takes values out of what a server sends, in pieces of any size, each byte of which is looked at once.
///
/// ```swift
/// var parser = RESPParser()
/// var offset = 0
/// while let value = try parser.next(received, from: &offset) { … }
/// ```
///
/// ```
///            first byte and line                 all bytes
///   value ──────────────────────▶ (a bulk) bulk ──────────▶ bulk end ──▶ CR LF: a value
///     ▲ ▲        │    │ a value                                             │
///     │ └────────┘    └───────────────────────────────┬─────────────────────┘
///     │ an aggregate: one deeper                      ▼
///     └───────────────────────────── is the aggregate that it belongs to whole? then that is a value, and so on
/// ```
///
/// What is whole in a piece is read in place. What a piece ends within is kept: a line as far as it has come, a bulk in the
/// array that it will be. Memory is taken for what has come, never for what a length announces.
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
        /// CR LF, of which so many bytes have come, behind a bulk.
        case bulkEnd(Bulk, seen: Int)
    }

    private enum Bulk {
        case text, error, verbatim, piece
    }

    /// An aggregate of which some values are missing.
    private struct Aggregate {
        enum Kind {
            case array, map, set, push, attribute, pieces
        }

        var kind: Kind
        /// How many values it still lacks; negative when its end will be told.
        var missing: Int
        var values: [RESPValue] = []
        /// What attributes belong to it.
        var attributes: [RESPValue.Entry]?
    }

    private var state = State.line
    private var line: [UInt8] = []
    private var bulk: [UInt8] = []
    private var open: [Aggregate] = []
    /// Attributes that the next value belongs to.
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
    public var isWithinValue: Bool { !open.isEmpty || !line.isEmpty || bytesLeft != limits.bytes }

    /// Takes the next value out of `bytes`, which begin at `offset` to be new.
    ///
    /// - Parameters:
    ///   - bytes: what has been received.
    ///   - offset: where the parser is in it; moved behind what has been read. All of it has been when there is no value.
    /// - Returns: a value; `nil` when more has to come.
    /// - Throws: ``RESPError``; the connection is of no use after that.
    public mutating func next(
        _ bytes: UnsafeRawBufferPointer, from offset: inout Int
    ) throws(RESPError) -> RESPValue? {
        nil
    }
}
