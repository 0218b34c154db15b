/// The value of If-Range, RFC 9110 §13.1.5: send the ranges only if the client's part is of this representation.
public struct IfRange: Sendable {
    private let field: String

    /// A condition as it was received.
    public init(_ field: String) {
        self.field = field
    }

    /// Whether Range is to be followed; if not, it is ignored and the whole representation is sent.
    ///
    /// A tag must be the same and strong, a date exactly that of `lastModified`; what is neither never matches.
    ///
    /// - Parameters:
    ///   - tag: the entity tag of the current representation; nil when it has none.
    ///   - lastModified: when it was last changed; nil when that is not known, or not a strong validator because it may
    ///     change again within the second (RFC 9110 §8.8.2.2).
    public func matches(tag: EntityTag?, lastModified: HTTPDate?) -> Bool {
        if let condition = EntityTag(field) {
            return tag.map(condition.matchesStrongly) ?? false
        }
        guard let lastModified else { return false }
        return HTTPDate(field, now: lastModified) == lastModified
    }
}
