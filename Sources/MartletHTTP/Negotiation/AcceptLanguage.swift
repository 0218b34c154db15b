/// The value of Accept-Language, RFC 9110 §12.5.4: which languages a client wants, and how much.
///
/// Elements that are malformed are ignored, and so are ranges of more than 64 bytes.
public struct AcceptLanguage: Sendable {
    /// From the one wanted most to the one wanted least; `*` is behind those wanted alike.
    private let ranges: [(range: Substring, weight: QualityValue)]

    /// Reads a value; nil when the request has none.
    public init(_ field: String?) {
        let elements = (field.map(WeightedElement.list) ?? []).filter { Self.isRange($0.name) }
        // The sort is stable: what is wanted alike stays in order.
        ranges = elements.sorted { left, right in
            (left.weight, left.name == "*" ? 0 : 1) > (right.weight, right.name == "*" ? 0 : 1)
        }.map { ($0.name, $0.weight) }
    }

    /// How much the language `tag` is wanted, by basic filtering (RFC 4647 §3.3.1): a range describes itself and what
    /// adds subtags to it, and the longest range that does counts; nil when none does.
    public func weight(of tag: String) -> QualityValue? {
        ranges.filter { Self.describes($0.range, tag) }
            .max { ($0.range == "*" ? 0 : $0.range.utf8.count) < ($1.range == "*" ? 0 : $1.range.utf8.count) }?
            .weight
    }

    /// The one of `offers`, which are language tags in the order of your own preference, that suits best.
    ///
    /// Ranges are tried from the one wanted most: what it describes, and then what is left of it when its last subtags
    /// are taken away one by one (RFC 4647 §3.4), so `de-AT` is content with `de`. The first of `offers` when the
    /// request has no such field, and nil when nothing suits: use your default.
    public func best(of offers: [String]) -> String? {
        if ranges.isEmpty { return offers.first }
        let offers = offers.filter { weight(of: $0) != .zero }
        for (range, weight) in ranges where weight > .zero {
            var range = range
            if let described = offers.first(where: { $0.equals(ignoringCase: range) })
                ?? offers.first(where: { Self.describes(range, $0) })
            {
                return described
            }
            while let shorter = Self.shortened(range) {
                range = shorter
                if let same = offers.first(where: { $0.equals(ignoringCase: range) }) { return same }
            }
        }
        return nil
    }

    private static func isRange(_ name: Substring) -> Bool {
        if name == "*" { return true }
        return name.utf8.count <= 64 && name.utf8.first.map(ASCII.isLetter) ?? false
            && name.utf8.allSatisfy { ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == ASCII.hyphen }
    }

    private static func describes(_ range: Substring, _ tag: String) -> Bool {
        if range == "*" { return true }
        guard tag.starts(ignoringCase: range) else { return false }
        let next = tag.utf8.dropFirst(range.utf8.count).first
        return next == nil || next == ASCII.hyphen
    }

    /// `range` without its last subtag, and without a single character before that, which only introduces it.
    private static func shortened(_ range: Substring) -> Substring? {
        guard let hyphen = range.utf8.lastIndex(of: ASCII.hyphen) else { return nil }
        let rest = range[..<hyphen]
        let isIntroduction = rest.utf8.count >= 2 && rest.utf8.dropLast().last == ASCII.hyphen
        return isIntroduction ? Substring(rest.utf8.dropLast(2)) : rest
    }
}
