/// Somebody who is present on a channel, as everybody sees them.
public nonisolated struct PresenceMember: Hashable, Sendable {
    /// Who it is: 1 to 255 bytes of UTF-8. Several sockets with the same identifier, on any worker, are one member.
    public let id: String
    /// What is to be known of them, such as a name or some JSON: at most 1 KiB of UTF-8.
    public let info: String

    /// The most bytes of an identifier.
    public static let longestID = 255
    /// The most bytes of the information.
    public static let longestInfo = 1024

    /// A member; `nil` when the identifier is empty, or either is too long.
    public init?(id: String, info: String = "") {
        guard (1...Self.longestID).contains(id.utf8.count), info.utf8.count <= Self.longestInfo else { return nil }
        self.id = id
        self.info = info
    }
}

/// What becomes of the members of a channel.
public nonisolated enum PresenceChange: Hashable, Sendable {
    /// Somebody is here who was not.
    case joined(PresenceMember)
    /// What is to be known of somebody has changed.
    case updated(PresenceMember)
    /// Somebody has gone, from all workers.
    case left(PresenceMember)
}
