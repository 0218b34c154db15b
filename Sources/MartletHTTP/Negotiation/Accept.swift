/// The value of Accept, RFC 9110 §12.5.1: which media types a client wants, and how much.
///
/// Elements that are malformed are ignored; when none is left, or the field is missing, everything is acceptable.
public struct Accept: Sendable {
    /// One element: some media types that are wanted alike.
    private struct MediaRange {
        /// Nil for `*`.
        let type: String?
        /// Nil for `*`.
        let subtype: String?
        let parameters: [FieldParameter]
        let weight: QualityValue

        init?(_ element: WeightedElement) {
            var reader = FieldReader(element.name)
            guard let type = reader.token(), reader.skip(ASCII.slash), let subtype = reader.token(), reader.isAtEnd,
                type != "*" || subtype == "*"
            else { return nil }
            self.type = type == "*" ? nil : type.lowercased()
            self.subtype = subtype == "*" ? nil : subtype.lowercased()
            parameters = element.parameters
            weight = element.weight
        }

        /// How closely the range describes `offer`; nil when it does not.
        func specificity(for offer: MediaType) -> Int? {
            guard let type else { return parameters.isEmpty ? 0 : nil }
            guard type == offer.type, subtype == nil || subtype == offer.subtype else { return nil }
            let areAllThere = parameters.allSatisfy { parameter in
                offer[parameter.name]?.equals(ignoringCase: parameter.value) ?? false
            }
            guard areAllThere else { return nil }
            return subtype == nil ? 1 : 2 + parameters.count
        }
    }

    private let ranges: [MediaRange]

    /// Reads a value; nil when the request has none.
    public init(_ field: String?) {
        ranges = field.map { WeightedElement.list($0).compactMap(MediaRange.init) } ?? []
    }

    /// How much `offer` is wanted: by the weight of the range that describes it most closely, 0 if none does.
    ///
    /// A range with parameters describes only types that have them all.
    public func weight(of offer: MediaType) -> QualityValue {
        preference(for: offer).weight
    }

    /// The one of `offers` that is wanted most, and of several wanted alike the first; nil when none is acceptable.
    public func best(of offers: [MediaType]) -> MediaType? {
        var best: (offer: MediaType, weight: QualityValue)?
        for offer in offers {
            let weight = weight(of: offer)
            if weight > best?.weight ?? .zero { best = (offer, weight) }
        }
        return best?.offer
    }

    /// Whether an error is better shown as a page than as `application/problem+json`: true for browsers, which name
    /// `text/html`, and false for a client that accepts just anything or wants JSON as much.
    public var prefersHTML: Bool {
        let html = preference(for: .html)
        return html.weight > .zero && html > preference(for: .problemJSON) && html > preference(for: .json)
    }

    /// A preference compares by weight, and for the same weight by how closely the type is described.
    private func preference(for offer: MediaType) -> Preference {
        guard !ranges.isEmpty else { return Preference(weight: .one, specificity: 0) }
        var closest = Preference(weight: .zero, specificity: -1)
        for range in ranges {
            if let specificity = range.specificity(for: offer), specificity > closest.specificity {
                closest = Preference(weight: range.weight, specificity: specificity)
            }
        }
        return closest
    }

    private struct Preference {
        let weight: QualityValue
        let specificity: Int

        static func > (left: Preference, right: Preference) -> Bool {
            (left.weight, left.specificity) > (right.weight, right.specificity)
        }
    }
}
