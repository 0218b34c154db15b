/// The value of traceparent, W3C Trace Context §3.2: which trace a request belongs to.
///
///     let incoming = TraceParent(field) ?? TraceParent.random()
///     let outgoing = incoming.child()    // for the requests made to answer this one
public struct TraceParent: Hashable, Sendable {
    /// The trace that all requests belong to which follow from one; not 0.
    public let traceID: UInt128
    /// The operation that made this request; not 0.
    public let parentID: UInt64
    /// Whether the caller may have recorded the trace.
    public let isSampled: Bool
    /// Whether the right half of ``traceID`` is known to be random (level 2 of the specification).
    public let isRandom: Bool

    /// A value; nil when one of the identifiers is 0.
    public init?(traceID: UInt128, parentID: UInt64, isSampled: Bool, isRandom: Bool = false) {
        guard traceID != 0, parentID != 0 else { return nil }
        self.init(known: traceID, parentID, isSampled, isRandom)
    }

    private init(known traceID: UInt128, _ parentID: UInt64, _ isSampled: Bool, _ isRandom: Bool) {
        self.traceID = traceID
        self.parentID = parentID
        self.isSampled = isSampled
        self.isRandom = isRandom
    }

    /// Reads `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`.
    ///
    /// A later version is read as far as this one goes, as the specification wants. Nil when the value is malformed,
    /// of version `ff`, or has an identifier that is 0: start a trace of your own then.
    public init?(_ field: String) {
        var reader = FieldReader(field[...].trimmed)
        guard let version = reader.hex(digits: 2), version != 0xFF, reader.skip(ASCII.hyphen),
            let traceID = reader.hex(digits: 32), reader.skip(ASCII.hyphen),
            let parentID = reader.hex(digits: 16), reader.skip(ASCII.hyphen), let flags = reader.hex(digits: 2),
            reader.isAtEnd || (version > 0 && reader.next == ASCII.hyphen)
        else { return nil }
        self.init(
            traceID: traceID, parentID: UInt64(truncatingIfNeeded: parentID), isSampled: flags & 1 != 0,
            isRandom: flags & 2 != 0)
    }

    /// A trace that begins here, with random identifiers.
    public static func random(isSampled: Bool = true) -> TraceParent {
        var generator = SystemRandomNumberGenerator()
        return random(isSampled: isSampled, using: &generator)
    }

    /// A trace that begins here, with identifiers from `generator`.
    public static func random(isSampled: Bool = true, using generator: inout some RandomNumberGenerator) -> TraceParent
    {
        TraceParent(
            known: .random(in: 1...(.max), using: &generator), .random(in: 1...(.max), using: &generator), isSampled,
            true)
    }

    /// The same trace, with a random ``parentID`` for an operation of one's own.
    public func child() -> TraceParent {
        var generator = SystemRandomNumberGenerator()
        return child(using: &generator)
    }

    /// The same trace, with a ``parentID`` from `generator`.
    public func child(using generator: inout some RandomNumberGenerator) -> TraceParent {
        TraceParent(known: traceID, .random(in: 1...(.max), using: &generator), isSampled, isRandom)
    }

    /// The trace's identifier in 32 hexadecimal digits, as logs show it.
    public var traceIDText: String { Self.hex(traceID, digits: 32) }
    /// The parent's identifier in 16 hexadecimal digits, as logs show it.
    public var parentIDText: String { Self.hex(parentID, digits: 16) }

    private static func hex(_ value: some BinaryInteger, digits: Int) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: digits - text.utf8.count) + text
    }
}

extension TraceParent: CustomStringConvertible {
    /// The field value, of version 00.
    public var description: String {
        "00-\(traceIDText)-\(parentIDText)-0\((isSampled ? 1 : 0) + (isRandom ? 2 : 0))"
    }
}

extension FieldReader {
    /// A number in exactly so many hexadecimal digits, at most 32; the letters in lower case.
    fileprivate mutating func hex(digits: Int) -> UInt128? {
        var reader = self
        var value: UInt128 = 0
        for _ in 0..<digits {
            guard let byte = reader.next, let digit = ASCII.hexValue(byte), byte == ASCII.lowercased(byte),
                reader.skip(byte)
            else { return nil }
            value = value << 4 | UInt128(digit)
        }
        self = reader
        return value
    }
}
