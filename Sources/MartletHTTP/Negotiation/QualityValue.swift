/// How much something is wanted, RFC 9110 §12.4.2: from 0, not at all, to 1, in thousandths.
public struct QualityValue: Hashable, Comparable, Sendable {
    /// From 0 to 1000.
    public let thousandths: Int

    /// A value; nil when it is not from 0 to 1000.
    public init?(thousandths: Int) {
        guard (0...1000).contains(thousandths) else { return nil }
        self.thousandths = thousandths
    }

    private init(known thousandths: Int) { self.thousandths = thousandths }

    /// Wanted most; what has no weight has this one.
    public static let one = QualityValue(known: 1000)
    /// Not acceptable.
    public static let zero = QualityValue(known: 0)

    /// Reads `0.8`; nil when it is not a number from 0 to 1. Digits behind the third, which the grammar does not have
    /// but some clients send, are ignored.
    public init?(_ text: some StringProtocol) {
        var bytes = text.utf8.makeIterator()
        guard let whole = bytes.next(), whole == ASCII.zero || whole == ASCII.zero + 1 else { return nil }
        var thousandths = whole == ASCII.zero ? 0 : 1000
        if let dot = bytes.next() {
            guard dot == ASCII.dot else { return nil }
            var unit = 100
            while let digit = bytes.next() {
                guard ASCII.isDigit(digit) else { return nil }
                thousandths += Int(digit &- ASCII.zero) * unit
                unit /= 10
            }
        }
        self.init(thousandths: thousandths)
    }

    /// Whether `left` is wanted less.
    public static func < (left: QualityValue, right: QualityValue) -> Bool { left.thousandths < right.thousandths }
}

extension QualityValue: CustomStringConvertible {
    /// The value as a field has it, without zeros at its end.
    public var description: String {
        if thousandths == 1000 { return "1" }
        var digits = String(thousandths)
        digits = "0." + String(repeating: "0", count: 3 - digits.count) + digits
        while digits.last == "0" { digits.removeLast() }
        return digits.last == "." ? "0" : digits
    }
}
