import HTTPTypes
import MartletHTTP

/// Fields that many responses have in common, and the lines in which they are sent.
///
/// What a filter adds to every response, or a handler to all of its own, is made once: a response refers to it, and nothing
/// is copied or formatted until somebody looks at the response's fields. Sets that meet in one response become one, which is
/// kept: the same filters lie around each other the next time.
package final class PreparedFields {
    package nonisolated let fields: HTTPFields
    /// Each with its line break, as ``HTTP1ResponseHead`` would write it; without those that are the server's own.
    nonisolated let lines: [UInt8]
    /// What came of adding these to others, the newest last. Filters are mostly made once, so that there are few others; where
    /// one is made for each request, with a nonce say, the oldest are forgotten.
    private var combinations: [(earlier: PreparedFields, both: PreparedFields)] = []
    private static let mostCombinations = 8

    /// Prepares fields. Content-Type is not among them: a response has its own.
    package init(_ fields: HTTPFields) {
        self.fields = fields
        lines = HTTP1ResponseHead.lines(of: fields)
    }

    deinit {}

    /// How many sets are kept that came of adding these to others.
    var combinationCount: Int { combinations.count }

    /// The set of `earlier` and of those of these whose names it lacks.
    func added(to earlier: PreparedFields?) -> PreparedFields {
        guard let earlier else { return self }
        if earlier === self { return self }
        for combination in combinations where combination.earlier === earlier { return combination.both }
        var all = earlier.fields
        all.add(missing: fields)
        let both = PreparedFields(all)
        if combinations.count == Self.mostCombinations { combinations.removeFirst() }
        combinations.append((earlier, both))
        return both
    }
}

extension Response {
    /// Whether there is a field of that name.
    func includes(_ name: HTTPField.Name) -> Bool {
        ownFields?.includes(name) == true || preparedFields?.fields.includes(name) == true
    }

    /// Adds a field, beside others of its name.
    package mutating func append(_ field: HTTPField) {
        if ownFields == nil { ownFields = HTTPFields() }
        ownFields?.append(field)
    }

    /// Adds those of `others` whose names are not there yet. Copies nothing unless the handler has set one of them itself.
    package mutating func add(missing others: PreparedFields) {
        if let ownFields, ownFields.contains(where: { others.fields.includes($0.name) }) {
            fields.add(missing: others.fields)
        } else {
            preparedFields = others.added(to: preparedFields)
        }
    }
}
