/// What has to be so for a change to be made.
public nonisolated enum StoreCondition: Hashable, Sendable {
    /// Nothing.
    case always
    /// There is no such entry.
    case absent
    /// There is one.
    case present
    /// There is one, and it is of this version: nobody has changed it since it was read.
    case version(StoreVersion)

    /// The condition under which an entry is as it was read: `nil` when there was none.
    public static func unchanged(since entry: StoreEntry?) -> StoreCondition {
        entry.map { .version($0.version) } ?? .absent
    }

    /// Whether it holds of an entry of that version, or of none.
    func holds(of version: StoreVersion?) -> Bool {
        switch self {
        case .always: true
        case .absent: version == nil
        case .present: version != nil
        case .version(let expected): version == expected
        }
    }
}
