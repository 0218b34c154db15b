import MartletHTTP

/// What tells one version of a file from another: RFC 9110 §8.8.
public struct Validator: Hashable, Sendable {
    /// The value of ETag, as the server sent it.
    public let tag: String?
    /// The value of Last-Modified, as the server sent it.
    public let lastModified: String?
    /// Whether the date is at least a second older than the answer, so that two versions cannot have the same one.
    public let isDateStrong: Bool

    /// From a record of a download.
    public init(tag: String?, lastModified: String?, isDateStrong: Bool) {
        self.tag = tag
        self.lastModified = lastModified
        self.isDateStrong = isDateStrong
    }

    /// From the fields of an answer; what is malformed counts as not there.
    ///
    /// - Parameters:
    ///   - tag: ETag.
    ///   - lastModified: Last-Modified.
    ///   - date: Date.
    ///   - now: when the answer came, for dates with two digits of the year.
    public init(tag: String?, lastModified: String?, date: String?, now: HTTPDate) {
        self.tag = tag.flatMap { EntityTag($0) == nil ? nil : $0 }
        let modified = lastModified.flatMap { HTTPDate($0, now: now) }
        self.lastModified = modified == nil ? nil : lastModified
        let sent = date.flatMap { HTTPDate($0, now: now) }
        // RFC 9110 §8.8.2.2
        isDateStrong = modified.flatMap { modified in sent.map { $0.unixTime - modified.unixTime >= 1 } } ?? false
    }

    /// The value of If-Range with which parts of this very version can be had; `nil` when nothing strong enough is
    /// known, and parts might be of different versions.
    public var ifRange: String? {
        if let tag, let parsed = EntityTag(tag) { return parsed.isWeak ? nil : tag }
        return isDateStrong ? lastModified : nil
    }

    /// Whether an answer with `other` may be of the same version: nothing in it says otherwise.
    ///
    /// A server that ignores If-Range, and answers 206 with what it has now, is found out here.
    public func isCompatible(with other: Validator) -> Bool {
        if let tag, let mine = EntityTag(tag), let theirs = other.tag.flatMap({ EntityTag($0) }) {
            return mine.matchesStrongly(theirs) || (mine.isWeak && mine.matchesWeakly(theirs))
        }
        guard let lastModified, let theirs = other.lastModified else { return true }
        return lastModified == theirs
    }

    /// Whether an answer with `other` is sure to be of the same version: it says so, and says it strongly.
    public func isConfirmed(by other: Validator) -> Bool {
        if let tag, let mine = EntityTag(tag) {
            return other.tag.flatMap { EntityTag($0) }.map { mine.matchesStrongly($0) } ?? false
        }
        return isDateStrong && lastModified != nil && lastModified == other.lastModified
    }
}
