/// The value of Accept-Encoding, RFC 9110 §12.5.3: which content codings a client can undo, and how much it wants them.
///
/// Elements that are malformed are ignored. A missing field allows any coding, but who does not ask for one gets
/// ``ContentCoding/identity``: clients that decode say so.
public struct AcceptEncoding: Sendable {
    private let elements: [WeightedElement]

    /// Reads a value; nil when the request has none.
    public init(_ field: String?) {
        elements = field.map(WeightedElement.list) ?? []
    }

    /// How much `coding` is wanted, 0 if it is not acceptable; nil for identity when the field neither names nor
    /// forbids it: then it is acceptable, behind everything that is named.
    public func weight(of coding: ContentCoding) -> QualityValue? {
        if let element = elements.first(where: { Self.names($0.name, coding) }) { return element.weight }
        if let others = elements.first(where: { $0.name == "*" }) { return others.weight }
        return coding == .identity ? nil : .zero
    }

    private static func names(_ name: Substring, _ coding: ContentCoding) -> Bool {
        name.equals(ignoringCase: coding.rawValue) || (coding == .gzip && name.equals(ignoringCase: "x-gzip"))
    }

    /// The one of `offers` that is wanted most, and of several wanted alike the first; ``ContentCoding/identity`` when
    /// it is wanted more than all of them, and nil when not even that is acceptable: answer 406, or send it anyway.
    ///
    /// - Parameter offers: codings other than identity, which is always on offer.
    public func best(of offers: [ContentCoding]) -> ContentCoding? {
        var best: (coding: ContentCoding, weight: QualityValue)?
        for offer in offers {
            if let weight = weight(of: offer), weight > best?.weight ?? .zero { best = (offer, weight) }
        }
        guard let best else { return weight(of: .identity) == .zero ? nil : .identity }
        if let identity = weight(of: .identity), identity > best.weight { return .identity }
        return best.coding
    }
}
