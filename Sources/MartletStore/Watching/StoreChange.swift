/// What has happened to a store that somebody watches.
public nonisolated enum StoreChange: Hashable, Sendable {
    /// An entry was made or changed, and is of this version now.
    case set(StoreKey, StoreVersion)
    /// An entry was removed.
    case removed(StoreKey, StoreVersion)
    /// The time of an entry was over, some while ago: at most the store's own interval of tidying up.
    case expired(StoreKey, StoreVersion)
    /// Changes were not seen: the watcher was too slow, or the store could not be reached. What the watcher knows is to be
    /// read again.
    case missed

    /// The entry's key; `nil` of `.missed`.
    public var key: StoreKey? {
        switch self {
        case .set(let key, _), .removed(let key, _), .expired(let key, _): key
        case .missed: nil
        }
    }

    /// The version of the change; `nil` of `.missed`.
    public var version: StoreVersion? {
        switch self {
        case .set(_, let version), .removed(_, let version), .expired(_, let version): version
        case .missed: nil
        }
    }
}
