import MartletRESP

nonisolated extension RESPValue {
    /// The value of a field in a map with names, or in an array of names and values in turn; null when there is none.
    func field(_ name: String) -> RESPValue {
        entries?.first { $0.key.text == name }?.value ?? .null
    }

    /// The elements of an array of exactly, or at least, so many.
    func elements(_ what: String, count: Int, orMore: Bool = false) throws(RedisMismatch) -> [RESPValue] {
        guard let elements, elements.count == count || orMore && elements.count > count else {
            throw RedisMismatch(expected: what, found: self)
        }
        return elements
    }

    /// Both elements of an array of two.
    func pair<First: RedisDecodable, Second: RedisDecodable>(
        _ what: String, _ first: First.Type, _ second: Second.Type
    ) throws(RedisMismatch) -> (First, Second) {
        let pair = try elements(what, count: 2)
        return (try First(redis: pair[0]), try Second(redis: pair[1]))
    }

    /// The pairs of a map, of an array of arrays of two, or of an array of both in turn, each of them made something of.
    func pairs<First: RedisDecodable, Second: RedisDecodable, Element>(
        _ what: String, _ first: First.Type, _ second: Second.Type, _ make: (First, Second) -> Element
    ) throws(RedisMismatch) -> [Element] {
        var elements: [Element] = []
        for (first, second) in try pairs(what) {
            elements.append(make(try First(redis: first), try Second(redis: second)))
        }
        return elements
    }

    /// The pairs of a map, of an array of arrays of two, or of an array of both in turn.
    func pairs(_ what: String) throws(RedisMismatch) -> [(RESPValue, RESPValue)] {
        if case .map(let entries) = self { return entries.map { ($0.key, $0.value) } }
        guard let elements else { throw RedisMismatch(expected: what, found: self) }
        if case .array = elements.first {
            var pairs: [(RESPValue, RESPValue)] = []
            pairs.reserveCapacity(elements.count)
            for element in elements {
                let pair = try element.elements(what, count: 2)
                pairs.append((pair[0], pair[1]))
            }
            return pairs
        }
        guard elements.count.isMultiple(of: 2) else { throw RedisMismatch(expected: what, found: self) }
        return stride(from: 0, to: elements.count, by: 2).map { (elements[$0], elements[$0 + 1]) }
    }
}
