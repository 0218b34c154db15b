/// An aggregate of which some values are missing.
struct RESPAggregate: Sendable {
    enum Kind: Sendable {
        case array, map, set, push, attribute
        /// A bulk that comes in pieces, which has no values.
        case pieces
    }

    let kind: Kind
    /// How many values it still lacks; negative when its end will be told.
    private(set) var missing: Int
    /// The attributes that belong to it.
    var attributes: [RESPValue.Entry]?
    private var values: [RESPValue] = []

    /// A length costs its sender a few bytes: not more than this is reserved for it.
    private static let mostReserved = 1024

    init(_ kind: Kind, missing: Int) {
        self.kind = kind
        self.missing = missing
        if missing > 0 { values.reserveCapacity(min(missing, Self.mostReserved)) }
    }

    /// Adds a value; whether that was the last one.
    mutating func add(_ value: RESPValue) -> Bool {
        values.append(value)
        if missing < 0 { return false }
        missing -= 1
        return missing == 0
    }

    /// What it is when it is whole.
    consuming func value() throws(RESPError) -> RESPValue {
        switch kind {
        case .array, .pieces: .array(values)
        case .set: .set(values)
        case .push: .push(values)
        case .map, .attribute: .map(try entries())
        }
    }

    /// Its values as keys and values, behind others.
    func entries(behind before: consuming [RESPValue.Entry] = []) throws(RESPError) -> [RESPValue.Entry] {
        guard values.count % 2 == 0 else { throw RESPError(.nesting, "a map ends behind a key") }
        var entries = before
        if entries.isEmpty { entries.reserveCapacity(values.count / 2) }
        for index in stride(from: 0, to: values.count, by: 2) {
            entries.append(RESPValue.Entry(values[index], values[index + 1]))
        }
        return entries
    }
}
