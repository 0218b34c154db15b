/// One element of a list such as Accept has: what is named, its parameters, and how much it is wanted.
struct WeightedElement {
    /// More elements than this are not looked at.
    static let maximumCount = 64

    /// What is before the first semicolon.
    let name: Substring
    /// The parameters other than the weight.
    let parameters: [FieldParameter]
    let weight: QualityValue

    /// The elements that can be read, in order; others are left out.
    static func list(_ field: String) -> [WeightedElement] {
        ListElements(field).prefix(maximumCount).compactMap(WeightedElement.init)
    }

    private init?(_ element: Substring) {
        var reader = FieldReader(element)
        name = reader.take { $0 != ASCII.semicolon && $0 != ASCII.quote }.trimmed
        guard !name.isEmpty, var parameters = reader.parameters() else { return nil }
        var weight = QualityValue.one
        // A weight counts wherever it stands, RFC 9110 §12.5.1.
        if let index = parameters.firstIndex(where: { $0.name == "q" }) {
            guard let value = QualityValue(parameters[index].value) else { return nil }
            weight = value
            parameters.remove(at: index)
        }
        self.parameters = parameters
        self.weight = weight
    }
}
