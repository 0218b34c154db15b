/// The conditions a request sets on the state of its target, RFC 9110 §13.
///
/// Evaluate them when everything else speaks for a success, right before the method is performed (§13.2.1): a request
/// that would be answered with an error without them is answered with that error.
public struct Preconditions: Sendable {
    /// What is to be done with the request.
    public enum Outcome: Hashable, Sendable {
        /// Perform it.
        case proceed
        /// Answer 304: the client has the representation.
        case notModified
        /// Answer 412: the target is not in the state that the client expects.
        case failed
    }

    private let isRead: Bool
    private let ifMatch: EntityTagList?
    private let ifNoneMatch: EntityTagList?
    private let ifModifiedSince: String?
    private let ifUnmodifiedSince: String?

    /// The conditions of a request with these field values; nil for a field that it does not have.
    public init(
        method: HTTPMethod, ifMatch: String? = nil, ifNoneMatch: String? = nil, ifModifiedSince: String? = nil,
        ifUnmodifiedSince: String? = nil
    ) {
        isRead = method == .get || method == .head
        self.ifMatch = ifMatch.map(EntityTagList.init)
        self.ifNoneMatch = ifNoneMatch.map(EntityTagList.init)
        self.ifModifiedSince = ifModifiedSince
        self.ifUnmodifiedSince = ifUnmodifiedSince
    }

    /// Whether there is nothing to evaluate.
    public var isEmpty: Bool {
        ifMatch == nil && ifNoneMatch == nil && ifModifiedSince == nil && ifUnmodifiedSince == nil
    }

    /// Evaluates the conditions in the order of RFC 9110 §13.2.2: tags decide before dates.
    ///
    /// A date that is malformed is ignored, and so is one when there is no `lastModified` to compare it to. Tags that
    /// are malformed match nothing.
    ///
    /// - Parameters:
    ///   - tag: the entity tag of the current representation; nil when it has none.
    ///   - lastModified: when the representation was last changed; nil when that is not known.
    ///   - exists: whether the target has a current representation.
    public func evaluate(tag: EntityTag?, lastModified: HTTPDate?, exists: Bool = true) -> Outcome {
        let tag = exists ? tag : nil
        let lastModified = exists ? lastModified : nil
        if let ifMatch {
            guard matches(ifMatch, tag, exists, { $0.matchesStrongly($1) }) else { return .failed }
        } else if wasModified(lastModified, since: ifUnmodifiedSince) == true {
            return .failed
        }
        if let ifNoneMatch {
            guard matches(ifNoneMatch, tag, exists, { $0.matchesWeakly($1) }) else { return .proceed }
            return isRead ? .notModified : .failed
        }
        return isRead && wasModified(lastModified, since: ifModifiedSince) == false ? .notModified : .proceed
    }

    private func matches(
        _ list: EntityTagList, _ tag: EntityTag?, _ exists: Bool, _ areSame: (EntityTag, EntityTag) -> Bool
    ) -> Bool {
        if list.isAny { return exists }
        guard let tag else { return false }
        return list.contains { areSame($0, tag) }
    }

    /// Nil when there is nothing to compare. A year of two digits is taken to be close to that of `lastModified`.
    private func wasModified(_ lastModified: HTTPDate?, since field: String?) -> Bool? {
        guard let lastModified, let field, let date = HTTPDate(field, now: lastModified) else { return nil }
        return lastModified > date
    }
}
