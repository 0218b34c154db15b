/// The value of Range, RFC 9110 §14.2: which bytes of a representation a client asks for.
///
/// Only GET has ranges: ignore the field with other methods.
public struct RangeRequest: Hashable, Sendable {
    /// More ranges than this are taken for an attack (RFC 9110 §17.15), and the field is ignored.
    public static let maximumCount = 32

    /// What the ranges come to, given a length.
    public enum Resolution: Hashable, Sendable {
        /// Answer 200 with everything: the representation is empty, and its last bytes were asked for.
        case full
        /// Answer 416 with ``ContentRange/unsatisfied(length:)``: no range begins within the representation.
        case unsatisfiable
        /// Answer 206 with these bytes: at least one range, none of them empty, no two that overlap or touch.
        case partial([Range<UInt64>])
    }

    private enum Spec: Hashable {
        /// `first-last`, and `first-` with the largest last there is.
        case positions(first: UInt64, last: UInt64)
        /// `-count`
        case suffix(count: UInt64)
    }

    private let specs: [Spec]

    /// Reads a value such as `bytes=0-499, -500`.
    ///
    /// Nil when the field is to be ignored: the unit is not `bytes`, a range is malformed or ends before it begins, or
    /// there are more than ``maximumCount``.
    public init?(_ field: String) {
        var reader = FieldReader(field)
        guard let unit = reader.token(), unit.equals(ignoringCase: "bytes"), reader.skip(ASCII.equals) else {
            return nil
        }
        var specs: [Spec] = []
        while true {
            // Empty elements of a list are allowed, RFC 9110 §5.6.1.
            _ = reader.take { $0 == ASCII.comma || $0 == ASCII.space || $0 == ASCII.tab }
            if reader.isAtEnd { break }
            guard specs.count < Self.maximumCount, let spec = Self.spec(&reader) else { return nil }
            specs.append(spec)
            reader.skipBlanks()
            guard reader.isAtEnd || reader.next == ASCII.comma else { return nil }
        }
        if specs.isEmpty { return nil }
        self.specs = specs
    }

    private static func spec(_ reader: inout FieldReader) -> Spec? {
        if reader.skip(ASCII.hyphen) { return reader.decimal().map(Spec.suffix) }
        guard let first = reader.decimal(), reader.skip(ASCII.hyphen) else { return nil }
        let last = reader.decimal() ?? .max
        return first <= last ? .positions(first: first, last: last) : nil
    }

    /// The bytes to send of a representation of `length` bytes.
    ///
    /// Ranges are in the order in which they were asked for. Those that overlap or touch become one, in the place of
    /// the first of them (RFC 9110 §15.3.7.2): so the answer is never longer than the representation by more than the
    /// heads of its parts.
    public func resolve(length: UInt64) -> Resolution {
        let isSatisfiable = specs.contains { spec in
            switch spec {
            case .positions(let first, _): first < length
            case .suffix(let count): count > 0
            }
        }
        guard isSatisfiable else { return .unsatisfiable }
        let ranges = specs.compactMap { range($0, length) }
        return ranges.isEmpty ? .full : .partial(Self.coalesced(ranges))
    }

    /// Nil when no byte is meant.
    private func range(_ spec: Spec, _ length: UInt64) -> Range<UInt64>? {
        switch spec {
        case .positions(let first, let last):
            // `length` is more than `first` here, so it is not 0, and the sum is `length` at most.
            first < length ? first..<(min(last, length - 1) + 1) : nil
        case .suffix(let count):
            count > 0 && length > 0 ? (length - min(count, length))..<length : nil
        }
    }

    private static func coalesced(_ ranges: [Range<UInt64>]) -> [Range<UInt64>] {
        if ranges.count == 1 { return ranges }
        var merged: [(place: Int, range: Range<UInt64>)] = []
        for (place, range) in ranges.enumerated().sorted(by: { $0.element.lowerBound < $1.element.lowerBound }) {
            if let last = merged.last, range.lowerBound <= last.range.upperBound {
                let union = last.range.lowerBound..<max(last.range.upperBound, range.upperBound)
                merged[merged.count - 1] = (min(last.place, place), union)
            } else {
                merged.append((place, range))
            }
        }
        return merged.sorted { $0.place < $1.place }.map(\.range)
    }
}
